"""The QR decomposition by scipy's LAPACK, where it is installed, for a generator of array code: the
same reflections as NumPy's, which calls them through several functions and takes twice as long for
matrices of a few columns."""

from __future__ import annotations

import functools
from collections.abc import Callable
from importlib.util import find_spec
from typing import Any

import numpy as np

from admodes.core.op import REGISTRY, Op
from admodes.optimisation.folding import Folding, Table, by_kernel

QR = REGISTRY["qr"]


@functools.cache
def _routines() -> tuple[Callable[..., tuple], Callable[..., tuple]]:
    from scipy.linalg.lapack import dgeqrf, dorgqr

    return dgeqrf, dorgqr


def _decomposed(a: np.ndarray) -> np.ndarray:
    """The factors of a matrix with at least as many rows as columns, in one vector."""
    factor, orthogonal = _routines()
    n = a.shape[1]
    packed, scales, _, _ = factor(a)
    r = np.triu(packed[:n])
    q, _, _ = orthogonal(packed, scales, overwrite_a=1)
    return np.concatenate([q.ravel(), r.ravel()])


DIRECT = by_kernel(
    QR,
    _decomposed,
    "qr_direct",
    "The thin QR decomposition of one real matrix in one vector.",
)


def qr(copy: Folding, op: Op, args: tuple, params: Any, value: Any) -> Any:
    """That of one matrix of doubles."""
    a = copy.value(args[0])
    if a.ndim != 2 or a.dtype != np.float64 or not a.size or not find_spec("scipy"):
        return None
    return copy.row(DIRECT, args, params, value)


TABLE: Table = {QR: (qr,)}
