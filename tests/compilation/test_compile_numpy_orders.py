"""The NumPy back end where it is free to choose: memory orders, sums by BLAS, results written in
the place of what they are made from, structure of arrays that the function refers to."""

from __future__ import annotations

import numpy as np
import pytest
from seeds import generator

import admodes as ad

SPECIAL = (0.0, -0.0, np.inf, -np.inf, np.nan, 1e300, 1e-300)


def assert_same(found, expected, rtol=1e-12):
    for a, b in zip(found, expected, strict=True):
        a, b = np.asarray(a), np.asarray(b)
        assert a.shape == b.shape
        scale = np.max(np.abs(b), initial=0.0, where=np.isfinite(b))
        np.testing.assert_allclose(a, b, rtol=rtol, atol=rtol * scale)


def mixture(q, m, x):
    """Many points, few components and coordinates: (n, k, d) and (n, k)."""
    difference = x[:, None, :] - m[None, :, :]
    scaled = np.einsum("kij,nkj->nki", q, difference)
    inner = -0.5 * np.sum(scaled**2, axis=2)
    top = np.max(inner, axis=1, keepdims=True)
    return np.sum(top[:, 0] + np.log(np.sum(np.exp(inner - top), axis=1)))


def mixture_gradient(q, m, x):
    """By hand."""
    difference = x[:, None, :] - m[None, :, :]
    scaled = np.stack([difference[:, k] @ q[k].T for k in range(len(q))], axis=1)
    inner = -0.5 * np.sum(scaled**2, axis=2)
    w = np.exp(inner - inner.max(axis=1, keepdims=True))
    w /= w.sum(axis=1, keepdims=True)
    weighted = w[:, :, None] * scaled
    d_q = -np.einsum("nki,nkj->kij", weighted, difference)
    back = np.stack([weighted[:, k] @ q[k] for k in range(len(q))], axis=1)
    return d_q, back.sum(axis=0), -back.sum(axis=1)


@pytest.mark.parametrize("n", [1, 7, 300])
@pytest.mark.parametrize("order", "CF")
def test_a_long_axis_is_the_innermost_in_memory(n, order):
    rng = generator(n)
    shapes = (3, 2, 2), (3, 2), (n, 2)
    args = [np.asarray(rng.normal(size=s), order=order) for s in shapes]
    compiled = ad.compile(ad.grad(mixture, (0, 1, 2)), backend="numpy")
    for _ in range(2):
        assert_same(compiled(*args), mixture_gradient(*args))
        args = [np.asarray(a + 0.1, order=order) for a in args]


@pytest.mark.parametrize("shape", [(300, 5), (5, 300), (40, 9, 3), (3, 40, 9), (3, 9, 400)])
@pytest.mark.parametrize("keepdims", [False, True])
def test_sums_over_each_axis(shape, keepdims):
    rng = generator(1)
    x, y = rng.normal(size=shape), rng.normal(size=shape)
    axes = [*range(len(shape)), tuple(range(1, len(shape))), tuple(range(len(shape)))]

    def f(x, y):
        return [np.sum(x * np.sin(y.T).T, axis=a, keepdims=keepdims) for a in axes]

    assert_same(ad.compile(f, backend="numpy")(x, y), f(x, y))
    for special in SPECIAL:
        x[(0,) * x.ndim] = special
        assert_same(ad.compile(f, backend="numpy")(x, y), f(x, y))


def test_results_share_no_memory():
    def f(x):
        y = np.exp(x)
        z = y + 1.0
        return y, z, z.T, np.sin(z) * 2.0, (np.cos(z) + x)[:, 1:]

    x = np.arange(12.0).reshape(3, 4) / 10
    run = ad.compile(f, backend="numpy")
    first = run(x)
    kept = [a.copy() for a in first]
    second = run(x + 1.0)
    everything = (x, *first, *second)
    for i, a in enumerate(everything):
        assert not any(np.shares_memory(a, b) for b in everything[:i])
    assert_same(first, kept, 0.0)
    assert_same(first, f(x))


@pytest.mark.parametrize("mode", ["forward", "reverse"])
@pytest.mark.parametrize("special", [None, *SPECIAL])
def test_a_diagonal_times_an_array_that_is_referred_to(mode, special):
    rng = generator(2)
    a, x = rng.normal(size=(5, 5)), rng.normal(size=5)

    def f(x):
        return np.tanh(a @ x) * np.sin(x)

    slope = ad.jacobian(f, mode=mode)
    run = ad.compile(slope, backend="numpy")
    assert_same([run(x)], [slope(x)])
    a *= 2.0
    assert_same([run(x)], [slope(x)])
    if special is not None:
        a[1, 2] = special
        assert_same([run(x)], [slope(x)])
        a[1, 2], x[3] = 1.0, special
        assert_same([run(x)], [slope(x)])


@pytest.mark.parametrize("special", SPECIAL)
def test_softmax_of_special_values(special):
    def f(x):
        top = np.max(x)
        return top + np.log(np.sum(np.exp(x - top)))

    x = np.linspace(-1.0, 1.0, 9)
    run = ad.compile(ad.grad(f), backend="numpy")
    for k in (0, 4, 8):
        y = x.copy()
        y[k] = special
        with np.errstate(all="ignore"):
            assert_same([run(y)], [ad.grad(f)(y)])


def test_factors_and_stretched_results():
    rng = generator(3)
    v, w, m = rng.normal(size=4), rng.normal(size=(3, 1)), rng.normal(size=(3, 4))

    def f(v, w, m):
        s = np.sum(v)
        row = np.broadcast_to(s, (4,)) * np.sin(v)
        return v * (w * m), w * (v * m), row + m * np.broadcast_to(np.cos(s), (3, 4)), v * (v * m)

    assert_same(ad.compile(f, backend="numpy")(v, w, m), f(v, w, m))
