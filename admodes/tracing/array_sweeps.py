"""The sweeps of a trace of arrays that the explorer steps through: the equations of a list and its
rows go in; a forward sweep for each input, a reverse sweep for each output, and those of the user's
directions come out."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from admodes.backpropagation.derive import Derivation
from admodes.backpropagation.result import discrepancy, holds
from admodes.backpropagation.terms import Term
from admodes.backpropagation.write import formula_text
from admodes.core.values import shape_of
from admodes.programs.sweep import adjoints, has_derivative, tangents
from admodes.tracing.base import check_no_seed
from admodes.tracing.rows import Row
from admodes.views.dialects import Latex, Text
from admodes.views.lines import SEED
from admodes.views.visible import visible

Equation = dict[str, str | None]
"""By dialect; empty where there is none."""


@dataclass(frozen=True)
class ArraySweep:
    """The derivatives of all rows along one direction, an input or output, and their equations by
    dialect. seed says in words what the direction is."""

    direction: str
    seed: str
    derivatives: list[Any]
    equations: list[Equation]


def forward_sweeps(
    derived: Derivation, ends: list[dict], rows: list[Row], given: dict[str, Any] | None
) -> list[ArraySweep]:
    """The sweep of every input along its first entry, and that of the seeds, if the user gave any.
    Raises ValueError where an input has the name of the latter."""
    program, steps = derived.program, derived.steps
    inputs = {x["row"]: x for x in ends if has_derivative(steps[x["row"]])}
    made = []
    equations = _tangent_equations(derived, list(inputs))
    for row, x in inputs.items():
        if not np.size(x["value"]):
            continue
        seeds = {i: np.zeros(steps[i].shape) for i in inputs}
        seeds[row].flat[0] = 1.0
        made.append(ArraySweep(x["name"], _first_entry(x), tangents(program, seeds), equations))
    if given is not None:
        check_no_seed((x["name"] for x in ends), "seeds")
        moved = [row.tangents.get(SEED) for row in rows]
        words = _listed(given, Text().dot)
        made.append(ArraySweep(SEED, words, moved, _printed(rows, "tangent")))
    return made


def reverse_sweeps(
    derived: Derivation, ends: list[dict], rows: list[Row], given: dict[str, Any] | None
) -> list[ArraySweep]:
    """The sweep of every output, weighted by ones, and that of the weights, if the user gave any.
    Raises ValueError where an output has the name of the latter."""
    made = []
    equations = _printed(rows, "adjoint")
    for y in ends:
        weights = [np.full(shape_of(z["value"]), float(z is y)) for z in ends]
        name = Text().bar(_visible(y["name"]))
        words = f"{name} is 1 everywhere" if shape_of(y["value"]) else ""
        made.append(ArraySweep(y["name"], words, adjoints(derived.program, weights), equations))
    if given is not None:
        check_no_seed((y["name"] for y in ends), "weights")
        words = _listed(given, Text().bar)
        pulled = [row.adjoints.get(SEED) for row in rows]
        made.append(ArraySweep(SEED, words, pulled, equations))
    return made


def is_right(t: Term, expected: Any, data: dict) -> bool:
    """Whether a formula holds at the data; one that does not is not printed."""
    return expected is not None and holds(discrepancy(t, expected, data), expected)


def _tangent_equations(derived: Derivation, inputs: list[int]) -> list[Equation]:
    """The equation of every tangent where all inputs have one, which is checked along ones."""
    steps = derived.steps
    if any(step.dtype.kind == "c" for step in steps):
        return [{} for _ in steps]
    dots = derived.tangents(set(inputs))
    moved = tangents(derived.program, {i: np.ones(steps[i].shape) for i in inputs})
    data = derived.values([None] * len(steps))
    data |= {(n, "dot"): v for n, v in zip(derived.names, moved, strict=True)}
    return [
        {w.name: formula_text(dots[i], w) for w in (Text(6), Latex(6))}
        if i in dots and i not in inputs and is_right(dots[i], moved[i], data)
        else {}
        for i in range(len(steps))
    ]


def _printed(rows: list[Row], which: str) -> list[Equation]:
    """The equations that the trace has."""
    return [{write: form[which] for write, form in row.forms.items()} for row in rows]


def _first_entry(x: dict) -> str:
    """What the direction of an input is, and how many there are."""
    shape = shape_of(x["value"])
    name = Text().dot(_visible(x["name"]))
    if not shape:
        return f"{name} is 1"
    place = ", ".join("0" * len(shape))
    count = np.size(x["value"])
    sweeps = f"; the derivatives by all its entries take {count} such sweeps"
    return f"{name} is 1 at [{place}] and 0 elsewhere" + sweeps * (count > 1)


def _listed(directions: dict[str, Any], mark: Callable[[str], str]) -> str:
    return ", ".join(
        f"{mark(_visible(name))} = {Text().array(v)}" for name, v in directions.items()
    )


def _visible(name: str) -> str:
    return visible(name, lines=False)
