"""Rolling: a recorded list goes in, and comes out with loops in the place of stretches that repeat.

Plain Python loops leave such stretches behind, in the function, in its reverse sweep and in the
derivatives of that. What a loop costs to optimise, to generate code for and to keep then depends on
its body, and not on the number of its turns. The values are the same to the last bit, since the
same operations are applied to the same values in the same order.
"""

from __future__ import annotations

from dataclasses import replace
from itertools import groupby
from operator import attrgetter
from typing import Any

import numpy as np

from admodes.core.carrier import innermost
from admodes.core.op import REGISTRY
from admodes.core.program import Guard, Ref, Step, WengertList
from admodes.core.values import blank, shape_of
from admodes.loops.bodies import Body, as_number, is_truth, told
from admodes.loops.operations import loop
from admodes.loops.region import Region, size
from admodes.loops.repetition import longer, mixed, repeated
from admodes.loops.stacks import joined, selection
from admodes.loops.table import NOTHING, ROW, Table
from admodes.loops.turns import BACK, FEWEST_TURNS, Carried, Picked, Rows, Same, Turns, numeric
from admodes.ops.indexing import getitem
from admodes.programs.rewriting import Copy, ends, has_value, marked

PASSES = 8
"""Loops in loops are rolled so many times: the inner first, or the outer."""

SHORT = 20_000
"""Lists of so many rows stay as they are: they are compiled in about a second, and native code of
one straight stretch goes through arrays in fewer passes, since a turn joins with the next one (a
gradient of 100 Runge-Kutta steps takes 61 instead of 77 microseconds)."""

STACK = REGISTRY["stack"]


GRAM, LONG_GRAM, ENOUGH = 16, 64, 0.3
"""A list whose runs of so many operations occur again for less than this share stays as it is."""

MANY = 2**16
"""In lists of more rows the long runs count: runs of 16 operations in random order occur again by
chance in a gradient of 370 000 rows, of which a search for loops took two fifths of the time."""


def rolled(program: WengertList) -> WengertList:
    """The list in which stretches that repeat are loops; itself where there is none.

    >>> from admodes.core.record import record
    >>> from admodes.loops.rolling import rolled
    >>> def f(x):
    ...     for _ in range(100):
    ...         x = x * x + 1.0
    ...     return x
    >>> [step.op.name for step in rolled(record(f, 0.5)).steps[1:]]
    ['loop', 'getitem']
    """
    regions: dict[Any, Region] = {}
    for _ in range(PASSES):
        table = Table(program)
        rolling = _Rolling(program, table, repeated(table), regions)
        if not rolling.loops:
            return program
        program = rolling.copy()
        # They refer to it: the rows that it has replaced would wait for the collector of cycles.
        rolling.loops.clear()
    return program


def may_roll(program: WengertList) -> bool:
    """Whether enough runs of operations occur again for loops to hold half of the rows, as a look
    at the operations alone tells, without that at their arguments."""
    ops = map(attrgetter("op"), program.steps)
    numbers = np.fromiter(map(id, ops), np.uint64, len(program.steps))
    if len(numbers) < 2 * GRAM:
        return True
    grams, _ = longer(mixed(numbers), 1, LONG_GRAM if len(numbers) > MANY else GRAM)
    _, counts = np.unique(grams, return_counts=True)
    return bool(counts[counts > 1].sum() >= ENOUGH * len(grams))


def shortened(program: WengertList, times: int = 1) -> WengertList:
    """The list with loops, where it is long, or a list that is so many times as long will be made
    of it, and they leave at most half of its rows: a few turns among thousands of other rows are
    not worth a loop."""
    if len(program.steps) * times <= SHORT or not may_roll(program):
        return program
    found = rolled(program)
    return found if 2 * len(found.steps) <= len(program.steps) else program


