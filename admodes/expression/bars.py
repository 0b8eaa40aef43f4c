"""Which bar opens and which one closes, in |x| and ‖x‖ (also written ||x||). Where only one reading
exists it is taken: the bars become calls of abs and norm. Bars that can be read in two ways are an
error that shows both.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

from admodes.expression.errors import ExpressionError
from admodes.expression.tokens import Token, ends_operand

DEEPEST = 4
"""Bars that may be open at once between two brackets."""

LONGEST = 120
"""Characters of the readings that an error shows."""

_BETWEEN = (",", "compare", "=", ":")
"""What no pair of bars goes around."""


class _Meaning(NamedTuple):
    """What a sign can stand for: the bars it closes and opens, where the letters are a for abs, A
    for the second abs of two that open at once, and n for norm."""

    closes: str
    opens: str


_MEANINGS = {
    "|": (_Meaning("a", ""), _Meaning("", "a")),
    "||": (
        *(_Meaning("n", ""), _Meaning("", "n")),
        *(_Meaning("a", "a"), _Meaning("aa", ""), _Meaning("", "aA")),
    ),
    "‖": (_Meaning("n", ""), _Meaning("", "n")),
}
_FUNCTIONS = {"a": "abs", "A": "abs", "n": "norm"}


def without_bars(tokens: list[Token], text: str, is_function: Callable[[str], bool]) -> list[Token]:
    """tokens, with abs(…) and norm(…) in place of bars."""
    if not any(t.kind in ("|", "||") for t in tokens):
        return tokens
    meanings: dict[int, _Meaning] = {}
    levels: list[list[int]] = [[]]

    def settle() -> None:
        if levels[-1]:
            meanings.update(_settled(tokens, levels[-1], text, is_function))
            levels[-1] = []

    for i, t in enumerate(tokens):
        if t.kind in ("(", "["):
            levels.append([])
        elif t.kind in (")", "]"):
            settle()
            if len(levels) > 1:
                levels.pop()
        elif t.kind in _BETWEEN:
            settle()
        elif t.kind in ("|", "||"):
            levels[-1].append(i)
    while levels:
        settle()
        levels.pop()
    return [plain for i, t in enumerate(tokens) for plain in _written(t, meanings.get(i))]


def _written(t: Token, meaning: _Meaning | None) -> list[Token]:
    if meaning is None:
        return [t]
    closing = [t._replace(kind=")") for _ in meaning.closes]
    opening = [
        part
        for letter in meaning.opens
        for part in (t._replace(kind="name", text=_FUNCTIONS[letter]), t._replace(kind="("))
    ]
    return closing + opening


def _settled(
    tokens: list[Token], bars: Sequence[int], text: str, is_function: Callable[[str], bool]
) -> dict[int, _Meaning]:
    """The meaning of the bars of one level, by their places among the tokens."""
    ways: dict[tuple[str, bool], list[tuple]] = {("", False): [()]}
    for k, i in enumerate(bars):
        beside = k > 0 and bars[k - 1] == i - 1
        after: dict[tuple[str, bool], list[tuple]] = {}
        for (open_, opened), found in ways.items():
            for meaning in _MEANINGS["‖" if tokens[i].text == "‖" else tokens[i].kind]:
                now = _after(open_, meaning)
                if now is not None and _fits(tokens, i, meaning, beside, opened, is_function):
                    key = (now, bool(meaning.opens))
                    after[key] = (after.get(key, []) + [(way, meaning) for way in found])[:2]
        ways = after
    whole = [_listed(way) for (open_, _), found in ways.items() if not open_ for way in found]
    if not whole:
        raise ExpressionError(
            "the bars of absolute values do not match here: write abs(…)",
            text,
            tokens[bars[0]].position,
        )
    if len(whole) > 1:
        readings = " or as ".join(_shown(tokens, bars, reading, text) for reading in whole)
        raise ExpressionError(
            f"these bars can be read as {readings}: write the one that is meant"
            if len(readings) <= LONGEST
            else "these bars can be read in several ways: write abs(…)",
            text,
            tokens[bars[0]].position,
        )
    return dict(zip(bars, whole[0], strict=True))


def _listed(way: tuple) -> list[_Meaning]:
    """The meanings of a chain of (those before, the last one)."""
    found = []
    while way:
        way, meaning = way
        found.append(meaning)
    return found[::-1]


def _after(open_: str, meaning: _Meaning) -> str | None:
    """The bars that are open after a sign, or None where it cannot mean this."""
    if meaning.closes == "aa" and open_.endswith("A"):
        return None  # ||x|| is a norm, not the absolute value of an absolute value
    for letter in meaning.closes:
        if open_[-1:].lower() != letter:
            return None
        open_ = open_[:-1]
    return open_ + meaning.opens if len(open_ + meaning.opens) <= DEEPEST else None


def _fits(
    tokens: list[Token],
    i: int,
    meaning: _Meaning,
    beside: bool,
    opened: bool,
    is_function: Callable[[str], bool],
) -> bool:
    """Whether what stands around a bar lets it mean this. beside: whether another bar stands
    directly before it, which opened something or not."""
    before = tokens[i - 1] if i else None
    if meaning.closes:
        if beside:
            return not opened and not meaning.opens
        function = before is not None and before.kind == "name" and is_function(before.text)
        if before is None or not ends_operand(before) or function:
            return False
    elif beside and opened:
        return False
    if not meaning.opens:
        return True
    after = tokens[i + 1] if i + 1 < len(tokens) else None
    return after is not None and after.kind in (
        *("number", "name", "(", "[", "root", "frac", "+", "-", "|", "||"),
    )


def _shown(tokens: list[Token], bars: Sequence[int], reading: Sequence[_Meaning], text: str) -> str:
    """The user's text from the first bar to the last one, with calls in place of bars."""
    parts = []
    for k, (i, meaning) in enumerate(zip(bars, reading, strict=True)):
        parts.append(")" * len(meaning.closes))
        parts.append(" " if meaning.closes and (meaning.opens or k + 1 < len(bars)) else "")
        parts.append("".join(f"{_FUNCTIONS[letter]}(" for letter in meaning.opens))
        if k + 1 < len(bars):
            inside = text[tokens[i].end : tokens[bars[k + 1]].position]
            opens = not reading[k + 1].closes
            parts.append(f"{inside.strip()} " if opens and inside.strip() else inside.strip())
    return "".join(parts)
