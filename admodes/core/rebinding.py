"""A function written for NumPy, on other arrays: the same code, in which the names that mean NumPy
mean another library.

Nothing of the function changes: what is rebound is copies of it, of the functions, methods and
objects that it refers to, as far as they are the user's and not of Python or an installed package.
"""

from __future__ import annotations

import builtins
import functools
import importlib
import site
import sys
import sysconfig
import warnings
from abc import ABCMeta
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import (
    BuiltinFunctionType,
    CellType,
    CodeType,
    FunctionType,
    GetSetDescriptorType,
    MemberDescriptorType,
    MethodType,
    ModuleType,
)
from typing import Any

import numpy as np

from admodes.core.calling import content_of
from admodes.core.op import Op


@dataclass(frozen=True)
class Library:
    """What takes the place of NumPy. modules: by the name of a module, its substitute, such as
    {"numpy": jax.numpy}; array: makes the library's array of one of NumPy's, for arrays that a
    function holds, where the two do not mix; kernel: what takes the place of an operation of
    admodes, where that does not take the library's arrays; traced: these are traced values, which
    all operations of admodes take."""

    modules: Mapping[str, Any]
    array: Callable[[np.ndarray], Any] | None = None
    kernel: Callable[[Op], Callable[..., Any]] | None = None
    traced: bool = False

    def module(self, name: str) -> Any:
        """The substitute of a module, be it inside that of another one; None where there is none.

        >>> Library({"numpy": np}).module("numpy.linalg") is np.linalg
        True
        """
        if name in self.modules:
            return self.modules[name]
        outer, _, inner = name.rpartition(".")
        return getattr(self.module(outer), inner, None) if outer else None


def rebound(f: Callable[..., Any], library: Library) -> Callable[..., Any]:
    """f on the library's arrays.

    Names are followed wherever the code of f can meet them: globals, cells of closures, defaults,
    attributes of the object that a method belongs to, imports inside f, functions and classes of
    the user's that f names. What the library lacks stays NumPy's, and fails where it meets an
    array of the library.

    >>> import math, types
    >>> shouting = types.SimpleNamespace(sin=lambda x: f"sin of {x}")
    >>> def f(x):
    ...     return np.sin(x)
    >>> f.__module__ = "__main__"
    >>> rebound(f, Library({"numpy": shouting}))("a vector")
    'sin of a vector'
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # NumPy has names that warn when they are looked up
        found: Callable[..., Any] = _Rebinding(library, _module(f)).of(f)
    return found


SLOT = MemberDescriptorType
DESCRIPTORS = (SLOT, GetSetDescriptorType)
"""What Python puts into a class for its slots, and for the dictionary of its objects."""


def _module(f: Any) -> str | None:
    """The module that a function or method is of, unless that is of admodes."""
    module = f.__module__ if isinstance(f, FunctionType | MethodType) else None
    return None if module is None or module.partition(".")[0] == "admodes" else module


class _Substitute:
    """A module of which some attributes are the library's, others rebound."""

    def __init__(self, rebinding: _Rebinding, module: ModuleType) -> None:
        self._rebinding, self._module = rebinding, module
        self._theirs = rebinding.library.module(module.__name__)

    def __getattr__(self, name: str) -> Any:
        theirs = getattr(self._theirs, name, None)
        if theirs is not None and not isinstance(theirs, ModuleType):
            return theirs
        return self._rebinding.of(getattr(self._module, name))


