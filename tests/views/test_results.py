"""Every result can be turned into the same things: data, JSON, tables, pages of a notebook."""

import csv
import io
import json
import tempfile
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest

import admodes as ad
from admodes.grading.modules.findings import Finding
from admodes.grading.modules.result import CodeGrade
from admodes.tracing.matrices import named_gradient, named_hessian, named_jacobian
from admodes.views.result import FORMATS, Result, plain


def attention(q, k):
    return np.sum(q @ k)


def squares(x):
    return x[1:] * x[:-1]


def graded():
    series = ad.exercise(1, seed=7, count=1)
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "ada.md").write_text(series.to_table("markdown", answers=True), "utf-8")
        Path(folder, "bob.md").write_text("", "utf-8")
        return ad.grade(series.to_dict(), folder)


RESULTS = {
    "trace": lambda: ad.trace(ad.sqrt, 0.0),
    "array trace": lambda: ad.trace(attention, np.ones((2, 3)), np.ones((3, 2))),
    "graph": lambda: ad.trace(lambda x, y: 2 * x / y, 2.0, 0.0).graph("both"),
    "program": lambda: ad.record(lambda x, y: x / y, 2.0, 0.0),
    "counts": lambda: ad.count(attention, np.ones((2, 3)), np.ones((3, 2))),
    "verification": lambda: ad.verify(ad.sqrt, 0.0),
    "diagnosis": lambda: ad.diagnose(lambda x: ad.sqrt(x - 1.0), 0.0),
    "equations": lambda: ad.equations(attention, np.ones((2, 3)), np.full((3, 2), np.nan)),
    "matrix chain": lambda: ad.equations(
        lambda x, W: np.sum(np.tanh(W @ x)), np.full(3, np.nan), np.ones((2, 3))
    ).chain("x"),
    "code": lambda: ad.code(lambda x, y: x * y, 2.0, 3.0),
    "sparsity": lambda: ad.sparsity(squares, np.ones(4)),
    "explanation": lambda: ad.explain(lambda x, y: x / y + ad.ln(y), 1.0, 0.0, wrt="y"),
    "report": lambda: ad.report(lambda x, y: x / y, 1.0, 0.0),
    "chain": lambda: ad.chain([2, 3, 4, 1]),
    "revolve": lambda: ad.revolve(10, 3),
    "gradient": lambda: named_gradient(ad.sqrt, (0.0,)),
    "jacobian": lambda: named_jacobian(lambda x, y: (x / y, ad.ln(y)), (1.0, 0.0)),
    "hessian": lambda: named_hessian(lambda x, y: x / y, (1.0, 0.0)),
    "formulas": lambda: named_hessian(lambda x, y: x / y, (1.0, 0.0), symbolic=True),
    "advice": lambda: ad.advise(lambda x, y: x / y, 1.0, 2.0),
    "check": lambda: ad.check_gradient(lambda x: x * x, lambda x: -2 * x, 3.0),
    "code grade": lambda: CodeGrade(
        *("mine.py", "micrograd", "fail"),
        findings=[Finding("rule", "sin", "rule", "y = sin(a) at a = 2", np.nan, 0.5, "wrong")],
        isolation={"promised": ["an answer"], "not": []},
    ),
    "elimination": lambda: ad.eliminate(lambda x, y: x / y + ad.ln(y), 1.0, 0.0),
    "comparison": lambda: ad.compare(ad.sqrt, 0.0, backends=["admodes"], rounds=1),
    "exercise": lambda: ad.exercise(1, count=2),
    "audit": lambda: ad.audit("v1 = x + 1 | 4\nv2 = 2 v1 | -8", ad.parse("2*(x + 1)"), 3.0),
    "grades": graded,
    "scaling": lambda: ad.scale({"n": [1, 2]}, repeats=1, functions=["speelpenning"]),
}


