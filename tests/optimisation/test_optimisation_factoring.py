"""Constants that meet through products and quotients, and factors that terms of a sum share: how
many passes over arrays are left, and that values agree up to rounding, at the ends of the range
too."""

from __future__ import annotations

import numpy as np
import pytest
from programs_run import outputs, recorded
from seeds import generator

import admodes as ad
from admodes.optimisation import optimise

X, Y, Z, C = generator(31).uniform(0.5, 2.0, size=(4, 300))


def passes(program):
    """The operations that write arrays of all entries."""
    return [s.op.name for s in program.steps if s.op and s.size == X.size]


@pytest.mark.parametrize(
    ("f", "left"),
    [
        (lambda x, y, z, c: 2.0 * ((0.5 * x) * y), ["multiply"]),
        (lambda x, y, z, c: 4.0 * (x * (3.0 / y)), ["divide", "multiply"]),
        (lambda x, y, z, c: 0.25 * ((0.5 * x) * y), ["multiply"] * 2),
        (lambda x, y, z, c: (3.0 * x) * ((0.5 * y) * z), ["multiply"] * 3),
        (lambda x, y, z, c: x * (1.0 / y), ["divide"]),
        (lambda x, y, z, c: 0.5 * (0.25 / y), ["divide"]),
        (lambda x, y, z, c: 0.5 * (x * (0.25 / y)), ["divide"] + ["multiply"] * 2),
        (lambda x, y, z, c: x * c - y * c, ["subtract", "multiply"]),
        (lambda x, y, z, c: (x * c + z) - c * y, ["subtract", "multiply", "add"]),
        (
            lambda x, y, z, c: (x * c + 2.0 * z) - (y * c + z / x),
            ["subtract", "multiply"] * 2 + ["divide", "add"],
        ),
        (lambda x, y, z, c: x * x + x * y, ["square", "multiply", "add"]),
    ],
)
def test_passes_that_are_left(f, left):
    program = optimise(recorded(f, X, Y, Z, C), exact=False)
    assert sorted(passes(program)) == sorted(left)
    found = outputs(program, X, Y, Z, C)[0]
    np.testing.assert_allclose(found, f(X, Y, Z, C), rtol=1e-14, atol=1e-14)


def test_what_is_read_elsewhere_stays():
    f = lambda x, y, z, c: (x * c - y * c, x * c, 2.0 * ((0.5 * x) * y), 0.5 * x)  # noqa: E731
    program = optimise(recorded(f, X, Y, Z, C), exact=False)
    for found, expected in zip(outputs(program, X, Y, Z, C), f(X, Y, Z, C), strict=True):
        np.testing.assert_allclose(found, expected, rtol=1e-14)


SCALES = (1e-300, 1e-160, 1.0, 1e160, 1e300, np.inf, np.nan, 0.0)


@pytest.mark.parametrize("c", [1e-90, 1e-3, 0.5, 3.0, 1e90])
@pytest.mark.parametrize("d", [1e-90, 0.25, 7.0, 1e90])
def test_constants_at_the_ends_of_the_range(c, d):
    """What is recorded to full accuracy stays so."""

    def f(x, y):
        return c * ((d * x) * y), (c * x) * ((d * y) * x), 1.0 / (1.0 + c * ((d * x) * y))

    x, y = (a.ravel() for a in np.meshgrid(SCALES, SCALES))
    with np.errstate(all="ignore"):
        expected = f(x, y)
        found = ad.compile(f, "numpy")
        found(x, y)
        for a, b in zip(found(x, y), expected, strict=True):
            normal = ~(np.abs(b) < 1e-290)
            np.testing.assert_allclose(a[normal], b[normal], rtol=1e-13)
            assert (np.abs(a[~normal] - b[~normal]) < 1e-290).all()


def test_sums_of_what_is_not_finite():
    x, y, c = (
        a.ravel()
        for a in np.meshgrid(
            [np.inf, -np.inf, np.nan, 1e308, -1e308, 1.0],
            [-1e308, np.inf, 2.0],
            [0.0, 1e-9, np.inf, 3.0],
        )
    )
    f = lambda x, y, c: (x * c - y * c, x * (1.0 / c))  # noqa: E731
    compiled = ad.compile(f, "numpy")
    with np.errstate(all="ignore"):
        compiled(x, y, c)
        for a, b in zip(compiled(x, y, c), f(x, y, c), strict=True):
            np.testing.assert_allclose(a, b, rtol=1e-14)


def spectral(x):
    z = np.fft.rfft(x * np.hanning(16))
    return np.sum(np.log(z.real**2 + z.imag**2 + 1e-3) ** 2)


def test_parts_of_a_spectrum_with_one_factor_are_multiplied_together():
    x = generator(33).normal(size=(5, 16))
    compiled = ad.compile(ad.grad(spectral), "numpy")
    compiled(x)
    np.testing.assert_allclose(compiled(x), ad.grad(spectral)(x), rtol=1e-12, atol=1e-13)
    left = [
        s.op.name for s in optimise(compiled.specialisations[-1].program, exact=False).steps if s.op
    ]
    assert "times_i" not in left
    assert not {"strong_mul", "tangent_mul"} & {*left}


@pytest.mark.parametrize("bad", [np.inf, -np.inf, np.nan, 1e200, 0.0])
def test_spectra_of_what_is_not_finite(bad):
    x = generator(34).normal(size=(5, 16))
    compiled = ad.compile(ad.grad(spectral), "numpy")
    compiled(x)
    x[2, 3] = bad
    x[4] = 0.0
    with np.errstate(all="ignore"):
        np.testing.assert_allclose(compiled(x), ad.grad(spectral)(x), rtol=1e-12, atol=1e-13)


@pytest.mark.parametrize("turn", [1j, -1j])
def test_turns_in_both_directions(turn):
    p = Z

    def f(x, y, p):
        z = np.fft.fft(x + 1j * y)
        w = p * np.real(z) + turn * (p * np.imag(z))
        return np.real(np.fft.ifft(w)) + np.imag(np.fft.fft(w))

    compiled = ad.compile(f, "numpy")
    compiled(X, Y, p)
    np.testing.assert_allclose(compiled(X, Y, p), f(X, Y, p), rtol=1e-11, atol=1e-11)
