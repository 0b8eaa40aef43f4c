"""Dataflow facts: what a nan, an infinity or the sign of a zero in a row does further down.

A program goes in, and for each of its rows a truth value comes out, found by one pass from the
outputs back. The rewritings ask: a product with an exact zero may be taken as a plain one where
its nan would be seen (`open_rows`, `carrying_rows`, `finite`), and + 0 may be left out where
nothing tells the sign of a zero, as 1/0 = inf and 1/-0 = -inf do (`telling_signs`). What single
operations do they declare (core/numerics.py and core/structure.py).
"""

from __future__ import annotations

import functools
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np

from admodes.core.elementwise import Elementwise
from admodes.core.entries import meetings
from admodes.core.op import REGISTRY, Op
from admodes.core.record import Ref, Step, WengertList
from admodes.core.structure import SCAN, Contraction, Entrywise, Moves, Reduction
from admodes.core.values import shape_of
from admodes.loops.operations import loop
from admodes.loops.region import Region
from admodes.optimisation.indices import along_one_axis, covers
from admodes.optimisation.literals import number
from admodes.optimisation.optimised import Optimised
from admodes.programs.rewriting import Copy


def _by_entries(op: Op) -> bool:
    """Whether it is known how each entry of the result is made from entries of the arguments."""
    known = isinstance(op.structure, (Entrywise, Moves, Contraction)) or op.structure is SCAN
    return known and not op.custom


@functools.lru_cache(4096)
def gives_nan(op: Op, k: int) -> bool:
    """Whether an entry of the result is nan where an entry of argument k that it depends on is.
    (Strong products count as plain ones, which they become where this holds all the way.)"""
    depends = op.elementwise or op.active(k)
    return depends and k not in op.numerics.hides_nan and _by_entries(op)


@functools.lru_cache(4096)
def is_blind(op: Op, k: int) -> bool:
    """Whether a zero of the other sign in argument k changes at most the sign of a zero."""
    known = _by_entries(op) or op.numerics.solves
    return k not in op.numerics.tells_zeros and known


def _passes_nan(step: Step, k: int) -> bool:
    if step.op is REGISTRY["power"] and k == 0:
        exponent = step.args[1]
        return number(exponent) not in (None, 0.0)
    if step.op is loop:
        return _passing_inputs((step.params or {})["region"])[k]
    return step.op.name in BY_PARTS or gives_nan(step.op, k)


TRANSFORMS = frozenset(("fft", "ifft", "rfft", "irfft", "rfft_transposed", "irfft_transposed"))
BY_PARTS = TRANSFORMS | {"real", "imag", "conj", "times_i"}
"""Operations of complex numbers of which a real or imaginary part of the result is nan where a part
that it depends on is."""
ALIKE = BY_PARTS | {"add", "subtract", "negate", "multiply", "strong_mul", "reshape", "getitem"}
"""The same, with those that are known of real numbers too."""


def _passing_inputs(region: Region) -> list[bool]:
    """For each input of a loop's body, whether a nan in it shows where one in its results does."""
    if "passing" not in region.cache:
        rows = open_rows(replace(Optimised.of(region.body), unseen=unseen_outputs(region, True)))
        region.cache["passing"] = [rows[x.row] for x in region.body.inputs]
    return region.cache["passing"]  # type: ignore[no-any-return]


def unseen_outputs(region: Region, seen: bool) -> frozenset[int]:
    """The outputs of a loop's body of which a nan need not show in the end: where nothing shows
    those of the loop's results (seen), or a later turn hides that of a state."""
    if not seen:
        return frozenset(range(len(region.body.outputs)))
    unseen: frozenset[int] = frozenset()
    while True:
        rows = open_rows(replace(Optimised.of(region.body), unseen=unseen))
        states = enumerate(region.body.inputs[: region.carried])
        found = unseen | {k for k, x in states if not rows[x.row]}
        if found == unseen:
            return unseen
        unseen = found


def open_rows(program: WengertList) -> list[bool]:
    """For each row, whether a nan in it is nan in every output that depends on its entry, and
    reaches no guard."""
    kinds = [getattr(getattr(step.like, "dtype", None), "kind", "") for step in program.steps]
    found = [kind == "c" or _is_float(step.like) for kind, step in zip(kinds, program.steps)]
    for y in program.outputs:
        if y.__class__ is Ref and kinds[y.row] == "c":
            found[y.row] = False
    for guard in program.guards:
        for a in guard.args:
            if a.__class__ is Ref:
                found[a.row] = False
    for k in Optimised.of(program).unseen:
        y = program.outputs[k]
        if y.__class__ is Ref:
            found[y.row] = False
    for i, step, k, row in _readings(program):
        if found[row]:
            real = "c" not in (kinds[i], kinds[row])
            found[row] = found[i] and (real or step.op.name in ALIKE) and _passes_nan(step, k)
    return found


def _readings(program: WengertList) -> Iterator[tuple[int, Step, int, int]]:
    """Who reads which row, from the last row back: the row that reads, its step, the position among
    its arguments, and the row that is read."""
    for i in range(len(program.steps) - 1, -1, -1):
        step = program.steps[i]
        for k, a in enumerate(step.args):
            if a.__class__ is Ref:
                yield i, step, k, a.row


def _is_float(value: Any) -> bool:
    return value.__class__ is float or getattr(getattr(value, "dtype", None), "kind", "") == "f"


