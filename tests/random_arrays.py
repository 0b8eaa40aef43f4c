"""Random programs on arrays: straight lines of instructions that any namespace can run.

An instruction is a function of a namespace (NumPy, which dispatches on traced values, or
jax.numpy) and of earlier values. A program is grown step by step at a point: a step that comes too
near to a kink or a singularity, grows too large or moves too fast is not taken, so that numerical
differences mean something. Programs on kinks come with the documented derivative there, as a
linear function that replaces the instruction.
"""

from __future__ import annotations

import importlib.util
import math
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import numpy as np

import admodes as ad
from admodes.core.builders import Elementwise
from admodes.core.op import REGISTRY

LARGEST = 4.0
FASTEST = 300.0
MARGIN = 0.02
MOST_ENTRIES = 60
LONGEST = 40
NUDGE = 1e-6

INPUT_SHAPES = [(3, 4), (4,), (1,), (3, 1), (), (4, 3), (2, 3, 4), (3, 3), (3,), (0,), (0, 4)]
LIKELY = [5, 5, 2, 3, 4, 2, 2, 2, 2, 1, 1]

NUMPY_NAMES = {
    "acos": "arccos",
    "acosh": "arccosh",
    "asin": "arcsin",
    "asinh": "arcsinh",
    "atan": "arctan",
    "atan2": "arctan2",
    "atanh": "arctanh",
    "inverse": "reciprocal",
    "ln": "log",
    "negate": "negative",
}


class Plain:
    """NumPy, and admodes for what NumPy does not have."""

    jvp = staticmethod(ad.jvp)
    grad = staticmethod(ad.grad)

    def __getattr__(self, name: str) -> Any:
        found = getattr(np, name, REGISTRY.get(name))
        if found is None:
            raise AttributeError(name)
        return found


PLAIN = Plain()


class At(NamedTuple):
    """An argument that is an earlier value; everything else is a constant."""

    i: int


class Move(NamedTuple):
    """An instruction. choose(program) gives arguments and parameters, or None where the program
    has none that fit. tangent(args, dargs, **params), on a kink, is the documented derivative."""

    run: Callable[..., Any]
    choose: Callable[..., tuple[tuple, dict] | None]
    tangent: Callable[..., Any] | None = None


class Step(NamedTuple):
    name: str
    args: tuple
    params: dict


MOVES: dict[str, Move] = {}
KINKS: dict[str, Move] = {}
Values = list[Any]


