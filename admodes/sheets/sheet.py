"""report: function, point, graph, tables, Jacobian by both modes, verification and counts of a
function at a point, in one document.

A function and its arguments go in; a Report comes out, which is text, Markdown, LaTeX or HTML, and
which save() writes as a folder, .md, .html or .pdf.
"""

from __future__ import annotations

import inspect
import math
import textwrap
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from urllib.parse import quote

import numpy as np

from admodes.drawing.graphs import Graph
from admodes.errors import BadValue
from admodes.programs.arrays import program_of
from admodes.programs.count import Counts, counts_of
from admodes.programs.names import NamedProgram
from admodes.sheets.printing import pdf
from admodes.tracing.arrays import ArrayTrace
from admodes.tracing.trace import Trace, check_inputs, trace_of
from admodes.verification import Verification, verify
from admodes.views.dialects import dialect_of
from admodes.views.documents import document, heading, preformatted
from admodes.views.files import write_atomically, write_text
from admodes.views.presets import Preset
from admodes.views.render import render
from admodes.views.result import Result
from admodes.views.tables import Table

ENDINGS = (".md", ".html", ".pdf")

GRAPH = "both"
"""The kind of graph that a sheet shows: values and adjoints at each node."""

MOST_ENTRIES = 400
"""The largest Jacobian that is shown and verified entry by entry."""

MOST_COLUMNS = 8
"""The columns of a Jacobian that stand side by side; where there are more inputs, they are rows."""

_LATEX_PICTURE = r"""\sbox{\drawing}{PICTURE}
\ifdim\wd\drawing>\linewidth\sbox{\drawing}{\resizebox{\linewidth}{!}{\usebox{\drawing}}}\fi
\ifdim\ht\drawing>0.65\textheight
\sbox{\drawing}{\resizebox{!}{0.65\textheight}{\usebox{\drawing}}}\fi
\noindent\usebox{\drawing}
"""
"""The picture in its own size, or smaller where that is larger than the page."""

MORE = {
    "latex": r"""\newsavebox{\drawing}
\renewcommand{\arraystretch}{1.5}
""",
    "html": """figure { margin: 1rem 0; overflow-x: auto; }
pre { overflow-x: auto; }
@page { margin: 1.5cm; }
@media print {
  body { margin: 0; max-width: none; font-size: 9pt; }
  h2 { break-after: avoid; }
  figure, table, tr { break-inside: avoid; }
  svg { max-width: 100%; max-height: 16cm; }
}
""",
}
"""What the documents need beyond tables."""

Names = Sequence[str] | None


@dataclass
class Report(Result):
    """All that there is to show of a function at a point (JSON contract "admodes.report/1"). source
    is the Python code of the function, where it has some. What is too large to show is None, and
    notes say so."""

    trace: Trace | ArrayTrace
    graph: Graph | None
    verification: Verification | None
    counts: Counts
    source: str
    notes: list[str]
    title: str = ""

    parts = ("trace", "graph", "verification", "counts")

    def _data(self) -> dict[str, Any]:
        results = {part: getattr(self, part) for part in self.parts}
        shown = {part: None if r is None else r.to_dict() for part, r in results.items()}
        words = {"title": self.title, "source": self.source, "notes": self.notes}
        return {"schema": "admodes.report/1", **words, **shown}

    def tables(
        self,
        format: str = "text",
        digits: int | None = 6,
        preset: str | Preset = "ubc",
        width: int = 80,
    ) -> list[Table]:
        """All tables, from the point to the counts. digits: decimals that are printed. preset:
        whose layout the tables of the trace have, as for Trace.tables."""
        tables = [self._point(format, digits)]
        chosen: dict[str, Any] = {"digits": digits, "preset": preset}
        if isinstance(self.trace, Trace) and len(self.trace.inputs) > MOST_COLUMNS:
            chosen["layout"] = "transposed"
        tables += self.trace.tables(format, **chosen)
        if self.verification is not None:
            tables += self.verification.tables(format, digits, width=width)
        return tables + self.counts.tables(format)

    def _point(self, format: str, digits: int | None) -> Table:
        write = dialect_of(format, digits)
        ends = [*self.trace.inputs, *self.trace.outputs]
        words = ["input"] * len(self.trace.inputs) + ["output"] * len(self.trace.outputs)
        rows = [
            [write.variable(end["name"]), word, write.array(end["value"])]
            for end, word in zip(ends, words, strict=True)
        ]
        head = ["Name", "", "Value"]
        return Table("The point", head, rows, [True, False, True], list(self.notes))

    def _written(
        self,
        format: str,
        width: int,
        fragment: bool,
        options: dict[str, Any],
        picture: str | None = None,
    ) -> str:
        tables = self.tables(format, width=width, **options)
        if format == "csv":
            return render(tables, format)
        point, rest = [
            render(part, format, title=title, width=width, fragment=True)
            for part, title in ((tables[:1], self.title), (tables[1:], ""))
        ]
        parts = [point]
        if self.source:
            code = preformatted(self.source, format, "python", fragment=True)
            parts.append(heading("The function", format) + code)
        graph = self._graph(**options)
        if graph is not None:
            parts.append(heading("The graph", format) + _picture(graph, format, width, picture))
        body = "\n".join([*parts, rest])
        if fragment:
            return body
        more = MORE.get(format, "")
        if format == "latex" and graph is not None:
            more = graph.tikz_parts()[0] + more
        return document(body, format, self.title, more)

    def _graph(
        self, digits: int | None = None, preset: str | Preset = "ubc", **options: Any
    ) -> Graph | None:
        """The graph with so many decimals, and with the names of rows that the preset has."""
        graph = self.graph
        if graph is not None and isinstance(self.trace, Trace):
            named = self.trace.under(preset)
            graph = graph if named is self.trace else named.graph(GRAPH)
        return graph if graph is None or digits is None else replace(graph, digits=digits)

    def save(self, path: str | Path, **options: Any) -> list[Path]:
        """Write the report into a file that ends in .md (with a picture .svg beside it), .html or
        .pdf, or, where path has no ending, into a folder, as report.md and graph.svg. Every file
        appears whole or not at all; the paths are returned. options: those of tables().

        A PDF is typeset by pdflatex, or printed by Chromium where there is no LaTeX. Raises
        ValueError for another ending, MissingProgram where both are missing, OSError where path
        cannot be written.
        """
        path = Path(path)
        ending = path.suffix.lower()
        if ending == ".html":
            return [write_text(path, self.to_table("html", **options))]
        if ending == ".pdf":
            pages = pdf(lambda format: self.to_table(format, **options))
            return [write_atomically(path, lambda p: p.write_bytes(pages))]
        if ending == ".md":
            return self._save_markdown(path, path.with_suffix(".svg"), options)
        if ending:
            raise BadValue(f"{path}: a report is a folder, or ends in {', '.join(ENDINGS)}")
        path.mkdir(parents=True, exist_ok=True)
        return self._save_markdown(path / "report.md", path / "graph.svg", options)

    def _save_markdown(self, path: Path, picture: Path, options: dict[str, Any]) -> list[Path]:
        text = self._written("markdown", 80, False, options, quote(picture.name))
        graph = self._graph(**options)
        if graph is None:
            return [write_text(path, text)]

        def both(temporary: Path) -> None:
            temporary.write_bytes(text.encode("utf-8"))
            graph.save(picture)

        return [write_atomically(path, both), picture]


