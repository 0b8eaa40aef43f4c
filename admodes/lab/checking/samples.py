"""A function and a derivative that was written by hand, both as matrices at several points."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from admodes.core.carrier import value
from admodes.core.pytree import flatten, unflatten
from admodes.core.values import shape_of
from admodes.derivatives.gradients import grad, jacobian
from admodes.errors import BadType, BadValue, one_line
from admodes.lab.truth import reaches
from admodes.ops.shaping import concatenate, reshape

ATTEMPTS = 40
"""How many points are drawn before fewer than asked for have to do."""


ROUNDING = 1e-12
"""What rounding may do to an entry, in units of the largest entry of its matrix."""


@dataclass
class Sample:
    """One point: all its numbers in a vector, the right matrix and the one by hand, and how far
    rounding may part their entries."""

    x: np.ndarray
    right: np.ndarray
    given: np.ndarray
    rounding: np.ndarray

    def near(self, candidate: np.ndarray, rtol: float) -> np.ndarray:
        """Whether entries by hand are those of the candidate: relatively, or up to rounding."""
        with np.errstate(all="ignore"):
            return np.abs(self.given - candidate) <= rtol * np.abs(candidate) + self.rounding


def largest(matrix: np.ndarray) -> float:
    """The size of the largest entry that is finite."""
    return float(np.max(np.abs(matrix), initial=0.0, where=np.isfinite(matrix)))


class Checked:
    """f at args, whose derivative of a kind ("gradient", "jacobian" or "hessian") g is to give.

    f and g take the same arguments. The matrix has a line per output (per input for a Hessian) and
    a column per number of the arguments."""

    def __init__(self, f: Callable, g: Callable, args: tuple, of: str | None) -> None:
        self.f, self.g = f, g
        leaves, self.tree = flatten(args)
        self.leaves = [_numbers(x) for x in leaves]
        self.x = np.concatenate([np.zeros(0), *map(np.ravel, self.leaves)])
        self.n = len(self.x)
        if not self.n:
            raise BadValue("check: there are no numbers among the arguments")
        self.shapes = [shape_of(x) for x in self.leaves]
        y = value(self.of_vector(self.x))
        if np.iscomplexobj(y):
            raise BadType("check: f gives complex numbers, and real ones alone can be compared")
        self.m = len(y)
        shape = self._shape_given()
        self.of = of or self._kind(shape)
        if self.of in ("gradient", "hessian") and self.m != 1:
            raise BadValue(f"check: f has {self.m} outputs, so its derivative is a Jacobian")
        self.lines = self.n if self.of == "hessian" else self.m
        self.turned = self._is_turned(shape)
        self.failures: list[str] = []

    def args_at(self, x: Any) -> tuple:
        """The arguments with the numbers of a vector."""
        leaves, start = [], 0
        for shape in self.shapes:
            size = math.prod(shape)
            part = x[start : start + size]
            leaves.append(reshape(part, shape=shape) if shape else x[start])
            start += size
        args: tuple = unflatten(self.tree, leaves)
        return args

    def of_vector(self, x: Any) -> Any:
        """All numbers of f's result, as a function of all its numbers."""
        parts = [reshape(y, shape=(-1,)) for y in flatten(self.f(*self.args_at(x)))[0]]
        return concatenate(parts) if parts else np.zeros(0)

    def right(self, x: np.ndarray) -> np.ndarray:
        """The matrix by automatic differentiation."""
        return np.asarray(self._derivative(x), float).reshape(self.lines, self.n)

    def _derivative(self, x: Any) -> Any:
        if self.of == "hessian":
            return jacobian(grad(lambda v: self.of_vector(v)[0]))(x)
        return jacobian(self.of_vector)(x)

    def given(self, x: np.ndarray) -> np.ndarray:
        """The matrix by hand."""
        return self._matrix(self._by_hand(x))

    def _matrix(self, leaves: list[np.ndarray]) -> np.ndarray:
        if self.of == "jacobian" and len(leaves) > 1:
            parts = [np.reshape(leaf, (self.m, -1)) for leaf in leaves]
            return np.concatenate(parts, axis=1)
        flat = np.concatenate([np.ravel(leaf) for leaf in leaves])
        if self.turned:
            return flat.reshape(self.n, self.lines).T
        return flat.reshape(self.lines, self.n)

    def here(self) -> Sample:
        """Both at the point given."""
        with np.errstate(all="ignore"):
            return self._sample(self.x, self.right(self.x), self.given(self.x))

    def elsewhere(self, count: int, seed: int) -> list[Sample]:
        """Samples at random points, near and far from x, where f has a finite derivative: of each
        four one near x, one of the other sign, one positive, one large. Where the derivative by
        hand fails alone it is nan there, which is wrong, and `failures` says why."""
        chance = np.random.default_rng(seed)
        found: list[Sample] = []
        for x in self._drawn(chance):
            if len(found) == count:
                break
            with np.errstate(all="ignore"):
                try:
                    right = self.right(x)
                except (ArithmeticError, ValueError, TypeError, np.linalg.LinAlgError):
                    continue  # outside the domain of f
                if np.isfinite(right).all():
                    found.append(self._sample(x, right, self._given_or_nan(x)))
        return found

    def _sample(self, x: np.ndarray, right: np.ndarray, given: np.ndarray) -> Sample:
        """Rounding is measured where it alone can make an entry right: f and g may have terms of
        very different sizes, each with an entry of its own."""
        rounding = np.full(right.shape, ROUNDING * largest(right))
        apart = np.abs(given - right)
        if np.any((apart <= rounding) & (apart > ROUNDING * np.abs(right))):
            rounding = np.fmin(rounding, self._reach(x))
        return Sample(x, right, given, rounding)

    def _reach(self, x: np.ndarray) -> np.ndarray | float:
        """How far rounding moves entries, of f's derivative and of g; infinite where f or g cannot
        be recorded, since then the size of the largest entry has to tell."""
        try:
            (right,) = reaches(self._derivative, x)
            given = reaches(lambda v: self.g(*self.args_at(v)), x)
        except Exception:
            return np.inf  # g may be anything, and need not take what recording gives it
        return np.reshape(right, (self.lines, self.n)) + self._matrix(_stacked(given))

    def _given_or_nan(self, x: np.ndarray) -> np.ndarray:
        try:
            return self.given(x)
        except Exception as error:
            message = one_line(error)
            self.failures.append(f"{type(error).__name__}: {message}")
            return np.full((self.lines, self.n), np.nan)

    def slopes(self, i: int, j: int) -> tuple[float, float]:
        """The difference quotients of an entry to the left and to the right of the point given."""
        step = np.zeros(self.n)
        step[j] = 1e-7 * (1 + abs(self.x[j]))

        def f(x: np.ndarray) -> float:
            return float(value(self.of_vector(x))[i])

        here = f(self.x)
        return (here - f(self.x - step)) / step[j], (f(self.x + step) - here) / step[j]

    def _drawn(self, chance: np.random.Generator) -> Iterator[np.ndarray]:
        size = 1 + abs(self.x)
        for k in range(ATTEMPTS):
            normal = chance.normal(size=self.n)
            yield (
                self.x + 0.3 * size * normal,
                np.where(self.x >= 0, -1, 1) * size * abs(normal),
                chance.uniform(0.2, 2.0, self.n),
                3 * size * normal,
            )[k % 4]

    def _by_hand(self, x: np.ndarray) -> list[np.ndarray]:
        leaves = flatten(self.g(*self.args_at(x)))[0]
        if any(map(np.iscomplexobj, leaves)):
            raise BadType("complex ones cannot be compared")
        return _stacked([np.asarray(y, float) for y in leaves])

    def _shape_given(self) -> list[tuple[int, ...]]:
        try:
            return [leaf.shape for leaf in self._by_hand(self.x)]
        except (TypeError, ValueError) as error:
            message = one_line(error)
            raise BadType(f"check: the derivative by hand gives no numbers: {message}") from error

    def _kind(self, shapes: Sequence[tuple[int, ...]]) -> str:
        size = sum(map(math.prod, shapes))
        if self.m == 1 and size == self.n * self.n and self.n > 1:
            return "hessian"
        return "gradient" if self.m == 1 else "jacobian"

    def _is_turned(self, shapes: Sequence[tuple[int, ...]]) -> bool:
        """Whether the derivative by hand has inputs as lines. Raises ValueError where its shape is
        that of no derivative."""
        size = sum(map(math.prod, shapes))
        if size != self.lines * self.n:
            expected = f"{self.lines} × {self.n}" if self.of != "gradient" else str(self.n)
            got = ", ".join(map(str, shapes))
            raise BadValue(
                f"check: the {self.of} by hand has shape {got}, and {expected} numbers are expected"
            )
        return self.lines != self.n and shapes == [(self.n, self.lines)] and self.lines > 1


def _stacked(leaves: list[np.ndarray]) -> list[np.ndarray]:
    """A list of numbers is what np.array would make of it."""
    numbers = len(leaves) > 1 and not any(map(np.ndim, leaves))
    return [np.stack(leaves)] if numbers else leaves


def _numbers(x: Any) -> Any:
    plain = np.asarray(value(x))
    if plain.dtype.kind not in "fiu":
        raise BadType(f"check: takes real numbers and arrays of them, got {x!r}")
    return plain.astype(float)
