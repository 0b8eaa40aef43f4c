"""Functions with a right derivative and wrong ones, as students and authors of rules write them."""

from __future__ import annotations

import numpy as np

import admodes as ad


def rosenbrock(x):
    return 100 * (x[1] - x[0] ** 2) ** 2 + (1 - x[0]) ** 2


def rosenbrock_gradient(x):
    return [-400 * x[0] * (x[1] - x[0] ** 2) - 2 * (1 - x[0]), 200 * (x[1] - x[0] ** 2)]


A = np.array([[1.0, 2.0, 0.5], [-1.0, 0.3, 2.0], [0.7, -0.2, 1.5]])
B = np.array([1.0, -2.0, 0.5])


def squares(x):
    r = A @ x - B
    return r @ r


def reused(x, y):
    a = x * y
    return a * ad.sin(a) + x


def neuron(w, x):
    return ad.tanh(w @ x)


def loss(w):
    p = ad.sigmoid(A @ w)
    return np.mean((p - 0.5) ** 2)


def polar(r, t):
    return r * ad.cos(t), r * ad.sin(t)


def chain(x):
    return ad.exp(ad.sin(x**2))


X3 = np.array([0.7, -0.4, 1.2])


def sigma(z):
    return 1 / (1 + np.exp(-z))


RIGHT = [
    (rosenbrock, rosenbrock_gradient, ([1.2, 0.7],)),
    (squares, lambda x: 2 * A.T @ (A @ x - B), (X3,)),
    (polar, lambda r, t: [[np.cos(t), -r * np.sin(t)], [np.sin(t), r * np.cos(t)]], (2.0, 0.5)),
    (lambda x: x @ A @ x, lambda x: A + A.T, (X3,)),
    (neuron, lambda w, x: ((1 - np.tanh(w @ x) ** 2) * x, (1 - np.tanh(w @ x) ** 2) * w), (X3, B)),
    (lambda x: A @ x, lambda x: A, (X3,)),
    (np.linalg.norm, lambda x: x / np.linalg.norm(x), (X3,)),
]

