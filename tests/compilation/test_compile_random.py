"""A thousand random programs: f with one of its derivatives in turn, as every back end runs it, is
what eager evaluation gives, at two points and when run again.

exact=True keeps the bits where no entries are added up. Sums may be added in another order; what
that may change, which random programs magnify, is found by shaking every row of the recorded
program, independently of passes and back ends.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from importlib import import_module
from importlib.util import find_spec
from typing import Any

import numpy as np
import pytest
from compiled_programs import NAMES, assert_alike, moved, recorded
from random_arrays import ArrayProgram
from random_expressions import Expression, collected, expressions
from seeds import blocks, share

import admodes as ad
from admodes.compilation.backends import MODULES
from admodes.compilation.interpreter import value_of
from admodes.compilation.protocol import MISS
from admodes.core.carrier import call, quiet
from admodes.core.pytree import flatten
from admodes.core.record import WengertList
from admodes.core.values import canonical
from admodes.optimisation import optimise

BACKENDS = [name for name in MODULES if name != "llvm" or find_spec("llvmlite")]
BLOCKS = 2
EXPRESSIONS = 720
ON_KINKS = 20
LENGTH = 4
"""Instructions of an array program; test_compile_numpy runs longer ones."""

NATIVE = (True, None, None, False, None, None)
"""Native code takes longest to build: it is exact for a sixth of the programs, not exact for
another, and left out for the others."""

SHAKEN = 1e-10
ORDERS = 64.0
"""Roundings of each row that another order of sums may make."""
LOOSE = 1e6
"""Units in the last place that results never differ by; where rows are on kinks, shaking them
says nothing."""
COMPOSITIONS = [f"{a}-over-{b}" for a in ("forward", "reverse") for b in ("forward", "reverse")]


def derivative(f: Callable, k: int, n: int) -> tuple[str, Callable]:
    """One of the derivatives of a function of n arguments that returns a list; the second ones are
    of the sum of all that it returns."""
    every = tuple(range(n))

    def loss(*xs: Any) -> Any:
        return sum(np.sum(y) for y in f(*xs))

    match k % 5:
        case 0 | 1:
            mode = ("forward", "reverse")[k % 5]
            return f"Jacobian, {mode}", ad.jacobian(f, every, mode=mode)
        case 2:
            return "gradient", ad.grad(loss, every)
        case 3:
            return "Hessian", ad.hessian(loss, every)
    mode = COMPOSITIONS[k // 5 % 4]
    return f"hvp, {mode}", lambda *xs: ad.hvp(lambda zs: loss(*zs), xs, xs, mode=mode)


def shaken(program: WengertList, leaves: tuple, rng: Any) -> list:
    """The outputs where every row is off by up to SHAKEN of itself; all nan where an operation
    cannot follow, as a decomposition of nan."""
    given = dict(zip([x.row for x in program.inputs], leaves, strict=True)) | program.captured
    made: list[Any] = []
    for row, step in enumerate(program.steps):
        if step.op is None:
            y = given[row]
        else:
            try:
                y = step.op.dispatch(tuple(value_of(a, made) for a in step.args), step.params)
            except np.linalg.LinAlgError:
                return [np.nan] * len(program.outputs)
        if np.asarray(y).dtype.kind in "fc":
            y = canonical(y * (1.0 + SHAKEN * rng.uniform(-1.0, 1.0, np.shape(y))))
        made.append(y)
    return [value_of(y, made) for y in program.outputs]


def largest(x: Any) -> float:
    return float(np.max(np.abs(x), initial=0.0, where=np.isfinite(x)))


def moved_by(y: Any, expected: Any) -> float:
    """The largest change of an entry; inf where shaking made nan of a number and says nothing."""
    if not np.isfinite(np.broadcast_to(y, np.shape(expected)))[np.isfinite(expected)].all():
        return np.inf
    return largest(y - expected)


def bounds(program: WengertList, leaves: tuple, expected: list) -> list[float]:
    """The error allowed in each output."""
    rng = np.random.default_rng(0)
    with quiet():
        runs = [shaken(program, leaves, rng) for _ in range(2)]
        moves = [max(moved_by(r[i], y) for r in runs) for i, y in enumerate(expected)]
    sizes = [1e-300 + largest(y) for y in expected]
    u = 2.0**-53
    return [
        min(ORDERS * u * (m / SHAKEN + s), LOOSE * u * max(s, 1.0))
        for m, s in zip(moves, sizes, strict=True)
    ]


def adds_up(program: WengertList) -> bool:
    """Whether entries of arrays are added up, so that their order in memory matters."""
    ops = [step.op for step in program.steps if step.op is not None]
    return not all(op.entrywise or op.kind == "moves" or op.passive for op in ops)


def close(found: list, expected: list, allowed: Callable[[], list[float]] | None) -> None:
    """The same bits, or within what is allowed."""
    for i, (y, z) in enumerate(zip(found, expected, strict=True)):
        try:
            assert_alike(y, z)
        except AssertionError:
            assert allowed is not None, f"{y!r} is not {z!r}"
            assert type(y) is type(z)
            assert np.asarray(y).dtype == np.asarray(z).dtype
            np.testing.assert_allclose(y, z, rtol=0.0, atol=allowed()[i])


def check(f: Callable, g: Callable, args: tuple, native: bool | None) -> int:
    """f and its derivative g; native: the value of exact that native code is built with, if it is.
    Returns how many programs were built."""

    def both(*xs: Any) -> Any:
        return f(*xs), g(*xs)

    program, leaves = recorded(both, *args)
    adding = adds_up(program)
    interpreted = build("interpreter", program, program)
    points, wanted, allowed = [leaves, moved(leaves)], [], []
    for xs in points:
        ys = interpreted(*xs)
        bound = functools.cache(functools.partial(bounds, program, tuple(xs), ys))
        if ys is not MISS:
            against_eager(f, g, xs, ys, bound, adding)
        wanted.append(ys)
        allowed.append(bound)
    built = 0
    for exact in (True, False):
        fast = optimise(program, exact=exact)
        for name in BACKENDS:
            run = None
            if name != "llvm" or exact is native:
                run = build(name, fast, program)
            if run is None:
                continue
            built += 1
            bitwise = exact and not adding
            try:
                for i in (0, 0, 1):
                    found = run(*points[i])
                    assert (found is MISS) == (wanted[i] is MISS)
                    if found is not MISS:
                        close(found, wanted[i], None if bitwise else allowed[i])
            except Exception as error:
                raise AssertionError(f"{name}, exact={exact}") from error
    return built


def build(name: str, fast: WengertList, exact: WengertList) -> Any:
    return import_module(MODULES[name]).build(fast, exact)


def against_eager(
    f: Callable, g: Callable, xs: list, found: list, allowed: Any, adding: bool
) -> None:
    """What the recorded program gives is what the functions give: a derivative to the last bit
    where nothing is added up, NumPy's functions on plain numbers nearly so."""
    values, slopes = (list(map(canonical, flatten(call(h, xs))[0])) for h in (f, g))
    close(found, values + slopes, allowed)
    if not adding:
        close(found[len(values) :], slopes, None)


def test_random_expressions_of_numbers():
    seen: dict[tuple, Expression] = {}

    def one(e: Expression) -> None:
        k = len(seen)
        seen[e.key] = e
        what, g = derivative(lambda *xs: list(e(*xs)), k, len(e.at))
        try:
            check(e, g, tuple(e.at), NATIVE[k % 6])
        except Exception as error:
            raise AssertionError(f"{what} of {e.steps} at {e.at}") from error

    collected(expressions(), share(EXPRESSIONS), one)
    assert len(seen) >= share(680)


@pytest.mark.parametrize("block", blocks(BLOCKS))
def test_random_programs_on_arrays(block):
    compared = 0
    for k, name in enumerate(NAMES):
        kinked = k % ON_KINKS == block
        p = ArrayProgram.grown(70_000 + 1000 * block + k, name, on_kinks=kinked, length=LENGTH)
        if any(np.asarray(x).dtype.kind != "f" for x in p.inputs):
            continue
        what, g = derivative(p, k + block, len(p.inputs))
        try:
            check(p, g, p.inputs, NATIVE[(k + block) % 6])
        except Exception as error:
            raise AssertionError(f"{what} of\n{p}") from error
        compared += 1
    assert compared >= 160
