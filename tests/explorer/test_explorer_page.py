"""The page as a file: what it carries, that nothing of it can run what a user named, and errors."""

import json
import math
import re
from importlib.resources import files
from pathlib import Path

import numpy as np
import pytest

import admodes as ad
from admodes.errors import BadValue
from admodes.explorer.data import page_data
from admodes.views.presets import PRESETS

SOURCE = Path(__file__).parents[2] / "explorer"

HOSTILE = (
    "</script><script>window.hit=1</script>",
    '"><img src=x onerror="window.hit=1">',
    "<!--<script>",
    "${window.hit=1}",
    "\\left(\\href{javascript:window.hit=1}{x}",
    "a & b | c ` d",
)


def section_a(x1, x2):
    return ad.exp(2 * x2) + x1 * ad.sin(3 * x2**2), x1 * x2 + ad.sigmoid(x2)


def data_of(html):
    """The data inside a page."""
    return json.loads(re.search(r'id="data">(.*?)</script>', html, re.S)[1])


@pytest.mark.parametrize("name", ["@cpsc532s", "@osu-loop", "@speelpenning", "@grad-neuron"])
def test_costs_of_rows_add_up_to_the_counts(name, run):
    _, html, _ = run("explore", name)
    _, counted, _ = run("count", name, "--format", "json")
    costs, counts = data_of(html)["costs"], json.loads(counted)

    def arithmetic(c):
        return sum(n for kind, n in c.items() if kind != "moves")

    assert sum(costs["f"]) == arithmetic(counts["f"])
    assert sum(costs["partials"]) == arithmetic(counts["partials"])
    for name, c in counts["forward"].items():
        assert sum(costs["forward"]) == arithmetic(c), name
    for name, c in counts["reverse"].items():
        assert sum(costs["reverse"][name]) == arithmetic(c), name


def test_styles_are_the_presets_and_the_numbering_of_the_trace_is_first():
    found = page_data(ad.trace(section_a, 2.0, 1.0, numbering="griewank"))["styles"]
    assert found[0]["rows"][0] == {"text": "v₋₁", "latex": "v_{-1}"}
    assert [style["id"] for style in found[1:]] == list(PRESETS)
    naumann = next(style for style in found if style["id"] == "naumann")
    assert naumann["tangent"] == {"text": "⟦v⟧^(1)", "latex": "{⟦v⟧}^{(1)}"}
    osu = next(style for style in found if style["id"] == "osu")
    assert [name["text"] for name in osu["rows"][:4]] == ["x1", "x2", "a", "b"]


MINE = """
like = "griewank"
letter = "u"
times = "·"
[[sheets]]
kind = "reverse"
title = "Back from {direction}"
head = ["Name", "Sum"]
[[sheets.blocks]]
lines = [["name", "adjoint evaluation"]]
order = "up"
"""


@pytest.fixture
def mine(tmp_path):
    path = tmp_path / "mine.toml"
    path.write_text(MINE, encoding="utf-8")
    return path


def test_a_preset_is_laid_out_first_and_the_others_stay(mine, run):
    _, html, _ = run("explore", "@cpsc532s", "--preset", str(mine))
    styles = data_of(html)["styles"]
    assert [style["id"] for style in styles if style["id"] not in PRESETS] == [
        "mine",
        "ubc, numbered v(1-n) …",
    ]
    assert styles[0]["id"] == "mine"
    assert styles[0]["times"] == "·"
    assert [name["latex"] for name in styles[0]["rows"][:3]] == ["u_{-1}", "u_{0}", "u_{1}"]
    assert [sheet["title"] for sheet in styles[0]["sheets"]] == [
        "Evaluation trace",
        "Forward tangent trace for {direction}",
        "Back from {direction}",
    ]
    again = ad.explore(section_a, 2.0, 1.0, preset=mine).data["styles"]
    assert [style["id"] for style in again] == [style["id"] for style in styles]


def test_a_preset_by_name_comes_first_once_and_numbering_wins():
    page = ad.explore(section_a, 2.0, 1.0, preset="baydin")
    assert [style["id"] for style in page.data["styles"]].count("baydin") == 1
    assert page.data["styles"][0]["id"] == "baydin"
    assert page.data["rows"][0]["row"] == 0
    first, *others = ad.explore(section_a, 2.0, 1.0, preset="baydin", numbering="zero").data[
        "styles"
    ]
    assert first["id"] == "baydin, as traced"
    assert first["rows"][0]["text"] == "v0"
    assert [style["id"] for style in others].count("baydin") == 1
    names = [style["id"] for style in [first, *others]]
    assert len(set(names)) == len(names)


def test_under_a_preset_the_rows_are_numbers(run):
    page = ad.explore(lambda x: x * x[0], np.array([1.0, 2.0]), preset="naumann")
    assert page.data["kind"] == "scalar"
    with pytest.raises(BadValue, match="scalar"):
        ad.explore(np.sin, np.array([1.0, 2.0]), rows="array", preset="naumann")
    _, html, _ = run("explore", "@bu-batched", "--preset", "wikipedia")
    assert data_of(html)["styles"][0]["rows"][0]["text"] == "w1"
    status, _, said = run("explore", "@bu-batched", "--preset", "wikipedia", "--rows", "array")
    assert status == 2
    assert "--rows scalar" in said


