"""What a document holds before anyone judges it: tables of cells, as text.

The readers of the formats make these, everything after them reads nothing else.
"""

from __future__ import annotations

from dataclasses import dataclass

UNKNOWN = "?"
"""The text of a cell that says nothing, as a formula of a spreadsheet, which is not run."""


@dataclass(frozen=True)
class WorkedCell:
    """One cell.

    written: as the document has it, without what separates cells, such as `$\\bar{v}_2 = 2$`.
    text: the same mathematics as plain text, such as `v̄2 = 2`: one line, the signs of the text
    tables of admodes (− and other minus signs as -, · and × as ×), LaTeX and HTML resolved.
    """

    written: str
    text: str


@dataclass(frozen=True)
class WorkedTable:
    """One table.

    position: its place among the tables of the document, from 0. heading: the text that announces
    it, a caption or the title above it, empty where there is none. head: the titles of the columns,
    empty where no row is a head. rows: all as long as the longest; a cell that a row lacks is
    empty.
    """

    position: int
    heading: str
    head: tuple[WorkedCell, ...]
    rows: tuple[tuple[WorkedCell, ...], ...]
