"""The tape: every operation leaves a node behind that knows what a sweep back needs.

There is no tape object: the tape of a sweep is the set of nodes reachable from its outputs, in
the order of their serial numbers. It is freed with the values that refer to it.

A node is the record on the tape; a traced value is what the function calculates with. An array is a
`Traced` that refers to its node, so that it lives on the tape only where a rule will read it. A
number is its own node, since two objects for each operation on numbers would take longer.
"""

from __future__ import annotations

import itertools
import operator
from collections.abc import Iterable
from typing import Any

from numpy import ndarray

from admodes.core.carrier import Carrier, Level, held
from admodes.core.elementwise import elementwise
from admodes.core.roots import has_origin, keeps, origin, smooth
from admodes.core.scalars import counted, fitting
from admodes.core.values import (
    ARITHMETIC,
    NUMBERS,
    SMALL,
    Copies,
    Params,
    Value,
    blank,
    changeable,
    plain_params,
)
from admodes.core.watching import Watch, look

_next_serial = itertools.count().__next__
_serial = operator.attrgetter("serial")
COMPARED = 2**13
"""Constants of so many entries are compared with what was copied of them before; to copy smaller
ones once more takes less time, except beside a recording."""

SMOOTH = elementwise(
    "smooth", lambda a: a, 1, unlisted=True, doc="A value with the derivatives of another."
)


class General(tuple):
    """What the vjp of a node needs beside its adjoint: parameters, and values of the arguments."""

    __slots__ = ()


class Node(Carrier):
    """A value, and the operation and arguments that made it (op is None for an input).

    local: on Python floats the partials, evaluated while recording and shared by all sweeps: one
    number for one argument, otherwise a tuple with None for what nothing is propagated to. For
    elementwise operations on arrays a list of the arguments' values, None for one of the result's
    shape that no rule reads. In general what the operation's vjp needs. None for an input.
    """

    __slots__ = ("args", "local", "op", "origin", "serial")
    result: Any

    def __init__(self, level: Level, primal: Any, op: Any, args: tuple, local: Any) -> None:
        self.level = level
        self.primal = primal
        self.op = op
        self.args = args
        self.local = local
        self.origin = None
        self.serial = _next_serial()

    def made_of(self) -> tuple | None:
        return None if self.op is None else (self.op, self.args, self.local)

    def constant(self, x: Any) -> Any:
        return traced_input(self.level, x)

    def unary(self, op: Any) -> Any:
        x = self.primal
        if x.__class__ is float:
            try:
                y = op.scalar(x)
                ((p, k),) = op.rules
                if k is not None:
                    p = p(x) if k == 1 else p(y) if k == 0 else p(*k((y, x)))
                if (p or not op.cuts) and (y or self.origin is None):
                    return self.result(self.level, y, op, (self,), p)
            except ARITHMETIC:
                pass
        return self.apply(op, (self,), None)

    def binary(self, op: Any, a: Any, b: Any) -> Any:
        level = self.level
        kind = self.__class__
        x = z = None
        if a.__class__ is kind and a.level is level:
            x = a.primal
        if b.__class__ is kind and b.level is level:
            z = b.primal
        u = a if x is None else x
        v = b if z is None else z
        if (
            (u.__class__ is float or u.__class__ is int)
            and (v.__class__ is float or v.__class__ is int)
            and op.elementwise
        ):
            try:
                y = op.scalar(u, v)
                (p, j), (q, k) = op.rules
                if x is None:
                    p = None
                elif j is not None:
                    p = p(v) if j == 2 else p(u) if j == 1 else p(y) if j == 0 else p(*j((y, u, v)))
                if z is None:
                    q = None
                elif k is not None:
                    q = q(u) if k == 1 else q(v) if k == 2 else q(y) if k == 0 else q(*k((y, u, v)))
                if op.cuts:
                    p = p or (None if op.cut(0, (u, v)) else p)
                    q = q or None
                if y or not (op.squared or has_origin(a) or has_origin(b)):
                    return self.result(level, y, op, (a, b), (p, q))
            except ARITHMETIC:
                pass
        for other in (a, b):
            if other.__class__ is Traced and other.level is level:
                return other.binary(op, a, b)
        return op.dispatch((a, b), None)

    def apply(self, op: Any, args: tuple, params: Params) -> Any:
        if self.__class__ is Node:
            return _on_tape(self.level, op, args, params)
        level = self.level
        kind = self.__class__
        xs = tuple(a.primal if a.__class__ is kind and a.level is level else a for a in args)
        y = op.dispatch(xs, params)
        if op.passive:
            return level.truth(y)
        return self.result(level, y, op, args, General((plain_params(params), op.kept(xs))))


