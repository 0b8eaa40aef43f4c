"""A derivation as admodes prints it, in the layouts of its presets, with an author's numbers in
place of its own: the views print what rows hold, and compute nothing."""

from __future__ import annotations

import inspect
import json
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import Any

from derivation_formats import Place
from derivation_functions import OPERATIONS, Graph
from derivations import Derivation, Part

import admodes as ad
from admodes.tracing.trace import Trace
from admodes.views.render import render

PRESETS = (
    *("ubc", "griewank", "baydin", "wikipedia", "auto-ed", "osu", "toronto", "naumann"),
    *("tapenade", "cs231n", "bu"),
)
FORMATS = {"markdown": ".md", "markdown+math": ".md", "csv": ".csv", "latex": ".tex",
           "html": ".html", "json": ".json"}  # fmt: skip
FIRST = 100003  # marks numbers, to find them again in a printed table

FUNCTIONS: dict[str, Callable[..., Any]] = {
    "add": lambda a, b: a + b,
    "sub": lambda a, b: a - b,
    "mul": lambda a, b: a * b,
    "div": lambda a, b: a / b,
    "pow": lambda a, b: a**b,
    "neg": lambda a: -a,
    "max": ad.maximum,
    "min": ad.minimum,
    **{name: getattr(ad, name) for name, op in OPERATIONS.items() if op.code == f"{name}({{0}})"},
}


def _constant(text: str) -> float:
    return int(text) if text.lstrip("-").isdigit() else float(text)


def function_of(graph: Graph) -> Callable[..., Any]:
    """The graph as a Python function, whose rows have no names of their own."""

    def f(*inputs: Any) -> Any:
        values = list(inputs)
        for node in graph.nodes[len(inputs) :]:
            args = [_constant(a) if isinstance(a, str) else values[a] for a in node.args]
            values.append(FUNCTIONS[node.op](*args))
        outputs = tuple(values[i] for i in graph.outputs)
        return outputs if len(outputs) > 1 else outputs[0]

    kind = inspect.Parameter.POSITIONAL_OR_KEYWORD
    f.__signature__ = inspect.Signature(  # type: ignore[attr-defined]
        [inspect.Parameter(x, kind) for x in graph.inputs]
    )
    return f


def _positions(printed: list[dict[str, Any]], args: tuple[int | str, ...]) -> dict[int, int]:
    """Which argument of a node each argument of a row of the trace is: x² has one, not two."""
    rows = [k for k, a in enumerate(printed) if "row" in a]
    return dict(zip(rows, [k for k, a in enumerate(args) if isinstance(a, int)], strict=True))


def _with(trace: Trace, graph: Graph, number: Callable[[Part], float]) -> Trace:
    """The trace with other numbers."""
    ways = list(enumerate(trace.rows[0].adjoints))
    positions = [_positions(row.args, node.args) for row, node in zip(trace.rows, graph.nodes)]
    rows = []
    for row in trace.rows:
        i = row.row
        adjoints = {y: number(Part("adjoint", i, j)) for j, y in ways}
        contributions = {
            y: [
                {**c, "adjoint": number(Part("adjoint", c["row"], j)),
                 "partial": number(Part("partial", c["row"], 0, positions[c["row"]][c["arg"]]))}
                for c in row.contributions[y]
            ]
            for j, y in ways
        }  # fmt: skip
        partials = [
            number(Part("partial", i, 0, positions[i][k])) if k in positions[i] else None
            for k in range(len(row.args))
        ]
        tangents = {x: number(Part("tangent", i, k)) for k, x in enumerate(row.tangents)}
        rows.append(
            replace(
                row,
                value=number(Part("value", i)),
                partials=partials,
                tangents=tangents,
                adjoints=adjoints,
                contributions=contributions,
            )
        )
    columns = range(len(graph.inputs))
    jacobian = {
        mode: [[number(Part("entry", i, k, way)) for k in columns] for i in graph.outputs]
        for way, mode in enumerate(("forward", "reverse"))
    }
    ends = [
        [{**end, "value": number(Part("value", end["row"]))} for end in side]
        for side in (trace.inputs, trace.outputs)
    ]
    return replace(trace, rows=rows, jacobian=jacobian, inputs=ends[0], outputs=ends[1])


