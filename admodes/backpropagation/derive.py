"""Symbolic equations of a recorded function (a list of operations, one row each): for every row a
formula of its value, of its tangent and of its adjoint, in the symbols of the rows.

A NamedProgram goes in; formulas (terms.py) come out. Tangents and adjoints come from the derivative
walk of programs/sweep.py, which here carries formulas in place of numbers.
"""

from __future__ import annotations

from typing import Any

from admodes.backpropagation import terms
from admodes.backpropagation.contractions import readable
from admodes.backpropagation.lowerings import applied
from admodes.backpropagation.names import ConstantTerms
from admodes.backpropagation.terms import Kind, Term
from admodes.backpropagation.translate import cotangent, tangent
from admodes.core.record import Ref
from admodes.programs.names import NamedProgram
from admodes.programs.rewriting import reads
from admodes.programs.sweep import DerivativeDomain, pull, push

LARGEST_FOLDED = 12
"""The largest formula of an unnamed row that is put in where the row is used."""


class Derivation:
    """The equations of a recorded list: a formula for the value of each row, and, by `tangents` and
    `adjoints`, for its derivatives.

    fold: a short row that the user gave no name and that is used once gets no equation, but is
    written out where it is used. own[i] is the right side of the equation of row i; symbols[i] is
    what stands for row i in other equations, its symbol, or its formula where it is written out;
    shown are the rows that have an equation."""

    def __init__(self, recorded: NamedProgram, fold: bool, numbering: str = "zero") -> None:
        self.program = recorded.program
        self.steps = recorded.program.steps
        self.names = recorded.row_names(numbering)
        named = {*recorded.names, *recorded.outputs, *(step.name for step in self.steps)}
        self.constants = ConstantTerms(recorded.constants, set(self.names))
        read = reads(self.program)
        outputs = {y.row for y in self.program.outputs if isinstance(y, Ref)}
        self.own: list[Term] = []
        self.symbols: list[Term] = []
        self.shown: set[int] = set()
        for i, step in enumerate(self.steps):
            symbol = terms.symbol(self.names[i], step.shape)
            made = symbol if step.op is None else self._made(i)
            keep = not fold or self.names[i] in named or read[i] > 1 or made.size > LARGEST_FOLDED
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
        return readable(applied(step.op, self.args(i), step.params, step.shape))

    def adjoints(self, seeds: dict[int, Term]) -> dict[int, Term]:
        """The adjoint of every row that has one, for the seeds of outputs."""
        walk = _Adjoints(self)
        list(pull(self.program, [(i, (len(self.steps), 0, t)) for i, t in seeds.items()], walk))
        return walk.found

    def tangents(self, seeded: set[int]) -> dict[int, Term]:
        """The tangent of every row that depends on a seeded input."""
        walk = _Tangents(self)
        list(push(self.program, {i: walk.symbol(i) for i in seeded}, walk))
        return walk.found

    def values(self, adjoints: list[Any]) -> dict[tuple[str, str], Any]:
        """What the symbols stand for, at the data."""
        made = {**self.constants.values}
        for name, step, w in zip(self.names, self.steps, adjoints, strict=True):
            made[name, ""] = step.value
            made[name, "bar"] = w
        return made


class _Equations(DerivativeDomain):
    """The derivative walk on formulas. found: for each row the right side of the equation of its
    tangent or adjoint. Rows further on use the symbol on the left side."""

    accent = ""

    def __init__(self, derived: Derivation) -> None:
        super().__init__(derived.program)
        self.derived = derived
        self.found: dict[int, Term] = {}

    def symbol(self, row: int) -> Term:
        """The symbol of a row's tangent or adjoint."""
        return terms.symbol(self.derived.names[row], self.steps[row].shape, self.accent)

    def at(self, row: int) -> tuple:
        """What the rules of a row read: its own symbol, its arguments in symbols, and as values."""
        derived, step = self.derived, self.steps[row]
        return derived.symbols[row], derived.args(row), self.program.arguments(step)


class _Tangents(_Equations):
    accent = "dot"

    def push(self, row: int, tangents: list[Term | None]) -> Term:
        return readable(tangent(self.steps[row], tangents, *self.at(row)))

    def keep(self, row: int, derivative: Term) -> Term:
        self.found[row] = derivative
        return self.symbol(row)


class _Adjoints(_Equations):
    """Adjoints as formulas. A contribution is (row, argument, formula), where row is the one that
    it comes from, so that contributions can be put in order; those of seeds come last."""

    accent = "bar"

    def pull(self, row: int, k: int, adjoint: Term) -> tuple[int, int, Term] | None:
        term = cotangent(self.steps[row], k, adjoint, *self.at(row))
        return None if term is None or term.is_zero else (row, k, readable(term))

    def add(self, row: int, contributions: list[tuple[int, int, Term]]) -> Term:
        # What holds without another adjoint comes first, then in the order of the rows.
        ordered = sorted(contributions, key=lambda c: (c[2].has_bar, c[:2]))
        return terms.total_of([term for _, _, term in ordered], self.steps[row].shape)

    def keep(self, row: int, derivative: Term) -> Term:
        """A literal 1 needs no name, and a short formula of a row that is not shown."""
        self.found[row] = derivative
        literal = derivative.kind == Kind.NUMBER or (
            derivative.kind == Kind.REPEAT and derivative.parts[0].kind == Kind.NUMBER
        )
        shown = self.derived.shown
        if literal or (row not in shown and derivative.size <= LARGEST_FOLDED):
            return derivative
        shown.add(row)
        return self.symbol(row)
