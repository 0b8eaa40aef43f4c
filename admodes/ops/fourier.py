"""The declarations of the discrete Fourier transform and its inverse, which are linear.

A complex transform is symmetric: its transpose is itself. The real ones pass through the complex
ones, which NumPy's normalisation makes exact.
"""

from __future__ import annotations

from collections.abc import Callable

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
