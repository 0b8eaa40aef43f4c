"""Verification: what ad.verify returns, as plain data and as tables."""

from __future__ import annotations

import textwrap
from dataclasses import dataclass, field
from typing import Any

from admodes.errors import BadValue
from admodes.verification.entries import Entry
from admodes.verification.rows import Local
from admodes.verification.tables import (
    accuracy_of,
    accuracy_table,
    entry_table,
    local_table,
    rules_of,
    worth_telling,
)
from admodes.views.dialects import dialect_of
from admodes.views.render import render
from admodes.views.result import Result
from admodes.views.tables import Table

FOLDED: dict[str, Any] = {"subsequent_indent": "    ", "break_long_words": False}
"""How long notes fold."""

PLAINER = str.maketrans({"∂": "d", "′": "'"})
"""Signs that LaTeX's text fonts lack."""


@dataclass
class Verification(Result):
    """The result of ad.verify; the JSON contract is "admodes.verification/1". reason is a sentence
    that says why passed is False; wrong_row is the sentence that names the first row whose local
    partial or value is wrong; unproved are the operations that were compared with differences only,
    for want of a symbolic form: passed then says that nothing speaks against the derivatives, and
    the verdict that they are not proved."""

    inputs: list[dict]
    outputs: list[dict]
    entries: list[Entry]
    locals: list[Local]
    passed: bool
    reason: str | None
    wrong_row: str | None
    notes: list[str] = field(default_factory=list)
    constant: int = 0
    title: str = ""
    digits_required: float = 0.0
    unproved: list[str] = field(default_factory=list)

    @property
    def rules(self) -> dict[str, Any]:
        """The first judgement: whether every rule is right, in numbers and words."""
        wrong = [check.name for check in self.locals if not check.passed]
        return {
            "passed": not wrong,
            "proved": not wrong and not self.unproved,
            "wrong": wrong,
            "unproved": self.unproved,
            "summary": rules_of(self.locals, self.unproved),
        }

    @property
    def accuracy(self) -> dict[str, Any]:
        """The second judgement: how many digits of the derivatives are right, at least."""
        known = [e.digits for e in self.entries if e.digits is not None]
        return {
            "digits": min(known) if len(known) == len(self.entries) and known else None,
            "digits_required": self.digits_required,
            "summary": accuracy_of(self.entries),
        }

    def _data(self) -> dict[str, Any]:
        return {
            "schema": "admodes.verification/1",
            **vars(self),
            "verdict": self.verdict,
            "rules": self.rules,
            "accuracy": self.accuracy,
            "entries": [vars(e) for e in self.entries],
            "locals": [vars(check) for check in self.locals],
        }

    def tables(
        self, format: str = "text", digits: int | None = 6, rows: str = "auto", width: int = 80
    ) -> list[Table]:
        """The entries, their accuracy and the local partials.

        digits: decimals that are printed, None for all. rows: "auto" shows the local partials that
        failed or sit on a kink, "all" all of them, "none" none. Raises ValueError for unknown
        words.
        """
        if rows not in ("auto", "all", "none"):
            raise BadValue(f"rows {rows!r}: choose auto, all or none")
        write = dialect_of(format, digits)
        narrow = width if format == "text" else None
        tables = [entry_table(self.entries, write, narrow)]
        shown = [
            check
            for check in self.locals
            if rows == "all" or (rows == "auto" and (not check.passed or check.source == "kink"))
        ]
        told = [e for e in self.entries if rows == "all" or (rows == "auto" and worth_telling(e))]
        if told:
            tables.append(accuracy_table(told, write, narrow))
        if shown:
            tables.append(local_table(shown, write, narrow))
        judgements = [f"rules: {self.rules['summary']}", f"accuracy: {self.accuracy['summary']}"]
        tables[-1].notes += [*judgements, *self.notes, self.verdict]
        for table in tables:
            if format == "text":
                table.notes = [textwrap.fill(n, width - 2, **FOLDED) for n in table.notes]
            elif format == "latex":
                table.notes = [n.translate(PLAINER) for n in table.notes]
        return tables

    def _written(self, format: str, width: int, fragment: bool, options: dict[str, Any]) -> str:
        tables = self.tables(format, width=width, **options)
        return render(tables, format, title=self.title, width=width, fragment=fragment)

    @property
    def verdict(self) -> str:
        """One line: verified, not proved, or not verified and why."""
        if self.passed and self.unproved:
            names, n = ", ".join(self.unproved), len(self.entries)
            return (
                f"not proved: no symbolic form of {names}; nothing speaks against {n} of {n} "
                "entries"
            )
        if self.passed:
            return f"verified: {len(self.entries)} of {len(self.entries)} entries agree"
        good = sum(e.passed for e in self.entries)
        return f"NOT VERIFIED ({good} of {len(self.entries)} entries agree): {self.reason}"
