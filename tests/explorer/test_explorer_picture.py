"""The picture of the page: by its coordinates nothing lies on anything else, partials stand at the
edges of the sweeps that use them, and of long lists there are groups."""

from types import SimpleNamespace

import pytest
from geometry import crossings, faults

import admodes as ad
from admodes.cli.inputs import resolve
from admodes.drawing.labels import LONGEST_NAME
from admodes.errors import BadValue
from admodes.explorer.data import page_data
from admodes.explorer.picture import PARTIAL, page_picture
from admodes.problems import PROBLEMS


def picture_of(trace):
    """The picture of a page as tests of drawings read one."""
    data = page_data(trace)["graph"]

    def box(left, top, size):
        return SimpleNamespace(middle=(left + size[0] / 2, top + size[1] / 2), size=size)

    nodes = [
        (SimpleNamespace(id=str(n["rows"])), box(n["x"], n["y"], (n["width"], n["height"])))
        for n in data["nodes"]
    ]
    edges = [
        (
            SimpleNamespace(source=e["from"], target=e["to"]),
            e["points"],
            e["label"] and box(e["label"][0], e["label"][1] - PARTIAL[1] / 2, PARTIAL),
        )
        for e in data["edges"]
    ]
    return SimpleNamespace(nodes=nodes, edges=edges, width=data["width"], height=data["height"])


def trace_of(name):
    target = resolve([f"@{name}"], None)
    return ad.trace(target.function, *target.args)


@pytest.mark.parametrize("name", sorted(PROBLEMS))
def test_nothing_lies_on_anything_else(name):
    assert faults(picture_of(trace_of(name))) == []


def test_the_graph_of_the_course_has_no_crossing_and_fourteen_partials():
    drawn = picture_of(trace_of("cpsc532s"))
    assert crossings(drawn) == 0
    assert sum(label is not None for *_, label in drawn.edges) == 14


def test_partials_stand_at_the_edges_that_a_sweep_has_used(open_page):
    tab = open_page(trace_of("cpsc532s").explore())
    partials = tab.page.locator("svg .partial")
    tab.press("ArrowRight", 12)
    tab.settle()
    assert partials.count() == 0
    tab.press("ArrowRight", 9)
    tab.settle()
    assert sorted(partials.all_text_contents()) == [
        *("-0.9900", "0.1411", "1", "1", "2", "2", "2", "3", "7.389"),
    ]
    tab.to_end()
    assert partials.count() == 14
    tab.page.get_by_label("Quiz").check()
    tab.settle()
    assert partials.count() == 0


def test_at_an_edge_of_two_arguments_stands_the_sum(open_page):
    tab = open_page(ad.explore(lambda x: x * x, 3.0))
    tab.to_end()
    assert tab.page.locator("svg .partial").all_text_contents() == ["6"]


def long(x, n=450):
    for _ in range(n):
        x = ad.sin(x) + x
    return x


def test_of_a_long_list_there_are_groups(open_page):
    trace = ad.trace(long, 0.5)
    assert faults(picture_of(trace)) == []
    tab = open_page(trace.explore())
    groups = tab.page.locator("g.node.group")
    assert 1 <= groups.count() < 400
    tab.press("ArrowRight", 400)
    tab.settle()
    assert tab.page.locator("g.node.current").count() == 1
    group = groups.last
    group.dispatch_event("click")
    tab.settle()
    assert "current" in group.get_attribute("class")
    assert group.locator('[data-figure="value"]').count() == 1
    tab.to_end()
    group.dispatch_event("click")
    tab.settle()
    assert "current" in group.get_attribute("class")
    assert group.locator('[data-figure="adjoint"]').count() == 1
    assert tab.page.locator(".edge.back").count() >= 1


def layer(x):
    for _ in range(60):
        x = ad.sin(x) + x
    return x


def test_groups_are_those_of_the_graph_called_as_in_the_code(open_page):
    def net(x):
        for _ in range(4):
            x = layer(x) * x
        return x

    page = ad.explore(net, 0.5)
    groups = [box for box in page.data["graph"]["nodes"] if box["kind"] == "group"]
    drawn = [node for node in ad.graph(net, 0.5).nodes if node.kind == "group"]
    assert [box["words"][0] for box in groups] == [node.name for node in drawn]
    assert "rounds 3 … 59" in groups[0]["words"]
    longest = max(len(words) for box in groups for words in box["words"])
    assert longest <= LONGEST_NAME
    tab = open_page(page)
    assert "rounds 3 … 59" in tab.page.locator("g.node.group .words").all_text_contents()
    tab.to_end()


def test_where_groups_are_too_many_as_well_the_page_says_so(open_page):
    def too_many():
        raise BadValue("graph: 999 nodes")

    page = ad.trace(long, 0.5).explore()
    rows = [row | {"input": "x"} for row in page.data["rows"]]
    names = [[name["text"] for name in page.data["styles"][0]["rows"]]]
    page.data["graph"] = page_picture(rows, names, page.data["outputs"], too_many)
    tab = open_page(page)
    assert "no picture of 901 rows" in tab.page.locator("main").text_content()
    tab.to_end()
