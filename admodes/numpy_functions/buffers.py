"""Arrays that a function makes to be filled with traced values: `buf = np.zeros(3); buf[0] = x`.

NumPy makes plain arrays, which cannot take a traced value. A function that tries to write one there
is run again as a copy in which np.zeros and the other functions below make traced arrays, which
do not depend on the inputs until something is written into them. The function itself stays as it
is; what it refers to is copied as far as it must be, so a change of a global variable by it is
lost.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from types import SimpleNamespace
from typing import Any

import numpy as np

from admodes.core.calling import STATE, Again
from admodes.core.carrier import Carrier, outermost
from admodes.core.inplace import have_changed
from admodes.core.pytree import flatten

MAKERS: tuple[Any, ...] = (
    *(np.zeros, np.ones, np.empty, np.full, np.zeros_like, np.ones_like, np.empty_like),
    *(np.full_like, np.array, np.copy, np.eye, np.identity, np.arange, np.linspace),
)


def _entered(maker: Callable[..., Any]) -> Callable[..., Any]:
    @wraps(maker)
    def make(*args: Any, **options: Any) -> Any:
        # What np.empty leaves in memory is nobody's number.
        made = (_emptied if maker in (np.empty, np.empty_like) else maker)(*args, **options)
        if made.__class__ is not np.ndarray or made.dtype.kind not in "fc" or not made.shape:
            return made
        carrier = outermost(tuple(flatten(STATE.args)[0]))
        return made if carrier is None else carrier.constant(made)

    return make


def _emptied(shape: Any, dtype: Any = None, **options: Any) -> Any:
    like = shape if isinstance(shape, (np.ndarray, Carrier)) else None
    if like is not None:
        return np.zeros_like(like, dtype, **options)
    return np.zeros(shape, float if dtype is None else dtype, **options)


NUMPY = SimpleNamespace(**{maker.__name__: _entered(maker) for maker in MAKERS})


def with_buffers(f: Callable) -> Callable:
    """f, in which NumPy's functions that make arrays make ones that take traced values; f itself
    where it is not the user's."""
    from admodes.core.rebinding import Library, rebound

    return rebound(f, Library({"numpy": NUMPY}, traced=True))


Again.with_buffers = staticmethod(with_buffers)
Again.unless = staticmethod(have_changed)
