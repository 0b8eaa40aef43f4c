"""Long lists are drawn with groups in place of calls, rounds of loops, and what they repeat."""

import functools
import re
import weakref

import numpy as np
import pytest
from geometry import faults

import admodes as ad
from admodes.cli import main
from admodes.core.record import record
from admodes.drawing.collapse import Rows, collapsed
from admodes.drawing.labels import Labels
from admodes.drawing.pictures import picture
from admodes.views.dialects import Text

KINDS = ("computation", "both", "backpropagation", "bipartite", "linearised")


def newton(a, rounds=100):
    x = a
    for _ in range(rounds):
        x = x - (x * x - a) / (2 * x)
    return x


def network(x):
    h = list(x)
    for _ in range(4):
        h = [ad.tanh(sum(h[j] * (0.1 * (j + i + 1)) for j in range(10))) for i in range(10)]
    return h[0] * h[1]


def squares(x):
    return sum(x[i] * x[i] for i in range(len(x)))


def layer(W, h):
    z = W @ h
    return np.tanh(z)


def model(W1, W2, x):
    return layer(W2, layer(W1, x))


def loss(W1, W2, x):
    r = model(W1, W2, x) - x
    return np.sum(r**2)


POINT = (np.full((3, 2), 0.1), np.full((2, 3), 0.2), np.array([1.0, 2.0]))


def steep(x, n):
    return x if n == 0 else x * steep(x + 1.0, n - 1)


def groups_of(graph):
    return [(n.title, n.ends, n.says) for n in graph.nodes if n.kind == "group"]


def names_of(graph):
    return [n.title for n in graph.nodes if n.kind == "group"]


@pytest.mark.parametrize(
    ("f", "x"), [(newton, 2.0), (network, np.arange(10.0)), (squares, np.arange(900.0))]
)
@pytest.mark.parametrize("kind", KINDS)
def test_every_row_is_in_one_node(f, x, kind):
    graph = ad.graph(f, x, kind=kind, rows="scalar")
    assert len(graph.nodes) <= 150
    rows = [row for n in graph.nodes if n.id[0] in "rg" for row in n.covered]
    assert rows == list(range(len(rows)))
    assert f is not newton or len(rows) == len(ad.record(f, x).steps)
    ids = [n.id for n in graph.nodes]
    assert {i for e in graph.edges for i in (e.source, e.target)} <= {*ids}
    order = {name: k for k, name in enumerate(ids)}
    back = kind == "backpropagation"
    assert all((order[e.source] < order[e.target]) != back for e in graph.edges)
    assert not faults(picture(graph))


def test_a_function_that_is_called_twice_gives_two_groups():
    graph = ad.graph(loss, *POINT, collapse="function")
    assert groups_of(graph) == [("model", ["v3", "v6"], "4 rows: layer, layer")]
    graph = ad.graph(loss, *POINT, collapse="function", opened="model")
    assert groups_of(graph) == [
        ("layer", ["v3", "v4"], "2 rows: matmul, tanh"),
        ("layer (2)", ["v5", "v6"], "2 rows: matmul, tanh"),
    ]
    assert [(e.source, e.target) for e in graph.edges if "g" in e.source + e.target] == [
        ("g5", "r7"),
        ("r0", "g3"),
        ("r2", "g3"),
        ("r1", "g5"),
        ("g3", "g5"),
    ]
    for opened in ("layer", "g3", "v4"):
        graph = ad.graph(loss, *POINT, collapse="function", opened=["model", opened])
        assert names_of(graph) == ["layer (2)"]


def test_what_is_all_that_a_function_does_is_open():
    assert names_of(ad.graph(model, *POINT, collapse="function")) == ["layer"]
    assert names_of(ad.graph(loss, *POINT, collapse="none")) == []
    assert names_of(ad.graph(loss, *POINT)) == []


