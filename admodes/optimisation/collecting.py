"""Like terms are collected: a sum v X + w X - X with a large array X and smaller factors becomes
(v + w - 1) X, so that X is read once, and x + y + x is 2 x + y. A program goes in, and one with
such sums written anew comes out.

The terms of a sum are found through additions, subtractions, minus signs and reshapes that nothing
else reads; the factors of a term through products. Rounding changes by at most that of the terms
that are added (see `sums`); where coefficients could leave the range while their products with X do
not, that is tested at each run.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np

from admodes.core.magnitudes import LARGE, finite, normal_product
from admodes.core.op import REGISTRY
from admodes.core.record import Ref, Step, WengertList
from admodes.core.values import shape_of
from admodes.optimisation.dataflow import carrying_rows
from admodes.optimisation.sums import long_axes, stretched_as
from admodes.programs.rewriting import Copy, uses

ADD, SUBTRACT, NEGATE = REGISTRY["add"], REGISTRY["subtract"], REGISTRY["negate"]
MULTIPLY, RESHAPE = REGISTRY["multiply"], REGISTRY["reshape"]
MOST = 64
"""Terms of one sum."""


class Factor(NamedTuple):
    """An argument of a product whose result has this shape."""

    value: Any
    shape: tuple[int, ...]


class Term(NamedTuple):
    """sign × an argument, which is scale × the product of the factors × whole; whole has as many
    entries as the sum."""

    sign: float
    argument: Any
    scale: float
    factors: tuple[Factor, ...]
    whole: Any


Sum = list[list[Term]]
"""The terms of a sum, those with one whole together."""


def collected(program: WengertList) -> WengertList:
    """The program with like terms of its sums collected, where there are any."""
    finder = _Finder(program)
    sums = {i: groups for i in finder.sums() if (groups := finder.like_terms(i))}
    if not sums:
        return program
    return Copy(program).by(functools.partial(_rewritten, sums, carrying_rows(program)))


class _Finder:
    """Finds the sums of a program and their terms. inside: rows that are part of another sum."""

    def __init__(self, program: WengertList) -> None:
        self.program, self.steps = program, program.steps
        self.count = uses(program)
        self.inside: set[int] = set()

    def sums(self) -> Iterator[int]:
        """The sums that are not terms of another, last first."""
        for i in range(len(self.steps) - 1, -1, -1):
            if _adds(self.steps[i]) and i not in self.inside:
                yield i

    def like_terms(self, i: int) -> Sum:
        """The terms of a sum by what they are multiples of; empty where all of them differ."""
        known: list[tuple[Any, list[Term]]] = []
        terms = self._terms(i)
        for term in terms:
            for whole, group in known:
                ratio = _ratio(term.whole, whole)
                if ratio:
                    group.append(term._replace(scale=ratio))
                    break
            else:
                known.append((term.whole, [term]))
        return [group for _, group in known] if len(known) < len(terms) else []

    def _terms(self, i: int) -> list[Term]:
        root = self.steps[i]
        size = root.size
        found: list[Term] = []
        waiting = _operands(root, 1.0)
        while waiting:
            a, sign = waiting.pop()
            step = self._made(a, size)
            if step is not None and self._goes_on(step, root) and len(found + waiting) < MOST:
                self.inside.add(a.row)
                waiting += _operands(step, sign)
            elif step is not None and step.op is NEGATE:
                waiting.append((step.args[0], -sign))
            elif step is not None and step.op is RESHAPE and self._sum_behind(step, size):
                waiting.append((step.args[0], sign))
            else:
                found.append(self._product(a, sign, size))
        return found

    def _goes_on(self, step: Step, root: Step) -> bool:
        """Whether a row is a sum whose terms, seen in the shape of the root, are terms of that."""
        whole = (math.prod(self._shape(a)) == root.size for a in step.args)
        return _adds(step) and (step.shape == root.shape or all(whole))

    def _made(self, a: Any, size: int) -> Step | None:
        """The row that made a whole, where nothing else reads it."""
        if a.__class__ is not Ref or self.count[a.row] != 1:
            return None
        step = self.steps[a.row]
        return step if step.op is not None and step.size == size else None

    def _sum_behind(self, step: Step, size: int) -> bool:
        inner = self._made(step.args[0], size)
        return inner is not None and _adds(inner)

    def _product(self, a: Any, sign: float, size: int) -> Term:
        """A term taken apart into factors."""
        factors: list[Factor] = []
        whole = passed = a
        while (step := self._made(passed, size)) is not None:
            if step.op is RESHAPE and long_axes(step.shape) == long_axes(self._shape(step.args[0])):
                passed = step.args[0]
                continue
            split = self._split(step) if step.op is MULTIPLY else None
            if split is None or (factors and size < 2 * LARGE):
                break
            factors.append(Factor(split[0], step.shape))
            whole = passed = split[1]
        return Term(sign, a, 1.0, tuple(factors), whole)

    def _shape(self, a: Any) -> tuple[int, ...]:
        return shape_of(self.program.like(a))

    def _split(self, step: Step) -> tuple[Any, Any] | None:
        """(w, X) of a product w X of which X alone has all entries."""
        for w, x in (step.args, step.args[::-1]):
            like = self.program.like(x)
            whole = like.__class__ is np.ndarray and like.dtype == np.float64
            if whole and like.size == step.size > math.prod(self._shape(w)):
                return w, x
        return None


def _operands(step: Step, sign: float) -> list[tuple[Any, float]]:
    """What a sum or a difference adds up, with signs, the first one last."""
    first, second = step.args
    return [(second, -sign if step.op is SUBTRACT else sign), (first, sign)]


def _adds(step: Step) -> bool:
    return (step.op is ADD or step.op is SUBTRACT) and _is_float64(step.like)


def _is_float64(x: Any) -> bool:
    return x.__class__ is np.ndarray and x.dtype == np.float64


def _ratio(x: Any, y: Any) -> float:
    """c where x is c y for certain, up to axes of length 1; else 0."""
    if x.__class__ is Ref and y.__class__ is Ref:
        return float(x == y)
    if not (
        _is_float64(x) and _is_float64(y) and x.size and long_axes(x.shape) == long_axes(y.shape)
    ):
        return 0.0
    x, y = x.ravel(), y.ravel()
    at = int(np.argmax(y != 0))
    with np.errstate(all="ignore"):
        c = float(x[at] / y[at])
        return c if 1e-100 < abs(c) < 1e100 and np.array_equal(c * y, x) else 0.0


def _rewritten(
    sums: dict[int, Sum], carrying: list[bool], copy: Copy, step: Step, args: tuple
) -> Any:
    """A sum of what its like terms are together."""
    i = len(copy.new)
    if i not in sums:
        return None
    total = None
    parts = [_collected(copy, group, carrying[i]) for group in sums[i]]
    for part in sorted(parts, key=lambda part: math.prod(shape_of(copy.value(part)))):
        shape = shape_of(copy.value(part))
        if shape != step.shape and math.prod(shape) == step.size:
            part = copy.emit(RESHAPE, part, shape=step.shape)
        total = part if total is None else copy.emit(ADD, total, part)
    return total


def _collected(copy: Copy, group: list[Term], carried: bool) -> Any:
    """The sum of terms that have one whole."""
    if len(group) == 1:
        (alone,) = copy.moved((group[0].argument,))
        return _times(copy, group[0].sign, alone)
    (whole,) = copy.moved((group[0].whole,))
    shape = shape_of(copy.value(whole))
    plain = [term.sign * term.scale for term in group if not term.factors]
    parts = [_coefficient(copy, term, shape) for term in group if term.factors]
    total: Any = sum(plain) if plain else parts.pop(0)
    for part in parts:
        total = copy.emit(ADD, total, part)
    if total.__class__ is Ref and not carried:
        copy.check(finite, total)
    return _times(copy, total, whole)


def _times(copy: Copy, c: Any, x: Any) -> Any:
    return x if c.__class__ is float and c == 1.0 else copy.emit(MULTIPLY, c, x)


def _coefficient(copy: Copy, term: Term, shape: tuple[int, ...]) -> Any:
    """The product of the factors, as it is stretched over an array of this shape."""
    total: Any = None
    for factor in term.factors:
        (w,) = copy.moved((factor.value,))
        w = stretched_as(copy, w, factor.shape, shape)
        if total is None:
            total = w
            continue
        copy.check(normal_product, total, w)
        total = copy.emit(MULTIPLY, total, w)
    return _times(copy, term.sign * term.scale, total)
