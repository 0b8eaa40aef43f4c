"""The functions, beside the named problems, whose outputs are kept in tests/data/goldens: one for
each chapter of operations, programs on arrays, and the examples. Each has a point in
golden_points.py.

No result depends on the signs of eigenvectors, nor on which of two equal entries comes first:
those differ from one LAPACK or CPU to the next.
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np

import admodes as ad

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"
sys.path[:0] = [str(EXAMPLES), str(EXAMPLES / "codes")]

import ascent as hill  # noqa: E402
import bundle_adjustment as bundles  # noqa: E402
import compiled as fast  # noqa: E402
import gaussian_process as processes  # noqa: E402
import kalman as filters  # noqa: E402
import logistic_regression as regression  # noqa: E402
import sparsity_programs as stencils  # noqa: E402
import two_body as bodies  # noqa: E402
from neural import arrays as neural  # noqa: E402


def numbers(*shape, shift=0.0, low=-1.2, high=1.2):
    """Entries with two decimals between low and high, all different, the same on any machine."""
    n = int(np.prod(shape))
    entries = (0.618034 * np.arange(1, n + 1) + shift) % 1.0
    return np.round(low + (high - low) * entries, 2).reshape(shape)


# One for each chapter of operations.


def activations(x):
    y = ad.relu(x) + ad.elu(x) * ad.sigmoid(x) + ad.leaky_relu(x)
    return np.sum(y + ad.softplus(x) - ad.logit(0.4 + 0.1 * x) + np.logaddexp(x, x[::-1]))


def arithmetic(x, y):
    z = np.sqrt(np.square(x) + 1) - np.cbrt(y) / (x + 3) + np.reciprocal(y + 4)
    return np.sum(np.power(z, 3) * x**y - np.divmod(y, 0.7)[1])


def branches(x):
    total = 0.0
    for k in range(3):
        total = total + (x[k] ** 2 if x[k] > 0 else np.exp(x[k]))
    while total < 10:
        total = 2 * total
    return total * x[-1]


def comparisons(x, y):
    z = np.where(x > y, x * y, np.sin(x)) + (x <= 0.1) * y
    return np.sum(z * np.not_equal(x, y) + (y == y) * x)


def complex_numbers(x, y):
    z = np.exp(1j * x) * (y + 2j) + np.conj(x + 1j * y)
    return np.sum(np.abs(z) + np.angle(z) * z.real - z.imag**2)


def decompositions(a):
    s = a @ a.T + 3 * np.eye(3)
    q, r = np.linalg.qr(a + 2 * np.eye(3))
    lower = np.linalg.cholesky(s)
    sign, logarithm = np.linalg.slogdet(s)
    return (
        np.sum(np.linalg.svd(a, compute_uv=False))
        + np.sum((q @ r) ** 2)
        + lower[2, 1]
        + (sign * logarithm)
    )


def differences(x):
    return np.sum(np.diff(x, n=2) ** 2) + np.trapezoid(x**2, dx=0.5) + np.gradient(x)[1] * x[0]


def eigen(a):
    values, vectors = np.linalg.eigh(a + a.T + np.diag([0.0, 3.0, 7.0]))
    return values[0] * values[2] + np.sum(vectors**4 * values)


def entropies(x):
    p = ad.softmax(x)
    return np.sum(ad.entr(p)) + ad.logsumexp(x) - np.sum(ad.log_softmax(x) * p)


def exponential(x):
    y = np.exp2(x) + np.expm1(x) * np.log1p(x + 2)
    return np.sum(np.log2(y + 5) * np.log10(x + 3) - np.log(np.exp(x)))


def extremes(x):
    y = np.maximum(x, 0.3) * np.minimum(x, x[::-1])
    return np.max(x**2) - np.min(y) + np.sort(y.ravel())[3] + np.ptp(x, axis=0) @ x[0]


def fourier(x):
    z = np.fft.rfft(x * np.hanning(8))
    return np.sum(np.abs(z) ** 2) + np.fft.irfft(z * np.arange(5.0))[2] + np.fft.fft(x).imag[1]


def hyperbolic(x):
    y = np.tanh(x) * np.cosh(x) + np.sinh(x) / np.cosh(0.5 * x)
    return np.sum(y + np.arcsinh(x) - np.arctanh(0.5 * x) + np.arccosh(x + 3))


def indexing(x):
    picked = x[[0, 0, 2]] * x[:, None, ::2][:, 0, :1]
    mine = 2 * x[2]
    mine += x[0]
    return np.sum(picked**2) + np.sum(mine[::-1] ** 3) + np.take(x, 5) * x.ravel()[-1]


def layout(x):
    y = np.concatenate([x.T, x.T[:, ::-1]], axis=1)
    y = np.stack([y, np.roll(y, 1, axis=0)]).swapaxes(0, 1)
    z = np.pad(y.reshape(4, -1), ((0, 0), (1, 0)), constant_values=0.5)
    return np.sum(z**2 * np.tile(np.array([1.0, -2.0]), (4, 7))[:, :13]) + np.sum(
        np.repeat(np.flip(x[0]), 2) ** 3
    )


def linear_algebra(a, b):
    s = a @ a.T + 2 * np.eye(3)
    x = np.linalg.solve(s, b)
    return b @ np.linalg.inv(s) @ x + np.linalg.det(s) - np.trace(np.linalg.matrix_power(a, 2))


def norms(x):
    return np.linalg.norm(x) + np.sum(np.linalg.norm(x, axis=1, ord=1)) + np.linalg.norm(x[0], 3)


def planar(x, y):
    return np.sum(np.hypot(x, y) * np.arctan2(y, x + 2) + np.copysign(x, y) * np.fmod(x, 0.5))


def polynomials(x):
    return (
        np.polyval([1.0, -0.5, 2.0], x[0])
        + np.sum(np.convolve(x, x[:2]) ** 2)
        + (np.sum(np.polyval(x[1:3], np.array([0.5, 2.0]))))
    )


def products(a, b):
    y = np.einsum("ij,kj->ik", a, b) + np.outer(a[:, 0], b[0, :3])
    return (
        np.sum(np.tensordot(a, b.T, 1) * y)
        + np.vdot(a, b)
        + np.inner(a[0], b[1])
        + (np.sum(np.kron(a[:1], b[1]) ** 2))
    )


def quantiles(x):
    return np.median(x) * np.quantile(x, 0.3) + np.sum(np.percentile(x, [25, 60], axis=0) ** 2)


def reductions(x):
    y = np.cumsum(x, axis=1) * np.mean(x, axis=0, keepdims=True)
    return (
        np.sum(y, axis=(0, 1))
        + np.prod(x[0])
        + np.sum(np.cumprod(x[1]))
        + np.sum(x**2, 1) @ x[:, 0]
    )


def sampling(x):
    y = np.interp(x, [-2.0, 0.0, 2.0], [1.0, 3.0, -1.0]) * x
    return np.sum(y) + np.sum(np.bincount([0, 2, 2, 1, 0], weights=x) ** 2) + np.cov(x, y)[0, 1]


def selection(x, y):
    z = np.clip(x, -0.5, 0.6) * np.abs(y) + np.sign(x) * y - np.floor(3 * x) * np.ceil(y) * x
    return np.sum(z + np.fmax(x, y) - np.select([x > 0.5, y > 0.5], [x**2, y**3], 0.0))


def shaping(x):
    y = ad.array([[x[0], 1.0], [x[1] * x[2], x[3]]])
    return (
        np.sum(np.triu(y) @ np.diag(x[:2]))
        + np.trace(ad.stack([y, y.T])[1])
        + np.sum(np.broadcast_to(x[:2], (3, 2)) ** 2 * x[2])
    )


def special(x):
    y = ad.erf(x) * ad.erfc(0.5 * x) + ad.gammaln(x + 3) - ad.digamma(x + 2)
    return np.sum(y + ad.trigamma(x + 2) * ad.gelu(x))


def splits(x):
    first, second, third = np.split(x, [2, 3])
    return np.sum(first**2) * second[0] + np.sum(third**3) + np.sum(np.hsplit(x, 2)[1] * x[:3])


def statistics(x):
    return np.var(x) + np.sum(np.std(x, axis=0, ddof=1)) * np.average(
        x[0], weights=[1.0, 2.0, 3.0, 1.0]
    )


def steps(x):
    return np.sum(np.trunc(2 * x) * x + np.rint(3 * x) + np.heaviside(x, 0.5) * x**2 + np.fabs(x))


def trigonometric(x):
    y = np.sin(x) * np.cos(2 * x) - np.tan(0.3 * x) + np.arcsin(0.5 * x) * np.arccos(0.4 * x)
    return np.sum(y + np.arctan(x) * np.deg2rad(x) + np.sinc(x))


def truths(x):
    return np.sum(x * (np.all(x > -2) & np.any(x > 1))) * np.any(x > 0) + x[0]


def ufunc_methods(x):
    return np.sum(np.add.accumulate(x) * np.multiply.reduce(x)) + np.sum(
        np.multiply.outer(x, x[:2]) ** 2
    )


# Programs on arrays.


def burgers(u):
    return np.sum(stencils.stepped(u) ** 2)


def heat(x):
    return np.sum(stencils.heat(x) ** 2)


def residuals(x):
    return 0.5 * np.sum(stencils.residuals(x) ** 2)


def residuals_mapped(x):
    return 0.5 * np.sum(stencils.residuals_mapped(x) ** 2)


def attention(q, k, v):
    weights = ad.softmax(q @ k.T / np.sqrt(2.0), axis=1)
    return np.sum((weights @ v) ** 2)


def recurrent(w, h, xs):
    for x in xs:
        h = np.tanh(w @ h + x)
    return h @ h


def ring(u):
    return fast.slope(u, 0.25, 0.1)


def checkpointed(stiffness, damping):
    return fast.position_after(6)(stiffness, damping)


def curvature(x):
    """A derivative inside of the function."""
    return np.sum(ad.grad(lambda z: np.sum(np.sin(z) * z[::-1]))(x) ** 2)


# The examples.


def ascent(x):
    return hill.f(x)


def kalman(log_q, log_r, m):
    F = numbers(4, 2, low=-2.0, high=9.0)
    return filters.negative_log_likelihood(log_q, log_r, m, np.diag([4.0, 4.0, 1.0, 1.0]), F, 0.5)


CAMERAS, _scene, _camera_index, _point_index, _ = bundles.data()


def bundle_adjustment(cameras, points, weights):
    seen = np.zeros((6, 2))
    return np.sum(bundles.residuals(cameras, points, weights, _camera_index, _point_index, seen))


def logistic_regression(W, b):
    X, y = numbers(6, 4, shift=0.3), np.array([0, 2, 1, 1, 0, 2])
    return regression.multinomial_loss(W, b, X, y, 0.1)


def two_body(q, p):
    return bodies.energy_error(q, p, np.array([1.0, 0.6]), 0.01, 3)


def gaussian_process(log_lengths, log_signal, log_noise):
    X = numbers(5, 2, low=-2.0, high=2.0)
    y = numbers(5, shift=0.5)
    return processes.negative_log_marginal_likelihood(log_lengths, log_signal, log_noise, X, y)


def network(W1, b1, W2, b2, x):
    layers = [{"W": W1, "b": b1}, {"W": W2, "b": b2}]
    return np.mean(neural.forward(layers, x) ** 2)


def relu_network(W1, b1, W2, b2, x):
    layers = [{"W": W1, "b": b1}, {"W": W2, "b": b2}]
    return np.mean(neural.forward(layers, x, activation=neural.relu) ** 2)
