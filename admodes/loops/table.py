"""A recorded list as columns of numbers, in which repetition can be looked for: one entry for each
row that is needed and for each guard, which stands behind the last row that it reads. Arrays that
the function refers to stand first.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from admodes.core.program import Guard, Ref, Step, WengertList
from admodes.core.values import FLOAT as FLOAT64
from admodes.ops.indexing import is_basic
from admodes.programs.keys import constant_key, param_key
from admodes.programs.rewriting import ends, marked

ROW, FLOAT, NUMPYS, INTEGER, ARRAY, INDEX, OTHER = range(7)
"""Kinds of arguments: a row; constants that may differ from turn to turn, which are floats of
Python's or NumPy's, integers or arrays; a number in an index; a constant that belongs to what an
entry does."""

NOTHING = -1
"""In the place of a row or an entry that is none."""


class Table:
    """entries: the steps and guards; rows: of each the row in the list; places: the entry of each
    row; owners: of each argument the entry that it is of.

    kinds and arguments: of all entries, one after the other, with the numbers in an index behind
    the arguments of its row; first: where those of an entry begin. An argument is an entry, or a
    number of an index.

    what: a number for each entry, equal where entries do the same, whatever their arguments;
    exactly: equal where these are of equal kinds too."""

    def __init__(self, program: WengertList) -> None:
        self.entries: list[Any] = []
        rows: list[int] = []
        what: list[int] = []
        exactly: list[int] = []
        kinds: list[int] = []
        arguments: list[int] = []
        first: list[int] = [0]
        numbers: dict[Any, int] = {}
        pairs: dict[tuple, int] = {}
        known: dict[tuple[Any, Any], int] = {}
        places = [NOTHING] * len(program.steps)

        def number_of(key: Any) -> int:
            return numbers.setdefault(key, len(numbers))

        def enter(entry: Step | Guard, row: int, number: int, index: list[int]) -> None:
            own: list[int] = []
            others: Any = None
            for a in entry.args:
                if a.__class__ is Ref:
                    own.append(ROW)
                    arguments.append(places[a.row])
                    continue
                kind = FLOAT if a.__class__ is float else _kind(a)
                own.append(kind)
                arguments.append(NOTHING)
                if kind == OTHER:
                    others = (others, constant_key(a))
                elif kind == ARRAY:
                    others = (others, a.shape)
            if index:
                own += [INDEX] * len(index)
                arguments.extend(index)
            kinds.extend(own)
            what.append(number)
            exactly.append(pairs.setdefault((number, tuple(own), others), len(pairs)))
            first.append(len(kinds))
            rows.append(row)
            self.entries.append(entry)

        def enter_row(row: int, step: Step) -> None:
            places[row] = len(rows)
            if step.params:
                key, index = _key(step)
                enter(step, row, number_of(key), index)
                return
            like = step.like
            # Many rows have one array to say what their results are like.
            at = step.op, id(like) if like.__class__ is np.ndarray else like.__class__
            number = known.get(at)
            if number is None:
                number = known[at] = number_of(_key(step)[0])
            enter(step, row, number, [])

        # What the function refers to is there before it begins.
        for row in program.captured:
            enter_row(row, program.steps[row])
        wanted = marked(program, ends(program))
        due = program.due()
        for row, step in enumerate(program.steps):
            if step.op is None:
                if row not in program.captured:
                    places[row] = len(rows)
                    enter(step, row, number_of(row), [])
            elif wanted[row]:
                enter_row(row, step)
            for guard in due.get(row, ()):
                if any(a.__class__ is Ref for a in guard.args):
                    key = guard.decide, guard.rewritten, param_key(guard.expected)
                    enter(guard, NOTHING, number_of(key), [])
        self.rows = np.array(rows, np.int64)
        self.places = np.array(places, np.int64)
        self.what = np.array(what, np.int64)
        self.exactly = np.array(exactly, np.int64)
        self.kinds = np.array(kinds, np.int8)
        self.arguments = np.array(arguments, np.int64)
        self.first = np.array(first, np.int64)
        self.owners = np.repeat(np.arange(len(rows)), np.diff(self.first))

    def __len__(self) -> int:
        return len(self.entries)


def _kind(a: Any) -> int:
    """The kind of a constant argument that is no float."""
    if a.__class__ is int:
        return INTEGER
    if a.__class__ is np.float64:
        return NUMPYS
    if a.__class__ is np.ndarray and a.dtype == FLOAT64:
        return ARRAY
    return OTHER


def _key(step: Step) -> tuple[Any, list[int]]:
    """What a row does, whatever its arguments, and the numbers in its index, if it has one."""
    op, params, like = step.op, step.params, step.like
    kind = like.__class__
    result: Any = (like.shape, like.dtype.char) if kind is np.ndarray else kind
    if not params:
        return (op, result), []
    if op.name == "getitem" and is_basic(params["index"]):
        pattern, index = pattern_of(params["index"])
        return (op, result, pattern), index
    return (op, result, param_key(params)), []


def pattern_of(index: Any) -> tuple[tuple, list[int]]:
    """A basic index without its numbers, and these. Positions from the end are told from those
    from the beginning.

    >>> pattern_of((3, slice(None, -1)))
    (('+', (None, '-', None)), [3, -1])
    """
    numbers: list[int] = []

    def sign(x: Any) -> Any:
        if x is None or x is Ellipsis:
            return x
        if isinstance(x, slice):
            return sign(x.start), sign(x.stop), x.step
        numbers.append(int(x))
        return "-" if x < 0 else "+"

    parts = index if isinstance(index, tuple) else (index,)
    return tuple(map(sign, parts)), numbers
