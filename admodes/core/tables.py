"""Dispatch tables: what is called in place of a function of NumPy or SciPy when a traced value is
among its arguments. The declarations of the operations fill them, and carriers look in them.
`INSTEAD` is filled here: what error messages tell users to write instead."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

UFUNCS: dict[Any, Any] = {}
"""NumPy ufunc -> operation, or a function of the same arguments; filled by registration."""

SCIPY: dict[str, Callable[..., Any]] = {}
"""Name of a ufunc in scipy.special -> operation, or a function of the same arguments."""

FUNCTIONS: dict[Any, Callable[..., Any]] = {}
"""NumPy function -> function of the same signature that takes carriers."""

METHODS: dict[str, Callable[..., Any]] = {}
"""ufunc method (reduce, accumulate, outer) -> function of the ufunc, its operation and its
arguments; filled by the operations."""

INSTEAD: dict[str, str] = {
    "array": "ad.array([…])",
    "asarray": "ad.array([…])",
    "asanyarray": "ad.array([…])",
    "ascontiguousarray": "ad.array([…])",
    "fsum": "np.sum",
    "fmean": "np.mean",
    "stdev": "np.std(x, ddof=1)",
    "variance": "np.var(x, ddof=1)",
    "pstdev": "np.std",
    "pvariance": "np.var",
    "full": "x * np.ones(shape)",
    "float64": "x.astype(np.float64)",
    "float32": "x.astype(np.float32)",
    "float16": "x.astype(np.float16)",
    "complex128": "x + 0j",
    "complex64": "x + np.complex64(0)",
    "c_": "np.column_stack([…])",
    "r_": "np.concatenate([…])",
    "vectorize": "ad.vmap(f)",
    "np.polynomial": "np.polyval(c[::-1], x), or the sum of the terms,",
    "np.random": "mu + sigma * np.random.standard_normal(), with draws that have no parameters,",
    "scipy.sparse": "A @ x, or A.toarray() for the rest",
}
"""Last name of a function that takes plain numbers only, or package -> what to write. Operations
and NumPy's functions of the same name need no entry."""
