"""Vectors and matrices in expressions: what they are worth, and what they do not mean."""

from __future__ import annotations

import numpy as np
import pytest

import admodes as ad
from admodes.expression import ExpressionError, parse
from admodes.expression.parser import parse_with

X, Y = np.array([1.0, 2.0]), np.array([3.0, -1.0])
W, A = np.array([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]]), 2.0
OF_ARRAYS = {
    "x·y": X @ Y,
    r"x \cdot y": X @ Y,
    "x*y": X * Y,
    "x ⊙ y": X * Y,
    "x^T y": X @ Y,
    "xᵀy": X @ Y,
    r"x^{\top} y": X @ Y,
    "x.T @ y": X @ Y,
    "x yᵀ": np.outer(X, Y),
    "W x": W @ X,
    "W @ x + [1, 2, 3]": W @ X + [1, 2, 3],
    "(W x)^T W y": (W @ X) @ (W @ Y),
    "transpose(W) W": W.T @ W,
    "(Wᵀ W)⁻¹ @ x": 1 / (W.T @ W) @ X,
    "a x": A * X,
    "2x": 2 * X,
    "2 [1, 2] a": 2 * np.array([1, 2]) * A,
    "sum(x) + Σ y": X.sum() + Y.sum(),
    "mean(x) - prod(x)": X.mean() - X.prod(),
    "norm(x) + dot(x, y)": np.linalg.norm(X) + X @ Y,
    "½‖x - y‖²": 0.5 * ((X - Y) ** 2).sum(),
    "||x||^2 + |a|²": (X**2).sum() + A**2,
    "x[0] x[-1] W[2, 1]": X[0] * X[1] * W[2, 1],
    "W[:, 0] + W[1:, 1][0]": W[:, 0] + W[1, 1],
    "x[1:] - x[:-1]": X[1:] - X[:-1],
    "[x[0], a]": [X[0], A],
    "[(a + 1)(a - 1)]^2 x": ((A + 1) * (A - 1)) ** 2 * X,
    "[[1, 2], [3, a]] x": np.array([[1, 2], [3, A]]) @ X,
    "exp(x)/sum(exp(x))": np.exp(X) / np.exp(X).sum(),
    "σ(W x)": 1 / (1 + np.exp(-W @ X)),
}


@pytest.mark.parametrize("text", OF_ARRAYS)
def test_arrays(text):
    point = (X, Y, W, A)
    f = parse(text, inputs=["x", "y", "W", "a"])
    np.testing.assert_allclose(f(*point), OF_ARRAYS[text], rtol=1e-14)
    again, _ = parse_with(["x", "y", "W", "a"], [text], True)
    again = parse(*again.read, inputs=["x", "y", "W", "a"])
    np.testing.assert_allclose(again(*point), OF_ARRAYS[text], rtol=1e-14)
    ad.check_grads(f, point, order=1)


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("x y", "· for the sum of products"),
        ("a @ x", "write * for numbers"),
        ("x W", "no product of the shapes (2,) and (3, 2)"),
        ("(Wᵀ W)⁻¹ x", "of its entries"),
        ("xᵀ (W^T W)^2", "of its entries"),
        ("a^T x", "for a power make T an input"),
        ("W · W", "no product of the shapes (3, 2) and (3, 2)"),
        ("[1, [2, 3]] a", "not () and (2,)"),
        ("x[5]", "shape (2,)"),
        ("a[0]", "is one number"),
        ("x[a]", "a whole number, counted from 0"),
        ("x[", "ends too early"),
        ("x[1:2", "never closed"),
        ("(x]", "write ')'"),
        ("x:y", "not allowed"),
        ("(x:y)", "only in an index"),
    ],
)
def test_what_arrays_do_not_mean(text, hint):
    with pytest.raises(ExpressionError) as refused:
        parse(text, inputs=["x", "y", "W", "a"])(X, Y, W, A)
    assert hint in refused.value.reason
