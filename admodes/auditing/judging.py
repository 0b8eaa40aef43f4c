"""audit and Judge: a document and a function go in; an Audit comes out."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import permutations
from pathlib import Path
from typing import Any

import numpy as np

from admodes.auditing.array_equations import ArrayEquations
from admodes.auditing.columns import Meaning, Track, bare_tables, matrices, quantities_of, tracks_of
from admodes.auditing.definitions import Definition, definitions_in
from admodes.auditing.explaining import cells_of
from admodes.auditing.function_of_rows import ReadFunction, function_of_rows
from admodes.auditing.inference import judgement_of
from admodes.auditing.matching import by_value, numbered
from admodes.auditing.naming import Naming, Subject, naming_of
from admodes.auditing.quantity import Quantity
from admodes.auditing.reading import tables_of
from admodes.auditing.result import Audit
from admodes.auditing.slots import Slot, slots_of
from admodes.auditing.statements import Judging, statements_of
from admodes.auditing.verdicts import Judgement
from admodes.auditing.worked_table import UNKNOWN, WorkedTable
from admodes.errors import BadValue

Document = Path | str | Mapping[str, Any] | Sequence[WorkedTable]
"""A file, the text of one, a trace as JSON data, or tables that have been read."""

MOST_ORDERED = 3
"""Outputs whose order is tried."""


class Judge:
    """A function at a point, to judge any number of documents by: what does not depend on the
    document is computed once.

    f, args: as for ad.audit. names, outputs: those of the inputs and outputs; title: what the
    function is called.

    >>> import admodes as ad
    >>> judge = Judge(ad.parse("x1*x2 + sin(x1)"), 2.0, -3.0)
    >>> audit = judge.audit("| v | value |\\n|---|---|\\n| v2 = x1 x2 | 2 × (-3) = 6 |\\n")
    >>> [(cell.written, cell.right, cell.verdict, cell.cause) for cell in audit.cells]
    [('6', -6.0, 'wrong', ['sign'])]
    """

    def __init__(
        self,
        f: Callable,
        *args: Any,
        names: Sequence[str] | None = None,
        outputs: Sequence[str] | None = None,
        title: str = "",
    ) -> None:
        self.subject = Subject.of(f, args, names, outputs)
        self.title = title or _title(f)
        self.arrays = _array_equations(f, args)

    def audit(self, table: Document) -> Audit:
        """The verdicts on a document. Raises ValueError where it holds no table, or no number that
        can be judged."""
        tables = read(table)
        return _Auditing(self.subject, self.title, tables, self.arrays).result()


def audit(
    table: Document,
    f: Callable | None = None,
    *args: Any,
    names: Sequence[str] | None = None,
    outputs: Sequence[str] | None = None,
    title: str = "",
) -> Audit:
    """Judge a derivation that was worked by hand, number by number.

    table: a file as a pathlib.Path (Markdown, CSV, LaTeX, HTML, a notebook, a trace as JSON), the
    text of one as a str, or a trace as dict. f, args: the function and its point; without f both
    are read from the rows of the table. names, outputs: those of the inputs and outputs.

    Each number is right, rounded (right to the digits written), wrong, or follows from an earlier
    mistake; wrong ones have their likeliest causes. Names of rows, their order and the layout are
    free. Raises ValueError where there is no table, or no number that can be judged.

    >>> import admodes as ad
    >>> worked = '''
    ... | Expression | Evaluation |
    ... |---|---|
    ... | v0 = x1 | 2 |
    ... | v1 = v0^2 | 4 |
    ... | v2 = sin v1 | 0.757 |
    ... | y = 3 v2 | 2.271 |
    ... '''
    >>> result = ad.audit(worked, ad.parse("3 sin(x1^2)"), 2.0)
    >>> [(cell.written, cell.verdict, cell.cause) for cell in result.cells][2:]
    [('0.757', 'wrong', ['sign']), ('2.271', 'follows', None)]
    """
    tables = read(table)
    if f is None:
        try:
            read_function = function_of_rows(tables)
        except BadValue:
            rules = statements_of(tables, None)
            if not rules:
                raise
            return Audit(title, rules, "", tables)
        return _in_any_order(tables, read_function, title)
    return Judge(f, *args, names=names, outputs=outputs, title=title).audit(tables)


def _in_any_order(tables: Sequence[WorkedTable], read_function: ReadFunction, title: str) -> Audit:
    """The audit by a function that was read from rows. Which of its outputs is the first, they may
    leave open: then that order in which the fewest numbers are mistaken."""
    f, names, args = read_function
    outputs = f.outputs

    def audited(order: Sequence[int]) -> Audit:
        g = f if order == first else lambda *xs: tuple(f(*xs)[k] for k in order)
        ends = [outputs[k] for k in order]
        return Judge(g, *args, names=names, outputs=ends, title=title or _title(f)).audit(tables)

    first = tuple(range(len(outputs)))
    best = audited(first)
    if best.passed or not 1 < len(first) <= MOST_ORDERED:
        return best
    others = [audited(order) for order in permutations(first) if order != first]
    return min([best, *others], key=_mistaken)


def _mistaken(result: Audit) -> int:
    """How many numbers are wrong or follow from one that is."""
    return sum(cell.verdict in ("wrong", "follows") for cell in result.cells)


def read(table: Document) -> list[WorkedTable]:
    """The tables of a document. Raises ValueError where there are none."""
    if isinstance(table, (str, Path, Mapping)):
        return list(tables_of(table))
    return list(table)


def _array_equations(f: Callable, args: Sequence[Any]) -> Judging | None:
    """What judges equations of arrays, where f takes any."""
    if not any(np.ndim(x) for x in args):
        return None
    return ArrayEquations(f, *args).judged


def _title(f: Callable) -> str:
    expressions = getattr(f, "expressions", None)
    return "; ".join(expressions) if expressions else str(getattr(f, "__name__", "f"))


class _Auditing:
    """One document being judged."""

    def __init__(
        self,
        subject: Subject,
        title: str,
        tables: Sequence[WorkedTable],
        arrays: Judging | None = None,
    ) -> None:
        self.subject, self.title, self.tables, self.arrays = subject, title, tables, arrays
        self.notes: list[str] = []
        self.unjudged: list[tuple[int, str, str | int, str, str]] = []

    def result(self) -> Audit:
        """The verdicts."""
        known, definitions = self._known()
        slots = slots_of(self.tables, known, list(self.subject.inputs))
        naming, placed = self._placed(slots, known, definitions)
        judgement = judgement_of(naming.derivation, placed)
        statements = statements_of(self.tables, self.arrays)
        stated = {(cell.table, cell.row_index, cell.column_index) for cell in statements}
        cells = [
            cell
            for cell in cells_of(judgement)
            if (cell.table, cell.row_index, cell.column_index) not in stated
        ]
        cells = sorted(
            [*cells, *statements], key=lambda cell: (cell.table, cell.row_index, cell.column_index)
        )
        for slot in slots:
            if slot not in placed and (slot.table, slot.row, slot.column) not in stated:
                self._leave(slot, naming)
        if not cells:
            raise BadValue(_nothing(self.tables, slots))
        self.unjudged += _formulas(self.tables)
        rounding = _stated(judgement, placed)
        return Audit(self.title, cells, rounding, self.tables, self.unjudged, self.notes)

    def _known(self) -> tuple[frozenset[str], list[Definition]]:
        """The names of variables, and the definitions of the document."""
        d = self.subject.derivation
        known = {*self.subject.inputs, *self.subject.outputs}
        size = len(d.steps) + 1
        known |= {f"v{k}" for k in range(-len(d.inputs), size)}
        definitions = definitions_in(self.tables, frozenset(known), list(self.subject.inputs))
        known |= {definition.name for definition in definitions}
        return frozenset(known), definitions

    def _placed(
        self, slots: Sequence[Slot], known: frozenset[str], definitions: Sequence[Definition]
    ) -> tuple[Naming, dict[Slot, Quantity]]:
        """What each number is about, under the names that agree best with the right numbers."""
        used = [
            name
            for slot in slots
            if slot.label is not None
            for name in (slot.label.name, slot.label.by)
            if name
        ]
        naming = naming_of(self.subject, definitions, used)
        best, best_score = self._quantities(slots, known, naming)
        options = numbered(naming.loose, naming) if naming.loose else []
        options += [by_value(naming.loose, _values(slots), naming)] if naming.loose else []
        rows = chosen = naming.rows
        for option in options:
            naming.rows = {**rows, **option}
            placed, score = self._quantities(slots, known, naming)
            if score > best_score + 1e-9:
                best, best_score, chosen = placed, score, naming.rows
        naming.rows = chosen
        self._quantities(slots, known, naming)
        return naming, {slot: best[slot] for slot in slots if slot in best}

    def _quantities(
        self, slots: Sequence[Slot], known: frozenset[str], naming: Naming
    ) -> tuple[dict[Slot, Quantity], float]:
        bare = bare_tables(self.tables, slots)
        apart = {table.position for table in bare}
        rest = [slot for slot in slots if slot.table not in apart]
        placed: dict[Slot, Quantity] = {}
        score = 0.0
        tracks: list[Track] = tracks_of(self.tables, rest, known, naming)
        taken: dict[tuple[int, int, str], set[Meaning]] = defaultdict(set)
        for track in tracks:
            found = quantities_of(track, naming, placed, taken[track.column])
            if track.meaning is not None and track.meaning[0] in ("tangent", "adjoint"):
                taken[track.column].add(track.meaning)
            placed |= found
            score += track.agreement * len(found)
        entries, self.notes = matrices(bare, slots, naming, placed)
        return placed | entries, score

    def _leave(self, slot: Slot, naming: Naming) -> None:
        """Note a number that was not judged, and why."""
        if slot.parts:
            reason = "several numbers in one cell"
        elif slot.label is None:
            reason = "nothing says what they are"
        elif slot.label.name in naming.rows:
            reason = "derivatives along a direction of their own, or of another kind"
        elif slot.label.name in naming.constants:
            reason = "constants"
        elif slot.label.name in naming.wrong:
            reason = f"{slot.label.name} is no row of the function"
        else:
            reason = f"no row of the function is known as {slot.label.name or slot.label.by}"
        place = slot.table, slot.first, slot.title, slot.number.text
        self.unjudged.append((*place, reason))


def _formulas(tables: Sequence[WorkedTable]) -> Iterator[tuple[int, str, str | int, str, str]]:
    """The cells with formulas of a spreadsheet."""
    for table in tables:
        for line in table.rows:
            for k, cell in enumerate(line):
                if cell.text == UNKNOWN and cell.written[:1] in ("=", "@", "+", "-"):
                    title = table.head[k].written if k < len(table.head) else ""
                    first = line[0].written
                    reason = "formulas of a spreadsheet, which are not run"
                    yield table.position, first, title or k, cell.written, reason


def _values(slots: Sequence[Slot]) -> dict[str, float]:
    """The numbers in columns of values, by the names of their rows."""
    values: dict[str, float] = {}
    for slot in slots:
        derived = slot.says.label is not None or slot.says.kinds & {"tangent", "adjoint"}
        if slot.label is not None and slot.label.form == "plain" and not derived:
            values.setdefault(slot.label.name, slot.number.value)
    return values


def _stated(judgement: Judgement, placed: Mapping[Slot, Quantity]) -> str:
    """How numbers were rounded, in words."""
    by_rounding: dict[str, list[int]] = {}
    for table in dict.fromkeys(slot.table for slot in placed):
        by_rounding.setdefault(str(judgement.roundings[table]), []).append(table)
    if len(by_rounding) == 1:
        return next(iter(by_rounding))
    return "; ".join(
        f"table{'s' * (len(tables) != 1)} {', '.join(map(str, tables))}: {text}"
        for text, tables in by_rounding.items()
    )


def _nothing(tables: Sequence[WorkedTable], slots: Sequence[Slot]) -> str:
    if not slots:
        return f"audit: no number in {len(tables)} table(s): nothing to judge"
    return (
        f"audit: none of {len(slots)} numbers could be judged: no row is known by its name, "
        "formula or value; check that the function and the point are those of the table"
    )
