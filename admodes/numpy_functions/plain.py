"""NumPy's functions that give positions, truth values, texts or files, which have no derivative."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from admodes.core.carrier import implements
from admodes.ops.options import steered

PLAIN = (
    *(np.argmax, np.argmin, np.nanargmax, np.nanargmin, np.nonzero, np.flatnonzero, np.argwhere),
    *(np.searchsorted, np.digitize, np.lexsort, np.unravel_index),
    *(np.isin, np.allclose),
    *(np.isclose, np.array_equal, np.array_equiv, np.isposinf, np.isneginf, np.iscomplex),
    *(np.isreal, np.isscalar, np.array_repr, np.array_str, np.array2string, np.can_cast),
    *(np.min_scalar_type, np.common_type, np.shares_memory, np.may_share_memory, np.save),
    *(np.savetxt, np.savez, np.savez_compressed, np.linalg.matrix_rank, np.einsum_path),
    *(np.tril_indices_from, np.triu_indices_from, np.diag_indices_from),
)
"""Functions applied to the plain values."""


def _enter(function: Callable) -> None:
    @implements(function)
    def handler(*args: Any, **kwargs: Any) -> Any:
        return steered(function, *args, **kwargs)


for _function in PLAIN:
    _enter(_function)
