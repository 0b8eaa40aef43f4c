"""Repeated stretches among the rows of a program, such as a loop in the user's function leaves
behind: `cuts` returns the rows at which to cut the program so that the pieces between them are
alike, and each kind of piece is compiled once."""

from __future__ import annotations

from collections import Counter

import numpy as np

from admodes.core.record import Ref, WengertList
from admodes.programs.keys import param_key

NEAR = 256
"""Arguments that are farther back are all alike."""

GRAM = 24
FEWEST = 128
LIKELY = 12


def cuts(program: WengertList, longest: int) -> set[int]:
    """The rows at which a piece begins: in each stretch of rows with a period, every so many
    periods that at most `longest` rows lie between them; long periods are cut into parts.

    >>> from admodes.core.record import record
    >>> from admodes.compilation.llvm.periods import cuts
    >>> def f(x):
    ...     for _ in range(100):
    ...         x = x * x + 1.0
    ...     return x
    >>> sorted(cuts(record(f, 0.5), 100))
    [1, 101]
    """
    keys = _keys(program)
    found: set[int] = set()
    taken = np.zeros(len(keys), bool)
    for period in _candidates(keys):
        same = (keys[period:] == keys[:-period]) & ~taken[period:] & ~taken[:-period]
        edges = np.flatnonzero(np.diff(np.concatenate([[0], same.view(np.int8), [0]])))
        for start, stop in zip(edges[::2].tolist(), (edges[1::2] + period).tolist(), strict=True):
            if stop - start < max(3 * period, FEWEST):
                continue
            taken[start:stop] = True
            piece = max(longest // period, 1) * period
            for at in range(start, stop + 1, piece):
                found.add(at)
                found.update(range(at + longest, min(at + piece, stop), longest))
    return {at for at in found if at < len(keys)}


def _keys(program: WengertList) -> np.ndarray:
    """A number per row, the same for rows that do the same with rows at the same distances."""
    numbers: dict[tuple, int] = {}
    found = np.empty(len(program.steps), np.int64)
    for i, step in enumerate(program.steps):
        args = tuple(min(i - a.row, NEAR) if isinstance(a, Ref) else None for a in step.args)
        params = param_key(step.params) if step.params else None
        key = (step.op and step.op.name, args, step.shape, params)
        found[i] = numbers.setdefault(key, len(numbers))
    return found


def _candidates(keys: np.ndarray) -> list[int]:
    """Likely periods in ascending order: the distances at which a run of rows recurs, and sums of
    such distances that follow one another."""
    if len(keys) < max(FEWEST, 2 * GRAM):
        return []
    grams = np.zeros(len(keys) - GRAM + 1, np.uint64)
    for k in range(GRAM):
        grams = grams * np.uint64(0x9E3779B97F4A7C15) + keys[k : k + len(grams)].astype(np.uint64)
    order = np.argsort(grams, kind="stable")
    together = grams[order[1:]] == grams[order[:-1]]
    gaps = np.where(together, np.diff(order), 0)
    counts: Counter[int] = Counter()
    for reach in range(1, 9):
        sums = np.convolve(gaps, np.ones(reach, np.int64), "valid")
        whole = np.convolve(together, np.ones(reach, np.int64), "valid") == reach
        values, often = np.unique(sums[whole], return_counts=True)
        counts.update(dict(zip(values.tolist(), (often * values).tolist(), strict=True)))
    best = [p for p, _ in counts.most_common(4 * LIKELY) if p < len(keys) // 2]
    return sorted(sorted(best, key=lambda p: (-counts[p], p))[:LIKELY])
