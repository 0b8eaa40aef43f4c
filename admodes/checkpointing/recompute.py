"""Recomputation: part of a computation is a single step on the tape, however long it is, and is
evaluated again when the reverse sweep arrives there.

The first evaluation runs without recording. The data flow shows what it depends on: its arguments,
and recorded values that its function closes over, whose nodes are noted when they meet its values
in an operation. On the tape the part becomes three nodes: one that passes it the cotangents of its
results, the part itself, and one that passes its contributions to all that it depends on. When the
sweep arrives, the part is evaluated again, is recorded this time, and is swept at once.

A. Griewank, Achieving logarithmic growth of temporal and spatial complexity in reverse automatic
differentiation, Optimization Methods and Software 1 (1992).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from typing import Any

import numpy as np

from admodes.checkpointing.carriers import (
    Cotangents,
    Unrecorded,
    add_up,
    cloned,
    is_opaque,
    layers,
    nodes_at,
    put_on,
    revived,
    revived_here,
    taken_off,
    unrecorded,
)
from admodes.compilation.captures import Captures
from admodes.compilation.entry import is_unchanged
from admodes.compilation.purity import digest
from admodes.core.carrier import Carrier, Level, innermost, is_numpys, quiet
from admodes.core.inplace import share
from admodes.core.sweep import pull_back, strong_product
from admodes.core.tape import General, Node, blank, traced
from admodes.core.values import frozen_one
from admodes.errors import BadType, BadValue

Forward = Callable[["Trial", list], list]
"""(trial, arguments) -> results, all as flat lists."""
Back = Callable[[list, Level, dict], dict]
"""(arguments, level, cotangents of the results by key) -> contributions by the serial of nodes of
that level."""

_here = Level()
OTHERS = (
    "{who}: evaluated again for the sweep back, it gave other values than at first: it draws "
    "random numbers, or something that it reads was changed meanwhile; pass what changes as an "
    "argument"
)
SAMPLES = 8
"""Of every result so many entries are kept, to tell whether a second evaluation gives the same."""


class Trial:
    """The first evaluation of a stretch, in which reverse mode records nothing (on the levels with
    a serial of at least since). Instead it notes what the stretch depends on: depends holds, for
    each level, the tape nodes of its arguments and of recorded values that it closes over."""

    def __init__(self, who: str, since: float = 0) -> None:
        self.who = who
        self.since = since
        self.level = Level()
        self.mark = mark()
        self.depends: dict[Level, dict[int, Node]] = {}
        self._given: list[tuple[Unrecorded, Any]] = []

    def entered(self, leaves: Iterable) -> list:
        """Arguments without their recording wrappers."""
        return [self._entered(x) for x in leaves]

    def _entered(self, x: Any) -> Any:
        found: list[Node] = []
        plain = taken_off(x, self.since, found)
        self._note(found)
        if not found:
            return x
        self.level.arrays = self.level.arrays or is_numpys(x)
        given = unrecorded(self.level, plain)
        self._given.append((given, plain))
        return given

    def left(self, leaves: Iterable) -> list:
        """Results without what the function's closure has recorded."""
        return [self._left(y) for y in leaves]

    def _left(self, y: Any) -> Any:
        if is_of(y, self.level) and not isinstance(y.primal, Carrier):
            return y
        found: list[Node] = []
        plain = taken_off(y, self.since, found)
        for node in found:
            self._note(recorded_since(self.mark, [node])[1].values())
        return unrecorded(self.level, plain) if found and not is_of(plain, self.level) else plain

    def _note(self, nodes: Iterable[Node]) -> None:
        for node in nodes:
            self.depends.setdefault(node.level, {})[node.serial] = node

    def check_arguments(self) -> None:
        """Refuse a change of an argument in place."""
        if any(given.primal is not plain for given, plain in self._given):
            raise BadType(
                f"{self.who} changes its own argument in place, which a second evaluation would "
                "do again: write x = x + v instead of x += v"
            )


class Hand:
    """The operation on the tape by which a result of a stretch comes from the stretch. Its
    transpose puts the cotangent of the result under its key, so that the stretch gets all."""

    __slots__ = ("key",)
    name = "checkpoint"
    arity = 1
    accumulate = None

    def __init__(self, key: tuple) -> None:
        self.key = key

    def vjp(self, i: int, w: Any, y: Any, args: tuple, params: dict | None) -> Cotangents:
        return Cotangents({self.key: w})


