"""The functions of GradBench's evals once more, as loops over numbers, after the text of its
definitions and apart from admodes. They take complex numbers, so that a complex step gives their
derivatives to the last digits."""

from __future__ import annotations

import math
from itertools import pairwise

import numpy as np

STEP = 1e-30


def slopes(f, x):
    """The derivatives of f, a function of a flat vector, as a matrix of outputs by inputs."""
    x = np.asarray(x, float)
    columns = []
    for k in range(x.size):
        z = x.astype(complex)
        z[k] += STEP * 1j
        columns.append(np.ravel(np.imag(f(z))) / STEP)
    return np.array(columns).T


def runge_kutta(x, s):
    y, h = [0.0] * len(x), 2.0 / s

    def g(y):
        return [x[0], *(x[i] * y[i - 1] for i in range(1, len(x)))]

    for _ in range(s):
        k1 = g(y)
        k2 = g([a + h / 2 * b for a, b in zip(y, k1)])
        k3 = g([a + h / 2 * b for a, b in zip(y, k2)])
        k4 = g([a + h * b for a, b in zip(y, k3)])
        y = [a + h / 6 * (b + 2 * c + 2 * d + e) for a, b, c, d, e in zip(y, k1, k2, k3, k4)]
    return np.array(y)


def mixture(data, alpha, mu, q, low):
    d, k, n, m, gamma = (data[name] for name in ("d", "k", "n", "m", "gamma"))
    factors = []
    for j in range(k):
        rest = iter(low[j])
        factor = np.zeros((d, d), complex)
        for column in range(d):
            factor[column, column] = np.exp(q[j][column])
            for row in range(column + 1, d):
                factor[row, column] = next(rest)
        factors.append(factor)
    total = -n * (d / 2 * math.log(2 * math.pi) + np.log(np.sum(np.exp(alpha))))
    for x in data["x"]:
        terms = 0.0
        for j in range(k):
            z = factors[j] @ (np.array(x) - mu[j])
            terms = terms + np.exp(alpha[j] + np.sum(q[j]) - 0.5 * np.sum(z * z))
        total = total + np.log(terms)
    nu = d + m + 1
    gammas = sum(math.lgamma(nu / 2 + (1 - j) / 2) for j in range(1, d + 1))
    log_gamma = d * (d - 1) / 4 * math.log(math.pi) + gammas
    total = total + k * (nu * d * math.log(gamma / math.sqrt(2)) - log_gamma)
    squares = np.sum(np.exp(2 * q)) + np.sum(low * low)
    return total - gamma**2 / 2 * squares + m * np.sum(q)


def recurrent_loss(main, extra, state, sequence):
    def sigmoid(z):
        return 1 / (1 + np.exp(-z))

    state = [np.array(x) for x in state]
    sequence = np.array(sequence, float)
    b, total = sequence.shape[1], 0.0
    for now, later in pairwise(sequence):
        x = now * extra[0]
        for i in range(0, len(main), 2):
            w, c = main[i].reshape(4, b), main[i + 1].reshape(4, b)
            hidden, cell = state[i], state[i + 1]
            forget, into = sigmoid(x * w[0] + c[0]), sigmoid(hidden * w[1] + c[1])
            out, change = sigmoid(x * w[2] + c[2]), np.tanh(hidden * w[3] + c[3])
            cell = cell * forget + into * change
            x = out * np.tanh(cell)
            state[i], state[i + 1] = x, cell
        y = x * extra[1] + extra[2]
        total = total + np.sum(later * (y - np.log(2 + np.sum(np.exp(y)))))
    return -total / ((len(sequence) - 1) * b)


def turned(r, a):
    """a turned about r, by the matrix of Rodrigues."""
    angle = np.sqrt(np.sum(r * r))
    k = np.array([[0, -r[2], r[1]], [r[2], 0, -r[0]], [-r[1], r[0], 0]])
    if angle == 0:
        return a + k @ a
    return a + np.sin(angle) / angle * (k @ a) + (1 - np.cos(angle)) / angle**2 * (k @ (k @ a))


