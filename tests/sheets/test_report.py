"""A report holds all that there is to show, and every document of it is whole or not there."""

import os
import re
import shutil
from html.parser import HTMLParser

import numpy as np
import pytest

import admodes as ad
from admodes.errors import MissingProgram

pytest.importorskip("sympy")


def f(x1, x2):
    """Two outputs."""
    return ad.exp(2 * x2) + x1 * ad.sin(3 * x2**2), x1 * x2 + ad.sigmoid(x2)


def loss(W, x):
    h = np.tanh(W @ x)
    return np.sum(h**2)


W, X = np.array([[0.5, -1.0, 0.25], [1.0, 0.5, -0.5]]), np.array([1.0, 2.0, -1.0])

TITLES = [
    *("The point", "Evaluation trace", "Local partials", "Forward tangent trace for x1"),
    *("Forward tangent trace for x2", "Reverse adjoint trace for y1"),
    *("Reverse adjoint trace for y2", "Jacobian, forward: 2 sweeps", "Jacobian, reverse: 2 sweeps"),
    *("Jacobian: forward, reverse, symbolic and numerical", "Exact operation counts"),
]


@pytest.fixture(scope="module")
def sheet():
    return ad.report(f, 2.0, 1.0, outputs=["y1", "y2"], title="Two outputs")


@pytest.fixture(scope="module")
def arrays():
    return ad.report(loss, W, X)


class Page(HTMLParser):
    """The elements of a page, their addresses, and its text."""

    def __init__(self, text):
        super().__init__()
        self.tags, self.addresses, self.words = [], [], []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag, attributes):
        self.tags.append(tag)
        self.addresses += [v for k, v in attributes if k in ("src", "href", "xlink:href")]
        assert not [k for k, _ in attributes if k.startswith("on")]

    def handle_data(self, data):
        self.words.append(data)


def test_everything_is_in_one_document(sheet):
    assert [table.title for table in sheet.tables()] == TITLES
    for format in ("text", "markdown", "html"):
        text = sheet.to_table(format)
        places = [text.find(title) for title in ("Two outputs", *TITLES[:1], "The graph")]
        assert -1 not in places
        assert places == sorted(places)
        assert text.find("The graph") < text.find("Evaluation trace")
        for figure in ("7.671296", "-5.939955", "2.898202", "verified: 4 of 4 entries agree"):
            assert figure in text
    assert "return ad.exp(2 * x2)" in sheet.to_table("markdown")
    data = sheet.to_dict()
    assert data["schema"] == "admodes.report/1"
    assert data["trace"]["schema"] == "admodes.trace/1"
    assert data["graph"]["schema"] == "admodes.graph/1"


def test_a_page_stands_alone(sheet, tmp_path):
    (path,) = sheet.save(tmp_path / "sheet.html")
    page = Page(path.read_text("utf-8"))
    assert page.addresses == []
    assert "script" not in page.tags
    assert page.tags.count("svg") == 1
    assert page.tags.count("table") + page.tags.count("mtable") == len(TITLES)
    assert [p.name for p in tmp_path.iterdir()] == ["sheet.html"]


def test_markdown_has_its_picture_beside_it(sheet, tmp_path):
    written = sheet.save(tmp_path / "my sheet.md")
    assert [p.name for p in written] == ["my sheet.md", "my sheet.svg"]
    assert "](my%20sheet.svg)" in written[0].read_text("utf-8")
    assert written[1].read_text("utf-8").lstrip().startswith("<svg")
    inside = sheet.save(tmp_path / "deep" / "folder")
    assert [p.name for p in inside] == ["report.md", "graph.svg"]
    assert "](graph.svg)" in inside[0].read_text("utf-8")
    assert sorted(p.name for p in inside[0].parent.iterdir()) == ["graph.svg", "report.md"]


def test_arrays_have_equations_and_a_jacobian(arrays):
    titles = [table.title for table in arrays.tables()]
    assert titles[1:4] == ["Evaluation trace", "Reverse adjoint trace for y", "Buffers"]
    assert titles[4] == "Jacobian: forward, reverse, symbolic and numerical"
    h = np.tanh(W @ X)
    slopes = np.outer(2 * h * (1 - h * h), X).ravel()
    assert np.allclose([e.reverse for e in arrays.verification.entries[:6]], slopes)
    assert "9 of 9 entries agree" in str(arrays)


def test_a_jacobian_that_is_too_large_to_show_is_left_out_and_told():
    large = ad.report(lambda x: np.sum(np.sin(x) * x), np.ones(1000))
    assert large.verification is None
    assert "left out: verification of the 1000 entries of the Jacobian" in str(large)
    assert large.to_dict()["verification"] is None


def test_what_is_not_verified_says_so():
    assert "NOT VERIFIED" in str(ad.report(lambda x: abs(x) + 1.0, 0.0))


HOSTILE = "<script>alert(1)</script> \x1b[31m \\input{/etc/passwd} |x| `y` $z$ ![a](b)"


def test_a_title_runs_nothing(tmp_path):
    sheet = ad.report(lambda x: x * 2.0, 1.0, title=HOSTILE)
    (path,) = sheet.save(tmp_path / "a.html")
    assert "script" not in Page(path.read_text("utf-8")).tags
    for format in ("text", "markdown", "html", "latex"):
        assert "\x1b" not in sheet.to_table(format)
    assert "\\input" not in sheet.to_table("latex")
    assert r"\<script>" in sheet.to_table("markdown")


