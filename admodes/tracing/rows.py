"""Row, and the rows of a trace of numbers or of arrays: a recorded list and the names of its rows
go in; rows with printed forms, values, local partials and notes come out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from admodes.core.kinks import kinks_met
from admodes.core.notes import Note
from admodes.core.record import Guard, Ref, Step, WengertList
from admodes.core.values import shape_of
from admodes.ops.notation import index_text, partial_templates, template
from admodes.programs.listing import asked
from admodes.views.dialects import Text
from admodes.views.filling import fill
from admodes.views.result import plain

LARGEST_PARTIAL = 400


@dataclass
class Row:
    """One row. See ad.trace for what it holds; forms are the printed templates for the views.

    tangents and adjoints are by direction; a row of arrays has one of each at most, with its
    equation in symbols: None where no formula holds. contributions are by direction too."""

    row: int
    name: str
    op: str
    args: list[dict]
    value: Any
    shape: list[int]
    symbolic: str = ""
    substituted: str = ""
    rule: str = "-"
    partials: list[Any] = field(default_factory=list)
    tangents: dict[str, Any] = field(default_factory=dict)
    adjoints: dict[str, Any] = field(default_factory=dict)
    contributions: dict[str, list[dict]] = field(default_factory=dict)
    tangent_symbolic: str | None = None
    adjoint_symbolic: str | None = None
    notes: list[Note] = field(default_factory=list)
    forms: dict[str, Any] = field(default_factory=dict, repr=False)

    @property
    def tangent(self) -> Any:
        """The tangent for the first direction; None where nothing that is seeded reaches the row,
        and for comparisons."""
        return next(iter(self.tangents.values()), None)

    @property
    def adjoint(self) -> Any:
        """The adjoint for the first direction; None for comparisons."""
        return next(iter(self.adjoints.values()), None)

    def data(self, keys: Sequence[str]) -> dict[str, Any]:
        """What the row holds under these names."""
        return {key: getattr(self, key) for key in keys}


def rows_of(program: WengertList, names: list[str], kept: Sequence[int] | None = None) -> list[Row]:
    """The rows of a list by name, all or those at some positions: arguments and values."""
    rows = []
    for i in range(len(program.steps)) if kept is None else kept:
        name, step = names[i], program.steps[i]
        op = "input" if step.op is None else step.op.name
        args = [{"row": a.row} if isinstance(a, Ref) else {"const": a} for a in step.args]
        rows.append(Row(i, name, op, args, step.value, list(step.shape)))
    return rows


def templated_rows(
    program: WengertList, names: list[str], kept: Sequence[int] | None = None
) -> list[Row]:
    """Rows with the printed forms of their operations. Of arrays there are better equations
    (admodes.backpropagation), but not of a part of a long list."""
    rows = rows_of(program, names, kept)
    for row in rows:
        step = program.steps[row.row]
        row.forms = {} if step.op is None else forms_of(step)
    return rows


def with_formulas(rows: list[Row], program: WengertList, inputs: list[str]) -> list[Row]:
    """The rows of a list of scalars with their formulas, partials and notes."""
    names = [row.name for row in rows]
    for row, step in zip(rows, program.steps, strict=True):
        if step.op is None:
            row.symbolic = inputs[row.row]
            row.substituted = Text(None).number(step.value)
            continue
        xs = program.arguments(step)
        row.rule = step.op.rule if sum("row" in a for a in row.args) > 1 else "Chain Rule"
        row.partials = local_partials(step, xs)
        row.forms = forms_of(step)
        row.symbolic = _filled(row, [names[a["row"]] if "row" in a else None for a in row.args])
        row.substituted = _filled(row, [None] * len(row.args), xs)
    note_scalars(rows, program, names)
    return rows


def note_scalars(rows: list[Row], program: WengertList, names: list[str]) -> None:
    """Give rows of scalars their notes; the first that is not finite is told so."""
    note_rows(rows, program, names)
    first = next((r for r in rows if not np.all(np.isfinite(r.value))), None)
    if first is not None:
        first.notes[-1] = first.notes[-1].extended(", the first that is not finite")


def note_rows(rows: list[Row], program: WengertList, names: list[str]) -> None:
    """Give every row its notes, in which the rows have these names."""
    branches = program.branches()
    for row in rows:
        notes = _notes(program, row.row, branches.get(row.row, ()), names)
        row.notes = [*notes, *_partial_notes(row, names)]


def forms_of(step: Any) -> dict:
    """The printed templates of a row and of its partials, by dialect."""
    forms = {}
    constants = tuple((i, a) for i, a in enumerate(step.args) if isinstance(a, (int, float)))
    index = step.params.get("index") if step.params else None
    for dialect in ("text", "latex"):
        own = template(step.op, dialect)
        own = own.replace("⟦index⟧", index_text(index))
        partials = partial_templates(step.op, dialect, constants) if step.op.elementwise else ()
        forms[dialect] = {"value": own, "partials": list(partials)}
    return forms


def _filled(row: Row, labels: list, xs: tuple | None = None) -> str:
    dialect = Text(None)
    values = xs if xs is not None else [a.get("const") for a in row.args]
    atoms = [
        (label, False) if label else (dialect.number(plain(x)), True)
        for label, x in zip(labels, values, strict=True)
    ]
    return fill(row.forms["text"]["value"], atoms, dialect)


def local_partials(step: Any, xs: tuple) -> list:
    """The local partials: a number or array for each argument that is a row, None for constants;
    for an operation on arrays the Jacobian, where it is small."""
    found: list[Any] = []
    for i, a in enumerate(step.args):
        if not isinstance(a, Ref) or step.discrete:
            found.append(None)
        elif step.op.elementwise:
            found.append(step.op.partial(i, step.value, xs))
        else:
            found.append(_dense_partial(step, xs, i))
    return found


def _dense_partial(step: Any, xs: tuple, i: int) -> Any:
    x, y = xs[i], step.value
    if not step.op.active(i) or np.size(x) * np.size(y) > LARGEST_PARTIAL:
        return None
    columns = []
    for k in range(np.size(x)):
        unit = np.zeros(shape_of(x))
        unit.flat[k] = 1.0
        tangents: list = [None] * len(xs)
        tangents[i] = unit if shape_of(x) else 1.0
        columns.append(np.asarray(step.op.jvp(tangents, y, xs, step.params)))
    joined = np.stack(columns, axis=-1) if columns else np.zeros((*shape_of(y), 0))
    return (
        joined.reshape(shape_of(y) + shape_of(x)) if shape_of(y) + shape_of(x) else float(joined[0])
    )


def _notes(
    program: WengertList, i: int, branches: Sequence[Guard], labels: list[str]
) -> list[Note]:
    """What to know of a row: branches taken from it, kinks, a value that is not finite."""
    step = program.steps[i]
    tests = dict.fromkeys((asked(guard, program, labels), guard.expected) for guard in branches)
    notes = [Note(f"branch taken: {what} is {truth}", "branch") for what, truth in tests]
    notes += [Note(text, "kink") for text in _kinks(step, program.arguments(step))]
    if not np.all(np.isfinite(step.value)):
        notes.append(Note(f"the value is {Text(6).number(plain(step.value))}", "value"))
    return notes


def _kinks(step: Step, xs: tuple) -> list[str]:
    """The notes of the kinks that the arguments of a step sit on, each with its entries."""
    if step.op is None or not step.op.kinked:
        return []
    met = kinks_met(step.op, xs, step.params)
    if all(shape_of(x) == () for x in xs):
        return list(met)
    size = max(step.size, *map(np.size, xs)) if step.op.elementwise else 0
    of = f" of {size}" if size else ""
    return [f"{note} ({k}{of} entries)" for note, k in met.items()]


def _partial_notes(row: Row, labels: list[str]) -> list[Note]:
    """What to know of a partial that is not finite, where the value is."""
    if not np.all(np.isfinite(row.value)):
        return []
    return [
        Note(
            f"∂{labels[row.row]}/∂{labels[arg['row']]} is {p}; an exact zero times it is 0",
            "partial",
        )
        for arg, p in zip(row.args, row.partials, strict=bool(row.partials))
        if isinstance(p, float) and not np.isfinite(p)
    ]
