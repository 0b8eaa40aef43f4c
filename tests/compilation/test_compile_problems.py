"""Named problems and real NumPy code, compiled by every back end: f, both Jacobians, the Hessian
and Hessian-vector products are those of eager evaluation, at two points and when called again."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from compiled_programs import assert_alike, moved

import admodes as ad
from admodes.compilation.backends import built
from admodes.compilation.protocol import MISS
from admodes.core.pytree import flatten, unflatten
from admodes.core.values import canonical
from admodes.problems import PROBLEMS

EXAMPLES = Path(__file__).parents[2] / "examples"
sys.path[:0] = [str(EXAMPLES), str(EXAMPLES / "neural"), str(EXAMPLES / "codes")]

import arrays  # noqa: E402
import ascent  # noqa: E402
import bundle_adjustment  # noqa: E402
import gaussian_process  # noqa: E402
import kalman  # noqa: E402
import logistic_regression  # noqa: E402
import train_classes  # noqa: E402
import two_body  # noqa: E402
import verify  # noqa: E402
from datasets import AND_X, AND_Y, two_moons  # noqa: E402

COMBINATIONS = [(b, exact) for b in ("interpreter", "numpy", "llvm") for exact in (True, False)]
if find_spec("llvmlite") is None:
    COMBINATIONS = COMBINATIONS[:4]
ULPS = 256.0
"""Units in the last place of the largest entry that sums and matrix products in another order make,
the most of them where the Gaussian process solves. Numbers alone: none, where exact."""


def on_numbers() -> Iterator[tuple[str, Callable, tuple]]:
    for name, problem in PROBLEMS.items():
        if problem.expressions:
            yield name, problem.function, tuple(map(float, problem.at.values()))
    yield "osu-loop", PROBLEMS["osu-loop"].function, (5.0,)


def on_arrays() -> Iterator[tuple[str, Callable, tuple]]:
    for name, problem in PROBLEMS.items():
        if any(map(np.ndim, problem.at.values())):
            at = problem.at.values()
            yield name, problem.function, tuple(np.array(x, float)[()] for x in at)
    yield "ascent", ascent.f, (np.array(ascent.START),)


def codes() -> Iterator[tuple[str, Callable, tuple]]:
    """The examples of real code, with fewer observations, points and steps."""
    yield "logistic_regression", *logistic_regression.example()
    X, y = gaussian_process.data(7)

    def evidence(*logs: Any) -> Any:
        return gaussian_process.negative_log_marginal_likelihood(*logs, X, y)

    yield "gaussian_process", evidence, gaussian_process.example()[1]
    cameras, points, seen_by, of, observed = (x[:2] for x in bundle_adjustment.data())

    def residuals(cameras: Any, points: Any, weights: Any) -> Any:
        return bundle_adjustment.residuals(cameras, points, weights, seen_by, of, observed)

    yield "bundle_adjustment", residuals, (cameras, points + 0.02, np.array([0.7, 1.1]))
    P, measured, dt = kalman.data(steps=2)
    at = kalman.example()[1]

    def likelihood(log_q: Any, log_r: Any, m: Any) -> Any:
        return kalman.negative_log_likelihood(log_q, log_r, m, P, measured, dt)

    q, p, masses, dt_orbit, _ = two_body.data()

    def orbit(q: Any, p: Any) -> Any:
        return np.stack(two_body.leapfrog(q, p, masses, dt_orbit, 2))

    yield "kalman", likelihood, at
    yield "two_body", orbit, (q, p)


def neural() -> Iterator[tuple[str, Callable, tuple]]:
    """The losses of the neural examples, as functions of the parameters."""
    rng = np.random.default_rng(0)
    x, y = two_moons(5, rng)
    params, layer = arrays.initial([2, 3, 1], rng), arrays.initial([2, 1], rng)

    def squares(params: Any) -> Any:
        return np.mean((np.tanh(arrays.forward(params, AND_X))[:, 0] - AND_Y) ** 2)

    def rectified(params: Any) -> Any:
        return np.sum(arrays.forward(params, x, arrays.relu) ** 2)

    yield "train_and", squares, (layer,)
    yield "train_classes", lambda p: train_classes.logistic_loss(p, x, y), (params,)
    yield "rectified", rectified, (params,)


NUMBERS = {name: case for name, *case in on_numbers()}
CASES = {name: case for name, *case in (*on_numbers(), *on_arrays(), *codes(), *neural())}


def one_number(f: Callable, args: tuple) -> Callable:
    """f, or the weighed squares of what it returns where that is not a number."""
    if np.shape(flatten(f(*args))[0]) == (1,):
        return lambda *xs: flatten(f(*xs))[0][0]

    def weighed(*xs: Any) -> Any:
        return sum(np.sum(y * y * (0.5 + k)) for k, y in enumerate(flatten(f(*xs))[0]))

    return weighed


def derivatives(f: Callable, args: tuple, compositions: list[str]) -> dict[str, Callable]:
    every = tuple(range(len(args)))
    scalar = one_number(f, args)

    def product(mode: str) -> Callable:
        return lambda *xs: ad.hvp(lambda zs: scalar(*zs), xs, xs, mode=mode)

    return {
        "f": f,
        "forward Jacobian": ad.jacobian(f, every, mode="forward"),
        "reverse Jacobian": ad.jacobian(f, every, mode="reverse"),
        "Hessian": ad.hessian(scalar, every),
        **{f"hvp, {mode}": product(mode) for mode in compositions},
    }


def alike(found: list, expected: list, ulps: float) -> None:
    for y, z in zip(found, expected, strict=True):
        assert_alike(y, canonical(np.asarray(z)), ulps)


@pytest.mark.parametrize("name", CASES)
def test_compiled_derivatives_are_those_of_eager_evaluation(name):
    """ad.compile records with one back end after the other; all of them run what was recorded."""
    f, args = CASES[name]
    leaves, tree = flatten(args)
    leaves = list(map(canonical, leaves))
    points = [unflatten(tree, xs) for xs in (leaves, leaves, moved(leaves))]
    compositions = verify.COMPOSITIONS if name in NUMBERS else verify.COMPOSITIONS[1:3]
    for k, (what, g) in enumerate(derivatives(f, args, compositions).items()):
        expected = [flatten(g(*xs))[0] for xs in points]
        first = (k + len(name)) % len(COMBINATIONS)
        backend, exact = COMBINATIONS[first]
        # Equal rows of f are shared before differentiation where compile may round otherwise.
        bound = [ULPS * (name not in NUMBERS or not (e and exact)) for _, e in COMBINATIONS]
        compiled = ad.compile(g, backend, exact=exact)
        for xs, wanted in zip(points, expected, strict=True):
            alike(flatten(compiled(*xs))[0], wanted, bound[first])
        for (backend, exact), ulps in zip(COMBINATIONS, bound, strict=True):
            runs = [built(program, backend, exact) for program in compiled.programs]
            for xs, wanted in zip(points, expected, strict=True):
                outcomes = [run(*flatten(xs)[0]) for run in runs]
                hits = [found for found in outcomes if found is not MISS]
                assert hits, (what, backend, exact)
                for found in hits:
                    alike(found, wanted, ulps)
