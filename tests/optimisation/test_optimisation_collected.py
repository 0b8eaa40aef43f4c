"""Like terms of sums, small factors first, diagonals in seeds and stacks of thin products: which
passes over large arrays are left, and that values agree up to rounding."""

from __future__ import annotations

import numpy as np
import pytest
from programs_run import agree, outputs, recorded, rows
from seeds import generator

import admodes as ad
from admodes.core.magnitudes import finite, normal_product
from admodes.optimisation import lower, optimise

RNG = np.random.default_rng(5)
BIG = RNG.normal(size=(60, 90))
LINE = RNG.normal(size=90)
OTHER = np.exp(LINE)


def fast(f, *xs):
    return optimise(recorded(f, *xs), exact=False)


def passes(program, size):
    """The operations that write arrays of so many entries, but for those that only show them."""
    shown = ("reshape", "transpose")
    return [s.op.name for s in program.steps if s.op and s.size == size and s.op.name not in shown]


@pytest.mark.parametrize(
    ("f", "left"),
    [
        (lambda x, v, w: x * v + x * w, 1),
        (lambda x, v, w: x * v - w * x, 1),
        (lambda x, v, w: x + x * v + x - x * w, 1),
        (lambda x, v, w: -(x * v) + np.sin(x) - x * w, 3),
        (lambda x, v, w: (x * v + 1.0) - x * w, 2),
        (lambda x, v, w: x * v + (x * w).reshape(60, 1, 90).reshape(60, 90), 1),
        (lambda x, v, w: BIG * v + (2.0 * BIG) * w + x, 2),
        (lambda x, v, w: (x + v) + (w - x), 2),
    ],
)
def test_like_terms_are_collected(f, left):
    program = fast(f, BIG, LINE, OTHER)
    assert len(passes(program, BIG.size)) == left
    expected = f(BIG, LINE, OTHER)
    np.testing.assert_allclose(outputs(program, BIG, LINE, OTHER)[0], expected, atol=1e-14)


@pytest.mark.parametrize(
    "f",
    [
        lambda x, v, w: x * v + np.sin(x) * w,
        lambda x, v, w: (x * v + x * w, x * v),
        lambda x, v, w: (x.reshape(90, 60) * 2.0).reshape(60, 90) + x.T.reshape(60, 90),
    ],
)
def test_what_differs_or_is_needed_elsewhere_stays(f):
    exact = recorded(f, BIG, LINE, OTHER)
    program = optimise(exact, exact=False)
    assert len(passes(program, BIG.size)) >= len(passes(optimise(exact), BIG.size)) - 1
    found, expected = outputs(program, BIG, LINE, OTHER), outputs(exact, BIG, LINE, OTHER)
    for a, b in zip(found, expected, strict=True):
        np.testing.assert_allclose(a, b, atol=1e-14)


def test_coefficients_that_are_hidden_are_tested_at_each_run():
    def f(x, v, w):
        return np.where(x * v + x * w > 1.0, 1.0, x)

    program = fast(f, BIG, LINE, OTHER)
    assert finite in [guard.decide for guard in program.guards]
    compiled = ad.compile(f)
    large = np.full(90, 1.5e308)
    tiny = np.full_like(BIG, 1e-300)
    for x, v, w in ((BIG, LINE, OTHER), (tiny, large, large)):
        with np.errstate(over="ignore"):
            np.testing.assert_array_equal(compiled(x, v, w), f(x, v, w))


def test_random_sums_agree():
    for seed in range(60):
        rng = generator(seed)
        kinds = rng.integers(0, 4, size=(6, 2))

        def f(x, y, v, kinds=kinds):
            total = np.sin(x)
            for kind, sign in kinds:
                base = (x, y, BIG, BIG * 4.0)[kind]
                total = (total + v[sign] * base) if sign else (v[sign] * 3.0 * base - total)
            return total

        xs = BIG + 1.0, np.cos(BIG), LINE
        program = fast(f, *xs)
        size = np.max(np.abs(xs[2])) * np.max(np.abs(BIG)) * 20
        np.testing.assert_allclose(outputs(program, *xs)[0], f(*xs), atol=1e-15 * size)


def test_an_array_is_multiplied_last_also_behind_a_new_axis():
    def f(x, v, w):
        return ((x * v).reshape(60, 1, 90) * w).reshape(60, 90)

    program = fast(f, BIG, LINE, np.exp(LINE))
    assert passes(program, BIG.size) == ["multiply"]
    assert [guard.decide for guard in program.guards] == [normal_product]
    signs = fast(lambda x, v: (x * v).reshape(60, 1, 90) * np.sign(LINE), BIG, LINE)
    assert passes(signs, BIG.size) == ["multiply"]
    assert not signs.guards


def test_a_hessian_takes_one_pass_over_the_data():
    a, b = RNG.normal(size=(300, 20)), RNG.normal(size=300)
    f = ad.hessian(lambda x: ad.sum(np.log(1 + (a @ x - b) ** 2)))
    x = RNG.normal(size=20)
    program = fast(f, x)
    assert passes(program, a.size) == ["multiply"]
    assert rows(program).count("matmul") == 2
    r = a @ x - b
    expected = (a.T * (2 * (1 - r * r) / (1 + r * r) ** 2)) @ a
    np.testing.assert_allclose(outputs(program, x)[0], expected, rtol=1e-12, atol=1e-11)


