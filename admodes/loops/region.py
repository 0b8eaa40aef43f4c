"""Region, the body of a loop: the list of one turn, how often it runs, and which of its inputs are
carried from turn to turn, belong to single turns, or are the same in all.

The operation `loop` takes the values of these inputs, in that order, and gives one vector: the
state after the last turn and what every turn results in, each flattened, one after the other.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from admodes.core.program import Step, WengertList
from admodes.core.values import shape_of
from admodes.errors import BadValue

Shape = tuple[int, ...]


class OtherBranch(BadValue):
    """A turn of a loop takes another branch than the one that its list was recorded with."""


@dataclass(eq=False)
class Region:
    """A loop of n turns, n at least 1.

    body: the list of one turn. Its inputs are the leaves of the state (`carried` of them), then
    what belongs to this turn alone (`per_turn`), then constants of the loop, which all turns
    read. Its outputs are the state after the turn, of the same shapes, then the results of the
    turn. Its guards are decided in every turn. All inputs and outputs are float64.

    An argument of the operation that belongs to single turns has a leading axis of length n, of
    which turn i reads entry i; so has a result of turns, of which turn i writes entry i. backwards:
    turn n - 1 is the first and turn 0 the last one, as on the way back over another loop.

    extends: the region that this one is with further results of turns, which stand last. cache
    holds what is derived from the region, and recorded once.
    """

    body: WengertList
    n: int
    carried: int
    per_turn: int
    backwards: bool = False
    extends: Region | None = None
    cache: dict = field(default_factory=dict)

    def __repr__(self) -> str:
        return f"<Region of {len(self.body.steps)} rows, {self.n} turns>"

    @property
    def turns(self) -> range:
        """The numbers of the turns, in the order in which they run."""
        return range(self.n - 1, -1, -1) if self.backwards else range(self.n)

    def of_turns(self, k: int) -> bool:
        """Whether argument k has an entry for every turn."""
        return self.carried <= k < self.carried + self.per_turn

    @property
    def arguments(self) -> list[Shape]:
        """The shapes of the arguments of the operation."""
        shapes = [self.body.steps[x.row].shape for x in self.body.inputs]
        first, last = self.carried, self.carried + self.per_turn
        return [*shapes[:first], *((self.n, *s) for s in shapes[first:last]), *shapes[last:]]

    @property
    def results(self) -> list[Shape]:
        """The shapes of what the operation gives: the last state, and the results of turns."""
        shapes = [shape_of(self.body.like(y)) for y in self.body.outputs]
        return shapes[: self.carried] + [(self.n, *s) for s in shapes[self.carried :]]


def size(shapes: Sequence[Shape]) -> int:
    """The length of a vector of arrays of these shapes."""
    return sum(map(math.prod, shapes))


def all_steps(program: WengertList) -> Iterator[Step]:
    """The rows of a list, and those of the turns of its loops."""
    for step in program.steps:
        yield step
        region = step.op.turns(step.params) if step.params else None
        if region is not None:
            yield from all_steps(region.body)


def rows_of_run(program: WengertList) -> int:
    """How many rows a run of a list takes: those of every turn of its loops."""
    regions = [step.op.turns(step.params) for step in program.steps if step.params]
    turns = (x.n * rows_of_run(x.body) for x in regions if x is not None)
    return len(program.steps) + sum(turns)


def taken_apart(vector: Any, shapes: Sequence[Shape], reshape: Callable) -> list[Any]:
    """The arrays of these shapes in a vector; numbers where a shape is ().

    >>> import numpy as np
    >>> taken_apart(np.arange(3.0), [(), (2, 1)], np.reshape)[1].tolist()
    [[1.0], [2.0]]
    """
    found, start = [], 0
    for shape in shapes:
        stop = start + math.prod(shape)
        found.append(reshape(vector[start:stop], shape) if shape else vector[start])
        start = stop
    return found
