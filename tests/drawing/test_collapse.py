"""Long lists are drawn with groups in place of what they repeat."""

import numpy as np
import pytest
from geometry import faults

import admodes as ad
from admodes.drawing.collapse import collapsed
from admodes.drawing.pictures import picture

KINDS = ("computation", "both", "backpropagation", "bipartite", "linearised")


def newton(a):
    x = a
    for _ in range(100):
        x = x - (x * x - a) / (2 * x)
    return x


def network(x):
    h = list(x)
    for _ in range(4):
        h = [ad.tanh(sum(h[j] * (0.1 * (j + i + 1)) for j in range(10))) for i in range(10)]
    return h[0] * h[1]


def squares(x):
    return sum(x[i] * x[i] for i in range(len(x)))


@pytest.mark.parametrize(
    ("f", "x"), [(newton, 2.0), (network, np.arange(10.0)), (squares, np.arange(900.0))]
)
@pytest.mark.parametrize("kind", KINDS)
def test_every_row_is_in_one_node(f, x, kind):
    graph = ad.graph(f, x, kind=kind, rows="scalar")
    assert len(graph.nodes) <= 400
    steps = ad.record(f, x) if f is newton else None
    rows = []
    for node in graph.nodes:
        if node.kind == "group":
            first, last = (int(end.lstrip("vx")) for end in node.ends)
            rows += range(first, last + 1) if node.ends[0][0] == "v" else range(first - 1, last)
        elif node.row is not None and node.id[0] == "r":
            rows.append(node.row)
    assert rows == list(range(len(rows)))
    assert steps is None or len(rows) == len(steps.steps)
    ids = [n.id for n in graph.nodes]
    assert {i for e in graph.edges for i in (e.source, e.target)} <= {*ids}
    order = {name: k for k, name in enumerate(ids)}
    back = kind == "backpropagation"
    assert all((order[e.source] < order[e.target]) != back for e in graph.edges)
    assert not faults(picture(graph))


def test_rounds_of_a_loop_are_groups():
    graph = ad.graph(newton, 2.0)
    groups = [n for n in graph.nodes if n.kind == "group"]
    assert groups[0].data() == {
        "id": "g1",
        "row": None,
        "kind": "group",
        "name": "v1 … v5",
        "op": "multiply, subtract, multiply, divide, …",
        "value": None,
        "shape": [],
        "adjoints": {},
    }
    assert len(groups) == 99
    into = [e.source for e in graph.edges if e.target == groups[1].id]
    assert into == ["g1", "r0"]


def test_the_sums_of_neurons_are_groups():
    graph = ad.graph(network, np.arange(10.0), rows="scalar", kind="both")
    groups = [n for n in graph.nodes if n.kind == "group"]
    assert len(groups) == 40
    first = {e.source for e in graph.edges if e.target == groups[0].id}
    assert first >= {f"r{k}" for k in range(10)}


def test_loops_in_loops():
    body = [*["sin", "add"] * 20, "exp"]
    units = collapsed(["input", *body * 60, "log"], set(), 30)
    assert [u.text for u in units] == ["input", "60 × (20 × (sin, add), exp)", "log"]
    assert (units[1].first, units[1].last) == (1, 60 * 41)


def test_short_lists_and_lists_without_repetition_stay():
    assert len(collapsed(["a", "a", "a", "a"], set(), 4)) == 4
    texts = [str(k) for k in range(50)]
    assert [u.text for u in collapsed(texts, set(), 10)] == texts
