"""Every format of a graph shows the nodes, the edges and the figures of its data."""

import re
import shutil
import subprocess
import unicodedata
import xml.etree.ElementTree as ET

import numpy as np
import pytest
from graph_readers import read_dot, read_mermaid, read_text, read_tikz

import admodes as ad
from admodes.cli.running import target_of
from admodes.drawing.kinds import KINDS
from admodes.problems import PROBLEMS
from admodes.views.dialects import scalar_text
from admodes.views.visible import visible

ENDINGS = {"dot": "dot", "mmd": "mermaid", "txt": "text", "tex": "tikz"}
FORMATS = tuple(ENDINGS.values())


def graphs_of(problem):
    target = target_of([f"@{problem}"], None)
    trace = ad.trace(target.function, *target.args, title=problem)
    return [trace.graph(kind) for kind in KINDS]


def in_order(graph):
    """The ids of the nodes as the lines of the text have them."""
    ids = [node.id for node in graph.nodes]
    return ids[::-1] if graph.kind == "backpropagation" else ids


def readings(graph):
    """What each format says, by its name."""
    ids = in_order(graph)
    texts = {f: graph.written(f) for f in FORMATS}
    wide = read_text(graph.to_text(200), ids)
    assert wide.edges == read_text(texts["text"], ids).edges
    return {
        "dot": read_dot(texts["dot"]),
        "mermaid": read_mermaid(texts["mermaid"]),
        "text": wide,
        "tikz": read_tikz(texts["tikz"]),
    }


def entries(x):
    """How the first entries of a figure are written."""
    if isinstance(x, list):
        return entries(x[0]) if x else []
    return [] if x is None else [x if isinstance(x, str) else scalar_text(x, 6)]


def has(text, x):
    figures = re.findall(r"(?<![\w.])-?(?:\d[\d.]*(?:e[+-]\d+)?j?|nan|inf)", text)
    return set(entries(x)) <= set(figures) or all(f in text for f in entries(x))


def check_figures(data, read, at_edges=True):
    """All figures of the data stand where they belong. at_edges: whether those of edges stand at
    edges, and not on the nodes to which they lead."""
    beside = dict(read.nodes)
    for a, b, text in read.edges:
        beside[a] += f"\n{text}"
        beside[b] += f"\n{text}"
    for node in data["nodes"]:
        step = data["kind"] == "bipartite" and node["kind"] == "operation"
        assert step or has(beside[node["id"]], node["value"])
        if data["kind"] in ("both", "backpropagation"):
            for adjoint in node["adjoints"].values():
                assert has(read.nodes[node["id"]], adjoint)
    for edge in data["edges"]:
        texts = [t for a, b, t in read.edges if (a, b) == (edge["from"], edge["to"])]
        shown = texts if at_edges else [read.nodes[edge["to"]]]
        figures = [edge["partial"]] if data["kind"] in ("both", "linearised") else []
        if data["kind"] == "backpropagation":
            figures = list(edge["adjoints"].values())
        for x in figures:
            assert isinstance(x, list) or any(has(text, x) for text in shown)


@pytest.mark.parametrize("problem", sorted(PROBLEMS))
def test_all_formats_show_the_same(problem):
    for graph in graphs_of(problem):
        data = graph.to_dict()
        pairs = sorted((e["from"], e["to"]) for e in data["edges"])
        for format, read in readings(graph).items():
            assert sorted(read.nodes) == sorted(n["id"] for n in data["nodes"])
            if format == "text":
                assert read.pairs() == sorted(set(pairs))
            else:
                assert read.pairs() == pairs
            check_figures(data, read, at_edges=format != "text")
            for node in data["nodes"]:
                assert letters(node["name"] or "") in letters(read.nodes[node["id"]])


def letters(text):
    """What stays of a name where indices are set below the line."""
    return re.sub(r"[_,{}\s]", "", unicodedata.normalize("NFC", text))


