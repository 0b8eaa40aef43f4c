"""Times that can be compared: interleaved rounds, medians and quartiles, and the machine's name.

On a shared machine the clock rate and the neighbours change from second to second. So everything
that is to be compared takes its turn within every round, and what is reported is the median of the
rounds with its quartiles: a slow moment spoils one round of all, not all rounds of one.
"""

from __future__ import annotations

import contextlib
import math
import os
import platform
import statistics
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from importlib import metadata
from time import perf_counter
from typing import Any, TypeVar

import numpy as np

from admodes.errors import BadValue

Key = TypeVar("Key", bound=Hashable)


@dataclass(frozen=True)
class Timing:
    """Seconds a call, one sample a round; in each round the function was called `loops` times.

    >>> t = Timing([4.0, 1.0, 2.0, 3.0, 100.0], loops=1)
    >>> t.median, t.lower, t.upper
    (3.0, 2.0, 4.0)
    """

    samples: Sequence[float]
    loops: int

    @property
    def median(self) -> float:
        return statistics.median(self.samples)

    @property
    def lower(self) -> float:
        """The first quartile."""
        return self._quartiles()[0]

    @property
    def upper(self) -> float:
        """The third quartile."""
        return self._quartiles()[2]

    def _quartiles(self) -> list[float]:
        if len(self.samples) == 1:
            return [self.samples[0]] * 3
        return statistics.quantiles(self.samples, n=4, method="inclusive")

    def to_dict(self) -> dict[str, Any]:
        """Median and quartiles in seconds, and how they were taken."""
        return {
            "median": self.median,
            "lower": self.lower,
            "upper": self.upper,
            "rounds": len(self.samples),
            "loops": self.loops,
        }


def interleaved(
    functions: Mapping[Key, Callable[[], object]],
    rounds: int = 15,
    least: float = 1e-3,
    clock: Callable[[], float] = perf_counter,
) -> dict[Key, Timing]:
    """Time functions without arguments against each other, in turn, over a number of rounds.

    A function is called often enough in a round to take `least` seconds, so that the clock's
    resolution does not matter. Every second round goes through the functions backwards, so that
    none profits from always coming after the same one. clock: what is read; with time.thread_time
    what else the machine does matters little, if the functions take one thread. The garbage
    collector runs as it does for a user. Raises ValueError where rounds is less than 1.

    >>> times = interleaved({"short": lambda: sum(range(10)), "long": lambda: sum(range(1000))})
    >>> times["short"].median < times["long"].median
    True
    """
    samplers = {key: partial(_seconds, f, clock=clock) for key, f in functions.items()}
    return in_rounds(samplers, rounds, least)


def in_rounds(
    samplers: Mapping[Key, Callable[[int], float]],
    rounds: int = 15,
    least: float = 1e-3,
    most: float = math.inf,
) -> dict[Key, Timing]:
    """interleaved for functions that are somewhere else, as in other processes: a sampler calls its
    function so many times and gives the seconds a call. most: seconds after which a function
    leaves out the rounds that remain; it has at least three. Raises ValueError as interleaved does.

    >>> in_rounds({"constant": lambda loops: 1.0}, rounds=2)["constant"]
    Timing(samples=[1.0, 1.0], loops=1)
    """
    if rounds < 1:
        raise BadValue(f"rounds is {rounds}, and must be at least 1")
    loops = {key: _calibrated(sampler, least) for key, sampler in samplers.items()}
    samples: dict[Key, list[float]] = {key: [] for key in samplers}
    order = list(samplers)
    for _ in range(rounds):
        for key in order:
            taken = samples[key]
            if len(taken) < 3 or sum(taken) * loops[key] < most:
                taken.append(samplers[key](loops[key]))
        order.reverse()
    return {key: Timing(samples[key], loops[key]) for key in samplers}


def _seconds(f: Callable[[], object], loops: int, clock: Callable[[], float]) -> float:
    start = clock()
    for _ in range(loops):
        f()
    return (clock() - start) / loops


def _calibrated(sampler: Callable[[int], float], least: float) -> int:
    """How many calls take `least` seconds. The first call warms up and is not counted."""
    sampler(1)
    once = max(sampler(1), 1e-8)
    return max(1, round(least / once))


def paired_ratio(a: Timing, b: Timing) -> tuple[float, float, float]:
    """First quartile, median and third quartile of a/b, round by round.

    What slows a whole round down cancels, so this is steadier than the ratio of two medians. Both
    must come from one call of interleaved or in_rounds; where one has fewer rounds, those count.

    >>> paired_ratio(Timing([2.0, 40.0, 6.0], 1), Timing([1.0, 20.0, 2.0], 1))
    (2.0, 2.0, 2.5)
    """
    ratio = Timing([x / y for x, y in zip(a.samples, b.samples)], 1)
    return ratio.lower, ratio.median, ratio.upper


def machine() -> dict[str, Any]:
    """The machine and versions that times belong to.

    >>> sorted(machine())
    ['cores', 'cpu', 'implementation', 'numpy', 'python', 'system']
    """
    return {
        "python": platform.python_version(),
        "implementation": platform.python_implementation(),
        "numpy": np.__version__,
        "cpu": _cpu(),
        "cores": os.cpu_count() or 1,
        "system": f"{platform.system()} {platform.machine()}",
    }


def versions_of(packages: Iterable[str]) -> dict[str, str]:
    """The versions of packages, of those that are installed.

    >>> list(versions_of(["numpy", "no-such-package"]))
    ['numpy']
    """
    found = {}
    for name in packages:
        with contextlib.suppress(metadata.PackageNotFoundError):
            found[name] = metadata.version(name)
    return found


def describe(info: Mapping[str, Any]) -> str:
    """machine() in one line."""
    return ", ".join(software_and_hardware(info))


def software_and_hardware(info: Mapping[str, Any]) -> tuple[str, str]:
    """machine() in two shorter lines."""
    cores = f"{info['cores']} core{'s' * (info['cores'] != 1)}"
    return (
        f"{info['implementation']} {info['python']}, NumPy {info['numpy']}",
        f"{info['cpu']}, {cores}, {info['system']}",
    )


def _cpu() -> str:
    try:
        with open("/proc/cpuinfo", encoding="utf-8") as lines:
            for line in lines:
                if line.startswith("model name"):
                    return line.partition(":")[2].strip()
    except OSError:
        pass  # not Linux
    return platform.processor() or "unknown processor"
