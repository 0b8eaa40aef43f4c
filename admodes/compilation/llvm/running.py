"""The function that runs a built plan: copies the inputs into the arena (the memory of all rows),
runs its segments, and reads the outputs. Arenas wait in a pool, so that threads share none.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial
from operator import itemgetter
from typing import Any

import numpy as np

from admodes.compilation.interpreter import interpret, is_finite
from admodes.compilation.llvm.direct import interface
from admodes.compilation.llvm.driver import TURN_CELLS, driver, failure
from admodes.compilation.llvm.groups import Check, Foreign, Value
from admodes.compilation.llvm.places import TYPES, Region
from admodes.compilation.llvm.planning import Plan
from admodes.compilation.llvm.segments import LINE, UNDECIDED, Built, Segment
from admodes.compilation.llvm.tables import STRICT, Direct, direct
from admodes.compilation.places import Capture
from admodes.compilation.protocol import Miss, missed
from admodes.compilation.signature import FLOAT, Array, Signature, Slot
from admodes.core.carrier import quiet
from admodes.core.pytree import LEAF, Tree
from admodes.core.record import Ref, WengertList
from admodes.core.values import canonical
from admodes.errors import BadValue
from admodes.programs.replay import same

SHORT = 20_000
"""Bytes of an arena up to which a run keeps the interpreter's lock: taking it back costs more."""

DIRECT = 1 << 16
"""Bytes of an arena up to which calls go to native code without Python between. They keep the lock,
since taking it back would cost less than what Python does around a run."""


NOTHING = Tree(dict, (), ())
"""No arguments by name."""


