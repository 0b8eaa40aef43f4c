"""The declarations of the products of arrays, matmul and einsum: value, transposes in each
argument, batches and cost.
"""

from __future__ import annotations

import math
from collections.abc import Hashable, Iterator, Sequence
from typing import Any

import numpy as np

from admodes.core.carrier import FUNCTIONS, UFUNCS
from admodes.core.forms import Example
from admodes.core.inplace import bind_in_place
from admodes.core.linear import linear
from admodes.core.magnitudes import moderate
from admodes.core.op import Op
from admodes.core.roots import product_of
from admodes.core.space import aligned
from admodes.core.structure import Contraction, Labels, Shape
from admodes.core.values import shape_of
from admodes.ops.arithmetic import multiply
from admodes.ops.reductions import sum_
from admodes.ops.shaping import (
    matrix_transpose,
    rank_of,
    reshape,
    unbroadcast,
)


def _dense(a: Any) -> Any:
    """a without repeated entries (strides of 0), which BLAS does not take."""
    return np.ascontiguousarray(a) if a.ndim > 1 and 0 in a.strides else a


def _fitted(x: Any, shape: tuple[int, ...]) -> Any:
    return x if shape_of(x) == shape else unbroadcast(x, shape=shape)


def _column(x: Any) -> Any:
    return reshape(x, shape=(*shape_of(x), 1))


def _matmul_left(w: Any, y: Any, a: Any, b: Any) -> Any:
    if rank_of(b) == 1:
        found = multiply(w if rank_of(a) == 1 else _column(w), b)
    elif rank_of(a) > 1:
        found = matmul(w, matrix_transpose(b))
    else:
        found = matmul(b, w) if rank_of(b) == 2 else matmul(b, _column(w))[..., 0]
    return _fitted(found, shape_of(a))


def _matmul_right(w: Any, y: Any, a: Any, b: Any) -> Any:
    if rank_of(a) == 1:
        rows = reshape(w, shape=(*shape_of(w)[:-1], 1, *shape_of(w)[-1:]))
        found = multiply(a, w) if rank_of(b) == 1 else multiply(_column(a), rows)
    elif rank_of(b) > 1 or rank_of(a) == 2:
        found = matmul(matrix_transpose(a), w)
    else:
        found = matmul(matrix_transpose(a), _column(w))[..., 0]
    return _fitted(found, shape_of(b))


def _matmul_batch(args: tuple, mapped: tuple[bool, bool]) -> Any:
    a, b = args
    left, right = (rank_of(x) - own for x, own in zip(args, mapped, strict=True))
    if right == 1 and not mapped[1]:
        return matmul(a, b)
    if left == 1 and not mapped[0]:
        return matmul(b, a) if right == 1 else matmul(a, b)
    if right == 1 and left == 2 and not mapped[0]:
        return matmul(b, matrix_transpose(a))
    if left == 1 and right == 2 and not mapped[1]:
        return matmul(a, b)
    a = reshape(a, shape=(*shape_of(a)[:-1], 1, *shape_of(a)[-1:])) if left == 1 else a
    y = matmul(*aligned((a, _column(b) if right == 1 else b), mapped))
    y = y[..., 0] if right == 1 else y
    return y if left > 1 else y[..., 0, :] if right > 1 else y[..., 0]


def _matmul_labels(shapes: Sequence[Shape], params: dict) -> tuple[Labels, Sequence[Hashable]]:
    """Rows, columns and what is added up, after the axes of stacks, which are numbered from the
    last on."""
    left, right = map(len, shapes)
    lead = range(max(left, right, 2) - 3, -1, -1)
    a = [*lead[len(lead) - max(left - 2, 0) :], *("row" for _ in range(left > 1)), "sum"]
    b = [*lead[len(lead) - max(right - 2, 0) :], "sum", *("column" for _ in range(right > 1))]
    return (a, b), [*lead, *(label for label in ("row", "column") if label in a + b)]


def _matmul_cost(args: tuple, y: Any) -> dict[str, int]:
    """(m, k) by (k, n): m k n multiplications, m n (k - 1) additions."""
    k, size = shape_of(args[0])[-1], math.prod(shape_of(y))
    return {"multiplications": size * k, "additions": size * max(k - 1, 0)}


