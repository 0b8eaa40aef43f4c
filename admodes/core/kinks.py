"""Where an operation sits on a kink, by what its declaration says of it."""

from __future__ import annotations

from collections import Counter
from typing import Any, NamedTuple

import numpy as np

from admodes.core.carrier import innermost, quiet
from admodes.core.op import Kink, Op


class Met(NamedTuple):
    """A kink that was met: what it is, the first of its entries (() for numbers), and the values
    of the arguments there, or those of the whole argument."""

    note: str
    entry: tuple[int, ...]
    point: tuple


def mask_of(op: Op, args: tuple, params: dict | None) -> Any:
    """Which entries sit on a kink: an array of truth values, or None where there is no kink."""
    kink = op.domain.kink
    if kink is None:
        return None
    with quiet():
        if isinstance(kink, Kink):
            found = np.asarray(kink.met(*args, **(params or {})))
        else:
            each = np.frompyfunc(lambda *point: bool(kink(*point)), len(args), 1)
            found = np.asarray(each(*args), bool)
    return found if found.any() else None


def first_kink(op: Op, args: tuple, params: dict | None) -> Met | None:
    """The first kink that an operation meets at these values, which may be inside carriers."""
    args = tuple(map(innermost, args))
    mask = mask_of(op, args, params)
    if mask is None:
        return None
    index = tuple(map(int, np.argwhere(mask)[0]))
    return Met(*_at(op, args, mask, index))


def kinks_met(op: Op, args: tuple, params: dict | None) -> Counter[str]:
    """The notes of all kinks at these values, each with the number of entries."""
    mask = mask_of(op, args, params)
    if mask is None:
        return Counter()
    kink = op.domain.kink
    if isinstance(kink, Kink) and isinstance(kink.note, str):
        return Counter({kink.note: int(np.count_nonzero(mask))})
    return Counter(_at(op, args, mask, tuple(k))[0] for k in np.argwhere(mask))


def _at(op: Op, args: tuple, mask: np.ndarray, index: tuple) -> tuple[str, tuple, tuple]:
    kink = op.domain.kink
    assert kink is not None
    if not op.elementwise:
        assert isinstance(kink, Kink)
        return str(kink.note), index, args
    point = tuple(np.broadcast_to(a, mask.shape)[index].item() for a in args)
    return str(kink(*point)), index, point
