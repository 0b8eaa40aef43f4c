"""One thread for matrix products while times are taken: how many there are depends on the machine
and on what else it does, and would be compared with code that takes one."""

from __future__ import annotations

import ctypes
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path

import numpy as np

PREFIXES, SUFFIXES = ("scipy_openblas_", "openblas_"), ("64_", "")
"""What the names of OpenBLAS's functions begin and end with, in the builds that NumPy has."""


@contextmanager
def one_blas_thread() -> Iterator[bool]:
    """Products of matrices take one thread inside. Whether that could be done is given: OpenBLAS,
    which NumPy's own packages have, can be told; for others there is OMP_NUM_THREADS=1.

    >>> with one_blas_thread() as told:
    ...     told in (True, False)
    True
    """
    functions = _openblas()
    if functions is None:
        yield False
        return
    get, put = functions
    before = get()
    put(1)
    try:
        yield True
    finally:
        put(before)


@cache
def _openblas() -> tuple[Callable[[], int], Callable[[int], None]] | None:
    """What gives and what sets the number of threads of NumPy's OpenBLAS, if that is there."""
    root = Path(np.__file__).parent
    folders = (root.parent / "numpy.libs", root / ".dylibs", root / ".libs")
    for path in (file for folder in folders for file in sorted(folder.glob("*openblas*"))):
        if not re.search(r"\.(so|dylib|dll)", path.name):
            continue
        library = ctypes.CDLL(str(path))
        for prefix in PREFIXES:
            for suffix in SUFFIXES:
                names = (f"{prefix}{verb}_num_threads{suffix}" for verb in ("get", "set"))
                found = [getattr(library, name, None) for name in names]
                if None not in found:
                    return found[0], found[1]  # type: ignore[return-value]
    return None
