"""How layers (layers.py) pass through an operation: from those of its arguments to those of its
result. Which inputs an entry depends on is worked out once; the coefficients are calculated at
every call, by operations, so that this can be recorded and compiled."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from admodes.core.entries import meetings, sources
from admodes.core.op import Op
from admodes.core.space import dtype_of
from admodes.core.structure import PRODUCT, Entrywise, Moves, Reduction
from admodes.core.tangential import Tangential
from admodes.core.values import shape_of
from admodes.ops.arithmetic import add
from admodes.ops.shaping import reshape
from admodes.programs.keys import param_key
from admodes.sparse.layers import (
    WIDEST,
    Joined,
    Layers,
    Memory,
    Sum,
    Unstructured,
    filled,
    remembered,
    solid,
)


def rule_for(op: Op, args: list, y: Any) -> Callable:
    """How the layers of an operation's arguments become those of its result."""
    for a in args:
        if a is not None and a.layers is None:
            raise a.coefficients[0]
    structure = op.structure
    known = dtype_of(y).kind == "f" and not isinstance(op, Tangential)
    if known and structure.__class__ is Entrywise:
        return _entrywise if op.elementwise or op.arity != 1 else _recast
    if known and structure.__class__ is Moves and op.arity in (None, 1):
        return _joined if op.arity is None else _moved
    if known and isinstance(structure, Reduction) and structure.adds:
        return _summed
    raise Unstructured(f"{op.name} keeps none")


def _merged(sources: list[np.ndarray]) -> tuple[list[np.ndarray], list[int]]:
    """The layers that are left when those that agree wherever both have a source become one, and
    which of them each has become."""
    kept: list[np.ndarray] = []
    became = []
    for s in sources:
        place = None
        for k, t in enumerate(kept):
            if s is t or not np.any((s != t) & (s >= 0) & (t >= 0)):
                place = k
                if np.any((s == t) & (s >= 0)):
                    break
        if place is None:
            place = len(kept)
            kept.append(s)
        else:
            kept[place] = np.where(kept[place] >= 0, kept[place], s)
        became.append(place)
    return kept, became


def _entrywise(
    op: Op, args: list, xs: tuple, y: Any, params: dict, memory: Memory
) -> tuple[Layers, list]:
    shape = shape_of(y)
    key = op, shape, *(None if a is None else a.layers for a in args)

    def plan() -> tuple[Layers, list[list[int]]]:
        spread = [
            np.broadcast_to(s.reshape(a.layers.shape), shape).ravel()
            for i, a in enumerate(args)
            if a is not None and op.active(i)
            for s in a.layers.sources
        ]
        kept, became = _merged(spread)
        remaining = iter(became)
        into = [
            [next(remaining) for _ in a.layers.sources] if a is not None and op.active(i) else []
            for i, a in enumerate(args)
        ]
        return Layers(shape, kept), into

    layers, into = remembered(memory, key, plan)
    totals: list[Any] = [None] * len(layers.sources)
    for i, targets in enumerate(into):
        if targets:
            terms = _terms(op, i, args[i].solid(), xs, y)
            for k, term in zip(targets, terms, strict=True):
                totals[k] = term if totals[k] is None else Sum(solid(totals[k]), term)
    return layers, totals


def _terms(op: Op, i: int, coefficients: list, xs: tuple, y: Any) -> list:
    """What each coefficient of argument i contributes, by the operation's own rule, in which an
    exact zero wins; nothing is multiplied where the coefficient is 1."""
    if not op.elementwise:
        # Linear in this argument: of 1 a product makes the other factor, a choice makes 1 or 0.
        p = xs[1 - i] if op.structure is PRODUCT else None

        def product(c: Any) -> Any:
            return op.jvp([c if k == i else None for k in range(len(xs))], y, xs, None)

    else:
        given = op.partials[i]  # type: ignore[attr-defined]
        if not callable(given):
            return coefficients if given == 1 else [-c for c in coefficients]
        p = op.partial(i, y, xs)  # type: ignore[attr-defined]

        def product(c: Any) -> Any:
            return op.times(i, p, c, xs)  # type: ignore[attr-defined]

    p = float(p) if p.__class__ is int else p
    alone = (c.__class__ is float and c == 1.0 and p is not None for c in coefficients)
    return [p if one else product(c) for one, c in zip(alone, coefficients, strict=True)]


def _moved(
    op: Op, args: list, xs: tuple, y: Any, params: dict, memory: Memory
) -> tuple[Layers, list]:
    (x,) = args
    old, shape = x.layers, shape_of(y)

    def plan() -> tuple[Layers, list[int], list]:
        if meetings(op, params, shape, xs[1:]):
            raise Unstructured(f"{op.name} adds up")
        origin = sources(op, xs, params).ravel() - 1
        found = [np.append(s, -1)[origin] for s in old.sources]
        kept = [k for k, s in enumerate(found) if (s >= 0).any() or not s.size]
        layers = Layers(shape, [found[k] for k in kept])
        masks = [None if full else (s >= 0).reshape(shape) for s, full in _pairs(layers)]
        return layers, kept, masks

    layers, kept, masks = remembered(memory, (op, param_key(params), old), plan)
    made: list[Any] = []
    given = x.solid()
    for k, mask in zip(kept, masks, strict=True):
        c = given[k]
        if shape_of(c) == ():
            made.append(c if mask is None else filled(c, shape, mask, y))
        else:
            made.append(op.dispatch((filled(c, old.shape, None, y),), params))
    return layers, made


