"""Like terms are collected: a sum v X + w X - X with a large array X and smaller factors becomes
(v + w - 1) X, so that X is read once; x + y + x is 2 x + y, 3 x + 3 y is 3 (x + y), and what is
placed into zeros is placed once. A program goes in, and one with such sums written anew comes out.

The terms of a sum are found through additions, subtractions, minus signs and reshapes that nothing
else reads; the factors of a term through products. Rounding changes by at most that of the terms
that are added (see `sums`); where coefficients could leave the range while their products with X do
not, that is tested at each run.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np

from admodes.core.magnitudes import LARGE, finite, normal_product
from admodes.core.op import REGISTRY
from admodes.core.record import Ref, Step, WengertList
from admodes.core.values import shape_of
from admodes.ops.indexing import is_basic
from admodes.optimisation.dataflow import carrying_rows
from admodes.optimisation.folding import dead
from admodes.optimisation.literals import number
from admodes.optimisation.rules.sums import factor, long_axes, stretched_as
from admodes.programs.keys import param_key
from admodes.programs.rewriting import Copy, uses

ADD, SUBTRACT, NEGATE = REGISTRY["add"], REGISTRY["subtract"], REGISTRY["negate"]
MULTIPLY, RESHAPE, PLACE = REGISTRY["multiply"], REGISTRY["reshape"], REGISTRY["place"]
MOST = 16
"""Terms of one sum."""


class Factor(NamedTuple):
    """An argument of a product whose result has this shape."""

    value: Any
    shape: tuple[int, ...]


class Term(NamedTuple):
    """sign × argument, which is scale × the product of the factors × whole; whole has as many
    entries as the sum."""

    sign: float
    argument: Any
    scale: float
    factors: tuple[Factor, ...]
    whole: Any


@dataclass(eq=False)
class Group:
    """The terms of a sum that are multiples of one array, whole, which is the array placed
    into zeros where placed is its row."""

    whole: Any
    placed: Step | None = None
    terms: list[Term] = field(default_factory=list)

    @property
    def scale(self) -> float | None:
        """What number the whole is taken times, where it is a number."""
        if any(term.factors for term in self.terms):
            return None
        return sum(term.sign * term.scale for term in self.terms)


def collected(program: WengertList) -> WengertList:
    """The program with like terms of its sums collected, where there are any."""
    finder = _Finder(program)
    sums = {i: groups for i in finder.sums() if (groups := finder.groups(i))}
    if not sums:
        return program
    carrying = carrying_rows(program)

    def rule(copy: Copy, step: Step, args: tuple) -> Any:
        i = len(copy.new)
        return _rewritten(copy, step.shape, sums[i], carrying[i]) if i in sums else None

    return dead(Copy(program).by(rule))


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

    def groups(self, i: int) -> list[Group]:
        """The terms of a sum by what they are multiples of; empty where it stays as it is."""
        root = self.steps[i]
        found: list[Group] = []
        terms = 0
        waiting = self._terms(_operands(root, 1.0), root)
        while waiting:
            terms += len(waiting)
            for term in waiting:
                self._entered(term, found)
            waiting = []
            for group in found:
                inner = self._only_here(group, root)
                if inner is not None and terms < MOST:
                    found.remove(group)
                    waiting = self._terms(_operands(inner, group.scale or 0.0), root)
                    break
        return found if len(found) < terms or _meeting(found) or _common(found) else []

    def _entered(self, term: Term, groups: list[Group]) -> None:
        placed = self._placed(term)
        for group in groups:
            alike = self._shape(term.whole) == self._shape(group.whole)
            ratio = _ratio(term.whole, group.whole)
            if ratio and (alike or term.factors or group.terms[0].factors):
                group.terms.append(term._replace(scale=term.scale * ratio, whole=group.whole))
                return
        groups.append(Group(term.whole, placed, [term]))

    def _placed(self, term: Term) -> Step | None:
        if term.whole.__class__ is not Ref or term.factors:
            return None
        step = self.steps[term.whole.row]
        return step if step.op is PLACE and is_basic(step.params["index"]) else None  # type: ignore[index]

    def _only_here(self, group: Group, root: Step) -> Step | None:
        """The sum that a whole is, where this sum alone reads it, more than once."""
        a = group.terms[0].argument
        alone = a.__class__ is Ref and self.count[a.row] == len(group.terms) > 1
        if not alone or group.scale is None or any(t.argument != a for t in group.terms):
            return None
        step = self.steps[a.row]
        inner = self._made(step.args[0], root.size) if step.op is RESHAPE else step
        if inner is None or not self._goes_on(inner, root):
            return None
        self.inside |= {a.row, step.args[0].row} if step.op is RESHAPE else {a.row}
        return inner

    def _terms(self, waiting: list[tuple[Any, float]], root: Step) -> list[Term]:
        size = root.size
        found: list[Term] = []
        while waiting:
            a, sign = waiting.pop()
            step = self._made(a, size)
            if step is not None and self._goes_on(step, root) and len(found + waiting) < MOST:
                self.inside.add(a.row)
                waiting += _operands(step, sign)
            elif step is not None and step.op is NEGATE:
                waiting.append((step.args[0], -sign))
            elif step is not None and (found_behind := self._sum_behind(step, root)):
                c, inner = found_behind
                waiting.append((inner, c * sign))
            else:
                found.append(self._product(a, sign, size))
        return found

    def _goes_on(self, step: Step, root: Step) -> bool:
        """Whether a row is a sum whose terms, seen in the shape of the root, are terms of that."""
        if not _adds(step):
            return False
        whole = (math.prod(self._shape(a)) == root.size for a in step.args)
        return step.shape == root.shape or all(whole)

    def _made(self, a: Any, size: int) -> Step | None:
        """The row that made a whole, where nothing else reads it."""
        if a.__class__ is not Ref or self.count[a.row] != 1:
            return None
        step = self.steps[a.row]
        return step if step.op is not None and step.size == size else None

    def _sum_behind(self, step: Step, root: Step) -> tuple[float, Any] | None:
        """(c, s) where a row is the sum s, times c, in another shape."""
        scale = 1.0
        while step.op is RESHAPE or step.op is MULTIPLY:
            inner = step.args[0]
            if step.op is MULTIPLY:
                c = number(inner)
                if c is None or not factor(c * scale):
                    return None
                scale, inner = c * scale, step.args[1]
            made = self._made(inner, root.size)
            if made is None:
                return None
            if self._goes_on(made, root):
                return scale, inner
            step = made
        return None

    def _product(self, a: Any, sign: float, size: int) -> Term:
        """A term taken apart into factors."""
        factors: list[Factor] = []
        scale = 1.0
        whole = passed = a
        while (step := self._made(passed, size)) is not None:
            if step.op is RESHAPE and long_axes(step.shape) == long_axes(self._shape(step.args[0])):
                passed = step.args[0]
                continue
            split = self._split(step) if step.op is MULTIPLY else None
            if split is None or (factors and size < 2 * LARGE):
                break
            c = number(split[0])
            if c is not None and factor(c) and factor(c * scale):
                scale *= c
            else:
                factors.append(Factor(split[0], step.shape))
            whole = passed = split[1]
        if math.prod(self._shape(whole)) == size:
            whole = self._bare(whole, not factors)
        return Term(sign, a, scale, tuple(factors), whole)

    def _bare(self, whole: Any, anyhow: bool) -> Any:
        """What is behind reshapes that only add or leave out axes of length 1, or, where no factors
        are stretched over it, behind any."""
        while whole.__class__ is Ref and self.steps[whole.row].op is RESHAPE:
            (x,) = self.steps[whole.row].args
            if not anyhow and long_axes(self._shape(x)) != long_axes(self._shape(whole)):
                break
            whole = x
        return whole

    def _shape(self, a: Any) -> tuple[int, ...]:
        return shape_of(self.program.like(a))

    def _split(self, step: Step) -> tuple[Any, Any] | None:
        """(w, X) of a product w X of which X alone has all entries."""
        for w, x in (step.args, step.args[::-1]):
            like = self.program.like(x)
            if _is_float64(like) and like.size == step.size > math.prod(self._shape(w)):
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
    if not (_is_float64(x) and _is_float64(y) and x.size):
        return 0.0
    if long_axes(x.shape) != long_axes(y.shape):
        return 0.0
    x, y = x.ravel(), y.ravel()
    at = int(np.argmax(y != 0))
    with np.errstate(all="ignore"):
        c = float(x[at] / y[at])
        return c if factor(c) and np.array_equal(c * y, x) else 0.0


def _common(groups: list[Group]) -> float:
    """A number that at least two arrays of a sum are taken times, up to the sign, or 0."""
    scales = [g.scale for g in groups if g.placed is None and g.whole.__class__ is Ref]
    found = Counter(abs(c) for c in scales if c is not None and abs(c) not in (0.0, 1.0))
    return next((c for c in scales if c is not None and found[abs(c)] > 1), 0.0)


def _meeting(groups: list[Group]) -> list[Group]:
    """The groups that are placed where another one is, or are most of the rows of an array."""
    by_place: dict[Any, list[Group]] = {}
    by_shape: dict[Any, list[Group]] = {}
    for group in groups:
        if group.placed is not None and group.scale is not None:
            by_place.setdefault(param_key(group.placed.params), []).append(group)
            if _row_number(group.placed) is not None:
                by_shape.setdefault(group.placed.shape, []).append(group)
    found = [group for alike in by_place.values() if len(alike) > 1 for group in alike]
    for shape, rows in by_shape.items():
        if len({_row_number(g.placed) for g in rows}) * 2 > shape[0] > 1:  # type: ignore[arg-type]
            found += [group for group in rows if group not in found]
    return found


def _row_number(placed: Step) -> int | None:
    """k where an array is placed as the k-th row."""
    at = (placed.params or {})["index"]
    single = at.__class__ is tuple and len(at) == 1 and at[0].__class__ is int
    return at[0] % placed.shape[0] if single else None


def _rewritten(copy: Copy, shape: tuple[int, ...], groups: list[Group], carried: bool) -> Any:
    """The sum of groups, in a shape."""
    meeting = _meeting(groups)
    ends = _placed_together(copy, meeting)
    rest = [group for group in groups if group not in meeting]
    common = _common(rest)
    within = [g for g in rest if common and g.scale in (common, -common)]
    parts = [_collected(copy, group, carried) for group in rest if group not in within]
    if within:
        alike = [_times(copy, g.scale / common, *copy.moved((g.whole,))) for g in within]  # type: ignore[operator]
        parts.append(_times(copy, common, _summed(copy, alike, shape)))
    return _summed(copy, parts + ends, shape)


def _summed(copy: Copy, parts: list[Any], shape: tuple[int, ...]) -> Any:
    """The sum of parts that are seen in a shape, small ones first."""
    total = None
    for part in sorted(parts, key=lambda part: math.prod(shape_of(copy.value(part)))):
        own = shape_of(copy.value(part))
        if own != shape and math.prod(own) == math.prod(shape):
            part = copy.emit(RESHAPE, part, shape=shape)
        total = part if total is None else copy.emit(ADD, total, part)
    return total


def _placed_together(copy: Copy, groups: list[Group]) -> list[Any]:
    """What is placed, added up before it is; most of the rows of an array as one stack."""
    totals: dict[Any, tuple[Step, Any]] = {}
    for group in groups:
        step, key = group.placed, param_key(group.placed.params)  # type: ignore[union-attr]
        x = _times(copy, group.scale, *copy.moved(step.args))  # type: ignore[union-attr]
        totals[key] = step, copy.emit(ADD, totals[key][1], x) if key in totals else x  # type: ignore[assignment]
    found: list[Any] = []
    rows: dict[tuple[int, ...], dict[int, Any]] = {}
    for step, x in totals.values():
        k = _row_number(step)
        if k is None:
            found.append(copy.emit(PLACE, x, **(step.params or {})))
        else:
            rows.setdefault(step.shape, {})[k] = x
    for shape, lines in rows.items():
        if len(lines) * 2 > shape[0] > 1:
            zero: Any = np.zeros(shape[1:]) if shape[1:] else 0.0
            every = [lines.get(k, zero) for k in range(shape[0])]
            found.append(copy.emit(REGISTRY["stack"], *every, axis=0))
        else:
            found += [copy.emit(PLACE, x, index=(k,), shape=shape) for k, x in lines.items()]
    return found


def _collected(copy: Copy, group: Group, carried: bool) -> Any:
    """The sum of terms that have one whole."""
    if len(group.terms) == 1:
        (alone,) = copy.moved((group.terms[0].argument,))
        return _times(copy, group.terms[0].sign, alone)
    (whole,) = copy.moved((group.whole,))
    shape = shape_of(copy.value(whole))
    plain = [term.sign * term.scale for term in group.terms if not term.factors]
    parts = [_coefficient(copy, term, shape) for term in group.terms if term.factors]
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
    for w, before in term.factors:
        (w,) = copy.moved((w,))
        w = stretched_as(copy, w, before, shape)
        if total is None:
            total = w
            continue
        copy.check(normal_product, total, w)
        total = copy.emit(MULTIPLY, total, w)
    return _times(copy, term.sign * term.scale, total)
