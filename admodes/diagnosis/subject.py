"""Subject: the function under diagnosis as its recorded list, with the names, formulas and lines of
the rows, from which findings are made."""

from __future__ import annotations

from functools import cached_property
from typing import Any

import numpy as np

from admodes.core.origins import Line
from admodes.core.record import Ref
from admodes.programs.names import NamedProgram
from admodes.programs.rewriting import needed
from admodes.tracing.rows import forms_of
from admodes.views.dialects import Text
from admodes.views.filling import fill
from admodes.views.result import plain

SMALL = 8
"""Entries up to which an array is written out."""


class Subject:
    """The list of a function at a point. kept: the rows that an output or a decision of the
    function depends on."""

    def __init__(self, named: NamedProgram) -> None:
        self.named = named
        self.program = named.program
        self.steps = self.program.steps
        self.names = named.row_names()
        origins = self.program.origins
        self.lines: list[Line | None] = origins.lines if origins else [None] * len(self.steps)
        self.write = Text(None)

    @cached_property
    def kept(self) -> list[int]:
        ends = [y.row for y in self.program.outputs if isinstance(y, Ref)]
        tested = [a.row for g in self.program.guards for a in g.args if isinstance(a, Ref)]
        return sorted(needed(self.program, [*ends, *tested]))

    @cached_property
    def users(self) -> dict[int, list[int]]:
        """The rows that read a row."""
        found: dict[int, list[int]] = {}
        for row, step in enumerate(self.steps):
            for a in dict.fromkeys(a.row for a in step.args if isinstance(a, Ref)):
                found.setdefault(a, []).append(row)
        return found

    def finite(self, row: int) -> bool:
        """Whether a row has neither nan nor infinities."""
        value = np.asarray(self.steps[row].value)
        return value.dtype.kind not in "fc" or bool(np.isfinite(value).all())

    @cached_property
    def results(self) -> set[int]:
        """The rows that are outputs."""
        return {y.row for y in self.program.outputs if isinstance(y, Ref)}

    def formula(self, row: int) -> str:
        """A row as it is printed, such as ln(v1)."""
        step = self.steps[row]
        if step.op is None:
            return self.names[row]
        return self._filled(row, forms_of(step)["text"]["value"])

    def partial(self, row: int, k: int) -> str:
        """The formula of a partial; its operation's name where there is none."""
        forms = forms_of(self.steps[row])["text"]["partials"]
        return self._filled(row, forms[k]) if forms else f"derivative of {self.steps[row].op.name}"

    def _filled(self, row: int, form: str) -> str:
        atoms = []
        for a in self.steps[row].args:
            if isinstance(a, Ref):
                atoms.append((self.names[a.row], False))
            else:
                atoms.append((self.number(a), True))
        return fill(form, atoms, self.write)

    def number(self, x: Any) -> str:
        """A number, or an array, which is written out where it is small."""
        if np.size(x) > SMALL:
            return f"an array of shape {np.shape(x)}"
        return self.write.number(plain(x))

    def at(self, row: int, entry: tuple[int, ...] | None = None) -> str:
        """The values of a row's arguments, in an entry of its result, such as v0 = -1."""
        parts = []
        step = self.steps[row]
        for a in dict.fromkeys(a for a in step.args if isinstance(a, Ref)):
            x = self.steps[a.row].value
            if entry:
                x = np.broadcast_to(x, step.shape)[entry]
            if np.size(x) == 1:
                parts.append(f"{self.names[a.row]} = {self.number(x)}")
        return ", ".join(parts)


def direction(x: Any) -> Any:
    """A direction for x that is special for nothing: no entry is 0, or that of another."""
    t = np.cos(1.0 + 2.4 * np.arange(np.size(x)) ** 1.1).reshape(np.shape(x))
    return t if t.shape else float(t)


def first(mask: np.ndarray) -> tuple[int, ...]:
    """The first entry of a mask that is true."""
    return tuple(map(int, np.argwhere(mask)[0]))


def in_entries(mask: np.ndarray) -> str:
    """Of how many entries something is said; nothing of numbers."""
    if not mask.ndim:
        return ""
    count = int(np.count_nonzero(mask))
    return f", in entry {list(first(mask))}" + (f" and {count - 1} more" * (count > 1))
