"""Regions that are derived from another one: of its tangents, of its way back, and of many samples
at once. Each is recorded once, at the values of the first turn, and kept with the region.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from admodes.core.batch import batch, unmapped
from admodes.core.calling import calling_through, quiet
from admodes.core.carrier import Level, innermost
from admodes.core.forward import jvp
from admodes.core.program import Guard, Ref, WengertList
from admodes.core.pytree import flatten
from admodes.core.record import record_leaves
from admodes.core.reverse import Evaluation
from admodes.core.values import FLOAT, canonical, shape_of
from admodes.loops.extracting import dependent, kept_rows, part, rows_between
from admodes.loops.region import Region, size
from admodes.programs.replay import again
from admodes.programs.sweep import Reached, push

Flags = tuple[bool, ...]


@dataclass(eq=False)
class Derived:
    """A region that is derived from a first one. moved tells of each input of the first body
    whether it has a tangent, an adjoint or samples, varied the same of each of its outputs."""

    region: Region
    moved: Flags
    varied: Flags


@dataclass(eq=False)
class WayBack(Derived):
    """region: the turns back. Its state is the adjoints of the leaves of the state that moved, and
    the sums of what the constants that moved get; its turns read what forward keeps, then the
    leaves of the turn at the positions in leaves, then the cotangents of the results that varied;
    its constants are those at the positions in constants. Its results are the cotangents of the
    leaves of the turn that moved. forward: the first region with what is kept as further results
    of turns; None where nothing is."""

    forward: Region | None
    leaves: list[int]
    constants: list[int]

    @property
    def nbytes(self) -> int:
        """The bytes of what is kept of all turns."""
        first = self.forward and self.forward.extends
        kept = self.forward.results[len(first.results) :] if self.forward and first else []
        return size(kept) * FLOAT.itemsize


def derived(make: Callable, region: Region, key: Any, args: Sequence[Any]) -> Any:
    """What make(region, key, args) makes, once for each key."""
    at = make.__name__, key
    found = region.cache.get(at)
    if found is None:
        with quiet(), calling_through(None):
            found = region.cache[at] = make(region, key, args)
    return found


def inputs_of(region: Region, args: Sequence[Any], turns: int | slice) -> list[Any]:
    """The arguments as plain values, of what belongs to single turns that of these turns; of
    several samples, of the first one."""
    values = []
    for k, (x, shape) in enumerate(zip(args, region.arguments, strict=True)):
        value = np.asarray(innermost(x))
        while value.ndim > len(shape):
            value = value[0]
        values.append(canonical(value[turns] if region.of_turns(k) else value))
    return values


def recorded(turn: Callable, point: list[Any]) -> WengertList:
    """The list of one turn at a point, in which loops are rows."""
    return record_leaves(turn, point, turn, values=False, checked=False, loops=True)


def tangents(region: Region, moved: Flags, args: Sequence[Any]) -> Derived:
    """The region of values and tangents, for arguments of which some moved. What moves of the
    state goes on in the state with its tangents, what moves of the leaves of turns with theirs
    in these, and so for the constants and the results."""
    point = inputs_of(region, args, region.turns[0])
    moved, varied = _spread(region, moved, _reached)
    first = region.carried
    body, many = again(region.body), len(point)

    def turn(*leaves: Any) -> list[Any]:
        xs, dots = leaves[:many], leaves[many:]
        ys, ts = jvp(*_at_moved(lambda *every: flatten(body(*every))[0], xs, moved), dots)
        state = [*ys[:first], *chosen(ts[:first], moved[:first])]
        return [*state, *ys[first:], *chosen(ts[first:], varied[first:])]

    made = recorded(turn, [*point, *map(_ones, chosen(point, moved))])
    xs, dots = made.inputs[:many], made.inputs[many:]
    order, carried, per_turn = with_tangents(region, xs, dots, moved)
    made = replace(made, inputs=order)
    return Derived(Region(made, region.n, carried, per_turn, region.backwards), moved, varied)


def with_tangents(
    region: Region, xs: Sequence[Any], dots: Sequence[Any], moved: Flags
) -> tuple[list[Any], int, int]:
    """Inputs of the body and the tangents of those that moved in the order of the region of
    tangents; the number of leaves of its state and of its turns."""
    tangent = dict(zip(chosen(range(len(xs)), moved), dots, strict=True))
    first, last = region.carried, region.carried + region.per_turn
    parts = [range(first), range(first, last), range(last, len(xs))]
    groups = [[*(xs[k] for k in part), *(tangent[k] for k in part if moved[k])] for part in parts]
    return [x for group in groups for x in group], len(groups[0]), len(groups[1])


def way_back(region: Region, moved: Flags, args: Sequence[Any]) -> WayBack:
    """The turns back over the region, which give the cotangents of the arguments that moved."""
    moved, varied = _spread(region, moved, _reached)
    first, last, many = region.carried, region.carried + region.per_turn, len(args)
    made, xs, ws = _there_and_back(region, moved, varied, args)
    ends = len(region.body.outputs)
    cotangents = made.outputs[ends:]
    # What the body decides, and rules decide of its rows, is decided on the way there.
    behind = dependent(made, ws)
    guards: tuple[list[Guard], list[Guard]] = ([], [])
    for guard in made.guards:
        guards[any(isinstance(a, Ref) and a.row in behind for a in guard.args)].append(guard)
    wanted = [*cotangents, *(a for guard in guards[1] for a in guard.args)]
    kept = kept_rows(made, region, ws, wanted)
    read = rows_between(made, kept, wanted)
    leaves = [k for k in range(first, last) if xs[k].row in read]
    constants = [k for k in range(last, many) if xs[k].row in read]
    # Adjoints are those of the state, of results and of constants; of cotangents the second are
    # those of leaves.
    states, sums = sum(moved[:first]), sum(moved[last:])
    state = [*ws[:states], *ws[len(ws) - sums :]]
    turns = [*kept, *(xs[k] for k in leaves), *ws[states : len(ws) - sums]]
    inner = len(cotangents) - sums
    outputs = [*cotangents[:states], *cotangents[inner:], *cotangents[states:inner]]
    back = part(made, [*state, *turns, *(xs[k] for k in constants)], outputs, guards[1])
    forward = None
    if kept or len(guards[0]) > len(region.body.guards):
        there = part(made, xs, [*made.outputs[:ends], *kept], guards[0])
        forward = replace(region, body=there, extends=region, cache={})
    backwards = Region(back, region.n, len(state), len(turns), not region.backwards)
    return WayBack(backwards, moved, varied, forward, leaves, constants)


def _there_and_back(
    region: Region, moved: Flags, varied: Flags, args: Sequence[Any]
) -> tuple[WengertList, list[Ref], list[Ref]]:
    """The list of one turn, of which the outputs are those of the body, then the cotangents of what
    moved of its inputs; and its inputs: those of the body, then the adjoints of what moved of the
    state, of what varied of the results, and of the constants that moved."""
    first, last, many = region.carried, region.carried + region.per_turn, len(args)
    point = inputs_of(region, args, region.turns[0])
    body, ends = again(region.body), len(region.body.outputs)
    active = [*moved[:first], *varied[first:], *moved[last:]]
    """Which outputs and constants have an adjoint that later turns give."""

    def turn(*leaves: Any) -> list[Any]:
        xs, ws = leaves[:many], iter(leaves[many:])

        def outputs_and_constants(*every: Any) -> list[Any]:
            # As if it were a result: to what later turns have given it, this turn adds.
            return [*flatten(body(*every))[0], *every[last:]]

        run = Evaluation(*_at_moved(outputs_and_constants, xs, moved))
        ys = zip(run.outs, active, strict=True)
        weights = [next(ws) if own else canonical(np.zeros(shape_of(y))) for y, own in ys]
        return [*run.outs[:ends], *run.once(weights)]

    likes = [*map(region.body.like, region.body.outputs), *point[last:]]
    made = recorded(turn, [*point, *map(_ones, chosen(likes, active))])
    return made, made.inputs[:many], made.inputs[many:]


def samples(region: Region, key: tuple[int, Flags], args: Sequence[Any]) -> Derived:
    """The region for several samples at once, which arguments that moved have along the leading
    axis (that of turns stands before it)."""
    count, moved = key
    point = inputs_of(region, args, region.turns[0])
    moved, varied = _spread(region, moved, dependent)
    body = again(region.body)

    def turn(*leaves: Any) -> list[Any]:
        level = Level()
        xs = [batch(level, x) if own else x for x, own in zip(leaves, moved, strict=True)]
        ys = flatten(body(*xs))[0]
        return [
            unmapped(y, level, count) if own else y
            for y, own in zip(
                ys, [*moved[: region.carried], *varied[region.carried :]], strict=True
            )
        ]

    many = [
        np.repeat(np.asarray(x)[None], count, 0) if own else x
        for x, own in zip(point, moved, strict=True)
    ]
    return Derived(
        replace(region, body=recorded(turn, many), extends=None, cache={}), moved, varied
    )


def chosen(xs: Iterable[Any], flags: Iterable[bool]) -> list[Any]:
    """Those of xs whose flag is set."""
    return [x for x, flag in zip(xs, flags, strict=True) if flag]


def _at_moved(f: Callable, xs: Sequence[Any], moved: Flags) -> tuple[Callable, tuple]:
    """f as a function of those arguments alone that moved, and these."""

    def of_moved(*given: Any) -> Any:
        rest = iter(given)
        return f(*[next(rest) if own else x for x, own in zip(xs, moved, strict=True)])

    return of_moved, tuple(chosen(xs, moved))


def _ones(x: Any) -> Any:
    return canonical(np.ones(shape_of(x)))


def _spread(region: Region, moved: Flags, rows: Callable) -> tuple[Flags, Flags]:
    """Which inputs of the body have what some arguments have, after any number of turns, and which
    outputs; rows(body, inputs) are the rows that have it where inputs do."""
    body, first = region.body, region.carried
    while True:
        found = rows(body, chosen(body.inputs, moved))
        varied = tuple(isinstance(y, Ref) and y.row in found for y in body.outputs)
        state = tuple(map(max, moved[:first], varied[:first]))
        if state == moved[:first]:
            return moved, varied
        moved = (*state, *moved[first:])


def _reached(body: WengertList, inputs: list[Ref]) -> set[int]:
    walk = push(body, {x.row: True for x in inputs}, Reached(body))
    return {row for row, tangent in walk if tangent}
