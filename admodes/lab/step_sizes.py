"""How wrong difference quotients and complex steps are at each step size, beside automatic
differentiation: the experiment behind `admodes accuracy`.

A function at a point goes in; out come the errors of its Jacobian by each method and step, against
derivatives at exactly the doubles given, of 50 digits and more. A large step truncates Taylor's
series, a small one divides the rounding error of f by a small number: the error over the step is a
U. A complex step subtracts nothing, so it has no second branch; automatic differentiation takes no
step at all.

W. Squire and G. Trapp, Using complex variables to estimate derivatives of real functions, SIAM
Review 40 (1998).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from admodes.core.carrier import value as plain_value
from admodes.core.pytree import flatten
from admodes.core.record import WengertList
from admodes.derivatives.gradients import jacobian
from admodes.errors import BadValue, one_line
from admodes.lab.adapters.adapter import NotOffered
from admodes.lab.adapters.complex_step import STEP, refuse
from admodes.lab.quotients import STENCILS, Function, Vector, imaginary, quotients
from admodes.problems import PROBLEMS
from admodes.programs.names import NamedProgram
from admodes.programs.scalars import scalar_function, scalar_program
from admodes.symbolic.precision import precise
from admodes.verification.accuracy import accuracy
from admodes.verification.pieces import Pieces
from admodes.views.limits import check_numbers
from admodes.views.result import Result
from admodes.views.tables import Table

Matrix = list[list[Any]]

METHODS = (*STENCILS, "complex_step")
MODES = ("forward", "reverse")

STEPS = tuple(10.0 ** (-k / 2) for k in range(2, 41))
"""From 0.1 to 1e-20, two in each power of ten."""

DIGITS = 50

MOST_PRINTED = 24
"""Steps up to which all are printed."""

HOPELESS = 0.01
"""The least error from which on a method does not compute this derivative at all."""

INSTEAD = "restrict it to the inputs that matter: fewer arguments, the others fixed inside"

EPS = float(np.finfo(float).eps)

BEST = {"forward": 1 / 2, "central": 2 / 3, "fourth_order": 4 / 5}
"""The power of the rounding unit that the smallest error of a method is about: where truncation and
rounding are alike."""


@dataclass
class StepErrors(Result):
    """The errors of one function (JSON contract "admodes.accuracy/1"): points has for each step the
    error of each method, None where it gives no number; ad those of both modes. error is "relative"
    to the largest entry of the Jacobian, or "absolute" where all are 0. reasons says of a method
    why it gives nothing."""

    function: str
    error: str
    points: list[dict[str, float | None]]
    ad: dict[str, float]
    reasons: dict[str, str]
    title: str = ""

    def best(self) -> dict[str, dict[str, float] | None]:
        """The step with the smallest error of each method, the largest such step at a tie."""
        found: dict[str, dict[str, float] | None] = {}
        for method in METHODS:
            known = [(p[method], -(p["step"] or 0.0)) for p in self.points]
            finite = [(e, s) for e, s in known if e is not None and math.isfinite(e)]
            found[method] = None
            if finite:
                error, step = min(finite)
                found[method] = {"step": -step, "error": error}
        return found

    def _data(self) -> dict[str, Any]:
        return {
            "schema": "admodes.accuracy/1",
            "function": self.function,
            "error": self.error,
            "reference_digits": DIGITS,
            "points": self.points,
            "ad": self.ad,
            "best": self.best(),
            "reasons": self.reasons,
        }

    def tables(self, format: str = "text", every: bool = False) -> list[Table]:
        """The errors at each step; of many only at every other one, but in CSV or where asked
        for."""
        few = every or format == "csv" or len(self.points) <= MOST_PRINTED
        chosen = self.points if few else self.points[::2]
        rows = [[_error(p["step"]), *(_error(p[m]) for m in METHODS)] for p in chosen]
        head = ["Step", *(m.replace("_", " ").capitalize() for m in METHODS)]
        title = f"{self.error.capitalize()} error by step size"
        return [Table(title, head, rows, [False] * 5, self._notes())]

    def _notes(self) -> list[str]:
        modes = ", ".join(f"{mode} {_error(self.ad[mode])}" for mode in MODES)
        notes = [f"automatic differentiation: {modes}"]
        for method, best in self.best().items():
            if best is not None:
                name = method.replace("_", " ")
                theory = BEST.get(method)
                about = "" if theory is None else f" (theory: about {_error(EPS**theory)})"
                step = _error(best["step"])
                notes.append(f"{name}: least error {_error(best['error'])} at step {step}{about}")
            if best is not None and best["error"] > HOPELESS:
                notes.append(
                    f"{name} is wrong at every step: is f smooth, and analytic as written?"
                )
        notes += [f"{m.replace('_', ' ')}: {why}" for m, why in self.reasons.items()]
        whole = "the largest entry of the Jacobian"
        scale = (
            f"in units of {whole}" if self.error == "relative" else "absolute, all entries are 0"
        )
        return [*notes, f"errors: the largest of all entries, {scale}; reference: {DIGITS} digits"]


def step_errors(
    f: Callable,
    *args: Any,
    steps: Sequence[float] = STEPS,
    names: Sequence[str] | None = None,
    title: str = "",
) -> StepErrors:
    """The errors of the Jacobian of f at args by difference quotients (forward, central, of fourth
    order) and complex steps, for each step size, and by both modes.

    Errors are the largest over all entries, relative to the largest entry of the Jacobian. steps
    are absolute, above 0. f is called with plain numbers, and for complex steps with complex ones.

    Raises ValueError for steps that are not positive, where f is not differentiable at args, and
    where an operation has no value to 50 digits; TypeError for arguments that are no numbers.

    >>> import math
    >>> from admodes.lab.step_sizes import step_errors
    >>> import admodes as ad
    >>> found = step_errors(lambda x: ad.exp(x), 1.0)
    >>> best = found.best()
    >>> best["forward"]["error"] > best["central"]["error"] > found.ad["forward"]
    True
    """
    if not steps or not all(math.isfinite(h) and h > 0 for h in steps):
        raise BadValue(f"steps {list(steps)}: give numbers above 0, such as [1e-2, 1e-4]")
    numbers = sum(np.size(plain_value(x)) for x in flatten(args)[0])
    check_numbers(int(numbers), "accuracy", INSTEAD)
    named = scalar_program(f, args, names)
    scalars, xs = scalar_function(f, args)
    truth = _reference(named, scalars, xs)
    size = max((abs(d) for line in truth for d in line), default=0)
    g, x = _vector_function(scalars, xs)
    points: list[dict[str, float | None]] = []
    refused = _refused(named.recorded, g, x)
    with np.errstate(all="ignore"):
        for h in steps:
            errors: dict[str, float | None] = {"step": float(h)}
            for method, (weights, divisor) in STENCILS.items():
                found = quotients(g, x, h, weights, divisor)
                errors[method] = _distance(found.tolist(), truth, size)
            errors["complex_step"] = (
                None if refused else _distance(imaginary(g, x, h).tolist(), truth, size)
            )
            points.append(errors)
    reasons = {"complex_step": refused} if refused else {}
    modes = {mode: _distance(_by_mode(scalars, xs, mode), truth, size) for mode in MODES}
    kind = "relative" if size else "absolute"
    name = title or getattr(f, "__name__", "f")
    return StepErrors(name, kind, points, modes, reasons, title)


@dataclass
class Survey(Result):
    """The errors of several functions, each at its point (JSON contract "admodes.accuracy/1", with
    `functions` in place of points)."""

    functions: list[StepErrors]
    title: str = "Errors of derivatives by step size"

    def _data(self) -> dict[str, Any]:
        return {
            "schema": "admodes.accuracy/1",
            "functions": [found.to_dict() for found in self.functions],
        }

    def tables(self, format: str = "text", every: bool = False) -> list[Table]:
        """The least error of each method, a line per function; every, and in CSV: all steps of each
        as well."""
        rows = []
        for found in self.functions:
            best = found.best().values()
            least = [_error(None if b is None else b["error"]) for b in best]
            rows.append([found.function, *least, _error(max(found.ad[mode] for mode in MODES))])
        head = ["Function", "Forward", "Central", "4th order", "Complex step", "AD"]
        note = (
            "differences and complex steps: with the best step, which nobody knows beforehand; "
            "AD: the larger error of both modes"
        )
        tables = [Table("Least errors", head, rows, [False] * len(head), [note])]
        if every or format == "csv":
            for found in self.functions:
                tables += found.tables(format, every)
                tables[-1].title = f"{found.function}: {tables[-1].title}"
        return tables


def survey(steps: Sequence[float] = STEPS) -> Survey:
    """The errors of all named problems of single numbers, each at its default point.

    >>> from admodes.lab.step_sizes import survey
    >>> [found.function for found in survey([1e-8]).functions][:2]
    ['@cpsc532s', '@eth-small-net']
    """
    problems = [p for p in PROBLEMS.values() if not any(map(np.ndim, p.at.values()))]
    return Survey(
        [step_errors(p.function, *p.at.values(), steps=steps, title=f"@{p.name}") for p in problems]
    )


def _reference(named: NamedProgram, scalars: Callable, xs: list[float]) -> Matrix:
    """The Jacobian to many digits, as numbers of mpmath."""
    with precise(DIGITS):
        found = accuracy(named.program, Pieces(scalars, xs, named.recorded))
    for line, y in zip(found.truths, named.outputs, strict=True):
        for truth, x in zip(line, named.names, strict=True):
            if truth.kind == "missing":
                raise BadValue(
                    f"accuracy: ∂{y}/∂{x} is not known to {DIGITS} digits, because there is no "
                    f"exact form of {', '.join(found.missing)}"
                )
            if truth.kind != "smooth":
                raise BadValue(
                    f"accuracy: ∂{y}/∂{x} is no derivative of a smooth function here "
                    f"({truth.kind}); choose another point, or see admodes verify"
                )
    return [[truth.derivative for truth in line] for line in found.truths]


def _by_mode(f: Callable, xs: list[float], mode: str) -> Matrix:
    """The Jacobian by one of the engines, a line per output."""

    def of_vector(x: Any) -> Any:
        return np.stack(f(*(x[k] for k in range(len(xs)))))

    lines: Matrix = jacobian(of_vector, mode=mode)(np.array(xs)).tolist()
    return lines


def _vector_function(f: Callable, xs: list[float]) -> tuple[Function, Vector]:
    """f as a function of a vector, and xs as that; numbers stay of the kind that f takes, and real
    where nothing is added to their imaginary part."""
    kind = type(xs[0]) if xs else float

    def of(z: Vector) -> Vector:
        numbers = [c if isinstance(c, complex) and c.imag else kind(c.real) for c in z.tolist()]
        return np.array([plain_value(y) for y in f(*numbers)])

    return of, np.array(xs, float)


def _refused(program: WengertList, f: Function, x: Vector) -> str | None:
    """Why there is no complex step, if so: f is not analytic, or does not run on complex numbers,
    which is up to the user's code."""
    try:
        refuse(program)
        imaginary(f, x, STEP)
    except NotOffered as error:
        return str(error)
    except Exception as error:
        return f"f takes no complex numbers: {one_line(error)}"
    return None


def _distance(found: Matrix, truth: Matrix, size: Any) -> float:
    """The largest difference of two matrices, in units of size where that is not 0."""
    with precise(DIGITS):
        distances = [
            abs(number - exact) if math.isfinite(number) else math.inf
            for line, right in zip(found, truth, strict=True)
            for number, exact in zip(line, right, strict=True)
        ]
        return float(max(distances, default=0.0) / (size or 1))


def _error(x: float | None) -> str:
    return "-" if x is None else "0" if x == 0 else f"{x:.1e}"
