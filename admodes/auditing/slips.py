"""Slips of the pen: a number as it is written and the one that was meant go in; whether a digit or
a carry makes the difference comes out. All in decimal digits, never in binary ones."""

from __future__ import annotations

import math
import re
from decimal import ROUND_CEILING, ROUND_FLOOR, Context, Decimal, InvalidOperation

MORE = 6
"""How many zeros at the end a document may have dropped."""

EXACT = Context(prec=60)


def decimal_of(written: str) -> Decimal | None:
    """The number in a text such as "−1.98", "1.2e-3" or "1.2 × 10^-3", with the digits that it has;
    None where it is none."""
    plain = written.strip().replace("−", "-").replace("–", "-").replace(" ", "")
    plain = re.sub(r"[×*·]10(\^|\*\*)\(?([-+]?\d+)\)?$", r"e\2", plain)
    try:
        number = Decimal(plain)
    except InvalidOperation:
        return None
    return number if number.is_finite() and abs(number.adjusted()) < 40 else None


def digit_slip(written: str, right: float) -> str | None:
    """What happened to the digits of right where written has one that is another, or two neighbours
    exchanged.

    >>> digit_slip("2.961", 2.8982), digit_slip("3.898", 2.8982)
    (None, 'the digit 2 is written as 3')
    >>> digit_slip("2.988", 2.8982)
    'the digits 89 are exchanged'
    """
    number = decimal_of(written)
    if number is None or not math.isfinite(right):
        return None
    for meant, places in _rounded(number, right):
        if number * meant < 0:
            continue
        width = max(len(_digits(meant, places)), len(_digits(number, places)))
        old, new = (_digits(x, places).rjust(width, "0") for x in (meant, number))
        changed = [i for i in range(width) if old[i] != new[i]]
        if len(changed) == 1:
            (i,) = changed
            return f"the digit {old[i]} is written as {new[i]}"
        if len(changed) == 2 and changed[1] == changed[0] + 1:
            i, j = changed
            if (old[i], old[j]) == (new[j], new[i]):
                return f"the digits {old[i : j + 1]} are exchanged"
    return None


def addition_slip(written: str, right: float) -> str | None:
    """In which decimal place written is 1 more or less than right.

    >>> addition_slip("2.798", 2.8982), addition_slip("3.898", 2.8982), addition_slip("3.5", 2.8982)
    ('1 is missing in the place of 0.1', '1 is too much in the place of 1', None)
    """
    number = decimal_of(written)
    if number is None or not math.isfinite(right):
        return None
    for meant, _ in _rounded(number, right):
        off = EXACT.subtract(number, meant).normalize()
        if off and abs(off).as_tuple().digits == (1,):
            more = abs(number) > abs(meant) if number * meant > 0 else off > 0
            what = "1 is too much" if more else "1 is missing"
            return f"{what} in the place of {abs(off):f}"
    return None


def places_of(written: str, right: float) -> int:
    """How many digits a number has as it is written, or that is meant, whichever are more."""
    number = decimal_of(written)
    if number is None or not math.isfinite(right):
        return 1
    places = _decimals(number)
    meant = EXACT.quantize(EXACT.create_decimal(right), Decimal(1).scaleb(-places))
    return max(len(_digits(number, places)), len(_digits(meant, places)))


def _rounded(number: Decimal, right: float) -> list[tuple[Decimal, int]]:
    """The right number at the decimals of number, and at a few more in case that zeros at its end
    are not written; down and up, since a table may be rounded either way or truncated."""
    exact, first = EXACT.create_decimal(right), _decimals(number)
    found = []
    for places in range(first, first + MORE + 1):
        unit = Decimal(1).scaleb(-places)
        down, up = (exact.quantize(unit, way, EXACT) for way in (ROUND_FLOOR, ROUND_CEILING))
        nearest = exact.quantize(unit, context=EXACT)
        ordered = sorted({down, up}, key=lambda x: x != nearest)
        found += [(meant, places) for meant in ordered]
    return found


def _decimals(number: Decimal) -> int:
    """The decimals that a number is written with."""
    return -int(number.as_tuple().exponent)


def _digits(number: Decimal, places: int) -> str:
    """The digits of a number with so many decimals, the first of which is not 0."""
    return str(abs(int(EXACT.scaleb(number, places))))
