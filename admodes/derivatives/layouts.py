"""Derivatives as tensors: a block of a Jacobian goes in and comes out in another layout;
contraction; and the Jacobians of a function of batches, row by row.

The two layouts after H. Lutkepohl, Handbook of Matrices (1996), and the lectures that multiply from
the right; a contraction of k axes is the chain rule for tensors.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from admodes.core.carrier import value
from admodes.core.pytree import Tree, flatten, unflatten
from admodes.core.reverse import vjp
from admodes.core.values import shape_of
from admodes.derivatives.jacobians import FunctionOfLeaves
from admodes.errors import BadValue
from admodes.numpy_functions.products import tensordot
from admodes.ops.shaping import reshape, transpose

LAYOUTS = ("standard", "transposed", "unrolled", "unrolled-transposed", "batched")


def arranged(block: Any, out: tuple[int, ...], inner: tuple[int, ...], layout: str) -> Any:
    """A block of shape out + inner in another layout."""
    if layout == "standard":
        return block
    if layout == "transposed":
        if not out or not inner:
            return block
        ranks = len(out), len(out) + len(inner)
        return transpose(block, axes=(*range(*ranks), *range(len(out))))
    matrix = reshape(block, shape=(math.prod(out), math.prod(inner)))
    return matrix if layout == "unrolled" else transpose(matrix, axes=(1, 0))


def contract(a: Any, b: Any, k: int | None = None) -> Any:
    """The contraction of the last k axes of a with the first k of b: Σ a[…, i] b[i, …].

    The chain rule for tensors: D[g∘f] = contract(D[f], D[g], rank of f's value) in the transposed
    layout, and the other way round in the standard one. k is all axes of a unless given, so that
    contract(x, d) of equal shapes is the sum of the products.

    Raises ValueError where the axes do not fit.

    >>> import admodes as ad
    >>> import numpy as np
    >>> ad.contract(np.ones((2, 45, 7)), np.ones((7, 3, 67)), 1).shape
    (2, 45, 3, 67)
    """
    left, right = shape_of(a), shape_of(b)
    k = len(left) if k is None else k
    if not 0 <= k <= min(len(left), len(right)):
        raise BadValue(f"contract: {k} axes of shapes {left} and {right}")
    if left[len(left) - k :] != right[:k]:
        raise BadValue(f"contract: the last {k} axes of {left} are not the first {k} of {right}")
    return tensordot(a, b, k)


def rowwise(at: FunctionOfLeaves) -> tuple[Tree, list, Any]:
    """The Jacobian of every row of a function of batches, by one direction per entry of an output
    row: where rows do not mix, one sweep serves all of them.

    Raises ValueError where the batches differ or the rows mix, which one more sweep with random
    weights shows.
    """
    out, pullback, *aux = vjp(at.f, *at.xs, has_aux=at.has_aux)
    ys, out_tree = flatten(out)
    sizes = {shape[0] if shape else None for shape in map(shape_of, (*ys, *at.xs))}
    if len(sizes) != 1 or None in sizes:
        shapes = ", ".join(str(shape_of(z)) for z in (*at.xs, *ys))
        raise BadValue(f"layout 'batched': one leading axis for all is needed, got {shapes}")
    blocks = []
    for j, y in enumerate(ys):
        n, *row = shape_of(y)
        seeds = np.eye(math.prod(row)).reshape(-1, 1, *row) * np.ones((n, *(1,) * len(row)))
        found = pullback(_alone(seeds, j, ys, out_tree, lead=len(seeds)), batched=True)
        weights = np.random.default_rng(0).uniform(0.5, 1.5, shape_of(y))
        mixed = pullback(_alone(weights, j, ys, out_tree))
        rows = []
        for x, g, check in zip(at.xs, found, mixed, strict=True):
            inner = shape_of(x)[1:]
            g = transpose(g, axes=(1, 0, *range(2, len(inner) + 2)))
            flat = weights.reshape(n, -1, *(1,) * len(inner))
            expected = (value(g) * flat).sum(axis=1)
            scale = np.abs(value(g) * flat).sum(axis=1) + np.abs(value(check))
            if np.any(np.abs(value(check) - expected) > 1e-9 * scale + 1e-300):
                raise BadValue(
                    f"layout 'batched': the rows of {at.name} mix, so that no row has a Jacobian "
                    "of its own"
                )
            rows.append(reshape(g, shape=(n, *row, *inner)))
        blocks.append(rows)
    return out_tree, blocks, aux[0] if aux else None


def _alone(seed: Any, j: int, ys: list, tree: Tree, lead: int | None = None) -> Any:
    """A cotangent that is seed for output leaf j and zero for the others."""
    front = () if lead is None else (lead,)
    return unflatten(
        tree, [seed if i == j else np.zeros(front + shape_of(y)) for i, y in enumerate(ys)]
    )
