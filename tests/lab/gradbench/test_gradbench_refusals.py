"""Inputs of the wrong shape are refused, also where NumPy would broadcast them, and results that
JSON cannot hold are failures that name the entry."""

from copy import deepcopy

import pytest
from gradbench_driver import error, output
from gradbench_examples import BA, COMPLICATED, GMM, LSTM, SIMPLE

DET = {"A": [1, 2, 3, 4], "ell": 2}
KMEANS = {"points": [[0, 0], [1, 0], [4, 4]], "centroids": [[0, 0], [5, 5]]}
CHANGES = [
    ("llsq", "primal", {"x": [1, 2], "n": 5}, "n", 1, "n must be a whole number of at least 2"),
    ("llsq", "gradient", {"x": [1, 2], "n": 5}, "n", 5.0, "n must be"),
    ("det", "primal", DET, "A", [[1, 2], [3, 4]], "A must have 4 entries"),
    ("det", "gradient", DET, "A", [1, 2, 3], "A must have 4 entries, it has 3"),
    ("det", "gradient", DET, "ell", 0, "ell"),
    ("det", "primal", DET, "ell", 40, "up to 12 rows"),
    ("ode", "primal", {"x": [1, 2], "s": 1}, "s", 0, "s must be"),
    ("ode", "gradient", {"x": [1, 2], "s": 1}, "x", [[1, 2]], "x[0] must be a number"),
    ("kmeans", "cost", KMEANS, "centroids", [[0], [5]], "centroids[0] must have 2 entries"),
    ("kmeans", "dir", KMEANS, "centroids", [], "centroids must have at least"),
    ("kmeans", "dir", KMEANS, "points", [[0, 0], [1]], "points[1] must have 2 entries"),
    ("kmeans", "cost", KMEANS, "points", [[]], "points[0] must have at least"),
    ("gmm", "objective", GMM, "x", [[0.5, -0.2]], "x must have 3 entries, it has 1"),
    ("gmm", "jacobian", GMM, "alpha", [0.1], "alpha must have 2 entries"),
    ("gmm", "jacobian", GMM, "mu", [0.1, 0.2], "mu[0] must be a list"),
    ("gmm", "jacobian", GMM, "l", [[0.4, 0.1], [0.2, 0.3]], "l[0] must have 1 entry"),
    ("gmm", "objective", GMM, "gamma", 0, "gamma must be positive"),
    ("gmm", "objective", GMM, "m", -1, "m must be"),
    ("gmm", "objective", GMM, "k", 3, "alpha must have 3 entries"),
    ("lstm", "objective", LSTM, "main_params", [[0.1] * 8], "main_params must have 2 entries"),
    ("lstm", "jacobian", LSTM, "extra_params", [[0.1], [0.2], [0.3]], "extra_params[0]"),
    ("lstm", "jacobian", LSTM, "state", [[0.1, 0.2]], "state must have at least 2 entries"),
    ("lstm", "jacobian", LSTM, "state", [[0.1, 0.2]] * 3, "state must have 2 entries"),
    ("lstm", "objective", LSTM, "sequence", [[1, 0]], "sequence must have at least 2 entries"),
    ("ba", "objective", BA, "p", 9, "p must be a whole number of at least 10"),
    ("ba", "jacobian", BA, "n", 0, "n must be"),
    ("ba", "jacobian", BA, "cam", [0.1] * 12, "cam must have 11 entries"),
    ("ba", "objective", BA, "w", [0.7], "w must be a number"),
    ("ba", "objective", BA, "feat", 0.7, "feat must be a list"),
    ("saddle", "ff", {"start": [1, 1]}, "start", [1], "start must have 2 entries"),
    ("particle", "rr", {"w": 0}, "w", [0], "w must be a number, not a list"),
    ("ht", "objective", SIMPLE, "theta", [0.1] * 25, "theta must have 26 entries"),
    ("ht", "jacobian", COMPLICATED, "us", [[0.2, 0.3]], "us must have 2 entries"),
    ("ht", "jacobian", COMPLICATED, "us", [0.2, 0.3], "us[0] must be a list"),
    ("ht", "jacobian", COMPLICATED, "data", [], "data must be an object"),
]


