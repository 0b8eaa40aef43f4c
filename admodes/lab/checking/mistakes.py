"""The mistake that explains a wrong derivative: a matrix by hand and the right one at several
points go in, the first explanation that gives the numbers by hand at all points comes out.

Simple ones come first: a transposed matrix, other places; then for the wrong entries a sign, a
factor, and a change of one partial of the recorded list; then another point; then a factor that
is the value of a row, and one term in the place of another.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from itertools import permutations
from typing import Any

import numpy as np

from admodes.core.record import WengertList
from admodes.errors import Error
from admodes.lab.checking.edges import FIRST, MOST, SIGN, Change, changes
from admodes.lab.checking.other_points import other_point
from admodes.lab.checking.samples import ROUNDING, Checked, Sample, largest
from admodes.programs.arrays import program_of
from admodes.programs.names import NamedProgram

CONSTANTS = {
    "π/180": math.pi / 180,
    "180/π": 180 / math.pi,
    "π": math.pi,
    "2π": 2 * math.pi,
    "ln 2": math.log(2),
    "1/ln 2": 1 / math.log(2),
    "ln 10": math.log(10),
    "1/ln 10": 1 / math.log(10),
    "√2": math.sqrt(2),
    "1/√2": 1 / math.sqrt(2),
}
"""Factors with a name."""

MOST_TERMS = 40
"""Terms up to which every two of them are tried."""

POWERS = {1: "{v}", -1: "1/{v}"}
"""Of a row of the recorded list, which a derivative may be wrong by as a factor."""


@dataclass(frozen=True)
class Mistake:
    """kind: the word for it; text: a sentence."""

    kind: str
    text: str


Reasons = dict[tuple[int, int], list[Mistake]]


class Search:
    """The samples of a wrong derivative, which entries are wrong, and the names of the inputs."""

    def __init__(
        self,
        checked: Checked,
        samples: Sequence[Sample],
        wrong: np.ndarray,
        rtol: float,
        inputs: Sequence[str],
    ) -> None:
        self.checked, self.samples, self.rtol = checked, list(samples), rtol
        self.inputs = inputs
        self.wrong = wrong
        self.places = [(int(i), int(j)) for i, j in np.argwhere(wrong)]

    def matches(self, candidates: Sequence[np.ndarray]) -> np.ndarray:
        """Which entries by hand are those of the candidates, one for each sample, at all points."""
        return self._matches(self.samples, candidates)

    def _matches(self, samples: Sequence[Sample], candidates: Sequence[np.ndarray]) -> np.ndarray:
        return np.logical_and.reduce(
            [s.near(c, self.rtol) for s, c in zip(samples, candidates, strict=True)]
        )

    def explain(self, entry: Callable[[int, int], str]) -> Mistake:
        """The mistake; entry names one by its place."""
        whole = self._of_the_matrix()
        if whole is not None:
            return whole
        listed = ", ".join(entry(*place) for place in self.places[:6])
        listed += f" and {len(self.places) - 6} more" if len(self.places) > 6 else ""
        reasons: Reasons = {place: [] for place in self.places}
        everywhere = self._shared(reasons, [*self._entrywise(), *self._changed()])
        if not everywhere or everywhere[0].kind == "wrong rule":
            elsewhere = self._of_another_point()
            if elsewhere is not None:
                return elsewhere
        # Rarer ones, which would otherwise stand beside every frequent one.
        for search in (self._varying, self._pairs):
            everywhere = everywhere or self._shared(reasons, search())
        if everywhere:
            first, *others = everywhere
            also = f" ({'; or '.join(m.text for m in others[:2])})" if others else ""
            return Mistake(first.kind, f"{listed}: {first.text}{also}")
        known = {place: found[0] for place, found in reasons.items() if found}
        if not known:
            return Mistake("unknown", f"{listed}: none of the usual mistakes gives these numbers")
        parts = [
            f"{entry(*place)}: {known[place].text if place in known else 'not explained'}"
            for place in self.places[:6]
        ]
        kinds = Counter(m.kind for m in known.values())
        return Mistake(kinds.most_common(1)[0][0], "; ".join(parts))

    def _shared(
        self, reasons: Reasons, explained: Iterable[tuple[Mistake, np.ndarray]]
    ) -> list[Mistake]:
        """Add mistakes to the reasons of the entries that they explain; those that explain all."""
        for mistake, where in explained:
            for place in self.places:
                if where[place]:
                    reasons[place].append(mistake)
        shared = Counter(m for found in reasons.values() for m in dict.fromkeys(found))
        return [m for m in shared if shared[m] == len(self.places)]

    def _of_the_matrix(self) -> Mistake | None:
        """Whether all entries are right ones, but stand in other places."""
        rights = [s.right for s in self.samples]
        if len(rights[0]) == len(rights[0].T) > 1 and self.matches([r.T for r in rights]).all():
            return Mistake("transposed", "the matrix is transposed")
        lines = [f"line {i + 1}" for i in range(self.checked.lines)]
        return self._places(self.inputs, 1, "entries") or self._places(lines, 0, "lines")

    def _of_another_point(self) -> Mistake | None:
        """Whether this is the right derivative, but not of the point."""
        kind = "evaluated at another point"
        constant = len(self.samples) > 1 and self._is_constant()
        here = self.samples[0]
        if constant and here.near(here.right, self.rtol).all():
            return Mistake(
                kind,
                "the derivative by hand has the same value at every point: it is right at the "
                "point given only",
            )
        words = other_point(
            self.checked, self.samples, lambda moved: bool(self.matches(moved).all())
        )
        if words is not None:
            text = f"the derivative is evaluated at another point: at {words} in the place of x"
            return Mistake(kind, text)
        if constant and not near(here.right, self.samples[-1].right, self.rtol).all():
            return Mistake(
                kind,
                "the derivative by hand has the same value at every point, as if it were always "
                "evaluated at one that is fixed; it is not right at the point given either",
            )
        return None

    def _is_constant(self) -> bool:
        first = self.samples[0].given
        return all(np.array_equal(s.given, first) for s in self.samples)

    def _places(self, names: Sequence[str], axis: int, what: str) -> Mistake | None:
        """Whether the lines (axis 0) or columns (1) are right, but stand in other places."""
        n = len(names)
        if n < 2:
            return None
        found = [[k for k in range(n) if self._same(j, k, axis)] for j in range(n)]
        if not all(found) or all(j in js for j, js in enumerate(found)):
            return None
        order = [js[0] for js in found]
        for shift in range(1, n):
            if all((j - shift) % n in js for j, js in enumerate(found)):
                by = min(shift, n - shift)
                where = f"{by} place{'s' * (by > 1)}"
                return Mistake("shifted index", f"the {what} are shifted by {where}")
        if all(n - 1 - j in js for j, js in enumerate(found)):
            return Mistake("shifted index", f"the {what} stand in reverse order")
        moved = [j for j in range(n) if j not in found[j]]
        if len(moved) == 2 and {order[j] for j in moved} == set(moved):
            a, b = (names[j] for j in moved)
            which = f"the entries for {a} and {b}" if axis else f"{a} and {b}"
            return Mistake("shifted index", f"{which} are swapped")
        return Mistake("shifted index", f"the {what} are right, but stand in other places")

    def _same(self, j: int, k: int, axis: int) -> bool:
        """Whether line or column j by hand is the right one of k."""
        return all(
            near(s.given.take(j, axis), s.right.take(k, axis), self.rtol).all()
            for s in self.samples
        )

    def _entrywise(self) -> Iterator[tuple[Mistake, np.ndarray]]:
        """Explanations of entries by themselves."""
        rights = [s.right for s in self.samples]
        yield Mistake(SIGN, "wrong sign"), self.matches([-r for r in rights])
        ratios = np.array([_ratio(s.given, s.right) for s in self.samples])
        for factor in dict.fromkeys(_steady(ratios[:, i, j]) for i, j in self.places):
            if factor is not None and abs(factor + 1) > self.rtol:
                text = f"wrong by the factor {self._factor(factor)}"
                yield Mistake("factor", text), self.matches([factor * r for r in rights])
        zero = self.matches([0 * r for r in rights])
        yield Mistake("missing term", "0, so the whole term is missing"), zero
        for i, j in self.places:
            for k in range(self.checked.n):
                only = np.zeros_like(self.wrong)
                only[i, j] = k != j and self._same_entry(i, j, k)
                if only[i, j]:
                    text = f"it is the derivative with respect to {self.inputs[k]}"
                    yield Mistake("shifted index", text), only

    def _same_entry(self, i: int, j: int, k: int) -> bool:
        return all(near(s.given[i, j], s.right[i, k], self.rtol) for s in self.samples)

    def _factor(self, factor: float) -> str:
        """A factor in words."""
        simple = Fraction(factor).limit_denominator(100)
        if abs(float(simple) - factor) <= self.rtol * abs(factor) and simple:
            text = str(simple)
            n, m = self.checked.n, self.checked.m
            for size, what in ((n, "the number of inputs"), (m, "the number of outputs")):
                if size > 2 and simple in (size, Fraction(1, size)):
                    return f"{text} ({'1 ÷ ' if simple < 1 else ''}{what})"
            return text
        for name, constant in CONSTANTS.items():
            if abs(abs(factor) - constant) <= self.rtol * constant:
                return name if factor > 0 else f"−{name}"
        return f"{factor:.6g}"

    def _changed(self) -> list[tuple[Mistake, np.ndarray]]:
        """Changes of one partial, those of the most frequent kind first, at the points where f
        takes the branches that it takes at the point given; text says so where these are not
        all."""
        samples, _ = self._lists
        explained = []
        for change, deltas in self._changes():
            where = self._with(samples, deltas)
            if where.any():
                text = change.text + self._of_this_branch(samples)
                explained.append((Mistake(change.kind, text), where))
        return sorted(explained, key=lambda e: FIRST.index(e[0].kind))

    def _pairs(self) -> Iterator[tuple[Mistake, np.ndarray]]:
        """One term in the place of another: 2 A x as the gradient of x A x, A not symmetric."""
        samples, _ = self._lists
        terms = [(change.term, deltas) for change, deltas in self._changes() if change.term]
        for (lost, less), (twice, more) in permutations(terms[:MOST_TERMS], 2):
            where = self._with(samples, [a - b for a, b in zip(less, more, strict=True)])
            if where.any():
                text = (
                    f"the term through {lost} is missing, and that through {twice} is there twice"
                )
                yield Mistake("missing term", text + self._of_this_branch(samples)), where

    def _with(self, samples: Sequence[Sample], deltas: Sequence[np.ndarray]) -> np.ndarray:
        """Which wrong entries are the right ones and these more."""
        candidates = [s.right + d for s, d in zip(samples, deltas, strict=True)]
        return self._matches(samples, candidates) & self.wrong

    def _changes(self) -> Iterator[tuple[Change, list[np.ndarray]]]:
        """The changes of one partial that the lists of all samples have, and what each adds."""
        if self.checked.of != "hessian":
            for together in zip(*map(changes, self._lists[1]), strict=False):
                change = together[0][0]
                if all(other == change for other, _ in together):
                    yield change, [delta for _, delta in together]

    def _of_this_branch(self, samples: Sequence[Sample]) -> str:
        fewer = len(samples) < len(self.samples)
        return f" (at the {len(samples)} of {len(self.samples)} points of this branch)" * fewer

    def _varying(self) -> Iterator[tuple[Mistake, np.ndarray]]:
        """Factors that are the value of a row of the list, or one over it, times a number."""
        samples, lists = self._lists
        if not lists:
            return
        ratios = [_ratio(s.given, s.right) for s in samples]
        for row, name in enumerate(lists[0].row_names()):
            columns = [self._columns(named.program.steps[row].value) for named in lists]
            if any(column is None for column in columns):
                continue
            for power, words in POWERS.items():
                with np.errstate(all="ignore"):
                    values = [np.asarray(column, float) ** power for column in columns]
                    rest = np.array([r / v for r, v in zip(ratios, values, strict=True)])
                factor = next((f for i, j in self.places if (f := _steady(rest[:, i, j]))), None)
                if factor is not None:
                    candidates = [
                        factor * v * s.right for s, v in zip(samples, values, strict=True)
                    ]
                    times = "" if abs(factor - 1) <= self.rtol else f"{self._factor(factor)} · "
                    text = f"wrong by the factor {times}{words.format(v=name)}"
                    text += self._of_this_branch(samples)
                    yield Mistake("factor", text), self._matches(samples, candidates) & self.wrong

    def _columns(self, x: Any) -> np.ndarray | None:
        """The numbers of a row that stand above the columns of the derivative: the same one above
        all, or one above each; None for a row of another shape."""
        numbers = np.ravel(x)
        if numbers.dtype.kind != "f" or len(numbers) not in (1, self.checked.n):
            return None
        return np.broadcast_to(numbers, (1, self.checked.n))

    @cached_property
    def _lists(self) -> tuple[list[Sample], list[NamedProgram]]:
        """The samples with the operations of the first, and their lists; none where f cannot be
        recorded, or there is too much to try."""
        try:
            found = [program_of(self.checked.f, self.checked.args_at(s.x)) for s in self.samples]
        except (Error, ArithmeticError, ValueError, TypeError):
            return [], []
        first = found[0].program
        arguments = sum(len(step.args) for step in first.steps)
        if arguments * self.wrong.size > MOST:
            return [], []
        alike = [
            (sample, named)
            for sample, named in zip(self.samples, found, strict=True)
            if _operations(named.program) == _operations(first)
        ]
        return [sample for sample, _ in alike], [named for _, named in alike]


def near(a: np.ndarray, b: np.ndarray, rtol: float) -> np.ndarray:
    """Whether entries agree: relatively, or up to the rounding of the largest one."""
    with np.errstate(all="ignore"):
        return np.abs(a - b) <= rtol * np.abs(b) + ROUNDING * largest(b)


def _ratio(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    with np.errstate(all="ignore"):
        return np.where(b != 0, a / b, np.nan)


def _steady(ratios: np.ndarray) -> float | None:
    """The factor between two entries, where it is the same at all points that tell."""
    told = ratios[np.isfinite(ratios) & (ratios != 0)]
    if not len(told) or np.ptp(told) > 1e-7 * abs(told[0]):
        return None
    return float(np.median(told))


def _operations(program: WengertList) -> list[str]:
    return ["" if step.op is None else step.op.name for step in program.steps]
