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
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
from seeds import generator

import admodes as ad
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
        self.rng = rng = generator(seed)
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
