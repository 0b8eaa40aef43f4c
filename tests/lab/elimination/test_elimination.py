"""Orders of elimination: figures derived by hand, the optimum against all orders, the Jacobian that
is left against the engines."""

import itertools
import json
import math
import random

import numpy as np
import pytest

import admodes as ad
from admodes.lab.elimination import orders
from admodes.lab.elimination.result import ORDERS, linearised
from admodes.lab.elimination.vertices import LinearisedGraph
from admodes.problems import PROBLEMS
from admodes.programs.scalars import scalar_program

SCALAR = [p for p in PROBLEMS.values() if not any(map(np.ndim, p.at.values()))]


def diamond(x1, x2):
    a = x1 * x2
    c = ad.sin(a) * ad.cos(a)
    return ad.exp(c), ad.ln(c)


def costs(found):
    data = found.to_dict()
    return [data[order]["multiplications"] for order in ORDERS]


def random_graph(chance, inputs, between, outputs):
    vertices = [f"x{k}" for k in range(inputs)]
    vertices += [f"v{k}" for k in range(between)] + [f"y{k}" for k in range(outputs)]
    sources = vertices[: inputs + between]
    partials = {
        (a, b): chance.uniform(-2, 2)
        for i, a in enumerate(sources)
        for b in vertices[max(i + 1, inputs) :]
        if chance.random() < 0.45
    }
    return LinearisedGraph(partials, vertices[:inputs], vertices[inputs + between :])


def cost_of(graph, order):
    left = graph.copy()
    return sum(left.eliminate(v).multiplications for v in order)


def test_the_diamond_costs_12_in_both_modes_and_8_at_best():
    assert costs(ad.eliminate(diamond, 1.0, 0.5)) == [12, 12, 8, 8]


def test_all_orders_of_section_a_cost_10():
    p = PROBLEMS["cpsc532s"]
    assert costs(ad.eliminate(p.function, *p.at.values())) == [10, 10, 10, 10]


def test_speelpennings_product_in_reverse_costs_two_for_each_product_but_the_first():
    def product(x):
        y = x[0]
        for k in range(1, 16):
            y = y * x[k]
        return y

    found = ad.eliminate(product, list(range(1, 17)))
    assert orders.multiplications(found.reverse) == 2 * 14
    # forward: row k of the product has k + 1 inputs, and one row reads it
    assert orders.multiplications(found.forward) == sum(range(2, 16))


@pytest.mark.parametrize("seed", range(40))
def test_no_order_is_better_than_the_optimum_and_none_below_the_bound(seed):
    chance = random.Random(seed)
    graph = random_graph(chance, chance.randint(1, 3), chance.randint(1, 6), chance.randint(1, 3))
    best = min(cost_of(graph, order) for order in itertools.permutations(graph.between))
    assert orders.multiplications(orders.optimum(graph)) == best
    assert sum(orders.lower_bounds(graph).values()) <= best


