"""Text of a user's, made safe to print: a control character could steer the terminal, and one that
turns the direction of writing could show other text than there is."""

from __future__ import annotations

import re

_UNSEEN = (
    "\x00-\x08\x0b-\x1f\x7f-\x9f"  # controls, without the tab and the end of a line
    "\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff\ud800-\udfff"
)


def visible(text: str, lines: bool = True) -> str:
    """The text with escapes such as \\u001b in place of control characters, of those that turn the
    direction, and of halves of characters. lines: whether ends of lines and tabs stay.

    >>> print(visible("a\\x1b[31m\\u202eb"))
    a\\u001b[31m\\u202eb
    """
    unseen = f"[{_UNSEEN}]" if lines else f"[{_UNSEEN}\t\n]"
    if re.search(unseen, text) is None:
        return text
    return re.sub(unseen, lambda m: f"\\u{ord(m.group()):04x}", text)
