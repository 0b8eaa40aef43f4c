"""The declarations of eigenvalues and eigenvectors of matrices that need not be symmetric.

Tangents after M. B. Giles (2008). An eigenvector is determined up to a complex factor; LAPACK gives
the one of length 1 whose largest component is real, and so does its derivative.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from admodes.core.op import REGISTRY, Op
from admodes.core.space import is_complex
from admodes.core.structure import MATRICES
from admodes.core.tangential import tangential
from admodes.core.values import shape_of
from admodes.ops.arithmetic import absolute_square
from admodes.ops.comparisons import equal, where
from admodes.ops.decompositions import gaps_of, joined, unpacked
from admodes.ops.linalg import diagonal, solve
from admodes.ops.products import matmul
from admodes.ops.reductions import amax, sum_
from admodes.ops.strong import strong_mul


def _value(a: Any) -> Any:
    w, v = np.linalg.eig(a)
    return np.concatenate([w[..., None, :], v], axis=-2).reshape(*a.shape[:-2], -1)


def _tangent(tangents: list, y: Any, a: Any) -> Any:
    lead, n = shape_of(a)[:-2], shape_of(a)[-1]
    w, v = unpacked(y, lead, [(n,), (n, n)])
    inside = solve(v, matmul(tangents[0], v))
    dv = matmul(v, strong_mul(gaps_of(w), inside))
    return joined(lead, diagonal(inside), dv + v * _turn(v, dv))


def _turn(v: Any, dv: Any) -> Any:
    """What is to be added of each column to its tangent, so that its length stays 1 and its
    largest component real."""
    if not is_complex(v):
        return -sum_(v * dv, axis=-2, keepdims=True)
    along = REGISTRY["conj"](v) * dv
    stretch = sum_(REGISTRY["real"](along), axis=-2, keepdims=True)
    size = absolute_square(v)
    largest = where(equal(size, amax(size, axis=-2, keepdims=True)), 1.0, 0.0)
    turned = sum_(largest * REGISTRY["imag"](along), axis=-2, keepdims=True)
    angle = turned / sum_(largest * size, axis=-2, keepdims=True)
    return REGISTRY["times_i"](angle, sign=-1.0) - stretch


eig: Op = tangential(
    "eig",
    _value,
    _tangent,
    structure=MATRICES,
    takes_complex=True,
    conjugates=True,
    doc="The eigenvalues and eigenvectors of a square matrix in one vector, real where all are. "
    "Derivatives of the eigenvectors need eigenvalues that differ.",
)
