"""Tables (title, head, rows, notes) go in; text, GitHub Markdown, LaTeX, HTML or CSV comes out."""

from __future__ import annotations

import csv
import html
import io
import re
import textwrap
from collections.abc import Callable, Sequence
from dataclasses import replace

from admodes.errors import BadValue
from admodes.views.dialects import Latex, Text
from admodes.views.tables import Table
from admodes.views.visible import visible

FORMATS = ("text", "markdown", "latex", "html", "csv")


def render(
    tables: list[Table], format: str, *, title: str = "", width: int = 80, fragment: bool = False
) -> str:
    """The tables in a format: text, markdown, latex, html or csv (which has no notes). fragment:
    LaTeX and HTML without the document around them. width: columns at which text tables fold.

    Raises ValueError for an unknown format.

    >>> print(render([Table("Squares", ["x", "x²"], [["2", "4"]], [False, False])], "text"), end="")
    Squares
    x    x²
    ---  ----
    2    4
    """
    check_format(format, FORMATS)
    tables, title = list(map(_visible, tables)), visible(title, lines=False)
    writers: dict[str, Callable[[], str]] = {
        "text": lambda: _text(tables, title, width),
        "markdown": lambda: _markdown(tables, title),
        "latex": lambda: _latex(tables, title, fragment),
        "html": lambda: _html(tables, title, fragment),
        "csv": lambda: _csv(tables),
    }
    return writers[format]().replace(Text.thin, " ")


def check_format(format: str, formats: Sequence[str]) -> None:
    """Refuse a format that is unknown. Raises ValueError."""
    if format not in formats:
        raise BadValue(f"format {format!r} is unknown; choose from {', '.join(formats)}")


def document(body: str, format: str, title: str = "", more: str = "") -> str:
    """What a fragment of LaTeX or HTML needs around it to be a document; of other formats nothing.
    more: lines for the preamble, or rules for the style."""
    if format == "latex":
        preamble, begin, rest = _LATEX_DOCUMENT.partition(r"\begin{document}")
        return preamble + more + begin + rest.replace("BODY", body)
    if format == "html":
        head, style, rest = _HTML_DOCUMENT.partition("</style>")
        shown = html.escape(visible(title, lines=False) or "admodes")
        return head.replace("TITLE", shown) + more + style + rest.replace("BODY", body)
    return body


def heading(text: str, format: str) -> str:
    """The heading of a part, as tables have one, in a format."""
    text = visible(text, lines=False)
    written = {
        "markdown": lambda: f"## {_unmarked(text)}\n\n",
        "latex": lambda: rf"\subsection*{{{Latex().plain(text)}}}" + "\n",
        "html": lambda: f"<h2>{html.escape(text)}</h2>\n",
    }
    return written[format]() if format in written else f"{text}\n"


def preformatted(text: str, format: str, language: str = "", fragment: bool = False) -> str:
    """Lines that stand as they are, such as a program or a picture of characters, as text,
    markdown, latex or html. language: the one that Markdown colours."""
    if format == "markdown":
        return f"```{language}\n{text}```\n"
    if format == "html":
        body = f"<pre>{html.escape(text)}</pre>"
        return body if fragment else document(body, format)
    if format == "latex":
        lines = (Latex().plain(line, formulas=False) for line in text.splitlines())
        body = "".join(f"\\noindent\\texttt{{{line}}}\\par\n".replace(" ", "~") for line in lines)
        return body if fragment else document(body, format)
    return text


def _visible(table: Table) -> Table:
    """The table with every cell in one line that steers no terminal."""

    def shown(cells: list[str]) -> list[str]:
        return [visible(cell, lines=False) for cell in cells]

    title = visible(table.title, lines=False)
    rows = list(map(shown, table.rows))
    notes = [visible(note) for note in table.notes]
    return replace(table, title=title, head=shown(table.head), rows=rows, notes=notes)


def _text(tables: list[Table], title: str, width: int) -> str:
    parts = [_folded(title, width)] if title else []
    for table in tables:
        grid = _tabulated(table) if table.rows else "(no rows)"
        if table.rows and max(map(len, grid.splitlines())) > width:
            grid = "\n\n".join(_tabulated(*narrow) for narrow in _narrowed(table, width))
        notes = [_folded(f"  {note}", width) for note in table.notes]
        parts.append("\n".join([_folded(table.title, width), grid, *notes]))
    return "\n\n".join(parts) + "\n"


