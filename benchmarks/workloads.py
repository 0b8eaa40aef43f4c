"""The workloads of admodes.lab that the array benchmarks differentiate, how each library does it,
and what all benchmarks share. `agreement` compares gradients before anything is timed.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import numpy

import admodes as ad
from admodes.lab.workloads import points
from admodes.lab.workloads.texts import CHAIN_BLOCK, chain, gmm, log_sum_exp, lstm, mlp

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


def _mlp(sizes, batch, target):
    name = f"MLP {'-'.join(map(str, sizes))}"
    return Workload(name, mlp, points.network(sizes, batch), tuple(range(6)), target)


def _gmm(d, k, n, target):
    return Workload(f"GMM {d}, {k}, {n}", gmm, points.mixture(d, k, n), (0, 1, 2), target)


def _log_sum_exp(n, target):
    return Workload(f"log-sum-exp {n}", log_sum_exp, points.soft_maximum(n), (0,), target)


def _lstm(n, target):
    return Workload(f"LSTM step {n}", lstm, points.lstm_step(n), (0, 1, 2, 3), target)


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
    name = f"{blocks * CHAIN_BLOCK} operations, {entries} entries"
    return Workload(name, partial(_chain, blocks), points.elementwise_chain(entries), (0,), None)


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
