"""Finds the arrays outside a recorded function whose entries have gone into constants or branches
of the recording, which therefore holds only while these entries stay the same. The function is
recorded again, with watched arrays in place of those it refers to.

Such an array is A in lambda x: (A * 2) @ x, where A * 2 is a constant of the recording, or where
the function branches on A[0] > 0. A derivative rule may do the same, as with A - 1 in the
derivative of x ** A.
"""

from __future__ import annotations

import functools
import types
from collections.abc import Callable
from typing import Any

import numpy as np

from admodes.compilation.captures import Captures, is_full
from admodes.compilation.kinds import fields, found_statically, read, slots
from admodes.compilation.naming import is_foreign, named, package
from admodes.compilation.places import ABSENT
from admodes.compilation.purity import difference
from admodes.core.carrier import FUNCTIONS, UFUNCS, Carrier, Level
from admodes.core.notes import Note
from admodes.core.pytree import flatten, unflatten
from admodes.core.record import WengertList
from admodes.core.tables import METHODS
from admodes.core.values import owner
from admodes.loops.stacks import joined

Record = Callable[[Callable[[], Callable[[Any], Any]]], WengertList]
"""A function, called when recording has begun, of no arguments, that gives what is to be applied to
the function and its arguments -> the recording."""


class Changed(Exception):
    """The function changes what it refers to when it runs again."""


def leaking(program: WengertList, captures: Captures, record: Record) -> list[np.ndarray]:
    """The arrays whose entries went into constants or decisions of the program, or may have. The
    function runs once more, on copies of what it refers to. Raises Changed where it changes them.
    """
    arrays = captures.held
    read: set[int] = set()
    used: set[int] = set()
    made: list[Substitution] = []

    def substitution() -> Substitution:
        level = Level()
        watched = {key: Watched(level, a, key, read) for key, a in arrays.items()}
        made.append(Substitution(captures, watched, used))
        return made[0]

    try:
        again = record(substitution)
    except Exception:  # whatever watched values do to the user's code
        return list(arrays.values())
    if made[0].changed():
        raise Changed
    if difference(program, again) is not None:
        return list(arrays.values())
    out_of_reach = Captures(*captures.methods).held if captures.methods else {}
    found = read | out_of_reach.keys() | (arrays.keys() - used)
    return [a for key, a in arrays.items() if key in found]


class Watched(Carrier):
    """An array that the function refers to, wrapped to see how it is used. In an operation with a
    recorded value it is the array itself, which the program will read anew at each run. In an
    operation without one the result is a constant of the recording: then its key is put into
    `read`. Its level is between that of the recording and those of derivatives that the function
    takes."""

    __slots__ = ("key", "read")

    def __init__(self, level: Level, a: np.ndarray, key: int, read: set[int]) -> None:
        self.level = level
        self.primal = a
        self.key = key
        self.read = read

    def joined(self, others: list) -> Any:
        """The array that has this one and others along its first axis; None where there is none."""
        whole = joined([x.primal for x in others])
        return None if whole is None else Watched(self.level, whole, self.key, self.read)

    def entries(self) -> np.ndarray:
        """The array, whose entries are read."""
        self.read.add(self.key)
        return self.primal  # type: ignore[no-any-return]

    def apply(self, op: Any, args: tuple, params: dict | None) -> Any:
        own = [a for a in args if isinstance(a, Watched)]
        args = tuple(a.primal if isinstance(a, Watched) else a for a in args)
        beside = any(isinstance(a, Carrier) for a in args)
        try:
            y = op.dispatch(args, params)
        except Exception:
            # Whether that raises depends on the entries.
            for a in own:
                a.entries()
            raise
        if beside:
            return y
        if isinstance(y, np.ndarray) and owner(y) is owner(self.primal):
            return Watched(self.level, y, self.key, self.read)
        for a in own:
            a.entries()
        return y

    def unary(self, op: Any) -> Any:
        return self.apply(op, (self,), None)

    def seen(self, note: Note) -> None:
        self.entries()

    def decided(self, decide: Callable, xs: list, y: Any) -> None:
        if all(isinstance(x, Watched) or not isinstance(x, Carrier) for x in xs):
            self.entries()

    def __bool__(self) -> bool:
        return bool(self.entries())

    def __float__(self) -> float:
        return float(self.entries())

    def __int__(self) -> int:
        return int(self.entries())

    def __index__(self) -> int:
        return self.entries().__index__()

    def __complex__(self) -> complex:
        return complex(self.entries())

    def __format__(self, spec: str) -> str:
        return format(self.entries(), spec)

    def __repr__(self) -> str:
        return repr(self.entries())

    def __array__(self, *args: Any, **kwargs: Any) -> Any:
        return self.entries().__array__(*args, **kwargs)

    def __array_ufunc__(self, ufunc: Any, method: str, *inputs: Any, **kwargs: Any) -> Any:
        if ufunc in UFUNCS and (method == "__call__" or method in METHODS):
            return super().__array_ufunc__(ufunc, method, *inputs, **kwargs)
        return getattr(ufunc, method)(*map(_plain, inputs), **kwargs)

    def __array_function__(self, func: Any, types: Any, args: Any, kwargs: Any) -> Any:
        if func in FUNCTIONS:
            return super().__array_function__(func, types, args, kwargs)
        args, kwargs = _plain(args), _plain(kwargs)
        return func(*args, **kwargs)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.entries(), name)