class ArrayProgram:
    """The steps, the point where the program was grown, and a direction in which no value moves
    faster than at unit speed. The results are the values that no step uses."""

    def __init__(self, seed: int, on_kinks: bool = False) -> None:
        self.rng = rng = np.random.default_rng(seed)
        self.steps: list[Step] = []
        shapes = [INPUT_SHAPES[k] for k in _several(rng, len(INPUT_SHAPES), LIKELY)]
        shapes += [(3, 4)] * (math.prod(shapes[0]) == 0)
        draw = self._on_a_grid if on_kinks else self._anywhere
        self.inputs = tuple(draw(s) for s in shapes)
        self.direction = tuple(self._anywhere(s) for s in shapes)
        self.values: Values = list(self.inputs)
        self.nudged: Values = [
            x + NUDGE * v for x, v in zip(self.inputs, self.direction, strict=True)
        ]

    @classmethod
    def grown(
        cls, seed: int, wanted: str, on_kinks: bool = False, length: int | None = None
    ) -> ArrayProgram:
        """A program that has the wanted instruction and uses an intermediate value again."""
        for again in range(100):
            p = cls(seed + 1_000_000 * again, on_kinks)
            if p._grow_to(length or int(p.rng.integers(5, 31)), wanted, on_kinks):
                p.finish()
                return p
        raise AssertionError(f"{wanted} fits nowhere")

    def _grow_to(self, length: int, wanted: str, on_kinks: bool) -> bool:
        for _ in range(3 * on_kinks):
            self._grow(KINKS)
        place = int(self.rng.integers(0, length - 1))
        while len(self.steps) < place:
            self._grow(MOVES)
        for _ in range(5):
            if self.take(wanted):
                break
            self._grow(MOVES)
        else:
            return False
        while len(self.steps) < length or not self.reuses:
            self._grow(MOVES)
        return len(self.steps) <= LONGEST

    def finish(self) -> None:
        """Take what is unused for results, and slow the direction down."""
        speed = max(1.0, *(_largest(b - a) / NUDGE for a, b in zip(self.values, self.nudged)))
        self.direction = tuple(v / speed for v in self.direction)
        used = {a.i for step in self.steps for a in step.args if isinstance(a, At)}
        self.outputs = [k for k in range(len(self.values)) if k not in used]

    def _anywhere(self, shape: tuple) -> Any:
        x = self.rng.uniform(-2, 2, shape)
        return x if shape else float(x)

    def _on_a_grid(self, shape: tuple) -> Any:
        x = self.rng.integers(-1, 2, shape).astype(float)
        return x if shape else float(x)

    def _grow(self, table: dict[str, Move]) -> None:
        names = sorted(table)
        for _ in range(50):
            if self.take(names[self.rng.integers(len(names))]):
                return
        raise AssertionError("no instruction fits")

    @property
    def reuses(self) -> bool:
        """Whether a value that a step made is used twice."""
        used = [a.i for step in self.steps for a in step.args if isinstance(a, At)]
        inner = [i for i in used if i >= len(self.inputs)]
        return len(inner) > len(set(inner))

    def take(self, name: str) -> bool:
        """Append an instruction if it fits and stays regular."""
        move = MOVES.get(name) or KINKS[name]
        chosen = move.choose(self)
        return chosen is not None and self.append(name, chosen[0], chosen[1])

    def append(self, name: str, args: tuple, params: dict) -> bool:
        move = MOVES.get(name) or KINKS[name]
        args = tuple(At(int(a.i)) if isinstance(a, At) else a for a in args)
        with np.errstate(all="ignore"):
            y = move.run(PLAIN, *resolved(args, self.values), **params)
            if move.tangent is None:
                z = move.run(PLAIN, *resolved(args, self.nudged), **params)
            else:
                z = self._linear(move, args, params, self.nudged, y)
        if np.size(y) > MOST_ENTRIES or np.ndim(y) > 4 or not np.all(np.isfinite(y)):
            return False
        if _largest(y) > 100 or _largest(z - y) > FASTEST * NUDGE:
            return False
        self.steps.append(Step(name, args, params))
        self.values.append(y)
        self.nudged.append(z)
        if _largest(y) > LARGEST:
            last = At(len(self.values) - 1)
            self.append("tanh" if self.rng.random() < 0.5 else "sin", (last,), {})
        return True

    def _linear(self, move: Move, args: tuple, params: dict, values: Values, y: Any) -> Any:
        assert move.tangent is not None
        before = resolved(args, self.values)
        now = resolved(args, values)
        changes = [b - a for a, b in zip(before, now, strict=True)]
        return y + move.tangent(before, changes, **params)

    def __call__(self, *xs: Any) -> list:
        return self.run(PLAIN, *xs)

    def run(self, namespace: Any, *xs: Any) -> list:
        values = list(xs)
        for step in self.steps:
            move = MOVES.get(step.name) or KINKS[step.name]
            values.append(move.run(namespace, *resolved(step.args, values), **step.params))
        return [values[k] for k in self.outputs]

    def smoothed(self, *xs: Any) -> np.ndarray:
        """All results in one vector, with instructions on kinks replaced by the documented
        derivative at the point of growth."""
        values = list(xs)
        with np.errstate(all="ignore"):
            for k, step in enumerate(self.steps, len(xs)):
                move = MOVES.get(step.name) or KINKS[step.name]
                if move.tangent is None:
                    y = move.run(PLAIN, *resolved(step.args, values), **step.params)
                else:
                    y = self._linear(move, step.args, step.params, values, self.values[k])
                values.append(y)
        return flat_vector(values[k] for k in self.outputs)

    def __str__(self) -> str:
        lines = [f"v{k} = {x!r}" for k, x in enumerate(self.inputs)]
        for k, (name, args, params) in enumerate(self.steps, len(self.inputs)):
            shown = [f"v{a.i}" if isinstance(a, At) else repr(a) for a in args]
            shown += [f"{key}={p!r}" for key, p in params.items()]
            lines.append(f"v{k} = {name}({', '.join(shown)})  shape {np.shape(self.values[k])}")
        return "\n".join(lines)

    # What instructions ask for.

    def pick(self, fits: Callable[[tuple], bool] = lambda shape: True) -> At | None:
        """A value whose shape fits, rather a late one."""
        found = [k for k, v in enumerate(self.values) if fits(np.shape(v))]
        if not found:
            return None
        if self.rng.random() < 0.6:
            found = found[-4:]
        return At(int(self.rng.choice(found)))

    def of(self, a: Any) -> Any:
        return self.values[a.i] if isinstance(a, At) else a

    def into(self, a: Any, low: float, high: float) -> Any:
        """a, or a sine of it scaled and shifted, with entries between low and high."""
        x = self.of(a)
        if np.all((x > low) & (x < high)):
            return a
        if not isinstance(a, At):
            return 0.5 * (low + high) + 0.47 * (high - low) * np.sin(x)
        for name, args in (
            ("sin", (a,)),
            ("multiply", (0.47 * (high - low),)),
            ("add", (0.5 * (low + high),)),
        ):
            if name != "sin":
                args = (At(len(self.values) - 1), *args)
            self.steps.append(Step(name, args, {}))
            for values in (self.values, self.nudged):
                values.append(MOVES[name].run(PLAIN, *resolved(args, values)))
        return At(len(self.values) - 1)

    def together(self, count: int) -> list | None:
        """Values, or now and then constants, that broadcast together."""
        first = self.pick()
        found: list = [first]
        shape = np.shape(self.of(first))
        for _ in range(count - 1):
            if self.rng.random() < 0.15:
                kept = tuple(n if self.rng.random() < 0.7 else 1 for n in shape)
                constant = self.rng.uniform(-2, 2, kept)
                found.append(constant if kept else float(constant))
                continue
            other = self.pick(lambda s: _broadcast(s, shape) is not None)
            assert other is not None
            shape = _broadcast(np.shape(self.of(other)), shape)
            found.append(other)
        self.rng.shuffle(found)
        return found if any(isinstance(a, At) for a in found) else None

    def constant(self, shape: tuple, low: float = -1.0, high: float = 1.0) -> np.ndarray:
        return self.rng.uniform(low, high, shape)


