"""Products of matrices in the order with the fewest operations, and einsum as products of matrices.

The result differs by rounding alone: a sum of n products has an error of about n u Σ|terms| in
every order (Higham, 2002, 3.5).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from admodes.core.magnitudes import LARGE, moderate
from admodes.core.op import REGISTRY, Op
from admodes.core.record import Ref
from admodes.core.values import shape_of
from admodes.optimisation.folding import Folding, Table
from admodes.optimisation.literals import number
from admodes.optimisation.rules.sums import product_of_small

MOST = 4
"""Factors of a product that is taken in another order."""

THIN = 16
"""Rows of the matrices of a stack up to which they are joined before they are multiplied."""

WORTH_BLAS = 64
"""Stacks of smaller products are faster as one einsum than as a call of BLAS for each."""


def blank_of(copy: Folding, shape: tuple[int, ...], *operands: Any) -> Any:
    """A value of this shape in the operands' dtype; a number for the shape ()."""
    dtype = np.result_type(*(np.asarray(copy.value(x)).dtype for x in operands))
    if shape:
        return np.broadcast_to(np.zeros((), dtype), shape)
    return 0.0 if dtype == np.float64 else dtype.type(0)


def rotated(copy: Folding, op: Op, args: tuple, params: Any, value: Any) -> Any:
    """(A B) C = A (B C), and back, where that takes fewer multiplications."""
    a, b = args
    if max(len(shape_of(copy.value(x))) for x in args) > 2:
        return None
    left = copy.made(a, "matmul") if a.__class__ is Ref and copy.once(a) else None
    if left is not None:
        return _better(copy, (*left.args, b), 1, value)
    right = copy.made(b, "matmul") if b.__class__ is Ref and copy.once(b) else None
    return _better(copy, (a, *right.args), 0, value) if right is not None else None


def _better(copy: Folding, chain: tuple, now: int, value: Any) -> Any:
    """The product of three in the other order, where that is cheaper; now: 1 for (A B) C."""
    shapes = [shape_of(copy.value(x)) for x in chain]
    if any(len(s) not in (1, 2) for s in shapes) or len(shapes[1]) != 2:
        return None
    p = shapes[0][0] if len(shapes[0]) == 2 else 1
    q, r = shapes[1]
    s = shapes[2][1] if len(shapes[2]) == 2 else 1
    costs = {1: p * q * r + p * r * s, 0: q * r * s + p * q * s}
    a, b, c = chain
    inner = (b, c) if now else (a, b)
    passes = LARGE + 4 * sum(math.prod(shape_of(copy.value(x))) for x in inner)
    if costs[now] - costs[1 - now] < passes:
        return None
    for x in inner:
        copy.check(moderate, x)
    if now:
        like = blank_of(copy, (q,) if len(shapes[2]) == 1 else (q, s), b, c)
        return copy.make("matmul", a, copy.make("matmul", b, c, like=like), like=value)
    like = blank_of(copy, (r,) if len(shapes[0]) == 1 else (p, r), a, b)
    return copy.make("matmul", copy.make("matmul", a, b, like=like), c, like=value)


def stacked(copy: Folding, op: Op, args: tuple, params: Any, value: Any) -> Any:
    """A stack of thin matrices times one matrix as one product of matrices, since NumPy calls BLAS
    for each matrix of a stack."""
    a, b = args
    shape, inner = shape_of(copy.value(a)), shape_of(copy.value(b))
    if len(shape) < 3 or len(inner) > 2 or shape[-2] > THIN or 0 in shape:
        return None
    rows = copy.make("reshape", a, shape=(math.prod(shape[:-1]), shape[-1]))
    like = blank_of(copy, (math.prod(shape[:-1]), *inner[1:]), a, b)
    return copy.make("reshape", copy.make("matmul", rows, b, like=like), shape=value.shape)


