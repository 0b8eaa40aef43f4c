"""Instructions of random array programs: elementwise operations, reductions and scans."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from array_programs import MARGIN, MISSING, MOVES, NUMPY_NAMES, ArrayProgram, Move, _smallest

from admodes.core.elementwise import Elementwise
from admodes.core.op import REGISTRY

Interval = tuple[float, float]
WIDE: Interval = (-3.0, 3.0)
INTERVALS: dict[str, tuple[Interval, ...]] = {
    **dict.fromkeys(("abs", "sign", "relu", "floor", "ceil", "trunc", "round"), (WIDE,)),
    **dict.fromkeys(("maximum", "minimum"), (WIDE, WIDE)),
    "leaky_relu": (WIDE, (0.1, 0.5)),
    "elu": (WIDE, (0.5, 1.5)),
    "clip": (WIDE, (-1.0, -0.2), (0.2, 1.0)),
}
DISTANCE: dict[str, Callable[..., Any]] = {
    **dict.fromkeys(("abs", "sign", "relu"), lambda a: a),
    **dict.fromkeys(("leaky_relu", "elu"), lambda a, b: a),
    **dict.fromkeys(("floor", "ceil", "trunc"), lambda a: a - np.round(a)),
    "round": lambda a: a - np.floor(a) - 0.5,
    **dict.fromkeys(("maximum", "minimum"), lambda a, b: a - b),
    "clip": lambda a, b, c: np.minimum(np.abs(a - b), np.abs(a - c)),
}


def _entries(intervals: Any, distance: Callable[..., Any] | None) -> Callable[..., Any]:
    def choose(g: ArrayProgram) -> Any:
        picks = g.together(len(intervals))
        if picks is None:
            return None
        args = tuple(g.into(a, *interval) for a, interval in zip(picks, intervals, strict=True))
        if distance is not None and _smallest(distance(*map(g.of, args))) < MARGIN:
            return None
        return args, {}

    return choose


def _elementwise(name: str, called: str, intervals: Any, distance: Any = None) -> None:
    MOVES[name] = Move(lambda xp, *xs: getattr(xp, called)(*xs), _entries(intervals, distance))


for _op in list(REGISTRY.values()):
    if isinstance(_op, Elementwise) and not _op.custom and _op.name not in MISSING:
        _elementwise(
            _op.name,
            NUMPY_NAMES.get(_op.name, _op.name),
            INTERVALS.get(_op.name, _op.domain.intervals),
            DISTANCE.get(_op.name),
        )
_elementwise("fmax", "fmax", (WIDE, WIDE), lambda a, b: a - b)
_elementwise("fmin", "fmin", (WIDE, WIDE), lambda a, b: a - b)
_elementwise("fmod", "fmod", ((2.2, 2.8), (1.0, 1.09)))
_elementwise("heaviside", "heaviside", (WIDE, WIDE), lambda a, b: a)
_elementwise("copysign", "copysign", (WIDE, WIDE), lambda a, b: np.minimum(abs(a), abs(b)))
_elementwise("logaddexp2", "logaddexp2", (WIDE, WIDE))
_elementwise("deg2rad", "deg2rad", (WIDE,))


def instruction(choose: Callable[..., Any]) -> Callable[[Callable], Callable]:
    """Enter a function of a namespace, arguments and parameters as an instruction of its name."""

    def enter(run: Callable) -> Callable:
        MOVES[run.__name__.strip("_")] = Move(run, choose)
        return run

    return enter


def chooser(*fits: Callable[[tuple], bool], **sampled: Callable[..., Any]) -> Callable[..., Any]:
    """One value for each predicate on shapes; parameters are drawn given the first value."""

    def choose(g: ArrayProgram) -> Any:
        args = tuple(g.pick(fit) for fit in fits)
        if any(a is None for a in args):
            return None
        first = g.of(args[0])
        params = {}
        for name, sample in sampled.items():
            params[name] = sample(g.rng, first)
        return args, params

    return choose


def any_shape(shape: tuple) -> bool:
    return True


def filled(shape: tuple) -> bool:
    return math.prod(shape) > 0


def with_axes(shape: tuple) -> bool:
    return bool(shape) and filled(shape)


def vector(shape: tuple) -> bool:
    return len(shape) == 1 and filled(shape)


def matrix(shape: tuple) -> bool:
    return len(shape) == 2 and filled(shape)


def one_axis(rng: Any, x: Any) -> int:
    return int(rng.integers(-np.ndim(x), np.ndim(x)))


def some_axes(rng: Any, x: Any) -> Any:
    rank = np.ndim(x)
    kind = rng.integers(3)
    if kind == 0 or rank == 0:
        return None
    if kind == 1:
        return one_axis(rng, x)
    return tuple(int(k) for k in rng.permutation(rank)[: rng.integers(1, rank + 1)])


def yes_or_no(rng: Any, x: Any) -> bool:
    return bool(rng.integers(2))


reduction = chooser(filled, axis=some_axes, keepdims=yes_or_no)


def _reductions() -> Iterator[tuple[str, Callable]]:
    for name in ("sum", "mean", "prod", "var", "std"):
        yield name, lambda xp, x, name=name, **params: getattr(xp, name)(x, **params)


for _name, _run in _reductions():
    MOVES[_name] = Move(_run, reduction)


def _without_ties(choose: Callable, gap: float = MARGIN) -> Callable:
    """Arguments whose first has no two entries nearer to each other than gap."""

    def checked(g: ArrayProgram) -> Any:
        chosen = choose(g)
        if chosen is None or _smallest(np.diff(np.sort(np.ravel(g.of(chosen[0][0]))))) < gap:
            return None
        return chosen

    return checked


def _spread_out(choose: Callable, distance: Callable, least: float) -> Callable:
    def checked(g: ArrayProgram) -> Any:
        chosen = choose(g)
        if chosen is None:
            return None
        args, params = chosen
        return chosen if _smallest(distance(*map(g.of, args), **params)) > least else None

    return checked


MOVES["std"] = Move(
    MOVES["std"].run,
    _spread_out(reduction, lambda x, axis, keepdims: np.std(x, axis=axis), 0.1),
)


@instruction(chooser(any_shape))
def sum_of_nothing_or_all(xp, x):
    return xp.sum(x)


@instruction(reduction)
def logsumexp(xp, x, axis, keepdims):
    return xp.logsumexp(x, axis=axis, keepdims=keepdims)


@instruction(_without_ties(reduction))
def amax(xp, x, axis, keepdims):
    return xp.max(x, axis=axis, keepdims=keepdims)


@instruction(_without_ties(reduction))
def amin(xp, x, axis, keepdims):
    return xp.min(x, axis=axis, keepdims=keepdims)


@instruction(_without_ties(chooser(filled, axis=some_axes)))
def ptp(xp, x, axis):
    return xp.ptp(x, axis=axis)


@instruction(_without_ties(chooser(with_axes, axis=one_axis)))
def sort(xp, x, axis):
    return xp.sort(x, axis=axis)


@instruction(_without_ties(chooser(with_axes, axis=one_axis)))
def argsort(xp, x, axis):
    return xp.take_along_axis(x, xp.argsort(x, axis=axis), axis=axis)


@instruction(_without_ties(reduction))
def median(xp, x, axis, keepdims):
    return xp.median(x, axis=axis, keepdims=keepdims)


@instruction(_without_ties(chooser(with_axes, axis=one_axis, q=lambda rng, x: [20.0, 65.0])))
def percentile(xp, x, axis, q):
    return xp.percentile(x, np.array(q), axis=axis)


@instruction(_without_ties(chooser(with_axes)))
def argpartition(xp, x):
    return xp.max(xp.partition(x, x.shape[-1] // 2, axis=-1)[..., : x.shape[-1] // 2 + 1], axis=-1)


KNOTS = np.array([-1.5, -0.25, 0.5, 2.0])


@instruction(
    _spread_out(
        chooser(with_axes, heights=lambda rng, x: rng.uniform(-1, 1, 4)),
        lambda x, heights: np.subtract.outer(x, KNOTS),
        MARGIN,
    )
)
def interp(xp, x, heights):
    return xp.interp(x, KNOTS, heights)


def _queries(xp: Any, x: Any) -> Any:
    return xp.tanh(x) * 0.4 + np.shape(x)[0] / 2


def _moving_knots(xp: Any, x: Any) -> Any:
    return np.arange(np.shape(x)[0]) + 0.1 * xp.sin(x)


@instruction(
    _spread_out(
        chooser(vector),
        lambda x: np.subtract.outer(_queries(np, x), _moving_knots(np, x)),
        MARGIN,
    )
)
def interp_of_heights(xp, x):
    """Position, knots and heights are traced, all at once."""
    return xp.interp(_queries(xp, x), _moving_knots(xp, x), x)


def _position(rng: Any, x: Any) -> int:
    return int(rng.integers(0, x.shape[0]))


@instruction(_without_ties(chooser(with_axes, i=_position)))
def argmax_as_index(xp, x, i):
    return x[i] * x.reshape(-1)[xp.argmax(x)]


@instruction(chooser(with_axes, axis=one_axis))
def cumsum(xp, x, axis):
    return xp.cumsum(x, axis=axis)


@instruction(chooser(with_axes, axis=one_axis))
def cumprod(xp, x, axis):
    return xp.cumprod(x, axis=axis)


@instruction(_without_ties(chooser(with_axes, axis=one_axis)))
def accumulated(xp, x, axis):
    largest = xp.maximum.accumulate(x, axis=axis)
    logs = [f(x, axis=axis, keepdims=True) for f in (xp.logaddexp.reduce, xp.logaddexp2.reduce)] + [
        f(x, axis=axis) for f in (xp.logaddexp.accumulate, xp.logaddexp2.accumulate)
    ]
    logs = logs[0] - logs[1] + 0.5 * (logs[2] + logs[3])
    return xp.subtract.accumulate(x, axis=axis) + largest + logs


@instruction(chooser(lambda s: with_axes(s) and min(s) > 1, axis=one_axis))
def diff(xp, x, axis):
    return xp.diff(x, axis=axis)


@instruction(chooser(lambda s: with_axes(s) and min(s) > 1, axis=one_axis))
def gradient(xp, x, axis):
    return xp.gradient(x, axis=axis)


@instruction(_spread_out(reduction, lambda x, axis, keepdims: np.sum(x * x, axis=axis), 0.05))
def norm(xp, x, axis, keepdims):
    if axis is None or isinstance(axis, int) or len(axis) == 2:
        return xp.linalg.norm(x, axis=axis, keepdims=keepdims)
    return xp.sqrt(xp.sum(x * x, axis=axis, keepdims=keepdims))
