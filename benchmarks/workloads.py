"""Vectorised functions that the array benchmarks differentiate, and how each library does it.

Every function takes the numpy module first, so that one text runs with numpy itself, under admodes
(which takes plain NumPy code as it is), and with autograd.numpy. `agreement` compares gradients
before anything is timed.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from itertools import pairwise

import numpy

import admodes as ad

try:
    import autograd
    import autograd.numpy
except ImportError:
    autograd = None

OURS, PEER = "admodes", "autograd"
VARIABLES = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")
LEAST = 0.01
"""Seconds that each takes in a round, by as many calls as that needs: gradients and Jacobians are
called in loops, and a single call of the shorter one would pay for the caches that the longer one
has filled."""
CHAIN_BLOCK = 12
"""Operations in a block of `chain`."""


@dataclass(frozen=True)
class Workload:
    """f(numpy, *args) is one number; the gradient is taken for args[i], i in argnums. target: the
    largest ratio of times, admodes to autograd, that is good enough."""

    name: str
    f: Callable
    args: tuple
    argnums: tuple[int, ...]
    target: float | None

    def value(self):
        return self.f(numpy, *self.args)

    def gradients(self):
        """By library, a function without arguments that gives the gradients as a tuple."""
        found = {OURS: partial(ad.grad(partial(self.f, numpy), self.argnums), *self.args)}
        if autograd:
            f = partial(self.f, autograd.numpy)
            found[PEER] = partial(autograd.grad(f, self.argnums), *self.args)
        return found


def mlp(np, w1, b1, w2, b2, w3, b3, x, y):
    """Softmax cross-entropy of a ReLU network with two hidden layers; y is one-hot."""
    h = np.maximum(x @ w1 + b1, 0.0)
    h = np.maximum(h @ w2 + b2, 0.0)
    z = h @ w3 + b3
    z = z - np.max(z, axis=1, keepdims=True)
    return np.mean(np.log(np.sum(np.exp(z), axis=1)) - np.sum(y * z, axis=1))


def log_sum_exp(np, x):
    top = np.max(x)
    return top + np.log(np.sum(np.exp(x - top)))


def gmm(np, alphas, means, icf, x, position, below):
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


def lstm(np, w, b, h, c, x):
    """One step of an LSTM cell for one input vector, summed to a number."""
    n = len(c)
    gates = w @ np.concatenate([x, h]) + b
    keep, write, show = 1.0 / (1.0 + np.exp(-gates[: 3 * n])).reshape((3, n))
    c = keep * c + write * np.tanh(gates[3 * n :])
    h = show * np.tanh(c)
    return np.sum(h * h) + np.sum(c * c)


def chain(np, x, blocks):
    """12 elementwise operations a block (4 additions, 5 multiplications, a division, sin, exp), and
    one sum."""
    y = x
    for _ in range(blocks):
        z = np.sin(x) * y + x
        w = np.exp(z * 0.1)
        x = (w + z) / (w * w + 1.5)
        y = x * 0.5 + y * 0.25
    return (x + y).sum()


def _mlp(sizes, batch, target):
    rng = numpy.random.default_rng(1)
    layers = []
    for n, m in pairwise(sizes):
        layers += [rng.normal(size=(n, m)) * numpy.sqrt(2 / n), rng.normal(size=m) * 0.1]
    x = rng.normal(size=(batch, sizes[0]))
    y = numpy.eye(sizes[-1])[rng.integers(sizes[-1], size=batch)]
    name = f"MLP {'-'.join(map(str, sizes))}"
    return Workload(name, mlp, (*layers, x, y), tuple(range(6)), target)


def _gmm(d, k, n, target):
    rng = numpy.random.default_rng(2)
    rows, columns = numpy.tril_indices(d, -1)
    position = numpy.zeros((d, d), int)
    position[rows, columns] = d + numpy.arange(len(rows))
    below = numpy.tril(numpy.ones((d, d)), -1)
    args = (
        rng.normal(size=k),
        rng.uniform(size=(k, d)),
        rng.normal(size=(k, d * (d + 1) // 2)) * 0.3,
        rng.normal(size=(n, d)),
        position,
        below,
    )
    return Workload(f"GMM {d}, {k}, {n}", gmm, args, (0, 1, 2), target)


def _log_sum_exp(n, target):
    x = numpy.random.default_rng(3).normal(size=n) * 3
    return Workload(f"log-sum-exp {n}", log_sum_exp, (x,), (0,), target)


def _lstm(n, target):
    rng = numpy.random.default_rng(4)
    w = rng.normal(size=(4 * n, 2 * n)) / numpy.sqrt(2 * n)
    vectors = [rng.normal(size=size) for size in (4 * n, n, n, n)]
    return Workload(f"LSTM step {n}", lstm, (w, *vectors), (0, 1, 2, 3), target)


def small():
    """Where the cost is the library's own, more than NumPy's."""
    return [
        _mlp((64, 64, 64, 8), 64, 0.5),
        _gmm(2, 5, 1000, 0.5),
        _log_sum_exp(1000, 0.5),
        _lstm(16, 0.5),
    ]


def large():
    """Where NumPy's own work is most of the cost."""
    return [
        _mlp((512, 512, 512, 10), 64, 1.0),
        _gmm(32, 50, 1000, 1.0),
        _log_sum_exp(10**6, 1.0),
    ]


def elementwise_chain(entries, blocks):
    """A chain for the cost of an operation, in time or in memory."""
    x = numpy.random.default_rng(5).uniform(0.5, 1.5, size=entries)
    name = f"{blocks * CHAIN_BLOCK} operations, {entries} entries"
    return Workload(name, partial(_chain, blocks), (x,), (0,), None)


def _chain(blocks, np, x):
    return chain(np, x, blocks)


def agreement(name, found):
    """End the run where arrays found in several ways differ by more than rounding."""
    first, *others = found
    for other in others:
        for i, (a, b) in enumerate(zip(found[first], found[other], strict=True)):
            scale = numpy.max(numpy.abs(b))
            error = numpy.max(numpy.abs(numpy.asarray(a) - numpy.asarray(b)))
            if numpy.shape(a) != numpy.shape(b) or not error <= 1e-10 * scale:
                raise SystemExit(f"{name}, array {i}: {first} and {other} differ by {error:.3g}")


def limit_threads(count):
    """Start this script again with NumPy's libraries held to so many threads (None: as it is);
    they read the variables once, when they are loaded."""
    wanted = {} if count is None else dict.fromkeys(VARIABLES, str(count))
    if any(os.environ.get(key) != text for key, text in wanted.items()):
        os.execve(sys.executable, [sys.executable, *sys.orig_argv[1:]], os.environ | wanted)


def settle_memory():
    """Free one large array, as a NumPy program of any size has done. Until then glibc gives the top
    of the heap back to the system after every call and takes it again page by page, which costs
    whoever uses larger arrays more than it does arithmetic."""
    numpy.ones(2**21)


def threads():
    """How many threads NumPy's libraries may take, in words."""
    given = {os.environ[key] for key in VARIABLES if key in os.environ}
    return f"BLAS threads: {', '.join(sorted(given)) or 'as many as the library chooses'}"


def peers():
    """What is compared with, or why nothing is, in words."""
    if autograd is None:
        return "autograd is not installed: skipped, no ratios"
    from importlib.metadata import version

    return f"peer: autograd {version('autograd')}"