def _folded(line: str, width: int) -> str:
    indent = " " * (len(line) - len(line.lstrip()) + _INDENT)
    return textwrap.fill(
        line, width, subsequent_indent=indent, break_long_words=False, break_on_hyphens=False
    )


def _narrowed(table: Table, width: int) -> list[tuple[Table, list[int]]]:
    """A table that is too wide, as one or more that fit, each with the widths of its columns."""
    blocks = _blocks(table, *_measured(table, len, _INDENT), width)
    if len(blocks) > 1:
        apart = [[c.replace(f"×{Text.thin}", "× ") for c in line] for line in table.rows]
        table = replace(table, rows=apart)
        blocks = _blocks(table, *_measured(table, len, _INDENT), width)
    rooms = (width - 2 * len(block.head) + 2 for block in blocks)
    return [
        (b, _shares(*_measured(b, len, _INDENT), r)) for b, r in zip(blocks, rooms, strict=True)
    ]


def _tabulated(table: Table, widths: list[int] | None = None, style: str = "simple") -> str:
    from tabulate import tabulate  # only where a table is drawn: importing it takes time

    rows = table.rows
    if widths is not None:
        rows = [list(map(_wrapped, line, widths)) for line in rows]
    return tabulate(rows, table.head, tablefmt=style, disable_numparse=True)


_INDENT = 2
"""Columns by which the lines of a cell begin later that continue it."""


def _wrapped(cell: str, width: int) -> str:
    """The lines of a cell."""
    indent = " " * _INDENT
    return textwrap.fill(
        cell, width, subsequent_indent=indent, break_long_words=False, break_on_hyphens=False
    )


def _measured(
    table: Table, length: Callable[[str], int], indent: int = 0
) -> tuple[list[int], list[int]]:
    """The widest cell and the longest word of every column, with the indent of a line that
    continues. tabulate pads the heads by 2."""
    widest, longest = [], []
    for k, head in enumerate(table.head):
        cells = [line[k] for line in table.rows]
        words = [cell.split(" ") for cell in cells]
        widest.append(max([length(head) + 2, *map(length, cells)]))
        firsts = (length(first) for first, *_ in words)
        others = (length(word) + indent for _, *more in words for word in more)
        longest.append(max([length(head) + 2, *firsts, *others]))
    return widest, longest


