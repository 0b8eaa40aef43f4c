"""The lists of a function, of its tangent sweep and of its adjoint sweep, with the names v3, v3_dot
and v3_bar: one recording each, of the operations' own rules applied to the rows of the function."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from admodes.core.carrier import quiet
from admodes.core.elementwise import elementwise
from admodes.core.op import REGISTRY
from admodes.core.record import Program, Recorded, Ref, record
from admodes.core.space import is_complex, zeros
from admodes.core.values import shape_of

SAME = elementwise("same", np.positive, 1, unlisted=True, doc="a, under another name.")

Statement = tuple[str, Any]
"""(name, value): name = value, or with the name "assert" or "assert not" a test."""


@dataclass
class Listed:
    """A function to be printed: its recorded list, the statements that name its rows, its arguments
    by name, and what it returns."""

    program: Program
    arguments: list[str]
    statements: list[Statement] = field(default_factory=list)
    results: list[Any] = field(default_factory=list)


class Sweeps:
    """The three lists of a recorded function. rows: the names of its rows; inputs and outputs:
    those of its arguments and results."""

    def __init__(
        self, program: Program, rows: list[str], inputs: Sequence[str], outputs: Sequence[str]
    ) -> None:
        self.program = program
        self.rows = rows
        self.inputs = list(inputs)
        self.outputs = list(outputs)
        self.points = [program.steps[x.row].value for x in program.inputs]

    def f(self) -> Listed:
        """The function itself."""
        return self._listed(self.inputs, self.points, lambda run: run.primals())

    def tangent(self) -> Listed:
        """The results, then their tangents."""
        names = [*self.inputs, *(f"{n}_dot" for n in self.inputs)]
        return self._listed(names, self.points * 2, lambda run: run.tangents())

    def adjoint(self) -> Listed:
        """The adjoints of the inputs for those of the results."""
        ys = [self._value(y) for y in self.program.outputs]
        names = [*self.inputs, *(f"{n}_bar" for n in self.outputs)]
        return self._listed(names, [*self.points, *ys], lambda run: run.adjoints())

    def _value(self, y: Any) -> Any:
        return self.program.steps[y.row].value if isinstance(y, Ref) else y

    def _listed(self, names: list[str], points: list[Any], sweep: Any) -> Listed:
        found = Listed(None, names)  # type: ignore[arg-type]

        def run(*leaves: Any) -> list[Any]:
            found.results = sweep(_Run(self, leaves, found.statements))
            return [x for _, x in found.statements] + found.results

        with quiet():
            found.program = record(run, *points)
        k = len(found.statements)
        refs = found.program.outputs
        found.statements = [(n, y) for (n, _), y in zip(found.statements, refs[:k], strict=True)]
        found.results = refs[k:]
        return found


class _Run:
    """One sweep on recorded values; statements collects what has a name."""

    def __init__(self, sweeps: Sweeps, leaves: Sequence[Any], statements: list) -> None:
        self.program = sweeps.program
        self.branches = sweeps.program.branches()
        self.names = sweeps.rows
        self.leaves = leaves
        self.statements = statements
        self.values: list[Any] = []
        self.named: set[int] = set()

    def _let(self, name: str, x: Any) -> Any:
        """x with a name; what has one already gets a row of its own for the second."""
        if isinstance(x, Recorded):
            if x.row in self.named:
                x = x.recording.enter(SAME, (Ref(x.row),), None, x.primal)
            self.named.add(x.row)
        self.statements.append((name, x))
        return x

    def _assert(self, x: Any, truth: bool) -> None:
        self.statements.append(("assert" if truth else "assert not", x))

    def _arguments(self, args: tuple, of: list[Any]) -> tuple:
        return tuple(of[a.row] if isinstance(a, Ref) else a for a in args)

    def _primal(self, i: int) -> Any:
        """Row i, with the tests that the control flow made of it."""
        step = self.program.steps[i]
        if step.op is None:
            y = self.leaves[[x.row for x in self.program.inputs].index(i)]
        else:
            y = step.op.dispatch(self._arguments(step.args, self.values), step.params)
        self.values.append(self._let(self.names[i], y))
        for guard in self.branches.get(i, ()):
            tested = self._arguments(guard.args, self.values)
            what = tested[0] if guard.decide is bool else guard.decide(*tested)
            self._assert(what, guard.expected)
        return y

    def _outputs(self, of: list[Any]) -> list[Any]:
        return [of[y.row] if isinstance(y, Ref) else y for y in self.program.outputs]

    def primals(self) -> list[Any]:
        for i in range(len(self.program.steps)):
            self._primal(i)
        return self._outputs(self.values)

    def tangents(self) -> list[Any]:
        dots: list[Any] = []
        seeds = iter(self.leaves[len(self.program.inputs) :])
        for i, step in enumerate(self.program.steps):
            y = self._primal(i)
            if step.op is None:
                t = next(seeds)
            elif step.op.passive:
                t = None
            else:
                given = [dots[a.row] if isinstance(a, Ref) else None for a in step.args]
                xs = self._arguments(step.args, self.values)
                t = step.op.jvp(given, y, xs, step.params)
            dots.append(t if t is None else self._let(f"{self.names[i]}_dot", t))
        moved = [_zero(v) if t is None else t for v, t in zip(self.values, dots, strict=True)]
        ends = [moved[y.row] if isinstance(y, Ref) else _zero(y) for y in self.program.outputs]
        return [*self._outputs(self.values), *ends]

    def adjoints(self) -> list[Any]:
        steps = self.program.steps
        for i in range(len(steps)):
            self._primal(i)
        parts: dict[int, list[Any]] = {}
        for y, w in zip(self.program.outputs, self.leaves[len(self.program.inputs) :], strict=True):
            if isinstance(y, Ref):
                parts.setdefault(y.row, []).append(w)
        bars: dict[int, Any] = {}
        for i in reversed(range(len(steps))):
            step = steps[i]
            if i not in parts or (step.op is not None and step.op.passive):
                continue
            w = functools.reduce(REGISTRY["add"], parts[i])
            w = bars[i] = self._let(f"{self.names[i]}_bar", w)
            xs = self._arguments(step.args, self.values)
            for k, a in enumerate(step.args):
                if isinstance(a, Ref) and step.op.active(k):
                    term = step.op.vjp(k, w, self.values[i], xs, step.params)
                    if term is not None:
                        if is_complex(term) and not is_complex(self.values[a.row]):
                            term = REGISTRY["real"](term)
                        parts.setdefault(a.row, []).append(term)
        return [bars.get(x.row, _zero(steps[x.row].value)) for x in self.program.inputs]


def _zero(x: Any) -> Any:
    return zeros(shape_of(x), x)
