"""Calls of every operation and every covered NumPy function with a truth value or a small integer
where floats are usual: as a constant beside a traced value, and made from the traced value."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import numpy as np
from array_cases import tangential_cases
from harness import ELEMENTWISE, arguments, difference, linear_cases
from numpy_cases import all_cases

from admodes.core.pytree import flatten

KINDS: dict[str, Callable[[Any], Any]] = {
    "mask": lambda x: x > 0.45,
    "uint8": lambda x: (x > 0.45).astype(np.uint8) + np.uint8(1),
    "int16": lambda x: np.floor(2 * x).astype(np.int16),
    "int64": lambda x: np.floor(2 * x).astype(int),
}


class Whole(NamedTuple):
    """f at args, of which number i (if any) is a whole array already; kind as in KINDS."""

    name: str
    f: Callable
    args: tuple
    i: int
    kind: str
    constant: bool

    def __call__(self, *xs: Any) -> list:
        """The results in a list, each times a smooth number so that derivatives are there. xs are
        the arguments that are floats."""
        given = list(xs)
        s = np.reshape(1.0 + sum(np.sum(x * x) for x in xs), (1,))
        whole = self.whole if self.constant else KINDS[self.kind](xs[self.i])
        given[self.i : self.i + (not self.constant)] = [whole]
        return [y * s for y in leaves_of(self.f(*given))]

    @property
    def whole(self) -> Any:
        return KINDS[self.kind](np.asarray(self.args[self.i]))[()]

    @property
    def floats(self) -> tuple:
        """The arguments of a call."""
        left = self.args[: self.i] + self.args[self.i + 1 :]
        return left if self.constant else self.args

    def expected(self) -> tuple[list, list] | None:
        """The values and the derivatives along ones by NumPy alone, nan where differences do not
        tell; None where NumPy refuses."""
        with np.errstate(all="ignore"), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            try:
                values = [np.asarray(y) for y in self(*self.floats)]
                if any(y.dtype.kind not in "fc" for y in values):
                    return None
                slopes = [self._slope(k) for k in range(len(values))]
            except Exception:
                return None
        return values, slopes

    def roughness(self) -> float:
        """How far results may be apart: eagerly NumPy itself calculates with small kinds of floats
        (the exponential of truth values is float16), of which recorded lists know nothing."""
        given = [self.whole if j == self.i else np.asarray(a) for j, a in enumerate(self.args)]
        with np.errstate(all="ignore"):
            made = leaves_of(self.f(*given))
        small = min(y.dtype.itemsize for y in map(np.asarray, made) if y.dtype.kind in "fciub")
        whole = all(np.asarray(y).dtype.kind in "iub" for y in made)
        return 1e-5 if whole or small >= 8 else 5e-3

    def _slope(self, k: int) -> np.ndarray:
        ones = tuple(np.ones_like(x)[()] for x in self.floats)
        f = lambda *xs: np.asarray(self(*xs)[k])  # noqa: E731
        one, two = (difference(f, self.floats, ones, h=h) for h in (1e-4, 1e-5))
        return np.where(np.isclose(one, two, rtol=1e-6, atol=1e-6), one, np.nan)


def leaves_of(y: Any) -> list:
    return flatten(y)[0]


def _calls() -> Iterator[tuple[str, Callable, tuple]]:
    """One call, or one for each number of arguments, of everything."""
    seen = set()
    for c in all_cases():
        name = c.name.rpartition("-")[0]
        key = (name.split("-")[0], len(c.args))
        fits = all(np.asarray(a).dtype.kind == "f" for a in c.args)
        if fits and any(np.ndim(a) for a in c.args) and key not in seen:
            seen.add(key)
            yield f"np.{key[0]}", c.f, c.args
    rng = np.random.default_rng(5)
    for op in ELEMENTWISE:
        # Called by name on whole numbers, an operation calculates with floats as eager does.
        yield op.name, op, arguments(op, ((3,),) * op.arity, rng)
    for table in (linear_cases(), tangential_cases()):
        for name, found in table.items():
            for f, args in found:
                if all(np.asarray(a).dtype.kind == "f" and np.size(a) for a in args):
                    yield name, f, args
                    break


class Group(NamedTuple):
    """Calls of one thing with the same float arguments, as one function."""

    name: str
    calls: list[Whole]

    @property
    def floats(self) -> tuple:
        return self.calls[0].floats

    def __call__(self, *xs: Any) -> Any:
        return np.concatenate([np.ravel(y) for call in self.calls for y in call(*xs)])

    def __str__(self) -> str:
        return ", ".join(f"{c.name} argument {c.i} {c.kind}" for c in self.calls)


def groups() -> list[Group]:
    """Constants of all kinds together; of traced values masks and integers apart, since the latter
    may be refused."""
    found: dict[Any, list[Whole]] = {}
    for name, f, args in _calls():
        for i in range(len(args)):
            for kind in KINDS:
                for constant in (False, True)[: len(args)]:
                    call = Whole(name, f, args, i, kind, constant)
                    how = i if constant else "mask" if kind == "mask" else "integer"
                    key = (name, len(args), how)
                    found.setdefault(key, []).append(call)
    return [Group(calls[0].name, calls) for calls in found.values()]


def constants() -> list[tuple[str, Callable, tuple, int]]:
    """Calls of several arguments, and which of them is to be a constant."""
    return [(n, f, args, i) for n, f, args in _calls() if len(args) > 1 for i in range(len(args))]
