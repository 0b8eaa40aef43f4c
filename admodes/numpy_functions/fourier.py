"""The functions of np.fft on traced values: of real input, over several axes, with a length and a
norm."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from admodes.core.carrier import FUNCTIONS, implements
from admodes.core.op import Op
from admodes.core.values import shape_of
from admodes.ops.complex import conj
from admodes.ops.fourier import INVERSE_NORM, fft, ifft, irfft, rfft
from admodes.ops.options import no_out
from admodes.ops.shaping import array, rank_of

Along = Callable[[Any, int | None, int, Any], Any]
"""(array, length, axis, norm) -> the transform along the axis."""


def _cut(a: Any, axis: int, part: slice) -> Any:
    return a[(*(slice(None),) * (axis % rank_of(a)), part)]


def _fitted(a: Any, n: int | None, axis: int) -> Any:
    """a cut or padded with zeros to n entries along an axis."""
    a = array(a)
    have = shape_of(a)[axis]
    if n is None or n == have:
        return a
    if n < have:
        return _cut(a, axis, slice(0, n))
    widths = [(0, 0)] * rank_of(a)
    widths[axis] = (0, n - have)
    return np.pad(a, widths)


def _complex(op: Op) -> Along:
    return lambda a, n, axis, norm: op(_fitted(a, n, axis), axis=axis, norm=norm)


def _of_real(a: Any, n: int | None, axis: int, norm: Any) -> Any:
    """The half of the spectrum of a real signal that tells all of it."""
    a = _fitted(a, n, axis)
    return rfft(a, n=shape_of(a)[axis], axis=axis, norm=norm)


def _to_real(a: Any, n: int | None, axis: int, norm: Any) -> Any:
    """A real signal of n entries, from the half of its spectrum."""
    a = array(a)
    n = 2 * (shape_of(a)[axis] - 1) if n is None else n
    return irfft(_fitted(a, n // 2 + 1, axis), n=n, axis=axis, norm=norm)


ALONG: dict[str, Along] = {
    "fft": _complex(fft),
    "ifft": _complex(ifft),
    "rfft": _of_real,
    "irfft": _to_real,
    "hfft": lambda a, n, axis, norm: _to_real(conj(a), n, axis, INVERSE_NORM[norm]),
    "ihfft": lambda a, n, axis, norm: conj(_of_real(a, n, axis, INVERSE_NORM[norm])),
}


def _over_one_axis(along: Along) -> Callable:
    def handler(
        a: Any, n: int | None = None, axis: int = -1, norm: Any = None, out: None = None
    ) -> Any:
        no_out(out, "np.fft")
        return along(a, n, axis, norm)

    return handler


def _over_axes(others: Along, last: Along, last_first: bool, axes: Any) -> Callable:
    """By one transform along the last axis and another along those before it; axes: the default."""

    def handler(a: Any, s: Any = None, axes: Any = axes, norm: Any = None, out: None = None) -> Any:
        no_out(out, "np.fft")
        a = array(a)
        if axes is None:
            axes = range(rank_of(a)) if s is None else range(rank_of(a) - len(s), rank_of(a))
        axes = list(map(int, axes))
        lengths = [None] * len(axes) if s is None else s
        kinds = [*[others] * (len(axes) - 1), last][: len(axes)]
        steps = list(zip(kinds, lengths, axes, strict=True))
        for along, n, k in reversed(steps) if last_first else steps:
            a = along(a, n, k, norm)
        return a

    return handler


for _name, _along in ALONG.items():
    FUNCTIONS[getattr(np.fft, _name)] = _over_one_axis(_along)
for _ending, _axes in (("n", None), ("2", (-2, -1))):
    for _name, _others in (("fft", "fft"), ("ifft", "ifft"), ("rfft", "fft"), ("irfft", "ifft")):
        FUNCTIONS[getattr(np.fft, _name + _ending)] = _over_axes(
            ALONG[_others], ALONG[_name], _name != "irfft", _axes
        )


def _shift(function: Callable, sign: int) -> None:
    @implements(function)
    def handler(x: Any, axes: Any = None) -> Any:
        shape = shape_of(x)
        axes = range(len(shape)) if axes is None else np.atleast_1d(axes)
        axes = tuple(int(k) for k in axes)
        steps = tuple(shape[k] // 2 if sign > 0 else -(shape[k] // 2) for k in axes)
        return FUNCTIONS[np.roll](x, steps, axes)


_shift(np.fft.fftshift, 1)
_shift(np.fft.ifftshift, -1)
