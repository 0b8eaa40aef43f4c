"""What a person sees: every format renders, fits, and loses no sign."""

import csv
import io
import re
import shutil
import subprocess
from html.parser import HTMLParser

import numpy as np
import pytest
from wcwidth import wcswidth

import admodes as ad
from admodes.problems import PROBLEMS
from admodes.problems.listing import problem_tables
from admodes.programs.catalogue import operation_table, operations
from admodes.views.dialects import Latex, Text, dialect_of, scalar_text
from admodes.views.filling import fill
from admodes.views.render import render
from admodes.views.signs import GREEK
from admodes.views.tables import Table


def everything(x1, x2):
    """All operations of one and two arguments, for the printed forms."""
    results = []
    for op in operations():
        if op.elementwise and op.arity <= 2 and not op.custom:
            point = (0.5 * x1, 0.25 * x2)[: op.arity]
            results.append(op(*point))
    return results


@pytest.fixture(scope="module")
def wide():
    names = [f"y{i}" for i in range(len(everything(1.0, 1.0)))]
    return ad.trace(everything, 1.1, -1.3, outputs=names, title="All | operations_1")


@pytest.fixture(scope="module")
def vector():
    return ad.trace(lambda x: np.sum(np.sin(x) * -2.0) / x[0], np.array([1.0, -2.0, 3.0]))


def test_text_fits_80_columns_and_has_no_colours_or_boxes(wide, vector):
    for t in (wide, vector):
        text = t.to_table("text")
        assert max(map(wcswidth, text.splitlines())) <= 80
        assert not re.search("[\u2500-\u257f\x1b]", text)
        assert "⟦" not in text
        assert "\u00a0" not in text


def test_folding_keeps_terms_and_contributions_together():
    t = ad.trace(lambda x: (x * x + x) * x, -1.5)
    for width in range(46, 70):
        text = t.to_table("text", tables=["reverse"], width=width)
        assert "[(-1.5) × (-1.5)]" in text


@pytest.mark.parametrize("digits", [6, 12, 15])
def test_folding_separates_no_number_from_its_brackets_and_sign(digits):
    t = ad.trace(lambda x1, x2: x1 * x2 + x1 * ad.sin(x2), 1e300, -2.5e-9)
    text = t.to_table("text", digits=digits)
    assert max(map(wcswidth, text.splitlines())) <= 80
    cells = [cell for line in text.splitlines() for cell in re.split(r"  +", line)]
    assert all(c.count("[") == c.count("]") and c.count("(") == c.count(")") for c in cells)
    assert not any(c.startswith("×") for c in cells)


MATRIX = Table(
    "M",
    ["", *(f"x{k}" for k in range(16))],
    [[f"y{i}", *(f"{i / 7 + k:.6f}" for k in range(16))] for i in range(3)],
    [False] * 17,
)


def test_wide_numbers_are_printed_in_blocks_of_columns():
    text = render([MATRIX], "text")
    assert max(map(len, text.splitlines())) <= 80
    blocks = text.split("\n\n")
    assert len(blocks) == 3
    assert all(re.search(f"^y{i} ", block, re.M) for block in blocks for i in range(3))
    found = [line.split()[1:] for i in range(3) for line in re.findall(f"^y{i} .*", text, re.M)]
    numbers = [number for line in found for number in line]
    assert numbers == [cell for row in MATRIX.rows for cell in row[1:]]


def test_counts_of_all_kinds_fit():
    text = ad.count(lambda x, y: x / y + x**y - ad.maximum(x, -y), 2.0, 3.0).to_table()
    assert max(map(len, text.splitlines())) <= 80
    assert "comparisons" in text
    assert "forward sweep for" in text


def test_titles_and_notes_are_folded():
    table = Table("a " * 60, ["h"], [["1"]], [False], ["b " * 60])
    lines = render([table], "text", title="c " * 60).splitlines()
    assert max(map(len, lines)) <= 80
    assert [line[:5] for line in lines if "b" in line] == ["  b b", "    b"]
    assert "  c" in [line[:3] for line in lines]


def test_accents_align():
    text = ad.trace(lambda x: x * x, 3.0).to_table(tables=["reverse"])
    lines = [line for line in text.splitlines() if "v̄" in line]
    columns = {wcswidth(line[: re.search(r"  +", line).end()]) for line in lines}
    assert len(columns) == 1


