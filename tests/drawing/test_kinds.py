"""Nodes and edges of each kind are those of the rows of a trace."""

import numpy as np
import pytest

import admodes as ad
from admodes.cli.running import target_of
from admodes.drawing.kinds import KINDS
from admodes.drawing.labels import Labels
from admodes.problems import PROBLEMS
from admodes.views.dialects import Latex, Text


def trace_of(problem):
    target = target_of([f"@{problem}"], None)
    return ad.trace(target.function, *target.args)


def edges_of(trace):
    return sorted((a["row"], row.row) for row in trace.rows for a in row.args if "row" in a)


def ends(graph, kinds=("input", "operation", "output", "variable")):
    rows = {n.id: n.row for n in graph.nodes if n.kind in kinds}
    pairs = ((e.source, e.target) for e in graph.edges)
    return sorted((rows[a], rows[b]) for a, b in pairs if a in rows and b in rows)


@pytest.mark.parametrize("problem", sorted(PROBLEMS))
def test_every_row_is_a_node_and_every_argument_an_edge(problem):
    trace = trace_of(problem)
    rows = [row.row for row in trace.rows]
    for kind in KINDS:
        graph = trace.graph(kind)
        assert graph.kind == kind
        ids = [n.id for n in graph.nodes]
        assert len(set(ids)) == len(ids)
        assert {i for e in graph.edges for i in (e.source, e.target)} <= set(ids)
        drawn = [n for n in graph.nodes if n.kind in ("input", "output", "variable")]
        if kind != "bipartite":
            drawn = [n for n in graph.nodes if n.row is not None]
        assert [n.row for n in drawn if n.row is not None] == rows
        assert all(e["from"] in ids for e in graph.to_dict()["edges"])
    assert ends(trace.graph("computation")) == ends(trace.graph("both")) == edges_of(trace)
    assert ends(trace.graph("backpropagation")) == sorted((b, a) for a, b in edges_of(trace))
    assert ends(trace.graph("linearised")) == sorted(set(edges_of(trace)))
    bipartite = trace.graph("bipartite")
    kinds = {n.id: n.kind == "operation" for n in bipartite.nodes}
    assert all(kinds[e.source] != kinds[e.target] for e in bipartite.edges)
    assert sum(kinds.values()) == sum(row.op != "input" for row in trace.rows)


def test_the_graph_of_the_course():
    trace = ad.trace(ad.parse("exp(2*x2) + x1*sin(3*x2**2)", "x1*x2 + sigmoid(x2)"), 2.0, 1.0)
    assert len(trace.graph("linearised").edges) == 14
    both = trace.graph("both")
    constants = [n for n in both.nodes if n.kind == "constant"]
    assert sorted(n.value for n in constants) == [2, 3]
    write = Text(6)
    lines = {n.id: [line.text for line in Labels(both, write).node(n)] for n in both.nodes}
    assert lines["r1"] == ["v1 = x2", "1", "∂y1/∂v1 = 2.898202", "∂y2/∂v1 = 2.196612"]
    assert lines["r8"][:2] == ["y1 = v8 = v3 + v7", "7.671296"]
    one = trace.graph("backpropagation", of="y1")
    assert [x.text for x in Labels(one, write).node(one.nodes[5])][2] == "v̄5 = -1.979985"
    flow = {(e.source, e.target): e.adjoints["y1"] for e in one.edges}
    assert flow["r4", "r1"] == pytest.approx(-11.879909959)
    assert Labels(both, Latex(6)).node(both.nodes[0])[0].text == "v_{0} = x_{1}"


@pytest.mark.parametrize("problem", sorted(PROBLEMS))
def test_contributions_add_up_to_the_adjoint(problem):
    graph = trace_of(problem).graph("backpropagation")
    for node in graph.nodes:
        for y, adjoint in node.adjoints.items():
            terms = [e.adjoints[y] for e in graph.edges if e.target == node.id]
            if terms and node.kind != "output":
                total = sum(np.asarray(t, float) for t in terms)
                np.testing.assert_allclose(total, np.asarray(adjoint, float), rtol=1e-12)


