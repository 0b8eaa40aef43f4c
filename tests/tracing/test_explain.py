"""A derivative as the sum over paths: by hand, against all paths walked one by one in exact
fractions, and where partials are zero, infinite or no numbers."""

import json
import math
from fractions import Fraction

import numpy as np
import pytest

import admodes as ad
from admodes.problems import PROBLEMS


def walked(t, of, wrt):
    """All paths from an input to an output of a trace, each with its exact product, by following
    every row back to those that it reads."""
    end = next(y["row"] for y in t.outputs if y["name"] == of)
    start = next(x["row"] for x in t.inputs if x["name"] == wrt)

    def onward(row):
        if row == start:
            return [((row,), Fraction(1))]
        read = {}
        for arg, partial in zip(t.rows[row].args, t.rows[row].partials, strict=False):
            if "row" in arg and partial is not None:
                read[arg["row"]] = read.get(arg["row"], 0) + partial
        return [
            ((*rows, row), product * Fraction(partial))
            for source, partial in read.items()
            for rows, product in onward(source)
        ]

    return onward(end)


def random_function(rng):
    """A function of three numbers, of rows that read any two of the rows before them."""
    choices = [
        (int(rng.integers(5)), int(rng.integers(3 + k)), int(rng.integers(3 + k)))
        for k in range(int(rng.integers(4, 13)))
    ]

    def f(a, b, c):
        rows = [a, b, c]
        for op, i, j in choices:
            x, y = rows[i], rows[j]
            made = (lambda: x * y, lambda: x + y, lambda: ad.sin(x), lambda: x - 0.5 * y)
            rows.append(ad.maximum(x, y) if op == 4 else made[op]())
        return rows[-1], rows[-1] * rows[-2]

    return f


@pytest.mark.parametrize("seed", range(25))
def test_paths_are_those_that_are_there_by_falling_size(seed):
    rng = np.random.default_rng(seed)
    f, point = random_function(rng), [float(x) for x in rng.uniform(0.5, 2.0, 3)]
    t = ad.trace(f, *point, names="abc")
    jacobian = dict(zip([y["name"] for y in t.outputs], t.jacobian["forward"], strict=True))
    for of, line in jacobian.items():
        for wrt, entry in zip("abc", line, strict=True):
            expected = walked(t, of, wrt)
            shown = ad.explain(f, *point, names="abc", of=of, wrt=wrt, most=10**6)
            assert shown.count == len(expected) == len(shown.paths)
            assert {tuple(p["rows"]): p["product"] for p in shown.paths} == {
                rows: float(product) for rows, product in expected
            }
            expected.sort(key=lambda path: (-abs(path[1]), path[0]))
            order = [tuple(path["rows"]) for path in shown.paths if path["product"]]
            assert order == [rows for rows, product in expected if product]
            assert all(path["product"] == 0 for path in shown.paths[len(order) :])
            size = sum(abs(float(product)) for _, product in expected)
            total = sum(product for _, product in expected)
            assert float(total) == pytest.approx(entry, abs=1e-13 * size)
            assert shown.value == pytest.approx(entry, abs=1e-13 * size)
            few = ad.explain(f, *point, names="abc", of=of, wrt=wrt, most=3)
            assert few.paths == shown.paths[:3]
            assert few.count == shown.count


def test_the_lecture_of_oregon_state():
    """One path to x2, two to x1."""

    def f(x1, x2, x3):
        return ad.ln(x1 + ad.sin(x1)) * ad.maximum(x2, x3) * 2

    point = (5.0, -2.0, -5.0)
    direct, through_sine = ad.explain(f, *point, wrt="x1").paths
    assert direct["product"] == pytest.approx(-0.989835, abs=1e-6)
    assert through_sine["product"] == pytest.approx(-0.989835 * math.cos(5.0), abs=1e-6)
    (only,) = ad.explain(f, *point, wrt="x2").paths
    assert only["product"] == pytest.approx(2.793022, abs=1e-6)
    (not_chosen,) = ad.explain(f, *point, wrt="x3").paths
    assert not_chosen["product"] == 0


