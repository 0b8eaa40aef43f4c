"""Seconds, bytes and numbers of things as people write them, and sizes that people write as numbers
of bytes."""

from __future__ import annotations

import math
import re

from admodes.errors import BadValue

UNITS = {"": 1, "K": 2**10, "M": 2**20, "G": 2**30, "T": 2**40}


def duration(seconds: float) -> str:
    """Seconds in three digits and the unit that suits.

    >>> duration(2.5e-7), duration(0.0123456), duration(75.0)
    ('0.25 µs', '12.3 ms', '75 s')
    """
    for unit, size in (("s", 1.0), ("ms", 1e-3)):
        if seconds >= size:
            return f"{_short(seconds / size)} {unit}"
    return f"{_short(seconds / 1e-6)} µs"


def byte_text(number: float) -> str:
    """Bytes in three digits and the unit that suits.

    >>> byte_text(800), byte_text(2**20 * 1.5), byte_text(1e25)
    ('800 B', '1.5 MiB', '9.1e+12 TiB')
    """
    unit = min(int(math.log(max(number, 1), 1024)), len(UNITS) - 1)
    name, size = list(UNITS)[unit], number / 1024**unit
    return f"{_short(size) if size < 1e6 else f'{size:.1e}'} {f'{name}iB' if name else 'B'}"


def counted(number: int, what: str) -> str:
    """A number with what it is of.

    >>> counted(1, "sweep"), counted(2000, "sweep")
    ('1 sweep', '2,000 sweeps')
    """
    return f"{number:,} {what}{'' if number == 1 else 's'}"


def byte_number(text: str) -> int:
    """The bytes that a text such as 2G, 500M or 1.5 GiB means; units are powers of 1024.

    Raises ValueError for another text.

    >>> byte_number("2G"), byte_number("1.5 KiB")
    (2147483648, 1536)
    """
    match = re.fullmatch(r"\s*(\d+(?:\.\d+)?)\s*([KMGT]?)(?:i?B)?\s*", text, re.IGNORECASE)
    number = int(float(match[1]) * UNITS[match[2].upper()]) if match else 0
    if number < 1:
        raise BadValue(f"memory {text!r}: write a number of bytes such as 500M or 2G")
    return number


def _short(x: float) -> str:
    return f"{x:.0f}" if x >= 99.95 else f"{x:.3g}"
