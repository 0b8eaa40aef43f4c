"""Compiled functions, kept for the next message of the same sizes, and what a prepared function
is.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Hashable
from functools import partial
from time import perf_counter
from typing import Any, NamedTuple

import numpy as np

from admodes.compilation import compile as compiled

KEPT = 48
"""So many programs are kept, those used last."""
LARGE = 1 << 16
"""Bytes of arguments from which a program, whose buffers are many times as large, is kept alone."""
WARM = 0.1
"""Seconds for which a new program runs before it is timed: until then it may go over to native
code."""


class Prepared(NamedTuple):
    """run is what is timed; encode turns its result into what JSON has, arrays allowed."""

    run: Callable[[], Any]
    encode: Callable[[Any], Any] = lambda result: result


class Programs:
    """Compiled functions by what they are and the shapes of their arguments; no more than KEPT."""

    def __init__(self) -> None:
        self._kept: OrderedDict[Hashable, Callable] = OrderedDict()

    def __len__(self) -> int:
        return len(self._kept)

    def ready(self, key: tuple, build: Callable[[], Callable], *args: Any) -> Callable[[], Any]:
        """The compiled form of build(), called on args: a function without arguments."""
        return partial(self.program(key, build, *args), *args)

    def program(self, key: tuple, build: Callable[[], Callable], *args: Any) -> Callable:
        """The compiled form of build() for arguments of the shapes of args. key tells functions
        apart, with everything that build() refers to."""
        shapes = tuple(np.shape(x) for x in args)
        known = (*key, shapes)
        if known in self._kept:
            self._kept.move_to_end(known)
            return self._kept[known]
        self._make_room(sum(np.size(x) * 8 for x in args) >= LARGE)
        program = compiled(build())
        warm_up(partial(program, *args))
        self._kept[known] = program
        return program

    def _make_room(self, alone: bool) -> None:
        """Forget the programs that were not used for longest, or all for one that is large."""
        while self._kept and (alone or len(self._kept) >= KEPT):
            self._kept.popitem(last=False)


def warm_up(run: Callable[[], Any]) -> None:
    """Run at least twice: the second call of a compiled function looks at its arrays again."""
    start = perf_counter()
    for k in range(1000):
        if k >= 2 and perf_counter() - start > WARM:
            break
        run()


PROGRAMS = Programs()
