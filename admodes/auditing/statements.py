"""Equations without numbers: the rows of a document go in; the verdict on each side that is a rule,
or an equation of arrays of the function, comes out."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from admodes.auditing.judged import Judged
from admodes.auditing.labels import label_of
from admodes.auditing.numbers import number_of, sides
from admodes.auditing.result import Cell
from admodes.auditing.rules import judged_rule
from admodes.auditing.worked_table import WorkedCell, WorkedTable

Judging = Callable[[str, str], Judged | None]
"""The verdict on an equation by its sides, None where it cannot be judged."""

_FUNCTIONS = ("f", "f(x)", "function", "funktion", "y", "u")
_DERIVATIVES = ("f'", "f'(x)", "f′", "f′(x)", "derivative", "df/dx", "d/dx", "y'", "ableitung")


def statements_of(tables: Sequence[WorkedTable], arrays: Judging | None) -> list[Cell]:
    """The sides of equations that can be judged without rows. arrays: what judges equations of
    arrays, where the function has any."""
    cells: list[Cell] = []
    for table in tables:
        heads = [cell.text.strip().lower() for cell in table.head]
        listed = len(heads) >= 2 and heads[0] in _FUNCTIONS and heads[1] in _DERIVATIVES
        above: WorkedCell | None = None
        for i, row in enumerate(table.rows):
            if listed and len(row) > 1:
                cells += _listed(table, i, row)
                continue
            if row and row[0].text:
                above = row[0]
            cells += _equation(table, i, row, above, arrays)
    return cells


def _listed(table: WorkedTable, i: int, row: Sequence[WorkedCell]) -> Iterator[Cell]:
    """A row of a table of functions with their derivatives."""
    judged = judged_rule(row[0].text, row[1].text)
    if judged is None:
        judged = judged_rule(f"d/dx ({row[0].text})", row[1].text)
    if judged is not None:
        yield _cell(table, i, 1, row[0].written, row[1].text, judged)


def _equation(
    table: WorkedTable,
    i: int,
    row: Sequence[WorkedCell],
    above: WorkedCell | None,
    arrays: Judging | None,
) -> Iterator[Cell]:
    """A row that is an equation: in one cell, or its left side in the first and what it equals in
    the next ones."""
    for k, cell in enumerate(row):
        left, *rights = sides(cell.text)
        left = left.rpartition(":")[2].strip()
        written = left
        whole = k == 0 or (len(rights) > 0 and judged_rule(left, rights[0]) is not None)
        if not whole and above is not None:
            rights = [part for part in (left, *rights) if part]
            left, written = sides(above.text)[0], above.written
        for right in rights:
            if right in ("", "-"):
                continue
            judged = judged_rule(left, right)
            if judged is None and arrays is not None and _is_symbolic(left, right):
                judged = arrays(left, right)
            if judged is not None:
                given = cell.written if "=" not in cell.text else right
                yield _cell(table, i, k, written, given, judged)


def _is_symbolic(left: str, right: str) -> bool:
    """Whether a side is no number, but for the seed of an adjoint."""
    label = label_of(left)
    return number_of(right) is None or (right == "1" and label is not None and label.form == "bar")


def _cell(table: WorkedTable, i: int, k: int, written: str, given: str, judged: Judged) -> Cell:
    title: str | int = table.head[k].written if k < len(table.head) else k
    return Cell(
        *(table.position, written, title if title != "" else k, i, k, given),
        judged.right,
        "right" if judged.holds else "wrong",
        None if judged.holds else [cause.name for cause in judged.causes],
        tuple(cause.text for cause in judged.causes),
    )