class _Rolling(Copy):
    """A copy of a list with loops in the place of some of its stretches. new: as in Copy, None
    where a row that has not been asked for stands in a loop, only picks from an array, or is an
    array that the function refers to."""

    def __init__(
        self, program: WengertList, table: Table, loops: list[Turns], regions: dict[Any, Region]
    ) -> None:
        super().__init__(program)
        self.new = [None] * len(program.steps)
        self.table = table
        self.regions = regions
        self.captured: dict[int, np.ndarray] = {}
        self.guards = [g for g in program.guards if not any(isinstance(a, Ref) for a in g.args)]
        self.sources: list[int] = []
        self.owners = self.owned(loops)
        wanted = [self.wanted(k, turns) for k, turns in enumerate(loops)]
        fit = [k for k, turns in enumerate(loops) if self.gives(turns, *wanted[k])]
        self.owners = self.owned([loops[k] for k in fit])
        self.loops = [_Loop(self, loops[k], *wanted[k]) for k in fit]

    def owned(self, loops: list[Turns]) -> np.ndarray:
        """For each entry the number of the loop that it is in."""
        owners = np.full(len(self.table), NOTHING, np.int64)
        for k, turns in enumerate(loops):
            owners[turns.stretch.start : turns.stretch.stop] = k
        return owners

    def gives(self, turns: Turns, last: dict[int, int], results: list[int]) -> bool:
        """Whether a loop can give what is wanted of it: numbers of other kinds stay in a turn.
        Without anything to give a loop is dropped."""
        entries = self.turn(turns)
        return bool(last or results) and all(numeric(entries[o]) for o in (*last, *results))

    def turn(self, turns: Turns) -> list[Any]:
        """The entries of one turn."""
        start, period = turns.stretch.start, turns.stretch.period
        return self.table.entries[start : start + period]

    def wanted(self, k: int, turns: Turns) -> tuple[dict[int, int], list[int]]:
        """Of which entries of a turn the last results are wanted outside the loop, those of how
        many turns; and of which those of all turns."""
        table = self.table
        readers = (table.kinds == ROW) & (self.owners[table.owners] != k)
        outputs = [table.places[y.row] for y in self.old.outputs if isinstance(y, Ref)]
        read = np.unique(np.concatenate([table.arguments[readers], np.array(outputs, np.int64)]))
        start, period, n, _ = turns.stretch
        read = read[self.owners[read] == k] - start
        back = np.zeros(period, np.int64)
        np.maximum.at(back, read % period, n - read // period)
        offsets = [o for o in np.flatnonzero(back).tolist() if o not in turns.instead]
        last = {o: int(back[o]) for o in offsets if back[o] <= BACK}
        if not offsets:
            last = dict.fromkeys(self.decided(turns)[:1], 1)
        return last, [o for o in offsets if o not in last]

    def decided(self, turns: Turns) -> list[int]:
        """The entries of a turn that may be kept so that it is run: first those on which it
        decides."""
        table, start, entries = self.table, turns.stretch.start, self.turn(turns)
        found = []
        for at, entry in enumerate(entries, start):
            if isinstance(entry, Guard):
                read = slice(table.first[at], table.first[at + 1])
                found += table.arguments[read][table.kinds[read] == ROW].tolist()
        offsets = [at - start for at in found if at >= start] + list(range(len(entries)))
        return [o for o in offsets if o not in turns.instead and numeric(entries[o])]

    def deciding(self, outputs: list[Any]) -> list[Guard]:
        """Guards that keep loops whose turns decide, where nothing reads what they give."""
        made = replace(self.old, steps=self.steps, outputs=outputs, guards=self.guards)
        reached = marked(made, ends(made))
        alone = [x for x in self.loops if x.region.body.guards and not reached[x.vector.row]]
        return [Guard(has_value, (x.part(0),), True) for x in alone]

    def copy(self) -> WengertList:
        program, table = self.old, self.table
        row = 0
        starts = {x.start: x for x in self.loops}
        alone = self.owners == NOTHING
        alone[list(starts)] = True
        for at in np.flatnonzero(alone).tolist():
            entry = table.entries[at]
            if at in starts:
                starts[at].emit()
            elif isinstance(entry, Guard):
                self.guards.append(replace(entry, args=self.moved(entry.args)))
            elif entry.op is not getitem and table.rows[at] not in program.captured:
                row = int(table.rows[at])
                self.new[row] = self.row(entry, row)
            self.sources += [row] * (len(self.steps) - len(self.sources))
        outputs = list(self.moved(tuple(program.outputs)))
        self.guards += self.deciding(outputs)
        self.sources += [row] * (len(self.steps) - len(self.sources))
        return replace(
            program,
            steps=self.steps,
            inputs=[self.new[x.row] for x in program.inputs],
            outputs=outputs,
            guards=self.guards,
            captured=self.captured,
            origins=program.origins and program.origins.of(self.sources),
        )

    def row(self, step: Step, row: int) -> Ref:
        """A row as it was; one that stacks what the turns of a loop give is taken from the loop."""
        if step.op is STACK and not (step.params or {}).get("axis"):
            rows = [a.row for a in step.args if isinstance(a, Ref)]
            if len(rows) == len(step.args) > FEWEST_TURNS:
                return self.stacked(self.table.places[rows])
        ref = self.keep(step, self.moved(step.args))
        if row in self.old.captured:
            self.captured[ref.row] = self.old.captured[row]
        return ref

    def moved(self, args: tuple) -> tuple:
        return tuple([self.at(a.row) if a.__class__ is Ref else a for a in args])

    def at(self, row: int) -> Any:
        """What stands for an old row."""
        if self.new[row] is None:
            place = int(self.table.places[row])
            k = int(self.owners[place])
            entry = self.table.entries[place]
            self.new[row] = self.row(entry, row) if k == NOTHING else self.loops[k].result(place)
        return self.new[row]

    def number(self, place: Any) -> Any:
        """The result of an entry, as a number or an array of numbers."""
        y = self.at(int(self.table.rows[place]))
        return self.emit(REGISTRY["where"], y, 1.0, 0.0) if is_truth(self.value(y)) else y

    def stacked(self, places: np.ndarray) -> Ref:
        """The results of some entries, on a leading axis."""
        parts = []
        for key, group in groupby(places.tolist(), self.source):
            some = np.array(list(group))
            if key is None:
                parts.append(self.emit(STACK, *map(self.number, some), axis=0))
            elif key[0] == NOTHING:
                found = self.referred(some) if len(key) == 1 else self.picked(some)
                parts.append(
                    self.emit(STACK, *map(self.number, some), axis=0) if found is None else found
                )
            else:
                parts.append(self.loops[key[0]].results(key[1], some))
        return parts[0] if len(parts) == 1 else self.emit(REGISTRY["concatenate"], *parts, axis=0)

    def source(self, place: int) -> tuple | None:
        """What is equal for entries that may be taken from one array: the loop of whose turns they
        are results, and the number of the entry in a turn; or the array from which they pick."""
        table, k = self.table, int(self.owners[place])
        if k != NOTHING:
            offset = (place - self.loops[k].start) % self.loops[k].period
            if offset in self.loops[k].body.results:
                return k, offset
        if int(table.rows[place]) in self.old.captured:
            return (NOTHING,)
        if table.entries[place].op is getitem:
            return NOTHING, int(table.exactly[place]), int(table.arguments[table.first[place]])
        return None

    def referred(self, places: np.ndarray) -> Any:
        """Arrays that the function refers to, on a leading axis, where they are parts of one."""
        arrays = [self.old.captured[int(row)] for row in self.table.rows[places]]
        join = joined if isinstance(arrays[0], np.ndarray) else getattr(arrays[0], "joined", None)
        whole = None if join is None else join(arrays)
        if whole is None:
            return None
        self.steps.append(Step(None, (), None, blank(innermost(whole))))
        ref = Ref(len(self.steps) - 1)
        self.captured[ref.row] = whole
        return self.emit(REGISTRY["where"], ref, 1.0, 0.0) if is_truth(innermost(whole)) else ref

    def picked(self, places: np.ndarray) -> Any:
        """What entries pick from one array, on a leading axis; None where it is no selection."""
        table, first = self.table, int(places[0])
        if len(places) > 1:
            count = int(table.first[first + 1] - table.first[first])
            numbers = table.arguments[table.first[places][:, None] + np.arange(1, count)]
            steps = np.diff(numbers, axis=0)
            if (steps == steps[0]).all() and steps[0].any():
                return self.selected(first, tuple(steps[0].tolist()), len(places))
        return None

    def selected(self, place: int, steps: tuple[int, ...], n: int) -> Any:
        """What n entries pick from one array, of which place is the first: the numbers in the index
        go on by steps. None where that is no one selection."""
        step = self.table.entries[place]
        x = self.at(step.args[0].row)
        found = selection(step.params["index"], steps, n, shape_of(self.value(x)))
        if found is None:
            return None
        y = self.emit(getitem, x, index=found.where)
        if found.shape is not None:
            y = self.emit(REGISTRY["reshape"], y, shape=found.shape)
        if found.axis:
            rank = len(shape_of(self.value(y)))
            axes = (found.axis, *(k for k in range(rank) if k != found.axis))
            y = self.emit(REGISTRY["transpose"], y, axes=axes)
        return self.emit(REGISTRY["where"], y, 1.0, 0.0) if is_truth(self.value(y)) else y


class _Loop:
    """A loop in the copy. Its body and what is taken from it."""

    def __init__(
        self, copy: _Rolling, turns: Turns, last: dict[int, int], results: list[int]
    ) -> None:
        self.copy = copy
        self.table = copy.table
        self.turns = turns
        self.start, self.period, self.n, _ = turns.stretch
        self.body = Body(copy.table, turns, last, results)
        region = replace(self.body.region, body=shortened(self.body.region.body))
        self.region = copy.regions.setdefault(told(region), region)
        self.parts: dict[int, Ref] = {}

    def emit(self) -> None:
        """The row of the loop, after those that bring its arguments together."""
        body, region = self.body, self.region
        args = [
            *map(self.begun, body.state),
            *map(self.series, body.each),
            *(self.copy.number(a.entry) for a in body.same),
        ]
        vector = blank(np.broadcast_to(0.0, (size(region.results),)))
        self.copy.steps.append(Step(loop, tuple(args), {"region": region}, vector))
        self.vector = Ref(len(self.copy.steps) - 1)

    def begun(self, a: Carried) -> Any:
        """What is carried into the first turn."""
        like = as_number(self.body.like(a))
        value = self.turns.first.get(a)
        if value is None:
            # No turn reads it.
            return 0.0 if like.__class__ is float else np.zeros(like.shape)
        if isinstance(value, Same):
            return self.copy.number(value.entry)
        return float(value.value) if like.__class__ is float else value.value.astype(float)

    def series(self, a: Any) -> Any:
        """What belongs to single turns, on a leading axis."""
        turns = np.arange(self.n)[:: -1 if self.body.backwards else 1]
        if isinstance(a, Rows):
            return self.copy.stacked(a.entry + a.step * turns)
        entries = self.start + a.offset + self.period * turns
        if isinstance(a, Picked):
            steps = tuple(-by for by in a.steps) if self.body.backwards else a.steps
            return self.copy.selected(int(entries[0]), steps, self.n)
        values = [self.table.entries[e].args[a.number] for e in entries]
        return np.stack([np.asarray(x, np.float64) for x in values])

    def result(self, place: int) -> Any:
        """What a turn gives."""
        turn, offset = divmod(place - self.start, self.period)
        carried = Carried(offset, self.n - turn)
        if carried in self.body.state:
            y = self.part(self.body.state.index(carried))
        elif offset in self.turns.instead:
            row = int(self.table.rows[place])
            return self.copy.row(self.table.entries[place], row)
        else:
            part = self.part(len(self.body.state) + self.body.results.index(offset))
            y = self.copy.emit(getitem, part, index=self.number_of(turn))
        if is_truth(self.body.entry(offset).like):
            y = self.copy.emit(REGISTRY["not_equal"], y, 0.0)
        return y

    def number_of(self, turn: Any) -> Any:
        """The number of a turn in stacks."""
        return self.n - 1 - turn if self.body.backwards else turn

    def results(self, offset: int, places: np.ndarray) -> Ref:
        """What an entry of a turn gives in some turns, on a leading axis."""
        part = self.part(len(self.body.state) + self.body.results.index(offset))
        numbers = self.number_of((places - self.start) // self.period)
        first, last, count = int(numbers[0]), int(numbers[-1]), len(numbers)
        by = int(numbers[1]) - first if count > 1 else 1
        if first == 0 and by == 1 and count == self.n:
            return part
        if (np.diff(numbers) != by).any():
            return self.copy.emit(getitem, part, index=numbers)
        stop: int | None = last + (1 if by > 0 else -1)
        picked = slice(first, None if stop == -1 else stop, by)
        return self.copy.emit(getitem, part, index=picked)

    def part(self, k: int) -> Ref:
        """Result k of the loop."""
        if k not in self.parts:
            shapes = self.region.results
            start, shape = size(shapes[:k]), shapes[k]
            emit = self.copy.emit
            if shape:
                y = emit(getitem, self.vector, index=slice(start, start + size([shape])))
                self.parts[k] = y if len(shape) == 1 else emit(REGISTRY["reshape"], y, shape=shape)
            else:
                self.parts[k] = emit(getitem, self.vector, index=start)
        return self.parts[k]
