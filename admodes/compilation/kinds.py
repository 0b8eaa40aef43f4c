"""What the type of a Python object tells about it without running any of its code: whether it can
change, where Python stores its contents, and whether all code that reads its attributes is the
user's."""

from __future__ import annotations

import array
import datetime
import decimal
import enum
import fractions
import inspect
import io
import logging
import mmap
import operator
import pathlib
import queue
import random
import re
import sys
import threading
import types
from collections import deque
from typing import Any

import numpy as np

from admodes.compilation.naming import is_foreign
from admodes.compilation.places import ABSENT

CONTAINERS = (tuple, list, dict, set, frozenset, deque)
MEMORY = (bytearray, array.array, memoryview, mmap.mmap)
KNOWN = (types.SimpleNamespace,)
"""Kinds of Python's own whose attributes are the user's."""

GENERATORS: tuple[type, ...] = (np.random.Generator, np.random.RandomState, random.Random)
GENERATORS += (np.random.BitGenerator, np.random.SeedSequence)

PLAIN = frozenset(
    {type(None), bool, int, float, complex, str, bytes, range, slice, type(...)}
    | {type(NotImplemented), types.CodeType, types.GenericAlias, types.UnionType, re.Pattern}
    | {decimal.Decimal, fractions.Fraction, datetime.date, datetime.datetime, datetime.timedelta}
    | {types.WrapperDescriptorType, types.MethodDescriptorType, types.ClassMethodDescriptorType}
    | {types.GetSetDescriptorType, types.MemberDescriptorType, types.MethodWrapperType}
)
"""Kinds that cannot change."""

INERT: tuple[type, ...] = (type(threading.Lock()), type(threading.RLock()), logging.Logger)
INERT += (logging.LoggerAdapter, io.IOBase, queue.SimpleQueue, pathlib.PurePath, enum.EnumType)
"""Kinds that take messages, and others from which nothing is read that a result depends on."""

REFLECTIVE = {id(x) for x in (getattr, hasattr, setattr, vars, dir, operator.attrgetter)}
"""Functions that read attributes by name, by id."""


def is_plain(kind: type) -> bool:
    """Whether objects of this very type cannot change."""
    return kind in PLAIN or issubclass(kind, (np.generic, np.dtype))


def is_inert(kind: type) -> bool:
    return issubclass(kind, INERT)


def fields(x: Any) -> dict | None:
    """The dict of an object's own attributes, where Python keeps one; no code of its class runs."""
    for kind in type(x).__mro__:
        found = kind.__dict__.get("__dict__")
        if found is not None:
            if not isinstance(found, (types.GetSetDescriptorType, types.MemberDescriptorType)):
                return None
            kept = found.__get__(x)
            return kept if isinstance(kept, dict) else dict(kept)
    return None


def slots(kind: type) -> list[str]:
    """The names of the slots of a class written in Python."""
    found = []
    for c in kind.__mro__:
        if "__slots__" in c.__dict__:
            found += [n for n, x in c.__dict__.items() if type(x) is types.MemberDescriptorType]
    return found


def read(found: Any, owner: Any) -> Any:
    """What an attribute found in a class is for an object; ABSENT for a slot that is empty."""
    if type(found) is not types.MemberDescriptorType or issubclass(type(owner), type):
        return found
    try:
        return found.__get__(owner)
    except AttributeError:
        return ABSENT


def attributes(x: Any) -> tuple:
    """The names and values of an object's own attributes."""
    own = fields(x) or {}
    filled = tuple(read(found_statically(x, name), x) for name in slots(type(x)))
    return (*own, *own.values(), *filled)


def found_statically(owner: Any, name: str) -> Any:
    """An attribute as it stands in a dict or class, ABSENT where it does not."""
    return inspect.getattr_static(owner, name, ABSENT)


def attributes_of_class(kind: type) -> set[str]:
    """The names in the user's classes that a class is made of."""
    found: set[str] = set()
    for c in kind.__mro__:
        if not is_foreign(c):
            found.update(c.__dict__)
    return found


def is_ours_all(kind: type) -> bool:
    """Whether the code that reads an object's attributes is the user's, and so is looked at."""
    return not any(
        isinstance(x, types.FunctionType)
        for c in kind.__mro__
        if is_foreign(c) and c.__module__ not in ("typing", "abc")
        for x in c.__dict__.values()
    )


def memory(x: Any) -> bytes | None:
    """The content of an object that is memory, such as those of array and ctypes."""
    ctypes = sys.modules.get("ctypes")
    data = ctypes is not None and issubclass(type(x), ctypes.Structure.__base__)
    return bytes(x) if data or issubclass(type(x), MEMORY) else None
