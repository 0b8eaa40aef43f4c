"""NumPy's functions that write into an array (np.add.at, np.copyto, np.put, np.fill_diagonal and
others), and the methods and x.flat that do, on traced arrays: the array is from then on another
one, under all of its names."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import numpy as np

from admodes.core.calling import storing
from admodes.core.carrier import Carrier, implements
from admodes.core.entries import entry_numbers
from admodes.core.tables import METHODS
from admodes.core.values import shape_of
from admodes.errors import BadValue
from admodes.numpy_functions.layout import flat
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
    v = array(v)
    if math.prod(shape_of(v)):
        _write(a, np.ravel(plain_index(ind)), v, "np.put")


def _write(a: Any, index: Any, v: Any, who: str) -> None:
    """Put the entries of v, in turn and as often as it takes, at an index of the entries of a in
    their order, as they are numbered there."""
    index = plain_index(index)
    size, count = math.prod(shape_of(a)), math.prod(shape_of(v))
    places = np.broadcast_to(np.empty(()), (size,))[index].shape
    if count == 0 and math.prod(places):
        raise BadValue(f"{who}: there are places to write to, and v has no entry")
    given = reshape(v, shape=()) if count == 1 else np.resize(v, places)
    change(a, reshape(assigned(flat(a), index, given), shape=shape_of(a)), who)


@implements(np.place)
def _place(arr: Any, mask: Any, vals: Any) -> None:
    _own(arr, "np.place")
    _write(arr, np.ravel(plain_index(mask)).astype(bool), array(vals), "np.place")


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
    _write(a, marked.ravel() < 0, array(val), "np.fill_diagonal")


def fill(x: Any, value: Any) -> None:
    """x.fill(value): one number in all places."""
    change(x, assigned(x, ..., value), "x.fill(v)")


def sort(x: Any, axis: int = -1, **options: Any) -> None:
    """x.sort(): the entries along an axis in order."""
    change(x, np.sort(x, axis, **options), "x.sort()")


def partition(x: Any, kth: Any, axis: int = -1, kind: Any = "introselect") -> None:
    """x.partition(k): the entries along an axis by whether they come before the k-th."""
    change(x, np.partition(x, kth, axis, kind), "x.partition(k)")


class Flat:
    """x.flat of a traced array: its entries in their order, to be read and to be written."""

    __slots__ = ("base",)

    def __init__(self, base: Any) -> None:
        self.base = base

    def __len__(self) -> int:
        return math.prod(shape_of(self.base))

    def __iter__(self) -> Iterator[Any]:
        return iter(flat(self.base))

    def __getitem__(self, index: Any) -> Any:
        found = flat(self.base)[index]
        return found.clone() if shape_of(found) else found

    def __setitem__(self, index: Any, values: Any) -> None:
        _write(self.base, index, array(values), "x.flat[index] = v")

    def copy(self) -> Any:
        """The entries as an array of one axis."""
        return self[:]


def fill_flat(x: Any, values: Any) -> None:
    """x.flat = values."""
    Flat(x)[...] = values
