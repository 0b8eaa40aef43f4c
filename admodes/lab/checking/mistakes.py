"""The mistake that explains a wrong derivative: a matrix by hand and the right one at several
points go in, the first explanation that gives the numbers by hand at all points comes out.

Simple ones come first: a transposed matrix, other places; then for the wrong entries a sign, a
factor, and a change of one partial of the recorded list; then another point.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction

import numpy as np

from admodes.core.record import WengertList
from admodes.errors import Error
from admodes.lab.checking.edges import MOST, SIGN, changes
from admodes.lab.checking.samples import Checked, Sample
from admodes.programs.arrays import program_of
from admodes.programs.names import NamedProgram

ROUNDING = 1e-12
"""What rounding may do to an entry, in units of the largest entry of its matrix."""

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

POINTS: dict[str, Callable[[np.ndarray], np.ndarray]] = {
    "−x": lambda x: -x,
    "|x|": abs,
    "2 x": lambda x: 2 * x,
    "x/2": lambda x: x / 2,
    "x + 1": lambda x: x + 1,
    "x − 1": lambda x: x - 1,
    "x²": lambda x: x**2,
    "x π/180 (degrees)": lambda x: x * math.pi / 180,
    "x with its numbers in reverse order": lambda x: x[::-1],
    "x with its numbers shifted by one place": lambda x: np.roll(x, 1),
    "x with its numbers shifted back by one place": lambda x: np.roll(x, -1),
    "x rounded": np.round,
    "0": np.zeros_like,
    "1": np.ones_like,
}
"""Other points at which a derivative may have been evaluated."""


@dataclass(frozen=True)
class Mistake:
    """kind: the word for it; text: a sentence."""

    kind: str
    text: str


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
            [near(s.given, c, self.rtol) for s, c in zip(samples, candidates, strict=True)]
        )

    def explain(self, entry: Callable[[int, int], str]) -> Mistake:
        """The mistake; entry names one by its place."""
        whole = self._of_the_matrix()
        if whole is not None:
            return whole
        reasons: dict[tuple[int, int], list[Mistake]] = {place: [] for place in self.places}
        for mistake, where in [*self._entrywise(), *self._changed()]:
            for place in self.places:
                if where[place]:
                    reasons[place].append(mistake)
        shared = Counter(m for found in reasons.values() for m in dict.fromkeys(found))
        everywhere = [m for m in shared if shared[m] == len(self.places)]
        listed = ", ".join(entry(*place) for place in self.places[:6])
        listed += f" and {len(self.places) - 6} more" if len(self.places) > 6 else ""
        if everywhere:
            first, *others = everywhere
            also = f" ({'; or '.join(m.text for m in others[:2])})" if others else ""
            return Mistake(first.kind, f"{listed}: {first.text}{also}")
        elsewhere = self._of_another_point()
        if elsewhere is not None:
            return elsewhere
        known = {place: found[0] for place, found in reasons.items() if found}
        if not known:
            return Mistake("unknown", f"{listed}: none of the usual mistakes gives these numbers")
        parts = [
            f"{entry(*place)}: {known[place].text if place in known else 'not explained'}"
            for place in self.places[:6]
        ]
        kinds = Counter(m.kind for m in known.values())
        return Mistake(kinds.most_common(1)[0][0], "; ".join(parts))

    def _of_the_matrix(self) -> Mistake | None:
        """Whether all entries are right ones, but stand in other places."""
        rights = [s.right for s in self.samples]
        if len(rights[0]) == len(rights[0].T) > 1 and self.matches([r.T for r in rights]).all():
            return Mistake("transposed", "the matrix is transposed")
        return self._places()

    def _of_another_point(self) -> Mistake | None:
        """Whether this is the right derivative, but not of the point."""
        if len(self.samples) > 1 and self._is_constant():
            here = self.samples[0]
            if near(here.given, here.right, self.rtol).all():
                return Mistake(
                    "evaluated at another point",
                    "the derivative by hand has the same value at every point: it is right at the "
                    "point given only",
                )
        for words, move in POINTS.items():
            try:
                with np.errstate(all="ignore"):
                    moved = [self.checked.right(move(s.x)) for s in self.samples]
            except (Error, ArithmeticError, ValueError):
                continue
            if self.matches(moved).all():
                return Mistake(
                    "evaluated at another point",
                    f"the derivative is evaluated at another point: at {words} in the place of x",
                )
        return None

    def _is_constant(self) -> bool:
        first = self.samples[0].given
        return all(np.array_equal(s.given, first) for s in self.samples)

    def _places(self) -> Mistake | None:
        """Whether the columns are right, but stand in other places."""
        n = self.checked.n
        columns = [[k for k in range(n) if self._same_column(j, k)] for j in range(n)]
        if n < 2 or not all(columns):
            return None
        order = [js[0] for js in columns]
        for shift in range(1, n):
            if all((j - shift) % n in js for j, js in enumerate(columns)):
                by = min(shift, n - shift)
                where = f"{by} place{'s' * (by > 1)}"
                return Mistake("shifted index", f"the entries are shifted by {where}")
        if all(n - 1 - j in js for j, js in enumerate(columns)):
            return Mistake("shifted index", "the entries stand in reverse order")
        moved = [j for j in range(n) if j not in columns[j]]
        if len(moved) == 2 and {order[j] for j in moved} == set(moved):
            a, b = (self.inputs[j] for j in moved)
            return Mistake("shifted index", f"the entries for {a} and {b} are swapped")
        return Mistake("shifted index", "the entries are right, but stand in other places")

    def _same_column(self, j: int, k: int) -> bool:
        return all(near(s.given[:, j], s.right[:, k], self.rtol).all() for s in self.samples)

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

    def _changed(self) -> Iterator[tuple[Mistake, np.ndarray]]:
        """Changes of one partial, at the points where f takes the branches that it takes at the
        point given; text says so where these are not all."""
        if self.checked.of == "hessian":
            return
        samples, lists = self._lists()
        if not lists:
            return
        fewer = len(samples) < len(self.samples)
        where = f" (at the {len(samples)} of {len(self.samples)} points of this branch)" * fewer
        for made in zip(*map(changes, lists), strict=False):
            change = made[0][0]
            if all(other == change for other, _ in made):
                candidates = [s.right + d for s, (_, d) in zip(samples, made, strict=True)]
                found = self._matches(samples, candidates) & self.wrong
                if found.any():
                    yield Mistake(change.kind, change.text + where), found

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
        size = np.max(np.abs(b), initial=0.0, where=np.isfinite(b))
        return np.abs(a - b) <= rtol * np.abs(b) + ROUNDING * size


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
