"""The functions of np.fft: of real input, over several axes, with a length and a norm."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from admodes.core.carrier import FUNCTIONS, implements
from admodes.core.values import shape_of
from admodes.ops.complex import conj, real
from admodes.ops.fourier import fft, ifft
from admodes.ops.options import no_out
from admodes.ops.shaping import array, concatenate, rank_of


def _fitted(a: Any, n: int | None, axis: int) -> Any:
    """a cut or padded with zeros to n entries along an axis."""
    a = array(a)
    have = shape_of(a)[axis]
    if n is None or n == have:
        return a
    if n < have:
        return a[(*(slice(None),) * (axis % rank_of(a)), slice(0, n))]
    widths = [(0, 0)] * rank_of(a)
    widths[axis] = (0, n - have)
    return np.pad(a, widths)


def _half(a: Any, n: int, axis: int) -> Any:
    return a[(*(slice(None),) * (axis % rank_of(a)), slice(0, n // 2 + 1))]


def _fft(a: Any, n: int | None = None, axis: int = -1, norm: Any = None, out: None = None) -> Any:
    no_out(out, "np.fft")
    return fft(_fitted(a, n, axis), axis=axis, norm=norm)


def _ifft(a: Any, n: int | None = None, axis: int = -1, norm: Any = None, out: None = None) -> Any:
    no_out(out, "np.fft")
    return ifft(_fitted(a, n, axis), axis=axis, norm=norm)


def _rfft(a: Any, n: int | None = None, axis: int = -1, norm: Any = None, out: None = None) -> Any:
    no_out(out, "np.fft")
    a = _fitted(a, n, axis)
    return _half(fft(a, axis=axis, norm=norm), shape_of(a)[axis], axis)


def _whole(a: Any, n: int, axis: int) -> Any:
    """The spectrum of a real signal of n entries, from its half."""
    a = _fitted(a, n // 2 + 1, axis)
    before = (slice(None),) * (axis % rank_of(a))
    ends = [real(a[(*before, slice(0, 1))])]
    inner = a[(*before, slice(1, (n + 1) // 2))]
    middle = [real(a[(*before, slice(n // 2, n // 2 + 1))])] if n % 2 == 0 else []
    mirrored = conj(inner)[(*before, slice(None, None, -1))]
    return concatenate([*ends, inner, *middle, mirrored], axis % rank_of(a))


def _irfft(a: Any, n: int | None = None, axis: int = -1, norm: Any = None, out: None = None) -> Any:
    no_out(out, "np.fft")
    a = array(a)
    n = 2 * (shape_of(a)[axis] - 1) if n is None else n
    return real(ifft(_whole(a, n, axis), axis=axis, norm=norm))


def _hfft(a: Any, n: int | None = None, axis: int = -1, norm: Any = None, out: None = None) -> Any:
    no_out(out, "np.fft")
    a = array(a)
    n = 2 * (shape_of(a)[axis] - 1) if n is None else n
    return real(fft(_whole(a, n, axis), axis=axis, norm=norm))


def _ihfft(a: Any, n: int | None = None, axis: int = -1, norm: Any = None, out: None = None) -> Any:
    no_out(out, "np.fft")
    a = _fitted(a, n, axis)
    return _half(ifft(a, axis=axis, norm=norm), shape_of(a)[axis], axis)


def _over_axes(one: Callable, s: Any, axes: Any, a: Any, norm: Any, last: Callable | None = None):
    a = array(a)
    if axes is None:
        axes = range(rank_of(a)) if s is None else range(rank_of(a) - len(s), rank_of(a))
    axes = [int(k) for k in axes]
    sizes = [None] * len(axes) if s is None else list(s)
    for position, (n, k) in reversed(list(enumerate(zip(sizes, axes, strict=True)))):
        final = last is not None and position == len(axes) - 1
        a = (last if final else one)(a, n, k, norm)  # type: ignore[misc]
    return a


def _fftn(a: Any, s: Any = None, axes: Any = None, norm: Any = None, out: None = None) -> Any:
    no_out(out, "np.fft")
    return _over_axes(_fft, s, axes, a, norm)


def _ifftn(a: Any, s: Any = None, axes: Any = None, norm: Any = None, out: None = None) -> Any:
    no_out(out, "np.fft")
    return _over_axes(_ifft, s, axes, a, norm)


def _rfftn(a: Any, s: Any = None, axes: Any = None, norm: Any = None, out: None = None) -> Any:
    no_out(out, "np.fft")
    return _over_axes(_fft, s, axes, a, norm, last=_rfft)


def _irfftn(a: Any, s: Any = None, axes: Any = None, norm: Any = None, out: None = None) -> Any:
    no_out(out, "np.fft")
    a = array(a)
    if axes is None:
        axes = range(rank_of(a)) if s is None else range(rank_of(a) - len(s), rank_of(a))
    axes = list(axes)
    sizes = [None] * len(axes) if s is None else list(s)
    for n, k in zip(sizes[:-1], axes[:-1], strict=True):
        a = _ifft(a, n, k, norm)
    return _irfft(a, sizes[-1], axes[-1], norm)


def _two(many: Callable) -> Callable:
    def handler(
        a: Any, s: Any = None, axes: Any = (-2, -1), norm: Any = None, out: None = None
    ) -> Any:
        no_out(out, "np.fft")
        return many(a, s, axes, norm)

    return handler


def _shift(function: Callable, sign: int) -> None:
    @implements(function)
    def handler(x: Any, axes: Any = None) -> Any:
        shape = shape_of(x)
        axes = range(len(shape)) if axes is None else np.atleast_1d(axes)
        axes = tuple(int(k) for k in axes)
        steps = tuple(shape[k] // 2 if sign > 0 else -(shape[k] // 2) for k in axes)
        return FUNCTIONS[np.roll](x, steps, axes)


FUNCTIONS.update(
    {
        np.fft.fft: _fft,
        np.fft.ifft: _ifft,
        np.fft.rfft: _rfft,
        np.fft.irfft: _irfft,
        np.fft.hfft: _hfft,
        np.fft.ihfft: _ihfft,
        np.fft.fftn: _fftn,
        np.fft.ifftn: _ifftn,
        np.fft.rfftn: _rfftn,
        np.fft.irfftn: _irfftn,
        np.fft.fft2: _two(_fftn),
        np.fft.ifft2: _two(_ifftn),
        np.fft.rfft2: _two(_rfftn),
        np.fft.irfft2: _two(_irfftn),
    }
)
_shift(np.fft.fftshift, 1)
_shift(np.fft.ifftshift, -1)