@pytest.mark.parametrize("rounds", [10, 300, 3000])
def test_many_rounds_are_drawn_as_four_parts(rounds):
    graph = ad.graph(lambda a: newton(a, rounds), 2.0, collapse="loop")
    n, middle = rounds - 3, 5 * (rounds - 3)
    alike = "(multiply, subtract, multiply, …)"
    assert groups_of(graph) == [
        ("round 1", ["v1", "v5"], "5 rows: multiply, subtract, multiply, …"),
        ("round 2", ["v6", "v10"], "5 rows: multiply, subtract, multiply, …"),
        (
            f"rounds 3 … {rounds - 1}",
            ["v11", f"v{middle + 10}"],
            f"{n} rounds, {middle} rows: {n} × {alike}",
        ),
        (
            f"round {rounds}",
            [f"v{middle + 11}", f"v{5 * rounds - 1}"],
            "4 rows: multiply, subtract, multiply, …",
        ),
    ]
    into = [e.source for e in graph.edges if e.target == f"g{11}"]
    assert into == ["g6", "r0"]


def test_of_a_long_loop_the_outer_rounds_are_open():
    graph = ad.graph(newton, 2.0)
    assert names_of(graph) == ["rounds 3 … 99"]
    assert [n.row for n in graph.nodes if n.row is not None] == [*range(11), *range(496, 501)]
    for opened in ("round 50", "v247"):
        graph = ad.graph(newton, 2.0, opened=opened)
        assert names_of(graph) == ["rounds 3 … 49", "rounds 51 … 99"]
    graph = ad.graph(newton, 2.0, collapse="loop", opened="rounds 3 … 99")
    assert len(names_of(graph)) == 100


def test_neurons_are_rounds_of_a_comprehension():
    graph = ad.graph(network, np.arange(10.0), rows="scalar", kind="both")
    assert names_of(graph) == ["round 1", "round 2", "rounds 3 … 9", "round 10"] * 4
    assert {n.says for n in graph.nodes if n.name == "round 1"} == {
        "21 rows: multiply, add, multiply, …"
    }
    opened = ad.graph(network, np.arange(10.0), rows="scalar", opened="v240")
    assert names_of(opened)[4:7] == ["round 2", "rounds 3 … 9", "round 10"]


def test_entries_of_an_array_are_one():
    graph = ad.graph(squares, np.arange(900.0), collapse="array", rows="scalar")
    assert groups_of(graph)[0] == ("x1 … x900", ["x1", "x900"], "900 rows: 900 × (input)")


def test_edges_of_groups_have_no_partials():
    graph = ad.graph(newton, 2.0, kind="linearised")
    inside = {n.id for n in graph.nodes if n.kind == "group"}
    labels = Labels(graph, Text(6))
    assert {len(labels.edge(e)) for e in graph.edges if e.target in inside} == {0}
    assert {len(labels.edge(e)) for e in graph.edges if e.target not in inside} == {1}


def test_recursion_is_calls_in_calls():
    graph = ad.graph(lambda x: steep(x, 3), 2.0, collapse="function", opened="steep (2)")
    assert groups_of(graph) == [("steep (3)", ["v3", "v4"], "2 rows: add, multiply")]
    deep = ad.graph(lambda x: steep(x, 300), 1e-3)
    assert len(names_of(deep)) == 1
    assert 50 < len(deep.nodes) < 100


def test_names_of_calls():
    class Scale:
        def __init__(self, w):
            self.w = w

        def __call__(self, x):
            return ad.sin(x) * self.w

        def back(self, x):
            return ad.cos(x) / self.w

    def f(x, y):
        scale = Scale(2.0)
        return functools.reduce(lambda a, b: a * b + 1.0, [scale(x), scale.back(y), scale(y), x])

    graph = ad.graph(f, 1.0, 2.0, collapse="function")
    line = Scale.back.__code__.co_firstlineno + 5
    assert names_of(graph) == [
        *("Scale", "Scale.back", "Scale (2)"),
        *(f"lambda, line {line}", f"lambda, line {line} (2)"),
    ]


def test_rounds_by_their_variables():
    """The rounds of an outer loop, rounds with branches, and loops that have no variable."""

    def f(x, y):
        for i in range(2):
            for _ in range(3):
                x = x * y
            if i:
                x = x + y
        while ad.value(x) < 1e4:
            x = x + 3.0 * x
        return x - y

    origins = record(f, 2.0, 1.5, located=True).origins
    paths = []
    for place in origins.rows[2:]:
        path = []
        while place >= 0:
            place, kind, name, number = origins.parts[place]
            path.append(number if kind == "round" else name)
        paths.append(path[::-1])
    outer = ["f", "loop over i"]
    rounds = [[*outer, i, "loop", k] for i in (1, 2) for k in (1, 2, 3)]
    assert paths[:7] == [*rounds, [*outer, 2]]
    assert paths[7:-1] == [["f", "loop", k] for k in range(1, 6) for _ in "*+"]
    assert paths[-1] == ["f"]


