"""What a function refers to beside its arguments: cells, globals and attributes that its code
names, and those of the functions it calls; what of it is an array, and how to see that nothing
changed."""

from __future__ import annotations

import array
import builtins
import functools
import inspect
import io
import random
import sys
import types
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from operator import is_
from typing import Any, NamedTuple

import numpy as np

from admodes.compilation.naming import (
    FOREIGN,
    code_behind,
    implicit_methods,
    is_foreign,
    named,
    package,
)
from admodes.core.carrier import Carrier
from admodes.core.op import Op

RANDOM = (np.random.Generator, np.random.RandomState, random.Random)

KNOWN = (types.ModuleType, types.SimpleNamespace, type)
"""Kinds of Python's own whose attributes are the user's."""

GLOBAL = "{owner}[{key}] is {value}"
CELL = "{owner}.cell_contents is {value}"
ATTRIBUTE = "getattr({owner}, {key}) is {value}"
ITEMS = "same_items({owner}, {value})"
PAIRS = "same_pairs({owner}, {value})"
CONTENT = "same_bytes({owner}, {value})"
BYTES = "bytes({owner}) == {value}"
LAYOUT = "{owner}.shape == {value} and {owner}.dtype is {key}"
ENTRIES = "same_items({owner}.flat, {value})"
METHOD = "getattr({owner}, {key}).__func__ is {value}"
BEHIND = "getattr({owner}.__class__, {key}) is {value}"
MISSING = "not hasattr({owner}, {key})"
UNBOUND = "{key} not in {owner}"

MEMORY = (bytearray, array.array, memoryview)


class Place(NamedTuple):
    """Where something that the function refers to stands: what it is called, and a test in Python
    that owner still holds value there."""

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


def same_bytes(a: np.ndarray, kept: tuple) -> bool:
    """Whether an array of integers or truth values still has the content that it had."""
    dtype, shape, content = kept
    return a.dtype == dtype and a.shape == shape and a.tobytes() == content


def content_of(a: np.ndarray) -> tuple:
    """What same_bytes compares with."""
    return a.dtype, a.shape, a.tobytes()


def holds(held: Mapping[int, np.ndarray], a: Any) -> bool:
    """Whether an array is one of those held, or a view of one."""
    while a is not None and id(a) not in held:
        a = getattr(a, "base", None)
    return a is not None


