"""The gradient computation of a recorded list as rows of its own: what a reverse sweep does at a
point, recorded, so that it can be drawn beside the list itself."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from admodes.core.record import Recorded, Ref, Step, WengertList, record
from admodes.core.space import cast
from admodes.core.structure import PRODUCT
from admodes.ops.notation import free_stem
from admodes.programs.replay import rows_at
from admodes.programs.sweep import Numbers, pull, zero_of
from admodes.tracing.rows import forms_of

Directions = Mapping[str, Sequence[Any]]
"""The weights of the outputs by the name of the sweep, which is that of an output, or "seed"."""


@dataclass
class _Sweeps:
    """What is met while the sweeps are recorded: the rows of the list, how many rows there are
    before the first sweep, and the adjoints by direction and row."""

    values: list[Any] = field(default_factory=list)
    adjoints: dict[tuple[str, int], Any] = field(default_factory=dict)


def gradient_rows(
    program: WengertList,
    names: Mapping[int, str],
    inputs: Sequence[dict],
    directions: Directions,
) -> list[dict]:
    """The rows that a reverse sweep for each direction adds to a list, as data for a graph
    (admodes.drawing.kinds), numbered after those of the list. adjoint_of holds the names of the
    rows of which a row is the adjoint, with the direction where there are several.

    names: those of the rows of the list; inputs: its inputs by name and row."""
    leaves = [program.steps[x.row].value for x in program.inputs]
    starts = {direction: _seeds(program, weights) for direction, weights in directions.items()}
    met = _Sweeps()

    def sweeps(xs: list, seeds: dict) -> Any:
        met.values = rows_at(program, xs) or []
        for direction, weights in seeds.items():
            pairs = [(row, weights[k]) for k, (row, _) in enumerate(starts[direction])]
            walk = pull(program, pairs, Numbers(program, met.values))
            met.adjoints.update({(direction, row): adjoint for row, adjoint in walk})
        return list(met.adjoints.values())

    seeds = {direction: [w for _, w in pairs] for direction, pairs in starts.items()}
    recorded = record(sweeps, leaves, seeds)
    called = dict(names) | {x["row"]: x["name"] for x in inputs}
    return _Added(program, recorded, met, called, len(directions) > 1).rows(inputs, directions)


def _seeds(program: WengertList, weights: Sequence[Any]) -> list[tuple[int, Any]]:
    """The seeds of a sweep by row; those that are all zero are none."""
    pairs = zip(program.outputs, weights, strict=True)
    return [
        (y.row, cast(w, program.steps[y.row].like))
        for y, w in pairs
        if isinstance(y, Ref) and (w.any() if hasattr(w, "any") else w)
    ]


class _Added:
    """The rows of a recording of sweeps that are no rows of the list itself."""

    def __init__(
        self,
        program: WengertList,
        recorded: WengertList,
        met: _Sweeps,
        called: Mapping[int, str],
        several: bool,
    ) -> None:
        self.program, self.recorded, self.met = program, recorded, met
        self.called, self.several = called, several
        self.number: dict[int, int] = {}
        for row, value in enumerate(met.values):
            if isinstance(value, Recorded):
                self.number.setdefault(value.row, row)
        self.taken = set(called.values())
        self.adjoint_of: dict[int, list[str]] = {}
        for (direction, row), adjoint in met.adjoints.items():
            if isinstance(adjoint, Recorded) and adjoint.row not in self.number:
                label = self._label(direction, row)
                self.adjoint_of.setdefault(adjoint.row, []).append(label)

    def _label(self, direction: str, row: int) -> str:
        name = self.called[row]
        return f"{name}_{direction}" if self.several else name

    def rows(self, inputs: Sequence[dict], directions: Directions) -> list[dict]:
        steps = self.recorded.steps
        needed = set(self.adjoint_of)
        for row in range(len(steps) - 1, -1, -1):
            if row in needed and row not in self.number:
                needed.update(a.row for a in steps[row].args if isinstance(a, Ref))
        added = sorted(needed - self.number.keys())
        first = len(self.program.steps)
        self.number |= {row: first + k for k, row in enumerate(added)}
        self.stem = free_stem({n for n in self.taken if _number(n) >= first})
        made = [self._row(row) for row in added]
        for x in inputs:
            for direction in directions:
                adjoint = self.met.adjoints.get((direction, x["row"]))
                if not isinstance(adjoint, Recorded):
                    label = self._label(direction, x["row"])
                    made.append(self._constant(first + len(made), label, x["row"]))
        return made

    def _row(self, row: int) -> dict:
        step, number = self.recorded.steps[row], self.number[row]
        args = [
            {"row": self.number[a.row]} if isinstance(a, Ref) else {"const": a} for a in step.args
        ]
        forms = {} if step.op is None else forms_of(step)
        product = step.op is not None and step.op.structure is PRODUCT
        if product and _of_arrays(self.recorded, step):
            forms = {name: {"value": "⟦0⟧ ⊙ ⟦1⟧"} for name in forms}
        labels = self.adjoint_of.get(row, [])
        return self._data(number, labels, step.op, args, step.value, step.shape, forms)

    def _constant(self, number: int, label: str, row: int) -> dict:
        """The adjoint of an input on which nothing depends."""
        step = self.program.steps[row]
        return self._data(number, [label], None, [], zero_of(step), step.shape, {})

    def _data(
        self,
        number: int,
        labels: list[str],
        op: Any,
        args: list[dict],
        value: Any,
        shape: Sequence[int],
        forms: dict,
    ) -> dict:
        return {
            "row": number,
            "name": f"{self.stem}{number}",
            "op": None if op is None else op.name,
            "args": args,
            "value": value,
            "shape": list(shape),
            "partials": [],
            "adjoints": {},
            "contributions": {},
            "forms": forms,
            "adjoint_of": labels,
        }


def _of_arrays(recorded: WengertList, step: Step) -> bool:
    """Whether all arguments are arrays."""
    return all(getattr(a, "shape", ()) for a in recorded.likes(step))


def _number(name: str) -> int:
    """The number at the end of a name, -1 for none."""
    digits = re.search(r"\d+$", name)
    return -1 if digits is None else int(digits.group())