def _square_length(a: Any, b: Any) -> Any:
    """The product of vectors of roots, without their kinks."""
    found = product_of(a, b) if rank_of(a) == rank_of(b) == 1 else None
    return None if found is None else sum_(found)


matmul: Op = linear(
    "matmul",
    lambda a, b: np.matmul(_dense(a), _dense(b)),
    _matmul_left,
    _matmul_right,
    arity=2,
    joint=False,
    batch=_matmul_batch,
    structure=Contraction(_matmul_labels),
    smooth=_square_length,
    cost=_matmul_cost,
    kind="multiplications",
    text="{0} {1}",
    latex="{0} {1}",
    example=Example(((2, 3), (3, 4))),
    doc="The matrix product of np.matmul, of vectors, matrices and stacks of matrices.",
)
UFUNCS[np.matmul] = matmul
bind_in_place("matmul")


def _letters(used: str) -> Any:
    return (c for c in "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz" if c not in used)


def _einsum_transposes(
    wanted: Sequence[int], w: Any, y: Any, operands: tuple, terms: tuple, output: str
) -> Iterator[Any]:
    return (_einsum_transpose(i, w, operands, terms, output) for i in wanted)


def _einsum_transpose(i: int, w: Any, operands: tuple, terms: tuple, output: str) -> Any:
    others = [(t, x) for k, (t, x) in enumerate(zip(terms, operands, strict=True)) if k != i]
    known = set(output).union(*(t for t, _ in others))
    shape = shape_of(operands[i])
    kept = "".join(c for c in terms[i] if c in known)
    found = einsum_(
        w, *(x for _, x in others), terms=(output, *(t for t, _ in others)), output=kept
    )
    sizes = iter(shape_of(found))
    lined = tuple(next(sizes) if c in known else 1 for c in terms[i])
    full = tuple(max(m, n) for m, n in zip(lined, shape, strict=True))
    spread = FUNCTIONS[np.broadcast_to](reshape(found, shape=lined), full)
    return _fitted(spread, shape)


def _einsum_batch(args: tuple, mapped: tuple, terms: tuple, output: str) -> Any:
    lane = next(_letters("".join(terms) + output))
    longer = tuple(lane + t if own else t for t, own in zip(terms, mapped, strict=True))
    return einsum_(*args, terms=longer, output=lane + output)


def _einsum_value(*operands: Any, terms: tuple, output: str) -> Any:
    # Sums may be taken as matrix products, and of more operands than two NumPy takes a cheaper
    # order, in which products may leave the range. Without a sum zeros have NumPy's sign.
    sums = not set(output).issuperset("".join(terms))
    ordered = sums and (len(operands) == 2 or (len(operands) > 2 and moderate(*operands)))
    return np.einsum(",".join(terms) + "->" + output, *operands, optimize=ordered)


def _einsum_cost(args: tuple, y: Any, terms: tuple, output: str) -> dict[str, int]:
    """Without intermediate results: a product for every point of the index space."""
    sizes = {c: n for t, x in zip(terms, args, strict=True) for c, n in zip(t, shape_of(x))}
    points = math.prod(sizes.values())
    products = points * (len(terms) - 1)
    return {"multiplications": products, "additions": points - math.prod(shape_of(y))}


def _shows(params: dict | None) -> bool:
    """Whether einsum only shows the entries of its operand in another order."""
    terms, output = (params or {})["terms"], (params or {})["output"]
    return len(terms) == 1 and set(terms[0]) == set(output)


einsum_: Op = linear(
    "einsum",
    _einsum_value,
    _einsum_transposes,
    arity=None,
    joint=False,
    batch=_einsum_batch,
    structure=Contraction(lambda shapes, params: (params["terms"], params["output"])),
    cost=_einsum_cost,
    views=_shows,
    kind="multiplications",
    example=Example(((2, 3), (3, 4)), {"terms": ("ij", "jk"), "output": "ik"}),
    doc="np.einsum, written with explicit subscripts.",
)
