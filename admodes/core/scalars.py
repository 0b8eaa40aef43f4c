"""Makes traced numbers count as numbers: np.isscalar(x) and isinstance(x, numbers.Real) give the
same for a traced number as for a plain one.

Python decides that by class, so every carrier class has two subclasses, for real and for complex
numbers. To the engines, x.__class__ still is the carrier class itself.
"""

from __future__ import annotations

import numbers
from typing import Any

from admodes.core.carrier import Carrier
from admodes.core.space import is_complex


def counted(carrier: type[Carrier]) -> type[Carrier]:
    """Decorate a class of carriers: with its classes for real and for complex numbers."""
    for name, kind in (("real_number", numbers.Real), ("complex_number", numbers.Complex)):
        space = {"__slots__": (), "__module__": carrier.__module__, "__class__": carrier}
        made = type(carrier.__name__, (carrier,), space)
        kind.register(made)
        setattr(carrier, name, made)
    return carrier


def fitting(carrier: Any, y: Any, shape: tuple[int, ...]) -> Any:
    """The class of a carrier whose value is y and which has this shape to the function."""
    if y.__class__ is float:
        return carrier.real_number
    if shape:
        return carrier
    return carrier.complex_number if is_complex(y) else carrier.real_number
