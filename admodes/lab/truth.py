"""What a derivative is, and how exactly doubles can give it: the reference that libraries are
judged by."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from admodes.core.carrier import quiet
from admodes.core.pytree import flatten, unflatten
from admodes.core.record import Ref, WengertList, record
from admodes.ops.arithmetic import multiply
from admodes.optimisation.passes.strong_products import STRONG
from admodes.problems.scenario import Scenario
from admodes.programs.replay import rows_at, value_of
from admodes.symbolic.exact import exactly

UNIT = 2.0**-52
"""A unit in the last place of 1."""

EXACT = 1e-11
"""The part of an entry, or of what rounding makes of it, up to which a method without truncation
error may be off: tens of thousands of units."""

DIGITS = 50

LARGEST = 20_000
"""Entries of all rows of a derivative up to which it is evaluated with many digits."""

FAR = EXACT / UNIT
"""The units that EXACT is."""

SAMPLES = 8
"""Runs with rounding at random."""


@dataclass(frozen=True)
class Truth:
    """reference: the derivative as the array that Scenario describes. scale: by how much an entry
    moves, in units of UNIT, where every operation rounds at random: its magnitude times its
    conditioning. how: where the reference is from. reach: how far an entry moves where every
    operation errs by EXACT at random. It is EXACT times the scale where the derivative is smooth;
    at a kink or a step, where a unit decides between both sides, it is their distance."""

    reference: np.ndarray
    scale: np.ndarray
    how: str
    reach: np.ndarray | float = np.inf

    def to_dict(self) -> dict[str, Any]:
        return dict(vars(self))


def truth(scenario: Scenario) -> Truth:
    """The derivative by reverse mode: its recorded program, from the inputs on with 50 digits where
    that is short enough and every operation can be had to so many; else in doubles.

    The scale is found by Monte Carlo arithmetic (D. S. Parker, 1997): the same program in doubles,
    where the inputs, and the rows that are calculated, move by a unit in the last place at random.

    >>> s = Scenario("f", lambda x: (x - 1.0) ** 3, (1.0 + 2.0**-20,), (0,), "gradient")
    >>> t = truth(s)
    >>> bool(t.reference[0] == 3 * 2.0**-40), bool(t.scale[0] > 1e5 * t.reference[0])
    (True, True)
    """
    derivative = replace(scenario, function=scenario.derivative("reverse"))
    program = record(derivative.restricted, *scenario.chosen)
    leaves = [np.asarray(x, float)[()] for x in flatten(scenario.chosen)[0]]
    here = _result(scenario, program, _rows(program, leaves))
    reference, how = here, "reverse mode in doubles"
    if np.all(np.isfinite(here)) and sum(step.size for step in program.steps) <= LARGEST:
        numbers = [float(x) for leaf in leaves for x in np.ravel(leaf)]
        outputs = exactly(_plain_products(program), numbers, DIGITS).outputs()
        if not any(y is None for y in outputs):
            reference = _shaped(scenario, program, [float(y) for y in outputs])
            how = f"reverse mode with {DIGITS} digits"

    def moved(noise: Any) -> np.ndarray:
        return _result(scenario, program, _rows(program, leaves, noise))

    return Truth(reference, _farthest(moved, here, 1) / UNIT, how, _farthest(moved, here, FAR))


def reaches(f: Callable, x: np.ndarray) -> list[np.ndarray]:
    """How far the numbers and arrays of f(x) move where every operation of f errs by EXACT at
    random.

    >>> (far,) = reaches(lambda x: x * x, np.array([3.0, 0.0]))
    >>> bool(1e-11 < far[0] < 1e-9), bool(far[1] < 1e-300)
    (True, True)
    """
    program = record(f, x)

    def result(noise: Any = None) -> np.ndarray:
        rows = _rows(program, [x], noise)
        return np.concatenate([np.ravel(value_of(y, rows)) for y in program.outputs])

    return _unravelled(program, _farthest(result, result(), FAR))


def _rows(program: WengertList, leaves: list, noise: Any = None) -> list[Any]:
    """The rows of a program, with noise(value) in the place of the value of inputs and of what is
    calculated."""

    def rounded(row: int, made: list) -> bool:
        op = program.steps[row].op
        if noise is not None and (op is None or op.calculates):
            made[row] = noise(made[row])
        return True

    with quiet():
        return rows_at(program, leaves, rounded) or []


def _plain_products(program: WengertList) -> WengertList:
    """The program with ordinary products in the place of those in which an exact zero wins over
    infinity, where no factor is infinite."""
    steps = []
    for step in program.steps:
        finite = step.op in STRONG and all(np.all(np.isfinite(x)) for x in program.arguments(step))
        steps.append(replace(step, op=multiply) if finite else step)
    return replace(program, steps=steps)


def _result(scenario: Scenario, program: WengertList, rows: list) -> np.ndarray:
    outputs = [value_of(y, rows) for y in program.outputs]
    return np.asarray(scenario.flat(unflatten(program.out_tree, outputs)), float)


def _shaped(scenario: Scenario, program: WengertList, numbers: list[float]) -> np.ndarray:
    """The numbers of all outputs in order, as the derivative is nested."""
    leaves = _unravelled(program, numbers)
    return np.asarray(scenario.flat(unflatten(program.out_tree, leaves)), float)


def _unravelled(program: WengertList, numbers: Iterable[float]) -> list[np.ndarray]:
    """The numbers of all outputs in order, in the shapes of these."""
    remaining = iter(numbers)
    shapes = [
        program.steps[y.row].shape if isinstance(y, Ref) else np.shape(y) for y in program.outputs
    ]
    return [np.reshape([next(remaining) for _ in range(int(np.prod(s)))], s) for s in shapes]


def _farthest(result: Callable[[Any], np.ndarray], here: np.ndarray, units: float) -> np.ndarray:
    """How far entries move from where they are, where every operation errs by so many units at
    random."""
    random = np.random.default_rng(0)

    def noise(x: Any) -> Any:
        if np.asarray(x).dtype.kind != "f":
            return x
        moved = x + units * np.spacing(x) * random.integers(-1, 2, np.shape(x))
        return moved if np.ndim(x) else float(moved)

    found = np.zeros(here.shape)
    for _ in range(SAMPLES):
        with np.errstate(invalid="ignore"):
            found = np.fmax(found, np.abs(result(noise) - here))
    return found
