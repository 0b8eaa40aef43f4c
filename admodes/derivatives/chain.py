"""The order of multiplication in a chain of Jacobians with given dimensions: left to right (reverse
mode), right to left (forward mode), and the order with the fewest scalar multiplications, each with
its count.
"""

from __future__ import annotations

import operator
import reprlib
import sys
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from admodes.core.carrier import Carrier, value
from admodes.core.values import numeric, shape_of
from admodes.derivatives.bracketing import Bracketing, bracketing, brackets, pair, span
from admodes.derivatives.gradients import jacobian
from admodes.errors import BadType, BadValue, choices
from admodes.numpy_functions.splits import best_splits
from admodes.ops.shaping import reshape
from admodes.views.dialects import Text, dialect_of
from admodes.views.result import Result
from admodes.views.tables import Table

LIMIT = 500
"""The most matrices: the search for the best order takes time n³."""

ORDERS = ("left to right", "right to left", "optimal")


@dataclass
class Chain(Result):
    """Matrix i of a chain is dims[i - 1] × dims[i]. left_to_right is reverse mode and right_to_left
    forward mode, where the outputs are on the left; optimal.mode is "reverse", "forward", "forward
    or reverse" where either is as cheap as can be, or "mixed" where neither is."""

    dims: list[int]
    names: list[str]
    left_to_right: Bracketing
    right_to_left: Bracketing
    optimal: Bracketing

    @property
    def bracketings(self) -> list[Bracketing]:
        """The three orders."""
        return [self.left_to_right, self.right_to_left, self.optimal]

    def product(self, matrices: Iterable[Any], order: str = "optimal") -> Any:
        """The product of actual matrices in one of the three orders; its rounding depends on the
        order.

        Raises ValueError for another number of matrices, a shape that is not the chain's or an
        unknown order, and TypeError for what holds no real numbers; each names it.

        >>> from admodes.derivatives.chain import chain
        >>> chain([1, 2, 1]).product([[[1.0, 2.0]], [[3.0], [4.0]]])
        array([[11.]])
        """
        if order not in ORDERS:
            raise BadValue(f"order {order!r} is unknown; {choices(order, ORDERS)}")
        given = list(matrices)
        n = len(self.names)
        if len(given) != n:
            raise BadValue(f"matrices: {len(given)} given, and the chain has {n}")
        parts = {(i, i + 1): self._matrix(i, m) for i, m in enumerate(given)}
        for step in self.bracketings[ORDERS.index(order)].steps:
            i, k, j = step.first - 1, step.split, step.last
            # Infinite partials are values, here as everywhere, and no reason for a warning.
            with np.errstate(all="ignore"):
                parts[i, j] = parts.pop((i, k)) @ parts.pop((k, j))
        return parts[0, n]

    def _matrix(self, i: int, given: Any) -> Any:
        """A matrix as floats, of the shape that its place asks for."""
        matrix = given if isinstance(given, Carrier) else _floats(given, self.names[i])
        expected = (self.dims[i], self.dims[i + 1])
        if shape_of(matrix) != expected:
            found = shape_of(matrix)
            raise BadValue(f"{self.names[i]} has shape {found}, and the chain needs {expected}")
        return matrix

    def _data(self) -> dict[str, Any]:
        return asdict(self)

    def tables(self, format: str = "text", steps: bool = False) -> list[Table]:
        """The three orders. steps: also the products of each order that differs, one by one."""
        write = dialect_of(format)
        names = [write.variable(name) for name in self.names]
        rows = [
            [b.order, b.mode, write.math(brackets(b, names)), str(b.multiplications)]
            for b in self.bracketings
        ]
        shapes = zip(self.names, self.dims, self.dims[1:], strict=False)
        notes = [
            "; ".join(f"{name} is {p} × {q}".replace(" ", Text.thin) for name, p, q in shapes),
            "p × q by q × r takes p q r multiplications; every entry is taken as nonzero",
        ]
        title = f"Order of multiplication of {span(self.names)}"
        head = ["Order", "Mode", "Bracketing", "Multiplications"]
        made = [Table(title, head, rows, [False] * 4, notes)]
        shown: set[str] = set()
        for b in self.bracketings:
            if steps and b.steps and b.bracketing not in shown:
                made.append(_steps_table(b, names, write))
            shown.add(b.bracketing)
        return made


def chain(dims: Iterable[int], *, names: Sequence[str] | None = None) -> Chain:
    """The order in which to multiply the chain J1 J2 … Jn, where Ji is dims[i - 1] × dims[i].

    Counts the scalar multiplications left to right (reverse mode, where the outputs are on the
    left), right to left (forward mode) and in the best of all orders, found by dynamic programming
    (S. Godbole, On efficient computation of matrix chain products, 1973; T. Cormen et al.,
    Introduction to Algorithms, 2009, 15.2; for Jacobians A. Griewank and U. Naumann, Accumulating
    Jacobians as chained sparse matrix products, 2003). A dimension may be 0. names are printed for
    J1 … Jn.

    Raises ValueError, which names what is wrong: fewer than two dimensions, more than LIMIT
    matrices, a dimension that is no whole number from 0, names that are not one text a matrix.

    >>> from admodes.derivatives.chain import chain
    >>> c = chain([10, 10, 1, 10, 10])
    >>> [b.multiplications for b in c.bracketings]
    [1200, 1200, 300]
    >>> c.optimal.bracketing, c.optimal.mode
    ('((J1 J2) (J3 J4))', 'mixed')
    """
    sizes = _dims(dims)
    n = len(sizes) - 1
    labels = _names(names, n)
    left = bracketing("left to right", "reverse", sizes, labels, lambda i, j: j - 1)
    right = bracketing("right to left", "forward", sizes, labels, lambda i, j: i + 1)
    splits = best_splits(sizes)
    best = bracketing("optimal", "mixed", sizes, labels, lambda i, j: splits[i, j])
    # Several orders may be as cheap; one that is a mode says more than one that is not.
    as_cheap = [b for b in (left, right) if b.multiplications == best.multiplications]
    if as_cheap:
        mode = " or ".join(sorted(b.mode for b in as_cheap))
        steps = list(as_cheap[0].steps)
        best = Bracketing("optimal", mode, as_cheap[0].bracketing, best.multiplications, steps)
    return Chain(sizes, labels, left, right, best)


