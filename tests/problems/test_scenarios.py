"""Scenarios: every published figure through both modes, and results as arrays whatever their
nesting."""

import numpy as np
import pytest

import admodes as ad
from admodes.problems import PROBLEMS, Scenario

SCENARIOS = {f"{s.name} {s.operator}": s for p in PROBLEMS.values() for s in p.scenarios()}


@pytest.mark.parametrize("name", SCENARIOS)
def test_both_modes_give_what_a_problem_states(name):
    s = SCENARIOS[name]
    for mode in ("forward", "reverse"):
        got = s.flat(s.derivative(mode)(*s.args))
        assert got.shape == np.shape(s.oracle())
        np.testing.assert_allclose(got, s.oracle(), rtol=4e-14, atol=4e-15)


def tree(p, n, x):
    """Two outputs, (2,) and one number, of a dictionary and a vector."""
    return {"a": p["w"] @ x * n, "b": x.sum() * p["c"]}


W, X = np.array([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]), np.array([1.0, -1.0, 2.0])


def test_a_jacobian_of_trees_is_a_matrix_of_numbers():
    s = Scenario("tree", tree, ({"w": W, "c": 3.0}, 2, X), (0, 2), "jacobian")
    assert s.sizes == (6, 1, 3)
    by_w = np.kron(np.eye(2), X) * 2
    above = np.hstack([by_w, np.zeros((2, 1)), 2 * W])
    below = np.hstack([np.zeros(6), X.sum(), np.full(3, 3.0)])
    for mode in ("forward", "reverse"):
        np.testing.assert_array_equal(
            s.flat(s.derivative(mode)(*s.args)), np.vstack([above, below])
        )
    np.testing.assert_array_equal(s.oracle(), np.vstack([above, below]))


def cubic(x, y):
    return (x**3).sum() * y


def test_a_product_with_the_hessian_goes_along_1_one_half_one_third():
    x, y = np.array([1.0, 2.0]), 3.0
    h = Scenario("cubic", cubic, (x, y), (0, 1), "hessian").oracle()
    np.testing.assert_array_equal(h, [[18, 0, 3], [0, 36, 12], [3, 12, 0]])
    s = Scenario("cubic", cubic, (x, y), (0, 1), "hvp")
    for mode in ("forward", "reverse"):
        got = s.flat(s.derivative(mode)(x, y))
        np.testing.assert_allclose(got, h @ [1, 1 / 2, 1 / 3], rtol=1e-15)
        # At another point, also of what the scenario holds.
        assert s.flat(s.derivative(mode)(x, 2 * y))[0] == 37


def test_the_derivative_takes_the_fixed_arguments_that_it_is_called_with():
    s = Scenario("cubic", cubic, (np.array([2.0]), 3.0), (0,), "gradient")
    assert s.flat(s.derivative()(np.array([2.0]), 5.0)).tolist() == [60.0]


def test_an_unknown_operator_is_refused():
    with pytest.raises(ad.Error, match="laplacian"):
        Scenario("f", abs, (1.0,), (0,), "laplacian")
