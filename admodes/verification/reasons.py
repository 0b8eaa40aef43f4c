"""Why a verification fails, in one sentence: the wrong rule with its row, or how many digits are
right and where the others were lost.
"""

from __future__ import annotations

import math

import numpy as np

from admodes.core.record import Ref
from admodes.tracing.trace import Trace
from admodes.verification.blame import Loss
from admodes.verification.criterion import UNIT
from admodes.verification.entries import (
    FEW,
    NOT_DECIDED,
    NOT_DEFINED,
    NOT_DIFFERENTIABLE,
    UNTRACED,
    Entry,
)
from admodes.verification.rows import Local
from admodes.views.dialects import Text
from admodes.views.result import plain


def reason_of(t: Trace, entries: list[Entry], wrong_row: str | None) -> str | None:
    """Why the verification fails; None where it passes."""
    bad = next((entry for entry in entries if not entry.passed), None)
    return wrong_row or _not_finite(t) or (_disagreement(bad) if bad else None)


def wrong_row_sentence(check: Local, t: Trace) -> str:
    """The operation, the row, the argument, the value got and the right one."""
    args = dict.fromkeys(a.row for a in t.program.steps[check.row].args if isinstance(a, Ref))
    at = ", ".join(
        f"{t.rows[i].name} = {t.rows[i].value:.10g}" for i in args if not t.rows[i].shape
    )
    reference = math.nan if check.reference is None else check.reference
    got, right = f"{check.got:.10g}", f"{reference:.10g}"
    if got == right:
        got, right = repr(check.got), repr(check.reference)
    what = check.name if check.argument is None else f"∂{check.name}/∂{check.of}"
    head = f"row {check.name} ({check.op}): {what} = {check.formula} is {got}"
    head += f" at {at}" if at else ""
    if check.source == "kink":
        return f"{head}, which is not between the limits from both sides"
    differences = check.source == "differences"
    source = "central differences" if differences else f"sympy: {check.symbolic}"
    return f"{head}, but {right} is right ({source})"


def _not_finite(t: Trace) -> str | None:
    """The first row that matters, or output, whose value is not finite."""
    for row in t.rows:
        matters = any(w is not None and np.any(w != 0) for w in row.adjoints.values())
        if matters and not np.all(np.isfinite(row.value)):
            shown = Text(6).number(plain(row.value))
            return f"the value of row {row.name} ({row.op}) is not finite: {row.symbolic} = {shown}"
    for y in t.outputs:
        if not math.isfinite(y["value"]):
            return f"the output {y['name']} is not finite: {y['value']}"
    return None


def few_digits(t: Trace, entry: Entry, loss: Loss | None, kinks: dict[int, str]) -> str:
    """That few digits are right, and why."""
    assert entry.digits is not None
    k = int(entry.digits)
    head = f"right rules, but only {k} digit{'s' * (k != 1)}"
    if loss is None:
        if kinks and entry.verdict == FEW:
            row, note = next(iter(kinks.items()))
            return (
                f"the derivative exists and is {entry.symbolic:.10g}, but the convention at the "
                f"kink of row {t.rows[row].name} ({note}) does not give it"
            )
        return head + _permitted(entry)
    name = f"row {t.rows[loss.row].name} ({loss.op.name})"
    if loss.factor <= 1:
        why = f"rounding of {name}"
    elif loss.cancels:
        why = f"cancellation in {name}"
    else:
        why = f"{name} makes relative errors {loss.factor:.1e} times larger"
    return f"{head}: {why}{_permitted(entry)}"


PERMITTED = 100.0
"""Times the condition and the unit roundoff: what no calculation in doubles is to blame for."""


def _permitted(entry: Entry) -> str:
    if entry.condition is None or entry.digits is None:
        return ""
    if 10.0**-entry.digits > PERMITTED * entry.condition * UNIT:
        return ""
    return (
        f"; the problem is ill-conditioned here (condition {entry.condition:.1e}), which leaves no "
        "more to any calculation in doubles"
    )


def _disagreement(bad: Entry) -> str:
    """What is wrong with an entry although every local partial is right."""
    name = f"∂{bad.output}/∂{bad.input}"
    for mode, got in (("forward", bad.forward), ("reverse", bad.reverse)):
        if not math.isfinite(got):
            return f"{name} is not finite: {mode} gives {got}"
    if bad.note == UNTRACED:
        return f"{name} is {bad.forward:.10g}, but {bad.differences:.10g} numerically; {UNTRACED}"
    if bad.verdict == FEW:
        shown = f"{bad.forward:.10g} and {bad.reverse:.10g}, exactly {bad.symbolic:.10g}"
        return f"{name}: {bad.note or 'too few digits'} ({shown})"
    if bad.verdict in (NOT_DIFFERENTIABLE, NOT_DEFINED, NOT_DECIDED):
        return f"{name}: {bad.note}"
    return (
        f"{name}: forward gives {bad.forward!r}, reverse gives {bad.reverse!r}, but "
        f"{bad.symbolic!r} is right (tolerance {bad.tolerance:.3g}); every local partial is "
        "right, so a sweep is wrong"
    )
