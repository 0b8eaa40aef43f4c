"""The key of exercises: JSON goes in, what is expected of a submission comes out."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from pathlib import Path
from typing import Any

from admodes.auditing.quantity import Quantity
from admodes.auditing.worked_table import WorkedCell, WorkedTable
from admodes.errors import BadValue, Error, choices, one_line
from admodes.exercises.choosing_functions import Task
from admodes.exercises.fading import split
from admodes.exercises.levels import MODES
from admodes.exercises.series import question_of
from admodes.expression import parse

SCHEMA = "admodes.exercise/1"


@dataclass(frozen=True)
class Expected:
    """A number that a submission is to have. table: the position of its table in the exercise; row,
    label: the position and the first cell of its row; column: the title of its column; blank:
    whether the student fills it in."""

    quantity: Quantity
    table: int
    row: int
    label: str
    column: str
    right: float
    blank: bool


@dataclass(frozen=True)
class KeyExercise:
    """One exercise of a key: expressions, inputs with values, the tables as they were handed out,
    and every number that they are to hold."""

    number: int
    function: tuple[str, ...]
    point: dict[str, float]
    sheet: tuple[WorkedTable, ...]
    expected: tuple[Expected, ...]

    @cached_property
    def f(self) -> Callable:
        """The function."""
        return parse(*self.function, inputs=self.point)


@dataclass(frozen=True)
class Key:
    """What submissions are judged by."""

    title: str
    exercises: tuple[KeyExercise, ...]


def key_of(source: str | Path | Mapping[str, Any]) -> Key:
    """The key in a file, or that the data of a key are.

    A key holds "exercises", or is one exercise itself: "function" and "point" are needed, "mode" is
    "both" unless it says otherwise; without "tables" every number of every table is blank.

    Raises ValueError, which names the file and what is wrong with it, and OSError where it cannot
    be read.
    """
    name, data = "the key", source
    if isinstance(source, str | Path):
        name = str(source)
        try:
            data = json.loads(Path(source).read_bytes())
        except (ValueError, RecursionError) as error:
            raise BadValue(f"{name} is no JSON: {one_line(error)}") from error
    if not isinstance(data, Mapping) or data.get("schema") != SCHEMA:
        raise BadValue(
            f'{name} is no key: its "schema" is to be "{SCHEMA}"; admodes exercise --format json '
            "writes one"
        )
    listed = data.get("exercises", [data])
    if not isinstance(listed, list) or not listed:
        raise BadValue(f"{name}: it has no exercises")
    exercises = []
    for k, one in enumerate(listed, 1):
        try:
            exercises.append(_exercise(one, k))
        except (Error, KeyError, TypeError, ValueError, IndexError, AttributeError) as error:
            what = f"{error} is missing" if isinstance(error, KeyError) else one_line(error)
            raise BadValue(f"{name}, exercise {k}: {what}") from error
    return Key(str(data.get("title", "")), tuple(exercises))


def _exercise(data: Mapping[str, Any], k: int) -> KeyExercise:
    function = data["function"]
    function = (function,) if isinstance(function, str) else tuple(map(str, function))
    point = {str(name): float(x) for name, x in data["point"].items()}
    number = int(data.get("number", k))
    if not data.get("tables"):
        task = Task(function, point, None, "")
        mode = str(data.get("mode", "both"))
        if mode not in MODES:
            raise BadValue(f"mode {mode!r}: {choices(mode, MODES)}")
        data = question_of(number, task, mode, Fraction(1)).data()
    tables = data["tables"]
    sheet = tuple(_handed_out(table, i) for i, table in enumerate(tables))
    expected = [one for i, table in enumerate(tables) for one in _expected(table, i)]
    return KeyExercise(number, function, point, sheet, tuple(expected))


def _handed_out(table: Mapping[str, Any], position: int) -> WorkedTable:
    """A table with its blanks."""
    parts = {(b["row"], b["column"]): str(b["part"]) for b in table["blanks"]}

    def cell(i: int, j: int, text: str) -> WorkedCell:
        shown = split(text, parts[i, j])[0] if (i, j) in parts else text
        return WorkedCell(shown, shown)

    rows = tuple(
        tuple(cell(i, j, str(text)) for j, text in enumerate(line))
        for i, line in enumerate(table["rows"])
    )
    head = tuple(WorkedCell(str(text), str(text)) for text in table["head"])
    return WorkedTable(position, str(table["title"]), head, rows)


def _expected(table: Mapping[str, Any], position: int) -> list[Expected]:
    """The numbers of a table."""
    blank = {(b["row"], b["column"]) for b in table["blanks"]}
    made = []
    for figure in table["figures"]:
        row, column = int(figure["row"]), int(figure["column"])
        made.append(
            Expected(
                Quantity(**figure["quantity"]),
                position,
                row,
                str(table["rows"][row][0]),
                str(table["head"][column]),
                float(figure["right"]),
                (row, column) in blank,
            )
        )
    return made
