"""Values of operations on arrays to many digits: NumPy's own kernel on arrays of mpmath numbers
where it does no more than move, add, multiply and compare, and elimination for matrices."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from admodes.core.linear import Linear
from admodes.core.op import Op
from admodes.core.space import is_complex
from admodes.symbolic.arrays import boxed, entrywise, structural


class NotExact(TypeError):
    """An operation whose value is not had to more digits than a double has."""


def numbers_of(op: Op, args: Sequence[Any], params: dict | None) -> Any:
    """The value of an operation that is not elementwise, at mpmath's precision. Raises NotExact."""
    if any(map(is_complex, args)):
        raise NotExact(op.name)
    kernel = _MATRICES.get(op.name)
    try:
        if kernel is not None:
            found = _on_stacks(kernel, *map(boxed, args))
        else:
            found = structural(op, args, params)
    except (TypeError, AttributeError, ValueError, ZeroDivisionError) as error:
        raise NotExact(op.name) from error
    # What is not linear is no number of NumPy's, unless NumPy rounded it.
    kinds = (*WHOLE, float, np.floating) if isinstance(op, Linear) else WHOLE
    return entrywise(lambda x: _checked(x, kinds), found)


WHOLE = (bool, np.bool_, int, np.integer)


def _checked(x: Any, kinds: tuple) -> Any:
    import mpmath

    if isinstance(x, (mpmath.mpf, *kinds)):
        return x
    raise NotExact(type(x).__name__)


def _on_stacks(kernel: Callable, *args: np.ndarray) -> Any:
    """kernel on the matrices of a stack, one by one; stacks broadcast together."""
    lead = np.broadcast_shapes(*(a.shape[:-2] for a in args))
    spread = [np.broadcast_to(a, lead + a.shape[-2:]) for a in args]
    found = {index: kernel(*(a[index] for a in spread)) for index in np.ndindex(lead)}
    if not lead:
        return found[()]
    return np.array([found[index] for index in np.ndindex(lead)], dtype=object).reshape(
        lead + np.shape(found[next(iter(found))])
    )


def _eliminated(a: np.ndarray, b: np.ndarray) -> tuple[Any, np.ndarray]:
    """The determinant of A and the solution of A X = B, by elimination with pivots; where A is
    singular the determinant 0 and b as it is."""
    import mpmath

    a, b = a.astype(object), b.astype(object)
    n = len(a)
    det = mpmath.mpf(1)
    for k in range(n):
        pivot = max(range(k, n), key=lambda i: abs(a[i, k]))
        if a[pivot, k] == 0:
            return mpmath.mpf(0), b
        if pivot != k:
            a[[k, pivot]], b[[k, pivot]] = a[[pivot, k]], b[[pivot, k]]
            det = -det
        det *= a[k, k]
        for i in range(n):
            if i != k and a[i, k] != 0:
                factor = a[i, k] / a[k, k]
                a[i, k:] -= factor * a[k, k:]
                b[i] -= factor * b[k]
    return det, b / np.diagonal(a)[:, None]


def _solved(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    det, x = _eliminated(a, b)
    if det == 0:
        raise ZeroDivisionError
    return x


def _identity(n: int) -> np.ndarray:
    import mpmath

    return np.array([[mpmath.mpf(i == k) for k in range(n)] for i in range(n)], dtype=object)


def _det(a: np.ndarray) -> Any:
    return _eliminated(a, _identity(len(a)))[0]


def _logabsdet(a: np.ndarray) -> Any:
    import mpmath

    return mpmath.log(abs(_det(a)))


def _cholesky(a: np.ndarray) -> np.ndarray:
    """The lower triangular factor, from the lower triangle as NumPy reads it."""
    import mpmath

    n = len(a)
    found = 0 * _identity(n)
    for k in range(n):
        rest = a[k, k] - sum((x * x for x in found[k, :k]), mpmath.mpf(0))
        if rest <= 0:
            raise ValueError
        found[k, k] = mpmath.sqrt(rest)
        for i in range(k + 1, n):
            found[i, k] = (a[i, k] - np.dot(found[i, :k], found[k, :k])) / found[k, k]
    return found


_MATRICES: dict[str, Callable] = {
    "inv": lambda a: _solved(a, _identity(len(a))),
    "solve": _solved,
    "det": _det,
    "logabsdet": _logabsdet,
    "cholesky": _cholesky,
}
