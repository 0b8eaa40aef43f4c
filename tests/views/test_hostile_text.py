"""Names and texts that a user gives steer no terminal, no spreadsheet, no page and no document."""

import csv
import html.parser
import io
import json
import re

import numpy as np
import pytest

import admodes as ad
from admodes.views.render import render
from admodes.views.tables import Table
from admodes.views.visible import visible

UNSEEN = ["\x1b[31m", "\x07", "\r", "\n", "\x9b31m", "\u202e", "\u2066", "\u2028", "\x7f", "\x00"]
BAD_NAMES = [f"x{sign}" for sign in UNSEEN] + ["", " ", "\u200b", "\ue000", 3, None]
HOSTILE = [
    "<script>alert(1)</script>",
    "a|b",
    "[click](javascript:alert(1))",
    "**bold** _it_ `code`",
    "&lt;&#x41;",
    r"\input{/etc/passwd}",
    r"\(\write18{x}\)",
    "$x$ % # & ~ ^ _ { }",
    '"; evil [label="',
    "=HYPERLINK(1)",
    "@SUM(1)",
    "+1+1",
    "-2+3",
]


def raw_controls(text):
    return [c for c in text if visible(c) != c]


def takers(name):
    """Whatever takes names."""
    f = lambda x: x * 2.0  # noqa: E731
    return {
        "trace, input": lambda: ad.trace(f, 1.0, names=[name]),
        "trace, output": lambda: ad.trace(f, 1.0, outputs=[name]),
        "array trace": lambda: ad.trace(f, np.ones(3), names=[name], rows="array"),
        "array trace, output": lambda: ad.trace(f, np.ones(3), outputs=[name], rows="array"),
        "record": lambda: ad.record(f, 1.0, names=[name]),
        "record, output": lambda: ad.record(f, 1.0, outputs=[name]),
        "equations": lambda: ad.equations(f, np.ones(3), names=[name]),
        "code": lambda: ad.code(f, 1.0, names=[name]),
        "verify": lambda: ad.verify(f, 1.0, names=[name]),
        "parse": lambda: ad.parse("x", inputs=[name]),
        "rule": lambda: ad.custom_rule(name, lambda x: x, [1]),
        **({} if name is None else {"Variable": lambda: ad.Variable(1.0, name=name)}),
    }


@pytest.mark.parametrize("name", BAD_NAMES, ids=ascii)
@pytest.mark.parametrize("taker", takers(None) | {"Variable": None})
def test_a_name_that_cannot_be_printed_is_refused(taker, name):
    if taker not in takers(name):
        return
    with pytest.raises((ValueError, TypeError)) as caught:
        takers(name)[taker]()
    assert not raw_controls(str(caught.value))


@pytest.mark.parametrize("rows", ["scalar", "array"])
def test_names_given_twice_are_refused(rows):
    f = lambda x, y: (x * y, x + y)  # noqa: E731
    for given in ({"names": ["a", "a"]}, {"outputs": ["b", "b"]}):
        with pytest.raises(ValueError, match="different"):
            ad.trace(f, 1.0, 2.0, rows=rows, **given)


def test_keys_of_a_dictionary_are_names_only_where_they_can_be():
    for key in ("\x1b[31m", "", "\u202e"):
        shown = str(ad.trace(lambda d: d[key] * 2.0, {key: 3.0}, rows="array"))
        assert not raw_controls(shown)


@pytest.mark.parametrize("format", ["text", "markdown", "latex", "html", "csv"])
@pytest.mark.parametrize("unseen", UNSEEN, ids=ascii)
def test_no_format_passes_a_control_on(format, unseen):
    text = f"a{unseen}b"
    table = Table(text, [text], [[text]], [False], [text])
    shown = render([table], format, title=text)
    assert not raw_controls(shown)
    assert "\ta" not in shown
    if unseen == "\n":
        assert "\\u000a" in shown or "u000a" in shown


class Page(html.parser.HTMLParser):
    def __init__(self):
        super().__init__()
        self.tags, self.text = set(), ""

    def handle_starttag(self, tag, attrs):
        self.tags.add(tag)

    def handle_data(self, data):
        self.text += data


def hostile_trace(name):
    return ad.trace(lambda x: x * 2.0, 1.5, names=[name], outputs=[f"out {name}"], title=name)


@pytest.mark.parametrize("name", HOSTILE)
def test_html(name):
    page = Page()
    page.feed(hostile_trace(name).to_table("html"))
    assert "script" not in page.tags
    assert name in page.text


@pytest.mark.parametrize("name", HOSTILE)
def test_latex(name):
    tex = hostile_trace(name).to_table("latex", fragment=True)
    assert r"\input{" not in tex
    assert r"\write18" not in tex
    for sign in "&%#$":
        if sign in name and sign not in "&$":
            assert not re.search(rf"(?<!\\){re.escape(sign)}", tex)
    assert tex.count("{") - tex.count(r"\{") == tex.count("}") - tex.count(r"\}")
    assert len(re.findall(r"(?<!\\)\$", tex)) % 2 == 0


