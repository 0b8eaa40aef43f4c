"""ad.max and ad.min: of several values entry by entry, or of the entries of one array."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from admodes.errors import BadType
from admodes.numpy_functions.statistics import np_max, np_min
from admodes.ops.selection import maximum, minimum
from admodes.ops.shaping import array


def max(*values: Any, axis: Any = None, keepdims: bool = False) -> Any:
    """The largest: of several numbers or arrays entry by entry, of one array over some axes or all.

    Ties share the derivative: ½ each of two values, equal parts of an array's entries. Raises
    TypeError where axis or keepdims is given for several values, ValueError for an empty array.

    >>> import admodes as ad
    >>> import numpy as np
    >>> ad.max(2.0, 3.0), ad.grad(lambda x: ad.max(x))(np.array([1.0, 3.0, 3.0]))
    (3.0, array([0. , 0.5, 0.5]))
    """
    return _extreme("max", maximum, np_max, values, axis, keepdims)


def min(*values: Any, axis: Any = None, keepdims: bool = False) -> Any:
    """The smallest: of several numbers or arrays entry by entry, of one array over some axes or
    all; see ad.max.

    >>> import admodes as ad
    >>> import numpy as np
    >>> ad.jacobian(lambda x: ad.min(x, axis=1))(np.array([[1.0, 3.0]]))
    array([[[1., 0.]]])
    """
    return _extreme("min", minimum, np_min, values, axis, keepdims)


def _extreme(
    name: str, pairwise: Callable, reduce: Callable, values: tuple, axis: Any, keepdims: bool
) -> Any:
    if len(values) == 1:
        return reduce(array(values[0]), axis, keepdims=keepdims)
    if axis is not None or keepdims:
        raise BadType(f"ad.{name} of several values has no axis: stack them first, with ad.stack")
    return pairwise(*values)
