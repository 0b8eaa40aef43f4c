"""The accumulation by logaddexp and its derivatives, running means, against mpmath."""

import math

import mpmath
import numpy as np
import pytest

import admodes as ad
from admodes.core.op import REGISTRY

N = 300
GENERATOR = np.random.default_rng(8)
LINES = {
    "near": GENERATOR.normal(size=N),
    "wide": GENERATOR.uniform(-700.0, 700.0, N),
    "rising": np.linspace(-700.0, 700.0, N),
    "falling": np.linspace(700.0, -700.0, N),
    "in few steps": np.repeat([-700.0, -600.0, -650.0, 0.0, 700.0, 650.0], N // 6),
    "far away": 1e10 + GENERATOR.normal(size=N),
}


def exact(t, x, base, back):
    with mpmath.workdps(50):
        base = mpmath.e if base == math.e else mpmath.mpf(2)
        e = [base**a for a in x.tolist()]
        sums = np.add.accumulate(e)
        if back:
            return np.array((np.add.accumulate((t / sums)[::-1])[::-1] * e).tolist(), float)
        return np.array((np.add.accumulate(t * e) / sums).tolist(), float)


@pytest.mark.parametrize("back", [False, True])
@pytest.mark.parametrize("base", [math.e, 2.0])
@pytest.mark.parametrize("name", LINES)
def test_the_digits_of_running_means(name, base, back):
    x, t = LINES[name], GENERATOR.normal(size=N)
    f = np.logaddexp.accumulate if base == math.e else np.logaddexp2.accumulate
    if back:
        y, found = f(x), ad.grad(lambda x: np.sum(t * f(x)))(x)
        np.testing.assert_array_equal(ad.vjp(f, x)[0], y)
    else:
        found = ad.jvp(f, (x,), (t,))[1]
    size = exact(np.abs(t), x, base, back)
    assert np.all(np.abs(found - exact(t, x, base, back)) <= 1e-12 * size + 1e-300)


def test_lines_side_by_side():
    x = np.stack(list(LINES.values())[:5], axis=1)
    t = GENERATOR.normal(size=x.shape)
    for back in (False, True):
        found = REGISTRY["running_mean"](t, x, of="logaddexp", axis=0, back=back)
        expected = [exact(t[:, k], x[:, k], math.e, back) for k in range(5)]
        size = [exact(np.abs(t[:, k]), x[:, k], math.e, back) for k in range(5)]
        error = np.abs(found - np.transpose(expected))
        assert np.all(error <= 1e-11 * np.transpose(size) + 1e-300)


INF = math.inf


@pytest.mark.parametrize(
    ("xs", "last"),
    [
        ([-INF, 0.0, -INF], [0.0, 1.0, 0.0]),
        ([1.0, INF, 2.0], [0.0, 1.0, 0.0]),
        ([-INF, -INF], [math.nan] * 2),
        ([0.0, math.nan], [math.nan] * 2),
        ([-INF], [1.0]),
    ],
)
def test_infinite_entries(xs, last):
    """As np.logaddexp's own rule has it, entry by entry."""
    for mode in ("forward", "reverse"):
        rows = ad.jacobian(np.logaddexp.accumulate, mode=mode)(np.array(xs))
        np.testing.assert_array_equal(rows[-1], last)


def test_nothing_at_all():
    for shape in ((0, 4), (4, 0)):
        x = np.zeros(shape)
        assert ad.vmap(np.logaddexp.accumulate)(x).shape == shape
        found = ad.grad(lambda x: np.sum(np.logaddexp.accumulate(x, axis=1)))(x)
        assert found.shape == shape


@pytest.mark.parametrize("f", [np.logaddexp.accumulate, np.logaddexp2.accumulate])
def test_second_derivatives_and_compiled_code(f):
    x = GENERATOR.normal(size=5)
    weights = np.arange(1.0, 6.0)

    def loss(x):
        return np.sum(weights * f(x) ** 2)

    ad.check_grads(loss, (x,), order=2)
    for backend in ("numpy", "llvm"):
        compiled = ad.compile(ad.hessian(loss), backend=backend)
        np.testing.assert_allclose(compiled(x), ad.hessian(loss)(x), rtol=1e-11, atol=1e-12)
