"""Random programs and their derivatives, recorded as ad.compile records them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from random_arrays import MOVES, ArrayProgram

import admodes as ad
from admodes.core.carrier import call
from admodes.core.pytree import flatten, unflatten
from admodes.core.record import WengertList, record_leaves

NAMES = sorted(MOVES)
ON_KINKS = 20


def recorded(f: Callable, *args: Any, loops: bool = False) -> tuple[WengertList, list]:
    """The program of f at args, of whose arrays only shapes are kept, and the leaves of args.
    loops: those that f states are rows."""
    leaves, tree = flatten(args)
    leaves = [np.array(x, float) if np.ndim(x) else float(x) for x in leaves]
    run = lambda *xs: call(f, unflatten(tree, list(xs)))  # noqa: E731
    return record_leaves(run, leaves, f, values=False, loops=loops), leaves


def functions(p: ArrayProgram, k: int) -> Iterator[tuple[str, Callable]]:
    """A program, its gradient, and one of its other derivatives, as functions of its inputs."""

    def loss(*xs: Any) -> Any:
        return sum(np.sum(y) for y in p(*xs))

    first = lambda xs: lambda x: loss(x, *xs[1:])  # noqa: E731
    yield "f", p
    yield "gradient", ad.grad(loss, argnums=tuple(range(len(p.inputs))))
    match k % 4:
        case 0 | 1:
            mode = ("forward", "reverse")[k % 2]
            several = lambda x, *xs: list(p(x, *xs))  # noqa: E731
            yield f"Jacobian, {mode}", ad.jacobian(several, mode=mode)
        case 2:
            mode = ("forward-over-reverse", "reverse-over-forward")[k // 4 % 2]
            yield f"hvp, {mode}", lambda *xs: ad.hvp(first(xs), xs[0], xs[0], mode=mode)
        case 3:
            yield "Hessian", lambda *xs: ad.hessian(first(xs))(xs[0])


def random_cases(block: int) -> Iterator[tuple[str, WengertList, list]]:
    """The recorded programs of a block, with a name and the leaves that they were recorded at; one
    program for each instruction of the generator, one in twenty on kinks."""
    for k, name in enumerate(NAMES):
        kinked = k % ON_KINKS == block % ON_KINKS
        p = ArrayProgram.grown(10_000 * block + k, name, on_kinks=kinked)
        if any(np.asarray(x).dtype.kind != "f" for x in p.inputs):
            continue
        for what, f in functions(p, k):
            try:
                program, leaves = recorded(f, *p.inputs)
            except (TypeError, ValueError, np.exceptions.AxisError):
                assert what.startswith(("hvp", "Hess", "Jac", "grad")), (name, what)
                continue
            yield f"{name}, block {block}, {what}", program, leaves


def moved(leaves: list) -> list:
    """Other arguments, near the ones recorded."""
    return [
        x + 0.013 * np.cos(np.arange(x.size)).reshape(x.shape) if np.ndim(x) else x + 0.013
        for x in leaves
    ]


def assert_alike(found: Any, expected: Any, ulps: float = 0.0) -> None:
    """Equal in type, shape, dtype and every entry; ulps: within so many units in the last place of
    the largest entry."""
    assert type(found) is type(expected)
    found, expected = np.asarray(found), np.asarray(expected)
    assert found.dtype == expected.dtype
    assert found.shape == expected.shape
    if np.array_equal(found, expected, equal_nan=expected.dtype.kind in "fc"):
        return
    assert ulps
    scale = np.max(np.abs(expected), initial=1.0, where=np.isfinite(expected))
    np.testing.assert_allclose(found, expected, rtol=ulps * 2.3e-16, atol=ulps * 2.3e-16 * scale)
