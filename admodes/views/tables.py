"""Table, a table as data; the table of a Jacobian; and the check of the words that options take."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from admodes.errors import BadValue, choices
from admodes.views.dialects import Latex, Text


@dataclass
class Table:
    """A title, column heads, rows of cells, and notes. math: whether each column is formulas.
    matrix: where the cells beside the first column are those of a matrix, what that is, in
    LaTeX."""

    title: str
    head: list[str]
    rows: list[list[str]]
    math: list[bool]
    notes: list[str] = field(default_factory=list)
    matrix: str = ""


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
            raise BadValue(f"{what}: {word!r} is unknown; {choices(word, words)}")


MOST_COLUMNS = 8
"""The columns of a matrix that is written as one, with brackets."""


def matrix_of(table: Table) -> str:
    """A table of LaTeX as one matrix in brackets; empty where it is none or too wide."""
    lines = [line[1:] for line in table.rows]
    widths = [max((len(line[k]) for line in lines), default=0) for k in range(len(table.head) - 1)]
    if not table.matrix or not lines or not 0 < len(widths) <= MOST_COLUMNS or sum(widths) > 240:
        return ""
    body = " \\\\ ".join(" & ".join(line) for line in lines)
    return rf"{table.matrix} = \begin{{pmatrix}} {body} \end{{pmatrix}}"


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
        matrix=_quotient(outputs, inputs) if rows is outputs else "D[f]",
    )


def _quotient(outputs: Sequence[str], inputs: Sequence[str]) -> str:
    """∂(y1, y2)/∂(x1, x2) in LaTeX."""
    parts = (", ".join(map(Latex().variable, names)) for names in (outputs, inputs))
    top, bottom = (rf"\partial({part})" if "," in part else rf"\partial {part}" for part in parts)
    return rf"\frac{{{top}}}{{{bottom}}}"
