"""check_gradient: a derivative that was written by hand against automatic differentiation, entry by
entry, at the point given and at random ones."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from admodes.errors import BadValue, choices
from admodes.lab.checking.mistakes import Mistake, Search
from admodes.lab.checking.samples import Checked, Sample
from admodes.programs.names import component_names
from admodes.views.dialects import dialect_of
from admodes.views.result import Result
from admodes.views.tables import Table

KINDS = ("gradient", "jacobian", "hessian")

SLACK = 1e-6
"""How wrong one-sided difference quotients may be, relatively."""

MOST_LISTED = 40
"""Entries up to which all are printed; of more the wrong ones, and these up to so many."""


@dataclass
class GradientCheck(Result):
    """The judgement (JSON contract "admodes.check/1"): entries, one for each number of the
    derivative with its value by hand (given), the right one, the points at which it is wrong and
    right; mistake, None where all is right. points is the number of points, the first being the
    one given."""

    of: str
    entries: list[dict[str, Any]]
    mistake: Mistake | None
    points: int
    notes: list[str] = field(default_factory=list)
    title: str = ""

    @property
    def passed(self) -> bool:
        """Whether no entry is wrong."""
        return self.mistake is None

    def _data(self) -> dict[str, Any]:
        mistake = None if self.mistake is None else vars(self.mistake)
        return {
            "schema": "admodes.check/1",
            "function": self.title,
            "of": self.of,
            "passed": self.passed,
            "points": self.points,
            "entries": self.entries,
            "mistake": mistake,
            "notes": self.notes,
        }

    def tables(self, format: str = "text", digits: int | None = 6) -> list[Table]:
        """The entries at the point given, and the mistake."""
        write = dialect_of(format, digits)
        shown = self.entries
        if len(shown) > MOST_LISTED:
            shown = [e for e in shown if not e["right_everywhere"]][:MOST_LISTED]
        rows = [
            [
                write.math(write.derivative(write.variable(e["of"]), write.variable(e["wrt"]))),
                write.number(e["given"]),
                write.number(e["right"]),
                "right" if e["right_everywhere"] else f"wrong at {e['wrong_points']}",
            ]
            for e in shown
        ]
        notes = list(self.notes)
        if len(shown) < len(self.entries):
            wrong = sum(not e["right_everywhere"] for e in self.entries)
            notes.append(f"{wrong} of {len(self.entries)} entries are wrong")
        verdict = "right" if self.passed else "wrong"
        notes.append(f"{verdict} (compared at {self.points} points)")
        if self.mistake is not None:
            notes.append(f"{self.mistake.kind}: {self.mistake.text}")
        head = ["Entry", "By hand", "Right", "At all points"]
        title = f"The {self.of} by hand"
        return [Table(title, head, rows, [True, False, False, False], notes)]


def check_gradient(
    f: Callable,
    g: Callable,
    *args: Any,
    of: str | None = None,
    points: int = 6,
    rtol: float = 1e-6,
    seed: int = 0,
    names: Sequence[str] | None = None,
    title: str = "",
) -> GradientCheck:
    """Judge a derivative of f that was written by hand: g(*args) is the gradient, the Jacobian or
    the Hessian of f at args, all numbers of the arguments in order.

    Each entry is compared with automatic differentiation at args and at random points near and far
    from it. Where one is wrong, the mistake is searched for that explains the numbers at all
    points: a factor or sign, transposition, shifted places, another point, a term or an inner
    derivative that is missing, a wrong rule, with the row of ad.trace that it is about.

    of: "gradient", "jacobian" or "hessian", told by the shapes unless given. points: how many
    points are compared. rtol: the relative difference that is allowed. seed: of the random points.

    Raises ValueError where g has another number of entries than the derivative, TypeError for
    arguments that are no numbers.

    >>> import admodes as ad
    >>> found = ad.check_gradient(lambda x: ad.sin(x**2), lambda x: ad.cos(x**2), 1.5)
    >>> found.passed, found.mistake.kind
    (False, 'missing inner derivative')
    >>> ad.check_gradient(lambda x: x[0] * x[1], lambda x: [x[1], x[0]], [2.0, 3.0]).passed
    True
    """
    if of is not None and of not in KINDS:
        raise BadValue(f"of {of!r}: {choices(of, KINDS)}")
    if not isinstance(points, int) or points < 1:
        raise BadValue(f"points {points!r}: give a whole number from 1")
    if not 0 <= rtol < 1:
        raise BadValue(f"rtol {rtol!r}: give a relative difference from 0 to below 1")
    checked = Checked(f, g, args, of)
    here = checked.here()
    if not np.isfinite(here.right).all():
        raise BadValue(f"check: the {checked.of} of f is not finite at the point given")
    samples = [here, *checked.elsewhere(points - 1, seed)]
    fits = np.array([s.near(s.right, rtol) for s in samples])
    wrong = np.logical_not(fits).any(axis=0)
    inputs = component_names(f, args, names)
    outputs = _outputs(checked, inputs)
    notes = _kinks(checked, samples, fits, wrong, rtol)
    if len(samples) < points:
        notes.append(
            f"f has a finite derivative at {len(samples) - 1} of the random points that were tried"
        )
    if checked.failures:
        notes.append(
            f"the {checked.of} by hand fails at {len(checked.failures)} of the points, where f "
            f"does not: {checked.failures[0]}"
        )
    mistake = None
    if checked.turned:
        mistake = Mistake("transposed", "the matrix has a line per input: it is transposed")
    elif wrong.any():
        search = Search(checked, samples, wrong, rtol, inputs)
        mistake = search.explain(lambda i, j: f"∂{outputs[i]}/∂{inputs[j]}")
    entries = [
        {
            "of": outputs[i],
            "wrt": inputs[j],
            "given": float(here.given[i, j]),
            "right": float(here.right[i, j]),
            "right_here": bool(fits[0, i, j]),
            "right_everywhere": not wrong[i, j],
            "wrong_points": f"{int((~fits[:, i, j]).sum())} of {len(samples)} points",
        }
        for i, j in np.ndindex(wrong.shape)
    ]
    return GradientCheck(checked.of, entries, mistake, len(samples), notes, title)


def _kinks(
    checked: Checked, samples: list[Sample], fits: np.ndarray, wrong: np.ndarray, rtol: float
) -> list[str]:
    """Take entries as right that differ at the point given alone, where f has a kink there and the
    entry by hand is between the slopes from both sides; say so."""
    notes: list[str] = []
    here = samples[0]
    if checked.of == "hessian" or len(samples) < 2:
        return notes
    for i, j in np.argwhere(~fits[0] & fits[1:].all(axis=0)):
        left, right = checked.slopes(int(i), int(j))
        low, high = sorted((left, right))
        slack = SLACK * (1 + abs(low) + abs(high))
        if high - low > 10 * slack and low - slack <= here.given[i, j] <= high + slack:
            wrong[i, j] = False
            notes.append(
                f"at the point given f has a kink, with the slopes {left:.6g} and {right:.6g} from "
                f"both sides: {here.given[i, j]:.6g} by hand is as good as {here.right[i, j]:.6g}"
            )
    return notes


def _outputs(checked: Checked, inputs: Sequence[str]) -> list[str]:
    """What stands above the fraction line of each line."""
    if checked.of == "hessian":
        return [f"(∂y/∂{x})" for x in inputs]
    return ["y"] if checked.m == 1 else [f"y{i + 1}" for i in range(checked.m)]
