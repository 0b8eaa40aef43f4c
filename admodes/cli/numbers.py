"""Options that are lists of whole numbers, as 1,2,4,8: text goes in, the numbers come out, or an
error that names the option.
"""

from __future__ import annotations

import re
import reprlib

from admodes.cli.running import Failure


def dimensions(text: str) -> list[int]:
    """The dimensions of a chain, as d0,d1,…,dn."""
    parts = [part.strip() for part in text.split(",")]
    for part in parts:
        if not re.fullmatch("-?[0-9]{1,20}", part):
            raise Failure(
                f"{reprlib.repr(part)} is no dimension: give d0,d1,…,dn, as in 1,2,3,3,5,5,4"
            )
    return [int(part) for part in parts]


def whole_numbers(text: str) -> list[int]:
    """The sizes of a measurement, as 1,2,4,8."""
    try:
        sizes = [int(part) for part in text.split(",")]
    except ValueError:
        sizes = []
    if not sizes or min(sizes) < 1:
        raise Failure(f"--sizes {text!r}: give whole numbers from 1, as in --sizes 1,2,4,8")
    return sizes


def words(text: str, option: str) -> list[str]:
    """Words between commas.

    >>> words("jax, torch", "--backends")
    ['jax', 'torch']
    """
    found = [word.strip() for word in text.split(",")]
    if not all(found):
        raise Failure(f"{option} {text!r}: give words between commas")
    return found
