"""Walk, the base class of a search through objects that refer to one another: each object is looked
at once, in a bounded number of steps, and what must not change is noted in `places`. A subclass
(captures.py) says which objects an object leads to."""

from __future__ import annotations

import types
from abc import ABC, abstractmethod
from collections import deque
from collections.abc import Iterable
from typing import Any

from admodes.compilation.kinds import fields
from admodes.compilation.places import Capture
from admodes.core.op import Op

MOST = 20_000
"""Steps of the walk after which a function refers to too much."""
COST_OF_TEST = 3
"""Steps that what is compared at each call counts for."""
DEEPEST = 50
"""What is reached by more steps than that is looked at later, as Python's stack has an end."""


class Unseen(Exception):
    """A function refers to an object that may change without anything that can be compared, or
    to too many objects."""


class Walk(ABC):
    """A search that a subclass directs. places: a Capture for each thing that must not change, in
    the order in which they were met. seen: the objects that were searched, by id."""

    def __init__(self) -> None:
        self.places: list[Capture] = []
        self.seen: dict[int, Any] = {}
        self._due: deque[tuple[Any, str]] = deque()
        self._steps = self._depth = 0

    @abstractmethod
    def _look(self, x: Any, what: str) -> None:
        """Note what x is, and visit what it refers to in turn. what: x in words."""

    def _all(self, found: Iterable, what: str) -> None:
        for part in found:
            self._visit(part, what)

    def _visit(self, x: Any, what: str) -> None:
        """Look at x, now or, where that nests too deep, later."""
        if self._depth > DEEPEST:
            self._due.append((x, what))
            return
        self._depth += 1
        try:
            self._look(x, what)
        finally:
            self._depth -= 1

    def _step(self, what: str, count: int = 1) -> None:
        self._steps += count
        if self._steps > MOST:
            raise Unseen(f"refers to more than can be looked through ({what}, for one)")

    def _guard(self, what: str, test: str, owner: Any, key: Any, value: Any) -> None:
        self._step(what, COST_OF_TEST)
        self.places.append(Capture(what, test, owner, key, value))


def name_of(x: Any) -> str:
    """What x is called in messages."""
    if isinstance(x, (types.FunctionType, types.BuiltinFunctionType, type, types.ModuleType, Op)):
        return x.__name__
    return str((fields(x) or {}).get("__name__", type(x).__name__))
