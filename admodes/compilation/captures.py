"""What a function refers to beside its arguments: cells, globals and attributes that its code
names, and those of the functions it calls; what of it is an array, and how to see that nothing
changed."""

from __future__ import annotations

import dis
import functools
import inspect
import random
import sys
import types
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from operator import is_
from typing import Any, NamedTuple

import numpy as np

from admodes.core.carrier import Carrier
from admodes.core.op import Op

FOREIGN = sys.stdlib_module_names | {"admodes", "builtins", "numpy", "scipy"}
"""Packages whose functions and modules are taken as they are."""

RANDOM = (np.random.Generator, np.random.RandomState, random.Random)

KNOWN = (types.ModuleType, types.SimpleNamespace, type)
"""Kinds of Python's own whose attributes are the user's."""

GLOBAL = "{owner}[{key}] is {value}"
CELL = "{owner}.cell_contents is {value}"
ATTRIBUTE = "getattr({owner}, {key}) is {value}"
ITEMS = "same_items({owner}, {value})"
PAIRS = "same_pairs({owner}, {value})"
CONTENT = "same_bytes({owner}, {value})"


class Place(NamedTuple):
    """Where something that the function refers to stands: what it is called, and a test in Python
    that owner still holds value there."""

    what: str
    test: str
    owner: Any
    key: str | None
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
    it. generators of random numbers are kept apart; draws: whether the code names a module of them.
    seen are the objects that were walked through, by id, wrappers the functions of admodes among
    them, data the attributes that were read, by id of the object.

    Integers and truth values in arrays steer a program as indices and masks, and are compared by
    content; so are numbers in memory that cannot be watched while f is recorded.
    """

    def __init__(self, *roots: Any) -> None:
        self.places: list[Place] = []
        self.held: dict[int, np.ndarray] = {}
        self.names: dict[int, str] = {}
        self.generators: list[Any] = []
        self.wrappers: set[int] = set()
        self.data: dict[int, list[str]] = {}
        self.traced = False
        self._attributes: set[str] = {"__call__", "__init__"}
        self._objects: list[tuple[Any, str]] = []
        self.seen: dict[int, Any] = {}
        self._looked: set[tuple[int, str]] = set()
        for root in roots:
            self._look(root, _name(root))
        self._follow_attributes()

    @property
    def draws(self) -> bool:
        return "random" in self._attributes

    def _place(self, what: str, test: str, owner: Any, key: str | None, value: Any) -> None:
        if is_foreign(value):
            return
        self.places.append(Place(what, test, owner, key, value))
        self._look(value, what)

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
        elif isinstance(x, types.MethodType):
            self._look(x.__func__, what)
            self._look(x.__self__, what)
        elif isinstance(x, functools.partial):
            for part in (x.func, *x.args, *x.keywords.values()):
                self._look(part, what)
        elif isinstance(x, (tuple, list, dict, set, deque)):
            self._container(x, what)
        elif isinstance(x, RANDOM):
            self.generators.append(x)
        elif hasattr(x, "__wrapped__"):
            self._look(x.__wrapped__, what)
        elif not is_foreign(x) and (isinstance(x, KNOWN) or not is_foreign(type(x))):
            self._objects.append((x, what))

    def _array(self, a: np.ndarray, what: str) -> None:
        self.names[id(a)] = what
        if a.dtype.kind in "fc" and _may_be_lent(a):
            self.held[id(a)] = a
        elif a.dtype.kind in "biufc":
            self.compare(a)

    def compare(self, a: np.ndarray) -> None:
        """From now on the content of an array is part of the case."""
        what = self.names[id(a)]
        self.places.append(Place(f"the entries of {what}", CONTENT, a, None, content_of(a)))

    def _container(self, x: Any, what: str) -> None:
        inside = f"an item of {what}"
        items: Iterable = x.values() if isinstance(x, dict) else x
        if isinstance(x, dict):
            kept: tuple = tuple(x), tuple(items)
            self.places.append(Place(inside, PAIRS, x, None, kept))
        elif not isinstance(x, tuple):
            self.places.append(Place(inside, ITEMS, x, None, tuple(x)))
        for item in tuple(items):
            self._look(item, inside)

    def _function(self, f: types.FunctionType) -> None:
        cells = zip(f.__code__.co_freevars, f.__closure__ or (), strict=True)
        contents = [(name, cell, cell.cell_contents) for name, cell in cells if _is_full(cell)]
        if _package(f.__globals__.get("__name__")) in FOREIGN:
            # The wrappers of admodes, such as grad(f), never rebind what they hold.
            self.wrappers.add(id(f))
            for name, _, content in contents:
                if callable(content) or isinstance(content, np.ndarray):
                    self._look(content, name)
            return
        for name, cell, content in contents:
            self._place(f"the variable {name}", CELL, cell, None, content)
        for default in (*(f.__defaults__ or ()), *(f.__kwdefaults__ or {}).values()):
            self._look(default, f"a default of {_name(f)}")
        names, attributes = named(f.__code__)
        self._attributes |= attributes
        for name in sorted(names & f.__globals__.keys()):
            self._place(f"the global {name}", GLOBAL, f.__globals__, name, f.__globals__[name])

    def _follow_attributes(self) -> None:
        """The attributes that any of the code names, of every object found, until there is nothing
        new: each may lead to more code."""
        known = -1
        while known != (known := len(self._looked)):
            for owner, what in tuple(self._objects):
                for name in sorted(self._attributes):
                    if (id(owner), name) not in self._looked and self._attribute(owner, name, what):
                        self._looked.add((id(owner), name))

    def _attribute(self, owner: Any, name: str, what: str) -> bool:
        """Note an attribute; False where there is none."""
        found = inspect.getattr_static(owner, name, _ABSENT)
        if found is _ABSENT:
            return False
        label = f"{what}.{name}"
        own = name in getattr(owner, "__dict__", ())
        code = _code_behind(found)
        if code is not None and not (own and code is found):
            self._look(code, label)
        elif own or not hasattr(found, "__get__") or isinstance(found, types.MemberDescriptorType):
            value = getattr(owner, name, _ABSENT)
            if value is not _ABSENT:
                self.data.setdefault(id(owner), []).append(name)
                self._place(label, ATTRIBUTE, owner, name, value)
        return True


_ABSENT = object()


def _code_behind(x: Any) -> Any:
    """The function of a method or property; None for data."""
    if isinstance(x, property):
        return x.fget
    if isinstance(x, (staticmethod, classmethod)):
        return x.__func__
    if isinstance(x, functools.cached_property):
        return x.func
    return x if isinstance(x, types.FunctionType) else None


@functools.lru_cache(1024)
def named(code: types.CodeType) -> tuple[frozenset[str], frozenset[str]]:
    """The globals and the attributes that some code names, in the functions inside it too."""
    names: set[str] = set()
    attributes: set[str] = set()
    for c in _codes(code):
        for instruction in dis.get_instructions(c):
            if instruction.opname in ("LOAD_GLOBAL", "LOAD_NAME"):
                names.add(instruction.argval)
                attributes.update({"random"} & {instruction.argval})
            elif instruction.opname in ("LOAD_ATTR", "LOAD_METHOD", "LOAD_SUPER_ATTR"):
                attributes.add(instruction.argval)
    return frozenset(names), frozenset(attributes)


def _codes(code: types.CodeType) -> Iterator[types.CodeType]:
    yield code
    for c in code.co_consts:
        if isinstance(c, types.CodeType):
            yield from _codes(c)


def is_foreign(x: Any) -> bool:
    """Whether x is a module, function or class of Python, NumPy or admodes, which stays as it is;
    a function made there around the user's own is not."""
    if isinstance(x, (types.BuiltinFunctionType, np.ufunc, type(np.sum), Op)):
        return True
    if isinstance(x, types.ModuleType):
        return _package(x.__name__) in FOREIGN
    if isinstance(x, types.FunctionType):
        return _package(x.__globals__.get("__name__")) in FOREIGN and not x.__closure__
    return isinstance(x, type) and _package(x.__module__) in FOREIGN


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


def _package(module: Any) -> str:
    return str(module).partition(".")[0]


def _is_full(cell: types.CellType) -> bool:
    try:
        return (cell.cell_contents, True)[1]
    except ValueError:
        return False


def _name(f: Callable) -> str:
    return getattr(f, "__name__", type(f).__name__)