def test_scaled_identities_are_placed_on_the_diagonal():
    def f(x):
        return (x @ x) ** 2

    x = LINE[:30]
    for exact in (True, False):
        program = optimise(recorded(ad.hessian(f), x), exact)
        constants = [a for s in program.steps for a in s.args if np.size(a) >= 900]
        assert not [a for a in constants if isinstance(a, np.ndarray)] or exact
        expected = 8 * np.outer(x, x) + 4 * (x @ x) * np.eye(30)
        np.testing.assert_allclose(outputs(program, x)[0], expected, rtol=1e-14)


def test_a_stack_of_thin_matrices_is_one_product():
    a, b = RNG.normal(size=(7, 3, 5)), RNG.normal(size=(5, 4))
    for right in (b, b[:, 0]):
        program = fast(lambda a, b: a @ b, a, right)
        assert rows(program)[:2] == ["reshape", "matmul"]
        np.testing.assert_allclose(outputs(program, a, right)[0], a @ right, atol=1e-14)
    assert rows(optimise(recorded(lambda a, b: a @ b, a, b))) == ["matmul"]
    thick = RNG.normal(size=(2, 40, 5))
    assert rows(fast(lambda a, b: a @ b, thick, b)) == ["matmul"]


def test_even_functions_take_no_minus():
    program = optimise(recorded(lambda x: (np.abs(-np.sin(x)), np.square(-x)), LINE))
    assert rows(program) == ["sin", "abs", "square"]
    assert agree(outputs(program, LINE), [np.abs(np.sin(LINE)), np.square(LINE)])


def test_the_slope_of_the_sigmoid_takes_one_exponential():
    program = lower(optimise(recorded(lambda x: ad.sigmoid(x) * ad.sigmoid(-x), LINE)))
    assert rows(program).count("exp") == 1
    x = np.array([0.0, -0.0, 800.0, -800.0, np.inf, -np.inf, np.nan, 0.3])
    assert agree(outputs(program, x), [ad.sigmoid(x) * ad.sigmoid(-x)])


@pytest.mark.parametrize(
    ("f", "left"),
    [
        (lambda x, v, w: 3.0 * np.sin(x) + (x * -3.0), ["sin", "subtract", "multiply"]),
        (lambda x, v, w: np.sin(x) + (x + np.sin(x)), ["sin", "multiply", "add"]),
        (lambda x, v, w: 2.0 * (x * v + np.exp(x)) + x * w, None),
        (lambda x, v, w: (lambda s: np.sin(x) + s + s)(x * v + np.cos(x)), None),
        (lambda x, v, w: 5.0 * (np.outer(v[:60], w)).reshape(90, 60).T, None),
    ],
)
def test_numbers_go_into_or_out_of_sums(f, left):
    program = fast(f, BIG, LINE, OTHER)
    if left is not None:
        assert rows(program) == left
    assert len(passes(program, BIG.size)) <= 6
    expected = f(BIG, LINE, OTHER)
    np.testing.assert_allclose(outputs(program, BIG, LINE, OTHER)[0], expected, 1e-13, 1e-14)


def test_what_is_placed_at_one_place_is_added_first():
    def f(x):
        return ad.sum(np.sin(x[1:])) + ad.sum((x[1:] ** 2) * 0.5) * 2.0 + ad.sum(np.cos(x))

    program = fast(ad.grad(f), LINE)
    assert rows(program).count("place") == 1
    np.testing.assert_allclose(outputs(program, LINE)[0], ad.grad(f)(LINE), rtol=1e-14)


def decays(p):
    t = np.linspace(0.0, 3.0, 50)
    return p[0] * np.exp(-p[1] * t) + p[2] * np.exp(-p[3] * t)


def test_a_jacobian_by_single_numbers_is_a_stack_of_rows():
    p = np.array([1.0, 0.5, -2.0, 1.5])
    exact = recorded(ad.jacobian(decays, mode="forward"), p)
    program = optimise(exact, exact=False)
    assert not [s for s in program.steps if s.op and s.size == 200 and s.op.name == "multiply"]
    assert rows(program).count("stack") == 1
    assert "place" not in rows(program)
    for z in (p, p * 1.1):
        np.testing.assert_allclose(outputs(program, z)[0], ad.jacobian(decays)(z), rtol=1e-13)


@pytest.mark.parametrize("value", [np.inf, -np.inf, np.nan, 0.0, 1e308])
def test_rows_of_directions_keep_strong_zeros(value):
    exact = recorded(ad.jacobian(decays, mode="forward"), np.ones(4))
    for k in range(4):
        z = np.ones(4)
        z[k] = value
        assert agree(outputs(optimise(exact), z), outputs(exact, z))
        np.testing.assert_allclose(ad.compile(ad.jacobian(decays))(z), outputs(exact, z)[0])


def test_a_product_with_every_direction_stays():
    def f(x):
        return np.sin(x[0] * LINE) * x[1] + np.broadcast_to(x[1], 90)

    exact = recorded(ad.jacobian(f, mode="forward"), np.array([0.3, 0.7]))
    for z in (np.array([0.4, 0.6]), np.array([np.inf, 1.0]), np.array([0.0, np.nan])):
        assert agree(outputs(optimise(exact), z), outputs(exact, z))
