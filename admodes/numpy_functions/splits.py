"""Where to split a product of matrices: their dimensions go in, the splits with the fewest
multiplications come out."""

from __future__ import annotations

from typing import Any

import numpy as np


def best_splits(dims: list[int]) -> Any:
    """Where to split each product of the matrices i + 1 … j: at [i, j], after matrix k."""
    n = len(dims) - 1
    # Python's integers where 64 bits might overflow.
    fits = n * max(dims) ** 3 < 2**62
    d = np.array(dims, np.int64 if fits else object)
    cost = np.zeros((n + 1, n + 1), d.dtype)
    splits = np.zeros((n + 1, n + 1), int)
    for length in range(2, n + 1):
        for i in range(n + 1 - length):
            j = i + length
            costs = cost[i, i + 1 : j] + cost[i + 1 : j, j] + d[i] * d[i + 1 : j] * d[j]
            k = int(np.argmin(costs))
            cost[i, j], splits[i, j] = costs[k], i + 1 + k
    return splits
