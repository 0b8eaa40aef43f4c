"""Rows have the same names in traces, listings, code, graphs and equations."""

import cProfile
import re

import numpy as np
import pytest

import admodes as ad


def f(x):
    a = x * x
    return a + 1


def names_of(x, rows):
    """The names of the rows, by what shows them."""
    trace = ad.trace(f, x, rows=rows)
    code = ad.code(f, x, rows=rows)
    listing = str(ad.record(f, x)).splitlines()[1:]
    return {
        "trace": [row.name for row in trace.rows],
        "table": re.findall(r"^(\w+) = ", trace.to_table(tables=["evaluation"]), re.M),
        "listing": [line.split()[0] for line in listing],
        "data": [row["name"] for row in ad.record(f, x).to_dict()["rows"]],
        "code": [*dict.fromkeys(re.findall(r"(\w+)_bar", code.adjoint))],
    }


def test_the_rows_of_a_list_of_numbers_have_one_naming():
    found = names_of(3.0, "scalar")
    assert found["trace"] == found["data"] == ["v0", "a", "v2"]
    assert found["table"] == found["listing"] == ["v0", "a", "v2", "y"]
    assert sorted(found["code"]) == ["a", "v0", "v2", "y"]


def test_the_rows_of_a_list_of_arrays_have_one_naming():
    found = names_of(np.ones(2), "array")
    assert found["trace"] == found["data"] == found["listing"] == ["x", "a", "y"]
    assert found["code"] == ["y", "a", "x"]
    equations = ad.equations(f, np.ones(2))
    assert [e.name for e in equations.forward] == ["a", "y"]
    drawn = ad.trace(f, np.ones(2)).draw()
    assert all(re.search(rf"\b{name}\b", drawn) for name in ("x", "a", "y"))
    assert "v1" not in drawn


v1 = np.array([1.0, 2.0])


def beside_a_constant(x):
    z = x * v1
    return np.sum(z * x)


def with_an_array_inside(x):
    h = ad.array([x, x * 2.0])
    return h @ h


@pytest.mark.parametrize(
    ("g", "x", "names"),
    [
        (beside_a_constant, np.ones(2), ["x", "z", "w2", "y"]),
        (with_an_array_inside, 2.0, ["v0", "v1", "h", "v3"]),
    ],
)
def test_listings_number_rows_as_traces_do(g, x, names):
    program = ad.record(g, x)
    assert [row.name for row in ad.trace(g, x).rows] == names
    assert [row["name"] for row in program.to_dict()["rows"]] == names
    assert [line.split()[0] for line in str(program).splitlines()[1 : len(names) + 1]] == names


@pytest.mark.parametrize(("numbering", "first"), [("zero", "v0"), ("griewank", "v-1")])
def test_numbers_go_on_beside_names(numbering, first):
    def g(x1, x2):
        product = x1 * x2
        return ad.sin(product) + x1

    names = [row.name for row in ad.trace(g, 2.0, 3.0, numbering=numbering).rows]
    second, last = ("v1", "v4") if numbering == "zero" else ("v0", "v3")
    assert names == [first, second, "product", names[3], last]


def test_a_function_is_traced_under_cprofile_too():
    watched = cProfile.Profile()
    watched.enable()
    try:
        names = [row.name for row in ad.trace(f, 3.0).rows]
    finally:
        watched.disable()
    assert names in (["v0", "v1", "v2"], ["v0", "a", "v2"])


def steps_of_a_sum(x):
    y = x * x
    return y + 1


def two_results(x):
    z = x * 2.0
    y = z @ z
    return y, z


@pytest.mark.parametrize(
    ("g", "x", "rows", "outputs"),
    [
        (steps_of_a_sum, 3.0, ["v0", "y", "v2"], ["f"]),
        (steps_of_a_sum, np.ones(2), ["x", "y", "f"], ["f"]),
        (two_results, np.ones(2), ["x", "z", "y"], ["y", "z"]),
    ],
)
def test_an_output_is_not_called_as_a_local_variable_that_is_another_row(g, x, rows, outputs):
    trace, program = ad.trace(g, x), ad.record(g, x)
    assert [row.name for row in trace.rows] == rows == program.row_names
    assert [y["name"] for y in trace.outputs] == outputs == program.output_names


