"""The arrays that a function refers to while it is recorded: which of them the program reads anew
at each run, which were copied as constants, and for what reasons, if any, the recording must not be
used again."""

from __future__ import annotations

import weakref
from collections.abc import Mapping
from typing import Any

import numpy as np

from admodes.core.values import owner


class Held:
    """What a recording notes about arrays. arrays: those that the function refers to, by id, which
    are not copied, since the program reads them anew. met: for each other array that became a
    constant, a weak reference to what its memory belongs to, and the copy. refusals: in words, why
    the recording must not be used again. recordings: weak references to the lists that were
    written; one that is alive at the end was kept by a value that the function put away. errors:
    whether the function may switch on errors of floating-point arithmetic."""

    def __init__(self, arrays: Mapping[int, np.ndarray], errors: bool = False) -> None:
        self.errors = errors
        self.arrays = arrays
        self.owners = frozenset(id(owner(a)) for a in arrays.values())
        self.met: list[tuple[weakref.ref, np.ndarray]] = []
        self.refusals: dict[str, None] = {}
        self.recordings: list[weakref.ref] = []

    def __contains__(self, a: Any) -> bool:
        return bool(self.owners) and id(owner(a)) in self.owners

    def look_at_errors(self) -> None:
        """Whether floating-point errors are raised is seen while operations are recorded, where the
        function may switch that on."""
        if {"raise", "call"} & set(np.geterr().values()):
            self.refusals["has floating-point errors raised"] = None

    def note(self, a: np.ndarray, copy: np.ndarray) -> None:
        """An array that is a constant of the recording."""
        found = owner(a)
        if isinstance(found, np.ndarray):
            self.met.append((weakref.ref(found), copy))

    def still_there(self) -> list[np.ndarray]:
        """The arrays that were constants and belong to someone."""
        found = {id(a): a for ref, _ in self.met if (a := ref()) is not None}
        return list(found.values())
