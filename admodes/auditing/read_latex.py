"""LaTeX as tables: tabular and its relatives, matrices that are equal to something, and equations,
one a line. Nothing is run; commands that the document defines are put in."""

from __future__ import annotations

import re
from collections.abc import Iterator

from admodes.auditing.drafts import EMPTY, Draft, cell, check_size, has_value
from admodes.auditing.latex_macros import braces, expanded
from admodes.auditing.plain_mathematics import plain_text
from admodes.auditing.read_text import sides
from admodes.auditing.worked_table import WorkedCell

TABLES = {
    "tabular": 1, "tabular*": 2, "tabularx": 2, "tabulary": 2, "longtable": 1, "array": 1,
    "supertabular": 1, "xltabular": 2, "NiceTabular": 1, "NiceArray": 1, "tblr": 1, "longtblr": 1,
}  # fmt: skip
"""The environments of tables, with how many arguments in braces come first."""

EQUATIONS = {
    *("align", "align*", "aligned", "alignat", "alignat*", "flalign", "flalign*", "gather"),
    *("gather*", "gathered", "eqnarray", "eqnarray*", "equation", "equation*", "multline"),
    *("multline*", "split", "displaymath", "math"),
}
MATRICES = {"pmatrix", "bmatrix", "matrix", "Bmatrix", "vmatrix", "Vmatrix", "smallmatrix"}
_SKIPPED = {"verbatim", "lstlisting", "minted", "comment", "tikzpicture", "filecontents"}
_MOST_SPAN = 1000

_MARK = re.compile(
    r"\\(begin|end)\s*\{([A-Za-z]+\*?)\}|\\(section|subsection|subsubsection|paragraph|caption"
    r"|chapter|title)\*?\s*(?:\[[^\[\]]*\])?\{|(\\\[|\\\]|\$\$)"
)
_INNER = re.compile(
    r"\\(begin|end)\s*\{([A-Za-z]+\*?)\}|\\\\(?:\*|\s*\[[^\[\]\n]{0,40}\])?|\\[A-Za-z]+|\\.|[{}&]"
)
_ROW_ENDS = {"\\tabularnewline", "\\cr"}
_SPAN = re.compile(r"\s*\\multicolumn\s*\{\s*(\d+)\s*\}\s*\{[^{}]*(?:\{[^{}]*\}[^{}]*)*\}")
_ROWS = re.compile(
    r"\s*\\multirow\s*(?:\[[^\[\]]*\])?\{[^{}]*\}\s*(?:\[[^\[\]]*\])?\{[^{}]*\}\s*(?:\[[^\[\]]*\])?"
)
_LAYOUT = re.compile(
    r"\\(?:hline|toprule|midrule|bottomrule|endhead|endfirsthead|endfoot|endlastfoot|addlinespace"
    r"|(?:cmidrule|cline)(?:\s*\([^()]*\))?\s*\{[^{}]*\}|noalign\s*\{[^{}]*\}"
    r"|rowcolor\s*(?:\[[^\[\]]*\])?\{[^{}]*\})\s*(?:\[[^\[\]]*\])?"
)


def is_latex(text: str) -> bool:
    """Whether a text has an environment of a table or of equations."""
    begun = re.findall(r"\\begin\s*\{([A-Za-z]+\*?)\}", text)
    return any(name in TABLES or name in EQUATIONS or name in MATRICES for name in begun)


def latex_tables(text: str, heading: str = "") -> list[Draft]:
    """The tables and displayed equations of a document or of a part of one. heading: what stands
    above."""
    text = expanded(re.sub(r"(?<!\\)%.*\n?", "", text))
    drafts: list[Draft] = []
    start = re.search(r"\\begin\s*\{document\}", text)
    cells = 0
    for name, body, title in _environments(text[start.end() if start else 0 :], heading):
        cells += 1 + body.count("&") + body.count("\\\\")
        check_size(cells)
        drafts += [_table(name, body, title)] if name in TABLES else _equations(body, title)
    return drafts


