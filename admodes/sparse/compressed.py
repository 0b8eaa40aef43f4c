"""sparse_jacobian and sparse_hessian: scipy.sparse matrices of derivatives, of which only the
entries that can be non-zero are ever computed or stored."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable
from typing import Any

import numpy as np

from admodes.compilation.compiled import Compiled
from admodes.compilation.front import compile
from admodes.core.carrier import innermost, quiet
from admodes.core.checking import is_strict, unchecked
from admodes.core.forward import jvp
from admodes.core.record import Guard, Recorded, Ref
from admodes.core.space import dtype_of
from admodes.core.values import shape_of
from admodes.derivatives.choosing import explained
from admodes.derivatives.crossings import crossing
from admodes.derivatives.gradients import grad
from admodes.errors import BadType, BadValue, LostDerivative, choices
from admodes.sparse.assembly import Assembly, assembly, leaves
from admodes.sparse.bands import banded
from admodes.sparse.coloring import MODES as SIDES
from admodes.sparse.layers import Memory, Unstructured
from admodes.sparse.point import Point, same
from admodes.sparse.sweeps import Found, Sweeps

JACOBIAN_MODES = (*SIDES, "bands")
HESSIAN_MODES = ("auto", "star", "forward", "bands")
_serials = itertools.count()

PLANS = 16
"""Plans, and patterns of a plan, kept for one function; the oldest goes first."""

CASES = 6
"""A sweep with so many compiled cases is not compiled again: its branches turn at every call."""


def sparse_jacobian(
    f: Callable, argnums: int = 0, mode: str = "auto", check: bool = False
) -> Callable:
    """The Jacobian of f with respect to args[argnums] as a scipy.sparse CSR array.

    sparse_jacobian(f)(*args) has shape (out.size, in.size), for arrays of any shape (their entries
    are numbered in C order), and the dtype of f's result. f takes and returns one array or number
    (further arguments are held fixed). Entries outside of the pattern of f are not stored; inside,
    an entry may happen to be 0. A dense matrix is never formed.

    mode "bands" carries the non-zero derivatives of every value along with it, in one pass, where
    every value depends on a few entries of the input (stencils, residuals). "forward", "reverse"
    and "both" find the pattern of f from its recorded list, color its columns, rows or both, and
    take one sweep per color. "auto" takes bands where it can, otherwise fewest sweeps.

    The pattern and its colors are found at the first call with given shapes and dtypes, and used
    again; where f branches on a value, indexes with one or takes ad.value of one, they are found
    anew at each point. Integers, index arrays and other arguments that are no floats are compared
    at each call, and so are the zeros of arrays that f captures; objects are taken to stay as they
    are. check=True compares each result with one more sweep along a random direction,
    and raises ValueError. From the second call on the sweeps are compiled, as by ad.compile.

    Raises ImportError without scipy, TypeError where f is no function or an argument or result no
    real array, ValueError for an unknown mode, for mode "bands" where f has none, and for a
    Jacobian that is not sparse (more than 2²⁷ entries).

    Curtis, Powell and Reid (1974); Gebremedhin, Manne and Pothen, What color is your Jacobian?
    SIAM Review 47 (2005).

    >>> import admodes as ad
    >>> import numpy as np
    >>> ad.sparse_jacobian(lambda x: x[1:] * x[:-1])(np.array([2.0, 3.0, 4.0])).toarray()
    array([[3., 2., 0.],
           [0., 4., 3.]])
    """
    return _derivative(f, argnums, mode, check, "sparse_jacobian")


def sparse_hessian(
    f: Callable, argnums: int = 0, mode: str = "auto", check: bool = False
) -> Callable:
    """The Hessian of a scalar function with respect to args[argnums], as a scipy.sparse CSR array
    of shape (in.size, in.size).

    The pattern is that of the recorded gradient. The first call for given shapes warns of kinks as
    ad.hessian does. mode "bands" is that of sparse_jacobian for the
    gradient; "star" uses the symmetry: a star coloring, and one product with the Hessian
    (forward-over-reverse) per color; "forward" does without it. "auto" is "bands" where it can be,
    otherwise "star". All else is as for sparse_jacobian.

    >>> import admodes as ad
    >>> import numpy as np
    >>> def f(x):
    ...     return (x[1:] * x[:-1] ** 2).sum()
    >>> ad.sparse_hessian(f)(np.array([2.0, 3.0, 4.0])).toarray()
    array([[6., 4., 0.],
           [4., 8., 6.],
           [0., 6., 0.]])
    """
    return _derivative(f, argnums, mode, check, "sparse_hessian")


def _derivative(f: Callable, argnums: int, mode: str, check: bool, who: str) -> Callable:
    if not callable(f):
        raise BadType(f"{who} takes a function, got {f!r}")
    known = HESSIAN_MODES if who == "sparse_hessian" else JACOBIAN_MODES
    if mode not in known:
        raise BadValue(f"{who}: mode {mode!r}: {choices(mode, known)}")
    plans: list[SweepPlan] = []

    def matrix_of(*args: Any, **kwargs: Any) -> Any:
        point = Point(f, argnums, args, kwargs, who)
        if is_strict():
            _look_at(point, who == "sparse_hessian")
        with unchecked():
            return found_at(point)

    def found_at(point: Point) -> Any:
        plan = next((p for p in plans if p.fits(point)), None)
        if plan is None and who == "sparse_hessian":
            at = point.function()
            with crossing(matrix_of.__name__, lambda x: at(x, *point.floats), point.x):
                _look_at(point, True)
        if plan is None:
            plan = SweepPlan(point, mode, who == "sparse_hessian")
            plans.append(plan)
            del plans[:-PLANS]
        with quiet():
            found = plan.matrix(point.x, point.floats)
            if check:
                plan.check(found, point)
        return found

    def explain(*args: Any, **kwargs: Any) -> str:
        own = f"mode={mode!r} is taken, as was asked for"
        if mode == "auto":
            own = "mode='auto' takes bands, where f has them, otherwise fewest sweeps"
        return explained(f, args, kwargs, argnums, who.removeprefix("sparse_"), own)

    matrix_of.explain = explain  # type: ignore[attr-defined]
    matrix_of.__name__ = f"{who}({getattr(f, '__name__', type(f).__name__)})"
    return matrix_of


def _look_at(point: Point, hessian: bool) -> None:
    """One derivative, for ad.strict: the others run programs, which show no line of f."""
    f = point.function()
    g = grad(f) if hessian else f
    seed = np.ones(shape_of(point.x), dtype_of(point.x))[()]
    jvp(lambda x: g(x, *point.floats), (point.x,), (seed,))


class SweepPlan:
    """How the matrix is computed at points of one kind (the same shapes, dtypes and fixed
    arguments), worked out at the first of them and kept: patterns, groups, compiled sweeps."""

    def __init__(self, point: Point, mode: str, hessian: bool) -> None:
        g = point.function()
        self.g = grad(g) if hessian else g
        self.who, self.name = point.who, point.name
        self.hessian = hessian
        self.key, self.fixed = point.key(), point.kept()
        self.mode = mode
        self.bands = mode in ("auto", "bands")
        self.sides = "star" if hessian and mode in ("auto", "bands") else mode
        self.memory: Memory = {}
        self.layouts: dict[int, Assembly] = {}
        self.sweeps: dict[int, Sweeps] = {}
        self.repeated = Repeated if point.is_plain() else _as_it_is
        self.diagonals = self.repeated(diagonals_of(self.g, self.memory, self.layouts))
        self.number = self.repeated(number_of(self))

    def fits(self, point: Point) -> bool:
        """Whether this plan is for points like this one."""
        return self.key == point.key() and same(self.fixed, point.fixed)

    def matrix(self, x: Any, floats: tuple) -> Any:
        """The sparse matrix at x."""
        if self.bands:
            try:
                number, *found = self.diagonals(x, *floats)
                return self.layouts[int(number)].matrix(found)
            except Unstructured as error:
                if self.mode == "bands":
                    raise BadValue(
                        f"{self.who}: {self.name} has no bands ({error}); use mode='auto'"
                    ) from None
                self.bands = False
        return self.compressed(x, floats).matrix(x, floats)

    def compressed(self, x: Any, floats: tuple) -> Sweeps:
        """The sweeps that compute the matrix at x."""
        known = self.sweeps.get(int(self.number(x, *floats)))
        # One that has been dropped is found again.
        return known or self.sweeps[self.find(x, floats)]

    def find(self, x: Any, floats: tuple) -> int:
        """The number of the sweeps for the pattern of this point."""
        found = Found(self.g, x, floats, self.hessian)
        for number, sweeps in tuple(self.sweeps.items()):
            if sweeps.found.alike(found):
                return number
        number = next(_serials)
        self.sweeps[number] = Sweeps(self.g, found, self.sides, self.repeated)
        for old in tuple(self.sweeps)[:-PLANS]:
            self.sweeps.pop(old, None)
        return number

    def check(self, matrix: Any, point: Point) -> None:
        """Compare a product with the matrix with one sweep. Raises ValueError."""
        x, floats = point.x, point.floats
        v = np.random.default_rng(0).uniform(0.5, 1.5, np.shape(x)).astype(dtype_of(x))
        _, dot = jvp(lambda z: self.g(z, *floats), (x,), (v,))
        dot, flat = np.ravel(dot), np.ravel(v)
        size = abs(matrix) @ flat + np.abs(dot)
        wrong = np.abs(matrix @ flat - dot) > np.finfo(dot.dtype).eps ** 0.75 * size
        if wrong.any():
            row = int(np.flatnonzero(wrong)[0])
            raise BadValue(
                f"{self.who}: row {row} of the derivative of {self.name} has entries outside of "
                "the pattern that was found at an earlier call: an array that it captures, or a "
                f"branch on ad.value, has changed; make a new {self.who}, or pass the array as an "
                "argument"
            )


def diagonals_of(g: Callable, memory: Memory, layouts: dict[int, Assembly]) -> Callable:
    """(x, *floats) -> the number of a layout, and the leaves that it takes. The leaves are made of
    operations, so that this can be compiled; the number is then a constant of the case."""

    def diagonals(x: Any, *floats: Any) -> list:
        y, layers, coefficients = banded(lambda z: g(z, *floats), x, memory)
        form, found = leaves(layers, coefficients, memory)
        made = assembly(layers, form, math.prod(shape_of(x)), dtype_of(y), memory)
        layouts[made.number] = made
        return [float(made.number), *found]

    return diagonals


def number_of(plan: SweepPlan) -> Callable:
    """(x, *floats) -> the number of the pattern of the plan's function g there. A compiled one
    finds it anew where g takes another branch or refers to something else, as g runs beside it,
    and where the zeros of an array that g captures are elsewhere. It holds the plan, whose
    attributes change as patterns are found, and not the method that finds them: what is callable
    would be watched for changes."""
    g = plan.g

    def number(x: Any, *floats: Any) -> float:
        g(x, *floats)
        decide_on_captured(zeros_of, x)
        return float(plan.find(innermost(x), tuple(map(innermost, floats))))

    return number


def decide_on_captured(decide: Callable, x: Any) -> None:
    """The list that x is recorded in holds only where decide of every array that it captures is
    the same."""
    if x.__class__ is Recorded:
        recording = x.recording
        for row, a in recording.captured.items():
            recording.guards.append(Guard(decide, (Ref(row),), decide(a)))


def zeros_of(a: np.ndarray) -> np.ndarray:
    """Where an array is 0, through which nothing passes."""
    return np.equal(a, 0)


class Repeated:
    """A sweep that is compiled when it runs for the second time; as it is where it has turned out
    another list too often."""

    def __init__(self, sweep: Callable) -> None:
        self.sweep = sweep
        self.run: Callable | None = None
        self.cases = 0

    def __call__(self, *args: Any) -> Any:
        run = self.run
        if run is None:
            self.run = compile(self.sweep)
            self.run.warns = False
            return self.sweep(*args)
        if isinstance(run, Compiled) and len(run.specialisations) >= CASES:
            run = self.run = self.sweep
        try:
            found = run(*args)
        except (LostDerivative, RecursionError):
            found = None
        if found is None or self._holds_values(run):
            self.run = self.sweep
            return self.sweep(*args)
        return found

    def _holds_values(self, run: Callable) -> bool:
        """Whether a case that was recorded now or earlier holds for the plain values of its
        recording only."""
        if not isinstance(run, Compiled) or len(run.specialisations) == self.cases:
            return False
        self.cases = len(run.specialisations)
        return run.has_constant_values


def _as_it_is(sweep: Callable) -> Callable:
    return sweep
