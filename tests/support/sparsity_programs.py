"""Functions whose sparse derivatives the tests compare with dense ones."""

import numpy as np

import admodes as ad

A = np.array([[0.0, 2.0, 0.0, 1.5], [1.0, 0.0, 0.0, 0.0], [0.0, 0.0, 3.0, 0.5]])
STACK = np.arange(24.0).reshape(2, 3, 4) % 3


def burgers(u, nu=0.1, dx=0.5):
    slope = (u[2:] - u[:-2]) / (2 * dx)
    bend = (u[2:] - 2 * u[1:-1] + u[:-2]) / dx**2
    return np.concatenate([[0.0], -u[1:-1] * slope + nu * bend, [0.0]])


def periodic(u):
    return np.roll(u, 1) - 2 * u**2 + np.sin(np.roll(u, -1))


def padded(u):
    wide = np.pad(u, 1) + 0.5
    return wide[2:] * u - wide[:-2] ** 2


def edged(u):
    wide = np.pad(u, 2, mode="edge")
    return wide[4:] * wide[:-4] + u


def one_sided(u):
    inner = (u[2:] - u[:-2]) / 2
    start, stop = -1.5 * u[0] + 2 * u[1] - 0.5 * u[2], u[-1] - u[-2]
    return ad.stack([start, *list(inner), stop]) * np.exp(u)


def heat(x):
    u = x.reshape(3, 4)
    wide = np.pad(u, 1)
    cross = wide[2:, 1:-1] + wide[:-2, 1:-1] + wide[1:-1, 2:] + wide[1:-1, :-2]
    return (cross - 4 * u**3).T


def stepped(u):
    for _ in range(3):
        u = u + 0.1 * burgers(u)
    return u


def residuals(x):
    """Bundle adjustment in small: 2 cameras of 4 numbers, 3 points of 2."""
    cameras, points = x[:8].reshape(2, 4), x[8:].reshape(3, 2)
    seen = np.array([[0, 0], [0, 1], [1, 1], [1, 2], [0, 2]])
    c, p = cameras[seen[:, 0]], points[seen[:, 1]]
    turn = c[:, :2]
    away = np.stack([turn[:, 0] * p[:, 0] - turn[:, 1] * p[:, 1], np.sum(turn * p, axis=1)], 1)
    return away * np.exp(c[:, 2:3]) + c[:, 3:4]


def residuals_mapped(x):
    cameras, points = x[:8].reshape(2, 4), x[8:].reshape(3, 2)
    seen = np.array([[0, 0], [0, 1], [1, 1], [1, 2], [0, 2]])

    def residual(c, p):
        turn = ad.array([[c[0], -c[1]], [c[1], c[0]]])
        return turn @ p * np.exp(c[2]) + c[3]

    return ad.vmap(residual)(cameras[seen[:, 0]], points[seen[:, 1]])


BANDS = {
    "burgers": (burgers, 7),
    "burgers of 3": (burgers, 3),
    "burgers of 2": (burgers, 2),
    "periodic": (periodic, 6),
    "periodic of 1": (periodic, 1),
    "periodic of 2": (periodic, 2),
    "padded": (padded, 5),
    "edged": (edged, 5),
    "one_sided": (one_sided, 6),
    "heat": (heat, 12),
    "stepped": (stepped, 9),
    "residuals": (residuals, 14),
    "residuals_mapped": (residuals_mapped, 14),
    "diff": (lambda x: np.diff(x, n=2, prepend=0.0) ** 2, 5),
    "gradient": (lambda x: np.gradient(x * x) * x, 6),
    "gradient at uneven points": (lambda x: np.gradient(x**3, np.arange(6.0) ** 1.5), 6),
    "ediff1d": (lambda x: np.ediff1d(x, to_begin=0.0), 5),
    "where": (lambda x: np.where(x[1:] > 1, x[1:] * x[:-1], x[1:]), 6),
    "masked": (lambda x: x * (x > 1) + np.maximum(x, 1.0), 6),
    "reversed": (lambda x: x[::-1] * x, 5),
    "strided": (lambda x: x[::2] * x[1::2], 6),
    "taken": (lambda x: x[[0, 0, 3, 2]] * x[1], 4),
    "outer": (lambda x: x[:, None] * np.arange(1.0, 3.0) + 1 / x[:, None], 4),
    "outer of itself": (lambda x: x[:, None] * x, 3),
    "short sums": (lambda x: (x.reshape(4, 3) ** 2).sum(1) * x[:4], 12),
    "short means": (lambda x: (x.reshape(4, 3) ** 2).mean(axis=0, keepdims=True), 12),
    "rows by a matrix": (lambda x: x.reshape(5, 3) @ A, 15),
    "a matrix by a vector": (lambda x: A @ x, 4),
    "a matrix for each row": (lambda x: np.einsum("nj,nij->in", x.reshape(2, 4), STACK), 8),
    "three factors": (lambda x: np.einsum("i,i,ij->ij", x, x, A), 3),
    "turned": (lambda x: np.einsum("ij->ji", x.reshape(2, 3)) ** 2, 6),
    "tril": (lambda x: np.tril(x.reshape(3, 3)) ** 2, 9),
    "repeat and tile": (lambda x: np.repeat(x, 2) * np.tile(x[::-1], 2), 4),
    "a constant": (lambda x: np.ones(3), 4),
    "a sum of constants": (lambda x: np.zeros_like(x) + 1, 4),
    "itself": (lambda x: x, 4),
    "nothing": (lambda x: x[:0] ** 2, 4),
    "of nothing": (lambda x: np.concatenate([x**2, [1.0, 2.0]]), 0),
    "sqrt at 0": (lambda x: np.sqrt(x - x) * 0.0 + x, 3),
    "a jvp inside": (lambda x: ad.jvp(lambda z: z**3, (x,), (np.ones(4),))[1] * x, 4),
    "a gradient inside": (lambda x: ad.grad(lambda z: (z[1:] ** 2 * z[:-1]).sum())(x), 4),
    "one number of a vector": (lambda x: x[1] * x[2], 4),
}
"""Functions of a vector of so many entries, with few derivatives per entry at every step."""

