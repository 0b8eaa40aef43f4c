"""Documents that leave much open: what a column holds beside a mistake, rows named by formulas or
words, derivatives as books write them, and cells that a spreadsheet would run."""

from __future__ import annotations

import pytest

import admodes as ad

F = ad.parse("x1*x2 + sin(x1)")
POINT = (2.0, -3.0)


def table(*rows, head="row | value"):
    lines = [head, "|".join("---" for _ in head.split("|")), *rows]
    return "".join(f"| {line} |\n" for line in lines)


def mistaken(audit):
    return [
        (cell.written, cell.verdict, (cell.cause or [None])[0])
        for cell in audit.cells
        if cell.verdict in ("wrong", "follows")
    ]


def test_a_sweep_in_which_all_goes_back_to_a_mistake_is_that_of_its_heading():
    text = table("v3 = x2 x3 | 2", "v4 = v3 + x1 | -1")
    for k, (a, b) in enumerate([(2, 3), (1, 1), (2, 2)], 1):
        text += f"\n## Forward tangent trace for x{k}\n\n" + table(f"v̇3 | {a}", f"v̇4 | {b}")
    audit = ad.audit(text, ad.parse("x2*x3 + x1"), -3.0, 2.0, 1.0)
    assert [m[:2] for m in mistaken(audit)] == [("2", "wrong"), ("3", "follows")]
    assert {c.table for c in audit.cells if c.verdict != "right"} == {1}


@pytest.mark.parametrize(
    "names", [("x1*x2", "sin(x1)", "x1*x2 + sin(x1)"), ("product", "sine", "sum")]
)
def test_rows_may_be_named_by_formulas_or_words(names):
    rows = "".join(f"| {name} | {x} |\n" for name, x in zip(names, (6, 0.909, 6.909), strict=True))
    audit = ad.audit("| step | value |\n|---|---|\n" + rows, F, *POINT)
    assert mistaken(audit) == [("6", "wrong", "sign"), ("6.909", "follows", None)]


@pytest.mark.parametrize(
    "text",
    [
        "f_x = -2.584\nf_y = 2\n",
        "∂f/∂x(2, -3) = -2.584\n∂f/∂y(2, -3) = 2\n",
        r"\begin{align} f_{x} &= -2.584 \\"
        r"\left.\frac{\partial f}{\partial y}\right|_{(2,-3)} &= 2 \end{align}",
        r"\[ \nabla f = \begin{pmatrix} -2.584 \\ 2 \end{pmatrix} \]",
    ],
)
def test_derivatives_as_books_write_them(text):
    audit = ad.audit(text, ad.parse("x*y + sin(x)"), *POINT)
    assert mistaken(audit) == [("-2.584", "wrong", "sign")]
    assert audit.summary["cells"] == 2


def test_the_derivative_of_an_output_is_in_the_column_of_the_others():
    text = (
        "Schritt;Wert;Ableitung nach x1\nv0 = x1;2;1\nv1 = x2;-3;0\nv2 = v0 v1;-6;-3\n"
        "v3 = sin v0;0,909;-0,416\nv4 = v2 + v3;-5,091;-3,418\n"
    )
    audit = ad.audit(text, F, *POINT)
    assert mistaken(audit) == [("-3.418", "wrong", "addition slip")]
    assert audit.summary["not judged"] == 0


def test_a_product_of_rows_is_no_mark_of_a_derivative():
    text = table("a | x1 + 1 | 3", "b | a x2 | -9", "c | x2 b | 28", head="row | is | value")
    audit = ad.audit(text, ad.parse("x2*((x1 + 1)*x2)"), *POINT)
    assert mistaken(audit) == [("28", "wrong", "digit slip")]


def test_a_jacobian_of_one_column_beside_values_between_semicolons():
    values = "Trace\nrow;value\nv1 = x1 x2;-6\nv2 = sin x1;0.909\nv3 = v1 + v2;-5.091\n"
    audit = ad.audit(f"{values}\nJacobian\n-3.416\n3\n", F, *POINT)
    assert [m[:2] for m in mistaken(audit)] == [("3", "wrong")]
    assert audit.summary["cells"] == 5


def test_what_is_cut_off_follows_within_a_whole_unit():
    rows = (
        "v1 = x1 x2 | 6",
        "v2 = sin x1 | 0.909",
        "v3 = 100 v2 | 90.929",
        "v4 = v1 + v3 | 96.929",
    )
    audit = ad.audit(table(*rows), ad.parse("x1*x2 + 100*sin(x1)"), *POINT)
    assert "truncated" in audit.rounding
    assert mistaken(audit) == [("6", "wrong", "sign"), ("96.929", "follows", None)]


def test_a_mistake_may_show_only_rows_after_those_that_it_leaves_right():
    # 0.909298 for 0.909297; half of it is right to its digits, and twice that is not
    halves = table("a = sin x1 | 0.909298", "b = 0.5 a | 0.454649", "c = 2 b | 0.909298")
    audit = ad.audit(
        halves + "| d = 3 a | 2.727892 |\n", ad.parse("a = sin(x1); b = 0.5*a; 2*b", "3*a"), 2.0
    )
    assert [m[:2] for m in mistaken(audit)] == [("0.909298", "wrong"), ("0.909298", "follows")]


def test_a_row_named_e_may_be_negative_where_another_is_exp():
    text = table("x | 2", "e = 1 - x | -1", "g = e^x | 7.389", "y = g + e | 6.389")
    assert mistaken(ad.audit(text)) == []


@pytest.mark.parametrize(
    "cell",
    ['=HYPERLINK("x")', "=SUM(A1:A2)", "=x1*x2", "@NOW()", "-1+cmd|' /C calc'!A0", "= A1 + 2"],
)
def test_a_formula_of_a_spreadsheet_says_nothing(cell):
    quoted = cell.replace('"', '""')
    text = f'name,value\nv1 = x1 x2,-6\n"{quoted}",-6\nv2 = sin x1,"{quoted}"\n'
    audit = ad.audit(text, F, *POINT)
    assert [c.written for c in audit.cells] == ["-6"]
    assert sorted(reason for *_, reason in audit.unjudged) == [
        *["formulas of a spreadsheet, which are not run"] * 2,
        "nothing says what they are",
    ]
    with pytest.raises(ad.Error, match="could be judged"):
        ad.audit(f'"{quoted}",-6\n', F, *POINT)


def test_a_rule_is_put_right_by_what_is_finite():
    (cell,) = ad.audit("d/dx sqrt(x) = 1/(2x)\n").cells
    assert (cell.verdict, cell.right) == ("wrong", "1 / (2 √x)")
