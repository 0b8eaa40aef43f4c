"""Formulas of vectors and matrices as documents print them, such as r + W2ᵀ ȳ: their value at data.

A formula is read by a small grammar of its own and nothing in it is run. Vectors are columns. Hats,
bars and deltas over a name, and ∂L/∂ before it, are the same: the adjoint.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import numpy as np

from admodes.core.carrier import quiet
from admodes.core.op import REGISTRY

LONGEST, DEEPEST = 400, 30

MARKS = "\u0304\u0305\u0302\u030c"
"""Bars and hats, as they follow their letter."""

GREEK = {"σ": "sigmoid", "sigma": "sigmoid", "log": "ln", "ReLU": "relu", "ℓ": "ln"}

_SUBSCRIPTS = str.maketrans("₀₁₂₃₄₅₆₇₈₉", "0123456789")
_SIGNS = {"−": "-", "·": "×", "∘": "⊙", "⊤": "ᵀ", "′": "'", "’": "'", "||": "‖", "∥": "‖"}
_NUMBER = re.compile(r"\d+(?:\.\d+)?")
_WORD = re.compile(rf"[^\W\d_ᵀ][^\W_ᵀ²³½{MARKS}]*(?:[{MARKS}][^\W_ᵀ²³½{MARKS}]*)*")
_DERIVATIVE = re.compile(rf"∂\s*([\w{MARKS}]+)\s*/\s*∂\s*([\w{MARKS}]+)")
_POWER = re.compile(r"\^\(?(T|\d)\)?")

Symbol = tuple[str, str]
"""A name and its accent: "" for the value, "bar" for the adjoint; or two names, of a Jacobian, as
("y", "h") with the accent after a slash."""


class Unread(Exception):
    """A text that is no formula of the symbols that there are."""


class Unfit(Exception):
    """A formula whose shapes do not fit together."""


class Token(NamedTuple):
    """kind: "number", "symbol", "function" or the sign itself; data: the number, the symbol, the
    operation. start, end: where it stands in the text."""

    kind: str
    data: Any
    start: int
    end: int


Lookup = Callable[[str], Symbol | None]


def plain(text: str) -> str:
    """A formula with one spelling of each sign; what LaTeX has for them too.

    >>> plain("r + W_2^T \\\\bar{E}") == plain("r + W2ᵀ Ē")
    True
    """
    text = unicodedata.normalize("NFD", text.strip().strip("$").translate(_SUBSCRIPTS))
    marked = r"\\(?:bar|overline|hat|widehat)(?:\s*{\s*([^\W\d_]+)\s*}|\s+([^\W\d_]))"
    text = re.sub(marked, lambda m: f"{m.group(1) or m.group(2)}\u0304", text)
    text = re.sub(r"\\(?:odot|circ)(?![a-zA-Z])", "⊙", text)
    text = re.sub(r"\\(?:cdot|times)(?![a-zA-Z])", "×", text)
    text = re.sub(r"\\(?:left|right|,|;|!)(?![a-zA-Z])", "", text)
    text = re.sub(r"\^\s*(?:{\s*\\?(?:top|intercal|T)\s*}|\\?(?:top|intercal|T))", "ᵀ", text)
    text = re.sub(r"\\(sigma|delta|partial|lVert|rVert|Vert|\|)", _unicode, text)
    text = re.sub(r"\\d?frac\s*{([^{}]*)}\s*{([^{}]*)}", r"(\1)/(\2)", text)
    text = re.sub(r"\(\s*∂\s*(\w+)\s*\)\s*/\s*\(\s*∂\s*(\w+)\s*\)", r"∂\1/∂\2", text)
    for sign, other in _SIGNS.items():
        text = text.replace(sign, other)
    text = text.replace(".T", "ᵀ").replace("_", "").replace("{", "").replace("}", "")
    return " ".join(text.replace("\\", "").split())


def _unicode(match: re.Match) -> str:
    signs = {"sigma": "σ", "delta": "δ", "partial": "∂"}
    return signs.get(match.group(1), "‖")


def symbol_in(names: Mapping[str, Any]) -> Lookup:
    """A function that tells which symbol a word is, of the names that there are."""

    def found(word: str) -> Symbol | None:
        exact = unicodedata.normalize("NFC", word)
        bare = "".join(c for c in word if c not in MARKS)
        if exact in names:
            return exact, ""
        if bare != word and bare in names:
            return bare, "bar"
        for start in ("δ", "d", "adj", "∂"):
            if word.startswith(start) and word[len(start) :] in names:
                return word[len(start) :], "bar"
        if word.endswith("bar") and word[:-3] in names:
            return word[:-3], "bar"
        return None

    return found


def tokens(text: str, lookup: Lookup) -> list[Token]:
    """The tokens of a plain formula. Raises Unread for what is none."""
    if len(text) > LONGEST:
        raise Unread
    found: list[Token] = []
    i = 0
    while i < len(text):
        if text[i] == " ":
            i += 1
            continue
        token = _token(text, i, lookup)
        found.append(token)
        i = token.end
    return found


def _token(text: str, i: int, lookup: Lookup) -> Token:
    derivative = _DERIVATIVE.match(text, i)
    if derivative:
        of, by = (lookup(name) for name in derivative.groups())
        if of is None or by is None:
            raise Unread
        return Token("symbol", (by[0], f"/{of[0]}"), i, derivative.end())
    number = _NUMBER.match(text, i)
    if number:
        return Token("number", float(number.group()), i, number.end())
    power = _POWER.match(text, i)
    if power:
        kind = "ᵀ" if power.group(1) == "T" else "power"
        return Token(kind, power.group(1), i, power.end())
    if text[i] in "²³":
        return Token("power", "23"["²³".index(text[i])], i, i + 1)
    if text[i] == "½":
        return Token("number", 0.5, i, i + 1)
    word = _WORD.match(text, i)
    if word:
        return _named(word.group(), i, lookup)
    if text[i] in "+-×⊙*@/()[]‖ᵀ'>Σ":
        return Token(text[i], text[i], i, i + 1)
    raise Unread


def _named(word: str, i: int, lookup: Lookup) -> Token:
    """The longest start of a word that is a symbol or a function: names may stand side by side."""
    for end in range(len(word), 0, -1):
        if word[end : end + 1] and word[end] in MARKS:
            continue
        start = word[:end]
        symbol = lookup(start)
        if symbol is not None:
            return Token("symbol", symbol, i, i + end)
        op = REGISTRY.get(GREEK.get(start, start))
        if op is not None and op.elementwise and op.arity == 1:
            return Token("function", op, i, i + end)
        if start in ("diag", "sum", "ones"):
            return Token(start, start, i, i + end)
    raise Unread


def value_of(tokens: list[Token], values: Callable[[Symbol], Any]) -> np.ndarray:
    """The value of a formula: a number of shape (), or a matrix, a column for a vector. Raises
    Unread for what is no formula, Unfit where shapes do not fit."""
    reader = _Reader(tokens, values)
    with quiet():
        found = reader.sum()
    if reader.here is not None:
        raise Unread
    return found


class _Reader:
    """Reads a formula from its tokens and calculates as it goes."""

    def __init__(self, found: list[Token], values: Callable[[Symbol], Any]) -> None:
        self.tokens, self.values, self.i, self.depth = found, values, 0, 0

    @property
    def here(self) -> str | None:
        return self.tokens[self.i].kind if self.i < len(self.tokens) else None

    def take(self, kind: str | None = None) -> Token:
        if self.here is None or (kind is not None and self.here != kind):
            raise Unread
        self.i += 1
        return self.tokens[self.i - 1]

    def sum(self) -> np.ndarray:
        self.depth += 1
        if self.depth > DEEPEST:
            raise Unread
        total = self.entrywise()
        while self.here in ("+", "-"):
            sign = self.take().kind
            total = _added(total, self.entrywise(), 1 if sign == "+" else -1)
        self.depth -= 1
        return total

    def entrywise(self) -> np.ndarray:
        total = self.matrices()
        while self.here in ("⊙", "*"):
            kind = self.take().kind
            other = self.matrices()
            total = _entrywise(total, other) if kind == "⊙" else _starred(total, other)
        return total

    def matrices(self) -> np.ndarray:
        if self.here == "-":
            self.take()
            return -self.matrices()
        total = self.factor()
        while self.here is not None and self.here not in "+-⊙*)]>":
            if self.here == "‖" and self.closing:
                break
            if self.here == "/":
                self.take()
                total = _divided(total, self.factor())
                continue
            if self.here in ("×", "@"):
                self.take()
            total = _matrix(total, self.factor())
        return total

    closing = False
    """Whether a ‖ would end a norm."""

    def factor(self) -> np.ndarray:
        found = self.atom()
        while self.here in ("ᵀ", "power"):
            token = self.take()
            found = found.T if token.kind == "ᵀ" else found ** int(token.data)
        return found

    def atom(self) -> np.ndarray:
        token = self.take()
        if token.kind == "number":
            return (
                self.indicator() if token.data == 1 and self.here == "[" else np.array(token.data)
            )
        if token.kind == "symbol":
            return _column(self.values(token.data))
        if token.kind in ("(", "["):
            return self.closed(")" if token.kind == "(" else "]")
        if token.kind == "‖":
            return self.norm()
        if token.kind == "function":
            return self.applied(token.data)
        if token.kind in ("Σ", "sum"):
            return np.array(np.sum(self.factor()))
        if token.kind == "diag":
            return np.diag(np.ravel(self.factor()))
        if token.kind == "ones":
            return np.ones_like(_column(self.factor()))
        raise Unread

    def closed(self, end: str) -> np.ndarray:
        outer, self.closing = self.closing, False
        found = self.sum()
        self.take(end)
        self.closing = outer
        return found

    def indicator(self) -> np.ndarray:
        """1[z > 0]."""
        self.take("[")
        left = self.sum()
        self.take(">")
        right = self.sum()
        self.take("]")
        return (_added(left, right, -1) > 0).astype(float)

    def norm(self) -> np.ndarray:
        """‖v‖, whose square follows."""
        self.closing = True
        found = self.sum()
        self.take("‖")
        self.closing = False
        if self.here == "power" and self.tokens[self.i].data == "2":
            self.take()
            return np.array(np.sum(found**2))
        return np.array(np.sqrt(np.sum(found**2)))

    def applied(self, op: Any) -> np.ndarray:
        """A function of one number, or its derivative, entry by entry."""
        prime = self.here == "'"
        if prime:
            self.take()
        power = int(self.take().data) if self.here == "power" else 1
        x = self.factor()
        y = np.asarray(op(x), float)
        if prime:
            y = np.broadcast_to(np.asarray(op.partial(0, y, (x,)), float), x.shape)
        return y**power


def _column(x: Any) -> np.ndarray:
    """An array as a number, a column or a matrix."""
    x = np.asarray(x, float)
    return x.reshape(-1, 1) if x.ndim == 1 else x


def _added(a: np.ndarray, b: np.ndarray, sign: int) -> np.ndarray:
    """A sum; a vector may be a row in one term and a column in the next."""
    if a.shape != b.shape == a.shape[::-1] and 1 in a.shape:
        a = a.T
    if a.shape != b.shape and a.ndim and b.ndim:
        raise Unfit
    return np.asarray(a + sign * b)


def _entrywise(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    if a.shape != b.shape and a.ndim and b.ndim:
        raise Unfit
    return np.asarray(a * b)


def _divided(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    if b.ndim and a.shape != b.shape:
        raise Unfit
    return np.asarray(a / b)


def _starred(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    return _entrywise(a, b) if a.shape == b.shape else _matrix(a, b)


def _matrix(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """A product as it is written side by side: of matrices, or entry by entry where only that
    fits; a vector before a matrix may be a row."""
    if not a.ndim or not b.ndim:
        return np.asarray(a * b)
    if a.ndim == b.ndim == 2:
        if a.shape[1] == b.shape[0]:
            product = a @ b
            return product.reshape(()) if product.shape == (1, 1) else product
        if a.shape == b.shape:
            return np.asarray(a * b)
        if a.shape[1] == 1 and a.shape[0] == b.shape[0]:
            return np.asarray(a.T @ b)
    raise Unfit
