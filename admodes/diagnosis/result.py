"""Diagnosis: what ad.diagnose returns, as plain data and as a table."""

from __future__ import annotations

import os
import textwrap
from dataclasses import dataclass, field
from typing import Any

from admodes.views.dialects import dialect_of
from admodes.views.render import render
from admodes.views.result import Result
from admodes.views.tables import Table

MOST = 12
"""The most findings that are listed."""

SWEEPS = {
    "value": "in the value",
    "forward": "in a forward sweep",
    "reverse": "in a reverse sweep",
    "influence": "on the way to the output",
}
"""Where something goes wrong, in words."""


@dataclass
class Finding:
    """One place at which something goes wrong. kind: nan, inf, overflow, underflow, lost digits,
    wrong partial, lost influence, unused input, or raises; sweep: value, forward, reverse or
    influence; row: the row of ad.trace, None where there is none; name: what the row is called
    there, or the input; file, line: where in the user's code the row was computed; digits_left: how
    many decimal digits are right, where that is known; remedy: the way out."""

    kind: str
    sweep: str
    row: int | None
    name: str
    file: str | None
    line: int | None
    reason: str
    digits_left: float | None
    remedy: str

    @property
    def place(self) -> str:
        """The line and the row, in words."""
        where = [] if self.file is None else [f"{os.path.basename(self.file)}, line {self.line}"]
        if self.row is not None:
            where.append(f"row {self.name}")
        return ", ".join(where) or self.name


@dataclass
class Diagnosis(Result):
    """The findings of ad.diagnose, origins before consequences (JSON contract
    "admodes.diagnosis/1"). notes say what was not looked at."""

    function: str
    findings: list[Finding]
    notes: list[str] = field(default_factory=list)
    title: str = ""

    @property
    def healthy(self) -> bool:
        """Whether nothing goes wrong."""
        return not self.findings

    @property
    def verdict(self) -> str:
        """One line: what there is to find."""
        n = len(self.findings)
        return "nothing goes wrong at this point" if not n else f"{n} finding{'s' * (n > 1)}"

    def _data(self) -> dict[str, Any]:
        return {
            "schema": "admodes.diagnosis/1",
            "function": self.function,
            "findings": [vars(finding) for finding in self.findings],
            "notes": self.notes,
        }

    def tables(self, format: str = "text", width: int = 80) -> list[Table]:
        """The findings, each with its place, its reason and the way out."""
        write = dialect_of(format, 6)
        notes = [*self.notes, self.verdict]
        if format == "text":
            notes = [textwrap.fill(note, width - 2, break_long_words=False) for note in notes]
        lines = [
            [
                str(number),
                *map(write.plain, (finding.kind, SWEEPS[finding.sweep], finding.place)),
                *map(write.plain, (finding.reason, finding.remedy)),
            ]
            for number, finding in enumerate(self.findings, 1)
        ]
        head = ["", "What", "Where", "At", "Why", "Way out"]
        return [Table("Findings", head, lines, [False] * 6, notes)]

    def _written(self, format: str, width: int, fragment: bool, options: dict[str, Any]) -> str:
        if format == "text":
            return self._text(width, **options)
        tables = self.tables(format, width=width, **options)
        return render(tables, format, title=self.title, width=width, fragment=fragment)

    def _text(self, width: int) -> str:
        """A paragraph for each finding, which a table would fold into narrow columns."""
        parts = [self.title] if self.title else []
        for number, finding in enumerate(self.findings, 1):
            head = f"{number}. {finding.kind} {SWEEPS[finding.sweep]}: {finding.place}"
            body = [finding.reason]
            if finding.digits_left is not None:
                body.append(f"digits left: {finding.digits_left:g}")
            body.append(f"way out: {finding.remedy}")
            parts.append("\n".join([head, *(_folded(line, width) for line in body)]))
        parts.append("\n".join(_folded(note, width, "") for note in (*self.notes, self.verdict)))
        return "\n\n".join(parts) + "\n"


def _folded(text: str, width: int, indent: str = "   ") -> str:
    return textwrap.fill(
        text, width, initial_indent=indent, subsequent_indent=indent, break_long_words=False
    )