def report(
    f: Callable,
    *args: Any,
    names: Names = None,
    outputs: Names = None,
    rows: str = "auto",
    title: str = "",
) -> Report:
    """All that there is to show of f at args, in one document: the function and the point, the
    graph, the tables of the trace, the Jacobian by both modes, its verification, and the counts.

    names, outputs and rows as for ad.trace. `.save("sheet.pdf")` writes the document; str() is its
    text.

    Raises ValueError and TypeError as ad.trace and ad.verify do.

    >>> import admodes as ad
    >>> sheet = ad.report(lambda x1, x2: x1 * ad.sin(x2), 2.0, 0.5, title="x1 sin x2")
    >>> sheet.verification.passed, sheet.trace.jacobian["reverse"][0][0] == ad.sin(0.5)
    (True, True)
    >>> [table.title for table in sheet.tables()][:3]
    ['The point', 'Evaluation trace', 'Local partials']
    """
    recorded = program_of(f, args, rows, names, outputs, check=lambda: check_inputs(args))
    if recorded.by_array:
        return report_of(recorded, f, args, None, None, title)
    return report_of(recorded, f, args, recorded.names, recorded.outputs, title)


def report_of(
    recorded: NamedProgram, f: Callable, args: tuple, names: Names, outputs: Names, title: str
) -> Report:
    """The report of a recorded function; names and outputs are by numbers."""
    t = trace_of(recorded, title=title)
    notes: list[str] = []
    graph = _unless_large(lambda: t.graph(GRAPH), notes)
    entries = math.prod(_numbers(ends) for ends in (t.inputs, t.outputs))
    verification = _unless_large(lambda: _verified(f, args, names, outputs, entries), notes)
    return Report(t, graph, verification, counts_of(recorded), _source(f), notes, title)


def _unless_large(make: Callable[[], Any], notes: list[str]) -> Any:
    """What make gives; None where that is too large to show, which is noted."""
    try:
        return make()
    except BadValue as error:
        notes.append(f"left out: {error}")
        return None


def _numbers(ends: list[dict]) -> int:
    return sum(int(np.size(end["value"])) for end in ends)


def _verified(f: Callable, args: tuple, names: Names, outputs: Names, entries: int) -> Verification:
    if entries > MOST_ENTRIES:
        raise BadValue(
            f"verification of the {entries} entries of the Jacobian (at most {MOST_ENTRIES}; "
            "admodes verify prints them)"
        )
    return verify(f, *args, names=names, outputs=outputs)


def _source(f: Callable) -> str:
    """The code of a function that a user defined by name."""
    f = inspect.unwrap(getattr(f, "reordered", f))
    inside = (getattr(f, "__module__", None) or "").startswith("admodes.")
    if inside or not inspect.isfunction(f) or f.__name__ == "<lambda>":
        return ""
    try:
        return textwrap.dedent(inspect.getsource(f))
    except (OSError, TypeError):
        return ""


def _picture(graph: Graph, format: str, width: int, file: str | None) -> str:
    """The graph in a format; file: where Markdown finds the picture."""
    if format == "html":
        return graph.to_table("html", fragment=True)
    if format == "latex":
        return _LATEX_PICTURE.replace("PICTURE", graph.tikz_parts()[1])
    if file is not None:
        return f"![The graph of the function]({file})\n"
    return preformatted(replace(graph, title="").to_text(width), format, fragment=True)
