"""From the text of an expression to its tokens: numbers, names, brackets and signs, in plain,
Unicode or LaTeX spelling, each with its place in the text, or an error that says what cannot stand
there and what to write instead.

Everything is checked on tokens of our own before Python's parser sees anything, because that is
where the place in the user's text is known, and because CPython's parser has no limits to rely on.
"""

from __future__ import annotations

import re
from typing import Any, NamedTuple

from admodes.expression import signs
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
    """kind is number, name, a bracket, or the sign itself (all comparisons are "compare"); text is
    as the user wrote it, but for names, which are as they are looked up. position and end are the
    token's place in the user's text."""

    kind: str
    text: str
    position: int
    value: Any = None
    end: int = 0


_NUMBER = re.compile(r"(?:[0-9]+(?:_[0-9]+)*(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?", re.ASCII)
_SIGNS = re.compile(r"\.\.\.|\*\*=?|//=?|[-+*/%&|^@]=|\|\||<<|>>|<=|>=|==|!=|:=|->|<>|.", re.DOTALL)
_STRING = re.compile("(?:[rbuf]|br|rb|fr|rf)'[^']*'", re.IGNORECASE)
_SUPERSCRIPT = re.compile("[⁺⁻]?[⁰¹²³⁴⁵⁶⁷⁸⁹]+")
_SUBSCRIPT = re.compile("₋?[₀₁₂₃₄₅₆₇₈₉]+")
_INDEX = re.compile(r"_?\{\s*(\w+(?:\s*,\s*\w+)*)\s*\}")
_COMMAND = re.compile(r"\\([A-Za-z]+|.)", re.DOTALL)
_FENCE = re.compile(r"\s*(\\[A-Za-z]+|\\.|\S)")
_LOWERED = re.compile(r"_(?:\{\s*(\w+)\s*\}|([0-9A-Za-z]))")
_WORD = re.compile(r"\s*\{\s*([^{}\\]*?)\s*\}")
_TRANSPOSE = re.compile(r"\.T\b")
_STOPS = {"·", *signs.TRANSPOSED, *signs.RAISED_LETTERS}
"""What Python lets a name hold, and what is a sign here."""


def tokens_of(text: str, limits: Limits) -> list[Token]:
    """The tokens of text; ExpressionError for anything that an expression cannot hold."""
    if len(text) > limits.max_length:
        raise ExpressionError(
            f"the expression has {len(text)} characters; the limit is "
            f"max_length={limits.max_length}"
        )
    return _Scanner(text).tokens()


