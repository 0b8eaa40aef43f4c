"""The routes that compute the entries that can be non-zero alone: bands, and compressed sweeps with
one direction per color (sparse/).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np

from admodes.core.record import WengertList, record
from admodes.core.values import shape_of
from admodes.lab.advice.estimates import estimate, weighted
from admodes.lab.advice.routes import Route, added, operations_of
from admodes.lab.advice.subject import Costs, Subject
from admodes.programs.extent import bytes_of, peak
from admodes.sparse.compressed import SweepPlan, diagonals_of, sparse_hessian, sparse_jacobian
from admodes.sparse.layers import Unstructured
from admodes.sparse.point import Point
from admodes.sparse.sweeps import Found, Sweeps

DENSEST = 0.25
"""A matrix with a larger share of entries that can be non-zero is not sparse."""

ENTRY_BYTES = 12
"""Of an entry in a CSR matrix: the number and its column."""


class Pattern:
    """The entries of a derivative that can be non-zero: their number, their share of all, and the
    most of them in a row; why_not says why they are not known, if so."""

    def __init__(self, at: Subject) -> None:
        self.at = at
        self.hessian = at.of == "hessian"
        self.found: Found | None = None
        self.why_not = self._look()

    def _look(self) -> str:
        at = self.at
        if at.of not in ("jacobian", "hessian"):
            return f"a {at.of} is no matrix"
        if not at.is_one_array:
            return "sparse derivatives are of one array by one array"
        if at.n < 2 or (at.m < 2 and not self.hessian):
            return "a single row or column is not sparse"
        if self.hessian and shape_of(at.results[0]) != ():
            return "a sparse Hessian is of one number"
        try:
            self.point = Point(at.function, 0, at.chosen, {}, "advise")
            self.plan = SweepPlan(self.point, "auto", self.hessian)
            self.found = Found(self.plan.g, self.point.x, (), self.hessian)
        except (ImportError, ValueError, TypeError) as error:
            return str(error)
        return "" if self.density <= DENSEST else f"{self.density:.0%} of the entries are non-zero"

    @property
    def maker(self) -> Callable:
        """What makes the function that computes the matrix."""
        return sparse_hessian if self.hessian else sparse_jacobian

    @property
    def entries(self) -> int:
        """How many entries can be non-zero."""
        return int(self.found.rows.nnz) if self.found else 0

    @property
    def density(self) -> float:
        """Their share of all entries."""
        shape = self.found.rows.shape if self.found else (1, 1)
        return self.entries / (shape[0] * shape[1])

    @property
    def widest(self) -> int:
        """The most of them in a row."""
        return int(np.diff(self.found.rows.indptr).max(initial=0)) if self.found else 0


def sparse(pattern: Pattern) -> Iterator[Route]:
    """Bands, where f has them, and compressed sweeps; nothing where the pattern is not sparse."""
    if pattern.why_not:
        return
    yield from _bands(pattern)
    yield _compressed(pattern)


def _bands(pattern: Pattern) -> Iterator[Route]:
    """The non-zero derivatives of every value, carried along with it in one pass."""
    at, x = pattern.at, pattern.point.x
    try:
        program = record(diagonals_of(pattern.plan.g, {}, {}), x)
    except Unstructured:
        return
    counts: dict[str, float] = {
        "matrices": 1,
        "pieces": len(program.outputs) - 1,
        "entries": pattern.entries,
    }
    yield Route(
        "bands",
        1,
        _without_f(at, [program]),
        _peak(program) + ENTRY_BYTES * pattern.entries,
        estimate(program) + weighted("bands", counts),
        pattern.maker(at.function, 0, "bands"),
        compiled=False,
        matrix=counts,
    )


def _compressed(pattern: Pattern) -> Route:
    """One direction for each color of columns or rows."""
    at, found = pattern.at, pattern.found
    assert found is not None
    sides = "star" if pattern.hessian else "auto"
    sweeps = Sweeps(pattern.plan.g, found, sides, lambda sweep: sweep)
    programs = []
    seeds = 0
    for sweep, low, colors, shape, *_ in sweeps.blocks:
        directions = np.equal.outer(np.arange(low, int(colors.max()) + 1), colors)
        block = directions.astype(found.dtype).reshape(len(directions), *shape)
        programs.append(record(sweep, block, pattern.point.x))
        seeds += block.size
    counts: dict[str, float] = {
        "matrices": 1,
        "blocks": len(programs),
        "entries": pattern.entries,
        "seeds": seeds,
    }
    groups = sweeps.groups
    mode = "star" if pattern.hessian else groups.mode
    return Route(
        f"sparse compressed, {mode}",
        groups.sweeps,
        _without_f(at, programs),
        max(map(_peak, programs), default=0) + ENTRY_BYTES * pattern.entries,
        sum(map(estimate, programs)) + weighted("compressed", counts),
        pattern.maker(at.function, 0, mode),
        compiled=False,
        matrix=counts,
    )


def _without_f(at: Subject, programs: list[WengertList]) -> Costs:
    """The operations of lists that hold f and its sweeps, without those of f."""
    parts = [(1, operations_of(program)) for program in programs]
    return added(*parts, (-1, operations_of(at.recorded.recorded)))


def _peak(program: WengertList) -> int:
    return peak(program, list(map(bytes_of, program.steps)))
