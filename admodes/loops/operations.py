"""The operation that a loop is: its value, its derivatives of all orders, which are loops again,
and many samples of it at once.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from admodes.core.calling import calling_through
from admodes.core.carrier import outermost
from admodes.core.checking import is_strict
from admodes.core.costs import total
from admodes.core.forms import Form
from admodes.core.forward import jvp
from admodes.core.op import Op
from admodes.core.record import Recorded
from admodes.core.reverse import vjp
from admodes.core.space import space
from admodes.core.values import Cotangent, Params, Tangent, Value, canonical, shape_of
from admodes.loops.derived import (
    chosen,
    derived,
    inputs_of,
    recorded,
    samples,
    tangents,
    way_back,
    with_tangents,
)
from admodes.loops.region import OtherBranch, Region, Shape, size
from admodes.loops.running import in_turns, run
from admodes.ops.indexing import getitem
from admodes.ops.shaping import concatenate, reshape, stack, transpose
from admodes.programs.costs import cost

MOST = 2**28
"""Where the way back would find more bytes than that of all turns, it goes in blocks."""


class Loop(Op):
    """The operation `loop`. Its tangent is the loop of a region with tangents beside the values;
    its cotangents are those of a loop back over what a loop there has kept."""

    def dispatch(self, args: tuple, params: Params) -> Any:
        if not wants_turns(args):
            return super().dispatch(args, params)
        return _joined(one_by_one(_region(params), args))

    def may_raise(self, params: Params) -> bool:
        body = _region(params).body
        rows = (step for step in body.steps if step.op is not None)
        return bool(body.guards) or any(step.op.may_raise(step.params) for step in rows)

    def turns(self, params: Params) -> Region:
        return _region(params)

    def needs(self, active: tuple[bool, ...]) -> tuple[bool, tuple[bool, ...]]:
        return False, (True,) * len(active)

    def jvp(self, dots: list[Tangent | None], y: Value, args: tuple, params: Params) -> Tangent:
        region = _region(params)
        with_dots = derived(tangents, region, tuple(t is not None for t in dots), args)
        moved, first = with_dots.moved, region.carried
        pairs = zip(chosen(dots, moved), chosen(args, moved), strict=True)
        given = [_zeros(shape_of(x)) if t is None else t for t, x in pairs]
        both = with_tangents(region, args, given, moved)[0]
        if not _holds(with_dots.region, both, len(region.body.guards)):
            return _along(region, dots, args)
        vector = loop(*both, region=with_dots.region)
        # The tangents of the state stand after the state, those of results after the results.
        state = itertools.count(first)
        results = itertools.count(with_dots.region.carried + len(with_dots.varied) - first)
        at = [next(state) if own else None for own in moved[:first]]
        at += [next(results) if own else None for own in with_dots.varied[first:]]
        return Parts(vector, with_dots.region.results).joined(at, region.results)

    def vjp(self, i: int, w: Cotangent, y: Value, args: tuple, params: Params) -> Cotangent:
        return self.vjps((i,), w, y, args, params)[0]

    def vjps(
        self, wanted: Sequence[int], w: Cotangent, y: Value, args: tuple, params: Params
    ) -> list[Cotangent]:
        region = _region(params)
        back = derived(way_back, region, tuple(k in wanted for k in range(len(args))), args)
        if back.nbytes > MOST and region.n > 3:
            return _back_through(in_blocks, region, wanted, w, args)
        first, last = region.carried, region.carried + region.per_turn
        ws, kept = Parts(w, region.results), []
        if back.forward is not None:
            if not _holds(back.forward, args, len(region.body.guards)):
                return _back_through(one_by_one, region, wanted, w, args)
            there = Parts(loop(*args, region=back.forward), back.forward.results)
            kept = [there[k] for k in range(len(ws.shapes), len(there.shapes))]
        state, leaves, sums = (
            [k for k in part if back.moved[k]]
            for part in (range(first), range(first, last), range(last, len(args)))
        )
        given = [
            *(ws[k] for k in state),
            *(_zeros(shape_of(args[k])) for k in sums),
            *kept,
            *(args[k] for k in back.leaves),
            *(ws[k] for k in range(first, len(ws.shapes)) if back.varied[k]),
            *(args[k] for k in back.constants),
        ]
        if not _holds(back.region, given):
            return _back_through(one_by_one, region, wanted, w, args)
        cotangents = Parts(loop(*given, region=back.region), back.region.results)
        order = [*state, *sums, *leaves]
        return [cotangents[order.index(k)] for k in wanted]


def _holds(region: Region, args: Sequence[Any], known: int = 0) -> bool:
    """Whether the decisions of a region, of which so many are known to hold, are those of all
    turns: a rule may take one way in some of them, as where a matrix has no inverse."""
    if len(region.body.guards) == known:
        return True
    try:
        run(*inputs_of(region, args, slice(None)), region=region)
    except OtherBranch:
        return False
    return True


def _along(region: Region, dots: Sequence[Tangent | None], args: tuple) -> Tangent:
    """The tangent by all turns one by one."""
    wanted = [k for k, t in enumerate(dots) if t is not None]
    f = _of_wanted(one_by_one, region, wanted, args)
    with calling_through(None):
        _, found = jvp(f, tuple(args[k] for k in wanted), tuple(dots[k] for k in wanted))
    return _joined(found)


def _back_through(
    looped: Callable, region: Region, wanted: Sequence[int], w: Cotangent, args: tuple
) -> list[Cotangent]:
    """The cotangents of the arguments wanted by a sweep through looped(region, args)."""
    with calling_through(None):
        f = _of_wanted(looped, region, wanted, args)
        ys, back = vjp(f, *(args[k] for k in wanted))
        ws = Parts(w, region.results)
        return list(back([ws[k] for k in range(len(ys))]))


def _of_wanted(looped: Callable, region: Region, wanted: Sequence[int], args: tuple) -> Callable:
    """looped(region, args) as a function of the arguments wanted."""

    def f(*given: Any) -> list[Any]:
        xs = list(args)
        for k, x in zip(wanted, given, strict=True):
            xs[k] = x
        return looped(region, xs)  # type: ignore[no-any-return]

    return f


def one_by_one(region: Region, args: Sequence[Any]) -> list[Any]:
    """What `looped` gives, by the operations of all turns."""
    state, results = in_turns(region, args)
    return [*state, *map(stack, results)]


def _joined(ys: Sequence[Any]) -> Any:
    """Numbers and arrays as one vector."""
    return concatenate([reshape(y, shape=(size([shape_of(y)]),)) for y in ys])


def in_blocks(region: Region, args: Sequence[Any]) -> list[Any]:
    """What `looped` gives, by a loop over blocks of √n turns. Its way back keeps the states between
    the blocks, runs each block once more when it comes to it, and keeps the states inside of it:
    2 √n of them, for one more evaluation.

    A. Griewank, Achieving logarithmic growth of temporal and spatial complexity in reverse
    automatic differentiation, Optimization Methods and Software 1 (1992)."""
    n, length = region.n, math.isqrt(region.n)
    count, first = n // length, region.carried
    # The turns that are no whole block run last.
    most = count * length
    whole, rest = slice(0, most), slice(most, n)
    if region.backwards:
        whole, rest = slice(n - most, n), slice(0, n - most)

    def stacks(turns: slice) -> list[Any]:
        return [getitem(x, index=turns) if region.of_turns(k) else x for k, x in enumerate(args)]

    blocks = derived(_of_blocks, region, length, args)
    given = stacks(whole)
    for k, x in enumerate(given):
        if region.of_turns(k):
            given[k] = reshape(x, shape=(count, length, *shape_of(x)[1:]))
    ys = looped(blocks, given)
    ys = [*ys[:first], *(reshape(y, shape=(most, *shape_of(y)[2:])) for y in ys[first:])]
    if most == n:
        return ys
    zs = looped(derived(_shorter, region, n - most, ()), [*ys[:first], *stacks(rest)[first:]])
    pairs = zip(ys[first:], zs[first:], strict=True)
    return [*zs[:first], *(concatenate([z, y] if region.backwards else [y, z]) for y, z in pairs)]


def _of_blocks(region: Region, length: int, args: Sequence[Any]) -> Region:
    """The loop whose turns are blocks of so many turns."""
    block = derived(_shorter, region, length, ())
    turns = slice(region.n - length, region.n) if region.backwards else slice(length)
    body = recorded(lambda *xs: looped(block, xs), inputs_of(region, args, turns))
    return replace(region, body=body, n=region.n // length, extends=None, cache={})


def _shorter(region: Region, n: int, args: Sequence[Any]) -> Region:
    """n turns of the loop."""
    return replace(region, n=n, extends=None, cache={})


class Parts:
    """The arrays and numbers of some shapes that stand one after the other in a vector."""

    def __init__(self, vector: Any, shapes: Sequence[Shape]) -> None:
        self.vector = vector
        self.shapes = list(shapes)
        self.ends = [0, *itertools.accumulate(map(math.prod, shapes))]

    def __getitem__(self, k: int) -> Any:
        shape = self.shapes[k]
        index = slice(self.ends[k], self.ends[k + 1]) if shape else self.ends[k]
        found = getitem(self.vector, index=index)
        return reshape(found, shape=shape) if len(shape) > 1 else found

    def joined(self, at: Sequence[int | None], shapes: Sequence[Shape]) -> Any:
        """Some of the parts, one after the other, as a vector; None stands for zeros."""
        pieces: list[tuple[int, int | None]] = []
        for k, shape in zip(at, shapes, strict=True):
            start, stop = (
                (math.prod(shape), None) if k is None else (self.ends[k], self.ends[k + 1])
            )
            if pieces and k is not None and pieces[-1][1] == start:
                start = pieces.pop()[0]
            pieces.append((start, stop))
        return concatenate(
            [
                np.zeros(a) if b is None else getitem(self.vector, index=slice(a, b))
                for a, b in pieces
            ]
        )


def _region(params: Params) -> Region:
    assert params is not None
    return params["region"]  # type: ignore[no-any-return]


def looped(region: Region, args: Sequence[Any]) -> list[Any]:
    """The state after the last turn, and the results of all turns with a leading axis of turns.

    Raises OtherBranch where a decision of a turn is not as recorded."""
    if wants_turns(args):
        return one_by_one(region, args)
    parts = Parts(loop(*args, region=region), region.results)
    return [parts[k] for k in range(len(parts.shapes))]


def wants_turns(args: Sequence[Any]) -> bool:
    """Whether the operations of all turns are to be written down, or watched."""
    if is_strict():
        return True
    top = outermost(tuple(args))
    return isinstance(top, Recorded) and not top.recording.loops


def _zeros(shape: Shape) -> Any:
    return canonical(np.zeros(shape))


def _batch(args: tuple, mapped: tuple[bool, ...], region: Region) -> Any:
    count = shape_of(args[mapped.index(True)])[0]
    many = derived(samples, region, (count, mapped), args)
    given = []
    for k, x in enumerate(args):
        if many.moved[k] and not mapped[k]:
            x = space.broadcast(x, shape=(count, *shape_of(x)))
        given.append(_swapped(x) if mapped[k] and region.of_turns(k) else x)
    parts = Parts(loop(*given, region=many.region), many.region.results)
    first = region.carried
    rows = []
    for k, own in enumerate((*many.moved[:first], *many.varied[first:])):
        length = math.prod(region.results[k])
        x = (
            reshape(parts[k], shape=(length,))
            if not own
            else parts[k]
            if k < first
            else _swapped(parts[k])
        )
        x = reshape(x, shape=(count, length)) if own else space.broadcast(x, shape=(count, length))
        rows.append(x)
    return concatenate(rows, axis=1)


def _swapped(x: Any) -> Any:
    """x with its first two axes, of turns and of samples, in the other order."""
    return transpose(x, axes=(1, 0, *range(2, len(shape_of(x)))))


def _cost(args: tuple, y: Any, region: Region) -> dict[str, int]:
    body = region.body
    turn = total(cost(step, body) for step in body.steps if step.op is not None)
    return {kind: count * region.n for kind, count in turn.items()}


loop = Loop(
    name="loop",
    array=run,
    scalar=run,
    arity=None,
    kind="functions",
    form=Form("loop({*})", r"\operatorname{loop}({*})"),
    doc="A list of operations that runs several times, each time on the state that the time before "
    "gave: the last state and the results of all turns as one vector.",
    structural=True,
    batch=_batch,
    cost=_cost,
)
