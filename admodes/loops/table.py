"""A recorded list as columns of numbers, in which repetition can be looked for: one entry for each
row that is needed and for each guard, which stands behind the last row that it reads. Arrays that
the function refers to stand first.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace
from itertools import chain, compress, count
from operator import attrgetter
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

DIGITS = 15
"""The kinds of so many arguments fit into one number."""


class _Kinds(dict):
    """The kinds of arguments by their classes; of an array if it is one of float64."""

    def __missing__(self, kind: type) -> int:
        return OTHER


KINDS = _Kinds({Ref: ROW, float: FLOAT, np.float64: NUMPYS, int: INTEGER, np.ndarray: ARRAY})
GUARD = Step(None, (), None, None)
"""In the place of a guard among steps."""

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
        self.entries, self.rows = _in_order(program)
        n = len(self.entries)
        own = self.rows != NOTHING
        self.places = np.full(len(program.steps), NOTHING, np.int64)
        self.places[self.rows[own]] = np.flatnonzero(own)
        self.what, index = _what(self.entries, self.rows, program)
        args = list(map(attrgetter("args"), self.entries))
        flat = list(chain.from_iterable(args))
        counts = np.fromiter(map(len, args), np.int64, n)
        kinds = np.fromiter(map(KINDS.__getitem__, map(type, flat)), np.int8, len(flat))
        arguments = np.full(len(flat), NOTHING, np.int64)
        rows = kinds == ROW
        read = chain.from_iterable(compress(flat, rows.tolist()))
        arguments[rows] = self.places[np.fromiter(read, np.int64, int(rows.sum()))]
        others = _others(flat, kinds, np.repeat(np.arange(n), counts), n)
        if index:
            behind = np.repeat(np.cumsum(counts)[list(index)], list(map(len, index.values())))
            kinds = np.insert(kinds, behind, INDEX)
            arguments = np.insert(arguments, behind, list(chain.from_iterable(index.values())))
            counts[list(index)] += list(map(len, index.values()))
        self.kinds = kinds
        self.arguments = arguments
        self.first = np.concatenate([[0], np.cumsum(counts)])
        self.owners = np.repeat(np.arange(n), counts)
        number = _counter()
        told = zip(self.what.tolist(), others, self._sequences(), strict=True)
        self.exactly = np.fromiter(map(number.__getitem__, told), np.int64, n)

    def _sequences(self) -> list[int]:
        """Numbers that are equal for entries whose arguments are of equal kinds, in their order."""
        first, kinds = self.first, self.kinds
        at = np.arange(len(kinds)) - first[self.owners]
        digits = (kinds.astype(np.int64) + 1) << 4 * np.minimum(at, DIGITS)
        sums = np.concatenate([[0], np.cumsum(np.where(at < DIGITS, digits, 0))])
        found: list[int] = (sums[first[1:]] - sums[first[:-1]]).tolist()
        known: dict[bytes, int] = {}
        for k in np.flatnonzero(np.diff(first) > DIGITS).tolist():
            text = kinds[first[k] : first[k + 1]].tobytes()
            found[k] = known.setdefault(text, -1 - len(known))
        return found

    def __len__(self) -> int:
        return len(self.entries)


def _counter() -> defaultdict[Any, int]:
    """What numbers its keys in the order in which they are asked for."""
    return defaultdict(count().__next__)


def _in_order(program: WengertList) -> tuple[list[Any], np.ndarray]:
    """The entries, and of each the row, which a guard has none of."""
    steps, captured = program.steps, program.captured
    wanted = np.frombuffer(marked(program, ends(program)), np.bool_).copy()
    wanted[[row for row, step in enumerate(steps) if step.op is None]] = True
    wanted[list(captured)] = False
    rows = np.flatnonzero(wanted)
    pieces = [np.fromiter(captured, np.int64, len(captured))]
    guards: list[Guard] = []
    at = 0
    for row, decided in sorted(program.due().items()):
        own = [g for g in decided if any(a.__class__ is Ref for a in g.args)]
        end = int(np.searchsorted(rows, row, "right"))
        pieces += [rows[at:end], np.full(len(own), NOTHING, np.int64)]
        guards += own
        at = end
    every = np.concatenate([*pieces, rows[at:]])
    rest = iter(guards)
    return [next(rest) if row == NOTHING else steps[row] for row in every.tolist()], every


def _what(
    entries: list[Any], rows: np.ndarray, program: WengertList
) -> tuple[np.ndarray, dict[int, list[int]]]:
    """A number for each entry, equal where they do the same, whatever their arguments; and the
    numbers in the index of those that have one."""
    steps = [x if x.__class__ is Step else GUARD for x in entries]
    ops, params, likes = (list(map(attrgetter(x), steps)) for x in ("op", "params", "like"))
    # Many rows have one array to say what their results are like.
    alike: list[Any] = list(map(id, likes))
    classes = list(map(type, likes))
    for k in [k for k, kind in enumerate(classes) if kind is not np.ndarray]:
        alike[k] = classes[k]
    pair = _counter()
    pairs = np.fromiter(map(pair.__getitem__, zip(ops, alike, strict=True)), np.int64, len(steps))
    some = np.zeros(len(pair), np.int64)
    some[pairs] = np.arange(len(steps))
    number = _counter()
    same = [number[_key(replace(steps[k], params=None))[0]] for k in some.tolist()]
    what = np.array(same, np.int64)[pairs]
    index: dict[int, list[int]] = {}
    for k in [k for k, (op, given) in enumerate(zip(ops, params, strict=True)) if given or not op]:
        entry, row = entries[k], int(rows[k])
        if entry.__class__ is Guard:
            what[k] = number[entry.decide, entry.rewritten, param_key(entry.expected)]
        elif entry.op is not None:
            key, numbers = _key(entry)
            what[k] = number[key]
            if numbers:
                index[k] = numbers
        elif row not in program.captured:
            what[k] = number[row]
    return what, index


def _others(flat: list[Any], kinds: np.ndarray, owners: np.ndarray, n: int) -> list[int]:
    """Of each entry a number that tells the constants which belong to what it does, and the shapes
    of arrays; kinds are put right where such an array is none of float64."""
    found = [0] * n
    known: dict[Any, int] = {}
    for at in np.flatnonzero(kinds >= ARRAY).tolist():
        a, k = flat[at], int(owners[at])
        if kinds[at] == ARRAY and a.dtype != FLOAT64:
            kinds[at] = OTHER
        key = a.shape if kinds[at] == ARRAY else constant_key(a)
        found[k] = known.setdefault((found[k], key), len(known) + 1)
    return found


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
