"""The tables of a trace whose rows are whole arrays: plain rows go in, tables come out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from admodes.errors import BadValue
from admodes.views.dialects import Text, dialect_of
from admodes.views.presets import UBC, Block, Sheet
from admodes.views.tables import Table, known

ARRAYS = replace(
    UBC,
    sheets=(
        Sheet(
            "evaluation",
            "Evaluation trace",
            ("Expression", "Shape", "Value"),
            (Block((("primal", "shape", "value"),)),),
        ),
        Sheet(
            "forward",
            "Forward tangent trace for {direction}",
            ("Expression", "Value"),
            (Block((("tangent", "tangent value"),), ends=False),),
            remarks=False,
        ),
        Sheet(
            "reverse",
            "Reverse adjoint trace for {direction}",
            ("Expression", "Value"),
            (Block((("adjoint", "adjoint value"),), "up", ends=False),),
            remarks=False,
        ),
    ),
    tangent="dot",
)
"""How traces of arrays are laid out: equations of whole arrays beside shapes and values."""

SHEETS = {sheet.kind: sheet for sheet in ARRAYS.sheets}
ARRAY_TABLES = ("evaluation", "forward", "reverse", "buffers")


def array_tables(
    trace: dict,
    format: str,
    digits: int | None = 6,
    tables: Sequence[str] = ARRAY_TABLES,
    full: bool = False,
) -> list[Table]:
    """The tables of an array trace: how each row is computed, tangents for the seeds, adjoints from
    the last row to the first, and the two buffers of every node. full: all entries of arrays, of
    which otherwise the first are printed.

    Raises ValueError for an unknown table.
    """
    known("tables", tables, ARRAY_TABLES)
    page = ArrayPage(trace, dialect_of(format, digits), full)
    made = []
    if "evaluation" in tables:
        made.append(page.evaluation())
    if "forward" in tables and trace["seeds"] is not None:
        made.append(page.forward())
    if "reverse" in tables:
        made.append(page.reverse())
    if "buffers" in tables:
        made.append(page.buffers())
    if not made:
        raise BadValue(
            "trace: there are tangents only for a direction: give seeds (--seed x=1), or choose "
            'rows="scalar" (--rows scalar) for a table per input'
        )
    return made


class ArrayPage:
    """The rows of one trace in one dialect."""

    def __init__(self, trace: dict, dialect: Text, full: bool) -> None:
        self.trace = trace
        self.rows = trace["rows"]
        self.write = dialect
        self.full = full

    def value(self, x: Any) -> str:
        return self.write.array(x, self.full)

    def shape(self, row: dict) -> str:
        return self.write.shape(row["shape"])

    def equation(self, left: str, row: dict, which: str) -> str:
        """left = the formula of the row; left alone for what is given."""
        right = None if row["op"] == "input" and which != "adjoint" else self.form(row, which)
        return left if right is None else f"{left} = {right}"

    def form(self, row: dict, which: str) -> str | None:
        found: str | None = row["forms"][self.write.name][which]
        return found

    def _table(self, kind: str, direction: str = "") -> Table:
        """A kind of table, with a line for each row that has what it shows."""
        sheet = SHEETS[kind]
        ((parts,),) = (block.lines for block in sheet.blocks)
        up = sheet.blocks[0].order == "up"
        rows = [row for row in self.rows if row.get(parts[0], "") is not None]
        return Table(
            sheet.title.replace("{direction}", direction),
            list(sheet.head),
            [[self._part(part, row) for part in parts] for row in (rows[::-1] if up else rows)],
            [part != "shape" for part in parts],
        )

    def _part(self, part: str, row: dict) -> str:
        if part == "shape":
            return self.shape(row)
        if part.endswith("value"):
            return self.value(row[part.removesuffix(" value")])
        left = {"primal": self.write.variable, "tangent": self.write.dot, "adjoint": self.write.bar}
        return self.equation(left[part](row["name"]), row, "value" if part == "primal" else part)

    def evaluation(self) -> Table:
        """z = W1 x + b1 | (4,) | [0.1, 0.2, …]"""
        table = self._table("evaluation")
        table.notes += [f"{row['name']}: {note}" for row in self.rows for note in row["notes"]]
        for output in self.trace["outputs"]:
            rows = [r["name"] for r in self.rows if r["row"] == output["row"]]
            if rows != [output["name"]]:
                names = " = ".join(map(self.write.variable, [output["name"], *rows]))
                shape = self.write.shape(output["shape"])
                table.rows.append([names, shape, self.value(output["value"])])
        table.notes += [
            f"{name} is the constant {Text(self.write.digits).array(x, self.full)}"
            for name, x in self.trace["constants"].items()
        ]
        return table

    def forward(self) -> Table:
        """ż = W1 ẋ | [0.1, 0.2, …]"""
        return self._table("forward", f"the direction of {', '.join(self.trace['seeds'])}")

    def reverse(self) -> Table:
        """h̄ = r + W2ᵀ ȳ | [0.1, 0.2, …]"""
        return self._table("reverse", ", ".join(y["name"] for y in self.trace["outputs"]))

    def buffers(self) -> Table:
        """The value that the forward sweep leaves at each node, and the adjoint of the reverse."""
        lines = [
            [
                self.write.variable(row["name"]),
                self.shape(row),
                self.value(row["value"]),
                "-" if row["adjoint"] is None else self.value(row["adjoint"]),
            ]
            for row in self.rows
        ]
        head = ["Node", "Shape", "Forward buffer", "Backward buffer"]
        return Table("Buffers", head, lines, [True, False, True, True])
