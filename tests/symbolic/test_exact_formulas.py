"""Exact gradients, Jacobians and Hessians as formulas: what is printed, and that it is right."""

from __future__ import annotations

import json

import mpmath
import numpy as np
import pytest
import sympy as sp

import admodes as ad
from admodes.core.op import REGISTRY
from admodes.problems import PROBLEMS
from admodes.symbolic import NoSymbolicForm, hessian_matrix, jacobian_matrix, symbolic_hessian
from admodes.symbolic.printing import formula, shortest
from admodes.tracing.matrices import named_gradient, named_hessian, named_jacobian
from admodes.tracing.trace import scalar_trace


def named(maker, problem, at=None):
    p = PROBLEMS[problem]
    return maker(p.function, at or p.args, names=tuple(p.at), symbolic=True)


def test_the_gradients_of_the_source_documents_print_as_these_write_them():
    ascent = named(named_gradient, "osu-ascent").symbolic["gradient"]
    assert ascent == {
        "x1": "x2*(2*x1 + x2)*(x2 + 1)",
        "x2": "x1*(2*x1*x2 + x1 + 3*x2**2 + 2*x2)",
    }
    assert named(named_gradient, "bu-shared").symbolic["gradient"] == {
        "x": "(x + y)*(3*x + y)",
        "y": "2*x*(x + y)",
    }
    assert named(named_gradient, "bu-root").symbolic["gradient"] == {"X": "2*X"}
    assert named(named_gradient, "osu-loop").symbolic["gradient"] == {"x": "14/3"}
    found = named(named_jacobian, "bu-pair").jacobian["symbolic"]
    assert found == [["2*x1", "0", "0"], ["x2*x3", "x1*x3", "x1*x2"]]


@pytest.mark.parametrize(
    ("at", "expected"),
    [
        ((0.0, 0.0), [[0, 0], [0, 0]]),
        ((0.0, -1.0), [[0, 1], [1, 0]]),
        ((1.0, -1.0), [[0, -1], [-1, -2]]),
        ((3 / 8, -3 / 4), [["-3/8", "-3/16"], ["-3/16", "-21/32"]]),
    ],
)
def test_the_hessian_at_the_stationary_points_of_section_c(at, expected):
    found = named(named_hessian, "osu-ascent", at)
    assert found.symbolic["hessian"][0][0] == "2*x2*(x2 + 1)"
    p = PROBLEMS["osu-ascent"]
    matrix = hessian_matrix(scalar_trace(p.function, p.args, tuple(p.at)))
    numbers = dict(zip(sp.symbols("x1 x2", real=True), map(sp.Rational, at), strict=True))
    assert matrix.subs(numbers) == sp.Matrix(expected).applyfunc(sp.Rational)


def jumps():
    """What mpmath has no function for, away from the jumps."""
    return [{"Heaviside": lambda x, *at_zero: mpmath.mpf(x > 0), "psi": mpmath.psi}, "mpmath"]


DIFFERENTIABLE = sorted(
    op.name
    for op in REGISTRY.values()
    if op.elementwise and not (op.passive or op.custom)
    if op.symbol is not None and op.arity is not None
)


@pytest.mark.parametrize("name", DIFFERENTIABLE)
def test_formulas_of_every_operation_agree_with_both_modes(name):
    op = REGISTRY[name]
    every = tuple(range(op.arity))
    random = np.random.default_rng(13)
    at = tuple(float(random.uniform(*interval)) for interval in op.domain.intervals[: op.arity])
    t = ad.trace(lambda *xs: op(*xs), *at)
    symbols = sp.symbols([x["name"] for x in t.inputs], real=True)
    point = list(map(mpmath.mpf, at))
    values = list(map(float, sp.lambdify(symbols, jacobian_matrix(t), jumps())(*point)))
    for mode in ("forward", "reverse"):
        assert values == pytest.approx(ad.jacobian(op, every, mode)(*at), rel=1e-9, abs=1e-12)
    second = list(map(float, sp.lambdify(symbols, hessian_matrix(t), jumps())(*point)))
    engine = np.array(ad.hessian(op, every)(*at), float).ravel()
    assert second == pytest.approx(list(engine), rel=1e-8, abs=1e-9)


@pytest.mark.parametrize("seed", range(10))
def test_polynomials_stay_the_same_in_fewer_operations(seed):
    random = np.random.default_rng(seed)
    x, y = sp.symbols("x y", real=True)
    a, b, c, d = map(int, random.integers(-4, 5, 4))
    polynomial = (a * x + b * y + 1) * (x + y) ** 2 + c * x**3 * (y + d)
    short = shortest(polynomial)
    assert sp.expand(short - polynomial) == 0
    assert sp.count_ops(short) <= sp.count_ops(polynomial)


