"""Numbers and names as a country or a program writes them: decimal commas, thousands in groups, and
v-1 for v₋₁. Which it is, is told from the whole document, since one cell alone does not say it."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import replace

from admodes.auditing.worked_table import WorkedCell, WorkedTable
from admodes.views.dialects import SUBSCRIPTS

_COMMA = re.compile(r"(?<![\w.,])\d+(?:[.,]\d+)+(?![\w,])")
"""A number with a comma or point in it."""

_GROUPED = re.compile(r"[1-9]\d{0,2}(?:,\d{3})+(?:\.\d+)?")
_GROUPED_BY_POINTS = re.compile(r"[1-9]\d{0,2}(?:\.\d{3})+,\d+")
_NEGATIVE = re.compile(r"([^\W\d_]) - \d+(?= =|$)")
"""A name with a negative index as the left side of a row; plain_text has it as a difference."""


def with_points(tables: list[WorkedTable]) -> list[WorkedTable]:
    """The tables with numbers in their texts as Python writes them, and v₋₁ for v-1.

    A comma is a decimal one where no number of the document has a point (but between groups of
    three digits before a comma), and some cell is one number with a comma that does not part
    groups of three digits, such as 0,141. Else commas between groups of three digits are left out
    where a cell is one such number, such as 1,234.5.
    """
    texts = [c.text for table in tables for line in table.rows for c in line]
    changes: list[Callable[[str], str]] = []
    if _has_decimal_commas(texts):
        changes.append(lambda text: _COMMA.sub(_with_point, text))
    else:
        changes.append(_without_groups)
    names = {match[1] for text in texts if (match := _NEGATIVE.match(text))}
    if names:
        pattern = re.compile(rf"(?<![^\W\d_])([{''.join(names)}][\u0300-\u036f]?) - (\d+)(?![\d.])")
        changes.append(lambda text: pattern.sub(_lowered, text))
    return [_changed(table, changes) for table in tables]


def _has_decimal_commas(texts: Sequence[str]) -> bool:
    ends = [text.rpartition("=")[2].strip().lstrip("-") for text in texts]
    sure = [end for end in ends if re.fullmatch(r"\d+(?:\.\d{3})*,\d+(?:e[-+]?\d+)?", end)]
    if all(map(_GROUPED.fullmatch, sure)):
        return False
    return not any(
        "." in number and not _GROUPED_BY_POINTS.fullmatch(number)
        for text in texts
        for number in re.findall(r"\d+(?:[.,]\d+)+", text)
    )


def _with_point(match: re.Match[str]) -> str:
    whole, _, decimals = match[0].rpartition(",")
    return f"{whole.replace('.', '')}.{decimals}" if whole and "," not in whole else match[0]


def _without_groups(text: str) -> str:
    left, equals, end = text.rpartition("=")
    number = end.strip().lstrip("-")
    return left + equals + end.replace(",", "") if _GROUPED.fullmatch(number) else text


def _lowered(match: re.Match[str]) -> str:
    return match[1] + f"-{match[2]}".translate(SUBSCRIPTS)


def _changed(table: WorkedTable, changes: Sequence[Callable[[str], str]]) -> WorkedTable:
    def changed(cell: WorkedCell) -> WorkedCell:
        text = cell.text
        for change in changes:
            text = change(text)
        return cell if text == cell.text else replace(cell, text=text)

    rows = tuple(tuple(map(changed, line)) for line in table.rows)
    return replace(table, head=tuple(map(changed, table.head)), rows=rows)
