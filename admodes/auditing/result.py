"""Audit: the verdict on every number of a document."""

from __future__ import annotations

import html
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from admodes.auditing.numbers import sides
from admodes.auditing.quantity import Quantity
from admodes.auditing.worked_table import WorkedTable
from admodes.views.dialects import scalar_text
from admodes.views.documents import document
from admodes.views.result import Result
from admodes.views.tables import Table

VERDICTS = ("right", "rounded", "wrong", "follows")

MARKS = {"wrong": "✗", "follows": "↳"}
"""What stands beside a number that is wrong, and beside one that follows from such a number."""

_STYLE = """td.wrong { background: #ffd6d6; } td.follows { background: #fff0c2; }
td.right, td.rounded { background: #e5f5e5; } td small { display: block; }
"""


@dataclass
class Cell:
    """The verdict on a number, or on a side of an equation without numbers.

    table: the position of the table in the document; row: the first cell of the row as written;
    column: the title of the column as written, or its position. row_index, column_index: the place
    of the cell. written: as the document has it; right: the number at full precision, or the
    corrected text. cause: the likeliest causes, None unless it is wrong, or right beside an
    equation that does not hold; texts: a sentence for each. source: of a number that follows, the
    mistaken cell that it goes back to. quantity: what the number is.
    """

    table: int
    row: str
    column: str | int
    row_index: int
    column_index: int
    written: str
    right: float | str
    verdict: str
    cause: list[str] | None = None
    texts: tuple[str, ...] = ()
    source: Cell | None = None
    quantity: Quantity | None = None

    def data(self) -> dict[str, Any]:
        """The cell as the contract has it."""
        return {
            "table": self.table,
            "row": self.row,
            "column": self.column,
            "given": self.written,
            "right": self.right,
            "verdict": self.verdict,
            "cause": self.cause,
            "because_of": None if self.source is None else self.source.where(),
            "why": list(self.texts),
        }

    def where(self) -> dict[str, Any]:
        """Where it stands."""
        return {"table": self.table, "row": self.row, "column": self.column}

    def note(self, digits: int | None) -> str:
        """What is to be said of the cell, empty where it is right."""
        if self.verdict == "follows" and self.source is not None:
            return f"follows from {self.source.written} in {sides(self.source.row)[0]}"
        if not self.cause:
            return "" if self.verdict != "wrong" else "no known mistake gives this"
        texts = [
            f"{name} ({text})" if text else name
            for name, text in zip(self.cause, self.texts or [""] * len(self.cause), strict=True)
        ]
        return "; ".join(texts)


