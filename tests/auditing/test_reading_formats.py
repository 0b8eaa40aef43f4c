"""LaTeX, HTML, Markdown and notebooks as people and other programs write them."""

import json

import pytest
from tabulate import tabulate

from admodes.auditing.reading import tables_of


def shown(document) -> list[tuple[str, list[str], list[list[str]]]]:
    """Of each table its heading, its head and its rows, as plain text."""
    return [
        (
            table.heading,
            [cell.text for cell in table.head],
            [[cell.text for cell in row] for row in table.rows],
        )
        for table in tables_of(document)
    ]


ROWS = [["v0 = x1", "2"], ["v1 = x2", "1"], ["v2", "2 × 1 = 2"], ["", "3"]]
HEAD = ["Expression", "Value"]
BODY = r"""\textbf{Expression} & Value \\ RULE
$v_0 = x_1$ & $2$ \\[2pt] % 5 & 6 \\
\multicolumn{1}{l}{$v_1 = x_2$} & 1 \\
\multirow{2}{*}{$v_2$} & $2\cdot 1=2$ \tabularnewline
 & 3 \\ END
"""


@pytest.mark.parametrize(
    ("begin", "end"),
    [
        (r"\begin{tabular}{l|c}\hline", r"\end{tabular}"),
        (r"\begin{tabular*}{\textwidth}{@{}l@{\extracolsep{\fill}}c}\toprule", r"\end{tabular*}"),
        (r"\begin{tabularx}{10cm}{lX}", r"\end{tabularx}"),
        (r"\begin{longtable}[l]{ll}", r"\end{longtable}"),
        (r"\[\begin{array}[t]{ll}", r"\end{array}\]"),
        (r"\begin{tabular}{ll}", ""),
    ],
)
@pytest.mark.parametrize(("rule", "last"), [(r"\midrule", r"\bottomrule"), (r"\hline", r"\hline")])
def test_tables_of_latex(begin, end, rule, last):
    if r"\[" in begin:
        begin, end = begin.removeprefix(r"\["), end.removesuffix(r"\]")
    body = BODY.replace("RULE", rule).replace("END", last)
    text = rf"\section{{Part 1}} \begin{{table}}\caption{{Values of $v_i$}}{begin}{body}{end}"
    assert shown(text) == [("Values of v_i", HEAD, ROWS)]


def test_a_longtable_repeats_its_head():
    text = r"""\subsection*{Evaluation}\begin{longtable}{ll}
    E & V \\ \endfirsthead E (continued) & V \\ \endhead \multicolumn{2}{r}{more} \\ \endfoot
    v0 & 2 \\ v1 & 3 \end{longtable}"""
    assert shown(text) == [("Evaluation", ["E", "V"], [["v0", "2"], ["v1", "3"]])]


def test_equations_of_latex_are_rows():
    text = r"""We set $x = 1$ and \[ f(x) = x^2 \] so that
    \begin{align*}
      \bar v_7 &= \bar v_8 \cdot 1 = 1 \times 1 = 0, \label{a} \\
      \frac{\partial}{\partial x}\sin x &= -\cos x \nonumber\\
      z &= \log(x_1 x_2)\sin(x_2) \\
        &= 0.630
    \end{align*}
    \begin{equation}\begin{aligned}
      \hat h &= \tfrac{\partial y}{\partial h} \bar E + r
    \end{aligned}\end{equation}
    \[ J_f = \begin{bmatrix} 0.141 & 2.898 \\ 1 & 2.197 \end{bmatrix} \]"""
    equations, vector, jacobian = shown(text)
    assert equations[2] == [
        ["v̄7", "v̄8 × 1 = 1 × 1 = 0"],
        ["∂/∂x sin x", "-cos x"],
        ["z", "log(x1 x2) sin(x2)"],
        ["", "0.630"],
    ]
    assert vector[2] == [["h\u0302", "∂y/∂h E\u0304 + r"]]
    assert jacobian == ("J_f", [], [["0.141", "2.898"], ["1", "2.197"]])


