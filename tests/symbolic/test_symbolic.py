"""The recorded list in sympy: expressions, exact Jacobians, reference values."""

from __future__ import annotations

import math
import subprocess
import sys
import threading

import mpmath
import numpy as np
import pytest
import sympy as sp
from seeds import generator

import admodes as ad
from admodes.core.op import REGISTRY
from admodes.core.record import record
from admodes.symbolic import (
    NoSymbolicForm,
    expressions,
    jacobian_matrix,
    reference,
    symbolic_jacobian,
)
from admodes.symbolic.expressions import LARGEST_EXPRESSION
from admodes.symbolic.forms import local_form
from admodes.symbolic.precision import evaluate, one_sided, precise
from admodes.symbolic.sweep import sensitivities


def cpsc(x1, x2):
    return ad.exp(2 * x2) + x1 * ad.sin(3 * x2**2), x1 * x2 + ad.sigmoid(x2)


def digits(x, n=50):
    return mpmath.nstr(x, n)


def test_rows_and_outputs_are_expressions_in_the_named_inputs():
    x1, x2 = sp.symbols("x1 x2", real=True)
    found = expressions(ad.trace(cpsc, 2.0, 1.0))
    assert found.symbols == [x1, x2]
    assert found.outputs[0] == sp.exp(2 * x2) + x1 * sp.sin(3 * x2**2)
    assert sp.simplify(found.outputs[1] - x1 * x2 - 1 / (1 + sp.exp(-x2))) == 0
    assert found.rows[3] == sp.exp(2 * x2)
    assert found.missing is None


def test_names_can_be_given_and_are_counted():
    t = ad.trace(cpsc, 2.0, 1.0)
    assert [str(s) for s in expressions(t, names=["p", "q"]).symbols] == ["p", "q"]
    with pytest.raises(ValueError, match="2 input names"):
        expressions(t, names=["p"])
    with pytest.raises(TypeError, match="Program or a Trace"):
        expressions(cpsc)


def test_jacobian_as_matrix_and_as_strings():
    t = ad.trace(cpsc, 2.0, 1.0)
    x1, x2 = sp.symbols("x1 x2", real=True)
    matrix = jacobian_matrix(t)
    assert matrix.shape == (2, 2)
    assert matrix[0, 0] == sp.sin(3 * x2**2)
    assert sp.expand(matrix[0, 1] - 2 * sp.exp(2 * x2) - 6 * x1 * x2 * sp.cos(3 * x2**2)) == 0
    strings = symbolic_jacobian(t)
    assert strings[0] == ["sin(3*x2**2)", "6*x1*x2*cos(3*x2**2) + 2*exp(2*x2)"]
    assert strings[1] == ["x2", "x1 + exp(-x2)/(1 + exp(-x2))**2"]
    assert [[sp.sympify(s) for s in line] for line in strings] == [
        [e.subs({x1: sp.Symbol("x1"), x2: sp.Symbol("x2")}) for e in matrix.row(i)]
        for i in range(2)
    ]


@pytest.mark.parametrize(
    ("f", "text"),
    [
        (lambda x: math.pi * x, "pi"),
        (lambda x: 0.1 * x, "1/10"),
        (lambda x: x / 3, "1/3"),
        (lambda x: 5 * x, "5"),
        (lambda x: 0.123456789 * x, "0.12345678900000000"),
        (abs, "sign(x)"),
        (lambda x: ad.floor(x) * x, "floor(x)"),
        (lambda x: ad.sign(x) * x, "sign(x)"),
        (lambda x: ad.where(x > 0, x * x, -x), "Piecewise((2*x, x > 0), (-1, True))"),
        (lambda x: x * x if x > 0 else -x, "2*x"),
        (lambda x: 7.0, "0"),
    ],
)
def test_constants_kinks_and_branches_print_as_one_would_write_them(f, text):
    assert symbolic_jacobian(ad.trace(f, 2.25, names=["x"])) == [[text]]


def test_exact_constants_are_the_doubles():
    t = ad.trace(lambda x: 0.1 * x, 1.0)
    assert jacobian_matrix(t, exact=True)[0] == sp.Rational(*(0.1).as_integer_ratio())
    assert jacobian_matrix(t)[0] == sp.Rational(1, 10)


def test_an_operation_without_symbolic_form_is_named():
    rule = ad.custom_rule("mystery", lambda x: x**3, [lambda x: 3 * x**2])
    t = ad.trace(lambda x, y: (y * rule(x), x * y), 2.0, 3.0)
    found = expressions(t)
    assert found.outputs[0] is None
    assert found.outputs[1] is not None
    with pytest.raises(NoSymbolicForm, match=r"mystery.*symbol="):
        symbolic_jacobian(t)
    high = reference(t)
    assert high.jacobian[0] == [None, 8.0]
    assert high.jacobian[1] == [3.0, 2.0]


