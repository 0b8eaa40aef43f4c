"""Rows of plain numbers as Python expressions, nested where a row is read once: operators of the
language, functions of `math`, or the operation's own kernel on floats.
"""

from __future__ import annotations

import math
import operator
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from admodes.core.op import Op
from admodes.core.values import NUMBERS

SIGNS = {
    operator.add: "{0} + {1}",
    operator.sub: "{0} - {1}",
    operator.mul: "{0} * {1}",
    operator.truediv: "{0} / {1}",
    operator.neg: "-{0}",
}
"""Kernels that are operators of the language."""

TEMPLATES = {
    "square": "{0} * {0}",
    "inverse": "1.0 / {0}",
    "strong_mul": "{0} * {1} if {1} else 0.0",
    "tangent_mul": "{0} * {1} if {0} and {1} else 0.0",
    "where": "{1} if {0} else {2}",
    "greater": "{0} > {1}",
    "greater_equal": "{0} >= {1}",
    "less": "{0} < {1}",
    "less_equal": "{0} <= {1}",
    "equal": "{0} == {1}",
    "not_equal": "{0} != {1}",
    "abs": "abs({0})",
}
"""Kernels that are short enough to be written out."""

DEEPEST = 12
"""Nesting of expressions, at most; Python's parser takes about a hundred."""


def template(op: Op) -> str | None:
    """The operation on floats as an expression of its arguments; None if its kernel is called."""
    return SIGNS.get(op.scalar) or TEMPLATES.get(op.name)


def on_floats(op: Op, args: Sequence[Any], value: Any) -> bool:
    """Whether a row's operation is its kernel on Python floats; args are values."""
    if op.structural or value.__class__ not in (float, bool):
        return False
    # The condition of where is a truth value; elsewhere these count as numbers.
    given = args[1:] if getattr(op.structure, "chooses", False) else args
    # The four operations have the same bits on NumPy's floats.
    exact = (float, int, np.float64) if op.scalar in SIGNS else (float, int)
    return all(a.__class__ in exact for a in given)


def number(x: Any, bind: Callable[[Any, str], str]) -> str:
    """A constant number in an expression of floats."""
    if x.__class__ not in NUMBERS and x.__class__ is not np.float64:
        return bind(x, "x")
    if x.__class__ is bool:
        return repr(x)
    x = float(x)  # type: ignore[arg-type]
    if not math.isfinite(x):
        return "nan" if x != x else "inf" if x > 0 else "(-inf)"
    return repr(x) if math.copysign(1.0, x) > 0 else f"({x!r})"


def repeats(op: Op) -> set[int]:
    """The arguments that the expression reads more than once."""
    text = template(op) or ""
    return {i for i in range(3) if text.count(f"{{{i}}}") > 1}


def as_float64(x: Any) -> bool:
    """Whether x is an array of float64."""
    return x.__class__ is np.ndarray and x.dtype == np.float64
