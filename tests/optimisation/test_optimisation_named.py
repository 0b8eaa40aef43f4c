"""What the passes make of named programs: the operations that are left, and their exact counts."""

from __future__ import annotations

from functools import partial
from itertools import pairwise

import numpy as np
import pytest
from programs_run import agree, outputs, recorded, rows

import admodes as ad
from admodes.core.costs import total
from admodes.optimisation import effects, lower, optimise
from admodes.programs.costs import cost

X = np.array([0.3, -1.2, 2.0])
A = np.arange(12.0).reshape(3, 4) / 10 + 0.1


def counted(program):
    return total(cost(step, program) for step in program.steps if step.op is not None)


def left(f, *args, exact=True):
    return rows(optimise(recorded(f, *args), exact))


IDENTITIES = {
    "times one": (lambda x: np.sin(x) * 1.0, ["sin"]),
    "over one": (lambda x: np.sin(x) / 1.0, ["sin"]),
    "plus zero": (lambda x: np.sin(x) + 0.0, ["sin"]),
    "minus zero": (lambda x: np.sin(x) - 0.0, ["sin"]),
    "twice negated": (lambda x: np.negative(-np.sin(x)), ["sin"]),
    "plus a negative": (lambda x: x + -np.sin(x), ["sin", "subtract"]),
    "minus a negative": (lambda x: x - -np.sin(x), ["sin", "add"]),
    "two negatives": (lambda x: -np.sin(x) * -np.cos(x), ["sin", "cos", "multiply"]),
    "minus one": (lambda x: np.sin(x) * -1.0, ["sin", "negate"]),
    "over two": (lambda x: x / 2.0, ["multiply"]),
    "a square": (lambda x: np.sin(x) * np.sin(x), ["sin", "square"]),
    "ones": (lambda x: x * np.ones(3), []),
    "to the power of one": (lambda x: np.sin(x) ** 1.0, ["sin"]),
    "all of it": (lambda x: np.sin(x)[..., 0:3][:], ["sin"]),
    "all positions": (lambda x: np.sin(x)[np.arange(3)], ["sin"]),
    "reshaped": (lambda x: x.reshape((3, 1)).reshape((1, 3)).reshape((3,)), []),
    "stretched": (lambda x: np.broadcast_to(x, (2, 3)) * np.ones((2, 1)) + A[:2, :3], None),
    "the same choice": (lambda x: np.where(x > 0, np.sin(x), np.sin(x)), ["sin"]),
    "constants": (lambda x: x * (ad.sin(2.0) + ad.cos(ad.exp(0.0))), ["multiply"]),
    "equal rows": (lambda x: np.sin(x) * 2 + 2 * np.sin(x), ["sin", "multiply", "add"]),
    "nothing reads it": (lambda x: (np.exp(x), np.sin(x))[1], ["sin"]),
}


@pytest.mark.parametrize("name", IDENTITIES)
def test_identities(name):
    f, expected = IDENTITIES[name]
    if expected is not None:
        assert left(f, X) == expected
    program = recorded(f, X)
    assert agree(outputs(optimise(program), X), outputs(program, X))


def test_two_transposes_cancel():
    assert left(lambda a: np.sin(a.T.T), A) == ["sin"]


def test_a_zero_keeps_its_sign_where_that_can_be_told():
    f = recorded(lambda x: 1.0 / (x + 0.0), np.array([1.0, 2.0]))
    assert outputs(optimise(f), np.array([-0.0, 1.0]))[0][0] == np.inf
    assert "add" in rows(optimise(f))


def test_one_times_keeps_the_dtype_and_the_shape():
    small = np.float32([1.0, 2.0])
    program = optimise(recorded(lambda x: x * np.ones(2), small))
    assert outputs(program, small)[0].dtype == np.float64
    program = optimise(recorded(lambda x: x * np.ones((2, 3)), 2.0))
    assert outputs(program, 3.0)[0].shape == (2, 3)


def test_a_factor_that_is_nan_times_zero_stays():
    program = optimise(recorded(lambda x: x * 0.0, X))
    assert np.isnan(outputs(program, np.array([np.nan, np.inf, 1.0]))[0]).tolist() == [1, 1, 0]


