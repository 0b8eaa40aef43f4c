"""The equations of a recorded list: forward, tangents and adjoints, in the symbols of its rows."""

from __future__ import annotations

from typing import Any

from admodes.backpropagation import terms
from admodes.backpropagation.names import Constants, fan_out, row_names
from admodes.backpropagation.terms import Term
from admodes.backpropagation.translate import applied, cotangent, tangent
from admodes.core.record import Ref
from admodes.programs.arrays import ArrayProgram

LARGEST_FOLDED = 12
"""The largest formula of an unnamed row that is put in where the row is used."""


class Derivation:
    """Formulas of every row. fold: rows without a name of their own are written out where they are
    used; otherwise every row has its symbol.

    own[i]: what row i is, in symbols; symbols[i]: how others refer to it; shown: rows with a
    symbol; adjoint[i] and tangent[i] likewise. given: the rows of outputs with their seeds."""

    def __init__(self, recorded: ArrayProgram, fold: bool, numbering: str = "zero") -> None:
        self.program = recorded.program
        self.steps = recorded.program.steps
        self.names, named = row_names(recorded, numbering)
        self.constants = Constants(recorded.constants, set(self.names))
        uses = fan_out(self.program)
        outputs = {y.row for y in self.program.outputs if isinstance(y, Ref)}
        self.own: list[Term] = []
        self.symbols: list[Term] = []
        self.shown: set[int] = set()
        for i, step in enumerate(self.steps):
            symbol = terms.symbol(self.names[i], step.shape)
            made = symbol if step.op is None else self._made(i)
            keep = not fold or named[i] or uses[i] > 1 or made.size > LARGEST_FOLDED
            if keep or (i in outputs and step.shape != ()):
                self.shown.add(i)
            self.own.append(made)
            self.symbols.append(symbol if i in self.shown else made)

    def args(self, i: int) -> list[Term]:
        """The arguments of row i as others refer to them."""
        return [
            self.symbols[a.row] if isinstance(a, Ref) else self.constants.term(a)
            for a in self.steps[i].args
        ]

    def _made(self, i: int) -> Term:
        step = self.steps[i]
        return applied(step.op, self.args(i), step.params, step.shape)

    def adjoints(self, seeds: dict[int, Term]) -> dict[int, Term]:
        """The adjoint of every row that has one, for the seeds of outputs."""
        bars: dict[int, Term] = {}
        found: dict[int, Term] = {}
        parts: dict[int, list[Term]] = {i: [t] for i, t in seeds.items()}
        for i in reversed(range(len(self.steps))):
            step = self.steps[i]
            if i not in parts or (step.op is not None and step.op.passive):
                continue
            shape = step.shape
            # What holds without another adjoint comes first, then in the order of the rows.
            ordered = sorted(parts[i], key=lambda t: t.has_bar)
            found[i] = terms.total_of(ordered, shape)
            bars[i] = self._bar(i, found[i])
            if step.op is None:
                continue
            xs = self.program.arguments(step)
            args = self.args(i)
            for k, a in reversed(list(enumerate(step.args))):
                if isinstance(a, Ref):
                    term = cotangent(step, k, bars[i], self.symbols[i], args, xs)
                    if term is not None and not term.is_zero:
                        parts.setdefault(a.row, []).insert(0, term)
        return found

    def _bar(self, i: int, found: Term) -> Term:
        """How contributions refer to the adjoint of row i: a literal 1 needs no name."""
        literal = found.kind == "number" or (
            found.kind == "repeat" and found.parts[0].kind == "number"
        )
        if literal or (i not in self.shown and found.size <= LARGEST_FOLDED):
            return found
        self.shown.add(i)
        return terms.symbol(self.names[i], self.steps[i].shape, "bar")

    def tangents(self, seeded: set[int]) -> dict[int, Term]:
        """The tangent of every row that depends on a seeded input."""
        found: dict[int, Term] = {}
        for i, step in enumerate(self.steps):
            symbol = terms.symbol(self.names[i], step.shape, "dot")
            if step.op is None:
                if i in seeded:
                    found[i] = symbol
                continue
            dots: list[Term | None] = [
                terms.symbol(self.names[a.row], self.steps[a.row].shape, "dot")
                if isinstance(a, Ref) and a.row in found
                else None
                for a in step.args
            ]
            if any(dots) and not step.op.passive:
                xs = self.program.arguments(step)
                found[i] = tangent(step, dots, self.symbols[i], self.args(i), xs)
        return found

    def values(self, adjoints: list[Any]) -> dict[tuple[str, str], Any]:
        """What the symbols stand for, at the data."""
        made = {**self.constants.values}
        for name, step, w in zip(self.names, self.steps, adjoints, strict=True):
            made[name, ""] = step.value
            made[name, "bar"] = w
        return made
