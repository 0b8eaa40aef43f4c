"""Products and sums that the optimiser takes in another order neither overflow nor underflow where
the recorded order does not: against closed forms, at sizes where rows are rewritten and where they
are not, by every back end, in value and gradient."""

import math
from importlib.util import find_spec

import numpy as np
import pytest

import admodes as ad
from admodes.core.magnitudes import finite, moderate, normal_product
from admodes.core.record import record
from admodes.optimisation import optimise

BACKENDS = ["interpreter", "numpy", *(["llvm"] if find_spec("llvmlite") else [])]
LOG = math.log(10.0)


def square(n, exponent):
    return np.full((n, n), 10.0**exponent)


def line(n, exponent):
    return np.full(n, 10.0**exponent)


CASES = {
    "(A B) C, the new product too large": (
        lambda a, b, c: np.sum(np.log((a @ b) @ c)),
        lambda n: (square(n, -200), square(n, 200), square(n, 200)),
        lambda n: n * n * (2 * math.log(n) + 200 * LOG),
    ),
    "(A B) c, the new product too large": (
        lambda a, b, c: np.sum(np.log((a @ b) @ c)),
        lambda n: (square(n, -200), square(n, 200), line(n, 200)),
        lambda n: n * (2 * math.log(n) + 200 * LOG),
    ),
    "(A B) c, the new product too small": (
        lambda a, b, c: np.sum(np.log((a @ b) @ c)),
        lambda n: (square(n, 200), square(n, -200), line(n, -200)),
        lambda n: n * (2 * math.log(n) - 200 * LOG),
    ),
    "a (B C), the new product too small": (
        lambda a, b, c: np.sum(np.log(a @ (b @ c))),
        lambda n: (line(n, -200), square(n, -200), square(n, 200)),
        lambda n: n * (2 * math.log(n) - 200 * LOG),
    ),
    "v (w x), v w too small": (
        lambda v, w, x: np.sum(np.log(v * (w * x))),
        lambda n: (line(1, -200), line(1, -200), line(n, 300)),
        lambda n: -100 * LOG * n,
    ),
    "v (w x), v w too large": (
        lambda v, w, x: 1 / (1 + np.sum(v * (w * x))),
        lambda n: (line(1, 200), line(1, 200), line(n, -300)),
        lambda n: 1e-100 / n,
    ),
    "v (w x) of exponentials": (
        lambda v, w, x: np.sum(np.exp(v) * (np.exp(w) * x)),
        lambda n: (np.full(1, -400.0), np.full(1, -400.0), line(n, 300)),
        lambda n: n * math.exp(-800.0 + 300 * LOG),
    ),
    "the sum of c x, x too large": (
        lambda c, x: 1 / (1 + np.sum(c * x)),
        lambda n: (1e-300, line(n, 308)),
        lambda n: 1 / (1 + n * 1e8),
    ),
    "the sum of a constant times x": (
        lambda x: 1 / (1 + np.sum(1e-90 * x)),
        lambda n: (line(n, 308),),
        lambda n: 1e-218 / n,
    ),
    "(c x) w, c w too small": (
        lambda x, w: np.sum(np.log((1e-90 * x) * w)),
        lambda n: (line(n, 300), line(1, -300)),
        lambda n: -90 * LOG * n,
    ),
    "(c x) (d y), x y too large": (
        lambda x, y: np.sum(np.log((1e-90 * x) * (1e-80 * y))),
        lambda n: (line(n, 200), line(n, 200)),
        lambda n: 230 * LOG * n,
    ),
    "the sum over the rows of A B, A too large": (
        lambda a, b: 1 / (1 + np.sum(a @ b, axis=0)),
        lambda n: (square(n, 308), square(n, -300)),
        lambda n: 1 / (1 + n * n * 1e8) * np.ones(n),
    ),
    "einsum of three vectors": (
        lambda x, y, z: np.sum(np.log(np.einsum("i,i,i->i", x, y, z))),
        lambda n: (line(n, -300), line(n, 300), line(n, 300)),
        lambda n: 300 * LOG * n,
    ),
    "einsum of three matrices": (
        lambda a, b, c: np.log(np.einsum("ij,jk,kl->il", a, b, c)),
        lambda n: (square(n, -200), square(n, 200), square(n, 200)),
        lambda n: (200 * LOG + 2 * math.log(n)) * np.ones((n, n)),
    ),
}


def sizes(name):
    return (2, 24) if "einsum of three m" in name else (2, 24, 60) if "B" in name else (3, 3000)


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("name", CASES)
def test_no_order_leaves_the_range(name, backend):
    f, make, closed = CASES[name]
    for n in sizes(name):
        args = make(n)
        with np.errstate(all="ignore"):
            compiled = ad.compile(f, backend=backend)
            for _ in range(2):
                np.testing.assert_allclose(compiled(*args), closed(n), rtol=1e-9)


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("name", [k for k in CASES if "einsum" not in k and "rows" not in k])
def test_gradients_are_those_of_eager_evaluation(name, backend):
    f, make, _ = CASES[name]
    for n in sizes(name):
        args = make(n)
        wanted = ad.grad(f, argnums=len(args) - 1)(*args)
        compiled = ad.compile(ad.grad(f, argnums=len(args) - 1), backend=backend)
        np.testing.assert_allclose(compiled(*args), wanted, rtol=1e-9)


def test_rows_are_rewritten_where_that_saves_much_and_checked_where_they_are():
    decisions = {
        "(A B) c, the new product too large": moderate,
        "v (w x), v w too small": normal_product,
        "the sum of c x, x too large": finite,
        "(c x) w, c w too small": normal_product,
        "the sum over the rows of A B, A too large": finite,
    }
    for name, decide in decisions.items():
        f, make, _ = CASES[name]
        small, *_, large = sizes(name)
        for n, found in ((small, False), (large, True)):
            with np.errstate(all="ignore"):
                program = optimise(record(f, *make(n)), exact=False)
            assert (decide in [g.decide for g in program.guards if g.rewritten]) == found, name
            assert not optimise(record(f, *make(n))).guards


def test_zeros_and_moderate_numbers_keep_the_fast_order():
    x = np.array([0.0, -0.0, 1e-70, -1e70, 3.0])
    assert moderate(x, x[:0], 2.0, 0.0)
    assert not moderate(x, np.array([1e-80]))
    assert not moderate(np.array([0.0, np.inf]))
    assert not moderate(np.array([np.nan]))
    assert normal_product(np.array([0.0, 1.0]), np.array([1e-300, 1e300]))
    assert normal_product(1e-200, np.zeros(3))
    assert not normal_product(1e-200, np.array([0.0, 1e-200]))
    assert not normal_product(np.array([1e-200]), 1e-120)
    assert not normal_product(1e200, np.array([0.0, 1e200]))
    assert finite(x, 1.0)
    assert not finite(x, np.array([np.nan]))


def test_a_program_rewritten_for_moderate_numbers_says_where_they_are_not():
    f, make, _ = CASES["(A B) c, the new product too large"]
    n = 60
    program = ad.record(f, *(np.ones_like(a) for a in make(n))).optimised(exact=False)
    with pytest.raises(ValueError, match="too large or too small"):
        program(*make(n))