def test_markdown_is_github_tables_with_bars_escaped():
    text = ad.trace(ad.abs, -2.0).to_table("markdown")
    row = next(line for line in text.splitlines() if "v1 = " in line)
    assert r"\|v0\|" in row
    assert len(re.findall(r"(?<!\\)\|", row)) == 3


def test_markdown_escapes_emphasis():
    table = Table("x*y_1", ["a | b"], [["x1*exp(x2)*_a"]], [False], ["x**2"])
    text = render([table], "markdown", title="x*y*z")
    assert text.startswith("# x\\*y\\*z\n\n## x\\*y_1\n\n| a \\| b")
    assert r"| x1\*exp(x2)\*\_a |" in text
    assert r"- x\*\*2" in text


def test_csv_is_read_back(wide):
    rows = list(csv.reader(io.StringIO(wide.to_table("csv", tables=["evaluation"]))))
    assert rows[0] == ["Evaluation trace", "Expression", "Evaluation"]
    assert {len(row) for row in rows} == {3}


class Balanced(HTMLParser):
    """Fails on a tag that is closed out of order."""

    def __init__(self):
        super().__init__()
        self.open = []
        self.cells = []

    def handle_starttag(self, tag, attrs):
        if tag != "meta":
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        if self.open and self.open[-1] == "td":
            self.cells.append(data)


def test_html_is_well_formed_and_escaped(wide):
    parser = Balanced()
    page = wide.to_table("html")
    parser.feed(page)
    assert parser.open == []
    assert re.search(r"<math>[^\n]*where[^\n]*&gt;", page)
    assert page.startswith("<!doctype html>")
    assert wide._repr_html_().startswith("<h1>")


needs_latex = pytest.mark.skipif(shutil.which("pdflatex") is None, reason="LaTeX is not installed")


@needs_latex
@pytest.mark.parametrize("notation", ["leibniz", "dot"])
def test_latex_compiles(wide, vector, tmp_path, notation):
    for t in (wide, vector):
        compiled(t.to_table("latex", notation=notation), tmp_path)


def compiled(text, folder):
    """The log of pdflatex."""
    (folder / "page.tex").write_text(text, encoding="utf-8")
    command = ["pdflatex", "-interaction=nonstopmode", "-halt-on-error", "page.tex"]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout[-2000:]
    assert "Missing character" not in done.stdout
    return done.stdout


SIGNS = "∂ Σ √2 ∛2 x² y³ v⁻¹ x₀ ½ ≥ ≤ ≠ ± × · ÷ … → ⚠ – — “a” f′ ∞ ∧ ∨ ¬ ⌊a⌋ ⌈a⌉ é ß v̄ Ж 変 < µ"
SPECIALS = r"a & b % c $ d # e_f {g} ~ ^2 \h \n --i"


@needs_latex
def test_latex_of_any_unicode_and_of_tex_specials_compiles(tmp_path):
    prose = f"{SIGNS} {''.join(GREEK)} {SPECIALS}"
    write = Latex()
    names = [write.variable(n) for n in ("α", "αβ_γ", "Ж", "é1", "a%b", "x_変")]
    formulas = [*names, *map(write.bar, "αЖ"), write.number([2e-8, float("nan")]), "v[…]"]
    rows = [[prose, f] for f in formulas] + [["[1, 2]", "*"]]
    text = render([Table(prose, [prose, "b"], rows, [False, True], [prose])], "latex", title=prose)
    assert text.isascii()
    compiled(text, tmp_path)


@needs_latex
def test_latex_of_problems_and_operations_compiles_on_the_page(tmp_path):
    tables = [t for name in (None, *PROBLEMS) for t in problem_tables(name)]
    tables += [operation_table("latex"), MATRIX]
    log = compiled(render(tables, "latex"), tmp_path)
    assert all(float(points) < 10 for points in re.findall(r"Overfull \\hbox \(([\d.]+)pt", log))
    for x in (2e-8, -2e-8):
        power = ad.trace(lambda α, β: α**2 * β, x, 2.0, names=["α", "β"], title="α*β")
        compiled(power.to_table("latex"), tmp_path)


