"""Logistic regression: the regularised negative log likelihood, for two classes and for several.

C. M. Bishop, Pattern Recognition and Machine Learning (2006), sections 4.3.2 and 4.3.4.
"""

import numpy as np


def binary_loss(w, X, y, penalty):
    """Mean of -log σ(y xᵀw) over the rows of X for labels y of -1 and 1, plus ½ penalty |w|²."""
    return np.mean(np.logaddexp(0.0, -y * (X @ w))) + 0.5 * penalty * w @ w


def log_sum_exp(scores):
    """log Σ exp of every row, without overflow."""
    top = scores.max(axis=1, keepdims=True)
    return np.log(np.exp(scores - top).sum(axis=1)) + top[:, 0]


def multinomial_loss(W, b, X, y, penalty):
    """Mean cross-entropy of softmax(X W + b) for class numbers y, plus ½ penalty |W|²."""
    scores = X @ W + b
    chosen = scores[np.arange(len(y)), y]
    return np.mean(log_sum_exp(scores) - chosen) + 0.5 * penalty * np.sum(W**2)


def data(n=60, features=4, classes=3):
    """Overlapping Gaussian clouds, one a class: features X, class numbers y, penalty."""
    rng = np.random.default_rng(4)
    centres = rng.normal(0.0, 1.5, (classes, features))
    y = rng.integers(classes, size=n)
    return centres[y] + rng.normal(0.0, 1.0, (n, features)), y, 0.1


def example():
    """The loss for three classes of weights W and offsets b, and a point."""
    X, y, penalty = data()

    def f(W, b):
        return multinomial_loss(W, b, X, y, penalty)

    rng = np.random.default_rng(43)
    return f, (rng.normal(0.0, 0.5, (4, 3)), rng.normal(0.0, 0.5, 3))
