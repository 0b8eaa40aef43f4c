"""Values between delimiters: CSV as spreadsheets write it, and as admodes does."""

from __future__ import annotations

import csv
import re
from collections import Counter

from admodes.auditing.drafts import NUMBER, Draft, cell, check_size, has_value
from admodes.auditing.plain_mathematics import plain_text
from admodes.auditing.worked_table import UNKNOWN, WorkedCell

DELIMITERS = "\t;|,"
"""Those that may stand in numbers and formulas last."""

_HARMLESS = re.compile(r"'(?=[=+\-@\t\r])")
"""What keeps a spreadsheet from taking a cell for a formula."""

_FORMULA = re.compile(
    r"=(?!\s|[-+]?[\d.,]+$|.*=)|@(?=\w)|[=+\-].*(?:\b[A-Z]{2,}[\d.]*\(|\b[A-Z]{1,3}\$?\d|[|!])"
)
"""A cell that a spreadsheet would run: =x^2, = SUM(A1:A2), @NOW(), -1+cmd|' /C calc'!A0."""


def delimiter_of(text: str, delimiters: str = DELIMITERS) -> str | None:
    """The delimiter of a text, by which most lines have several cells; None where there is none.
    Lines of one number, as of a Jacobian with one column, say nothing."""
    sample = text[:100_000]
    for delimiter in delimiters:
        lines = [_whole(line, delimiter) for line in _lines(sample, delimiter) if any(line)]
        lines = [x for x in lines if len(x) > 1 or not NUMBER.fullmatch(plain_text(x[0]))]
        counts = Counter(map(len, lines))
        several = sum(n for length, n in counts.items() if length > 1)
        if several and several * 10 >= len(lines) * 6:
            return delimiter
    return None


def csv_tables(text: str, delimiter: str | None = None) -> list[Draft]:
    """The blocks of a text with its delimiter: parted by empty lines, or where the first column
    holds the title of the table in each row, by that."""
    delimiter = delimiter or delimiter_of(text)
    if delimiter is None:
        return []
    lines = _lines(text, delimiter)
    check_size(sum(map(len, lines)))
    blocks: list[list[list[str]]] = [[]]
    for line in lines:
        if any(line):
            blocks[-1].append(line)
        elif blocks[-1]:
            blocks.append([])
    return [draft for block in blocks if block for draft in _drafts(block, delimiter)]


def _lines(text: str, delimiter: str) -> list[list[str]]:
    """The lines as cells. A quotation mark that is never closed is one of the text."""
    csv.field_size_limit(max(csv.field_size_limit(), len(text) + 1))
    quote = '"' if text.count('"') % 2 == 0 else None
    lines = text.splitlines(keepends=True)
    rows = csv.reader(lines, delimiter=delimiter, quotechar=quote, skipinitialspace=True)
    return [[field.strip() for field in row] for row in rows]


def _drafts(block: list[list[str]], delimiter: str) -> list[Draft]:
    groups: list[list[list[str]]] = [[]]
    for line in block:
        if groups[-1] and groups[-1][0][0] != line[0]:
            groups.append([])
        groups[-1].append(line)
    if len(groups[0]) > 1 and all(_is_title(group[0][0]) for group in groups):
        return [_draft(group[0][0], [line[1:] for line in group], delimiter) for group in groups]
    heading = ""
    alone = len(list(filter(None, block[0]))) == 1 and _is_title(block[0][0])
    numbers = [c for c in block[-1] if has_value(plain_text(c))]
    if alone and (len(block) > 2 or 1 < len(numbers) == len(block[-1])):
        heading = block.pop(0)[0]
    return [_draft(heading, block, delimiter)]


def _is_title(text: str) -> bool:
    return len(text) > 1 and not has_value(plain_text(text))


def _draft(heading: str, lines: list[list[str]], delimiter: str) -> Draft:
    if delimiter in ",;":
        width = Counter(map(len, lines)).most_common(1)[0][0]
        lines = [_whole(line, delimiter) if len(line) > width else line for line in lines]
    return Draft(heading, [list(map(_cell, line)) for line in lines])


def _cell(text: str) -> WorkedCell:
    """A cell; a formula of a spreadsheet says nothing."""
    if _FORMULA.match(text):
        return WorkedCell(text, UNKNOWN)
    return cell(_HARMLESS.sub("", text, 1))


def _whole(line: list[str], delimiter: str) -> list[str]:
    """The cells of a line whose delimiters inside brackets part nothing, as in max(v1, v2)."""
    groups: list[list[str]] = []
    depth = 0
    for part in line:
        if depth <= 0:
            groups.append([])
            depth = 0
        groups[-1].append(part)
        depth += sum((c in "([") - (c in ")]") for c in part)
    return [delimiter.join(group) for group in groups]
