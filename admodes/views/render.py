"""Tables as text, GitHub Markdown, LaTeX, HTML and CSV."""

from __future__ import annotations

import csv
import html
import io
from collections.abc import Callable

from tabulate import tabulate

from admodes.views.dialects import Latex, Text
from admodes.views.tables import Table

FORMATS = ("text", "markdown", "latex", "html", "csv", "json")


def render(
    tables: list[Table], format: str, *, title: str = "", width: int = 80, fragment: bool = False
) -> str:
    """The tables in a format. fragment: LaTeX and HTML without the document around them.
    width: columns at which text tables fold.

    Raises ValueError for an unknown format.
    """
    if format not in FORMATS:
        raise ValueError(f"format {format!r} is unknown; choose from {', '.join(FORMATS)}")
    writers: dict[str, Callable[[], str]] = {
        "text": lambda: _text(tables, title, width),
        "markdown": lambda: _markdown(tables, title),
        "latex": lambda: _latex(tables, title, fragment),
        "html": lambda: _html(tables, title, fragment),
        "csv": lambda: _csv(tables),
    }
    return writers[format]().replace(Text.thin, " ")


def _text(tables: list[Table], title: str, width: int) -> str:
    parts = [title] if title else []
    for table in tables:
        lines = [table.title, _grid(table, width)]
        lines += [f"  {note}" for note in table.notes]
        parts.append("\n".join(lines))
    return "\n\n".join(parts) + "\n"


def _grid(table: Table, width: int) -> str:
    if not table.rows:
        return "(no rows)"
    natural = tabulate(table.rows, table.head, tablefmt="simple", disable_numparse=True)
    if max(map(len, natural.splitlines())) <= width:
        return natural
    return tabulate(
        table.rows,
        table.head,
        tablefmt="simple",
        disable_numparse=True,
        maxcolwidths=_shares(table, width),
    )


def _shares(table: Table, width: int) -> list[int]:
    """Column widths that fit: narrow columns keep theirs, the others share the rest."""
    cells = [table.head, *table.rows]
    widest = [max(len(str(line[k])) for line in cells) for k in range(len(table.head))]
    available = width - 2 * (len(widest) - 1)
    shares = [0] * len(widest)
    open_columns = sorted(range(len(widest)), key=lambda k: widest[k])
    while open_columns:
        k = open_columns.pop(0)
        fair = available // (len(open_columns) + 1)
        shares[k] = max(8, min(widest[k], fair))
        available -= shares[k]
    return shares


def _markdown(tables: list[Table], title: str) -> str:
    parts = [f"# {title}"] if title else []
    for table in tables:
        rows = [[cell.replace("|", r"\|") for cell in line] for line in table.rows]
        grid = tabulate(rows, table.head, tablefmt="github", disable_numparse=True)
        notes = "".join(f"\n- {note}" for note in table.notes)
        parts.append(f"## {table.title}\n\n{grid}" + (f"\n{notes}" if notes else ""))
    return "\n\n".join(parts) + "\n"


def _latex(tables: list[Table], title: str, fragment: bool) -> str:
    plain = Latex().plain
    parts = [rf"\section*{{{plain(title)}}}"] if title else []
    for table in tables:
        lines = [rf"\subsection*{{{table.title if '$' in table.title else plain(table.title)}}}"]
        lines += [rf"\begin{{longtable}}[l]{{@{{}}{_latex_columns(table)}@{{}}}}", r"\toprule"]
        lines += [" & ".join(table.head) + r" \\", r"\midrule", r"\endhead"]
        for line in table.rows:
            cells = [
                f"${c}$" if math and c else c for c, math in zip(line, table.math, strict=True)
            ]
            lines.append(" & ".join(cells) + r" \\")
        lines += [r"\bottomrule", r"\end{longtable}"]
        if table.notes:
            items = "\n".join(rf"\item {plain(note)}" for note in table.notes)
            lines.append(f"\\begin{{itemize}}\n{items}\n\\end{{itemize}}")
        parts.append("\n".join(lines))
    body = "\n\n".join(parts) + "\n"
    return body if fragment else _LATEX_DOCUMENT.replace("BODY", body)


def _latex_columns(table: Table) -> str:
    """Columns of formulas that fold, in the tables that have two of them; others as they come."""
    if sum(table.math) != 2 or len(table.head) > 3:
        return "l" * len(table.head)
    share = 0.44 if len(table.head) == 2 else 0.38
    return "".join(
        rf">{{\raggedright\arraybackslash}}p{{{share if math else 0.14}\linewidth}}"
        for math in table.math
    )


_LATEX_DOCUMENT = r"""\documentclass{article}
\usepackage[T1]{fontenc}
\usepackage[utf8]{inputenc}
\usepackage{lmodern,amsmath,array,booktabs,longtable}
\usepackage[margin=2cm]{geometry}
\renewcommand{\arraystretch}{1.3}
\begin{document}
BODY\end{document}
"""


def _html(tables: list[Table], title: str, fragment: bool) -> str:
    parts = [f"<h1>{html.escape(title)}</h1>"] if title else []
    for table in tables:
        head = "".join(f"<th>{html.escape(h)}</th>" for h in table.head)
        body = "\n".join(
            "<tr>" + "".join(f"<td>{html.escape(c)}</td>" for c in line) + "</tr>"
            for line in table.rows
        )
        notes = "".join(f"<li>{html.escape(note)}</li>" for note in table.notes)
        parts.append(
            f"<h2>{html.escape(table.title)}</h2>\n<table>\n<thead><tr>{head}</tr></thead>\n"
            f"<tbody>\n{body}\n</tbody>\n</table>" + (f"\n<ul>{notes}</ul>" if notes else "")
        )
    body = "\n".join(parts) + "\n"
    if fragment:
        return body
    page = _HTML_DOCUMENT.replace("TITLE", html.escape(title or "admodes"))
    return page.replace("BODY", body)


_HTML_DOCUMENT = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<title>TITLE</title>
<style>
body { font-family: Georgia, "DejaVu Serif", serif; margin: 2rem auto; max-width: 60rem;
  padding: 0 1rem; }
table { border-collapse: collapse; margin: 0.5rem 0 1.5rem; }
thead { border-top: 2px solid; border-bottom: 1px solid; }
tbody { border-bottom: 2px solid; }
th, td { padding: 0.2rem 1.2rem 0.2rem 0; text-align: left; vertical-align: top; }
</style>
</head>
<body>
BODY</body>
</html>
"""


def _csv(tables: list[Table]) -> str:
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\n")
    for table in tables:
        for line in ([table.head] if table.head else []) + table.rows:
            writer.writerow([table.title, *line])
    return stream.getvalue()
