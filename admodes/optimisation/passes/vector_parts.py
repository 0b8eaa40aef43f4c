"""Vectors that are put together of parts, of which parts are read: what is read is taken from where
it was before. Derivatives of loops put their vectors together in another order.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from admodes.core.op import REGISTRY
from admodes.core.program import Ref, Step, WengertList
from admodes.core.values import shape_of
from admodes.loops.operations import loop
from admodes.ops.indexing import getitem
from admodes.optimisation.passes.loop_copies import bounds_of
from admodes.programs.rewriting import Copy


class Piece(NamedTuple):
    """The entries of a vector, a row or a constant, from start to stop."""

    source: Any
    start: int
    stop: int

    def cut(self, low: int, high: int) -> Piece:
        return Piece(self.source, self.start + low, self.start + high)


def parts_forwarded(program: WengertList) -> WengertList:
    """The program in which parts of vectors are read where they come from, if there are loops."""
    if not any(step.op is loop for step in program.steps):
        return program
    return _Forwarding(program).by(lambda copy, step, args: copy.read(step, args))  # type: ignore[attr-defined]


class _Forwarding(Copy):
    """pieces: for vectors that are put together, what of."""

    def __init__(self, program: WengertList) -> None:
        super().__init__(program)
        self.pieces: dict[int, list[Piece]] = {}

    def of(self, a: Any) -> list[Piece]:
        """What a vector is put together of: itself, if nothing else is known."""
        known = self.pieces.get(a.row) if isinstance(a, Ref) else None
        return [Piece(a, 0, shape_of(self.value(a))[0])] if known is None else known

    def read(self, step: Step, args: tuple) -> Any:
        """What stands for a step; None for itself."""
        name = step.op.name
        if name not in ("getitem", "concatenate", "reshape"):
            return None
        if name == "concatenate" and len(step.shape) == 1:
            return self._together([piece for a in args for piece in self.of(a)], step, args)
        (x,) = args[:1]
        if name == "reshape":
            return self._reshaped(step, x)
        if len(shape_of(self.value(x))) != 1:
            return None
        index = (step.params or {})["index"]
        bounds = bounds_of(index, shape_of(self.value(x))[0])
        if bounds is None:
            return None
        pieces = _between(self.of(x), *bounds)
        if not isinstance(index, slice):
            ((source, start, _),) = pieces
            params = {"index": start}
            return self._same(step, x, source, params)
        return self._together(pieces, step, args)

    def _same(self, step: Step, x: Any, source: Any, params: dict) -> Any:
        """A number of another vector; None where it is read there already."""
        if not isinstance(source, Ref) or _alike(source, x):
            return None
        self.steps.append(Step(getitem, (source,), params, step.like))
        return Ref(len(self.steps) - 1)

    def _reshaped(self, step: Step, x: Any) -> Any:
        """A vector of one entry that is an entry of another vector, or the other way about."""
        old = shape_of(self.value(x))
        if old == (1,) and not step.shape and isinstance(x, Ref):
            ((source, start, _),) = self.of(x)
            return self._same(step, None, source, {"index": start})
        if old == step.shape and len(old) == 1 and isinstance(x, Ref):
            return x
        made = self.step(x)
        if old or step.shape != (1,) or made is None or made.op is not getitem:
            return None
        (source,) = made.args
        index = (made.params or {})["index"]
        if not isinstance(source, Ref) or len(shape_of(self.value(source))) != 1:
            return None
        bounds = bounds_of(index, shape_of(self.value(source))[0])
        if bounds is None:
            return None
        found = self.keep(step, (x,))
        self.pieces[found.row] = _between(self.of(source), *bounds)
        return found

    def _together(self, pieces: list[Piece], step: Step, args: tuple) -> Any:
        pieces = _merged(pieces)
        if len(pieces) == 1:
            source, start, stop = pieces[0]
            if isinstance(source, Ref):
                if (start, stop) == (0, shape_of(self.value(source))[0]):
                    return source
                if step.op is getitem and _alike(source, args[0]):
                    found = self.keep(step, args)
                else:
                    found = self.emit(getitem, source, index=slice(start, stop))
                self.pieces[found.row] = pieces
                return found
        if step.op is getitem:
            parts = [
                p.source[p.start : p.stop]
                if not isinstance(p.source, Ref)
                else p.source
                if (p.start, p.stop) == (0, shape_of(self.value(p.source))[0])
                else self.emit(getitem, p.source, index=slice(p.start, p.stop))
                for p in pieces
            ]
            found = self.emit(REGISTRY["concatenate"], *parts, axis=0)
        else:
            found = self.keep(step, args)
        self.pieces[found.row] = pieces
        return found


def _between(pieces: list[Piece], low: int, high: int) -> list[Piece]:
    """What of these pieces lies between two positions."""
    found, start = [], 0
    for piece in pieces:
        stop = start + piece.stop - piece.start
        first, last = max(low, start), min(high, stop)
        if first < last:
            found.append(piece.cut(first - start, last - start))
        start = stop
    return found


def _merged(pieces: list[Piece]) -> list[Piece]:
    """Pieces that follow one another in one source are one."""
    found: list[Piece] = []
    for piece in pieces:
        before = found[-1] if found else None
        if (
            before is not None
            and _alike(before.source, piece.source)
            and before.stop == piece.start
        ):
            found[-1] = Piece(piece.source, before.start, piece.stop)
        else:
            found.append(piece)
    return found


def _alike(a: Any, b: Any) -> bool:
    return a is b or (isinstance(a, Ref) and isinstance(b, Ref) and a == b)