def test_the_worked_example_of_ubc():
    f, point = PROBLEMS["cpsc532s"].function, PROBLEMS["cpsc532s"].at.values()

    def entry(of, wrt):
        return ad.explain(f, *point, of=of, wrt=wrt, names=["x1", "x2"], outputs=["y1", "y2"])

    entries = {(of, wrt): entry(of, wrt) for of in ("y1", "y2") for wrt in ("x1", "x2")}
    assert [found.count for found in entries.values()] == [1, 2, 1, 2]
    values = [found.value for found in entries.values()]
    assert values == pytest.approx([0.14112, 2.898202, 1.0, 2.196612], abs=1e-6)
    first = entries["y1", "x2"].paths[0]
    assert first["rows"] == [1, 2, 3, 8]
    assert first["product"] == pytest.approx(14.778112, abs=1e-6)
    assert first["symbolic"] == "∂v8/∂v3 ∂v3/∂v2 ∂v2/∂v1"


def power(x):
    """x^64 by six squarings, each of which reads one row twice, and 64 additions of x."""
    for _ in range(6):
        x = x * x
    return x


def test_a_row_that_is_read_twice_is_one_link():
    found = ad.explain(power, 1.5)
    assert found.count == 1
    assert found.paths[0]["product"] == pytest.approx(64 * 1.5**63, rel=1e-14)
    assert "∂v1/∂v0 = v0 + v0" in str(found)


def zigzag(x, n):
    for _ in range(n):
        x = ad.sin(x) + 0.5 * x
    return x


def test_more_paths_than_could_be_walked_are_counted_exactly():
    found = ad.explain(lambda x: zigzag(x, 200), 0.3, most=5)
    assert found.count == 2**200
    assert str(2**200) in str(found)
    sizes = [abs(path["product"]) for path in found.paths]
    assert len(sizes) == 5
    assert sizes == sorted(sizes, reverse=True)
    # The largest takes the larger partial at every turn.
    x, largest = 0.3, 1.0
    for _ in range(200):
        largest *= max(abs(math.cos(x)), 0.5)
        x = math.sin(x) + 0.5 * x
    assert sizes[0] == pytest.approx(largest, rel=1e-12)
    assert "no other product is larger" in found.notes[-1]


def test_long_paths_are_listed_by_the_few():
    found = ad.explain(lambda x: zigzag(x, 1000), 0.3)
    assert found.count == 2**1000
    assert len(found.paths) == 50_000 // 3001
    assert f"the {len(found.paths)} of" in found.notes[-1]


def test_equal_products_come_in_the_order_of_rows():
    def f(x):
        for _ in range(40):
            x = (x + 0.0) + (x * 1.0)
        return x

    found = ad.explain(f, 1.0, most=7)
    rows = [path["rows"] for path in found.paths]
    assert rows == sorted(rows)
    assert {path["product"] for path in found.paths} == {1.0}
    assert found.paths == ad.explain(f, 1.0, most=20).paths[:7]


def test_products_beyond_the_range_of_floats_keep_their_order():
    def f(x):
        big = 1e300 * (1e300 * x)
        small = 1e-300 * (1e-300 * (1e-300 * x))
        return 1e-300 * (1e-300 * big) + 1e300 * (1e300 * (1e300 * small)) * 0.5

    found = ad.explain(f, 1.0)
    assert [path["product"] for path in found.paths] == pytest.approx([1.0, 0.5])


