"""Whether two formulas are equal whatever the values of their symbols: by sympy where they are
small and it can tell, and else at random points to many digits.

Only formulas of quotients of functions that are analytic everywhere are compared at points: where
two of these agree around one point they agree wherever they are defined, while |x + 9| and x + 9
do so on one side alone. In place of a largest entry stands any number.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from admodes.backpropagation.evaluate import evaluate
from admodes.backpropagation.terms import Kind, Term
from admodes.core.op import Op
from admodes.core.structure import Reduction
from admodes.core.values import shape_of
from admodes.symbolic.arrays import boxed, broadcast, components, structural
from admodes.symbolic.forms import as_expression, is_meromorphic, local_form
from admodes.symbolic.precision import precise

DIGITS = 60
RIGHT = 45
"""Digits that are calculated, and digits to which both sides have to agree."""

POINTS = 3
"""Random points at which both sides are compared."""

LARGEST = 5000
"""Entries of the array of symbols beyond which nothing is proven."""

LARGEST_SYMBOLIC = 8
"""Entries up to which sympy is asked."""

Symbols = Mapping[tuple[str, str], Any]


class _Unknown(Exception):
    """A formula that is not known to many digits."""


UNKNOWN = (_Unknown, TypeError, ValueError, AttributeError)
"""What kernels raise on numbers of many digits and on symbols: nothing is proven then."""


class _Point(dict):
    """Values of symbols: those of definitions are calculated when they are first asked for, others
    are drawn."""

    def __init__(self, known: Symbols, definitions: Mapping, kernels: dict, draw: Callable) -> None:
        super().__init__(known)
        self.definitions, self.kernels, self.draw = definitions, kernels, draw
        self.shapes: dict[tuple[str, str], tuple[int, ...]] = {}

    def __missing__(self, key: tuple[str, str]) -> Any:
        if key in self.definitions:
            self.shapes |= _symbols(self.definitions[key])
            found = evaluate(self.definitions[key], self, self.kernels)
        else:
            found = _array([self.draw() for _ in np.ndindex(self.shapes[key])], self.shapes[key])
        self[key] = found
        return found

    def value(self, t: Term) -> list:
        self.shapes |= _symbols(t)
        return components(np.broadcast_to(boxed(evaluate(t, self, self.kernels)), t.shape))


def _symbols(t: Term) -> dict[tuple[str, str], tuple[int, ...]]:
    if t.kind == Kind.SYMBOL:
        return {t.data: t.shape}
    return {key: shape for part in t.parts for key, shape in _symbols(part).items()}


def _array(entries: list, shape: tuple[int, ...]) -> Any:
    made = np.empty(len(entries), dtype=object)
    made[:] = entries
    return made.reshape(shape)


def equal(
    a: Term,
    b: Term,
    start: tuple[str, str],
    definitions: Mapping[tuple[str, str], Term],
    constants: Symbols,
) -> bool:
    """Whether two formulas are equal for all values of their symbols. definitions: formulas of
    symbols by name and accent; constants: values of others; the rest may have any values. start is
    the symbol whose exponentials are taken: sympy is given logarithms for it."""
    size = int(np.prod(a.shape))
    if a.shape != b.shape or size > LARGEST:
        return False
    try:
        if size <= LARGEST_SYMBOLIC:
            told = _by_sympy(a, b, start, definitions, constants)
            if told is not None:
                return told
        return all(_at(a, b, definitions, constants, seed) for seed in range(POINTS))
    except (*UNKNOWN, ArithmeticError, RecursionError):
        return False


def _at(a: Term, b: Term, definitions: Mapping, constants: Symbols, seed: int) -> bool:
    """Whether both sides agree at a random point."""
    chance = random.Random(seed)
    with precise(DIGITS) as mpmath:

        def draw() -> Any:
            return mpmath.mpf(chance.uniform(-2, 2)) + mpmath.mpf(chance.random()) / 10**17

        known = {key: _lifted(x, mpmath.mpf) for key, x in constants.items()}
        point = _Point(known, definitions, _kernels(_number_op, _number_partial, draw), draw)
        pairs = list(zip(point.value(a), point.value(b), strict=True))
        scale = max([abs(x) for pair in pairs for x in pair], default=0)
        return all(abs(x - y) <= scale * mpmath.mpf(10) ** -RIGHT for x, y in pairs)


def _lifted(x: Any, number: Callable) -> Any:
    array = np.asarray(x)
    if array.dtype.kind not in "fiu":
        return x
    made = _array([number(v) for v in array.ravel().tolist()], array.shape)
    return made if array.shape else made[()]


def _by_sympy(
    a: Term, b: Term, start: tuple[str, str], definitions: Mapping, constants: Symbols
) -> bool | None:
    """What sympy says; None where it does not know."""
    import sympy as sp

    names: Iterator[int] = iter(range(10**9))
    shape = {**_symbols(a), **_symbols(b)}.get(start, a.shape)
    logs = [sp.log(sp.Symbol(f"u{k}", positive=True)) for k in range(int(np.prod(shape)))]
    known = {key: _lifted(x, sp.Rational) for key, x in constants.items()}
    known[start] = _array(logs, shape)

    def draw() -> Any:
        return sp.Symbol(f"t{next(names)}", real=True)

    point = _Point(known, definitions, _kernels(_symbolic_op, _unknown, draw), draw)
    try:
        differences = [
            sp.nsimplify(x - y, rational=True)
            for x, y in zip(point.value(a), point.value(b), strict=True)
        ]
    except UNKNOWN:
        return None
    if any(d.has(sp.log) or d.atoms(sp.Function) for d in differences):
        return None
    return all(sp.cancel(sp.together(d)) == 0 for d in differences)


def _kernels(op: Callable, partial: Callable, draw: Callable) -> dict[Kind, Callable]:
    extremes = _Extremes(draw)

    def applied(t: Term, *xs: Any) -> Any:
        if t.data[0].elementwise:
            return op(t, *xs)
        return extremes.value(t, *xs) if _is_extreme(t.data[0]) else _structural(t, *xs)

    return {
        Kind.OP: applied,
        Kind.PARTIAL: partial,
        Kind.VJP: extremes.transpose,
        Kind.JVP: _unknown,
        Kind.ONE: _unknown,
        Kind.NORM: _squares,
    }


def _unknown(t: Term, *xs: Any) -> Any:
    raise _Unknown


def _squares(t: Term, x: Any) -> Any:
    if t.data != 2:
        raise _Unknown
    return np.sum(boxed(x) ** 2)


def _number_op(t: Term, *xs: Any) -> Any:
    form = local_form(t.data[0])
    if form is None or not is_meromorphic(form.expression):
        raise _Unknown
    return broadcast(form.value, [boxed(x) for x in xs], t.shape)


def _number_partial(t: Term, *xs: Any) -> Any:
    op, i = t.data
    form = local_form(op)
    if form is None or form.derivatives[i] is None or not is_meromorphic(form.partials[i]):
        raise _Unknown
    return broadcast(form.derivatives[i], [boxed(x) for x in xs], t.shape)


def _symbolic_op(t: Term, *xs: Any) -> Any:
    import sympy as sp

    op, _ = t.data
    if op.symbol is None:
        raise _Unknown

    def entry(*point: Any) -> Any:
        return as_expression(op.symbol(sp, *map(sp.sympify, point)))

    return broadcast(entry, [boxed(x) for x in xs], t.shape)


def _structural(t: Term, *xs: Any) -> Any:
    op, params = t.data
    if op.kind != "moves" and not isinstance(op.structure, Reduction):
        raise _Unknown
    return structural(op, xs, params)


def _is_extreme(op: Op) -> bool:
    return isinstance(op.structure, Reduction) and op.structure.combine in (np.maximum, np.minimum)


@dataclass
class _Extremes:
    """Largest and smallest entries, in place of which any number stands, the same one for the same
    array, and which may be any of the entries: what is proven does not depend on the choice."""

    draw: Callable
    drawn: dict[tuple, Any] = field(default_factory=dict)

    def value(self, t: Term, x: Any) -> Any:
        op, params = t.data
        return self._numbers(t.shape, op.name, repr(params), *components(x))

    def transpose(self, t: Term, w: Any, y: Any, *xs: Any) -> Any:
        """w distributed over the entries by weights that add up to 1."""
        op, i, params = t.data
        if not _is_extreme(op):
            raise _Unknown
        x = boxed(xs[i])
        axes = op.structure.axes(x.shape, params)
        lined = tuple(1 if k in axes else n for k, n in enumerate(x.shape))
        weights = self._numbers(x.shape, "weights", op.name, axes, *components(x))
        shares = weights / np.sum(weights, axes, keepdims=True)
        return np.broadcast_to(boxed(w), shape_of(y)).reshape(lined) * shares

    def _numbers(self, shape: tuple[int, ...], *key: Any) -> Any:
        if (shape, *key) not in self.drawn:
            self.drawn[shape, *key] = _array([self.draw() for _ in np.ndindex(shape)], shape)
        return self.drawn[shape, *key]
