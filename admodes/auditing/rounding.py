"""How the numbers of a table were rounded: a Rounding says whether a number written with so many
digits stands for a number at full precision."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from typing import Literal

from admodes.auditing.numbers import EXACT, Number

Unit = Literal["decimals", "significant digits", "as written"]
Carry = Literal["end", "carried", "either"]

FULL = 12
"""Significant digits from which on a number is taken for one at full precision."""

FEWEST = 3
"""Significant digits that a number has where each has the digits that it is written with: 0 stands
for no 0.25 there."""

SHORTENED = 3
"""How many numbers may all have lost a zero at the end."""

FEW = 0.15
"""Which part of the numbers may be longer than a rounding allows, by mistakes."""

NOTHING = 1e-14
"""What may be written as 0, whatever the digits are: 1 - tanh² of 100 is no 0 at full precision."""

LOOSE = 2e-14
"""The relative error of double precision arithmetic that no digit is held against."""


@dataclass(frozen=True)
class Rounding:
    """How numbers were rounded.

    unit, digits: to so many decimals or significant digits, or each as it is written. cuts: whether
    toward zero. carry: "end", from the number at full precision; "carried", from what the rounded
    numbers of the rows before give; "either", now this and now that. partials: whether partials
    (and contributions) that the table does not show were rounded on the way, too.
    """

    unit: Unit = "decimals"
    digits: int = 6
    cuts: bool = False
    carry: Carry = "end"
    partials: bool = False

    def step(self, x: float, written: Number | None = None) -> float:
        """One unit of the last place of a number of the size of x."""
        decimals = self.digits if self.unit == "decimals" else self.digits - 1 - _exponent(x)
        if written is not None and not written.exact:
            own = written.decimals
            decimals = max(
                own, FEWEST - 1 - _exponent(x) if self.unit == "as written" else decimals
            )
        return float(10.0 ** -min(max(decimals, -300), 300))

    def rounded(self, x: float, even: bool = False) -> float:
        """A number as it is carried on. even: whether ties go to the even digit, and not away from
        zero."""
        if self.unit == "as written" or not math.isfinite(x):
            return x
        step = self.step(x)
        units = abs(x) / step
        below = math.floor(units + 1e-9)
        more = 0.5 + 1e-7 if even and below % 2 == 0 else 0.5 - 1e-7
        whole = below if self.cuts else below + (units - below >= more)
        return math.copysign(whole * step, x)

    def fits(self, x: float, written: Number, scale: float = 0.0, width: float = 0.0) -> bool:
        """Whether a number, known to within width, is the one that is written. scale: the size of
        what it was computed from, which bounds the error of the arithmetic."""
        if not (math.isfinite(x) and math.isfinite(written.value)):
            return x == written.value or (math.isnan(x) and math.isnan(written.value))
        slack = LOOSE * max(abs(x), scale) + width
        difference = written.value - x
        if written.value == 0 and abs(x) <= NOTHING:
            return True
        if written.exact:
            return abs(difference) <= 1e-11 * max(abs(x), scale) + slack
        step = self.step(x, written)
        slack += 1e-9 * step
        if not self.cuts:
            return abs(difference) <= 0.5 * step + slack
        outward = difference if x > 0 or (x == 0 and written.value > 0) else -difference
        return -step - width + 1e-7 * step < outward <= slack

    def __str__(self) -> str:
        how = "truncated" if self.cuts else "rounded"
        to = (
            "to the digits of each number"
            if self.unit == "as written"
            else f"to {self.digits} {self.unit if self.digits != 1 else self.unit[:-1]}"
        )
        if self.carry == "end":
            return f"{how} at the end {to}"
        through = "carried" if self.carry == "carried" else "now carried, now at the end,"
        own = ", partials too" if self.partials else ", partials at full precision"
        return f"{through} {how} {to} through the rows{own}"


def _exponent(x: float) -> int:
    return math.floor(math.log10(abs(x)) + 1e-12) if x and math.isfinite(x) else 0


def candidates(numbers: Iterable[Number], inputs: Iterable[Number] = ()) -> list[Rounding]:
    """The roundings that numbers can have by their digits, the likeliest first, all at the end.
    Zeros at the end may have been dropped, so that the longest number counts, and the next length
    where hardly any is longer, or last of all where one is; of few numbers all may have lost one.
    inputs: numbers that were not computed, and may be longer."""
    computed = list(numbers)
    numbers = [*computed, *inputs]
    if not any(map(_has_last_digit, numbers)):
        whole = [Rounding("decimals", 0)] if sum(n.digits > 2 for n in numbers) > 1 else []
        return [Rounding("decimals", FULL), *whole]  # 2 is no 1.5 where all numbers are small
    decimals = _lengths(numbers, computed, _decimals)
    digits = _lengths(numbers, computed, _digits)
    found = [Rounding("decimals", d) for d in decimals[:1]]
    found += [Rounding("significant digits", d) for d in digits if d < FULL]
    found += [Rounding("decimals", d) for d in decimals[1:]]
    found += [Rounding("significant digits", d) for d in _without_longest(computed, _digits)]
    found += [Rounding("decimals", d) for d in _without_longest(computed, _decimals)]
    if sum(map(_has_last_digit, computed)) <= SHORTENED:
        found += [replace(base, digits=base.digits + 1) for base in found[:2]]
    return [*dict.fromkeys(found), Rounding("as written", EXACT)]


def _has_last_digit(number: Number) -> bool:
    """Whether the digits of a number say how it was rounded."""
    return not number.exact and number.value != math.floor(number.value)


def _decimals(number: Number) -> int:
    return number.decimals


def _digits(number: Number) -> int:
    return number.digits


def _lengths(
    numbers: Iterable[Number], computed: Iterable[Number], length: Callable[[Number], int]
) -> list[int]:
    """The length of the longest number, and the next one if hardly any computed one is longer."""
    lengths = sorted({length(n) for n in numbers if _has_last_digit(n)}, reverse=True)
    own = [length(n) for n in computed if _has_last_digit(n)]
    longest = sum(x == lengths[0] for x in own)
    return lengths[:2] if longest <= FEW * len(own) else lengths[:1]


def _without_longest(numbers: Iterable[Number], length: Callable[[Number], int]) -> list[int]:
    """The length of the numbers but the longest, where one alone is that long."""
    lengths = sorted((length(n) for n in numbers if _has_last_digit(n)), reverse=True)
    return lengths[1:2] if len(lengths) > 2 and lengths[0] > lengths[1] else []


def ways(base: Rounding) -> list[Rounding]:
    """A rounding at the end, and the same numbers of digits rounded in the other ways."""
    if base.unit == "as written":
        return [base, replace(base, carry="either")]
    found = [base]
    for cuts in (False, True):
        found += [replace(base, cuts=cuts)] if cuts else []
        for partials in (False, True):
            found.append(replace(base, cuts=cuts, carry="carried", partials=partials))
    found += [replace(base, carry="either", partials=partials) for partials in (False, True)]
    return found


def handicap(rounding: Rounding) -> float:
    """How many more mistakes than another a rounding has to explain away to be believed."""
    loose = 1.6 * (rounding.unit == "as written") + 1.6 * (rounding.carry == "either")
    return loose + 0.1 * (rounding.carry != "end") + 0.2 * rounding.cuts + 0.01 * rounding.partials
