"""Named problems from Boston University, the lecture on automatic differentiation.

The lecture's layout is D[f]_ij = ∂f_j/∂x_i, inputs by outputs; the figures here are in the standard
layout, outputs by inputs, and --layout transposed prints the lecture's.
"""

from __future__ import annotations

import itertools
import math
from typing import Any

import numpy as np

from admodes.derivatives.layouts import contract
from admodes.problems.problem import Problem, drawn, flattened, nested

_DOCUMENT = "Boston University, automatic differentiation"

LINEAR = Problem(
    name="bu-sum",
    title="y = x1 x2 + x3",
    document=_DOCUMENT,
    section="the derivative of a scalar function",
    at={"x1": 2.0, "x2": 3.0, "x3": 4.0},
    expressions=("x1*x2 + x3",),
    figures={"values": (10.0,), "jacobian": ((3.0, 2.0, 1.0),)},
    notes=("In the lecture's layout [x2; x1; 1].",),
)

PAIR = Problem(
    name="bu-pair",
    title="(x1², x1 x2 x3)",
    document=_DOCUMENT,
    section="the derivative of a vector function",
    at={"x1": 2.0, "x2": 3.0, "x3": 4.0},
    expressions=("x1^2", "x1*x2*x3"),
    outputs=("y1", "y2"),
    figures={"values": (4.0, 24.0), "jacobian": ((4.0, 0.0, 0.0), (12.0, 8.0, 6.0))},
    notes=("In the lecture's layout [[2x1, x2x3], [0, x1x3], [0, x1x2]].",),
)

TRIPLE = Problem(
    name="bu-triple",
    title="(x2², x1 + x2, x1 x2)",
    document=_DOCUMENT,
    section="the derivative of a vector function",
    at={"x1": 2.0, "x2": 3.0},
    expressions=("x2^2", "x1 + x2", "x1*x2"),
    outputs=("y1", "y2", "y3"),
    figures={"values": (9.0, 5.0, 6.0), "jacobian": ((0.0, 6.0), (1.0, 1.0), (3.0, 2.0))},
    notes=("In the lecture's layout [[0, 1, x2], [2x2, 1, x1]].",),
)

REUSED = Problem(
    name="bu-reused",
    title="f(Z, 2Z) for f(X, Y) = X² Y",
    document=_DOCUMENT,
    section="the chain rule with a reused input",
    at={"Z": 3.0},
    expressions=("Y = 2*Z; f = Z^2*Y",),
    outputs=("f",),
    figures={"values": (54.0,), "definitions": {"Y": 6.0}, "jacobian": ((54.0,),)},
    notes=(
        "D_Z[f(Z, 2Z)] = D_X[f](z, 2z) + 2 D_Y[f](z, 2z) = 4z² + 2z²; the f is chosen here.",
        "⚠ The slide prints (z, z) in the first term; it is (z, 2z).",
    ),
)

SQUARED_PRODUCT = Problem(
    name="bu-squared-product",
    title="(X (Z + W))²",
    document=_DOCUMENT,
    section="the chain rule with several inputs",
    at={"X": 2.0, "Z": 2.0, "W": 3.0},
    expressions=("(X*(Z + W))^2",),
    figures={"values": (100.0,), "jacobian": ((100.0, 40.0, 40.0),)},
    notes=("⚠ One slide states that D_W is 40 at (1, 2, 3); it is 10 there, and 40 at (2, 2, 3).",),
)

ROOT = Problem(
    name="bu-root",
    title="Y = X⁴, Z = √Y",
    document=_DOCUMENT,
    section="the chain rule",
    at={"X": 3.0},
    expressions=("Y = X^4; Z = sqrt(Y)",),
    outputs=("Z",),
    figures={
        "values": (9.0,),
        "definitions": {"Y": 81.0},
        "named adjoints": {"Y": 1 / 18, "X": 6.0},
        "jacobian": ((6.0,),),
    },
    notes=("D_Y[Z] = 1/18 and D_X[Z] = 108/18 = 6, which is 2X.",),
)

