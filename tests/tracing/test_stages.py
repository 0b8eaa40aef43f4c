"""A derivative in stages, as the project sheet and the homework write it."""

from __future__ import annotations

import json

import numpy as np
import pytest

import admodes as ad
from admodes.problems import PROBLEMS


def stages(problem, wrt, at=None, **options):
    p = PROBLEMS[problem]
    found = ad.explain(p.function, *(at or p.args), names=tuple(p.at), wrt=wrt)
    return found.stages(**options)


def test_the_sheet_of_section_d():
    f = ad.parse("a = x1*x2; y1 = ln(a); y2 = sin(x2); w = y1*y2; z = w")
    assert ad.explain(f, 1.0, 2.0, wrt="x1").stages() == [
        "∂z/∂x1",
        "= ∂z/∂w ∂w/∂y1 ∂y1/∂a ∂a/∂x1",
        "= 1 · y2 · 1/a · x2",
        "= sin(x2)/x1",
        "= 1 × 0.909297 × 0.5 × 2",
        "= 0.909297",
    ]
    assert stages("grad-log-sin", "x2") == [
        "∂z/∂x2",
        "= ∂z/∂y1 ∂y1/∂a ∂a/∂x2 + ∂z/∂y2 ∂y2/∂x2",
        "= y2 · 1/a · x1 + y1 · cos x2",
        "= log(x1*x2)*cos(x2) + sin(x2)/x2",
        "= 0.909297 × 0.5 × 1 + 0.693147 × (-0.416147)",
        "= 0.454649 - 0.288451",
        "= 0.166198",
    ]
    assert stages("grad-log-sin", "x1", format="latex")[1:3] == [
        r"= \frac{\partial z}{\partial y_{1}} \frac{\partial y_{1}}{\partial a} "
        r"\frac{\partial a}{\partial x_{1}}",
        r"= y_{2} \cdot \frac{1}{a} \cdot x_{2}",
    ]


@pytest.mark.parametrize(
    ("problem", "wrt", "exact", "number"),
    [
        ("grad-g", "x1", "x2*(2*x1 + x2)", "8"),
        ("grad-g", "x2", "x1*(x1 + 2*x2)", "5"),
        ("grad-h", "x", "6*x + 4", "22"),
        ("grad-neuron", "w2", "x2*(1 - tanh(b + w1*x1 + w2*x2 + w3*x3)**2)", "1.922086"),
        ("grad-neuron", "x1", "w1*(1 - tanh(b + w1*x1 + w2*x2 + w3*x3)**2)", "0.480521"),
        ("osu-loop", "x", "14/3", "4.666667"),
        ("osu-ascent", "x1", "x2*(2*x1 + x2)*(x2 + 1)", "-0.375"),
        ("osu-saddle", "x2", "12 - 4*x2", "0"),
    ],
)
def test_other_derivatives_of_sections_c_and_d(problem, wrt, exact, number):
    lines = stages(problem, wrt)
    assert f"= {exact}" in lines
    assert lines[-1] == f"= {number}"


def test_the_homework_of_section_c_along_one_path_and_along_two():
    one = stages("osu-eq4", "x2")
    assert one[1] == "= ∂y/∂e ∂e/∂d ∂d/∂x2"
    assert one[-2:] == ["= 2 × 1.396511 × 1", "= 2.793022"]
    two = stages("osu-eq4", "x1")
    assert two[1:3] == [
        "= ∂y/∂e ∂e/∂c ∂c/∂b ∂b/∂x1 + ∂y/∂e ∂e/∂c ∂c/∂b ∂b/∂a ∂a/∂x1",
        "= 2 · d · 1/b · 1 + 2 · d · 1/b · 1 · cos x1",
    ]
    assert two[-2:] == ["= -0.989835 - 0.280779", "= -1.270614"]


@pytest.mark.parametrize("seed", range(5))
def test_the_symbols_are_worth_the_numbers(seed):
    """Factors in symbols, put in by hand from the values of the definitions."""
    x1, x2 = np.random.default_rng(seed).uniform(0.5, 2.0, 2)
    a, y1, y2 = x1 * x2, np.log(x1 * x2), np.sin(x2)
    wrt_x2 = stages("grad-log-sin", "x2", (x1, x2), digits=None)
    assert wrt_x2[2] == "= y2 · 1/a · x1 + y1 · cos x2"
    assert float(wrt_x2[-1][2:]) == pytest.approx(y2 / a * x1 + y1 * np.cos(x2))


def test_what_the_command_prints(run):
    status, out, _ = run("explain", "@grad-log-sin", "--wrt", "x1", "--stages")
    assert status == 0
    assert "in symbols     = y2 · 1/a · x2\n" in out
    assert "with a = x1 x2, y1 = ln a, z = y1 y2" in " ".join(out.split())
    data = json.loads(run("explain", "@grad-g", "--wrt", "x1", "--stages", "-f", "json")[1])
    assert data["stages"][-1] == "= 8"
    assert "stages" not in json.loads(run("explain", "@grad-g", "--wrt", "x1", "-f", "json")[1])
    latex = run("explain", "@grad-g", "--wrt", "x1", "--stages", "-f", "latex")[1]
    assert r"in symbols & $= v_{3} \cdot x_{2} + v_{2} \cdot 1$ \\" in latex


def test_edges():
    assert ad.explain(lambda x: x, 2.0).stages() == ["∂y/∂x", "= ∂y/∂x", "= 1"]
    assert ad.explain(lambda x, y: x * 1.0, 2.0, 3.0, wrt="y").stages() == ["∂f/∂y", "= 0"]
    assert ad.explain(lambda x: 3.0, 2.0).stages() == ["∂y/∂x", "= 0"]
    rule = ad.custom_rule("mystery", lambda x: x**3, [lambda x: 3 * x**2])
    found = ad.explain(lambda x: rule(x) * 2.0, 2.0)
    assert found.stages()[-1] == "= 24"
    assert "not in the inputs: row 1 (mystery) has no symbolic form" in found.to_table(stages=True)

    def many(x):
        for _ in range(5):
            x = x * x
        return x

    lines = ad.explain(many, 1.0).stages()
    assert lines[-1] == "= 32"

    def split(x):
        return sum(ad.sin(k * x) for k in range(1, 12))

    assert ad.explain(split, 1.0).stages()[1].endswith(" + …")
