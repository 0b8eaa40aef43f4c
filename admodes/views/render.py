"""Tables (title, head, rows, notes) go in; text, GitHub Markdown, LaTeX, HTML or CSV comes out."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable, Sequence
from dataclasses import replace

from admodes.errors import BadValue, choices
from admodes.views.dialects import MATHEMATICS, Text
from admodes.views.documents import dollars, heading, marked_up, title_of, unmarked
from admodes.views.folding import folded, narrowed, tabulated
from admodes.views.html_tables import html_tables
from admodes.views.latex_tables import latex_tables
from admodes.views.tables import Table, matrix_of
from admodes.views.visible import visible

FORMATS = ("text", "markdown", "latex", "html", "csv")


def render(
    tables: list[Table], format: str, *, title: str = "", width: int = 80, fragment: bool = False
) -> str:
    """The tables in a format: text, markdown, latex, html or csv (which has no notes). fragment:
    LaTeX and HTML without the document around them. width: columns at which text tables fold.

    Raises ValueError for an unknown format.

    >>> print(render([Table("Squares", ["x", "x²"], [["2", "4"]], [False, False])], "text"), end="")
    Squares
    x    x²
    ---  ----
    2    4
    """
    check_format(format, (*FORMATS, MATHEMATICS))
    tables, title = list(map(_visible, tables)), visible(title, lines=False)
    writers: dict[str, Callable[[], str]] = {
        "text": lambda: _text(tables, title, width),
        "markdown": lambda: _markdown(tables, title, format),
        MATHEMATICS: lambda: _markdown(tables, title, format),
        "latex": lambda: latex_tables(tables, title, fragment),
        "html": lambda: html_tables(tables, title, fragment),
        "csv": lambda: _csv(tables),
    }
    return writers[format]().replace(Text.thin, " ")


def check_format(format: str, formats: Sequence[str]) -> None:
    """Refuse a format that is unknown. Raises ValueError."""
    if format not in formats:
        raise BadValue(f"format {format!r} is unknown; {choices(format, formats)}")


def _visible(table: Table) -> Table:
    """The table with every cell in one line that steers no terminal."""

    def shown(cells: list[str]) -> list[str]:
        return [visible(cell, lines=False) for cell in cells]

    title = visible(table.title, lines=False)
    rows = list(map(shown, table.rows))
    notes = [visible(note) for note in table.notes]
    return replace(table, title=title, head=shown(table.head), rows=rows, notes=notes)


def _text(tables: list[Table], title: str, width: int) -> str:
    parts = [folded(title, width)] if title else []
    for table in tables:
        grid = tabulated(table) if table.rows else "(no rows)"
        if table.rows and max(map(len, grid.splitlines())) > width:
            grid = "\n\n".join(tabulated(*narrow) for narrow in narrowed(table, width))
        notes = [folded(f"  {note}", width) for note in table.notes]
        parts.append("\n".join([folded(table.title, width), grid, *notes]))
    return "\n\n".join(parts) + "\n"


def _markdown(tables: list[Table], title: str, format: str) -> str:
    """format: with formulas as plain text, or as mathematics."""
    prose = unmarked if format == "markdown" else marked_up
    parts = [f"# {title_of(title, format)}"] if title else []
    for table in tables:
        matrix = matrix_of(table) if format == MATHEMATICS else ""
        grid = f"$$\n{matrix}\n$$" if matrix else _grid(table, format)
        notes = "".join(f"\n- {prose(note)}" for note in table.notes)
        parts.append(f"{heading(table.title, format)}{grid}" + (f"\n{notes}" if notes else ""))
    return "\n\n".join(parts) + "\n"


def _grid(table: Table, format: str) -> str:
    def cell(text: str, math: bool) -> str:
        if format == "markdown":
            return unmarked(text).replace("|", r"\|")
        return f"${dollars(text)}$" if math and text else marked_up(text).replace("|", r"\|")

    head = [cell(text, False) for text in table.head]
    rows = [list(map(cell, line, table.math)) for line in table.rows]
    return tabulated(replace(table, head=head, rows=rows), style="github")


def _csv(tables: list[Table]) -> str:
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\n")
    for table in tables:
        for line in ([table.head] if table.head else []) + table.rows:
            writer.writerow(map(harmless, [table.title, *line]))
    return stream.getvalue()


_NUMBER = re.compile(r"[-+]?(\d+\.?\d*|\.\d+)(e[-+]?\d+)?|[-+]?(inf|nan)", re.IGNORECASE)


def harmless(cell: str) -> str:
    """A cell that no spreadsheet takes for a formula; numbers stay what they are."""
    formula = cell.startswith(("=", "+", "-", "@", "\t", "\r")) and not _NUMBER.fullmatch(cell)
    return f"'{cell}" if formula else cell
