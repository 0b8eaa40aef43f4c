"""The commands that a LaTeX document defines for itself, put in where it uses them, within limits
that keep a document from growing without end."""

from __future__ import annotations

import re

from admodes.auditing.drafts import MOST_CHARACTERS

_DEFINED = re.compile(
    r"\\(?:re|provide)?(newcommand|DeclareMathOperator)\*?\s*\{?\s*\\([A-Za-z]+)\s*\}?"
    r"\s*(?:\[(\d)\])?\s*(?=\{)|\\(def)\s*\\([A-Za-z]+)((?:#\d){0,9})(?=\{)"
)
_STRUCTURE = {
    *("section", "subsection", "subsubsection", "paragraph", "chapter", "title", "caption"),
    *("begin", "end", "multicolumn", "multirow", "hline", "toprule", "midrule", "bottomrule"),
}
"""Commands that are read as they are, whatever a document makes them look like."""

_MOST_USES = 20_000
_LONGEST_ARGUMENT = 500
_PASSES = 5
"""How often what was put in is looked through again."""


def braces(text: str, at: int) -> tuple[str, int]:
    """What stands in the braces that open at a place, and the place behind them; up to the end of
    the line where they are not closed."""
    depth = 0
    for match in re.compile(r"\\.|[{}]", re.DOTALL).finditer(text, at):
        depth += (match[0] == "{") - (match[0] == "}")
        if depth == 0:
            return text[at + 1 : match.start()], match.end()
    end = text.find("\n", at)
    end = end if end >= 0 else len(text)
    return text[at + 1 : end], end


def expanded(text: str) -> str:
    r"""The text with its own commands put in: those of newcommand, DeclareMathOperator and def,
    with arguments in braces. Where that grows beyond what is read, the text as it is.

    >>> expanded(r"\newcommand{\pd}[2]{\frac{\partial #1}{\partial #2}}$\pd{v_2}{x}$")
    '$\\frac{\\partial v_2}{\\partial x}$'
    """
    bodies: dict[str, tuple[int, str]] = {}
    parts, at = [], 0
    for match in _DEFINED.finditer(text):
        if match.start() < at:
            continue
        body, end = braces(text, match.end())
        name = match[2] or match[5]
        if name in _STRUCTURE:
            continue
        count = int(match[3] or 0) if match[2] else len(match[6]) // 2
        operator = match[1] == "DeclareMathOperator"
        bodies[name] = (count, rf"\operatorname{{{body}}}" if operator else body)
        parts.append(text[at : match.start()])
        at = end
    if not bodies or len(bodies) > 200:
        return text
    rest = "".join(parts) + text[at:]
    names = re.compile(rf"\\({'|'.join(bodies)})(?![A-Za-z])")
    for _ in range(_PASSES):
        if names.search(rest) is None:
            break
        longer = _once(rest, names, bodies)
        if longer is None:
            return text
        rest = longer
    return rest


def _once(text: str, names: re.Pattern[str], bodies: dict[str, tuple[int, str]]) -> str | None:
    """The text with every use outside arguments put in; None where it grows too long."""
    parts, at, uses, length = [], 0, 0, len(text)
    for match in names.finditer(text):
        if match.start() < at:
            continue
        count, body = bodies[match[1]]
        end = match.end()
        arguments = []
        for _ in range(count):
            argument, end = _argument(text, end)
            arguments.append(argument)
        filled = re.sub(
            r"#([1-9])",
            lambda m: arguments[int(m[1]) - 1] if int(m[1]) <= len(arguments) else "",
            body,
        )
        parts += [text[at : match.start()], filled]
        at = end
        uses += 1
        length += len(filled)
        if uses > _MOST_USES or length > MOST_CHARACTERS:
            return None
    return "".join(parts) + text[at:]


def _argument(text: str, at: int) -> tuple[str, int]:
    """The argument that begins at a place: in braces, or one sign or command."""
    blank = re.compile(r"\s*").match(text, at)
    start = blank.end() if blank else at
    if text[start : start + 1] == "{":
        argument, length = braces(text[start : start + _LONGEST_ARGUMENT], 0)
        return argument, start + length
    single = re.compile(r"\\[A-Za-z]+|\\?.|").match(text, start)
    return (single[0], single.end()) if single else ("", start)
