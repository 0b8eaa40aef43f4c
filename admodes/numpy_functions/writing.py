"""NumPy's functions that write into an array (np.add.at, np.copyto, np.put, np.fill_diagonal and
others) on traced arrays: the array is from then on another one, under all of its names."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from admodes.core.calling import storing
from admodes.core.carrier import Carrier, implements
from admodes.core.entries import entry_numbers
from admodes.core.tables import METHODS
from admodes.core.values import shape_of
from admodes.ops.assignment import assigned, change
from admodes.ops.comparisons import where
from admodes.ops.indexing import along_axis_index, place, plain_index
from admodes.ops.options import refuse
from admodes.ops.shaping import array, broadcast_to, reshape


def _own(a: Any, who: str) -> None:
    """Raises TypeError for a plain array, of which the function has not made a traced one."""
    if not isinstance(a, Carrier):
        raise storing(
            f"{who} cannot write a traced value into a plain array that the function did not make: "
            "copy it inside the function, with np.array(…)"
        )


def _at(ufunc: Any, op: Any, inputs: tuple, options: dict) -> None:
    """ufunc.at. Where places repeat all operations count, one after the other."""
    who = f"np.{ufunc.__name__}.at"
    a, index, *others = inputs
    refuse(options, who)
    _own(a, who)
    index = plain_index(index)
    shape = shape_of(a)
    places = entry_numbers(shape)[index]
    more = [broadcast_to(b, shape=places.shape) for b in others]
    if ufunc in (np.add, np.subtract):
        new = op(a, place(*more, index=index, shape=shape))
    else:
        new = reshape(a, shape=(-1,))
        for chosen in _rounds(places.ravel()):
            given = [reshape(b, shape=(-1,))[chosen] for b in more]
            at = places.ravel()[chosen]
            new = assigned(new, at, op(new[at], *given))
        new = reshape(new, shape=shape)
    change(a, new, who)


def _rounds(places: np.ndarray) -> Iterator[np.ndarray]:
    """Which places to take at a time, so that none repeats: the first of each, then the second."""
    order = np.argsort(places, kind="stable")
    lined = places[order]
    start = np.concatenate([[True], lined[1:] != lined[:-1]])
    turn = np.arange(lined.size) - np.maximum.accumulate(np.where(start, np.arange(lined.size), 0))
    for k in range(int(turn.max(initial=-1)) + 1):
        yield np.sort(order[turn == k])


METHODS["at"] = _at


@implements(np.copyto)
def _copyto(dst: Any, src: Any, casting: str = "same_kind", where: Any = True) -> None:
    _own(dst, "np.copyto")
    src = broadcast_to(array(src), shape=shape_of(dst))
    change(dst, src if where is True else _where(where, src, dst), "np.copyto")


_where = where


@implements(np.putmask)
def _putmask(a: Any, mask: Any, values: Any) -> None:
    _own(a, "np.putmask")
    change(a, where(mask, np.resize(values, shape_of(a)), a), "np.putmask")


@implements(np.put)
def _put(a: Any, ind: Any, v: Any, mode: str = "raise") -> None:
    _own(a, "np.put")
    refuse({} if mode == "raise" else {"mode": mode}, "np.put")
    ind = np.ravel(plain_index(ind))
    flat = assigned(reshape(a, shape=(-1,)), ind, np.resize(v, ind.shape))
    change(a, reshape(flat, shape=shape_of(a)), "np.put")


@implements(np.put_along_axis)
def _put_along_axis(arr: Any, indices: Any, values: Any, axis: int | None) -> None:
    _own(arr, "np.put_along_axis")
    indices = plain_index(indices)
    if axis is None:
        _put(arr, indices, values)
        return
    index = along_axis_index(np.asarray(indices), axis % len(shape_of(arr)))
    change(arr, assigned(arr, index, values), "np.put_along_axis")


@implements(np.fill_diagonal)
def _fill_diagonal(a: Any, val: Any, wrap: bool = False) -> None:
    _own(a, "np.fill_diagonal")
    numbers = entry_numbers(shape_of(a))
    marked = numbers.copy()
    np.fill_diagonal(marked, -1, wrap)
    places = np.flatnonzero(marked.ravel() < 0)
    flat = assigned(reshape(a, shape=(-1,)), places, np.resize(np.ravel(val), places.shape))
    change(a, reshape(flat, shape=shape_of(a)), "np.fill_diagonal")
