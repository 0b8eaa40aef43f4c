"""Where the influence of an input ends: rows without derivative whose value is calculated with,
decisions, plain numbers taken out of the recording, and inputs that nothing depends on."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from functools import cached_property
from typing import Any

import numpy as np

from admodes.core.origins import Line
from admodes.core.record import Guard, Ref, WengertList, is_active
from admodes.diagnosis.finding import finding_at
from admodes.diagnosis.remedies import SOFTER
from admodes.diagnosis.result import Finding
from admodes.diagnosis.subject import Subject
from admodes.errors import listed
from admodes.programs.rewriting import needed
from admodes.programs.sweep import has_derivative, reached

STEPS = {
    "floor": "rounding down",
    "ceil": "rounding up",
    "round": "rounding",
    "trunc": "rounding towards 0",
    "floor_divide": "the whole quotient //",
    "sign": "the sign",
    "integers": "the cast to integers",
    "argmax": "argmax, a position",
    "argmin": "argmin, a position",
    "argsort": "argsort, positions",
}
"""What rows without derivative do, in words."""


UNUSED = "unused input"


class Influence:
    """How a list depends on its inputs. dead: arguments that a row does not depend on although it
    reads them, such as those of x - x."""

    def __init__(self, program: WengertList) -> None:
        self.program, self.steps = program, program.steps
        self.reached = reached(program)
        self.same = _same_rows(program)

    def depends(self, row: int, k: int) -> bool:
        """Whether a row depends differentiably on its argument k."""
        step = self.steps[row]
        if not is_active(step, k) or not has_derivative(step):
            return False
        if not has_derivative(self.steps[step.args[k].row]):
            return False
        if step.op.name in ("subtract", "divide"):
            a, b = step.args
            if isinstance(a, Ref) and isinstance(b, Ref) and self.same[a.row] == self.same[b.row]:
                return False
        zero = _is_zero(step.args[1 - k]) if len(step.args) == 2 else False
        return not (zero and step.op.name in ("multiply", "power"))

    @cached_property
    def live(self) -> set[int]:
        """The rows that an output depends on differentiably."""
        found = {y.row for y in self.program.outputs if isinstance(y, Ref)}
        found = {row for row in found if has_derivative(self.steps[row])}
        for row in range(len(self.steps) - 1, -1, -1):
            if row in found:
                step = self.steps[row]
                found |= {a.row for k, a in enumerate(step.args) if self.depends(row, k)}
        return found

    @cached_property
    def live_alike(self) -> set[int]:
        """The numbers of live rows; a row that computes the same has the same number."""
        return {self.same[row] for row in self.live}

    @cached_property
    def ends(self) -> list[int]:
        """The rows at which the dependence of a row on its arguments ends."""
        kept = {y.row for y in self.program.outputs if isinstance(y, Ref)}
        kept = needed(self.program, kept)
        return [
            row for row in sorted(kept) if (self.steps[row].op is not None and self.cut_off(row))
        ]

    def cut_off(self, row: int) -> list[int]:
        """The rows that a row reads and that its derivative does not know, though they have one."""
        step = self.steps[row]
        return [
            a.row
            for k, a in enumerate(step.args)
            if isinstance(a, Ref) and a.row in self.reached and not self.depends(row, k)
        ]

    def is_number(self, row: int) -> bool:
        """Whether the value of a row is calculated with, or is an output, and not only a condition
        or a position."""
        found = {row}
        outputs = {y.row for y in self.program.outputs if isinstance(y, Ref)}
        for user in range(row, len(self.steps)):
            step = self.steps[user]
            if user != row:
                places = [
                    k for k, a in enumerate(step.args) if isinstance(a, Ref) and a.row in found
                ]
                if not places:
                    continue
                if user in self.reached:
                    if any(is_active(step, k) for k in places):
                        return True
                    continue
                found.add(user)
            if user in outputs:
                return True
        return False

    def above(self, rows: list[int]) -> set[int]:
        """The inputs that rows depend on, in whatever way."""
        inputs = {x.row for x in self.program.inputs}
        return inputs & needed(self.program, rows)


def _is_zero(a: Any) -> bool:
    return not isinstance(a, Ref) and bool(np.all(np.asarray(a) == 0))


def _same_rows(program: WengertList) -> list[int]:
    """A number for each row, which rows share that compute the same of the same."""
    numbers: dict[Any, int] = {}
    found: list[int] = []
    for row, step in enumerate(program.steps):
        key: Any = row
        if step.op is not None:
            args = tuple(
                ("row", found[a.row]) if isinstance(a, Ref) else _constant(a) for a in step.args
            )
            key = (step.op, args, repr(step.params))
        found.append(numbers.setdefault(key, row))
    return found


def _constant(a: Any) -> Any:
    return a if isinstance(a, (float, int, bool)) else id(a)


def in_influence(
    subject: Subject, recorded: WengertList, home: Line | None = None
) -> Iterator[Finding]:
    """The rows at which the influence of an input ends; recorded is the list as it was recorded,
    with all decisions, and with the rows that serve these alone; home: where the function
    begins."""
    influence = Influence(subject.program)
    explained: set[int] = set()
    for row in influence.ends:
        step = subject.steps[row]
        lost = influence.cut_off(row)
        inputs = influence.above(lost) - influence.live
        numeric = influence.is_number(row)
        elsewhere = all(influence.same[a] in influence.live_alike for a in lost)
        alone = numeric and not elsewhere and not has_derivative(step)
        refused = step.op.name == "integers"
        if not (alone or refused or inputs - explained):
            continue
        explained |= inputs
        yield _ended(subject, row, lost, inputs)
    yield from _refused(subject, recorded)
    yield from _decided(subject, influence, recorded, explained)
    yield from _unused(subject, influence, recorded, explained, home)


def _ended(subject: Subject, row: int, lost: list[int], inputs: set[int]) -> Finding:
    step = subject.steps[row]
    name, formula = subject.names[row], subject.formula(row)
    of = ", ".join(subject.names[a] for a in dict.fromkeys(lost))
    what = STEPS.get(step.op.name.removeprefix("whole_"))
    if step.is_test:
        what = "the comparison"
    remedy = ""
    if what is None and step.op.name in ("subtract", "divide", "multiply", "power"):
        reason = f"{name} = {formula} does not depend on {of}, whatever its value is"
        remedy = "leave the row out, or use what was meant in the place of one of its arguments"
    else:
        what = what or step.op.name
        reason = f"{name} = {formula}: {what} has the derivative 0 or none, and ends the influence "
        reason += f"of {of}"
    if inputs:
        names = listed(_inputs(subject, inputs))
        reason += f"; no output depends differentiably on {names}"
    if step.op.name == "integers":
        reason += "; ad.grad refuses it with LostDerivative"
    return finding_at(subject, "lost influence", "influence", row, reason, remedy=remedy)


def _inputs(subject: Subject, rows: set[int]) -> list[str]:
    places = {x.row: k for k, x in enumerate(subject.program.inputs)}
    return [subject.named.names[places[row]] for row in sorted(rows)]


def _refused(subject: Subject, recorded: WengertList) -> Iterator[Finding]:
    """int() of a value that has a derivative, which ad.grad refuses."""
    known = reached(recorded)
    told = set()
    for guard in recorded.guards:
        rows = [a.row for a in guard.args if isinstance(a, Ref)]
        if guard.decide is int and known.intersection(rows) and guard.line not in told:
            told.add(guard.line)
            reason = (
                "int() of a traced value ends its influence, and ad.grad refuses it with "
                "LostDerivative"
            )
            yield _at_decision(subject, recorded, guard, reason, SOFTER["round"])


def _at_decision(
    subject: Subject, recorded: WengertList, guard: Guard, reason: str, remedy: str
) -> Finding:
    row = next((a.row for a in guard.args if isinstance(a, Ref)), None)
    made = None if row is None else recorded.steps[row].op
    line = guard.line
    if row is not None and (line is None or (made is not None and made.passive)):
        line = _line(recorded, row)
    mine = None if row is None else row_like(subject, recorded, row)
    name = "" if row is None else _called(subject, recorded, row)
    return finding_at(
        subject, "lost influence", "influence", mine, reason, line=line, name=name, remedy=remedy
    )


def _line(recorded: WengertList, row: int) -> Line | None:
    return None if recorded.origins is None else recorded.origins.lines[row]


def _called(subject: Subject, recorded: WengertList, row: int) -> str:
    mine = row_like(subject, recorded, row)
    return str(recorded.steps[row].op.name) if mine is None else subject.names[mine]


def row_like(subject: Subject, recorded: WengertList, row: int) -> int | None:
    """The row of the tidied list that a row of the recording has become; None where it was left
    out."""
    step = recorded.steps[row]
    if step.op is None:
        inputs = {_place(subject, recorded, mine): mine for mine in sorted(_rows(subject))[::-1]}
        places = [x.row for x in recorded.inputs]
        return inputs.get(places.index(row)) if row in places else None
    key = (step.op, _line(recorded, row))
    before = sum((s.op, _line(recorded, i)) == key for i, s in enumerate(recorded.steps[:row]))
    mine = [i for i, s in enumerate(subject.steps) if (s.op, subject.lines[i]) == key]
    return mine[before] if before < len(mine) else None


def _decided(
    subject: Subject, influence: Influence, recorded: WengertList, explained: set[int]
) -> Iterator[Finding]:
    """Inputs that steer the function, by a branch, an index or a position, and do nothing else."""
    lost = _rows(subject) - influence.live - explained
    whole = {_place(subject, recorded, row) for row in influence.live if row in _rows(subject)}
    lost = {row for row in lost if _place(subject, recorded, row) not in whole}
    if not lost:
        return
    places = {x.row: k for k, x in enumerate(recorded.inputs)}
    for guard in recorded.guards:
        rows = [a.row for a in guard.args if isinstance(a, Ref)]
        above = {places[r] for r in needed(recorded, rows) if r in places}
        hit = {row for row in lost if _place(subject, recorded, row) in above}
        if not hit:
            continue
        explained |= hit
        lost -= hit
        ops = [recorded.steps[r].op for r in rows]
        test = any(op is not None and op.is_test for op in ops)
        what = "a branch" if guard.is_branch or test else "a position or another decision"
        names = listed(_inputs(subject, hit))
        reason = f"{names}: the influence ends at {what} of the function, which has no derivative"
        position = next((op.name for op in ops if op is not None and op.name in SOFTER), None)
        remedy = SOFTER[position or ("comparison" if guard.is_branch else "argmax")]
        found = _at_decision(subject, recorded, guard, reason, remedy)
        yield replace(found, name=names) if found.row in hit else found


def _rows(subject: Subject) -> set[int]:
    """The rows of the inputs."""
    return {x.row for x in subject.program.inputs}


def _place(subject: Subject, recorded: WengertList, row: int) -> int:
    """Which of the recorded inputs a row of the subject is, or is a component of."""
    k = [x.row for x in subject.program.inputs].index(row)
    sizes = [recorded.steps[x.row].size for x in recorded.inputs]
    if len(sizes) == len(subject.program.inputs):
        return k
    return int(np.searchsorted(np.cumsum(sizes), k, side="right"))


def _unused(
    subject: Subject,
    influence: Influence,
    recorded: WengertList,
    explained: set[int],
    home: Line | None,
) -> Iterator[Finding]:
    """Inputs that nothing depends on. home: the line at which the function begins. Of an array that
    is used in part the rest may be used elsewhere, where decisions choose the part."""
    lost = _rows(subject) - influence.live - explained
    lost = {row for row in lost if subject.steps[row].size}
    if recorded.guards:
        used = {_place(subject, recorded, row) for row in influence.live & _rows(subject)}
        lost = {row for row in lost if _place(subject, recorded, row) not in used}
    if lost:
        names = _inputs(subject, lost)
        row = min(lost)
        reason = f"no output depends on {listed(names)}"
        yield finding_at(subject, UNUSED, "influence", row, reason, line=home, name=listed(names))