class Stretch:
    """The operation on the tape that stands for all operations of a stretch, the part of a
    computation that is not recorded. Its transpose, back, evaluates the stretch again, records it
    and sweeps back through it. nodes: what the stretch depends on."""

    __slots__ = ("back", "level", "nodes", "who")
    name = "checkpoint"
    arity = 1
    accumulate = None

    def __init__(self, who: str, level: Level, nodes: list[Node], back: Callable) -> None:
        self.who = who
        self.level = level
        self.nodes = nodes
        self.back = back

    def vjp(self, i: int, w: Any, y: Any, args: tuple, params: dict | None) -> Cotangents:
        """The contributions to the nodes, by their positions. This is a stretch of its own for
        the levels that the sweep itself is recorded on."""
        keys = list(w.primal)

        def forward(trial: Trial, ws: list) -> list:
            found = self.back(self.level, dict(zip(keys, ws, strict=True)))
            if not found.keys() <= {node.serial for node in self.nodes}:
                raise BadValue(
                    f"{self.who}: evaluated again, it depends on another traced value than at "
                    "first: a variable that it closes over has meanwhile been given another "
                    "value; pass it as an argument"
                )
            return [found.get(node.serial) for node in self.nodes]

        terms = collapsed(self.who, list(w.primal.values()), forward)
        return Cotangents({k: t for k, t in enumerate(terms) if t is not None})


class Fan:
    """The operation on the tape through which a stretch depends on its arguments. Its transpose
    gives each of them, the i-th node, the contribution under its position."""

    __slots__ = ()
    name = "checkpoint"
    arity = 1
    accumulate = None

    def vjp(self, i: int, w: Any, y: Any, args: tuple, params: dict | None) -> Any:
        return w.primal.get(i)


def collapsed(
    who: str,
    inputs: list,
    forward: Forward,
    back: Back | None = None,
    reads: Callable | None = None,
) -> list:
    """The results of forward(trial, inputs), of which the tape of every level keeps one step.
    back computes that step's contributions; by default it evaluates forward again. reads: the
    function that it evaluates, which must refer to the same arrays then."""
    opaque = any(map(is_opaque, inputs))
    trial = Trial(who, math.inf if opaque else 0)
    try:
        results = trial.left(forward(trial, trial.entered(inputs)))
    finally:
        trial.level.alive = False
    trial.check_arguments()
    if trial.depends:
        kept = list(map(frozen_one, inputs))
        again = back or _evaluated_again(who, forward, results, Arrays(reads))
        ended = {layer.level for x in (*inputs, *results) for layer in layers(x)}
        ended |= trial.depends.keys() | revived_here()

        def contributions(level: Level, ws: dict) -> dict:
            with revived(ended), quiet():
                return again(kept, level, ws)

        for level in sorted(trial.depends, key=lambda level: level.serial):
            step = Stretch(who, level, list(trial.depends[level].values()), contributions)
            results = _with_step(results, trial.level, step)
    results = [y.primal if is_of(y, trial.level) else y for y in results]
    _note_views(inputs, results)
    return results


def _note_views(inputs: list, results: list) -> None:
    """Note which results are views of an argument, as an operation that makes one does."""
    for x in inputs:
        for y in results:
            if isinstance(x, Carrier) and isinstance(y, Carrier) and x is not y:
                a, b = innermost(x), innermost(y)
                if isinstance(a, np.ndarray) and np.may_share_memory(a, b):
                    share(x, y)


def is_of(y: Any, level: Level) -> bool:
    """Whether y is an unrecorded value of this level."""
    return y.__class__ is Unrecorded and y.level is level