def test_formulas_in_latex_have_the_names_of_the_tables():
    p = PROBLEMS["osu-eq4"]
    found = named(named_gradient, p.name).symbolic["gradient"]
    assert found["x2"].latex == (
        r"2 \ln{\left(x_{1} + \sin{\left(x_{1} \right)} \right)} "
        r"\mathbf{1}\left[x_{2} - x_{3} > 0\right]"
    )
    step = sp.Heaviside(sp.Symbol("w_2"))
    assert formula(step**2).latex == r"{\mathbf{1}\left[w_{2} > 0\right]}^{2}"


def test_the_commands_add_formulas_and_the_data_has_them(run):
    function = ("x1*x2 + x1^2", "--at", "x1=1,x2=2", "--symbolic")
    for command in ("jacobian", "gradient", "hessian"):
        assert "2*x1 + x2" in run(command, *function)[1]
        assert "2 x_{1} + x_{2}" in run(command, *function, "-f", "latex")[1]
    assert json.loads(run("hessian", *function, "-f", "json")[1])["symbolic"] == {
        "gradient": {"x1": "2*x1 + x2", "x2": "x1"},
        "hessian": [["2", "1"], ["1", "0"]],
    }
    assert "symbolic" not in named_gradient(lambda x: x * x, (1.0,)).to_dict()


def test_what_has_no_formula_is_an_error_that_says_why(run):
    rule = ad.custom_rule("mystery", lambda x: x**3, [lambda x: 3 * x**2])
    with pytest.raises(ValueError, match=r"mystery.*symbol="):
        named_gradient(rule, (2.0,), symbolic=True)
    with pytest.raises(ValueError, match="of one output, and there are 2"):
        symbolic_hessian(ad.trace(lambda x: (x, x * x), 1.0))
    status, out, err = run("hessian", "x", "x^2", "--at", "x=1", "--symbolic")
    assert (status, out) == (2, "")
    assert "a function with one output" in err


@pytest.mark.parametrize(
    ("f", "at", "first", "second"),
    [
        (lambda x: np.sinc(x), 0.0, True, True),
        (lambda x: np.sinc(x), 0.5, False, False),
        (lambda x: ad.clip(x, 0, 1), 0.0, True, False),
        (lambda x: ad.abs(x), 0.0, True, False),
        (lambda x: ad.abs(x), -1.0, False, False),
        (lambda x: ad.sqrt(x * x), 0.0, False, True),
        (lambda x: ad.sqrt(x), 0.0, False, False),
    ],
)
def test_a_formula_that_does_not_hold_at_the_point_itself_is_noted(f, at, first, second):
    """At 0 / 0, at a kink, and where the engine has no number; 1/(2*sqrt(x)) and inf agree."""
    marked = "the exact formula"
    for found in (named_gradient(f, (at,), symbolic=True), named_jacobian(f, (at,), symbolic=True)):
        assert any(n.startswith(f"{marked} of ∂") for n in found.notes) == first
    found = named_hessian(f, (at,), symbolic=True)
    assert any(n.startswith(f"{marked} of ∂²") for n in found.notes) == second
    assert not any(n.startswith(marked) for n in named_hessian(f, (at,)).notes)


def test_the_note_names_the_entries_that_differ():
    (note,) = named_jacobian(lambda x, y: ad.maximum(x, y) + x**y, (1.0, 1.0), symbolic=True).notes[
        1:
    ]
    assert note == (
        "the exact formulas of ∂f/∂x, ∂f/∂y have no value at this point, or another one than the "
        "derivatives"
    )


@pytest.mark.parametrize(
    ("f", "name"),
    [
        (lambda x: np.max(x), "amax"),
        (lambda x: np.sort(x)[0] * 2, "sort"),
        (lambda x: np.linalg.det(np.reshape(x, (2, 2))), "det"),
        (lambda x: np.copysign(x[0], x[1]), "signbit"),
    ],
)
def test_operations_on_arrays_without_formulas_are_named(f, name):
    x = np.array([1.0, -2.0, 3.0, 5.0])
    for maker in (named_jacobian, named_gradient, named_hessian):
        with pytest.raises(NoSymbolicForm, match=rf"\({name}\) has no symbolic form"):
            maker(f, (x,), symbolic=True)
