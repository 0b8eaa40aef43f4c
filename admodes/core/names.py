"""Whether a name that a user gives to an input, an output, a variable or an operation can be
printed; an error that says why where it cannot.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from typing import Any

from admodes.errors import BadValue

UNSEEN = {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}
"""Unicode's categories of what steers a terminal, turns the direction of writing or is no sign."""


def checked_name(name: Any, what: str) -> str:
    """A name that can be printed. Raises ValueError for one that is no text, is empty or has
    characters that cannot be seen.

    >>> checked_name("x_1", "input")
    'x_1'
    """
    if not isinstance(name, str) or not name.strip():
        raise BadValue(f"the {what} name {name!r}: a name is a text that is not empty")
    unseen = next(filter(_is_unseen, name), None)
    if unseen is not None:
        raise BadValue(
            f"the {what} name {name!a}: the character U+{ord(unseen):04X} cannot be printed: "
            "leave it out"
        )
    return name


def _is_unseen(sign: str) -> bool:
    return unicodedata.category(sign) in UNSEEN


def is_name(name: Any) -> bool:
    """Whether checked_name would take it."""
    return isinstance(name, str) and bool(name.strip()) and not any(map(_is_unseen, name))


def checked_names(given: Sequence[str], n: int, what: str) -> list[str]:
    """n different names. Raises ValueError otherwise."""
    names = [checked_name(name, what) for name in given]
    if len(names) != n or len(set(names)) != n:
        raise BadValue(f"{n} different {what} names are needed, got {names}")
    return names
