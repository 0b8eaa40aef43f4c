"""A finding at a row of a function: its name, its line and the way out are looked up."""

from __future__ import annotations

from admodes.core.origins import Line
from admodes.diagnosis.remedies import remedy_for
from admodes.diagnosis.result import Finding
from admodes.diagnosis.subject import Subject


def finding_at(
    subject: Subject,
    kind: str,
    sweep: str,
    row: int | None,
    reason: str,
    digits: float | None = None,
    line: Line | None = None,
    name: str = "",
    remedy: str = "",
) -> Finding:
    """A finding at a row, with its name, line and way out unless others are told."""
    if row is not None:
        name = name or subject.names[row]
        line = line or subject.lines[row]
        remedy = remedy or remedy_for(subject, row, kind, sweep)
    file, number = line or (None, None)
    left = None if digits is None else round(digits, 1)
    return Finding(kind, sweep, row, name, file, number, reason, left, remedy)
