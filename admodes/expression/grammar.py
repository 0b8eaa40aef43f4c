"""What may be written in an expression: tokens, limits, and errors that point at the place.

Everything is checked on tokens of our own before Python's parser sees anything, because that is
where the place in the user's text is known, and because CPython's parser has no limits to rely on.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, NamedTuple

WIDTH = 76
MAX_LENGTH = 20_000
MAX_DEPTH = 100
MAX_TERMS = 1_000
MAX_NAME = 100
CAPS = {"max_length": 1_000_000, "max_depth": 150, "max_terms": 2_000}
"""Beyond these CPython's own parser may give up (200 brackets, about 3000 levels of its tree)."""


class ExpressionError(ValueError):
    """An expression that cannot be taken. reason is one line; expression and position say where;
    the message shows them with a caret under the place."""

    def __init__(self, reason: str, expression: str = "", position: int | None = None) -> None:
        self.reason = reason
        self.expression = expression
        self.position = position
        place = "" if position is None else "\n" + _caret(expression, position)
        super().__init__(reason + place)


def _caret(text: str, position: int) -> str:
    """text, cut to WIDTH columns around position, over a caret."""
    room = WIDTH - 6
    start = max(0, min(position - room // 2, len(text) - room))
    end = start + room
    shown = "".join(c if c.isprintable() else " " for c in text[start:end])
    while _columns(shown) > room:
        if position - start > room // 4:
            shown, start = shown[1:], start + 1
        else:
            shown = shown[:-1]
    end = start + len(shown)
    left, right = "…" if start else "", "…" if end < len(text) else ""
    before = _columns(left + shown[: position - start])
    return f"  {left}{shown}{right}\n  {' ' * before}^"


def _columns(text: str) -> int:
    wide = sum(unicodedata.east_asian_width(c) in "WF" for c in text)
    return len(text) + wide - sum(unicodedata.combining(c) > 0 for c in text)


def nearest(name: str, known: Iterable[str]) -> str | None:
    """The known name that is most like name, or None where none is."""
    import difflib

    folded = {k.casefold(): k for k in sorted(known, reverse=True)}
    found = difflib.get_close_matches(name.casefold(), folded, 1, 0.6)
    return folded[found[0]] if found else None


class Limits(NamedTuple):
    max_length: int = MAX_LENGTH
    max_depth: int = MAX_DEPTH
    max_terms: int = MAX_TERMS

    def checked(self) -> Limits:
        """These limits, or an ExpressionError where CPython could not keep them."""
        for name, given in self._asdict().items():
            if type(given) is not int or not 1 <= given <= CAPS[name]:
                raise ExpressionError(
                    f"{name}={given!r}: give a whole number from 1 to {CAPS[name]} (more than "
                    "that is beyond what Python's own parser takes)"
                )
        return self


class Token(NamedTuple):
    """kind is number, name, a bracket, or the sign itself (all comparisons are "compare")."""

    kind: str
    text: str
    position: int
    value: Any = None


_NUMBER = re.compile(r"(?:[0-9]+(?:_[0-9]+)*(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?", re.ASCII)
_SIGNS = re.compile(r"\.\.\.|\*\*=?|//=?|[-+*/%&|^@]=|<<|>>|<=|>=|==|!=|:=|->|<>|.", re.DOTALL)
_STRING = re.compile("(?:[rbuf]|br|rb|fr|rf)'[^']*'", re.IGNORECASE)
_SUPERSCRIPT = re.compile("[⁺⁻]?[⁰¹²³⁴⁵⁶⁷⁸⁹]+")
_DIGITS = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹⁻⁺", "0123456789-+")
_SAME = {"^": "**", "≤": "<=", "≥": ">=", "≠": "!="}
_SAME |= dict.fromkeys("×·⋅∙", "*") | dict.fromkeys("−–", "-") | dict.fromkeys("÷∕⁄", "/")
_COMPARE = {"<", "<=", ">", ">=", "==", "!="}
_PLAIN = {"+", "-", "*", "/", "**", "(", ")", ",", ";", "="}
_REFUSED = {
    "//": "// is not an operation here: write floor(a/b)",
    "%": "% is not an operation here: write a - b*floor(a/b)",
    "@": "@ is not an operation here: write the sum of products out",
    "[": "indexing and lists are not allowed: give components names of their own (x1, x2, …)",
    "{": "braces are not allowed: write round brackets",
    ".": "attribute access is not allowed: expressions know names, numbers and functions only",
    "...": "'...' has no meaning here: write the whole expression",
    ":": "':' is not allowed: expressions have no lambdas, slices or annotations",
    ":=": "':=' is not allowed: write a definition (a = sin(x1); y = ln(x1 + a))",
    "!": "factorials are not known here",
    "√": "√ needs its argument in brackets: write sqrt(…)",
    "∛": "∛ needs its argument in brackets: write cbrt(…)",
    "&": "conditions cannot be joined: nest where(a > 0, where(b > 0, …, …), …)",
    "\\": "a backslash has no meaning here",
    "#": "comments are not allowed in expressions",
}
_REFUSED |= {"]": _REFUSED["["], "}": _REFUSED["{"]}
_REFUSED |= dict.fromkeys("\"'`“”‘’", "strings are not allowed: expressions hold numbers only")
_KEYWORDS = {
    "and": "conditions cannot be joined: nest where(a > 0, where(b > 0, …, …), …)",
    "if": "write where(condition, a, b) instead of a if condition else b",
    "lambda": "functions are not defined here; for the Greek letter write λ",
}
_KEYWORDS |= {"or": _KEYWORDS["and"], "not": _KEYWORDS["and"], "else": _KEYWORDS["if"]}
_KEYWORDS |= dict.fromkeys(
    [
        "None",
        "True",
        "False",
        "as",
        "assert",
        "async",
        "await",
        "break",
        "class",
        "continue",
        "def",
        "del",
        "elif",
        "except",
        "finally",
        "for",
        "from",
        "global",
        "import",
        "in",
        "is",
        "nonlocal",
        "pass",
        "raise",
        "return",
        "try",
        "while",
        "with",
        "yield",
    ],
    "this word of Python has no meaning in an expression",
)
_MODULES = {"np", "numpy", "math", "ad", "admodes", "torch", "jnp"}


def tokens_of(text: str, limits: Limits) -> list[Token]:
    """The tokens of text; ExpressionError for anything that an expression cannot hold."""
    if len(text) > limits.max_length:
        raise ExpressionError(
            f"the expression has {len(text)} characters; the limit is "
            f"max_length={limits.max_length}"
        )
    found: list[Token] = []
    i, open_brackets, raised = 0, 0, False
    while i < len(text):
        c = text[i]
        start = i
        if c in "\n\r" and not open_brackets and found and _ends_operand(found[-1]):
            found.append(Token(";", ";", i))
            i += 1
        elif c.isspace():
            i += 1
        elif match := _NUMBER.match(text, i):
            found.append(Token("number", match[0], i, _number(match[0], text, i)))
            i = match.end()
        elif c.isidentifier():
            i = _end_of_name(text, i)
            found.append(_name(text, start, i))
        elif match := _SUPERSCRIPT.match(text, i):
            if raised or not found or not _ends_operand(found[-1]):
                raise ExpressionError("a raised number needs something to raise", text, i)
            found += _raised(match[0], i)
            i = match.end()
            raised = True
            continue
        elif "₀" <= c <= "₉":
            raise ExpressionError("write indices as plain digits: x1 for x₁", text, i)
        elif c == "√" and text[i + 1 : i + 2] == "(":
            found.append(Token("name", "sqrt", i))
            i += 1
        elif c == "∞":
            found.append(Token("name", "inf", i))
            i += 1
        else:
            sign = _sign(text, i, found)
            if raised and sign.text == "**":
                raise ExpressionError(
                    "a power of a raised number is ambiguous: write (x^2)^3 or x^(2^3)", text, i
                )
            open_brackets += {"(": 1, ")": -1}.get(sign.text, 0)
            found.append(sign)
            i += len(_SIGNS.match(text, i)[0])  # type: ignore[index]
        raised = raised and c.isspace()
    return found


def _end_of_name(text: str, i: int) -> int:
    # Python lets a name hold the middle dot, which here is the sign of multiplication.
    while i < len(text) and text[i] != "·" and ("a" + text[i]).isidentifier():
        i += 1
    return i


def _number(digits: str, text: str, position: int) -> int | float:
    # An int beyond 15 digits is no exact double, and bounded ints cannot grow without end.
    number = int(digits) if digits.isdecimal() and len(digits) <= 15 else float(digits)
    if number == float("inf"):
        raise ExpressionError(f"overflow: {digits[:20]} is beyond 1.8e308", text, position)
    return number


def _name(text: str, start: int, end: int) -> Token:
    name = text[start:end]
    if len(name) > MAX_NAME:
        raise ExpressionError(f"a name has at most {MAX_NAME} characters", text, start)
    if name in _KEYWORDS:
        raise ExpressionError(f"{name}: {_KEYWORDS[name]}", text, start)
    if text[end : end + 1] == "'" and not _STRING.match(text, start):
        raise ExpressionError(
            f"a name holds no prime: write {name}p or {name}2 for {name}'", text, end
        )
    if text[end : end + 1] in ("'", '"'):
        raise ExpressionError(_REFUSED["'"], text, start)
    return Token("name", name, start)


def _raised(digits: str, position: int) -> list[Token]:
    number = int(digits.translate(_DIGITS)[:15])
    power = Token("**", digits, position)
    if number >= 0:
        return [power, Token("number", digits, position, number)]
    return [
        power,
        Token("(", digits, position),
        Token("-", digits, position),
        Token("number", digits, position, -number),
        Token(")", digits, position),
    ]


def _sign(text: str, i: int, found: list[Token]) -> Token:
    match = _SIGNS.match(text, i)
    assert match is not None
    sign = _SAME.get(match[0], match[0])
    if sign in _COMPARE:
        return Token("compare", sign, i)
    if sign in _PLAIN:
        return Token(sign, sign, i)
    if sign == "." and found and found[-1].text in _MODULES:
        reason = f"write functions without '{found[-1].text}.': sin(x), pi"
    elif sign == "|":
        inside = re.match(r"\|([^|]{1,20})\|", text[i:])
        reason = f"write abs({inside[1].strip() if inside else '…'}) for an absolute value"
    elif len(sign) > 1 and sign.endswith("="):
        reason = f"{sign} is not allowed: write a definition (b = a + 1) with a new name"
    elif sign in _REFUSED:
        reason = _REFUSED[sign]
    else:
        shown = f"the character {sign[0]}" if sign[0].isprintable() else "an invisible character"
        reason = f"{shown} (U+{ord(sign[0]):04X}) has no meaning here: delete it"
    if sign in ("√", "∛") and (m := re.match(r"\s*(\w+)", text[i + 1 :])):
        reason = reason.replace("…", m[1])
    raise ExpressionError(reason, text, i)


def _ends_operand(t: Token) -> bool:
    return t.kind in ("number", "name", ")")


class Names(NamedTuple):
    """What a name may be, for the hints: functions that can be called, and variables."""

    functions: Callable[[str], bool]
    variables: Callable[[str], bool]
    suggest: Callable[[str], str]


@dataclass
class _Frame:
    """One bracket while it is open. nested counts the signs and powers that wait for their
    operand, operators those of the current argument, tall is the height of its tallest operand,
    highest the height of the arguments before it."""

    opening: Token | None
    nested: int = 0
    operators: int = 0
    tall: int = 0
    highest: int = 0

    @property
    def height(self) -> int:
        """No less than the height of the tree that the bracket's inside parses to."""
        return max(self.highest, self.operators + self.tall)

    def hang(self, height: int) -> None:
        """Note an operand of this height under the signs and powers that wait for it."""
        self.tall = max(self.tall, self.nested + height)


def check(tokens: list[Token], text: str, names: Names, limits: Limits) -> None:
    """Refuse what is no expression: two operands or two operators in a row, brackets that do not
    match, nesting beyond the limits."""
    frames = [_Frame(None)]
    depth = 0
    previous: Token | None = None
    for t, after in zip(tokens, [*tokens[1:], None], strict=True):
        complete = previous is not None and _ends_operand(previous)
        frame = frames[-1]
        if t.kind == "(" and previous is not None and previous.kind == "name":
            complete = False
        if t.kind in ("number", "name", "("):
            if complete:
                assert previous is not None
                raise ExpressionError(_two_operands(previous, t, after), text, t.position)
            if t.kind == "name":
                _check_name(t, after, text, names)
        if t.kind == "(":
            depth += frame.nested + 1
            frames.append(_Frame(t))
        elif t.kind == ")":
            if len(frames) == 1:
                raise ExpressionError("this ')' closes nothing: delete it", text, t.position)
            if not complete:
                assert previous is not None
                what = "an argument between the brackets" if previous.kind == "(" else "something"
                raise ExpressionError(f"{what} is missing here", text, t.position)
            frames.pop()
            depth -= frames[-1].nested + 1
            frames[-1].hang(frame.height + 1)
        elif t.kind not in ("number", "name"):
            _operator(t, previous, complete, frame, len(frames) > 1, text)
        if depth + frames[-1].nested > limits.max_depth:
            raise ExpressionError(
                "brackets, signs and powers are nested too deep; the limit is "
                f"max_depth={limits.max_depth}: name partial results (a = …; y = …)"
            )
        if frames[-1].height > limits.max_terms:
            raise ExpressionError(
                "too many operations in one chain; the limit is "
                f"max_terms={limits.max_terms}: name partial results (a = …; y = a + …)"
            )
        previous = t
    if previous is None or not _ends_operand(previous):
        end = previous.position + len(previous.text) if previous else len(text)
        raise ExpressionError("the expression ends too early: something must follow", text, end)
    if frames[-1].opening is not None:
        raise ExpressionError("this '(' is never closed", text, frames[-1].opening.position)


def _operator(
    t: Token, previous: Token | None, complete: bool, frame: _Frame, inside: bool, text: str
) -> None:
    """Check an operator, a comma or '=', and count it in its frame."""
    if t.kind in ("+", "-") and not complete:
        frame.nested += 1
        frame.hang(0)
    elif t.kind == "=":
        raise ExpressionError(_stray_equals(inside), text, t.position)
    elif not complete:
        raise ExpressionError(_no_operand(t, previous), text, t.position)
    elif t.kind == "**":
        frame.nested += 1
        frame.hang(0)
    elif t.kind != ",":
        frame.nested = 0
        frame.operators += 1
    elif inside:
        frame.highest = frame.height
        frame.nested = frame.operators = frame.tall = 0
    else:
        raise ExpressionError(
            "a comma outside a call: write decimals with a point, and give each output as an "
            "expression of its own",
            text,
            t.position,
        )


def _check_name(t: Token, after: Token | None, text: str, names: Names) -> None:
    callable_ = names.functions(t.text)
    if after is not None and after.kind == "(":
        if not callable_:
            variable = names.variables(t.text)
            reason = (
                f"{t.text} is not a function: for a product write {t.text}*(…)"
                if variable
                else f"unknown function {t.text!r}{names.suggest(t.text)}"
                + (f"; for a product write {t.text}*(…)" if len(t.text) <= 2 else "")
            )
            raise ExpressionError(reason, text, t.position)
    elif callable_ and not names.variables(t.text):
        if after is not None and after.kind == "**":
            inverse = "⁻" in after.text
            reason = f"write {t.text}(x)^2 for a power of {t.text}" + (
                f", and 1/{t.text}(x) or the inverse function for {t.text}⁻¹" if inverse else ""
            )
            raise ExpressionError(reason, text, t.position)
        if after is not None and after.kind in ("name", "number"):
            argument = after.text if after.kind == "name" else "…"
            raise ExpressionError(
                f"{t.text} takes its argument in brackets: write {t.text}({argument})",
                text,
                t.position,
            )
        if t.text.isascii():
            raise ExpressionError(
                f"{t.text} is a function: write {t.text}(…), or give it as an input",
                text,
                t.position,
            )


def _two_operands(a: Token, b: Token, after: Token | None) -> str:
    if a.kind == "number" and b.text in ("j", "J"):
        return f"complex numbers are not supported; for a product write {a.text}*{b.text}"
    left = "…)" if a.kind == ")" else a.text
    right = "(…" if b.kind == "(" else b.text
    if b.kind == "name" and after is not None and after.kind == "(":
        right += "(…"
    return f"an operator is missing: write {left}*{right}" + (")" if right.endswith("…") else "")


def _no_operand(t: Token, previous: Token | None) -> str:
    if t.kind in ("*", "**") and (previous is None or previous.kind in ("(", ",")):
        return f"{t.text} needs something before it (starred arguments are not allowed)"
    if previous is None:
        return f"something must come before {t.text!r}"
    return f"something is missing between {previous.text!r} and {t.text!r}"


def _stray_equals(inside: bool) -> str:
    if inside:
        return "keyword arguments are not allowed: give arguments by position (to compare: ==)"
    return (
        "'=' stands only in a definition of one name (a = sin(x1); y = ln(x1 + a)); to compare "
        "write =="
    )
