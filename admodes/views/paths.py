"""The tables of a derivative as a sum over paths, from plain data and plain rows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from admodes.views.cells import Cells
from admodes.views.dialects import Text, dialect_of
from admodes.views.tables import Table

MOST_TERMS = 8
"""A sum of more products is not written out."""


def product_of_partials(names: Sequence[str], write: Text) -> str:
    """The partials along rows of these names, given from the input to the output, as the chain rule
    writes them.

    >>> product_of_partials(["v1", "v2", "v8"], Text())
    '∂v8/∂v2 ∂v2/∂v1'
    """
    pairs = list(zip(names[1:], names, strict=False))
    return " ".join(write.derivative(*pair) for pair in reversed(pairs)) or "1"


def path_tables(
    explanation: dict, rows: Mapping[int, dict], links: dict, format: str, digits: int | None
) -> list[Table]:
    """The paths with their products, and the partials on them. rows are those of the paths and
    their arguments by row; links have by row and row that it reads the partial and the positions of
    the arguments that are this row."""
    page = _PathPage(explanation, rows, links, dialect_of(format, digits))
    tables = [page.paths(), page.partials()]
    return [table for table in tables if table.rows]


class _PathPage(Cells):
    """The rows of an explanation in one dialect."""

    def __init__(
        self, explanation: dict, rows: Mapping[int, dict], links: dict, dialect: Text
    ) -> None:
        super().__init__(rows, dialect)
        self.explanation, self.links = explanation, links
        self.left = dialect.derivative(explanation["of"], explanation["wrt"])

    def paths(self) -> Table:
        """v1 → v2 → v3 → v8 | ∂v8/∂v3 ∂v3/∂v2 ∂v2/∂v1 | 1 × 7.389056 × 2 = 14.778112"""
        listed, count = self.explanation["paths"], self.explanation["count"]
        lines = [self.line(path) for path in listed]
        total = self.number(self.explanation["value"])
        if len(listed) == count <= MOST_TERMS:
            terms = " + ".join(self.atom(path["product"]) for path in listed)
            total = self.equals(terms, self.explanation["value"])
        lines.append(["", self.left, total])
        left = self.write.math(self.left)
        title = f"{left} as the sum over {count} path{'s' * (count != 1)}"
        notes = list(self.explanation["notes"])
        return Table(title, ["Path", "Product of partials", "Evaluation"], lines, [True] * 3, notes)

    def line(self, path: dict) -> list[str]:
        rows = path["rows"]
        numbers = [self.atom(self.links[pair][0]) for pair in zip(rows[1:], rows, strict=False)]
        return [
            " → ".join(map(self.var, rows)),
            product_of_partials([self.name(row) for row in rows], self.write),
            self.equals(self.write.times.join(reversed(numbers or ["1"])), path["product"]),
        ]

    def partials(self) -> Table:
        """∂v6/∂v5 = cos v5 | cos 3 = -0.989992; of a row that is read twice the sum of both."""
        lines = []
        for (row, source), (value, positions) in sorted(self.links.items()):
            left = self.write.derivative(self.name(row), self.name(source))
            forms = self.rows[row]["forms"][self.write.name]["partials"]
            if not forms:
                lines.append([left, self.number(value)])
                continue
            symbols, numbers = [
                " + ".join(self.form(self.rows[row], forms[k], filled) for k in positions)
                for filled in (False, True)
            ]
            lines.append([f"{left} = {symbols}", self.equals(numbers, value)])
        return Table("Partials on the paths", ["Partial", "Evaluation"], lines, [True, True])