def unwatched(result: Any) -> Any:
    """A result of the function, with arrays that it refers to as they are."""
    leaves, tree = flatten(result)
    if not any(isinstance(x, Watched) for x in leaves):
        return result
    return unflatten(tree, [x.primal if isinstance(x, Watched) else x for x in leaves])


def _plain(x: Any) -> Any:
    """Arguments with plain arrays in the place of watched ones."""
    if isinstance(x, Watched):
        return x.entries()
    if isinstance(x, dict):
        return {k: _plain(v) for k, v in x.items()}
    return type(x)(map(_plain, x)) if x.__class__ in (list, tuple) else x


class Substitution:
    """Copies of functions and objects that refer to others in the place of arrays. used: the arrays
    (by id) that were met; those inside objects that cannot be copied are not."""

    def __init__(self, captures: Captures, arrays: dict[int, Any], used: set[int]) -> None:
        self.captures = captures
        self.arrays = arrays
        self.used = used
        self.made: dict[int, Any] = {}
        self.before: list[tuple[Callable[[], list], list]] = []

    def changed(self) -> bool:
        """Whether the function has changed one of the copies."""
        return any(now() != kept for now, kept in self.before)

    def _note(self, now: Callable[[], Any]) -> None:
        """Remember what is found in a copy."""
        self.before.append((now, now()))

    def __call__(self, x: Any) -> Any:
        key = id(x)
        if key in self.arrays:
            self.used.add(key)
            return self.arrays[key]
        if key in self.made or key not in self.captures.seen:
            return self.made.get(key, x)
        if isinstance(x, types.FunctionType):
            return self._function(x)
        if isinstance(x, types.MethodType):
            return types.MethodType(self(x.__func__), self(x.__self__))
        if isinstance(x, functools.partial):
            given = {k: self(v) for k, v in x.keywords.items()}
            return functools.partial(self(x.func), *map(self, x.args), **given)
        if type(x) in (list, dict) or isinstance(x, tuple):
            return self._container(x)
        if package(type(x).__module__) == "admodes" and "__wrapped__" in (fields(x) or ()):
            return self(x.__wrapped__)
        return self._object(x)

    def _function(self, f: types.FunctionType) -> types.FunctionType:
        cells = tuple([types.CellType() for _ in f.__closure__ or ()])
        code, space = f.__code__, f.__globals__
        # Functions of admodes keep the globals of their module.
        names = named(code).names & space.keys() if id(f) not in self.captures.wrappers else ()
        space = dict(space) if names else space
        made = types.FunctionType(code, space, f.__name__, None, cells)
        self.made[id(f)] = made
        made.__dict__.update(f.__dict__)
        made.__defaults__ = f.__defaults__ and tuple(map(self, f.__defaults__))
        defaults = f.__kwdefaults__
        made.__kwdefaults__ = defaults and {k: self(v) for k, v in defaults.items()}
        for new, old in zip(cells, f.__closure__ or (), strict=True):
            try:
                new.cell_contents = self(old.cell_contents)
            except ValueError:
                continue
        for name in names:
            space[name] = self(space[name])
        if names:
            self._note(lambda: [id(space.get(name)) for name in names])
        self._note(lambda: [id(cell.cell_contents) for cell in cells if is_full(cell)])
        return made

    def _container(self, x: Any) -> Any:
        if isinstance(x, tuple):
            return tuple.__new__(type(x), list(map(self, x)))
        made: Any = type(x)()
        self.made[id(x)] = made
        if isinstance(x, list):
            made += map(self, x)
            self._note(lambda: list(map(id, made)))
        else:
            made.update((k, self(v)) for k, v in x.items())
            self._note(lambda: [(k, id(v)) for k, v in made.items()])
        return made

    def _object(self, x: Any) -> Any:
        """A copy of an object, made without its class: what that does when a copy is made, or comes
        to its end, is not to be done here."""
        kind = type(x)
        if issubclass(kind, types.ModuleType) and not is_foreign(x):
            made: Any = types.SimpleNamespace(**vars(x))
        elif issubclass(kind, type) or is_foreign(kind) or hasattr(kind, "__del__"):
            return x
        else:
            try:
                made = object.__new__(kind)
            except TypeError:
                return x
        self.made[id(x)] = made
        own, copied = fields(x) or {}, fields(made)
        if copied is not None:
            copied.update(own)
        for name in (*slots(kind), *self.captures.data.get(id(x), ())):
            value = own[name] if name in own else read(found_statically(x, name), x)
            if value is not ABSENT:
                object.__setattr__(made, name, self(value))
        if copied is not None:
            self._note(lambda: [(k, id(v)) for k, v in copied.items()])
        return made