class Printed:
    """The documents of one derivation under a preset, in a format."""

    def __init__(self, graph: Graph, preset: str, format: str) -> None:
        self.graph, self.preset, self.format = graph, preset, format
        traced = ad.trace(function_of(graph), *map(float, graph.point), rows="scalar")
        assert isinstance(traced, Trace)
        assert len(traced.rows) == len(graph.nodes)
        self.trace = traced
        marks: dict[Part, int] = {}
        marked = _with(
            traced, graph, lambda part: float(marks.setdefault(part, FIRST + len(marks)))
        )
        parts = {mark: part for part, mark in marks.items()}
        self.parts = [
            [[self._part(cell, parts) for cell in row] for row in rows]
            for _, rows in self._tables(marked)
        ]

    def _tables(self, trace: Trace) -> list[tuple[list[str], list[list[str]]]]:
        """Heads and rows. JSON has the numbers of the preset ubc, without tangents of
        outputs as rows of their own."""
        format, preset = self.format, self.preset
        if format == "json":
            format, preset = "csv", "ubc"
        tables = trace.tables(format, preset, digits=17)
        ends = len(self.graph.outputs) if self.format == "json" else 0
        return [
            (t.head, t.rows[: len(t.rows) - ends] if t.title.startswith("Forward") else t.rows)
            for t in tables
        ]

    @property
    def readable(self) -> bool:
        """Whether the function can be read off the rows."""
        return self.preset != "bu"

    formulas = True

    @property
    def labelled(self) -> bool:
        """Whether rows and columns of the Jacobian have names, as on no matrix in brackets."""
        return self.format in ("markdown", "csv", "json")

    @property
    def about(self) -> str:
        return f"{self.preset} as {self.format}"

    @property
    def suffix(self) -> str:
        return FORMATS[self.format]

    @staticmethod
    def shown(work: Derivation, part: Part) -> str:
        """What is written at a place."""
        return work.text(part._replace(copy=0))

    @staticmethod
    def _part(cell: str, parts: dict[int, Part]) -> Part | None:
        end = re.search(r"(\d{6,})\W*$", re.sub(r"<[^>]*>", "", cell.rpartition("=")[2]))
        return parts.get(int(end[1])) if end else None

    def places(
        self, rows: Sequence[list[list[str]]], heads: Sequence[list[str]]
    ) -> Iterator[Place]:
        times: dict[Part, int] = {}
        for t, table in enumerate(self.parts):
            for line, shown in zip(table, rows[t], strict=True):
                for k, part in enumerate(line):
                    if part is not None:
                        copy = times.get(part, 0)
                        times[part] = copy + 1
                        column = heads[t][k] or k
                        yield Place(t, shown[0], column, part._replace(copy=copy))

    def order(self) -> list[Part]:
        """The numbers shown, in reading order."""
        empty = [[[""] * len(row) for row in table] for table in self.parts]
        heads = [[""] * max(map(len, table)) for table in self.parts]
        return [place.part for place in self.places(empty, heads) if not place.part.copy]

    def written(self, work: Derivation) -> tuple[str, list[Place]]:
        """The document with the numbers of a derivation, and where they stand. A number that
        stands at several places is the same at all of them."""
        trace = _with(self.trace, self.graph, lambda part: float(work.text(part)))
        heads, rows = zip(*self._tables(trace), strict=True)
        places = list(self.places(rows, heads))
        if self.format == "json":
            return json.dumps(trace.to_dict()), places
        tables = trace.tables(self.format, self.preset, digits=17)
        return render(tables, self.format, fragment=True), places
