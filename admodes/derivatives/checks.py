"""check_grads: a function and a point go in; an error comes out where its derivatives, in either
mode and to any order, are not those of central differences. For users' own tests."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from admodes.core.carrier import value as plain_value
from admodes.core.forward import jvp
from admodes.core.pytree import checked_input, flatten, unflatten
from admodes.core.reverse import vjp
from admodes.core.values import shape_of
from admodes.errors import BadType, BadValue


def check_grads(
    f: Callable,
    args: tuple,
    order: int = 2,
    modes: Sequence[str] = ("forward", "reverse"),
    rtol: float = 1e-5,
    atol: float = 1e-7,
) -> None:
    """Compare jvp and vjp of f at args with central differences in random directions, to an order.

    For your own tests: silent where all agree, AssertionError naming mode, order, and both values
    where not. Every order-2 mode pair is tested by differentiating the derivative again.

    >>> import admodes as ad
    >>> ad.check_grads(lambda x, y: ad.sin(x) * y, (0.5, 2.0))
    """
    for mode in modes:
        if mode not in ("forward", "reverse"):
            raise BadValue(f"check_grads: mode {mode!r} is neither forward nor reverse")
    if not isinstance(args, tuple):
        raise BadType("check_grads takes a tuple of arguments: ad.check_grads(f, (x,))")
    _check(f, args, order, tuple(modes), rtol, atol, np.random.default_rng(0), ())


def _check(
    f: Callable,
    args: tuple,
    order: int,
    modes: tuple,
    rtol: float,
    atol: float,
    rng: Any,
    path: tuple,
) -> None:
    xs, tree = flatten(args)
    xs = [checked_input(x, "check_grads") for x in xs]
    vs = [_random(x, rng) for x in xs]
    args, v = unflatten(tree, xs), unflatten(tree, vs)
    expected = _central(f, xs, vs, tree)
    for mode in modes:
        here = (*path, mode)
        if mode == "forward":
            _, got = jvp(f, args, v)
            _compare(flatten(got)[0], expected, here, rtol, atol)
        else:
            out, pullback = vjp(f, *args)
            ys, out_tree = flatten(out)
            ws = [_random(y, rng) for y in ys]
            back = flatten(pullback(unflatten(out_tree, ws)))[0]
            left = sum(float(np.vdot(w, d)) for w, d in zip(ws, expected, strict=True))
            right = sum(float(np.vdot(g, t)) for g, t in zip(back, vs, strict=True))
            _compare([right], [left], here, rtol, atol)
        if order > 1:
            _check(_derivative(f, mode, v), args, order - 1, modes, rtol, atol, rng, here)


def _derivative(f: Callable, mode: str, v: tuple) -> Callable:
    def forward(*args: Any) -> Any:
        return jvp(f, args, v)[1]

    def reverse(*args: Any) -> Any:
        out, pullback = vjp(f, *args)
        leaves, tree = flatten(out)
        ones = [np.ones(shape_of(y)) if shape_of(y) else 1.0 for y in leaves]
        return pullback(unflatten(tree, ones))

    return forward if mode == "forward" else reverse


def _central(f: Callable, xs: list, vs: list, tree: Any) -> list:
    """Central differences of f along v with one step of Richardson's extrapolation."""

    def quotient(h: float) -> list:
        ends = []
        for s in (h, -h):
            moved = [x + s * v for x, v in zip(xs, vs, strict=True)]
            leaves = flatten(f(*unflatten(tree, moved)))[0]
            ends.append([np.asarray(plain_value(y), dtype=float) for y in leaves])
        return [(up - down) / (2 * h) for up, down in zip(*ends, strict=True)]

    h = 1e-3
    return [
        (4 * fine - coarse) / 3 for fine, coarse in zip(quotient(h / 2), quotient(h), strict=True)
    ]


def _random(x: Any, rng: Any) -> Any:
    drawn = rng.uniform(0.3, 1.0, shape_of(x)) * rng.choice([-1.0, 1.0], shape_of(x))
    return float(drawn) if shape_of(x) == () else drawn


def _compare(got: list, expected: list, path: tuple, rtol: float, atol: float) -> None:
    for k, (g, e) in enumerate(zip(got, expected, strict=True)):
        if not np.allclose(g, e, rtol=rtol, atol=atol, equal_nan=True):
            raise AssertionError(
                f"check_grads: {' of '.join(reversed(path))} derivative, output {k}: got "
                f"{_shown(plain_value(g))}, central differences give {_shown(e)}"
            )


def _shown(x: Any) -> str:
    return repr(float(x) if shape_of(x) == () else x)
