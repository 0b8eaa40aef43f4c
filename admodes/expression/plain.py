"""Tokens written out again in plain form, as ad.parse takes it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from admodes.expression.signs import DIGITS, FRACTIONS
from admodes.expression.tokens import Token, ends_operand

_SPACED = {"=", "·", "@", "mod", "compare"}
_WRITTEN = {"**": "^", ",": ", ", ";": "; ", "implied": "*", "mod": " mod ", ".T": ".T"}
_LONGEST = 24
_NATURAL = frozenset("\\{}√∛₀₁₂₃₄₅₆₇₈₉⌊⌈")
"""What the tokens have in plain spelling already."""


def plain_text(tokens: Iterable[Token], arrays: bool = False) -> str:
    """The text that tokens say. arrays: products without a sign stay so between names, since those
    of arrays are no products entry by entry.

    >>> from admodes.expression.tokens import Limits, tokens_of
    >>> plain_text(tokens_of("x²−3×x", Limits()))
    'x^2 - 3*x'
    """
    written = []
    before: Token | None = None
    for t in _needed(list(tokens)):
        if t.kind in ("+", "-"):
            binary = before is not None and ends_operand(before)
            written.append(f" {t.kind} " if binary else t.kind)
        elif t.kind == "number":
            written.append(_number(t))
        elif t.kind in ("compare", "name"):
            written.append(f" {t.text} " if t.kind == "compare" else t.text)
        else:
            sign = _WRITTEN.get(t.kind, t.kind)
            if t.kind == "implied" and arrays and before is not None and before.kind != "number":
                sign = " "
            written.append(f" {sign} " if t.kind in _SPACED and sign == t.kind else sign)
        before = t
    return "".join(written)


def _needed(tokens: list[Token]) -> list[Token]:
    """tokens without brackets that say nothing: around one number or name, and around brackets."""
    partner: dict[int, int] = {}
    open_: list[int] = []
    for i, t in enumerate(tokens):
        if t.kind == "(":
            open_.append(i)
        elif t.kind == ")" and open_:
            partner[open_.pop()] = i
    dropped: set[int] = set()
    for i, j in partner.items():
        called = i > 0 and tokens[i - 1].kind == "name"
        single = not called and j == i + 2 and tokens[i + 1].kind in ("number", "name")
        if single and not _is_fraction(tokens[i + 1]):
            dropped |= {i, j}
        raised = j + 1 < len(tokens) and tokens[j + 1].kind in ("**", ".T", "[")
        call = not called and tokens[i + 1].kind == "name" and partner.get(i + 2) == j - 1
        if call and not raised:
            dropped |= {i, j}
        if partner.get(i + 1) == j - 1:
            dropped |= {i + 1, j - 1}
    return [t for i, t in enumerate(tokens) if i not in dropped]


def _is_fraction(t: Token) -> bool:
    return t.text in FRACTIONS


def read_as(
    text: str, statements: Sequence[list[Token]], plain: Sequence[list[Token]], arrays: bool
) -> str:
    """An expression in plain form; as the user wrote it where nothing was read into it."""
    if list(statements) == list(plain) and not any(c in _NATURAL for c in text):
        return text.strip()
    return plain_statements(plain, arrays)


def plain_statements(plain: Sequence[list[Token]], arrays: bool) -> str:
    """Statements in plain form, in one line."""
    return "; ".join(plain_text(tokens, arrays) for tokens in plain)


def short_text(tokens: Sequence[Token]) -> str:
    """The same, cut where it is long."""
    text = plain_text(tokens[: 2 * _LONGEST])
    return text if len(text) <= _LONGEST else "(…)"


def _number(t: Token) -> str:
    if t.text in FRACTIONS:
        return "({}/{})".format(*FRACTIONS[t.text])
    return t.text.translate(DIGITS).lstrip("+-")
