"""Table, a table as data; the table of a Jacobian; and the check of the words that options take."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
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


class Formula(str):
    """An exact formula: the text of it, and the same in LaTeX.

    >>> Formula("x1**2", "x_{1}^{2}").latex
    'x_{1}^{2}'
    """

    latex: str

    def __new__(cls, text: str, latex: str) -> Formula:
        made = super().__new__(cls, text)
        made.latex = latex
        return made

    def written(self, write: Text) -> str:
        """The formula in a dialect, to stand in a cell of formulas."""
        return self.latex if write.name == "latex" else str(self)


def known(what: str, given: Sequence[str], words: Sequence[str]) -> None:
    """Refuse words that are unknown."""
    for word in given:
        if word not in words:
            raise BadValue(f"{what}: {word!r} is unknown; choose from {', '.join(words)}")


def jacobian_table(
    write: Text,
    matrix: list,
    outputs: list[str],
    inputs: list[str],
    layout: str,
    sweeps: Mapping[str, int | None],
) -> Table:
    """The Jacobian by the modes that sweeps names, with their numbers of sweeps; the transposed
    layout has inputs as rows, D[f]_ij = ∂f_j/∂x_i. Entries are numbers, or formulas where a mode
    has no sweeps, since these are exact."""
    rows, columns, cells = outputs, inputs, matrix
    label = ""
    if layout == "transposed":
        rows, columns, label = inputs, outputs, " (rows inputs, columns outputs)"
        cells = [[line[k] for line in matrix] for k in range(len(inputs))]
    ways = [
        f"{mode}: exact" if n is None else f"{mode}: {n} sweep{'s' * (n != 1)}"
        for mode, n in sweeps.items()
    ]

    def show(x: Any) -> str:
        return x.written(write) if isinstance(x, Formula) else write.number(x)

    return Table(
        f"Jacobian{label}, {', '.join(ways)}",
        ["", *(write.math(write.variable(n)) for n in columns)],
        [
            [write.math(write.variable(n)), *map(show, line)]
            for n, line in zip(rows, cells, strict=True)
        ],
        [False, *(True for _ in columns)],
    )