@pytest.mark.parametrize("name", HOSTILE)
def test_markdown(name):
    text = hostile_trace(name).to_table("markdown")
    assert not re.search(r"(?<!\\)<script", text)
    assert not re.search(r"\]\(javascript", text)
    widths = {
        len(re.findall(r"(?<!\\)\|", line))
        for block in text.split("\n\n")
        if block.startswith("|")
        for line in block.splitlines()
    }
    assert all(width >= 2 for width in widths)
    for block in text.split("\n\n"):
        lines = [line for line in block.splitlines() if line.startswith("|")]
        assert len({len(re.findall(r"(?<!\\)\|", line)) for line in lines}) <= 1


@pytest.mark.parametrize("name", [n for n in HOSTILE if "{" not in n])
def test_a_rule_with_a_hostile_name(name):
    rule = ad.custom_rule(name, lambda x: x**3, [lambda x: 3 * x**2])
    t = ad.trace(lambda x: rule(x), 2.0)
    for format in ("text", "markdown", "latex", "html", "csv", "json"):
        shown = t.to_table(format)
        assert not raw_controls(shown)
    tex = t.to_table("latex", fragment=True)
    assert not re.search(r"(?<!\\)[%#]", tex)
    assert not re.search(r"operatorname\{[^}]*(?<!\\)[&_$]", tex)
    page = Page()
    page.feed(t.to_table("html"))
    assert "script" not in page.tags


def test_braces_in_the_name_of_a_rule():
    with pytest.raises(ValueError, match="braces"):
        ad.custom_rule("cube {0}", lambda x: x**3, [lambda x: 3 * x**2])


@pytest.mark.parametrize("name", HOSTILE)
def test_graphs(name):
    x = ad.Variable(2.0, name=name)
    graph = (x * x).draw()
    assert "<script" not in graph
    labels = re.findall(r"label=<(.*)>\];", graph)
    assert labels
    for label in labels:
        bare = re.sub(r"<br/>|<font color=\"#\w+\">|</font>", "", label)
        assert "<" not in bare
        assert ">" not in bare


@pytest.mark.parametrize("name", HOSTILE)
def test_cells_of_csv_are_no_formulas(name):
    text = hostile_trace(name).to_table("csv")
    for line in csv.reader(io.StringIO(text)):
        for cell in line:
            if cell.startswith(("=", "+", "-", "@", "\t", "\r")):
                float(cell)


def test_numbers_stay_numbers_in_csv():
    text = ad.trace(lambda x: -x * x, -0.5).to_table("csv")
    cells = [c for line in csv.reader(io.StringIO(text)) for c in line]
    assert "-0.5" in cells
    assert "'-0.5" not in cells
    assert "'-(-0.5) = 0.5" in cells


def test_the_command_line_shows_no_escapes(run, tmp_path):
    mine = tmp_path / "mi\x1b[31mne.py"
    mine.write_text(
        "def f(x):\n    return x\n"
        "def bad(x):\n    raise ValueError('no \\x1b[31mred\\x1b[0m \\u202e line\\nnext')\n"
        "def lost(x):\n    return float(x)\n"
    )
    boom = tmp_path / "boom.py"
    boom.write_text("class B(BaseException): pass\nraise B('own \\x1b[31m')\n")
    asked = [
        ("trace", f"{mine}:f", "--at", "x=1"),
        ("trace", f"{mine}:f", "--at", "x=1", "-f", "html"),
        ("code", f"{mine}:f", "--at", "x=1"),
        ("program", f"{mine}:f", "--at", "x=1"),
        ("trace", f"{mine}:bad", "--at", "x=1"),
        ("trace", f"{mine}:bad", "--at", "x=1", "--debug"),
        ("trace", f"{mine}:lost", "--at", "x=1"),
        ("trace", f"{mine}:no\x1b[31m", "--at", "x=1"),
        ("trace", f"{boom}:f", "--at", "x=1"),
        ("trace", f"{tmp_path}/\x1b[31m.py:f", "--at", "x=1"),
        ("trace", "x\x1b[31m", "--at", "x=1"),
        ("trace", "x", "--at", "x=\x1b[31m1"),
        ("trace", "x", "--at", "\x1b[31m=1"),
        ("trace", "x", "--at", "x=1", "--seed", "\x1b[31m=1"),
        ("trace", "x", "--at", "x=1", "--input", "\x1b[31m"),
        ("trace", "x", "--at", "x=1", "--tables", "\x1b[31m"),
        ("trace", "x", "--at", "x=1", "--format", "\x1b[31m"),
        ("trace", "x", "--at", "x=1", "--\x1b[31m"),
        ("trace", "x", "--at", "x=1", "-o", f"{tmp_path}/no\x1b[31m/x"),
        ("\x1b[31m",),
        ("problems", "@\x1b[31m"),
        ("chain", "1,\x1b[31m"),
        ("scale", "--sizes", "\x1b[31m"),
        ("revolve", "\x1b[31m"),
        ("trace", "\u202ex", "--at", "x=1"),
        ("trace", "@\u202ex", "--at", "x=1"),
    ]
    for argv in asked:
        status, out, err = run(*argv)
        assert not raw_controls(out + err), argv
        assert "Traceback" not in err or "--debug" in argv
        assert status == 0 or not out


def test_a_path_that_is_no_text(run, tmp_path):
    status, _, err = run("trace", f"{tmp_path}/\udcff.py:f", "--at", "x=1")
    assert status == 2
    assert r"\udcff" in err


def test_json_is_still_json(run):
    _, out, _ = run("trace", "x*y", "--at", "x=1,y=2", "-f", "json")
    assert json.loads(out)["schema"] == "admodes.trace/1"