@dataclass
class _Rebinding:
    """One walk: what was rebound, by identity, so that everything is copied once. own: the module
    of the function, which counts as the user's whatever it is."""

    library: Library
    own: str | None
    done: dict[int, Any] = field(default_factory=dict)
    kept: list[Any] = field(default_factory=list)
    spaces: dict[int, dict[str, Any]] = field(default_factory=dict)

    def of(self, x: Any) -> Any:
        """x itself, or its copy."""
        if id(x) in self.done:
            return self.done[id(x)]
        made = self._copy(x)
        self.done[id(x)] = made
        self.kept.append(x)  # an identity belongs to a living object
        return made

    def _copy(self, x: Any) -> Any:
        if isinstance(x, ModuleType):
            return _Substitute(self, x) if self._counts(x.__name__) else x
        if isinstance(x, Op):
            return x if self.library.kernel is None else self.of(self.library.kernel(x))
        if isinstance(x, FunctionType):
            if self._users(x.__module__):
                return self._function(x)
            if x.__closure__ and (x.__module__ or "").partition(".")[0] == "admodes":
                return self._wrapper(x)
        if isinstance(x, np.ufunc | FunctionType | BuiltinFunctionType) or callable(x):
            theirs = self._of_numpy(x)
            if theirs is not None:
                return theirs
        if isinstance(x, MethodType):
            return MethodType(self.of(x.__func__), self.of(x.__self__))
        if isinstance(x, functools.partial):
            arguments = {k: self.of(v) for k, v in x.keywords.items()}
            return functools.partial(self.of(x.func), *map(self.of, x.args), **arguments)
        if isinstance(x, np.ndarray | np.generic) and self.library.array is not None:
            numbers = x.dtype.kind in "fiub"
            if isinstance(x, np.generic):
                return x.item() if numbers else x
            return self.library.array(x) if numbers else x
        if isinstance(x, tuple) and hasattr(x, "_fields"):
            return type(x)(*map(self.of, x))
        if x.__class__ in (tuple, list, set, frozenset):
            parts = list(map(self.of, x))
            return x if all(a is b for a, b in zip(parts, x)) else x.__class__(parts)
        if x.__class__ is dict:
            named = {k: self.of(v) for k, v in x.items()}
            return x if all(named[k] is v for k, v in x.items()) else named
        if isinstance(x, staticmethod | classmethod):
            return type(x)(self.of(x.__func__))
        if isinstance(x, property):
            return property(*(p and self.of(p) for p in (x.fget, x.fset, x.fdel)))
        if isinstance(x, type):
            return self._class(x) if self._users(x.__module__) else x
        return self._object(x) if self._users(type(x).__module__) else x

    def _users(self, module: str | None) -> bool:
        if self.library.traced and (module or "").startswith(KERNELS):
            return False
        return users(module) or (module is not None and module == self.own)

    def _counts(self, name: str) -> bool:
        """Whether a module is one of those that are substituted, or holds one, or the user's."""
        top = name.partition(".")[0]
        inner = (m for m in self.library.modules if m.startswith(f"{name}."))
        return (
            top in ("numpy", "admodes")
            or name in self.library.modules
            or any(inner)
            or self._users(name)
        )

    def _of_numpy(self, x: Any) -> Any:
        """The library's function for one of NumPy's, or of another module that it substitutes."""
        path = numpy_path(x)
        if path is not None:
            return getattr(self.library.module(".".join(["numpy", *path[:-1]])), path[-1], None)
        name = getattr(x, "__name__", "")
        for module, substitute in self.library.modules.items():
            if module in sys.modules and getattr(sys.modules[module], name or " ", None) is x:
                return getattr(substitute, name, None)
        return None

    def _function(self, f: FunctionType) -> FunctionType:
        space = self._space(f.__globals__)
        cells = tuple(CellType() for _ in f.__closure__ or ())
        made = FunctionType(f.__code__, space, f.__name__, None, cells or None)
        self.done[id(f)] = made  # before what it refers to, which may refer to it
        for name in names_in(f.__code__):
            if name in f.__globals__:
                space[name] = self.of(f.__globals__[name])
        for cell, old in zip(cells, f.__closure__ or ()):
            try:
                cell.cell_contents = self.of(old.cell_contents)
            except ValueError:
                continue  # a name that is not bound yet
        made.__defaults__ = f.__defaults__ and tuple(map(self.of, f.__defaults__))
        made.__kwdefaults__ = f.__kwdefaults__ and {
            k: self.of(v) for k, v in f.__kwdefaults__.items()
        }
        made.__dict__.update({k: self.of(v) for k, v in f.__dict__.items()})
        return made

    def _wrapper(self, f: FunctionType) -> FunctionType:
        """A function of admodes that calls one of the user's, such as the gradient of it."""
        cells = list(map(content_of, f.__closure__ or ()))
        self.done[id(f)] = f  # it may refer to itself
        made = [self.of(x) if callable(x) else x for x in cells]
        if all(a is b for a, b in zip(made, cells)):
            return f
        copy = FunctionType(
            *(f.__code__, f.__globals__, f.__name__, f.__defaults__, tuple(map(CellType, made)))
        )
        copy.__kwdefaults__ = f.__kwdefaults__
        copy.__dict__.update(f.__dict__)
        return copy

    def _space(self, original: dict[str, Any]) -> dict[str, Any]:
        """The copy of a module's globals that all its functions share."""
        if id(original) not in self.spaces:
            space = dict(original)
            known = vars(builtins) | {"__import__": self._import}
            space["__builtins__"] = known
            self.spaces[id(original)] = space
        return self.spaces[id(original)]

    def _import(
        self, name: str, globals: Any = None, locals: Any = None, fromlist: Any = (), level: int = 0
    ) -> Any:
        """import as it stands inside a function."""
        found = builtins.__import__(name, globals, locals, fromlist, level)
        for inner in fromlist or ():
            if not hasattr(found, inner):
                importlib.import_module(f"{found.__name__}.{inner}")
        return self.of(found)

    def _class(self, cls: type) -> type:
        """The class with its methods rebound; itself where a metaclass may do more than make it."""
        if type(cls) not in (type, ABCMeta):
            return cls
        bases = tuple(map(self.of, cls.__bases__))
        own = {k: v for k, v in vars(cls).items() if not isinstance(v, DESCRIPTORS)}
        made: type = type(cls)(cls.__name__, bases, dict(own))
        self.done[id(cls)] = made  # before its methods, which may refer to it
        for name, value in own.items():
            new = value if name.startswith("__slots__") else self.of(value)
            if new is not value:
                setattr(made, name, new)
        return made

    def _object(self, x: Any) -> Any:
        """An object of the user's with its attributes rebound; itself where Python made part of it,
        as of a list."""
        cls = self.of(type(x))
        if cls.__new__ is not object.__new__ or cls is type(x):
            return x
        made = object.__new__(cls)
        self.done[id(x)] = made
        slots = [k for c in cls.__mro__ for k, v in vars(c).items() if isinstance(v, SLOT)]
        for name in [*getattr(x, "__dict__", ()), *slots]:
            if hasattr(x, name):
                object.__setattr__(made, name, self.of(getattr(x, name)))
        return made


