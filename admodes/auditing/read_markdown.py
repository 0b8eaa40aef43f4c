"""Markdown as tables: those between pipes, also without outer ones, and what Markdown holds
besides: displayed formulas, tables in HTML, and blocks of text or data between fences.

The lines are read here and not by a library of Markdown, since tables by hand are looser than these
take: rows of other lengths than the head, pipes inside formulas.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from admodes.auditing.drafts import Draft, cell, check_size
from admodes.auditing.read_csv import csv_tables
from admodes.auditing.read_html import cell_source, html_tables
from admodes.auditing.read_latex import is_latex, latex_tables
from admodes.auditing.read_text import dashed_tables, has_dashes
from admodes.auditing.worked_table import WorkedCell

_RULE = re.compile(r"\s*[|+]?\s*:?[-=]+:?\s*(?:[|+]\s*:?[-=]*:?\s*)*")
_FENCE = re.compile(r"\s{0,3}(`{3,}|~{3,})\s*\{?\.?([\w+-]*)")
_HEADING = re.compile(r"\s{0,3}(?:#{1,6}\s+(.*?)\s*#*|\*\*(.+)\*\*:?)\s*")
_QUOTED = re.compile(r"^[ \t]{0,3}(?:>[ \t]?)+", re.MULTILINE)
_BOXES = dict.fromkeys(range(0x2500, 0x2580), "+")
_BOXES |= dict.fromkeys(map(ord, "│┃║┆"), "|") | dict.fromkeys(map(ord, "─━═"), "-")
"""Lines of boxes as pipes, dashes and crosses."""


def is_rule(line: str) -> bool:
    """Whether a line is one under the head of a table with pipes."""
    crossed = "|" in line or "-+-" in line or line.lstrip().startswith("+")
    return crossed and _RULE.fullmatch(line) is not None and ("-" in line or "=" in line)


def is_markdown(text: str) -> bool:
    return any(map(is_rule, text.translate(_BOXES).splitlines()))


def markdown_tables(text: str) -> list[Draft]:
    """The tables of a document, in its order."""
    return _Document(_QUOTED.sub("", text.translate(_BOXES)).splitlines()).read()


_LANGUAGES: dict[str, Callable[[str], list[Draft]]] = {
    "csv": csv_tables,
    "tsv": csv_tables,
    "latex": latex_tables,
    "tex": latex_tables,
    "math": lambda text: latex_tables(f"\\[{text}\\]"),
    "html": lambda text: html_tables(text),
    **dict.fromkeys(("", "text", "txt", "console", "output"), lambda text: _plain(text)),
    **dict.fromkeys(("markdown", "md"), lambda text: markdown_tables(text)),
}
"""How a block between fences is read; one in another language, such as Python, is no table."""


def _plain(text: str) -> list[Draft]:
    """A block of text: as admodes prints it, or tables with pipes."""
    return markdown_tables(text) if is_markdown(text) else dashed_tables(text)


class _Document:
    """Reads lines from the top."""

    def __init__(self, lines: list[str]) -> None:
        self.lines = lines
        self.at = 0
        self.drafts: list[Draft] = []
        self.heading = ""
        self.loose: list[str] = []
        """Lines since the last table, which may hold a displayed formula or HTML."""

    def read(self) -> list[Draft]:
        while self.at < len(self.lines):
            line = self.lines[self.at]
            if fence := _FENCE.match(line):
                self.flush()
                self.fenced(fence[1], fence[2].lower())
            elif "|" in line and self.is_table():
                self.flush()
                self.table()
            elif title := _HEADING.fullmatch(line):
                self.flush()
                self.heading = _unmarked(title[1] or title[2] or "")
                self.at += 1
            else:
                self.loose.append(line)
                self.at += 1
        self.flush()
        return self.drafts

    def add(self, drafts: list[Draft]) -> None:
        for draft in drafts:
            draft.heading = draft.heading or self.heading
        self.drafts += drafts

    def flush(self) -> None:
        """Read what stands between tables."""
        text = "\n".join(self.loose)
        self.loose = []
        if "<t" in text.lower():
            self.add(html_tables(text))
        elif "$$" in text or "\\[" in text or is_latex(text):
            self.add(latex_tables(text, self.heading))
        elif has_dashes(text) and not self.drafts:
            self.add(dashed_tables(text))

    def fenced(self, fence: str, language: str) -> None:
        start = self.at = self.at + 1
        while self.at < len(self.lines) and not self.closes(fence):
            self.at += 1
        text = "\n".join(self.lines[start : self.at])
        self.at += 1
        if language in _LANGUAGES:
            self.add(_LANGUAGES[language](text))

    def closes(self, fence: str) -> bool:
        line = self.lines[self.at].strip()
        return line.startswith(fence) and not line.strip(fence[0])

    def is_table(self) -> bool:
        """Whether a table begins here: its head has a line of dashes below, or above and below."""
        below = self.lines[self.at + 1] if self.at + 1 < len(self.lines) else ""
        return is_rule(below) or is_rule(self.lines[self.at])

    def goes_on(self) -> bool:
        return "|" in self.lines[self.at] or is_rule(self.lines[self.at])

    def table(self) -> None:
        lines: list[list[WorkedCell]] = []
        heads: int | None = None
        used = 0
        while self.at < len(self.lines) and self.goes_on():
            line = self.lines[self.at]
            self.at += 1
            if is_rule(line):
                heads = len(lines) if heads is None and lines else heads
                continue
            cells = _cells(line)
            used += len(cells)
            check_size(used)
            lines.append(list(map(_cell, cells)))
        self.add([Draft(self.heading, lines, heads)])


_PART = re.compile(r"\\.|\$[^$|]*\$|\$[^$]+\$(?=\s*(?:\||$))|`[^`]*`|\||[^\\$`|]+|.")


def _cells(line: str) -> list[str]:
    """The cells of a line between pipes that stand neither behind a backslash, nor in code, nor in
    a formula that is closed in the same line."""
    line = line.strip()
    parts = _PART.findall(line)
    groups: list[list[str]] = [[]]
    for part in parts:
        if part == "|":
            groups.append([])
        else:
            groups[-1].append(part)
    cells = ["".join(group) for group in groups]
    if not cells[0].strip() and line.startswith("|"):
        cells.pop(0)
    if len(cells) > 1 and not cells[-1].strip():
        cells.pop()
    return [part.strip() for part in cells]


def _cell(written: str) -> WorkedCell:
    return cell(written, _unmarked(written))


_FORMULA = re.compile(r"(\$[^$]+\$|\\\(.*?\\\))")


def _unmarked(text: str) -> str:
    """Text without emphasis, code, escapes and HTML; formulas stay as they are."""
    parts = _FORMULA.split(text)
    parts[::2] = map(_prose, parts[::2])
    return "".join(parts)


def _prose(text: str) -> str:
    if "<" in text or "&" in text:
        text = cell_source(text)
    text = re.sub(r"(?<![\w*\\])(\*{1,3})(?=[^\s*])([^*]*[^\s*\\])\1(?![\w*])", r"\2", text)
    text = re.sub(r"(?<![\w\\])(_{1,2})(?=[^\s_])([^_]*[^\s_\\])\1(?!\w)", r"\2", text)
    text = re.sub(r"~~([^~]*)~~", "", text).replace("`", "")
    return re.sub(r"\\([!\"#$%&'()*+,\-./:;<=>?@\[\]^_`|~])", r"\1", text)
