"""The first row whose rule is wrong: partials of operations that users declare, against sympy's
derivative of their symbolic form, or against differences of their values."""

from __future__ import annotations

from collections.abc import Iterator

from admodes.diagnosis.finding import finding_at
from admodes.diagnosis.result import Finding
from admodes.diagnosis.subject import Subject
from admodes.symbolic.precision import DIGITS, precise
from admodes.tracing.rows import templated_rows
from admodes.tracing.trace import Trace
from admodes.verification.formulas import with_formulas
from admodes.verification.reasons import wrong_row_sentence
from admodes.verification.rows import RowChecks

MOST_ENTRIES = 2000
"""Entries of rows with rules of the user's own up to which all are compared."""


def own_rules(subject: Subject) -> list[int]:
    """The rows with operations that the user declared, as many as are compared."""
    rows: list[int] = []
    entries = 0
    for row in subject.kept:
        step = subject.steps[row]
        if step.op is not None and step.op.custom and not step.op.passive:
            entries += step.size
            if rows and entries > MOST_ENTRIES:
                break
            rows.append(row)
    return rows


def in_rules(subject: Subject) -> Iterator[Finding]:
    """The first row whose local partial is wrong."""
    rows = own_rules(subject)
    if not rows:
        return
    shown = Trace([], templated_rows(subject.program, subject.names), [], subject.program)
    with precise(DIGITS):
        checks = RowChecks(shown, rows).checks
    wrong = next((check for check in checks if not check.passed), None)
    if wrong is None:
        return
    (written,) = with_formulas([wrong], shown)
    reason = wrong_row_sentence(written, shown)
    remedy = (
        f"mend the partial of {wrong.op} in ad.custom_rule; check=True compares it when it is "
        "declared"
    )
    if wrong.argument is None:
        remedy = f"mend the value of {wrong.op} in ad.custom_rule, or its symbol"
    yield finding_at(subject, "wrong partial", "forward", wrong.row, reason, remedy=remedy)
