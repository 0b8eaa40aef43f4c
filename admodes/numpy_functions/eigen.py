"""NumPy's eigenvalues of matrices that need not be symmetric, and roots of polynomials, on traced
values."""

from __future__ import annotations

from typing import Any

import numpy as np

from admodes.core.carrier import implements, settled
from admodes.core.values import shape_of
from admodes.errors import BadValue
from admodes.numpy_functions.linalg import square_matrix
from admodes.ops.decompositions import unpacked
from admodes.ops.eigen import eig
from admodes.ops.shaping import array


@implements(np.linalg.eig)
def _eig(a: Any) -> Any:
    a = square_matrix(a, "eig")
    lead, n = shape_of(a)[:-2], shape_of(a)[-1]
    return type(np.linalg.eig(np.eye(1)))(*unpacked(eig(a), lead, [(n,), (n, n)]))


@implements(np.linalg.eigvals)
def eigvals(a: Any) -> Any:
    """np.linalg.eigvals."""
    return _eig(a)[0]


@implements(np.roots)
def _roots(p: Any) -> Any:
    p = array(p)
    n = shape_of(p)[0] - 1
    if n < 1:
        return np.zeros(0)
    if settled(lambda plain: np.any(plain[..., [0, n]] == 0), p):
        raise BadValue(
            "np.roots of a traced value: the first and the last coefficient must not be 0, since "
            "the number of roots depends on them"
        )
    companion = np.vstack([-(p[1:] / p[0])[None, :], np.eye(n - 1, n, dtype=p.dtype)])
    return eigvals(companion)