def test_latex_escapes_once():
    write = Latex()
    once = write.plain("a_b ≥ 50%")
    assert once == r"a\_b \ensuremath{\ge} 50\%"
    assert write.plain(once) == once
    table = Table(f"for {write.math('x_{1}')}", [write.math("x_{2}")], [[once]], [False])
    text = render([table], "latex", fragment=True)
    assert r"\subsection*{for $x_{1}$}" in text
    assert "\n$x_{2}$ " in text
    assert f"\n{once} " in text


def test_latex_is_booktabs_and_escapes_the_title(wide):
    text = wide.to_table("latex")
    assert r"\toprule" in text
    assert r"All | operations\_1" in text
    assert "⟦" not in text


def test_latex_notes_and_catalogue_have_no_bare_unicode():
    t = ad.trace(lambda x: ad.maximum(ad.abs(x), ad.sqrt(x)) + ad.cbrt(x), 0.0)
    tables = render([operation_table("latex")], "latex")
    for text in (t.to_table("latex"), tables):
        assert text.isascii() or set(re.findall(r"[^\x00-\x7f]", text)) <= set("∂")


@pytest.mark.parametrize(
    ("x", "digits", "shown"),
    [
        (2.0, 6, "2"),
        (0.5, 6, "0.5"),
        (0.1 + 0.2, 6, "0.3"),
        (1 / 3, 3, "0.333"),
        (1e-9, 6, "1e-09"),
        (1e20, 6, "1e+20"),
        (-0.0, 6, "0"),
        (float("nan"), 6, "nan"),
        (-float("inf"), 6, "-inf"),
        (1 / 3, None, "0.3333333333333333"),
        (True, 6, "True"),
        (0.995, 0, "1"),
        (0.995, 1, "1"),
        (0.1, 0, "0.1"),
        (0.0333, 1, "0.033"),
        (1.23456789e-5, 6, "1.234568e-05"),
        (1e-9, 17, "1e-09"),
        (1.2345678901234567e-8, 17, "1.2345678901234567e-08"),
    ],
)
def test_numbers(x, digits, shown):
    assert scalar_text(x, digits) == shown


def test_long_arrays_are_summarised():
    assert Text().number(list(range(9))) == "[0, 1, 2, …, 8]"


@pytest.mark.parametrize(
    ("form", "atoms", "text", "latex"),
    [
        ("⟦0⟧*⟦1⟧", [("2", True), ("v1", False)], "2 v1", "2 v1"),
        ("⟦0⟧*⟦1⟧", [("v1", False), ("2", True)], "v1 × 2", r"v1 \times 2"),
        (
            "⟦0⟧*⟦1⟧",
            [("-2", True), ("-3", True)],
            "(-2) × (-3)",
            r"\left(-2\right) \times \left(-3\right)",
        ),
        ("sin ⟦0⟧", [("-2", True)], "sin(-2)", r"sin \left(-2\right)"),
        ("σ(⟦0⟧)", [("-2", True)], "σ(-2)", "σ(-2)"),
        ("⟦0⟧^⟦1⟧", [("v1", False), ("-3", True)], "v1⁻³", r"v1^\left(-3\right)"),
        ("⟦0⟧*ln 2", [("3", True)], "3 ln 2", "3 ln 2"),
        ("⟦0⟧*ln 2", [("inf", True)], "inf × ln 2", r"inf \times ln 2"),
        (
            "⟦0⟧*(1 - ⟦0⟧)",
            [("-2", True)],
            "(-2) × (1 - (-2))",
            r"\left(-2\right) \times (1 - \left(-2\right))",
        ),
        ("σ(⟦0⟧)*(1 - σ(⟦0⟧))", [("a", False)], "σ(a)(1 - σ(a))", "σ(a)(1 - σ(a))"),
        ("|⟦0⟧|", [("-0.3", True)], "|-0.3|", "|-0.3|"),
        ("⌊⟦0⟧⌋ + ⌈⟦0⟧⌉", [("-0.3", True)], "⌊-0.3⌋ + ⌈-0.3⌉", "⌊-0.3⌋ + ⌈-0.3⌉"),
        ("max(⟦*⟧)", [("-1", True), ("2", True)], "max((-1), 2)", r"max(\left(-1\right), 2)"),
    ],
)
def test_filling_a_template(form, atoms, text, latex):
    assert fill(form, atoms, Text()) == text
    assert fill(form, atoms, Latex()) == latex


