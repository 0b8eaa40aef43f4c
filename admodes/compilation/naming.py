"""What the code of a function names, read off its code object without running it: globals,
attributes, modules and strings; and which objects are Python's, NumPy's or admodes's own, which do
not change.
"""

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

BY_NAME = frozenset(
    {"getattr", "hasattr", "setattr", "vars", "dir", "attrgetter", "methodcaller", "__dict__"}
    | {"__getattribute__", "getmembers", "getattr_static", "__match_args__", "__getstate__"}
    | {"fields", "asdict", "astuple", "deepcopy", "dumps", "__slots__"}
)
"""Code that names one of these may mean attributes by strings that it computes."""

SPACES = frozenset(("globals", "import_module", "__import__", "eval", "exec", "modules"))
"""Code that names one of these may mean globals or modules by strings that it computes."""

MUTATORS = frozenset(
    {"put", "partition", "itemset", "copyto", "putmask", "at", "setitem"}
    | {"fill_diagonal", "shuffle", "setfield", "byteswap", "put_along_axis", "__setitem__"}
    | {"fill", "__iadd__", "__isub__", "__imul__", "iadd", "isub", "imul"}
    | {"sort", "resize", "place"}
)
"""Names of what writes into arrays."""

SEEDED = frozenset(("default_rng", "RandomState", "SeedSequence", "Random"))
SEEDED |= {"PCG64", "PCG64DXSM", "MT19937", "Philox", "SFC64"}
"""What draws its seed from the system where it is called without one."""

ENTROPY = frozenset(("SystemRandom", "urandom", "token_bytes", "token_hex", "uuid4", "randbits"))
"""What gives other numbers each time."""

BETWEEN = frozenset(("PRECALL", "CACHE", "PUSH_NULL", "EXTENDED_ARG", "LOAD_NAME"))
"""Instructions that may stand between a name and its call."""

GENERATED = frozenset(("__eq__", "__repr__", "__hash__", "__init__"))
"""Methods of dataclasses that name all fields."""


class Named(NamedTuple):
    """What the code of a function names: names are globals, then attributes and modules; strings
    are constants that may be names of attributes (as for getattr), texts those that may be names
    of globals or modules. by_name: whether the code may compute the name of an attribute, by_space:
    that of a global. writes: whether it may write into arrays that it did not make. handles:
    whether it may go on after an error. draws: what gives other numbers each time, if anything."""

    names: frozenset[str]
    attributes: frozenset[str]
    modules: frozenset[str]
    strings: frozenset[str]
    texts: frozenset[str]
    by_name: bool
    by_space: bool
    writes: bool
    handles: bool
    draws: str

    @property
    def catches(self) -> bool:
        """Whether it may go on where an attribute is missing."""
        return not self.names.isdisjoint(("AttributeError", "Exception"))


@functools.lru_cache(1024)
def named(code: types.CodeType) -> Named:
    """What some code names, the functions inside it too."""
    found = _Names()
    for c in _codes(code):
        found.read(c)
    known = found.names | found.attributes
    by_name = found.matches or bool(BY_NAME & known)
    return Named(
        frozenset(found.names),
        frozenset(found.attributes),
        frozenset(found.modules),
        frozenset(x for x in found.texts if x.isidentifier()) if by_name else frozenset(),
        frozenset(found.texts),
        by_name,
        bool(SPACES & known),
        found.writes or bool(MUTATORS & known),
        found.handles,
        found.draws,
    )


class _Names:
    """The sets from which `named` makes a Named, while it reads one code object after the other."""

    def __init__(self) -> None:
        self.names: set[str] = set()
        self.attributes: set[str] = set()
        self.modules: set[str] = set()
        self.texts: set[str] = set()
        self.matches = self.writes = self.handles = False
        self.draws = ""

    def read(self, code: types.CodeType) -> None:
        for x in code.co_consts:
            if isinstance(x, str):
                self.texts.add(x)
            elif isinstance(x, tuple):
                self.writes = self.writes or "out" in x
        self.handles = self.handles or bool(code.co_exceptiontable)
        before = ""
        for instruction in dis.get_instructions(code):
            name = instruction.opname
            if name in ("LOAD_GLOBAL", "LOAD_NAME", "STORE_GLOBAL", "STORE_NAME"):
                before = instruction.argval
                self.names.add(before)
                self.attributes.update({"random"} & {before})
            elif name in ("LOAD_ATTR", "LOAD_METHOD", "LOAD_SUPER_ATTR"):
                before = instruction.argval
                self.attributes.add(before)
            elif name == "IMPORT_NAME":
                self.modules.update((instruction.argval, package(instruction.argval)))
            elif name == "IMPORT_FROM":
                self.attributes.add(instruction.argval)
            elif name == "MATCH_CLASS":
                self.matches = True
            elif name in ("STORE_SUBSCR", "STORE_SLICE", "DELETE_SUBSCR"):
                self.writes = True
            elif name == "BINARY_OP":
                self.writes = self.writes or instruction.argrepr.endswith("=")
            elif name == "CALL" and instruction.arg == 0 and before in SEEDED:
                self.draws = f"{before}() without a seed"
            if name not in BETWEEN and not name.startswith(("LOAD_GLOBAL", "LOAD_ATTR", "LOAD_M")):
                before = ""
            if before in ENTROPY:
                self.draws = before


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


def _codes(code: types.CodeType) -> Iterator[types.CodeType]:
    yield code
    for c in code.co_consts:
        if isinstance(c, types.CodeType):
            yield from _codes(c)


def code_behind(x: Any) -> Any:
    """The function of a method or property; None for data."""
    kind = type(x)
    if kind is types.FunctionType:
        return x
    if issubclass(kind, property):
        return x.fget
    if issubclass(kind, (staticmethod, classmethod)):
        return x.__func__
    return x.func if issubclass(kind, functools.cached_property) else None


def is_foreign(x: Any) -> bool:
    """Whether x is a module, function or class of Python, NumPy or admodes, which stays as it is;
    a function made there around the user's own is not, nor a method of one object."""
    kind = type(x)
    if kind is types.FunctionType:
        return package(x.__globals__.get("__name__")) in FOREIGN and not x.__closure__
    if kind is types.BuiltinFunctionType:
        return x.__self__ is None or isinstance(x.__self__, (types.ModuleType, type))
    if issubclass(kind, (np.ufunc, type(np.sum), Op)):
        return not getattr(x, "custom", False)
    if issubclass(kind, types.ModuleType):
        return package(x.__name__) in FOREIGN
    return issubclass(kind, type) and package(x.__module__) in FOREIGN


def package(module: Any) -> str:
    return str(module).partition(".")[0]
