"""Names of a document against rows of a derivation: a Subject is the function at its point; a
Naming says which of its rows each name of a document means."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from admodes.auditing.definitions import (
    POWER_OF_E,
    ROW_E,
    Definition,
    Vector,
    evaluated,
    parsed,
    same,
    with_row_e,
)
from admodes.auditing.derivation import Derivation
from admodes.auditing.labels import plain_name
from admodes.auditing.numbers import number_of
from admodes.core.carrier import quiet
from admodes.core.pytree import flatten, unflatten
from admodes.core.record import named
from admodes.errors import Error
from admodes.programs.scalars import scalar_program

_MOVES = (0.0, 0.00173, -0.00291)
"""How far the points lie from the one of the derivation at which rows are compared."""


@dataclass
class Subject:
    """A function at a point, with its derivation and each row's number at several points near."""

    f: Callable
    args: tuple
    derivation: Derivation
    rows: list[Vector]

    @classmethod
    def of(
        cls,
        f: Callable,
        args: Sequence[Any],
        names: Sequence[str] | None = None,
        outputs: Sequence[str] | None = None,
    ) -> Subject:
        """The function f at args; names, outputs: those of inputs and outputs."""
        derivation = Derivation(f, args, names, outputs)
        return cls(f, tuple(args), derivation, _at_points(f, tuple(args), derivation))

    @property
    def inputs(self) -> dict[str, int]:
        """The rows of the inputs by name, as in a document."""
        return {plain_name(n) or n: row for n, row in self.derivation.inputs.items()}

    @property
    def outputs(self) -> dict[str, int]:
        """The rows of the outputs by name, as in a document."""
        return {plain_name(n) or n: row for n, row in self.derivation.outputs.items()}

    def repeats(self) -> bool:
        """Whether two rows are the same function, so that a name can mean either."""
        rows = [row for row in self.rows if not np.all(np.isnan(row))]
        rounded = {tuple(float(f"{x:.9e}") for x in row) for row in rows}
        return len(rounded) < len(rows)


def _at_points(f: Callable, args: tuple, derivation: Derivation) -> list[Vector]:
    leaves, tree = flatten(args)
    columns = []
    for move in _MOVES:
        moved = [
            np.asarray(x, float) * (1 + move * (1 + 0.37 * k)) + move * (1 + 0.21 * k)
            for k, x in enumerate(leaves)
        ]
        at = [float(x) if x.ndim == 0 else x for x in moved]
        with quiet():
            try:
                steps = scalar_program(f, unflatten(tree, at) if move else args).program.steps
            except (Error, TypeError, ValueError, ArithmeticError):
                continue
        if [step.op for step in steps] == [step.op for step in derivation.steps]:
            columns.append([_single(step.value) for step in steps])
    return list(np.array(columns).T)


def _single(value: Any) -> float:
    return float(value) if np.ndim(value) == 0 else float("nan")


@dataclass
class Naming:
    """What the names of a document mean. rows: the row of each name; loose: names that nothing
    tells a row of, in order; derivation: that of the function, or where rows of the document
    compute the same in another way, that of these rows; ends: rows of outputs by names that they
    may have besides; constants: names of numbers; wrong: names whose formulas are no rows."""

    derivation: Derivation
    inputs: dict[str, str] = field(default_factory=dict)
    outputs: dict[str, str] = field(default_factory=dict)
    rows: dict[str, int] = field(default_factory=dict)
    loose: list[str] = field(default_factory=list)
    constants: dict[str, float] = field(default_factory=dict)
    wrong: list[str] = field(default_factory=list)
    ends: dict[str, int] = field(default_factory=dict)

    def row(self, name: str) -> int | None:
        """The row of a name."""
        return self.rows.get(name, self.ends.get(name))

    def input(self, name: str) -> str | None:
        """The input that a name means, itself or by a row that is it."""
        return self.inputs.get(name)

    def output(self, name: str) -> str | None:
        """The output that a name means."""
        return self.outputs.get(name)


