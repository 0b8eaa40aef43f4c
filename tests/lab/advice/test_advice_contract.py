"""The advice as data: its contract, its text at 80 columns, and what is refused."""

import json
import math
import re

import numpy as np
import pytest

import admodes as ad
from admodes.lab.advice.routes import DIFFERENCES
from admodes.problems import PROBLEMS

BEGINNINGS = ("forward", "reverse", "blocks", "sparse", "bands", "checkpointed")


def speelpenning(x):
    p = x[0]
    for i in range(1, 16):
        p = p * x[i]
    return p


def stencil(x):
    return x[2:] * x[:-2] - np.sin(x[1:-1])


def swing(x):
    for _ in range(40):
        x = x + 0.01 * np.sin(x)
    return x


def mixed(a, b, *, scale=1.0):
    return {"p": a["u"] * b * scale, "q": (np.sum(b), a["w"])}


CASES = {
    "n to 1": (speelpenning, (np.full(16, 1.1),), {}),
    "bands": (stencil, (np.linspace(0.0, 1.0, 40),), {}),
    "numbers": (lambda x, y: (x * y, ad.sin(x)), (2.0, 3.0), {}),
    "n = m = 1": (lambda x: x * x, (2.0,), {}),
    "1 to m": (lambda t: np.arange(30.0) * t, (0.5,), {}),
    "a loop": (swing, (np.linspace(0.1, 1.0, 6),), {}),
    "trees and keywords": (
        mixed,
        ({"u": 2.0, "w": np.ones(2)}, np.arange(3.0)),
        {"scale": 3.0},
    ),
    "empty": (lambda x: x * 2.0, (np.zeros(0),), {}),
    "no number": (lambda x: np.log(x - 2.0), (np.ones(3),), {}),
    "a list": (speelpenning, ([1.1] * 16,), {}),
    "less than f to do": (lambda x: x * 0 + 1.0, (np.ones(3),), {}),
}


@pytest.mark.parametrize("name", CASES)
def test_the_contract(name):
    f, args, kwargs = CASES[name]
    found = ad.advise(f, *args, **kwargs)
    data = json.loads(found.to_json())
    assert data["schema"] == "admodes.advice/1"
    assert set(data) >= {"function", "inputs", "outputs", "choice", "options", "tips", "notes"}
    assert data["function"] == f.__name__
    routes = [option["route"] for option in data["options"]]
    assert data["choice"]["route"] in routes
    assert data["choice"]["route"].startswith(BEGINNINGS)
    assert routes[-1] == DIFFERENCES
    assert len(set(routes)) == len(routes)
    for option in data["options"]:
        kinds = dict(option["operations"])
        assert kinds.pop("total") == sum(kinds.values())
        assert all(n > 0 for n in kinds.values())
        assert option["time_s"] is None
        assert option["relative"] is None
        assert option["bytes"] >= 0
    by_route = {option["route"]: option for option in data["options"]}
    assert by_route["forward"]["sweeps"] == data["inputs"]
    assert by_route["reverse"]["sweeps"] == data["outputs"]
    assert all(set(tip) == {"when", "then"} for tip in data["tips"])
    assert f"{data['inputs']:,} input" in data["choice"]["reason"]
    assert all(len(line) <= 80 for line in str(found).splitlines())
    for format in ("markdown", "latex", "html", "csv"):
        assert found.to_table(format)


def test_the_figure_that_decided_is_in_the_reason():
    found = ad.advise(speelpenning, np.full(16, 1.1))
    reverse = next(o for o in found.options if o.route == "reverse")
    assert found.choice.route == "reverse"
    assert f"1 sweep and {reverse.operations['total']} operations" in found.choice.reason
    banded = ad.advise(stencil, np.linspace(0.0, 1.0, 2000))
    assert banded.choice.route == "bands"
    bands = next(o for o in banded.options if o.route == "bands")
    assert f"{bands.operations['total']:,} operations" in banded.choice.reason


def test_measured_times_stand_beside():
    found = ad.advise(stencil, np.linspace(0.0, 1.0, 30), measure=True)
    assert all(option.time_s > 0 for option in found.options)
    exact = [o.relative for o in found.options if o.route != DIFFERENCES]
    assert min(exact) == 1.0
    assert "relative" in str(found)
    assert all(len(line) <= 80 for line in str(found).splitlines())


def test_what_an_automatic_mode_says_holds_the_reason():
    x = np.linspace(0.1, 1.0, 12)

    def energy(x):
        return np.sum(np.sin(x[1:] - x[:-1]) ** 2)

    for explain, of, f in (
        (ad.jacobian(stencil).explain, "jacobian", stencil),
        (ad.jacobian(speelpenning).explain, "jacobian", speelpenning),
        (ad.sparse_jacobian(stencil).explain, "jacobian", stencil),
        (ad.hessian(energy).explain, "hessian", energy),
        (ad.sparse_hessian(energy).explain, "hessian", energy),
    ):
        point = np.full(16, 1.1) if f is speelpenning else x
        advice = ad.advise(f, point, of=of)
        assert explain(point).endswith(f". For compiled calls ad.advise says: {advice.explain()}")
        assert advice.choice.reason in advice.explain()
        assert all(tip["when"] in advice.explain() for tip in advice.tips)


