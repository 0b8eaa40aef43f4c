"""The page of a trace: its rows go in as plain data; the tables that a preset describes come out,
in one dialect.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from itertools import chain

from admodes.errors import BadValue
from admodes.views.dialects import Text
from admodes.views.lines import SEED, WRITERS, Lines
from admodes.views.presets import Block, Preset, Sheet
from admodes.views.tables import Table, jacobian_table, known

DIRECTION = "{direction}"
FIGURES = {f"{mode} {what}" for mode in ("tangent", "adjoint") for what in ("value", "evaluation")}
DERIVED = {*FIGURES, "tangent", "adjoint", "rule"}
PROSE = {"rule", "operation"}


class Page(Lines):
    """The tables of one trace under a preset. steps: adjoints accumulate line by line."""

    def __init__(self, trace: dict, dialect: Text, preset: Preset, steps: bool = False) -> None:
        super().__init__(trace, dialect, preset)
        self.steps = steps

    def tables(
        self, inputs: Sequence[str] | None = None, outputs: Sequence[str] | None = None
    ) -> list[Table]:
        """All tables, one for each direction or one for all of them; inputs and outputs restrict
        them to these directions."""
        seeds = self.trace["seeds"]
        chosen = {
            "evaluation": [""],
            "forward": _chosen("inputs", inputs, seeds["forward"]),
            "reverse": _chosen("outputs", outputs, seeds["reverse"]),
        }
        blocks = [block for sheet in self.preset.sheets for block in sheet.blocks]
        if self.steps and "reverse" in self.preset.kinds and not any(b.accumulates for b in blocks):
            raise BadValue(f"steps: the preset {self.preset.name} has no adjoints that accumulate")
        made: list[Table] = []
        remarks = self.remarks()
        for sheet in self.preset.sheets:
            if sheet.kind in chosen:
                directions = chosen[sheet.kind]
                groups = [directions] if self.together else [[d] for d in directions]
                found = [self.table(sheet, group) for group in groups if group]
            else:
                found = self.partials(sheet) if sheet.kind == "partials" else self.jacobians(sheet)
            if sheet.remarks and found:
                found[0].notes[:0] = remarks
                remarks = []
            made += found
        if not made:
            kinds = ", ".join(self.preset.kinds) or "no name"
            raise BadValue(f"trace: the function has no table of {kinds}")
        return made

    def table(self, sheet: Sheet, directions: list[str]) -> Table:
        """One table, in which a column of figures has a column for each direction."""
        shapes = [line for block in sheet.blocks for line in block.lines]
        wide = [not FIGURES.isdisjoint(column) for column in zip(*shapes, strict=True)]
        n = len(directions)
        lines: list[list[str]] = []
        for block in sheet.blocks:
            if self.steps and block.accumulates:
                if n > 1:
                    raise BadValue("steps: there are none in the layout side-by-side")
                lines += self.accumulation(directions[0])
                continue
            for item in self.items(block):
                for parts in block.lines:
                    cells: list[str | None] = []
                    for part, spread in zip(parts, wide, strict=True):
                        shown = directions if part in FIGURES else directions[:1]
                        cells += [WRITERS[part](self, item, d) for d in shown]
                        cells += [""] * (n * spread - len(shown))
                    if not DERIVED.issuperset(parts) or cells[0] is not None:
                        lines.append([cell or "" for cell in cells])
        named = [self.direction(d, sheet.kind) for d in directions]
        head, math = [], []
        for text, parts, spread in zip(sheet.head, zip(*shapes, strict=True), wide, strict=True):
            for name in named if spread else named[:1]:
                among = spread and n > 1 and DIRECTION not in text
                head.append(f"{text} for {name}" if among else text.replace(DIRECTION, name))
                math.append(not PROSE.issuperset(parts))
        title = sheet.title.replace(DIRECTION, ", ".join(named))
        return Table(title, head, lines, math, list(sheet.notes))

    def items(self, block: Block) -> Iterator[dict]:
        """The rows in the order of a block, then the ends as rows of their own."""
        yield from self.rows if block.order == "down" else reversed(self.rows)
        ends = self.trace["outputs" if block.order == "down" else "inputs"] if block.ends else []
        for end in ends:
            source = None if end["row"] is None else self.rows[end["row"]]
            if source is None or source["name"] != end["name"]:
                op = "output" if block.order == "down" else "end"
                yield {**end, "op": op, "source": source, "args": [], "row": None}

    def remarks(self) -> list[str]:
        """The value of the function, and what is to be known of rows."""
        values = ([end["value"] for end in self.trace[ends]] for ends in ("inputs", "outputs"))
        notes = [f"{row['name']}: {note}" for row in self.rows for note in row["notes"]]
        return [self.write.math(self.write.application(*values)), *notes]

    def partials(self, sheet: Sheet) -> list[Table]:
        """∂v6/∂v5 = cos v5 | cos 3 = -0.989992"""
        lines = []
        for row in self.rows:
            for k, arg in enumerate(row["args"]):
                value = row["partials"][k]
                if "row" not in arg or value is None:
                    continue
                left = self.write.derivative(row["name"], self.name(arg["row"]))
                forms = row["forms"][self.write.name]["partials"]
                if not forms:
                    lines.append([left, self.number(value)])
                    continue
                symbols = self.form(row, forms[k], False)
                numbers = self.form(row, forms[k], True)
                lines.append([f"{left} = {symbols}", self.equals(numbers, value)])
        table = Table(sheet.title, list(sheet.head), lines, [True, True], list(sheet.notes))
        return [table] if lines else []

    def accumulation(self, direction: str) -> Iterator[list[str]]:
        """v̄1 += v̄2 ∂v2/∂v1 | 7.389056 × 2: one line a contribution, in the order of the sweep
        (Griewank and Walther 2008, table 3.4)."""
        for row in reversed(self.rows):
            if row["adjoints"][direction] is None:
                continue
            left = self.barred(row["name"], direction)
            for symbol, number in self.seeds_of(row["row"], direction):
                yield [f"{left} += {symbol}", number]
            yield [left, f"= {self.number(row['adjoints'][direction])}"]
            for k, arg in enumerate(row["args"]):
                above = self.rows[arg["row"]]["contributions"][direction] if "row" in arg else []
                for c in above:
                    if (c["row"], c["arg"]) == (row["row"], k):
                        target = self.barred(self.name(arg["row"]), direction)
                        numbers = self.evaluated(
                            [], [(row, k, c["adjoint"])], c["value"], "reverse"
                        )
                        symbols = self.term(row, k, left, "reverse")
                        yield [f"{target} += {symbols}", numbers]

    def jacobians(self, sheet: Sheet) -> list[Table]:
        """One matrix per mode."""
        inputs = [x["name"] for x in self.trace["inputs"]]
        outputs = [y["name"] for y in self.trace["outputs"]]
        sweeps = {"forward": len(inputs), "reverse": len(outputs)}
        layout = self.preset.layout
        made = [
            jacobian_table(self.write, matrix, outputs, inputs, layout, {mode: sweeps.get(mode)})
            for mode, matrix in self.trace["jacobian"].items()
            if matrix is not None
        ]
        for table in made[-1:]:
            table.notes += sheet.notes
        if len(made) > 1 and self._one_is_finite():
            made[-1].notes.append(
                "the modes differ where one alone gives a finite number: notes of the evaluation "
                "trace say why"
            )
        return made

    def _one_is_finite(self) -> bool:
        """Whether an entry of the Jacobian is finite by one mode and not by the other."""
        by_mode = self.trace["jacobian"]
        pairs = zip(chain(*by_mode["forward"]), chain(*by_mode["reverse"]), strict=True)
        return any(math.isfinite(a) != math.isfinite(b) for a, b in pairs)


def _chosen(what: str, given: Sequence[str] | None, directions: dict) -> list[str]:
    if given is None:
        return [SEED] if SEED in directions else list(directions)
    known(what, given, list(directions))
    return list(given)
