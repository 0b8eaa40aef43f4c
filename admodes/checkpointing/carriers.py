"""Removing and restoring the wrappers of traced values (carriers), which checkpointing needs to
evaluate part of a function without recording it.

A value may be wrapped many times: an array that a reverse mode records, inside a dual number,
inside a batch. `taken_off` removes the recording wrappers at any depth and collects their tape
nodes; `put_on` wraps such values again. Other wrappers stay as they are.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any

from admodes.core.batch import Batch
from admodes.core.carrier import Carrier, Level, innermost
from admodes.core.forward import Dual
from admodes.core.scalars import counted, fitting
from admodes.core.space import dtype_of
from admodes.core.tape import Node, Traced
from admodes.core.values import ARITHMETIC, shape_of
from admodes.ops.arithmetic import add

WRAPPED = ("primal", "tangent")
"""The attributes of a carrier that are values of earlier levels."""


@counted
class Unrecorded(Carrier):
    """A value that behaves like one that reverse mode records (it is no float, has a shape, refuses
    the same), although nothing is recorded: f must not take another way in the first evaluation,
    which is not recorded, than in the second, which is."""

    __slots__ = ("__weakref__", "shares")
    content = ("primal",)

    def __init__(self, level: Level, primal: Any) -> None:
        self.level = level
        self.primal = primal

    def unary(self, op: Any) -> Any:
        x = self.primal
        if x.__class__ is float and op.quick:
            try:
                return Unrecorded.real_number(self.level, op.scalar(x))
            except ARITHMETIC:
                pass
        return self.apply(op, (self,), None)

    def binary(self, op: Any, a: Any, b: Any) -> Any:
        level = self.level
        x = a.primal if a.__class__ is Unrecorded and a.level is level else a
        y = b.primal if b.__class__ is Unrecorded and b.level is level else b
        if (
            (x.__class__ is float or x.__class__ is int)
            and (y.__class__ is float or y.__class__ is int)
            and op.quick
        ):
            try:
                return Unrecorded.real_number(level, op.scalar(x, y))
            except ARITHMETIC:
                pass
        return op.dispatch((a, b), None)

    def apply(self, op: Any, args: tuple, params: dict | None) -> Any:
        level = self.level
        plain = [a.primal if a.__class__ is Unrecorded and a.level is level else a for a in args]
        y = op.dispatch(tuple(plain), params)
        return level.truth(y) if op.passive else unrecorded(level, y)


def unrecorded(level: Level, y: Any) -> Any:
    """An array or a number of which nothing is recorded."""
    return fitting(Unrecorded, y, shape_of(y))(level, y)


class Cotangents(Carrier):
    """Several cotangents as one, so that a sweep can carry them together: primal is a dict of
    cotangents, by key. They are added key by key."""

    __slots__ = ()
    shape = ()

    def __init__(self, primal: dict) -> None:
        self.level = _COTANGENTS
        self.primal = primal

    def apply(self, op: Any, args: tuple, params: dict | None) -> Any:
        """The sum, which is the only thing that a sweep does with adjoints."""
        total: dict = {}
        for part in args:
            add_up(total, part.primal)
        return Cotangents(total)


_COTANGENTS = Level()


def add_up(total: dict, more: dict) -> None:
    """Add cotangents by key."""
    for key, w in more.items():
        if w is not None:
            total[key] = add(total[key], w) if key in total else w


def is_recorded(x: Any) -> bool:
    """Whether the outermost wrapper of x is one of reverse mode; Variables are left alone."""
    return x.__class__ is Traced or x.__class__ is Node


def layers(x: Any) -> Iterator[Carrier]:
    """All wrappers of x."""
    if isinstance(x, Carrier):
        yield x
        for name in WRAPPED:
            yield from layers(getattr(x, name, None))


def is_opaque(x: Any, inside: bool = False) -> bool:
    """Whether x is recorded by reverse mode below a wrapper that keeps what it has seen."""
    if not isinstance(x, Carrier):
        return False
    if is_recorded(x):
        return inside or is_opaque(x.primal)
    inside = inside or x.__class__ not in (Dual, Batch, Unrecorded)
    return any(is_opaque(getattr(x, name, None), inside) for name in WRAPPED)


def node_in(x: Any) -> Node:
    """The node of a recorded value."""
    return x.node if x.__class__ is Traced else x  # type: ignore[no-any-return]


def taken_off(x: Any, since: float, found: list[Node] | None = None) -> Any:
    """x without the wrappers by which reverse mode records it, at any depth, as far as their levels
    have a serial of at least since. The tape nodes of these wrappers are appended to found."""
    if not isinstance(x, Carrier) or (is_recorded(x) and x.level.serial < since):
        return x
    if is_recorded(x):
        if found is not None:
            found.append(node_in(x))
        return taken_off(x.primal, since, found)
    return _rebuilt(x, lambda part, name: taken_off(part, since, found))


def put_on(x: Any, level: Level, wrap: Callable[[Any, tuple], Any], path: tuple = ()) -> Any:
    """x in which values are wrapped for a level, as if they had been recorded there.

    Levels are nested, a later one outside. A plain x, or one that earlier levels alone have
    wrapped, becomes wrap(x, ()). In one that later levels have wrapped, as Dual(primal, tangent) of
    a forward mode that runs inside, the parts are wrapped: wrap(primal, ("primal",)) and
    wrap(tangent, ("tangent",)); path says where the part stands. Integers and truth values stay.
    """
    if isinstance(x, Carrier) and x.level.serial > level.serial:
        return _rebuilt(x, lambda part, name: put_on(part, level, wrap, (*path, name)))
    return wrap(x, path) if is_differentiable(x) else x


def nodes_at(x: Any, level: Level, path: tuple = ()) -> Iterator[tuple[tuple, Node]]:
    """The nodes of a level in x with their paths, as put_on has them."""
    if not isinstance(x, Carrier) or x.level.serial < level.serial:
        return
    if x.level is level:
        if is_recorded(x):
            yield path, node_in(x)
        return
    for name in WRAPPED:
        yield from nodes_at(getattr(x, name, None), level, (*path, name))


def _rebuilt(x: Carrier, change: Callable[[Any, str], Any]) -> Any:
    """x with its parts changed."""
    parts = {name: getattr(x, name) for name in x.content if name in WRAPPED}
    new = {name: change(part, name) for name, part in parts.items()}
    if all(new[name] is part for name, part in parts.items()):
        return x
    made = x.clone()
    for name, part in new.items():
        setattr(made, name, part)
    return made


def is_differentiable(x: Any) -> bool:
    """Whether x is a float, an array of floats or complex numbers, or a carrier of one."""
    x = innermost(x)
    if x.__class__ is float:
        return True
    kind = getattr(x, "dtype", None)
    return kind is not None and kind == dtype_of(x)


def cloned(x: Any) -> Any:
    """x, which x += v in a function may not change for us."""
    return x.clone() if isinstance(x, Carrier) else x


@contextmanager
def revived(levels: Iterable[Level]) -> Iterator[None]:
    """Levels that have ended are alive inside, so that a function may be evaluated again on their
    carriers. Several threads may do that at the same time."""
    levels = set(levels)
    before = revived_here()
    with _lock:
        for level in levels:
            count, alive = _revived.get(level, (0, level.alive))
            _revived[level] = count + 1, alive
            level.alive = True
    _local.levels = before | levels
    try:
        yield
    finally:
        _local.levels = before
        with _lock:
            for level in levels:
                count, alive = _revived.pop(level)
                if count > 1:
                    _revived[level] = count - 1, alive
                else:
                    level.alive = alive


def revived_here() -> frozenset[Level]:
    """The levels that this thread has revived: what is evaluated now may need them again when it is
    evaluated for the next time."""
    return getattr(_local, "levels", frozenset())


_lock = threading.Lock()
if hasattr(os, "register_at_fork"):
    # A thread that held the lock is not there in a forked process.
    os.register_at_fork(after_in_child=_lock._at_fork_reinit)  # type: ignore[attr-defined]
_local = threading.local()
_revived: dict[Level, tuple[int, bool]] = {}