@pytest.mark.parametrize(
    ("f", "x", "products", "value"),
    [
        (lambda x: ad.sqrt(x) * 0.0 + x, 0.0, [1.0, 0.0], 1.0),
        (lambda x: ad.sqrt(x) + x, 0.0, [math.inf, 1.0], math.inf),
        (lambda x: 3.0 * x - ad.sqrt(x) * 2.0, 0.0, [-math.inf, 3.0], -math.inf),
        (lambda x: ad.sqrt(x) - ad.sqrt(2.0 * x), 0.0, [math.inf, -math.inf], math.nan),
        (lambda x: x + ad.sqrt(x) + ad.ln(x - 2.0) * math.inf, 1.0, None, None),
    ],
)
def test_zeros_infinities_and_what_is_no_number(f, x, products, value):
    found = ad.explain(f, x)
    json.loads(found.to_json())
    shown = [path["product"] for path in found.paths]
    if products is None:
        assert not math.isfinite(shown[0])
        assert math.isfinite(shown[-1])
    else:
        assert shown == products
        assert found.value == pytest.approx(value, nan_ok=True)


def test_a_sum_that_a_sweep_takes_in_another_order_is_told():
    """(x - x) times an infinite partial: 0 in a sweep, ∞ - ∞ over the paths."""

    def f(x):
        root = ad.sqrt(x)
        return (root + 1.0) - (root + 2.0)

    found = ad.explain(f, 0.0)
    assert found.value == 0.0
    assert "the products add up to nan" in found.notes[-1]


def test_a_sweep_that_is_nan_where_the_products_are_not_is_no_equation():
    found = ad.explain(lambda x: ad.sqrt(x * x), 0.0)
    assert "= nan" not in str(found)
    assert "add up to 0, and a reverse sweep gives nan" in " ".join(str(found).split())


def test_an_output_that_does_not_depend_on_an_input_has_no_path():
    found = ad.explain(lambda x, y: (x * 2.0, 3.0), 1.0, 2.0, of="f1", wrt="y")
    assert (found.value, found.count, found.paths) == (0.0, 0, [])
    assert "no path" in str(found)
    constant = ad.explain(lambda x, y: (x * 2.0, 3.0), 1.0, 2.0, of="f2", wrt="y")
    assert (constant.value, constant.count) == (0.0, 0)
    assert "f2 is the constant 3" in str(constant)


def test_an_output_that_is_an_input_is_the_empty_product():
    found = ad.explain(lambda x, y: (x, y * x), 4.0, 2.0, of="f1", wrt="x")
    assert [(p["rows"], p["product"], p["symbolic"]) for p in found.paths] == [([0], 1.0, "1")]


def test_rows_are_those_of_the_trace():
    for name in ("cpsc532s", "osu-eq4", "rosenbrock", "osu-loop"):
        problem = PROBLEMS[name]
        args = [np.array(x) if np.ndim(x) else x for x in problem.at.values()]
        t = ad.trace(problem.function, *args, rows="scalar")
        wrt, of = t.inputs[0]["name"], t.outputs[0]["name"]
        found = ad.explain(problem.function, *args, of=of, wrt=wrt)
        assert [row.name for row in found.trace.rows] == [row.name for row in t.rows]
        assert found.value == t.jacobian["reverse"][0][0]


def test_what_cannot_be_explained_is_refused():
    def f(x, y):
        return x * y, x + y

    refused = [
        (lambda: ad.explain(f, 1.0, 2.0, of="z", wrt="x"), r"of 'z' is no output; .* f1, f2"),
        (lambda: ad.explain(f, 1.0, 2.0, of="f1", wrt="q"), r"wrt 'q' is no input; .* x, y"),
        (lambda: ad.explain(f, 1.0, 2.0, wrt="x"), r"several outputs, f1, f2: .* of='f1'"),
        (lambda: ad.explain(lambda: 1.0), "no input"),
        (lambda: ad.explain(power, 1.5, most=0), "most=0"),
        (lambda: ad.explain(np.sum, np.ones(3000), wrt="x1"), "3000 inputs are too many"),
        (lambda: ad.explain(lambda x: np.sum(np.sin(x)), np.ones(3), wrt="x1"), r"shape \(3,\)"),
        (lambda: ad.explain(lambda x: abs(1j * x), 2.0), "a complex number"),
    ]
    for call, words in refused:
        with pytest.raises(ValueError, match=words):
            call()


