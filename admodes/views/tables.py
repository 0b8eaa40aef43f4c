"""The textbook's tables (evaluation, partials, tangents, adjoints, Jacobian), from the plain rows
of a scalar trace.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from admodes.errors import BadValue
from admodes.views.dialects import Text, dialect_of, fill

TABLES = ("evaluation", "partials", "forward", "reverse", "jacobian")
NOTATIONS = ("leibniz", "dot")
LAYOUTS = ("standard", "transposed")


@dataclass
class Table:
    """A title, column heads, rows of cells, and notes. math: whether each column is formulas."""

    title: str
    head: list[str]
    rows: list[list[str]]
    math: list[bool]
    notes: list[str] = field(default_factory=list)


def trace_tables(
    trace: dict,
    format: str,
    digits: int | None = 6,
    notation: str = "leibniz",
    layout: str = "standard",
    tables: Sequence[str] = TABLES,
    inputs: Sequence[str] | None = None,
    outputs: Sequence[str] | None = None,
    steps: bool = False,
) -> list[Table]:
    """The tables of a trace, in the order of the textbook."""
    known("tables", tables, TABLES)
    known("notation", [notation], NOTATIONS)
    known("layout", [layout], LAYOUTS)
    seeds = trace["seeds"]
    chosen_in = _chosen("inputs", inputs, seeds["forward"])
    chosen_out = _chosen("outputs", outputs, seeds["reverse"])
    page = Page(trace, dialect_of(format, digits), notation)
    made = []
    if "evaluation" in tables:
        made.append(page.evaluation())
    if "partials" in tables:
        made += [table for table in [page.partials()] if table.rows]
    if "forward" in tables:
        made += [page.forward(name) for name in chosen_in]
    if "reverse" in tables:
        made += [page.reverse(name, steps) for name in chosen_out]
    if "jacobian" in tables:
        made += page.jacobian(layout)
    if not made:
        raise BadValue(f"trace: the function has no table of {', '.join(tables) or 'no name'}")
    return made


def known(what: str, given: Sequence[str], words: Sequence[str]) -> None:
    """Refuse words that are unknown."""
    for word in given:
        if word not in words:
            raise BadValue(f"{what}: {word!r} is unknown; choose from {', '.join(words)}")


def _chosen(what: str, given: Sequence[str] | None, directions: dict) -> list[str]:
    if given is None:
        return ["seed"] if "seed" in directions else list(directions)
    known(what, given, list(directions))
    return list(given)


class Page:
    """The rows of one trace in one dialect and notation."""

    def __init__(self, trace: dict, dialect: Text, notation: str) -> None:
        self.trace = trace
        self.rows = trace["rows"]
        self.write = dialect
        self.notation = notation

    def name(self, row: int) -> str:
        return self.rows[row]["name"]

    def var(self, row: int) -> str:
        return self.write.variable(self.name(row))

    def number(self, x: Any) -> str:
        return self.write.number(x)

    def atom(self, x: Any) -> str:
        text = self.number(x)
        return self.write.bracket(text) if text.startswith("-") else text

    def equals(self, left: str, value: Any) -> str:
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

    def evaluation(self) -> Table:
        """v2 = 2 v1 | 2 × 1 = 2"""
        ends: dict[int, list[str]] = {}
        for output in self.trace["outputs"]:
            ends.setdefault(output["row"], []).append(self.write.variable(output["name"]))
        lines, notes = [], []
        for row in self.rows:
            i = row["row"]
            if row["op"] == "input":
                right = self.write.variable(row["symbolic"])
                value = self.number(row["value"])
            else:
                form = row["forms"][self.write.name]["value"]
                right = self.form(row, form, False)
                value = self.equals(self.form(row, form, True), row["value"])
            lines.append([f"{self.var(i)} = {right}", value])
            notes += [f"{row['name']}: {note}" for note in row["notes"]]
        for output in self.trace["outputs"]:
            name = self.write.variable(output["name"])
            made = [] if output["row"] is None else [self.var(output["row"])]
            lines.append([" = ".join([name, *made]), self.number(output["value"])])
        return Table("Evaluation trace", ["Expression", "Evaluation"], lines, [True, True], notes)

    def partials(self) -> Table:
        """∂v6/∂v5 = cos v5 | cos 3 = -0.989992"""
        lines = []
        for row in self.rows:
            for k, arg in enumerate(row["args"]):
                if "row" not in arg or row["partials"][k] is None:
                    continue
                left = self.write.derivative(row["name"], self.name(arg["row"]))
                value = row["partials"][k]
                forms = row["forms"][self.write.name]["partials"]
                if not forms:
                    lines.append([left, self.number(value)])
                    continue
                symbols = self.form(row, forms[k], False)
                numbers = self.form(row, forms[k], True)
                lines.append([f"{left} = {symbols}", self.equals(numbers, value)])
        return Table("Local partials", ["Partial", "Evaluation"], lines, [True, True])

    def tangent(self, row: str, direction: str) -> str:
        if self.notation == "dot" or direction == "seed":
            return self.write.dot(row)
        return self.write.derivative(row, direction)

    def forward(self, direction: str) -> Table:
        """∂v2/∂x1 = ∂v2/∂v1 ∂v1/∂x1 | Chain Rule | 2 × 0 = 0"""
        lines = []
        for row in self.rows:
            value = row["tangents"][direction]
            if value is None:
                continue
            left = self.tangent(row["name"], direction)
            terms = self.tangent_terms(row, direction)
            if not terms:
                lines.append([left, "-", self.number(value)])
                continue
            symbols = " + ".join(s for s, _ in terms)
            numbers = self.joined([n for _, n in terms])
            lines.append([f"{left} = {symbols}", row["rule"], self.equals(numbers, value)])
        for output in self.trace["outputs"]:
            if output["row"] is not None:
                left = self.tangent(output["name"], direction)
                right = self.tangent(self.name(output["row"]), direction)
                value = self.rows[output["row"]]["tangents"][direction]
                lines.append([f"{left} = {right}", "-", self.number(value)])
        title = f"Forward tangent trace for {self.direction(direction, 'forward')}"
        return Table(title, ["Expression", "Rule", "Evaluation"], lines, [True, False, True])

    def direction(self, direction: str, mode: str) -> str:
        """The direction in words: an input or output, or the seed that was given."""
        if direction != "seed":
            return self.write.math(self.write.variable(direction))
        seed = self.trace["seeds"][mode]["seed"]
        accent = self.write.dot if mode == "forward" else self.write.bar
        return ", ".join(
            self.write.math(f"{accent(n)} = {self.number(v)}") for n, v in seed.items()
        )

    def tangent_terms(self, row: dict, direction: str) -> list[tuple[str, str]]:
        terms = []
        for k, arg in enumerate(row["args"]):
            if "row" not in arg or self.rows[arg["row"]]["tangents"][direction] is None:
                continue
            inner = self.tangent(self.name(arg["row"]), direction)
            local = self.write.derivative(row["name"], self.name(arg["row"]))
            numbers = self.product(row["partials"][k], self.rows[arg["row"]]["tangents"][direction])
            terms.append((f"{local}{self.write.thin}{inner}", numbers))
        return terms

    def product(self, a: Any, b: Any) -> str:
        left = "J" if a is None else self.atom(a)
        return f"{left}{self.write.times}{self.atom(b)}"

    def joined(self, numbers: list[str]) -> str:
        if len(numbers) == 1:
            return numbers[0]
        return " + ".join(self.write.contribution(n) for n in numbers)

    def reverse(self, direction: str, steps: bool) -> Table:
        """v̄1 = v̄2 ∂v2/∂v1 + v̄4 ∂v4/∂v1 | [7.389056 × 2] + … = 2.898202"""
        lines = self.accumulation(direction) if steps else self.collected(direction)
        title = f"Reverse adjoint trace for {self.direction(direction, 'reverse')}"
        return Table(title, ["Expression", "Evaluation"], lines, [True, True])

    def seeds_of(self, i: int, direction: str) -> list[tuple[str, str]]:
        """The seed of row i, where it is an output."""
        seed = self.trace["seeds"]["reverse"][direction]
        return [
            (self.write.bar(o["name"]), self.number(seed[o["name"]]))
            for o in self.trace["outputs"]
            if o["row"] == i
        ]

    def collected(self, direction: str) -> list[list[str]]:
        lines = []
        for row in reversed(self.rows):
            if row["adjoints"][direction] is None:
                continue
            terms = self.seeds_of(row["row"], direction)
            for c in row["contributions"][direction]:
                local = self.write.derivative(self.name(c["row"]), row["name"])
                symbols = f"{self.write.bar(self.name(c['row']))}{self.write.thin}{local}"
                terms.append((symbols, self.product(c["adjoint"], c["partial"])))
            symbols = " + ".join(s for s, _ in terms) or "0"
            numbers = self.joined([n for _, n in terms]) or "0"
            left = self.write.bar(row["name"])
            value = row["adjoints"][direction]
            lines.append([f"{left} = {symbols}", self.equals(numbers, value)])
        return lines

    def accumulation(self, direction: str) -> list[list[str]]:
        """v̄1 += v̄2 ∂v2/∂v1 | 7.389056 × 2: one line a contribution, in the order of the sweep
        (Griewank and Walther 2008, table 3.4)."""
        lines = []
        for row in reversed(self.rows):
            if row["adjoints"][direction] is None:
                continue
            i = row["row"]
            left = self.write.bar(row["name"])
            for symbol, number in self.seeds_of(i, direction):
                lines.append([f"{left} += {symbol}", number])
            lines.append([left, f"= {self.number(row['adjoints'][direction])}"])
            for k, arg in enumerate(row["args"]):
                if "row" not in arg:
                    continue
                target = self.rows[arg["row"]]
                match = [
                    c for c in target["contributions"][direction] if c["row"] == i and c["arg"] == k
                ]
                for c in match:
                    local = self.write.derivative(row["name"], target["name"])
                    numbers = self.product(c["adjoint"], c["partial"])
                    lines.append(
                        [
                            f"{self.write.bar(target['name'])} += {left} {local}",
                            self.equals(numbers, c["value"]),
                        ]
                    )
        return lines

    def jacobian(self, layout: str) -> list[Table]:
        """One matrix per mode."""
        inputs = [x["name"] for x in self.trace["inputs"]]
        outputs = [y["name"] for y in self.trace["outputs"]]
        sweeps = {"forward": len(inputs), "reverse": len(outputs)}
        return [
            jacobian_table(self.write, mode, matrix, outputs, inputs, layout, sweeps.get(mode))
            for mode, matrix in self.trace["jacobian"].items()
            if matrix is not None
        ]


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
