"""What a number of a derivation would be after each known mistake."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

import numpy as np

from admodes.auditing.derivation import Contribution, Derivation, Numbers
from admodes.auditing.guesses import Guess
from admodes.auditing.partial_mistakes import (
    BINARY,
    ORDERED,
    UNARY,
    Local,
    partial_guesses,
    swapped_constants,
    value_degrees,
)
from admodes.auditing.quantity import Quantity
from admodes.core.op import REGISTRY
from admodes.core.record import Ref


def guesses(d: Derivation, q: Quantity, numbers: Numbers) -> Iterator[Guess]:
    """The numbers that mistakes in q would give, somebody having numbers in the other places; not
    those of slips, which are in how a number is written. A derivative of an output by an input may
    have been worked out in either sweep."""
    yield from _in_one(d, q, numbers)
    for other in d.same_numbers(q):
        for guess in _in_one(d, other, numbers):
            yield guess._replace(weight=guess.weight / 2)


def _in_one(d: Derivation, q: Quantity, numbers: Numbers) -> Iterator[Guess]:
    """The mistakes in a number as it is worked out in its own table."""
    by_kind = {"value": _in_value, "partial": _in_partial, "entry": _in_entry}
    right = d.recompute(q, numbers)
    yield Guess("sign", -right, "the sign of the number")
    yield from by_kind.get(q.kind, _in_sum)(d, q, numbers)
    for other, where in neighbours(d, q):
        yield Guess("stale value", numbers(other), f"the number of {where}")


def neighbours(d: Derivation, q: Quantity) -> Iterator[tuple[Quantity, str]]:
    """The numbers beside a number: in the rows before and after, and in the tables of the other
    sweeps."""
    return ((other, where) for other, where in _beside(d, q) if d.is_number(other))


def _beside(d: Derivation, q: Quantity) -> Iterator[tuple[Quantity, str]]:
    name = d.trace.rows
    if q.kind == "partial":
        everything = [x for x in d.right if x.kind == "partial"]
        i = everything.index(q)
        for other in everything[max(i - 1, 0) : i] + everything[i + 1 : i + 2]:
            assert other.argument is not None
            yield other, f"{Local(d, other.row, d.right.__getitem__).partial(other.argument)}"
        return
    if q.kind == "entry":
        outputs = {row: y for y, row in d.outputs.items()}
        for x in d.inputs:
            if x != q.direction:
                yield q._replace(direction=x), f"{x} in the same row"
        for row, y in outputs.items():
            if row != q.row:
                yield q._replace(row=row), f"{y} in the same column"
        return
    whole = q._replace(argument=None)
    for row in (q.row - 1, q.row + 1):
        if whole._replace(row=row) in d.right:
            yield whole._replace(row=row), f"the row of {name[row].name}"
    directions = {"tangent": d.inputs, "adjoint": d.outputs}.get(q.kind, {})
    for direction in directions:
        if direction != q.direction:
            yield whole._replace(direction=direction), f"the same row in the sweep of {direction}"


def _in_value(d: Derivation, q: Quantity, numbers: Numbers) -> Iterator[Guess]:
    if d.steps[q.row].op is None:
        return
    local = Local(d, q.row, numbers)
    op, xs = local.op, local.xs
    if op.elementwise:
        yield from value_degrees(local)
        yield from _other_values(local)
    for j, a in enumerate(local.step.args):
        if isinstance(xs[j], bool | np.ndarray):
            continue
        text = f"{local.argument(j)} is negated"
        yield Guess("sign", local.result(local.at(j, -xs[j])), text, 0.8)
        if not isinstance(a, Ref):
            continue
        for other, where in neighbours(d, Quantity("value", a.row)):
            number = local.result(local.at(j, numbers(other)))
            text = f"the number of {where} is taken for {local.argument(j)}"
            yield Guess("stale value", number, text, 0.25)
        text = f"the number of {local.argument(j)} is copied"
        yield Guess("stale value", float(xs[j]), text, 0.5)
    if op.name in (*ORDERED, "atan2", "floor_divide", "remainder"):
        text = f"{local.argument(0)} and {local.argument(1)} are swapped"
        yield Guess("swapped arguments", local.result(xs[::-1]), text)
    if op.name == "square":
        text = f"the exponent of {local.argument(0)}² is negated"
        yield Guess("sign", local.result((xs[0], -2.0), REGISTRY["power"]), text, 0.3)
    for other, swapped, text in swapped_constants(local):
        yield Guess("swapped arguments", local.result(swapped, other), text)


def _other_values(local: Local) -> Iterator[Guess]:
    """The value of another operation."""
    names = UNARY if local.op.arity == 1 else BINARY if local.op.name in BINARY else ()
    for name in names:
        if name != local.op.name:
            text = f"the value of {name} instead of {local.op.name}"
            yield Guess("rule", local.result(local.xs, REGISTRY[name]), text, 0.3)


def _in_partial(d: Derivation, q: Quantity, numbers: Numbers) -> Iterator[Guess]:
    assert q.argument is not None
    local = Local(d, q.row, numbers)
    yield from partial_guesses(local, q.argument)
    for other in range(len(local.step.args)):
        beside = q._replace(argument=other)
        if other != q.argument and beside in d.right:
            text = f"the number of {local.partial(other)}"
            yield Guess("stale value", numbers(beside), text, 0.5)
    text = f"the number of {local.name(q.row)} itself"
    yield Guess("stale value", local.y, text, 0.4)


def _in_entry(d: Derivation, q: Quantity, numbers: Numbers) -> Iterator[Guess]:
    rows, columns = list(d.outputs.values()), list(d.inputs)
    i, j = rows.index(q.row), columns.index(q.direction)
    if i != j and j < len(rows) and i < len(columns):
        for other in (across := Quantity("entry", rows[j], columns[i])), *d.same_numbers(across):
            yield Guess("transposed Jacobian", numbers(other), "rows and columns are exchanged")


class Terms:
    """A tangent or an adjoint as a sum at somebody's numbers: contributions, with the partial and
    what comes in of each, their products, and the total with the seed."""

    def __init__(self, d: Derivation, q: Quantity, numbers: Numbers) -> None:
        self.contributions: Sequence[Contribution] = d.contributions(q)
        self.partials = [numbers(c.partial) for c in self.contributions]
        self.incoming = [numbers(c.incoming) for c in self.contributions]
        self.products = [p * t for p, t in zip(self.partials, self.incoming, strict=True)]
        self.seed = d.recompute(q, lambda need: 0.0) if self.contributions else 0.0
        self.total = self.seed + math.fsum(self.products)
        self.locals = [Local(d, c.partial.row, numbers) for c in self.contributions]

    def path(self, n: int) -> str:
        """A contribution as it is called."""
        k = self.contributions[n].partial.argument
        assert k is not None
        return f"the contribution through {self.locals[n].partial(k)}"

    def with_product(self, n: int, product: float) -> float:
        """The total with another contribution."""
        return self.total - self.products[n] + product


def _in_sum(d: Derivation, q: Quantity, numbers: Numbers) -> Iterator[Guess]:
    terms = Terms(d, q, numbers)
    count = sum(product != 0 for product in terms.products)
    for n, product in enumerate(terms.products):
        local, k = terms.locals[n], terms.contributions[n].partial.argument
        assert k is not None
        p, t, path = terms.partials[n], terms.incoming[n], terms.path(n)
        if len(terms.products) > 1 and product:
            text = f"{path} is missing"
            yield Guess("missed path", terms.total - product, text, 1.0 if count > 1 else 0.5)
            yield Guess("sign", terms.total - 2 * product, f"{path} is negated")
        text = f"{path} with 1 instead of what comes in"
        yield Guess("factor", terms.with_product(n, p), text)
        if t:
            for guess in partial_guesses(local, k):
                number = terms.with_product(n, guess.number * t)
                yield guess._replace(number=number, weight=guess.weight / max(count, 1))
        for guess in _stale_operands(d, terms, n, numbers):
            yield guess
    if q.argument is None:
        yield from _whole_rules(d, q, terms)
        yield from _unfinished(d, q, terms)
    elif q.kind in ("tangent", "adjoint"):
        whole = q._replace(argument=None)
        yield Guess("stale value", numbers(whole), "the number of the whole sum", 0.5)


def _stale_operands(d: Derivation, terms: Terms, n: int, numbers: Numbers) -> Iterator[Guess]:
    """A contribution with another number for what comes in, or for the partial."""
    incoming, partial = terms.contributions[n].incoming, terms.contributions[n].partial
    p, t, path = terms.partials[n], terms.incoming[n], terms.path(n)
    for other, where in neighbours(d, incoming):
        text = f"{path} with the number of {where}"
        yield Guess("stale value", terms.with_product(n, p * numbers(other)), text, 0.25)
    if incoming.kind == "adjoint":
        for _, number in _before_the_last(Terms(d, incoming, numbers)):
            text = f"{path} with an adjoint before its last contribution"
            yield Guess("stale value", terms.with_product(n, p * number), text, 0.5)
    for other, where in neighbours(d, partial) if t else ():
        text = f"{path} with {where}"
        yield Guess("stale value", terms.with_product(n, numbers(other) * t), text, 0.15)


def _before_the_last(terms: Terms) -> Iterator[tuple[str, float]]:
    """An adjoint before its last contribution, in the order of a reverse sweep, where the rows at
    the end come first, and before the last as they are printed."""
    if len(terms.products) > 1:
        for n in (0, len(terms.products) - 1):
            yield terms.path(n), terms.total - terms.products[n]


def _unfinished(d: Derivation, q: Quantity, terms: Terms) -> Iterator[Guess]:
    if q.kind == "adjoint":
        for n, (path, number) in enumerate(_before_the_last(terms)):
            text = f"the adjoint before its last contribution, {path}"
            yield Guess("stale value", number, text, 0.5 if n else 1.0)


def _whole_rules(d: Derivation, q: Quantity, terms: Terms) -> Iterator[Guess]:
    """A tangent of a row with two arguments by another rule as a whole."""
    if q.kind != "tangent" or len(terms.products) != 2:
        return
    local, (s, t), (p, r) = terms.locals[0], terms.incoming, terms.partials
    name, (a, b) = local.op.name, local.xs
    x, y = local.argument(0), local.argument(1)
    if name in ("multiply", "divide"):
        yield Guess("rule", s + t, "the sum rule instead of that of the operation")
        text = f"the partials for {x} and {y} are swapped"
        yield Guess("swapped arguments", r * s + p * t, text)
    if name == "multiply":
        yield Guess("rule", s * t, "the product of the derivatives instead of the product rule")
    if name == "divide":
        yield Guess("rule", b * s + a * t, "the product rule for a quotient", 0.6)
        yield Guess("rule", b * s - a * t, "the quotient rule without the denominator", 0.6)
        if t and b:
            yield Guess("rule", s / t, "the quotient of the derivatives", 0.6)
            yield Guess("rule", (b * s - a * t) / b, "the denominator is not squared", 0.6)
    if name in ("add", "subtract"):
        yield Guess("rule", b * s + a * t, "the product rule for a sum", 0.6)
    if name in ORDERED:
        number = sum(
            local.slope(1 - k, local.xs[::-1]) * dot for k, dot in enumerate(terms.incoming)
        )
        yield Guess("swapped arguments", number, f"{x} and {y} are swapped")