def of_outer(copy: Folding, op: Op, args: tuple, params: Any, value: Any) -> Any:
    """A (p x) for a matrix p and a stack of columns x as one product of matrices: in the sum of
    A[m, n] p[n, j] x[k, n] over n, A p has fewer entries than p x where there are more columns x
    than rows of A. (p x) B likewise, for a stack of rows x."""
    for stack, matrix, left in ((args[1], args[0], True), (args[0], args[1], False)):
        product = copy.made(stack, "multiply")
        if product is None or len(product.shape) < 3 or not copy.once(stack):
            continue
        if len(shape_of(copy.value(matrix))) != 2 or value.dtype != np.float64:
            continue
        for p, x in (product.args, product.args[::-1]):
            found = _of_outer(copy, matrix, p, x, product.shape, left)
            if found is not None:
                return copy.make("reshape", found, like=value, shape=value.shape)
    return None


def _of_outer(copy: Folding, matrix: Any, p: Any, x: Any, shape: tuple, left: bool) -> Any:
    """The product of matrices, with a row for each x."""
    *stack, rows, columns = shape
    n = rows if left else columns
    own, size = shape_of(copy.value(p)), math.prod(shape_of(copy.value(matrix)))
    if shape_of(copy.value(x)) != (*stack, *((n, 1) if left else (1, n))):
        return None
    if own[-2:] != (rows, columns) or math.prod(own) != rows * columns:
        return None
    others = rows * columns // n
    if (math.prod(stack) - size // n) * rows * columns < LARGE:
        return None
    p = copy.make("reshape", p, shape=(rows, columns))
    first, second = (matrix, p) if left else (p, matrix)
    first = copy.make("transpose", first, axes=(1, 0))
    first = copy.make("reshape", first, shape=(n, size // n if left else others, 1))
    second = copy.make("reshape", second, shape=(n, 1, others if left else size // n))
    both = copy.make(
        "reshape", product_of_small(copy, first, second), shape=(n, others * size // n)
    )
    lines = copy.make("reshape", x, shape=(math.prod(stack), n))
    return copy.make("matmul", lines, both)


def einsum(copy: Folding, op: Op, args: tuple, params: Any, value: Any) -> Any:
    """An einsum of two operands as a product of matrices, or without a sum as a product of entries;
    of more operands as one of two after another, in NumPy's order."""
    terms, output = params["terms"], params["output"]
    if not all(np.asarray(copy.value(x)).dtype.kind == "f" for x in args):
        return None
    if any(len(set(t)) != len(t) for t in terms) or len(set(output)) != len(output):
        return None
    sizes: dict[str, int] = {}
    for t, x in zip(terms, args, strict=True):
        for c, n in zip(t, shape_of(copy.value(x)), strict=True):
            if sizes.setdefault(c, n) != n:
                return None
    if 0 in sizes.values():
        return None
    if len(args) > 2:
        return _pairwise(copy, args, terms, output, sizes)
    return _as_matmul(copy, args, terms, output, sizes, value) if len(args) == 2 else None


def _pairwise(copy: Folding, args: tuple, terms: tuple, output: str, sizes: dict) -> Any:
    """NumPy's order for the least operations (D. Smith and J. Gray, opt_einsum, 2018)."""
    if len(args) > MOST or math.prod(sizes.values()) < LARGE:
        return None
    blanks = [np.broadcast_to(0.0, shape_of(copy.value(x))) for x in args]
    path = np.einsum_path(",".join(terms) + "->" + output, *blanks, optimize="optimal")[0][1:]
    if any(len(step) > 2 for step in path):
        return None
    for x in args:
        copy.check(moderate, x)
    operands, names = list(args), list(terms)
    for step in path:
        taken = [operands[k] for k in step]
        inner = tuple(names[k] for k in step)
        for k in sorted(step, reverse=True):
            del operands[k], names[k]
        known = set(output).union(*names)
        kept = "".join(sorted({c for t in inner for c in t if c in known}))
        kept = output if not names else kept
        like = blank_of(copy, tuple(sizes[c] for c in kept), *taken)
        operands.append(copy.make("einsum", *taken, like=like, terms=inner, output=kept))
        names.append(kept)
    return operands[0] if names[0] == output else None


def _as_matmul(
    copy: Folding, args: tuple, terms: tuple, output: str, sizes: dict, value: Any
) -> Any:
    one, two = terms
    batch = [c for c in output if c in one and c in two]
    inner = [c for c in one if c in two and c not in output]
    left = [c for c in output if c in one and c not in two]
    right = [c for c in output if c in two and c not in one]
    if set(one) - {*batch, *inner, *left} or set(two) - {*batch, *inner, *right}:
        return None
    if left and right and [*batch, *right, *left] == list(output):
        # The other way round the product has its axes in their order.
        return _as_matmul(copy, args[::-1], terms[::-1], output, sizes, value)
    if not inner:
        # einsum adds the product to 0, which turns -0 into 0.
        alike = copy.zeros_are_alike()
        return _as_multiply(copy, args, terms, output, sizes, value) if alike else None
    if not (left or right) and batch:
        return None
    work = math.prod(sizes[c] for part in (left, inner, right) for c in part)
    if math.prod(sizes[c] for c in batch) > 1 and work < WORTH_BLAS:
        return None
    a = _grouped(copy, args[0], one, (batch, left, inner), sizes)
    b = _grouped(copy, args[1], two, (batch, inner, right), sizes)
    shape = tuple(sizes[c] for c in batch)
    m, n = (math.prod(sizes[c] for c in part) for part in (left, right))
    if not left and not batch:
        a = copy.make("reshape", a, shape=(math.prod(sizes[c] for c in inner),))
    if not right and not batch:
        b = copy.make("reshape", b, shape=(math.prod(sizes[c] for c in inner),))
    core = (*shape, *((m,) if left or batch else ()), *((n,) if right or batch else ()))
    found = copy.make("matmul", a, b, like=blank_of(copy, core, a, b))
    order = [*batch, *left, *right]
    full = tuple(sizes[c] for c in order)
    return _turned(copy, copy.make("reshape", found, shape=full), order, output)


def _turned(copy: Folding, x: Any, term: Sequence[str], order: Sequence[str]) -> Any:
    """x, whose axes have the labels in term, with these in another order."""
    return copy.make("transpose", x, axes=tuple(map(term.index, order))) if order else x


def _grouped(copy: Folding, x: Any, term: str, groups: tuple, sizes: dict) -> Any:
    """x with the batch axes first and each other group of axes as one."""
    x = _turned(copy, x, term, [c for group in groups for c in group])
    lined = [sizes[c] for c in groups[0]]
    lined += [math.prod(sizes[c] for c in group) for group in groups[1:]]
    return copy.make("reshape", x, shape=tuple(lined))


def _as_multiply(
    copy: Folding, args: tuple, terms: tuple, output: str, sizes: dict, value: Any
) -> Any:
    lined = []
    for x, term in zip(args, terms, strict=True):
        x = _turned(copy, x, term, [c for c in output if c in term])
        shape = tuple(sizes[c] if c in term else 1 for c in output)
        lined.append(copy.make("reshape", x, shape=shape))
    return copy.make("multiply", *lined, like=value)


def power(copy: Folding, op: Op, args: tuple, params: Any, value: Any) -> Any:
    """x², x³ and x⁴ by multiplications, within 2 units in the last place."""
    x, b = args
    n = number(b)
    if n not in (2.0, 3.0, 4.0) or not copy.alike(x, value) or value.__class__ is not np.ndarray:
        return None
    if value.dtype.kind != "f":
        return None
    square = copy.make("square", x, like=value)
    if n == 2:
        return square
    if n == 3:
        return copy.make("multiply", square, x, like=value)
    return copy.make("square", square, like=value)


TABLE: Table = {
    REGISTRY["matmul"]: (of_outer, stacked, rotated),
    REGISTRY["einsum"]: (einsum,),
}
POWERS: Table = {REGISTRY["power"]: (power,)}
