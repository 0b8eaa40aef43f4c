"""What operations cost, by kind: dicts from the kind of an operation to how many there are. Their
sums, and the one figure that the package calls a total.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

KINDS = (
    "additions",
    "multiplications",
    "divisions",
    "powers",
    "functions",
    "negations",
    "comparisons",
    "moves",
)
"""The kinds of operations; functions are exp, sin, sqrt and their like, moves copy without
arithmetic."""


def total(costs: Iterable[dict[str, int]]) -> dict[str, int]:
    """Costs added up, in the order of KINDS, without zeros."""
    found: Counter = Counter()
    for part in costs:
        found.update(part)
    return {k: found[k] for k in KINDS if found[k]}


def without_moves(costs: dict[str, int]) -> dict[str, int]:
    """Costs by kind, but for what only moves entries, which is no arithmetic."""
    return {kind: n for kind, n in costs.items() if kind != "moves"}


def arithmetic(costs: dict[str, int]) -> int:
    """All operations but those that only move entries: what the package means by a total and
    compares in ratios.

    >>> arithmetic({"additions": 3, "functions": 1, "moves": 5})
    4
    """
    return sum(without_moves(costs).values())
