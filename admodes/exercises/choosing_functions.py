"""Functions at points, drawn from the forms of a level so that all numbers stay pleasant."""

from __future__ import annotations

import random
import re
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from admodes.errors import BadValue
from admodes.exercises.levels import LEVELS, Form, Idea
from admodes.expression import ParsedFunction, parse
from admodes.tracing.trace import Trace, trace

TRIES = 3000
"""Draws after which a form is taken to have no pleasant point that is left."""

LARGEST = 150
"""No number of an exercise is larger."""

EIGHTHS = 8
"""Every number is a multiple of 1/8: three decimals, and exact in binary on every machine."""


@dataclass(frozen=True)
class Task:
    """A function at a point: expressions, one per output, the inputs with their values, the same in
    vectors and matrices as text and LaTeX (or None), and the idea that it is for."""

    function: tuple[str, ...]
    point: Mapping[str, float]
    matrix: tuple[str, str] | None
    idea: str

    @property
    def f(self) -> ParsedFunction:
        """The function."""
        return parse(*self.function, inputs=self.point)

    def traced(self, mode: str = "both") -> Trace:
        """The rows at the point, with the sweeps of both modes and the Jacobian of one."""
        made = trace(
            self.f, *map(float, self.point.values()), names=list(self.point), rows="scalar"
        )
        assert isinstance(made, Trace)
        made.jacobian["reverse" if mode != "reverse" else "forward"] = None
        return made


def tasks_of(level: int, mode: str, seed: int, count: int) -> list[Task]:
    """count tasks of a level, no two alike, in which every idea occurs as often as every other, or
    once more. The same arguments give the same tasks on every machine.

    Raises ValueError where the level has fewer functions with pleasant numbers.
    """
    # A text as seed is hashed by SHA-512 and not by Python's hash, which differs between runs.
    rng = random.Random(f"admodes exercise {seed} {level}")
    ideas = [_possible(idea, mode) for idea in LEVELS[level]]
    tasks: list[Task] = []
    for k in range(count):
        task = _drawn(ideas[k % len(ideas)], rng, tasks)
        if task is None:
            raise BadValue(
                f"count {count}: level {level} has no {k + 1} different exercises with pleasant "
                f"numbers at seed {seed}; ask for {k} or fewer"
            )
        tasks.append(task)
    return tasks


def _possible(idea: Idea, mode: str) -> Idea:
    """An idea with its forms that suit a mode: many inputs are for reverse mode, where there is a
    choice."""
    narrow = tuple(form for form in idea.forms if not form.wide)
    return idea if mode == "reverse" or not narrow else Idea(idea.name, narrow)


def _drawn(idea: Idea, rng: random.Random, before: list[Task]) -> Task | None:
    seen = {task.function for task in before}
    for _ in range(TRIES):
        form = rng.choice(idea.forms)
        first, step = rng.randrange(4), rng.choice((1, 3))
        numbers = {letter: str(2 + (first + k * step) % 4) for k, letter in enumerate("abc")}
        function = tuple(_filled(expression, numbers) for expression in form.outputs)
        f = parse(*function)
        point = {name: rng.choice(POINTS) for name in f.inputs}
        task = Task(function, point, _matrix_of(form, numbers), idea.name)
        # Most draws fail at the value already, which is quicker to compute than a trace.
        values = np.atleast_1d(f(*map(float, point.values())))
        if function not in seen and all(map(_is_short, values)) and is_pleasant(task.traced()):
            return task
    return None


POINTS = (-3, -2, -1, 1, 2, 3, 4, 5)
"""What an input may be: at 0 too much vanishes."""


def _filled(text: str, numbers: dict[str, str]) -> str:
    """A form with its numbers: other braces, as LaTeX has them, stay."""
    return re.sub(r"\{([abc])\}", lambda m: numbers[m[1]], text)


def _matrix_of(form: Form, numbers: dict[str, str]) -> tuple[str, str] | None:
    if form.matrix is None:
        return None
    text, latex = form.matrix
    return _filled(text, numbers), _filled(latex, numbers)


def is_pleasant(t: Trace) -> bool:
    """Whether every number of a trace is short, nothing is at a kink, and some derivative of each
    output is not zero."""
    numbers = [row.value for row in t.rows]
    for row in t.rows:
        numbers += [partial for partial in row.partials if partial is not None]
        numbers += [x for x in (*row.tangents.values(), *row.adjoints.values()) if x is not None]
    matrix = t.jacobian["forward"]
    return (
        not any(row.notes for row in t.rows)
        and all(map(_is_short, numbers))
        and all(any(line) for line in matrix)
    )


def _is_short(x: float) -> bool:
    return bool(abs(x) <= LARGEST and float(x * EIGHTHS).is_integer())
