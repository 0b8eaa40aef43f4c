"""A recorded list as a graph: its rows as plain data, with their adjoints and what each argument
contributes to them, all of them or those near one."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from admodes.core.carrier import quiet
from admodes.core.record import Ref, WengertList
from admodes.core.reverse import conjugate
from admodes.core.values import shape_of
from admodes.drawing.around import MOST_NODES, check_size, near, row_called
from admodes.drawing.collapse import Rows as Listed
from admodes.drawing.collapse import check_way, collapsed
from admodes.drawing.graphs import Graph
from admodes.drawing.kinds import ROW_KEYS, Group, Rows, check_kind, nodes_and_edges
from admodes.drawing.labels import printable
from admodes.errors import BadValue, choices
from admodes.programs.sweep import Numbers, adjoints, is_active, zero_of
from admodes.tracing.backward import Directions, gradient_rows
from admodes.tracing.rows import Row, local_partials
from admodes.views.limits import NEAR

MOST_INPUTS = 100
"""Of a long list so many inputs at most have nodes of their own."""

MOST_SWEPT = 20_000
"""The most rows, counted for each output, of which the reverse sweeps are recorded."""


@dataclass
class Drawing:
    """What a graph is drawn of: a list, the names of its rows, its inputs and outputs by name, row
    and value, the sweeps of adjoints, and a function that gives the rows at some positions. bars:
    the adjoints of all rows by sweep, where they are known."""

    program: WengertList
    names: Sequence[str]
    ends: tuple[list[dict], list[dict]]
    directions: Directions
    rows: Callable[[Sequence[int]], Sequence[Row]]
    title: str = ""
    bars: Mapping[str, Sequence[Any]] | None = None

    def graph(
        self,
        kind: str,
        of: str | Sequence[str] | None = None,
        around: str | int | None = None,
        depth: int = NEAR,
        digits: int = 6,
        collapse: str | None = None,
        opened: str | Sequence[str] = (),
    ) -> Graph:
        """The graph of a kind; see admodes.tracing.graphing.graph."""
        check_kind(kind)
        if depth < 0:
            raise BadValue(f"graph: depth {depth}: give a number of steps, from 0")
        directions = self._chosen(of)
        names = dict(enumerate(self.names))
        added = []
        if kind == "gradient":
            self._check_sweeps(around)
            added = gradient_rows(self.program, names, self.ends[0], directions)
        names |= {row["row"]: row["name"] for row in added}
        groups: list[Group] = []
        check_way(collapse, around)
        asked = [opened] if isinstance(opened, str) else opened
        if collapse or asked or (around is None and len(self.program.steps) > MOST_NODES):
            kept, groups = self._collapsed(collapse, asked)
            kept |= dict.fromkeys(row["row"] for row in added)
        else:
            kept = self._kept(added, names, around, depth)
        first = len(self.program.steps)
        rows = self.rows([row for row in kept if row < first])
        data = [row.data(ROW_KEYS) | {"adjoints": {}, "contributions": {}} for row in rows]
        for row in data:
            row["partials"] = row["partials"] or self._partials(row["row"])
        swept = ((name, adjoints(self.program, ws)) for name, ws in directions.items())
        for name, bars in swept if self.bars is None else self.bars.items():
            self._pull(data, name, bars)
        data += [row for row in added if row["row"] in kept]
        drawn = Rows(data, names, *self.ends, digits=digits, groups=groups)
        nodes, edges = nodes_and_edges(kind, drawn)
        check_size(len(nodes))
        return Graph(kind, nodes, edges, self.title, digits)

    def _collapsed(
        self, way: str | None, opened: Sequence[str]
    ) -> tuple[dict[int, None], list[Group]]:
        """The rows that are drawn of a list, and the groups in place of the others."""
        steps, origins = self.program.steps, self.program.origins
        if origins is None and way in ("function", "loop"):
            raise BadValue(
                f"collapse {way!r}: these rows do not tell where they were computed, which "
                "ad.graph(f, …) notes when it runs f; collapse='array' has what they repeat"
            )
        ends = [*self.ends[1], *(self.ends[0] if self._has_few_inputs(way) else ())]
        listed = Listed(
            ["input" if step.op is None else step.op.name for step in steps],
            [-1] * len(steps) if origins is None else origins.rows,
            [] if origins is None else origins.parts,
            frozenset(end["row"] for end in ends if end["row"] is not None),
        )
        names = {name: row for row, name in enumerate(self.names)}
        units = collapsed(listed, way, [names.get(name, name) for name in opened])
        check_size(len(units))
        groups = []
        for unit in units:
            if unit.is_group:
                rows = range(unit.first, unit.last + 1)
                read = (a.row for row in rows for a in steps[row].args if isinstance(a, Ref))
                outside = dict.fromkeys(row for row in read if row < unit.first)
                groups.append(Group(rows, list(outside), unit.name, unit.size, unit.content))
        return dict.fromkeys(unit.first for unit in units if not unit.is_group), groups

    def _has_few_inputs(self, way: str | None) -> bool:
        """Whether the inputs stand for themselves."""
        return way != "array" and len(self.ends[0]) <= MOST_INPUTS

    def _chosen(self, of: str | Sequence[str] | None) -> Directions:
        """The directions that are asked for: all, or those of these outputs."""
        names = [of] if isinstance(of, str) else of
        for name in names or ():
            if name not in self.directions:
                known = choices(name, map(printable, self.directions), most=12)
                raise BadValue(f"graph: no output {printable(name)}: {known}")
        if names is None:
            return self.directions
        return {name: self.directions[name] for name in names}

    def _check_sweeps(self, around: str | int | None) -> None:
        """Refuse to record sweeps that take long, or that are not drawn."""
        if around is None:
            check_size(len(self.program.steps))
        n = len(self.program.steps) * max(1, len(self.directions))
        if n > MOST_SWEPT:
            raise BadValue(
                f"graph: the gradient of {len(self.program.steps)} rows is too long to be drawn, "
                "or a part of it: --kind both (kind='both') shows the adjoints of a part"
            )

    def _kept(
        self, added: list[dict], names: dict[int, str], around: str | int | None, depth: int
    ) -> dict[int, None]:
        """The rows that are drawn, in their order."""
        arguments = {
            row: [a.row for a in step.args if isinstance(a, Ref)]
            for row, step in enumerate(self.program.steps)
        }
        for extra in added:
            arguments[extra["row"]] = [a["row"] for a in extra["args"] if "row" in a]
        if around is None:
            return dict.fromkeys(arguments)
        rows = {end["name"]: end["row"] for side in self.ends for end in side}
        rows = {name: row for name, row in rows.items() if row is not None}
        rows |= {name: row for row, name in names.items()}
        kept = near(arguments, row_called(around, rows), depth)
        check_size(len(kept))
        return dict.fromkeys(sorted(kept))

    def _partials(self, row: int) -> list[Any]:
        """The partials of a row that are numbers, None in place of others."""
        step = self.program.steps[row]
        if step.op is None or step.shape or any(map(shape_of, self.program.likes(step))):
            return [None] * len(step.args)
        return local_partials(step, self.program.arguments(step))

    def _pull(self, data: list[dict], name: str, bars: Sequence[Any]) -> None:
        """Give the rows in data their adjoints under this name, and what they contribute to the
        adjoint of each argument."""
        numbers = Numbers(self.program)
        for row in data:
            bar, step = bars[row["row"]], self.program.steps[row["row"]]
            row["adjoints"][name] = bar
            for k, a in enumerate(step.args):
                if bar is not None and is_active(step, k):
                    with quiet():
                        term = numbers.pull(row["row"], k, conjugate(bar))
                    shown = zero_of(self.program.steps[a.row]) if term is None else conjugate(term)
                    row["contributions"].setdefault(k, {})[name] = shown
