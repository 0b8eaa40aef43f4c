"""SVG and PNG: what is promised of their structure, and nothing that a page would run or fetch."""

import re
import struct
import sys
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest

import admodes as ad
from admodes.cli import main
from admodes.cli.running import target_of
from admodes.drawing.colours import COLOURS, FILLS
from admodes.drawing.kinds import KINDS
from admodes.drawing.pictures import picture
from admodes.problems import PROBLEMS

SVG = "{http://www.w3.org/2000/svg}"
ALLOWED = {"svg", "title", "rect", "g", "path", "polygon", "text", "tspan"}


def trace_of(problem):
    target = target_of([f"@{problem}"], None)
    return ad.trace(target.function, *target.args)


def group(root, kind):
    return [g for g in root.iter(f"{SVG}g") if g.get("class") == kind]


def texts(g):
    return [(t.get("class"), "".join(t.itertext())) for t in g.iter(f"{SVG}text")]


@pytest.mark.parametrize("problem", sorted(PROBLEMS))
def test_nodes_and_edges_are_those_of_the_data(problem):
    trace = trace_of(problem)
    for kind in KINDS:
        graph = trace.graph(kind)
        root = ET.fromstring(graph.to_svg())
        data = graph.to_dict()
        assert [
            (g.get("data-id"), g.get("data-kind"), g.get("data-row")) for g in group(root, "node")
        ] == [
            (n["id"], n["kind"], None if n["row"] is None else str(n["row"])) for n in data["nodes"]
        ]
        assert [(g.get("data-from"), g.get("data-to")) for g in group(root, "edge")] == [
            (e["from"], e["to"]) for e in data["edges"]
        ]
        assert all(g.find(f"{SVG}path") is not None for g in group(root, "edge"))
        assert {x.tag.removeprefix(SVG) for x in root.iter()} <= ALLOWED
        assert len(root.get("viewBox").split()) == 4
        for x in root.iter():
            for name, value in x.attrib.items():
                assert not name.startswith("on")
                assert "href" not in name
                assert "url(" not in value


def test_values_and_adjoints_are_written_in_their_colours():
    root = ET.fromstring(trace_of("cpsc532s").graph("both").to_svg())
    nodes = {g.get("data-row"): g for g in group(root, "node") if g.get("data-row")}
    assert texts(nodes["5"]) == [
        ("name", "v5 = 3 v4"),
        ("value", "3"),
        ("adjoint", "∂y1/∂v5 = -1.979985"),
        ("adjoint", "∂y2/∂v5 = 0"),
    ]
    colours = {t.get("class"): t.get("fill") for t in nodes["5"].iter(f"{SVG}text")}
    assert len({*colours.values()}) == 3
    edge = next(g for g in group(root, "edge") if g.get("data-from") == "r5")
    assert texts(edge) == [("partial", "-0.989992")]


def luminance(colour):
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts]
    return sum(w * c for w, c in zip((0.2126, 0.7152, 0.0722), linear, strict=True))


def test_texts_have_contrast():
    for text in COLOURS.values():
        for fill, _ in FILLS.values():
            light, dark = luminance(fill), luminance(text)
            assert (light + 0.05) / (dark + 0.05) > 4.5


def test_operations_apart_from_their_results_look_otherwise_than_variables():
    drawn = ad.trace(lambda x: ad.exp(x) * 2, 0.5).graph("bipartite")
    frames = {
        kind: set(re.findall(f'data-kind="{kind}".*? rx="(.*?)" fill="(.*?)"', drawn.to_svg()))
        for kind in ("operation", "variable")
    }
    assert all(frames.values())
    assert frames["operation"].isdisjoint(frames["variable"])
    for text in (drawn.to_tikz(), drawn.to_mermaid()):
        assert text.count("step") > sum(node.kind == "operation" for node in drawn.nodes)


def test_names_are_set_with_indices_and_bars():
    trace = ad.trace(lambda x1: ad.exp(x1**2), 0.5, outputs=["h"])
    lines = {
        line.text: [(run.text, run.rise > 0, run.rise < 0, run.bar) for run in line.runs]
        for _, box in picture(trace.graph("both")).nodes
        for line in box.lines
    }
    assert lines["v1 = v0²"] == [
        *(("v", False, False, False), ("1", False, True, False), (" = ", False, False, False)),
        *(("v", False, False, False), ("0", False, True, False), ("2", True, False, False)),
    ]
    assert lines["v̄1 = 1.284025"][:2] == [("v", False, False, True), ("1", False, True, False)]
    assert ("v", True, False, False) in lines["h = v2 = e^v1"]


def test_text_that_xml_knows_is_escaped():
    title = "</title><script>alert(1)</script>&\"'\u202e\x1b[31m"
    trace = ad.trace(lambda x: x * x, 1.0, names=["<b>&\"'"], title=title)
    text = trace.graph("both").to_svg()
    root = ET.fromstring(text)
    assert root.find(f"{SVG}title").text == title[:-6] + "\\u202e\\u001b[31m"
    assert {x.tag.removeprefix(SVG) for x in root.iter()} <= ALLOWED
    assert ("name", "v0 = <b>&\"'") in texts(root)
    assert not re.search("[\x00-\x08\x0b-\x1f\u202e]", text)


def test_png_is_the_picture_at_twice_its_size(tmp_path):
    pytest.importorskip("resvg_py")
    pytest.importorskip("matplotlib")
    graph = trace_of("cpsc532s").graph("both")
    data = graph.save(tmp_path / "g.png").read_bytes()
    assert data[:8] == b"\x89PNG\r\n\x1a\n"
    size = struct.unpack(">II", data[16:24])
    view = [float(x) for x in re.search('viewBox="0 0 (.*?)"', graph.to_svg()).group(1).split()]
    assert all(abs(n - 2 * x) <= 2 for n, x in zip(size, view, strict=True))
    assert graph.written("png") == data


def test_png_without_its_extra_is_one_line_that_names_it(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "resvg_py", None)
    with pytest.raises(ImportError, match=r"pip install 'admodes\[draw\]'"):
        trace_of("grad-h").graph().save(tmp_path / "g.png")
    assert not [*tmp_path.iterdir()]


def test_save_goes_by_the_ending(tmp_path):
    graph = trace_of("grad-h").graph()
    assert graph.save(tmp_path / "a.SVG").read_text(encoding="utf-8") == graph.to_svg()
    assert graph.save(tmp_path / "a.txt", format="svg").read_bytes() == graph.to_svg().encode()
    with pytest.raises(ValueError, match=r"a graph is written as \.svg"):
        graph.save(tmp_path / "a.gif")
    with pytest.raises(ValueError, match="format 'gif': choose from svg"):
        graph.written("gif")
    with pytest.raises(OSError):
        graph.save(tmp_path / "missing" / "a.svg")


def test_notebooks_show_the_picture():
    bundle = trace_of("grad-h").graph()._repr_mimebundle_()
    assert bundle["image/svg+xml"].startswith("<svg")
    assert "v0" in bundle["text/plain"]


def test_the_picture_in_the_readme_is_what_is_drawn(tmp_path):
    """After a change: admodes graph @cpsc532s --kind both -o docs/graph.svg"""
    shown = Path(ad.__file__).parent.parent / "docs" / "graph.svg"
    with pytest.raises(SystemExit):
        main(["graph", "@cpsc532s", "--kind", "both", "-o", str(tmp_path / "g.svg")])
    assert shown.read_bytes() == (tmp_path / "g.svg").read_bytes()