def numpy_path(function: Any) -> list[str] | None:
    """Where NumPy has a function: ["linalg", "solve"]; None where it has not."""
    name = getattr(function, "__name__", "")
    name = {"absolute": "abs"}.get(name, name)
    if not name:
        return None
    path: list[str]
    for path in ([], ["linalg"], ["fft"], ["lib", "stride_tricks"]):
        space: Any = np
        for part in path:
            space = getattr(space, part)
        if getattr(space, name, None) is function:
            return [*path, name]
    return None


def names_in(code: CodeType) -> set[str]:
    """The names that code may look up, in functions inside it too."""
    inner = (names_in(c) for c in code.co_consts if isinstance(c, CodeType))
    return set(code.co_names).union(*inner)


KERNELS = ("admodes.ops", "admodes.python_code.kernels")
"""Where kernels of operations are."""

WRITTEN_IN_NUMPY = (
    *("admodes.problems", "admodes.expression", "admodes.lab.workloads"),
    *(*KERNELS, "admodes.cli.python_functions"),
)
"""Where admodes has functions to differentiate, kernels of operations, and what calls a user's
function with its arguments in another order."""


@functools.cache
def users(module: str | None) -> bool:
    """Whether a module is the user's, not of Python or of an installed package: its functions are
    rebound as well.

    >>> users("numpy"), users("json"), users("admodes.problems.ubc"), users("__main__")
    (False, False, True, True)
    """
    if module is None:
        return False
    top = module.partition(".")[0]
    if top == "admodes":
        return module.startswith(WRITTEN_IN_NUMPY)
    if top == "__main__":
        return True
    if top in sys.stdlib_module_names:
        return False
    file = getattr(sys.modules.get(module), "__file__", None)
    return file is None or not str(file).startswith(_installed())


@functools.cache
def _installed() -> tuple[str, ...]:
    """Where packages are installed."""
    paths = sysconfig.get_paths()
    return (*site.getsitepackages(), site.getusersitepackages(), paths["purelib"], paths["platlib"])
