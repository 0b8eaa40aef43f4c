"""ad.verify: every derivative of a function at a point, four ways."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

from admodes.derivatives import jacobian
from admodes.program.scalars import scalar_function
from admodes.symbolic.precision import DIGITS, precise
from admodes.symbolic.sweep import sensitivities
from admodes.trace import Trace, scalar_trace
from admodes.verification.criterion import sweep_constant
from admodes.verification.differences import central_differences
from admodes.verification.entries import Entry, compared, weigh_differences
from admodes.verification.reasons import reason_of, wrong_row_sentence
from admodes.verification.result import Verification
from admodes.verification.rows import Rows


def verify(
    f: Callable,
    *args: Any,
    names: Sequence[str] | None = None,
    outputs: Sequence[str] | None = None,
    title: str = "",
) -> Verification:
    """Check every derivative of f at args: forward, reverse, sympy and central differences.

    Each Jacobian entry of both engines is compared with a 50-digit reference, swept from sympy's
    partial of every row at exactly the doubles that the engines saw; it passes when
    |error| ≤ C·u·Σ|contributions| plus the measured rounding of the local partials (C, u and the
    proof are in admodes.verification.criterion; Higham 2002). Each row's value and local partials
    are compared with sympy's; the first wrong one is named in `reason`. A row of a custom rule
    without symbolic form is compared with central differences of its value, with a looser
    tolerance. Differences of f itself (D. Ridders, Accurate computation of F'(x) and F'(x)F''(x),
    Advances in Engineering Software 4 (1982): Richardson's extrapolation that estimates its own
    error) speak against an entry only where they have converged, no row sits on a kink, and no
    branch changes within their steps.

    A value or derivative that is not finite is not verified, and reason says so, with one
    exception: a derivative that both modes and the one-sided limit give as the same infinity, at
    a kink whose documented convention that is (√ at 0).

    names and outputs as for ad.trace. Raises TypeError for arguments that are no numbers,
    ValueError for wrong numbers of names.

    >>> import admodes as ad
    >>> v = ad.verify(lambda x, y: x * ad.sin(y), 2.0, 0.5)
    >>> v.passed, [e.symbolic for e in v.entries]
    (True, [0.479425538604203, 1.7551651237807455])
    >>> wrong = ad.custom_rule("wrong", lambda x: x**3, [lambda x: 2 * x**2], symbol=lambda x: x**3)
    >>> print(ad.verify(wrong, 2.0).wrong_row)
    row v1 (wrong): ∂v1/∂v0 = wrong′(v0) is 8 at v0 = 2, but 12 is right (sympy: 3*a**2)
    """
    scalars, xs = scalar_function(f, args)
    t = scalar_trace(f, args, names, outputs, title=title)
    with precise(DIGITS):
        rows = Rows(t)
        swept = [terms for y in sensitivities(t.program, rows.partials, rows.slacks) for terms in y]
    entries = _entries(t, scalars, xs, swept, rows.kinked)
    wrong = next((check for check in rows.checks if not check.passed), None)
    wrong_row = wrong_row_sentence(wrong, t) if wrong else None
    reason = reason_of(t, entries, wrong_row)
    return Verification(
        t.inputs,
        t.outputs,
        entries,
        rows.checks,
        reason is None,
        reason,
        wrong_row,
        _notes(t, rows),
        sweep_constant(t.program),
        title,
    )


def _entries(
    t: Trace, f: Callable, xs: list[float], swept: list[dict], kinked: bool
) -> list[Entry]:
    """Every entry, output by output: the engines against the sweep, then the differences."""
    if not xs:
        return []
    every = tuple(range(len(xs)))
    forward, reverse = (jacobian(f, every, mode)(*xs) for mode in ("forward", "reverse"))
    numerical = [central_differences(f, xs, j, len(t.outputs)) for j in every]
    constant = sweep_constant(t.program)
    entries = []
    for i, y in enumerate(t.outputs):
        for j, x in enumerate(t.inputs):
            engines = (float(forward[i][j]), float(reverse[i][j]))
            with precise(DIGITS):
                entry = compared(
                    y["name"], x["name"], engines, swept[i].get(j), numerical[j][i], constant
                )
            if entry.passed and not math.isfinite(y["value"]):
                entry.passed = False
                entry.note = f"the value of {y['name']} is not finite"
            weigh_differences(entry, f, xs, i, j, kinked)
            entries.append(entry)
    return entries


def _notes(t: Trace, rows: Rows) -> list[str]:
    """The notes of the rows but those on branches, and which operations have no symbolic form."""
    notes = [
        f"{row.name}: {note}"
        for row in t.rows
        for note in row.notes
        if not note.startswith("branch")
    ]
    without = dict.fromkeys(c.op for c in rows.checks if c.source == "differences")
    if without:
        notes.append(
            f"no symbolic form of {', '.join(without)}: central differences of its value decide"
        )
    return list(dict.fromkeys(notes))