counted(Node)
Node.result = Node.real_number


@counted
class Traced(Carrier):
    """An array with its node."""

    __slots__ = ("__weakref__", "node", "origin", "shares")
    content = ("primal", "node", "origin")

    def __init__(self, level: Level, primal: Any, node: Node) -> None:
        self.level = level
        self.primal = primal
        self.node = node
        self.origin = None
        level.entries += primal.size

    def made_of(self) -> tuple:
        return (self.node,)

    def constant(self, x: Any) -> Any:
        return traced_input(self.level, x)

    @property
    def shape(self) -> tuple[int, ...]:
        return self.primal.shape  # type: ignore[no-any-return]

    def unary(self, op: Any) -> Any:
        x = self.primal
        if x.__class__ is ndarray and x.dtype.kind == "f" and op.quick and self.origin is None:
            y = op.array(x)
            if y.__class__ is ndarray:
                read_y, (read_x,) = op.cache.get(True) or _needs(op, True, (True,))
                node = Node(
                    self.level, y if read_y else None, op, (self.node,), [x if read_x else None]
                )
                made = Traced(self.level, y, node)
                if keeps(op, y):
                    made.origin = origin(op, (self,), None)
                return made
        elif self.origin is None and isinstance(x, Carrier) and x.records and _short(op):
            return _of_recorded(op, (self,), (self.node,), (x,), x.unary(op))
        return self.apply(op, (self,), None)

    def binary(self, op: Any, a: Any, b: Any) -> Any:
        """An operation of which at least one argument is a traced array."""
        level = self.level
        u, first = a, None
        plain = op.quick
        if a.__class__ is Traced and a.level is level:
            u, first = a.primal, a.node
            plain = plain and a.origin is None
        elif a.__class__ is Node and a.level is level:
            u, first = a.primal, a
            plain = plain and a.origin is None
        v, second = b, None
        if b.__class__ is Traced and b.level is level:
            v, second = b.primal, b.node
            plain = plain and b.origin is None
        elif b.__class__ is Node and b.level is level:
            v, second = b.primal, b
            plain = plain and b.origin is None
        if (
            plain
            and (u.dtype.kind == "f" if u.__class__ is ndarray else u.__class__ in NUMBERS)
            and (v.dtype.kind == "f" if v.__class__ is ndarray else v.__class__ in NUMBERS)
        ):
            pattern = (first is not None, second is not None)
            read_y, reads = op.cache.get(pattern) or _needs(op, pattern, pattern)
            y = op.array(u, v)
            if y.__class__ is ndarray:
                shape = y.shape
                if u.__class__ is ndarray:
                    if not reads[0]:
                        u = None if u.shape == shape else blank(u)
                    elif first is None and changeable(u):
                        u = constant(level, u)
                if v.__class__ is ndarray:
                    if not reads[1]:
                        v = None if v.shape == shape else blank(v)
                    elif second is None and changeable(v):
                        v = constant(level, v)
                node = Node(level, y if read_y else None, op, (first, second), [u, v])
                made = Traced(level, y, node)
                if keeps(op, y):
                    made.origin = origin(op, (a, b), None)
                return made
        elif plain and _records(u, first) and _records(v, second) and _short(op):
            return _of_recorded(op, (a, b), (first, second), (u, v), op(u, v))
        return op.dispatch((a, b), None)

    def apply(self, op: Any, args: tuple, params: Params) -> Any:
        x = self.primal
        if (
            len(args) > 1
            or x.__class__ is not ndarray
            or x.dtype.kind != "f"
            or op.passive
            or self.origin is not None
            or op.remembers
        ):
            return _on_tape(self.level, op, args, params)
        y = op.on_arrays((x,), params)
        read_y, (read_x,) = op.cache.get(True) or _needs(op, True, (True,))
        if not read_x and x.size >= SMALL:
            x = blank(x)
        return _with_node(self.level, y, op, (self.node,), params, (x,), read_y)


def constant(level: Level, x: ndarray) -> ndarray:
    """A constant as the tape keeps it, since the caller may still change it."""
    if x.size < SMALL or (x.size < COMPARED and not held()):
        return x.copy("K")
    if level.copies is None:
        level.copies = Copies(SMALL)
    return level.copies.of(x)  # type: ignore[no-any-return]


