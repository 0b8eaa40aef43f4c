"""A document as tables: which format it has, and how much of it is read."""

from __future__ import annotations

import codecs
import json
import stat
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from admodes.auditing.drafts import Draft, check_length, finished, has_value
from admodes.auditing.local_numbers import with_points
from admodes.auditing.read_csv import csv_tables, delimiter_of
from admodes.auditing.read_html import html_tables, is_html
from admodes.auditing.read_latex import is_latex, latex_tables
from admodes.auditing.read_markdown import is_markdown, markdown_tables
from admodes.auditing.read_notebook import notebook_tables
from admodes.auditing.read_text import dashed_tables, equation_lines, has_dashes, spaced_table
from admodes.auditing.read_trace import trace_tables
from admodes.auditing.worked_table import WorkedTable
from admodes.errors import BadType, BadValue
from admodes.views.amounts import byte_text

MOST_BYTES = 16 * 2**20
"""The size of a file up to which it is read: a notebook holds pictures."""


def tables_of(document: Path | str | Mapping[str, Any]) -> list[WorkedTable]:
    """The tables of a document, in its order.

    document: the path of a file, whose kind is told by its ending and then by its content; or its
    text; or the data of a trace, as its to_dict() gives. Markdown, CSV, LaTeX, HTML, a notebook,
    the text tables and the JSON of admodes, and lines of equations are read. Nothing of a document
    is run. Bytes are read as UTF-8, as UTF-16 where a mark at the start says so, else
    as Windows-1252.

    Raises BadValue where no table can be read: no such file, more than 16 MiB, 2,097,152
    characters of text or 100,000 cells, no text, or nothing in it that is a table; BadType where
    document is none of these.

    >>> table = tables_of("| Expression | Value |\\n|---|---|\\n| $v_{2} = 2 v_1$ | $2$ |")[0]
    >>> [cell.text for cell in table.rows[0]]
    ['v2 = 2 v1', '2']
    """
    if isinstance(document, Mapping):
        return _finished(trace_tables(document), "the trace")
    if isinstance(document, Path):
        text = _decoded(_bytes_of(document), str(document))
        return _finished(_drafts(text, document.suffix.lower()), str(document))
    if isinstance(document, str):
        return _finished(_drafts(_checked(document, "the text"), ""), "the text")
    raise BadType(
        f"{type(document).__name__} is no document: give a pathlib.Path, a text or a trace's data"
    )


def _finished(drafts: list[Draft], name: str) -> list[WorkedTable]:
    tables = with_points(finished(drafts))
    if not tables:
        raise BadValue(
            f"no table can be read from {name}: tables of Markdown, CSV, LaTeX, HTML, a notebook, "
            "text or JSON of admodes, or lines of equations are"
        )
    return tables


def _too_large(name: str, size: int) -> str:
    return f"{name} has {byte_text(size)}: files of up to {byte_text(MOST_BYTES)} are read"


def _bytes_of(path: Path) -> bytes:
    """What is in a file, which is not read where it is too large."""
    try:
        status = path.stat()
        if stat.S_ISREG(status.st_mode) and status.st_size > MOST_BYTES:
            raise BadValue(_too_large(str(path), status.st_size))
        with path.open("rb") as file:
            data = file.read(MOST_BYTES + 1)
    except (OSError, ValueError) as error:
        if isinstance(error, BadValue):
            raise
        reason = getattr(error, "strerror", None) or str(error)
        raise BadValue(f"{path} cannot be read: {reason}") from error
    if len(data) > MOST_BYTES:
        raise BadValue(_too_large(str(path), len(data)))
    return data


def _decoded(data: bytes, name: str) -> str:
    if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return _checked(data.decode("utf-16", errors="replace"), name)
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = data.decode("cp1252", errors="replace")
    return _checked(text, name)


def _checked(text: str, name: str) -> str:
    """The text with ends of lines as Python has them. Raises BadValue where it is none."""
    if "\0" in text or text.startswith(("%PDF-", "PK\x03\x04", "\x89PNG")):
        raise BadValue(
            f"{name} is no text: write the tables as CSV, HTML, Markdown or LaTeX "
            "(a spreadsheet saves them as CSV)"
        )
    return text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n")


_SUFFIXES: dict[str, Callable[[str], list[Draft]]] = {
    **dict.fromkeys((".md", ".markdown", ".qmd", ".rmd"), markdown_tables),
    **dict.fromkeys((".csv", ".tsv", ".tab"), lambda text: _values(text)),
    **dict.fromkeys((".tex", ".ltx", ".latex"), latex_tables),
    **dict.fromkeys((".html", ".htm", ".xhtml"), html_tables),
}


def _drafts(text: str, suffix: str) -> list[Draft]:
    """The tables of a text: as its ending says, and where that finds none, as it looks."""
    if suffix in (".ipynb", ".json") or text.lstrip()[:1] == "{":
        data = _json(text)
        if data is not None:
            return (
                notebook_tables(data)
                if "cells" in data and "nbformat" in data
                else trace_tables(data)
            )
    check_length(len(text))
    drafts = _SUFFIXES[suffix](text) if suffix in _SUFFIXES else []
    return drafts or _as_it_looks(text)


def _values(text: str) -> list[Draft]:
    """The blocks of values, unless they are tables of Markdown."""
    return [] if is_markdown(text) else csv_tables(text)


def _json(text: str) -> dict[str, Any] | None:
    try:
        data = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return data if isinstance(data, dict) else None


def _as_it_looks(text: str) -> list[Draft]:
    """The tables of a text whose format is told by what is in it."""
    looks: list[tuple[bool, Callable[[str], list[Draft]]]] = [
        (is_markdown(text), markdown_tables),
        (is_html(text), html_tables),
        (is_latex(text) or "$$" in text or "\\[" in text, latex_tables),
        (has_dashes(text), dashed_tables),
        (delimiter_of(text) is not None, _separated),
        (True, spaced_table),
        (True, equation_lines),
    ]
    return next(filter(None, (read(text) for holds, read in looks if holds)), [])


def _separated(text: str) -> list[Draft]:
    """Values between delimiters; lines of prose with commas are none."""
    drafts = csv_tables(text)
    return [draft for draft in drafts if any(map(_has_number, draft.lines))]


def _has_number(line: list[Any]) -> bool:
    return any(has_value(c.text) for c in line)
