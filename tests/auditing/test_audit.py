"""Documents through ad.audit: layouts, roundings, names, mistakes and what follows from them."""

import json
from pathlib import Path

import numpy as np
import pytest

import admodes as ad
from admodes.views.presets import PRESETS

UBC = ("exp(2*x2) + x1*sin(3*x2^2)", "x1*x2 + sigmoid(x2)")
POINT = (2.0, 1.0)


def verdicts(audit):
    return [
        (c.written, c.verdict, c.cause) for c in audit.cells if c.verdict in ("wrong", "follows")
    ]


def wrong(audit):
    return [(c.written, round(c.right, 9)) for c in audit.cells if c.verdict == "wrong"]


@pytest.fixture(scope="module")
def traced():
    return ad.trace(ad.parse(*UBC), *POINT)


FORMATS = ("text", "markdown", "csv", "latex", "html")


@pytest.mark.parametrize(
    ("preset", "format"), [(name, FORMATS[k % len(FORMATS)]) for k, name in enumerate(PRESETS)]
)
def test_the_tables_of_every_preset_are_right_and_a_changed_digit_is_wrong(traced, preset, format):
    f = ad.parse(*UBC)
    text = traced.to_table(format, preset=preset, digits=5)
    audit = ad.audit(text, f, *POINT)
    assert (audit.passed, audit.unjudged) == (True, []), verdicts(audit)
    changed = text.replace("2.19661", "2.19641")
    changed = text.replace("2.8982", "2.8782") if changed == text else changed
    audit = ad.audit(changed, f, *POINT)
    wrong = [c for c in audit.cells if c.verdict == "wrong"]
    assert {c.written for c in wrong} <= {"2.19641", "2.8782"}
    assert wrong
    assert all("digit slip" in c.cause for c in wrong)


@pytest.mark.parametrize("digits", [3, 7, 10])
def test_digits_and_the_json_of_a_trace(traced, digits):
    f = ad.parse(*UBC)
    audit = ad.audit(traced.to_table("markdown", digits=digits), f, *POINT)
    assert audit.passed
    assert f"{digits} decimals" in audit.rounding
    assert ad.audit(traced.to_dict(), f, *POINT).passed


LOST = """Forward tangent trace for x2
| Expression | Rule | Evaluation |
|---|---|---|
| ∂v0/∂x2 | - | 0 |
| ∂v1/∂x2 | - | 1 |
| ∂v2/∂x2 = ∂v2/∂v1 ∂v1/∂x2 | Chain Rule | 2 × 1 = 2 |
| ∂v3/∂x2 = ∂v3/∂v2 ∂v2/∂x2 | Chain Rule | 7.389 × 2 = 14.778 |
| ∂v4/∂x2 = ∂v4/∂v1 ∂v1/∂x2 | Chain Rule | 2 × 1 = 2 |
| ∂v5/∂x2 = ∂v5/∂v4 ∂v4/∂x2 | Chain Rule | 3 × 2 = 6 |
| ∂v6/∂x2 = ∂v6/∂v5 ∂v5/∂x2 | Chain Rule | 0.990 × 6 = 5.940 |
| ∂v7/∂x2 = ∂v7/∂v0 ∂v0/∂x2 + ∂v7/∂v6 ∂v6/∂x2 | Product Rule | 0.141 × 0 + 2 × 5.940 = 11.880 |
| ∂v8/∂x2 = ∂v8/∂v7 ∂v7/∂x2 + ∂v8/∂v3 ∂v3/∂x2 | Sum Rule | 11.880 + 14.778 = 2.898 |
| ∂v9/∂x2 = ∂v9/∂v0 ∂v0/∂x2 + ∂v9/∂v1 ∂v1/∂x2 | Product Rule | 1 × 0 + 2 × 1 = 2 |
| ∂v10/∂x2 = ∂v10/∂v1 ∂v1/∂x2 | Chain Rule | 0.197 × 1 = 0.197 |
| ∂v11/∂x2 = ∂v11/∂v9 ∂v9/∂x2 + ∂v11/∂v10 ∂v10/∂x2 | Sum Rule | 2 + 0.197 = 2.197 |
"""


