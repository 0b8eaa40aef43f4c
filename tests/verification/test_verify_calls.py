"""How often ad.verify calls the function, and that nothing is lost by it: what its list does not
know is found, and the differences are those of the function itself."""

import math

import numpy as np
import pytest
import random_expressions

import admodes as ad
from admodes.core.record import record
from admodes.verification.differences import central_differences
from admodes.verification.nearby import Nearby

RECORDED, FORWARD, REVERSE, PLAIN = 1, 1, 1, 1
STEPS = 2 * 10
"""The points of the differences along one input."""


def calls(f, *args):
    """The verification, and how often f was called."""
    points = []

    def noted(*xs):
        points.append(xs)
        return f(*xs)

    return ad.verify(noted, *args), len(points)


@pytest.mark.parametrize(
    ("f", "args"),
    [
        (lambda x, y: (x * ad.sin(y), x**2), (2.0, 0.5)),
        (lambda x: np.sum(np.sin(x) * x[::-1]), (np.arange(1.0, 7.0),)),
        (lambda x: x * x if x > 0 else -x, (2.0,)),
        (lambda x: ad.abs(x), (1e-9,)),
        (lambda x: (1 - ad.cos(x)) / x**2, (1e-8,)),
    ],
    ids=["numbers", "array", "branch", "kink", "cancellation"],
)
def test_the_function_is_called_four_times_whatever_its_inputs(f, args):
    assert calls(f, *args)[1] == RECORDED + FORWARD + REVERSE + PLAIN


def test_it_is_called_where_it_takes_another_branch():
    # Of the steps to the right of 2, those beyond 2.01.
    v, n = calls(lambda x: x * x if x < 2.01 else 4.04 + 0 * x, 2.0)
    beyond = sum(0.25 / 2**level >= 0.01 for level in range(10))
    assert v.passed
    assert n == 4 + beyond


def test_on_the_edge_of_a_branch_it_is_recorded_and_called_on_the_other_side():
    v, n = calls(lambda x: x if x > 0 else -x, 0.0)
    assert v.entries[0].slopes == [-1.0, 1.0]
    assert n == 4 + 1 + STEPS // 2


@pytest.mark.parametrize(
    "f",
    [
        lambda x: x * ad.value(x),
        lambda x: 2 * x if isinstance(x, float) else 3 * x,
        lambda x: 1e9 * x + x * ad.value(x),
        lambda x: x * float(f"{ad.value(x):.17g}"),
    ],
    ids=["value", "another function of plain numbers", "hidden by a larger term", "read back"],
)
def test_what_the_list_does_not_know_is_found_by_calls(f):
    v, n = calls(f, 3.0)
    assert n == 4 + STEPS
    near = Nearby(lambda x: [f(x)], [3.0], record(lambda x: [f(x)], 3.0))
    assert not near.traced
    ((outside, _),), ((inside, _),) = near.differences(0), near.differences_of_list(0)
    assert not math.isclose(outside, inside, rel_tol=1e-10)
    if abs(outside - inside) > 1e-4 * abs(outside):
        assert not v.passed
        assert "not traced" in v.reason


def test_the_differences_are_those_of_the_function():
    """Also for NumPy's own functions, whose kernels are others than those of a list of numbers."""

    def compared(f, xs):
        near = Nearby(f, xs, record(f, *xs))
        for j, x in enumerate(xs):
            plain = central_differences(lambda v, j=j: f(*xs[:j], v, *xs[j + 1 :]), x)
            for (a, off), (b, _) in zip(near.differences(j), plain, strict=True):
                if math.isfinite(b):
                    assert abs(a - b) <= 1e-7 * (1 + abs(b)) + 10 * off
        return near.traced

    assert compared(lambda x, y: [np.exp(np.sin(x)) * np.log1p(y * y), np.tanh(x / y)], [0.7, 1.3])
    assert compared(lambda x: [x * x if x < 2.01 else x + 2.0], [2.0])
    traced = []
    random_expressions.collected(
        random_expressions.expressions(),
        40,
        lambda e: traced.append(compared(lambda *xs: list(e(*xs)), list(e.at))),
    )
    assert sum(traced) > 0.9 * len(traced)