@pytest.mark.parametrize("width", [80, 120])
@pytest.mark.parametrize("problem", sorted(PROBLEMS))
def test_text_fits_the_terminal(problem, width):
    for graph in graphs_of(problem):
        lines = graph.to_text(width).splitlines()
        assert max(map(columns, lines)) <= width


def columns(line):
    return sum(not unicodedata.combining(c) for c in line)


def test_lanes_of_the_course():
    f = ad.parse("exp(2*x2) + x1*sin(3*x2**2)", "x1*x2 + sigmoid(x2)")
    assert str(ad.trace(f, 2.0, 1.0).graph("linearised")).splitlines() == [
        "         Row       Value     Partials",
        "○        v0 = x1   2",
        "│ ○      v1 = x2   1",
        "│ ├─●    v2        2         v1: 2",
        "│ │ ●    v3        7.389056  v2: 7.389056",
        "│ ├─│─●  v4        1         v1: 2",
        "│ │ │ ●  v5        3         v4: 3",
        "│ │ │ ●  v6        0.14112   v5: -0.989992",
        "├─│─│─●  v7        0.28224   v0: 0.14112, v6: 2",
        "│ │ ◆─╯  y1 = v8   7.671296  v3: 1, v7: 1",
        "●─┤      v9        2         v0: 1, v1: 2",
        "│ ●      v10       0.731059  v1: 0.196612",
        "◆─╯      y2 = v11  2.731059  v9: 1, v10: 1",
    ]


def test_rows_that_stand_out_have_a_mark():
    f = ad.parse("exp(2*x2) + x1*sin(3*x2**2)", "x1*x2 + sigmoid(x2)")
    text = ad.explain(f, 2.0, 1.0, of="y1", wrt="x1").graph("linearised").to_text()
    marked = [line for line in text.splitlines() if "*" in line]
    assert [re.search(r"\bv\d", line)[0] for line in marked] == ["v0", "v7", "v8"]


def test_heads_of_arrows_are_drawn_where_edges_are_short():
    """TikZ's arrows turn round on lines that are shorter than they are."""
    text = ad.trace(lambda x, z: x * z, 1.0, 2.0).graph().to_tikz()
    heads = re.findall(r"fill=line\] \((.*?),(.*?)\) -- \((.*?),(.*?)\)", text)
    assert len(heads) == 2
    assert all(float(y) - float(back) == pytest.approx(8.0, abs=0.11) for _, y, _, back in heads)


def test_long_edges_are_short_to_write():
    def f(x, w):
        for i in range(100):
            x = x * w + i
        return x

    graph = ad.trace(f, 0.5, 0.25).graph()
    assert not re.search(r"V[\d.]+V", graph.to_svg())
    assert not re.search(r"-- \S+ --", re.sub(r"\\fill.*", "", graph.to_tikz()))