def test_sums_of_placed_entries_are_placed_once():
    def f(x):
        return np.sum(np.sin(x[1:]) + np.cos(x[1:]))

    assert left(ad.grad(f), X).count("place") == 1


def jacobian_of_square(mode):
    a = np.random.default_rng(0).normal(size=(5, 5))
    f = ad.jacobian(lambda x: np.tanh(a @ x) * np.sin(x), mode=mode)
    return f, np.random.default_rng(1).normal(size=5)


@pytest.mark.parametrize("mode", ["forward", "reverse"])
def test_a_jacobian_takes_a_few_passes_over_the_matrix(mode):
    f, x = jacobian_of_square(mode)
    exact = recorded(f, x)
    program = optimise(exact)
    # Scaled once or twice, and 5 of the 25 entries placed and added.
    assert counted(program)["multiplications"] <= 25 + 5 * 5 + 25 + 15
    assert rows(program).count("matmul") == 1
    z = x + 1e-3
    np.testing.assert_allclose(outputs(program, z)[0], f(z), rtol=1e-15, atol=1e-15)
    for bad in (np.inf, np.nan, 0.0):
        z = np.where(np.arange(5) == 2, bad, x)
        np.testing.assert_allclose(
            outputs(program, z)[0], outputs(exact, z)[0], rtol=1e-15, atol=1e-15
        )


def log_sum_exp(x):
    top = np.max(x)
    return top + np.log(np.sum(np.exp(x - top)))


def test_the_gradient_of_log_sum_exp_is_softmax():
    program = optimise(recorded(ad.grad(log_sum_exp), X), exact=False)
    assert rows(program) == ["amax", "subtract", "exp", "sum", "divide", "multiply"]
    e = np.exp(X - X.max())
    np.testing.assert_allclose(outputs(program, X)[0], e / e.sum(), rtol=4e-16)


def test_what_an_infinite_entry_does_to_log_sum_exp_is_suspect():
    program = optimise(recorded(ad.grad(log_sum_exp), X), exact=False)
    assert program.suspects == [0]
    assert not np.isfinite(outputs(program, np.array([np.inf, 0.0, 1.0]))[0]).all()


def test_relu_keeps_the_strong_product_where_a_decision_reads_it():
    def f(x):
        g = ad.grad(lambda z: ad.sum(ad.relu(z) * z))(x)
        return g if g[0] > 0 else -g

    program = optimise(recorded(f, X), exact=False)
    assert "strong_mul" in rows(program)
    assert program.suspects == []


@pytest.mark.parametrize(
    ("text", "shapes", "expected"),
    [
        ("ij,jk->ik", [(3, 4), (4, 2)], ["matmul"]),
        ("ij,kj->ik", [(3, 4), (2, 4)], ["transpose", "matmul"]),
        ("kij,nkj->nki", [(3, 5, 6), (7, 3, 6)], None),
        ("nk,kd,kde->ne", [(7, 3), (3, 4), (3, 4, 5)], None),
        ("i,j->ij", [(3,), (4,)], ["reshape", "reshape", "multiply"]),
        ("i,i->", [(5,), (5,)], ["matmul"]),
        ("bij,bjk->bik", [(2, 5, 4), (2, 4, 5)], ["matmul"]),
        ("bi,bi->b", [(4, 3), (4, 3)], ["einsum"]),
        ("ij,j->i", [(0, 3), (3,)], ["einsum"]),
        ("i,i,i->i", [(3,), (3,), (3,)], None),
    ],
)
def test_einsum_becomes_products_of_matrices(text, shapes, expected):
    rng = np.random.default_rng(3)
    xs = [rng.normal(size=s) for s in shapes]
    program = optimise(recorded(lambda *a: np.einsum(text, *a), *xs), exact=False)
    if expected is not None:
        assert rows(program) == expected
    np.testing.assert_allclose(outputs(program, *xs)[0], np.einsum(text, *xs), atol=1e-13)


