"""Functions of loops: recursions, networks of single numbers, steps of ODEs."""

from __future__ import annotations

from functools import partial

import numpy as np

import admodes as ad

from .points import Case, draw, positive

# Loops of numbers.


def newton_root(x):
    y = 1.0
    for _ in range(8):
        y = 0.5 * (y + x[0] / y)
    return y


def logistic_map(x):
    y = x[0]
    for _ in range(50):
        y = 3.3 * y * (1.0 - y)
    return y


def continued_fraction(x):
    y = x[11]
    for k in range(10, -1, -1):
        y = x[k] + 1.0 / y
    return y


def recursion(x):
    a, b = x[0], x[1]
    for _ in range(60):
        a, b = b, ad.sin(a) + 0.5 * b
    return b


def savings(x):
    rate, paid, start = x[0], x[1], x[2]
    best = start
    for year in range(30):
        start = start * (1.0 + 0.01 * rate) + paid * x[3] - 0.1 * x[4] * year
        best = best + start
    return np.stack([start, best, start / best])


def elementary_sums(x):
    """The sum of all products of three entries."""
    one, two, three = 0.0, 0.0, 0.0
    for k in range(25):
        three = three + two * x[k]
        two = two + one * x[k]
        one = one + x[k]
    return three


def web(seed, inputs, outputs, length, x):
    """A random network of single numbers."""
    random = np.random.default_rng(seed)
    values = [x[i] for i in range(inputs)]
    for _ in range(length):
        a, b = (values[int(k)] for k in random.integers(len(values), size=2))
        kind = int(random.integers(4))
        values.append([a * b, a + b, ad.tanh(a) - b, ad.exp(-a * a)][kind])
    return np.stack(values[-outputs:])


def numbers() -> dict[str, Case]:
    return {
        "Newton's root, 1 → 1": (newton_root, positive(90, 1)),
        "logistic map, 1 → 1": (logistic_map, positive(91, 1) / 4),
        "continued fraction, 12 → 1": (continued_fraction, positive(92, 12)),
        "recursion, 2 → 1": (recursion, positive(93, 2)),
        "savings, 5 → 3": (savings, positive(94, 5)),
        "products of three, 25 → 1": (elementary_sums, positive(95, 25)),
        "web, 4 → 4": (partial(web, 96, 4, 4, 50), positive(97, 4)),
        "web, 20 → 2": (partial(web, 98, 20, 2, 150), positive(99, 20)),
        "web, 2 → 20": (partial(web, 100, 2, 20, 150), positive(101, 2)),
        "web, 40 → 40": (partial(web, 102, 40, 40, 400), positive(103, 40)),
    }


# Steps of an ODE.


def predators(p):
    x, y = 1.0, 0.5
    for _ in range(60):
        x, y = x + 0.02 * x * (p[0] - p[1] * y), y + 0.02 * y * (p[2] * x - p[3])
    return np.stack([x, y])


def pendulum(x):
    angle, speed = x[0], x[1]
    for _ in range(80):
        speed = speed - 0.05 * ad.sin(angle)
        angle = angle + 0.05 * speed
    return np.stack([angle, speed])


def lorenz(x):
    def slope(s):
        return np.stack(
            [10.0 * (s[1] - s[0]), s[0] * (28.0 - s[2]) - s[1], s[0] * s[1] - 2.7 * s[2]]
        )

    for _ in range(20):
        half = x + 0.005 * slope(x)
        x = x + 0.01 * slope(half)
    return x


def masses(steps, x):
    """A chain of masses with springs that harden."""
    half = len(x) // 2
    place, speed = x[:half], x[half:]
    for _ in range(steps):
        stretch = np.concatenate([place[:1], place[1:] - place[:-1]])
        force = stretch + stretch**3
        speed = speed + 0.05 * (np.concatenate([force[1:], np.zeros(1)]) - force)
        place = place + 0.05 * speed
    return np.concatenate([place, speed])


def masses_energy(x):
    return np.sum(masses(15, x) ** 2)


def path(x):
    found, y = [], x[0]
    for _ in range(50):
        y = y + 0.05 * (x[0] - y * y)
        found.append(y)
    return np.stack(found)


def mixing(matrix, steps, x):
    for _ in range(steps):
        x = x + 0.05 * np.tanh(matrix @ x)
    return x


def odes() -> dict[str, Case]:
    matrix = draw(110, 80, 80) / 9
    return {
        "predators, 4 → 2": (predators, positive(111, 4)),
        "pendulum, 2 → 2": (pendulum, positive(112, 2)),
        "Lorenz, 3 → 3": (lorenz, positive(113, 3)),
        "masses, 60 → 60": (partial(masses, 10), positive(114, 60) / 9),
        "energy of masses, 100 → 1": (masses_energy, positive(115, 100) / 9),
        "path of a parameter, 1 → 50": (path, positive(116, 1)),
        "mixing, 80 → 80": (partial(mixing, matrix, 12), draw(117, 80)),
        "mixing seen by three, 80 → 3": (
            lambda x: mixing(matrix, 12, x)[:3],
            draw(118, 80),
        ),
    }
