"""Memory for the arrays of a program: which rows are views of others and after which row each array
is no longer read (`Lifetimes`), and buffers that are used again from there on (`Buffers`)."""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from admodes.core.op import Op
from admodes.core.record import Ref, Step, WengertList
from admodes.core.structure import Moves

WASTE = 2
"""A free buffer takes a row that needs at least 1/WASTE of it."""


def is_view(step: Step) -> bool:
    """Whether the result shares memory with the argument; a stretched array is written out."""
    op: Op | None = step.op
    if op is None or not op.shows(step.params):
        return False
    return not (isinstance(op.structure, Moves) and op.structure.stretches)


def is_array(x: Any) -> bool:
    """Whether a row's value is an array."""
    return x.__class__ is np.ndarray


def overwritten(step: Step) -> tuple:
    """The arguments whose memory a row may be written into."""
    return step.args[:1] if step.op.rewrites else step.args


class Lifetimes:
    """For each row the rows whose memory it may share (itself, or what it is a view of), and the
    last row that reads each of these. owns: whether a row that is no view is memory of its own for
    certain. later: what a row reads beside its arguments."""

    def __init__(
        self, program: WengertList, owns: Callable[[int, Step], bool], later: Mapping[int, Any]
    ) -> None:
        steps = program.steps
        self.roots: list[frozenset[int]] = []
        self.made = [step.op is not None for step in steps]
        self.last: list[int] = list(range(len(steps)))
        for i, step in enumerate(steps):
            given = [
                self.roots[a.row]
                for a in (*step.args, later.get(i))
                if a.__class__ is Ref and is_array(steps[a.row].like)
            ]
            for roots in given:
                for root in roots:
                    self.last[root] = i
            view = is_view(step)
            alone = (not view and (step.op is None or owns(i, step))) or not is_array(step.like)
            own = frozenset((i,))
            if not alone:
                own = frozenset().union(*given) if view else own.union(*given)
            self.roots.append(own)
        for a in (*program.outputs, *(a for g in program.guards for a in g.args)):
            if isinstance(a, Ref):
                for root in self.roots[a.row]:
                    self.last[root] = len(steps)

    def computed(self, a: Any) -> bool:
        """Whether an argument is no constant, and no view of inputs."""
        return a.__class__ is Ref and any(self.made[root] for root in self.roots[a.row])

    def join(self, memory: Mapping[int, int]) -> None:
        """Rows are written into the memory of earlier rows, by row the one before it."""
        first: dict[int, int] = {}
        for i in sorted(memory):
            first[i] = first.get(memory[i], memory[i])
            self.last[first[i]] = max(self.last[first[i]], self.last[i])
        if first:
            self.roots = [
                frozenset(first.get(r, r) for r in roots)
                if not first.keys().isdisjoint(roots)
                else roots
                for roots in self.roots
            ]


class Buffers:
    """Memory that is planned once. need(…) gives the number of a buffer, free(…) gives it back.

    idle: by size, the buffers that may be used again, the one used last at the end; lengths: these
    sizes in order."""

    def __init__(self) -> None:
        self.sizes: list[int] = []
        self.idle: dict[int, list[int]] = {}
        self.lengths: list[int] = []

    def need(self, nbytes: int) -> int:
        at = bisect_left(self.lengths, nbytes)
        if at < len(self.lengths) and self.lengths[at] <= WASTE * nbytes:
            size = self.lengths[at]
            waiting = self.idle[size]
            chosen = waiting.pop()
            if not waiting:
                del self.idle[size], self.lengths[at]
            return chosen
        self.sizes.append(nbytes)
        return len(self.sizes) - 1

    def free(self, buffer: int) -> None:
        size = self.sizes[buffer]
        if size not in self.idle:
            self.idle[size] = []
            insort(self.lengths, size)
        self.idle[size].append(buffer)
