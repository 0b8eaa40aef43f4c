"""Loops that are met while a function is recorded: their turns are run by generated code.

A derivative is recorded at values, so that every loop in it runs, row by row as it was recorded,
which takes some ten times as long as the code of the whole takes in the end. The code of one loop
is written as soon as it is worth it, and dropped when the recording ends.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from types import FunctionType
from typing import Any

import numpy as np

from admodes.compilation.backends import code_of_turns
from admodes.compilation.protocol import Miss
from admodes.core.pytree import LEAF
from admodes.core.record import Ref, Step, WengertList
from admodes.core.values import blank
from admodes.loops.operations import loop
from admodes.loops.region import Region, size
from admodes.loops.running import running_through

FEWEST = 250
"""Turns from which on writing the code of a row takes less time than it saves."""


@contextmanager
def turning() -> Iterator[None]:
    """The turns of loops are run by generated code inside."""
    code = Turning()
    try:
        with running_through(code):
            yield
    finally:
        code.drop()


class Turning:
    """For running_through, during one recording."""

    def __init__(self) -> None:
        self.runs: dict[Region, FunctionType | None] = {}

    def drop(self) -> None:
        """Give back the memory in which the code works, for which nobody collects cycles now."""
        for run in filter(None, self.runs.values()):
            run.__globals__.clear()
        self.runs.clear()

    def __call__(self, region: Region, xs: Sequence[Any]) -> np.ndarray | None:
        """The vector that a loop gives; None where its turns have to be run row by row."""
        if region.n < FEWEST:
            return None
        if region not in self.runs:
            self.runs[region] = _built(region)
        run = self.runs[region]
        if run is None:
            return None
        try:
            with running_through(None):
                found = run(*xs)
        except Exception:  # the same is raised where the turns are run row by row
            return None
        return None if isinstance(found, Miss) else found[0]


def _built(region: Region) -> FunctionType | None:
    """The code of a loop alone; None where there is none."""
    likes = [blank(np.broadcast_to(0.0, shape)) if shape else 0.0 for shape in region.arguments]
    steps = [Step(None, (), None, like) for like in likes]
    inputs = [Ref(k) for k in range(len(steps))]
    vector = blank(np.broadcast_to(0.0, (size(region.results),)))
    steps.append(Step(loop, tuple(inputs), {"region": region}, vector))
    program = WengertList(steps, inputs, [Ref(len(inputs))], LEAF)
    try:
        return code_of_turns(program)
    except Exception:  # which is met again, and told of, when the whole is built
        return None
