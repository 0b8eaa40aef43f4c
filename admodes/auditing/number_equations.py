"""An equation between numbers as it is written: whether it holds, and which mistake would make it
fail, such as a lost sign in "11.880 + 14.778 = 2.898"."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Sequence
from functools import lru_cache
from itertools import pairwise

from admodes.auditing.guesses import OFTEN, Cause, Guess
from admodes.auditing.slips import addition_slip, decimal_of, digit_slip
from admodes.expression import ExpressionError, ParsedFunction, parse

LONGEST, MOST_OPERANDS, MOST = 2000, 60, 3

_NUMBER = re.compile(
    r"(?<![0-9A-Za-z_.₀-₉])(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][-+]?\d+)?(?![0-9A-Za-z_.])"
)

_SUMS = re.compile(r"[^(\[×·*/+\-−^ ]\s*[+\-−]")


class Side:
    """One side of an equation between numbers: an expression of the numbers that are written in it.

    written: these, as they stand there; value: what the side is."""

    def __init__(self, text: str, f: ParsedFunction, written: Sequence[str]) -> None:
        self.text, self.f, self.written = text, f, written
        self.numbers = [float(x) for x in written]
        self.value = self.at(self.numbers)

    def at(self, numbers: Sequence[float]) -> float:
        """The side with other numbers; nan where it has no value."""
        try:
            return float(self.f(*numbers))
        except (ArithmeticError, ValueError, TypeError):
            return math.nan

    def changed(self, k: int, number: float) -> float:
        """The side with another number in place k."""
        return self.at([*self.numbers[:k], number, *self.numbers[k + 1 :]])

    @property
    def doubt(self) -> float:
        """How far the side may be off because its numbers are rounded or cut."""
        total = 0.0
        for k, (text, number) in enumerate(zip(self.written, self.numbers, strict=True)):
            if "." in text:
                moved = self.changed(k, number + _unit(text))
                total += abs(moved - self.value) if math.isfinite(moved) else 0.0
        return total


def side_of(text: str) -> Side | None:
    """A side that is an expression of numbers alone; None of any other."""
    if not text.strip() or len(text) > LONGEST:
        return None
    written = _NUMBER.findall(text)
    if not 0 < len(written) <= MOST_OPERANDS:
        return None
    names = (f"(q_{k})" for k in range(len(written)))
    f = _formula(_NUMBER.sub(lambda _: next(names), text), len(written))
    side = None if f is None else Side(text.strip(), f, written)
    return side if side is not None and math.isfinite(side.value) else None


@lru_cache(maxsize=4096)
def _formula(text: str, count: int) -> ParsedFunction | None:
    """A formula of so many operands; rows have the same ones again and again."""
    try:
        return parse(text, inputs=[f"q_{k}" for k in range(count)])
    except (ExpressionError, ValueError, TypeError):
        return None


def failing(equation: str) -> tuple[Side, Side] | None:
    """The first two neighbouring sides of an equation that are numbers and not equal at the digits
    that they are written with; None where all are equal.

    >>> failing("2 × (-3) = -6"), failing("v7 = 2 × 0.141 = 0.282"), failing("e^2 = 7.389")
    (None, None, None)
    >>> left, right = failing("11.880 + 14.778 = 2.898")
    >>> round(left.value, 3), right.value
    (26.658, 2.898)
    """
    sides = [side_of(text) for text in equation.split("=")]
    for left, right in pairwise(sides):
        if left is not None and right is not None and not _equal(left, right):
            return left, right
    return None


def causes_of_equation(equation: str) -> list[Cause]:
    """Why an equation between numbers does not hold as it is written, the likeliest mistake first;
    none where it holds, or is none of numbers.

    >>> causes_of_equation("11.880 + 14.778 = 2.898")
    [Cause(name='sign', text='it holds with 11.880 negated')]
    >>> [cause.name for cause in causes_of_equation("1 × 1 = 0")]
    ['digit slip']
    """
    pair = failing(equation)
    if pair is None:
        return []
    left, right = pair
    found: dict[str, Guess] = {}
    for guess in _explanations(left, right):
        best = found.get(guess.name)
        if best is None or guess.weight > best.weight:
            found[guess.name] = guess
    ranked = sorted(found.values(), key=lambda guess: -guess.weight)
    return [Cause(guess.name, guess.text) for guess in ranked[:MOST]]


def _explanations(left: Side, right: Side) -> Iterator[Guess]:
    """The mistakes that make the sides differ, each weighted by how often it is made."""
    for guess in _changes(left):
        if math.isfinite(guess.number) and _close(guess.number, left, right):
            yield guess._replace(weight=OFTEN[guess.name] * guess.weight)
    for side, other in ((left, right), (right, left)):
        if len(side.written) != 1 or decimal_of(side.text) is None:
            continue
        slip = addition_slip(side.text, other.value) if _SUMS.search(other.text) else None
        if slip is not None:
            yield Guess("addition slip", side.value, slip, OFTEN["addition slip"] / 2)
        slip = digit_slip(side.text, other.value)
        if slip is not None:
            yield Guess("digit slip", side.value, slip, OFTEN["digit slip"] / 2)


def _changes(side: Side) -> Iterator[Guess]:
    """What a side would be with a sign, a term, or a factor as it may have been meant."""
    yield Guess("sign", -side.value, "it holds with the sign of the result changed")
    for k, (text, number) in enumerate(zip(side.written, side.numbers, strict=True)):
        likelier = 1 + len(text) / 1000
        yield Guess("sign", side.changed(k, -number), f"it holds with {text} negated", likelier)
        without = side.changed(k, 0.0)
        if without and len(side.written) > 1:
            yield Guess("missed path", without, f"it holds without the term of {text}")
        if number != 1:
            yield Guess("factor", side.changed(k, 1.0), f"it holds without the factor {text}")


def _equal(left: Side, right: Side) -> bool:
    return _close(left.value, left, right)


def _close(value: float, left: Side, right: Side) -> bool:
    """Whether a value of the left side is the right side, at the digits of both. A whole number
    is taken as exact where the other side is one."""
    room = left.doubt + right.doubt
    if len(right.written) == 1 and not (float(value).is_integer() and "." not in right.text):
        room = left.doubt + _unit(right.written[0])
    return abs(value - right.value) <= room * (1 + 1e-9) + 1e-12 * abs(right.value)


def _unit(text: str) -> float:
    """The unit of the last digit of a number."""
    number = decimal_of(text)
    return 0.0 if number is None else 10.0 ** int(number.as_tuple().exponent)