def test_a_matrix_of_derivatives_has_the_names_of_its_entries():
    text = r"""\[\frac{\partial(y_1, y_2)}{\partial(x_1, x_2)} =
    \begin{pmatrix} 1 & 2 \\ 3 & 4 \end{pmatrix}\]"""
    assert shown(text)[0][1:] == (["", "x1", "x2"], [["y1", "1", "2"], ["y2", "3", "4"]])


MATH = (
    "<math><semantics><mrow><msub><mover accent='true'><mi>v</mi><mo>ˉ</mo></mover>"
    "<mn>2</mn></msub><mo>=</mo><mo>−</mo><mn>2</mn></mrow>"
    "<annotation>junk = 7</annotation></semantics></math>"
)


@pytest.mark.parametrize(
    ("markup", "text"),
    [
        ("v&#772;<sub>2</sub> = &minus;2", "v̄2 = -2"),
        (MATH, "v̄2 = -2"),
        (r"\(\bar{v}_2 = -2\)", "v̄2 = -2"),
        (f"<span class=katex>{MATH}<span aria-hidden=true>v2=-2</span></span>", "v̄2 = -2"),
        (f"<svg><text>3</text></svg>{MATH}<script>evil()</script><!-- 5 -->", "v̄2 = -2"),
        ("<b>v&#772;<sub>2</b></sub>&nbsp;=<br>-2", "v̄2 = -2"),
        ("10<sup>-7</sup>", "1e-07"),
        ("<del>3</del> 4", "4"),
        (
            "<math><mfrac><mrow><mi>d</mi><mi>y</mi></mrow><mrow><mi>d</mi><mi>x</mi></mrow></mfrac>",
            "dy/dx",
        ),
        (
            "<math><msqrt><mi>x</mi></msqrt><mo>⋅</mo><mi>sin</mi><mo>(</mo><mi>x</mi><mo>)",
            "√x × sin(x)",
        ),
    ],
)
def test_mathematics_of_pages(markup, text):
    page = f"<table><tr><th>E<th>V<tr><td>{markup}<td>1</table>"
    assert shown(page) == [("", ["E", "V"], [[text, "1"]])]


def test_tables_of_pages():
    page = """<html><head><title>no</title><style>td {}</style></head><body><h2>Part</h2>
    <table><caption>Tangents</caption><thead><tr><th rowspan=2>E</th><th colspan=2>Tangent</th></tr>
    <tr><th>x1<th>x2</tr></thead><tr><td rowspan=2>v<sub>2</sub><td>1<td>2<tr><td>3<td>4</table>
    <h2>Jacobian</h2><table><tr><th></th><th>x1</th></tr><tr><th scope=row>y1</th><td>0.1</td></tr>
    </table>"""
    assert shown(page) == [
        ("Tangents", ["E", "Tangent x1", "Tangent x2"], [["v2", "1", "2"], ["", "3", "4"]]),
        ("Jacobian", ["", "x1"], [["y1", "0.1"]]),
    ]
    nested = "<table><tr><td><table><tr><td>v0</td><td>2</td></tr></table></td></tr></table>"
    assert shown(nested) == [("", [], [["v0", "2"]])]


def test_what_markdown_holds():
    text = """# Homework
Some text | with a pipe.

```text
Values
Expression    Evaluation
------------  ----
v0 = x1       2
```

```python
| no | table |
|----|-------|
| 1  | 2     |
```

## Tangents
> | E | V |
> |---|---|
> | ~~v̇1~~ v̇0 | `1` |

<table><tr><td>v<sub>0</sub></td><td>2</td></tr></table>

$$\\begin{aligned} z &= x_1 x_2 \\\\ &= 2 \\end{aligned}$$
"""
    assert shown(text) == [
        ("Values", ["Expression", "Evaluation"], [["v0 = x1", "2"]]),
        ("Tangents", ["E", "V"], [["v̇0", "1"]]),
        ("Tangents", [], [["v0", "2"]]),
        ("Tangents", [], [["z", "x1 x2"], ["", "2"]]),
    ]