def _environments(text: str, heading: str) -> Iterator[tuple[str, str, str]]:
    """The outermost tables and equations with their bodies, and what announces them: the caption of
    the float they stand in, or the last heading."""
    at, caption = 0, ""
    while match := _MARK.search(text, at):
        at = match.end()
        kind, name, titled, display = match.groups()
        if titled:
            title, at = braces(text, at - 1)
            caption, heading = (title, heading) if titled == "caption" else ("", title)
        elif display in ("\\[", "$$"):
            end = text.find("\\]" if display == "\\[" else "$$", at)
            end = end if end >= 0 else len(text)
            if not text[at:end].isspace() and end > at:
                yield "display", text[at:end], heading
            at = end + 2
        elif kind == "begin" and name in ("table", "table*"):
            caption = _caption(text, at)
        elif kind == "end" and name in ("table", "table*"):
            caption = ""
        elif kind == "begin" and name in _SKIPPED | TABLES.keys() | EQUATIONS | MATRICES:
            end, after = _end_of(text, at)
            body, at = text[at:end], after
            if name in MATRICES:
                line = re.split(r"\n|\$|\\\(", text[max(match.start() - 300, 0) : match.start()])[
                    -1
                ]
                body = rf"{line}\begin{{{name}}}{body}\end{{{name}}}"
            if name not in _SKIPPED:
                yield name, body, caption or heading


def _caption(text: str, at: int) -> str:
    """The caption of a float that begins here."""
    end = text.find("\\end{table", at)
    match = re.compile(r"\\caption\*?\s*(?:\[[^\[\]]*\])?\{").search(
        text, at, end if end >= 0 else len(text)
    )
    return braces(text, match.end() - 1)[0] if match else ""


def _end_of(text: str, at: int) -> tuple[int, int]:
    """Where an environment that begun before at ends, and what follows; the end of the text where
    it is not closed."""
    depth = 1
    for match in re.compile(r"\\(begin|end)\s*\{[A-Za-z]+\*?\}").finditer(text, at):
        depth += 1 if match[1] == "begin" else -1
        if depth == 0:
            return match.start(), match.end()
    return len(text), len(text)


def _table(name: str, body: str, heading: str) -> Draft:
    at = 0
    for _ in range(TABLES[name]):
        while match := re.compile(r"\s*\[[^\[\]]*\]\s*").match(body, at):
            at = match.end()
        opening = re.compile(r"\s*\{").match(body, at)
        if opening:
            at = braces(body, opening.end() - 1)[1]
    lines: list[list[WorkedCell]] = []
    heads: int | None = None
    foot = used = 0
    for raw, marks in _rows(body[at:]):
        if "\\endfirsthead" in marks:
            heads = foot = len(lines)
        elif "\\endhead" in marks:
            if heads is not None:
                del lines[heads:]
            heads = foot = len(lines)
        if "\\endfoot" in marks or "\\endlastfoot" in marks:
            del lines[foot:]
        if "\\midrule" in marks and heads is None and lines:
            heads = len(lines)
        if any(part.strip() for part in raw):
            lines.append([])
            for part in raw:
                lines[-1] += _cells(part)
                check_size(used + len(lines[-1]))
            used += len(lines[-1])
    return Draft(heading, lines, heads if heads is not None and heads <= 3 else None)


def _rows(body: str) -> Iterator[tuple[list[str], set[str]]]:
    """The rows of a table, each as its cells, with the commands of rules that stand before it."""
    parts, begun, depth = [""], 0, 0
    marks: set[str] = set()
    for match in _INNER.finditer(body):
        token = match[0]
        if token in "{}":
            depth += 1 if token == "{" else -1
        elif match[1]:
            depth += 1 if match[1] == "begin" else -1
        if depth > 0 or not (token == "&" or token.startswith("\\\\") or token in _ROW_ENDS):
            continue
        depth = 0
        parts[-1] += body[begun : match.start()]
        begun = match.end()
        if token == "&":
            parts.append("")
            continue
        yield _without_rules(parts, marks), marks
        parts, marks = [""], set()
    parts[-1] += body[begun:]
    yield _without_rules(parts, marks), marks


