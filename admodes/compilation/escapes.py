"""Recorded values that the function has stored somewhere, as in self.h = h: each is replaced by the
plain number or array it stands for, as if the function had been called without recording."""

from __future__ import annotations

import gc
import types
from collections import deque
from typing import Any

from admodes.compilation.kinds import fields
from admodes.core.held import Held
from admodes.core.pytree import own
from admodes.core.record import Recorded, Recording

DEEPEST = 8
"""Tuples inside tuples, at most, in which a value is replaced."""


def taken_back(held: Held) -> int:
    """The number of values that the function has kept, all of which are plain now. Raises
    LookupError where one is in a place that cannot be changed."""
    if not _alive(held):
        return 0
    # What only refers to itself is gone after that.
    gc.collect()
    kept = [x for recording in _alive(held) for x in _carriers(recording)]
    # Inner recordings have values of outer ones inside.
    kept.sort(key=lambda x: x.level.serial)
    count = len(kept)
    while kept:
        x = kept.pop()
        _replace(x, own(x.primal), [kept], 0)
        del x
    if _alive(held):
        raise LookupError("a traced value is kept in a place that cannot be changed")
    return count


def _alive(held: Held) -> list[Recording]:
    """The recordings of which a value is alive."""
    return [r for ref in held.recordings if (r := ref()) is not None]


def _carriers(recording: Recording) -> list[Recorded]:
    return [x for x in gc.get_referrers(recording) if issubclass(type(x), Recorded)]


def _replace(old: Any, new: Any, ours: list, depth: int) -> None:
    """Put new into the place of old wherever that stands. (No function inside may refer to old:
    the cell would be one of the places.)"""
    for holder in gc.get_referrers(old):
        kind = type(holder)
        if kind is types.FrameType or any(holder is x for x in ours):
            continue
        if issubclass(kind, dict):
            for key, value in list(dict.items(holder)):
                if value is old:
                    dict.__setitem__(holder, key, new)
        elif issubclass(kind, (list, deque)):
            _with(holder, old, new)
        elif kind is types.CellType:
            holder.cell_contents = new
        elif issubclass(kind, tuple) and depth < DEEPEST:
            parts = _with(list(tuple.__iter__(holder)), old, new)
            _replace(holder, tuple.__new__(kind, parts), [*ours, parts], depth + 1)
        else:
            _into_attributes(holder, old, new)


def _with(items: Any, old: Any, new: Any) -> Any:
    """A list, in which new has taken the place of old."""
    for k, value in enumerate(list(items)):
        if value is old:
            items[k] = new
    return items


def _into_attributes(holder: Any, old: Any, new: Any) -> None:
    for kind in type(holder).__mro__:
        for slot in kind.__dict__.values():
            if type(slot) is types.MemberDescriptorType and not isinstance(holder, type):
                try:
                    if slot.__get__(holder) is old:
                        slot.__set__(holder, new)
                except (AttributeError, TypeError):
                    continue
    own_fields = fields(holder) or {}
    for name, value in list(own_fields.items()):
        if value is not old:
            continue
        if isinstance(holder, type):
            type.__setattr__(holder, name, new)
        else:
            own_fields[name] = new
