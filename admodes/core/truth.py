"""Truth values and whole numbers in arithmetic: what an operation makes of them is decided here,
for all interpreters.

As in NumPy and in Python: a comparison gives a truth value. Operations of NumPy's truth values
alone that are logic there are logic here (`+` is or, `*` is and; `-` is refused), which the
declaration of an operation states as `truths`. Python's own truth values count as 0 and 1. Beside
numbers a truth value is 0 or 1, and a whole number itself, in the precision that NumPy's promotion
gives: float32 stays float32. Functions that have no truth values to give (sqrt, exp, divide)
calculate in double precision, where NumPy would take half precision.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from admodes.core.carrier import FUNCTIONS, Carrier, innermost

WHOLE = frozenset("iu")
OBJECT = np.dtype(object)


def truth_kind(x: Any) -> str:
    """ "numpy" for a truth value of NumPy or an array of them, "python" for one of Python, "" for
    everything else."""
    plain = innermost(x)
    if plain.__class__ is bool:
        return "numpy" if isinstance(x, Carrier) and x.level.arrays else "python"
    return "numpy" if getattr(plain, "dtype", None) == np.bool_ else ""


def is_whole(x: Any) -> bool:
    """Whether x holds truth values or whole numbers, however deep. They have no derivative to lose:
    plain code may have them, and what it makes of them holds as long as they are the same."""
    y = innermost(x)
    if y.__class__ is float:
        return False
    kind = getattr(y, "dtype", None)
    return (np.dtype(type(y)) if kind is None else kind).kind in "biu"


def truths_alone(args: tuple) -> bool:
    """Whether NumPy would see truth values of its own and nothing else."""
    kinds = set(map(truth_kind, args))
    return "numpy" in kinds and "" not in kinds


def as_numbers(args: tuple, truths: bool) -> tuple:
    """Arguments as numbers to calculate with: whole numbers and, where asked, truth values
    become floats of the precision that NumPy's promotion gives."""
    if any(isinstance(a, Carrier) and innermost(a).__class__ is float for a in args):
        # A traced number is a float64, which a plain one of less precision does not change.
        args = tuple(float(a) if isinstance(a, np.floating) else a for a in args)
    plain = map(innermost, args)
    kinds = [a.dtype for a in plain if getattr(a, "dtype", OBJECT).kind in "biufc"]
    found = np.result_type(*kinds) if kinds else np.dtype(float)
    kind = np.zeros(0, found).real.dtype if found.kind in "fc" else np.dtype(float)
    return tuple(_number(a, kind, truths) for a in args)


def _number(a: Any, kind: np.dtype, truths: bool) -> Any:
    if truths and truth_kind(a):
        if isinstance(a, Carrier):
            return FUNCTIONS[np.where](a, *_unit(kind))
        return float(a) if a.__class__ is bool else _plain(a, kind)
    if isinstance(a, np.ndarray | np.generic) and a.dtype.kind in WHOLE:
        return _plain(a, kind)
    return a.astype(kind) if isinstance(a, Carrier) and a.records and is_whole(a) else a


def _plain(a: Any, kind: np.dtype) -> Any:
    made = a.astype(kind)
    return float(made) if made.__class__ is np.float64 else made


def _unit(kind: np.dtype) -> tuple[Any, Any]:
    """1 and 0 of a precision."""
    return (1.0, 0.0) if kind == np.dtype(float) else (kind.type(1), kind.type(0))
