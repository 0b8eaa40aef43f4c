"""The definitions of a document: its tables go in; the names of their rows come out, each with the
formula that it stands for, and what these formulas are at several points."""

from __future__ import annotations

import re
from collections.abc import Container, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from admodes.auditing.labels import label_of, plain_name, title_of
from admodes.auditing.numbers import number_of, sides
from admodes.auditing.worked_table import WorkedCell, WorkedTable
from admodes.core.carrier import quiet
from admodes.errors import Error
from admodes.expression.parser import ParsedFunction, parse

Vector = np.ndarray
"""A number at each of several points."""

ROW_E = "e0"
"""What a row named e is called in formulas, where e is 2.718 only if it is raised to a row."""

POWER_OF_E = re.compile(r"(?<!\w)e\s*\^")


@dataclass(frozen=True)
class Definition:
    """A row of a document: the name of a variable, and the formula or number that it is set to."""

    name: str
    formula: str


@lru_cache(maxsize=20000)
def parsed(formula: str) -> ParsedFunction | None:
    """A formula as a function of the names in it; None for what is none."""
    if not formula or len(formula) > 400:
        return None
    try:
        return parse(formula)
    except (Error, RecursionError):
        return None


def first_texts(table: WorkedTable) -> list[str]:
    """The first cell of every row; where that is empty, the one above."""
    texts: list[str] = []
    for row in table.rows:
        own = row[0].text if row else ""
        texts.append(own or (texts[-1] if texts else ""))
    return texts


def is_steps(table: WorkedTable) -> bool:
    """Whether the first column counts the rows."""
    texts = [row[0].text.strip("().: ") for row in table.rows if row and row[0].text]
    if len(texts) < 2 or not all(text.isdigit() for text in texts) or len(table.rows[0]) < 3:
        return False
    counts = list(map(int, texts))
    return counts == list(range(counts[0], counts[0] + len(counts))) and counts[0] in (0, 1)


def step_names(table: WorkedTable, inputs: Sequence[str]) -> dict[int, str]:
    """The names of rows that are only counted, by the letter that formulas call them with."""
    if not is_steps(table):
        return {}
    letters: dict[str, int] = {}
    for row in table.rows:
        for cell in row[1:]:
            for side in sides(cell.text):
                function = parsed(side)
                for name in map(plain_name, function.inputs if function else ()):
                    match = re.fullmatch(r"([^\W\d_]+)(\d+)", name)
                    if match and name not in inputs:
                        letters[match[1]] = letters.get(match[1], 0) + 1
    letter = max(letters, key=lambda x: letters[x]) if letters else "step"
    counted = [row[0].text.strip("().: ") for row in table.rows]
    return {i: f"{letter}{text}" for i, text in enumerate(counted) if text}


def definitions_in(
    tables: Sequence[WorkedTable], known: frozenset[str], inputs: Sequence[str]
) -> list[Definition]:
    """All definitions of a document, in order."""
    collected: dict[Definition, None] = {}
    for table in tables:
        steps = step_names(table, inputs)
        for i, row in enumerate(table.rows):
            for definition in _of_row(table, row, steps.get(i, ""), known):
                collected[definition] = None
    return list(collected)


def _of_row(
    table: WorkedTable, row: Sequence[WorkedCell], step: str, known: frozenset[str]
) -> Iterator[Definition]:
    equations = False
    for cell in row:
        name, *others = sides(cell.text)
        label = label_of(name, known) if others else None
        if label is not None and label.form == "plain" and "+" not in name:
            equations = True
            for formula in others:
                if number_of(formula) is not None or parsed(formula) is not None:
                    yield Definition(label.name, formula)
    first = label_of(row[0].text, known) if row and not equations else None
    name = step or (first.name if first is not None and first.form == "plain" else "")
    if row and first is None and not equations and _reads_a_name(row[0].text, known):
        yield Definition(row[0].text, row[0].text)
    if not name or equations:
        return
    for k, cell in enumerate(row[1:], 1):
        title = title_of(table.head[k].text, known) if k < len(table.head) else None
        if title is not None and (title.label or title.kinds & {"tangent", "adjoint", "partial"}):
            return
        for formula in sides(cell.text):
            if number_of(formula) is None and _reads_a_name(formula):
                yield Definition(name, formula)
                return


def _reads_a_name(formula: str, known: Container[str] | None = None) -> bool:
    """Whether a formula has names, all of them known ones if these are told."""
    function = parsed(formula)
    if function is None or not function.inputs:
        return False
    return known is None or all(plain_name(name) in known for name in function.inputs)


def with_row_e(formula: str) -> str:
    """A formula of a document with a row named e, where e is that row, but for e^x; e^2 is its
    square."""
    return re.sub(r"(?<!\w)e(?!\s*\^(?!\s*\d)|[^\W⁰¹²³⁴⁵⁶⁷⁸⁹])", ROW_E, formula)


def evaluated(formula: str, known: dict[str, Vector]) -> Vector | None:
    """A formula at the points, None where it reads a name that is not known."""
    if "e" in known:
        formula = with_row_e(formula)
        known = {**known, ROW_E: known["e"]}
    number = number_of(formula)
    if number is not None:
        return np.full(len(next(iter(known.values()), np.zeros(1))), number.value)
    function = parsed(formula)
    if function is None:
        return None
    names = [x if x in known else plain_name(x) for x in function.inputs]
    if not function.inputs or not all(name in known for name in names):
        return None
    return _called(function, [known[name] for name in names])


def _called(function: ParsedFunction, xs: list[Vector]) -> Vector | None:
    with quiet():
        try:
            return np.array(
                [float(function(*map(float, point))) for point in zip(*xs, strict=True)]
            )
        except (Error, TypeError, ValueError, ArithmeticError):
            return None


def same(a: Vector, b: Vector) -> bool:
    """Whether two rows are the same function, by their numbers at the points."""
    scale = np.maximum(np.abs(a), np.abs(b))
    near = np.abs(a - b) <= 1e-9 * scale + 1e-300
    return bool(np.all(near | (np.isnan(a) & np.isnan(b)) | (a == b)))
