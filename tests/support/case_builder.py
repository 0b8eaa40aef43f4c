"""What the tables of cases are made with: a key (the NumPy function, or the name of a method), the
arguments and the calls.

An argument is a shape, filled with random numbers of the domain, or an array. A call is a dict of
keywords, a tuple of positional arguments that follow, or a function of its own.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

UNIT, ABOVE = (0.3, 0.9), (1.3, 2.0)
M, V, ONE, NONE, NUMBER = (3, 4), (4,), (1,), (0,), ()
SHAPES = (M, ONE, NONE, NUMBER)
PAIRS = ((M, V), ((3, 1), (1, 4)), (M, NUMBER), (NUMBER, NUMBER), (NONE, NUMBER), (ONE, V))


@dataclass
class Case:
    """A call of a NumPy function, at arguments. samples: whether vmap takes it."""

    key: Any
    name: str
    f: Callable[..., Any]
    args: tuple
    samples: bool = True


def name_of(key: Any) -> str:
    if isinstance(key, str):
        return key
    module = getattr(key, "__module__", "numpy") or "numpy"
    inner = next((m for m in ("linalg", "fft") if m in module), "")
    return f"{inner}.{key.__name__}" if inner else key.__name__


def drawn(shape: Any, domain: tuple[float, float], rng: Any) -> Any:
    if not isinstance(shape, tuple):
        return shape
    # Well apart, so that a small step changes no order.
    low, high = domain
    n = int(np.prod(shape))
    x = low + (high - low) * (rng.permutation(n) + rng.uniform(0.3, 0.7, n)) / max(n, 1)
    return float(x[0]) if shape == () else x.reshape(shape)


def called(key: Any, how: Any) -> Callable[..., Any]:
    if callable(how):
        return how
    if isinstance(how, tuple):
        return lambda *xs: key(*xs, *how)
    return lambda *xs: key(*xs, **how)


def cases(keys: Any, args: tuple, *calls: Any, domain: Any = UNIT, **marks: bool) -> Iterator[Case]:
    """The calls of each key, at arguments of the given shapes."""
    domains = domain if isinstance(domain[0], tuple) else (domain,) * len(args)
    for key in keys if isinstance(keys, list) else [keys]:
        for k, how in enumerate(calls or ({},)):
            shapes = "x".join(str(a if isinstance(a, tuple) else np.shape(a)) for a in args)
            name = f"{name_of(key)}-{shapes}-{k}"
            rng = np.random.default_rng(zlib.crc32(name.encode()))
            values = tuple(drawn(a, d, rng) for a, d in zip(args, domains, strict=True))
            yield Case(key, name.replace(" ", ""), called(key, how), values, **marks)


def options(**choices: Any) -> list[dict]:
    """All combinations of keywords."""
    found: list[dict] = [{}]
    for name, values in choices.items():
        found = [{**f, name: v} for f in found for v in values]
    return found


AXES = options(axis=(None, 0, -1, (0, 1)), keepdims=(False, True))
ONE_AXIS = options(axis=(None, 0, -1))
