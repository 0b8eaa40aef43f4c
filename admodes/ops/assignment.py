"""The declaration of assignment: x[index] = v on a traced array is a new array, which the old name
stands for from then on.

NumPy writes into memory; a derivative needs the numbers before and after. So the operation makes a
copy with new entries, unless nothing else reads the old ones (`core.reuse`), and
`core.inplace.become` gives the array, under all of its names, that copy.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from admodes.core.carrier import Carrier
from admodes.core.entries import entry_numbers
from admodes.core.inplace import BORROWED, become, is_argument, is_view_at, unshared
from admodes.core.linear import linear
from admodes.core.op import Op
from admodes.core.reuse import is_spare, spare, spare_arrays
from admodes.core.space import is_complex, space
from admodes.core.structure import MOVES
from admodes.core.values import shape_of
from admodes.errors import BadType, BadValue
from admodes.ops.comparisons import where
from admodes.ops.indexing import explicit, first_last, getitem, is_basic, last_first, plain_index
from admodes.ops.shaping import array, reshape, spread


def _assign(x: Any, v: Any, index: Any) -> Any:
    kind = np.result_type(x, v)
    if is_spare(x) and x.dtype == kind:
        y = x
    else:
        y = np.empty(np.shape(x), kind)
        y[...] = x
    y[index] = v[()] if isinstance(v, np.ndarray) else v
    return y


def _written_once(index: Any, shape: tuple[int, ...]) -> np.ndarray | None:
    """1 for each entry at the index whose number stays, 0 for one that a later one at the same
    place replaces; None where all stay."""
    if is_basic(index):
        return None
    places = entry_numbers(shape)[index]
    last = np.full(shape, -1)
    last.ravel()[places.ravel()] = np.arange(places.size)
    stays = last.ravel()[places] == entry_numbers(places.shape)
    return None if stays.all() else stays.astype(float)


def _transposes(wanted: Sequence[int], w: Any, y: Any, args: tuple, index: Any) -> Iterator[Any]:
    x, v = args
    for i in wanted:
        yield assign(w, 0.0, index=index) if i == 0 else _of_item(w, x, v, index)


def _of_item(w: Any, x: Any, v: Any, index: Any) -> Any:
    """What the cotangent w of x with v at an index contributes to v."""
    back = getitem(w, index=index)
    stays = _written_once(index, shape_of(x))
    if stays is not None:
        back = back * stays
    shape = shape_of(v)
    if shape == shape_of(back):
        return back
    if len(shape) > len(shape_of(back)):
        short = shape[len(shape) - len(shape_of(back)) :]
        return reshape(space.unbroadcast(back, shape=short), shape=shape)
    return space.unbroadcast(back, shape=shape)


def _batch(args: tuple, mapped: tuple, index: Any) -> Any:
    x, v = spread(args, mapped)
    n, *shape = shape_of(x)
    parts = index if isinstance(index, tuple) else (index,)
    picked = len(shape_of(np.empty(shape)[index]))
    inner = shape_of(v)[1:]
    inner = inner[max(0, len(inner) - picked) :]
    v = reshape(v, shape=(n, *(1,) * (picked - len(inner)), *inner))
    if is_basic(index):
        return assign(x, v, index=(slice(None), *parts))
    return last_first(assign(first_last(x), first_last(v), index=explicit(index, len(shape))))


assign: Op = linear(
    "assign",
    _assign,
    _transposes,
    arity=None,
    batch=_batch,
    text="{0} with {1} at [{index}]",
    latex=r"{0}\ \text{{with}}\ {1}\ \text{{at}}\ [{index}]",
    role="assign",
    rewrites=True,
    doc="x[index] = v: x with other entries at an index; the last one counts where places repeat.",
    kind="moves",
    structure=MOVES,
)


def assigned(x: Any, index: Any, item: Any) -> Any:
    """x with item at index, in the dtype of x as NumPy has it. Raises TypeError for a complex item
    in a real array, ValueError for an item of another shape."""
    index = plain_index(index)
    place = np.broadcast_to(np.empty(()), shape_of(x))[index].shape
    shape = shape_of(item)
    extra = max(0, len(shape) - len(place))
    try:
        fits = np.broadcast_shapes(shape[extra:], place) == place and set(shape[:extra]) <= {1}
    except ValueError:
        fits = False
    if not fits:
        raise BadValue(
            f"x[index] = v: v has shape {shape}, and the entries at the index have {place}"
        )
    if is_complex(item) and not is_complex(x):
        raise BadType(
            "x[index] = v: x is real and v complex, whose imaginary part would be lost: make x "
            "complex first, by x = x.astype(complex)"
        )
    return assign(x, item, index=index)


def change(x: Any, new: Any, what: str) -> Any:
    """x, under all of its names, is from now on new. Raises TypeError for the caller's array, and
    where what shares memory with x cannot follow."""
    if is_argument(x):
        raise BadType(f"{what} {BORROWED}: write x = x.copy() before it")
    return become(x, new, what, "x = np.where(condition, v, x)")


def _setitem(self: Any, index: Any, item: Any) -> None:
    if is_view_at(item, self, index):
        return  # x[index] += v has changed x already, since it changed a view of it
    if not self.shape:
        raise BadType("x[index] = v of a traced number: only arrays have entries")
    if isinstance(item, (list, tuple)):
        item = array(item)
    new = _chosen(self, index, item) if isinstance(index, Carrier) else None
    if new is None:
        # What is not written in the end, since that is refused, must not have been changed.
        with spare(spare_arrays(self) if unshared(self) else ()):
            new = assigned(self, index, item)
    change(self, new, "x[index] = v")


def _chosen(x: Any, mask: Any, item: Any) -> Any:
    """x[mask] = item for one item and a mask that was calculated: a choice, which holds whatever
    the mask is. None for others."""
    if mask.dtype.kind != "b" or math.prod(shape_of(item)) != 1 or mask.ndim > x.ndim:
        return None
    if x.shape[: mask.ndim] != mask.shape:
        return None  # indexing says what is wrong with it
    if mask.ndim < x.ndim:
        mask = reshape(mask, shape=(*mask.shape, *(1,) * (x.ndim - mask.ndim)))
    return where(mask, reshape(item, shape=()) if shape_of(item) else item, x)


setattr(Carrier, "__setitem__", _setitem)  # noqa: B010
