"""Coloring: which columns (or rows) of a sparse matrix one sweep can compute together.

Columns that have no row in common are told apart in a sum, and so share a sweep. The rules:

- columns, for forward sweeps: two columns with an entry in one row differ in color;
- rows, for reverse sweeps: the columns of the transpose;
- both: a few dense rows are left to reverse sweeps, the other rows to forward sweeps;
- symmetric, for Hessians: a star coloring. Neighbours differ, and no path of four has two colors,
  so of the entries (i, j) and (j, i) one can be read off.

All are greedy: each vertex in turn gets the first color that is free. The order counts: the natural
one is best for bands, largest first and smallest last for the rest; the best of them is taken.

A. R. Curtis, M. J. D. Powell, J. K. Reid (1974); T. F. Coleman and A. Verma, The efficient
computation of sparse Jacobian matrices (1998); A. H. Gebremedhin, F. Manne, A. Pothen, What color
is your Jacobian? SIAM Review 47 (2005).
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, NamedTuple

import numpy as np

from admodes.errors import BadValue
from admodes.sparse.rows import Rows

BOTH = "both"
"""The mode of patterns of which some entries are found by forward sweeps, some by reverse ones."""

UNSWEPT = -1
"""The color of a row or column that no sweep needs."""

EDGES = 2_000_000
"""The smallest-last order is tried where the conflict graph has no more edges than this."""


class Coloring(NamedTuple):
    """Colors of the columns and of the rows, from 0; UNSWEPT where the other side computes it."""

    columns: np.ndarray
    rows: np.ndarray

    @property
    def forward(self) -> int:
        """The number of forward sweeps."""
        return _count(self.columns)

    @property
    def reverse(self) -> int:
        """The number of reverse sweeps."""
        return _count(self.rows)

    @property
    def sweeps(self) -> int:
        """The number of all sweeps."""
        return self.forward + self.reverse

    @property
    def mode(self) -> str:
        """Which sweeps there are: "forward", "reverse" or "both"."""
        if self.forward and self.reverse:
            return BOTH
        return "reverse" if self.reverse else "forward"


def _count(colors: np.ndarray) -> int:
    return int(colors.max(initial=UNSWEPT)) + 1


MODES = ("auto", "forward", "reverse", BOTH)
MANY = 64
"""Where one side alone takes more sweeps than this, both are tried before."""


def groups(pattern: Rows, mode: str = "auto") -> Coloring:
    """Colors for the sweeps of a mode; "auto" takes fewest sweeps, forward ones at a tie."""
    m, n = pattern.shape
    sides = {
        "forward": lambda: Coloring(column_colors(pattern), np.full(m, UNSWEPT)),
        "reverse": lambda: Coloring(np.full(n, UNSWEPT), row_colors(pattern)),
        BOTH: lambda: both_colors(pattern),
    }
    if mode != "auto":
        return sides[mode]()
    least = {
        "forward": int(np.diff(pattern.indptr).max(initial=0)),
        "reverse": int(np.bincount(pattern.indices).max(initial=0)),
    }
    order = sorted(least, key=least.__getitem__)
    order.insert(0 if min(least.values()) > MANY else 2, BOTH)
    best = None
    for side in order:
        if best is not None and best.sweeps <= least.get(side, 3):
            continue
        found = sides[side]()
        if best is None or found.sweeps < best.sweeps:
            best = found
    assert best is not None
    return best


def column_colors(pattern: Rows) -> np.ndarray:
    """A color for every column, such that two columns with an entry in the same row differ; columns
    without entries have color 0.

    >>> from scipy.sparse import csr_array
    >>> column_colors(csr_array([[1, 1, 0, 0], [0, 1, 1, 0], [0, 0, 1, 1]])).tolist()
    [0, 1, 0, 1]
    """
    by_column = pattern.tocsc()
    least = int(np.diff(pattern.indptr).max(initial=0))
    best = None
    for order in _orders(pattern, by_column):
        found = _greedy(by_column, order, pattern.shape[0])
        if best is None or _count(found) < _count(best):
            best = found
        if _count(best) <= max(least, 1):
            break
    assert best is not None
    return best


def row_colors(pattern: Rows) -> np.ndarray:
    """A color for every row, such that two rows with an entry in the same column differ."""
    return column_colors(pattern.T.tocsr())


def _orders(pattern: Rows, by_column: Any) -> Iterable[np.ndarray]:
    n = pattern.shape[1]
    yield np.arange(n)
    # The number of conflicts of a column, common ones counted more than once.
    others = np.diff(pattern.indptr).astype(np.intp) - 1
    conflicts = np.zeros(n, np.intp)
    np.add.at(conflicts, pattern.indices, np.repeat(others, others + 1))
    yield np.argsort(-conflicts, kind="stable")
    if conflicts.sum() <= EDGES:
        yield smallest_last((pattern.T.tocsr() @ pattern).tocsr())


def smallest_last(graph: Any) -> np.ndarray:
    """The vertices in an order in which each has the fewest neighbours among those before it: the
    one with the fewest is put last, taken out, and so on (D. W. Matula, L. L. Beck, 1983)."""
    n = graph.shape[0]
    pointer, neighbours = graph.indptr.tolist(), graph.indices.tolist()
    degree = np.diff(graph.indptr).tolist()
    buckets: list[list[int]] = [[] for _ in range(max(degree, default=0) + 1)]
    for v in range(n):
        buckets[degree[v]].append(v)
    order: list[int] = []
    placed, low = [False] * n, 0
    while len(order) < n:
        while not buckets[low]:
            low += 1
        v = buckets[low].pop()
        if placed[v] or degree[v] != low:
            continue
        placed[v] = True
        order.append(v)
        for w in neighbours[pointer[v] : pointer[v + 1]]:
            if not placed[w]:
                degree[w] -= 1
                buckets[degree[w]].append(w)
        low = max(low - 1, 0)
    return np.array(order[::-1], np.intp)


def _greedy(by_column: Any, order: np.ndarray, m: int) -> np.ndarray:
    """First-fit colors. used[i] has a bit for every color that row i has seen, which is all that a
    column needs to know of its neighbours."""
    pointer, rows = by_column.indptr.tolist(), by_column.indices.tolist()
    used = [0] * m
    colors = [0] * (len(pointer) - 1)
    for j in order.tolist():
        own = rows[pointer[j] : pointer[j + 1]]
        seen = 0
        for i in own:
            seen |= used[i]
        bit = ~seen & (seen + 1)
        for i in own:
            used[i] |= bit
        colors[j] = bit.bit_length() - 1
    return np.array(colors, np.intp)


def both_colors(pattern: Rows) -> Coloring:
    """Colors of rows and columns with every row computed by one side: the rows with most entries
    by reverse sweeps, if that saves sweeps, the others by forward sweeps.

    >>> from scipy.sparse import csr_array, eye_array
    >>> arrow = eye_array(9).tolil()
    >>> arrow[0, :] = arrow[:, 0] = 1
    >>> groups = both_colors(arrow.tocsr())
    >>> groups.forward, groups.reverse
    (2, 1)
    """
    counts = np.diff(pattern.indptr)
    levels = np.unique(counts[counts > 1])
    if len(levels) > 8:
        levels = levels[np.unique(np.geomspace(1, len(levels), 8).astype(int)) - 1]
    best = None
    # A row needs at least as many column colors as it has entries, and a column row colors.
    for level in (*levels[::-1], counts.max(initial=0) + 1):
        dense = counts >= level
        tall = np.bincount(pattern.indices[np.repeat(dense, counts)]).max(initial=0)
        least = int(counts[~dense].max(initial=0) + tall)
        if best is None or least < best.sweeps:
            found = _split(pattern, dense)
            if best is None or found.sweeps < best.sweeps:
                best = found
    assert best is not None
    return best


def _split(pattern: Rows, dense: np.ndarray) -> Coloring:
    rows = np.full(len(dense), UNSWEPT)
    rows[dense] = row_colors(pattern[np.flatnonzero(dense)])
    thin = pattern[np.flatnonzero(~dense)]
    columns = column_colors(thin)
    if dense.any():
        columns[np.bincount(thin.indices, minlength=pattern.shape[1]) == 0] = UNSWEPT
    return Coloring(columns, rows)


def star_colors(pattern: Rows) -> np.ndarray:
    """A star coloring of a symmetric pattern: neighbours differ, and a path of four vertices has at
    least three colors (GreedyStarColoring of Gebremedhin, Manne and Pothen, 2005).

    Raises ValueError for a pattern that is not symmetric.

    >>> from scipy.sparse import csr_array, eye_array
    >>> arrow = eye_array(9).tolil()
    >>> arrow[0, :] = arrow[:, 0] = 1
    >>> star_colors(arrow.tocsr()).tolist()
    [0, 1, 1, 1, 1, 1, 1, 1, 1]
    """
    if pattern.shape[0] != pattern.shape[1] or (pattern != pattern.T).nnz:
        raise BadValue("star_colors takes the pattern of a Hessian, which is symmetric")
    off = pattern.indices != np.repeat(np.arange(pattern.shape[0]), np.diff(pattern.indptr))
    degree = np.bincount(pattern.indices[off], minlength=pattern.shape[0])
    ends = np.minimum(np.repeat(degree, np.diff(pattern.indptr)), degree[pattern.indices])[off]
    # An edge between two vertices that have others: a path of four, or a triangle.
    least = min(int(ends.max(initial=0)), 2) + 1
    natural = _greedy_star(pattern, np.arange(len(degree)))
    if _count(natural) <= least:
        return natural
    orders = [np.argsort(-degree, kind="stable")]
    if pattern.nnz <= EDGES:
        orders.append(smallest_last(pattern))
    found = [natural, *(_greedy_star(pattern, order) for order in orders)]
    return min(found, key=_count)


def _greedy_star(pattern: Rows, order: np.ndarray) -> np.ndarray:
    """First-fit. Of the colors around w, as bits: near[w] are those of its neighbours, twice[w]
    those that two of them have, barred[w] those of neighbours x that have w's own color twice: a
    path v - w - x - y, of which w and y are alike, forbids v the color of x."""
    pointer, indices = pattern.indptr.tolist(), pattern.indices.tolist()
    n = len(pointer) - 1
    near, twice, barred, colors = [0] * n, [0] * n, [0] * n, [-1] * n
    for v in order.tolist():
        around = [w for w in indices[pointer[v] : pointer[v + 1]] if w != v]
        seen = near[v]
        for w in around:
            # v - w - x with w still open: v and x must differ.
            seen |= near[w] if colors[w] < 0 else barred[w]
        bit = ~seen & (seen + 1)
        color = bit.bit_length() - 1
        for w in around:
            own = colors[w]
            if near[w] & bit and not twice[w] & bit:
                twice[w] |= bit
                if own >= 0:
                    for u in indices[pointer[w] : pointer[w + 1]]:
                        if colors[u] == color:
                            barred[u] |= 1 << own
            near[w] |= bit
            if own >= 0:
                if twice[w] & bit:
                    barred[v] |= 1 << own
                if twice[v] >> own & 1:
                    barred[w] |= bit
        colors[v] = color
    return np.array(colors, np.intp)
