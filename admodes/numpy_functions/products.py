"""NumPy's products of arrays on traced values, by the operations matmul and einsum: dot, tensordot,
kron, cross, trace, convolve and others."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from admodes.core.carrier import FUNCTIONS, UFUNCS, Carrier, implements
from admodes.core.values import shape_of
from admodes.errors import BadValue
from admodes.numpy_functions.layout import flat, moveaxis, size_of
from admodes.ops.arithmetic import multiply
from admodes.ops.convolutions import convolve
from admodes.ops.options import no_out, prepared, taken
from admodes.ops.products import _column, _letters, einsum_, matmul
from admodes.ops.reductions import sum_
from admodes.ops.shaping import (
    array,
    rank_of,
    reshape,
    stack,
    transpose,
)
from admodes.ops.sparse_products import sparse_product


def _is_sparse(x: Any) -> bool:
    """Whether x is a sparse matrix of scipy."""
    plain = x.__class__ is np.ndarray or isinstance(x, Carrier)
    return not plain and hasattr(x, "tocsr")


def _matmul(self: Any, other: Any) -> Any:
    if _is_sparse(other):
        return sparse_product(self, other, left=True)
    return self.binary(matmul, self, _arrayed(other))


def _reflected_matmul(self: Any, other: Any) -> Any:
    if _is_sparse(other):
        return sparse_product(other, self)
    return self.binary(matmul, _arrayed(other), self)


def _arrayed(x: Any) -> Any:
    return array(x) if isinstance(x, (list, tuple)) else x


setattr(Carrier, "__matmul__", _matmul)  # noqa: B010
setattr(Carrier, "__rmatmul__", _reflected_matmul)  # noqa: B010


@implements(np.dot)
def dot(a: Any, b: Any, out: None = None) -> Any:
    """np.dot: numbers scale, otherwise the last axis of a meets the last but one of b."""
    no_out(out, "np.dot")
    a, b = array(a), array(b)
    left, right = rank_of(a), rank_of(b)
    if left == 0 or right == 0:
        return multiply(a, b)
    if right <= 2:
        return matmul(a, b)
    return tensordot(a, b, ((-1,), (-2,)))


@implements(np.vdot)
def _vdot(a: Any, b: Any) -> Any:
    return matmul(np.conj(flat(array(a))), flat(array(b)))


@implements(np.inner)
def _inner(a: Any, b: Any) -> Any:
    a, b = array(a), array(b)
    if rank_of(a) == 0 or rank_of(b) == 0:
        return multiply(a, b)
    return tensordot(a, b, ((-1,), (-1,)))


@implements(np.outer, *([np.linalg.outer] if hasattr(np.linalg, "outer") else []))
def _outer(a: Any, b: Any, out: None = None) -> Any:
    no_out(out, "np.outer")
    return multiply(_column(flat(array(a))), flat(array(b)))


@implements(np.tensordot, *([np.linalg.tensordot] if hasattr(np.linalg, "tensordot") else []))
def tensordot(a: Any, b: Any, axes: Any = 2) -> Any:
    """np.tensordot, as one matrix product."""
    a, b = array(a), array(b)
    if not (rank_of(a) and rank_of(b)) and np.size(axes) in (1, 0) and not np.any(axes):
        return multiply(reshape(a, shape=shape_of(a) + (1,) * rank_of(b)), b)
    if np.ndim(axes) == 0:
        left, right = list(range(rank_of(a) - axes, rank_of(a))), list(range(axes))
    else:
        left, right = (list(np.atleast_1d(ks)) for ks in axes)
    left = [k % rank_of(a) for k in left]
    right = [k % rank_of(b) for k in right]
    if [shape_of(a)[k] for k in left] != [shape_of(b)[k] for k in right]:
        raise BadValue(
            f"tensordot: axes {left} of shape {shape_of(a)} do not fit axes {right} of shape "
            f"{shape_of(b)}"
        )
    rows = [k for k in range(rank_of(a)) if k not in left]
    columns = [k for k in range(rank_of(b)) if k not in right]
    outer = tuple(shape_of(a)[k] for k in rows), tuple(shape_of(b)[k] for k in columns)
    inner = math.prod(shape_of(a)[k] for k in left)
    one = reshape(transpose(a, axes=(*rows, *left)), shape=(math.prod(outer[0]), inner))
    two = reshape(transpose(b, axes=(*right, *columns)), shape=(inner, math.prod(outer[1])))
    return reshape(matmul(one, two), shape=outer[0] + outer[1])


@implements(np.kron)
def _kron(a: Any, b: Any) -> Any:
    a, b = array(a), array(b)
    rank = max(rank_of(a), rank_of(b))
    left = (1,) * (rank - rank_of(a)) + shape_of(a)
    right = (1,) * (rank - rank_of(b)) + shape_of(b)
    spread = reshape(a, shape=tuple(n for k in left for n in (k, 1)))
    tiles = reshape(b, shape=tuple(n for k in right for n in (1, k)))
    return reshape(spread * tiles, shape=tuple(m * n for m, n in zip(left, right, strict=True)))


@implements(np.cross, *([np.linalg.cross] if hasattr(np.linalg, "cross") else []))
def _cross(
    a: Any, b: Any, axisa: int = -1, axisb: int = -1, axisc: int = -1, axis: int | None = None
) -> Any:
    if axis is not None:
        axisa = axisb = axisc = axis
    a, b = moveaxis(array(a), axisa, -1), moveaxis(array(b), axisb, -1)
    if shape_of(a)[-1] != 3 or shape_of(b)[-1] != 3:
        raise BadValue("np.cross of a traced value takes vectors of length 3")
    (a0, a1, a2), (b0, b1, b2) = ([x[..., k] for k in range(3)] for x in (a, b))
    y = stack([a1 * b2 - a2 * b1, a2 * b0 - a0 * b2, a0 * b1 - a1 * b0], axis=-1)
    return moveaxis(y, -1, axisc)


@implements(np.trace, *([np.linalg.trace] if hasattr(np.linalg, "trace") else []))
def _trace(a: Any, offset: int = 0, axis1: int = 0, axis2: int = 1, **options: Any) -> Any:
    taken(options, "np.trace")
    return sum_(FUNCTIONS[np.diagonal](a, offset, axis1, axis2), axis=-1)


if hasattr(np.linalg, "trace"):
    FUNCTIONS[np.linalg.trace] = lambda x, /, *, offset=0: _trace(x, offset, -2, -1)
    FUNCTIONS[np.linalg.diagonal] = lambda x, /, *, offset=0: FUNCTIONS[np.diagonal](
        x, offset, -2, -1
    )
    FUNCTIONS[np.linalg.matmul] = lambda x1, x2, /: matmul(x1, x2)
    FUNCTIONS[np.linalg.vecdot] = FUNCTIONS.get(np.vecdot) or (
        lambda x1, x2, /, axis=-1: sum_(np.conj(x1) * x2, axis=axis)
    )
    UFUNCS[np.vecdot] = lambda x1, x2: sum_(np.conj(x1) * x2, axis=-1)  # type: ignore[assignment]
    if hasattr(np, "matvec"):
        UFUNCS[np.matvec] = lambda a, x: matmul(a, _column(x))[..., 0]  # type: ignore[assignment]
        UFUNCS[np.vecmat] = (
            lambda x, a: matmul(  # type: ignore[assignment]
                reshape(np.conj(x), shape=(*shape_of(x)[:-1], 1, shape_of(x)[-1])), a
            )[..., 0, :]
        )


def _explicit(subscripts: str, operands: list) -> tuple[list[str], str]:
    """The subscripts of the operands and of the result, with letters in place of ...."""
    text = subscripts.replace(" ", "")
    inputs, arrow, output = text.partition("->")
    terms = inputs.split(",")
    if len(terms) != len(operands):
        raise BadValue(f"einsum {subscripts!r} names {len(terms)} operands, got {len(operands)}")
    ranks = [rank_of(x) - len(t.replace("...", "")) for t, x in zip(terms, operands, strict=True)]
    for t, rank in zip(terms, ranks, strict=True):
        if rank < 0 or (rank and "..." not in t):
            raise BadValue(f"einsum {subscripts!r}: {t!r} does not fit the operand's shape")
    free = _letters(text)
    dots = [next(free) for _ in range(max([0, *(r for t, r in zip(terms, ranks) if "..." in t)]))]
    terms = [
        t.replace("...", "".join(dots[len(dots) - r :])) for t, r in zip(terms, ranks, strict=True)
    ]
    if not arrow:
        joined = inputs.replace(",", "").replace(".", "")
        output = "".join(dots) + "".join(sorted(c for c in set(joined) if joined.count(c) == 1))
    return terms, output.replace("...", "".join(dots))


def _on_diagonal(x: Any, term: str) -> tuple[Any, str]:
    """x and its subscripts without repeated letters."""
    for letter in term:
        while term.count(letter) > 1:
            first = term.index(letter)
            second = term.index(letter, first + 1)
            x = FUNCTIONS[np.diagonal](x, 0, first, second)
            term = term[:first] + term[first + 1 : second] + term[second + 1 :] + letter
    return x, term


def _from_lists(given: list[Any]) -> tuple[str, tuple[Any, ...]]:
    """operand, [0, 1], operand, [1, 2], …, [0, 2] as subscripts with letters and operands."""
    from string import ascii_letters

    output = [given.pop()] if len(given) % 2 else []
    lists = [list(k) for k in (*given[1::2], *output)]
    numbers = sorted({k for line in lists for k in line if k is not Ellipsis})
    letters: dict[Any, str] = dict(zip(numbers, ascii_letters, strict=False))
    words = ["".join((letters | {Ellipsis: "..."})[k] for k in line) for line in lists]
    terms = ",".join(words[: len(given) // 2])
    return (f"{terms}->{words[-1]}" if output else terms), tuple(given[::2])


@implements(np.einsum)
def einsum(subscripts: Any, *operands: Any, optimize: Any = False, **options: Any) -> Any:
    """np.einsum in full: repeated and implicit subscripts, ellipsis, any number of operands, and
    subscripts as lists of numbers."""
    if not isinstance(subscripts, str):
        subscripts, operands = _from_lists([subscripts, *operands])
    options.pop("order", None), options.pop("casting", None)
    kind = {"dtype": options.pop("dtype", None)}
    taken(options, "np.einsum")
    values = [prepared(x, kind, "np.einsum")[0] for x in operands]
    terms, output = _explicit(subscripts, values)
    pairs = [_on_diagonal(x, t) for x, t in zip(values, terms, strict=True)]
    unknown = sorted(set(output) - set("".join(terms)))
    if unknown:
        raise BadValue(
            f"einsum {subscripts!r}: {', '.join(unknown)} of the result is not among the operands"
        )
    return einsum_(*(x for x, _ in pairs), terms=tuple(t for _, t in pairs), output=output)


@implements(np.convolve)
def _convolve(a: Any, v: Any, mode: str = "full") -> Any:
    a, v = (reshape(x, shape=(1,)) if shape_of(x) == () else x for x in map(array, (a, v)))
    if mode not in ("full", "same", "valid"):
        raise BadValue(f"np.convolve: mode {mode!r} is none of full, same, valid")
    if rank_of(a) != 1 or rank_of(v) != 1 or not size_of(a) or not size_of(v):
        shapes = f"{shape_of(a)} and {shape_of(v)}"
        raise BadValue(f"np.convolve takes vectors that are not empty, got shapes {shapes}")
    if size_of(v) > size_of(a):
        a, v = v, a
    if mode != "same":
        return convolve(a, v, mode=mode)
    start = (size_of(v) - 1) // 2
    return convolve(a, v, mode="full")[start : start + size_of(a)]


@implements(np.correlate)
def _correlate(a: Any, v: Any, mode: str = "valid") -> Any:
    a, v = array(a), array(v)
    if size_of(v) > size_of(a):
        return np.conj(_correlate(v, a, mode))[::-1]
    return _convolve(a, np.conj(v)[::-1], mode)
