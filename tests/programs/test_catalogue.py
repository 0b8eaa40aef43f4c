"""The catalogue says of each operation how it is differentiated and what it costs."""

import sys

import pytest

from admodes.programs.catalogue import operation_rows, operation_table
from admodes.views.render import render

ROWS = {row["name"]: row for row in operation_rows()}


def test_each_kind_of_derivative_is_named():
    kinds = {
        "linear": ("matmul", "sum", "getitem", "fft", "where"),
        "selects": ("sort", "amax", "amin"),
        "tangent": ("det", "prod", "eigh", "inv", "svd"),
        "none": ("argsort", "searchsorted", "det_sign", "greater", "isnan"),
        "partials": ("sin", "floor", "multiply"),
    }
    for kind, names in kinds.items():
        assert {ROWS[name]["derivative"] for name in names} == {kind}


def test_costs_are_those_of_the_declarations_for_stated_shapes():
    # Each of the 2 × 4 entries is a sum of 3 products.
    assert ROWS["matmul"]["cost"] == {"additions": 2 * 4 * 2, "multiplications": 2 * 4 * 3}
    assert ROWS["matmul"]["cost_at"] == [[2, 3], [3, 4]]
    assert ROWS["einsum"]["cost"] == ROWS["matmul"]["cost"]
    assert ROWS["sum"]["cost"] == {"additions": 3}
    assert ROWS["mean"]["cost"] == {"additions": 3, "divisions": 1}
    assert ROWS["place"]["cost"] == {"additions": 2, "moves": 2}
    assert ROWS["reshape"]["cost"] == {}
    assert ROWS["conj"]["cost"] == {"negations": 4}


def test_the_catalogue_needs_no_scipy(monkeypatch):
    """Without it the operations that call it are listed all the same, and the table says so."""
    monkeypatch.setitem(sys.modules, "scipy", None)
    rows = operation_rows()
    uncounted = {row["name"] for row in rows if row["partial_cost"] is None}
    assert "digamma" in uncounted
    assert "sin" not in uncounted
    table = operation_table("text")
    assert table.notes[-1] == "?: not counted, because scipy is not installed"
    assert len(table.rows) == len(rows)
    assert ROWS["exp"]["cost_at"] is None


def test_the_table_prints_them():
    text = render([operation_table("csv")], "csv")
    (matmul,) = (line for line in text.splitlines() if ",matmul," in f",{line}")
    assert "itself (linear)" in matmul
    assert "16a 24m at 2×3, 3×4" in matmul


def test_one_operation_is_shown_alone_by_any_of_its_names():
    table = operation_table("text", "reciprocal")
    assert [line[0] for line in table.rows] == ["inverse, reciprocal"]
    assert table.notes[0] == " ".join(ROWS["inverse"]["doc"].split())
    with pytest.raises(ValueError, match=r"no operation is named snh: did you mean sinh\?"):
        operation_table("text", "snh")
