"""Two functions whose operations are counted by closed formulas."""

from __future__ import annotations

import math

import admodes as ad

HIDDEN = 16


def speelpenning(x):
    """x1 x2 … xn from left to right, without a leading 1."""
    product = x[0]
    for factor in x[1:]:
        product = product * factor
    return product


def dense(n, m, hidden=HIDDEN):
    """The map R^n → R^m, y = C sin(B sin(A x)), with fixed coefficients, none of them 0 or ±1."""
    a, b, c = _matrix(hidden, n, 1), _matrix(hidden, hidden, 2), _matrix(m, hidden, 3)

    def dense_map(x):
        first = [ad.sin(_dot(row, x)) for row in a]
        second = [ad.sin(_dot(row, first)) for row in b]
        return [_dot(row, second) for row in c]

    return dense_map


def _matrix(rows, columns, layer):
    return [
        [math.sin((i + 1) * (j + 2) + 10 * layer) / math.sqrt(columns) for j in range(columns)]
        for i in range(rows)
    ]


def _dot(row, x):
    total = row[0] * x[0]
    for a, b in zip(row[1:], x[1:], strict=True):
        total = total + a * b
    return total