def test_lost_signs_of_a_published_table():
    audit = ad.audit(LOST, ad.parse(*UBC), *POINT)
    cells = {c["given"]: c for c in audit.to_dict()["cells"]}
    assert cells["5.940"]["verdict"] == "wrong"
    assert cells["5.940"]["cause"][0] == "sign"
    source = cells["11.880"]["because_of"]
    assert cells["11.880"]["verdict"] == "follows"
    assert cells["11.880"]["cause"] is None
    assert source["row"].startswith("∂v6/∂x2")
    assert source["column"] == "Evaluation"
    assert cells["2.898"]["verdict"] == "right"
    assert cells["2.898"]["cause"] == ["sign"]
    assert len(verdicts(audit)) == 2


def test_one_times_one_is_no_rule():
    text = "v̄11 = 0\nv̄8 = 1\nv̄7 = v̄8 ∂v8/∂v7 = 1 × 1 = 0\nv̄6 = v̄7 ∂v7/∂v6 = 1 × 2 = 2\n"
    audit = ad.audit(text, ad.parse(*UBC), *POINT)
    wrong = [c for c in audit.cells if c.verdict == "wrong"]
    assert [c.right for c in wrong] == [1.0]
    assert verdicts(audit)[1:] == []
    assert wrong[0].cause[0] in ("digit slip", "addition slip")
    assert "rule" not in wrong[0].cause


def test_rules_need_neither_function_nor_point():
    audit = ad.audit("∂/∂x sin x = −cos x\n∂/∂x exp(x) = exp(x)\n")
    cells = audit.to_dict()["cells"]
    assert [c["verdict"] for c in cells] == ["wrong", "right"]
    assert cells[0]["cause"] == ["sign"]
    assert cells[0]["right"] == "cos x"


OWN = """
| step | operation | value | d/dx1 | d/dx2 |
|---|---|---|---|---|
| p = x2^2 | square | 9 | 0 | -6 |
| a = sin(x1) | sine | 0.9093 | -0.4161 | 0 |
| q = 3 p | times 3 | 27 | 0 | {slip} |
| y = q - a | minus | 26.0907 | 0.4161 | {last} |
"""


@pytest.mark.parametrize(
    ("slip", "last", "expected"),
    [("-18", "-18", []), ("18", "18", ["wrong", "follows"]), ("18", "-18", ["wrong"])],
)
def test_names_and_order_of_ones_own_and_right_numbers_after_a_slip(slip, last, expected):
    f = ad.parse("3*x2^2 - sin(x1)", inputs=["x1", "x2"])
    audit = ad.audit(OWN.format(slip=slip, last=last), f, 2.0, -3.0)
    assert [verdict for _, verdict, _ in verdicts(audit)] == expected
    assert not audit.unjudged


def test_transposed_jacobians_with_and_without_labels():
    f = ad.parse(*UBC)
    labels = "| | x1 | x2 |\n|---|---|---|\n| y1 | 0.141 | 1 |\n| y2 | 2.898 | 2.197 |\n"
    audit = ad.audit(labels, f, *POINT)
    assert [(c.written, c.cause[0]) for c in audit.cells if c.verdict == "wrong"] == [
        ("1", "transposed Jacobian"),
        ("2.898", "transposed Jacobian"),
    ]
    bare = "| | |\n|---|---|\n| 0.141 | 1 |\n| 2.898 | 2.197 |\n"
    audit = ad.audit(bare, f, *POINT)
    assert audit.passed
    assert len(audit.cells) == 4
    assert "inputs as rows" in audit.notes[0]


CARRIED = """
| v | value |
|---|---|
| v0 = x | 1.7 |
| v1 = v0² | 2.89 |
| v2 = sin v1 | {0} |
| v3 = 100 v2 | {1} |
| v4 = v3² | {2} |
"""


@pytest.mark.parametrize(
    ("numbers", "rounding"),
    [
        (("0.25", "25", "625"), "carried rounded to 2 decimals"),  # 2.89 and 625 have 3 digits
        (("0.24895", "24.895", "619.75"), "rounded at the end to 5 significant digits"),
        (("0.248", "24.8", "615.04"), "carried truncated to 3 decimals"),
    ],
)
def test_rounding_is_inferred(numbers, rounding):
    audit = ad.audit(CARRIED.format(*numbers), ad.parse("(100*sin(x^2))^2"), 1.7)
    assert verdicts(audit) == []
    assert rounding in audit.rounding


