"""Functions with zeros in their Jacobians: stencils, blocks, arrowheads, patterns without order."""

from __future__ import annotations

from functools import partial

import numpy as np

from .points import Case, draw, positive

# Stencils and other bands.


def advection(u):
    return u - 0.3 * u * (u - np.roll(u, 1))


def laplace(u):
    grid = u.reshape(20, 20)
    inside = grid[1:-1, 1:-1]
    around = grid[:-2, 1:-1] + grid[2:, 1:-1] + grid[1:-1, :-2] + grid[1:-1, 2:]
    return (around - 4.0 * inside + 0.1 * np.exp(inside)).reshape(-1)


def dispersive(u):
    third = np.roll(u, -2) - 2 * np.roll(u, -1) + 2 * np.roll(u, 1) - np.roll(u, 2)
    return -3.0 * u * (np.roll(u, -1) - np.roll(u, 1)) - 0.5 * third


def biharmonic(u):
    return u[:-4] - 4 * u[1:-3] + 6 * u[2:-2] ** 2 - 4 * u[3:-1] + u[4:]


def two_species(z):
    u, v = z[:100], z[100:]
    lap = np.roll(u, 1) - 2 * u + np.roll(u, -1)
    return np.concatenate([lap + u * u * v - u, 0.5 * v - u * u * v])


def implicit_step(before, u):
    inner = u[1:-1] - before[1:-1] - 0.2 * (u[2:] - 2 * u[1:-1] + u[:-2]) + 0.1 * u[1:-1] ** 3
    return np.concatenate([u[:1] - 1.0, inner, u[-1:]])


def broyden(x):
    left = np.concatenate([np.zeros(1), x[:-1]])
    right = np.concatenate([x[1:], np.zeros(1)])
    return (3.0 - 2.0 * x) * x - left - 2.0 * right + 1.0


def extended_rosenbrock(x):
    odd, even = x[0::2], x[1::2]
    return np.concatenate([10.0 * (even - odd * odd), 1.0 - odd])


def smoothed(x):
    return np.convolve(np.tanh(x), np.array([0.1, 0.2, 0.4, 0.2, 0.1]), "valid")


def chained_energy(x):
    return np.sum(np.sin(x[1:] - x[:-1]) ** 2) + np.sum(x**4)


def bands() -> dict[str, Case]:
    return {
        "advection, 1000 → 1000": (advection, positive(50, 1000)),
        "Laplace in two dimensions, 400 → 324": (laplace, positive(51, 400)),
        "dispersion, 500 → 500": (dispersive, positive(52, 500)),
        "fourth differences, 100 → 96": (biharmonic, positive(53, 100)),
        "two species, 200 → 200": (two_species, positive(54, 200)),
        "implicit step, 60 → 60": (partial(implicit_step, positive(55, 60)), positive(56, 60)),
        "implicit step, 1500 → 1500": (
            partial(implicit_step, positive(57, 1500)),
            positive(58, 1500),
        ),
        "Broyden, 40 → 40": (broyden, positive(59, 40)),
        "Broyden, 2000 → 2000": (broyden, positive(60, 2000)),
        "Rosenbrock pairs, 200 → 200": (extended_rosenbrock, positive(61, 200)),
        "convolution, 300 → 296": (smoothed, positive(62, 300)),
        "chain energy, 2000 → 1": (chained_energy, positive(63, 2000)),
    }


# Blocks, arrowheads, patterns without order.


def rotated(x):
    p = x.reshape(50, 3)
    angle = p[:, 0]
    return np.stack(
        [
            np.cos(angle) * p[:, 1] - np.sin(angle) * p[:, 2],
            np.sin(angle) * p[:, 1] + np.cos(angle) * p[:, 2],
        ],
        axis=1,
    ).reshape(-1)


def block_forms(matrices, x):
    blocks = x.reshape(40, 5)
    return np.einsum("kij,kj->ki", matrices, np.sin(blocks)).reshape(-1)


def arrowhead(x):
    return np.concatenate([np.sum(x * x, keepdims=True), np.exp(x[1:]) * x[0]])


def bordered(x):
    return np.concatenate([x[:-1] ** 2 - x[-1], np.mean(np.cos(x), keepdims=True)])


def pairs(first, second, x):
    return np.sin(x[first]) * x[second] - x[first] ** 2


def flows(first, second, x):
    flow = np.tanh(x[first] - x[second])
    return flow * flow


def distances(x):
    p = x.reshape(24, 2)
    d = p[:, None, :] - p[None, :, :]
    rows, columns = np.triu_indices(24, 1)
    return np.sum(d * d, axis=2)[rows, columns]


def low_rank(u, v, x):
    return u @ np.tanh(v @ x) + x**3


def patterns() -> dict[str, Case]:
    random = np.random.default_rng(70)
    first, second = random.integers(300, size=(2, 500))
    many = random.integers(1500, size=(2, 1200))
    return {
        "rotations, 150 → 100": (rotated, draw(71, 150)),
        "blocks of five, 200 → 200": (partial(block_forms, draw(72, 40, 5, 5)), draw(73, 200)),
        "arrowhead, 60 → 60": (arrowhead, positive(74, 60)),
        "arrowhead, 800 → 800": (arrowhead, positive(75, 800)),
        "bordered, 300 → 300": (bordered, positive(76, 300)),
        "pairs, 300 → 500": (partial(pairs, first, second), positive(77, 300)),
        "flows, 1500 → 1200": (partial(flows, *many), positive(78, 1500)),
        "distances, 48 → 276": (distances, draw(79, 48)),
        "low rank and diagonal, 250 → 250": (
            partial(low_rank, draw(80, 250, 4), draw(81, 4, 250)),
            positive(82, 250) / 9,
        ),
    }
