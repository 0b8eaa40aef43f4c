"""Golden data as text, and what counts as the same: numbers within a bound, all else exactly.

NumPy and LAPACK round differently from one CPU to the next, so a number may differ by RELATIVE of
itself, and by ABSOLUTE where terms cancel; how many units in the last place (ulp) two results
differ by is such a rounding error, and may be any number. Where a number is printed otherwise,
columns become wider and lines fold elsewhere: only then do spaces, rules of tables and the order of
words not count.
"""

from __future__ import annotations

import difflib
import json
import math
import re
from typing import Any

RELATIVE = 1e-12
ABSOLUTE = 1e-13

WIDTH = 100
_NUMBER = re.compile(r"(?<![\w.])-?\d+(?:\.\d+)?(?:e[+-]?\d+)?(?=[ij]\b|(?![\w.]*[A-Za-z_]))")
_ULP = re.compile(r"\d+(?:\.\d+)?(?= ulp\b)")
_RULE = re.compile(r"-{2,}|─+")


def alike(found: Any, kept: Any) -> bool:
    """Whether two pieces of JSON data are the same.

    >>> alike({"y": 0.1 + 0.2}, {"y": 0.3}), alike(["v1 = 0.5"], ["v1 = 0.6"]), alike(1, 1.5)
    (True, False, False)
    >>> alike("0.3 - 0.1i", "0.30000000000000004 - 0.1i"), alike("v1 = 3", "v2 = 3")
    (True, False)
    >>> alike("at most 13 ulp, in v1", "at most 20 ulp, in v1")
    True
    >>> alike(["  y   0.25", "  ---"], ["  y   0.2500000000000001", "  ------"])
    True
    >>> alike(["x1  0.25", "x2  0.5"], ["x1  0.5", "x2  0.2500000000000001"])
    False
    """
    if isinstance(found, dict) and isinstance(kept, dict):
        return found.keys() == kept.keys() and all(alike(found[k], kept[k]) for k in found)
    if isinstance(found, list) and isinstance(kept, list):
        if found == kept:
            return True
        if found and kept and all(isinstance(x, str) for x in (*found, *kept)):
            return _same_text("\n".join(found), "\n".join(kept))
        return len(found) == len(kept) and all(map(alike, found, kept))
    if isinstance(found, str) and isinstance(kept, str):
        return _same_text(found, kept)
    if _is_number(found) and _is_number(kept):
        return _close(found, kept)
    return type(found) is type(kept) and found == kept


def _is_number(x: Any) -> bool:
    return isinstance(x, int | float) and not isinstance(x, bool)


def _close(a: float, b: float) -> bool:
    if isinstance(a, int) and isinstance(b, int):
        return a == b
    return math.isclose(a, b, rel_tol=RELATIVE, abs_tol=ABSOLUTE)


def _same_text(found: str, kept: str) -> bool:
    found, kept = _ULP.sub("#", found), _ULP.sub("#", kept)
    if found == kept:
        return True
    ours, theirs = _NUMBER.findall(found), _NUMBER.findall(kept)
    if sorted(ours) == sorted(theirs) or len(ours) != len(theirs):
        return False
    if _words(found) == _words(kept):
        return all(map(_close, map(_read, ours), map(_read, theirs)))
    # Cells that fold elsewhere come in another order.
    if sorted(_words(found)) != sorted(_words(kept)):
        return False
    return all(map(_close, sorted(map(_read, ours)), sorted(map(_read, theirs))))


def _words(text: str) -> list[str]:
    """The words without the digits of numbers."""
    return _RULE.sub(" ", _NUMBER.sub("#", text)).split()


def _read(digits: str) -> float:
    return float(digits) if re.search(r"[.e]", digits) else int(digits)


def blanked(text: str) -> str:
    """The text with # for every number that is no whole one, and one space for many: for numbers
    that are themselves rounding errors.

    >>> blanked("row 3:   0.36 ulp, 1e-16")
    'row 3: # ulp, #'
    """
    text = _NUMBER.sub(lambda m: "#" if re.search(r"[.e]", m[0]) else m[0], text)
    return re.sub(r" +", " ", re.sub(r"-{2,}", "--", text))


def dumped(data: Any, indent: int = 0) -> str:
    """JSON of which whatever fits stands on one line.

    >>> print(dumped({"a": [1, 2], "lines": ["x" * 60, "y" * 60]}))
    {
     "a": [1, 2],
     "lines": [
      "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx",
      "yyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyy"
     ]
    }
    """
    line = json.dumps(data, ensure_ascii=False)
    fits = indent + len(line) <= WIDTH and not _is_page(data)
    if fits or not data or not isinstance(data, dict | list):
        return line
    if isinstance(data, dict):
        keys = (json.dumps(k, ensure_ascii=False) for k in data)
        parts = [f"{k}: {dumped(v, indent + 1)}" for k, v in zip(keys, data.values(), strict=True)]
    else:
        parts = [dumped(v, indent + 1) for v in data]
    start, end = "{}" if isinstance(data, dict) else "[]"
    space = " " * indent
    body = f",\n {space}".join(parts)
    return f"{start}\n {space}{body}\n{space}{end}"


def _is_page(data: Any) -> bool:
    """Whether this is printed text, a list of several lines."""
    texts = isinstance(data, list) and len(data) > 1 and all(isinstance(x, str) for x in data)
    return texts and any(" " in x for x in data)


def first_differences(found: Any, kept: Any, most: int = 12) -> str:
    """The first lines in which two pieces of data differ, as a diff: - kept, + found."""
    old, new = _shown(kept), _shown(found)
    if len(old) == len(new):
        pairs = [(a, b) for a, b in zip(old, new, strict=True) if not _same_text(a, b)]
        lines = [line for a, b in pairs for line in (f"- {a}", f"+ {b}")]
    else:
        lines = list(difflib.unified_diff(old, new, n=1, lineterm=""))[2:]
    more = [f"and {len(lines) - most} more lines"] if len(lines) > most else []
    return "\n".join([*(line[:300] for line in lines[:most]), *more])


def _shown(data: Any) -> list[str]:
    """Data as lines, and lines as they are."""
    if isinstance(data, list) and all(isinstance(x, str) for x in data):
        return data
    return dumped(data).splitlines()
