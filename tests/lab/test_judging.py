"""The truth that libraries are judged by, and the judgement."""

import mpmath
import numpy as np
import pytest

from admodes.lab.judging import judged
from admodes.lab.truth import EXACT, UNIT, Truth, truth
from admodes.problems import PROBLEMS, Scenario


def test_the_reference_is_right_where_doubles_are_not():
    def f(x):
        return (1 - np.cos(x)) / x**2

    x = 1e-4
    t = truth(Scenario("f", f, (x,), (0,), "gradient"))
    with mpmath.workdps(60):
        z = mpmath.mpf(x)
        expected = mpmath.sin(z) / z**2 - 2 * (1 - mpmath.cos(z)) / z**3
    assert t.how == "reverse mode with 50 digits"
    assert t.reference[0] == float(expected)
    # Cancellation: what rounding does to it is far above a unit of the result.
    assert t.scale[0] > 1e6 * abs(t.reference[0])


@pytest.mark.parametrize("name", ["rosenbrock", "osu-saddle", "grad-g"])
def test_the_reference_of_second_derivatives_is_what_a_problem_states(name):
    s = next(s for s in PROBLEMS[name].scenarios() if s.operator == "hessian")
    t = truth(s)
    assert t.how == "reverse mode with 50 digits"
    np.testing.assert_allclose(t.reference, s.oracle(), rtol=4e-15)
    assert np.all(t.scale <= 100 * np.abs(s.oracle()) + 1e-12)


def test_a_long_program_is_evaluated_in_doubles():
    def f(x):
        return np.sum(np.sin(np.outer(x, x)))

    x = np.linspace(0, 1, 200)
    t = truth(Scenario("f", f, (x,), (0,), "gradient"))
    assert t.how == "reverse mode in doubles"
    np.testing.assert_allclose(t.reference, 2 * np.cos(np.outer(x, x)) @ x, rtol=1e-13)


def test_infinite_derivatives_are_infinite():
    t = truth(Scenario("f", lambda x: np.sqrt(x) * 2, (0.0,), (0,), "gradient"))
    assert t.reference[0] == np.inf
    assert judged(np.array([np.inf]), t, 1e-9).reason is None
    assert judged(np.array([1.0]), t, 1e-9).reason == "entry [0] is 1.0, not inf"


def exactly(*entries, scale=0.0):
    reference = np.array(entries)
    return Truth(reference, np.full(reference.shape, scale), "by hand")


def test_an_error_is_measured_by_what_rounding_does():
    t = exactly(1.0, scale=100.0)
    off = np.array([1.0 + 50 * UNIT])
    assert judged(off, t, 1e-9).error_ulp == 0.5
    assert judged(off, exactly(1.0), 1e-9).error_ulp == 50
    assert judged(off, exactly(1.0), 1e-9).error_relative == 50 * UNIT


def test_the_first_entry_that_differs_is_named_with_both_values():
    t = exactly([1.0, 2.0], [3.0, 4.0])
    found = judged(np.array([[1.0, 2.0], [-3.0, -4.0]]), t, 1e-9)
    assert found.reason == "entry [1, 0] is -3.0, not 3.0"


@pytest.mark.parametrize("value", [np.nan, np.inf, -2.0])
def test_a_number_that_is_none_is_wrong(value):
    assert "entry [1]" in judged(np.array([1.0, value]), exactly(1.0, 2.0), 1e-9).reason


def test_a_nan_that_ought_to_be_one_is_told():
    found = judged(np.array([np.nan]), exactly(np.nan), 1e-9)
    assert found.nan
    assert found.reason is None


def test_another_shape_is_wrong():
    assert "(1, 2), not (2,)" in judged(np.ones((1, 2)), exactly(1.0, 1.0), 1e-9).reason


def test_differences_of_a_large_function_may_be_off_by_its_rounding():
    t = exactly(1.0)
    assert judged(np.array([1.01]), t, 1e-4).reason
    assert judged(np.array([1.01]), t, 1e-4, least=1e6).reason is None


@pytest.mark.parametrize(
    ("f", "x", "right", "wrong"),
    [
        (lambda x: np.abs(x).sum(), [0.0, 2.0], [[0, 1], [1, 1], [-1, 1], [0.5, 1]], [2, 1]),
        (lambda x: np.maximum(x, 0).sum(), [0.0, 2.0], [[0, 1], [0.5, 1], [1, 1]], [77, 1]),
        (np.max, [2.0, 2.0], [[0.5, 0.5], [1, 0], [0, 1]], [5, -4]),
        (lambda x: np.where(x > 0, x * x, x).sum(), [0.0, 2.0], [[1, 4], [0, 4]], [-50, 4]),
    ],
)
def test_at_a_kink_the_slopes_of_both_sides_are_right_and_others_are_not(f, x, right, wrong):
    t = truth(Scenario("f", f, (np.array(x),), (0,), "gradient"))
    for slopes in right:
        assert judged(np.array(slopes, float), t, 1e-11).reason is None
    assert "entry [0]" in judged(np.array(wrong, float), t, 1e-11).reason


def test_what_rounding_does_is_allowed_where_entries_cancel():
    def f(x):
        return (1 - np.cos(x)) / x**2

    t = truth(Scenario("f", f, (1e-4,), (0,), "gradient"))
    rounding = EXACT * t.scale
    # The derivative is smooth here, so that both say the same but for chance.
    assert rounding[0] / 4 < t.reach[0] < 4 * rounding[0]
    assert judged(t.reference + t.reach / 4, t, 1e-11).reason is None
    assert judged(t.reference + 8 * t.reach, t, 1e-11).reason is not None
