"""The numbers of tables with what stands around them: tables go in; slots come out, each with its
number, the label that says what it is about, and what the title of its column says."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from admodes.auditing.definitions import first_texts, is_steps, parsed, step_names
from admodes.auditing.labels import Label, Title, label_of, title_of
from admodes.auditing.numbers import (
    Number,
    has_decimal_commas,
    last_number,
    number_of,
    sides,
    vector_of,
)
from admodes.auditing.worked_table import WorkedCell, WorkedTable

ADDS = re.compile(r"\+\s*=")
"""What a statement that adds has: v̄1 += v̄4 ∂v4/∂v1."""

_GRADIENT = re.compile(r"\s*(∇|grad\b|gradient|jacobian)", re.IGNORECASE)
_WORD = re.compile(r"[^\W\d_]{4,}")
_COUNTS = re.compile(r"(?:step|row|line|nr|no|#|index|i|k)\.?", re.IGNORECASE)


@dataclass(frozen=True, eq=False)
class Slot:
    """A number of a table. table, row, column: its place, by position; first: the first cell of its
    row as written; title: that of its column as written, or the position. label: what it is about;
    says: what the title of its column says; text: the whole cell. parts: of a vector its numbers.
    formula: the text that has the label; leads: whether it is the first number beside the formula
    of its row."""

    table: int
    row: int
    column: int
    first: str
    title: str | int
    text: str
    number: Number
    label: Label | None
    says: Title
    parts: tuple[Number, ...] = ()
    formula: str = ""
    leads: bool = False

    @property
    def adds(self) -> bool:
        """Whether it is a contribution that is added to what was there."""
        return ADDS.search(self.formula) is not None


def slots_of(
    tables: Sequence[WorkedTable], known: frozenset[str], inputs: Sequence[str]
) -> list[Slot]:
    """The numbers of tables, in order. known: names of variables; inputs: those of the inputs."""
    return [slot for table in tables for slot in _of_table(table, known, inputs)]


def _of_table(table: WorkedTable, known: frozenset[str], inputs: Sequence[str]) -> Iterator[Slot]:
    comma = has_decimal_commas([cell.text for row in table.rows for cell in row])
    counted, names = is_steps(table), step_names(table, inputs)
    firsts, written = first_texts(table), _written_firsts(table)
    titles = [title_of(cell.text, known) for cell in table.head]
    for i, row in enumerate(table.rows):
        first_number = True
        for k, cell in enumerate(row):
            if k == 0 and (counted or _is_count(table, cell)):
                continue
            number, parts = last_number(cell.text, comma), vector_of(_last(cell.text), comma) or []
            if number is not None and number.exact and _reads_row_e(cell.text, known):
                number = None
            if number is None and not parts:
                continue
            says = titles[k] if k < len(titles) else Title()
            label, formula = _label(table, i, k, firsts[i], names.get(i, ""), known)
            if label is None and k < len(table.head):
                label, says = _turned(table.head[k], firsts[i], says, known)
            title: str | int = table.head[k].written if k < len(table.head) else k
            slot = Slot(
                *(table.position, i, k, written[i], title if title != "" else k, cell.text),
                number or Number(_last(cell.text), parts[0].value, parts[0].decimals, 1),
                label,
                says,
                tuple(parts) if number is None else (),
                formula,
                first_number and (_is_formula(formula) or _is_formula(f"= {cell.text}")),
            )
            gradient = slot.parts and len(parts) == len(inputs) and _GRADIENT.match(firsts[i])
            yield from _entries(slot, inputs) if gradient else [slot]
            first_number = False


def _reads_row_e(text: str, known: frozenset[str]) -> bool:
    """Whether the e in a formula of numbers is a row of that name."""
    return "e" in known and re.search(r"(?<!\w)e(?!\w)", _last(text)) is not None


def _entries(slot: Slot, inputs: Sequence[str]) -> Iterator[Slot]:
    """The numbers of a gradient in one cell, each about its input."""
    for name, number in zip(inputs, slot.parts, strict=True):
        yield replace(slot, number=number, label=Label("quotient", "f", name), parts=())


def _is_formula(text: str) -> bool:
    """Whether an equation sets a name to a formula of others."""
    return any(
        number_of(side) is None and (function := parsed(side)) is not None and function.inputs
        for side in sides(text)[1:]
    )


def _last(text: str) -> str:
    return sides(text)[-1]


def _is_count(table: WorkedTable, cell: WorkedCell) -> bool:
    if not table.head or len(table.head) < 2 or "=" in cell.text:
        return False
    return bool(_COUNTS.fullmatch(table.head[0].text.strip()))


def _written_firsts(table: WorkedTable) -> list[str]:
    texts: list[str] = []
    for row in table.rows:
        own = row[0].written if row and row[0].text else ""
        texts.append(own or (texts[-1] if texts else ""))
    return texts


def _label(
    table: WorkedTable, i: int, k: int, first: str, step: str, known: frozenset[str]
) -> tuple[Label | None, str]:
    """What the number in column k is about, and the text that says it: the cell itself, or the
    nearest to the left that is an equation or bears the mark of a derivative, or the leftmost
    name; a formula where there is no name."""
    row = table.rows[i]
    name, *others = sides(row[k].text)
    own = _known_label(name, known) if others or k == 0 else None
    if own is not None and number_of(name) is None:
        return own, row[k].text
    plain: tuple[Label, str] | None = (Label("plain", step), step) if step else None
    formula = ""
    for j in range(k - 1, -1, -1):
        text = first if j == 0 and not row[0].text else row[j].text
        name, *others = sides(text)
        label = _known_label(name, known)
        if label is not None and (label.form != "plain" or others):
            return label, text
        if label is not None and (not step or label.name in known) and (j == 0 or plain is None):
            plain = plain if step else (label, text)
        elif label is None and number_of(text) is None and re.search(r"[^\W\d_]", text):
            formula = text
    if plain is not None:
        return plain
    return (Label("plain", formula), formula) if formula else (None, "")


def _known_label(text: str, known: frozenset[str]) -> Label | None:
    if number_of(text) is not None:
        return None
    return label_of(text, known)


def _turned(
    head: WorkedCell, first: str, says: Title, known: frozenset[str]
) -> tuple[Label | None, Title]:
    """The label of a number whose column is headed by a name, with what the first cell of the row
    says in the place of the title."""
    label = label_of(sides(head.text)[0], known)
    if label is None or (label.name not in known and _WORD.fullmatch(label.name)):
        return None, says
    return label, title_of(first, known)