def test_explaining_knows_arguments_keywords_and_second_results():
    def f(a, b, *, scale):
        return a * b * scale, "more"

    text = ad.jacobian(f, argnums=1, has_aux=True).explain(2.0, np.ones(3), scale=2.0)
    assert "f has 3 inputs and 3 outputs" in text
    assert text.startswith("mode='auto' takes ")
    assert "f has 3 input and 3 output components: forward 3 directions × " in text


@pytest.mark.parametrize("mode", ["auto", "forward", "reverse"])
@pytest.mark.parametrize("size", [1, 3, 30])
def test_explaining_names_the_mode_that_was_asked_for_and_what_both_cost(mode, size):
    def f(x):
        return x[0] * x, np.sum(x)

    text = ad.jacobian(f, mode=mode).explain(np.ones(size))
    assert text.startswith(f"{mode} mode is taken, as was asked for") == (mode != "auto")
    (auto,) = re.findall(r"mode='auto' takes (forward|reverse) mode: ", text)
    costs = {}
    for way, n, each, product in re.findall(
        r"(forward|reverse) (\d+) directions? × (\d+) operations = (\d+)", text
    ):
        assert int(product) == int(n) * int(each)
        costs[way] = int(n), int(product)
    assert {way: n for way, (n, _) in costs.items()} == {"forward": size, "reverse": size + 1}
    assert costs[auto][1] == min(total for _, total in costs.values())


def test_explaining_a_hessian_names_the_composition_that_was_asked_for():
    def energy(x):
        return np.sum(x**3)

    asked = ad.hessian(energy, mode="reverse-over-forward").explain(np.ones(3))
    assert asked.startswith("reverse-over-forward is taken, as was asked for")
    assert "forward-over-reverse is what mode='auto' takes" in ad.hessian(energy).explain(
        np.ones(3)
    )


@pytest.mark.parametrize(
    ("call", "error", "text"),
    [
        (lambda: ad.advise(stencil, np.ones(5), of="slope"), ValueError, "'slope' is unknown"),
        (lambda: ad.advise(stencil, np.ones(5), memory="lots"), ValueError, "500M or 2G"),
        (lambda: ad.advise(stencil, np.ones(5), memory=0), ValueError, "500M or 2G"),
        (lambda: ad.advise(stencil, np.ones(5), of="gradient"), TypeError, "3 outputs"),
        (lambda: ad.advise(stencil, np.ones(5), of="hvp"), TypeError, "3 outputs"),
        (lambda: ad.advise(lambda z: z * z, 1j), TypeError, "complex"),
        (lambda: ad.advise(lambda x: x * 1j, 1.0), TypeError, "complex"),
        (lambda: ad.advise(lambda x: x, 1.0, argnums=3), ValueError, "argnums=3"),
        (lambda: ad.advise(lambda x, y: x, 1.0, 2.0, argnums=(1, -1)), ValueError, "twice"),
        (lambda: ad.advise(lambda x: x, "text"), TypeError, "advise"),
        (lambda: ad.advise(lambda x: 1 / 0, 1.0), ZeroDivisionError, "zero"),
        (lambda: ad.jacobian(stencil, block=0), ValueError, "block=0"),
    ],
)
def test_what_is_refused(call, error, text):
    with pytest.raises(error, match=text):
        call()


def test_a_function_that_is_not_differentiable_gets_differences():
    found = ad.advise(lambda x: math.sin(x) * 2.0, 1.0)
    assert found.choice.route == DIFFERENCES
    assert "ad.sin" in found.choice.reason
    assert [o.route for o in found.options] == [DIFFERENCES]
    timed = ad.advise(lambda x: math.sin(x) * 2.0, 1.0, measure=True)
    assert timed.options[0].time_s > 0


def test_a_point_without_a_value_is_noted():
    found = ad.advise(lambda x: np.log(x - 2.0), np.ones(3))
    assert any("not finite" in note for note in found.notes)


def test_a_function_that_prints_is_no_trouble(capsys):
    def f(x):
        print("evaluated")
        return x * x

    assert ad.advise(f, 2.0).inputs == 1
    assert set(capsys.readouterr().out.split()) == {"evaluated"}


@pytest.mark.parametrize("name", PROBLEMS)
def test_every_named_problem_gets_advice(name):
    problem = PROBLEMS[name]
    args = [np.array(v) if np.ndim(v) else v for v in problem.at.values()]
    found = ad.advise(problem.function, *args)
    assert found.choice.route.startswith(BEGINNINGS)
    assert not any("raised" in note for note in found.notes)
    assert all(len(line) <= 80 for line in str(found).splitlines())


def test_positions_in_another_order_are_those_of_the_arguments():
    def f(x, y):
        return np.sum(x[:1] * y)

    found = ad.advise(f, np.ones(3), 2.0, argnums=(1, 0), of="gradient")
    assert (found.inputs, found.outputs) == (4, 1)