def test_an_expression_that_swells_is_refused_while_reference_values_stay_linear():
    def f(x):
        for _ in range(40):
            x = x * x + 0.1
        return x

    t = ad.trace(f, 0.3)
    with pytest.raises(NoSymbolicForm, match=str(LARGEST_EXPRESSION)):
        symbolic_jacobian(t)
    x, slope = sp.Float(0.3, 60), sp.Float(1, 60)
    for step in t.program.steps[2::2]:
        slope *= 2 * x
        x = sp.Float(step.value, 60)
    assert reference(t).jacobian[0][0] == pytest.approx(float(slope), rel=1e-14)


def test_a_symbolic_form_that_is_text_is_refused():
    rule = ad.custom_rule("spelled", lambda x: x, [1], symbol=lambda x: "__import__('os').getcwd()")
    with pytest.raises(TypeError, match="str"):
        local_form(rule)


def test_every_elementwise_operation_has_partials_that_mpmath_confirms():
    """sympy's partial, compiled, against mpmath's numerical derivative of the symbolic value."""
    rng = generator(1)
    checked = 0
    for op in {o.name: o for o in REGISTRY.values()}.values():
        if not op.elementwise or op.custom:
            continue
        form = local_form(op)
        assert form is not None, op.name
        point = [mpmath.mpf(rng.uniform(*interval)) for interval in op.domain.intervals]
        with mpmath.workdps(60):
            for k, derivative in enumerate(form.derivatives):
                orders = tuple(int(i == k) for i in range(len(point)))
                numeric = mpmath.diff(form.value, tuple(point), orders)
                got = derivative(*point)
                assert abs(got - numeric) <= mpmath.mpf(10) ** -25 * (1 + abs(got)), (op.name, k)
                checked += 1
    assert checked > 55


def test_reference_has_fifty_digits_of_the_exact_chain():
    found = reference(ad.trace(lambda x: ad.ln(ad.exp(x) + 1), 2.0))
    with mpmath.workdps(60):
        assert digits(found.rows[-1].exact) == digits(mpmath.log(mpmath.exp(2) + 1))
    assert found.rows[1].exact != found.rows[1].value or found.rows[2].exact != found.rows[2].value


def test_reference_partials_are_taken_at_the_doubles_that_the_engines_saw():
    t = ad.trace(lambda x: ad.sin(x * 0.1), 3.0)
    seen = t.rows[1].value
    found = reference(t)
    with mpmath.workdps(60):
        assert digits(found.rows[2].partials[0]) == digits(mpmath.cos(mpmath.mpf(seen)))
        assert digits(found.rows[2].value) == digits(mpmath.sin(mpmath.mpf(seen)))
        assert digits(found.rows[2].exact) == digits(mpmath.sin(mpmath.mpf(0.1) * 3))
        assert digits(found.rows[2].exact, 30) != digits(found.rows[2].value, 30)
    assert found.rows[2].formulas == ["cos(a)"]


@pytest.mark.parametrize(
    ("op", "x", "value", "partial"),
    [
        (ad.expm1, 1e-300, 1e-300, 1.0),
        (ad.log1p, 1e-200, 1e-200, 1.0),
        (ad.softplus, -700.0, math.exp(-700), math.exp(-700)),
        (ad.sigmoid, -700.0, math.exp(-700), math.exp(-700)),
        (ad.sigmoid, 700.0, 1.0, math.exp(-700)),
        (ad.tanh, 300.0, 1.0, 4 * math.exp(-600)),
        (ad.asinh, 1e300, math.log(2) + 300 * math.log(10), 1e-300),
    ],
)
def test_cancellation_in_symbolic_forms_costs_no_digits(op, x, value, partial):
    row = reference(ad.trace(op, x)).rows[1]
    assert float(row.value) == pytest.approx(value, rel=1e-13)
    assert float(row.partials[0]) == pytest.approx(partial, rel=1e-13)


def test_outside_the_real_domain_the_value_is_nan_and_poles_have_none():
    for f, x in ((ad.ln, -1.0), (ad.sqrt, -2.0), (ad.asin, 1.5), (ad.acosh, 0.5), (ad.logit, 2.0)):
        assert mpmath.isnan(reference(ad.trace(f, x)).rows[1].value), f
    pole = reference(ad.trace(lambda x: 1 / x, 0.0))
    assert pole.rows[1].value is None
    assert pole.rows[1].partials == [None, None]
    assert pole.jacobian == [[None]]


def test_kinks_follow_the_documented_convention_and_are_noted():
    tie = reference(ad.trace(lambda x, y: ad.maximum(x, y), 1.0, 1.0))
    assert tie.rows[2].partials == [0.5, 0.5]
    assert "tie" in tie.rows[2].kink
    for f, expected in ((ad.abs, 0), (ad.relu, 0), (ad.sqrt, mpmath.inf), (ad.cbrt, mpmath.inf)):
        row = reference(ad.trace(f, 0.0)).rows[1]
        assert row.partials == [expected]
        assert row.kink
    assert reference(ad.trace(ad.abs, 1.0)).rows[1].kink is None


