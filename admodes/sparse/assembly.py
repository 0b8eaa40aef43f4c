"""From layers (layers.py) to a CSR matrix: where each coefficient belongs in the matrix is worked
out once and used again at later calls."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator
from typing import Any

import numpy as np

from admodes.core.values import shape_of
from admodes.sparse.layers import Joined, Layers, Memory, Sum, remembered, solid
from admodes.sparse.rows import sparse

_serials = itertools.count()

PIECES = 12
"""What falls into more runs than this is scattered by index."""


def leaves(layers: Layers, coefficients: list, memory: Memory) -> tuple[tuple, list]:
    """The numbers and arrays in the coefficients, and how they lie: for each piece its layer, its
    first entry, the one after its last, and how many leaves are added up in it."""
    form, found = [], []
    for k, c in enumerate(coefficients):
        joined = c.__class__ is Joined
        parts = c.parts if joined else [c]
        key = "pieces", layers, k, tuple(c.lengths) if joined else None
        for part, piece in zip(parts, remembered(memory, key, lambda: _pieces(*key[1:]))):
            if piece is not None:
                own = list(part) if part.__class__ is Sum else [solid(part)]
                form.append((k, *piece, len(own)))
                found += own
    return tuple(form), found


def _pieces(layers: Layers, k: int, lengths: tuple | None) -> list[tuple[int, int] | None]:
    """First and last entry of the parts of a layer; None for a part without sources."""
    ends = np.cumsum([0, *(lengths or (math.prod(layers.shape),))]).tolist()
    return [
        (a, b) if np.any(layers.sources[k][a:b] >= 0) else None for a, b in itertools.pairwise(ends)
    ]


def assembly(layers: Layers, form: tuple, n: int, dtype: np.dtype, memory: Memory) -> Assembly:
    """The assembly of leaves that lie in this form, remembered."""
    key = "assembly", layers, form, n, dtype
    return remembered(memory, key, lambda: Assembly(*key[1:]))  # type: ignore[no-any-return]


class Assembly:
    """The pattern of some layers, and the places of their coefficients in its data.

    The places of a diagonal form an arithmetic progression, as its rows have equally many entries,
    but for the ends: such runs are filled by slices. Layers that meet in an entry are added up."""

    def __init__(self, layers: Layers, form: tuple, n: int, dtype: np.dtype) -> None:
        self.dtype, self.number = dtype, next(_serials)
        m = math.prod(layers.shape)
        pieces = [layers.sources[k][start:stop] for k, start, stop, _ in form]
        rows = [np.flatnonzero(s >= 0) for s in pieces]
        starts = [start for _, start, _, _ in form]
        keys = [(r + first) * n + s[r] for r, s, first in zip(rows, pieces, starts, strict=True)]
        entries, place = np.unique(
            np.concatenate([*keys, np.zeros(0, np.intp)]), return_inverse=True
        )
        self.shape, self.size = (m, n), len(entries)
        wide = np.int64 if max(n, self.size) >= 2**31 else np.int32
        self.indices = (entries % max(n, 1)).astype(wide)
        counts = np.bincount(entries // max(n, 1), minlength=m)
        self.indptr = np.concatenate(([0], np.cumsum(counts))).astype(wide)
        self.steps: list[tuple] = []
        written = np.zeros(self.size, bool)
        ends = np.cumsum([0, *map(len, rows)])
        for j, (_, start, stop, count) in enumerate(form):
            r, places = rows[j], place[ends[j] : ends[j + 1]]
            again = written[places]
            whole = layers.shape if stop - start == m else (stop - start,)
            for part, add in ((~again, False), (again, True)):
                runs = list(_runs(r[part], places[part], stop - start))
                self.steps.append((count, whole, runs, add))
            written[places] = True

    def pattern(self) -> Any:
        """The pattern, of truth values."""
        return self._matrix(np.ones(self.size, bool))

    def matrix(self, given: list) -> Any:
        """The CSR matrix made of these leaves. Its arrays are the caller's own."""
        data = np.empty(self.size, self.dtype)
        position = 0
        for count, shape, runs, add in self.steps:
            own = given[position : position + count]
            position += count * add
            flat = [_flat(c, shape) for c in own] if runs else []
            for target, source in runs:
                parts = [c[source] if c.__class__ is np.ndarray else c for c in flat]
                if add:
                    data[target] += sum(parts)
                elif count == 1:
                    data[target] = parts[0]
                elif target.__class__ is slice:
                    np.add(parts[0], parts[1], out=data[target], casting="same_kind")
                else:
                    data[target] = parts[0] + parts[1]
        return self._matrix(data)

    def _matrix(self, data: np.ndarray) -> Any:
        parts = data, self.indices.copy(), self.indptr.copy()
        found = sparse().csr_array(parts, shape=self.shape)
        found.has_canonical_format = True
        return found


def _flat(c: Any, shape: tuple[int, ...]) -> Any:
    if shape_of(c) == ():
        return float(c)
    return c if c.shape == shape and c.ndim == 1 else np.broadcast_to(c, shape).reshape(-1)


def _runs(rows: np.ndarray, places: np.ndarray, size: int) -> Iterator[tuple]:
    """(places in the data, entries of the coefficient), run by run: slices where both go on in
    equal steps, one pair of index arrays where there are too many of those."""
    if not len(rows):
        return
    step, skip = np.diff(places), np.diff(rows)
    turns = np.flatnonzero((step[1:] != step[:-1]) | (skip[1:] != skip[:-1])) + 1
    if len(turns) > 2 * PIECES:
        yield places, slice(None) if len(rows) == size else rows
        return
    start, ends = 0, [*turns.tolist(), len(rows) - 1]
    while start < len(rows):
        last = next((t for t in ends if t > start), start)
        count = last - start + 1
        by = (step[start], skip[start]) if count > 1 else (1, 1)
        yield _slice(places[start], by[0], count), _slice(rows[start], by[1], count)
        start = last + 1


def _slice(start: Any, step: Any, count: int) -> slice:
    start, step = int(start), int(step)
    stop = start + step * count
    return slice(start, stop if stop >= 0 else None, step)
