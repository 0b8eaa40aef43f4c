"""Where in the evaluation a number that is not finite begins: infinity from a pole or by overflow,
and nan from numbers, or from infinities."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from admodes.core.op import Op
from admodes.core.record import Ref, Step, WengertList
from admodes.core.structure import Moves
from admodes.diagnosis.finding import finding_at
from admodes.diagnosis.remedies import double_where
from admodes.diagnosis.result import Finding
from admodes.diagnosis.subject import Subject, first, in_entries
from admodes.symbolic.forms import AtKink, local_form
from admodes.symbolic.limits import value_at
from admodes.symbolic.precision import DIGITS

NOT_TAKEN = (
    ", in a branch that np.where does not take: the value is unharmed, and here an exact zero "
    "keeps the derivative at 0, but other libraries get 0 × nan = nan"
)


def in_values(subject: Subject) -> Iterator[Finding]:
    """The rows of which a value is nan or infinite although those of the arguments are not, and
    those that make nan from infinities, in order."""
    for row in subject.kept:
        step = subject.steps[row]
        y = np.asarray(step.value)
        if y.dtype.kind not in "fc" or np.isfinite(y).all():
            continue
        if step.op is None:
            for kind, mask in (("nan", np.isnan(y)), ("inf", np.isinf(y))):
                if mask.any():
                    where = in_entries(mask)
                    reason = f"the input {subject.names[row]} is {kind}{where}"
                    yield finding_at(subject, kind, "value", row, reason)
            continue
        yield from _born(subject, row, step, y)


def _born(subject: Subject, row: int, step: Step, y: np.ndarray) -> Iterator[Finding]:
    nans, infs = arguments_not_finite(subject.program, step)
    supplied = _supplied_nan(step)
    if supplied is not None and np.isnan(y).any():
        reason = f"{subject.names[row]} = {subject.formula(row)}: a constant in it is nan{supplied}"
        yield finding_at(subject, "nan", "value", row, reason)
        return
    if isinstance(step.op.structure, Moves) or (step.op.commutes and step.op.arity == 3):
        return
    new_inf = np.isinf(y) & ~nans & ~infs
    new_nan = np.isnan(y) & ~nans
    if new_inf.any():
        kind = "overflow" if _overflows(subject, row, first(new_inf)) else "inf"
        yield _finding(subject, row, kind, new_inf, y)
    if new_nan.any():
        yield _finding(subject, row, "nan", new_nan, y)


def arguments_not_finite(program: WengertList, step: Step) -> tuple[Any, Any]:
    """Where the arguments of a row are nan, and where they are infinite: entry by entry of the
    result where the operation works so, otherwise for all entries alike."""
    xs = [np.asarray(x) for x in program.arguments(step)]
    xs = [x for x in xs if x.dtype.kind in "fc"]
    masks = []
    for test in (np.isnan, np.isinf):
        if step.op.elementwise or step.op.entrywise:
            found = np.zeros(step.shape, bool)
            for x in xs:
                found = found | test(x)
        else:
            found = np.full(step.shape, any(bool(test(x).any()) for x in xs))
        masks.append(found)
    return masks[0], masks[1]


def _supplied_nan(step: Step) -> str | None:
    """In words where a constant of a row is nan; None where none is."""
    for a in step.args:
        if not isinstance(a, Ref) and np.asarray(a).dtype.kind in "fc":
            mask = np.isnan(np.asarray(a))
            if mask.any():
                return in_entries(mask)
    return None


def _finding(subject: Subject, row: int, kind: str, mask: np.ndarray, y: np.ndarray) -> Finding:
    step = subject.steps[row]
    entry = first(mask)
    at = subject.at(row, entry if step.op.elementwise else None)
    head = f"{subject.names[row]} = {subject.formula(row)} is {y[entry]}"
    head += f" at {at}" * bool(at) + in_entries(mask)
    why = _why(subject, row, kind, entry)
    taken = is_taken(subject, row, mask)
    remedy = ""
    if not taken:
        remedy = double_where(subject, row)
    reason = head + f": {why}" * bool(why) + NOT_TAKEN * (not taken)
    return finding_at(subject, kind, "value", row, reason, remedy=remedy)


def _why(subject: Subject, row: int, kind: str, entry: tuple[int, ...]) -> str:
    op = subject.steps[row].op
    if kind == "overflow":
        return "the number is beyond the largest double, 1.8e308"
    point = point_of(subject, row, entry)
    infinite = point is not None and any(abs(x) == np.inf for x in point)
    if kind == "nan" and (infinite or (point is None and _has_infinite(subject, row))):
        return f"an infinity of an earlier row meets {_meets(op, point)}"
    if op.name == "divide" and point is not None and point[1] == 0:
        return "0 / 0" if point[0] == 0 else "division by zero"
    if op.domain.valid not in ("", "all"):
        return f"{op.name} is defined where {op.domain.valid}"
    return ""


def _meets(op: Op, point: tuple | None) -> str:
    signs = {"add": "one of the other sign", "subtract": "an equal one", "divide": "an infinity"}
    if op.name == "multiply" and point is not None and 0 in point:
        return "a factor of 0"
    return signs.get(op.name, f"another number in {op.name}")


def _has_infinite(subject: Subject, row: int) -> bool:
    xs = subject.program.arguments(subject.steps[row])
    return any(np.asarray(x).dtype.kind in "fc" and np.isinf(x).any() for x in xs)


def point_of(subject: Subject, row: int, entry: tuple[int, ...]) -> tuple | None:
    """The arguments at an entry of the result; None where the operation does not work entry by
    entry."""
    step = subject.steps[row]
    if not step.op.elementwise:
        return None
    xs = subject.program.arguments(step)
    return tuple(np.broadcast_to(x, step.shape)[entry].item() for x in xs)


def _overflows(subject: Subject, row: int, entry: tuple[int, ...]) -> bool:
    """Whether the exact value is a number, which doubles do not reach."""
    point = point_of(subject, row, entry)
    step = subject.steps[row]
    form = local_form(step.op) if step.op.elementwise else None
    if form is None or point is None:
        return step.op.kind not in ("divisions", "functions") or step.op.name in SUMS
    import mpmath

    try:
        exact = value_at(step.op, form.value, point, DIGITS)
    except (AtKink, ArithmeticError):
        return False
    return exact is not None and bool(mpmath.isfinite(exact))


SUMS = ("prod", "cumprod", "logsumexp", "sum", "mean", "matmul", "einsum")
"""Operations on arrays that have no pole."""


def is_taken(subject: Subject, row: int, mask: np.ndarray) -> bool:
    """Whether entries of a row reach an output, or a decision, past every np.where."""
    masks = {row: mask}
    for user in range(row, len(subject.steps)):
        step = subject.steps[user]
        for k, a in enumerate(step.args):
            if isinstance(a, Ref) and a.row in masks:
                reached = _passed(subject.program, step, k, masks[a.row])
                if reached.any():
                    masks[user] = masks.get(user, False) | reached
        if user in masks and user in subject.results:
            return True
    tested = {a.row for g in subject.program.guards for a in g.args if isinstance(a, Ref)}
    return bool(tested & masks.keys())


def _passed(program: WengertList, step: Step, k: int, mask: np.ndarray) -> np.ndarray:
    """The entries of a row that entries of its argument k reach."""
    if step.op.role == "where" and k:
        chosen = np.broadcast_to(np.asarray(program.value(step.args[0]), bool), step.shape)
        return np.broadcast_to(mask, step.shape) & (chosen if k == 1 else ~chosen)
    if step.op.elementwise or step.op.entrywise:
        return np.broadcast_to(mask, step.shape)
    return np.full(step.shape, bool(mask.any()))