def _without_rules(parts: list[str], marks: set[str]) -> list[str]:
    """The cells of a row without the commands of rules before it, which marks takes."""

    def taken(match: re.Match[str]) -> str:
        marks.add(re.match(r"\\[a-z]+", match[0])[0])  # type: ignore[index]
        return " "

    return [_LAYOUT.sub(taken, part) for part in parts]


def _cells(part: str) -> list[WorkedCell]:
    """A cell, with empty ones behind it where it spans columns."""
    spanned = 1
    if match := _SPAN.match(part):
        spanned = min(int(match[1][:9]), _MOST_SPAN)
        part = _stripped(part[match.end() :])
    if match := _ROWS.match(part):
        part = _stripped(part[match.end() :])
    return [cell(part), *[EMPTY] * (spanned - 1)]


def _stripped(part: str) -> str:
    """What an argument in braces holds."""
    part = part.strip()
    return braces(part, 0)[0] if part.startswith("{") else part


_MATRIX = re.compile(r"\\begin\s*\{([pbvBV]?matrix|array)\}")
_DERIVATIVE = re.compile("[∂\u0304\u0307\u0302∇]|d[a-z]?\\w*/d[a-z]|D\\[")


def _equations(body: str, heading: str) -> list[Draft]:
    """Equations one a line; a matrix of numbers that is equal to something is a table. What has
    neither a number on its right side nor a derivative says what a function is, and is no table."""
    matrix = _MATRIX.search(body)
    if matrix:
        end, _ = _end_of(body, matrix.end())
        left = body[: matrix.start()].rpartition("=")[0]
        return _matrix(left, body[matrix.end() : end], heading, matrix[1])
    rows: list[list[WorkedCell]] = []
    for raw, _ in _rows(_unwrapped(body)):
        line = _sides(raw)
        if any(c.text for c in line):
            rows.append(line)
    told = [" ".join(c.text for c in row) for row in rows]
    if not any(_DERIVATIVE.search(text) or _ends_in_number(text) for text in told):
        return []
    return [Draft(heading, rows, 0)]


def _ends_in_number(text: str) -> bool:
    return has_value(text.rpartition("=")[2].strip().rpartition(" ")[2])


def _unwrapped(body: str) -> str:
    """The lines of equations inside others, such as aligned inside equation, without what begins
    and ends these."""
    names = "|".join(re.escape(name) for name in sorted(EQUATIONS))
    body = re.sub(rf"\\(?:begin|end)\s*\{{(?:{names})\}}(?:\{{\d*\}})?", " ", body)
    return re.sub(r"\\(?:label|tag)\*?\s*\{[^{}]*\}|\\(?:notag|nonumber|intertext)\b", " ", body)


def _sides(raw: list[str]) -> list[WorkedCell]:
    """A line of an equation: its left side, empty where it goes on with the line before, and the
    rest."""
    left, right = sides("".join(raw).strip().rstrip(",.;"))
    return [cell(left), cell(right.rstrip(",.;"))]


def _matrix(left: str, body: str, heading: str, name: str) -> list[Draft]:
    """A matrix; ∂(y1, y2)/∂(x1, x2) on the left names its rows and columns."""
    if name == "array":
        body = body[braces(body, 0)[1] :] if body.startswith("{") else body
    lines = [[cell(part) for part in raw] for raw, _ in _rows(body) if any(map(str.strip, raw))]
    text = plain_text(left)
    above = ": ".join(filter(None, (heading, text)))
    width = max(map(len, lines), default=0)
    quotient = re.fullmatch(r"∂(?:\((.+)\)|(\S+))/∂(?:\((.+)\)|(\S+))", text)
    if quotient:
        rows = (quotient[1] or quotient[2]).split(", ")
        columns = (quotient[3] or quotient[4]).split(", ")
        if (len(rows), len(columns)) == (len(lines), width):
            named = [[cell(row), *line] for row, line in zip(rows, lines, strict=True)]
            return [Draft(above, [[EMPTY, *map(cell, columns)], *named], 1)]
    return [Draft(above, lines, 0)]
