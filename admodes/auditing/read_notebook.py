"""The cells of a notebook as tables: Markdown, and what code has shown. Code is neither run nor
read."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from admodes.auditing.drafts import Draft, check_length
from admodes.auditing.read_html import html_tables
from admodes.auditing.read_latex import latex_tables
from admodes.auditing.read_markdown import markdown_tables
from admodes.auditing.read_text import dashed_tables

_FORMS = {
    "text/html": html_tables,
    "text/markdown": markdown_tables,
    "text/latex": latex_tables,
    "text/plain": dashed_tables,
}
"""The forms of an output, those first that keep more of a table; the first with tables counts."""


def notebook_tables(data: Mapping[str, Any]) -> list[Draft]:
    """The tables of a notebook, in the order of its cells. Raises BadValue where there is more text
    than is read."""
    shown = list(_shown(data))
    check_length(sum(len(text) for forms in shown for text in forms.values()))
    drafts: list[Draft] = []
    for forms in shown:
        tables = (read(forms[form]) for form, read in _FORMS.items() if form in forms)
        drafts += next(filter(None, tables), [])
    return drafts


def _shown(data: Mapping[str, Any]) -> Iterator[dict[str, str]]:
    """What a notebook shows, one thing after the other, as its texts by their forms."""
    for cell in _dicts(data.get("cells")):
        if cell.get("cell_type") == "markdown":
            yield {"text/markdown": _text(cell.get("source"))}
        for output in _dicts(cell.get("outputs")):
            forms = output.get("data")
            if not isinstance(forms, dict):
                forms = {"text/plain": output.get("text")}
            yield {form: _text(forms[form]) for form in _FORMS if form in forms}


def _dicts(items: object) -> list[dict[str, Any]]:
    return [item for item in items if isinstance(item, dict)] if isinstance(items, list) else []


def _text(source: object) -> str:
    """The text of a cell, which is one string or a list of lines."""
    lines = source if isinstance(source, list) else [source]
    return "".join(line for line in lines if isinstance(line, str))
