"""Loops as native code: the groups of one turn, planned once, run again and again by the driver.

A turn reads the state from one of two places and writes the next one to the other; what belongs to
turns moves along its stack. So the cells of the groups that refer to them change from turn to turn.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from admodes.compilation.llvm.expansion import expanded
from admodes.compilation.llvm.groups import STRAIGHT, Groups, Turns, Value
from admodes.compilation.llvm.pairs import side_by_side
from admodes.compilation.llvm.places import ITEM, Buffer, Moving, Region, new_place, packed
from admodes.core.record import Step, WengertList
from admodes.loops.region import size
from admodes.optimisation import lower
from admodes.optimisation.passes.loop_copies import region_of

Planner = Callable[[WengertList, list[Region], list[Region]], Any]
"""The plan of a list whose inputs lie in some places, and whose outputs are put into others."""


def turns_of(
    step: Step, args: list[Value], groups: Groups, copied: Callable, planner: Planner
) -> Value | None:
    """The value of a loop, whose group is appended; None where not all of a turn is native.
    copied(value, place) stores a value."""
    region = region_of(step)
    first, n = region.carried, region.n
    vector = new_place("d", step.shape)
    leaves: list[Region] = []
    dests: list[Region] = []
    places: list[Region] = [vector]
    states: list[tuple[Region, Region]] = []
    for a in args[:first]:
        one, other = new_place("d", a.shape), new_place("d", a.shape)
        states.append((one, other))
        leaves.append(_seen(one, Moving(one.buffer, 0, 0, other.buffer)))
        dests.append(_seen(other, Moving(other.buffer, 0, 0, one.buffer)))
        places += [one, other]
    for k, a in enumerate(args[first:], first):
        place = _placed(a, groups, copied)
        places.append(place)
        leaves.append(_entry(place, region.backwards, n) if region.of_turns(k) else _still(place))
    start = size(region.results[:first])
    for shape in region.results[first:]:
        strides = packed(shape, ITEM["d"])
        whole = Region(vector.buffer, "d", shape, start * ITEM["d"], strides)
        dests.append(_entry(whole, region.backwards, n))
        start += size([shape])
    plan = planner(side_by_side(expanded(lower(region.body, fused=True))), leaves, dests)
    if plan.foreign or any(not isinstance(g, STRAIGHT) for g in plan.groups.all):
        return None
    for a, (one, _) in zip(args[:first], states, strict=True):
        copied(a, one)
    at = groups.append(Turns(plan, n, places, states))
    for place in places:
        place.buffer.read(at)
    for place in (vector, *(p for pair in states for p in pair)):
        place.buffer.written(at)
    start = 0
    for pair in states:
        shape = pair[0].shape
        last = Region(vector.buffer, "d", shape, start * ITEM["d"], pair[0].strides)
        copied(Value("d", shape, place=pair[n % 2]), last)
        start += size([shape])
    return Value("d", step.shape, place=vector)


def _placed(a: Value, groups: Groups, copied: Callable) -> Region:
    """An argument in memory, at regular strides."""
    place = None if a.is_number else groups.stored(a)
    if place is None or place.positions is not None:
        place = new_place(a.kind, a.shape)
        copied(a, place)
    return place


def _seen(place: Region, moving: Moving) -> Region:
    """A place as a turn sees it."""
    buffer = Buffer(place.buffer.size, "turn", moving=moving)
    return Region(buffer, place.kind, place.shape, 0, place.strides)


def _still(place: Region) -> Region:
    return _seen(place, Moving(place.buffer, place.offset, 0))


def _entry(place: Region, backwards: bool, n: int) -> Region:
    """The entry of a turn in a stack."""
    step = place.strides[0]
    start = place.offset + (n - 1) * step if backwards else place.offset
    entry = Region(place.buffer, place.kind, place.shape[1:], 0, place.strides[1:])
    return _seen(entry, Moving(place.buffer, start, -step if backwards else step))


def put_at(value: Value, dest: Region, copied: Callable) -> None:
    """Store an output of a turn: where a group makes it, or by a copy."""
    place = value.place
    alone = (
        value.entry is None
        and place is not None
        and place.buffer.home == "arena"
        and place.is_whole
        and dest.is_whole
        and place.buffer.size == int(np.prod(place.shape)) * ITEM["d"]
        and value.kind == dest.kind
    )
    if alone and place is not None:
        place.buffer.home, place.buffer.moving = "turn", dest.buffer.moving
    else:
        copied(value, dest)