def test_a_kink_of_a_custom_rule_is_recognised_by_its_symbolic_form():
    rule = ad.custom_rule(
        "hinge", lambda x: np.maximum(x, 0.0), [lambda x: ad.where(x > 0, 1.0, 0.0)],
        symbol=lambda x: sp.Max(x, 0),
    )  # fmt: skip
    assert "hinge at a kink" in reference(ad.trace(rule, 0.0)).rows[1].kink
    assert reference(ad.trace(rule, 2.0)).rows[1].partials == [1]


def test_one_sided_limits():
    assert sorted(one_sided(ad.abs, 0, [0.0])) == [-1.0, 1.0]
    assert one_sided(ad.ln, 0, [0.0]) == [math.inf]
    assert one_sided(ad.acos, 0, [1.0]) == [-math.inf]
    assert set(one_sided(ad.maximum, 1, [2.0, 2.0])) == {0.0, 1.0}
    assert set(one_sided(ad.power, 0, [0.0, 0.5])) == {math.inf}


def test_numbers_of_like_size_are_evaluated_with_the_same_number_of_digits():
    """mpmath computes Bernoulli numbers for psi anew at each precision."""
    used = []

    def form(x):
        used.append(mpmath.mp.prec)
        return x

    for k in range(300, 340):
        assert evaluate(form, [1.5 * 2.0**-k]) == 1.5 * 2.0**-k
    assert len(set(used)) <= 2
    assert min(used) > mpmath.libmp.dps_to_prec(50)


def test_arrays_structural_operations_and_where():
    def f(x):
        squares = x * x
        return ad.sum(ad.where(squares > 2, squares, ad.stack([x[1], x[0], x[0]])))

    at = np.array([1.0, 2.0, 3.0])
    program = record(f, at)
    assert symbolic_jacobian(program)[0][2].replace(" ", "") == (
        "Piecewise((2*x3,x3**2>2),(0,True))"
    )
    found = reference(program)
    assert found.jacobian == [[0.0, 5.0, 6.0]]
    np.testing.assert_array_equal(np.array(found.jacobian, float)[0], ad.grad(f)(at))
    assert found.magnitude == [[0.0, 5.0, 6.0]]


def test_a_recorded_gradient_has_a_reference_too():
    """The list of a derivative holds structural operations and the strong product."""

    def f(x):
        return ad.sum(ad.sin(x) * x[0])

    at = np.array([0.5, 1.5])
    program = record(ad.grad(f), at)
    found = np.array(reference(program).jacobian, float)
    np.testing.assert_allclose(found, ad.hessian(f)(at), rtol=1e-15, atol=1e-16)


def test_magnitude_is_the_sum_of_absolute_contributions():
    found = reference(ad.trace(lambda x: 3 * x - 2 * x, 1.0))
    assert (found.jacobian, found.magnitude) == ([[1.0]], [[5.0]])


def test_zero_times_an_infinite_partial_is_zero_but_cancellation_keeps_its_magnitude():
    program = ad.trace(lambda x: ad.sqrt(x - x), 1.0).program
    partials = [[], [mpmath.mpf(1), mpmath.mpf(1)], [mpmath.inf]]
    partials[1][1] = mpmath.mpf(-1)
    t, s, *_ = sensitivities(program, partials)[0][0]
    assert t == 0
    assert s == mpmath.inf


def test_slack_is_swept_on_with_the_other_partials():
    program = ad.trace(lambda x: 5 * ad.sin(x), 1.0).program
    partials = [[], [mpmath.mpf(2)], [None, mpmath.mpf(5)]]
    slacks = [[], [(mpmath.mpf("1e-10"), True)], [None, (0, True)]]
    t, s, e, known = sensitivities(program, partials, slacks)[0][0]
    assert (t, s, known) == (10, 10, True)
    assert float(e) == pytest.approx(5e-10, rel=1e-12)


def test_sympy_is_imported_on_first_use_only():
    code = (
        "import sys, admodes as ad, admodes.symbolic, admodes.verification\n"
        "str(ad.trace(lambda x: ad.sin(x), 1.0))\n"
        "print({'sympy', 'mpmath'} & set(sys.modules))\n"
        "admodes.symbolic.symbolic_jacobian(ad.trace(lambda x: ad.sin(x), 1.0))\n"
        "print('sympy' in sys.modules)"
    )
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert ran.stdout.split("\n")[:2] == ["set()", "True"], ran.stderr


def test_a_wrong_number_of_digits_keeps_no_other_thread_out():
    with pytest.raises(ValueError), precise("x"):
        pass
    entered = threading.Event()

    def work():
        with precise(20):
            entered.set()

    threading.Thread(target=work, daemon=True).start()
    assert entered.wait(10)