def test_numbers_with_fewer_digits_are_held_to_those_of_the_table():
    table = """
| v | value |
|---|---|
| v0 = x | 1.2 |
| v1 = {0} v0 | {1} |
| v2 = 3 v1 | {2} |
"""
    few = ad.audit(table.format("1.5", "1.8", "5"), ad.parse("3*(1.5*x)"), 1.2)
    assert wrong(few) == [("5", 5.4)]
    dropped = ad.audit(table.format("2.5", "3", "9"), ad.parse("3*(2.5*x)"), 1.2)
    assert dropped.passed


def test_a_table_has_fewer_digits_than_the_others_only_if_several_numbers_say_so():
    text = """
| v | value |
|---|---|
| v0 = x | 3 |
| v1 = cos v0 | -0.98999 |
| v2 = 0.5 v1 | -0.495 |

| v | adjoint |
|---|---|
| v2 | 1 |
| v1 | 0.5 |
| v0 | {0} |
"""
    f = ad.parse("0.5*cos(x)")
    assert wrong(ad.audit(text.format("-0.1"), f, 3.0)) == [("-0.1", -0.070560004)]
    assert ad.audit(text.format("-0.07056"), f, 3.0).passed


def test_the_order_of_outputs_that_rows_leave_open_is_the_one_that_agrees():
    table = """
| v | value | adjoint of y1 | adjoint of y2 |
|---|---|---|---|
| x | 2 | -0.416 | {0} |
| a = 3 x | 6 | 0 | 1 |
| b = sin x | 0.909 | 1 | 0 |
"""
    assert ad.audit(table.format(3)).passed
    assert wrong(ad.audit(table.format(4))) == [("4", 3.0)]


def test_a_pass_is_of_the_input_whose_seed_it_has():
    table = """
| v | value |
|---|---|
| v0 = x1 | 3 |
| v1 = x2 | 2 |
| v2 = 3 v1 | 6 |
| v3 = v2 + v0 | 9 |
| v̇0 | 1 |
| v̇1 | 0 |
| v̇2 = 3 v̇1 | 3 |
| v̇3 = v̇2 + v̇0 | 4 |
| v̇0 | 0 |
| v̇1 | 1 |
| v̇2 = 3 v̇1 | 3 |
| v̇3 = v̇2 + v̇0 | 3 |
"""
    audit = ad.audit(table, ad.parse("3*x2 + x1"), 3.0, 2.0)
    assert wrong(audit) == [("3", 0.0)]


def test_a_partial_goes_on_from_the_argument_or_from_the_value_of_its_row():
    """3.425 is 1 + tan(-1)², cut; 1 + 1.557² is not."""
    table = """
| v | value | tangent |
|---|---|---|
| v0 = x | -1 | 1 |
| v1 = tan v0 | -0.01745 | 3.425 |
| v2 = exp v1 | 0.2107 | 0.7216 |
| v3 = exp v2 | 1.234 | 0.8904 |
"""
    audit = ad.audit(table, ad.parse("exp(exp(tan(x)))"), -1.0)
    assert wrong(audit) == [("-0.01745", -1.557407725)]
    assert all(cell.verdict != "follows" for cell in audit.cells)


def test_a_row_named_e_may_be_squared():
    rows = "| d = x^2 | 4 |\n| e = sin d | -0.757 |\n| f = e² | 0.573 |\n| g = e^f | 1.773 |\n"
    audit = ad.audit(
        f"| v | value |\n|---|---|\n| x | 2 |\n{rows}", ad.parse("exp(sin(x^2)^2)"), 2.0
    )
    assert audit.passed
    assert not audit.unjudged


