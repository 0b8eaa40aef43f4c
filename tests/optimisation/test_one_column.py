"""Derivatives along directions that meet one column each: layers of networks at random, where
entries are infinite or nan too, against derivatives that are not compiled; and how many entries are
left to calculate."""

import numpy as np
import pytest

import admodes as ad
from admodes.core.record import record
from admodes.optimisation import optimise
from admodes.optimisation.matrices.one_column import _of_constant

N, INPUTS, UNITS = 40, 4, 6
ENTRYWISE = (
    np.tanh,
    np.sin,
    np.exp,
    np.square,
    lambda z: np.sqrt(1.0 + z * z),
    lambda z: np.maximum(z, 0.1 * z),
    lambda z: z / (1.0 + np.abs(z)),
)
LOSSES = (
    lambda y, t: np.sum((y - t) ** 2),
    lambda y, t: np.sum(np.log(1.0 + np.exp(-y * t))),
    lambda y, t: np.mean(np.cos(y) * t),
)


def network(seed):
    """f of all parameters in one vector, and a point."""
    rng = np.random.default_rng(seed)
    x, t = rng.normal(size=(N, INPUTS)), rng.normal(size=N)
    inner, outer = (ENTRYWISE[k] for k in rng.integers(len(ENTRYWISE), size=2))
    loss = LOSSES[rng.integers(len(LOSSES))]
    biased, deep, scaled = rng.integers(2, size=3)
    scale = rng.uniform(0.5, 1.5, size=(N, UNITS))
    fixed = rng.normal(size=(UNITS, UNITS)) / UNITS
    cut = INPUTS * UNITS

    def f(theta):
        w, v = theta[:cut].reshape(INPUTS, UNITS), theta[cut : cut + UNITS]
        z = x @ w
        if biased:
            z = z + theta[cut + UNITS :]
        h = inner(z)
        if scaled:
            h = h * scale - 0.5 * np.mean(h, axis=0)
        if deep:
            h = outer(h @ fixed)
        return loss(h @ v, t)

    return f, 0.5 * rng.normal(size=cut + UNITS + biased * UNITS), x


def assert_same(found, expected):
    finite = np.isfinite(expected)
    assert np.array_equal(np.isfinite(found), finite)
    scale = np.max(np.abs(expected), initial=1.0, where=finite)
    np.testing.assert_allclose(found, expected, rtol=1e-9, atol=1e-11 * scale)


@pytest.mark.parametrize("seed", range(24))
def test_hessians_of_networks(seed):
    f, theta, x = network(seed)
    hessian, slow = ad.compile(ad.hessian(f), "numpy"), ad.hessian(f)
    assert_same(hessian(theta), slow(theta))
    rng = np.random.default_rng(seed + 1000)
    for special in (0.0, np.inf, np.nan, -1e200, 1e-200):
        other = theta.copy()
        other[rng.integers(len(theta))] = special
        assert_same(hessian(other), slow(other))
        data = x.copy()
        x[rng.integers(N), rng.integers(INPUTS)] = special
        assert_same(hessian(theta), slow(theta))
        x[...] = data


@pytest.mark.parametrize("seed", range(12))
def test_jacobians_of_layers(seed):
    rng = np.random.default_rng(seed)
    x, a = rng.normal(size=(N, INPUTS)), rng.normal(size=(3, N))
    inner = ENTRYWISE[seed % len(ENTRYWISE)]
    ends = (
        lambda h: h,
        lambda h: a @ h,
        lambda h: np.sum(h, axis=0),
        lambda h: np.sum(h, axis=1),
        lambda h: h[:, ::-1] - 2.0 * h,
    )
    end = ends[seed % len(ends)]

    def f(w):
        return end(inner(x @ w))

    w = rng.normal(size=(INPUTS, UNITS))
    fast, slow = ad.compile(ad.jacobian(f), "numpy"), ad.jacobian(f)
    assert_same(fast(w), slow(w))
    w[1, 2] = np.inf
    assert_same(fast(w), slow(w))


def entries(program):
    """The sizes of the arrays that are calculated, not only moved."""
    moves = ("reshape", "transpose", "place", "broadcast_to", "getitem")
    return [s.size for s in program.steps if s.op is not None and s.op.name not in moves]


def test_no_array_has_all_directions_and_all_units():
    rng = np.random.default_rng(0)
    x, t = rng.normal(size=(N, INPUTS)), rng.normal(size=N)
    w, b, v = rng.normal(size=(INPUTS, UNITS)), rng.normal(size=UNITS), rng.normal(size=UNITS)

    def f(w, b, v):
        return np.sum((np.tanh(x @ w + b) @ v - t) ** 2)

    program = record(ad.hessian(f, argnums=(0, 1, 2)), w, b, v)
    directions = w.size + b.size + v.size
    exact, fast = (entries(optimise(program, exact)) for exact in (True, False))
    assert max(exact) == directions * N * UNITS
    assert max(fast) <= directions * max(N, directions)
    assert sum(fast) < 0.2 * sum(exact)


def test_columns_of_constants():
    a = np.zeros((5, 3, 4))
    a[0, :, 2], a[3, 1, 0] = 2.0, 7.0
    c = _of_constant(a)
    assert (c.rows.tolist(), c.at.tolist()) == ([0, 3], [2, 0])
    assert c.entries.tolist() == [[2.0, 2.0, 2.0], [0.0, 7.0, 0.0]]
    a[3, 0, 1] = 1.0
    assert _of_constant(a) is None
    assert _of_constant(np.zeros((5, 4))) is None
    assert _of_constant(np.diag([1.0, np.inf, 1.0])) is None
