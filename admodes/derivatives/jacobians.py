"""The sweeps of a whole Jacobian: which mode takes fewer, and many directions at once through one
sweep, as a batch.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import numpy as np

from admodes.core.carrier import Carrier, calling_through
from admodes.core.costs import arithmetic
from admodes.core.forward import jvp
from admodes.core.pytree import Tree, flatten, unflatten
from admodes.core.reverse import Evaluation, vjp
from admodes.core.space import dtype_of, is_complex
from admodes.core.values import FLOAT, shape_of
from admodes.derivatives.choosing import Candidate, Choice, chosen
from admodes.errors import BadType
from admodes.ops.shaping import concatenate, reshape, stack, transpose

if TYPE_CHECKING:
    from admodes.core.program import WengertList

MODES = ("auto", "forward", "reverse")
FEW = {"forward": 8, "reverse": 32}
"""Fewer directions than this go through sweeps one by one where the inputs, and in reverse mode the
outputs, are single numbers: the engines are fastest on Python floats, unless f makes arrays of
them, which costs more in forward mode, where f runs once for each direction."""
BLOCK = 2**21
"""The entries of the largest array in one block of directions, at most (16 MiB of float64)."""


class FunctionOfLeaves:
    """A function of leaves, which returns (result, aux) with has_aux, and where it is taken. block:
    the most directions that go through one sweep together, if that is limited."""

    def __init__(
        self, f: Callable, xs: list, has_aux: bool, name: str, block: int | None = None
    ) -> None:
        self.f = f
        self.xs = xs
        self.has_aux = has_aux
        self.name = name
        self.block = block
        for x in xs:
            if is_complex(x):
                raise BadType("jacobian: complex values; differentiate real and imaginary parts")

    @property
    def shapes(self) -> list[tuple[int, ...]]:
        return [shape_of(x) for x in self.xs]

    @property
    def directions(self) -> int:
        return sum(map(math.prod, self.shapes))

    def result(self, *leaves: Any) -> Any:
        """f without aux."""
        out = self.f(*leaves)
        return out[0] if self.has_aux else out

    def singly(self, ys: list) -> bool:
        """Whether a reverse sweep from these outputs takes one direction."""
        return len(ys) < FEW["reverse"] and all(shape_of(z) == () for z in (*ys, *self.xs))

    def choice(self, ys: list) -> Choice:
        """What mode "auto" takes for the leaves of a result: by numbers of directions where one is
        at least twice the other, otherwise by exact counts of operations. For a few single numbers
        counting would take longer than the sweeps, unless they are recorded, which happens once
        for many calls."""
        n, m = self.directions, _components(ys)
        if n == 0 or m == 0:
            return Choice("reverse", "there is nothing to sweep")
        if m >= 2 * n or n >= 2 * m:
            best = chosen([Candidate("forward", n), Candidate("reverse", m)])
            return Choice(best.route, f"{_times(min(n, m))} instead of {max(n, m)}")
        if self.singly(ys) and not any(isinstance(x, Carrier) for x in self.xs):
            few = "few single numbers, for which counting operations takes longer than the sweeps"
            return Choice("reverse", few)
        forward, reverse = self.sweep_costs()
        best = chosen([Candidate("forward", n * forward), Candidate("reverse", m * reverse)])
        fewer = "as many" if n * forward == m * reverse else "fewer"
        return Choice(best.route, f"{fewer} operations")

    def explanation(self, mode: str) -> str:
        """The mode that is taken, that which "auto" takes and why, and what both modes cost."""
        ys = flatten(self.result(*self.xs))[0]
        n, m = self.directions, _components(ys)
        auto = self.choice(ys)
        asked = "" if mode == "auto" else f"{mode} mode is taken, as was asked for; "
        costs = zip((n, m), self.sweep_costs() if n and m else (0, 0), strict=True)
        forward, reverse = (f"{_times(k)} × {cost} operations = {k * cost}" for k, cost in costs)
        return (
            f"{asked}mode='auto' takes {auto.route} mode: {auto.reason}. {self.name} has {n} input "
            f"and {m} output components: forward {forward}, reverse {reverse}"
        )

    def sweep_costs(self) -> tuple[int, int]:
        """The operations of one forward and one reverse sweep, without those that only move; the
        same at every point, so that the mode does not change where values are not finite."""
        with calling_through(None):
            # A compiled function takes the mode that it takes uncompiled.
            return self._sweep_costs()

    def _sweep_costs(self) -> tuple[int, int]:
        from admodes.core.record import record

        ones = [np.ones(x)[()] for x in self.shapes]
        tangents = record(lambda *vs: jvp(self.result, tuple(self.xs), vs)[1], *ones)
        run = Evaluation(self.result, tuple(self.xs))
        leaves, tree = flatten(run.result())
        weights = [np.ones(shape_of(y))[()] for y in leaves]
        adjoints = record(lambda *ws: run.once(unflatten(tree, list(ws))), *weights)
        return _operations(tangents), _operations(adjoints)


def _components(leaves: list) -> int:
    return sum(math.prod(shape_of(x)) for x in leaves)


def _times(directions: int) -> str:
    return f"{directions} direction{'s' * (directions != 1)}"


def _operations(program: WengertList) -> int:
    steps = [step for step in program.steps if step.op is not None]
    costs = (s.op.costs(program.arguments(s), s.value, s.params) for s in steps)
    return sum(map(arithmetic, costs))


def whole_jacobian(at: FunctionOfLeaves, mode: str) -> tuple[Tree, list, Any]:
    """The structure of the result; for each of its leaves the blocks (one per input leaf, of
    shape out + in) and its shape; and aux."""
    if mode == "forward" and at.directions:
        return _forward(at)
    out, pullback, *aux = vjp(at.f, *at.xs, has_aux=at.has_aux)
    ys, out_tree = flatten(out)
    if mode == "auto" and at.choice(ys).route == "forward":
        return _forward(at)
    for y in ys:
        if is_complex(y):
            raise BadType("jacobian: a complex result; take real and imaginary parts")
    singly = at.singly(ys)
    pulled = [
        pullback(unflatten(out_tree, seeds), batched=not singly)
        for seeds in unit_blocks(ys, at.directions, singly, at.block)
    ]
    columns = [_joined([p[k] for p in pulled], singly) for k in range(len(at.xs))]
    found = []
    start = 0
    for y in ys:
        size, shape = math.prod(shape_of(y)), shape_of(y)
        rows = [
            _shaped(None if c is None else c[start : start + size], shape + x)
            for c, x in zip(columns, at.shapes, strict=True)
        ]
        found.append((rows, shape))
        start += size
    return out_tree, found, aux[0] if aux else None


def _forward(at: FunctionOfLeaves) -> tuple[Tree, list, Any]:
    aux = None
    pushed = []
    singly = at.directions < FEW["forward"] and not any(at.shapes)
    for seeds in unit_blocks(at.xs, at.directions, singly, at.block):
        out, dots, *rest = jvp(
            at.f, tuple(at.xs), tuple(seeds), batched=not singly, has_aux=at.has_aux
        )
        aux = rest[0] if rest else None
        leaves, out_tree = flatten(dots)
        pushed.append(leaves)
    found = []
    for j, y in enumerate(flatten(out)[0]):
        columns = _joined([leaves[j] for leaves in pushed], singly)
        last = transpose(columns, axes=(*range(1, len(shape_of(columns))), 0))
        start, rows = 0, []
        for x in at.shapes:
            part = last[..., start : start + math.prod(x)]
            rows.append(_shaped(part, shape_of(y) + x))
            start += math.prod(x)
        found.append((rows, shape_of(y)))
    return out_tree, found, aux


def unit_blocks(
    xs: list, across: int, singly: bool = False, most: int | None = None
) -> Iterator[list]:
    """All unit directions of some leaves, in blocks with a leading axis, or one by one. across: how
    many numbers there are at the other end of a sweep; most: so many directions in a block."""
    sizes = [math.prod(shape_of(x)) for x in xs]
    total = sum(sizes)
    if singly:
        for k in range(total):
            yield [_unit(x, float(i == k)) for i, x in enumerate(xs)]
        return
    rows = max(1, min(total, BLOCK // max(total, across, 1), most or total))
    for first in range(0, total, rows):
        last = min(first + rows, total)
        start, seeds = 0, []
        for x, size in zip(xs, sizes, strict=True):
            block = np.zeros((last - first, size), dtype_of(x))
            low, high = max(first, start), min(last, start + size)
            if low < high:
                block[np.arange(low, high) - first, np.arange(low, high) - start] = 1.0
            seeds.append(block.reshape(last - first, *shape_of(x)))
            start += size
        yield seeds


def _unit(x: Any, number: float) -> Any:
    kind = dtype_of(x)
    return number if kind == FLOAT else kind.type(number)


def _joined(parts: list, singly: bool) -> Any:
    """All directions along the leading axis; None where there is none."""
    if not parts:
        return None
    if singly:
        return stack(parts)
    return parts[0] if len(parts) == 1 else concatenate(parts)


def _shaped(block: Any, shape: tuple[int, ...]) -> Any:
    return np.zeros(shape) if block is None else reshape(block, shape=shape)