def test_origins_are_noted_where_they_are_asked_for():
    assert record(newton, 2.0).origins is None
    assert ad.record(newton, 2.0).origins is None
    repeated = ad.trace(newton, 2.0).graph(opened="round 50")
    assert names_of(repeated) == ["rounds 3 … 49", "rounds 51 … 98"]
    with pytest.raises(ValueError, match=r"do not tell where .* collapse='array'"):
        ad.trace(newton, 2.0).graph(collapse="function")
    origins = record(loss, *POINT, located=True).origins
    assert [part.name for part in origins.parts] == ["loss", "model", "layer", "layer"]
    assert origins.rows == [-1, -1, -1, 2, 2, 3, 3, 0, 0, 0]


def test_rows_by_number_are_from_where_their_rows_by_array_are():
    graph = ad.graph(loss, *POINT, collapse="function", rows="scalar")
    assert names_of(graph) == ["model"]


def test_noting_origins_keeps_nothing_that_a_frame_refers_to():
    class Local:
        pass

    kept = []

    def helper(x):
        local = Local()
        kept.append(weakref.ref(local))
        return x * x

    def f(x):
        y = helper(x)
        kept.append(kept[0]())
        return y + x

    record(f, 2.0, located=True)
    assert kept[1] is None


def rows(texts, ends=()):
    return Rows(texts, [-1] * len(texts), [], frozenset(ends))


def test_loops_in_loops():
    body = [*["sin", "add"] * 20, "exp"]
    texts = ["input", *body * 90, "log"]
    units = collapsed(rows(texts))
    inner = "17 rounds, 34 rows: 17 × (sin, add)"
    assert [f"{u.size}: {u.content}" for u in units if u.is_group] == [
        *(inner, inner, "87 rounds, 3567 rows: 87 × (loop, exp)", inner)
    ]
    covered = [row for u in units for row in range(u.first, u.last + 1)]
    assert covered == list(range(len(texts)))


def test_lists_without_repetition_stay():
    assert len(collapsed(rows(["a", "a", "a", "a"]))) == 4
    texts = [str(k) for k in range(200)]
    assert [u.text for u in collapsed(rows(texts))] == texts


def test_what_there_is_not_is_refused():
    with pytest.raises(ValueError, match="collapse 'calls': choose from function, loop, array"):
        ad.graph(loss, *POINT, collapse="calls")
    with pytest.raises(ValueError, match=r"open 'layers': no such group; choose from model"):
        ad.graph(loss, *POINT, collapse="function", opened="layers")
    with pytest.raises(ValueError, match="without groups; leave one"):
        ad.graph(loss, *POINT, collapse="function", around="v4")
    with pytest.raises(ValueError, match=r"501 nodes .* --around .* --collapse .*--open"):
        ad.graph(newton, 2.0, collapse="none", kind="linearised")


def test_the_command_draws_groups(capsys, tmp_path):
    source = tmp_path / "mine.py"
    source.write_text(
        "import numpy as np\n"
        "def layer(W, h): return np.tanh(W @ h)\n"
        "def loss(W, x): return np.sum(layer(W, layer(W, x)))\n"
    )
    at = "W=[[1, 2], [3, 4]],x=[1, 2]"
    with pytest.raises(SystemExit):
        main(["graph", f"{source}:loss", "--at", at, "--collapse", "function", "--open", "layer"])
    text = capsys.readouterr().out
    assert re.search(r"layer \(2\): v4 … v5 +2 rows", text)
    assert "layer: " not in text
    with pytest.raises(SystemExit) as status:
        main(["graph", f"{source}:loss", "--at", at, "--open", "\x1b[31mx"])
    assert status.value.code == 2
    assert "\x1b" not in capsys.readouterr().err
