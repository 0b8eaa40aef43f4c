"""explain: one entry of a Jacobian as the sum, over the paths from the input to the output, of the
products of the partials on them, as plain data and as tables.

F. L. Bauer, Computational graphs and rounding error, SIAM Journal on Numerical Analysis 11 (1974).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from admodes.core.carrier import value as plain_value
from admodes.core.pytree import flatten
from admodes.drawing.graphs import Graph
from admodes.errors import BadValue
from admodes.programs.names import NamedProgram
from admodes.programs.paths import Path, Paths
from admodes.programs.scalars import scalar_program
from admodes.programs.sweep import adjoints
from admodes.tracing.base import ends
from admodes.tracing.rows import Row
from admodes.tracing.trace import Trace, traced
from admodes.views.dialects import Text, dialect_of
from admodes.views.limits import MOST_LINES, check_lines, check_numbers
from admodes.views.paths import path_tables, product_of_partials, stage_table
from admodes.views.result import Result
from admodes.views.tables import Table

MOST_PATHS = 100
"""The paths that are listed unless told otherwise."""

INSTEAD = "ad.grad (admodes gradient) has the entries without their paths"

Names = Sequence[str] | None


@dataclass
class Explanation(Result):
    """A Jacobian entry as a sum over paths (JSON contract "admodes.explain/1"). value is that of a
    reverse sweep, count the number of all paths, and paths are those with the largest products,
    each with rows (from the input to the output), product and symbolic. trace has the rows, without
    tangents and adjoints; links are the partials on the paths that are listed, by row and row that
    it reads; names are those of the rows where inputs and results have theirs. str() is the text
    tables."""

    of: str
    wrt: str
    value: float
    count: int
    paths: list[dict[str, Any]]
    notes: list[str]
    trace: Trace = field(repr=False)
    links: dict[tuple[int, int], tuple[float, list[int]]] = field(repr=False)
    names: list[str] = field(repr=False, default_factory=list)
    title: str = ""

    schema = "admodes.explain/1"
    keys = ("of", "wrt", "value", "count", "paths", "notes")

    def _data(self) -> dict[str, Any]:
        return {"schema": self.schema, **{key: getattr(self, key) for key in self.keys}}

    def _asked(self, stages: bool = False, **options: Any) -> dict[str, Any]:
        return self._data() | ({"stages": self.stages()} if stages else {})

    def tables(
        self, format: str = "text", digits: int | None = 6, stages: bool = False
    ) -> list[Table]:
        """The paths with their products, and the partials on them. digits: decimals that are
        printed. stages: instead of these the derivative in stages."""
        if not stages:
            return path_tables(self.to_dict(), self._shown_rows(), self.links, format, digits)
        return [self._staged(format, digits)]

    def stages(self, format: str = "text", digits: int | None = 6) -> list[str]:
        """The derivative in stages, one formula a line: the chain rule, the partials in symbols, by
        the names of the user's definitions and local variables, all of it in the inputs, and the
        numbers. format: "text" or "latex".

        >>> import admodes as ad
        >>> f = ad.parse("a = x1*x2; y1 = ln(a); y2 = sin(x2); w = y1*y2; z = w")
        >>> for line in ad.explain(f, 1.0, 2.0, wrt="x1").stages():
        ...     print(line)
        ∂z/∂x1
        = ∂z/∂w ∂w/∂y1 ∂y1/∂a ∂a/∂x1
        = 1 · y2 · 1/a · x2
        = sin(x2)/x1
        = 1 × 0.909297 × 0.5 × 2
        = 0.909297
        """
        table = self._staged(format, digits)
        left = dialect_of(format, digits).derivative(self.of, self.wrt)
        return [left, *(formula for _, formula in table.rows)]

    def _staged(self, format: str, digits: int | None) -> Table:
        from admodes.symbolic.expressions import NoSymbolicForm, symbolic_partial

        exact, notes = None, self.notes[len(self.names) > 0 :]
        try:
            exact = symbolic_partial(self.trace, self.of, self.wrt)
        except NoSymbolicForm as error:
            notes = [*notes, f"not in the inputs: {error}"]
        rows = {k: row | {"name": self.names[k]} for k, row in self._shown_rows().items()}
        table = stage_table(self.to_dict(), rows, self.links, exact, format, digits)
        table.notes += notes
        return table

    def graph(self, kind: str = "linearised", **options: Any) -> Graph:
        """The graph of the trace, in which the paths that are listed stand out. kind, around, depth
        and digits are those of ad.graph."""
        on = {row for path in self.paths for row in path["rows"]}
        return self.trace.graph(kind, of=self.of, **options).highlighted(on, self.links)

    def _shown_rows(self) -> dict[int, dict]:
        """The rows of the paths, and those that they read."""
        rows = self.trace.rows
        on = {row for path in self.paths for row in path["rows"]}
        read = {a["row"] for row in on for a in rows[row].args if "row" in a}
        keys = ("row", "name", "args", "value", "forms")
        return {row: rows[row].data(keys) for row in sorted(on | read)}


def explain(
    f: Callable,
    *args: Any,
    of: str | None = None,
    wrt: str | None = None,
    names: Names = None,
    outputs: Names = None,
    most: int = MOST_PATHS,
    title: str = "",
) -> Explanation:
    """The derivative of an output of f with respect to an input, at args, as the sum over all paths
    from the one to the other of the products of the partials on them (Bauer 1974).

    of, wrt: the names of the output and of the input, which for an array is that of a number in it,
    such as x2; they may be left out where there is one. names and outputs name inputs and outputs,
    as in ad.trace, whose rows by scalars these are. The paths are counted exactly, however many
    there are; those with the largest products are listed, by falling size: at most so many as most
    says, and fewer where they have so many rows that nobody reads them.

    Raises ValueError for unknown names, and where a path passes through an array; TypeError for
    arguments that are no numbers.

    >>> import admodes as ad
    >>> found = ad.explain(lambda x1, x2: x1 * x2 + ad.sin(x1), 2.0, -3.0, wrt="x1")
    >>> [(path["rows"], path["symbolic"]) for path in found.paths]
    [([0, 2, 4], '∂v4/∂v2 ∂v2/∂v0'), ([0, 3, 4], '∂v4/∂v3 ∂v3/∂v0')]
    >>> round(found.value, 6) == round(sum(path["product"] for path in found.paths), 6)
    True
    """
    if not isinstance(most, int) or most < 1:
        raise BadValue(f"explain: most={most!r}: give the number of paths to list, from 1")
    numbers = sum(np.size(plain_value(x)) for x in flatten(args)[0])
    check_numbers(int(numbers), "explain", INSTEAD)
    return _explained(scalar_program(f, args, names, outputs), of, wrt, most, title)


def _explained(
    recorded: NamedProgram, of: str | None, wrt: str | None, most: int, title: str
) -> Explanation:
    program = recorded.program
    check_lines(len(program.steps), f"explain: {len(program.steps)} rows", INSTEAD)
    starts, results = ends(recorded)
    y, x = _chosen("of", "output", of, results), _chosen("wrt", "input", wrt, starts)
    t = traced(recorded, title=title, modes=())
    rows = t.rows
    if y["row"] is None:
        notes = [f"{y['name']} is the constant {Text().number(y['value'])}"]
        return Explanation(y["name"], x["name"], 0.0, 0, [], notes, t, {}, [], title)
    paths = Paths(program, x["row"], y["row"])
    _check_numbers(paths, rows, y["name"], x["name"])
    weights = [float(end is y) for end in results]
    value = float(adjoints(program, weights)[x["row"]])
    partials, count = [row.partials for row in rows], paths.count()
    listed = paths.largest(partials, min(most, max(1, MOST_LINES // max(1, len(paths.rows)))))
    links = {
        (row, source): (paths.partial(partials, row, source), paths.links[row][source])
        for path in listed
        for row, source in zip(path.rows[1:], path.rows, strict=False)
    }
    return Explanation(
        y["name"],
        x["name"],
        value,
        count,
        [_path_data(path, rows) for path in listed],
        _notes(listed, count, value, y, x, rows),
        t,
        links,
        recorded.row_names(named="ends"),
        title,
    )


def _chosen(what: str, kind: str, name: str | None, known: list[dict]) -> dict:
    listed = ", ".join(end["name"] for end in known)
    if not known:
        raise BadValue(f"explain: the function has no {kind}")
    if name is None and len(known) > 1:
        first = known[0]["name"]
        raise BadValue(
            f"explain: there are several {kind}s, {listed}: choose one, as {what}={first!r} "
            f"(--{what} {first})"
        )
    for end in known:
        if name in (None, end["name"]):
            return end
    raise BadValue(f"explain: {what} {name!r} is no {kind}; the {kind}s are {listed}")


def _check_numbers(paths: Paths, rows: list[Row], of: str, wrt: str) -> None:
    """Refuse paths that do not go from real number to real number."""
    for i in sorted(paths.rows):
        step = paths.program.steps[i]
        kind = f"an array of shape {step.shape}" if step.shape else "a complex number"
        if step.shape or step.dtype.kind == "c":
            raise BadValue(
                f"explain: paths from {wrt} to {of} pass through {rows[i].name} = "
                f"{rows[i].symbolic}, {kind}, and a path goes from one real number to the next: "
                "write the function on numbers, as x[0] * x[1], or see its equations between "
                "arrays with ad.equations (admodes equations)"
            )


def _path_data(path: Path, rows: list[Row]) -> dict[str, Any]:
    symbolic = product_of_partials([rows[i].name for i in path.rows], Text())
    return {"rows": list(path.rows), "product": path.product, "symbolic": symbolic}


def _notes(
    listed: list[Path], count: int, value: float, y: dict, x: dict, rows: list[Row]
) -> list[str]:
    notes = [f"{x['name']} is {rows[x['row']].name}, {y['name']} is {rows[y['row']].name}"]
    if not count:
        return [*notes, f"no path: {y['name']} does not depend on {x['name']}"]
    if len(listed) < count:
        last = Text().number(abs(listed[-1].product))
        return [
            *notes,
            f"the {len(listed)} of {count} paths with the largest products; no other product is "
            f"larger in size than {last}",
        ]
    products = [path.product for path in listed]
    total, size = sum(products), sum(map(abs, products))
    near = abs(total - value) <= 1e-9 * size or (math.isnan(total) and math.isnan(value))
    if not near and total != value:
        notes.append(
            f"the products add up to {Text().number(total)}, and a reverse sweep gives "
            f"{Text().number(value)}: it adds before it multiplies, which makes a difference where "
            "zeros meet infinities"
        )
    return notes
