"""The arrays that a function refers to while it is recorded: which of them the program reads anew
at each run, which were copied as constants, and for what reasons, if any, the recording must not be
used again."""

from __future__ import annotations

import weakref
from collections.abc import Collection, Mapping
from typing import Any

import numpy as np

from admodes.core.values import SMALL, Copies, arrays_of, owner, plain_params


class Held:
    """What a recording notes about arrays. arrays: those that the function refers to, by id, which
    are not copied, since the program reads them anew. copies: of other arrays, which become
    constants. met: for each of these weak references to itself and to what its memory belongs to,
    and the copy. refusals: in words, why the recording must not be used again. recordings: weak
    references to the lists that were written; one that is alive at the end was kept by a value that
    the function put away. errors: whether the function may switch on errors of floating-point
    arithmetic."""

    def __init__(self, arrays: Mapping[int, np.ndarray], errors: bool = False) -> None:
        self.errors = errors
        self.arrays = arrays
        self.owners = frozenset(id(owner(a)) for a in arrays.values())
        self.copies = Copies(SMALL)
        self.met: list[tuple[weakref.ref, weakref.ref, np.ndarray]] = []
        self.refusals: dict[str, None] = {}
        self.recordings: list[weakref.ref] = []

    def __contains__(self, a: Any) -> bool:
        return bool(self.owners) and id(owner(a)) in self.owners

    def look_at_errors(self) -> None:
        """Whether floating-point errors are raised is seen while operations are recorded, where the
        function may switch that on."""
        if {"raise", "call"} & set(np.geterr().values()):
            self.refusals["has floating-point errors raised"] = None

    def copied(self, a: np.ndarray) -> np.ndarray:
        """An array that is a constant of the recording, as it is now."""
        kept = self.copies.of(a)
        self.note(a, kept)
        return kept

    def plain(self, params: dict) -> dict:
        """Parameters as a recorded list keeps them."""
        kept = plain_params(params) or {}
        if kept is not params:
            for x, copy in arrays_of(tuple(params.values()), tuple(kept.values())):
                self.note(x, copy)
        return kept

    def note(self, a: np.ndarray, copy: np.ndarray) -> None:
        """An array that is a constant of the recording."""
        found = owner(a)
        if isinstance(found, np.ndarray):
            self.met.append((weakref.ref(a), weakref.ref(found), copy))

    def still_there(self, given: Collection[int]) -> list[np.ndarray]:
        """The arrays that were constants and belong to someone, without those that are looked at
        anyway, by id. Copies belong to the lists of this recording, of which one may be recorded
        again into another."""
        known = {id(copy) for *_, copy in self.met} | set(given)
        found = {}
        for ref, whole, _ in self.met:
            a = whole()
            if a is not None and not {id(a), id(ref())} & known:
                found[id(a)] = a
        return list(found.values())
