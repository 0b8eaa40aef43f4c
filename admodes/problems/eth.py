"""Named problems from ETH Zürich, Deep Learning, series 4: forward against reverse mode, and
practical backpropagation."""

from __future__ import annotations

from math import tanh
from typing import Any

import numpy as np

from admodes.problems.problem import Problem, adjoint_equations, drawn, flattened, nested

_DOCUMENT = "ETH Zürich, Deep Learning, series 4"

_W = (0.5, -0.25, 2.0)
_X = (1.0, -1.0)
_H = tanh(0.75)
_SLOPE = _W[2] * (1 - _H * _H)

SMALL_NET = Problem(
    name="eth-small-net",
    title="y = w3 tanh(w1 x1 + w2 x2)",
    document=_DOCUMENT,
    section="a small network with the weights w1, w2, w3",
    at={
        **dict(zip(("w1", "w2", "w3"), _W, strict=True)),
        **dict(zip(("x1", "x2"), _X, strict=True)),
    },
    expressions=("z = w1*x1 + w2*x2; h = tanh(z); y = w3*h",),
    figures={
        "values": (2 * _H,),
        "definitions": {"z": 0.75, "h": _H},
        "jacobian": ((*(_SLOPE * x for x in _X), _H, *(_SLOPE * w for w in _W[:2])),),
    },
    notes=(
        "The document's figure does not survive: the formula and the point are chosen here.",
        "The gradient takes one reverse sweep for any number of weights, and one forward sweep "
        "per weight.",
    ),
)


def relu_network(W1: Any, W2: Any, W3: Any, x: Any, y: Any) -> Any:
    """L = ‖ŷ - y‖² of a network of three layers without biases.

    >>> float(relu_network(np.eye(2), np.eye(2), np.eye(2), np.array([3.0, -1.0]), np.zeros(2)))
    9.0
    """
    z1 = W1 @ x
    h1 = np.maximum(z1, 0)
    z2 = W2 @ h1
    h2 = np.maximum(z2, 0)
    ŷ = W3 @ h2
    L = np.sum((ŷ - y) ** 2)
    return L  # noqa: RET504 (the rows have the names of local variables)


def two_losses(W1: Any, W2: Any, W3: Any, x: Any, y: Any) -> Any:
    """L = ‖ŷ - y‖² + ‖ŷ - y‖₁ of the same network; both losses share one backward sweep.

    >>> float(two_losses(np.eye(2), np.eye(2), np.eye(2), np.array([3.0, -1.0]), np.zeros(2)))
    12.0
    """
    z1 = W1 @ x
    h1 = np.maximum(z1, 0)
    z2 = W2 @ h1
    h2 = np.maximum(z2, 0)
    ŷ = W3 @ h2
    L = np.sum((ŷ - y) ** 2) + np.sum(np.abs(ŷ - y))
    return L  # noqa: RET504 (the rows have the names of local variables)


def separate_losses(W1: Any, W2: Any, W3: Any, x: Any, y: Any) -> Any:
    """The two losses as two outputs, each of which takes a backward sweep of its own.

    >>> separate_losses(np.eye(2), np.eye(2), np.eye(2), np.ones(2), np.zeros(2))[1].item()
    2.0
    """
    z1 = W1 @ x
    h1 = np.maximum(z1, 0)
    z2 = W2 @ h1
    h2 = np.maximum(z2, 0)
    ŷ = W3 @ h2
    squares = np.sum((ŷ - y) ** 2)
    absolute = np.sum(np.abs(ŷ - y))
    return squares, absolute


_DATA = drawn(4, W1=(4, 3), W2=(4, 4), W3=(2, 4), x=(3,), y=(2,))


def _losses(W1: Any, W2: Any, W3: Any, x: Any, y: Any) -> tuple[tuple, tuple]:
    """The values of both losses, and the gradient of each by the chain of Jacobians."""
    z1 = W1 @ x
    h1 = np.maximum(z1, 0)
    z2 = W2 @ h1
    h2 = np.maximum(z2, 0)
    error = W3 @ h2 - y

    def gradient(delta: Any) -> tuple[float, ...]:
        z2_bar = (W3.T @ delta) * (z2 > 0)
        z1_bar = (W2.T @ z2_bar) * (z1 > 0)
        weights = np.outer(z1_bar, x), np.outer(z2_bar, h1), np.outer(delta, h2)
        return flattened((*weights, W1.T @ z1_bar, -delta))

    values = float(error @ error), float(np.abs(error).sum())
    return values, (gradient(2 * error), gradient(np.sign(error)))


_VALUES, _GRADIENTS = _losses(**_DATA)
_AT = {name: nested(array) for name, array in _DATA.items()}
_LAYERS = {
    "W3": "ŷ̄ h2ᵀ",
    "h2": "W3ᵀ ŷ̄",
    "z2": "1[z2 > 0] ⊙ h̄2",
    "W2": "z̄2 h1ᵀ",
    "h1": "W2ᵀ z̄2",
    "z1": "1[z1 > 0] ⊙ h̄1",
    "W1": "z̄1 xᵀ",
    "x": "W1ᵀ z̄1",
}

RELU_NETWORK = Problem(
    name="eth-relu-network",
    title="three layers of ReLU without biases, L = ‖ŷ - y‖²",
    document=_DOCUMENT,
    section="the chain of Jacobians of a network",
    at=_AT,
    code=relu_network,
    outputs=("L",),
    figures={
        "values": (_VALUES[0],),
        "jacobian": (_GRADIENTS[0],),
        "equations": adjoint_equations({"ŷ": "2 (ŷ − y)", **_LAYERS}),
    },
    notes=("With δ = ∂L/∂ŷ = 2 (ŷ - y), ∂L/∂W3 = δ h2ᵀ and ∂L/∂W2 = ((W3ᵀ δ) ⊙ 1[z2 > 0]) h1ᵀ.",),
)

TWO_LOSSES = Problem(
    name="eth-two-losses",
    title="the same network, L = ‖ŷ - y‖² + ‖ŷ - y‖₁",
    document=_DOCUMENT,
    section="two losses on one network",
    at=_AT,
    code=two_losses,
    outputs=("L",),
    figures={
        "values": (sum(_VALUES),),
        "jacobian": (tuple(a + b for a, b in zip(*_GRADIENTS, strict=True)),),
        "equations": adjoint_equations({"ŷ": "2 (ŷ − y) + sign(ŷ − y)", **_LAYERS}),
    },
    notes=("The two losses meet in δ = 2 (ŷ - y) + sign(ŷ - y); below it is one backward sweep.",),
)

SEPARATE_LOSSES = Problem(
    name="eth-separate-losses",
    title="the same network with two outputs, ‖ŷ - y‖² and ‖ŷ - y‖₁",
    document=_DOCUMENT,
    section="two losses on one network",
    at=_AT,
    code=separate_losses,
    outputs=("squares", "absolute"),
    figures={"values": _VALUES, "jacobian": _GRADIENTS},
    notes=("Each output takes a backward sweep of its own; compare @eth-two-losses.",),
)

PROBLEMS = (SMALL_NET, RELU_NETWORK, TWO_LOSSES, SEPARATE_LOSSES)
