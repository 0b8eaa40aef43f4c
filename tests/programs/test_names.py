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
    assert all(re.search(rf"{name}\b", drawn) for name in ("x", "a", "y"))
    assert "v1" not in drawn


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