def chain_of(
    functions: Iterable[Callable], x: Any, *, names: Sequence[str] | None = None
) -> tuple[Chain, Any]:
    """The chain of Jacobians of a composition at x, and its product in the optimal order.

    functions are f1 … fn in the order in which they are applied, each from a number or an array to
    one; the chain is Jn … J1, outputs on the left, and names are printed for Jn … J1. Its counts
    are those of the products alone, since every order needs the same Jn … J1. The product is
    ad.jacobian of fn ∘ … ∘ f1 at x, of shape out.shape + in.shape, up to rounding; but where an
    entry is infinite, 0 · ∞ is nan here. (A. Griewank and U. Naumann, 2003.)

    Raises ValueError where there are no functions or more than LIMIT, TypeError for what cannot be
    called and for an argument or result that is no number or array; each names it.

    >>> import numpy as np
    >>> from admodes.derivatives.chain import chain_of
    >>> def narrow(x):
    ...     return x[:1] * x[1:2]
    >>> def widen(h):
    ...     return h * np.array([1.0, 2.0])
    >>> c, J = chain_of([narrow, np.sin, widen], np.array([2.0, 0.0]))
    >>> c.dims, c.optimal.mode, c.optimal.multiplications
    ([2, 1, 1, 2], 'forward or reverse', 6)
    >>> J
    array([[0., 2.],
           [0., 4.]])
    """
    given = list(functions)
    if not given:
        raise BadValue("functions: give at least one")
    _within_limit("functions", len(given))
    point = y = _one_array(x, "x")
    matrices: list[Any] = []
    for i, f in enumerate(given):
        if not callable(f):
            raise BadType(f"functions[{i}] is {reprlib.repr(f)}, which cannot be called")
        out = _one_array(f(y), f"the result of functions[{i}]")
        matrices.insert(0, reshape(jacobian(f)(y), shape=(_size(out), _size(y))))
        y = out
    if names is None:
        names = [f"J{i}" for i in range(len(given), 0, -1)]
    found = chain([*(shape_of(m)[0] for m in matrices), _size(point)], names=names)
    return found, reshape(found.product(matrices), shape=shape_of(y) + shape_of(point))


def _dims(dims: Iterable[int]) -> list[int]:
    try:
        given = list(dims)
    except TypeError:
        raise BadValue(f"dims={reprlib.repr(dims)}: give the sequence d0, d1, …, dn") from None
    if len(given) < 2:
        raise BadValue(f"dims: {len(given)} given, and n matrices take n + 1, at least 2")
    _within_limit("dims", len(given) - 1)
    return [_whole(d, i) for i, d in enumerate(given)]


def _within_limit(what: str, n: int) -> None:
    if n > LIMIT:
        raise BadValue(f"{what}: a chain of {n} matrices, and the limit is {LIMIT}")


def _whole(d: Any, i: int) -> int:
    try:
        size = -1 if isinstance(d, bool) else operator.index(d)
    except TypeError:
        size = -1
    # No array is longer than sys.maxsize.
    if not 0 <= size <= sys.maxsize:
        raise BadValue(f"dims[{i}] is {reprlib.repr(d)}: give a whole number from 0")
    return size


def _names(names: Sequence[str] | None, n: int) -> list[str]:
    given = [f"J{i}" for i in range(1, n + 1)] if names is None else list(names)
    if len(given) != n:
        raise BadValue(f"names: {len(given)} given, and the chain has {n} matrices")
    for i, name in enumerate(given):
        if not isinstance(name, str) or not name.strip():
            raise BadValue(f"names[{i}] is {reprlib.repr(name)}, and a name is a text")
    return given


def _steps_table(b: Bracketing, names: list[str], write: Text) -> Table:
    rows = []
    for s in b.steps:
        p, q, r = map(str, s.dims)
        by = write.times
        rows.append(
            [
                write.math(pair(names, s.first - 1, s.split, s.last)),
                write.math(f"({p}{by}{q})({q}{by}{r})"),
                write.math(f"{p}{by}{q}{by}{r} = {s.multiplications}"),
                str(s.total),
            ]
        )
    head = ["Product", "Dimensions", "Multiplications", "Total"]
    return Table(f"Steps {b.order}, {b.mode} mode", head, rows, [False] * 4)


def _floats(given: Any, name: str) -> Any:
    try:
        found = np.asarray(given)
    except ValueError as error:
        raise BadValue(f"{name} is no matrix: its rows differ in length") from error
    return np.asarray(numeric(found, name)) + 0.0


def _one_array(x: Any, what: str) -> Any:
    if isinstance(x, (tuple, list, dict)):
        raise BadType(f"{what} is a {type(x).__name__}: chain_of takes numbers and arrays")
    return x if isinstance(x, Carrier) else numeric(x, what)


def _size(x: Any) -> int:
    return int(np.size(value(x)))
