"""NumPy's own inner loops, called from native code: entries of arrays have the bits of eager
evaluation, since the same loop makes them.

The loops are found in the public part of a ufunc's structure (NumPy C API, PyUFuncObject), which
is read only after what it says has been compared with what Python says; where that differs, as it
may in another Python or NumPy, there are no loops and the rows run in Python.
"""

from __future__ import annotations

import ctypes
import functools
import sys
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from admodes.compilation.llvm.places import Region


class _Ufunc(ctypes.Structure):
    """The fields of NumPy's PyUFuncObject after those that every Python object begins with."""

    _fields_ = (
        *((name, ctypes.c_int) for name in ("nin", "nout", "nargs", "identity")),
        ("functions", ctypes.POINTER(ctypes.c_void_p)),
        ("data", ctypes.POINTER(ctypes.c_void_p)),
        ("ntypes", ctypes.c_int),
        ("reserved", ctypes.c_int),
        ("name", ctypes.c_char_p),
    )


class NumpyLoop(NamedTuple):
    """One of NumPy's inner loops, on arrays of float64: its address, and that of the data which it
    takes as its last argument."""

    address: int
    data: int


@functools.cache
def loop_of(ufunc: np.ufunc) -> NumpyLoop | None:
    """The loop on float64 alone, None where there is none or the structure is another."""
    made = _structure(ufunc)
    signature = "d" * ufunc.nin + "->" + "d" * ufunc.nout
    if made is None or signature not in ufunc.types:
        return None
    k = ufunc.types.index(signature)
    address = made.functions[k]
    return NumpyLoop(address, (made.data[k] or 0) if made.data else 0) if address else None


def _structure(ufunc: np.ufunc) -> _Ufunc | None:
    """The structure of a ufunc, None where it is not as NumPy 2 has it. In CPython, whose objects
    are at their ids, a head of object.__basicsize__ bytes ends with the type."""
    head = object.__basicsize__
    fits = np.ufunc.__basicsize__ >= head + ctypes.sizeof(_Ufunc)
    if sys.implementation.name != "cpython" or not fits:
        return None
    if ctypes.c_void_p.from_address(id(ufunc) + head - POINTER).value != id(np.ufunc):
        return None
    made = _Ufunc.from_address(id(ufunc) + head)
    counts = made.nin, made.nout, made.nargs, made.ntypes
    if counts != (ufunc.nin, ufunc.nout, ufunc.nargs, ufunc.ntypes):
        return None
    return made if made.functions and made.name == ufunc.__name__.encode() else None


POINTER = ctypes.sizeof(ctypes.c_void_p)


class LoopCall(NamedTuple):
    """A group that calls one of NumPy's inner loops times[0] × times[1] times. operands: where the
    arguments and then the result lie; outer: by how many bytes each of them moves from call to
    call, along both outer loops; dims and steps: what the inner loop is called with (NumPy C API,
    PyUFuncGenericFunction)."""

    loop: NumpyLoop
    operands: tuple[Region, ...]
    times: tuple[int, int]
    outer: tuple[tuple[int, ...], tuple[int, ...]]
    dims: tuple[int, ...]
    steps: tuple[int, ...]


MOST_OPERANDS, MOST_DIMS, MOST_STEPS = 4, 4, 9


def entrywise(ufunc: np.ufunc, operands: list[Region]) -> LoopCall | None:
    """A call on operands broadcast to the last, the result; None where it takes more than
    three loops or there are positions."""
    loop = loop_of(ufunc)
    if loop is None or len(operands) > MOST_OPERANDS:
        return None
    if any(p.positions is not None or p.kind != "d" for p in operands):
        return None
    shape = operands[-1].shape
    dims, strides = collapsed(shape, [p.spread(len(shape)) for p in operands])
    return _nested(loop, operands, dims, strides)


def reduction(
    ufunc: np.ufunc, place: Region, out: Region, axes: tuple[int, ...]
) -> LoopCall | None:
    """out = ufunc(out, entry) over all entries along the axes, in NumPy's order; out.shape leaves
    the axes out."""
    loop = loop_of(ufunc)
    if loop is None or place.positions is not None or place.kind != "d":
        return None
    own = iter(out.strides)
    kept = tuple(0 if k in axes else next(own) for k in range(len(place.shape)))
    dims, strides = collapsed(place.shape, [kept, place.strides, kept])
    return _nested(loop, [out, place, out], dims, strides)


def _nested(
    loop: NumpyLoop, operands: list[Region], dims: list[int], strides: list[tuple[int, ...]]
) -> LoopCall | None:
    if len(dims) > 3:
        return None
    still = (0,) * len(operands)
    times = [1, 1, 1, *dims][-3:]
    moves = [still, still, still, *strides][-3:]
    return LoopCall(
        loop, tuple(operands), (times[0], times[1]), (moves[0], moves[1]), (times[2],), moves[2]
    )


def collapsed(
    shape: tuple[int, ...], strides: list[tuple[int, ...]]
) -> tuple[list[int], list[tuple[int, ...]]]:
    """The axes joined where all operands go through them in one stride: lengths, and for each the
    strides of the operands."""
    dims: list[int] = []
    joined: list[tuple[int, ...]] = []
    for n, step in zip(shape, zip(*strides, strict=True), strict=True):
        if n == 1:
            continue
        if dims and all(a == b * n for a, b in zip(joined[-1], step, strict=True)):
            dims[-1] *= n
            joined[-1] = step
        else:
            dims.append(n)
            joined.append(step)
    return dims, joined


def product(a: Region, b: Region, out: Region) -> LoopCall | None:
    """np.matmul of vectors and matrices, and of stacks of matrices whose leading axes are gone
    through in one stride."""
    loop = loop_of(np.matmul)
    given = (a, b, out)
    if loop is None or any(p.positions is not None or p.kind != "d" for p in given):
        return None
    if any(0 in p.strides for p in (a, b) if len(p.shape) > 1):
        return None
    rows, columns = len(a.shape) > 1, len(b.shape) > 1
    lead = out.shape[: len(out.shape) - rows - columns]
    stacks = stacked(given, lead, (1 + rows, 1 + columns, rows + columns))
    if stacks is None:
        return None
    m = a.shape[-2] if rows else 1
    n = b.shape[-1] if columns else 1
    left = a.strides[-2:] if rows else (0, *a.strides)
    right = b.strides[-2:] if columns else (*b.strides, 0)
    made = out.strides[len(lead) :]
    made = (made[0] if rows else 0, made[-1] if columns else 0)
    sizes = (stacks[0], m, a.shape[-1], n)
    still = ((0, 0, 0), (0, 0, 0))
    return LoopCall(loop, given, (1, 1), still, sizes, (*stacks[1], *left, *right, *made))


def stacked(
    places: Sequence[Region], lead: tuple[int, ...], ranks: Sequence[int]
) -> tuple[int, tuple[int, ...]] | None:
    """How many matrices and vectors, of some ranks, there are in stacks with these leading axes,
    and by how many bytes each place moves from one to the next; None where that is not one
    stride."""
    moves = [p.lead(len(lead), own) for p, own in zip(places, ranks, strict=True)]
    dims, strides = collapsed(lead, moves)
    if len(dims) > 1:
        return None
    return (dims[0], strides[0]) if dims else (1, (0,) * len(places))
