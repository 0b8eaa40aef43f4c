"""Pictures are right by their coordinates: nothing lies on anything else, edges go around boxes."""

import os
import random
import subprocess
import sys
from pathlib import Path

import pytest
from function_calls import function_calls
from geometry import crossings, faults

import admodes as ad
from admodes.cli.running import target_of
from admodes.drawing.coordinates import GAP, placed
from admodes.drawing.kinds import KINDS
from admodes.drawing.layers import in_layers
from admodes.drawing.parts import Edge, Node
from admodes.drawing.pictures import picture
from admodes.drawing.ranks import ranked
from admodes.problems import PROBLEMS


def trace_of(problem):
    target = target_of([f"@{problem}"], None)
    return ad.trace(target.function, *target.args)


@pytest.mark.parametrize("problem", sorted(PROBLEMS))
def test_nothing_lies_on_anything_else(problem):
    trace = trace_of(problem)
    for kind in KINDS:
        assert not faults(picture(trace.graph(kind))), kind


def test_the_graph_of_the_course_has_no_crossing():
    trace = trace_of("cpsc532s")
    for kind in set(KINDS) - {"gradient"}:
        assert crossings(picture(trace.graph(kind))) == 0, kind
        assert crossings(picture(trace.graph(kind, of="y2"))) == 0, kind


DOT = {
    "computation": 12,
    "both": 12,
    "backpropagation": 6,
    "bipartite": 5,
    "linearised": 6,
    "gradient": 173,
}
"""The crossings that dot of Graphviz 2.43 has in all named problems together, with these boxes."""


def test_there_are_not_many_more_crossings_than_dot_has():
    traces = [trace_of(problem) for problem in sorted(PROBLEMS)]
    met = {kind: sum(crossings(picture(t.graph(kind))) for t in traces) for kind in DOT}
    assert all(met[kind] <= 1.25 * dot for kind, dot in DOT.items()), met


@pytest.mark.parametrize("problem", sorted(PROBLEMS))
def test_parts_that_no_edge_joins_stand_side_by_side(problem):
    drawn = picture(trace_of(problem).graph("gradient"))
    spans = [(b.middle[0] - b.size[0] / 2, b.middle[0] + b.size[0] / 2) for _, b in drawn.nodes]
    spans += [(min(x for x, _ in way), max(x for x, _ in way)) for _, way, _ in drawn.edges]
    filled = min(spans)[0]
    for left, right in sorted(spans):
        assert left <= filled + GAP + 1e-6
        filled = max(filled, right)


def random_graph(n, seed, reach):
    draw = random.Random(seed)
    return [
        (a, b)
        for b in range(1, n)
        for a in sorted({draw.randrange(max(0, b - reach), b) for _ in range(2)})
    ]


def random_picture(n, seed, reach, label="0.123456"):
    sizes = [(40.0 + 7 * (k % 11), 20.0 + 5 * (k % 7)) for k in range(n)]
    edges = random_graph(n, seed, reach)
    return sizes, edges, [(50.0, 17.0) if k % 3 else None for k in range(len(edges))]


@pytest.mark.parametrize("seed", range(12))
def test_random_graphs_are_drawn_without_faults(seed):
    sizes, edges, labels = random_picture(12 + 4 * seed, seed, 3 + 2 * seed)
    trace_like = _Drawn(sizes, edges, labels)
    assert not faults(trace_like)


class _Drawn:
    """A layout as a picture without texts."""

    def __init__(self, sizes, edges, labels):
        plan = placed(sizes, edges, labels)
        self.width, self.height = plan.width, plan.height
        boxes = zip(plan.nodes, sizes, strict=True)
        self.nodes = [(Node(str(i), i, "operation"), _Box(*b)) for i, b in enumerate(boxes)]
        rest = zip(edges, plan.routes, plan.labels, labels, strict=True)
        self.edges = [
            (Edge(str(a), str(b)), points, None if middle is None else _Box(middle, size))
            for (a, b), points, middle, size in rest
        ]


class _Box:
    def __init__(self, middle, size):
        self.middle, self.size = middle, size


@pytest.mark.parametrize("reach", [10, 400])
def test_400_nodes_are_laid_out_soon(reach):
    """benchmarks/drawing.py measures the time: 5 million calls of functions take about 0.6 s."""
    problem = random_picture(400, 1, reach)
    assert function_calls(lambda: placed(*problem)) < 8e6


def test_a_value_that_is_used_often_has_one_way_down():
    """Bends are shared by the edges of one node: there are as many as ranks, not as their sum."""
    n = 100
    edges = [(k, k + 1) for k in range(1, n)] + [(0, k) for k in range(2, n + 1)]
    layers = in_layers(n + 1, edges)
    assert len(layers.rank) <= (n + 1) + len(edges) + 2 * n


def test_ranks_are_tight():
    """A constant stands directly above what reads it, not at the top."""
    layers = in_layers(6, [(0, 1), (1, 2), (2, 3), (4, 3), (5, 3)])
    assert layers.rank[:6] == [0, 2, 4, 6, 4, 4]


@pytest.mark.parametrize("seed", range(20))
def test_edges_are_as_short_as_they_can_be(seed):
    """The shortest length of all edges together is that of the linear programme, whose vertices are
    whole numbers."""
    linprog = pytest.importorskip("scipy.optimize").linprog
    n = 4 + 3 * seed
    edges = random_graph(n, seed, 3 + 2 * (seed % 5))[seed % 3 :]
    rank = ranked(n, edges)
    assert min(rank) == 0
    assert all(rank[b] - rank[a] >= 2 for a, b in edges)
    pull = [0.0] * n
    rows = []
    for a, b in edges:
        pull[b] += 1
        pull[a] -= 1
        rows.append([float(i == a) - float(i == b) for i in range(n)])
    best = linprog(pull, rows, [-2.0] * len(edges)).fun
    assert sum(rank[b] - rank[a] for a, b in edges) == pytest.approx(best)


def test_many_bends_are_laid_out_soon():
    draw = random.Random(3)
    n = 400
    pairs = [tuple(sorted(draw.sample(range(n), 2))) for _ in range(n)]
    edges = [*((k, k + 1) for k in range(n - 1)), *pairs]
    problem = [(40.0, 20.0)] * n, edges, [(50.0, 17.0)] * len(edges)
    assert function_calls(lambda: placed(*problem)) < 12e6


def test_the_picture_does_not_depend_on_the_hash_seed(tmp_path):
    code = (
        "import admodes as ad\n"
        "from admodes.drawing.svg import write\n"
        "f = ad.parse('exp(2*x2) + x1*sin(3*x2**2)', 'x1*x2 + sigmoid(x2)')\n"
        "print(write(ad.trace(f, 2.0, 1.0).graph('both')))"
    )
    texts = [
        subprocess.run(
            [sys.executable, "-c", code],
            env={**os.environ, "PYTHONHASHSEED": seed},
            cwd=Path(ad.__file__).parent.parent,
            capture_output=True,
            check=True,
        ).stdout
        for seed in ("1", "2")
    ]
    assert texts[0] == texts[1]
    assert texts[0].startswith(b"<svg")


def test_a_long_loop_is_drawn_straight_down():
    """A value that each round reads must not push the chain to the side."""

    def newton(a):
        x = a
        for _ in range(40):
            x = x - (x * x - a) / (2 * x)
        return x

    drawn = picture(ad.graph(newton, 2.0, kind="both"))
    assert drawn.width < 1000
    assert not faults(drawn)