def test_lanes_of_random_graphs():
    """Lanes that cross, end on both sides, or are too many to stand apart."""
    rng = np.random.default_rng(5)
    for n in (3, 8, 30, 60):
        choices = [rng.integers(0, 4 + k, 2) for k in range(n)]

        def f(*xs, choices=choices):
            held = list(xs)
            for a, b in choices:
                held.append(held[a] * held[b])
            return tuple(held[:: max(1, n // 5)])

        trace = ad.trace(f, 1.0, 2.0, 3.0, 4.0)
        for kind in KINDS:
            graph = trace.graph(kind)
            found = read_text(graph.to_text(), in_order(graph)).pairs()
            assert found == sorted({(e.source, e.target) for e in graph.edges})


def test_more_edges_than_mermaid_renders():
    def f(x):
        for _ in range(260):
            x = x * x
        return x

    graph = ad.trace(f, 1.0).graph()
    assert len(graph.edges) == 520
    assert graph.to_mermaid().startswith("%% 520 edges: Mermaid renders fewer than 500")
    assert "%%" not in ad.trace(lambda x: x * x, 1.0).graph().to_mermaid()


HOSTILE = [
    "</script><script>alert(1)</script>",
    "]]>",
    "a\"b'c`d`",
    "a\\N\\G\\",
    "--> r1",
    '"]; evil [label="',
    '"]:::x\n  click r0 href',
    "]|x|",
    "%% x",
    "$x$ # & ~ ^ _ { }",
    r"\input{/etc/passwd}",
    r"\end{tikzpicture}",
    "&lt;&#x41;#35;",
    "**bold** _it_ 1. x",
    "- item",
    "○│├ v",
    "名 v̂ ∂",
]
UNSEEN = ["\x1b[31m", "\n", "\u202e", "\x9b", "\u2066", "\x07", "\x00"]


def seen(name):
    text = visible(name, lines=False)
    return text if len(text) <= 25 else text[:24]


@pytest.mark.parametrize("name", [n for n in HOSTILE if visible(n, lines=False) == n])
@pytest.mark.parametrize("kind", KINDS)
def test_hostile_names(name, kind):
    trace = ad.trace(
        lambda x, z: x * z + 2.0, 1.5, 2.0, names=[name, "z"], outputs=[f"{name}2"], title=name
    )
    graph = trace.graph(kind)
    for format, read in readings(graph).items():
        assert read.pairs() == sorted((e.source, e.target) for e in graph.edges)
        start = read.nodes["r0"].replace("\n", " ")
        assert format == "tikz" or start.startswith(f"v0 = {seen(name)}"), format


@pytest.mark.parametrize("name", [n for n in HOSTILE if not set(n) & set("{}")])
def test_hostile_operations(name):
    try:
        rule = ad.custom_rule(name, lambda x: x**3, [lambda x: 3 * x**2])
    except ValueError:
        assert visible(name, lines=False) != name
        return
    for kind in KINDS:
        graph = ad.trace(lambda x: rule(x), 2.0).graph(kind)
        for read in readings(graph).values():
            assert read.pairs() == sorted((e.source, e.target) for e in graph.edges)


def compiled(graph, folder):
    graph.save(folder / "g.tex")
    command = ["pdflatex", "-interaction=nonstopmode", "-halt-on-error", "g.tex"]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout[-2000:]
    assert "Missing character" not in done.stdout
    assert (folder / "g.pdf").stat().st_size > 1000


needs_latex = pytest.mark.skipif(shutil.which("pdflatex") is None, reason="LaTeX is not installed")


@needs_latex
def test_tikz_compiles(tmp_path):
    names = [n for n in HOSTILE if visible(n, lines=False) == n]
    n = len(names)
    f = lambda *xs: tuple(np.tanh(x) / xs[0] for x in xs)  # noqa: E731
    trace = ad.trace(f, *[0.5] * n, names=names, outputs=[f"{x}2" for x in names], title=names[0])
    compiled(trace.graph("both", of=[f"{names[0]}2"]), tmp_path)


def long_chain():
    def f(x):
        for _ in range(350):
            x = ad.sin(x)
        return x

    return ad.trace(f, 1.0).graph("both")


def test_a_picture_that_is_too_large_for_tex_is_scaled():
    text = long_chain().to_tikz()
    unit = float(re.search(r"y=-([\d.]+)pt", text)[1])
    ys = [float(y) for y in re.findall(r"at \([\d.]+,([\d.]+)\)", text)]
    assert unit < 0.75
    assert unit * max(ys) < 14001
    assert "y=-0.75pt]" in ad.trace(ad.sin, 1.0).graph("both").to_tikz()


@needs_latex
def test_a_picture_that_is_scaled_compiles(tmp_path):
    compiled(long_chain(), tmp_path)


@pytest.mark.parametrize("sign", UNSEEN, ids=ascii)
def test_control_characters_are_replaced_or_refused(sign):
    f = lambda x: x * 2.0  # noqa: E731
    for words in ({"names": [f"x{sign}"]}, {"outputs": [f"y{sign}"]}, {"names": [""]}):
        with pytest.raises(ValueError, match="name"):
            ad.trace(f, 1.0, **words)
    graph = ad.trace(f, 1.0, title=f"a{sign}b").graph("both")
    for format in FORMATS:
        text = graph.written(format)
        assert visible(text) == text
        assert f"a{sign}b" not in text
    for node in graph.nodes:
        node.name = f"v{sign}"
    for format in FORMATS:
        text = graph.written(format)
        assert visible(text) == text


def test_the_command_writes_every_format(run, tmp_path):
    mine = tmp_path / "mi\x1b[31m$%#{n}&e.py"
    mine.write_text("def f(x):\n    return x * x\n")
    for target in ("@osu-eq4", f"{mine}:f"):
        at = () if target.startswith("@") else ("--at", "x=1")
        for ending, format in ENDINGS.items():
            path = tmp_path / f"g.{ending}"
            assert run("graph", target, *at, "-o", str(path)) == (0, "", "")
            status, out, _ = run("graph", target, *at, "--format", format)
            assert (status, out) == (0, path.read_text(encoding="utf-8"))
            assert visible(out) == out
            status, out, err = run("graph", target, *at, "-o", f"{tmp_path}/no/g.{ending}")
            assert (status, out, err.count("\n")) == (2, "", 1)
    assert run("graph", "@osu-eq4")[1] == run("graph", "@osu-eq4", "-f", "text")[1]


def test_files_by_their_ending(tmp_path):
    graph = ad.trace(lambda x: x * 2.0, 1.0).graph()
    for ending, format in ENDINGS.items():
        path = graph.save(tmp_path / f"g.{ending}")
        assert path.read_text(encoding="utf-8") == graph.written(format)
    assert graph.save(tmp_path / "g.x", "dot").read_text(encoding="utf-8") == graph.to_dot()
    with pytest.raises(ValueError, match=r"a graph is written as \.svg"):
        graph.save(tmp_path / "g.pdf")
    with pytest.raises(ValueError, match="format 'pdf': choose from svg"):
        graph.written("pdf")
    with pytest.raises(OSError, match="No such file"):
        graph.save(tmp_path / "no" / "g.dot")
    assert sorted(p.name for p in tmp_path.iterdir()) == ["g.dot", "g.mmd", "g.tex", "g.txt", "g.x"]


def test_a_graph_without_nodes_is_written_in_every_format():
    graph = ad.graph(lambda x: x * 2.0, np.zeros((0, 3)), rows="scalar")
    assert (graph.nodes, graph.edges, graph.to_text()) == ([], [], "Row\n")
    assert all(graph.written(f) for f in FORMATS)


def with_helpers(names):
    """A function that calls one of each name."""
    helpers = []
    for name in names:

        def helper(x):
            return ad.sin(x) * 2.0

        helper.__code__ = helper.__code__.replace(co_name=name, co_qualname=name)
        helpers.append(helper)

    def f(x):
        for helper in helpers:
            x = helper(x)
        return x + 1.0

    return f


@pytest.mark.parametrize("kind", KINDS)
def test_hostile_names_of_functions(kind):
    graph = ad.graph(with_helpers([*HOSTILE, *UNSEEN]), 1.0, kind=kind, collapse="function")
    groups = [n for n in graph.nodes if n.kind == "group"]
    assert len(groups) == len([*HOSTILE, *UNSEEN])
    for format, read in readings(graph).items():
        assert read.pairs() == sorted((e.source, e.target) for e in graph.edges), format
    for format in (*FORMATS, "svg"):
        text = graph.written(format)
        assert visible(text) == text
    ET.fromstring(graph.to_svg())


@needs_latex
def test_groups_compile(tmp_path):
    compiled(ad.graph(with_helpers(HOSTILE), 1.0, kind="both", collapse="function"), tmp_path)
    compiled(ad.graph(with_helpers(HOSTILE), 1.0, collapse="loop"), tmp_path)
