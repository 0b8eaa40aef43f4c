"""NumPy's functions of polynomials on traced values: coefficients, the highest power first, go in,
as in np.polyval."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from admodes.core.carrier import FUNCTIONS, Carrier, implements
from admodes.core.space import dtype_of
from admodes.core.values import shape_of
from admodes.numpy_functions.eigen import eigvals
from admodes.numpy_functions.layout import flat, size_of
from admodes.ops.linalg import pinv
from admodes.ops.options import taken
from admodes.ops.products import matmul
from admodes.ops.shaping import array, concatenate, constant, floating, rank_of, reshape, stack


@implements(np.polyval)
def _polyval(p: Any, x: Any) -> Any:
    p, x = array(p), array(x)
    y: Any = np.zeros(shape_of(x), np.result_type(dtype_of(p), dtype_of(x)))[()]
    for k in range(shape_of(p)[0]):
        y = y * x + p[k]
    return y


@implements(np.vander)
def _vander(x: Any, N: int | None = None, increasing: bool = False) -> Any:
    x = array(x)
    count = shape_of(x)[0] if N is None else N
    if count == 0:
        return np.zeros((shape_of(x)[0], 0))
    powers = [x**k if k else np.ones(shape_of(x), x.dtype) for k in range(count)]
    return stack(powers if increasing else powers[::-1], axis=1)


def _lined_up(a: Any, b: Any) -> tuple[Any, Any]:
    """Two lists of coefficients with zeros in front of the shorter."""
    a, b = (flat(array(x)) for x in (a, b))
    longest = max(size_of(a), size_of(b))
    made = []
    for x in (a, b):
        missing = longest - size_of(x)
        made.append(concatenate([np.zeros(missing, dtype_of(x)), x]) if missing else x)
    return made[0], made[1]


@implements(np.polyadd)
def _polyadd(a1: Any, a2: Any) -> Any:
    a, b = _lined_up(a1, a2)
    return a + b


@implements(np.polysub)
def _polysub(a1: Any, a2: Any) -> Any:
    a, b = _lined_up(a1, a2)
    return a - b


@implements(np.polymul)
def _polymul(a1: Any, a2: Any) -> Any:
    return FUNCTIONS[np.convolve](flat(array(a1)), flat(array(a2)))


@implements(np.polyder)
def _polyder(p: Any, m: int = 1) -> Any:
    p = array(p)
    for _ in range(m):
        n = shape_of(p)[0]
        p = p[:-1] * np.arange(n - 1.0, 0.0, -1.0)
    return p


@implements(np.polyint)
def _polyint(p: Any, m: int = 1, k: Any = None) -> Any:
    p = array(p)
    constants = array([0.0] * m if k is None else k)
    for i in range(m):
        n = shape_of(p)[0]
        end = (
            constants if rank_of(constants) == 0 else constants[i if size_of(constants) > 1 else 0]
        )
        p = concatenate([p / np.arange(float(n), 0.0, -1.0), reshape(end, shape=(1,))])
    return p


@implements(np.poly)
def _poly(seq_of_zeros: Any) -> Any:
    zeros = array(seq_of_zeros)
    if rank_of(zeros) == 2:
        zeros = eigvals(zeros)
    p: Any = np.ones(1, zeros.dtype)
    for k in range(shape_of(zeros)[0]):
        p = _polysub(concatenate([p, np.zeros(1, zeros.dtype)]), p * zeros[k])
    return p


@implements(np.polyfit)
def _polyfit(x: Any, y: Any, deg: int, rcond: Any = None, **options: Any) -> Any:
    (w,) = taken({k: v for k, v in options.items() if v is not False}, "np.polyfit", "w")
    x, y = floating(x), floating(y)
    columns = _vander(x, deg + 1)
    if w is not None:
        w = array(w)
        columns = columns * reshape(w, shape=(-1, 1))
        y = y * (w if rank_of(y) == 1 else reshape(w, shape=(-1, 1)))
    # As np.polyfit: columns of length 1 make the least squares problem easier.
    scale = np.sqrt(np.sum(columns * columns, axis=0))
    found = matmul(pinv(columns / scale, rcond=size_of(x) * np.finfo(x.dtype).eps), y)
    return found / (scale if rank_of(y) == 1 else reshape(scale, shape=(-1, 1)))


@implements(np.linspace)
def linspace(start: Any, stop: Any, num: int = 50, endpoint: bool = True, **options: Any) -> Any:
    """np.linspace along the first axis."""
    (step,) = taken({k: v for k, v in options.items() if v}, "np.linspace", "retstep")
    start, stop = array(start), array(stop)
    rank = max(rank_of(start), rank_of(stop))
    like = start if isinstance(start, Carrier) else stop
    steps = constant(np.linspace(0.0, 1.0, num, endpoint), like).reshape(-1, *(1,) * rank)
    y = start * (1.0 - steps) + stop * steps
    intervals = num - 1 if endpoint else num
    return (y, (stop - start) / (intervals if intervals else math.nan)) if step else y


@implements(np.logspace)
def _logspace(
    start: Any, stop: Any, num: int = 50, endpoint: bool = True, base: Any = 10.0, **options: Any
) -> Any:
    return array(base) ** linspace(start, stop, num, endpoint, **options)


@implements(np.geomspace)
def _geomspace(start: Any, stop: Any, num: int = 50, endpoint: bool = True, **options: Any) -> Any:
    start, stop = array(start), array(stop)
    rank = max(rank_of(start), rank_of(stop))
    like = start if isinstance(start, Carrier) else stop
    taken({k: v for k, v in options.items() if v}, "np.geomspace")
    steps = constant(np.linspace(0.0, 1.0, num, endpoint), like).reshape(-1, *(1,) * rank)
    return start * (stop / start) ** steps