def observation(z, feat):
    """The error of an observation from the 11 numbers of its camera, 3 of its point, a weight."""
    seen = turned(z[:3], z[11:14] - z[3:6])
    e = seen[:2] / seen[2]
    s = e[0] ** 2 + e[1] ** 2
    return z[14] * (z[6] * e * (1 + z[9] * s + z[10] * s**2) + z[7:9] - np.array(feat))


def descent(f, gradient, x):
    """The descent of the definition, with every check in its place."""
    x = np.array(x, float)
    rate, i = 1e-5, 0
    value, g = f(x), gradient(x)
    while np.sqrt(np.sum(g * g)) > 1e-5:
        if i == 10:
            rate, i = 2 * rate, 0
            continue
        y = x - rate * g
        if np.sqrt(np.sum((x - y) ** 2)) <= 1e-5:
            break
        if f(y) < value:
            x, value, g, i = y, f(y), gradient(y), i + 1
        else:
            rate, i = rate / 2, 0
    return x


def landing(w):
    """E(w), with the acceleration in closed form."""
    x, y, u, v = 0.0, 8.0, 0.75, 0.0
    while True:
        a = b = 0.0
        for p, q in ((10.0, 10.0 - w), (10.0, 0.0)):
            distance = np.sqrt((x - p) ** 2 + (y - q) ** 2)
            a, b = a + (x - p) / distance**3, b + (y - q) / distance**3
        x, y = x + 0.1 * u, y + 0.1 * v
        if np.real(y) <= 0:
            return (x - y / v * u) ** 2
        u, v = u + 0.1 * a, v + 0.1 * b


def hand_errors(theta, us, data):
    """The errors of ht, bone by bone and vertex by vertex."""
    model = data["model"]
    bones = model["bone_count"]
    pose = np.zeros((3, bones + 3), complex)
    pose[:, 0], pose[:, 1], pose[:, 2] = theta[:3], 1.0, theta[3:6]
    k, c = 6, 5
    for _ in range(5):
        for joint in range(3):
            pose[0, c] = theta[k]
            k += 1
            if joint == 0:
                pose[1, c] = theta[k]
                k += 1
            c += 1
        c += 1
    absolutes = []
    for b, parent in enumerate(model["parents"]):
        rx, rz, ry = (turning(axis, pose[i, b + 3]) for i, axis in enumerate((0, 2, 1)))
        local = np.array(model["base_relatives"][b]) @ rz @ ry @ rx
        absolutes.append(local if parent == -1 else absolutes[parent] @ local)
    found = []
    for position, weights in zip(model["base_positions"], model["weights"]):
        vertex = np.zeros(3, complex)
        for b in range(bones):
            transform = absolutes[b] @ np.array(model["inverse_base_absolutes"][b])
            vertex += weights[b] * (transform @ np.array(position))[:3]
        if model["is_mirrored"]:
            vertex[0] = -vertex[0]
        if np.real(np.sum(theta[:3] ** 2)) >= 1e-8:
            vertex = turned(theta[:3], vertex)
        found.append(vertex + theta[3:6])
    errors = []
    for i, (at, point) in enumerate(zip(data["correspondences"], data["points"])):
        if len(us):
            (u, v), corners = us[i], model["triangles"][at]
            place = sum(w * found[t] for w, t in zip((u, v, 1 - u - v), corners))
        else:
            place = found[at]
        errors.append(np.array(point) - place)
    return np.concatenate(errors)


def turning(axis, angle):
    """The rotation by an angle about a coordinate axis, 4 × 4."""
    matrix = np.eye(4, dtype=complex)
    i, j = (axis + 1) % 3, (axis + 2) % 3
    matrix[i, i] = matrix[j, j] = np.cos(angle)
    matrix[j, i], matrix[i, j] = np.sin(angle), -np.sin(angle)
    return matrix
