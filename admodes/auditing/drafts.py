"""What the readers of the formats hand over, and how it becomes tables: which rows are a head,
cells that are lacking, and how many cells a document may have."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from admodes.auditing.plain_mathematics import plain_text
from admodes.auditing.worked_table import WorkedCell, WorkedTable
from admodes.errors import BadValue

MOST_CHARACTERS = 2**21
"""The length of a text up to which tables are looked for in it."""

MOST_CELLS = 100_000
"""Cells of a document, with those that fill up short rows."""

EMPTY = WorkedCell("", "")
NUMBER = re.compile(r"[-+]?(?:\d+(?:[.,]\d+)*|\.\d+)(?:[eE][-+]?\d+)?|[-+]?(?:inf|nan)")


@dataclass
class Draft:
    """A table as a document has it. lines: its rows from the top, of any lengths. heads: how many
    of them are titles; None where the format does not say."""

    heading: str
    lines: list[list[WorkedCell]]
    heads: int | None = None


def cell(written: str, source: str | None = None) -> WorkedCell:
    """A cell from what is written; source is the mathematics of it where that is not the same."""
    return WorkedCell(written.strip(), plain_text(written if source is None else source))


def check_length(length: int) -> None:
    """Refuse a text of too many characters. Raises BadValue."""
    if length > MOST_CHARACTERS:
        raise BadValue(
            f"the document has {length:,} characters of text, up to {MOST_CHARACTERS:,} are read: "
            "audit the tables of one derivation"
        )


def check_size(cells: int) -> None:
    """Refuse a document of too many cells. Raises BadValue."""
    if cells > MOST_CELLS:
        raise BadValue(
            f"the document has more than {MOST_CELLS:,} cells: audit the tables of one derivation"
        )


def finished(drafts: Iterable[Draft]) -> list[WorkedTable]:
    """The tables, without those that have no cells. Raises BadValue for too many cells."""
    tables: list[WorkedTable] = []
    used = 0
    for draft in drafts:
        lines = list(map(_trimmed, draft.lines))
        width = max(map(len, lines), default=0)
        kept = sum(map(bool, lines))
        used += width * kept
        check_size(used)
        count = _heads(draft, lines)
        head = _joined_heads([line for line in lines[:count] if line], width)
        rows = [(*line, *[EMPTY] * (width - len(line))) for line in lines[count:] if line]
        if rows:
            heading = plain_text(draft.heading)
            tables.append(WorkedTable(len(tables), heading, head, tuple(rows)))
    return tables


def _trimmed(line: Sequence[WorkedCell]) -> list[WorkedCell]:
    """A line without empty cells at its end."""
    length = next((k for k in range(len(line), 0, -1) if line[k - 1].written), 0)
    return list(line[:length])


def _heads(draft: Draft, lines: list[list[WorkedCell]]) -> int:
    """How many lines are a head: what the format says, unless these hold numbers with decimals or
    equations, as where Markdown has a head because it must; else the first line, if it has words
    alone and others have numbers."""
    if draft.heads is not None:
        held = [c.text for line in lines[: draft.heads] for c in line if c.text]
        data = any("=" in text or is_decimal(text) for text in held)
        numbers = bool(held) and all(map(NUMBER.fullmatch, held))
        row = len(held) == 2 and NUMBER.fullmatch(held[1]) is not None
        return 0 if data or numbers or row else draft.heads
    first = [c.text for c in lines[0]] if lines else []
    later = any(has_value(c.text) for line in lines[1:] for c in line)
    titles = any(first) and not any(map(has_value, first)) and not first[0].startswith("∂")
    return int(titles and later)


def is_decimal(text: str) -> bool:
    return "." in text and NUMBER.fullmatch(text) is not None


def has_value(text: str) -> bool:
    """Whether a cell holds a number or an equation."""
    return "=" in text or NUMBER.fullmatch(text) is not None


def _joined_heads(lines: list[list[WorkedCell]], width: int) -> tuple[WorkedCell, ...]:
    """Titles over several lines as one for each column."""
    if len(lines) < 2:
        return (*lines[0], *[EMPTY] * (width - len(lines[0]))) if lines else ()
    columns = [
        list(dict.fromkeys(line[k] for line in lines if k < len(line) and line[k].written))
        for k in range(width)
    ]
    return tuple(
        WorkedCell(" ".join(c.written for c in column), " ".join(c.text for c in column))
        for column in columns
    )
