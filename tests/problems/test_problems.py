"""Every published figure of the named problems, through the public interface."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest

import admodes as ad
from admodes.cli.inputs import resolve
from admodes.derivatives.stationary import classify
from admodes.problems import PROBLEMS

# Formula and engine may add in another order: a few units in the last place.
CLOSE = {"rtol": 4e-15, "atol": 4e-15}


def with_figure(key):
    names = [name for name, p in PROBLEMS.items() if key in p.figures]
    assert names
    return pytest.mark.parametrize("name", names)


def point(p):
    """The arguments of the default point."""
    return tuple(np.array(v) if isinstance(v, tuple) else v for v in p.at.values())


def split(p, numbers):
    """Numbers in a row as the arguments of p."""
    return (np.array(numbers),) if isinstance(next(iter(p.at.values())), tuple) else numbers


def flat(tree):
    if isinstance(tree, (tuple, list)):
        return [number for part in tree for number in flat(part)]
    return np.ravel(tree).tolist()


def every(p):
    return tuple(range(len(p.at)))


def hessian(p, args):
    n = sum(np.size(a) for a in args)
    return np.array(flat(ad.hessian(p.function, every(p))(*args))).reshape(n, n)


def test_every_problem_is_complete():
    names = (
        "cpsc532s cpsc532s-network eth-small-net eth-relu-network eth-two-losses "
        "eth-separate-losses osu-eq4 osu-loop osu-ascent osu-saddle grad-log-sin grad-g grad-h "
        "grad-neuron bu-sum bu-pair bu-triple bu-reused bu-squared-product bu-root bu-cubic "
        "bu-shared bu-perceptron bu-batched bu-tensor-map bu-einsum-product bu-einsum-transpose "
        "bu-einsum-trace bu-einsum-batched bu-einsum-sums bu-einsum-repaired rosenbrock "
        "speelpenning"
    )
    assert set(PROBLEMS) == set(names.split())
    for name, p in PROBLEMS.items():
        assert p.name == name
        assert p.title
        assert p.document
        assert p.section
        assert {"values", "jacobian"} <= set(p.figures)
        assert len(p.figures["values"]) == len(p.outputs)
        assert getattr(p.function, "outputs", p.outputs) == p.outputs
        assert getattr(p.function, "inputs", p.inputs) == p.inputs


@with_figure("values")
def test_values(name):
    p = PROBLEMS[name]
    np.testing.assert_allclose(flat(p.function(*point(p))), p.figures["values"], **CLOSE)


@with_figure("jacobian")
@pytest.mark.parametrize("mode", ["forward", "reverse"])
def test_jacobian(name, mode):
    p = PROBLEMS[name]
    found = ad.jacobian(p.function, every(p), mode)(*point(p))
    if isinstance(found[0], tuple):
        rows = [flat(row) for row in found]
    else:
        rows = np.hstack([np.reshape(block, (len(p.outputs), -1)) for block in found])
    np.testing.assert_allclose(rows, p.figures["jacobian"], **CLOSE)


@with_figure("jacobian")
def test_gradient(name):
    p = PROBLEMS[name]
    if len(p.outputs) == 1:
        found = flat(ad.grad(p.function, every(p))(*point(p)))
        np.testing.assert_allclose(found, p.figures["jacobian"][0], **CLOSE)


@with_figure("hessian")
def test_hessian(name):
    p = PROBLEMS[name]
    np.testing.assert_allclose(hessian(p, point(p)), p.figures["hessian"], **CLOSE)


@with_figure("stationary")
def test_stationary_points(name):
    p = PROBLEMS[name]
    for stationary in p.figures["stationary"].values():
        args = split(p, stationary["at"])
        gradient = flat(ad.grad(p.function, every(p))(*args))
        np.testing.assert_allclose(gradient, np.zeros(len(gradient)), atol=1e-15)
        matrix = hessian(p, args)
        np.testing.assert_allclose(matrix, stationary["hessian"], **CLOSE)
        eigenvalues = np.linalg.eigvalsh(matrix)
        np.testing.assert_allclose(eigenvalues, stationary["eigenvalues"], rtol=1e-12, atol=1e-15)
        assert classify(gradient, matrix, stationary["at"]).kind == stationary["kind"]


@with_figure("ascent")
def test_gradient_ascent(name):
    p = PROBLEMS[name]
    ascent = p.figures["ascent"]
    x = np.array(point(p))
    for _ in range(ascent["steps"]):
        x = x + ascent["step"] * np.array(ad.grad(p.function, every(p))(*x.tolist()))
    assert x == pytest.approx(ascent["end"], abs=5e-7)


def traced(name):
    target = resolve([f"@{name}"])
    return ad.trace(target.function, *target.args, names=target.names, outputs=target.output_names)


@with_figure("rows")
def test_rows(name):
    figures = PROBLEMS[name].figures
    rows = traced(name).rows
    np.testing.assert_allclose([r.value for r in rows], figures["rows"], **CLOSE)
    for x, tangents in figures["tangents"].items():
        np.testing.assert_allclose([r.tangents[x] for r in rows], tangents, **CLOSE)
    for y, adjoints in figures["adjoints"].items():
        np.testing.assert_allclose([r.adjoints[y] for r in rows], adjoints, **CLOSE)


@with_figure("definitions")
def test_named_intermediates(name):
    figures = PROBLEMS[name].figures
    trace = traced(name)
    assert isinstance(trace, ad.Trace)
    rows = {r.name: r for r in trace.rows}
    for definition, value in figures["definitions"].items():
        assert rows[definition].value == pytest.approx(value, rel=4e-15)
    inputs = {x["name"]: trace.rows[x["row"]] for x in trace.inputs}
    for row_name, adjoint in figures.get("named adjoints", {}).items():
        row = inputs.get(row_name) or rows[row_name]
        assert row.adjoints[PROBLEMS[name].outputs[0]] == pytest.approx(adjoint, rel=4e-15)


def test_the_printed_digits_of_the_source_material():
    """The figures above come from formulas; these are the digits as the documents round them."""

    def shown(name, key):
        return [round(number, 6) for number in flat(PROBLEMS[name].figures[key])]

    assert shown("cpsc532s", "rows")[3] == 7.389056
    assert shown("cpsc532s", "values") == [7.671296, 2.731059]
    assert shown("cpsc532s", "jacobian") == [0.14112, 2.898202, 1, 2.196612]
    tangents = PROBLEMS["cpsc532s"].figures["tangents"]["x2"]
    assert [round(t, 6) for t in tangents[6:8]] == [-5.939955, -11.87991]
    assert round(PROBLEMS["cpsc532s"].figures["adjoints"]["y1"][5], 6) == -1.979985
    assert shown("osu-eq4", "values") == [-5.586044]
    assert shown("osu-eq4", "jacobian") == [-1.270614, 2.793022, 0]
    assert round(PROBLEMS["osu-eq4"].figures["named adjoints"]["b"], 6) == -0.989835
    definitions = PROBLEMS["osu-eq4"].figures["definitions"].values()
    assert [round(v, 6) for v in definitions] == [-0.958924, 4.041076, 1.396511, -2, -2.793022]
    assert shown("osu-loop", "values") == [23.333333]
    assert shown("grad-log-sin", "values") == [0.630277]
    assert shown("grad-log-sin", "jacobian") == [0.909297, 0.166198]
    assert shown("grad-neuron", "values") == [0.197375]
    assert shown("grad-neuron", "jacobian") == [
        *(0.480521, -0.240261, 0.096104, 0.961043, 1.922086, -0.961043, 0.961043)
    ]


def test_gradient_of_the_ascent_function_in_closed_form():
    f = PROBLEMS["osu-ascent"].function
    for x1, x2 in [(1.0, -0.5), (2.0, 3.0), (-0.3, 0.7)]:
        exact = (x2 * (x2 + 1) * (2 * x1 + x2), x1 * (2 * x1 * x2 + x1 + 3 * x2**2 + 2 * x2))
        assert ad.grad(f, (0, 1))(x1, x2) == pytest.approx(exact, rel=1e-14)


def test_the_saddle_has_no_other_stationary_point():
    gradient = ad.grad(PROBLEMS["osu-saddle"].function, (0, 1))
    assert gradient(0.0, 0.0) == (8.0, 12.0)
    assert gradient(-4.0, 3.0) == (0.0, 0.0)


def test_vector_problems_take_any_length():
    product = PROBLEMS["speelpenning"].function
    assert ad.grad(product)(np.array([2.0, 3.0, 4.0])).tolist() == [12.0, 8.0, 6.0]
    valley = PROBLEMS["rosenbrock"].function
    assert ad.grad(valley)(np.ones(7)).tolist() == [0.0] * 7
    with pytest.raises(ValueError, match="two numbers or more"):
        valley(np.ones(1))


def test_the_published_mistakes_are_named():
    marked = {name for name, p in PROBLEMS.items() if any(n.startswith("⚠") for n in p.notes)}
    assert marked == {
        *("cpsc532s", "cpsc532s-network", "grad-log-sin"),
        *("bu-reused", "bu-squared-product", "bu-einsum-repaired"),
    }


def test_importing_the_problems_needs_no_sympy():
    code = "import sys, admodes.problems; sys.exit('sympy' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code]).returncode == 0
