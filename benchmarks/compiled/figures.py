"""What a time is compared with: multiples of a contestant, µs an operation, µs over f; targets."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from .case import EAGER, MANUAL, NUMPY, OURS, OVER_F, PER_OPERATION, F, Target

Data = Mapping[str, Any]


def median(workload: Data, name: str) -> float | None:
    """Seconds a call, None where the contestant was not timed."""
    seconds = workload["contestants"].get(name, {}).get("seconds")
    return seconds and seconds["median"]


def figure(workload: Data, name: str, unit: str | None = None) -> float | None:
    """The contestant's time in the workload's unit, or as a multiple of another contestant's."""
    own, unit = median(workload, name), unit or workload["unit"]
    if own is None:
        return None
    if unit == PER_OPERATION:
        return own / workload["operations"] * 1e6
    if unit == OVER_F:
        return (own - median(workload, F)) * 1e6
    if unit == workload["unit"] and "ratio" in workload["contestants"][name]:
        return workload["contestants"][name]["ratio"]["median"]
    other = median(workload, unit)
    return own / other if other else None


def best_peer(workload: Data) -> tuple[str, float] | None:
    """The fastest that is neither admodes, f nor the derivative by hand, with its figure. Where
    figures are multiples of a peer, that peer takes part."""
    found = [
        (t, name)
        for name in workload["contestants"]
        if name not in (F, MANUAL, *OURS) and (t := median(workload, name)) is not None
    ]
    if not found:
        return None
    name = min(found)[1]
    shown = figure(workload, name)
    return None if shown is None else (name, shown)


def targets(workload: Data) -> Iterator[tuple[Target, float | None]]:
    """Each target, and the figure reached: None where it was not measured."""
    for given in workload["targets"]:
        target = Target(**given)
        yield target, figure(workload, target.contestant, target.to)


def one_off(workload: Data, name: str) -> float | None:
    """Seconds that the first call took beyond a call, None where the contestant was not timed."""
    return workload["contestants"].get(name, {}).get("one_off")


def one_off_in_eager(workload: Data) -> float | None:
    """The one-off cost of the numpy back end in eager derivatives."""
    cost, eager = one_off(workload, NUMPY), median(workload, EAGER)
    return None if cost is None or eager is None else cost / eager
