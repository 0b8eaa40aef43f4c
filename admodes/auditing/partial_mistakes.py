"""What a local partial would be after a mistake: the rule of another operation, its arguments
swapped, another point, degrees, nothing but 1."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from admodes.auditing.derivation import Derivation, Numbers
from admodes.auditing.guesses import Guess
from admodes.auditing.quantity import Quantity
from admodes.core.carrier import quiet
from admodes.core.op import REGISTRY
from admodes.core.record import Ref, Step

ALIKE = (
    ("sin", "cos", "tan", "cot", "sec", "csc", "sinh", "cosh", "tanh"),
    ("asin", "acos", "atan", "asinh", "acosh", "atanh"),
    ("exp", "exp2", "ln", "log2", "log10", "sigmoid", "inverse"),
    ("square", "sqrt", "cbrt", "inverse", "abs"),
    ("sigmoid", "tanh", "relu", "softplus", "erf"),
)
"""Functions of one number that textbooks have, by what they are taken for."""

UNARY = tuple(dict.fromkeys(name for names in ALIKE for name in names))

BINARY = ("add", "subtract", "multiply", "divide", "power")

ORDERED = ("subtract", "divide", "power")
"""Operations whose arguments are not to be swapped."""

ANGLES = ("sin", "cos", "tan", "cot", "sec", "csc")
ARCS = ("asin", "acos", "atan", "atan2")

DEGREE = math.pi / 180


class Local:
    """An operation of a derivation at somebody's numbers: step, its arguments xs, its result y, and
    how the row is called."""

    def __init__(self, d: Derivation, row: int, numbers: Numbers) -> None:
        self.d, self.row, self.numbers = d, row, numbers
        self.step: Step = d.steps[row]
        self.op = self.step.op
        self.xs = tuple(
            numbers(Quantity("value", a.row)) if isinstance(a, Ref) else a for a in self.step.args
        )
        self.y = numbers(Quantity("value", row))

    def name(self, row: int) -> str:
        """The name of a row."""
        return self.d.trace.rows[row].name

    def argument(self, k: int) -> str:
        """An argument as it is called."""
        a = self.step.args[k]
        return self.name(a.row) if isinstance(a, Ref) else f"{a}"

    def partial(self, k: int) -> str:
        """A partial as it is called."""
        return f"∂{self.name(self.row)}/∂{self.argument(k)}"

    def slope(self, k: int, xs: Sequence[Any], op: Any = None) -> float:
        """The partial of an operation, of that of the row unless told, at these arguments; nan
        where there is none."""
        op = op or self.op
        with quiet():
            return _number(lambda: op.partial(k, op.dispatch(tuple(xs), None), tuple(xs)))

    def result(self, xs: Sequence[Any], op: Any = None) -> float:
        """The value of an operation at these arguments."""
        with quiet():
            return _number(lambda: (op or self.op).dispatch(tuple(xs), None))

    def at(self, j: int, x: Any) -> tuple:
        """The arguments with another number in the place of argument j."""
        return (*self.xs[:j], x, *self.xs[j + 1 :])


def _number(of: Callable[[], Any]) -> float:
    try:
        return float(of())
    except (ArithmeticError, ValueError, TypeError):
        return math.nan


def partial_guesses(local: Local, k: int) -> Iterator[Guess]:
    """The mistakes in the partial for argument k."""
    yield from _rules(local, k)
    yield from _swapped(local, k)
    yield from _points(local, k)
    yield from _degrees(local, k)
    yield Guess("factor", 1.0, f"{local.partial(k)} is left out")


def _rules(local: Local, k: int) -> Iterator[Guess]:
    op, x, what = local.op, local.xs[k], local.partial(k)

    def guess(number: float, rule: str, weight: float) -> Guess:
        return Guess("rule", number, f"{what} by {rule}", weight)

    if op.arity == 1:
        near = {name for names in ALIKE if op.name in names for name in names}
        for name in UNARY:
            if name != op.name:
                number = local.slope(0, (x,), REGISTRY[name])
                rule = f"the derivative of {name} instead of that of {op.name}"
                yield guess(number, rule, 1.0 if name in near else 0.25)
        yield guess(local.y, f"the value of {op.name} instead of its derivative", 0.5)
        if op.name == "exp":
            number = local.result((x - 1,)) * x
            yield guess(number, "the power rule instead of that of exp", 0.5)
    elif op.name in BINARY:
        for name in BINARY:
            if name != op.name:
                number = local.slope(k, local.xs, REGISTRY[name])
                rule = f"the rule of {name} instead of that of {op.name}"
                yield guess(number, rule, 0.6)
        if op.name == "divide" and k == 1:
            yield guess(local.slope(0, (x,), REGISTRY["inverse"]), "the derivative of 1/x", 0.5)
    elif op.name in ("maximum", "minimum"):
        other = "minimum" if op.name == "maximum" else "maximum"
        yield guess(local.slope(k, local.xs, REGISTRY[other]), f"the derivative of {other}", 1.0)
    yield from _powers(local, k, guess)


def _powers(local: Local, k: int, guess: Callable) -> Iterator[Guess]:
    """The power rule taken wrongly: its exponent or its factor."""
    exponents = {"square": 2.0, "sqrt": 0.5, "cbrt": 1 / 3, "inverse": -1.0}
    n = local.xs[1] if local.op.name == "power" else exponents.get(local.op.name)
    x = local.xs[0]
    if n is None:
        return
    power = REGISTRY["power"]
    if k == 0:
        yield guess(local.result((x, n - 1), power), "x^(n - 1) instead of n x^(n - 1)", 0.6)
        kept = n * local.result((x, n), power)
        yield guess(kept, "n x^n instead of n x^(n - 1)", 0.6)
        more = n * local.result((x, n + 1), power)
        yield guess(more, "n x^(n + 1) instead of n x^(n - 1)", 0.3)
        yield guess(local.slope(0, (n, x), REGISTRY["power"]), "x n^(x - 1)", 0.2)
        if local.op.name == "power":
            yield from _as_function(local, 0, guess)
    else:
        yield guess(local.y, "a^x instead of a^x ln a", 0.8)
        yield guess(n * local.result((x, n - 1), power), "the power rule", 0.8)


def _as_function(local: Local, k: int, guess: Callable) -> Iterator[Guess]:
    """A power with a constant exponent is a function of one number as others are."""
    if isinstance(local.step.args[1 - k], Ref):
        return
    for name in UNARY:
        number = local.slope(0, (local.xs[k],), REGISTRY[name])
        yield guess(number, f"the derivative of {name} instead of that of a power", 0.25)
    yield guess(local.y, "the power instead of its derivative", 0.4)


def swapped_constants(local: Local) -> Iterator[tuple[Any, tuple, str]]:
    """What x² and 1/x are with their arguments swapped: an operation, and its arguments."""
    if local.op.name == "square":
        yield REGISTRY["power"], (2.0, local.xs[0]), f"2^{local.argument(0)}"
    elif local.op.name == "inverse":
        yield REGISTRY["divide"], (local.xs[0], 1.0), f"{local.argument(0)}/1"


def _swapped(local: Local, k: int) -> Iterator[Guess]:
    op = local.op
    for other, xs, text in swapped_constants(local):
        place = 1 if other.name == "power" else 0
        number = local.slope(place, xs, other)
        yield Guess("swapped arguments", number, f"{local.partial(k)} of {text}")
    if op.arity != 2:
        return
    a, b = local.argument(0), local.argument(1)
    if op.name in ORDERED:
        number = local.slope(1 - k, local.xs[::-1])
        yield Guess("swapped arguments", number, f"{local.partial(k)} with {a} and {b} swapped")
    if op.name in ("multiply", "divide"):
        number = local.slope(1 - k, local.xs)
        text = f"the partial for {local.argument(1 - k)} in the place of {local.partial(k)}"
        yield Guess("swapped arguments", number, text)


def _points(local: Local, k: int) -> Iterator[Guess]:
    reads = local.op.reads[k] or ()
    for j, a in enumerate(local.step.args):
        if not isinstance(a, Ref) or not (0 in reads or j + 1 in reads):
            continue
        for row, where, weight in _other_points(local, a.row):
            number = local.slope(k, local.at(j, local.numbers(Quantity("value", row))))
            text = (
                f"{local.partial(k)} at {local.name(row)}, {where}, instead of {local.name(a.row)}"
            )
            yield Guess("wrong point", number, text, weight)


def _other_points(local: Local, row: int) -> Iterator[tuple[int, str, float]]:
    """Rows whose values may be taken for that of an argument."""
    yield local.row, "the result of the row", 1.0
    before = [a.row for a in local.d.steps[row].args if isinstance(a, Ref)]
    for other in dict.fromkeys(before):
        yield other, f"an argument of {local.name(row)}", 1.0
    for other in local.d.inputs.values():
        if other != row and other not in before:
            yield other, "an input", 0.7


def _degrees(local: Local, k: int) -> Iterator[Guess]:
    if local.op.name in ANGLES:
        x, what = local.xs[0], local.argument(0)
        as_degrees = local.slope(0, (x * DEGREE,))
        text = f"{local.partial(k)} with {what} read as degrees"
        yield Guess("degrees", as_degrees, text)
        yield Guess("degrees", as_degrees * DEGREE, text, 0.4)
        other = local.slope(0, (x / DEGREE,))
        yield Guess("degrees", other, f"{local.partial(k)} with {what} turned into degrees", 0.6)
    elif local.op.name in ARCS:
        p = local.slope(k, local.xs)
        yield Guess("degrees", p / DEGREE, f"{local.partial(k)} of an angle in degrees")
        yield Guess("degrees", p * DEGREE, f"{local.partial(k)} of an angle in degrees", 0.6)


def value_degrees(local: Local) -> Iterator[Guess]:
    """The value of a row with an angle in the wrong unit."""
    if local.op.name in ANGLES:
        x, what = local.xs[0], local.argument(0)
        yield Guess("degrees", local.result((x * DEGREE,)), f"{what} is read as degrees")
        yield Guess("degrees", local.result((x / DEGREE,)), f"{what} is turned into degrees", 0.6)
    elif local.op.name in ARCS:
        yield Guess("degrees", local.y / DEGREE, "the angle is in degrees")
        yield Guess("degrees", local.y * DEGREE, "the angle is read as degrees", 0.6)
