"""The error of an expression that cannot be taken: its reason, and a caret under the place in the
user's text.
"""

from __future__ import annotations

import unicodedata

from admodes.errors import Error

WIDTH = 76


class ExpressionError(Error, ValueError):
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