WIDE = {
    "cumsum": (lambda x: np.cumsum(x**2), 5),
    "cumprod": (lambda x: np.cumprod(x.reshape(3, 2), axis=0), 6),
    "a total": (lambda x: (x * x).sum(), 40),
    "a norm": (lambda x: x[:3] / np.linalg.norm(x), 40),
    "a product": (lambda x: np.prod(x.reshape(2, 3), axis=1), 6),
    "an arrow": (lambda x: np.concatenate([[x @ x], x[1:] * x[0]]), 40),
    "einsum": (lambda x: np.einsum("ij,kj->ik", x.reshape(3, 4), A), 12),
    "einsum of both": (lambda x: np.einsum("ij,ij->i", x.reshape(3, 4), x.reshape(3, 4)), 12),
    "einsum of a diagonal": (lambda x: np.einsum("ii->i", x.reshape(3, 3)), 9),
    "a stack of matrices": (lambda x: STACK @ x.reshape(4, 2), 8),
    "one matrix for a stack": (lambda x: x.reshape(2, 1, 3, 2) @ np.eye(2, 5), 12),
    "convolve": (lambda x: np.convolve(x, np.ones(3)), 12),
    "outer": (lambda x: np.outer(x[:2], x[2:]), 5),
    "a wide matrix": (lambda x: np.eye(4, 20) @ x, 20),
    "a wide matrix on the right": (lambda x: x @ np.eye(20, 4), 20),
    "take_along_axis": (lambda x: np.take_along_axis(x.reshape(2, 3), np.array([[2], [0]]), 1), 6),
    "spread": (lambda x: ad.grad(lambda z: (z[[0, 0, 2]] ** 2).sum())(x), 4),
}
"""Functions whose patterns are exact although they are not banded throughout."""

COARSE = {
    "solve": (lambda x: np.linalg.solve(np.eye(3) * 2, x.reshape(3, 2)), 6),
    "inv of two": (lambda x: np.linalg.inv(x.reshape(2, 2, 2) + 3 * np.eye(2)), 8),
    "det of two": (lambda x: np.linalg.det(x.reshape(2, 2, 2) + 3 * np.eye(2)), 8),
    "eigh": (lambda x: np.linalg.eigh(x.reshape(2, 2) + np.diag([1.0, 5.0]))[0], 4),
    "sort": (lambda x: np.sort(x.reshape(2, 3), axis=1), 6),
    "max": (lambda x: np.max(x.reshape(2, 3), axis=1), 6),
    "fft": (lambda x: np.abs(np.fft.fft(x.reshape(2, 3)[:, :2])), 6),
    "argsort": (lambda x: x[np.argsort(ad.value(x))] * x, 5),
    "a mask": (lambda x: x[ad.value(x) > 1] ** 2, 5),
    "cancelled": (lambda x: x[1:] - x[1:] + x[:-1], 5),
}
"""Functions whose patterns may have more entries than needed."""