@pytest.mark.parametrize("problem", sorted(PROBLEMS))
def test_the_gradient_graph_has_the_figures_of_the_trace(problem):
    trace = trace_of(problem)
    graph = trace.graph("gradient")
    nodes = {n.id: n for n in graph.nodes}
    computed = {n.name: n.value for n in graph.nodes if n.kind == "gradient"}
    computed |= {
        Text().bar(name): n.value for n in graph.nodes for name in n.adjoint_of if n.adjoint_of
    }
    reference = trace.graph("both")
    outputs = [n.name for n in reference.nodes if n.kind == "output"]
    for node in reference.nodes:
        if node.kind == "input":
            name = node.ends[0] if node.ends else node.name
            for y, adjoint in node.adjoints.items():
                label = Text().bar(name if len(node.adjoints) == 1 else f"{name}_{y}")
                np.testing.assert_allclose(
                    np.asarray(computed[label], float), np.asarray(adjoint, float), rtol=1e-12
                )
    assert outputs
    # What a gradient node reads was computed before it.
    order = list(nodes)
    assert all(order.index(e.source) < order.index(e.target) for e in graph.edges)


def test_a_gradient_node_is_named_after_the_row_whose_adjoint_it_is():
    graph = ad.trace(lambda x, y: x * (x + y) ** 2, 2.0, 1.0).graph("gradient")
    write = Text(6)
    lines = [Labels(graph, write).node(n)[0].text for n in graph.nodes if n.kind == "gradient"]
    assert lines == [
        *(
            "v̄4",
            "v6 = v3 v̄4",
            "v̄3 = v0 v̄4",
            "v8 = 2 v2",
            "v̄2 = y\u0304 = v8 v̄3",
            "x\u0304 = v6 + v\u03042",
        )
    ]
    assert all(n.row is None for n in graph.nodes if n.kind == "gradient")


def test_contributions_of_complex_values_add_up_to_the_adjoint():
    """Adjoints of complex values are the conjugates of what sweeps carry."""

    def f(x, y):
        return np.real(ad.exp((x + 1j * y) ** 2))

    graph = ad.graph(f, 0.3, 0.7, kind="backpropagation")
    read = {e.target for e in graph.edges}
    pairs = [
        (sum(as_complex(e.adjoints["f"]) for e in graph.edges if e.target == n.id), n)
        for n in graph.nodes
        if n.id in read
    ]
    assert any(isinstance(n.adjoints["f"], str) for _, n in pairs)
    for total, node in pairs:
        assert total == pytest.approx(as_complex(node.adjoints["f"]), rel=1e-12)


def as_complex(x):
    return complex(x.replace(" ", "").replace("i", "j")) if isinstance(x, str) else x


def test_an_argument_that_is_not_chosen_has_a_contribution_of_zero():
    graph = ad.graph(ad.maximum, 2.0, 3.0, kind="backpropagation")
    assert [(e.target, e.adjoints) for e in graph.edges] == [("r0", {"y": 0.0}), ("r1", {"y": 1.0})]


def test_rows_of_a_sweep_have_names_that_no_input_has():
    def f(x, y):
        return x * (x + y) ** 2

    assert {"v6", "v8"} <= {n.name for n in ad.graph(f, 2.0, 1.0, kind="gradient").nodes}
    graph = ad.graph(f, 2.0, 1.0, kind="gradient", names=["v6", "v8"])
    names = [n.name for n in graph.nodes if n.kind == "gradient" and not n.adjoint_of]
    assert len(names) == 2
    assert not {"v6", "v8"} & {*names}


