"""Tables as LaTeX: longtables that fold on the page, and matrices."""

from __future__ import annotations

import re
from dataclasses import replace

from admodes.views.dialects import Latex
from admodes.views.documents import document, heading, title_of
from admodes.views.folding import blocks_of, measured, shares_of
from admodes.views.tables import Table, matrix_of


def latex_tables(tables: list[Table], title: str, fragment: bool) -> str:
    """The tables in LaTeX, with the document around them unless fragment."""
    plain = Latex().plain
    parts = [rf"\section*{{{title_of(title, 'latex')}}}"] if title else []
    for table in tables:
        lines = [heading(table.title, "latex").rstrip()]
        matrix = matrix_of(table)
        lines += [rf"\[{Latex().ascii(matrix)}\]"] if matrix else _longtables(table)
        if table.notes:
            items = "\n".join(rf"\item {plain(note)}" for note in table.notes)
            lines.append(f"\\begin{{itemize}}\n{items}\n\\end{{itemize}}")
        parts.append("\n".join(lines))
    body = "\n\n".join(parts) + "\n"
    return body if fragment else document(body, "latex")


def _longtables(table: Table) -> list[str]:
    """The lines of a table, in blocks that fit the page."""
    plain, lines = Latex().plain, []
    cells = [
        [
            f"${Latex().ascii(c)}$" if math and c else plain(c)
            for c, math in zip(line, table.math, strict=True)
        ]
        for line in table.rows
    ]
    tex = replace(table, head=list(map(plain, table.head)), rows=cells)
    for block in blocks_of(tex, *measured(tex, _seen), _LATEX_WIDTH):
        lines += [rf"\begin{{longtable}}[l]{{@{{}}{_latex_columns(block)}@{{}}}}", r"\toprule"]
        lines += [" & ".join(block.head) + r" \\", r"\midrule", r"\endhead"]
        lines += [" & ".join(line) + r" \\" for line in block.rows]
        lines += [r"\bottomrule", r"\end{longtable}"]
    return lines


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
    widest, longest = measured(table, _seen)
    if sum(widest) + 2 * len(widest) - 2 <= _LATEX_WIDTH:
        return "l" * len(table.head)
    shares = [s + 2 for s in shares_of(widest, longest, _LATEX_WIDTH - 2 * len(widest))]
    return "".join(_fold(f"{share / sum(shares):.3f}") for share in shares)


def _fold(share: str) -> str:
    width = rf"\dimexpr {share}\linewidth-2\tabcolsep\relax"
    return rf">{{\raggedright\arraybackslash}}p{{{width}}}"
