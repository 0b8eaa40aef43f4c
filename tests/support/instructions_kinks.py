"""Instructions on kinks, with the derivative that the documentation promises there."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from array_programs import KINKS, ArrayProgram, Move
from instructions_entrywise import any_shape, filled, one_axis, some_axes, with_axes, yes_or_no


def on_kink(choose: Callable[..., Any], run: Callable[..., Any]) -> Callable[[Callable], Callable]:
    """Enter run as an instruction; the function decorated is the documented derivative."""

    def enter(tangent: Callable) -> Callable:
        KINKS[tangent.__name__] = Move(run, choose, tangent)
        return tangent

    return enter


def _some(count: int, fits: Callable = any_shape, **sampled: Callable) -> Callable:
    def choose(g: ArrayProgram) -> Any:
        args = g.together(count)
        if args is None or not fits(np.shape(g.of(args[0]))):
            return None
        return tuple(args), {k: sample(g.rng, g.of(args[0])) for k, sample in sampled.items()}

    return choose


@on_kink(_some(1), lambda xp, x: xp.abs(x))
def abs_at_0(args, dargs):
    return np.sign(args[0]) * dargs[0]


@on_kink(_some(1), lambda xp, x: xp.relu(x))
def relu_at_0(args, dargs):
    return np.where(args[0] > 0, dargs[0], 0.0)


@on_kink(_some(1), lambda xp, x: xp.leaky_relu(x, 0.25))
def leaky_relu_at_0(args, dargs):
    return np.where(args[0] > 0, 1.0, 0.25) * dargs[0]


@on_kink(_some(1), lambda xp, x: xp.elu(x, 0.75))
def elu_at_0(args, dargs):
    return np.where(args[0] > 0, 1.0, 0.75 * np.exp(args[0])) * dargs[0]


@on_kink(_some(2), lambda xp, x, y: xp.maximum(x, y))
def maximum_at_a_tie(args, dargs):
    (x, y), (dx, dy) = args, dargs
    return np.where(x > y, dx, np.where(x < y, dy, (dx + dy) / 2))


@on_kink(_some(2), lambda xp, x, y: xp.minimum(x, y))
def minimum_at_a_tie(args, dargs):
    (x, y), (dx, dy) = args, dargs
    return np.where(x < y, dx, np.where(x > y, dy, (dx + dy) / 2))


@on_kink(_some(1), lambda xp, x: xp.clip(x, -1.0, 1.0))
def clip_at_its_bounds(args, dargs):
    return np.where(np.abs(args[0]) <= 1, dargs[0], 0.0)


def _shared(kernel: Callable, args: list, dargs: list, axis: Any, keepdims: bool) -> Any:
    chosen = args[0] == kernel(args[0], axis=axis, keepdims=True)
    shares = chosen / np.sum(chosen, axis=axis, keepdims=True)
    return np.sum(shares * dargs[0], axis=axis, keepdims=keepdims)


TIES = _some(1, filled, axis=some_axes, keepdims=yes_or_no)


@on_kink(TIES, lambda xp, x, **params: xp.max(x, **params))
def amax_of_ties(args, dargs, **params):
    return _shared(np.max, args, dargs, **params)


@on_kink(TIES, lambda xp, x, **params: xp.min(x, **params))
def amin_of_ties(args, dargs, **params):
    return _shared(np.min, args, dargs, **params)


@on_kink(_some(1, with_axes, axis=one_axis), lambda xp, x, axis: xp.sort(x, axis=axis))
def sort_of_ties(args, dargs, axis):
    order = np.argsort(args[0], axis=axis, kind="stable")
    return np.take_along_axis(dargs[0], order, axis)


@on_kink(_some(1, filled), lambda xp, x: xp.linalg.norm(x * 0.0))
def norm_at_0(args, dargs):
    return 0.0


def _steps(xp: Any, x: Any) -> Any:
    return xp.sign(x) + xp.floor(x) + xp.ceil(x) + xp.trunc(x) + xp.round(x + 0.5)


@on_kink(_some(1), _steps)
def at_steps(args, dargs):
    return 0.0 * dargs[0]


@on_kink(_some(1), lambda xp, x: xp.remainder(x, 0.5))
def remainder_at_a_step(args, dargs):
    return dargs[0]


@on_kink(_some(2), lambda xp, x, y: xp.where(x > y, 2.0 * x, y - 1.0))
def where_at_its_border(args, dargs):
    return np.where(args[0] > args[1], 2.0 * dargs[0], dargs[1])
