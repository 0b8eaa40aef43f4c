"""The declarations of the discrete Fourier transforms, which are linear.

A complex transform is symmetric: its transpose is itself. That of a real one gives half of the
spectrum, which stands for the other half too, so its transpose is the inverse one on a spectrum
whose inner entries are halved; the normalisations of NumPy tell how to scale.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from admodes.core.linear import linear
from admodes.core.op import Op
from admodes.core.structure import ALONG


def _transform(name: str, function: Callable) -> Op:
    op: Op = linear(
        name,
        lambda x, axis, norm: function(x, axis=axis, norm=norm),
        lambda w, y, x, axis, norm: op(w, axis=axis, norm=norm),
        structure=ALONG,
        kind="functions",
        doc=f"np.fft.{name} along one axis.",
    )
    return op


fft = _transform("fft", np.fft.fft)
ifft = _transform("ifft", np.fft.ifft)

INVERSE_NORM = {None: "forward", "backward": "forward", "forward": "backward", "ortho": "ortho"}
"""The normalisation of the inverse transform that multiplies by the same factor."""


def _inner_times(c: float, spectrum: np.ndarray, n: int, axis: int) -> np.ndarray:
    """Half of a spectrum in whose place its inner entries are taken times a number."""
    axis %= spectrum.ndim
    parts = spectrum.view(spectrum.real.dtype)
    each = 2 if axis == spectrum.ndim - 1 else 1
    parts[(slice(None),) * axis + (slice(each, each * ((n + 1) // 2)),)] *= c
    return spectrum


def _rfft_transposed(w: Any, n: int, axis: int, norm: Any) -> Any:
    spectrum = _inner_times(0.5, np.conj(w, order="C"), n, axis)
    return np.fft.irfft(spectrum, n, axis=axis, norm=norm)


def _irfft_transposed(w: Any, n: int, axis: int, norm: Any) -> Any:
    spectrum = np.fft.rfft(w, axis=axis, norm=norm)
    return _inner_times(2.0, np.conj(spectrum, order="C"), n, axis)


def _half(name: str, value: Callable, transposed: Callable, of_real: bool) -> tuple[Op, Op]:
    """A transform of n real entries (of_real) or to these, and its transpose, which is told the
    normalisation of the inverse transform that it calls."""

    def declared(name: str, value: Callable, other: Callable[[], Op], real: bool, doc: str) -> Op:
        return linear(
            name,
            value,
            lambda w, y, x, n, axis, norm: other()(w, n=n, axis=axis, norm=INVERSE_NORM[norm]),
            structure=ALONG,
            kind="functions",
            takes_complex=not real,
            conjugates=True,
            doc=doc,
        )

    doc = f"np.fft.{name}, with n real entries along one axis."
    op: Op = declared(name, value, lambda: back, of_real, doc)
    doc = f"The transpose of {name}."
    back: Op = declared(f"{name}_transposed", transposed, lambda: op, not of_real, doc)
    return op, back


rfft, rfft_transposed = _half(
    "rfft",
    lambda x, n, axis, norm: np.fft.rfft(x, axis=axis, norm=norm),
    _rfft_transposed,
    of_real=True,
)
irfft, irfft_transposed = _half(
    "irfft",
    lambda x, n, axis, norm: np.fft.irfft(x, n, axis=axis, norm=norm),
    _irfft_transposed,
    of_real=False,
)