def test_a_row_named_e_may_be_raised_to_a_row():
    rows = "| e = x + 1 | 3 |\n| h = sin x | 0.909 |\n| i = e^h | 2.715 |\n| j = cos i | -0.911 |\n"
    text = f"| v | value |\n|---|---|\n| x | 2 |\n{rows}"
    audit = ad.audit(text, ad.parse("cos((x + 1)^sin(x))"), 2.0)
    assert audit.passed
    assert not audit.unjudged


def test_a_pass_with_a_mistake_that_looks_like_the_pass_before_it_is_its_own():
    table = """
| v | value |
|---|---|
| v2 = ln v0 | 0.693 |
| v3 = 3 v2 | 2.079 |
| v4 = v1 v3 | 10.397 |
| v̇2 = ∂v2/∂v0 v̇0 | 0.5 |
| v̇3 = ∂v3/∂v2 v̇2 | 1.5 |
| v̇4 = ∂v4/∂v1 v̇1 + ∂v4/∂v3 v̇3 | 7.5 |
| v̇2 = ∂v2/∂v0 v̇0 | 0.5 |
| v̇3 = ∂v3/∂v2 v̇2 | 1.5 |
| v̇4 = ∂v4/∂v1 v̇1 + ∂v4/∂v3 v̇3 | 9.579 |
"""
    audit = ad.audit(table, ad.parse("x2*(3*ln(x1))"), 2.0, 5.0)
    assert wrong(audit) == [("0.5", 0.0)]
    assert [c.written for c in audit.cells if c.verdict == "follows"] == ["1.5", "9.579"]


def test_a_jacobian_of_one_row_has_its_heading_above():
    audit = ad.audit("x,2\nv1 = x y,6\n\nJacobian\n3,4\n", ad.parse("x*y"), 2.0, 3.0)
    assert wrong(audit) == [("4", 2.0)]


def test_what_was_not_judged_is_told_and_nothing_judged_is_an_error():
    f = ad.parse("x^2")
    text = "| v | value |\n|---|---|\n| v1 = x^2 | 9 |\n| zeta = 5 alpha | 7 |\n"
    audit = ad.audit(text, f, 3.0)
    assert audit.summary["not judged"] == 1
    assert "zeta" in audit.to_dict()["notes"][0]
    with pytest.raises(ad.Error, match="could be judged"):
        ad.audit("| q | number |\n|---|---|\n| zeta | 7 |\n", ad.parse("x^2 + x"), 3.0)


def test_formats_have_marks():
    f = ad.parse("x1*x2 + sin(x1)")
    path = Path(__file__).parents[2] / "examples" / "homework.md"
    audit = ad.audit(path, f, 2.0, -3.0)
    assert "✗" in str(audit)
    assert '<td class="wrong">' in audit.to_table("html")
    for format in ("markdown", "latex", "csv"):
        assert "2.584" in audit.to_table(format)
    assert json.loads(audit.to_json())["schema"] == "admodes.audit/1"


def test_steps_gradients_in_one_cell_and_seeds(traced):
    f = ad.parse(*UBC)
    audit = ad.audit(traced.to_table("markdown", steps=True), f, *POINT)
    assert (audit.passed, audit.unjudged) == (True, [])
    g = ad.parse(UBC[0], inputs=["x1", "x2"])
    audit = ad.audit("∇f(2,1) = (0.141, 2.998)\n", g, *POINT)
    assert [(c.written, c.verdict) for c in audit.cells] == [
        ("0.141", "rounded"),
        ("2.998", "wrong"),
    ]
    seeded = ad.trace(f, *POINT, seeds={"x1": 1, "x2": 0.5})
    audit = ad.audit(seeded.to_table("markdown", tables=["evaluation", "forward"]), f, *POINT)
    assert audit.passed
    assert "direction of their own" in audit.to_dict()["notes"][0]


def test_numbers_of_arrays_in_one_cell_are_told_and_not_judged():
    def loss(W, x):
        return np.sum((W @ x) ** 2)

    args = np.array([[1.0, 2.0], [3.0, 4.0]]), np.array([1.0, -1.0])
    audit = ad.audit(ad.trace(loss, *args).to_table("markdown"), loss, *args)
    assert audit.passed
    assert audit.summary["not judged"] > 0
    assert "several numbers in one cell" in audit.to_dict()["notes"][0]
