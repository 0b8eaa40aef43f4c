"""A recorded list as data: a WengertList is its steps in order, its inputs and outputs as
references to steps, and the decisions of control flow under which it holds, its guards.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from typing import Any, NamedTuple

import numpy as np

from admodes.core.notes import Note
from admodes.core.op import Op
from admodes.core.origins import Line, Origins
from admodes.core.pytree import Tree
from admodes.core.values import shape_of


class Ref(NamedTuple):
    """An argument that is the result of an earlier step."""

    row: int


reference = partial(tuple.__new__, Ref)
"""reference((row,)) is Ref(row), in a third of the time."""


@dataclass(slots=True)
class Step:
    """One entry of the list: `op` applied to `args` (a Ref or a constant each); op is None for an
    input.

    like tells the shape, the dtype and whether the result is a Python number: what else it holds
    means nothing. value is the result at the point of the recording, or None where the list keeps
    no values. name is what the user called the result.
    """

    op: Any
    args: tuple
    params: dict | None
    like: Any
    value: Any = None
    name: str | None = None

    @property
    def shape(self) -> tuple[int, ...]:
        """The shape of the result."""
        return shape_of(self.like)

    @property
    def size(self) -> int:
        """The number of entries of the result."""
        return math.prod(self.shape)

    @property
    def dtype(self) -> np.dtype:
        """The dtype of the result; of a Python number that of an array of it."""
        kind = getattr(self.like, "dtype", None)
        return np.asarray(self.like).dtype if kind is None else kind

    @property
    def is_test(self) -> bool:
        """Whether this is a comparison: a truth value without derivative."""
        return self.op is not None and self.op.is_test

    @property
    def discrete(self) -> bool:
        """Whether this is a test, or a position among others: there is no derivative."""
        return self.op is not None and self.op.discrete


def is_active(step: Step, k: int) -> bool:
    """Whether a row depends differentiably on its argument k, and that is a row."""
    return step.args[k].__class__ is Ref and step.op.active(k)


def made_of(steps: list[Step], row: int, depth: int = 8) -> tuple | None:
    """The operations that made a row; what is older than depth is told by its row alone."""
    step = steps[row]
    if step.op is None or not depth:
        return (row,)
    parts = (made_of(steps, a.row, depth - 1) if isinstance(a, Ref) else a for a in step.args)
    return (step.op, tuple(parts), step.params)


@dataclass
class Guard:
    """A decision that the function took from recorded values: decide(*args) was expected. The list
    holds only where it is the same again. decide is bool where control flow branched on a row, and
    a comparison where it branched on one that is no row of its own. rewritten: it is one of the
    optimiser's, under which rows are taken in another order; where it fails the exact program is
    run. line: where in the user's code the decision was taken, where that is noted. number: the
    position of the decision among those of the function, by which a run tells which one came out
    otherwise; None where nobody asks."""

    decide: Callable[..., Any]
    args: tuple
    expected: Any
    rewritten: bool = False
    line: Line | None = field(default=None, compare=False)
    number: int | None = field(default=None, compare=False)

    @property
    def last(self) -> int:
        """The latest row that it reads; 0 where there is none."""
        return max((a.row for a in self.args if isinstance(a, Ref)), default=0)

    @property
    def is_branch(self) -> bool:
        """Whether control flow branched here."""
        return self.decide is bool or isinstance(self.decide, Op)


@dataclass(repr=False)
class WengertList:
    """A recorded list. inputs and outputs are Refs (an output may be a constant). guards hold the
    decisions of control flow; captured are inputs that are no arguments, but arrays that the
    function refers to, read anew at each run; notes are what was seen while recording; origins say
    where in the user's code the rows are from, where that was asked for."""

    steps: list[Step]
    inputs: list[Ref]
    outputs: list[Any]
    out_tree: Tree
    guards: list[Guard] = field(default_factory=list)
    captured: dict[int, np.ndarray] = field(default_factory=dict)
    notes: list[Note] = field(default_factory=list)
    origins: Origins | None = field(default=None, compare=False)

    def __repr__(self) -> str:
        return f"<WengertList of {len(self.steps)} rows, {len(self.guards)} guards>"

    def arguments(self, step: Step) -> tuple:
        """The values that step was applied to."""
        return tuple(self.value(a) for a in step.args)

    def value(self, a: Any) -> Any:
        """What an argument or an output is at the point of the recording."""
        return self.steps[a.row].value if isinstance(a, Ref) else a

    def like(self, a: Any) -> Any:
        """An argument or an output by its shape and dtype; a constant itself."""
        return self.steps[a.row].like if isinstance(a, Ref) else a

    def likes(self, step: Step) -> tuple:
        """The arguments of step by their shapes and dtypes."""
        return tuple(map(self.like, step.args))

    def due(self) -> dict[int, list[Guard]]:
        """The guards by the latest row that each reads, after which it can be decided. Those with
        numbers are decided in the order of these: each after the rows of those before it."""
        rows: dict[int, list[Guard]] = {}
        latest = 0
        for guard in self.guards:
            last = guard.last
            if guard.number is not None:
                last = latest = max(latest, last)
            rows.setdefault(last, []).append(guard)
        return rows

    def branches(self) -> dict[int, list[Guard]]:
        """The branches of control flow by the latest row that each reads, each truth of a row
        once."""
        rows: dict[int, list[Guard]] = {}
        for row, guards in self.due().items():
            kept = rows[row] = []
            for guard in guards:
                if guard.is_branch and not (guard.decide is bool and guard in kept):
                    kept.append(guard)
        return rows
