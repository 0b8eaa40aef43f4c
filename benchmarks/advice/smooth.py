"""Functions with dense Jacobians: networks, residuals of fits, functions of matrices."""

from __future__ import annotations

from functools import partial

import numpy as np

from .points import Case, draw, positive

# Dense layers.


def residual_network(weights, x):
    for w in weights:
        x = x + np.log1p(np.exp(w @ x))
    return x


def autoencoder(inner, outer, x):
    return outer @ np.maximum(inner @ x, 0.0)


def gated(update, candidate, x):
    z = 1.0 / (1.0 + np.exp(-update @ x))
    return z * x + (1.0 - z) * np.tanh(candidate @ x)


def attention(keys, values, x):
    scores = keys @ x
    weights = np.exp(scores - np.max(scores))
    return values @ (weights / np.sum(weights))


def normalised(x):
    centred = x - np.mean(x)
    return centred / np.sqrt(np.mean(centred**2) + 1e-5)


def cross_entropy(data, labels, x):
    return np.mean(np.log1p(np.exp(-labels * (data @ x))))


def head(weights, last, x):
    for w in weights:
        x = np.sin(w @ x)
    return last @ x


def networks() -> dict[str, Case]:
    square = [draw(k, 40, 40) / 8 for k in range(3)]
    labels = np.sign(draw(3, 300))
    narrow = [draw(4, 60, 4), draw(5, 60, 60) / 8]
    return {
        "residual network, 40 → 40": (partial(residual_network, square), draw(6, 40)),
        "autoencoder, 300 → 300": (
            partial(autoencoder, draw(7, 12, 300) / 9, draw(8, 300, 12)),
            draw(9, 300),
        ),
        "gated unit, 64 → 64": (
            partial(gated, draw(10, 64, 64) / 8, draw(11, 64, 64) / 8),
            draw(12, 64),
        ),
        "attention, 48 → 16": (
            partial(attention, draw(13, 90, 48) / 7, draw(14, 16, 90)),
            draw(15, 48),
        ),
        "layer norm, 128 → 128": (normalised, draw(16, 128)),
        "logistic loss, 50 → 1": (
            partial(cross_entropy, draw(17, 300, 50), labels),
            draw(18, 50) / 9,
        ),
        "decoder, 4 → 800": (partial(head, narrow, draw(19, 800, 60)), draw(20, 4)),
        "classifier, 700 → 5": (
            partial(head, [draw(21, 30, 700) / 26, draw(22, 30, 30) / 5], draw(23, 5, 30)),
            draw(24, 700),
        ),
    }


# Residuals of fits.


def exponential_fit(t, y, p):
    return p[0] * np.exp(-p[1] * t) + p[2] - y


def peaks(t, y, p):
    first = p[0] * np.exp(-((t - p[1]) ** 2) / p[2] ** 2)
    return first + p[3] * np.exp(-((t - p[4]) ** 2) / p[5] ** 2) - y


def growth(t, y, p):
    return p[0] / (1.0 + np.exp(-p[1] * (t - p[2]))) + p[3] * t - y


def circle(points, p):
    return np.sqrt((points[:, 0] - p[0]) ** 2 + (points[:, 1] - p[1]) ** 2) - p[2]


def polynomial(t, y, p):
    found = p[7] * t
    for k in range(6, 0, -1):
        found = (found + p[k]) * t
    return found + p[0] - y


def ranges(anchors, seen, p):
    return np.linalg.norm(anchors - p, axis=1) - seen


def half_squares(residuals, p):
    r = residuals(p)
    return 0.5 * np.sum(r * r)


def fits() -> dict[str, Case]:
    t = np.linspace(0.0, 2.0, 500)
    noise = draw(30, 500) / 50
    long = np.linspace(0.0, 3.0, 2000)
    points = draw(31, 300, 2)
    return {
        "exponential fit, 3 → 2000": (
            partial(exponential_fit, long, draw(32, 2000)),
            positive(33, 3),
        ),
        "two peaks, 6 → 500": (partial(peaks, t, noise), positive(34, 6)),
        "growth curve, 4 → 100": (partial(growth, t[:100], noise[:100]), positive(35, 4)),
        "circle, 3 → 300": (partial(circle, points), positive(36, 3)),
        "polynomial, 8 → 1000": (
            partial(polynomial, long[:1000], draw(37, 1000)),
            positive(38, 8),
        ),
        "ranges, 3 → 25": (partial(ranges, draw(39, 25, 3), positive(40, 25)), draw(41, 3)),
        "squares of two peaks, 6 → 1": (
            partial(half_squares, partial(peaks, t, noise)),
            positive(42, 6),
        ),
    }


# Functions of matrices, and some of everything.


def trace_of_cube(x):
    a = x.reshape(12, 12)
    return np.trace(a @ a @ a)


def log_determinant(x):
    a = x.reshape(7, 7)
    return np.linalg.slogdet(a @ a.T + np.eye(7))[1]


def matrix_exponential(x):
    a = x.reshape(6, 6) / 4
    term, found = np.eye(6), np.eye(6)
    for k in range(1, 8):
        term = term @ a / k
        found = found + term
    return found.reshape(-1)


def solved(right, x):
    return np.linalg.solve(np.eye(6) * 8.0 + x.reshape(6, 6), right)


def spread(weights, x):
    return np.exp(weights * x[0])


def running_products(x):
    return np.cumprod(1.0 + 0.01 * x)


def matrices() -> dict[str, Case]:
    return {
        "trace of a cube, 144 → 1": (trace_of_cube, draw(120, 144)),
        "log determinant, 49 → 1": (log_determinant, draw(121, 49)),
        "matrix exponential, 36 → 36": (matrix_exponential, draw(122, 36)),
        "solution, 36 → 6": (partial(solved, draw(123, 6)), draw(124, 36)),
        "spread, 1 → 2000": (partial(spread, draw(125, 2000)), positive(126, 1)),
        "running products, 120 → 120": (running_products, positive(127, 120)),
    }
