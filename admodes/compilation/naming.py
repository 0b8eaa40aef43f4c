"""What code names: globals, attributes and modules; and what of it is Python's, NumPy's or
admodes's own, which stays as it is."""

from __future__ import annotations

import dataclasses
import dis
import functools
import sys
import types
from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np

from admodes.core.op import Op

FOREIGN = sys.stdlib_module_names | {"admodes", "builtins", "numpy", "scipy"}
"""Packages whose functions and modules are taken as they are."""

BY_NAME = frozenset(("getattr", "hasattr", "vars", "attrgetter", "methodcaller", "__dict__"))
"""Code that names one of these may mean attributes by strings."""

GENERATED = frozenset(("__eq__", "__repr__", "__hash__", "__init__"))
"""Methods of dataclasses that name all fields."""


class Named(NamedTuple):
    """The globals, attributes and modules that some code names, and the strings in it that may be
    names of attributes."""

    names: frozenset[str]
    attributes: frozenset[str]
    modules: frozenset[str]
    strings: frozenset[str]


@functools.lru_cache(1024)
def named(code: types.CodeType) -> Named:
    """What some code names, the functions inside it too."""
    names: set[str] = set()
    attributes: set[str] = set()
    modules: set[str] = set()
    strings: set[str] = set()
    for c in _codes(code):
        strings.update(x for x in c.co_consts if isinstance(x, str) and x.isidentifier())
        for instruction in dis.get_instructions(c):
            if instruction.opname in ("LOAD_GLOBAL", "LOAD_NAME"):
                names.add(instruction.argval)
                attributes.update({"random"} & {instruction.argval})
            elif instruction.opname in ("LOAD_ATTR", "LOAD_METHOD", "LOAD_SUPER_ATTR"):
                attributes.add(instruction.argval)
            elif instruction.opname == "IMPORT_NAME":
                modules.update((instruction.argval, package(instruction.argval)))
            elif instruction.opname == "IMPORT_FROM":
                attributes.add(instruction.argval)
    if not BY_NAME & (names | attributes):
        strings.clear()
    return Named(*map(frozenset, (names, attributes, modules, strings)))


@functools.lru_cache(1024)
def implicit(kind: Any) -> frozenset[str]:
    """The methods of a class of the user's that Python calls without their being named."""
    return frozenset(
        name
        for c in kind.__mro__
        if not is_foreign(c)
        for name, x in vars(c).items()
        if name.startswith("__")
        and isinstance(code_behind(x), types.FunctionType)
        and not (dataclasses.is_dataclass(c) and name in GENERATED)
    )


def implicit_methods(x: Any) -> frozenset[str]:
    kind: Any = type(x)
    return implicit(kind)


def _codes(code: types.CodeType) -> Iterator[types.CodeType]:
    yield code
    for c in code.co_consts:
        if isinstance(c, types.CodeType):
            yield from _codes(c)


def code_behind(x: Any) -> Any:
    """The function of a method or property; None for data."""
    if isinstance(x, property):
        return x.fget
    if isinstance(x, (staticmethod, classmethod)):
        return x.__func__
    if isinstance(x, functools.cached_property):
        return x.func
    return x if isinstance(x, types.FunctionType) else None


def is_foreign(x: Any) -> bool:
    """Whether x is a module, function or class of Python, NumPy or admodes, which stays as it is;
    a function made there around the user's own is not."""
    if isinstance(x, (types.BuiltinFunctionType, np.ufunc, type(np.sum), Op)):
        return not getattr(x, "custom", False)
    if isinstance(x, types.ModuleType):
        return package(x.__name__) in FOREIGN
    if isinstance(x, types.FunctionType):
        return package(x.__globals__.get("__name__")) in FOREIGN and not x.__closure__
    return isinstance(x, type) and package(x.__module__) in FOREIGN


def package(module: Any) -> str:
    return str(module).partition(".")[0]
