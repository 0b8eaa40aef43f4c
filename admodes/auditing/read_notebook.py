"""The cells of a notebook as tables: Markdown, and what code has shown. Code is neither run nor
read."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from admodes.auditing.drafts import Draft
from admodes.auditing.read_html import html_tables
from admodes.auditing.read_latex import latex_tables
from admodes.auditing.read_markdown import markdown_tables
from admodes.auditing.read_text import dashed_tables

_OUTPUTS = {
    "text/html": html_tables,
    "text/markdown": markdown_tables,
    "text/latex": latex_tables,
    "text/plain": dashed_tables,
}
"""The forms of an output, those first that keep more of a table; the first with tables counts."""


def notebook_tables(data: Mapping[str, Any]) -> list[Draft]:
    """The tables of a notebook, in the order of its cells."""
    drafts: list[Draft] = []
    cells = data.get("cells")
    for cell in cells if isinstance(cells, list) else []:
        if not isinstance(cell, dict):
            continue
        if cell.get("cell_type") == "markdown":
            drafts += markdown_tables(_text(cell.get("source")))
        outputs = cell.get("outputs")
        for output in outputs if isinstance(outputs, list) else []:
            drafts += _shown(output) if isinstance(output, dict) else []
    return drafts


def _shown(output: Mapping[str, Any]) -> list[Draft]:
    forms = output.get("data")
    if not isinstance(forms, dict):
        forms = {"text/plain": output.get("text")}
    tables = (read(_text(forms[form])) for form, read in _OUTPUTS.items() if form in forms)
    return next(filter(None, tables), [])


def _text(source: object) -> str:
    """The text of a cell, which is one string or a list of lines."""
    lines = source if isinstance(source, list) else [source]
    return "".join(line for line in lines if isinstance(line, str))