def test_an_input_that_nothing_depends_on_has_a_gradient_of_zero():
    trace = ad.trace(lambda x, y: (x * x, 2.0 * y), 3.0, 1.0)
    nodes = {n.adjoint_of[0]: n for n in trace.graph("gradient").nodes if n.adjoint_of}
    assert (nodes["x_f2"].value, nodes["y_f1"].value) == (0.0, 0.0)
    assert (nodes["x_f1"].value, nodes["y_f2"].value) == (6.0, 2.0)


def test_two_edges_from_one_row_are_summed_where_the_graph_is_linearised():
    trace = ad.trace(lambda x: x * x, 3.0)
    assert len(trace.graph().edges) == 2
    (edge,) = trace.graph("linearised").edges
    assert edge.partial == 6.0
    assert edge.adjoints == {"y": 6.0}


def test_outputs_that_are_numbers_are_nodes():
    graph = ad.trace(lambda x: (x * 2, 3.0), 3.0).graph("both")
    (loose,) = [n for n in graph.nodes if n.row is None and n.kind == "output"]
    assert (loose.name, loose.value) == ("y2", 3.0)


def test_rows_have_the_names_of_a_preset(tmp_path, run):
    def f(x, y):
        return ad.sin(x * y) + x

    names = {
        preset: [node.name for node in ad.graph(f, 2.0, 3.0, preset=preset).nodes]
        for preset in ("ubc", "griewank", "osu")
    }
    assert names["ubc"] == ["v0", "v1", "v2", "v3", "v4"]
    assert names["griewank"] == ["v-1", "v0", "v1", "v2", "v3"]
    assert names["osu"] == ["x", "y", "a", "b", "c"]
    numbered = ad.graph(f, 2.0, 3.0, preset="griewank", numbering="zero")
    assert [node.name for node in numbered.nodes] == names["ubc"]
    path = tmp_path / "mine.toml"
    path.write_text('letter = "u"', encoding="utf-8")
    _, out, _ = run("graph", "@cpsc532s", "--preset", str(path))
    assert "u11 = u9 + u10" in out
    status, _, said = run("graph", "@bu-batched", "--preset", "osu", "--rows", "array")
    assert status == 2
    assert "--rows scalar" in said
    status, _, said = run("graph", "@cpsc532s", "--preset", "nobody")
    assert status == 2
    assert "griewank" in said


def test_unknown_words_are_refused():
    trace = ad.trace(lambda x: x * x, 3.0)
    with pytest.raises(ValueError, match="kind 'tree': choose from computation"):
        trace.graph("tree")
    with pytest.raises(ValueError, match="no output z: choose from y"):
        trace.graph(of=["z"])


def test_long_names_are_cut_on_nodes_alone():
    graph = ad.trace(lambda x: x * x, 3.0, outputs=["z" * 40]).graph("computation")
    (node,) = [n for n in graph.nodes if n.kind == "output"]
    assert Labels(graph, Text(6)).node(node)[0].text == f"{'z' * 24}… = v1 = v0 v0"
    assert node.ends == ["z" * 40]


def test_adjoints_are_those_of_the_weights_and_of_each_output_apart():
    trace = ad.trace(lambda x, y: (x * y, x + y), 2.0, 3.0, weights={"f1": 2.0, "f2": -1.0})
    of_x = trace.graph("both").nodes[0].adjoints
    assert of_x == {"f1": 3.0, "f2": 1.0, "seed": 2.0 * 3.0 - 1.0}

    def f(a, b):
        return np.sum(a * b), np.sum(a)

    trace = ad.trace(f, np.ones(2), np.array([3.0, 4.0]), weights={"y1": 2.0, "y2": 5.0})
    nodes = {node["name"]: node["adjoints"] for node in trace.graph("both").to_dict()["nodes"]}
    assert nodes["a"] == {"y1": [6.0, 8.0], "y2": [5.0, 5.0]}
    assert nodes["b"] == {"y1": [2.0, 2.0], "y2": [0.0, 0.0]}