CUBIC = Problem(
    name="bu-cubic",
    title="y = x1³ x2",
    document=_DOCUMENT,
    section="forward and backward pass",
    at={"x1": 2.0, "x2": 3.0},
    expressions=("x1^3*x2",),
    figures={"values": (24.0,), "jacobian": ((36.0, 8.0),)},
    notes=("In the lecture's layout [36; 8].",),
)

SHARED = Problem(
    name="bu-shared",
    title="y = x (x + y)²",
    document=_DOCUMENT,
    section="forward and backward pass",
    at={"x": 2.0, "y": 1.0},
    expressions=("f = x*(x + y)^2",),
    outputs=("f",),
    figures={"values": (18.0,), "jacobian": ((21.0, 12.0),)},
    notes=("The gradient is [(x + y)(3x + y); 2x(x + y)].",),
)


def perceptron(W1: Any, W2: Any, W3: Any, x: Any) -> Any:
    """-ln p of the correct class, the first, of a perceptron of three layers with ReLU.

    >>> round(float(perceptron(np.eye(2), np.eye(2), np.eye(2), np.ones(2))), 6)
    0.693147
    """
    h1 = np.maximum(W1 @ x, 0)
    h2 = np.maximum(W2 @ h1, 0)
    s = W3 @ h2
    p = np.exp(s) / np.sum(np.exp(s))
    loss = -np.log(p[0])
    return loss  # noqa: RET504 (the rows have the names of local variables)


def _perceptron_figures(W1: Any, W2: Any, W3: Any, x: Any) -> dict:
    z1 = W1 @ x
    h1 = np.maximum(z1, 0)
    z2 = W2 @ h1
    h2 = np.maximum(z2, 0)
    weights = np.exp(W3 @ h2)
    p = weights / weights.sum()
    s_bar = p - np.eye(len(p))[0]
    z2_bar = (W3.T @ s_bar) * (z2 > 0)
    z1_bar = (W2.T @ z2_bar) * (z1 > 0)
    gradient = np.outer(z1_bar, x), np.outer(z2_bar, h1), np.outer(s_bar, h2), W1.T @ z1_bar
    return {"values": (-math.log(p[0]),), "jacobian": (flattened(gradient),)}


_LAYERS = drawn(7, W1=(3, 2), W2=(3, 3), W3=(2, 3), x=(2,))

PERCEPTRON = Problem(
    name="bu-perceptron",
    title="-ln p_correct of a perceptron W1, W2, W3 with ReLU",
    document=_DOCUMENT,
    section="ReLU, cross-entropy and a perceptron",
    at={name: nested(array) for name, array in _LAYERS.items()},
    code=perceptron,
    outputs=("loss",),
    figures=_perceptron_figures(**_LAYERS),
    notes=("The lecture gives no numbers; these are random ones, the same in every run.",),
)


def batched(X: Any) -> Any:
    """The squares of X A, row by row of X: a function of B × 2 with values in B × 3.

    >>> batched(np.array([[1.0, 1.0]])).tolist()
    [[1.0, 9.0, 0.0]]
    """
    A = np.array([[1.0, 2.0, 0.0], [0.0, 1.0, 0.0]])
    return (X @ A) ** 2


_BATCH = ((1.0, 2.0), (3.0, -1.0), (0.5, 2.0))

BATCHED = Problem(
    name="bu-batched",
    title="a batched function B × 2 → B × 3: the squares of X A",
    document=_DOCUMENT,
    section="batched functions",
    at={"X": _BATCH},
    code=batched,
    outputs=tuple(f"y{i}{j}" for i in (1, 2, 3) for j in (1, 2, 3)),
    figures={
        "values": tuple(v for a, b in _BATCH for v in (a * a, (2 * a + b) ** 2, 0.0)),
        "jacobian": tuple(
            tuple(entry if k == row else 0.0 for k in range(3) for entry in entries)
            for row, (a, b) in enumerate(_BATCH)
            for entries in ((2 * a, 0.0), (4 * (2 * a + b), 2 * (2 * a + b)), (0.0, 0.0))
        ),
    },
    notes=("Rows do not mix: the derivative is one 3 × 2 matrix per row, the rest is zero.",),
)