@pytest.mark.parametrize(
    ("text", "said"),
    [("colour = 'red'", "colour"), ("letter = 3", "letter"), ("letter = ", "no TOML")],
)
def test_a_broken_preset_is_named(run, tmp_path, text, said):
    path = tmp_path / "broken.toml"
    path.write_text(text)
    for words in (("explore", "@cpsc532s"), ("trace", "@cpsc532s")):
        status, out, error = run(*words, "--preset", str(path))
        assert (status, out) == (2, "")
        assert said in error
        assert "broken.toml" in error
    status, _, error = run("explore", "@cpsc532s", "--preset", "nobody")
    assert status == 2
    assert "griewank" in error
    status, _, error = run("explore", "@cpsc532s", "--preset", str(tmp_path / "none.toml"))
    assert status == 2
    assert "cannot be read" in error


def test_guards_are_those_of_the_branches():
    def f(x):
        y = x * x
        return y + 1 if y > 2 else y - 1

    (guard,) = page_data(ad.trace(f, 3.0))["guards"]
    assert (guard["row"], guard["op"], guard["expected"]) == (1, "greater", True)
    assert "> 2" in guard["text"]


@pytest.mark.parametrize(
    ("f", "args", "why"),
    [
        (lambda x: np.sum(np.stack([x, x]) ** 2), (3.0,), "is stack"),
        (lambda x: ad.value(x) * x if int(ad.value(x)) else x, (3.0,), ""),
        (lambda x: np.abs(x * 1j), (3.0,), "no real number"),
    ],
)
def test_what_a_page_cannot_compute_is_said(f, args, why):
    fixed = page_data(ad.trace(f, *args, rows="scalar"))["fixed"]
    assert why in fixed
    assert bool(fixed) == bool(why)


def test_a_page_of_arrays_has_equations_and_no_rules():
    x = np.array([1.0, 2.0])
    page = page_data(ad.trace(lambda W, x: np.sum(W @ x), np.ones((2, 2)), x, rows="array"))
    assert (page["kind"], page["rules"]) == ("array", {})
    assert [sweep["direction"] for sweep in page["sweeps"]["forward"]] == ["W", "x"]
    (reverse,) = page["sweeps"]["reverse"]
    assert (reverse["direction"], reverse["seed"]) == ("y", "")
    assert reverse["derivatives"][0] == [[1.0, 2.0], [1.0, 2.0]]


def test_a_page_is_one_file_that_loads_nothing(tmp_path):
    path = ad.explore(section_a, 2.0, 1.0, title="section A").save(tmp_path / "a.html")
    text = path.read_text("utf-8")
    assert text.isascii()
    assert len(text) < 600_000
    assert not re.search(r"\b(src|href)\s*=\s*[\"']?(https?:)?//", text)
    assert "default-src 'none'" in text
    assert data_of(text)["title"] == "section A"


def test_pages_are_the_same_each_time():
    assert ad.explore(section_a, 2.0, 1.0).to_html() == ad.explore(section_a, 2.0, 1.0).to_html()


def test_a_notebook_shows_the_page_in_a_frame_of_its_own():
    shown = ad.trace(section_a, 2.0, 1.0).explore()._repr_html_()
    assert shown.startswith("<iframe")
    assert 'sandbox="allow-scripts"' in shown
    assert "<script>" not in shown


@pytest.mark.parametrize("name", HOSTILE)
def test_a_name_ends_no_element(name):
    html = ad.explore(lambda a, b: a * b, 1.0, 2.0, names=[name, "b"], title=name).to_html()
    assert html.count("<script") == html.count("</script>") == 2
    assert data_of(html)["inputs"][0]["name"] == data_of(html)["title"] == name
    assert "<img" not in html.split("<script>")[0]


def test_infinities_and_nan_are_texts():
    data = page_data(ad.trace(lambda x: ad.ln(x), 0.0))
    assert (data["rows"][1]["value"], data["rows"][1]["tangents"]) == ("-inf", {"x": "inf"})
    json.dumps(data, allow_nan=False)


def test_the_command_writes_whole_files(run, tmp_path):
    path = tmp_path / "p.html"
    assert run("explore", "x1*sin(x2)", "--at", "x1=2,x2=0", "-o", str(path)) == (0, "", "")
    assert data_of(path.read_text("utf-8"))["inputs"][0] == {"name": "x1", "row": 0, "value": 2.0}
    status, _, err = run("explore", "x1", "--at", "x1=2", "-o", str(tmp_path / "no" / "p.html"))
    assert (status, len(err.splitlines())) == (2, 1)
    assert "cannot write" in err
    assert sorted(p.name for p in tmp_path.iterdir()) == ["p.html"]


def test_errors_are_those_of_trace():
    with pytest.raises(BadValue, match="numbering"):
        ad.explore(section_a, 2.0, 1.0, numbering="no")
    with pytest.raises(BadValue):
        ad.explore(section_a, 2.0, 1.0, names=["a"])


def test_the_asset_is_part_of_the_package():
    for name in ("page.js", "page.css"):
        assert (files("admodes.explorer") / name).read_text("utf-8").isascii()
    lock = json.loads((SOURCE / "package-lock.json").read_text("utf-8"))
    assert lock["name"] == "admodes-explorer"


def test_no_source_file_is_longer_than_400_lines():
    sources = list((SOURCE / "src").iterdir())
    assert len(sources) > 10
    for path in sources:
        assert len(path.read_text("utf-8").splitlines()) <= 400, path


def test_values_of_a_fixed_page_are_those_of_python():
    data = page_data(ad.trace(lambda x: np.sum(np.stack([x, 2 * x]) ** 2), 3.0, rows="scalar"))
    assert math.isclose(data["rows"][-1]["value"], 45.0)
    assert data["rows"][0]["adjoints"] == {"y": 30.0}