@dataclass
class Audit(Result):
    """The verdict on every number of a document (JSON contract "admodes.audit/1").

    cells: the verdicts, in the order of the document. rounding: how the numbers were rounded, by
    what agrees best. unjudged: the numbers that nothing could be said of, as (table, row, column,
    written, reason). notes: what else there is to know. tables are those of the document. `passed`
    says whether nothing is wrong.
    """

    function: str
    cells: list[Cell]
    rounding: str
    documents: Sequence[WorkedTable]
    unjudged: list[tuple[int, str, str | int, str, str]] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    title: str = ""

    schema = "admodes.audit/1"

    @property
    def passed(self) -> bool:
        """Whether no cell is wrong and none follows from a wrong one."""
        return not any(cell.verdict in ("wrong", "follows") for cell in self.cells)

    @property
    def summary(self) -> dict[str, int]:
        """How many cells there are of each verdict, and how many were not judged."""
        counts = Counter(cell.verdict for cell in self.cells)
        return {
            "cells": len(self.cells),
            **{verdict: counts[verdict] for verdict in VERDICTS},
            "not judged": len(self.unjudged),
        }

    def _data(self) -> dict[str, Any]:
        return {
            "schema": self.schema,
            "function": self.function,
            "cells": [cell.data() for cell in self.cells],
            "rounding": self.rounding,
            "summary": self.summary,
            "notes": self._notes(),
        }

    def _notes(self) -> list[str]:
        reasons = Counter((table, reason) for table, _, _, _, reason in self.unjudged)
        left = [
            f"table {table}: {n} number{'s' * (n != 1)} not judged: {reason}"
            for (table, reason), n in reasons.items()
        ]
        return [*self.notes, *left]

    def tables(self, format: str = "text", digits: int | None = 6) -> list[Table]:
        """The mistakes with their causes, and the document with marks: ✗ beside what is wrong, ↳
        beside what follows. digits: decimals of the right numbers."""
        wrong = [c for c in self.cells if c.verdict in MARKS or c.cause]
        rows = [
            [
                f"{MARKS.get(c.verdict, '')} {c.verdict}".strip(),
                str(c.table),
                sides(c.row)[0],
                str(c.column),
                c.written,
                _shown(c.right, digits),
                c.note(digits),
            ]
            for c in wrong
        ]
        head = ["Verdict", "Table", "Row", "Column", "Written", "Right", "Why"]
        counts = ", ".join(f"{n} {name}" for name, n in self.summary.items() if name != "cells")
        notes = [f"{counts}; {self.rounding}", *self._notes()]
        plain = [False] * len(head)
        first = Table("Mistakes" if rows else "No mistakes", head, rows, plain, notes)
        if not rows:
            first = Table("No mistakes", [], [], [], notes)
        return [first, *(self._marked(table) for table in self.documents)]

    def _marked(self, table: WorkedTable) -> Table:
        """A table of the document with its marks."""
        marks = self._by_place()
        rows = []
        for i, row in enumerate(table.rows):
            cells = []
            for k, cell in enumerate(row):
                found = marks.get((table.position, i, k))
                mark = MARKS.get(found.verdict, "") if found is not None else ""
                cells.append(f"{cell.text} {mark}".strip())
            rows.append(cells)
        head = [cell.text for cell in table.head]
        width = len(rows[0]) if rows else len(head)
        head = head or [""] * width
        title = table.heading or f"Table {table.position}"
        return Table(title, head, rows, [False] * len(head))

    def _by_place(self) -> dict[tuple[int, int, int], Cell]:
        """The worst cell at each place."""
        worst: dict[tuple[int, int, int], Cell] = {}
        for cell in self.cells:
            place = cell.table, cell.row_index, cell.column_index
            known = worst.get(place)
            if known is None or (cell.verdict in MARKS and known.verdict not in MARKS):
                worst[place] = cell
        return worst

    def _written(
        self, format: str, width: int, fragment: bool, options: dict[str, Any]
    ) -> str | None:
        if format != "html":
            return None
        from admodes.views.html_tables import html_tables

        digits = options.get("digits", 6)
        summary = html_tables(self.tables("html", **options)[:1], self.title, True)
        parts = [self._page(table, digits) for table in self.documents]
        body = summary + "\n".join(parts) + "\n"
        if fragment:
            return f"<style>\n{_STYLE}</style>\n{body}"
        return document(body, "html", self.title or "Audit", _STYLE)

    def _page(self, table: WorkedTable, digits: int | None) -> str:
        """A table of the document as HTML, its cells coloured by their verdicts."""
        marks = self._by_place()
        lines = []
        for i, row in enumerate(table.rows):
            cells = []
            for k, cell in enumerate(row):
                found = marks.get((table.position, i, k))
                cells.append(_html_cell(cell.text, found, digits))
            lines.append(f"<tr>{''.join(cells)}</tr>")
        head = "".join(f"<th>{html.escape(cell.text)}</th>" for cell in table.head)
        title = html.escape(table.heading or f"Table {table.position}")
        grid = f"<table>\n<thead><tr>{head}</tr></thead>\n<tbody>\n{chr(10).join(lines)}\n</tbody>"
        return f'<h2>{title}</h2>\n<div class="wide">{grid}\n</table></div>'


def _html_cell(text: str, cell: Cell | None, digits: int | None) -> str:
    if cell is None:
        return f"<td>{html.escape(text)}</td>"
    mark = MARKS.get(cell.verdict, "")
    why = cell.note(digits)
    right = f"right: {_shown(cell.right, digits)}" if mark else ""
    more = "; ".join(part for part in (right, why) if part)
    small = f"<small>{html.escape(more)}</small>" if more else ""
    shown = html.escape(text)
    shown = f"<mark>{shown} {mark}</mark>" if mark else shown
    return f'<td class="{cell.verdict}">{shown}{small}</td>'


def _shown(x: float | str, digits: int | None) -> str:
    return x if isinstance(x, str) else scalar_text(x, digits)
