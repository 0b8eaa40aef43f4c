"""How well numbers agree with what they may be about: numbers with a quantity each go in; the part
of them that is near the right ones, or near what the document's own numbers give, comes out."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np

from admodes.auditing.derivation import Derivation
from admodes.auditing.quantity import Quantity
from admodes.auditing.slots import Slot

SEED = 2.0
"""How much a number with which a sweep begins counts, beside one that is computed."""

FOLLOWS = 0.9
"""How much a number that only what is written before it gives counts, beside one that is right."""


def agreement(
    chosen: Mapping[Slot, Quantity], derivation: Derivation, placed: Mapping[Slot, Quantity]
) -> float:
    """Which part of the numbers agrees; 0 and ±1, which many are, count less, and those with which
    a sweep begins more. placed: the numbers whose quantity is known already."""
    written: dict[Quantity, float] = {}
    for slot, q in [*chosen.items(), *placed.items()]:
        written.setdefault(q, slot.number.value)
    total = agreed = 0.0
    for slot, q in chosen.items():
        number = slot.number
        weight = 0.25 if number.value in (0.0, 1.0, -1.0) else 1.0
        if q.kind in ("tangent", "adjoint") and not derivation.needs(q):
            weight = SEED
        total += weight
        if near(number.value, derivation.right[q], number.decimals):
            agreed += weight
        elif _follows(slot, q, derivation, written):
            agreed += FOLLOWS * weight
    return agreed / total if total else 0.0


def distance(chosen: Mapping[Slot, Quantity], derivation: Derivation) -> float:
    """How far the numbers are from the right ones, beside their sizes."""
    pairs = [(slot.number.value, derivation.right[q]) for slot, q in chosen.items()]
    parts = [abs(x - y) / (abs(x) + abs(y)) for x, y in pairs if x != y]
    return math.fsum(part for part in parts if math.isfinite(part))


def _follows(
    slot: Slot, q: Quantity, derivation: Derivation, written: Mapping[Quantity, float]
) -> bool:
    """Whether a number is what those that are written give."""

    def number(need: Quantity) -> Any:
        if need in written:
            return written[need]
        if need.kind == "partial" or need.argument is not None:
            return derivation.recompute(need, number)
        return derivation.right[need]

    return any(
        needs
        and near(slot.number.value, derivation.recompute(q, number, way), slot.number.decimals)
        for way, needs in enumerate(derivation.ways(q))
    )


def near(given: float, right: Any, decimals: int) -> bool:
    """Whether a number may be a right one, carelessly rounded."""
    if np.ndim(right) or not (math.isfinite(given) and math.isfinite(right)):
        return bool(np.ndim(right) == 0 and (given == right or given != given))
    step = 10.0 ** -min(max(decimals, -300), 12)
    return abs(given - right) <= min(2 * step, 0.02 * abs(right) + 0.6 * step) + 2e-3 * abs(right)
