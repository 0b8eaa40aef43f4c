"""The weights of the adviser's estimates (admodes/lab/advice/estimates.py): functions of which none
is among those that the adviser is judged on, the times of their compiled Jacobians by back end, and
the weights that fit these times best.

What is counted (features.py) was settled on these functions too, with one exception: that decisions
of a program and entries in strides count was seen from two misses of a first run on the sixty, in
which 57 choices were good, as many as since then.

A fit is of non-negative weights, by least squares on relative errors, weighted again until the
logarithms of the ratios are small.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from itertools import pairwise
from time import thread_time
from typing import Any, NamedTuple

import numpy as np
from scipy.optimize import nnls

import admodes as ad
from admodes.core.record import record
from admodes.lab.advice.estimates import weighted
from admodes.lab.advice.features import Features, features
from admodes.lab.advice.sparse_routes import Pattern, sparse
from admodes.lab.advice.subject import Subject
from admodes.lab.timing import interleaved
from admodes.optimisation import optimise

ROUNDS = 7
LEAST = 2e-3
PASSES = 30
"""How often a fit is weighted again."""


class Sample(NamedTuple):
    """What was measured: of which function and route, by which back end, its counts, its seconds,
    and of these those that are not for the counts (the compiled sweeps of a sparse matrix)."""

    name: str
    backend: str
    counts: Features
    seconds: float
    known: float = 0.0


def draw(seed: int, *shape: int) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=shape)


def layers(*sizes: int) -> Callable:
    weights = [draw(k, b, a) / np.sqrt(a) for k, (a, b) in enumerate(pairwise(sizes))]

    def f(x):
        for w in weights[:-1]:
            x = np.tanh(w @ x)
        return weights[-1] @ x

    return f


def product(n: int) -> Callable:
    def f(x):
        a = x[0]
        for i in range(1, n):
            a = a * x[i] + ad.sin(a)
        return a

    return f


def net(n: int, m: int, length: int) -> Callable:
    def f(x):
        random = np.random.default_rng(length)
        values = [x[i] for i in range(n)]
        for _ in range(length):
            a, b = (values[int(k)] for k in random.integers(len(values), size=2))
            values.append([a * b, a + ad.sin(b), a - b * 0.5][int(random.integers(3))])
        return np.stack(values[-m:])

    return f


def runge_kutta(n: int, steps: int) -> Callable:
    a = draw(n, n, n) / np.sqrt(n)

    def f(x):
        for _ in range(steps):
            k1 = np.tanh(a @ x)
            k2 = np.tanh(a @ (x + 0.005 * k1))
            k3 = np.tanh(a @ (x + 0.005 * k2))
            x = x + 0.01 / 6 * (k1 + 4 * k2 + k3)
        return x

    return f


def after(f: Callable, last: Callable) -> Callable:
    return lambda x: last(f(x))


def heat(steps: int) -> Callable:
    def f(u):
        for _ in range(steps):
            u = u + 0.1 * (np.roll(u, 1) - 2 * u + np.roll(u, -1)) + 0.01 * u * u
        return u

    return f


def exponentials(m: int, n: int) -> Callable:
    a, b = draw(m, m, n) / np.sqrt(n), draw(n, m)
    return lambda x: np.exp(-a @ x) - b


def outer_first(x):
    return np.concatenate([x[:1] * x[1:].sum(), x[1:] * x[0] + x[1:] ** 2])


def stencil(u):
    return np.sin(u) * (np.roll(u, 1) - 2 * u + np.roll(u, -1))


def second_differences(u):
    return np.roll(u, 1) - 2 * u + np.roll(u, -1)


def swish(a, x):
    return x / (1.0 + np.exp(-a @ x))


def product_of_layers(a, b, x):
    return np.tanh(a @ x) * np.sin(b @ x)


def blocks(x):
    b = x.reshape(-1, 4)
    return (np.sin(b)[:, :, None] * b[:, None, :]).sum(axis=2).reshape(-1)


def pair_residuals(x):
    return np.concatenate([10 * (x[1:] - x[:-1] ** 2), 1 - x[:-1]])


def square_matrix(n: int, last: Callable) -> Callable:
    return lambda x: np.reshape(last(x.reshape(n, n) + n * np.eye(n)), -1)[0:]


def cases() -> Iterator[tuple[str, Callable, int]]:
    """Name, function and number of inputs."""
    for sizes in [
        *((3, 8, 8, 2), (10, 50, 50, 10), (100, 30, 100), (30, 100, 30), (200, 100, 20)),
        *((20, 100, 200), (500, 50, 500), (50, 500, 50), (1000, 100, 1), (1, 50, 50, 1000)),
    ]:
        yield f"layers {sizes}", layers(*sizes), sizes[0]
    for n in (5, 30, 200, 1000, 2000):
        yield f"stencil {n}", stencil, n
        yield f"diagonal {n}", lambda u: np.exp(-u * u) * u, n
        yield f"second differences {n}", second_differences, n
    for n in (10, 100, 500):
        yield f"arrow {n}", outer_first, n
    for n in (2, 5, 16, 60):
        yield f"product {n}", product(n), n
    for n, m, length in [(3, 3, 40), (8, 2, 60), (2, 8, 60), (10, 10, 200), (5, 30, 300)]:
        yield f"net {n}, {m}, {length}", net(n, m, length), n
    for n, steps in [(4, 20), (50, 10)]:
        yield f"Runge-Kutta {n}, {steps}", runge_kutta(n, steps), n
    yield "Runge-Kutta to a number", after(runge_kutta(50, 10), lambda y: (y**2).sum()), 50
    yield "Runge-Kutta to three", after(runge_kutta(30, 10), lambda y: y[:3]), 30
    for m, n in [(50, 5), (500, 20), (1000, 100), (100, 100), (20, 200)]:
        yield f"exponentials {m}, {n}", exponentials(m, n), n
    yield "inverse 10", square_matrix(10, np.linalg.inv), 100
    yield "determinant 8", lambda x: np.linalg.det(x.reshape(8, 8) + 8 * np.eye(8)), 64
    matrix = draw(0, 20, 20) + 20 * np.eye(20)
    yield "solve 20", lambda x: np.linalg.solve(matrix + np.diag(x), x), 20
    yield "square of a matrix 15", square_matrix(15, lambda a: a @ a), 225
    yield "blocks 200", blocks, 200
    yield "pair residuals 100", pair_residuals, 100
    yield "sums 100", lambda x: np.cumsum(np.sin(x)), 100
    yield "softmax 50", lambda x: np.exp(x) / np.exp(x).sum(), 50
    yield "outer 20", lambda x: np.outer(x, np.sin(x)).reshape(-1), 20
    u, v = draw(1, 400, 5), draw(2, 5, 400)
    yield "low rank 400", lambda x: u @ np.sin(v @ x), 400
    for n in (8, 50, 150):
        a, b = draw(n, n, n) / np.sqrt(n), draw(n + 1, n, n) / np.sqrt(n)
        yield f"swish {n}", partial(swish, a), n
        yield f"product of layers {n}", partial(product_of_layers, a, b), n
        yield f"unit vector {n}", lambda x: x / np.sqrt(np.sum(x * x)), n
        yield f"scaled {n}", lambda x: (x @ x) * np.exp(-x), n
    yield "log-sum-exp 1000", lambda x: np.log(np.exp(x).sum()), 1000
    for n, steps in [(100, 5), (100, 30), (1000, 3)]:
        yield f"heat {n}, {steps}", heat(steps), n


def samples() -> Iterator[Sample]:
    """The times of forward and reverse mode by each back end, and of sparse routes."""
    for k, (name, f, n) in enumerate(cases()):
        x = np.random.default_rng(k).uniform(0.5, 1.5, n)
        found: dict[tuple[str, str], Features] = {}
        jobs: dict[Any, Callable[[], Any]] = {}
        for mode in ("forward", "reverse"):
            derivative = ad.jacobian(f, mode=mode)
            counts = features(optimise(record(derivative, x), exact=False))
            for backend, own in counts.items():
                jobs[mode, backend] = partial(ad.compile(derivative, backend), x)
                found[mode, backend] = own
        at = Subject(f, (x,), {})
        known = {}
        for route in sparse(Pattern(at)):
            backend = "bands" if route.route == "bands" else "compressed"
            key = route.route, backend
            found[key] = route.matrix
            known[key] = (route.estimate_s or 0.0) - weighted(backend, route.matrix)
            assert route.run is not None
            jobs[key] = partial(route.run, x)
        for job in jobs.values():
            for _ in range(30):
                job()
        for key, t in interleaved(jobs, ROUNDS, LEAST, thread_time).items():
            yield Sample(f"{name}, {key[0]}", key[1], found[key], t.median, known.get(key, 0.0))


def fitted(found: list[Sample]) -> tuple[dict[str, float], float]:
    """The weights for the samples of one back end, and how far off they are: the root of the mean
    square of the logarithms of estimate ÷ time."""
    names = sorted({name for s in found for name in s.counts})
    a = np.array([[s.counts.get(name, 0.0) for name in names] for s in found])
    times = np.array([s.seconds for s in found])
    known = np.array([s.known for s in found])
    rest = np.maximum(times - known, 0.0)
    weight = 1 / times
    for _ in range(PASSES):
        x, _ = nnls(a * weight[:, None], rest * weight)
        predicted = a @ x + known
        weight = 1 / np.sqrt(times * np.maximum(predicted, times / 20))
    error = float(np.sqrt(np.mean(np.log(predicted / times) ** 2)))
    return dict(zip(names, (float(f"{w:.3g}") for w in x))), error


def calibrate() -> None:
    """Measure, fit and print the weights as they stand in estimates.py."""
    every = list(samples())
    for backend in dict.fromkeys(s.backend for s in every):
        own = [s for s in every if s.backend == backend]
        weights, error = fitted(own)
        print(f'    "{backend}": {{  # {len(own)} samples, off by a factor {np.exp(error):.2f}')
        for name, weight in weights.items():
            print(f'        "{name}": {weight:.3g},')
        print("    },")