@pytest.fixture(params=RESULTS)
def result(request):
    if request.param == "sparsity":
        pytest.importorskip("scipy")
    if request.param in ("verification", "diagnosis", "formulas"):
        pytest.importorskip("sympy")
    return RESULTS[request.param]()


def test_every_public_result_is_held_to_this():
    public = {x for x in vars(ad).values() if isinstance(x, type) and issubclass(x, Result)}
    public |= {getattr(ad, name) for name in ad.__all__ if name[0].isupper()}
    kinds = {x for x in public if issubclass(x, Result)}
    assert {kind.__name__ for kind in kinds} == {
        *("Trace", "ArrayTrace", "Program", "Counts", "Verification", "Equations", "Code"),
        *("Sparsity", "Chain", "Revolve", "Explanation", "Graph", "Report", "Scaling"),
        *("Advice", "Comparison", "Elimination", "GradientCheck", "Exercise", "Diagnosis"),
        *("Audit", "Grades", "CodeGrade"),
    }


def test_json_is_strict(result):
    def refused(word):
        raise AssertionError(word)

    data = json.loads(result.to_json(), parse_constant=refused)
    assert data == result.to_dict()
    assert result.to_table("json") == result.to_json() + "\n"
    assert plain(data) == data


def test_every_format_gives_lines(result):
    for format in FORMATS:
        text = result.to_table(format)
        assert text.endswith("\n")
        assert text.strip()
    assert str(result).strip() == result.to_table().strip()
    lines = list(csv.reader(io.StringIO(result.to_table("csv"))))
    assert max(map(len, lines)) > 1
    assert result.to_table("latex").startswith(r"\documentclass")
    assert result.to_table("html").startswith("<!doctype html>")


class Open(HTMLParser):
    """The elements that are open at the end of a page."""

    def __init__(self):
        super().__init__()
        self.tags = []

    def handle_starttag(self, tag, attributes):
        if tag not in ("br", "meta", "hr", "img", "col"):
            self.tags.append(tag)

    def handle_endtag(self, tag):
        assert self.tags.pop() == tag


def unclosed(page):
    parser = Open()
    parser.feed(page)
    parser.close()
    return [*parser.tags, *([parser.rawdata] if parser.rawdata.strip() else [])]


def test_a_notebook_shows_fragments(result):
    assert unclosed(result._repr_html_()) == []
    for page in (result._repr_html_(), result._repr_latex_(), result._repr_markdown_()):
        assert page.strip()
        assert "<!doctype" not in page
        assert "documentclass" not in page


def test_a_notebook_chooses_between_text_and_pages(result):
    bundle = result._repr_mimebundle_()
    assert bundle["text/plain"] == str(result)
    assert {"text/html", "text/latex"} < bundle.keys()
    assert bundle["text/html"] == result._repr_html_()
    only = result._repr_mimebundle_(include={"text/plain", "text/html"}, exclude={"text/html"})
    assert only.keys() == {"text/plain"}


def test_ipython_shows_what_the_bundle_holds():
    formatters = pytest.importorskip("IPython.core.formatters", reason="needs admodes[notebooks]")
    t = ad.trace(ad.sqrt, 4.0)
    shown, _ = formatters.DisplayFormatter().format(t)
    assert shown == t._repr_mimebundle_()


def test_a_notebook_shows_a_pattern_that_is_too_large_to_print():
    pytest.importorskip("scipy")
    large = ad.sparsity(lambda x: 2.0 * x, np.ones(60_000))
    for page in (large._repr_html_(), large._repr_latex_(), large._repr_markdown_()):
        assert "60000" in page
    with pytest.raises(ValueError, match="60000 entries"):
        large.to_table("csv")


def test_unknown_words_are_refused(result):
    with pytest.raises(ValueError, match=r"format 'docx' is unknown; choose from text, .*, json"):
        result.to_table("docx")
    with pytest.raises(TypeError, match="nothing"):
        result.to_table("text", nothing=1)
