"""Sparse derivatives hold the values at the time of the operation, in floating point, and by the
same rules as the sweeps: arrays that f writes into after use, small integers, masks, and partials
that are not finite."""

import numpy as np
import pytest

import admodes as ad
from admodes import sparse_hessian, sparse_jacobian

pytest.importorskip("scipy")

X = np.array([0.7, -0.4, 2.1])
MODES = ("auto", "bands", "forward", "reverse", "both")


def scratch(use):
    """A function that writes into a plain array after it was used."""

    def f(x):
        w = np.array([1.0, 2.0, 3.0])
        y = use(x, w)
        w *= 10.0
        w[1] = np.nan
        return y * x

    return f


USES = {
    "product": lambda x, w: x * w,
    "product, the array first": lambda x, w: w * x,
    "quotient": lambda x, w: x / w,
    "quotient, the array first": lambda x, w: w / x,
    "power": lambda x, w: (x * x) ** w,
    "exponent": lambda x, w: w**x,
    "where": lambda x, w: np.where(w > 1.5, x * x, w * x),
    "hypot": lambda x, w: np.hypot(x, w),
    "angle": lambda x, w: np.arctan2(x, w),
    "maximum": lambda x, w: np.maximum(x, w),
    "view": lambda x, w: x * w[::-1],
    "matrix product": lambda x, w: np.outer(w, w) @ x,
    "slices": lambda x, w: np.concatenate([x[1:] * w[1:], x[:1] * w[:1]]),
    "stack": lambda x, w: np.stack([x * w, w * x])[0],
}


@pytest.mark.parametrize("name", USES)
def test_arrays_that_are_written_into_after_use(name):
    f = scratch(USES[name])

    def plain(x):
        return USES[name](x, np.array([1.0, 2.0, 3.0])) * x

    wanted = ad.jacobian(plain)(X)
    slopes = np.stack(
        [(plain(X + 1e-6 * e) - plain(X - 1e-6 * e)) / 2e-6 for e in np.eye(3)], axis=1
    )
    np.testing.assert_allclose(wanted, slopes, rtol=1e-6, atol=1e-6)
    for mode in MODES:
        if mode == "bands" and name == "matrix product":
            continue
        jacobian = sparse_jacobian(f, mode=mode)
        for _ in range(3):
            np.testing.assert_allclose(jacobian(X).toarray(), wanted, rtol=1e-12, atol=1e-14)
    twice = ad.hessian(lambda x: np.sum(plain(x)))(X)
    hessian = sparse_hessian(lambda x: np.sum(f(x)))
    for _ in range(3):
        np.testing.assert_allclose(hessian(X).toarray(), twice, rtol=1e-12, atol=1e-14)


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("dtype", [np.uint8, np.int8, np.int16, np.uint64, bool])
def test_whole_factors_are_coefficients_in_floating_point(mode, dtype):
    image = np.array([200, 7, 100]).astype(dtype)
    m = image.astype(float)
    cases = {
        "product": (lambda x: image * x, m),
        "minus": (lambda x: -(x * image), -m),
        "difference": (lambda x: x - image * x, 1 - m),
        "sum": (lambda x: image * x + x * image, 2 * m),
        "square": (lambda x: image * x * image, m * m),
        "quotient": (lambda x: x / (image + 1), 1 / (m + 1)),
    }
    for name, (f, slopes) in cases.items():
        jacobian = sparse_jacobian(f, mode=mode)
        for _ in range(3):
            found = jacobian(X)
            assert found.dtype == float
            wanted = slopes if name != "quotient" else 1 / (image + 1)
            np.testing.assert_allclose(found.toarray(), np.diag(wanted), rtol=1e-14, err_msg=name)


@pytest.mark.parametrize("mode", MODES)
def test_masks_as_factors(mode):
    m, n = (X > 0) * 1.0, (X > -2) * 1.0
    cases = [
        (lambda x: (x > 0) * x + (x > 0) * x, 2 * m),
        (lambda x: (x > 0) * x + (x > -2) * x, m + n),
        (lambda x: x - (x > 0) * x, 1 - m),
        (lambda x: -((x > 0) * x), -m),
        (lambda x: x * ((x > 0) + (x > -2)), n),
        (lambda x: x * np.sqrt(x > 0), m),
        (lambda x: x * np.cumsum(x > 0), np.array([1.0, 1.0, 2.0])),
    ]
    for f, slopes in cases:
        jacobian = sparse_jacobian(f, mode=mode)
        for _ in range(3):
            np.testing.assert_allclose(jacobian(X).toarray(), np.diag(slopes), rtol=1e-14)


@pytest.mark.filterwarnings("ignore::admodes.KinkWarning")
def test_bands_treat_zeros_as_the_sweeps_do():
    for f, wanted in (
        (lambda x: np.sum(np.sin(x**0 + x)), -np.sin(1.0)),
        (lambda x: np.sum(x**1 * np.exp(x)), 2.0),
        (lambda x: np.sum(np.where(x > 0, np.sqrt(x), x * x)), 2.0),
    ):
        found = sparse_hessian(f)(np.zeros(3)).toarray()
        np.testing.assert_allclose(found, wanted * np.eye(3), rtol=1e-14)