def naming_of(subject: Subject, definitions: Sequence[Definition], used: Iterable[str]) -> Naming:
    """What the names of a document mean. used: all names of its labels."""
    definitions = _told_e(subject, definitions)
    values = _best_values(subject, definitions)
    chosen: Subject | None = subject
    own: dict[str, int] = {}
    rows = _matched(subject, values)
    rest = [name for name, value in values.items() if name not in rows and not _constant(value)]
    if rest or _shares(subject, rows, definitions) or subject.repeats():
        chosen, own = _own_derivation(subject, definitions, values)
        rows = own if chosen is not None else rows
    naming = Naming((chosen or subject).derivation)
    naming.constants = {n: float(v[0]) for n, v in values.items() if n not in rows and _constant(v)}
    if chosen is None:
        naming.wrong = [name for name in rest if name not in rows]
    derivation = naming.derivation
    ends = [
        (naming.inputs, derivation.inputs),
        (naming.outputs, derivation.outputs),
    ]
    for names, known in ends:
        for name, row in known.items():
            names[plain_name(name) or name] = name
            naming.rows.setdefault(plain_name(name) or name, row)
    for name, row in rows.items():
        naming.rows.setdefault(name, row)
    for names, known in ends:
        by_row = {row: name for name, row in reversed(known.items())}
        for name, row in naming.rows.items():
            if row in by_row:
                names.setdefault(name, by_row[row])
    if len(derivation.outputs) == 1:
        only = next(iter(derivation.outputs))
        for name in ("f", "y", "L", "E", "J", "z", "loss", "out", "F"):
            if name not in naming.rows:
                naming.outputs.setdefault(name, only)
    for k, (name, row) in enumerate(derivation.outputs.items(), 1):
        for letter in "fyzF":
            if f"{letter}{k}" not in naming.rows and f"{letter}{k}" not in values:
                naming.outputs.setdefault(f"{letter}{k}", name)
                naming.ends[f"{letter}{k}"] = row
    loose = [n for n in dict.fromkeys(used) if n not in naming.rows]
    letters = {n.rstrip("0123456789") for n in loose if n not in naming.ends}
    naming.loose = [n for n in loose if n not in naming.ends or n.rstrip("0123456789") in letters]
    return naming


def _told_e(subject: Subject, definitions: Sequence[Definition]) -> Sequence[Definition]:
    """The definitions of a document with a row named e, where e^h is that row to the power of h if
    this, and not exp(h), makes more of the names rows of the function."""
    told = list(definitions)
    if not any(definition.name == "e" for definition in told):
        return told
    for k, definition in enumerate(definitions):
        formula = POWER_OF_E.sub("(e)^", definition.formula)
        if formula != definition.formula:
            trial = [*told[:k], Definition(definition.name, formula), *told[k + 1 :]]
            matched = [_matched(subject, _best_values(subject, tried)) for tried in (told, trial)]
            told = trial if len(matched[1]) > len(matched[0]) else told
    return told


def _constant(value: Vector) -> bool:
    return len(value) > 1 and bool(np.all(value == value[0]))


def _best_values(subject: Subject, definitions: Sequence[Definition]) -> dict[str, Vector]:
    """Each name's number at the points, where names that are read and never defined are the inputs
    in that order which makes most of the others rows of the function."""
    values = _values_of(subject, definitions, {})
    leaves = _leaves(definitions, values)
    if not leaves:
        return values
    known = list(subject.inputs)
    orders = [dict(zip(sorted(leaves, key=_natural), known, strict=False))]
    for start in (0, 1, 1 - len(known)):
        places = {n: int(m[1]) - start for n in leaves if (m := _NUMBERED.fullmatch(n))}
        orders.append({n: known[k] for n, k in places.items() if 0 <= k < len(known)})
    tries = [values] + [_values_of(subject, definitions, order) for order in orders if order]
    return max(tries, key=lambda values: len(_matched(subject, values)))


_NUMBERED = re.compile(r"[^\W\d_]+(-?\d+)")


def _natural(name: str) -> tuple[str, int]:
    match = _NUMBERED.fullmatch(name)
    return (name.rstrip("0123456789-"), int(match[1])) if match else (name, 0)


def _leaves(definitions: Sequence[Definition], values: dict[str, Vector]) -> list[str]:
    """The names that formulas read and that nothing defines."""
    defined = {definition.name for definition in definitions}
    read = [plain_name(x) for d in definitions for x in _names(d.formula)]
    return [n for n in dict.fromkeys(read) if n and n not in defined and n not in values]


def _values_of(
    subject: Subject, definitions: Sequence[Definition], leaves: dict[str, str]
) -> dict[str, Vector]:
    """Each name's number at the points; leaves: names of inputs by further names. A number alone
    whose name formulas read is that of an input that the document has no other name for, or a
    constant."""
    known = {name: subject.rows[row] for name, row in subject.inputs.items()}
    known |= {name: known[x] for name, x in leaves.items()}
    read = {plain_name(x) for d in definitions for x in (_names(d.formula))}
    open_inputs = [n for n in known if n not in read and n not in {d.name for d in definitions}]
    waiting = list(definitions)
    while waiting:
        left = []
        for definition in waiting:
            if definition.name in known:
                continue
            value = evaluated(definition.formula, known) if known else None
            number = number_of(definition.formula)
            if number is not None and definition.name in read:
                source = next((n for n in open_inputs if _is(known[n], number.value)), None)
                if source is not None:
                    open_inputs.remove(source)
                    value = known[source]
            if value is None:
                left.append(definition)
            else:
                known[definition.name] = value
        if len(left) == len(waiting):
            break
        waiting = left
    return known


