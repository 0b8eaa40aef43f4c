"""Why numbers are wrong, and which equations do not hold: a judgement goes in; cells with causes
come out."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import replace
from itertools import product
from typing import Any

from admodes.auditing.agreement import near
from admodes.auditing.causes import causes_of
from admodes.auditing.derivation import Derivation
from admodes.auditing.number_equations import causes_of_equation, failing
from admodes.auditing.quantity import Quantity
from admodes.auditing.result import Cell
from admodes.auditing.rounding import Rounding
from admodes.auditing.slots import Slot
from admodes.auditing.verdicts import Judgement, Ruling, hidden_ways

TRANSPOSED = "transposed Jacobian"


def cells_of(judgement: Judgement) -> list[Cell]:
    """The cells of a judgement with their causes, in the order of the document."""
    d = judgement.derivation
    cells = {ruling.slot: _cell(ruling, d) for ruling in judgement.verdicts()}
    neighbours = _neighbours(judgement.slots)
    turned = _transposed(judgement)
    for ruling in judgement.verdicts():
        cell = cells[ruling.slot]
        if ruling.source is not None:
            cell.source = cells[ruling.source]
        if ruling.verdict == "wrong":
            _explain(cell, ruling, judgement, neighbours[ruling.slot])
            if ruling.slot in turned:
                _put_first(cell, TRANSPOSED, "the entry on the other side of the diagonal")
        elif ruling.verdict != "follows" and "=" in ruling.slot.text:
            _check_equation(cell, ruling.slot)
    return list(cells.values())


def _cell(ruling: Ruling, d: Derivation) -> Cell:
    slot = ruling.slot
    return Cell(
        *(slot.table, slot.first, slot.title, slot.row, slot.column, slot.number.text),
        d.right[ruling.quantity],
        ruling.verdict,
        quantity=ruling.quantity,
    )


def _explain(cell: Cell, ruling: Ruling, judgement: Judgement, beside: list[Quantity]) -> None:
    """Name the causes of a wrong number."""
    slot, rounding = ruling.slot, judgement.roundings[ruling.slot.table]
    d = judgement.derivation
    cut = replace(rounding, cuts=True)  # a table whose numbers are few may not tell which

    def fits(x: float) -> bool:
        return any(way.fits(x, slot.number, abs(x)) for way in (rounding, cut))

    pair = failing(slot.text) if "=" in slot.text else None
    right = d.right[ruling.quantity]
    shown = pair is not None and near(pair[0].value, right, slot.number.decimals)
    other = replace(rounding, partials=not rounding.partials)
    for way, hidden in product((rounding, other), hidden_ways(rounding)):

        def numbers(q: Quantity, way: Rounding = way, hidden: int = hidden) -> Any:
            return judgement.number(q, slot, way, hidden)

        causes = causes_of(
            *(d, ruling.quantity, slot.number.text, fits, numbers), shown=shown, beside=beside
        )
        if causes:
            break
    cell.cause = [cause.name for cause in causes]
    cell.texts = tuple(cause.text for cause in causes)


def _check_equation(cell: Cell, slot: Slot) -> None:
    """Say why an equation does not hold as it is written though its number is right."""
    causes = causes_of_equation(slot.text)
    if causes:
        cell.verdict = "right"
        cell.cause = [cause.name for cause in causes]
        cell.texts = tuple(cause.text for cause in causes)


def _put_first(cell: Cell, name: str, text: str) -> None:
    pairs = [(name, text)] + [
        pair for pair in zip(cell.cause or [], cell.texts, strict=True) if pair[0] != name
    ]
    cell.cause = [name for name, _ in pairs[:3]]
    cell.texts = tuple(text for _, text in pairs[:3])


def _neighbours(slots: Mapping[Slot, Quantity]) -> dict[Slot, list[Quantity]]:
    """The quantities of the cells above and below each in its column, and of the nearest of its
    own kind, where a column has several."""
    columns: dict[tuple, list[Slot]] = defaultdict(list)
    for slot, q in slots.items():
        place = slot.table, slot.column
        columns[place].append(slot)
        columns[(*place, q.kind, q.direction)].append(slot)
    beside: dict[Slot, dict[Quantity, None]] = defaultdict(dict)
    for column in columns.values():
        for k, slot in enumerate(column):
            near = column[max(0, k - 1) : k] + column[k + 1 : k + 2]
            beside[slot] |= dict.fromkeys(slots[other] for other in near)
    return {slot: list(quantities) for slot, quantities in beside.items()}


def _transposed(judgement: Judgement) -> set[Slot]:
    """The wrong cells of Jacobians with labels whose numbers are all those of the other layout."""
    d = judgement.derivation
    tables: dict[int, dict[Slot, Quantity]] = defaultdict(dict)
    for slot, q in judgement.slots.items():
        if q.kind == "entry":
            tables[slot.table][slot] = q
    found: set[Slot] = set()
    rows, inputs = list(d.outputs.values()), list(d.inputs)
    for entries in tables.values():
        size = len(entries)
        if len(rows) != len(inputs) or size < 4 or len(set(entries.values())) != size:
            continue
        other = {
            slot: Quantity("entry", rows[inputs.index(q.direction)], inputs[rows.index(q.row)])
            for slot, q in entries.items()
        }

        def stands_there(slot: Slot, other: Mapping[Slot, Quantity] = other) -> bool:
            across = other[slot]
            numbers = [d.right[across]]
            for source in (across, *d.same_numbers(across)):
                numbers.append(judgement.number(source, slot, judgement.roundings[slot.table]))
            return any(near(slot.number.value, x, slot.number.decimals) for x in numbers)

        if all(map(stands_there, entries)):
            found |= set(entries)
    return found
