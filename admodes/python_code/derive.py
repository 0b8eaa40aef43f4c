"""The recorded lists from which Python code is printed: the function, its tangent sweep and its
adjoint sweep, with the names v3, v3_dot and v3_bar. Each is one recording, in which the operations'
own rules are applied to the rows of the function."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from admodes.core.carrier import quiet
from admodes.core.elementwise import elementwise
from admodes.core.record import Recorded, Ref, WengertList, record
from admodes.core.space import zeros
from admodes.core.values import shape_of
from admodes.programs.replay import value_of
from admodes.programs.sweep import Numbers, output_seeds, pull, push

SAME = elementwise("same", np.positive, 1, unlisted=True, doc="a, under another name.")

Statement = tuple[str, Any]
"""(name, value): name = value, or with the name "assert" or "assert not" a test."""


@dataclass
class Listed:
    """A function to be printed: its recorded list, the statements that name its rows, its arguments
    by name, and what it returns."""

    program: WengertList
    arguments: list[str]
    statements: list[Statement] = field(default_factory=list)
    results: list[Any] = field(default_factory=list)


class DerivedLists:
    """The three lists of a recorded function. rows: the names of its rows; inputs and outputs:
    those of its arguments and results."""

    def __init__(
        self, program: WengertList, rows: list[str], inputs: Sequence[str], outputs: Sequence[str]
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
        ys = map(self.program.value, self.program.outputs)
        names = [*self.inputs, *(f"{n}_bar" for n in self.outputs)]
        return self._listed(names, [*self.points, *ys], lambda run: run.adjoints())

    def _listed(self, names: list[str], points: list[Any], sweep: Any) -> Listed:
        found = Listed(None, names)  # type: ignore[arg-type]

        def run(*leaves: Any) -> list[Any]:
            found.results = sweep(_Run(self, leaves, found.statements))
            return [x for _, x in found.statements] + found.results

        with quiet():
            found.program = record(run, *points, loops=True)
        k = len(found.statements)
        refs = found.program.outputs
        found.statements = [(n, y) for (n, _), y in zip(found.statements, refs[:k], strict=True)]
        found.results = refs[k:]
        return found


class _Run(Numbers):
    """One sweep on recorded values; statements collects what has a name, accent is what the names
    of derivatives end with."""

    def __init__(self, sweeps: DerivedLists, leaves: Sequence[Any], statements: list) -> None:
        super().__init__(sweeps.program, [])
        self.branches = sweeps.program.branches()
        self.names = sweeps.rows
        self.inputs = [x.row for x in self.program.inputs]
        self.leaves = dict(zip(self.inputs, leaves, strict=False))
        self.weights = leaves[len(self.inputs) :]
        self.statements = statements
        self.named: set[int] = set()
        self.accent = ""

    def _let(self, name: str, x: Any) -> Any:
        """x with a name; what has one already gets a row of its own for the second."""
        if isinstance(x, Recorded):
            if x.row in self.named:
                x = x.recording.enter(SAME, (Ref(x.row),), None, x.primal)
            self.named.add(x.row)
        self.statements.append((name, x))
        return x

    def keep(self, row: int, derivative: Any) -> Any:
        return self._let(self.names[row] + self.accent, derivative)

    def pulls(self, row: int, ks: Sequence[int], adjoint: Any) -> list[Any]:
        return self.contributions(row, ks, adjoint)

    def _primal(self, i: int) -> None:
        """Row i, with the tests that the control flow made of it."""
        step = self.steps[i]
        y = self.leaves[i] if step.op is None else step.op.dispatch(self.at(i), step.params)
        self.values.append(self._let(self.names[i], y))
        for guard in self.branches.get(i, ()):
            tested = [value_of(a, self.values) for a in guard.args]
            what = tested[0] if guard.decide is bool else guard.decide(*tested)
            self.statements.append(("assert" if guard.expected else "assert not", what))

    def primals(self) -> list[Any]:
        for i in range(len(self.steps)):
            self._primal(i)
        return [value_of(y, self.values) for y in self.program.outputs]

    def tangents(self) -> list[Any]:
        self.accent = "_dot"
        seeds = dict(zip(self.inputs, self.weights, strict=True))
        # The value of a row is there before the walk comes to it.
        rows = zip(map(self._primal, range(len(self.steps))), push(self.program, seeds, self))
        dots = [_zero(self.values[i]) if t is None else t for _, (i, t) in rows]
        outputs = self.program.outputs
        ends = [dots[y.row] if isinstance(y, Ref) else _zero(y) for y in outputs]
        return [*(value_of(y, self.values) for y in outputs), *ends]

    def adjoints(self) -> list[Any]:
        self.primals()
        self.accent = "_bar"
        bars = dict(pull(self.program, output_seeds(self.program, self.weights), self))
        return [bars.get(i, _zero(self.steps[i].like)) for i in self.inputs]


def _zero(x: Any) -> Any:
    return zeros(shape_of(x), x)