def _blocks(table: Table, widest: list[int], longest: list[int], width: int) -> list[Table]:
    """The table, or where the words of its columns do not fit side by side, tables of some of the
    columns, the first in each."""
    columns = range(1, len(longest))
    if len(longest) < 3 or sum(longest) + 2 * len(columns) <= width:
        return [table]
    first = max(longest[0], min(widest[0], width // 3))
    groups: list[list[int]] = [[0]]
    for k in columns:
        used = first + sum(longest[i] + 2 for i in groups[-1][1:])
        if len(groups[-1]) > 1 and used + longest[k] + 2 > width:
            groups.append([0])
        groups[-1].append(k)
    return [
        Table(
            table.title,
            [table.head[k] for k in group],
            [[line[k] for k in group] for line in table.rows],
            [table.math[k] for k in group],
        )
        for group in groups
    ]


def _shares(widest: list[int], longest: list[int], available: int) -> list[int]:
    """Column widths that fit and break no word: narrow columns keep theirs, the others share the
    rest."""
    shares = [0] * len(widest)
    open_columns = sorted(range(len(widest)), key=lambda k: widest[k])
    while open_columns:
        k = open_columns.pop(0)
        fair = available // (len(open_columns) + 1)
        spare = available - sum(longest[i] for i in open_columns)
        shares[k] = max(longest[k], min(widest[k], fair, spare))
        available -= shares[k]
    return shares


def _markdown(tables: list[Table], title: str) -> str:
    parts = [f"# {_unmarked(title)}"] if title else []
    for table in tables:
        head, *rows = [
            [_unmarked(cell).replace("|", r"\|") for cell in line]
            for line in (table.head, *table.rows)
        ]
        grid = _tabulated(replace(table, head=head, rows=rows), style="github")
        notes = "".join(f"\n- {_unmarked(note)}" for note in table.notes)
        parts.append(f"{heading(table.title, 'markdown')}{grid}" + (f"\n{notes}" if notes else ""))
    return "\n\n".join(parts) + "\n"


def _unmarked(text: str) -> str:
    """Text without what Markdown takes for emphasis, code, links, HTML, entities or escapes."""
    return re.sub(r"[*`]|(?<!\w)_|_(?!\w)|(?<=\])\(|<(?=\S)|&(?=[#\w])|\\(?=\W)", r"\\\g<0>", text)


def _latex(tables: list[Table], title: str, fragment: bool) -> str:
    plain = Latex().plain
    parts = [rf"\section*{{{plain(title, formulas=False)}}}"] if title else []
    for table in tables:
        lines = [heading(table.title, "latex").rstrip()]
        cells = [
            [
                f"${Latex().ascii(c)}$" if math and c else plain(c)
                for c, math in zip(line, table.math, strict=True)
            ]
            for line in table.rows
        ]
        tex = replace(table, head=list(map(plain, table.head)), rows=cells)
        for block in _blocks(tex, *_measured(tex, _seen), _LATEX_WIDTH):
            lines += [rf"\begin{{longtable}}[l]{{@{{}}{_latex_columns(block)}@{{}}}}", r"\toprule"]
            lines += [" & ".join(block.head) + r" \\", r"\midrule", r"\endhead"]
            lines += [" & ".join(line) + r" \\" for line in block.rows]
            lines += [r"\bottomrule", r"\end{longtable}"]
        if table.notes:
            items = "\n".join(rf"\item {plain(note)}" for note in table.notes)
            lines.append(f"\\begin{{itemize}}\n{items}\n\\end{{itemize}}")
        parts.append("\n".join(lines))
    body = "\n\n".join(parts) + "\n"
    return body if fragment else document(body, "latex")


_LATEX_WIDTH = 90
"""Characters that stand side by side on a page."""


def _seen(tex: str) -> int:
    """About how many characters of some LaTeX are printed."""
    bare = re.sub(r"\\(left|right|ensuremath|math\w+|operatorname|text\w*|,)|[{}$_^]", "", tex)
    return len(re.sub(r"\\[A-Za-z]+ ?|\\.", "x", bare))


def _latex_columns(table: Table) -> str:
    """Columns that fold where the table is wider than the page; others as they come."""
    if sum(table.math) == 2 and len(table.head) <= 3:
        share = 0.5 if len(table.head) == 2 else 0.415
        return "".join(_fold(f"{share if math else 0.17}") for math in table.math)
    widest, longest = _measured(table, _seen)
    if sum(widest) + 2 * len(widest) - 2 <= _LATEX_WIDTH:
        return "l" * len(table.head)
    shares = [s + 2 for s in _shares(widest, longest, _LATEX_WIDTH - 2 * len(widest))]
    return "".join(_fold(f"{share / sum(shares):.3f}") for share in shares)


def _fold(share: str) -> str:
    width = rf"\dimexpr {share}\linewidth-2\tabcolsep\relax"
    return rf">{{\raggedright\arraybackslash}}p{{{width}}}"


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
            f"{heading(table.title, 'html')}<table>\n<thead><tr>{head}</tr></thead>\n"
            f"<tbody>\n{body}\n</tbody>\n</table>" + (f"\n<ul>{notes}</ul>" if notes else "")
        )
    body = "\n".join(parts) + "\n"
    return body if fragment else document(body, "html", title)


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
            writer.writerow(map(_harmless, [table.title, *line]))
    return stream.getvalue()


_NUMBER = re.compile(r"[-+]?(\d+\.?\d*|\.\d+)(e[-+]?\d+)?|[-+]?(inf|nan)", re.IGNORECASE)


def _harmless(cell: str) -> str:
    """A cell that no spreadsheet takes for a formula; numbers stay what they are."""
    formula = cell.startswith(("=", "+", "-", "@", "\t", "\r")) and not _NUMBER.fullmatch(cell)
    return f"'{cell}" if formula else cell
