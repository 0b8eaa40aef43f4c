"""What admodes prints of a problem, it reads: rows, partials, whole traces, titles and the symbolic
Jacobian have the values of what they were printed from."""

from __future__ import annotations

import re

import numpy as np
import pytest

import admodes as ad
from admodes.expression import ExpressionError, parse
from admodes.problems import PROBLEMS
from admodes.symbolic import symbolic_jacobian

NO_NOTATION = ("einsum", "reshape")
"""What a row prints that is no expression: subscripts and shapes."""

SCALAR = [
    p
    for p in PROBLEMS.values()
    if all(np.ndim(v) < 2 for v in p.at.values()) and p.name != "bu-sum"
]
TITLES = [
    *("cpsc532s", "cpsc532s-network", "eth-small-net", "osu-eq4", "osu-ascent", "osu-saddle"),
    *("grad-log-sin", "grad-g", "grad-h", "bu-squared-product", "bu-root", "bu-cubic"),
]


def trace_of(problem):
    return ad.trace(problem.function, *problem.args)


@pytest.mark.parametrize("problem", PROBLEMS.values(), ids=list(PROBLEMS))
def test_rows(problem):
    trace = trace_of(problem)
    values = {row.name: row.value for row in trace.rows}
    for row in trace.rows:
        if row.op == "input":
            continue
        if any(word in row.symbolic for word in NO_NOTATION) or row.symbolic == "X A":
            with pytest.raises(ExpressionError):
                parse(row.symbolic, inputs=list(values))
            continue
        again = parse(row.symbolic, inputs=list(values))(*map(as_value, values.values()))
        np.testing.assert_allclose(again, row.value, rtol=1e-12)


def as_value(x):
    return np.array(x) if np.ndim(x) else x


@pytest.mark.parametrize("problem", SCALAR, ids=lambda p: p.name)
def test_partials_and_contributions(problem):
    trace = trace_of(problem)
    values = {row.name: row.value for row in trace.rows}
    lines = [line.split("|")[1:3] for line in str(trace.to_table("markdown")).splitlines()]
    read = 0
    for cells in lines:
        if len(cells) == 2 and (found := re.fullmatch(r"∂\w+/∂v\d+ = (.*)", cells[0].strip())):
            if "∂" in found[1]:
                continue
            last = float(cells[1].split("=")[-1])
            again = parse(found[1], inputs=list(values))(*values.values())
            assert again == pytest.approx(last, abs=2e-6, rel=1e-5)
            read += 1
    assert read


@pytest.mark.parametrize("problem", SCALAR, ids=lambda p: p.name)
def test_a_whole_evaluation_trace(problem):
    trace = trace_of(problem)
    names = [x["name"] for x in trace.inputs]
    lines = [f"{row.name} = {row.symbolic}" for row in trace.rows if row.name not in names]
    for output in trace.outputs:
        text = "\n".join([*lines, trace.rows[output["row"]].name])
        point = [float(x["value"]) for x in trace.inputs]
        assert parse(text, inputs=names)(*point) == pytest.approx(output["value"], rel=1e-12)


@pytest.mark.parametrize("problem", SCALAR, ids=lambda p: p.name)
def test_the_symbolic_jacobian(problem):
    trace = trace_of(problem)
    names = [x["name"] for x in trace.inputs]
    formulas = [[parse(e, inputs=names) for e in row] for row in symbolic_jacobian(trace)]
    random = np.random.default_rng(7)
    kinds = [np.shape(a) for a in problem.args]
    for scale in (0.0, 0.05):
        args = [
            a + scale * random.uniform(0, 1, kind)
            for a, kind in zip(problem.args, kinds, strict=True)
        ]
        args = [a if np.ndim(a) else float(a) for a in args]
        point = [float(x) for a in args for x in np.ravel(a)]
        expected = ad.trace(problem.function, *args).jacobian["forward"]
        again = [[formula(*point) for formula in row] for row in formulas]
        np.testing.assert_allclose(again, expected, rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("name", TITLES)
def test_titles(name):
    problem = PROBLEMS[name]
    again = parse(problem.title, inputs=problem.inputs)(*problem.args)
    value = problem.function(*problem.args)
    last = again[-1] if isinstance(again, tuple) and not isinstance(value, tuple) else again
    np.testing.assert_allclose(last, value, rtol=1e-12)


def test_symbols_of_evaluations():
    names, point = ["v1", "v5", "v6", "v0", "v2"], [1.0, 3.0, 0.5, 2.0, 2.0]
    f = parse("[v6 × 0] + [v0 × (-5.939955)] + cos(v5) × 6 + σ(v1)(1 - σ(v1)) × 1", inputs=names)
    v = np.exp(-1.0)
    expected = -2 * 5.939955 + np.cos(3.0) * 6 + v / (1 + v) ** 2
    assert f(*point) == pytest.approx(expected, rel=1e-12)
    assert parse("e^v2 × 2", inputs=names)(*point) == pytest.approx(2 * np.exp(2.0), rel=1e-15)
