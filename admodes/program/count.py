"""Exact operation counts of a function and of its sweeps, from the declarations alone.

The policy: a partial is evaluated once per point and shared by all sweeps, and counted apart from
them; a multiplication by a partial that is the literal 0, 1 or -1 is free; a tangent that happens
to be zero is counted; k contributions to an adjoint cost k - 1 additions; a reverse sweep visits
the rows that its output depends on.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from admodes.core.builders import shape_of
from admodes.core.record import Program, Ref, Step, record
from admodes.program.scalars import scalar_program
from admodes.views.render import render
from admodes.views.tables import Table

KINDS = (
    "additions",
    "multiplications",
    "divisions",
    "powers",
    "functions",
    "negations",
    "comparisons",
    "moves",
)
"""The kinds of operations; functions are exp, sin, sqrt and their like, moves copy without
arithmetic."""


@dataclass
class Counts:
    """Operations by kind: of f, of its partials, of each forward sweep (by input), of each reverse
    sweep (by output); length is the number of operations in the list; live the values that must be
    kept at once: for f and a forward sweep, and for a reverse sweep."""

    f: dict[str, int]
    partials: dict[str, int]
    forward: dict[str, dict[str, int]]
    reverse: dict[str, dict[str, int]]
    length: int
    live: dict[str, int]

    @property
    def sweeps(self) -> dict[str, int]:
        """How many sweeps the whole Jacobian takes in each mode."""
        return {"forward": len(self.forward), "reverse": len(self.reverse)}

    @property
    def totals(self) -> dict[str, dict[str, int]]:
        """The sweeps of a whole Jacobian in each mode, added up."""
        return {
            mode: dict(sum((Counter(c) for c in getattr(self, mode).values()), Counter()))
            for mode in ("forward", "reverse")
        }

    def to_dict(self) -> dict[str, Any]:
        """The counts as JSON data."""
        return {**vars(self), "sweeps": self.sweeps, "totals": self.totals}

    def table(self) -> Table:
        """One line per part, one column per kind that occurs."""
        parts = {"f": self.f, "partials": self.partials}
        for mode in ("forward", "reverse"):
            sweeps = getattr(self, mode)
            if len(sweeps) <= 4:
                parts |= {f"{mode} sweep for {name}": c for name, c in sweeps.items()}
            if len(sweeps) != 1:
                parts[f"all {len(sweeps)} {mode} sweeps"] = self.totals[mode]
        kinds = [k for k in KINDS if any(part.get(k) for part in parts.values())]
        rows = [[name, *(str(c.get(k, 0)) for k in kinds)] for name, c in parts.items()]
        notes = [
            f"{self.length} operations in the list; values live at once: {self.live['forward']} "
            f"forward, {self.live['reverse']} reverse",
            "partials are evaluated once and shared by all sweeps",
        ]
        title = "Exact operation counts"
        return Table(title, ["", *kinds], rows, [False] * (1 + len(kinds)), notes)

    def to_table(self, format: str = "text") -> str:
        """The table in text, markdown, latex, html or csv."""
        return render([self.table()], format)

    def __str__(self) -> str:
        return self.to_table()

    def _repr_html_(self) -> str:
        return render([self.table()], "html", fragment=True)


def count(f: Callable, *args: Any) -> Counts:
    """Count the operations of f at args and of its forward and reverse sweeps, exactly.

    Every entry of an array argument is one input direction, every entry of a result one output.
    The counts depend on the path that f takes at args, not on the machine.

    >>> import admodes as ad
    >>> def product(x):
    ...     p = x[0]
    ...     for i in range(1, 16):
    ...         p = p * x[i]
    ...     return p
    >>> c = ad.count(product, [2.0] * 16)
    >>> c.totals["forward"]["multiplications"], c.totals["reverse"]["multiplications"]
    (480, 30)
    """
    return count_program(*scalar_program(f, args))


def count_program(program: Program, inputs: list[str], outputs: list[str]) -> Counts:
    """The counts of a recorded list."""
    operations = [s for s in program.steps if s.op is not None]
    sweep = _sum(_forward_cost(s, program) for s in operations)
    return Counts(
        f=_sum(_cost(s, program) for s in operations),
        partials=_sum(_partial_cost(s, program) for s in operations),
        forward={name: dict(sweep) for name in inputs},
        reverse={
            name: _reverse_cost(program, y)
            for name, y in zip(outputs, program.outputs, strict=True)
        },
        length=len(operations),
        live={"forward": _peak(program), "reverse": sum(_size(s.value) for s in program.steps)},
    )


def _sum(costs: Any) -> dict[str, int]:
    total: Counter = Counter()
    for cost in costs:
        total.update(cost)
    return {k: total[k] for k in KINDS if total[k]}


def _size(x: Any) -> int:
    return int(np.prod(shape_of(x), dtype=int))


def _cost(step: Step, program: Program) -> dict[str, int]:
    """One operation per entry of the result; a sum of n entries takes n - 1 additions."""
    size = _size(step.value)
    if step.op.reduces:
        return {"additions": max(_size(program.arguments(step)[0]) - size, 0)}
    return {step.op.kind: size}


def _partial_cost(step: Step, program: Program) -> dict[str, int]:
    """What the partials of a step cost, by recording them: they are written in operations."""
    if not step.op.elementwise:
        return {}
    wanted = [p for p, a in zip(step.op.partials, step.args, strict=True) if isinstance(a, Ref)]
    callables = [p for p in wanted if callable(p)]
    if not callables:
        return {}
    constants = {i: a for i, a in enumerate(step.args) if not isinstance(a, Ref)}
    traced = [x for i, x in enumerate(program.arguments(step)) if i not in constants]

    def partials(y: Any, *xs: Any) -> list:
        remaining = iter(xs)
        args = [constants[i] if i in constants else next(remaining) for i in range(len(step.args))]
        return [p(y, *args) for p in callables]

    with np.errstate(all="ignore"):
        made = record(partials, step.value, *traced)
    return _sum(_cost(s, made) for s in made.steps if s.op is not None)


def _forward_cost(step: Step, program: Program) -> dict[str, int]:
    size = _size(step.value)
    if step.is_test:
        return {}
    if not step.op.elementwise:
        return _cost(step, program)
    terms = [
        p for p, a in zip(step.op.partials, step.args, strict=True) if isinstance(a, Ref) and p != 0
    ]
    products = sum(callable(p) for p in terms)
    return {"multiplications": products * size, "additions": max(len(terms) - 1, 0) * size}


def _reverse_cost(program: Program, output: Any) -> dict[str, int]:
    if not isinstance(output, Ref):
        return {}
    needed = {output.row}
    total: Counter = Counter()
    contributions: Counter = Counter({output.row: 1})
    for i in range(output.row, -1, -1):
        step = program.steps[i]
        if i not in needed or step.op is None or step.is_test:
            continue
        for k, a in enumerate(step.args):
            if isinstance(a, Ref) and step.op.active(k):
                needed.add(a.row)
                contributions[a.row] += 1
                total.update(_contribution_cost(step, k, program))
    for row, k in contributions.items():
        total["additions"] += (k - 1) * _size(program.steps[row].value)
    return {k: total[k] for k in KINDS if total[k]}


def _contribution_cost(step: Step, k: int, program: Program) -> dict[str, int]:
    xs = program.arguments(step)
    if step.op.elementwise:
        size = _size(step.value)
        product = {"multiplications": size} if callable(step.op.partials[k]) else {}
        return {**product, "additions": size - _size(xs[k])}
    made = record(lambda w: step.op.vjp(k, w, step.value, xs, step.params), step.value)
    return _sum(_cost(s, made) for s in made.steps if s.op is not None)


def _peak(program: Program) -> int:
    """The most values that are live at once when each is dropped after its last use; an array is
    as many values as it has entries."""
    last = {y.row: len(program.steps) for y in program.outputs if isinstance(y, Ref)}
    for i, step in enumerate(program.steps):
        for a in step.args:
            if isinstance(a, Ref):
                last[a.row] = max(last.get(a.row, 0), i)
    live = peak = 0
    ending: Counter = Counter()
    for i, step in enumerate(program.steps):
        size = _size(step.value)
        live += size
        peak = max(peak, live)
        ending[last.get(i, i)] += size
        live -= ending[i]
    return peak
