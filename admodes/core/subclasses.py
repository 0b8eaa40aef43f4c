"""Subclasses of NumPy's array have operators of their own (a matrix, a masked array, a user's),
which admodes does not know: they are refused, and never taken for plain arrays."""

from __future__ import annotations

from typing import Any

import numpy as np

from admodes.errors import BadType

SAME = (np.ndarray, np.memmap)
"""Their operators are those of plain arrays."""


def plain_array(x: Any, where: str = "") -> Any:
    """x, as a plain array where it is one in other clothes. Raises TypeError for a subclass whose
    operators may be others."""
    kind = x.__class__
    if kind is np.ndarray or not isinstance(x, np.ndarray):
        return x
    refuse(kind, where)
    return x.view(np.ndarray)


def refuse_among(inputs: tuple, ufunc: Any) -> None:
    """Raises TypeError for such an array among the inputs of a ufunc. They are looked at where
    they are, as an array with one more name could not be rebound by +=."""
    for x in inputs:
        refuse(x.__class__, f"np.{ufunc.__name__}")


def refuse(kind: type, where: str) -> None:
    """Raises TypeError for a type of arrays whose operators may not be those of plain arrays."""
    if kind in SAME or not issubclass(kind, np.ndarray):
        return
    name = f"{kind.__module__}.{kind.__qualname__}"
    instead = "np.asarray(x), a plain array"
    if issubclass(kind, np.ma.MaskedArray):
        instead = "np.asarray(x) where nothing is masked, else np.where(x.mask, 0.0, x.data)"
    raise BadType(
        f"{where} got a {name}, a subclass of NumPy's array with operators of its own, which "
        f"admodes does not take for a plain array: pass {instead}".lstrip()
    )
