"""Values as a person types them: numbers, vectors, matrices, and normal numbers in a shape."""

from __future__ import annotations

import re
from typing import Any

import numpy as np

from admodes.expression.errors import ExpressionError
from admodes.expression.parser import parse_number, split_commas

_NORMAL = re.compile(r"normal\(\s*(\d{1,4}(?:\s*,\s*\d{1,4})*)\s*\)")


def parse_value(text: str, random: np.random.Generator | None = None) -> Any:
    """A number, a vector as [1, 2], a matrix as [[1, 2], [3, 4]], and normal(4, 3) for standard
    normal numbers in that shape, the same in every run.

    Raises ExpressionError where text is none of these.

    >>> from admodes.expression.values import parse_value
    >>> parse_value("[[1, 2], [3, pi]]")
    array([[1.        , 2.        ],
           [3.        , 3.14159265]])
    """
    text = text.strip()
    shape = _NORMAL.fullmatch(text)
    if shape:
        random = random or np.random.default_rng(0)
        return random.standard_normal(tuple(int(n) for n in shape[1].split(",")))
    if not text.startswith("[") or not text.endswith("]") or not text[1:].lstrip().startswith("["):
        number = parse_number(text)
        return np.array(number) if isinstance(number, list) else number
    rows = [parse_value(part) for part in split_commas(text[1:-1])]
    if len({np.shape(row) for row in rows}) != 1:
        raise ExpressionError("the rows of an array have one length", text, 0)
    return np.array(rows)