@pytest.mark.parametrize(
    ("g", "x", "outputs"),
    [
        (steps_of_a_sum, 3.0, ["f"]),
        (two_results, np.ones(2), ["y", "z1", "z2"]),
        (two_results, np.ones((1, 1)), ["y", "z"]),
    ],
)
def test_counts_and_traces_by_scalars_name_outputs_alike(g, x, outputs):
    if np.ndim(x) < 2:
        traced = [y["name"] for y in ad.trace(g, x, rows="scalar").outputs]
        assert traced == outputs
    assert list(ad.count(g, x).reverse) == outputs


def hard_to_print(x):
    np = x * x
    x_dot = np + 1
    h_bar = x_dot * x
    h = h_bar - 2
    v7 = h * h
    return v7 / x


@pytest.mark.parametrize(("x", "names"), [(3.0, "v0 v1 v2"), (np.ones(2), "x v1 v2")])
def test_names_that_printed_python_cannot_use_are_numbers_everywhere(x, names):
    trace = ad.trace(hard_to_print, x)
    shown = [row.name for row in trace.rows]
    assert " ".join(shown[:3]) == names
    assert shown[3:6] == ["h_bar", "v4", "v5"]
    assert ad.record(hard_to_print, x).row_names == shown
    assert re.findall(r"^    (\w+) = ", ad.code(hard_to_print, x).f, re.M)[-5:] == shown[-5:]


def test_definitions_called_v1_leave_the_letter_of_the_rows():
    f = ad.parse("v1 = x1*x2; v7 = sin(v1); v7 + x1")
    assert [row.name for row in ad.trace(f, 2.0, 3.0).rows] == ["v0", "v1", "v2", "v3", "v4"]


def test_a_local_variable_cannot_have_the_name_of_a_rows_tangent():
    def f(x):
        a = x * x
        a_dot = ad.sin(a)
        return a_dot * a

    assert [row.name for row in ad.trace(f, 2.0).rows] == ["v0", "a", "v2", "v3"]


def test_entries_of_matrices_have_brackets():
    def f(W1, W, b1, x):
        return np.sum(W1) + np.sum(W) + np.sum(b1) + np.sum(x)

    args = np.ones((1, 2)), np.ones((2, 1)), np.ones(2), np.ones(2)
    t = ad.trace(f, *args, rows="scalar")
    assert [x["name"] for x in t.inputs] == [
        *("W1[1,1]", "W1[1,2]", "W[1,1]", "W[2,1]", "b1[1]", "b1[2]", "x1", "x2")
    ]
    latex = t.to_table("latex", preset="toronto")
    assert r"(\bar{W}_{1})_{1,2}" in latex
    assert r"\bar{W}_{2,1}" in latex
    assert "W112" not in str(t)


def test_keys_of_a_dict_name_the_outputs_in_every_view():
    def numbers(x, y):
        return {"loss": x * y, "aux": x + y}

    def arrays(x):
        return {"loss": np.sum(x * x), "parts": 2.0 * x}

    t = ad.trace(numbers, 2.0, 3.0)
    assert [y["name"] for y in t.outputs] == ["loss", "aux"]
    for format in ("text", "markdown", "latex", "html", "csv", "json"):
        text = t.to_table(format)
        assert "loss" in text
        assert "aux" in text
    x = np.array([1.0, 2.0])
    assert [y["name"] for y in ad.trace(arrays, x).outputs] == ["loss", "parts"]
    by_numbers = ad.trace(arrays, x, rows="scalar")
    assert [y["name"] for y in by_numbers.outputs] == ["loss", "parts1", "parts2"]
    assert ad.record(numbers, 2.0, 3.0).output_names == ["loss", "aux"]
    assert "loss" in str(ad.verify(numbers, 2.0, 3.0))
    assert "aux" in ad.trace(numbers, 2.0, 3.0).graph("both").to_svg()
    # A key that an input has already names no output.
    assert [y["name"] for y in ad.trace(lambda x: {"x": x * 2.0}, 1.0).outputs] == ["y"]