class Captures:
    """Everything that f refers to. places: what must not be bound anew. held: arrays of numbers,
    by id, whose entries may change. traced: whether a value that is being differentiated is among
    it. iterators and generators of random numbers are kept apart; draws: whether the code names a
    module of them. seen are the objects that were walked through, by id, wrappers the functions of
    admodes among them, methods the functions found in classes and operations, data the attributes
    that were read, by id of the object.

    Integers and truth values in arrays steer a program as indices and masks, and are compared by
    content; so are numbers in memory that cannot be watched while f is recorded.
    """

    def __init__(self, *roots: Any) -> None:
        self.places: list[Place] = []
        self.held: dict[int, np.ndarray] = {}
        self.names: dict[int, str] = {}
        self.generators: list[Any] = []
        self.iterators: list[str] = []
        self.wrappers: set[int] = set()
        self.methods: list[types.FunctionType] = []
        self.data: dict[int, list[str]] = {}
        self.traced = False
        self._attributes: set[str] = {"__call__", "__init__"}
        self._strings: set[str] = set()
        self._objects: list[tuple[Any, str]] = []
        self.seen: dict[int, Any] = {}
        self._looked: set[tuple[int, str]] = set()
        for root in roots:
            self._look(root, _name(root))
        self._follow_attributes()

    @property
    def draws(self) -> bool:
        return "random" in self._attributes

    def _place(self, what: str, test: str, owner: Any, key: str, value: Any) -> None:
        foreign = is_foreign(value)
        if foreign and (isinstance(value, types.ModuleType) or _name(value) == key):
            return
        self._guard(what, test, owner, key, value)
        if not foreign:
            self._look(value, what)

    def _guard(self, what: str, test: str, owner: Any, key: Any, value: Any) -> None:
        self.places.append(Place(what, test, owner, key, value))

    def _look(self, x: Any, what: str) -> None:
        """Note what x is, and what it refers to in turn."""
        if x is None or isinstance(x, (int, float, complex, str, np.generic)) or id(x) in self.seen:
            return
        self.seen[id(x)] = x
        if isinstance(x, np.ndarray):
            self._array(x, what)
        elif isinstance(x, Carrier):
            self.traced = True
        elif isinstance(x, types.FunctionType):
            self._function(x)
            if x.__dict__ and id(x) not in self.wrappers:
                self._objects.append((x, what))
        elif isinstance(x, Op):
            rules = (x.array, *getattr(x, "partials", ()))
            self.methods += [rule for rule in rules if isinstance(rule, types.FunctionType)]
            for rule in rules:
                self._look(rule, what)
        elif isinstance(x, types.MethodType):
            self._look(x.__func__, what)
            self._look(x.__self__, what)
        elif isinstance(x, functools.partial):
            for part in (x.func, *x.args, x.keywords):
                self._look(part, what)
        elif isinstance(x, (tuple, list, dict, set, deque)):
            self._container(x, what)
            if not is_foreign(type(x)):
                self._objects.append((x, what))
        elif isinstance(x, MEMORY):
            self._guard(f"the content of {what}", BYTES, x, None, bytes(x))
        elif isinstance(x, RANDOM):
            self.generators.append(x)
        elif isinstance(x, Iterator) and is_foreign(type(x)) and not isinstance(x, io.IOBase):
            self.iterators.append(what)
        elif hasattr(x, "__wrapped__"):
            self._look(x.__wrapped__, what)
        elif not is_foreign(x) and (isinstance(x, KNOWN) or not is_foreign(type(x))):
            self._objects.append((x, what))

    def _array(self, a: np.ndarray, what: str) -> None:
        self.names[id(a)] = what
        if a.dtype.kind in "fc" and _may_be_lent(a):
            self.held[id(a)] = a
            self._guard(f"the shape or dtype of {what}", LAYOUT, a, a.dtype, a.shape)
        elif a.dtype.kind == "O":
            items = tuple(a.flat)
            self._guard(f"an item of {what}", ENTRIES, a, None, items)
            self._guard(f"the shape or dtype of {what}", LAYOUT, a, a.dtype, a.shape)
            for item in items:
                self._look(item, f"an item of {what}")
        else:
            self.compare(a)

    def compare(self, a: np.ndarray) -> None:
        """From now on the content of an array is part of the case."""
        what = self.names[id(a)]
        self._guard(f"the entries of {what}", CONTENT, a, None, content_of(a))

    def _container(self, x: Any, what: str) -> None:
        inside = f"an item of {what}"
        items: Iterable = x.values() if isinstance(x, dict) else x
        if isinstance(x, dict):
            kept: tuple = tuple(x), tuple(items)
            self._guard(inside, PAIRS, x, None, kept)
        elif not isinstance(x, tuple):
            self._guard(inside, ITEMS, x, None, tuple(x))
        for item in tuple(items):
            self._look(item, inside)

    def _function(self, f: types.FunctionType) -> None:
        cells = zip(f.__code__.co_freevars, f.__closure__ or (), strict=True)
        contents = [(name, cell, cell.cell_contents) for name, cell in cells if _is_full(cell)]
        if package(f.__globals__.get("__name__")) in FOREIGN:
            # The wrappers of admodes, such as grad(f), never rebind what they hold.
            self.wrappers.add(id(f))
            for name, _, content in contents:
                if callable(content) or isinstance(content, np.ndarray):
                    self._look(content, name)
            return
        for part in ("__code__", "__defaults__", "__kwdefaults__"):
            value = getattr(f, part)
            if value is not None:
                what = f"{part} of {_name(f)}"
                self._guard(what, ATTRIBUTE, f, part, value)
                self._look(value, what)
        for name, cell, content in contents:
            self._place(f"the variable {name}", CELL, cell, name, content)
        found = named(f.__code__)
        self._attributes |= found.attributes
        self._strings |= found.strings
        for name in sorted(found.names & f.__globals__.keys()):
            self._place(f"the global {name}", GLOBAL, f.__globals__, name, f.__globals__[name])
        for name in sorted(found.names - f.__globals__.keys() - vars(builtins).keys()):
            self._guard(f"the global {name}", UNBOUND, f.__globals__, name, None)
        for name in sorted(found.modules & sys.modules.keys()):
            self._place(f"the module {name}", GLOBAL, sys.modules, name, sys.modules[name])

    def _follow_attributes(self) -> None:
        """The attributes that any of the code names, of every object found, until there is nothing
        new: each may lead to more code."""
        known = -1
        while known != (known := len(self._looked)):
            for owner, what in tuple(self._objects):
                for name in sorted(self._attributes | self._strings | implicit_methods(owner)):
                    if (id(owner), name) not in self._looked and self._attribute(owner, name, what):
                        self._looked.add((id(owner), name))

    def _attribute(self, owner: Any, name: str, what: str) -> bool:
        """Note an attribute; False where there is none."""
        found = inspect.getattr_static(owner, name, _ABSENT)
        label = f"{what}.{name}"
        if found is _ABSENT:
            if name in self._strings and not hasattr(owner, name):
                self._guard(label, MISSING, owner, name, None)
                return True
            return False
        own = name in getattr(owner, "__dict__", ())
        code = code_behind(found)
        if code is not None and not (own and code is found):
            self._method(owner, name, found, label)
        elif own or not hasattr(found, "__get__") or isinstance(found, types.MemberDescriptorType):
            value = getattr(owner, name, _ABSENT)
            if value is not _ABSENT:
                self.data.setdefault(id(owner), []).append(name)
                self._place(label, ATTRIBUTE, owner, name, value)
        else:
            self._look(found, label)
        return True

    def _method(self, owner: Any, name: str, found: Any, label: str) -> None:
        """Note what a class does for an attribute, and what classes above it do, for super()."""
        if not name.startswith("__"):
            if isinstance(found, staticmethod):
                self._guard(label, ATTRIBUTE, owner, name, found.__func__)
            elif isinstance(found, classmethod) or not isinstance(owner, type):
                bound = isinstance(found, (classmethod, types.FunctionType))
                value = code_behind(found) if bound else found
                self._guard(label, METHOD if bound else BEHIND, owner, name, value)
            else:
                self._guard(label, ATTRIBUTE, owner, name, found)
        for kind in (owner if isinstance(owner, type) else type(owner)).__mro__:
            code = code_behind(vars(kind).get(name))
            if isinstance(code, types.FunctionType) and not is_foreign(kind):
                self.methods.append(code)
                self._look(code, label)


_ABSENT = object()


def _may_be_lent(a: np.ndarray) -> bool:
    """Whether an array that is made read-only can be made writeable again, which NumPy refuses
    where the memory is that of an object without buffer protocol."""
    owner: Any = a
    while isinstance(owner, np.ndarray) and owner.base is not None:
        owner = owner.base
    if isinstance(owner, np.ndarray) or not a.flags.writeable:
        return True
    try:
        return not memoryview(owner).readonly
    except TypeError:
        return False


def _is_full(cell: types.CellType) -> bool:
    try:
        return (cell.cell_contents, True)[1]
    except ValueError:
        return False


def _name(f: Callable) -> str:
    return getattr(f, "__name__", type(f).__name__)
