"""The tables of a derivative as a sum over paths, from plain data and plain rows."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping, Sequence
from itertools import pairwise

from admodes.views.cells import Cells, added, is_sum
from admodes.views.dialects import Text, dialect_of
from admodes.views.tables import Formula, Table

MOST_TERMS = 8
"""A sum of more products is not written out."""

MOST_DEFINITIONS = 16
"""Of more rows it is not said how each is computed."""


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
        numbers = sum(float(path["product"]) for path in listed), float(self.explanation["value"])
        both = len(set(map(math.isfinite, numbers))) == 1  # else a note has the sum
        if len(listed) == count <= MOST_TERMS and both:
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


def stage_table(
    explanation: dict,
    rows: Mapping[int, dict],
    links: dict,
    exact: Formula | None,
    format: str,
    digits: int | None,
) -> Table:
    """The derivative in stages: the chain rule along every path, the partials as formulas, the
    whole as one in the inputs where there is that (exact), and the numbers. rows have the names
    that the user knows them by; see path_tables."""
    page = _StagePage(explanation, rows, links, dialect_of(format, digits))
    lines = page.lines(exact)
    left = page.write.math(page.left)
    return Table(f"{left} in stages", ["", left], lines, [False, True], page.definitions())


class _StagePage(_PathPage):
    """A derivative in stages, in one dialect."""

    def lines(self, exact: Formula | None) -> list[list[str]]:
        value = self.number(self.explanation["value"])
        formulas = [
            ("chain rule", self.summed(self.chain)),
            ("in symbols", self.summed(self.symbols)),
            *([("in the inputs", exact.written(self.write))] if exact is not None else []),
            ("in numbers", self.summed(self.numbers)),
            ("", self.summed(lambda path: self.number(path["product"]))),
            ("", value),
        ]
        kept = [new for old, new in pairwise([("", ""), *formulas]) if old[1] != new[1]]
        return [[what, f"= {formula}"] for what, formula in kept]

    def definitions(self) -> list[str]:
        """with a = x1 x2, y1 = ln a: how the first rows on the paths are computed."""
        on = sorted({row for path in self.explanation["paths"] for row in path["rows"][1:]})
        made = [self.write.math(self.definition(self.rows[row])) for row in on[:MOST_DEFINITIONS]]
        made += ["…"] * (len(on) > len(made))
        return [f"with {', '.join(made)}"] if made else []

    def definition(self, row: dict) -> str:
        form = self.form(row, row["forms"][self.write.name]["value"], False)
        return f"{self.write.variable(row['name'])} = {form}"

    def summed(self, term: Callable[[dict], str]) -> str:
        """The sum over the paths; of many the first ones."""
        listed, count = self.explanation["paths"], self.explanation["count"]
        terms = list(map(term, listed[:MOST_TERMS]))
        dots = [self.write.dots] * (len(terms) < count)
        return added([*terms, *dots]) or "0"

    def chain(self, path: dict) -> str:
        """∂z/∂w ∂w/∂y1 ∂y1/∂a ∂a/∂x1"""
        names = [self.name(row) for row in path["rows"]]
        end = self.explanation["of"]
        return product_of_partials(names if names[-1] == end else [*names, end], self.write)

    def symbols(self, path: dict) -> str:
        """1 · y2 · 1/a · x2"""
        return (r" \cdot " if self.write.name == "latex" else " · ").join(
            self.stages(path, lambda row, source: self.partial(row, source))
        )

    def numbers(self, path: dict) -> str:
        """1 × 0.909297 × 0.5 × 2"""
        return self.write.times.join(
            self.stages(path, lambda row, source: self.atom(self.links[row, source][0]))
        )

    def stages(self, path: dict, factor: Callable[[int, int], str]) -> list[str]:
        """The factors from the output to the input; that of the output by the last row is 1 where
        they have names of their own."""
        rows = path["rows"]
        same = self.name(rows[-1]) == self.explanation["of"]
        return [*([] if same else ["1"]), *(factor(b, a) for a, b in reversed([*pairwise(rows)]))]

    def partial(self, row: int, source: int) -> str:
        """A partial as a formula that can stand as a factor: 1/a, (1 - h²), cos x1."""
        value, positions = self.links[row, source]
        forms = self.rows[row]["forms"][self.write.name]["partials"]
        if not forms:
            return self.atom(value)
        formula = " + ".join(self.form(self.rows[row], forms[k], False) for k in positions)
        if re.fullmatch(r"\w+ / \w+", formula):
            return formula.replace(" ", "")
        return self.write.bracket(formula) if is_sum(formula) else formula
