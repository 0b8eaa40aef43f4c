"""Diagonal matrices in sums and products: what is left to calculate, and what entries that are not
finite do."""

import numpy as np
import pytest

import admodes as ad
from admodes.core.record import record
from admodes.optimisation import optimise

N = 60
EYE = np.eye(N)
PROGRAMS = {
    "s I + A": lambda s, u, v, a: a + s * EYE,
    "trace of I A": lambda s, u, v, a: np.sum(EYE * np.sin(a)),
    "diagonal of A": lambda s, u, v, a: np.sin(a) * EYE,
    "A (D - u v)": lambda s, u, v, a: a @ (np.diag(s * v) - np.outer(u, v)),
    "A (D + u v)": lambda s, u, v, a: np.tril(a @ (u[:, None] @ v[None, :] + np.diag(v))) * s,
    "Cholesky": lambda s, u, v, a: _likelihood(s, v, a),
}


def _likelihood(s, v, a):
    factor = np.linalg.cholesky(a @ a.T + s * s * EYE)
    z = np.linalg.solve(factor, v)
    return 0.5 * (z @ z) + np.sum(np.log(np.diag(factor)))


def point():
    rng = np.random.default_rng(0)
    return 1.5, rng.normal(size=N), rng.normal(size=N), rng.normal(size=(N, N))


@pytest.mark.parametrize("name", PROGRAMS)
@pytest.mark.parametrize("derived", [False, True])
def test_values(name, derived):
    f = PROGRAMS[name]
    if derived:
        g = ad.grad(lambda *xs: np.sum(np.cos(PROGRAMS[name](*xs))), argnums=(0, 1, 2, 3))
    else:
        g = lambda *xs: (f(*xs),)  # noqa: E731
    fast = ad.compile(g, "numpy")
    specials = [None, *((k, x) for k in range(4) for x in (0.0, np.inf, np.nan, 1e300, 1e-300))]
    for special in specials if name != "Cholesky" else [None]:
        xs = list(point())
        if special:
            k, x = special
            xs[k] = x if k == 0 else xs[k]
            if k:
                xs[k].flat[7] = x
        with np.errstate(all="ignore"):
            pairs = zip(fast(*xs), g(*xs), strict=True)
        for found, expected in pairs:
            finite = np.isfinite(expected)
            assert np.array_equal(np.isfinite(found), finite), (special, name)
            scale = np.max(np.abs(expected), initial=1.0, where=finite)
            found, expected = np.asarray(found)[finite], np.asarray(expected)[finite]
            np.testing.assert_allclose(found, expected, rtol=1e-8, atol=1e-10 * scale)


def test_what_is_left():
    def sizes(f, op):
        fast = optimise(record(f, *point()), exact=False)
        return [s.size for s in fast.steps if s.op is not None and s.op.name == op]

    def work(f):
        fast = optimise(record(f, *point()), exact=False)
        steps = [s for s in fast.steps if s.op is not None and s.op.name == "matmul"]
        return [s.size * fast.likes(s)[0].shape[-1] for s in steps]

    assert sizes(PROGRAMS["s I + A"], "multiply") == []
    assert max(sizes(PROGRAMS["trace of I A"], "multiply"), default=0) <= N
    gradient = ad.grad(PROGRAMS["Cholesky"], argnums=(0, 1))
    assert sum(work(gradient)) <= N**3 + 8 * N * N
