"""From the text of an expression to its tokens: numbers, names, brackets and signs, each with its
place in the text, or an error that says what cannot stand there and what to write instead.

Everything is checked on tokens of our own before Python's parser sees anything, because that is
where the place in the user's text is known, and because CPython's parser has no limits to rely on.
"""

from __future__ import annotations

import keyword
import re
from typing import Any, NamedTuple

from admodes.expression.errors import ExpressionError

MAX_LENGTH = 20_000
MAX_DEPTH = 100
MAX_TERMS = 1_000
MAX_NAME = 100
CAPS = {"max_length": 1_000_000, "max_depth": 150, "max_terms": 2_000}
"""Beyond these CPython's own parser may give up (200 brackets, about 3000 levels of its tree)."""


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
    set(keyword.kwlist) - _KEYWORDS.keys(), "this word of Python has no meaning in an expression"
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
        if c in "\n\r" and not open_brackets and found and ends_operand(found[-1]):
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
            if raised or not found or not ends_operand(found[-1]):
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


def ends_operand(t: Token) -> bool:
    return t.kind in ("number", "name", ")")
