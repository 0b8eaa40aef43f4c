"""A list or tuple that a user gives where an operation takes an array becomes that array: plain
where it holds numbers, a stack of rows of the operation `stack` where it holds traced values.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from admodes.core.carrier import Carrier
from admodes.core.space import space


def joined(x: Any) -> Any:
    """A list or tuple as an array, stacked where it holds traced values; other things as they
    are."""
    if x.__class__ is not list and x.__class__ is not tuple:
        return x
    parts = [joined(part) for part in x]
    if any(isinstance(part, Carrier) for part in parts):
        return space.stack(*parts, axis=0)
    return np.array(parts)
