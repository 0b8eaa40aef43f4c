"""The paths of a recorded list from an input to an output, along which a derivative is the sum of
the products of partials.

The partials of the links between rows go in; the number of paths, and those with the largest
products, come out. Where a row reads another one twice, one link has the sum of both partials.

F. L. Bauer, Computational graphs and rounding error, SIAM Journal on Numerical Analysis 11 (1974).
"""

from __future__ import annotations

import decimal
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property
from itertools import chain
from typing import Any

from admodes.core.program import WengertList, is_active
from admodes.programs.sweep import DerivativeDomain, Reached, pull, push

_EXACT = decimal.Context(prec=100, Emax=decimal.MAX_EMAX, Emin=decimal.MIN_EMIN, traps=[])
"""Products of partials neither overflow nor lose what the order of the paths depends on."""

_COMPARED = decimal.Context(prec=80, Emax=decimal.MAX_EMAX, Emin=decimal.MIN_EMIN, traps=[])
"""The same factors in another order are the same product."""


@dataclass(frozen=True)
class Path:
    """Rows from the input to the output, and the product of the partials between them: one that is
    exactly 0 makes it 0, whatever the others are."""

    rows: tuple[int, ...]
    product: float


@dataclass
class Paths:
    """The paths of a list from an input, the row start, to the row end.

    >>> from admodes.core.record import record
    >>> def doubled(x):
    ...     for i in range(100):
    ...         x = 2.0 * x + x
    ...     return x
    >>> paths = Paths(record(doubled, 1.0), 0, 200)
    >>> len(paths.rows), paths.count() == 2**100
    (201, True)
    """

    program: WengertList
    start: int
    end: int

    @cached_property
    def rows(self) -> set[int]:
        """The rows on the paths, through which the end depends on the start."""
        domain = Reached(self.program)
        behind = {row for row, t in push(self.program, {self.start: True}, domain) if t}
        return behind & dict(pull(self.program, [(self.end, True)], domain)).keys()

    @cached_property
    def links(self) -> dict[int, dict[int, list[int]]]:
        """Of each row on the paths the rows on them that it reads, with the positions of these
        among its arguments."""
        found: dict[int, dict[int, list[int]]] = {row: {} for row in self.rows}
        for row, sources in found.items():
            step = self.program.steps[row]
            for k, a in enumerate(step.args):
                if is_active(step, k) and a.row in self.rows:
                    sources.setdefault(a.row, []).append(k)
        return found

    def partial(self, partials: Sequence[Sequence[Any]], row: int, source: int) -> float:
        """The partial of a link, where partials has those of each row by its arguments."""
        return float(sum(partials[row][k] for k in self.links[row][source]))

    def count(self) -> int:
        """How many paths there are: found without walking them, and exact."""
        return self._at_start(1, _Ways(self)) or 0

    def largest(self, partials: Sequence[Sequence[Any]], most: int) -> list[Path]:
        """The paths with the largest products by size, at most so many, the largest first: nan
        before infinities before numbers. Of equal ones, zeros apart, those come first that branch
        off to earlier rows.

        Each row keeps the best paths from it to the end. The rest of a longer path is one of
        these, because a larger rest, times the same partial, is never smaller.
        """
        empty = [(Decimal(1), (self.end, None))]
        best = self._at_start(empty, _Best(self, partials, most)) or []
        return [Path(_unchained(rows), float(product)) for product, rows in best]

    def _at_start(self, seed: Any, domain: DerivativeDomain) -> Any:
        """What a domain has at the start, for a seed of the end; None where there is no path."""
        walk = pull(self.program, [(self.end, seed)], domain, wanted=self.rows)
        return dict(walk).get(self.start)


class _Linked(DerivativeDomain):
    """A domain that follows the links of paths, each once."""

    along: Callable[[int, int, Any], Any]
    """What the adjoint of a row contributes to a row that it reads."""

    def __init__(self, paths: Paths) -> None:
        super().__init__(paths.program)
        self.links = paths.links

    def pull(self, row: int, k: int, adjoint: Any) -> Any:
        source = self.steps[row].args[k].row
        first = self.links[row][source][0] == k
        return self.along(row, source, adjoint) if first else None


class _Ways(_Linked):
    """In the place of an adjoint, the number of paths from a row to the end."""

    def along(self, row: int, source: int, adjoint: int) -> int:
        return adjoint

    def add(self, row: int, contributions: list) -> int:
        return sum(contributions)


class _Best(_Linked):
    """In the place of an adjoint, the best paths from a row to the end: pairs of the product and
    the rows, these chained as (row, rest) so that paths share their ends."""

    def __init__(self, paths: Paths, partials: Sequence[Sequence[Any]], most: int) -> None:
        super().__init__(paths)
        self.paths, self.partials, self.most = paths, partials, most

    def along(self, row: int, source: int, adjoint: list) -> list:
        partial = _EXACT.create_decimal_from_float(self.paths.partial(self.partials, row, source))
        return [(_times(partial, product), (source, rows)) for product, rows in adjoint]

    def add(self, row: int, contributions: list) -> list:
        # The walk comes from the last row: what branches off to an earlier row is given later.
        joined = chain.from_iterable(reversed(contributions))
        return sorted(joined, key=lambda path: _smallness(path[0]))[: self.most]


def _times(a: Decimal, b: Decimal) -> Decimal:
    return Decimal(0) if a == 0 or b == 0 else _EXACT.multiply(a, b)


def _smallness(product: Decimal) -> tuple[int, Decimal]:
    if product.is_nan():
        return 0, Decimal(0)
    return 1, _COMPARED.abs(product).copy_negate()


def _unchained(rows: Any) -> tuple[int, ...]:
    found = []
    while rows is not None:
        row, rows = rows
        found.append(row)
    return tuple(found)