WRONG = [
    # name, the kinds that name it, f, g, arguments, a word that the text must hold
    ("sign of a sine", {"sign"}, ad.cos, lambda x: np.sin(x), (0.7,), "sign"),
    ("twice", {"factor"}, squares, lambda x: A.T @ (A @ x - B), (X3,), "1/2"),
    ("mean without 1/n", {"factor"}, lambda x: np.mean(x**2), lambda x: 2 * x, (X3,), "3"),
    (
        "inner derivative of a power",
        {"missing inner derivative"},
        lambda x: ad.sin(x**2),
        lambda x: np.cos(x**2),
        (1.5,),
        "inner",
    ),
    (
        "inner derivative that is constant",
        {"factor", "missing inner derivative"},
        lambda x: ad.sin(3 * x),
        lambda x: np.cos(3 * x),
        (0.4,),
        "inner",
    ),
    (
        "middle of a chain",
        {"missing inner derivative"},
        chain,
        lambda x: np.exp(np.sin(x**2)) * 2 * x,
        (0.8,),
        "inner",
    ),
    (
        "one way at a reused variable",
        {"missing term"},
        reused,
        lambda x, y: (y * np.sin(x * y) + 1, x * np.sin(x * y)),
        (0.8, 1.3),
        "missing",
    ),
    (
        "the direct term",
        {"missing term"},
        reused,
        lambda x, y: (
            y * np.sin(x * y) + x * y * y * np.cos(x * y),
            x * np.sin(x * y) + x * x * y * np.cos(x * y),
        ),
        (0.8, 1.3),
        "missing",
    ),
    (
        "sign of one term",
        {"sign"},
        reused,
        lambda x, y: (
            y * np.sin(x * y) - x * y * y * np.cos(x * y) + 1,
            x * np.sin(x * y) - x * x * y * np.cos(x * y),
        ),
        (0.8, 1.3),
        "sign",
    ),
    (
        "transposed Jacobian",
        {"transposed"},
        polar,
        lambda r, t: [[np.cos(t), np.sin(t)], [-r * np.sin(t), r * np.cos(t)]],
        (2.0, 0.5),
        "transposed",
    ),
    ("transposed matrix", {"transposed"}, lambda x: A @ x, lambda x: A.T, (X3,), "transposed"),
    (
        "transposed by its shape",
        {"transposed"},
        lambda x: A[:2] @ x,
        lambda x: A[:2].T,
        (X3,),
        "transposed",
    ),
    (
        "shifted by one",
        {"shifted index"},
        lambda x: np.sum(np.sin(x)),
        lambda x: np.roll(np.cos(x), 1),
        (X3,),
        "shifted",
    ),
    (
        "swapped entries",
        {"shifted index"},
        lambda x: x[0] ** 2 * ad.exp(x[1]) * x[2],
        lambda x: [
            x[0] ** 2 * np.exp(x[1]) * x[2],
            2 * x[0] * np.exp(x[1]) * x[2],
            x[0] ** 2 * np.exp(x[1]),
        ],
        (X3,),
        "swapped",
    ),
    (
        "another point",
        {"evaluated at another point"},
        lambda x: np.sum(x**3 + x),
        lambda x: 3 * (2 * x) ** 2 + 1,
        (X3,),
        "another point",
    ),
    (
        "numbers of one point",
        {"evaluated at another point"},
        lambda x: np.sum(x**3),
        lambda x: 3 * X3**2,
        (X3,),
        "every point",
    ),
    (
        "degrees",
        {"evaluated at another point", "factor", "missing inner derivative"},
        lambda x: ad.sin(x),
        lambda x: np.cos(x * np.pi / 180),
        (30.0,),
        "degrees",
    ),
    (
        "tanh without the square",
        {"wrong rule"},
        neuron,
        lambda w, x: ((1 - np.tanh(w @ x)) * x, (1 - np.tanh(w @ x)) * w),
        (X3, B),
        "1 − y",
    ),
    (
        "sigmoid's derivative is itself",
        {"wrong rule"},
        lambda x: ad.sigmoid(x) * x,
        lambda x: sigma(x) * x + sigma(x),
        (0.7,),
        "taken as v1",
    ),
    (
        "a forgotten entry",
        {"missing term"},
        rosenbrock,
        lambda x: [rosenbrock_gradient(x)[0], 0.0],
        ([1.2, 0.7],),
        "missing",
    ),
    (
        "half of the first entry's terms",
        {"missing term"},
        rosenbrock,
        lambda x: [-400 * x[0] * (x[1] - x[0] ** 2), 200 * (x[1] - x[0] ** 2)],
        ([1.2, 0.7],),
        "missing",
    ),
    (
        "logarithm to another base",
        {"factor"},
        lambda x: np.log2(x),
        lambda x: 1 / x,
        (3.0,),
        "ln 2",
    ),
    (
        "the quotient's sign",
        {"sign"},
        lambda x, y: ad.sin(x) / y,
        lambda x, y: (np.cos(x) / y, np.sin(x) / y**2),
        (0.5, 2.0),
        "sign",
    ),
    (
        "a quadratic form that is not symmetric",
        {"factor", "missing term", "wrong rule"},
        lambda x: x @ A @ x,
        lambda x: A @ x,
        (X3,),
        "missing",
    ),
    (
        "softmax without the product",
        {"missing inner derivative"},
        lambda x: np.log(np.sum(np.exp(x))),
        lambda x: np.exp(x),
        (X3,),
        "ln",
    ),
    (
        "square root without the half",
        {"factor"},
        lambda x: ad.sqrt(x),
        lambda x: 1 / np.sqrt(x),
        (2.0,),
        "2",
    ),
    (
        "the Hessian off its diagonal",
        {"factor"},
        lambda x: x[0] ** 2 * x[1] + x[1] ** 3,
        lambda x: [[2 * x[1], x[0]], [x[0], 6 * x[1]]],
        ([1.2, 0.7],),
        "1/2",
    ),
    (
        "the chain through the loss",
        {"wrong rule"},
        loss,
        lambda w: A.T @ (2 * (sigma(A @ w) - 0.5) * sigma(A @ w)) / 3,
        (X3,),
        "taken as p",
    ),
    (
        "the inner derivative of two rows",
        {"missing inner derivative"},
        lambda x: np.sum(np.exp(-(x**2))),
        lambda x: np.exp(-(x**2)),
        (X3,),
        "∂v2/∂x is taken as 1",
    ),
    (
        "the outer derivative of two rows",
        {"missing inner derivative"},
        lambda x: np.log(np.sqrt(np.sum(x**2))),
        lambda x: 2 * x,
        (X3,),
        "∂y/∂v2 is taken as 1",
    ),
    (
        "a point beside",
        {"evaluated at another point"},
        squares,
        lambda x: 2 * A.T @ (A @ (x + 0.03) - B),
        (X3,),
        "x + 0.03",
    ),
    (
        "another multiple of the point",
        {"evaluated at another point"},
        lambda x: np.sum(np.sin(x) * x),
        lambda x: np.sin(1.3 * x) + 1.3 * x * np.cos(1.3 * x),
        (X3,),
        "1.3 x",
    ),
    (
        "numbers of a point that is no longer",
        {"evaluated at another point"},
        lambda x: np.sum(x**3),
        lambda x: 3 * np.array([0.1, 0.2, -0.3]) ** 2,
        (X3,),
        "one that is fixed",
    ),
    (
        "arguments in the wrong order",
        {"evaluated at another point"},
        lambda a, b: np.sum(a**2 * np.exp(b)),
        lambda a, b: (2 * b * np.exp(a), b**2 * np.exp(a)),
        (X3, B),
        "arguments 1 and 2 swapped",
    ),
    (
        "lines of a Jacobian",
        {"shifted index"},
        lambda x: np.tanh(A @ x),
        lambda x: ((1 - np.tanh(A @ x) ** 2)[:, None] * A)[[1, 0, 2]],
        (X3,),
        "line 1 and line 2 are swapped",
    ),
    (
        "the penalty",
        {"missing term"},
        lambda x: squares(x) + 0.5 * x @ x,
        lambda x: 2 * A.T @ (A @ x - B),
        (X3,),
        "missing",
    ),
    ("a power too many", {"factor"}, lambda x: np.sum(x**3), lambda x: 3 * x**3, (X3,), "x"),
    ("a norm that was squared", {"factor"}, np.linalg.norm, lambda x: x, (X3,), "factor y"),
    (
        "one side of a quadratic form twice",
        {"missing term"},
        lambda x: x @ A @ x,
        lambda x: 2 * A @ x,
        (X3,),
        "is there twice",
    ),
]