class _Scanner:
    """One pass over a text: i is the place, tokens what is read so far."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.i = 0
        self.read: list[Token] = []
        self.brackets = 0
        self.raised = 0
        """How many tokens there were when a raised number ended; no power may follow it."""

    def tokens(self) -> list[Token]:
        while self.i < len(self.text):
            self._next(self.text[self.i])
        return self.read

    def _complete(self) -> bool:
        return bool(self.read) and ends_operand(self.read[-1])

    def _add(self, kind: str, text: str, end: int, value: Any = None) -> None:
        """A token from here to end."""
        self.read.append(Token(kind, text, self.i, value, end))
        self.i = end

    def _next(self, c: str) -> None:
        text, i = self.text, self.i
        if c in "\n\r" and not self.brackets and self._complete():
            self._add(";", ";", i + 1)
        elif c.isspace():
            self.i += 1
        elif match := _NUMBER.match(text, i):
            self._add("number", match[0], match.end(), _number(match[0], text, i))
        elif c in signs.FRACTIONS:
            above, below = signs.FRACTIONS[c]
            self._add("number", c, i + 1, above / below)
        elif match := _SUPERSCRIPT.match(text, i):
            self._superscript(match[0])
        elif c in signs.RAISED_LETTERS:
            self._raise("a raised letter needs something to raise")
            self._add("**", c, i)
            self._add("name", signs.RAISED_LETTERS[c], i + 1)
        elif c in signs.TRANSPOSED:
            self._add(".T", c, i + 1)
        elif c.isidentifier():
            self._name(i, _end_of_name(text, i))
        elif c == "\\":
            self._command()
        elif c == "." and self._complete() and _TRANSPOSE.match(text, i):
            self._add(".T", ".T", i + 2)
        elif c in "₀₁₂₃₄₅₆₇₈₉₋":
            raise ExpressionError("a lowered number needs a name before it: x₁", text, i)
        else:
            sign = _SIGNS.match(text, i)[0]  # type: ignore[index]
            self._sign(sign, i + len(sign))

    def _raise(self, reason: str) -> None:
        bar = bool(self.read) and self.read[-1].kind in ("|", "||")
        if self.raised == len(self.read) or not (bar or self._complete()):
            raise ExpressionError(reason, self.text, self.i)

    def _superscript(self, digits: str) -> None:
        self._raise("a raised number needs something to raise")
        number = int(digits.translate(signs.DIGITS)[:15])
        start, end = self.i, self.i + len(digits)
        self._add("**", digits, start)
        if number < 0:
            self._add("(", digits, start)
            self._add("-", digits, start)
        self._add("number", digits, end if number >= 0 else start, abs(number))
        if number < 0:
            self._add(")", digits, end)
        self.raised = len(self.read)

    def _name(self, start: int, end: int) -> None:
        """A name from start to end, with a lowered number or an index in braces after it."""
        text = self.text
        name = text[start:end]
        lowered = _SUBSCRIPT.match(text, end)
        index = _INDEX.match(text, end - name.endswith("_"))
        if lowered:
            digits, end = lowered[0], lowered.end()
            name += digits if digits[0] == "₋" else digits.translate(signs.DIGITS)
        elif name.endswith("_") and index:
            inside = re.sub(r"\s*,\s*", "_", index[1])
            name, end = (
                name.rstrip("_") + ("" if inside[0].isdecimal() else "_") + inside,
                index.end(),
            )
        _check_name(name, text, start, end)
        self._add("name", name, end)

    def _command(self) -> None:
        """A LaTeX command."""
        text, i = self.text, self.i
        match = _COMMAND.match(text, i)
        name = match[1] if match else ""
        end = match.end() if match else i + 1
        if name in signs.LATEX_SPACES and name != " ":
            self.i = end
        elif name in ("left", "right"):
            self._fence(name, end)
        elif name in signs.FENCES:
            self._fenced(signs.FENCES[name], end)
        elif name in signs.LATEX_FRACTIONS:
            self._add("frac", f"\\{name}", end)
        elif name == "sqrt" or name in signs.LATEX_FUNCTIONS:
            self._lowered(name, end)
        elif name in signs.LATEX_WORDS and (word := _WORD.match(text, end)):
            if not word[1].isidentifier():
                raise ExpressionError(f"\\{name}{{{word[1]}}} holds no name", text, i)
            self._lowered(word[1], word.end())
        elif name in signs.LATEX and signs.LATEX[name].isidentifier():
            self._lowered(signs.LATEX[name], end)
        elif name in signs.LATEX:
            self._sign(signs.LATEX[name], end)
        else:
            shown = f"the LaTeX command \\{name} is not known here" if name.isalpha() else ""
            raise ExpressionError(shown or signs.REFUSED["\\"], text, i)

    def _lowered(self, name: str, end: int) -> None:
        """The name that a command stands for, with an index after it, as in \\alpha_{1}."""
        if match := _LOWERED.match(self.text, end):
            inside = match[1] or match[2]
            name += inside if inside.isdecimal() else f"_{inside}"
            end = match.end()
        self._add("name", name, end)

    def _fence(self, side: str, end: int) -> None:
        """\\left or \\right and its bracket."""
        match = _FENCE.match(self.text, end)
        end = match.end() if match else end
        sign = match[1] if match else ""
        sign = signs.LATEX.get(sign[1:], "") if len(sign) > 1 else sign
        if sign in ("|", "‖"):
            opening = "abs(" if sign == "|" else "norm("
            self._fenced(opening if side == "left" else ")", end)
        elif sign and sign in "()[]{}⌊⌋⌈⌉":
            self._sign(sign, end)
        else:
            raise ExpressionError(f"\\{side} needs a bracket after it", self.text, self.i)

    def _fenced(self, meaning: str, end: int) -> None:
        """A function's name and its bracket, or the bracket that closes."""
        if meaning == ")":
            self._add(")", "|", end)
        else:
            self._add("name", meaning[:-1], self.i)
            self._add("(", "|", end)
        self.brackets += 1 if meaning != ")" else -1

    def _sign(self, sign: str, end: int) -> None:
        plain = signs.SAME.get(sign, sign)
        if plain == "**" and self.read and self.raised == len(self.read):
            raise ExpressionError(
                "a power of a raised number is ambiguous: write (x^2)^3 or x^(2^3)",
                self.text,
                self.i,
            )
        if plain == "inf":
            self._add("name", "inf", end)
        elif sign in signs.ROOTS:
            self._add("root", sign, end)
        elif plain in signs.COMPARE:
            self._add("compare", plain, end)
        elif plain.endswith("("):
            if len(plain) > 1:
                self._add("name", plain[:-1], self.i)
            self._add("(", sign, end)
            self.brackets += 1
        elif sign == "[":
            self._add("[", sign, end)
            self.brackets += 1
        elif plain in (")", "]"):
            self._add(plain, sign, end)
            self.brackets -= 1
        elif plain in signs.PLAIN or (plain == ":" and self.brackets):
            self._add(plain, sign, end)
        else:
            self._refuse(sign)

    def _refuse(self, sign: str) -> None:
        before = self.read[-1].text if self.read else ""
        if sign == "." and before in signs.MODULES:
            reason = f"write functions without '{before}.': sin(x), pi"
        elif len(sign) > 1 and sign.endswith("=") and sign != ":=":
            reason = f"{sign} is not allowed: write a definition (b = a + 1) with a new name"
        elif sign == ":":
            reason = "':' is not allowed: expressions have no lambdas or annotations"
        elif sign in signs.REFUSED:
            reason = signs.REFUSED[sign]
        else:
            shown = (
                f"the character {sign[0]}" if sign[0].isprintable() else "an invisible character"
            )
            reason = f"{shown} (U+{ord(sign[0]):04X}) has no meaning here: delete it"
        raise ExpressionError(reason, self.text, self.i)


