"""Tables as files: Markdown, CSV, LaTeX, HTML and notebooks, and where each number then stands."""

from __future__ import annotations

import csv
import html
import io
import json
from collections.abc import Sequence
from typing import NamedTuple

from derivation_layouts import Cell, Table
from derivations import Part

SUFFIXES = {
    "markdown": ".md", "math": ".md", "comma": ".csv", "semicolon": ".csv", "tab": ".tsv",
    "titled": ".csv", "tabular": ".tex", "booktabs": ".tex", "align": ".tex", "html": ".html",
    "notebook": ".ipynb",
}  # fmt: skip
SCRIPTS = {"math": "latex", "tabular": "latex", "booktabs": "latex", "align": "latex",
           "html": "html"}  # fmt: skip


class Place(NamedTuple):
    """Where a number stands, in the words of the contract of an audit."""

    table: int
    row: str
    column: str | int
    part: Part


def _math(text: str) -> str:
    """Between dollar signs if it is a formula or a number."""
    plain = not text or text == "-" or (text.replace(" ", "").isalpha() and len(text) > 3)
    return text if plain else f"${text}$"


def _titled(text: str) -> str:
    return _math(text.replace("∂", r"\partial ")) if "_" in text or "∂" in text else text


def written(tables: Sequence[Table], form: str) -> tuple[str, list[Place]]:
    """The document, and the places of its numbers in reading order."""
    latex = SCRIPTS.get(form) == "latex"
    if form == "align":
        tables = [_aligned(t) for t in tables]
    elif latex:
        tables = [
            Table(t.title, tuple(map(_titled, t.head)),
                  [[Cell(_math(c.text), c.part) for c in row] for row in t.rows])
            for t in tables
        ]  # fmt: skip
    places = []
    for i, t in enumerate(tables):
        name = ""
        for row in t.rows:
            name = row[0].text or name  # an empty cell continues the row above
            for k, cell in enumerate(row):
                if cell.part is not None:
                    column = t.head[k] if k < len(t.head) and t.head[k] else k
                    places.append(Place(i, name, column, cell.part))
    return WRITERS[form](tables), places


def _aligned(table: Table) -> Table:
    """The name of each row, and all that it is equal to in one cell; neither titles nor rules."""
    rows = []
    for row in table.rows:
        sides = [c.text for c in row[1:] if c.text and c.text not in ("-", "Chain Rule")]
        rows.append([Cell(row[0].text), Cell("= " + " = ".join(sides), row[-1].part)])
    return Table(table.title, (), rows)


def _markdown(tables: Sequence[Table]) -> str:
    parts = []
    for t in tables:
        lines = [f"## {t.title}", ""] if t.title else []
        lines.append("| " + " | ".join(t.head) + " |")
        lines.append("|" + "---|" * len(t.head))
        lines += ["| " + " | ".join(c.text for c in row) + " |" for row in t.rows]
        parts.append("\n".join(lines))
    return "\n\n".join(parts) + "\n"


def _csv(tables: Sequence[Table], delimiter: str = ",", titled: bool = False) -> str:
    file = io.StringIO()
    lines = csv.writer(file, delimiter=delimiter, lineterminator="\n")
    for i, t in enumerate(tables):
        rows = [t.head, *([c.text for c in row] for row in t.rows)]
        if titled:  # as admodes writes it: the title in the first column
            lines.writerows([t.title, *row] for row in rows)
            continue
        if i:
            file.write("\n")
        if t.title:
            lines.writerow([t.title])
        lines.writerows(rows if any(t.head) else rows[1:])
    return file.getvalue()


def _tabular(tables: Sequence[Table], rules: tuple[str, str, str]) -> str:
    parts = []
    for t in tables:
        lines = [r"\begin{table}", rf"\caption{{{t.title}}}"] if t.title else [r"\begin{center}"]
        lines += [rf"\begin{{tabular}}{{{'l' * len(t.head)}}}", rules[0]]
        if any(t.head):
            lines += [" & ".join(t.head) + r" \\", rules[1]]
        lines += [" & ".join(c.text for c in row) + r" \\" for row in t.rows]
        lines += [rules[2], r"\end{tabular}", r"\end{table}" if t.title else r"\end{center}"]
        parts.append("\n".join(lines))
    return "\n\n".join(parts) + "\n"


def _align(tables: Sequence[Table]) -> str:
    parts = []
    for t in tables:
        lines = [rf"\paragraph{{{t.title}}}"] if t.title else []
        rows = [" &".join(c.text for c in row) for row in t.rows]
        lines += [r"\begin{align*}", " \\\\\n".join(rows), r"\end{align*}"]
        parts.append("\n".join(lines))
    return "\n\n".join(parts) + "\n"


def _html(tables: Sequence[Table]) -> str:
    def cell(text: str, tag: str) -> str:
        for mark in ("sub", "sup"):
            text = text.replace(f"<{mark}>", f"\0{mark}\1").replace(f"</{mark}>", f"\0/{mark}\1")
        return f"<{tag}>{html.escape(text)}</{tag}>".replace("\0", "<").replace("\1", ">")

    parts = ["<!DOCTYPE html>\n<title>Homework</title>"]
    for t in tables:
        rows = ["".join(cell(c.text, "td") for c in row) for row in t.rows]
        if any(t.head):
            rows.insert(0, "".join(cell(h, "th") for h in t.head))
        title = f"<h2>{html.escape(t.title)}</h2>\n" if t.title else "<p>\n"
        parts.append(title + "<table>\n" + "".join(f"<tr>{r}</tr>\n" for r in rows) + "</table>")
    return "\n".join(parts) + "\n"


def _notebook(tables: Sequence[Table]) -> str:
    cells = [
        {"cell_type": "markdown", "metadata": {}, "source": _markdown([t]).splitlines(True)}
        for t in tables
    ]
    code = {"cell_type": "code", "execution_count": None, "metadata": {}, "outputs": [],
            "source": ["x = 2\n", "print(x)"]}  # fmt: skip
    document = {"cells": [code, *cells], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}
    return json.dumps(document, ensure_ascii=False, indent=1)


WRITERS = {
    "markdown": _markdown,
    "math": _markdown,
    "comma": _csv,
    "semicolon": lambda tables: _csv(tables, ";"),
    "tab": lambda tables: _csv(tables, "\t"),
    "titled": lambda tables: _csv(tables, titled=True),
    "tabular": lambda tables: _tabular(tables, (r"\hline", r"\hline", r"\hline")),
    "booktabs": lambda tables: _tabular(tables, (r"\toprule", r"\midrule", r"\bottomrule")),
    "align": _align,
    "html": _html,
    "notebook": _notebook,
}
