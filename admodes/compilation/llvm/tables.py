"""The table of a case, by which the function of direct.py knows what to do in a call of it."""

from __future__ import annotations

import ctypes
import math
from collections import deque
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np

from admodes.compilation.entry import still
from admodes.compilation.llvm import direct_text as at
from admodes.compilation.llvm.direct import address, interface
from admodes.compilation.llvm.driver import driver
from admodes.compilation.llvm.groups import Value
from admodes.compilation.llvm.places import TYPES
from admodes.compilation.places import ATTRIBUTE, CELL, GLOBAL, LAYOUT, Capture
from admodes.compilation.signature import FLOAT, Array, Signature, Static, is_input
from admodes.core.checking import Count
from admodes.core.pytree import Tree

MOST = 1000
"""Positions of arguments, and of results, that a table has at most."""

STRICT = Capture("ad.strict", ATTRIBUTE, Count, "blocks", 0)
"""Inside of it compiled functions do not run their programs."""


class Direct:
    """A function that makes calls of one case, and hands other calls on."""

    def __init__(self, table: Table, slow: Callable) -> None:
        self.words = table.words()
        found = interface()
        assert found is not None
        kept = table.kept, self.words, found, driver()
        own = self.words.ctypes.data, slow, kept
        self.function = found.new(ctypes.addressof(found.definition), own, None)

    @property
    def calls(self) -> int:
        """How often a call was of this case."""
        return int(self.words[at.CALLS])


def direct(
    signature: Signature,
    places: Sequence[Capture],
    tree: Tree,
    runner: Any,
    arena: Any,
    slow: Callable,
) -> Direct | None:
    """The function for a case with these arguments, captures and results, which a runner computes
    in an arena that is used for nothing else; slow is called in its place where a call is another
    case. None where the case asks for more than tables can say."""
    try:
        table = Table(arena)
        table.conditions(places, runner.captured)
        table.arguments(signature, runner)
        table.results(tree, runner)
    except NoTable:
        return None
    return Direct(table, slow)


class NoTable(Exception):
    """There are no words for something in a case."""


class Node(NamedTuple):
    """A container or leaf of a tree: its tree, the number of its first leaf, and the position of
    its first branch."""

    tree: Tree
    leaf: int
    first: int


def in_levels(tree: Tree) -> list[Node]:
    """The nodes of a tree, level by level, so that the branches of one come one after the other.

    >>> from admodes.core.pytree import flatten
    >>> [(node.leaf, node.first) for node in in_levels(flatten(((1.0, 2.0), 3.0))[1])]
    [(0, 1), (0, 3), (2, 5), (0, 5), (1, 5)]
    """
    found: list[Node] = []
    waiting = deque([(tree, 0)])
    while waiting:
        branch, leaf = waiting.popleft()
        found.append(Node(branch, leaf, len(found) + len(waiting) + 1))
        for part in branch.branches:
            waiting.append((part, leaf))
            leaf += leaves_of(part)
    if len(found) > MOST:
        raise NoTable
    return found


def leaves_of(tree: Tree) -> int:
    """How many leaves a tree has."""
    return 1 if tree.kind is None else sum(map(leaves_of, tree.branches))


