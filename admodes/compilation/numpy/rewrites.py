"""Assignments moved down to where their results are first read: by then views of the old array have
been read, so that the new one may be written in its place."""

from __future__ import annotations

from typing import Any

from admodes.optimisation.optimised import Optimised
from admodes.programs.rewriting import LateCopy


class _Later(LateCopy):
    """The copy in which rows that rewrite their first argument come as late as they can."""

    def followed(self) -> Any:
        for step in self.old.steps:
            if step.op is not None and step.op.rewrites:
                # A chain of them is written one after the other, not from its end.
                self.ready(step.args[0])
                self.new.append(None)
            else:
                self.new.append(self.keep(step, self.moved(step.args)))
        return self.finished()

    def late(self, row: int) -> Any:
        step = self.old.steps[row]
        return self.keep(step, self.moved(step.args))


def rewritten_late(program: Optimised) -> Optimised:
    """The program with assignments where their results are first read."""
    if not any(step.op is not None and step.op.rewrites for step in program.steps):
        return program
    return Optimised.of(_Later(program).followed())