@pytest.mark.parametrize("seed", range(10))
def test_what_is_left_is_the_sum_over_all_paths(seed):
    graph = random_graph(random.Random(seed), 3, 9, 2)
    vertices = sorted({v for edge in graph.partials for v in edge})
    at = {v: k for k, v in enumerate(vertices)}
    matrix = np.zeros((len(at), len(at)))
    for (a, b), partial in graph.partials.items():
        matrix[at[b], at[a]] = partial
    paths = np.linalg.inv(np.eye(len(at)) - matrix)
    expected = [
        [paths[at[y], at[x]] if y in at and x in at else 0.0 for x in graph.inputs]
        for y in graph.outputs
    ]
    for order in ORDERS.values():
        left = graph.copy()
        for step in order(graph):
            assert step.multiplications == left.degree(step.vertex)
            left.eliminate(step.vertex)
        np.testing.assert_allclose(left.jacobian(), expected, rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("problem", SCALAR, ids=lambda p: p.name)
def test_the_jacobian_that_is_left_is_that_of_the_engines(problem):
    args = tuple(problem.at.values())
    found = ad.eliminate(problem.function, *args)
    numbers = tuple(range(len(args)))
    jacobian = ad.jacobian(lambda *xs: np.stack(_listed(problem.function(*xs))), numbers)(*args)
    assert np.allclose(np.stack(jacobian, axis=-1), found.jacobian, rtol=1e-10, atol=1e-12)


def _listed(y):
    return list(y) if isinstance(y, tuple | list) else [y]


def test_outputs_that_are_read_or_are_inputs_or_constants_have_edges_of_their_own():
    found = ad.eliminate(lambda x: (x, x * x, ad.sin(x * x), 3.0), 2.0)
    assert found.jacobian == [[1.0], [4.0], [4 * math.cos(4.0)], [0.0]]
    squared = ad.eliminate(lambda x: (lambda s: (s, s, ad.exp(s)))(x * x), 2.0)
    # x → x² → the two outputs and exp
    assert costs(squared) == [3, 3, 3, 3]


def test_a_row_read_twice_has_one_edge_with_the_sum():
    graph = linearised(scalar_program(lambda x: ad.sin(x * x), (3.0,)))
    assert graph.partials[0, 1] == 6.0
    assert len(graph.between) == 1


def test_rows_that_lead_nowhere_cost_nothing():
    def f(x, y):
        ad.exp(ad.sin(y))
        return ad.cos(np.floor(y) * x)

    assert costs(ad.eliminate(f, 1.0, 2.5)) == [1, 1, 1, 1]


def test_a_long_list_has_no_optimum_and_says_why():
    def chain(x):
        for _ in range(80):
            x = ad.sin(x)
        return x

    found = ad.eliminate(chain, 1.0)
    assert found.optimum is None
    assert found.to_dict()["optimum"] == {"multiplications": None, "reason": found.reason}
    assert "64 is the limit" in found.reason
    with pytest.raises(ValueError, match="64 is the limit"):
        found.graph("optimum")


def test_pictures_show_the_edges_that_a_step_changed():
    found = ad.eliminate(diamond, 1.0, 0.5)
    assert len(found.graph("optimum", 0).edges) == 8
    last = found.graph("optimum", -1)
    assert {node.kind for node in last.nodes} == {"input", "output"}
    assert all(edge.lit for edge in last.edges)
    entries = [entry for line in found.jacobian for entry in line]
    assert sorted(edge.partial for edge in last.edges) == sorted(entries)
    assert found.graph("optimum", 1).to_svg().startswith("<svg")
    for step in (-2, 5):
        with pytest.raises(ValueError, match="from 0 to 4"):
            found.graph("optimum", step)
    with pytest.raises(ValueError, match="choose from"):
        found.graph("best")


def test_arrays_and_complex_numbers_are_refused_by_name():
    with pytest.raises(ValueError, match=r"array of shape \(4,\)"):
        ad.eliminate(lambda x: np.sum(np.linalg.inv(x) @ np.ones(2)), np.eye(2))
    with pytest.raises(ValueError, match="complex"):
        ad.eliminate(lambda x: np.real(np.exp(1j * x)), 1.0)


def test_the_command_prints_json_and_pictures(run, tmp_path):
    status, out, _ = run("eliminate", "@cpsc532s", "--format", "json")
    assert status == 0
    data = json.loads(out)
    assert data["schema"] == "admodes.elimination/1"
    assert [data[k]["multiplications"] for k in ORDERS] == [10] * 4
    path = tmp_path / "after.svg"
    status, out, _ = run("eliminate", "@cpsc532s", "--step", "2", "-o", str(path))
    assert status == 0
    assert "<svg" in path.read_text("utf-8")


@pytest.mark.parametrize(
    ("argv", "named"),
    [
        (["@cpsc532s", "--order", "fastest"], "fastest"),
        (["@cpsc532s", "--step", "99", "-o", "x.svg"], "99"),
        (["@nothing"], "nothing"),
        (["@cpsc532s", "-o", "/nowhere/x.svg"], "/nowhere"),
    ],
)
def test_misuse_is_named(run, argv, named):
    status, _, err = run("eliminate", *argv)
    assert status == 2
    assert named in err