def carrying_rows(program: WengertList) -> list[bool]:
    """For each row, whether any entry that is inf or nan makes an output inf or nan. Sums of one
    array do not count as ways to an output, since the rules that ask may leave these out; nor do
    later turns of a loop."""
    found = [False] * len(program.steps)
    if Optimised.of(program).is_turn:
        return found
    for y in program.outputs:
        if y.__class__ is Ref:
            found[y.row] = _is_float(program.steps[y.row].like)
    taken: dict[tuple[int, int], np.ndarray] = {}
    for i, step, k, row in _readings(program):
        if found[i] and not found[row] and step.size > 0:
            found[row] = _carries(program, step, k) or _is_last_part(program, step, row, taken)
    return found


def _is_last_part(program: WengertList, step: Step, row: int, taken: dict) -> bool:
    """Whether a row takes a part of another one that, with those taken already, makes it whole: as
    the blocks of a Hessian are."""
    if step.op is not REGISTRY["getitem"]:
        return False
    shape = program.steps[row].shape
    part = along_one_axis((step.params or {})["index"], shape)
    if part is None:
        return False
    axis, at = part
    met = taken.setdefault((row, axis), np.zeros(shape[axis], bool))
    met[at] = True
    return bool(met.all())


def _carries(program: WengertList, step: Step, k: int) -> bool:
    structure = step.op.structure
    if isinstance(structure, Contraction):
        return bool(structure.adds) and not isinstance(structure, Reduction)
    if structure.__class__ is Moves and not structure.keeps:
        index = (step.params or {}).get("index")
        whole = index is not None and step.op is REGISTRY["getitem"]
        return whole and covers(index, shape_of(program.likes(step)[0]))
    return k in step.op.numerics.carries or (structure.__class__ is Moves and step.op.active(k))


def reached_outputs(program: WengertList, rows: set[int]) -> list[int]:
    """The positions of the outputs that depend on some of these rows."""
    depends = [False] * len(program.steps)
    for i, step in enumerate(program.steps):
        depends[i] = i in rows or any(a.__class__ is Ref and depends[a.row] for a in step.args)
    return [k for k, y in enumerate(program.outputs) if y.__class__ is Ref and depends[y.row]]


DEPTH = 6
"""How many rows back a value is followed to see that it is finite."""


def finite(copy: Copy, a: Any, depth: int = DEPTH) -> bool:
    """Whether a value is finite for certain, whatever the inputs."""
    if a.__class__ is not Ref:
        return bool(np.isfinite(a).all()) if np.asarray(a).dtype.kind in "fc" else True
    if np.asarray(copy.value(a)).dtype.kind in "biu":
        return True
    step = copy.step(a)
    if step is None or depth == 0:
        return False
    given = [b for k, b in enumerate(step.args) if step.op.active(k)]
    return _only_moves(step) and all(finite(copy, b, depth - 1) for b in given)


def _only_moves(step: Step) -> bool:
    """Whether each entry of the result is one of the arguments, or such a one with a minus."""
    op = step.op
    if isinstance(op, Elementwise):
        return op.arity == 1 and op.partials[0] in (1, -1) and not op.custom
    structure = op.structure
    if structure.__class__ is Moves:
        others = step.args[1:]
        known = structure.into is None or not any(a.__class__ is Ref for a in others)
        return known and not meetings(op, step.params, step.shape, others)
    return structure.__class__ is Entrywise and structure.chooses


def telling_signs(program: WengertList) -> list[bool]:
    """For each row, whether something that follows may tell a zero's sign."""
    found = [False] * len(program.steps)
    for k in Optimised.of(program).telling:
        y = program.outputs[k]
        if y.__class__ is Ref:
            found[y.row] = True
    for i, step, k, row in _readings(program):
        if not found[row]:
            found[row] = _tells(step, k, found[i])
    return found


def _tells(step: Step, k: int, told: bool) -> bool:
    """Whether the sign of a zero in argument k may be told, if that of one in the result may be, or
    may not."""
    if step.op is loop:
        return _telling_inputs((step.params or {})["region"], told)[k]
    if step.op is REGISTRY["power"] and k == 0:
        exponent: Any = step.args[1]
        c = number(exponent)
        return told or c is None or c <= 0
    return told or not is_blind(step.op, k)


def _telling_inputs(region: Region, told: bool) -> list[bool]:
    """For each input of a loop's body, whether the sign of a zero in it may be told; told: whether
    that of one in the loop's results may be."""
    key = "telling", told
    if key not in region.cache:
        body = replace(Optimised.of(region.body), telling=telling_outputs(region, told))
        rows = telling_signs(body)
        region.cache[key] = [rows[x.row] for x in region.body.inputs]
    return region.cache[key]  # type: ignore[no-any-return]


def telling_outputs(region: Region, told: bool) -> frozenset[int]:
    """The outputs of a loop's body of which the sign of a zero may be told: where something tells
    that of one in the loop's results (told), or a later turn that of one in a state."""
    if told:
        return frozenset(range(len(region.body.outputs)))
    telling: frozenset[int] = frozenset()
    while True:
        rows = telling_signs(replace(Optimised.of(region.body), telling=telling))
        states = enumerate(region.body.inputs[: region.carried])
        found = telling | {k for k, x in states if rows[x.row]}
        if found == telling:
            return telling
        telling = found
