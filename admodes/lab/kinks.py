"""What libraries return where a function has a kink, an edge or a tie: the experiment behind
`admodes kinks`.

At such a point there is no derivative, or only one from one side, and every library chooses a
number. A matrix has the slopes from both sides, the value that admodes chooses, and that of every
library that is installed, each in a process of its own.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from admodes.core.pytree import flatten
from admodes.errors import Error
from admodes.lab.adapters import chosen
from admodes.lab.bench import Bench
from admodes.lab.comparison import LIMIT, MEMORY, as_floats
from admodes.problems.scenario import Scenario
from admodes.programs.names import component_names
from admodes.programs.scalars import scalar_function, scalar_program
from admodes.verification.accuracy import Truth, accuracy
from admodes.verification.pieces import Pieces
from admodes.views.dialects import scalar_text
from admodes.views.result import Result
from admodes.views.tables import Table

DIFFERENCES = "finite differences central"

BACKENDS = ("admodes", "sympy", DIFFERENCES, "autograd", "jax", "torch", "casadi")
"""The columns; a word stands for all backends that begin with it."""

SAME = 1e-6
"""The difference from which on two values are others."""

CASES: dict[str, tuple[Callable[..., Any], tuple[Any, ...]]] = {
    "|x| at 0": (lambda x: np.abs(x), (0.0,)),
    "x |x| at 0": (lambda x: x * np.abs(x), (0.0,)),
    "√(x²) at 0": (lambda x: np.sqrt(x**2), (0.0,)),
    "max(x, y) at a tie": (lambda x, y: np.maximum(x, y), (1.0, 1.0)),
    "min(x, y) at a tie": (lambda x, y: np.minimum(x, y), (1.0, 1.0)),
    "relu, as max(x, 0), at 0": (lambda x: np.maximum(x, 0.0), (0.0,)),
    "relu, as where(x > 0, x, 0), at 0": (lambda x: np.where(x > 0, x, 0.0), (0.0,)),
    "√x at 0": (lambda x: np.sqrt(x), (0.0,)),
    "√(x² + y²) at 0": (lambda x, y: np.sqrt(x**2 + y**2), (0.0, 0.0)),
    "hypot(x, y) at 0": (lambda x, y: np.hypot(x, y), (0.0, 0.0)),
    "norm(x) at 0": (lambda x: np.linalg.norm(x), (np.zeros(2),)),
    "x^1.5 at 0": (lambda x: x**1.5, (0.0,)),
    "x^0.5 at 0": (lambda x: x**0.5, (0.0,)),
    "x^0 at 0": (lambda x: x**0.0, (0.0,)),
    "x^y at (0, 2)": (lambda x, y: x**y, (0.0, 2.0)),
    "x^y at (0, 0)": (lambda x, y: x**y, (0.0, 0.0)),
    "x^y at (-2, 2)": (lambda x, y: x**y, (-2.0, 2.0)),
    "clip(x, -1, 1) at 1": (lambda x: np.clip(x, -1.0, 1.0), (1.0,)),
    "clip(x, -1, 1) at -1": (lambda x: np.clip(x, -1.0, 1.0), (-1.0,)),
    "max of (1, 1, 0)": (lambda x: np.max(x), (np.array([1.0, 1.0, 0.0]),)),
    "least of sorted (1, 1)": (lambda x: np.sort(x)[0], (np.ones(2),)),
    "sign(x) at 0": (lambda x: np.sign(x), (0.0,)),
    "floor(x) at 1": (lambda x: np.floor(x), (1.0,)),
    "where(x > 0, x ln x, 0) at 0": (lambda x: np.where(x > 0, x * np.log(x), 0.0), (0.0,)),
    "sinc(x) at 0": (lambda x: np.sinc(x), (0.0,)),
    "arcsin(x) at 1": (lambda x: np.arcsin(x), (1.0,)),
    "arctan2(y, x) at 0": (lambda y, x: np.arctan2(y, x), (0.0, 0.0)),
}
"""Functions at points where they have a kink, an edge, a tie or a trap, by name."""


@dataclass
class Kink:
    """One entry of a gradient. left, right: the slopes from both sides, None where there is none or
    it is not known; values: what each backend returns, None where it fails, and reasons why;
    differences: the backends that are difference quotients."""

    function: str
    wrt: str
    left: float | None
    right: float | None
    values: dict[str, float | None]
    reasons: dict[str, str]
    differences: list[str] = field(default_factory=list)

    @property
    def disagree(self) -> bool:
        """Whether two backends return different numbers, apart from difference quotients, which
        return what the slopes from both sides make of it."""
        numbers = [
            value
            for backend, value in self.values.items()
            if value is not None and backend not in self.differences
        ]
        return any(_differ(numbers[0], v) for v in numbers)


SEVERAL = " / "
"""Between values by one library in a cell."""


@dataclass
class Kinks(Result):
    """The matrix (JSON contract "admodes.kinks/1"): backends are the columns, rows the entries.
    missing are the libraries that are not installed, with what installs them."""

    backends: list[str]
    rows: list[Kink]
    missing: dict[str, str]
    title: str = ""

    def _data(self) -> dict[str, Any]:
        return {
            "schema": "admodes.kinks/1",
            "backends": self.backends,
            "rows": [vars(row) | {"disagree": row.disagree} for row in self.rows],
            "missing": self.missing,
        }

    def tables(self, format: str = "text") -> list[Table]:
        """A line per entry, a column per library: where its modes differ, all their values."""
        groups: dict[str, list[str]] = {}
        quotients = {backend for row in self.rows for backend in row.differences}
        for backend in self.backends:
            word = "differences" if backend in quotients else backend.partition(" ")[0]
            groups.setdefault(word, []).append(backend)
        rows = [
            [
                row.function,
                row.wrt,
                _shown(row.left),
                _shown(row.right),
                *(_together([row.values[b] for b in names]) for names in groups.values()),
                "≠" if row.disagree else "",
            ]
            for row in self.rows
        ]
        head = ["Function", "By", "Left", "Right", *groups, ""]
        split = {head[k] for row in rows for k, cell in enumerate(row) if SEVERAL in cell}
        apart = sum(row.disagree for row in self.rows)
        notes = [
            "left, right: the slopes from both sides; -: none, or not known; ≠: values differ",
            f"values differ in {apart} of {len(self.rows)} lines",
            *(f"{word}: {_order(word, names)}" for word, names in groups.items() if word in split),
            *dict.fromkeys(f"{b}: {why}" for row in self.rows for b, why in row.reasons.items()),
            *(f"{name}: not installed: pip install {how}" for name, how in self.missing.items()),
        ]
        return [Table("Derivatives at kinks", head, rows, [False] * len(head), notes)]


def kinks(
    f: Callable[..., Any] | None = None,
    *args: Any,
    backends: Sequence[str] = BACKENDS,
    names: Sequence[str] | None = None,
    title: str = "",
) -> Kinks:
    """The slopes from both sides and the gradient by every library, for f at args, or without f for
    the functions in CASES.

    names: of the inputs, as in ad.trace. Raises ValueError for an unknown backend, and where f does
    not return one number, or fails.

    >>> import admodes as ad
    >>> from admodes.lab.kinks import kinks
    >>> (row,) = kinks(lambda x: np.abs(x), 0.0, backends=["admodes reverse"]).rows
    >>> row.left, row.right, row.values
    (-1.0, 1.0, {'admodes reverse': 0.0})
    """
    if f is None:
        cases = [(name, *case) for name, case in CASES.items()]
    else:
        cases = [(title or getattr(f, "__name__", "f"), f, args)]
    scenarios = [
        Scenario(name, g, tuple(map(as_floats, xs)), tuple(range(len(xs))), "gradient")
        for name, g, xs in cases
    ]
    adapters = chosen(list(backends))
    rows = []
    missing: dict[str, str] = {}
    with Bench(scenarios, adapters, LIMIT, MEMORY, 1) as bench:
        for k, s in enumerate(scenarios):
            found = bench.results(k)
            missing |= {a.backend: why for a, (_, why, there) in zip(adapters, found) if not there}
            inputs = component_names(s.function, s.args, names)
            for j, (wrt, truth) in enumerate(zip(inputs, _truths(s), strict=True)):
                known = [(a.backend, *r) for a, r in zip(adapters, found) if r[2]]
                rows.append(
                    Kink(
                        s.name,
                        wrt,
                        *_slopes(truth),
                        {b: None if y is None else float(y[j]) for b, y, _, _ in known},
                        {b: why for b, y, why, _ in known if y is None},
                        [a.backend for a in adapters if not a.exact],
                    )
                )
    listed = [a.backend for a in adapters if a.backend not in missing]
    return Kinks(listed, rows, missing, title)


def _truths(scenario: Scenario) -> list[Truth]:
    """What is known of each partial derivative, by many digits."""
    f, args = scenario.function, scenario.args
    try:
        named = scalar_program(f, args)
        scalars, xs = scalar_function(f, args)
        return accuracy(named.program, Pieces(scalars, xs, named.recorded)).truths[0]
    except (Error, ArithmeticError, ValueError):
        count = sum(int(np.size(x)) for x in flatten(args)[0])
        return [Truth("undecided")] * count


def _slopes(truth: Truth) -> tuple[float | None, float | None]:
    if truth.known and truth.left is None and truth.right is None:
        slope = float(truth.derivative)
        return slope, slope
    left, right = truth.left, truth.right
    return _number(left), _number(right)


def _number(slope: Any) -> float | None:
    try:
        return float(slope)
    except (TypeError, ValueError):
        return None


def _differ(a: float, b: float) -> bool:
    if math.isfinite(a) and math.isfinite(b):
        return abs(a - b) > SAME * max(1.0, abs(a))
    return not (a == b or (math.isnan(a) and math.isnan(b)))


def _shown(x: float | None) -> str:
    if x is None:
        return "-"
    return scalar_text(round(x, 6) + 0.0 if math.isfinite(x) else x, 4)


def _together(values: list[float | None]) -> str:
    """The values of one library: one where all are the same."""
    first = values[0]
    if all(v is None for v in values):
        return "-"
    if first is not None and all(v is not None and not _differ(first, v) for v in values):
        return _shown(first)
    return SEVERAL.join(map(_shown, values))


def _order(library: str, backends: list[str]) -> str:
    """What the values in one cell of a library are by."""
    return SEVERAL.join(b.removeprefix(library).strip() for b in backends)
