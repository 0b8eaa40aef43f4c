"""The tables of a derivation: in the layouts of the presets, and as people lay them out by hand."""

from __future__ import annotations

from dataclasses import dataclass, replace
from random import Random
from typing import NamedTuple

from derivation_functions import Graph
from derivation_notation import Name, Notation
from derivations import Derivation, Part


class Cell(NamedTuple):
    """text: as written; part: the number it shows, None where it shows none."""

    text: str
    part: Part | None = None


@dataclass
class Table:
    title: str
    head: tuple[str, ...]
    rows: list[list[Cell]]
    title_latex: bool = False


@dataclass(frozen=True)
class Layout:
    """kind: the sheets, see KINDS. titles: "preset", "loose" or "none" for sheets and columns.
    split: name and formula in cells of their own. equations: numbers are the ends of equations.
    inputs: inputs have rows; ends: outputs have rows of their own. partials: a sheet of them.
    jacobian: "" for none, "labels", "transposed" (with labels), "plain". order: the rows as they
    are worked out, a permutation. formulas: whether there are any. continued: a tangent under its
    value has an empty first cell."""

    kind: str
    titles: str = "preset"
    split: bool = False
    equations: bool = True
    inputs: bool = True
    ends: bool = True
    partials: bool = False
    rules: bool = False
    jacobian: str = "labels"
    order: tuple[int, ...] = ()
    formulas: bool = True
    continued: bool = False


KINDS = ("sweeps", "statements", "interleaved", "beside", "side-by-side", "single")
HEADS = {
    "preset": {"name": "Name", "formula": "Expression", "value": "Evaluation", "rule": "Rule"},
    "loose": {"name": "step", "formula": "formula", "value": "result", "rule": "by"},
    "none": {"name": "", "formula": "", "value": "", "rule": ""},
}


