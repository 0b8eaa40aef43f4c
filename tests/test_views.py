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
from admodes.catalogue import operation_table, operations
from admodes.views.dialects import Latex, Text, fill, scalar_text
from admodes.views.render import render
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
    parser.feed(wide.to_table("html"))
    assert parser.open == []
    assert any("where(v0 > 0" in c or "> 0, 1" in c for c in parser.cells)
    assert wide.to_table("html").startswith("<!doctype html>")
    assert wide._repr_html_().startswith("<h1>")


@pytest.mark.skipif(shutil.which("pdflatex") is None, reason="LaTeX is not installed")
@pytest.mark.parametrize("notation", ["leibniz", "dot"])
def test_latex_compiles(wide, vector, tmp_path, notation):
    for name, t in (("wide", wide), ("vector", vector)):
        source = tmp_path / f"{name}.tex"
        source.write_text(t.to_table("latex", notation=notation), encoding="utf-8")
        command = ["pdflatex", "-interaction=nonstopmode", "-halt-on-error", source.name]
        done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True)
        assert done.returncode == 0, done.stdout[-2000:]
        assert "Missing character" not in done.stdout


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
        (0.1 + 0.2, 6, "0.300000"),
        (1 / 3, 3, "0.333"),
        (1e-9, 6, "1.000000e-09"),
        (1e20, 6, "1.000000e+20"),
        (-0.0, 6, "0"),
        (float("nan"), 6, "nan"),
        (-float("inf"), 6, "-inf"),
        (1 / 3, None, "0.3333333333333333"),
        (True, 6, "True"),
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
    ],
)
def test_filling_a_template(form, atoms, text, latex):
    assert fill(form, atoms, Text()) == text
    assert fill(form, atoms, Latex()) == latex


def test_latex_names():
    write = Latex()
    assert write.variable("x_1") == "x_{1}"
    assert write.variable("v-1") == "v_{-1}"
    assert write.variable("σ2") == r"\sigma_{2}"
    assert write.variable("loss") == r"\mathit{loss}"
    assert write.bar("v12") == r"\bar{v}_{12}"
    assert write.number(1e-9) == r"1.000000 \times 10^{-9}"


def test_a_table_without_rows_says_so():
    assert "(no rows)" in render([Table("T", ["a"], [], [False])], "text")
