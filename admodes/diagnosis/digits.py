"""Where digits are lost: the rows of a function, and its derivatives, against the same rows
evaluated from the inputs on with as many digits as it takes. What an output does not feel is
harmless and no finding."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from admodes.core.record import Ref
from admodes.diagnosis.bounds import MATRICES, TINY, error_bounds, skeel
from admodes.diagnosis.finding import finding_at
from admodes.diagnosis.result import Finding
from admodes.diagnosis.subject import Subject, first, in_entries
from admodes.programs.rewriting import needed
from admodes.symbolic.arrays import components
from admodes.symbolic.exact import exactly
from admodes.symbolic.precision import number, precise
from admodes.verification.criterion import ALL_DIGITS, UNIT

LEVELS = (60, 120, 240, 480, 960)
"""Digits of the evaluations, until two of them agree."""

MOST_WORK = 600_000
"""Additions and multiplications of numbers with many digits beyond which bounds decide alone."""

ENTRY = 50
"""How many of these the entry of an elementwise function takes."""

SURE = 5.0
"""Digits that bounds have to leave where they decide alone: they look on the dark side."""

REQUIRED = 10.0
"""Digits that a number of doubles has to have; single precision has to have SINGLE."""

SINGLE = 3.5

LEAP = 300.0
"""The least factor by which a row makes a relative error larger that is told as the one that loses
digits."""

NORMAL = 2.0**-1022
"""The smallest number of doubles that has all digits."""

CONDITION = 1e8
"""The condition of a matrix from which on an operation on it is ill-conditioned."""


def work(subject: Subject) -> int:
    """How many operations on numbers one evaluation takes."""
    total = 0
    for row in subject.kept:
        step = subject.steps[row]
        if step.op is None:
            continue
        if step.op.elementwise:
            total += ENTRY * step.size
        elif step.op.kind == "moves":
            total += step.size
        else:
            args = subject.program.arguments(step)
            total += sum(step.op.costs(args, step.value, step.params).values())
    return total


@dataclass
class Exact:
    """The exact values of all rows, as arrays of mpmath numbers: None where an entry has none, or
    no row has. errors: the relative error of each entry, nan where it is not known."""

    rows: list[Any]
    errors: list[Any]
    missing: list[str]


def exact_rows(subject: Subject) -> Exact:
    """Every row from the inputs on, with as many digits as it takes for two to agree."""
    program = subject.program
    xs = inputs_of(subject)
    before = exactly(program, xs, LEVELS[0])
    for digits in LEVELS[1:]:
        after = exactly(program, xs, digits)
        with precise(digits):
            agreed = [_agreed(a, b) for a, b in zip(before.rows, after.rows, strict=True)]
        before = after
        if all(a is None or all(x is not None for x in a) for a in agreed):
            break
    with precise(LEVELS[-1]):
        errors = [_errors(subject, row, agreed[row]) for row in range(len(subject.steps))]
    return Exact(agreed, errors, list(after.missing))


def _agreed(before: Any, after: Any) -> list[Any] | None:
    """The entries on which two evaluations agree, 0 where more digits leave less of one; None for
    the others."""
    import mpmath

    if before is None or after is None:
        return None
    found = []
    for a, b in zip(components(before), components(after), strict=True):
        plain = not isinstance(a, mpmath.mpf) or not isinstance(b, mpmath.mpf)
        same = plain or a == b or a != a or abs(a - b) <= mpmath.mpf(10) ** -25 * abs(b)
        vanishes = not same and abs(b) <= mpmath.mpf(10) ** -20 * abs(a)
        found.append(mpmath.mpf(0) if vanishes else b if same else None)
    return found


def _errors(subject: Subject, row: int, exact: list[Any] | None) -> Any:
    """The relative error of every entry of a row, with respect to the largest argument where the
    exact value is 0; nan where it is not known."""
    import mpmath

    step = subject.steps[row]
    found = np.full(step.shape, math.nan)
    if exact is None or step.op is None or step.dtype.kind != "f":
        return found
    flat, scale = found.reshape(-1), _scale(subject, row)
    for k, (got, right) in enumerate(zip(components(step.value), exact, strict=True)):
        if isinstance(right, mpmath.mpf) and mpmath.isfinite(right) and math.isfinite(got):
            size = abs(right) if right else scale
            flat[k] = float(min(abs(number(got) - right) / size, mpmath.mpf(10) ** 300))
    return flat.reshape(step.shape)


def bounded(subject: Subject, largest: bool) -> Exact:
    """The relative errors of rows by bounds; largest: of arrays with respect to their largest
    entry."""
    errors = []
    for step, bound in zip(subject.steps, error_bounds(subject), strict=True):
        size = np.abs(
            np.asarray(step.value, float) if step.dtype.kind == "f" else np.ones(step.shape)
        )
        if largest:
            size = np.max(size, initial=0.0)
        relative = np.where(bound == 0, 0.0, bound / np.where(size == 0, TINY, size))
        errors.append(np.where(np.isfinite(size), relative, math.nan))
    return Exact([None] * len(errors), errors, [])


def _scale(subject: Subject, row: int) -> float:
    """The largest number among the arguments of a row; 1 where there is none."""
    xs = [np.abs(np.asarray(x)) for x in subject.program.arguments(subject.steps[row])]
    known = [float(x[np.isfinite(x)].max(initial=0.0)) for x in xs if x.dtype.kind == "f"]
    return max(known, default=0.0) or 1.0


def in_value(subject: Subject, notes: list[str]) -> Iterator[Finding]:
    """The rows that lose the digits of an output, and those that show it. notes: what was not
    judged."""
    bounds = bounded(subject, largest=False)
    required = _required(subject)
    ends = subject.results | _before_infinity(subject)
    if any(_few(bounds.errors[end], required) for end in ends):
        if work(subject) <= MOST_WORK:
            yield from _losing(subject, exact_rows(subject), required)
        else:
            notes.append(
                "digits: the function is large, so that bounds of rounding errors decided, which "
                "overlook losses down to 5 digits"
            )
            yield from _losing(subject, bounded(subject, largest=True), min(required, SURE))
    for row in subject.kept:
        yield from _ill_conditioned(subject, row)
        yield from _cast(subject, row)


def _losing(subject: Subject, exact: Exact, required: float) -> Iterator[Finding]:
    told: set[int] = set()
    ends = {row for row in subject.results if not _vanishes(subject, row, exact)}
    for end in sorted(ends | _before_infinity(subject)):
        if _few(exact.errors[end], required):
            told.update(_leaps(subject, end, exact, required))
    for row in sorted(told):
        yield _lost(subject, row, exact)


def _before_infinity(subject: Subject) -> set[int]:
    """The rows of numbers that others make nan or infinities of."""
    rows = (row for row in subject.kept if not subject.finite(row))
    args = {a.row for row in rows for a in subject.steps[row].args if isinstance(a, Ref)}
    return {row for row in args if subject.finite(row)}


def _required(subject: Subject) -> float:
    kinds = [subject.steps[x.row].dtype for x in subject.program.inputs]
    return SINGLE if kinds and all(kind == np.float32 for kind in kinds) else REQUIRED


def _few(error: Any, required: float) -> bool:
    return bool(np.any(error > 10.0**-required))


BOUNDED = frozenset(("sigmoid", "softplus", "erfc", "elu", "gelu"))
"""Operations whose value 0 far out is the value that is meant."""


def _vanishes(subject: Subject, row: int, exact: Exact) -> bool:
    """Whether an output lacks digits only in entries so small, beside the others of the same result
    or by nature, that 0 is what is meant."""
    step = subject.steps[row]
    with np.errstate(invalid="ignore"):
        bad = np.atleast_1d(exact.errors[row] > 10.0**-REQUIRED).reshape(-1)
    rows = exact.rows[row]
    if rows is None:
        return False
    small = all(0 < abs(rows[k]) < NORMAL for k in np.flatnonzero(bad))
    beside = max((abs(number(c)) for c in _outputs(subject)), default=0)
    return small and (beside >= NORMAL or (step.op is not None and step.op.name in BOUNDED))


def _outputs(subject: Subject) -> list[Any]:
    """The numbers of all outputs."""
    values = [np.asarray(subject.steps[row].value) for row in subject.results]
    return [c for v in values if v.dtype.kind == "f" for c in v.ravel() if math.isfinite(c)]


def _leaps(subject: Subject, output: int, exact: Exact, required: float) -> list[int]:
    """The rows above an output that make relative errors much larger, or the one that does so
    most."""
    best: int | None = None
    most, leaps = 1.0, []
    for row in sorted(needed(subject.program, [output])):
        step = subject.steps[row]
        factor = _factor(subject, row, exact)
        if step.op is None or factor is None or not _few(exact.errors[row], required):
            continue
        if factor >= LEAP:
            leaps.append(row)
        if factor > most:
            best, most = row, factor
    return leaps or [row for row in (best,) if row is not None]


def _factor(subject: Subject, row: int, exact: Exact) -> float | None:
    """By how much the relative error of a row is larger than those of its arguments; None where
    an argument is not finite."""
    step = subject.steps[row]
    args = [a.row for a in step.args if isinstance(a, Ref)]
    if not all(map(subject.finite, args)):
        return None
    error = exact.errors[row]
    if np.isnan(error).all():
        return None
    before = max((_worst(exact.errors[a]) for a in args), default=UNIT)
    return float(_worst(error) / max(before, UNIT))


def _worst(error: Any) -> float:
    known = error[~np.isnan(error)] if np.ndim(error) else error
    return float(np.max(known)) if np.size(known) and not np.isnan(known).all() else 0.0


def _lost(subject: Subject, row: int, exact: Exact) -> Finding:
    step = subject.steps[row]
    error = exact.errors[row]
    bad = np.asarray(error == _worst(error))
    entry = first(bad)
    value = np.asarray(step.value)[entry]
    if exact.rows[row] is None:
        return _bounded(subject, row, _worst(error))
    right = exact.rows[row][int(np.flatnonzero(bad.reshape(-1))[0])]
    with precise(20) as mpmath:
        shown = mpmath.nstr(right, 7)
    name = subject.names[row]
    head = f"{name} = {subject.formula(row)}"
    at = subject.at(row, entry if step.op.elementwise else None)
    head += f" at {at}" * bool(at) + f"{in_entries(bad)} is {float(value):.10g}"
    if 0 < abs(right) < NORMAL:
        reason = f"{head}, exactly {shown}, which is below the smallest double with all digits"
        return finding_at(subject, "underflow", "value", row, reason, left(_worst(error)))
    reason = f"{head}, exactly {shown}: {_why(subject, row, entry)}"
    return finding_at(subject, "lost digits", "value", row, reason, left(_worst(error)))


def _bounded(subject: Subject, row: int, error: float) -> Finding:
    step = subject.steps[row]
    reason = f"{subject.names[row]} = {subject.formula(row)}: {_why(subject, row, ())}"
    if step.op.kind != "additions" and not np.any(np.asarray(step.value)):
        reason = f"{subject.names[row]} = {subject.formula(row)} is 0 in every entry"
        return finding_at(subject, "underflow", "value", row, reason, left(error))
    return finding_at(subject, "lost digits", "value", row, reason, left(error))


def left(error: float) -> float:
    """The decimal digits that a relative error leaves."""
    return ALL_DIGITS if error <= 0 else min(max(-math.log10(error), 0.0) + 0.0, ALL_DIGITS)


def _why(subject: Subject, row: int, entry: tuple[int, ...]) -> str:
    step = subject.steps[row]
    if step.op.kind == "additions" or step.op.name in ("sum", "mean"):
        return "cancellation: what is left is the rounding of earlier rows"
    if step.op.elementwise:
        return "the row is ill-conditioned here, and makes the rounding of its argument larger"
    return "cancellation, or an ill-conditioned matrix"


def _cast(subject: Subject, row: int) -> Iterator[Finding]:
    """A cast of doubles to a precision with fewer digits, which changes them."""
    step = subject.steps[row]
    if step.op is None or step.op.name != "astype" or step.dtype.kind != "f":
        return
    before = np.asarray(subject.program.value(step.args[0]))
    after = np.asarray(step.value)
    if before.dtype.kind != "f" or after.dtype.itemsize >= before.dtype.itemsize:
        return
    changed = np.isfinite(before) & (after.astype(before.dtype) != before)
    if changed.any():
        digits = -math.log10(float(np.finfo(after.dtype).eps) / 2)
        reason = (
            f"{subject.names[row]} is cast from {before.dtype} to {after.dtype}, which keeps "
            f"{int(digits)} digits{in_entries(changed)}"
        )
        yield finding_at(subject, "lost digits", "value", row, reason, digits)


def _ill_conditioned(subject: Subject, row: int) -> Iterator[Finding]:
    """An operation on a matrix that makes relative errors of its entries much larger."""
    step = subject.steps[row]
    if step.op is None or step.op.name not in MATRICES:
        return
    condition = skeel(subject.program.value(step.args[0]))
    if condition >= CONDITION:
        reason = (
            f"{subject.names[row]} = {subject.formula(row)}: the matrix is ill-conditioned "
            f"(condition {condition:.1e}), so that relative errors of its entries grow by as much"
        )
        yield finding_at(subject, "lost digits", "value", row, reason, left(condition * UNIT))


def inputs_of(subject: Subject) -> list[Any]:
    """All numbers of the inputs."""
    return [c for x in subject.program.inputs for c in components(subject.program.value(x))]
