"""Compressed sweeps: one direction for each group of columns (or rows) goes through one sweep, and
the entries are gathered from the results into a CSR matrix.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from admodes.core.forward import jvp
from admodes.core.record import record
from admodes.core.reverse import vjp
from admodes.core.space import dtype_of
from admodes.core.values import shape_of
from admodes.errors import LostDerivative
from admodes.sparse.coloring import UNSWEPT, Coloring, groups, star_colors
from admodes.sparse.pattern import pattern
from admodes.sparse.rows import Rows, sparse

BLOCK = 2**22
"""A block of directions has at most so many entries."""


class Found:
    """The pattern of g at a point, with shapes and dtype. The floats count as inputs, so that their
    zeros are not relied on, unless a bound or an index is made of one."""

    def __init__(self, g: Callable, x: Any, floats: tuple, symmetric: bool) -> None:
        try:
            program = record(g, x, *floats)
        except LostDerivative:
            program = record(lambda z: g(z, *floats), x)
        self.rows: Rows = pattern(program)
        if symmetric:
            both = (self.rows + self.rows.T).tocsr()
            both.sort_indices()
            self.rows = both
        (last,) = program.outputs
        y = program.value(last)
        self.in_shape, self.out_shape, self.dtype = shape_of(x), shape_of(y), dtype_of(y)

    def alike(self, other: Found) -> bool:
        """Whether the same sweeps serve both."""
        mine, theirs = self.rows, other.rows
        return (
            (self.out_shape, self.dtype) == (other.out_shape, other.dtype)
            and np.array_equal(mine.indptr, theirs.indptr)
            and np.array_equal(mine.indices, theirs.indices)
        )


def forward_sweep(g: Callable) -> Callable:
    """(seeds, x, *floats) -> the tangents of g along all seeds; for ad.compile."""
    return lambda seeds, x, *floats: jvp(lambda z: g(z, *floats), (x,), (seeds,), batched=True)[1]


def reverse_sweep(g: Callable) -> Callable:
    """(seeds, x, *floats) -> the cotangents of x for all seeds; for ad.compile."""
    return lambda seeds, x, *floats: vjp(lambda z: g(z, *floats), x)[1](seeds, batched=True)[0]


class Sweeps:
    """How a matrix of this pattern is computed by sweeps of g: colors, and for every entry where in
    the results of the sweeps it is found."""

    def __init__(self, g: Callable, found: Found, mode: str, repeated: Callable) -> None:
        self.found, self.rows, self.dtype = found, found.rows, found.dtype
        m, n = self.rows.shape
        i = np.repeat(np.arange(m), np.diff(self.rows.indptr))
        j = self.rows.indices.astype(np.intp)
        self.groups = groups_of(self.rows, mode)
        forward = self.groups.rows[i] == UNSWEPT
        if mode == "star":
            i, j = _readable(i, j, self.groups.columns)
        sides = repeated(forward_sweep(g)), repeated(reverse_sweep(g))
        colors = self.groups
        self.blocks = [
            *_blocks(sides[0], colors.columns, found.in_shape, forward, j, i, m),
            *_blocks(sides[1], colors.rows, found.out_shape, ~forward, i, j, n),
        ]

    def matrix(self, x: Any, floats: tuple) -> Any:
        """The CSR matrix at x; its arrays are the caller's own."""
        data = np.empty(len(self.rows.indices), self.dtype)
        for sweep, low, colors, shape, entries, places in self.blocks:
            high = min(low + max(1, BLOCK // max(len(colors), 1)), int(colors.max()) + 1)
            seeds = np.equal.outer(np.arange(low, high), colors).astype(self.dtype)
            found = np.asarray(sweep(seeds.reshape(high - low, *shape), x, *floats))
            data[entries] = found.reshape(-1)[places]
        parts = data, self.rows.indices.copy(), self.rows.indptr.copy()
        matrix = sparse().csr_array(parts, shape=self.rows.shape)
        matrix.has_canonical_format = True
        return matrix


def groups_of(rows: Rows, mode: str) -> Coloring:
    """The groups of a mode, of which "star" is for the patterns of Hessians."""
    if mode == "star":
        return Coloring(star_colors(rows), np.full(rows.shape[0], UNSWEPT))
    return groups(rows, mode)


def _readable(i: np.ndarray, j: np.ndarray, colors: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Of the entries (i, j) and (j, i) of a symmetric matrix, for each the one whose column is the
    only one of its color in its row."""
    width = int(colors.max(initial=0)) + 1
    _, place, count = np.unique(i * width + colors[j], return_inverse=True, return_counts=True)
    alone = count[place] == 1
    return np.where(alone, i, j), np.where(alone, j, i)


def _blocks(
    sweep: Callable,
    colors: np.ndarray,
    shape: tuple[int, ...],
    chosen: np.ndarray,
    swept: np.ndarray,
    other: np.ndarray,
    length: int,
) -> Iterator[tuple]:
    """The sweeps of one side, in blocks: the first color, and which entries of the matrix are found
    where in the results. swept and other: the colored and the other coordinate of each entry,
    length: the number of entries of one result."""
    size = max(1, BLOCK // max(len(colors), 1))
    own = colors[swept]
    for low in range(0, int(colors.max(initial=UNSWEPT)) + 1, size):
        entries = np.flatnonzero(chosen & (own >= low) & (own < low + size))
        if len(entries):
            yield (
                sweep,
                low,
                colors,
                shape,
                entries,
                (own[entries] - low) * length + other[entries],
            )