class Table:
    """The sections of a table while they are written, one after the other. kept: what has to live
    as long as the table."""

    def __init__(self, arena: Any) -> None:
        self.arena = arena
        self.sections: dict[str, list[int]] = {name: [] for name in at.SECTIONS}
        self.kept: list[Any] = [arena]
        self.count = 0
        self.root = 0

    def add(self, section: str, *words: int) -> None:
        assert len(words) == len(at.SECTIONS[section])
        self.sections[section] += words

    def id(self, x: Any) -> int:
        """The address of an object, which is kept."""
        self.kept.append(x)
        return id(x)

    def lengths(self, shape: tuple[int, ...]) -> int:
        """The address of the lengths of axes."""
        held = np.array([*shape, 0], np.int64)
        self.kept.append(held)
        return held.ctypes.data

    def conditions(self, places: Sequence[Capture], captured: tuple) -> None:
        """What the function refers to is as it was. The arrays that are read are looked at when
        that is done."""
        arrays = set(map(id, captured))
        others = []
        for place in places:
            if place.test in ASKED:
                function, key = ASKED[place.test]
                parts = map(self.id, (place.owner, key or place.key, place.value))
                self.add("asked", address(function), *parts)
            elif place.test != LAYOUT or id(place.owner) not in arrays:
                others.append(place)
        if others:
            parts = map(self.id, (still(others), (), True))
            self.add("asked", address("PyObject_CallObject"), *parts)

    def arguments(self, signature: Signature, runner: Any) -> None:
        """How the arguments are taken apart, and where their numbers go."""
        args, kwargs = signature.tree.branches
        if kwargs.branches or signature.numpys:
            raise NoTable
        nodes = in_levels(args)
        cells = np.zeros(len(nodes) + len(runner.captured), np.int64)
        self.kept.append(cells)
        self.root = cells.ctypes.data
        spots = [self.root + 8 * k for k in range(len(cells))]
        leaves = iter(runner.plan.leaves)
        given = {k: next(leaves) for k, s in enumerate(signature.slots) if is_input(s)}
        for spot, node in zip(spots, nodes, strict=False):
            if node.tree.kind is None:
                self._leaf(spot, signature, node.leaf, given.get(node.leaf))
            else:
                self._opened(spot, node, spots[node.first : node.first + 1])
        for k, (a, place) in enumerate(zip(runner.captured, leaves, strict=True), len(nodes)):
            if a.__class__ is not np.ndarray:
                raise NoTable
            cells[k] = self.id(a)
            self._array(spots[k], a.shape, place)

    def _opened(self, spot: int, node: Node, first: list[int]) -> None:
        kind, size = node.tree.kind, len(node.tree.branches)
        functions = self._functions(kind, "Size", "GetItem")
        self.add("opened", self.id(kind), *functions, size, spot, *(first or [0]))

    def _functions(self, kind: Any, *names: str) -> list[int]:
        """The addresses of Python's functions for a kind of container."""
        if kind not in CONTAINERS:
            raise NoTable
        return [address(f"{CONTAINERS[kind]}_{name}") for name in names]

    def _leaf(self, spot: int, signature: Signature, k: int, place: Any) -> None:
        slot = signature.slots[k]
        if slot == FLOAT:
            other = np.float64 if signature.numpys is None else float
            self.add("number", spot, id(float), id(other), self._at(place))
        elif isinstance(slot, Array):
            self._array(spot, slot.shape, place)
        elif isinstance(slot, Static) and slot.how in ("value", "identity"):
            self.add("same", spot, self.id(slot.value))
        else:
            raise NoTable

    def _array(self, spot: int, shape: tuple[int, ...], place: Any) -> None:
        size, where = 8 * math.prod(shape), self._at(place)
        self.add("array", spot, self.id(TYPES["d"]), len(shape), self.lengths(shape), size, where)

    def _at(self, place: Any) -> int:
        """The address of entries that lie in the arena one after the other."""
        if place is None or place.buffer.home != "arena" or not place.is_whole or place.kind != "d":
            raise NoTable
        return self.arena.base + place.buffer.offset + place.offset

    def results(self, tree: Tree, runner: Any) -> None:
        """How the outputs become what the call gives."""
        nodes = in_levels(tree)
        self.count = len(nodes)
        outputs = runner.plan.outputs
        for i in runner.suspects:
            y = outputs[i]
            if isinstance(y, Value):
                self.add("finite", self._at(y.place), math.prod(y.shape))
        for position, node in reversed([*enumerate(nodes)]):
            kind = node.tree.kind
            if kind is None:
                self._output(position, outputs[node.leaf])
                continue
            functions = self._functions(kind, "New", "SetItem")
            self.add("filled", position, *functions, len(node.tree.branches), node.first)

    def _output(self, position: int, y: Any) -> None:
        if y.__class__ is float:
            self.add("kept", position, self.id(y))
        elif not isinstance(y, Value) or y.kind != "d" or y.place is None:
            raise NoTable
        elif y.shape == ():
            self.add("made", position, self._at(y.place))
        else:
            size, where = 8 * math.prod(y.shape), self._at(y.place)
            self.add("copied", position, len(y.shape), self.lengths(y.shape), size, where)

    def words(self) -> np.ndarray:
        """The table."""
        found = np.zeros(at.WORDS + sum(map(len, self.sections.values())), np.int64)
        begin = at.WORDS
        for k, part in enumerate(self.sections.values()):
            end = begin + len(part)
            found[begin:end] = part
            found[2 * k : 2 * k + 2] = [found.ctypes.data + 8 * word for word in (begin, end)]
            begin = end
        found[at.RUN] = driver().codes[0].address
        found[at.SEGMENT] = self.arena.parts[0].address
        found[at.RESULTS] = self.count
        found[at.ROOT] = self.root
        return found


CONTAINERS = {list: "PyList", tuple: "PyTuple"}
ASKED = {
    ATTRIBUTE: ("PyObject_GetAttr", None),
    CELL: ("PyObject_GetAttr", "cell_contents"),
    GLOBAL: ("PyObject_GetItem", None),
}
"""How Python is asked for what a function refers to, and under which key, where that is not the one
of the capture."""
