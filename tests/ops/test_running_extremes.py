"""The derivatives of np.maximum.accumulate and np.minimum.accumulate against those of np.maximum
and np.minimum, entry after entry."""

from __future__ import annotations

import numpy as np
import pytest
from seeds import generator

import admodes as ad

RNG = generator(71)
LINE, ROWS = RNG.normal(size=300), RNG.normal(size=(40, 3, 5))
INPUTS = {
    "a line": (LINE, 0),
    "ties": (np.round(LINE, 1), 0),
    "one value": (np.zeros(9), 0),
    "zeros of both signs": (np.array([0.0, -0.0, 0.0, -1.0, -0.0]), 0),
    "first axis": (ROWS, 0),
    "middle axis": (ROWS, 1),
    "last axis": (np.round(ROWS), 2),
    "turned": (ROWS.T, 2),
    "infinite": (np.array([0.0, 1.0, np.inf, 2.0, np.inf, -np.inf]), 0),
    "nan": (np.array([0.0, 1.0, np.nan, 2.0, 3.0]), 0),
    "one entry": (np.ones((3, 1)), 1),
    "none": (np.ones((0, 4)), 1),
}


def chained(ufunc, x, axis):
    """The accumulation by calls of the ufunc."""
    rows = [np.take(x, 0, axis)]
    for k in range(1, np.shape(x)[axis]):
        rows.append(ufunc(rows[-1], np.take(x, k, axis)))
    return np.stack(rows, axis)


def pushed(f, x, w):
    return ad.jvp(f, (x,), (w,))[1]


def pulled(f, x, w):
    return ad.vjp(f, x)[1](w)[0]


@pytest.mark.parametrize("ufunc", [np.maximum, np.minimum])
@pytest.mark.parametrize(("x", "axis"), INPUTS.values(), ids=INPUTS)
def test_as_the_ufunc_itself(ufunc, x, axis):
    w = RNG.normal(size=x.shape)

    def ours(x):
        return ufunc.accumulate(x, axis=axis)

    def one_by_one(x):
        return chained(ufunc, x, axis)

    found, expected = pushed(ours, x, w), pushed(one_by_one, x, w)
    np.testing.assert_allclose(found, expected, rtol=1e-12, atol=1e-14)
    found, expected = pulled(ours, x, w), pulled(one_by_one, x, w)
    np.testing.assert_allclose(found, expected, rtol=1e-12, atol=1e-14)


@pytest.mark.parametrize("bad", [np.inf, np.nan])
@pytest.mark.parametrize("x", [LINE[:20], np.round(LINE[:20])])
def test_directions_that_are_not_finite(x, bad):
    w = RNG.normal(size=20)
    w[7] = bad
    for transform in (pushed, pulled):
        found = transform(np.maximum.accumulate, x, w)
        expected = transform(lambda x: chained(np.maximum, x, 0), x, w)
        np.testing.assert_array_equal(np.isfinite(found), np.isfinite(expected))
        np.testing.assert_allclose(found, expected, rtol=1e-12)


def test_second_derivatives_and_compiled_code():
    def f(x):
        return np.sum(np.sin(np.maximum.accumulate(np.cos(x)) * x))

    def plain(x):
        return np.sum(np.sin(chained(np.maximum, np.cos(x), 0) * x))

    x = LINE[:30]
    np.testing.assert_allclose(ad.hessian(f)(x), ad.hessian(plain)(x), rtol=1e-11, atol=1e-12)
    compiled = ad.compile(ad.hessian(f), "numpy")
    compiled(x)
    np.testing.assert_allclose(compiled(x), ad.hessian(f)(x), rtol=1e-11, atol=1e-12)
    tied = np.round(x, 1)
    np.testing.assert_allclose(compiled(tied), ad.hessian(f)(tied), rtol=1e-11, atol=1e-12)


def test_sums_over_parts_keep_the_digits_of_small_ones():
    """Entries of very different size: no sum is a difference of others."""
    x = np.arange(6.0)[::-1].repeat(50)[::-1].copy()
    x += np.linspace(0.0, -0.5, 50).tolist() * 6
    w = 10.0 ** np.linspace(-15.0, 15.0, 300)
    found = pulled(np.maximum.accumulate, x, w)
    sums = w.reshape(6, 50).sum(axis=1)
    np.testing.assert_allclose(found[::50], sums, rtol=1e-14)
    assert np.count_nonzero(found) == 6
