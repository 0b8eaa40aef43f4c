"""ad.verify: every derivative of a function at a point, in two judgements: are the rules right, and
how many digits of the numbers are."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from admodes.core.elementwise import Elementwise
from admodes.core.forward import jvp
from admodes.core.linear import Linear
from admodes.core.reverse import vjp
from admodes.programs.scalars import scalar_function, scalar_program
from admodes.symbolic.kernels import NotExact
from admodes.symbolic.precision import DIGITS, number, precise
from admodes.symbolic.sweep import BoundedSlope, sensitivities
from admodes.tracing.trace import Trace, check_inputs, traced
from admodes.verification.accuracy import Accuracy, accuracy
from admodes.verification.blame import Conditions, lost_in
from admodes.verification.criterion import sweep_constant
from admodes.verification.entries import (
    FEW,
    NOT_FINITE,
    VERIFIED,
    Entry,
    compared,
    weigh_differences,
    weigh_digits,
)
from admodes.verification.formulas import with_formulas
from admodes.verification.nearby import Nearby
from admodes.verification.pieces import Pieces
from admodes.verification.reasons import few_digits, reason_of, wrong_row_sentence
from admodes.verification.result import Verification
from admodes.verification.rows import RowChecks

DIGITS_REQUIRED = 4.0
"""Digits that have to be right unless another number is asked for."""

EXPLAINED = 10.0
"""Digits below which the row is searched that lost the others."""

FEW_INPUTS = 4
"""Up to how many inputs the condition is always given."""


def verify(
    f: Callable,
    *args: Any,
    names: Sequence[str] | None = None,
    outputs: Sequence[str] | None = None,
    title: str = "",
    digits_required: float = DIGITS_REQUIRED,
) -> Verification:
    """Judge every derivative of f at args twice: the rules, and the accuracy of the numbers.

    Rules: the value and each partial of every row are compared with those of sympy's form of the
    operation, evaluated with 50 digits at exactly the doubles of its arguments, and both engines
    with the sweep of these partials (the bound on their own rounding and its proof are in
    admodes.verification.criterion). The first wrong row is named in `wrong_row`. Operations without
    symbolic form are compared with differences of their values: that is no proof, and the verdict
    is then "not proved", with their names.

    Accuracy: forward and reverse are compared with the derivative of the whole function at exactly
    the doubles given, evaluated from the inputs on with as many digits as it takes, and confirmed
    by the function's own difference quotients from both sides at that precision. Each entry has
    its error in ulp, the digits that are right, the condition of the derivative with respect to
    the inputs, and where digits are lost the row that lost them. Fewer than digits_required digits
    do not pass, be it the problem's condition or the formula that costs them; the reason says
    which. Where the function has a kink the slopes from both sides are given, and nothing passes
    but a derivative that exists (|x|² at 0). At the edge of a domain the one-sided derivative
    counts, infinite ones too (√ at 0). What is not settled at the largest number of digits "could
    not be decided".

    Differences of f itself in doubles (D. Ridders, Accurate computation of F'(x) and F'(x)F''(x),
    Advances in Engineering Software 4 (1982)) are evidence that the whole function was traced: they
    speak against an entry only where those of the recorded rows are others.

    f runs four times: to be recorded; in forward mode, in all directions at once, and in reverse
    mode, since the engines are judged by what they do with f itself; and on plain numbers off the
    point, to see that the recorded list is f there. The differences are those of that list then.
    Where f takes another branch off the point, and where it is not its list, it runs again.

    names and outputs as for ad.trace. Raises TypeError for arguments that are no numbers,
    ValueError for wrong numbers of names.

    >>> import admodes as ad
    >>> v = ad.verify(lambda x, y: x * ad.sin(y), 2.0, 0.5)
    >>> v.passed, [e.symbolic for e in v.entries]
    (True, [0.479425538604203, 1.7551651237807455])
    >>> v = ad.verify(lambda x: (1 - ad.cos(x)) / x**2, 1e-8)
    >>> v.passed, round(v.entries[0].forward), v.entries[0].symbolic, v.entries[0].lost
    (False, 100000000, -8.333333333333334e-10, 'v2')
    >>> wrong = ad.custom_rule("wrong", lambda x: x**3, [lambda x: 2 * x**2], symbol=lambda x: x**3)
    >>> print(ad.verify(wrong, 2.0).wrong_row)
    row v1 (wrong): ∂v1/∂v0 = wrong′(v0) is 8 at v0 = 2, but 12 is right (sympy: 3*a**2)
    """
    scalars, xs = scalar_function(f, args)
    check_inputs(args)
    named = scalar_program(f, args, names, outputs)
    t = traced(named, title=title)
    with precise(DIGITS):
        rows = RowChecks(t)
        swept = _swept(t, rows)
    exact = accuracy(t.program, Pieces(scalars, xs, named.recorded))
    near = Nearby(scalars, xs, named.recorded)
    entries = _entries(t, near, exact, swept, rows, digits_required)
    checks = with_formulas(rows.checks, t)
    wrong = next((check for check in checks if not check.passed), None)
    wrong_row = wrong_row_sentence(wrong, t) if wrong else None
    reason = reason_of(t, entries, wrong_row)
    return Verification(
        t.inputs,
        t.outputs,
        entries,
        checks,
        reason is None,
        reason,
        wrong_row,
        _notes(t, rows, exact),
        sweep_constant(t.program),
        title,
        digits_required,
        _unproved(rows, exact),
    )


def _swept(t: Trace, rows: RowChecks) -> list[dict] | None:
    """The sweep of sympy's partials at the rounded rows, by output component; None where an
    operation is neither elementwise nor linear, whose rounding that sweep does not know."""
    steps = [step for step in t.program.steps if step.op is not None and not step.op.passive]
    if not all(isinstance(step.op, (Elementwise, Linear)) for step in steps):
        return None
    try:
        return sensitivities(t.program, rows.partials, rows.slacks)
    except NotExact:
        return None


def _entries(
    t: Trace,
    near: Nearby,
    exact: Accuracy,
    swept: list[dict] | None,
    rows: RowChecks,
    required: float,
) -> list[Entry]:
    """Every entry, output by output."""
    xs = near.xs
    if not xs:
        return []
    forward, reverse = _by_forward(near.f, xs), _by_reverse(near.f, xs)
    numerical = [near.differences(j) for j in range(len(xs))]
    constant = sweep_constant(t.program)
    entries = []
    for i, y in enumerate(t.outputs):
        for j, x in enumerate(t.inputs):
            engines = (float(forward[i][j]), float(reverse[i][j]))
            term = None if swept is None else swept[i].get(j) or BoundedSlope(number(0), number(0))
            with precise(DIGITS):
                entry = compared(
                    y["name"],
                    x["name"],
                    engines,
                    exact.truths[i][j],
                    term,
                    numerical[j][i],
                    constant,
                    abs(float(y["value"])) / max(abs(xs[j]), 1.0),
                )
            weigh_digits(entry, required)
            if entry.passed and not math.isfinite(y["value"]):
                entry.decide(NOT_FINITE, f"the value of {y['name']} is not finite")
            weigh_differences(entry, near, i, j, rows.kinked)
            entries.append(entry)
    _explain(t, exact, entries, rows)
    return entries


def _by_forward(f: Callable, xs: list[float]) -> list[list[float]]:
    """The Jacobian by one forward sweep in all directions at once."""
    _, columns = jvp(f, tuple(xs), tuple(np.eye(len(xs))), batched=True)
    return [list(map(float, line)) for line in columns]


def _by_reverse(f: Callable, xs: list[float]) -> list[list[float]]:
    """The Jacobian by one reverse sweep for each result, over one tape."""
    out, pullback = vjp(f, *xs)
    units = np.eye(len(out)).tolist()
    return [list(map(float, pullback(unit))) for unit in units]


def _explain(t: Trace, exact: Accuracy, entries: list[Entry], rows: RowChecks) -> None:
    """The condition of entries that have lost digits, and the row that lost them."""
    n = len(t.inputs)
    conditions = Conditions(exact)
    for k, entry in enumerate(entries):
        i, j = divmod(k, n)
        if entry.digits is None or exact.truths[i][j].magnitude is None:
            continue
        lost = entry.digits < EXPLAINED
        if not lost and n > FEW_INPUTS:
            continue
        entry.condition = conditions.of(i, j)
        if lost and entry.verdict in (VERIFIED, FEW):
            loss = lost_in(exact, i, j)
            entry.lost = None if loss is None else t.rows[loss.row].name
            entry.note = few_digits(t, entry, loss, rows.kinks)


def _notes(t: Trace, rows: RowChecks, exact: Accuracy) -> list[str]:
    """The notes of the rows but those on branches, and which operations have no symbolic form."""
    notes = [f"{row.name}: {note}" for row in t.rows for note in row.notes if note.kind != "branch"]
    without = _unproved(rows, exact)
    if without:
        notes.append(
            f"no symbolic form of {', '.join(without)}: central differences of its value decide"
        )
    if not exact.branch:
        notes.append("in exact arithmetic the function would take another branch")
    return list(dict.fromkeys(notes))


def _unproved(rows: RowChecks, exact: Accuracy) -> list[str]:
    """The operations that were compared with differences only."""
    checked = (c.op for c in rows.checks if c.source == "differences")
    return list(dict.fromkeys([*rows.skipped, *checked, *exact.missing]))
