"""Capture: one thing that a function refers to (a global, an attribute, an item of a list, …), with
a test, as Python text, that it is still the same object or has the same content. Tests run no code
of the user's beyond reading an attribute."""

from __future__ import annotations

import gc
from collections.abc import Iterable
from operator import is_
from typing import Any, NamedTuple

import numpy as np

GLOBAL = "{owner}[{key}] is {value}"
CELL = "{owner}.cell_contents is {value}"
ATTRIBUTE = "getattr({owner}, {key}) is {value}"
ITEMS = "same_items({owner}, {value})"
PAIRS = "same_pairs({owner}, {value})"
FIELDS = "same_pairs({owner}.__dict__, {value})"
REFERENTS = "same_items(referents({owner}), {value})"
CONTENT = "same_bytes({owner}, {value})"
BYTES = "bytes({owner}) == {value}"
LAYOUT = "{owner}.shape == {value} and {owner}.dtype is {key}"
ENTRIES = "same_items({owner}.flat, {value})"
METHOD = "getattr({owner}, {key}).__func__ is {value}"
BEHIND = "getattr({owner}.__class__, {key}) is {value}"
MISSING = "not hasattr({owner}, {key})"
UNBOUND = "{key} not in {owner}"
CONTEXT = "{owner}.get({key}) is {value}"

ABSENT = object()


class Capture(NamedTuple):
    """One thing that a function refers to, and how to check that it is unchanged. what: its name
    in words; owner, key and value: the object that leads to it, under which key, and what stood
    there when the function was recorded; test: the check as Python text, one of the forms above."""

    what: str
    test: str
    owner: Any
    key: Any
    value: Any


def same_items(items: Iterable, kept: tuple) -> bool:
    """Whether a list still has the very items that it had."""
    found = tuple(items)
    return len(found) == len(kept) and all(map(is_, found, kept))


def same_pairs(pairs: dict, kept: tuple[tuple, tuple]) -> bool:
    """Whether a dict still has the very keys and values that it had."""
    return same_items(pairs, kept[0]) and same_items(pairs.values(), kept[1])


def pairs_of(pairs: dict) -> tuple[tuple, tuple]:
    """What same_pairs compares with."""
    return tuple(pairs), tuple(pairs.values())


def same_bytes(a: np.ndarray, kept: tuple) -> bool:
    """Whether an array still has the content that it had, to the last bit."""
    dtype, shape, content = kept
    if a.dtype != dtype or a.shape != shape:
        return False
    if a.flags.c_contiguous and dtype.kind in "biufc":
        # Of bytes of the same number this compares all, and copies none.
        return content.startswith(a.data)
    return a.tobytes() == content


def content_of(a: np.ndarray) -> tuple:
    """What same_bytes compares with."""
    return a.dtype, a.shape, a.tobytes()


def referents(x: Any) -> tuple:
    """What an object of C code refers to, apart from its class."""
    return tuple(r for r in gc.get_referents(x) if not isinstance(r, type))
