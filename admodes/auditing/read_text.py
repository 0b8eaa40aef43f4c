"""Plain text as tables: columns under dashes, as admodes prints them, columns parted by blanks, and
equations, one a line."""

from __future__ import annotations

import re

from wcwidth import wcwidth

from admodes.auditing.drafts import Draft, cell

_DASHES = re.compile(r"[ \t]*[-=─━]{2,}(?: +[-=─━]{2,})*[ \t]*")
_GAP = re.compile(r"\t+| {2,}")


def has_dashes(text: str) -> bool:
    """Whether a line of the text has nothing but dashes, as under a head."""
    return any(map(_DASHES.fullmatch, text.splitlines()))


def dashed_tables(text: str) -> list[Draft]:
    """Tables with a line of dashes under their head, or around them."""
    lines = text.splitlines()
    drafts: list[Draft] = []
    k = 0
    while k < len(lines):
        if not _DASHES.fullmatch(lines[k]):
            k += 1
            continue
        head = lines[k - 1] if k and lines[k - 1].strip() else ""
        if _DASHES.fullmatch(head):
            head = ""
        above = _heading(lines, k - 1 if head else k)
        if k + 2 < len(lines) and _DASHES.fullmatch(lines[k + 2]) and lines[k + 1].strip():
            above, head = " ".join(filter(None, (above, head.strip()))), lines[k + 1]
            k += 2  # dashes above the head, too
        end = _end(lines, k + 1)
        _add(drafts, above, _block(head, lines[k], lines[k + 1 : end]))
        k = end
    return drafts


def _end(lines: list[str], k: int) -> int:
    """Where a table ends: before a blank line, or a line of dashes that closes it."""
    while k < len(lines) and lines[k].strip() and not _DASHES.fullmatch(lines[k]):
        k += 1
    return k + 1 if k < len(lines) and _DASHES.fullmatch(lines[k]) else k


def _heading(lines: list[str], k: int) -> str:
    """The lines above, up to a blank one."""
    start = k
    while start and lines[start - 1].strip() and not _DASHES.fullmatch(lines[start - 1]):
        start -= 1
    return " ".join(line.strip() for line in lines[start:k])


def _add(drafts: list[Draft], heading: str, grid: list[list[str]]) -> None:
    """A table more, or more columns of the last one: a table that is too wide for the screen is
    printed in blocks, which repeat the first column."""
    cells = [list(map(cell, line)) for line in grid]
    last = drafts[-1].lines if drafts else []
    names = [line[0] for line in cells]
    if not heading and len(names) > 1 and [line[0] for line in last] == names:
        for line, more in zip(last, cells, strict=True):
            line += more[1:]
    elif cells:
        drafts.append(Draft(heading, cells, 1 if any(grid[0]) else 0))


def _block(head: str, dashes: str, lines: list[str]) -> list[list[str]]:
    """The cells of a table, the head first: what stands under each group of dashes. A cell that is
    folded goes on two columns further in. What runs across the columns is a note, which ends the
    table."""
    spans = [match.span() for match in re.finditer(r"[^\s]+", dashes)]
    rows = [[part.strip() for part in _cut(head, spans) or [head]]]
    before: list[str] = []
    for line in lines:
        parts = _cut(line, spans)
        if _DASHES.fullmatch(line):
            continue
        if parts is None:
            break
        full = [k for k, part in enumerate(parts) if part.strip()]
        if len(rows) > 1 and all(parts[k].startswith("  ") for k in full):
            if len(full) == 1 and not _is_folded(before[full[0]], parts[full[0]], spans[full[0]]):
                break
            for k in full:
                rows[-1][k] += " " + parts[k].strip()
        else:
            rows.append([part.strip() for part in parts])
        before = [part.rstrip() for part in parts]
    return rows


def _is_folded(before: str, part: str, span: tuple[int, int]) -> bool:
    """Whether a part goes on with the cell above: there or here is an operator without the other
    operand, or the first word did not fit in there."""
    operators = tuple("+-=×·*/,")
    word = part.split()[0]
    fits = _width(before) + 1 + _width(word) <= span[1] - span[0]
    return before.endswith(operators) or word in operators or not fits


def _width(text: str) -> int:
    return sum(max(wcwidth(c), 0) for c in text)


def _cut(line: str, spans: list[tuple[int, int]]) -> list[str] | None:
    """The parts of a line in the columns, counted as a terminal shows them; None where a part runs
    across the room between two columns."""
    parts: list[list[str]] = [[] for _ in spans]
    column, k = 0, 0
    for c in line.expandtabs():
        wide = max(wcwidth(c), 0)
        while k + 1 < len(spans) and column >= spans[k + 1][0] and wide:
            k += 1
        between = column >= spans[k][1] and k + 1 < len(spans) and wide
        if between and not c.isspace():
            return None
        if not between:
            parts[k].append(c)
        column += wide
    return ["".join(part) for part in parts]


def spaced_table(text: str) -> list[Draft]:
    """Blocks of lines that are parted into the same number of columns by two blanks or more, or by
    tabs."""
    drafts = []
    for block in re.split(r"\n\s*\n", text):
        grid = [_GAP.split(line.strip()) for line in block.splitlines() if line.strip()]
        heading = ""
        if len(grid) > 2 and len(grid[0]) == 1:
            heading = grid.pop(0)[0]
        counts = [len(line) for line in grid]
        if len(grid) > 1 and {counts[0] + 1} == set(counts[1:]):
            grid[0].insert(0, "")  # a head without a title over the names of the rows
            counts[0] += 1
        if len(grid) > 1 and max(counts) > 1 and counts.count(max(counts)) * 3 >= 2 * len(grid):
            drafts.append(Draft(heading, [list(map(cell, line)) for line in grid]))
    return drafts


def equation_lines(text: str) -> list[Draft]:
    """Lines that are equations: the left side, and what follows the first sign of equality. A line
    that begins with the sign goes on with the row above."""
    lines = [
        part
        for line in text.splitlines()
        if "=" in line
        for part in _parted(re.sub(r"^\s*(?:[-*+•]\s+|\d+[.)]\s+|&?(?==))", "", line))
    ]
    rows = [sides(part) for part in lines if "=" in part]
    return [Draft("", [list(map(cell, row)) for row in rows], 0)] if rows else []


def sides(equation: str) -> list[str]:
    """The left side of an equation and the rest."""
    left, _, right = equation.replace("&", " ").partition("=")
    return [left.strip(), right.strip()]


def _parted(line: str) -> list[str]:
    """The equations of a line, between commas or semicolons outside all brackets."""
    ends, depth = [-1], 0
    for k, c in enumerate(line):
        depth += (c in "([{") - (c in ")]}")
        if c in ",;" and depth == 0:
            ends.append(k)
    parts = [line[a + 1 : b] for a, b in zip(ends, [*ends[1:], len(line)], strict=True)]
    return parts if len(parts) > 1 and all("=" in part for part in parts) else [line]