def _end_of_name(text: str, i: int) -> int:
    while i < len(text) and text[i] not in _STOPS and ("a" + text[i]).isidentifier():
        i += 1
    return i


def _number(digits: str, text: str, position: int) -> int | float:
    # An int beyond 15 digits is no exact double, and bounded ints cannot grow without end.
    number = int(digits) if digits.isdecimal() and len(digits) <= 15 else float(digits)
    if number == float("inf"):
        raise ExpressionError(f"overflow: {digits[:20]} is beyond 1.8e308", text, position)
    return number


def _check_name(name: str, text: str, start: int, end: int) -> None:
    if len(name) > MAX_NAME:
        raise ExpressionError(f"a name has at most {MAX_NAME} characters", text, start)
    if name in signs.KEYWORDS:
        raise ExpressionError(f"{name}: {signs.KEYWORDS[name]}", text, start)
    if text[end : end + 1] == "'" and not _STRING.match(text, start):
        raise ExpressionError(
            f"a name holds no prime: write {name}p or {name}2 for {name}'", text, end
        )
    if text[end : end + 1] in ("'", '"'):
        raise ExpressionError(signs.REFUSED["'"], text, start)


def ends_operand(t: Token) -> bool:
    return t.kind in ("number", "name", ")", "]", ".T")
