"""Numbers that follow the inputs although they are constants of the recorded list: taken out with
ad.value, or made outside. The function is recorded again beside the point: where a constant is
another there, and the same once more at the point, it was made from the inputs."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from admodes.core.origins import Line, Origins
from admodes.core.pytree import flatten, unflatten
from admodes.core.record import Ref, WengertList, record
from admodes.diagnosis.finding import finding_at
from admodes.diagnosis.influence import row_like
from admodes.diagnosis.raised import home_of
from admodes.diagnosis.result import Finding
from admodes.diagnosis.subject import Subject
from admodes.programs.replay import same

MOVES = (1e-2, 1e-4, 1e-7, 1e-10)
"""How far the inputs are moved, relatively, until the function takes the same way."""

REMEDY = (
    "calculate with the traced value itself where its influence is meant; ad.value is for "
    "printing, logging and stopping rules"
)


@dataclass
class Difference:
    """A constant that is another beside the point. row: the row that reads it, None for an output
    that is a constant; here: the constant at the point."""

    row: int | None
    here: Any


def in_constants(
    subject: Subject, f: Callable, args: tuple, recorded: WengertList
) -> Iterator[Finding]:
    """The constants of the list that are made from the inputs."""
    for move in MOVES:
        beside = _recorded(f, _moved(args, move))
        if beside is None:
            return
        if _alike(recorded, beside):
            break
    else:
        return
    differences = list(_differences(recorded, beside))
    again = _recorded(f, args) if differences else None
    if again is not None and _alike(recorded, again):
        random = {id(d.here) for d in _differences(recorded, again)}
        yield from _findings(
            subject, f, recorded, [d for d in differences if id(d.here) not in random]
        )
    if not differences:
        yield from _kept_from_before(subject, recorded, beside)


def _recorded(f: Callable, args: tuple) -> WengertList | None:
    try:
        return record(f, *args, located=True)
    except Exception:
        return None


def _moved(args: tuple, move: float) -> tuple:
    leaves, tree = flatten(args)
    found = []
    for k, x in enumerate(leaves):
        a = np.asarray(x)
        if a.dtype.kind not in "fiu":
            found.append(x)
            continue
        sign = np.cos(1.0 + k + 2.4 * np.arange(a.size) ** 1.1).reshape(a.shape)
        y = (a + move * sign * np.maximum(np.abs(a), 1e-3)).astype(
            np.result_type(a.dtype, np.float32)
        )
        found.append(y if a.ndim else float(y))
    return tuple(unflatten(tree, found))


def _alike(a: WengertList, b: WengertList) -> bool:
    """Whether two lists have the same operations on the same rows."""
    return len(a.steps) == len(b.steps) and all(
        s.op is t.op and len(s.args) == len(t.args) and s.shape == t.shape
        for s, t in zip(a.steps, b.steps, strict=True)
    )


def _differences(a: WengertList, b: WengertList) -> Iterator[Difference]:
    for row, (s, t) in enumerate(zip(a.steps, b.steps, strict=True)):
        for x, y in zip(s.args, t.args, strict=True):
            if not isinstance(x, Ref) and not isinstance(y, Ref) and not same(x, y):
                yield Difference(row, x)
    for x, y in zip(a.outputs, b.outputs, strict=False):
        if not isinstance(x, Ref) and not isinstance(y, Ref) and not same(x, y):
            yield Difference(None, x)


def _findings(
    subject: Subject, f: Callable, recorded: WengertList, differences: list[Difference]
) -> Iterator[Finding]:
    taken = [] if recorded.origins is None else recorded.origins.taken
    told: set[Line | None] = set()
    for difference in differences:
        reader = _reader(subject, recorded, difference)
        source = _source(recorded, taken, difference)
        if source is None:
            row = None if difference.row is None else row_like(subject, recorded, difference.row)
            line = home_of(f) if difference.row is None else _line_of(recorded, difference.row)
            reason = (
                f"the number {subject.number(difference.here)}{reader} follows the inputs, but is "
                "a constant of the recording: no derivative goes through it"
            )
        else:
            row, line = row_like(subject, recorded, source[0]), source[1]
            reason = (
                f"ad.value takes a plain number out of {_name(subject, recorded, source[0])}, and "
                f"{subject.number(difference.here)}{reader} is made from it: no derivative goes "
                "through it"
            )
        if line in told:
            continue
        told.add(line)
        name = "" if row is not None else "a constant"
        yield finding_at(
            *(subject, "lost influence", "influence", row, reason),
            line=line,
            name=name,
            remedy=REMEDY,
        )


def _reader(subject: Subject, recorded: WengertList, difference: Difference) -> str:
    """Where a constant is used, in words."""
    if difference.row is None:
        return ", which is an output,"
    mine = row_like(subject, recorded, difference.row)
    return "" if mine is None else f" in {subject.names[mine]} = {subject.formula(mine)}"


def _source(
    recorded: WengertList, taken: list[tuple[int, Line | None]], difference: Difference
) -> tuple[int, Line | None] | None:
    """The number taken out that a constant is or was made from: one that is the same number, or
    the latest before the row."""
    before = [t for t in taken if difference.row is None or t[0] < difference.row]
    equal = [t for t in before if same(recorded.steps[t[0]].value, difference.here)]
    return next(iter([*equal, *before[::-1]]), None)


def _name(subject: Subject, recorded: WengertList, row: int) -> str:
    mine = row_like(subject, recorded, row)
    if mine is not None:
        places = [x.row for x in subject.program.inputs]
        return subject.named.names[places.index(mine)] if mine in places else subject.names[mine]
    return "a traced value"


def _line_of(recorded: WengertList, row: int | None) -> Line | None:
    origins: Origins | None = recorded.origins
    return None if row is None or origins is None else origins.lines[row]


def _kept_from_before(
    subject: Subject, recorded: WengertList, beside: WengertList
) -> Iterator[Finding]:
    """ad.value in the first call alone: what is made from it is kept for later calls."""
    first = [] if recorded.origins is None else recorded.origins.taken
    later = {line for _, line in (beside.origins.taken if beside.origins else [])}
    for row, line in first:
        if line is not None and line not in later:
            reason = (
                f"ad.value takes a plain number out of {_name(subject, recorded, row)} in the "
                "first call only: what is made from it is kept, and follows the inputs no more"
            )
            mine = row_like(subject, recorded, row)
            yield finding_at(
                *(subject, "lost influence", "influence", mine, reason),
                line=line,
                name="" if mine is not None else "a constant",
                remedy=REMEDY,
            )
            return
