"""A formula in plain text as runs of glyphs: names in italics with their indices below, powers
above, bars over adjoints. The widths are those of Times, as which most serif fonts are as wide, so
that boxes can be measured without a font.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass, replace

_UPRIGHT = (
    "250 333 408 500 500 833 778 180 333 333 500 625 250 333 250 278 500 500 500 500 500 500 500 "
    "500 500 500 278 278 625 625 625 444 921 722 667 667 722 611 556 722 722 333 389 722 611 889 "
    "722 722 556 722 667 556 611 722 722 944 722 722 611 333 278 333 469 500 333 444 500 444 500 "
    "444 333 500 500 278 278 500 278 778 500 500 500 500 333 389 278 500 500 722 500 500 444 480 "
    "200 480 541"
)
_ITALIC = (
    "250 333 420 500 500 833 778 214 333 333 500 675 250 333 250 278 500 500 500 500 500 500 500 "
    "500 500 500 333 333 675 675 675 500 920 611 611 667 722 611 611 722 722 333 444 667 556 833 "
    "667 722 611 722 611 500 556 722 611 833 611 556 556 389 278 389 422 500 333 500 500 444 500 "
    "444 278 500 500 278 278 444 278 722 500 500 500 500 389 389 278 500 444 667 444 444 389 400 "
    "275 400 541"
)
_FIRST = 32
_WIDTHS = tuple([int(w) / 1000 for w in table.split()] for table in (_UPRIGHT, _ITALIC))
"""Of the characters of ASCII from the blank on, in units of the size; signs of mathematics are
as wide as in STIX."""

_SIGNS = {
    "∂": 0.5,
    "²": 0.3,
    "³": 0.3,
    "½": 0.75,
    "−": 0.69,
    "×": 0.64,
    "σ": 0.55,
    "⊙": 0.77,
    "∞": 0.93,
    "·": 0.25,
    "…": 1.0,
    "′": 0.29,
    "\u00a0": 0.25,
}
_OTHERS = 0.7
"""Of signs and letters beyond these; of wide letters twice a half more."""

SMALL = 0.72
"""The size of indices and powers, for each unit of that of the line."""

UP, DOWN = 0.36, 0.18
"""How much higher powers stand, and how much lower indices."""

_LIFTED = "⁰¹²³⁴⁵⁶⁷⁸⁹⁻⁺ᵀⁿ"
_SUNK = "₀₁₂₃₄₅₆₇₈₉₋"
_RAISED = str.maketrans(_LIFTED, "0123456789-+Tn")
_LOWERED = str.maketrans(_SUNK, "0123456789-")
_BAR = "\u0304"

_IN_WORDS = rf"[^\W{_LIFTED}{_SUNK}]"
_LETTER = rf"[^\W\d_{_LIFTED}{_SUNK}]"
_WORD = rf"{_LETTER}{_BAR}?{_IN_WORDS}*"
_OTHER = (
    rf"(?P<caret>\^)|(?P<raised>[{_LIFTED}]+)|(?P<lowered>[{_SUNK}]+)"
    r"|(?P<number>\d+(?:\.\d*)?(?:e[+-]?\d+)?)"
    rf"|(?P<rest>[^\w^{_LIFTED}{_SUNK}]+|.)"
)
_INDEXED = re.compile(rf"({_LETTER}+?){_BAR}?({_LETTER}*)_?(-?\d+|)(?:_(\w+))?")


@dataclass(frozen=True)
class Run:
    """Glyphs in one style. x: where they begin; rise: of the baseline, upwards; bar: whether there
    is a bar over the first."""

    text: str
    x: float
    size: float
    rise: float = 0.0
    italic: bool = False
    bar: bool = False

    @property
    def end(self) -> float:
        """Where they end."""
        return self.x + width_of(self.text, self.size, self.italic)


def width_of(text: str, size: float, italic: bool = False) -> float:
    """How wide glyphs are.

    >>> width_of("0.5", 10.0)
    12.5
    """
    table = _WIDTHS[italic]
    total = 0.0
    for c in text:
        k = ord(c) - _FIRST
        if 0 <= k < len(table):
            total += table[k]
        elif (letter := unicodedata.normalize("NFD", c)[0]) != c:
            total += width_of(letter, 1.0, italic)
        elif not unicodedata.combining(c):
            wide = unicodedata.east_asian_width(c) in "WF"
            total += _SIGNS.get(c, 1.05 if wide else _OTHERS)
    return total * size


class Typesetter:
    """Sets lines of formulas. names: the words that are variables; what is none, such as sin,
    stands upright."""

    def __init__(self, names: set[str]) -> None:
        self.names = names
        barred = (name[:1] + _BAR + name[1:] for name in names)
        odd = sorted((n for n in (*names, *barred) if not n.isidentifier()), key=len)
        words = [*map(re.escape, reversed(odd)), _WORD]
        self.token = re.compile(f"(?P<name>{'|'.join(words)})|{_OTHER}", re.DOTALL)

    def line(self, text: str, size: float) -> list[Run]:
        """The runs of a line, from x = 0 on.

        >>> [(run.text, run.italic) for run in Typesetter(set()).line("sin v2", 10.0)]
        [('sin ', False), ('v', True), ('2', False)]
        """
        runs: list[Run] = []
        self._set(text, size, 0.0, runs)
        return runs

    def _set(self, text: str, size: float, rise: float, runs: list[Run]) -> None:
        """Add the runs of a text to those that there are."""
        at = 0
        while match := self.token.match(text, at):
            at = match.end()
            part = match.group()
            if match.lastgroup == "caret":
                raised, at = self._group(text, at)
                self._set(raised, size * SMALL, rise + size * UP, runs)
            elif match.lastgroup == "raised":
                _add(runs, part.translate(_RAISED), size * SMALL, rise + size * UP)
            elif match.lastgroup == "lowered":
                _add(runs, part.translate(_LOWERED), size * SMALL, rise - size * DOWN)
            elif match.lastgroup == "name":
                self._name(part, size, rise, runs)
            else:
                _add(runs, part, size, rise)

    def _name(self, name: str, size: float, rise: float, runs: list[Run]) -> None:
        """A variable with its index below, or another word."""
        plain = name.replace(_BAR, "")
        bar = plain != name
        known = bar or plain in self.names or re.fullmatch(r"[^\W\d_]\d*", plain) is not None
        match = _INDEXED.fullmatch(name)
        if match is None or not known:
            _add(runs, plain, size, rise, known, bar)
            return
        letter, stem, index, below = match.groups()
        _add(runs, letter + stem, size, rise, True, bar)
        comma = "," if index and below else ""
        for small, italic in ((index, False), (comma, False), (below, True)):
            if small:
                _add(runs, small, size * SMALL, rise - size * DOWN, italic)

    def _group(self, text: str, start: int) -> tuple[str, int]:
        """What a sign of a power raises: a group in brackets, without them, or what comes next; and
        where that ends."""
        if text[start : start + 1] == "(":
            depth = 0
            for k in range(start, len(text)):
                depth += {"(": 1, ")": -1}.get(text[k], 0)
                if not depth:
                    return text[start + 1 : k], k + 1
        match = re.compile(r"-?[\d.]+").match(text, start) or self.token.match(text, start)
        return ("", start) if match is None else (match.group(), match.end())


def _add(
    runs: list[Run],
    text: str,
    size: float,
    rise: float,
    italic: bool = False,
    bar: bool = False,
) -> None:
    """Put glyphs after the last run, into it where they look the same."""
    last = runs[-1] if runs else None
    if last is not None and (last.size, last.rise, last.italic) == (size, rise, italic) and not bar:
        runs[-1] = replace(last, text=last.text + text)
        return
    runs.append(Run(text, runs[-1].end if runs else 0.0, size, rise, italic, bar))
