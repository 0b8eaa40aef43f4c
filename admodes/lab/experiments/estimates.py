"""Whether a size fits in memory, before anything of that size is begun."""

from __future__ import annotations

import math
from functools import partial

from admodes.lab.experiments.plans import Sweep
from admodes.lab.experiments.running import attempt
from admodes.lab.memory import free_memory
from admodes.programs.count import counted
from admodes.views.amounts import byte_text

ROW_BYTES = 1000
"""What a row of a recorded list takes, with its value, its names and its adjoint."""

ENTRY_BYTES = 32
"""What an entry of a Jacobian takes as a number of Python in a list."""

SMALL = 1000
"""Sizes up to this are not looked at."""

PROBES = (8, 16)


def refusals(
    sweep: Sweep, available: int | None = None, limit: float | None = None
) -> dict[int, str]:
    """Why values of a sweep are refused: what they would take, extrapolated from two small members,
    and what there is. available: bytes; those that are free unless given. limit: seconds that
    looking at a small member may take; where one takes longer or fails, nothing is refused, and the
    cells themselves will say how it goes."""
    large = [v for v in sweep.values if v > SMALL]
    available = free_memory() if available is None else available
    if not large or available is None:
        return {}
    small = [v for v in sweep.values if v <= SMALL][:2]
    first, second = small if len(small) == 2 else PROBES
    sizes = []
    for value in (first, second):
        outcome = attempt(partial(_bytes, sweep, value), limit)
        if outcome["status"] != "ok":
            return {}
        sizes.append(outcome["result"])
    found = {}
    for value in large:
        needed = sum(
            _grown(part, second / first, value / second, value / (second - first))
            for part in zip(*sizes, strict=True)
        )
        if needed > available:
            found[value] = (
                f"{sweep.varied} = {value} would take about {byte_text(needed)} of memory, and "
                f"{byte_text(available)} are free"
            )
    return found


def _grown(part: tuple[float, float], step: float, times: float, steps: float) -> float:
    """What becomes of bytes that were a and b at two sizes, the second step times the first, at one
    that is `times` the second and `steps` times their difference: what grows like a power, or what
    grows by the same for each beside a large constant."""
    a, b = part
    if not a:
        return b
    power = math.log(max(b / a, 1.0)) / math.log(step)
    return max(b * times**power, b + (b - a) * steps)


def _bytes(sweep: Sweep, value: int) -> tuple[float, float, float]:
    """Of rows, of the numbers in them, and of the entries of the Jacobian, which grow by powers of
    their own."""
    case = sweep.subject.case(sweep.sizes(value))
    recorded = counted(case.traced, case.args)
    values = sum(step.size * 16 for step in recorded.program.steps)
    entries = len(recorded.names) * len(recorded.outputs)
    return ROW_BYTES * len(recorded.program.steps), values, ENTRY_BYTES * entries