def traced_input(level: Level, x: Any) -> Node | Traced:
    """A value at the start of a tape."""
    if x.__class__ is float:
        return Node.result(level, x, None, (), None)
    return traced(level, x, Node(level, None, None, (), None))


def traced(level: Level, y: Value, node: Node) -> Any:
    """An array, or a number that is no float, with its node."""
    kind: Any = Traced if y.__class__ is ndarray else fitting(Traced, y, y.shape)
    return kind(level, y, node)


def node_of(x: Any, level: Level) -> Node | None:
    """The node of a carrier of this level; None for everything else."""
    if isinstance(x, Carrier) and x.level is level:
        return x.node if x.__class__ is Traced else x  # type: ignore[return-value]
    return None


def _short(op: Any) -> bool:
    """Whether an operation on recorded values needs no look at what they are."""
    return op.quick and op.only_kernel and not Watch.open


def _records(x: Any, node: Node | None) -> bool:
    """Whether an argument is a number, or a recorded value on the tape."""
    return x.__class__ is float or (node is not None and isinstance(x, Carrier) and x.records)


def _of_recorded(op: Any, args: tuple, nodes: tuple, xs: tuple, y: Any) -> Any:
    """The result y of an elementwise operation on recorded values xs, with a node of its own."""
    level = args[0].level if nodes[0] is not None else args[1].level
    node = Node(level, y, op, nodes, General((None, xs)))
    made = Traced(level, y, node) if y.primal.__class__ is ndarray else traced(level, y, node)
    if op.remembers:
        made.origin = origin(op, args, None)
    return made


def _on_tape(level: Level, op: Any, args: tuple, params: Params) -> Any:
    """Apply an operation and leave a node that keeps what its rules will read."""
    primals: list[Any] = []
    nodes: list[Any] = []
    simple, arrays, rooted = True, False, False
    for a in args:
        node = None
        if (a.__class__ is Traced or a.__class__ is Node) and a.level is level:
            rooted = rooted or a.origin is not None
            node = a.node if a.__class__ is Traced else a
            a = a.primal
        if a.__class__ is ndarray:
            arrays = True
            simple = simple and a.dtype.kind == "f"
        elif a.__class__ is not float:
            simple = False
        nodes.append(node)
        primals.append(a)
    if Watch.open and (op.kinked or op.is_test):
        look(op, tuple(primals), params)
    if arrays and simple:
        y = op.on_arrays(primals, params)
    else:
        y = op.dispatch(tuple(primals), params) if params else op(*primals)
    if op.passive:
        return level.truth(y)
    node = node_of(smooth(op, args), level) if rooted else None
    if node is not None:
        return _with_node(level, y, SMOOTH, (node,), None, (y,), False)
    active = tuple([node is not None for node in nodes])
    read_y, reads = op.cache.get(active) or _needs(op, active, active)
    for i, x in enumerate(primals):
        if x.__class__ is ndarray:
            if not reads[i]:
                primals[i] = x if x.size < SMALL else blank(x)
            elif not active[i] and changeable(x):
                primals[i] = constant(level, x)
        elif isinstance(x, Carrier) and not active[i]:
            primals[i] = x.clone()
    made = _with_node(level, y, op, tuple(nodes), params, tuple(primals), read_y)
    if rooted or keeps(op, y):
        made.origin = origin(op, args, params)
    return made


def _with_node(
    level: Level, y: Value, op: Any, nodes: tuple, params: Params, xs: tuple, read_y: bool
) -> Any:
    """The result of an operation with a node of its own."""
    local = General((params and plain_params(params), xs))
    if y.__class__ is float:
        return Node.result(level, y, op, nodes, local)
    kept = y if read_y or y.size < SMALL else blank(y)
    return traced(level, y, Node(level, kept, op, nodes, local))


def _needs(op: Any, key: Any, active: tuple[bool, ...]) -> tuple[bool, tuple[bool, ...]]:
    op.cache[key] = op.needs(active)
    return op.cache[key]  # type: ignore[no-any-return]


def reachable(roots: Iterable[Node]) -> list[Node]:
    """The nodes that roots depend on, last first."""
    found = list({node.serial: node for node in roots}.values())
    seen = {node.serial for node in found}
    for node in found:  # whose arguments come after it in the list
        level = node.level
        for a in node.args:
            if isinstance(a, Node) and a.serial not in seen and a.level is level:
                seen.add(a.serial)
                found.append(a)
    found.sort(key=_serial, reverse=True)
    return found
