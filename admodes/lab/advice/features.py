"""What a compiled program does, as a few counts that its time is made of, for each back end: rows
run one by one, entries by kind of operation, multiplications of matrix products, bytes beyond the
near caches.
"""

from __future__ import annotations

import math
from collections import Counter
from importlib.util import find_spec
from typing import Any

from admodes.core.record import Step, WengertList
from admodes.core.structure import Along, Contraction, Reduction
from admodes.core.values import shape_of
from admodes.optimisation import lower
from admodes.programs.costs import cost, is_whole

CACHE = 2**18
"""Bytes that lie in the near caches of most processors."""

MOST_ROWS = 20_000
"""Native code is not planned for longer lists only to tell how long it would take."""

HEAVY = ("divisions", "functions", "powers")
"""The kinds of operations that take several times as long as an addition."""

Features = dict[str, float]
Tally = Counter[str]


def features(fast: WengertList) -> dict[str, Features]:
    """The counts of an optimised program, by the back ends that there are."""
    found = {"numpy": _by_rows(lower(fast))}
    if find_spec("llvmlite") is not None and len(fast.steps) <= MOST_ROWS:
        native = _by_groups(fast)
        if native is not None:
            found["llvm"] = native
    return found


def _by_rows(program: WengertList) -> Features:
    """The counts of a list that NumPy code runs row by row."""
    found = _called(program)
    for step in program.steps:
        if step.op is not None:
            _add_row(found, step, program)
    found["decisions"] = sum(guard.decide is not bool for guard in program.guards)
    return dict(found)


def _called(program: WengertList) -> Tally:
    """A call, and the entries of arrays that are new at each one."""
    arrays = [program.like(y) for y in program.outputs]
    return Counter(calls=1, returned=sum(math.prod(shape_of(y)) for y in arrays))


def _add_row(found: Tally, step: Step, program: WengertList) -> None:
    shapes = [shape_of(x) for x in program.likes(step)]
    sizes = list(map(math.prod, shapes))
    if step.size == 1 and all(n == 1 for n in sizes):
        found["numbers"] += 1
        return
    found["rows"] += 1
    if is_whole(step):
        found["routines"] += 1
        found["whole"] += round(step.size * max(*sizes, 1) ** 0.5)
        return
    _add_bytes(found, [step.size, *sizes])
    found["inner loops"] += _inner_loops(step, shapes)
    structure = step.op.structure
    for kind, n in cost(step, program).items():
        if isinstance(structure, Contraction) and not isinstance(structure, Reduction):
            found["products"] += n * (kind == "multiplications")
        elif kind == "moves":
            found["moved"] += n
        else:
            found["heavy" if kind in HEAVY or isinstance(structure, Along) else "simple"] += n


def _inner_loops(step: Step, shapes: list[tuple[int, ...]]) -> int:
    """How often NumPy starts an inner loop, once per run along the last axis, where arrays of
    several shapes meet or axes are added up; otherwise entries lie in one run."""
    widest = max((step.shape, *shapes), key=math.prod)
    if len({s for s in (step.shape, *shapes) if math.prod(s) > 1}) < 2 or not widest[-1]:
        return 0
    if step.op.elementwise or isinstance(step.op.structure, Reduction):
        return math.prod(widest) // widest[-1]
    return 0


def _add_bytes(found: Tally, sizes: list[int]) -> None:
    found["large"] += sum(max(8 * n - CACHE, 0) for n in sizes)


def _by_groups(program: WengertList) -> Features | None:
    """The counts of a program as native code; None where it is none for it."""
    from admodes.compilation.llvm import planned
    from admodes.compilation.llvm.groups import Foreign, Fused
    from admodes.compilation.llvm.loops import LoopCall

    plan = planned(program)
    if plan is None:
        return None
    found = _called(program)
    for group in plan.groups.all:
        if isinstance(group, Fused):
            _add_loop(found, group)
        elif isinstance(group, LoopCall):
            found["called"] += 1
            found["inner loops"] += math.prod(group.times)
            found["products" if len(group.dims) == 4 else "loops"] += math.prod(
                (*group.times, *group.dims)
            )
            _add_bytes(found, [math.prod(p.shape) for p in group.operands])
        elif isinstance(group, Foreign):
            _add_row(found, group.step, program)
        else:
            found["decisions"] += 1
    return dict(found)


def _add_loop(found: Tally, group: Any) -> None:
    size = math.prod(group.shape)
    found["groups"] += 1
    for entry in group.entries:
        text = entry.lowering.text
        calls = text.count("@") - text.count("@llvm.fabs") + text.count("fdiv")
        found["native heavy" if calls else "native simple"] += size
        _add_bytes(found, [size] * len(entry.dests))
        places = [a.place for a in entry.args if a.place is not None and a.shape == group.shape]
        for place in (*places, *entry.dests) if group.shape else ():
            if place.positions is not None:
                found["gathered"] += size
            elif size > 1 and place.strides[-1:] not in ((8,), (0,)):
                found["strided"] += size
            else:
                found["in line"] += size
