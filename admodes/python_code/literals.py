"""Values as Python expressions that give the same value: numbers, arrays, indices, dtypes."""

from __future__ import annotations

import ast
import math
from collections.abc import Callable
from typing import Any

import numpy as np

from admodes.errors import BadValue

INLINE = 6
"""Arrays of so many entries stand where they are used; larger ones get a name."""


def numpy_name(*path: str) -> ast.expr:
    """np.a.b"""
    node: ast.expr = ast.Name("np")
    for part in path:
        node = ast.Attribute(node, part)
    return node


def called(function: ast.expr, *args: ast.expr, **keywords: ast.expr) -> ast.expr:
    """function(*args, **keywords)"""
    return ast.Call(function, list(args), [ast.keyword(k, v) for k, v in keywords.items()])


def literal(x: Any, array: Callable[[np.ndarray], ast.expr] | None = None) -> ast.expr:
    """An expression whose value is x; array is how arrays in it are written. Raises ValueError for
    what has none.

    >>> ast.unparse(literal((slice(None), -1, np.array([1.0, np.inf]))))
    'np.s_[:, -1, np.array([1.0, np.inf])]'
    """
    if isinstance(x, np.ndarray):
        return (array or array_literal)(x)
    if isinstance(x, (np.dtype, type)) and issubclass(np.dtype(x).type, np.generic):
        return numpy_name(_dtype_name(np.dtype(x)))
    if isinstance(x, np.generic):
        x = x.item()
    if isinstance(x, bool) or x is None or x is Ellipsis or isinstance(x, str):
        return ast.Constant(x)
    if isinstance(x, (int, float)):
        return _real(x)
    if isinstance(x, complex):
        return ast.BinOp(_real(x.real), ast.Add(), ast.Constant(x.imag * 1j))
    if isinstance(x, slice):
        return ast.Subscript(numpy_name("s_"), _part(x, array))
    if isinstance(x, tuple) and any(isinstance(part, slice) for part in x):
        return ast.Subscript(numpy_name("s_"), ast.Tuple([_part(part, array) for part in x]))
    if isinstance(x, (tuple, list)):
        kind = ast.Tuple if isinstance(x, tuple) else ast.List
        return kind([literal(part, array) for part in x])
    raise BadValue(f"code: {x!r} cannot be printed as Python")


def _real(x: float) -> ast.expr:
    if math.isnan(x):
        return numpy_name("nan")
    if x < 0 or (x == 0 and math.copysign(1.0, x) < 0):
        return ast.UnaryOp(ast.USub(), _real(-x))
    return numpy_name("inf") if math.isinf(x) else ast.Constant(x)


def _part(x: Any, array: Callable[[np.ndarray], ast.expr] | None) -> ast.expr:
    """An entry of an index."""
    if not isinstance(x, slice):
        return literal(x, array)
    parts = (None if p is None else literal(p) for p in (x.start, x.stop, x.step))
    return ast.Slice(*parts)


def _dtype_name(dtype: np.dtype) -> str:
    return "bool_" if dtype.kind == "b" else dtype.name


def array_literal(x: np.ndarray) -> ast.expr:
    """An array written out."""
    own = {} if x.dtype == np.float64 else {"dtype": literal(x.dtype)}
    shape = literal(x.shape if x.ndim != 1 else x.shape[0])
    if x.size > 1 and np.all(x == x.flat[0]) and not np.any(np.signbit(x) & (x == 0)):
        first = x.flat[0]
        if first in (0, 1) and x.dtype.kind != "b":
            return called(numpy_name("ones" if first else "zeros"), shape, **own)
        return called(numpy_name("full"), shape, literal(first), **own)
    if x.size == 0:
        return called(numpy_name("zeros"), shape, **own)
    if x.ndim == 1 and x.dtype.kind == "i" and x.size > 2:
        start, step = int(x[0]), int(x[1] - x[0])
        if step and np.array_equal(x, start + step * np.arange(x.size)):
            ends = (start, start + step * x.size, step)
            given = ends[1:2] if (start, step) == (0, 1) else ends[: 2 if step == 1 else 3]
            return called(numpy_name("arange"), *map(literal, given))
    plain = x.dtype.kind == "b" or x.dtype == np.int64
    return called(numpy_name("array"), literal(x.tolist()), **({} if plain else own))


def is_large(x: Any) -> bool:
    """Whether an array is better given a name than printed where it is used."""
    if not isinstance(x, np.ndarray) or x.size <= INLINE:
        return False
    return len(ast.unparse(array_literal(x))) > 40
