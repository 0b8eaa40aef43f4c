"""What stands in the cells of tables about rows: names, numbers, and forms with either put in. Rows
of plain data and a dialect go in; texts come out.
"""

from __future__ import annotations

from typing import Any

from admodes.views.dialects import Text
from admodes.views.filling import fill


class Cells:
    """Texts about rows, which are looked up by position, in one dialect."""

    def __init__(self, rows: Any, dialect: Text) -> None:
        self.rows = rows
        self.write = dialect

    def name(self, row: int) -> str:
        name: str = self.rows[row]["name"]
        return name

    def var(self, row: int) -> str:
        return self.write.variable(self.name(row))

    def number(self, x: Any) -> str:
        return self.write.number(x)

    def atom(self, x: Any) -> str:
        """A number as a factor: with brackets where it is negative."""
        text = self.number(x)
        return self.write.bracket(text) if text.startswith("-") else text

    def equals(self, left: str, value: Any) -> str:
        """2 × 1 = 2, or the value alone where that is what stands left."""
        text = self.number(value)
        return text if left in (text, self.write.bracket(text)) else f"{left} = {text}"

    def form(self, row: dict, template: str, numbers: bool) -> str:
        """A template of the row with names or with numbers put in."""
        atoms = []
        for arg in row["args"]:
            if "const" in arg:
                atoms.append((self.number(arg["const"]), True))
            elif numbers:
                atoms.append((self.number(self.rows[arg["row"]]["value"]), True))
            else:
                atoms.append((self.var(arg["row"]), False))
        return fill(template, atoms, self.write)


def added(terms: list[str]) -> str:
    """The sum of terms, of which some may begin with a minus sign."""
    return " + ".join(terms).replace("+ -", "- ")


def is_sum(formula: str) -> bool:
    """Whether a formula needs brackets as a factor: it has a minus sign in front, or a sum or
    quotient outside all brackets."""
    depth = 0
    for k, sign in enumerate(formula):
        depth += (sign in "([{") - (sign in ")]}")
        if depth == 0 and formula[k : k + 3] in (" + ", " - ", " / "):
            return True
    return formula.startswith("-")
