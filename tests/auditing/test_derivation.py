"""A derivation gives every number of a trace, and computes each again from those it needs."""

import math

import numpy as np
import pytest

import admodes as ad
from admodes.auditing.derivation import Derivation
from admodes.auditing.quantity import Quantity

UBC = ad.parse("exp(2*x2) + x1*sin(3*x2^2)", "x1*x2 + sigmoid(x2)")

CASES = [
    (UBC, (2.0, 1.0)),
    (ad.parse("max(x1, x2)/x1 - floor(x2)*x1 + abs(x2)^x1", "7", "x1"), (2.0, 1.5)),
    (lambda x: np.where(x > 1, x * x, 3 * x) * x, (2.0,)),
    (lambda W, x: np.sum(np.tanh(W @ x)) + np.max(x), (np.ones((2, 2)), np.array([1.0, 2.0]))),
]


@pytest.mark.parametrize(("f", "args"), CASES)
def test_each_number_is_computed_again_from_the_right_ones_on_every_way(f, args):
    d = Derivation(f, args)
    assert d.quantities
    for q, right in d.right.items():
        for way, needs in enumerate(d.ways(q)):
            assert set(needs) <= set(d.needs(q)) <= d.right.keys()
            again = d.recompute(q, d.right.__getitem__, way)
            np.testing.assert_allclose(
                np.asarray(again, float), np.asarray(right, float), rtol=1e-12, atol=1e-15
            )


@pytest.mark.parametrize(("f", "args"), CASES)
def test_the_numbers_are_those_of_the_trace_and_none_is_forgotten(f, args):
    d = Derivation(f, args)
    t = ad.trace(f, *args, rows="scalar")
    for row in t.rows:
        np.testing.assert_array_equal(d.right[Quantity("value", row.row)], row.value)
        for name, tangent in row.tangents.items():
            assert tangent is None or np.array_equal(
                d.right[Quantity("tangent", row.row, name)], tangent
            )
        for name, adjoint in row.adjoints.items():
            assert adjoint is None or np.array_equal(
                d.right[Quantity("adjoint", row.row, name)], adjoint
            )
    for y, line in zip(t.outputs, t.jacobian["reverse"], strict=True):
        for x, entry in zip(t.inputs, line, strict=True):
            end = d.outputs[y["name"]]
            assert d.right[Quantity("entry", end, x["name"])] == pytest.approx(entry)


def carried(d, given):
    """The numbers of somebody who goes on with the numbers given."""
    numbers = dict(given)

    def number(q):
        if q not in numbers:
            numbers[q] = d.recompute(q, number)
        return numbers[q]

    return number


def test_a_wrong_value_is_carried_as_the_derivation_of_another_point():
    d = Derivation(UBC, (2.0, 1.0))
    number = carried(d, {Quantity("value", 1): 0.75})
    moved = Derivation(UBC, (2.0, 0.75))
    for q in d.quantities:
        assert number(q) == pytest.approx(moved.right[q], rel=1e-12, abs=1e-15)


def test_a_wrong_partial_reaches_the_tangents_and_adjoints_through_it_alone():
    d = Derivation(UBC, (2.0, 1.0))
    number = carried(d, {Quantity("partial", 6, "", 0): -math.cos(3)})
    assert number(Quantity("tangent", 7, "x2")) == pytest.approx(-12 * math.cos(3))
    assert number(Quantity("adjoint", 1, "y1")) == pytest.approx(2 * math.e**2 - 12 * math.cos(3))
    assert number(Quantity("adjoint", 1, "y2")) == d.right[Quantity("adjoint", 1, "y2")]
    assert number(Quantity("entry", 8, "x2")) == number(Quantity("tangent", 8, "x2"))
    assert number(Quantity("value", 8)) == d.right[Quantity("value", 8)]


def test_the_contributions_to_an_adjoint_are_numbers_of_their_own():
    d = Derivation(UBC, (2.0, 1.0))
    q = Quantity("adjoint", 1, "y1")
    parts = [d.right[q._replace(argument=n)] for n in range(4)]
    assert parts == pytest.approx([2 * math.e**2, 12 * math.cos(3), 0, 0])
    assert [f.incoming.row for f in d.contributions(q)] == [2, 4, 9, 10]
    number = carried(d, {q._replace(argument=1): 0.0})
    assert d.recompute(q, number, way=1) == pytest.approx(2 * math.e**2)
