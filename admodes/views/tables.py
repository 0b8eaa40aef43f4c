"""A table as data, the Jacobian as one, and the check of words that options take."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from admodes.errors import BadValue
from admodes.views.dialects import Text


@dataclass
class Table:
    """A title, column heads, rows of cells, and notes. math: whether each column is formulas."""

    title: str
    head: list[str]
    rows: list[list[str]]
    math: list[bool]
    notes: list[str] = field(default_factory=list)


def known(what: str, given: Sequence[str], words: Sequence[str]) -> None:
    """Refuse words that are unknown."""
    for word in given:
        if word not in words:
            raise BadValue(f"{what}: {word!r} is unknown; choose from {', '.join(words)}")


def jacobian_table(
    write: Text,
    mode: str,
    matrix: list,
    outputs: list[str],
    inputs: list[str],
    layout: str,
    sweeps: int | None,
) -> Table:
    """The Jacobian of one mode; the transposed layout has inputs as rows, D[f]_ij = ∂f_j/∂x_i.
    Entries are numbers, or strings of exact expressions."""
    rows, columns, cells = outputs, inputs, matrix
    label = ""
    if layout == "transposed":
        rows, columns, label = inputs, outputs, " (rows inputs, columns outputs)"
        cells = [[line[k] for line in matrix] for k in range(len(inputs))]
    how = "exact" if sweeps is None else f"{sweeps} sweep{'s' * (sweeps != 1)}"
    exact = sweeps is None

    def show(x: Any) -> str:
        return write.plain(x) if exact else write.number(x)

    return Table(
        f"Jacobian{label}, {mode}: {how}",
        ["", *(write.math(write.variable(n)) for n in columns)],
        [
            [write.math(write.variable(n)), *map(show, line)]
            for n, line in zip(rows, cells, strict=True)
        ],
        [False, *(not exact for _ in columns)],
    )
