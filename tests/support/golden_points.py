"""Where each of golden_functions.py is evaluated: its arguments by name."""

import numpy as np
from golden_functions import CAMERAS, numbers

_layers = {
    "W1": numbers(2, 3),
    "b1": numbers(3, shift=0.2),
    "W2": numbers(3, 2, shift=0.4),
    "b2": numbers(2, shift=0.6),
    "x": numbers(4, 2, shift=0.8),
}
_pair = {"x": numbers(4), "y": numbers(4, shift=0.37)}

POINTS = {
    "activations": {"x": numbers(4)},
    "arithmetic": {"x": numbers(3, low=0.3), "y": numbers(3, shift=0.37)},
    "branches": {"x": numbers(4)},
    "comparisons": _pair,
    "complex_numbers": _pair,
    "decompositions": {"a": numbers(3, 3)},
    "differences": {"x": numbers(6)},
    "eigen": {"a": numbers(3, 3)},
    "entropies": {"x": numbers(4)},
    "exponential": {"x": numbers(4)},
    "extremes": {"x": numbers(3, 4)},
    "fourier": {"x": numbers(8)},
    "hyperbolic": {"x": numbers(4)},
    "indexing": {"x": numbers(3, 4)},
    "layout": {"x": numbers(3, 4)},
    "linear_algebra": {"a": numbers(3, 3), "b": numbers(3, shift=0.37)},
    "norms": {"x": numbers(3, 4)},
    "planar": _pair,
    "polynomials": {"x": numbers(5)},
    "products": {"a": numbers(3, 4), "b": numbers(3, 4, shift=0.37)},
    "quantiles": {"x": numbers(5, 3)},
    "reductions": {"x": numbers(3, 4)},
    "sampling": {"x": numbers(5)},
    "selection": _pair,
    "shaping": {"x": numbers(4)},
    "special": {"x": numbers(4)},
    "splits": {"x": numbers(6)},
    "statistics": {"x": numbers(3, 4)},
    "steps": {"x": numbers(4)},
    "trigonometric": {"x": numbers(4)},
    "truths": {"x": numbers(4)},
    "ufunc_methods": {"x": numbers(4)},
    "burgers": {"u": numbers(9)},
    "heat": {"x": numbers(12)},
    "residuals": {"x": numbers(14)},
    "residuals_mapped": {"x": numbers(14)},
    "attention": {
        "q": numbers(3, 2),
        "k": numbers(3, 2, shift=0.3),
        "v": numbers(3, 2, shift=0.7),
    },
    "recurrent": {"w": numbers(2, 2), "h": numbers(2, shift=0.3), "xs": numbers(3, 2, shift=0.7)},
    "ring": {"u": numbers(5)},
    "checkpointed": {"stiffness": 2.0, "damping": 0.1},
    "curvature": {"x": numbers(4)},
    "ascent": {"x": np.array([1.0, -0.5])},
    "kalman": {
        "log_q": -0.9,
        "log_r": np.array([-0.5, -0.4]),
        "m": np.array([0.5, 9.0, 0.8, -0.2]),
    },
    "bundle_adjustment": {
        "cameras": CAMERAS,
        "points": numbers(3, 3),
        "weights": numbers(6, low=0.7, high=1.1),
    },
    "logistic_regression": {"W": numbers(4, 3), "b": numbers(3, shift=0.37)},
    "two_body": {
        "q": np.array([[-0.375, 0.0], [0.625, 0.0]]),
        "p": np.array([[0.0, -2.55], [0.0, 2.55]]),
    },
    "gaussian_process": {
        "log_lengths": np.array([-0.2, 0.4]),
        "log_signal": 0.2,
        "log_noise": -1.6,
    },
    "network": _layers,
    "relu_network": _layers,
}

NEED_SCIPY = ("special",)
"""Functions whose values on arrays come from scipy, which is optional."""