def _is(value: Vector, number: float) -> bool:
    return abs(float(value[0]) - number) <= 1e-6 * max(1.0, abs(number))


def _names(formula: str) -> tuple[str, ...]:
    function = parsed(formula)
    return function.inputs if function is not None else ()


def _matched(subject: Subject, values: dict[str, Vector]) -> dict[str, int]:
    """The row that each name is, by the numbers; of several that are the same the first that no
    other name has."""
    rows: dict[str, int] = dict(subject.inputs)
    taken: set[int] = set()
    for name, value in values.items():
        if name in rows:
            continue
        fitting = [r for r, row in enumerate(subject.rows) if same(row, value)]
        free = [r for r in fitting if r not in taken]
        if fitting:
            rows[name] = (free or fitting)[0]
            taken.add(rows[name])
    return rows


def _shares(subject: Subject, rows: dict[str, int], definitions: Sequence[Definition]) -> bool:
    """Whether two names that are no plain copies of each other mean the same row."""
    copies = {d.name for d in definitions if plain_name(d.formula) in rows}
    meant = [row for name, row in rows.items() if name not in copies]
    return len(set(meant)) < len(meant)


def _own_derivation(
    subject: Subject, definitions: Sequence[Definition], values: dict[str, Vector]
) -> tuple[Subject | None, dict[str, int]]:
    """The derivation of the rows of the document, where they compute the function in another way,
    and the row of each name in it."""
    outputs: list[str] = []
    read = {plain_name(x) for d in definitions for x in _names(d.formula)}
    for name, row in subject.outputs.items():
        right = subject.rows[row] if row >= 0 else None
        inputs = () if row in subject.inputs.values() else subject.inputs  # max(x, y) may be x here
        fitting = [
            n for n, v in values.items() if right is not None and n not in inputs and same(v, right)
        ]
        if not fitting:
            return None, {}
        last = [n for n in fitting if n not in read]  # exp(max(x, y)) may be exp(x) here
        outputs.append(name if name in fitting else (last or fitting)[-1])
    chosen: dict[str, str] = {}
    for definition in definitions:
        value = evaluated(definition.formula, values)
        right = values.get(definition.name)
        if right is not None and value is not None and same(value, right):
            chosen.setdefault(definition.name, definition.formula)
    for name in _leaves(definitions, {n: subject.rows[r] for n, r in subject.inputs.items()}):
        same_input = [
            n
            for n, r in subject.inputs.items()
            if name in values and same(values[name], subject.rows[r])
        ]
        if same_input:
            chosen[name] = same_input[0]
    program = _Program(list(subject.inputs), chosen, outputs)
    flat = [float(subject.rows[row][0]) for row in subject.inputs.values()]
    d = subject.derivation
    try:
        own = Subject.of(program, flat, list(d.inputs), list(d.outputs))
    except (Error, TypeError, ValueError, ArithmeticError, RecursionError, KeyError):
        return None, {}
    return own, program.rows_in(own.derivation)


class _Program:
    """The definitions of a document as a function of the inputs."""

    def __init__(self, inputs: list[str], formulas: dict[str, str], outputs: list[str]) -> None:
        self.inputs, self.formulas, self.outputs = inputs, formulas, outputs
        self.copies: dict[str, str] = {}

    def __call__(self, *args: Any) -> Any:
        known = dict(zip(self.inputs, args, strict=True))
        for name in self.outputs:
            self._compute(name, known, 0)
        results = tuple(known[name] for name in self.outputs)
        return results[0] if len(results) == 1 else results

    def _compute(self, name: str, known: dict[str, Any], depth: int) -> Any:
        if name in known:
            return known[name]
        if depth > 300:
            raise RecursionError
        formula = self.formulas[name]
        if "e" in self.formulas:
            formula = with_row_e(formula)
        number = number_of(formula)
        function = parsed(formula)
        if number is not None or function is None:
            known[name] = 0.0 if number is None else number.value
            return known[name]
        reads = [x if x in self.formulas else plain_name(x) for x in function.inputs]
        reads = ["e" if x == ROW_E else x for x in reads]
        value = function(*[self._compute(x, known, depth + 1) for x in reads])
        if plain_name(self.formulas[name]) in reads:
            self.copies[name] = reads[0]
        else:
            value = named(value, name)
        known[name] = value
        return value

    def rows_in(self, derivation: Derivation) -> dict[str, int]:
        """The row of each name."""
        rows = {plain_name(n) or n: row for n, row in derivation.inputs.items()}
        rows |= {step.name: i for i, step in enumerate(derivation.steps) if step.name is not None}
        for name in self.copies:
            source = name
            while source in self.copies and source not in rows:
                source = self.copies[source]
            if source in rows:
                rows[name] = rows[source]
        return rows
