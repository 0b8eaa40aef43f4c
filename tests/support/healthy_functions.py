"""Functions at points where nothing goes wrong, though much looks like it."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import NamedTuple

import numpy as np

import admodes as ad
from tests.support.planted_troubles import A


class Healthy(NamedTuple):
    """A function at a point where nothing goes wrong."""

    f: Callable
    args: tuple


HEALTHY = {
    "relu at its kink": Healthy(lambda x: np.maximum(x, 0.0), (0.0,)),
    "a mask": Healthy(lambda x: np.sum(x * (x > 0)), (A([-1.0, 2.0]),)),
    "leaky": Healthy(lambda x: np.where(x > 0, x, 0.1 * x), (2.0,)),
    "absolute value at 0": Healthy(abs, (0.0,)),
    "softmax": Healthy(ad.softmax, (A([0.0, 1000.0]),)),
    "logsumexp": Healthy(ad.logsumexp, (A([0.0, 1000.0]),)),
    "shifted softmax": Healthy(
        lambda x: np.exp(x - np.max(x)) / np.sum(np.exp(x - np.max(x))), (A([0.0, 1000.0]),)
    ),
    "fraction": Healthy(lambda x: x - np.floor(x), (2.3,)),
    "remainder": Healthy(lambda x: x % 1.0, (2.3,)),
    "largest": Healthy(lambda x: x[np.argmax(x)], (A([1.0, 3.0]),)),
    "sorted": Healthy(lambda x: np.sort(x) @ A([1.0, 2.0, 3.0]), (A([2.0, 1.0, 3.0]),)),
    "in order": Healthy(lambda x: x[np.argsort(x)] @ A([1.0, 2.0]), (A([2.0, 1.0]),)),
    "printed": Healthy(lambda x: (ad.value(x), x * 2.0)[1], (3.0,)),
    "double where": Healthy(
        lambda x: np.where(x > 0, np.log(np.where(x > 0, x, 1.0)), 0.0), (-1.0,)
    ),
    "variance": Healthy(np.var, (1e8 + A([1.0, 2.0, 4.0]),)),
    "signed root": Healthy(lambda x: np.sign(x) * np.sqrt(np.abs(x)), (2.0,)),
    "sigmoid": Healthy(ad.sigmoid, (-800.0,)),
    "log1p": Healthy(np.log1p, (1e-10,)),
    "expm1": Healthy(lambda x: np.expm1(x) / x, (1e-9,)),
    "a mask of infinities": Healthy(
        lambda s: np.sum(np.exp(np.where(A([True, False]), s, -np.inf))), (A([1.0, 2.0]),)
    ),
    "stationary": Healthy(lambda x: np.sin(x) + np.cos(x), (np.pi / 4,)),
    "a difference of inputs": Healthy(lambda x, y: (x - y) * 3.0, (1.0 + 1e-12, 1.0)),
    "hypot": Healthy(np.hypot, (1e200, 1e200)),
    "a branch": Healthy(lambda x: x * x if x > 0 else -x, (2.0,)),
    "interpolation": Healthy(
        lambda x: A([0.0, 1.0, 4.0])[int(np.floor(ad.value(x)))] + (x - 1.0) * 3.0, (1.3,)
    ),
    "median": Healthy(np.median, (A([1.0, 5.0, 2.0]),)),
    "interpolation by NumPy": Healthy(
        lambda x: np.interp(x, np.arange(3.0), np.arange(3.0) ** 2), (1.3,)
    ),
    "attention": Healthy(
        lambda q, k: ad.softmax(q @ k.T / np.sqrt(2.0)) @ k,
        (A([[1.0, 2.0], [0.5, -1.0]]), A([[0.3, 0.1], [2.0, -0.7]])),
    ),
    "a solve": Healthy(lambda b: np.linalg.solve(A([[4.0, 1.0], [1.0, 3.0]]), b), (A([1.0, 2.0]),)),
    "single precision": Healthy(lambda x: np.sum(np.sin(x)), (A([0.1, 0.7], np.float32),)),
    "an iteration that converges": Healthy(
        lambda x: list(itertools.accumulate(range(5), lambda y, _: (y + 2 / y) / 2, initial=x))[-1],
        (1.0,),
    ),
    "clip": Healthy(lambda x: np.clip(x, 0.0, 1.0) + x, (1.0,)),
    "a long loop": Healthy(
        lambda x: list(itertools.accumulate(range(400), lambda y, _: np.sin(y) + x, initial=x))[-1],
        (0.3,),
    ),
    "large arrays": Healthy(
        lambda w: np.mean(np.tanh(np.linspace(-1.0, 1.0, 40_000) * w) ** 2), (0.7,)
    ),
    "a difference that is little": Healthy(lambda x: 1e3 + (np.cos(x) - 1.0), (1e-8,)),
}
