"""Pages of arrays: a forward sweep for each input, a reverse sweep for each output, and the user's
own; by the command too."""

import json
import re

import numpy as np
import pytest

import admodes as ad
from admodes.errors import BadValue
from admodes.explorer.data import page_data

W, X, B = np.array([[1.0, -2.0], [0.5, 3.0]]), np.array([0.3, 0.7]), 2.0


def two(W, x, b):
    z = W @ x
    return np.tanh(z) * b, np.sum(z * x)


def sweeps_of(**directions):
    return page_data(ad.trace(two, W, X, B, **directions))["sweeps"]


def unit(x):
    made = np.zeros(np.shape(x))
    made.flat[0] = 1.0
    return made if made.shape else 1.0


def test_forward_sweeps_go_along_the_first_entry_of_each_input():
    forward = sweeps_of()["forward"]
    assert [sweep["direction"] for sweep in forward] == ["W", "x", "b"]
    assert forward[0]["seed"].startswith("W\u0307 is 1 at [0, 0] and 0 elsewhere")
    assert "4 such sweeps" in forward[0]["seed"]
    assert forward[2]["seed"] == "b\u0307 is 1"
    rows = ad.trace(two, W, X, B).outputs
    for k, sweep in enumerate(forward):
        tangents = [unit(x) if i == k else np.zeros(np.shape(x)) for i, x in enumerate((W, X, B))]
        _, expected = ad.jvp(two, (W, X, B), tuple(tangents))
        for y, tangent in zip(rows, expected, strict=True):
            np.testing.assert_allclose(sweep["derivatives"][y["row"]], tangent, rtol=1e-14)


def test_reverse_sweeps_are_of_one_output_each():
    reverse = sweeps_of()["reverse"]
    assert [sweep["seed"] for sweep in reverse] == ["y\u03041 is 1 everywhere", ""]
    _, pullback = ad.vjp(two, W, X, B)
    for k, sweep in enumerate(reverse):
        expected = pullback((np.ones(2) * (k == 0), float(k == 1)))
        for row, bar in enumerate(expected):
            np.testing.assert_allclose(sweep["derivatives"][row], bar, rtol=1e-14, atol=1e-15)


def test_equations_of_tangents_have_the_tangents_of_all_inputs():
    data = page_data(ad.trace(two, W, X, B))
    forward, reverse = data["sweeps"]["forward"], data["sweeps"]["reverse"]
    assert {sweep["equations"] for sweep in forward} == {0}
    assert {sweep["equations"] for sweep in reverse} == {1}
    assert len(data["equations"]) == 2
    texts = [equation.get("text") for equation in data["equations"][0]]
    assert texts[:4] == [None, None, None, "W\u0307 x + W x\u0307"]


def test_the_users_directions_are_sweeps_of_their_own():
    found = sweeps_of(seeds={"x": [1.0, -1.0]}, weights={"y2": 3.0})
    own = found["forward"][-1]
    assert (own["direction"], own["seed"]) == ("seed", "x\u0307 = [1, -1]")
    assert own["derivatives"][3] == pytest.approx(list(W @ [1.0, -1.0]))
    back = found["reverse"][-1]
    assert (len(found["reverse"]), back["direction"]) == (3, "seed")
    single = found["reverse"][1]["derivatives"][1]
    assert back["derivatives"][1] == pytest.approx([3 * v for v in single])


def test_names_shapes_and_an_input_called_seed_are_refused():
    with pytest.raises(BadValue, match=r"weights: y1 has shape \(2,\), its weight \(3,\)"):
        ad.explore(two, W, X, B, weights={"y1": [1.0, 2.0, 3.0]})
    with pytest.raises(BadValue, match=r"seeds: x has shape \(2,\)"):
        ad.explore(two, W, X, B, seeds={"x": [1.0]})
    with pytest.raises(BadValue, match='itself named "seed"'):
        ad.explore(lambda seed: np.tanh(seed), X, seeds={"seed": [1.0, 1.0]})


def test_empty_arrays_have_no_sweep():
    page = page_data(ad.trace(lambda e, x: np.sum(x**2) + np.sum(e), np.ones(0), X))
    assert [sweep["direction"] for sweep in page["sweeps"]["forward"]] == ["x"]


def data_of(html):
    return json.loads(re.search(r'id="data">(.*?)</script>', html, re.S)[1])


def test_the_command_takes_both_kinds_of_seeds(run):
    status, html, _ = run("explore", "@cpsc532s", "--seed", "x1=1,x2=-2,y1=3")
    seeds = data_of(html)["seeds"]
    assert (status, seeds) == (
        0,
        {"forward": {"x1": 1.0, "x2": -2.0}, "reverse": {"y1": 3.0, "y2": 0.0}},
    )
    _, html, _ = run("explore", "@cpsc532s-network", "--seed", "x=[1, 0, -1],L=2")
    sweeps = data_of(html)["sweeps"]
    assert [
        sweep["seed"] for mode in sweeps.values() for sweep in mode if sweep["direction"] == "seed"
    ] == [
        "x\u0307 = [1, 0, -1]",
        "L\u0304 = 2",
    ]


def test_a_seed_of_a_vector_is_one_of_its_components(run, file):
    path = file("def f(x):\n    return x[0] * x[1]\n")
    _, html, _ = run(
        "explore", f"{path}:f", "--at", "x=[2, 3]", "--seed", "x=[1, -1]", "--rows", "scalar"
    )
    assert data_of(html)["seeds"]["forward"] == {"x1": 1.0, "x2": -1.0}


@pytest.mark.parametrize(
    ("problem", "seed", "said"),
    [
        ("@cpsc532s", "q=1", "q is neither an input nor an output"),
        ("@cpsc532s", "x1=[1, 2]", "--seed x1: give one number"),
        ("@cpsc532s", "x1", "'x1' is not so"),
        ("@cpsc532s", "x1=a", "--seed x1=a: 'a' is not a number"),
        ("@cpsc532s-network", "x=[1, 0]", "x has shape (3,), its direction (2,)"),
        ("@cpsc532s-network", "L=[1, 2]", "L has shape (), its weight (2,)"),
        ("@bu-batched", "q=1", "q is neither an input nor an output"),
    ],
)
def test_a_wrong_seed_is_named(run, problem, seed, said):
    status, out, err = run("explore", problem, "--seed", seed)
    assert (status, out, len(err.splitlines())) == (2, "", 1)
    assert said in err


def test_steps_of_arrays_have_equations_and_say_what_the_seed_is(open_page):
    tab = open_page(ad.explore(two, W, X, B))
    tab.press("ArrowRight", len(tab.state["rows"]) + 4)
    tab.settle()
    assert tab.state["sweep"] == "forward W"
    said = tab.page.locator(".sweep .notes").text_content()
    assert "\u1e86 is 1 at [0, 0] and 0 elsewhere" in said
    table = tab.page.evaluate("admodes.tables('text')")[1]
    assert table["title"] == "Forward tangent trace for W"
    assert table["rows"][3][0] == "z\u0307 = W\u0307 x + W x\u0307"
    tab.to_end()
    assert tab.state["sweep"] == "reverse y2"
    assert set(tab.state["rows"][0]["tangents"]) == {"W", "x", "b"}
    assert tab.state["rows"][2]["adjoints"] == {"y1": pytest.approx(sum(np.tanh(W @ X))), "y2": 0}