class Writer:
    """Makes the tables of a layout. work: the derivation; its slips are on the parts shown."""

    def __init__(self, work: Derivation, notation: Notation, layout: Layout) -> None:
        self.work, self.graph = work, work.graph
        self.notation, self.layout = notation, layout
        self.shown: dict[Part, int] = {}

    def cell(self, part: Part, equation: str = "") -> Cell:
        """The number, after the equation that it ends."""
        times = self.shown.get(part, 0)
        self.shown[part] = times + 1
        part = part._replace(copy=times)
        number = self.notation.number(self.work.text(part))
        if equation and self.layout.equations:
            return Cell(f"{equation} = {number}", part)
        return Cell(number, part)

    def line(self, name: str, formula: str, rule: str, cell: Cell) -> list[Cell]:
        if not self.layout.formulas:
            formula = ""
        texts = [f"{name} = {formula}" if formula else name]
        if self.layout.split:
            texts = [name, formula]
        rules = [rule] if self.layout.rules else []
        return [*map(Cell, [*texts, *rules]), cell]

    def head(self) -> tuple[str, ...]:
        words = HEADS[self.layout.titles]
        rules = [words["rule"]] if self.layout.rules else []
        return (*([words["name"]] if self.layout.split else []), words["formula"], *rules,
                words["value"])  # fmt: skip

    # lines ------------------------------------------------------------------------------------

    @property
    def rows(self) -> list[int]:
        return [i for i in self.layout.order if self.layout.inputs or i >= len(self.graph.inputs)]

    def values(self) -> list[list[Cell]]:
        n, lines = self.notation, []
        for i in self.rows:
            if i < len(self.graph.inputs) and n.names[i] == n.inputs[i]:
                formula = ""
            else:
                formula = n.expression(self.graph, i)
            cell = self.cell(Part("value", i), n.evaluated(self.work, i))
            lines.append(self.line(n.row(i), formula, "-", cell))
        for j, i in enumerate(self.graph.outputs if self.layout.ends else ()):
            cell = self.cell(Part("value", i))
            lines.append(self.line(n.name(n.outputs[j]), n.row(i), "-", cell))
        return lines

    def tangent(self, i: int, k: int) -> list[Cell]:
        part, n = Part("tangent", i, k), self.notation
        rule = "-" if self.graph.nodes[i].op == "input" else "Chain Rule"
        cell = self.cell(part, n.substituted(self.work, part))
        return self.line(n.tangent(i, k), n.summed(self.work, part), rule, cell)

    def tangents(self, k: int) -> list[list[Cell]]:
        return [self.tangent(i, k) for i in self.rows]

    def adjoints(self, j: int) -> list[list[Cell]]:
        n, lines = self.notation, []
        skipped = () if self.layout.ends else (self.graph.outputs[j],)
        for i in reversed(self.layout.order):
            part = Part("adjoint", i, j)
            if i in skipped and not self.work.terms(part):
                continue
            sums = n.substituted(self.work, part)
            seeded = part.row in self.graph.outputs
            if seeded and sums:  # an output that other rows use, too
                seed = self.work.rounding.text(self.work.seed(part))
                sums = f"{seed} + {sums}"
            formula = n.summed(self.work, part)
            lines.append(self.line(n.adjoint(i, j), formula if not seeded else "", "-",
                                   self.cell(part, sums)))  # fmt: skip
        return lines

    # sheets -----------------------------------------------------------------------------------

    def title(self, preset: str, loose: str) -> str:
        return {"preset": preset, "loose": loose, "none": ""}[self.layout.titles]

    def tables(self) -> list[Table]:
        tables = getattr(self, "_" + self.layout.kind.replace("-", "_"))()
        return [*tables, *self._jacobians()]

    def _direction(self, name: Name) -> str:
        return "".join(name)

    def _forward_title(self, k: int) -> str:
        x = self._direction(self.notation.inputs[k])
        return self.title(f"Forward tangent trace for {x}", f"Derivatives with respect to {x}")

    def _reverse_title(self, j: int) -> str:
        y = self._direction(self.notation.outputs[j])
        return self.title(f"Reverse adjoint trace for {y}", f"Going backward from {y}")

    def _evaluation(self) -> Table:
        return Table(self.title("Evaluation trace", "Values"), self.head(), self.values())

    def _partials(self) -> list[Table]:
        if not self.layout.partials:
            return []
        n, lines = self.notation, []
        for i in self.rows:
            for k, a in enumerate(self.graph.nodes[i].args):
                if isinstance(a, int):
                    cell = self.cell(Part("partial", i, 0, k))
                    lines.append([Cell(n.partial(i, a)), cell])
        words = HEADS[self.layout.titles]
        head = (self.title("Partial", "derivative"), words["value"])
        return [Table(self.title("Local partials", "Elementary derivatives"), head, lines)]

    def _sweeps(self) -> list[Table]:
        inputs, outputs = range(len(self.graph.inputs)), range(len(self.graph.outputs))
        return [
            self._evaluation(),
            *self._partials(),
            *(Table(self._forward_title(k), self.head(), self.tangents(k)) for k in inputs),
            *(Table(self._reverse_title(j), self.head(), self.adjoints(j)) for j in outputs),
        ]

    def _statements(self) -> list[Table]:
        """A table for each output: the values down, then the adjoints up; tangents in their own."""
        tables = [
            Table(self._reverse_title(j), self.head(), [*self.values(), *self.adjoints(j)])
            for j in range(len(self.graph.outputs))
        ]
        return [*self._partials(), *tables]

    def _interleaved(self) -> list[Table]:
        """Each tangent under its value, as Griewank and Walther; then the adjoints."""
        tables = []
        for k in range(len(self.graph.inputs)):
            values = self.values()
            lines = []
            for line, i in zip(values, self.rows, strict=False):
                tangent = self.tangent(i, k)
                if self.layout.continued and self.layout.split:
                    name, formula, *cells = tangent
                    both = [name.text, formula.text] if formula.text else [name.text]
                    tangent = [Cell(""), Cell(" = ".join(both)), *cells]
                lines += [line, tangent]
            lines += values[len(self.rows) :]
            tables.append(Table(self._forward_title(k), self.head(), lines))
        tables += [
            Table(self._reverse_title(j), self.head(), self.adjoints(j))
            for j in range(len(self.graph.outputs))
        ]
        return tables

    def _columns(self, kinds: tuple[str, ...]) -> list[tuple[str, list[Part]]]:
        """Titles of columns of derivatives, and the numbers in them."""
        n, rows, columns = self.notation, self.rows, []
        marked = self.layout.titles == "loose"
        for k, x in enumerate(n.inputs if "tangent" in kinds else ()):
            title = f"d/d{self._direction(x)}" if marked else f"∂/∂{self._direction(x)}"
            columns.append((title, [Part("tangent", i, k) for i in rows]))
        for j, y in enumerate(n.outputs if "adjoint" in kinds else ()):
            name = self._direction(y)
            title = f"adjoint of {name}" if marked else f"∂{name}/∂v"
            columns.append((title, [Part("adjoint", i, j) for i in rows]))
        return columns

    def _beside(self, kinds: tuple[str, ...] = ("tangent", "adjoint")) -> list[Table]:
        """Derivatives as columns beside the values."""
        self.layout = replace(self.layout, ends=False, rules=False)
        columns = self._columns(kinds)
        lines = [
            [*line, *(self.cell(parts[r]) for _, parts in columns)]
            for r, line in enumerate(self.values())
        ]
        head = (*self.head(), *(title for title, _ in columns))
        return [*self._partials(), Table(self.title("Trace", "Everything"), head, lines)]

    def _side_by_side(self) -> list[Table]:
        """All directions of a mode in one table."""
        tables = [self._evaluation(), *self._partials()]
        for kind, title in (("tangent", "Forward sweeps"), ("adjoint", "Reverse sweeps")):
            columns = self._columns((kind,))
            rows = list(enumerate(self.rows))
            lines = [
                [Cell(self.notation.row(i)), *(self.cell(parts[r]) for _, parts in columns)]
                for r, i in (rows if kind == "tangent" else reversed(rows))
            ]
            head = (self.title("Variable", "node"), *(t for t, _ in columns))
            tables.append(Table(self.title(title, title.lower()), head, lines))
        return tables

    def _single(self) -> list[Table]:
        """All sweeps below one another in one table."""
        lines = self.values()
        for k in range(len(self.graph.inputs)):
            lines += self.tangents(k)
        for j in range(len(self.graph.outputs)):
            lines += self.adjoints(j)
        return [Table(self.title("Derivation", "Worked out"), self.head(), lines)]

    def _jacobians(self) -> list[Table]:
        kind = self.layout.jacobian
        if not kind:
            return []
        has = {p.kind for p in self.shown}
        forward = "tangent" in has
        entries = [
            [self.cell(Part("entry", i, k, 0 if forward else 1))
             for k in range(len(self.graph.inputs))]
            for i in self.graph.outputs
        ]  # fmt: skip
        n = self.notation
        sides = [list(map(n.name, n.outputs)), list(map(n.name, n.inputs))]
        if "transposed" in kind:
            entries = [list(column) for column in zip(*entries, strict=True)]
            sides.reverse()
        title = self.title("Jacobian", "Jacobian matrix")
        if "plain" in kind:
            return [Table(title or "Jacobian", ("",) * len(entries[0]), entries)]
        lines = [[Cell(name), *line] for name, line in zip(sides[0], entries, strict=True)]
        return [Table(title, ("", *sides[1]), lines)]


def shuffled(graph: Graph, random: Random) -> tuple[int, ...]:
    """The rows in another order in which they can be worked out, the inputs first."""
    order = list(range(len(graph.inputs)))
    left = set(range(len(graph.inputs), len(graph.nodes)))
    while left:
        ready = [
            i for i in sorted(left)
            if all(a in order for a in graph.nodes[i].args if isinstance(a, int))
        ]  # fmt: skip
        order.append(random.choice(ready))
        left.remove(order[-1])
    return tuple(order)
