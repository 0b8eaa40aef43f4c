"""Recording: f runs once on carriers that write every operation they meet into a list, the Wengert
list. A function and its arguments go in; a WengertList comes out, whose steps refer to one another
by their rows, with the branches that were taken as guards.
"""

from __future__ import annotations

import sys
import weakref
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy import ndarray

from admodes.core.carrier import (
    Level,
    call,
    holding,
    is_numpys,
)
from admodes.core.held import Held
from admodes.core.inplace import lent
from admodes.core.notes import Note
from admodes.core.origins import Locator, Origins, user_line
from admodes.core.program import Guard as Guard
from admodes.core.program import Ref as Ref
from admodes.core.program import Step as Step
from admodes.core.program import WengertList as WengertList
from admodes.core.program import is_active as is_active
from admodes.core.pytree import check_output, checked_input, flatten, unflatten
from admodes.core.recorded import Recorded as Recorded
from admodes.core.scalars import fitting
from admodes.core.values import blank, frozen_one, place_of, shape_of


class Recording:
    """A list that is being written. held: the arrays that the function refers to, which are read
    anew at each run instead of being copied. values: whether steps keep their arrays. taped: a
    tape is made of the rows, so that what would lose its derivative there loses it here. numpys:
    floats among the leaves were numbers of NumPy. loops: a loop is one row; else all of its turns
    are written down."""

    def __init__(
        self,
        leaves: Sequence[Any],
        held: Held,
        values: bool,
        taped: bool = False,
        numpys: bool = False,
        loops: bool = False,
    ) -> None:
        self.level = Level(leaves)
        self.level.arrays |= numpys
        self.steps: list[Step] = []
        self.guards: list[Guard] = []
        self.notes: dict[Note, None] = {}
        self.held = held
        held.recordings.append(weakref.ref(self))
        self.values = values
        self.taped = taped
        self.loops = loops
        self.captured: dict[int, np.ndarray] = {}
        self.rows: dict[Any, int] = {}

    def enter(self, op: Any, args: tuple, params: dict | None, y: Any) -> Recorded:
        """A new row, and its carrier."""
        if self.held.errors:
            self.held.look_at_errors()
        steps = self.steps
        row = len(steps)
        if y.__class__ is ndarray and y.ndim:
            steps.append(
                Step(op, args, params, y, y) if self.values else Step(op, args, params, blank(y))
            )
            return Recorded(self.level, y, row, self)
        value = bool(y) if y.__class__ is np.bool_ else y
        like = value if self.values else blank(value)
        steps.append(Step(op, args, params, like, value if self.values else None))
        kind = fitting(Recorded, y, shape_of(y))
        return kind(self.level, y, row, self)  # type: ignore[no-any-return]

    def settle(self, origins: Origins, row: int) -> None:
        """What was entered since this was last called is a row of another list, run again."""

    @property
    def origins(self) -> Origins | None:
        """Where in the user's code the rows are from, where that is noted."""
        return None

    def decided(self, guard: Guard) -> None:
        """A decision was taken from recorded values."""
        self.guards.append(guard)

    def seen(self, note: Note, row: int) -> None:
        """The plain value of a row has left the recording."""
        self.notes[note] = None

    def forget(self, length: int) -> None:
        """Rows after the first ones are not wanted, nor what they decided."""
        del self.steps[length:], self.guards[:]
        for known in (self.notes, self.captured, self.rows):
            known.clear()

    def depends(self, row: int) -> bool:
        """Whether a row depends differentiably on an input."""
        seen, waiting = {row}, [row]
        while waiting:
            row = waiting.pop()
            step = self.steps[row]
            if step.op is None and row not in self.captured:
                return True
            below = {a.row for k, a in enumerate(step.args) if is_active(step, k)} - seen
            seen |= below
            waiting += below
        return False

    def constant(self, a: Any) -> Any:
        """An argument that does not depend on the inputs: a Ref where it is held, else a copy that
        nobody changes."""
        if a.__class__ is np.ndarray and a in self.held:
            row = self.rows.get(id(a))
            return Ref(self.read(a) if row is None else row)
        return self.held.copied(a) if isinstance(a, np.ndarray) else frozen_one(a)

    def read(self, a: np.ndarray) -> int:
        """The row of an array that is held, one for all views of the same entries: sweeps back make
        a new one of a matrix wherever they transpose it."""
        place = place_of(a)
        row = self.rows.get(place)
        if row is None:
            row = self.rows[place] = self.rows[id(a)] = self.enter(None, (), None, a).row
            self.captured[row] = a
        return row

    def raised(self, what: str, error: Exception) -> None:
        """Note an error, which the function may catch, and go on another way."""
        self.held.refusals[f"catches an error of {what} ({type(error).__name__})"] = None