def test_a_notebook_shows_its_tables(tmp_path):
    html = "<table><tr><th>E</th><th>V</th></tr><tr><td>v0</td><td>2</td></tr></table>"
    cells = [
        {"cell_type": "markdown", "source": ["# T\n", "|E|V|\n", "|-|-|\n", "|v1|3|\n"]},
        {
            "cell_type": "code",
            "source": "|a|b|\n|-|-|\n|1|2|",
            "outputs": [
                {"data": {"text/plain": "E  V\n-- --\nv0 9\n", "text/html": [html]}},
                {"output_type": "stream", "text": ["W\n", "E   V\n--  --\nv5  6\n"]},
                {"data": {"image/png": "x" * 3_000_000, "text/plain": "<Figure>"}},
            ],
        },
    ]
    path = tmp_path / "homework.ipynb"
    path.write_text(json.dumps({"nbformat": 4, "cells": cells}))
    assert shown(path) == [
        ("T", ["E", "V"], [["v1", "3"]]),
        ("", ["E", "V"], [["v0", "2"]]),
        ("W", ["E", "V"], [["v5", "6"]]),
    ]


@pytest.mark.parametrize("suffix", [".txt", ".md", ".csv", ".html", ".tex", ".json", ""])
def test_an_ending_that_misleads_does_no_harm(tmp_path, suffix):
    path = tmp_path / f"table{suffix}"
    path.write_text("| E | V |\n|---|---|\n| v0 | 2 |\n")
    assert shown(path)[0][2] == [["v0", "2"]]


def test_commands_that_a_document_defines():
    text = r"""\documentclass{article}
    \newcommand{\pd}[2]{\frac{\partial #1}{\partial #2}} \renewcommand\v[1]{v_{#1}}
    \def\adj#1{\bar{#1}} \DeclareMathOperator{\relu}{ReLU} \newcommand{\be}{\begin{align}}
    \begin{document} \be \pd{\v2}{x_1} &= \adj{\v{1}} \cdot \relu(\v 1) = 3 \end{align}
    \end{document}"""
    assert shown(text) == [("", [], [["∂v2/∂x1", "v̄1 × ReLU(v1) = 3"]])]


def test_commands_that_grow_without_end_are_left_as_they_are():
    uses = [(new, rf"\{old}" * 99) for old, new in zip("abcde", "bcdef")]
    bomb = "".join(rf"\newcommand{{\{new}}}{{{many}}}" for new, many in uses)
    table = r"\begin{tabular}{ll} v0 & 2 \\ \f & 3 \end{tabular}"
    assert shown(bomb + table)[0][2] == [["v0", "2"], ["f", "3"]]
    assert shown(r"\newcommand{\a}{\a\a}" + table)[0][2][0] == ["v0", "2"]
    assert shown(r"\newcommand{\a}[1]{#1#1}" + table + r"\a{" * 5000)[0][2][0] == ["v0", "2"]


LOOKS = [
    *("plain", "simple", "github", "grid", "simple_grid", "heavy_grid", "double_grid", "pipe"),
    *("fancy_grid", "simple_outline", "orgtbl", "presto", "pretty", "psql", "rst", "html", "tsv"),
    *("latex", "latex_booktabs", "latex_longtable"),
]


@pytest.mark.parametrize("look", LOOKS)
def test_tables_that_other_programs_print(look):
    rows = [["v0 = x1", "2"], ["v1 = 3 v0", "3 × 2 = 6"]]
    text = tabulate(rows, ["E", "Value"], tablefmt=look, disable_numparse=True)
    assert shown(text) == [("", ["E", "Value"], rows)]


def test_a_head_without_a_title_over_the_names_of_rows():
    text = "     E          V\n0    v0 = x1    2\n1    v1         4\n"
    assert shown(text)[0][1:] == (["", "E", "V"], [["0", "v0 = x1", "2"], ["1", "v1", "4"]])


def test_a_matrix_of_a_page_is_written_as_it_is_shown():
    page = (
        "<p><math><mi>J</mi><mo>=</mo><mtable><mtr><mtd><mo>−</mo><mn>0.5</mn></mtd></mtr></mtable>"
    )
    ((cell,),) = tables_of(page)[0].rows
    assert (cell.written, cell.text) == ("-0.5", "-0.5")
