"""Rows for names that no formula tells a row of: by their numbers, by their letters, and by the
values beside them in order."""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np

from admodes.auditing.naming import Naming
from admodes.auditing.quantity import Quantity


def numbered(loose: Sequence[str], naming: Naming) -> list[dict[str, int]]:
    """Rows that loose names with numbers may mean: counted from 0, from 1, or so that inputs end at
    0."""
    size, inputs = len(naming.derivation.steps), len(naming.derivation.inputs)
    options = []
    for offset in dict.fromkeys((0, -1, inputs - 1)):
        rows = {}
        for name in loose:
            match = re.fullmatch(r"[^\W\d_]+(-?\d+)", name)
            if match and 0 <= int(match[1]) + offset < size:
                rows[name] = int(match[1]) + offset
        if rows:
            options.append(rows)
    letters = {chr(ord("a") + k): inputs + k for k in range(min(26, size - inputs))}
    lettered = {name: letters[name] for name in loose if name in letters}
    return [*options, lettered] if lettered else options


def by_value(names: Sequence[str], numbers: dict[str, float], naming: Naming) -> dict[str, int]:
    """The rows of names in order, by their values and by their order: the longest way to match both
    lists; names between two that match are the rows between theirs, if these are as many."""
    values = [
        float(naming.derivation.right[Quantity("value", r)])
        if not np.ndim(naming.derivation.right[Quantity("value", r)])
        else float("nan")
        for r in range(len(naming.derivation.steps))
    ]
    n, m = len(names), len(values)
    fits = [
        [name in numbers and abs(numbers[name] - v) <= 6e-3 * abs(v) + 1e-9 for v in values]
        for name in names
    ]
    best = np.zeros((n + 1, m + 1), dtype=int)
    for i in range(n - 1, -1, -1):
        for k in range(m - 1, -1, -1):
            best[i, k] = max(best[i + 1, k], best[i, k + 1], best[i + 1, k + 1] + fits[i][k])
    rows: dict[str, int] = {}
    i = k = 0
    while i < n and k < m:
        if fits[i][k] and best[i, k] == best[i + 1, k + 1] + 1:
            rows[names[i]] = k
            i, k = i + 1, k + 1
        elif best[i, k] == best[i, k + 1]:
            k += 1
        else:
            i += 1
    _fill_gaps(names, rows, m, len(naming.derivation.inputs))
    return rows


def _fill_gaps(names: Sequence[str], rows: dict[str, int], size: int, inputs: int) -> None:
    """Give names between two that match the rows between theirs, in order, if these are as many."""
    last, run = inputs - 1, list[str]()
    for name, row in [*((name, rows.get(name)) for name in names), ("", size)]:
        if row is None:
            run.append(name)
            continue
        if row - last - 1 == len(run):
            rows.update(zip(run, range(last + 1, row), strict=True))
        last, run = max(last, row), []