class LocatedRecording(Recording):
    """A list that is being written, with where in the user's code each row is from."""

    def __init__(self, *settings: Any) -> None:
        super().__init__(*settings)
        self.locator = Locator(sys._getframe(1))

    def enter(self, op: Any, args: tuple, params: dict | None, y: Any) -> Recorded:
        self.locator.note(sys._getframe(1))
        return super().enter(op, args, params, y)

    def settle(self, origins: Origins, row: int) -> None:
        self.locator.settle(origins, row)

    def forget(self, length: int) -> None:
        super().forget(length)
        self.locator = self.locator.again(length)

    def decided(self, guard: Guard) -> None:
        guard.line = user_line(sys._getframe(1))
        super().decided(guard)

    def seen(self, note: Note, row: int) -> None:
        super().seen(note, row)
        if note.kind == "constant":
            self.origins.taken.append((row, user_line(sys._getframe(1))))

    @property
    def origins(self) -> Origins:
        return self.locator.origins


def named(x: Any, name: str) -> Any:
    """x, whose row in a recorded list is from now on called name."""
    if x.__class__ is Recorded and x.step.op is not None:
        x.step.name = name
    return x


def record(f: Callable, *args: Any, located: bool = False, loops: bool = False) -> WengertList:
    """Run f at args and record every operation, in order. Inputs are pytrees of numbers and arrays.
    located: note where in the user's code each row is from. loops: as in Recording.

    Raises TypeError for values that are no numbers.

    >>> from admodes.core.record import record
    >>> [step.op.name for step in record(lambda x, y: x * y + x, 2.0, 3.0).steps[2:]]
    ['multiply', 'add']
    """
    xs, tree = flatten(args)
    leaves = [checked_input(x, "record", copy=True) for x in xs]

    def run(*inputs: Any) -> Any:
        return f(*unflatten(tree, list(inputs)))

    numpys = any(map(is_numpys, xs))
    return record_leaves(run, leaves, f, numpys=numpys, located=located, loops=loops)


def record_leaves(
    run: Callable,
    leaves: Sequence[Any],
    f: Callable,
    held: Held | Mapping[int, np.ndarray] | None = None,
    values: bool = True,
    taped: bool = False,
    checked: bool = True,
    numpys: bool = False,
    located: bool = False,
    loops: bool = False,
) -> WengertList:
    """The list of run(*leaves), which calls the user's f; leaves are floats, arrays of floats or
    carriers. held, values, taped, numpys and loops are as in Recording; held may be the arrays
    alone, by id. checked: results that are no numbers are refused. located is as in record."""
    watch = held if isinstance(held, Held) else Held(held or {})
    recording = (LocatedRecording if located else Recording)(
        leaves, watch, values, taped, numpys, loops
    )
    level = recording.level
    inputs = [lent(recording.enter(None, (), None, x)) for x in leaves]
    # x += v in the function gives an input another row.
    first = [Ref(x.row) for x in inputs]
    refusals = dict(watch.refusals)

    def fresh() -> None:
        recording.forget(len(inputs))
        watch.refusals = dict(refusals)

    try:
        with holding(watch.owners):
            results, out_tree = flatten(call(run, tuple(inputs), fresh))
    finally:
        level.alive = False
    for y in results if checked else ():
        check_output(y, level, f)
    return WengertList(
        recording.steps,
        first,
        [Ref(y.row) if isinstance(y, Recorded) and y.level is level else y for y in results],
        out_tree,
        recording.guards,
        recording.captured,
        list(recording.notes),
        recording.origins,
    )