def _with_step(results: list, own: Level, step: Stretch) -> list:
    """The results as values on the tape of the step's level."""
    level, nodes = step.level, tuple(step.nodes)
    # The sweep inside a stretch has already made contributions to real values real.
    fan = Node(level, None, Fan(), nodes, General((None, (np.complex128(0.0),) * len(nodes))))
    middle = Node(level, None, step, (fan,), General((None, (0.0,))))

    def recorded(y: Any, key: tuple) -> Any:
        local = General((None, (0.0,)))
        if y.__class__ is float:
            return Node.result(level, y, Hand(key), (middle,), local)
        return traced(level, y, Node(level, blank(y), Hand(key), (middle,), local))

    return [
        unrecorded(own, put_on(y.primal, level, recorded, (j,))) if is_of(y, own) else y
        for j, y in enumerate(results)
    ]


class Arrays:
    """The arrays that a function refers to, and what they held."""

    def __init__(self, f: Callable | None) -> None:
        captures = Captures(*([] if f is None else [f]))
        found = [a for a in captures.seen.values() if type(a) is np.ndarray and a.dtype != object]
        known = set(map(id, found))
        self.content = [(a, digest(a)) for a in found]
        self.places = [p for p in captures.places if id(p.value) in known]

    def are_the_same(self) -> bool:
        return all(map(is_unchanged, self.places)) and all(
            digest(a) == kept for a, kept in self.content
        )


def _evaluated_again(who: str, forward: Forward, results: list, arrays: Arrays) -> Back:
    expected = samples(results)

    def back(inputs: list, level: Level, ws: dict) -> dict:
        def run() -> list:
            trial = Trial(who, math.inf)
            xs = [cloned(taken_off(x, level.serial + 1)) for x in inputs]
            ys = forward(trial, trial.entered(xs))
            compare(expected, samples(ys), who)
            if not arrays.are_the_same():
                raise BadValue(OTHERS.format(who=who))
            return ys

        return pulled(level, run, ws)

    return back


def pulled(level: Level, run: Callable[[], list], ws: dict) -> dict:
    """Evaluate run() on carriers of a level, and pull the cotangents of its results back through
    what it records: the contributions to nodes that are older, by serial."""
    start = mark()
    ys = [taken_off(y, level.serial + 1) for y in run()]
    adjoints: dict[int, Any] = {}
    roots: list[Node] = []
    for j, y in enumerate(ys):
        for key, node in nodes_at(y, level, (j,)):
            roots.append(node)
            add_up(adjoints, {node.serial: ws.get(key)})
    nodes, _ = recorded_since(start, roots)
    pull_back(adjoints, nodes, adjoints.pop, strong_product)
    return adjoints


def mark() -> int:
    """A serial: nodes with larger ones are newer."""
    return Node(_here, None, None, (), None).serial


def recorded_since(start: int, roots: Iterable[Node]) -> tuple[list[Node], dict[int, Node]]:
    """The nodes that roots depend on and that are newer than start, last first, and the older ones
    that these depend on at once, by serial."""
    new: dict[int, Node] = {}
    older: dict[int, Node] = {}
    stack = list(roots)
    while stack:
        node = stack.pop()
        if node.serial < start:
            older[node.serial] = node
        elif node.serial not in new:
            new[node.serial] = node
            stack += [a for a in node.args if a.__class__ is Node and a.level is node.level]
    return [new[serial] for serial in sorted(new, reverse=True)], older


def samples(leaves: list) -> list:
    """A few entries of each result."""
    found = []
    for x in map(innermost, leaves):
        if isinstance(x, np.ndarray):
            x = np.array(x.flat[:: max(x.size // SAMPLES, 1)])
        found.append(x)
    return found


def compare(expected: list, found: list, who: str) -> None:
    """Refuse results that are not those of the first evaluation."""
    if len(expected) != len(found) or not all(map(_alike, expected, found)):
        raise BadValue(OTHERS.format(who=who))


def _alike(a: Any, b: Any) -> bool:
    if a.__class__ is float and b.__class__ is float:
        return a == b or abs(a - b) <= abs(a) * 1e-8 or (a != a and b != b)
    kind = getattr(a, "dtype", np.dtype(float) if a.__class__ is float else None)
    if kind is None or kind.kind not in "fc":
        return True
    if np.shape(a) != np.shape(b):
        return False
    scale = np.max(np.abs(a), initial=0.0, where=np.isfinite(a))
    tolerance = float(np.sqrt(np.finfo(kind).eps)) * float(scale)
    return bool(np.allclose(a, b, rtol=0.0, atol=tolerance, equal_nan=True))