class TestPdf:
    @pytest.mark.skipif(shutil.which("pdflatex") is None, reason="needs pdflatex")
    def test_latex_typesets_numbers_and_arrays(self, sheet, arrays, tmp_path, monkeypatch):
        monkeypatch.setattr("admodes.sheets.printing.BROWSERS", ())
        for made in (sheet, arrays):
            (path,) = made.save(tmp_path / "sheet.pdf")
            assert path.read_bytes().startswith(b"%PDF")
        assert [p.name for p in tmp_path.iterdir()] == ["sheet.pdf"]

    @pytest.mark.skipif(shutil.which("chromium") is None, reason="needs chromium")
    def test_a_browser_prints_where_there_is_no_latex(self, sheet, tmp_path, monkeypatch):
        only = tmp_path / "bin"
        only.mkdir()
        (only / "chromium").symlink_to(shutil.which("chromium"))
        monkeypatch.setenv("PATH", str(only))
        monkeypatch.setattr("admodes.sheets.printing.SECONDS", 300)
        (path,) = sheet.save(tmp_path / "sheet.pdf")
        assert path.read_bytes().startswith(b"%PDF")

    def test_without_either_a_line_says_what_is_missing(self, sheet, tmp_path, monkeypatch):
        monkeypatch.setenv("PATH", str(tmp_path))
        with pytest.raises(MissingProgram, match=r"pdflatex .* or Chromium"):
            sheet.save(tmp_path / "sheet.pdf")
        assert list(tmp_path.iterdir()) == []

    @pytest.mark.skipif(os.name != "posix", reason="writes a shell script")
    def test_a_latex_that_fails_is_told_by_its_error(self, sheet, tmp_path, monkeypatch):
        only = tmp_path / "bin"
        only.mkdir()
        fake = only / "pdflatex"
        fake.write_text("#!/bin/sh\necho '! LaTeX Error: File lmodern.sty not found.'\nexit 1\n")
        fake.chmod(0o755)
        monkeypatch.setenv("PATH", f"{only}:/bin")
        monkeypatch.setattr("admodes.sheets.printing.BROWSERS", ())
        with pytest.raises(MissingProgram, match=r"pdflatex: ! LaTeX Error: File lmodern\.sty"):
            sheet.save(tmp_path / "sheet.pdf")
        assert not (tmp_path / "sheet.pdf").exists()


class TestCommand:
    def test_it_prints_or_writes(self, run, tmp_path):
        status, out, _ = run("report", "@osu-eq4")
        assert status == 0
        assert "Exact operation counts" in out
        status, out, err = run("report", "@osu-eq4", "-o", str(tmp_path / "a.html"))
        assert (status, out) == (0, "")
        assert err.strip() == str(tmp_path / "a.html")
        assert "Evaluation trace" in (tmp_path / "a.html").read_text("utf-8")

    def test_the_graph_has_the_names_of_the_preset(self, run, tmp_path):
        for preset, name in (("griewank", "v1 = 2 v0"), ("wikipedia", "w3 = 2 w2")):
            _, out, _ = run("report", "@cpsc532s", "--preset", preset)
            graph = out.partition("The graph\n")[2].partition("\n\n")[0]
            assert name in graph
        run("report", "@cpsc532s", "--preset", "wikipedia", "-o", str(tmp_path / "sheet"))
        svg = (tmp_path / "sheet" / "graph.svg").read_text("utf-8")
        assert (">w<" in svg, ">v<" in svg) == (True, False)

    def test_the_layout_is_that_of_a_preset(self, run, tmp_path):
        _, trace, _ = run("trace", "@osu-eq4", "--preset", "griewank")
        _, out, _ = run("report", "@osu-eq4", "--preset", "griewank")
        tables = trace.split("\n\n")[1:]
        assert tables
        assert all(table.strip() in out for table in tables)
        path = tmp_path / "a.pdf"
        status, _, err = run("report", "@osu-eq4", "--preset", "nosuch", "-o", str(path))
        assert (status, path.exists()) == (2, False)
        assert "nosuch" in err

    def test_the_code_of_a_function_in_a_file_is_shown(self, run, file):
        path = file("import admodes as ad\n\ndef g(x):\n    return ad.sin(x) * x\n")
        _, out, _ = run("report", f"{path}:g", "--at", "x=1")
        assert "def g(x):\n    return ad.sin(x) * x\n" in out

    @pytest.mark.parametrize(
        ("where", "words"),
        [
            ("sheet.docx", r"this command writes \.txt, \.md, .*\.html, .*\.pdf"),
            ("missing/sheet.html", "cannot write"),
            ("missing/sheet.md", "cannot write"),
            ("taken/sheet", "cannot write"),
        ],
    )
    def test_where_it_cannot_be_written_nothing_is(self, run, tmp_path, where, words):
        (tmp_path / "taken").write_text("a file", encoding="utf-8")
        status, out, err = run("report", "x*x", "--at", "x=1", "-o", str(tmp_path / where))
        assert (status, out) == (2, "")
        assert re.search(words, err)
        assert len(err.splitlines()) == 1
        assert [p.name for p in tmp_path.iterdir()] == ["taken"]