def test_the_paths_stand_out_on_the_graph():
    f, point = PROBLEMS["cpsc532s"].function, PROBLEMS["cpsc532s"].at.values()
    found = ad.explain(f, *point, of="y1", wrt="x2")
    for kind in ("linearised", "computation", "both", "backpropagation"):
        graph = found.graph(kind)
        rows = {node.id: node.row for node in graph.nodes}
        assert {node.row for node in graph.nodes if node.lit} == {1, 2, 3, 4, 5, 6, 7, 8}
        lit = {frozenset((rows[e.source], rows[e.target])) for e in graph.edges if e.lit}
        steps = [(1, 2), (2, 3), (3, 8), (1, 4), (4, 5), (5, 6), (6, 7), (7, 8)]
        assert lit == set(map(frozenset, steps))
        assert graph.to_svg().count('data-lit="true"') == 16
        marks = {"dot": "penwidth=2.4", "tikz": ", lit]", "mermaid": "linkStyle"}
        assert all(mark in graph.written(format) for format, mark in marks.items())
        assert graph.written("dot").count("penwidth=2.4") == 16
    bipartite = found.graph("bipartite")
    operations = {node.row for node in bipartite.nodes if node.lit and node.kind == "operation"}
    assert operations == {2, 3, 4, 5, 6, 7, 8}
    assert sum(edge.lit for edge in bipartite.edges) == len(steps) + len(operations)


def test_paths_stand_out_through_groups():
    found = ad.explain(lambda x: zigzag(x, 300), 0.3, most=1)
    graph = found.graph()
    groups = [node for node in graph.nodes if node.kind == "group"]
    assert groups
    assert all(node.lit for node in groups)
    ways = {edge.source: edge.target for edge in graph.edges if edge.lit}
    node = "r0"
    while node in ways:
        node = ways[node]
    assert node == f"r{found.paths[0]['rows'][-1]}"


class TestCommand:
    def test_json_and_text_have_the_value(self, run):
        status, out, _ = run("explain", "@cpsc532s", "--of", "y1", "--wrt", "x2", "-f", "json")
        assert status == 0
        data = json.loads(out)
        assert data["schema"] == "admodes.explain/1"
        assert (data["of"], data["wrt"], data["count"]) == ("y1", "x2", 2)
        assert sum(path["product"] for path in data["paths"]) == pytest.approx(data["value"])
        _, text, _ = run("explain", "@cpsc532s", "--of", "y1", "--wrt", "x2")
        assert "2.898202" in text

    def test_an_unknown_name_is_named(self, run):
        status, out, err = run("explain", "@cpsc532s", "--of", "y1", "--wrt", "nosuch")
        assert (status, out) == (2, "")
        assert "'nosuch'" in err
        assert run("explain", "x*y", "--at", "x=1,y=2", "--of", "w", "--wrt", "x")[0] == 2

    def test_the_picture_has_the_paths_on_it(self, run, tmp_path):
        path = tmp_path / "paths.svg"
        argv = ("explain", "@cpsc532s", "--of", "y1", "--wrt", "x2", "-o")
        assert run(*argv, str(path)) == (0, "", "")
        assert 'data-lit="true"' in path.read_text("utf-8")
        status, out, err = run(*argv, str(tmp_path / "nowhere" / "paths.svg"))
        assert (status, out) == (2, "")
        assert "cannot write" in err

    def test_only_so_many_paths_are_listed(self, run):
        expression = "a = x + sin(x); b = a + sin(a); b + sin(b)"
        _, out, _ = run("explain", expression, "--at", "x=1", "--most", "3", "--format", "json")
        data = json.loads(out)
        assert (data["count"], len(data["paths"])) == (8, 3)