@pytest.mark.parametrize(
    ("form", "numbers", "text", "latex"),
    [
        ("⟦0⟧*⟦1⟧", ["inf", "nan"], "inf × nan", r"\infty \times \mathrm{nan}"),
        ("⟦0⟧*⟦1⟧", ["-inf", "inf"], "(-inf) × inf", r"\left(-\infty\right) \times \infty"),
        (
            "⟦0⟧*⟦1⟧",
            [-1.5e-10, -2.5e-9],
            "(-1.5e-10) × (-2.5e-09)",
            r"\left(-1.5 \times 10^{-10}\right) \times \left(-2.5 \times 10^{-9}\right)",
        ),
        ("⟦0⟧^2", [2e-8], "(2e-08)^2", r"\left(2 \times 10^{-8}\right)^2"),
        ("⟦0⟧²", [-2e-8], "(-2e-08)²", r"\left(-2 \times 10^{-8}\right)²"),
        (
            "⟦0⟧^{⟦1⟧}",
            [1e-7, 3],
            "(1e-07)^{3}",
            r"\left(1 \times 10^{-7}\right)^{3}",
        ),
    ],
)
def test_products_and_powers_of_any_number(form, numbers, text, latex):
    for write, shown in ((Text(), text), (Latex(), latex)):
        assert fill(form, [(write.number(x), True) for x in numbers], write) == shown


def test_latex_names():
    write = Latex()
    assert write.variable("x_1") == "x_{1}"
    assert write.variable("v-1") == "v_{-1}"
    assert write.variable("σ2") == r"\sigma_{2}"
    assert write.variable("loss") == r"\mathit{loss}"
    assert write.bar("v12") == r"\bar{v}_{12}"
    assert write.number(1e-9) == r"1 \times 10^{-9}"


def test_a_table_without_rows_says_so():
    assert "(no rows)" in render([Table("T", ["a"], [], [False])], "text")
    assert r"\bottomrule" in render([Table("T", ["a"], [], [False])], "latex")


def test_a_long_name_is_accented_as_a_whole():
    text, latex, csv = (dialect_of(format) for format in ("text", "latex", "csv"))
    assert (text.dot("squares"), text.bar("squares")) == ("d(squares)", "adj(squares)")
    assert (text.dot("x1"), text.bar("W_hidden")) == ("x\u03071", "W\u0304_hidden")
    assert latex.bar("squares") == r"\overline{\mathit{squares}}"
    assert latex.bar("x1") == r"\bar{x}_{1}"
    assert csv.bar("squares") == "s\u0304quares"


def test_a_negative_index_stands_below():
    text, csv = dialect_of("text"), dialect_of("csv")
    assert (text.variable("v-1"), text.bar("v-12")) == ("v₋₁", "v\u0304₋₁₂")
    assert text.derivative("v1", "v-1") == "∂v1/∂v₋₁"
    assert (csv.variable("v-1"), csv.bar("v-1")) == ("v-1", "v\u0304-1")


def test_numbers_in_forms_have_the_decimals_that_are_asked_for():
    t = ad.trace(lambda x: x**0.123456789 + 0.8 * 0.8 * x, 2.0)
    text = t.to_table(digits=3)
    assert "0.123 v0^(0.123 - 1)" in text
    assert "0.64 v0" in text
    assert max(len(number) for number in re.findall(r"\.(\d+)", text)) == 3


def test_what_continues_a_cell_is_indented():
    table = Table("T", ["A", "B"], [["one two three four", "five six seven eight"]], [False] * 2)
    lines = render([table], "text", width=24).splitlines()[3:]
    assert [line[:2] for line in lines] == ["on", *["  "] * (len(lines) - 1)]
    assert all(len(line) <= 24 for line in lines)


def test_a_table_is_parted_before_its_first_column_becomes_one_of_words():
    table = Table(
        "Counts",
        ["", "additions", "multiplications", "divisions", "functions", "negations"],
        [["one reverse sweep for their sum", *"18000"]],
        [False] * 6,
    )
    lines = render([table], "text", width=80).splitlines()
    assert sum(line.startswith("one reverse sweep for their sum") for line in lines) == 2