class Runner:
    """The function of the inputs that a back end gives: it runs a plan. Arrays that the user's
    function refers to are read at each run. exact is the program before it was rewritten loosely:
    it is interpreted instead where an output whose position is among suspects is not finite, or a
    guard under which rows were rewritten fails. text() is what `source` shows."""

    def __init__(
        self,
        plan: Plan,
        exact: WengertList | None,
        suspects: tuple[int, ...],
        text: Callable[[], str],
    ) -> None:
        self.plan = plan
        self.exact = exact
        self.suspects = suspects
        self.text = text
        self.built = Built(plan)
        self.captured = tuple(plan.program.captured.values())
        # The layout puts the numbers among the inputs first, those among the outputs after them.
        self.pack = struct.Struct(f"{sum(p.shape == () for p in plan.leaves)}d").pack_into
        places = [y.place for y in plan.outputs if isinstance(y, Value) and y.kind == "d"]
        offsets = [p.buffer.offset for p in places if p is not None and p.shape == ()]
        self.start = min(offsets, default=0)
        count = (max(offsets, default=-8) - self.start) // 8 + 1
        self.unpack = struct.Struct(f"{count}d").unpack_from
        self.chosen = _chooser([(offset - self.start) // 8 for offset in offsets], count)
        self.simple = (
            len(offsets) == len(plan.outputs)
            and all(p.shape == () for p in plan.leaves)
            and [part.__class__ for part in self.built.parts] == [Segment]
        )
        # What is not finite among numbers makes their sum so.
        self.told: Callable[[list], Any] | None = None
        if self.simple and suspects:
            every = suspects == tuple(range(len(offsets)))
            self.told = tuple if every else _chooser(list(suspects), -1)  # type: ignore[assignment]
        self.pool: list[Arena] = []
        kinds = [part.__class__ for part in self.built.parts]
        self.is_direct = kinds == [Segment] and self.built.layout.size <= DIRECT
        # Compiled here, where that may be beside the calls.
        self.is_direct = self.is_direct and interface() is not None

    def bare(self) -> Callable:
        """This function in native code, or itself where there is no such thing."""
        given = Tree(tuple, None, (LEAF,) * (len(self.plan.leaves) - len(self.captured)))
        slots: list[Slot] = [
            Array(p.shape, TYPES["d"]) if p.shape else FLOAT
            for p in self.plan.leaves[: len(given.branches)]
        ]
        signature = Signature(Tree(tuple, None, (given, NOTHING)), slots, [], [], False)
        tree = Tree(list, None, (LEAF,) * len(self.plan.outputs))
        found = self._direct(signature, [], tree, self)
        return self if found is None else found.function

    def direct(
        self, signature: Signature, places: Sequence[Capture], tree: Tree, slow: Callable
    ) -> Direct | None:
        """A function of the arguments of a call that gives its result, and calls slow where the
        call is of another case. None where there is none in native code."""
        return self._direct(signature, [STRICT, *places], tree, slow)

    def _direct(
        self, signature: Signature, places: Sequence[Capture], tree: Tree, slow: Callable
    ) -> Direct | None:
        if not self.is_direct:
            return None
        return direct(signature, places, tree, self, Arena(self), slow)

    def __call__(self, *leaves: Any) -> list[Any] | Miss:
        pool = self.pool
        try:
            arena = pool.pop()
        except IndexError:
            arena = Arena(self)
        try:
            found = arena.quickly(leaves) if self.simple else arena.run(leaves + self.captured)
        finally:
            pool.append(arena)
        if found.__class__ is Miss:
            return found  # type: ignore[return-value]
        if found is None or (self.suspects and self._is_suspect(found)):  # type: ignore[arg-type]
            return missed(None) if self.exact is None else interpret(self.exact, leaves)
        return found

    def _is_suspect(self, found: list[Any]) -> bool:
        if self.told is not None:
            total = sum(self.told(found))
            return total - total != 0.0
        wanted = [found[i] for i in self.suspects]
        return not all(map(is_finite, wanted))

    @property
    def source(self) -> str:
        """The LLVM IR."""
        return self.text()


class Arena:
    """The memory in which one run takes place, with the segments set up for its address. Runs at
    the same time, in several threads, have an arena each."""

    def __init__(self, runner: Runner) -> None:
        self.runner = runner
        plan, built = runner.plan, runner.built
        self.memory = np.zeros(built.layout.size + LINE, np.uint8)
        start = -self.memory.ctypes.data % LINE
        self.bytes = memoryview(self.memory[start:])  # type: ignore[arg-type]
        self.base = self.memory.ctypes.data + start
        self.held: dict[tuple[str, int], np.ndarray] = {}
        for x, offset in built.layout.numbers.items():
            struct.pack_into("d", self.bytes, offset, x)
        self.objects: dict[int, Any] = {}
        self.parts: list[Any] = [
            Words(p, self) if isinstance(p, Segment) else p for p in built.parts
        ]
        self.moving = [
            found for part in self.parts if isinstance(part, Words) for found in part.moving()
        ]
        self.call = driver().quick if built.layout.size <= SHORT else driver().patient
        self.address = self.parts[0].address if runner.simple else 0
        self.views: dict[Region, np.ndarray] = {}
        leaves = list(enumerate(plan.leaves))
        self.numbers = [i for i, p in leaves if p.shape == ()]
        self.arrays = [(i, self.view(p)) for i, p in leaves if p.shape and not is_outside(p)]
        self.large = [i for i, p in leaves if is_outside(p)]
        self.fresh = [
            (i, y.shape)
            for i, y in enumerate(plan.outputs)
            if isinstance(y, Value) and y.place and is_outside(y.place)
        ]
        self.givers = [self._giver(i, y) for i, y in enumerate(plan.outputs)]

    def view(self, place: Region) -> np.ndarray:
        """A place of this arena, of a constant, or of what the caller holds, as an array."""
        buffer = place.buffer
        memory: Any = self.bytes
        offset = place.offset
        if buffer.home == "arena":
            offset += buffer.offset
        elif buffer.array is not None:
            memory = buffer.array
        else:
            memory = self.held[buffer.home, buffer.number]
        return np.ndarray(place.shape, TYPES[place.kind], memory, offset, place.strides)

    def quickly(self, leaves: tuple) -> list[Any] | Miss | None:
        """A run on numbers alone."""
        runner = self.runner
        runner.pack(self.bytes, 0, *leaves)
        which = self.call(self.address)
        if which:
            return _missed(runner.built.parts[0], which)
        return list(runner.chosen(runner.unpack(self.bytes, runner.start)))

    def run(self, leaves: tuple) -> list[Any] | Miss | None:
        """The outputs; None where a decision fails under which rows were rewritten, and where
        native code leaves a decision open."""
        try:
            self._take(leaves)
            for k, part in enumerate(self.parts):
                if part.__class__ is Words:
                    which = self.call(part.address)
                    if which:
                        return _missed(self.runner.built.parts[k], which)
                elif not self._python(part):
                    return None if part.guard.rewritten else missed(part.guard.number)
            return [give() for give in self.givers]
        finally:
            self.held.clear()
            self.objects.clear()

    def _take(self, leaves: tuple) -> None:
        if self.numbers:
            self.runner.pack(self.bytes, 0, *[leaves[i] for i in self.numbers])
        for i, view in self.arrays:
            view[...] = leaves[i]
        if not self.large and not self.fresh:
            return
        for i in self.large:
            x = np.ascontiguousarray(leaves[i])
            if x.nbytes != self.runner.plan.leaves[i].buffer.size:
                raise BadValue(f"an array has changed its size while it was read: {x.shape}")
            self.held["leaf", i] = x if x.flags.aligned else x.copy()
        for i, shape in self.fresh:
            self.held["fresh", i] = np.empty(shape)
        addresses = {key: x.ctypes.data - self.base for key, x in self.held.items()}
        for words, at, key, offset in self.moving:
            words[at] = addresses[key] + offset

    def _python(self, part: Foreign | Check) -> bool:
        args = tuple(self._argument(a) for a in part.args)
        if isinstance(part, Check):
            return same(part.guard.decide(*args), part.guard.expected)
        if part.step.op.custom:
            # The user's kernel may keep what it is given.
            args = tuple(map(_own, args))
        with quiet():
            y = part.work(*args) if part.work else part.step.op.dispatch(args, part.step.params)
        if part.out is not None:
            self._seen(part.out)[...] = y
        else:
            # A view of the arena would change with it.
            self.objects[part.row] = y.copy() if getattr(y, "base", None) is not None else y
        return True

    def _seen(self, place: Region) -> np.ndarray:
        if is_outside(place):
            return self.view(place)
        if place not in self.views:
            self.views[place] = self.view(place)
        return self.views[place]

    def _argument(self, a: Any) -> Any:
        if isinstance(a, Ref):
            return self.objects[a.row]
        if not isinstance(a, Value):
            return a
        assert a.place is not None
        seen = self._seen(a.place)
        return seen if a.shape else seen.item()

    def _giver(self, i: int, y: Any) -> Callable[[], Any]:
        """What gives an output as the caller's own."""
        if isinstance(y, Ref):
            return lambda: _own(self.objects[y.row])
        if not isinstance(y, Value) or y.place is None:
            return lambda: _own(y)
        place = y.place
        if place.buffer.home == "fresh":
            return partial(self.held.pop, ("fresh", i))
        if place.buffer.home == "leaf":
            return lambda: self.view(place).copy()
        view = self._seen(place)
        if y.shape:
            return view.copy
        return view.item if y.kind == "d" else lambda: bool(view)


def _chooser(spots: list[int], count: int) -> Callable[[tuple], Iterable]:
    """What picks entries of a tuple of so many."""
    if spots == list(range(count)):
        return iter
    return itemgetter(*spots) if len(spots) > 1 else lambda found: [found[k] for k in spots]


def _own(x: Any) -> Any:
    return x.copy() if isinstance(x, np.ndarray) else canonical(x)


def _missed(segment: Any, which: int) -> Miss | None:
    """What is given where a segment ends at a guard that fails; None for the exact program."""
    at, position = failure(which)
    number = segment.guards[at][position]
    return None if number == UNDECIDED else missed(number)


def is_outside(place: Region) -> bool:
    """Whether entries are where the caller has them."""
    return place.buffer.home in ("leaf", "fresh")


class Words:
    """The words of a segment, with the addresses of one arena put in. turns: those of the turns of
    its loops, each with the words that are run, which change from turn to turn."""

    def __init__(self, segment: Segment, arena: Arena) -> None:
        self.segment = segment
        moves = [x for move in segment.moves for x in move]
        self.array = np.array([*segment.words, *moves], np.int64)
        self.address = self.array.ctypes.data
        self.array[0] = arena.base
        self.array[1] = self.address + len(segment.words) * self.array.itemsize
        for at, buffer, offset in segment.outside:
            if buffer.array is not None:
                self.array[at] = buffer.array.ctypes.data - arena.base + offset
        self.turns: list[tuple[Words, np.ndarray]] = []
        for at, inner in segment.turns:
            words = Words(inner, arena)
            run = words.array.copy()
            self.turns.append((words, run))
            self.array[at + TURN_CELLS - 2 : at + TURN_CELLS] = words.address, run.ctypes.data

    def moving(self) -> Iterator[tuple[np.ndarray, int, tuple[str, int], int]]:
        """The words whose distances are known at each run, and of what they are."""
        for at, buffer, offset in self.segment.outside:
            if buffer.home != "constant":
                yield self.array, at, (buffer.home, buffer.number), offset
        for words, _ in self.turns:
            yield from words.moving()
