"""The tables of one exercise: what a trace prints, and which number of the derivation each of its
cells is about."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

from admodes.auditing.quantity import Kind, Quantity
from admodes.tracing.trace import Trace
from admodes.views.tables import Table

TABLES = {
    "forward": ("evaluation", "partials", "forward", "jacobian"),
    "reverse": ("evaluation", "partials", "reverse", "jacobian"),
    "both": ("evaluation", "partials", "forward", "reverse", "jacobian"),
}
"""The kinds of tables that an exercise on a mode has."""

DIGITS = 3
"""Decimals that are printed: pleasant numbers have no more."""


@dataclass(frozen=True)
class Figure:
    """A cell with a number: its row and column in the table, and what it is; right is the number,
    None where the line only repeats one that stands above."""

    row: int
    column: int
    quantity: Quantity
    right: float | None


@dataclass(frozen=True)
class Worksheet:
    """A table of an exercise. kind: one of TABLES; direction: the input or output that it is for;
    figures: its cells with numbers, in the order of reading."""

    kind: str
    direction: str
    figures: tuple[Figure, ...]


def worksheets_of(t: Trace, mode: str) -> list[Worksheet]:
    """The tables of a trace, in the order in which tables_of prints them."""
    made = [Worksheet("evaluation", "", tuple(_values(t)))]
    partials = tuple(_partials(t))
    made += [Worksheet("partials", "", partials)] if partials else []
    if mode != "reverse":
        made += [Worksheet("forward", x["name"], tuple(_tangents(t, x["name"]))) for x in t.inputs]
    if mode != "forward":
        made += [Worksheet("reverse", y["name"], tuple(_adjoints(t, y["name"]))) for y in t.outputs]
    return [*made, Worksheet("jacobian", "", tuple(_entries(t)))]


def tables_of(t: Trace, mode: str, format: str) -> list[Table]:
    """The tables as a format has them, without what is said below them: that would be an answer."""
    tables = t.tables(format, digits=DIGITS, tables=TABLES[mode])
    tables[-1] = replace(tables[-1], title="Jacobian", matrix="")
    return [replace(table, notes=[]) for table in tables]


def _down(
    t: Trace, kind: Kind, direction: str, numbers: list[Any], column: int
) -> Iterator[Figure]:
    """A line for each row, and one for each output that is not the name of a row."""
    lines = [(r, x, True) for r, x in enumerate(numbers) if x is not None]
    for y in t.outputs:
        if y["row"] is not None and t.rows[y["row"]].name != y["name"]:
            lines += [(y["row"], numbers[y["row"]], False)]
    for place, (r, x, first) in enumerate(lines):
        yield Figure(place, column, Quantity(kind, r, direction), x if first else None)


def _values(t: Trace) -> Iterator[Figure]:
    return _down(t, "value", "", [row.value for row in t.rows], 1)


def _tangents(t: Trace, x: str) -> Iterator[Figure]:
    return _down(t, "tangent", x, [row.tangents[x] for row in t.rows], 2)


def _adjoints(t: Trace, y: str) -> Iterator[Figure]:
    reached = [row for row in reversed(t.rows) if row.adjoints[y] is not None]
    for place, row in enumerate(reached):
        yield Figure(place, 1, Quantity("adjoint", row.row, y), row.adjoints[y])


def _partials(t: Trace) -> Iterator[Figure]:
    place = 0
    for row in t.rows:
        for k, arg in enumerate(row.args):
            if "row" in arg and row.partials[k] is not None:
                yield Figure(place, 1, Quantity("partial", row.row, "", k), row.partials[k])
                place += 1


def _entries(t: Trace) -> Iterator[Figure]:
    matrix = t.jacobian["forward"] or t.jacobian["reverse"]
    for i, (y, line) in enumerate(zip(t.outputs, matrix, strict=True)):
        for j, (x, entry) in enumerate(zip(t.inputs, line, strict=True)):
            yield Figure(i, j + 1, Quantity("entry", y["row"], x["name"]), entry)
