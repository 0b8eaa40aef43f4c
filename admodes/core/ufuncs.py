"""Ufuncs on traced values that are no plain call of one of NumPy's: those of scipy, calls with
options, and the methods reduce, accumulate, outer and at. Such a call goes in; the result of the
operation that is entered for the ufunc comes out, or an error names the ufunc that has none."""

from __future__ import annotations

import sys
from typing import Any

import numpy as np

from admodes.core.refusal import HOW_TO_ADD, called_function
from admodes.core.tables import METHODS, SCIPY, UFUNCS
from admodes.errors import BadType


def special_ufunc(ufunc: Any, method: str, inputs: tuple, kwargs: dict) -> Any:
    """A ufunc of scipy, one with options, or one of its methods. Raises TypeError, which names
    the ufunc, for one that has no derivative."""
    op = UFUNCS.get(ufunc) or _scipy(ufunc)
    if op is None:
        raise BadType(f"{_name(ufunc, method)} has no derivative in admodes: {HOW_TO_ADD}")
    if method == "__call__" and not kwargs:
        return op(*inputs)
    if method not in METHODS:
        raise BadType(
            f"{_name(ufunc, method)} changes an array in place or has no derivative in admodes: "
            f"{HOW_TO_ADD}"
        )
    return METHODS[method](ufunc, op, inputs, kwargs)


def _name(ufunc: Any, method: str) -> str:
    name, library = ufunc.__name__, called_function(sys._getframe(3))[0]
    if library is not None:
        return library
    if getattr(np, name, None) is ufunc:
        name = f"np.{name}"
    elif getattr(sys.modules.get("scipy.special"), name, None) is ufunc:
        name = f"scipy.special.{name}"
    return name if method == "__call__" else f"{name}.{method}"


def _scipy(ufunc: Any) -> Any:
    """The operation for a function of scipy.special, which is found by name because admodes does
    not import scipy before it is needed."""
    known = getattr(sys.modules.get("scipy.special"), ufunc.__name__, None) is ufunc
    op = SCIPY.get(ufunc.__name__) if known else None
    if op is not None:
        UFUNCS[ufunc] = op
    return op
