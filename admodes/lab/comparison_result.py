"""Comparison: what ad.compare returns, as plain data and as tables."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from admodes.lab.timing import describe
from admodes.views.amounts import byte_text, counted, duration
from admodes.views.render import render
from admodes.views.result import Result
from admodes.views.tables import Table

WIDE = 112
"""Columns from which tables have all that there is."""


@dataclass
class Row:
    """A backend. status: ok, wrong, failed, timeout or missing; reason: what there is to say of it,
    of the routes before the one that is named too. calls_of_f: in a call after the first one, 0
    where the function was recorded or compiled. first_s: until the first result is there, with
    recording and compiling, without importing the library; warm_up_s: what the first two calls take
    beyond two later ones, since some compile in the second. time_s: the median of a later call;
    spread: its quartiles. ratio_to_f: the median of the ratios to f in the same rounds.
    operations: the exact counts by kind, where they are known. peak_bytes: what a call holds at
    once in Python and NumPy; for jax, torch and casadi, which take memory outside Python, by how
    much the process grew in the first call. break_even_calls: from how many calls on compiling has
    paid; None where nothing compiles or it never pays. exact: there is no error but rounding, as
    there is in difference quotients."""

    backend: str
    operator: str
    version: str | None = None
    route: str | None = None
    status: str = "failed"
    reason: str | None = None
    error_ulp: float | None = None
    error_relative: float | None = None
    calls_of_f: int | None = None
    first_s: float | None = None
    warm_up_s: float | None = None
    time_s: float | None = None
    spread: list[float] | None = None
    ratio_to_f: float | None = None
    operations: dict[str, int] | None = None
    peak_bytes: int | None = None
    break_even_calls: int | None = None
    exact: bool = True


@dataclass
class Comparison(Result):
    """The result of ad.compare; the JSON contract is "admodes.comparison/1". f: the time of the
    function itself in the same rounds. reference: what the results were judged by.
    break_even_against: the row that break_even_calls refers to."""

    function: str
    operator: str
    inputs: int
    outputs: int
    rows: list[Row]
    f: dict[str, Any]
    reference: str | None
    break_even_against: str | None
    limits: dict[str, float]
    machine: dict[str, Any]
    notes: list[str] = field(default_factory=list)

    @property
    def passed(self) -> bool:
        """Whether all that gave a result agree."""
        return not any(row.status == "wrong" for row in self.rows)

    def _data(self) -> dict[str, Any]:
        rows = [vars(row) for row in self.rows]
        return {"schema": "admodes.comparison/1", **vars(self), "passed": self.passed, "rows": rows}

    def tables(self, format: str = "text", width: int = WIDE) -> list[Table]:
        """What each computed, then what that cost. width: below WIDE columns of text, versions and
        quartiles are left out."""
        wide = format != "text" or width >= WIDE
        return [self._results(wide), self._costs(wide)]

    def _written(self, format: str, width: int, fragment: bool, options: dict[str, Any]) -> str:
        tables = self.tables(format, width, **options)
        return render(tables, format, title=self.title, width=width, fragment=fragment)

    def _results(self, wide: bool) -> Table:
        columns: list[tuple[str, Callable[[Row], str]]] = [
            ("Backend", lambda row: row.backend),
            *([("Version", lambda row: _or(row.version))] if wide else []),
            ("Route", lambda row: _or(row.route)),
            ("Status", lambda row: row.status),
            ("Error, ulp", lambda row: _short(row.error_ulp)),
            ("Relative", lambda row: _or(row.error_relative, "{:.1e}")),
            ("Calls", lambda row: _or(row.calls_of_f)),
        ]
        sizes = f"{counted(self.inputs, 'input')}, {counted(self.outputs, 'output')}"
        what = f"{self.operator} of {self.function}: {sizes}"
        notes = [f"{row.backend}: {row.reason}" for row in self.rows if row.reason]
        notes += [f"judged by {self.reference}"] if self.reference else []
        return _table(what, columns, self.rows, [*notes, *self.notes])

    def _costs(self, wide: bool) -> Table:
        columns: list[tuple[str, Callable[[Row], str]]] = [
            ("Backend", lambda row: row.backend),
            ("First", lambda row: _time(row.first_s)),
            ("A call", lambda row: _time(row.time_s)),
            *([("Quartiles", lambda row: _times(row.spread))] if wide else []),
            ("÷ f", lambda row: _short(row.ratio_to_f)),
            ("Count", lambda row: _or(row.operations and row.operations["total"])),
            ("Memory", lambda row: _size(row.peak_bytes)),
            ("Pays", lambda row: _or(row.break_even_calls)),
        ]
        f = Row("f", self.operator, time_s=self.f["time_s"], spread=self.f["spread"], ratio_to_f=1)
        timed = [row for row in self.rows if row.time_s is not None]
        notes = [describe(self.machine), "Count: exact operations"]
        if self.break_even_against:
            against = self.break_even_against
            notes.append(f"Pays: the call from which compiling has paid, against {against}")
        return _table("Time and memory of a call", columns, [f, *timed], notes)


def _table(
    title: str, columns: list[tuple[str, Callable[[Row], str]]], rows: list[Row], notes: list[str]
) -> Table:
    head = [name for name, _ in columns]
    cells = [[cell(row) for _, cell in columns] for row in rows]
    return Table(title, head, cells, [False] * len(head), notes)


def _or(x: Any, form: str = "{}") -> str:
    return "-" if x is None else form.format(x)


def _short(x: float | None) -> str:
    if x is None or not math.isfinite(x):
        return _or(x)
    return f"{x:.1e}" if x >= 1e5 else f"{x:.0f}" if x >= 100 else f"{x:.3g}"


def _time(seconds: float | None) -> str:
    return "-" if seconds is None else duration(seconds)


def _times(spread: list[float] | None) -> str:
    return "-" if spread is None else f"{duration(spread[0])}–{duration(spread[1])}"


def _size(size: int | None) -> str:
    return "-" if size is None else byte_text(size)
