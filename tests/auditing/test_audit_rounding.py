"""Which rounding a document follows where mistakes, few numbers or dropped zeros leave several."""

from __future__ import annotations

from pathlib import Path

import pytest
from audit_campaign import outcome_of
from test_audit_loose import mistaken, table
from worked_cases import draw

import admodes as ad


def test_digits_are_those_of_the_document_where_a_table_has_dropped_zeros():
    f = ad.parse("(ln(x1 + sin(x1)) * max(x2, x3)) * 2")
    text = table(
        "v4 = sin x1 | -0.9589", "v5 = x1 + v4 | 4.0411", "v6 = ln v5 | 1.3965",
        "v7 = max(x2, x3) | -2", "v8 = v6 v7 | -2.793", "v9 = v8 * 2 | -5.586",
    ) + "\n" + table(
        "v̄8 | 2", "v̄6 | -4", "v̄5 | -0.99", "v̄4 | -0.99", "v̄7 | 2.793", "x̄3 | 0", "x̄2 | 2.793",
        "x̄1 = v̄4 ∂v4/∂x1 + v̄5 ∂v5/∂x1 | -1.2709", head="row | adjoint",
    )  # fmt: skip
    audit = ad.audit(text, f, 5.0, -2.0, -5.0)
    assert mistaken(audit) == []
    assert audit.rounding.startswith("carried rounded to 4 decimals")


def test_few_numbers_may_all_have_lost_a_zero():
    f = ad.parse(
        "r1 = -x1; r3 = tanh(r1) - r1; r5 = sin(sin(r3)); r11 = exp(tanh(1.5*exp(r5^2)))*r3;"
        "(-(r11/r5))^2 + 0.2*r11"
    )
    carried = "forward,y\nx1,{}\n\nreverse,y\nx1,2.298\n"
    assert mistaken(ad.audit(carried.format("2.294"), f, 1.0)) == []
    assert [m[:2] for m in mistaken(ad.audit(carried.format("2.394"), f, 1.0))] == [
        ("2.394", "wrong")
    ]


def test_the_entries_of_a_jacobian_come_from_one_sweep():
    f = ad.parse(
        "r2 = x2 + x1; r4 = min(r2, x1); r5 = exp(r4); r7 = sigmoid(r4); r8 = -relu(r5);"
        "r12 = sin(r2/1.5)*(r8 - r7); r13 = r5*r12;"
        "min(sin((exp(r13) + r8)/5), -r12^2)/(r13*(2 - sin(5*r7)))"
    )
    text = r"\[ D = \begin{pmatrix} %s \\ %s \end{pmatrix} \]"
    both = (text % ("0.1804", "0.1806")) + "\n\n" + (text % ("0.1806", "0.1806"))
    assert [m[:2] for m in mistaken(ad.audit(both, f, 1.2, -0.5))] == [("0.1804", "wrong")]


def test_a_column_without_a_kind_is_not_that_which_another_names():
    text = (
        "| step | formula | result | d/dx | d/dy | adjoint of f |\n|---|---|---|---|---|---|\n"
        "| x | | -1 | 1 | 0 | -1 |\n| y | | 1 | 0 | 1 | 0.500 |\n"
        "| v1 | sqrt(y) | -1 | 0 | 0.500 | 1 |\n| v2 | x / v1 | 1 | -1 | 0.500 | 1 |\n"
    )
    audit = ad.audit(text, ad.parse("x / sqrt(y)"), -1.0, 1.0)
    assert [m[0] for m in mistaken(audit) if m[1] == "wrong"] == ["-1"]
    (wrong,) = [cell for cell in audit.cells if cell.verdict == "wrong"]
    assert (wrong.row, wrong.column) == ("v1", "result")


def test_an_output_that_equals_an_input_here_is_no_name_of_it():
    text = table("v3 | 4.8", "v4 | -1", "∂v4/∂x3 | 1", "∂v4/∂x2 | 0", "∂y/∂v3 | 1")
    audit = ad.audit(text, ad.parse("r3 = x2*x1; r4 = min(x3, r3); r4"), 4.0, 1.2, -1.0)
    assert [m[:2] for m in mistaken(audit)] == [("1", "wrong")]
    assert audit.summary["cells"] == 5


def test_a_seed_is_exact_and_a_heading_says_that_entries_are_meant():
    text = table(
        "v0 = x1 | 2", "v1 = x2 | 3", "v2 = v0^3 | 8", "v3 = v2 v1 | 24",
        "∂y/∂v2 = ∂y/∂v3 ∂v3/∂v2 | 3", "∂y/∂v1 = ∂y/∂v3 ∂v3/∂v1 | 3", "∂y/∂v0 | 576",
    )  # fmt: skip
    text += "\n## Jacobian\n\n" + table("x1 | 576", "x2 | 3", head=" | y")
    assert [m[:2] for m in mistaken(ad.audit(text))] == [
        ("3", "wrong"), ("576", "wrong"), ("576", "follows"), ("3", "follows"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    "seed",
    [
        pytest.param(139000648, id="what follows counts when a rounding is chosen"),
        pytest.param(113000333, id="cut and carried, with much that follows"),
        pytest.param(127000309, id="four digits beside a mistake that has five"),
        pytest.param(127000317, id="one kind of digits for all tables"),
        pytest.param(41000115, id="a mistake that does not show in what goes on from it"),
        pytest.param(139000809, id="a derivative after adjoints is an adjoint"),
        pytest.param(139000711, id="a Jacobian that goes on from a mistaken tangent"),
        pytest.param(151000606, id="-0.5 is no copy of -1, however few digits there are"),
        pytest.param(151000280, id="a gradient that repeats a mistaken tangent"),
        pytest.param(131000325, id="a tangent is not taken for what adjoints would give"),
        pytest.param(151000756, id="two rows in order between rows that are told by values"),
    ],
)
def test_documents_that_leave_several_ways(seed, tmp_path: Path):
    assert outcome_of(draw(seed, 1), tmp_path).perfect


def test_an_output_is_the_row_that_nothing_reads_of_two_that_are_equal_here(tmp_path: Path):
    assert outcome_of(draw(223000208, 0), tmp_path).perfect