def _pairs(layers: Layers) -> Any:
    return zip(layers.sources, layers.full, strict=True)


def _recast(
    op: Op, args: list, xs: tuple, y: Any, params: dict, memory: Memory
) -> tuple[Layers, list]:
    (x,) = args
    made = [(c, op.dispatch((c,), params)) for c in x.solid()]
    return x.layers, [c if c.__class__ is float and c == new else new for c, new in made]


def _joined(
    op: Op, args: list, xs: tuple, y: Any, params: dict, memory: Memory
) -> tuple[Layers, list]:
    """stack, concatenate and assignment. Layers at the same distance between entry and source go
    together."""
    shape = shape_of(y)
    key = op, param_key(params), *(shape_of(x) if a is None else a.layers for a, x in zip(args, xs))

    def plan() -> tuple[Layers, list[dict[int, int]]]:
        slots = _slots(op, args, xs, params)
        sources = []
        for slot in slots:
            parts = [
                a.layers.sources[slot[i]].reshape(a.layers.shape)
                if i in slot
                else np.full(shape_of(x), -1)
                for i, (a, x) in enumerate(zip(args, xs, strict=True))
            ]
            sources.append(op.array(*parts, **params).ravel())
        return Layers(shape, sources), slots

    layers, slots = remembered(memory, key, plan)
    made: list[Any] = []
    for slot in slots:
        own = [args[i].coefficients[slot[i]] if i in slot else 0.0 for i in range(len(args))]
        first = own[0]
        if first.__class__ is float and all(c.__class__ is float and c == first for c in own):
            made.append(first)
        elif op.structure.keeps and len(shape) == 1 == len(shape_of(xs[0])):
            made.append(Joined(own, [shape_of(x)[0] for x in xs], y))
        else:
            own = list(map(solid, own))
            parts = [filled(c, shape_of(x), None, y) for c, x in zip(own, xs, strict=True)]
            made.append(op.dispatch(tuple(parts), params))
    return layers, made


def _slots(op: Op, args: list, xs: tuple, params: dict) -> list[dict[int, int]]:
    """Which layer of which argument each layer of the joined array consists of."""
    origin = sources(op, xs, params).ravel() - 1
    starts = np.cumsum([0, *(math.prod(shape_of(x)) for x in xs)])
    place = np.full(starts[-1], -1)
    place[origin] = np.arange(len(origin))
    slots: list[dict[int, int]] = []
    named: dict[int, int] = {}
    largest_first = sorted(
        (i for i, a in enumerate(args) if a is not None),
        key=lambda i: starts[i] - starts[i + 1],
    )
    for i in largest_first:
        wanted = {}
        for k, s in enumerate(args[i].layers.sources):
            valid = np.flatnonzero((s >= 0) & (place[starts[i] : starts[i + 1]] >= 0))
            if len(valid):
                middle = valid[len(valid) // 2]
                wanted[k] = int(s[middle] - place[starts[i] + middle])
        for k, distance in wanted.items():
            if distance not in named:
                free = (j for j, slot in enumerate(slots) if i not in slot)
                taken = {named[d] for d in wanted.values() if d in named}
                spare = next((j for j in free if j not in taken), len(slots))
                named[distance] = spare
                slots += [{}] * (spare == len(slots))
            j = named[distance]
            if i in slots[j]:
                j = len(slots)
                slots.append({})
            slots[j] = {**slots[j], i: k}
    return slots


def _summed(
    op: Op, args: list, xs: tuple, y: Any, params: dict, memory: Memory
) -> tuple[Layers, list]:
    """sum and mean over axes that are short."""
    (x,) = args
    old, shape = x.layers, shape_of(y)
    axes = op.structure.axes(old.shape, params)
    count = op.structure.terms(old.shape, params)
    if count * len(old.sources) > 4 * WIDEST:
        raise Unstructured(f"{op.name} of {count} entries")

    def plan() -> tuple[Layers, list[int], list[tuple]]:
        chosen = []
        for places in np.ndindex(*(old.shape[a] for a in axes)):
            index: list[Any] = [slice(None)] * len(old.shape)
            for a, p in zip(axes, places, strict=True):
                index[a] = p
            chosen.append(tuple(index))
        found = [s.reshape(old.shape)[i].ravel() for s in old.sources for i in chosen]
        kept, became = _merged(found)
        return Layers(shape, kept), became, chosen

    layers, became, chosen = remembered(memory, (op, param_key(params), old), plan)
    totals: list[Any] = [None] * len(layers.sources)
    remaining = iter(became)
    for c, full in zip(x.solid(), old.full, strict=True):
        c = c / max(count, 1) if op.structure.averages else c
        alone = shape_of(c) == () and full
        c = c if alone else filled(c, old.shape, None, y)
        for index in chosen:
            k = next(remaining)
            term = c if alone else reshape(c[index], shape=shape)
            totals[k] = term if totals[k] is None else add(totals[k], term)
    return layers, totals
