"""Which cells of an exercise are blank: from one exercise of a series to the next more of them, and
within a table the last steps before the first ones (backward fading; Renkl and Atkinson 2003)."""

from __future__ import annotations

import math
from dataclasses import dataclass
from fractions import Fraction
from typing import Literal

from admodes.auditing.quantity import Quantity
from admodes.exercises.worksheets import Worksheet

BLANK = "____"
"""What stands in the place of what is to be filled in."""

Part = Literal["result", "evaluation", "formula", "cell"]


@dataclass(frozen=True)
class Blank:
    """A blank of a table. part: what of the cell is blank: the result (after the last sign of
    equality), the whole evaluation, the formula (after the first one), or all of the cell."""

    row: int
    column: int
    part: Part


def stage(k: int, count: int) -> Fraction:
    """How far the k-th of so many exercises has faded, from 0 to 1; one alone leaves all numbers
    blank."""
    return Fraction(k, count - 1) if count > 1 else Fraction(2, 3)


def blanks_of(sheet: Worksheet, lines: list[list[str]], faded: Fraction) -> list[Blank]:
    """The blanks of a table with these cells.

    In the first third results go, from the last one of the table upwards; in the second third the
    evaluations, in the last third the formulas; at the end nothing stands there but the titles.
    """
    places: dict[Quantity, int] = {}
    for figure in sheet.figures:
        places.setdefault(figure.quantity, len(places))
    n = len(places)
    results, evaluations, formulas = (_share(faded - Fraction(k, 3), n) for k in range(3))
    made = []
    for figure in sheet.figures:
        below = n - places[figure.quantity]
        if below > max(results, 1):
            continue
        part: Part = "evaluation" if below <= evaluations else "result"
        made.append(Blank(figure.row, figure.column, "cell" if faded == 1 else part))
        if faded == 1 and sheet.kind != "jacobian":
            others = (j for j in range(len(lines[figure.row])) if j != figure.column)
            made += [Blank(figure.row, j, "cell") for j in others]
        elif below <= formulas and " = " in lines[figure.row][0]:
            made.append(Blank(figure.row, 0, "formula"))
    return sorted(made, key=lambda blank: (blank.row, blank.column))


def _share(faded: Fraction, n: int) -> int:
    """How many of n go, where a third of the way makes them all go."""
    return math.ceil(n * min(max(3 * faded, Fraction(0)), Fraction(1)))


def split(cell: str, part: str) -> tuple[str, str]:
    """What stays of a cell, and the answer.

    >>> split("2 × 3 = 6", "result"), split("v2 = v0 v1", "formula"), split("6", "result")
    (('2 × 3 = ', '6'), ('v2 = ', 'v0 v1'), ('', '6'))
    """
    cut = {"result": cell.rpartition, "formula": cell.partition}.get(part)
    if cut is None:
        return "", cell
    before, sign, after = cut(" = ")
    return before + sign, after
