"""Difference quotients and complex steps, against exact arithmetic and counted calls."""

from fractions import Fraction

import numpy as np
import pytest

from admodes.lab.quotients import STENCILS, imaginary, quotients

X = np.array([0.5, -2.0, 3.0])


def polynomial(x):
    return np.array([x[0] ** 3 * x[1], x[1] ** 2 + x[2], 4.0 * x[2]])


JACOBIAN = np.array([[-1.5, 0.125, 0.0], [0.0, -4.0, 1.0], [0.0, 0.0, 4.0]])


@pytest.mark.parametrize(("method", "order"), [("forward", 1), ("central", 2), ("fourth_order", 4)])
def test_a_stencil_is_exact_for_powers_up_to_its_order(method, order):
    weights, divisor = STENCILS[method]
    for power in range(order + 2):
        total = sum(w * Fraction(k) ** power for k, w in weights.items())
        assert (total == (divisor if power == 1 else 0)) == (power <= order)


@pytest.mark.parametrize("h", [1e-4, np.array([1e-4, 2e-4, 1e-5])])
@pytest.mark.parametrize(
    ("method", "calls"), [("forward", 4), ("central", 6), ("fourth_order", 12)]
)
def test_quotients_are_a_column_for_each_entry(method, calls, h):
    called = []

    def f(x):
        called.append(x.copy())
        return polynomial(x)

    found = quotients(f, X, h, *STENCILS[method])
    np.testing.assert_allclose(found, JACOBIAN, atol=2e-3 if method == "forward" else 1e-6)
    assert len(called) == calls
    assert all(np.count_nonzero(x != X) <= 1 for x in called)


def test_the_complex_step_is_exact():
    np.testing.assert_allclose(imaginary(polynomial, X, 2.0**-100), JACOBIAN, rtol=1e-15)


def test_no_entries_are_no_columns():
    none = np.zeros(0)
    for found in (
        quotients(lambda x: X, none, 1e-3, *STENCILS["central"]),
        imaginary(lambda x: X, none, 1.0),
    ):
        assert found.shape == (3, 0)