T = np.arange(2.0 * 3 * 4 * 5).reshape(2, 3, 4, 5)


def tensor_map(X: Any) -> Any:
    """A [2, 3, 4, 5] tensor as a linear map from 2 × 3 to 4 × 5: its contraction with X.

    >>> np.shape(tensor_map(np.ones((2, 3))))
    (4, 5)
    """
    return contract(X, T, 2)


TENSOR_MAP = Problem(
    name="bu-tensor-map",
    title="a [2, 3, 4, 5] tensor as a linear map from 2 × 3 to 4 × 5",
    document=_DOCUMENT,
    section="tensor contraction",
    at={"X": ((1.0, 0.0, 2.0), (0.0, -1.0, 3.0))},
    code=tensor_map,
    outputs=tuple(f"y{i}{j}" for i in range(1, 5) for j in range(1, 6)),
    figures={
        "values": flattened([T[0, 0] + 2 * T[0, 2] - T[1, 1] + 3 * T[1, 2]]),
        "jacobian": nested(T.reshape(6, 20).T),
    },
    notes=("In the lecture's layout the derivative is the tensor itself.",),
)


def _looped(subscripts: str, operands: list[np.ndarray]) -> tuple[tuple, tuple]:
    """The value and the Jacobian of an einsum, term by term."""
    inputs, output = subscripts.split("->")
    terms = inputs.split(",")
    sizes = {c: n for t, x in zip(terms, operands, strict=True) for c, n in zip(t, x.shape)}
    shape = tuple(sizes[c] for c in output)
    value = np.zeros(shape)
    slopes = [np.zeros(shape + x.shape) for x in operands]
    for point in itertools.product(*map(range, sizes.values())):
        at = dict(zip(sizes, point, strict=True))
        places = [tuple(at[c] for c in t) for t in terms]
        factors = [float(x[p]) for x, p in zip(operands, places, strict=True)]
        here = tuple(at[c] for c in output)
        value[here] += math.prod(factors)
        for k, place in enumerate(places):
            slopes[k][here + place] += math.prod(factors[:k] + factors[k + 1 :])
    rows = [s.reshape(value.size, -1) for s in slopes]
    return flattened([value]), nested(np.hstack(rows))


def _einsum(
    name: str, subscripts: str, *shapes: tuple[int, ...], note: str = "", names: str = "ABC"
) -> Problem:
    at = {n: np.arange(1.0, math.prod(s) + 1).reshape(s) - 2 for n, s in zip(names, shapes)}
    values, matrix = _looped(subscripts, list(at.values()))

    def function(*operands: Any) -> Any:
        return np.einsum(subscripts, *operands)

    function.__name__ = name.replace("-", "_")
    return Problem(
        name=f"bu-einsum-{name}",
        title=f"einsum({subscripts!r})",
        document=_DOCUMENT,
        section="einsum",
        at={n: nested(x) for n, x in at.items()},
        code=function,
        outputs=tuple(f"y{i + 1}" for i in range(len(values))) if len(values) > 1 else ("y",),
        figures={"values": values, "jacobian": matrix},
        notes=(note,) if note else (),
    )


EINSUMS = (
    _einsum("product", "ij,jk->ik", (2, 3), (3, 2)),
    _einsum("transpose", "ij->ji", (2, 3)),
    _einsum("trace", "ii->", (3, 3), names="X"),
    _einsum("batched", "ik,ikj->ij", (2, 3), (2, 3, 2)),
    _einsum("sums", "abc,bad->ab", (2, 3, 2), (3, 2, 2)),
    _einsum(
        "repaired",
        "abcd,daa,bef->adf",
        (2, 2, 2, 2),
        (2, 2, 2),
        (2, 2, 2),
        note="⚠ The lecture prints abcd,daa,be->adf, which is no einsum: f is not among the "
        "operands. The repair is bef.",
    ),
)

PROBLEMS = (
    *(LINEAR, PAIR, TRIPLE, REUSED, SQUARED_PRODUCT, ROOT, CUBIC, SHARED, PERCEPTRON, BATCHED),
    *(TENSOR_MAP, *EINSUMS),
)
