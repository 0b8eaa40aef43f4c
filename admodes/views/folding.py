"""Where tables and lines fold: cells go in; widths of columns, and lines that fit, come out."""

from __future__ import annotations

import textwrap
from collections.abc import Callable
from dataclasses import replace

from admodes.views.dialects import Text
from admodes.views.tables import Table


def folded(line: str, width: int) -> str:
    indent = " " * (len(line) - len(line.lstrip()) + _INDENT)
    return textwrap.fill(
        line, width, subsequent_indent=indent, break_long_words=False, break_on_hyphens=False
    )


def narrowed(table: Table, width: int) -> list[tuple[Table, list[int]]]:
    """A table that is too wide, as one or more that fit, each with the widths of its columns."""
    blocks = blocks_of(table, *measured(table, len, _INDENT), width)
    if len(blocks) > 1:
        apart = [[c.replace(f"×{Text.thin}", "× ") for c in line] for line in table.rows]
        table = replace(table, rows=apart)
        blocks = blocks_of(table, *measured(table, len, _INDENT), width)
    rooms = (width - 2 * len(block.head) + 2 for block in blocks)
    return [
        (b, shares_of(*measured(b, len, _INDENT), r)) for b, r in zip(blocks, rooms, strict=True)
    ]


def tabulated(table: Table, widths: list[int] | None = None, style: str = "simple") -> str:
    from tabulate import tabulate  # only where a table is drawn: importing it takes time

    rows = table.rows
    if widths is not None:
        rows = [list(map(_wrapped, line, widths)) for line in rows]
    return tabulate(rows, table.head, tablefmt=style, disable_numparse=True)


MOST_FOLDS = 3
"""A first column is not folded into more lines where the table can be parted."""

_INDENT = 2
"""Columns by which the lines of a cell begin later that continue it."""


def _wrapped(cell: str, width: int) -> str:
    """The lines of a cell."""
    indent = " " * _INDENT
    return textwrap.fill(
        cell, width, subsequent_indent=indent, break_long_words=False, break_on_hyphens=False
    )


def measured(
    table: Table, length: Callable[[str], int], indent: int = 0
) -> tuple[list[int], list[int]]:
    """The widest cell and the longest word of every column, with the indent of a line that
    continues. tabulate pads the heads by 2."""
    widest, longest = [], []
    for k, head in enumerate(table.head):
        cells = [line[k] for line in table.rows]
        words = [cell.split(" ") for cell in cells]
        widest.append(max([length(head) + 2, *map(length, cells)]))
        firsts = (length(first) for first, *_ in words)
        others = (length(word) + indent for _, *more in words for word in more)
        longest.append(max([length(head) + 2, *firsts, *others]))
    return widest, longest


def blocks_of(table: Table, widest: list[int], longest: list[int], width: int) -> list[Table]:
    """The table, or where the words of its columns do not fit side by side, or leave the first one
    so little that its cells become columns of words, tables of some of the columns, the first in
    each."""
    columns = range(1, len(longest))
    room = width - sum(longest[1:]) - 2 * len(columns)
    if len(longest) < 3 or (room >= longest[0] and room * MOST_FOLDS >= widest[0]):
        return [table]
    first = max(longest[0], min(widest[0], width // 3))
    groups: list[list[int]] = [[0]]
    for k in columns:
        used = first + sum(longest[i] + 2 for i in groups[-1][1:])
        if len(groups[-1]) > 1 and used + longest[k] + 2 > width:
            groups.append([0])
        groups[-1].append(k)
    return [
        Table(
            table.title,
            [table.head[k] for k in group],
            [[line[k] for k in group] for line in table.rows],
            [table.math[k] for k in group],
        )
        for group in groups
    ]


def shares_of(widest: list[int], longest: list[int], available: int) -> list[int]:
    """Column widths that fit and break no word: narrow columns keep theirs, the others share the
    rest."""
    shares = [0] * len(widest)
    open_columns = sorted(range(len(widest)), key=lambda k: widest[k])
    while open_columns:
        k = open_columns.pop(0)
        fair = available // (len(open_columns) + 1)
        spare = available - sum(longest[i] for i in open_columns)
        shares[k] = max(longest[k], min(widest[k], fair, spare))
        available -= shares[k]
    return shares
