"""det: the determinant by expansion of minors along the first row,

    det A = Σ_j (−1)^j a_0j · det(A without row 0 and column j),

and so on for the minors; its gradient are the cofactors. None of the n! products is shared between
minors: that is the work that the eval asks for.

Up to SMALL rows all minors of one size are an array: there are n!/m! of size m, one for each way to
leave out columns in turn, and each is the sum of an entry times a minor of size m − 1, over its m
columns. Larger ones are expanded one by one, and each size is a block.
"""

from __future__ import annotations

import math
from functools import cache
from typing import Any

import numpy as np

from admodes.derivatives.gradients import grad
from admodes.errors import BadValue
from admodes.lab.gradbench.blocks import Block
from admodes.lab.gradbench.programs import PROGRAMS, Prepared
from admodes.lab.gradbench.reading import Fields

SMALL = 8
"""Rows up to which minors of one size are an array; beyond, it would not fit into caches."""
LARGEST = 12
"""Rows up to which the expansion can be calculated: 12! products are half a minute."""


@cache
def columns(n: int) -> list[np.ndarray]:
    """For m = 1 … n the columns of all minors of size m that the expansion of n columns comes to, a
    row each: those of one minor of size m + 1 follow one another."""
    found = [np.arange(n)[None, :]]
    for m in range(n, 1, -1):
        others = np.array([[c for c in range(m) if c != j] for j in range(m)])
        found.append(found[-1][:, others].reshape(-1, m - 1))
    return found[::-1]


def expanded(a: Any) -> Any:
    """The determinant of a small matrix, all minors of one size at once."""
    n = len(a)
    minors = np.ones(math.factorial(n))
    for m, chosen in enumerate(columns(n), 1):
        signs = (-1.0) ** np.arange(m)
        entries = a[n - m][chosen]
        minors = np.sum(signs * entries * np.reshape(minors, (-1, m)), axis=1)
    return minors[0]


def determinant(a: Any, minor: Any = None) -> Any:
    """The determinant of a matrix. minor calculates those without row 0 and a column; by default
    they are expanded in the same way."""
    n = len(a)
    if n <= SMALL:
        return expanded(a)
    minor = minor or determinant
    terms = [
        (-1.0) ** j * a[0, j] * minor(a[1:, [c for c in range(n) if c != j]]) for j in range(n)
    ]
    return np.sum(np.stack(terms))


def blocked(n: int) -> Any:
    """The determinant of n rows, with the minors of each large size as one block."""
    if n <= SMALL:
        return expanded
    minor = Block(blocked(n - 1), (n - 1, n - 1))
    return lambda a: determinant(a, minor)


def primal(data: Any) -> Prepared:
    a = _matrix(data)
    return Prepared(PROGRAMS.ready(("det",), lambda: blocked(len(a)), a))


def gradient(data: Any) -> Prepared:
    a = _matrix(data)
    return Prepared(PROGRAMS.ready(("det'",), lambda: grad(blocked(len(a))), a), np.ravel)


def _matrix(data: Any) -> np.ndarray:
    fields = Fields(data)
    n = fields.whole("ell", 1)
    if n > LARGEST:
        raise BadValue(f"ell = {n}: the expansion is calculated for up to {LARGEST} rows")
    return fields.array("A", n * n).reshape(n, n)