def test_a_chain_is_multiplied_from_its_thin_end():
    a, b, v = np.ones((60, 70)), np.ones((70, 80)), np.ones(80)
    program = optimise(recorded(lambda a, b, v: a @ b @ v, a, b, v), exact=False)
    assert counted(program)["multiplications"] == 70 * 80 + 60 * 70
    program = optimise(recorded(lambda v, b, a: v @ (b @ a), v, b.T, a.T), exact=False)
    assert counted(program)["multiplications"] == 70 * 80 + 60 * 70


def test_a_short_chain_stays_as_it_is():
    """A decision at each run whether the new products leave the range would cost more."""
    a, b, v = np.ones((6, 7)), np.ones((7, 8)), np.ones(8)
    program = optimise(recorded(lambda a, b, v: a @ b @ v, a, b, v), exact=False)
    assert counted(program)["multiplications"] == 6 * 7 * 8 + 6 * 8


@pytest.mark.parametrize("name", ["sigmoid", "softplus", "elu", "leaky_relu", "clip", "relu"])
def test_composed_kernels_become_ufuncs_with_the_same_bits(name):
    op = ad.core.op.REGISTRY[name]
    xs = [np.linspace(-3, 3, 7), 0.5, 2.0][: op.arity]
    program = recorded(op, *xs)
    fast = lower(program)
    assert name not in rows(fast)
    xs[0] = np.array([-np.inf, -800.0, -0.0, 0.3, 800.0, np.inf, np.nan])
    assert agree(outputs(fast, *xs), outputs(program, *xs))


def test_effects_name_each_pass_and_never_count_more():
    found = effects(recorded(partial(ad.grad(log_sum_exp)), X), exact=False)
    first = ["dead rows", "entries of arrays", "selections", "columns of samples"]
    assert [e.name for e in found][:6] == [*first, "common subexpressions", "constants"]
    assert (found[0].rows_before, found[-1].rows_after) == (19, 6)
    for before, after in pairwise(found):
        assert before.after == after.before
        assert before.rows_after == after.rows_before
        assert sum(after.after.values()) <= sum(after.before.values())


def test_places_that_overlap_are_not_merged():
    index = np.array([0, 0, 1])

    def f(x):
        return np.sum(np.sin(x[index]) + np.cos(x[index]))

    assert left(ad.grad(f), X).count("place") == 2


def test_zeros_of_either_sign_are_different_constants():
    program = optimise(recorded(lambda x: (1.0 / (x * 0.0), 1.0 / (x * -0.0)), 2.0))
    assert outputs(program, 3.0) == [np.inf, -np.inf]


def test_a_choice_of_a_position_keeps_the_strong_product():
    def f(x):
        g = ad.grad(lambda z: ad.sum(ad.relu(z) * z * z))(x)
        return g[np.argmax(g)] * 2.0

    program = optimise(recorded(f, X), exact=False)
    assert "strong_mul" in rows(program)
    assert program.suspects == []


def test_shares_are_tested_at_each_run_where_what_is_not_finite_would_be_hidden():
    def f(x):
        return np.exp(-ad.grad(log_sum_exp)(x))

    assert len(optimise(recorded(f, X), exact=False).guards) == 2
    compiled = ad.compile(f)
    for value in (0.5, np.nan, np.inf, -np.inf, 800.0):
        x = np.where(np.arange(X.size) == 1, value, X)
        np.testing.assert_allclose(compiled(x), f(x), rtol=1e-13)


@pytest.mark.parametrize("value", [0.0, np.inf, -np.inf, np.nan])
def test_fast_and_exact_programs_together_are_exact(value):
    def f(x):
        return ad.sum(np.sqrt(x) * ad.relu(x - 1.0) * np.array([1.0, 0.0, 2.0]))

    exact = recorded(ad.grad(f), X)
    fast = optimise(exact, exact=False)
    x = np.array([value, 0.0, 4.0])
    found = outputs(fast, x)
    if np.isfinite(found[0]).all():
        np.testing.assert_allclose(found[0], outputs(exact, x)[0], rtol=1e-15)
    else:
        assert fast.suspects == [0]