@pytest.mark.parametrize(("module", "function", "data", "key", "value", "said"), CHANGES)
def test_an_input_of_the_wrong_shape_is_refused_by_name(module, function, data, key, value, said):
    assert said in error(module, function, data | {key: value})


@pytest.mark.parametrize(
    ("module", "function", "data"),
    [(module, function, data) for module, function, data, *_ in CHANGES],
)
def test_an_input_that_lacks_an_entry_is_refused_by_name(module, function, data):
    for key in data:
        rest = {k: x for k, x in data.items() if k != key}
        assert error(module, function, rest) == f"input has no {key}"


@pytest.mark.parametrize(
    ("key", "value", "said"),
    [
        ("parents", [0] * 22, "parents[0] must come before bone 0"),
        ("parents", [-1] * 21, "parents must have 22 entries"),
        ("parents", [22] * 22, "parents[0] must be a whole number from -1 to 21"),
        ("bone_count", 3, "bone_count must be a whole number of at least 21"),
        ("bone_names", ["thumb"], "bone_names must have 22 entries"),
        ("base_relatives", [[[1.0]]] * 22, "base_relatives[0] must have 4 entries"),
        ("inverse_base_absolutes", [], "inverse_base_absolutes must have 22 entries"),
        ("base_positions", [[1, 2, 3]], "base_positions[0] must have 4 entries"),
        ("weights", [[1.0] * 22], "weights must have 5 entries"),
        ("triangles", [[0, 1, 5]], "triangles[0][2] must be a whole number from 0 to 4"),
        ("triangles", [[0.0, 1, 2]], "triangles[0][0] must be a whole number"),
        ("is_mirrored", 0, "is_mirrored must be true or false, not 0"),
    ],
)
def test_a_hand_of_the_wrong_shape_is_refused_by_name(key, value, said):
    data = deepcopy(COMPLICATED)
    data["data"]["model"][key] = value
    found = error("ht", "objective", data)
    assert found.startswith("data.model.")
    assert said in found


def test_points_without_partners_are_refused():
    data = deepcopy(SIMPLE)
    data["data"]["correspondences"] = [1, 5]
    assert "data.correspondences[1]" in error("ht", "objective", data)


LONG = [1e300] * 4


@pytest.mark.parametrize(
    ("module", "function", "data", "said"),
    [
        ("hello", "square", 1e200, "output is inf"),
        ("llsq", "primal", {"x": [1e200], "n": 3}, "output is inf"),
        ("det", "primal", {"A": LONG, "ell": 2}, "output is nan"),
        ("ode", "primal", {"x": LONG, "s": 1}, "output[1] is inf"),
        (
            "kmeans",
            "dir",
            {"points": [[0, 0], [1, 1]], "centroids": [[0, 0], [9, 9]]},
            "output[1][0] is nan",
        ),
        ("gmm", "objective", GMM | {"q": [[800, 0], [0, 0]]}, "output is "),
        ("gmm", "jacobian", GMM | {"q": [[800, 0], [0, 0]]}, "output.alpha[0] is nan"),
        ("lstm", "objective", LSTM | {"extra_params": [[1, 1], [1, 1], [800, 0]]}, "output is "),
        ("ba", "objective", BA | {"x": BA["cam"][3:6]}, "output.reproj_error.elements[0] is nan"),
        ("ba", "jacobian", BA | {"x": BA["cam"][3:6]}, "output.vals[0] is nan"),
    ],
)
def test_a_result_that_is_not_finite_is_a_failure_that_names_the_entry(
    module, function, data, said
):
    assert said in error(module, function, data)


def test_a_particle_that_never_lands_is_a_failure():
    assert "not come to the ground" in error("particle", "rr", {"w": 5})


def test_numbers_may_be_whole():
    assert output("lse", "primal", {"x": [0]}) == 0.0
    assert type(output("hello", "square", 3)) is float
