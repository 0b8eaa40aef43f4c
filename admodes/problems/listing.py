"""The named problems as tables: all of them, or one with its published figures."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from admodes.errors import BadValue, choices
from admodes.problems import PROBLEMS
from admodes.views.dialects import Text
from admodes.views.result import plain
from admodes.views.tables import Table


def problem_tables(name: str | None) -> list[Table]:
    """All named problems, or one with its figures and notes. Raises ValueError for an
    unknown name."""
    if name is None:
        rows = [[f"@{p.name}", p.title, p.source] for p in PROBLEMS.values()]
        return [Table("Problems", ["Name", "Function", "Source"], rows, [False] * 3)]
    if name not in PROBLEMS:
        raise BadValue(f"no problem is named @{name}; {choices(name, PROBLEMS)}")
    p = PROBLEMS[name]
    rows = [["function", p.title], ["source", p.source], ["point", _figure(p.at)]]
    for key, value in p.figures.items():
        nested = isinstance(value, Mapping) and all(isinstance(v, Mapping) for v in value.values())
        parts = {f"{key}: {label}": v for label, v in value.items()} if nested else {key: value}
        rows += [[label, _figure(v)] for label, v in parts.items()]
    return [Table(f"@{p.name}", ["Figure", "Value"], rows, [False, False], list(p.notes))]


def _figure(value: Any) -> str:
    """A published figure as text: a number, a sequence, or names with figures."""
    if isinstance(value, Mapping):
        return "; ".join(f"{name} = {_figure(v)}" for name, v in value.items())
    if isinstance(value, (list, tuple)):
        return f"[{', '.join(map(_figure, value))}]"
    return Text(6).number(plain(value))
