"""Functions of arrays as one text for several libraries: the numpy module is the first argument."""

from __future__ import annotations

from typing import Any

import numpy

CHAIN_BLOCK = 12
"""Operations in a block of `chain`."""
VISCOSITY = 0.01
STEP, FORCING = 0.02, 8.0


def mlp(np: Any, w1: Any, b1: Any, w2: Any, b2: Any, w3: Any, b3: Any, x: Any, y: Any) -> Any:
    """Softmax cross-entropy of a ReLU network with two hidden layers; y is one-hot."""
    h = np.maximum(x @ w1 + b1, 0.0)
    h = np.maximum(h @ w2 + b2, 0.0)
    z = h @ w3 + b3
    z = z - np.max(z, axis=1, keepdims=True)
    return np.mean(np.log(np.sum(np.exp(z), axis=1)) - np.sum(y * z, axis=1))


def log_sum_exp(np: Any, x: Any) -> Any:
    top = np.max(x)
    return top + np.log(np.sum(np.exp(x - top)))


def gmm(np: Any, alphas: Any, means: Any, icf: Any, x: Any, position: Any, below: Any) -> Any:
    """Log-likelihood of a Gaussian mixture with a Wishart prior (γ = 1, m = 0), constants left out,
    after the GMM of ADBench (Šrajer, Kukelova, Fitzgibbon, 2018). A row of icf holds the logarithms
    of the diagonal of Q_k, then what is below it; position and below say where that goes."""
    d = means.shape[1]
    logs = icf[:, :d]
    diagonal = np.exp(logs)
    q = icf[:, position] * below + diagonal[:, :, None] * numpy.eye(d)
    centred = x[None, :, :] - means[:, None, :]
    scaled = centred @ np.transpose(q, (0, 2, 1))
    inner = (alphas + np.sum(logs, axis=1))[:, None] - 0.5 * np.sum(scaled**2, axis=2)
    top = np.max(inner, axis=0)
    likelihood = np.sum(top + np.log(np.sum(np.exp(inner - top), axis=0)))
    prior = 0.5 * (np.sum(diagonal**2) + np.sum(icf[:, d:] ** 2))
    return likelihood - len(x) * log_sum_exp(np, alphas) - prior


def lstm(np: Any, w: Any, b: Any, h: Any, c: Any, x: Any) -> Any:
    """One step of an LSTM cell for one input vector, summed to a number."""
    n = len(c)
    gates = w @ np.concatenate([x, h]) + b
    keep, write, show = 1.0 / (1.0 + np.exp(-gates[: 3 * n])).reshape((3, n))
    c = keep * c + write * np.tanh(gates[3 * n :])
    h = show * np.tanh(c)
    return np.sum(h * h) + np.sum(c * c)


def chain(np: Any, x: Any, blocks: Any) -> Any:
    """12 elementwise operations a block (4 additions, 5 multiplications, a division, sin, exp), and
    one sum."""
    y = x
    for _ in range(blocks):
        z = np.sin(x) * y + x
        w = np.exp(z * 0.1)
        x = (w + z) / (w * w + 1.5)
        y = x * 0.5 + y * 0.25
    return (x + y).sum()


def square(np: Any, a: Any, x: Any) -> Any:
    """tanh(A x) sin x."""
    return np.tanh(a @ x) * np.sin(x)


def oblong(np: Any, a: Any, x: Any) -> Any:
    """tanh(A x) sin Σ x."""
    return np.tanh(a @ x) * np.sin(np.sum(x))


def rosenbrock(np: Any, x: Any) -> Any:
    """Rosenbrock's valley in n dimensions."""
    return np.sum(100.0 * (x[1:] - x[:-1] ** 2) ** 2 + (1.0 - x[:-1]) ** 2)


def burgers(np: Any, u: Any) -> Any:
    """du/dt = ν u″ − u u′ on (0, 1) by central differences, u = 0 at both ends: three diagonals."""
    h = 1.0 / (len(u) + 1)
    end = np.zeros(1)
    left = np.concatenate([end, u[:-1]])
    right = np.concatenate([u[1:], end])
    return VISCOSITY * (left - 2.0 * u + right) / h**2 - u * (right - left) / (2.0 * h)


def lorenz_slope(np: Any, x: Any) -> Any:
    """Lorenz's model of 1996, an atmosphere on one circle of latitude."""
    return (np.roll(x, -1) - np.roll(x, 2)) * np.roll(x, 1) - x + FORCING


def lorenz_step(np: Any, x: Any) -> Any:
    """One Runge–Kutta step of that model."""
    k1 = lorenz_slope(np, x)
    k2 = lorenz_slope(np, x + 0.5 * STEP * k1)
    k3 = lorenz_slope(np, x + 0.5 * STEP * k2)
    k4 = lorenz_slope(np, x + STEP * k3)
    return x + STEP / 6.0 * (k1 + 2.0 * k2 + 2.0 * k3 + k4)


def lorenz_energy(np: Any, steps: Any, x: Any) -> Any:
    """Half of Σ x² after some steps."""
    for _ in range(steps):
        x = lorenz_step(np, x)
    return 0.5 * np.sum(x * x)
