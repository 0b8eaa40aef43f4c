"""Shares that add to 1: Σ e (c / Σ e) is c where the shares are numbers, and inf or nan where NumPy
has it, in every back end. An axis without entries is an axis too."""

import numpy as np
import pytest

import admodes as ad

BACKENDS = ["interpreter", "numpy", "llvm"]
ROWS = np.linspace(-1.0, 1.0, 1600).reshape(40, 40)


def share(x):
    e = np.exp(x)
    return np.sum(e * (1.0 / np.sum(e)))


def scaled(x):
    e = np.exp(x)
    return np.sum(e / np.sum(e) * 2.5)


def rows(x):
    e = np.exp(x)
    p = e * (1.0 / np.sum(e, axis=1, keepdims=True))
    return np.sum(p, axis=1)


def spoiled(x, i, by):
    x = x.copy()
    x.flat[i] = by
    return x


POINTS = {
    share: [
        np.array(p) for p in ([0.1, 0.7], [800.0, 0], [-800.0, -800], [np.nan, 0], [np.inf, 1])
    ],
    scaled: [np.array(p) for p in ([0.1, 0.7], [-np.inf] * 2, [800.0, 0], [0, np.nan])],
    rows: [ROWS, ROWS - 800.0, *(spoiled(ROWS, 45, by) for by in (np.nan, np.inf, 800.0))],
}


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("f", POINTS, ids=lambda f: f.__name__)
def test_what_is_lost_in_a_share_shows_in_their_sum(f, backend):
    first, *others = POINTS[f]
    for g in (f, lambda x: ad.vjp(f, x)[1](np.ones(np.shape(f(first)))[()])[0]):
        compiled = ad.compile(g, backend=backend)
        for x in (first, *others, first):
            with np.errstate(all="ignore"):
                np.testing.assert_allclose(compiled(x), g(x), rtol=1e-11, atol=1e-11)


@pytest.mark.parametrize("backend", BACKENDS)
def test_products_over_no_entries(backend):
    def f(x):
        return x[:, :0] @ np.zeros((0, 3)) + x[:, :3]

    x = np.ones((300, 5))
    np.testing.assert_array_equal(ad.compile(f, backend=backend)(x), f(x))
