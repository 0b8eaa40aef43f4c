"""Whether a size fits in memory, before anything of that size is begun."""

from __future__ import annotations

import math
import os
from pathlib import Path

from admodes.errors import Error
from admodes.lab.experiments.plans import Sweep
from admodes.programs.count import counted

ROW_BYTES = 1000
"""What a row of a recorded list takes, with its value, its names and its adjoint."""

ENTRY_BYTES = 32
"""What an entry of a Jacobian takes as a number of Python in a list."""

SMALL = 1000
"""Sizes up to this are not looked at."""

PROBES = (8, 16)


def refusals(sweep: Sweep, available: int | None = None) -> dict[int, str]:
    """Why values of a sweep are refused: what they would take, extrapolated from two small members,
    and what there is. available: bytes; those that are free unless given."""
    large = [v for v in sweep.values if v > SMALL]
    available = free_memory() if available is None else available
    if not large or available is None:
        return {}
    small = [v for v in sweep.values if v <= SMALL][:2]
    first, second = small if len(small) == 2 else PROBES
    try:
        a, b = (_bytes(sweep, v) for v in (first, second))
    except (Error, ArithmeticError, LookupError, TypeError, ValueError):
        return {}  # the function has no members so small; its own cells will say how it goes
    power = math.log(max(b / a, 1.0)) / math.log(second / first)
    found = {}
    for value in large:
        # What grows like a power, and what grows by the same for each beside a large constant.
        needed = max(b * (value / second) ** power, b + (b - a) / (second - first) * value)
        if needed > available:
            found[value] = (
                f"{sweep.varied} = {value} would take about {in_words(needed)} of memory, and "
                f"{in_words(available)} are free"
            )
    return found


def _bytes(sweep: Sweep, value: int) -> float:
    case = sweep.subject.case(sweep.sizes(value))
    recorded = counted(case.traced, case.args)
    values = sum(step.size * 16 for step in recorded.program.steps)
    entries = len(recorded.names) * len(recorded.outputs)
    return ROW_BYTES * len(recorded.program.steps) + values + ENTRY_BYTES * entries


def free_memory() -> int | None:
    """Bytes that are free on this machine and to this process; None where it does not say."""
    found: list[int] = []
    try:
        for line in Path("/proc/meminfo").read_text(encoding="utf-8").splitlines():
            if line.startswith("MemAvailable:"):
                found.append(1024 * int(line.split()[1]))
        limit = Path("/sys/fs/cgroup/memory.max").read_text(encoding="utf-8").strip()
        used = Path("/sys/fs/cgroup/memory.current").read_text(encoding="utf-8")
        if limit.isdigit():
            found.append(int(limit) - int(used))
    except OSError:
        pass  # not Linux, or no limit
    if not found and hasattr(os, "sysconf") and "SC_PHYS_PAGES" in os.sysconf_names:
        found.append(os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE"))
    return min(found, default=None)


def in_words(size: float) -> str:
    """Bytes with a unit.

    >>> in_words(2.5e9), in_words(1e15)
    ('2.5 GB', '1000 TB')
    """
    for unit in ("B", "kB", "MB", "GB"):
        if size < 1000:
            return f"{size:.3g} {unit}"
        size /= 1000
    return f"{size:.6g} TB" if size < 1e6 else f"{size:.1e} TB"
