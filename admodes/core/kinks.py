"""Which entries of an operation's arguments are at a kink (a point without derivative), such as the
0 of |x| or a tie of maximum: the test that the operation declares is evaluated at given values, and
the kinks are put into words for tables, warnings and errors."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np

from admodes.core.batch import Batch
from admodes.core.carrier import Carrier, innermost, quiet
from admodes.core.forms import Kink
from admodes.core.op import Op
from admodes.core.values import Params, shape_of


class Met(NamedTuple):
    """A kink that was met: what it is, the first of its entries (() for numbers), and the values
    of the arguments there, or those of the whole argument."""

    note: str
    entry: tuple[int, ...]
    point: tuple


def mask_of(op: Op, args: tuple, params: Params) -> np.ndarray:
    """Which entries sit on a kink: truth values, of a batch those of each sample along an axis that
    leads. The arguments may be carriers."""
    samples = list(_samples(args))
    if samples:
        return np.stack([mask_of(op, sample, params) for sample in samples])
    args = tuple(map(innermost, args))
    kink = op.domain.kink
    with quiet():
        if isinstance(kink, Kink):
            return np.asarray(kink.met(*args, **(params or {})))
        each = np.frompyfunc(lambda *point: bool(kink and kink(*point)), len(args), 1)
        return np.asarray(each(*args), bool)


def first_kink(op: Op, args: tuple, params: Params) -> Met | None:
    """The first kink that an operation meets at these values, which may be inside carriers."""
    for k, sample in enumerate(_samples(args)):
        met = first_kink(op, sample, params)
        if met is not None:
            return met._replace(entry=(k, *met.entry))
    if any(_batch(a) is not None for a in args):
        return None
    mask = mask_of(op, args, params)
    if not mask.any():
        return None
    return _at(op, tuple(map(innermost, args)), mask, tuple(map(int, np.argwhere(mask)[0])))


def kinks_met(op: Op, args: tuple, params: Params) -> Counter[str]:
    """The notes of all kinks at these values, each with the number of entries."""
    mask = mask_of(op, args, params)
    kink = op.domain.kink
    if isinstance(kink, Kink) and isinstance(kink.note, str):
        return Counter({kink.note: int(np.count_nonzero(mask))} if mask.any() else {})
    return Counter(_at(op, args, mask, tuple(k)).note for k in np.argwhere(mask))


def _at(op: Op, args: tuple, mask: np.ndarray, entry: tuple) -> Met:
    kink = op.domain.kink
    assert kink is not None
    if not op.elementwise:
        assert isinstance(kink, Kink)
        return Met(str(kink.note), entry, args)
    point = tuple(np.broadcast_to(a, mask.shape)[entry].item() for a in args)
    return Met(str(kink(*point)), entry, point)


def _batch(x: Any) -> Batch | None:
    """The batch that x is, under what carriers ever."""
    while isinstance(x, Carrier):
        if x.__class__ is Batch:
            return x
        x = x.primal
    return None


def _samples(args: tuple) -> Iterator[tuple]:
    """The arguments of each sample; nothing where no argument is a batch."""
    batches = [_batch(a) for a in args]
    sizes = [shape_of(b.primal)[0] for b in batches if b is not None]
    for k in range(sizes[0] if sizes else 0):
        yield tuple(a if b is None else innermost(b)[k] for a, b in zip(args, batches, strict=True))