def resolved(args: tuple, values: Values) -> list:
    return [values[a.i] if isinstance(a, At) else a for a in args]


def flat_vector(parts: Any) -> np.ndarray:
    return np.concatenate([np.ravel(p) for p in parts])


def _several(rng: Any, n: int, weights: list[int]) -> list[int]:
    p = np.array(weights) / sum(weights)
    return [int(k) for k in rng.choice(n, int(rng.integers(1, 4)), p=p)]


def _largest(x: Any) -> float:
    return float(np.max(np.abs(x), initial=0.0))


def _smallest(x: Any) -> float:
    return float(np.min(np.abs(x), initial=np.inf))


def _broadcast(a: tuple, b: tuple) -> tuple | None:
    try:
        shape = np.broadcast_shapes(a, b)
    except ValueError:
        return None
    return shape if math.prod(shape) <= MOST_ENTRIES else None


NEED_SCIPY = {"erf", "erfc", "gammaln", "digamma", "trigamma", "gelu"}
"""Operations whose values on arrays come from scipy, which is optional."""
MISSING = set() if importlib.util.find_spec("scipy") else NEED_SCIPY

# Elementwise operations: all of the registry, where they are defined and far from kinks.

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


# Reductions and scans.

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


# Shapes.


def _other_shape(rng: Any, x: Any) -> tuple:
    n = np.size(x)
    shapes = [(n,), (1, n), (n, 1), np.shape(x)[::-1], (2, n // 2), (n // 3, 3), (1,) * (n == 1)]
    fitting = [s for s in shapes if math.prod(s) == n and len(s) < 4]
    shape = list(fitting[rng.integers(len(fitting))])
    if shape and n and rng.random() < 0.3:
        shape[rng.integers(len(shape))] = -1
    return tuple(shape)


@instruction(chooser(any_shape, shape=_other_shape))
def reshape(xp, x, shape):
    return xp.reshape(x, shape)


@instruction(chooser(with_axes, axes=lambda rng, x: tuple(map(int, rng.permutation(x.ndim)))))
def transpose(xp, x, axes):
    return xp.transpose(x, axes)


@instruction(chooser(lambda s: len(s) > 1))
def swapaxes(xp, x):
    return xp.moveaxis(xp.swapaxes(x, 0, -1), 0, 1)


@instruction(chooser(with_axes, axis=one_axis))
def expand_dims(xp, x, axis):
    return xp.squeeze(xp.expand_dims(x, axis), axis)[None]


@instruction(chooser(filled, n=lambda rng, x: int(rng.integers(1, 3))))
def broadcast_to(xp, x, n):
    return xp.broadcast_to(x, (n, *np.shape(x)))


def _alike(g: ArrayProgram) -> Any:
    first = g.pick(filled)
    if first is None:
        return None
    shape = np.shape(g.of(first))
    others = [g.pick(lambda s: s == shape) for _ in range(int(g.rng.integers(0, 2)))]
    args = [first, *others, g.constant(shape) if shape else 0.5]
    g.rng.shuffle(args)
    return tuple(args), {"axis": int(g.rng.integers(-len(shape) - 1, len(shape) + 1))}


@instruction(_alike)
def stack(xp, *xs, axis):
    return xp.stack([xp.asarray(x) if isinstance(x, float) else x for x in xs], axis=axis)


def _end_to_end(g: ArrayProgram) -> Any:
    first = g.pick(lambda s: len(s) > 0)
    if first is None:
        return None
    shape = np.shape(g.of(first))
    axis = int(g.rng.integers(0, len(shape)))

    def fits(s: tuple) -> bool:
        return len(s) == len(shape) and all(
            k == axis or m == n for k, (m, n) in enumerate(zip(s, shape, strict=True))
        )

    more = (*shape[:axis], int(g.rng.integers(0, 3)), *shape[axis + 1 :])
    return (first, g.pick(fits), g.constant(more)), {"axis": axis}


@instruction(_end_to_end)
def concatenate(xp, *xs, axis):
    return xp.concatenate(xs, axis=axis)


@instruction(chooser(vector, vector))
def hstack_of_two(xp, x, y):
    return xp.hstack([x, y])


@instruction(chooser(lambda s: len(s) == 1 and s[0] in (3, 4)))
def vstack_of_two(xp, x):
    return xp.vstack([x, x * x])


@instruction(chooser(lambda s: with_axes(s) and s[0] > 1))
def split(xp, x):
    first, second = xp.split(x, [1])
    return xp.sum(first, axis=0) * second


# Indexing.


def _basic(rng: Any, x: Any) -> tuple:
    parts: list[Any] = []
    for n in np.shape(x):
        start = int(rng.integers(0, n))
        parts.append(
            [
                start,
                start - n,
                slice(None),
                slice(start, None),
                slice(None, None, -1),
                slice(None, None, 2),
                slice(start, start),
            ][rng.choice(7, p=[0.15, 0.1, 0.3, 0.2, 0.1, 0.1, 0.05])]
        )
    if rng.random() < 0.2:
        parts.insert(int(rng.integers(0, len(parts) + 1)), None)
    if rng.random() < 0.2:
        parts[int(rng.integers(0, len(parts))) :] = [...]
    return tuple(parts)


def _fancy(rng: Any, x: Any) -> tuple:
    shape = np.shape(x)
    count = int(rng.integers(1, 4))
    first = rng.integers(-shape[0], shape[0], count)
    kind = rng.integers(5)
    if len(shape) > 1 and kind == 0:
        return first, rng.integers(0, shape[1], count)
    if len(shape) > 1 and kind == 1:
        return first[:, None], rng.integers(0, shape[1], 2)
    if len(shape) > 1 and kind == 2:
        return ..., rng.integers(0, shape[-1], count).tolist()
    if len(shape) == 3 and kind == 3:
        return first, slice(None), rng.integers(0, shape[2], count)
    return (first.reshape(-1, 1) if kind == 4 else first,)


@instruction(chooser(with_axes, index=_basic))
def getitem(xp, x, index):
    return x[index]


@instruction(chooser(with_axes, index=_fancy))
def getitem_fancy(xp, x, index):
    return x[index]


@instruction(chooser(lambda s: len(s) == 3 and filled(s), i=_position))
def getitem_separated(xp, x, i):
    return x[i, :, np.array([0, -1, 0])] + x[np.array([i, 0]), :, 0][:1]


@instruction(chooser(with_axes, mask=lambda rng, x: rng.random(np.shape(x)) < 0.6))
def getitem_mask(xp, x, mask):
    return x[mask]


@instruction(_spread_out(chooser(with_axes), lambda x: x, MARGIN))
def getitem_positive(xp, x):
    """A mask that is computed from the values."""
    return x[x > 0]


def _indices(rng: Any, x: Any) -> np.ndarray:
    return rng.integers(0, x.shape[-1], (*x.shape[:-1], 2))


@instruction(chooser(with_axes, indices=_indices))
def take_along_axis(xp, x, indices):
    return xp.take_along_axis(x, indices, axis=-1)


# What moves entries.


def _mover(name: str, fits: Callable[[tuple], bool], **sampled: Callable) -> None:
    MOVES[name] = Move(
        lambda xp, x, **params: getattr(xp, name)(x, **params), chooser(fits, **sampled)
    )


_mover("flip", with_axes, axis=some_axes)
_mover("fliplr", lambda s: len(s) > 1)
_mover("flipud", with_axes)
_mover("rot90", lambda s: len(s) > 1, k=lambda rng, x: int(rng.integers(1, 4)))
_mover("roll", with_axes, shift=lambda rng, x: int(rng.integers(-3, 4)), axis=one_axis)
_mover("tile", with_axes, reps=lambda rng, x: (2, 1)[: int(rng.integers(1, 3))])
_mover("repeat", with_axes, repeats=lambda rng, x: int(rng.integers(0, 3)), axis=one_axis)
_mover("diag", vector, k=lambda rng, x: int(rng.integers(-1, 2)))
_mover("diagflat", lambda s: vector(s) and s[0] < 7)
_mover("diagonal", matrix, offset=lambda rng, x: int(rng.integers(0, 2)))
_mover("tril", matrix, k=lambda rng, x: int(rng.integers(-1, 2)))
_mover("triu", matrix, k=lambda rng, x: int(rng.integers(-1, 2)))
_mover("take", with_axes, indices=lambda rng, x: rng.integers(0, x.shape[0], 3), axis=lambda *_: 0)
_mover("delete", with_axes, obj=_position, axis=lambda *_: 0)
_mover("resize", with_axes, new_shape=lambda rng, x: (2, int(rng.integers(1, 5))))
_mover(
    "pad",
    with_axes,
    pad_width=lambda rng, x: int(rng.integers(0, 3)),
    mode=lambda rng, x: ["constant", "edge", "wrap", "symmetric"][rng.integers(4)],
)


@instruction(chooser(vector))
def sliding_window_view(xp, x):
    return np.lib.stride_tricks.sliding_window_view(x, (np.shape(x)[0] + 1) // 2)


# Products.


def _factors(g: ArrayProgram) -> Any:
    """Two arguments of matmul, of any ranks."""
    a = g.pick(lambda s: len(s) > 0)
    if a is None:
        return None
    left = np.shape(g.of(a))
    n = left[-1]

    def fits(s: tuple) -> bool:
        inner = s and s[-2 if len(s) > 1 else -1]
        return inner == n and bool(s) and _broadcast(s[:-2], left[:-2]) is not None

    b = g.pick(fits)
    if b is None or g.rng.random() < 0.3:
        shapes = [(n,), (n, 2), (2, n, 3)] if len(left) < 3 else [(n,), (n, 2)]
        b = g.constant(shapes[g.rng.integers(len(shapes))])
    if g.rng.random() < 0.3:
        m = left[-2] if len(left) > 1 else left[0]
        return (g.constant((m,) if g.rng.random() < 0.5 else (2, m)), a), {}
    return (a, b), {}


@instruction(_factors)
def matmul(xp, a, b):
    return xp.matmul(a, b)


@instruction(_factors)
def at_sign(xp, a, b):
    return a @ b


SUBSCRIPTS = (
    *("ij,ij->i", "ij,j", "ij,kj->ik", "i,j->ij", "...i,i->...", "ij->ji", "ijk,k->ji", "ij->j"),
    *("i,i,i->i", "ij,jk,k", "ij,j->", "...ij,...kj->...ik", "ijk->ki", "ij,ij,i->j", "ii->i"),
)


def _operands(g: ArrayProgram) -> Any:
    subscripts = SUBSCRIPTS[g.rng.integers(len(SUBSCRIPTS))]
    sizes: dict[str, int] = {}
    args: list[Any] = []
    for term in subscripts.split("->")[0].split(","):
        letters = term.replace("...", "")

        def fits(s: tuple) -> bool:
            if len(s) != len(letters) or not filled(s):
                return False
            taken = dict(sizes)
            return all(taken.setdefault(c, n) == n for c, n in zip(letters, s, strict=True))

        a = g.pick(fits)
        if a is None or (args and g.rng.random() < 0.2):
            a = g.constant(tuple(sizes.get(c, 3) for c in letters))
        sizes.update(zip(letters, np.shape(g.of(a)), strict=True))
        args.append(a)
    return (
        (tuple(args), {"subscripts": subscripts}) if any(isinstance(a, At) for a in args) else None
    )


@instruction(_operands)
def einsum(xp, *xs, subscripts):
    return xp.einsum(subscripts, *xs)


@instruction(chooser(vector, vector))
def outer(xp, x, y):
    return xp.outer(x, y)


@instruction(chooser(vector, vector))
def convolve(xp, x, y):
    return xp.convolve(x, y)


@instruction(chooser(matrix))
def tensordot(xp, x):
    return xp.tensordot(x, x, ((0,), (0,))) + xp.inner(x.T, x.T)


@instruction(chooser(vector, vector))
def kron(xp, x, y):
    return xp.kron(x, y)


@instruction(chooser(lambda s: len(s) > 0 and s[-1] == 3 and filled(s)))
def cross(xp, x):
    return xp.cross(x, np.array([0.5, -1.0, 0.25]))


@instruction(chooser(matrix))
def trace(xp, x):
    return xp.trace(x) * xp.vdot(x, x)


# Linear algebra, of matrices whose condition is bounded by construction.


def small_matrix(shape: tuple) -> bool:
    return len(shape) in (2, 3) and filled(shape) and shape[-2] < 5


def _regular(xp: Any, x: Any) -> Any:
    """x xᵀ + 2 plus something that is not symmetric: it has an inverse, whatever x is."""
    n = np.shape(x)[-2]
    skew = np.tril(np.full((n, n), 0.3), -1)
    return x @ xp.swapaxes(x, -1, -2) + 2.0 * np.eye(n) + skew - skew.T


def _symmetric(xp: Any, x: Any) -> Any:
    n = np.shape(x)[-2]
    return x @ xp.swapaxes(x, -1, -2) + np.diag(np.arange(1.0, n + 1))


@instruction(chooser(small_matrix))
def inv(xp, x):
    return xp.linalg.inv(_regular(xp, x))


@instruction(chooser(small_matrix))
def det(xp, x):
    return xp.sin(xp.linalg.det(_regular(xp, x)) / 8.0)


@instruction(chooser(small_matrix))
def logabsdet(xp, x):
    sign, log = xp.linalg.slogdet(_regular(xp, x))
    return sign * log


@instruction(chooser(small_matrix))
def cholesky(xp, x):
    return xp.linalg.cholesky(_symmetric(xp, x))


@instruction(chooser(matrix))
def matrix_power(xp, x):
    return xp.linalg.matrix_power(_regular(xp, x[:3]) / 5.0, 3)


def _system(g: ArrayProgram) -> Any:
    a = g.pick(small_matrix)
    if a is None:
        return None
    n = np.shape(g.of(a))[-2]
    b = g.pick(lambda s: s == (n,) or (len(s) == 2 and s[0] == n and filled(s)))
    if b is None or g.rng.random() < 0.2:
        b = g.constant((n,) if g.rng.random() < 0.5 else (n, 2))
    return (a, b), {}


@instruction(_system)
def solve(xp, x, b):
    return xp.linalg.solve(_regular(xp, x), b)


@instruction(_system)
def solve_right(xp, x, b):
    """Only the right hand side is traced."""
    n = np.shape(x)[-2]
    return xp.linalg.solve(3.0 * np.eye(n) + np.ones((n, n)), b)


def _apart(gaps: Callable, least: float, fits: Callable = matrix) -> Callable:
    return _spread_out(chooser(fits), gaps, least)


def _eigen_gaps(x: Any) -> Any:
    return np.diff(np.linalg.eigvalsh(_symmetric(np, x)))


def _singular_gaps(x: Any) -> Any:
    s = np.linalg.svd(x, compute_uv=False)
    return np.append(np.diff(s * s), s[-1])


@instruction(_apart(_eigen_gaps, 0.2))
def eigh(xp, x):
    w, v = xp.linalg.eigh(_symmetric(xp, x))
    # Eigenvectors have no sign of their own.
    return xp.tanh(w) @ (v * v) + xp.log(w)


@instruction(_apart(_eigen_gaps, 0.2))
def eigvalsh(xp, x):
    return xp.linalg.eigvalsh(_symmetric(xp, x))


@instruction(_apart(_singular_gaps, 0.3))
def svd(xp, x):
    u, s, vh = xp.linalg.svd(x, full_matrices=False)
    return xp.concatenate([s, (u * u) @ s, s @ (vh * vh)])


@instruction(_apart(_singular_gaps, 0.3))
def singular_values(xp, x):
    return xp.linalg.svd(x, compute_uv=False)


@instruction(_apart(lambda x: np.linalg.svd(x, compute_uv=False)[-1], 0.3))
def pinv(xp, x):
    return xp.linalg.pinv(x)


@instruction(_apart(lambda x: np.linalg.svd(x[:, : x.shape[0]], compute_uv=False)[-1], 0.3))
def qr(xp, x):
    q, r = xp.linalg.qr(x)
    return q @ xp.sin(r)


def _turning(x: Any) -> Any:
    """A matrix whose eigenvalues are far from each other, some of them complex."""
    n = np.shape(x)[-2]
    turn = np.diag(np.arange(1.0, n), 1) - np.diag(np.arange(1.0, n), -1)
    return turn + np.diag(np.arange(n)) + np.zeros((n, n))


@instruction(chooser(lambda s: matrix(s) and s[0] < 5))
def eig(xp, x):
    small = xp.tanh(x @ x.T / 4.0) / 8.0
    w, v = xp.linalg.eig(small + _turning(x))
    return (
        xp.real(xp.sum(w**3)) / 20.0
        + xp.sum(xp.abs(v) ** 2, axis=0) * xp.sum(xp.abs(w) ** 4) / 99.0
    )


@instruction(chooser(lambda s: matrix(s) and s[0] < 5))
def eigvals(xp, x):
    w = xp.linalg.eigvals(xp.tanh(x @ x.T / 4.0) / 8.0 + _turning(x))
    return xp.real(xp.sum(w * w * xp.sin(w))) / 20.0


# Choices, tests, logic.


def _apart_from_each_other(g: ArrayProgram) -> Any:
    picks = g.together(2)
    if picks is None or _smallest(np.subtract(*map(g.of, picks))) < MARGIN:
        return None
    return tuple(picks), {}


def _comparison(name: str) -> None:
    def run(xp: Any, x: Any, y: Any) -> Any:
        return xp.where(getattr(xp, name)(x, y), x * y, xp.sin(x) - y)

    MOVES[name] = Move(run, _apart_from_each_other)


for _name in ("greater", "greater_equal", "less", "less_equal", "equal", "not_equal"):
    _comparison(_name)


@instruction(_apart_from_each_other)
def operators_compare(xp, x, y):
    return xp.where(x > y, x, 0.5) + xp.where(x <= y, 1.0, y)


@instruction(_apart_from_each_other)
def logic(xp, x, y):
    more = xp.logical_or(xp.greater(x, y), xp.less(y, -5.0))
    both = xp.logical_and(more, xp.logical_not(xp.isnan(x)))
    return xp.where(both, x * x, xp.cos(y))


@instruction(chooser(any_shape))
def tests_of_numbers(xp, x):
    finite = xp.where(xp.isfinite(x), x, 0.0)
    return xp.where(xp.isinf(x), 1.0, finite) * xp.where(xp.isnan(x), 2.0, 0.5)


@instruction(_spread_out(chooser(any_shape), lambda x: x, MARGIN))
def signbit(xp, x):
    return xp.where(xp.signbit(x), xp.exp(x), 1.0 + x * x)


@instruction(chooser(with_axes, mask=lambda rng, x: rng.random(x.shape) < 0.5))
def where_nan_is_not_taken(xp, x, mask):
    return xp.where(mask, x, xp.sqrt(-1.0 - x * x))


# Complex numbers on the way from real to real.


@instruction(chooser(with_axes, axis=one_axis))
def fft(xp, x, axis):
    z = xp.fft.fft(x, axis=axis, norm="ortho")
    return xp.real(z) - xp.imag(z)


@instruction(chooser(with_axes, axis=one_axis))
def ifft(xp, x, axis):
    z = xp.fft.ifft(x, axis=axis, norm="ortho")
    return xp.real(z * xp.conj(z))


@instruction(chooser(lambda s: with_axes(s) and s[-1] > 1))
def low_pass(xp, x):
    z = xp.fft.rfft(x)
    n = np.shape(x)[-1]
    return xp.fft.irfft(z * np.exp(1j * np.arange(n // 2 + 1)), n)


@instruction(_entries((WIDE, (0.3, 2.0)), None))
def modulus(xp, x, y):
    return xp.abs(x + 1j * y)


@instruction(_entries((WIDE, (0.3, 2.0)), None))
def angle(xp, x, y):
    return xp.angle(y + 1j * x)


@instruction(chooser(with_axes))
def astype(xp, x):
    return xp.real(x.astype(complex) * (0.5 - 0.5j)) + xp.imag(xp.exp(0.5j * x))


# Derivatives inside the program.


@instruction(_entries((WIDE, WIDE), None))
def inner_jvp(xp, x, y):
    return xp.jvp(lambda z: xp.sin(z) * z * x, (x,), (x * 0.0 + 0.5,))[1] + y


@instruction(_entries((WIDE, WIDE), None))
def inner_gradient(xp, x, y):
    return xp.grad(lambda z: xp.sum(xp.exp(-z * z) * xp.tanh(z + y)))(x)


@instruction(chooser(vector))
def inner_curvature(xp, x):
    """The second derivative along x, forward over reverse."""
    slope = xp.grad(lambda z: xp.sum(z[::-1] * xp.cos(z) * xp.sqrt(1.0 + z * z)))
    return xp.jvp(slope, (x,), (xp.sin(x),))[1]


def _again(g: ArrayProgram) -> Any:
    """An intermediate value, once more."""
    if not g.steps:
        return None
    k = At(len(g.inputs) + int(g.rng.integers(0, len(g.steps))))
    return (k, k), {}


@instruction(_again)
def again(xp, x, y):
    return xp.tanh(x * y + x)


# Kinks, with the derivative that the documentation promises there.


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
