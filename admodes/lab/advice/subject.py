"""Subject: what advice is asked about, a function at a point as a function of the arguments by
which is differentiated, with its recorded list, its exact counts and its live bytes.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import cached_property
from typing import Any

import numpy as np

from admodes.core.carrier import quiet
from admodes.core.costs import total
from admodes.core.pytree import checked_input, flatten
from admodes.core.record import WengertList
from admodes.core.space import is_complex
from admodes.core.values import shape_of
from admodes.derivatives.gradients import restrict
from admodes.errors import BadType, one_line
from admodes.programs.arrays import program_of
from admodes.programs.costs import cost
from admodes.programs.count import Counts, counts_of
from admodes.programs.extent import adjoint_peak, bytes_of, peak
from admodes.programs.names import NamedProgram
from admodes.programs.replay import again
from admodes.programs.scalars import scalar_program
from admodes.programs.sweep import reached

MOST_NUMBERS = 20_000
"""Lists of vectors with more operations than this are counted by whole arrays, not by numbers."""

MOST_VISITS = 500_000
"""By numbers are counted at most so many rows of sweeps, one per output."""

Costs = dict[str, int]


class Subject:
    """f(*args, **kwargs) as a function of args[i], i in argnums (all of them for None).

    Raises TypeError for complex values, and where a gradient or second derivative is asked for of
    what is not one number; ValueError for positions that are none.

    limit: the bytes that a route may take; left_out: why routes are not considered."""

    def __init__(
        self,
        f: Callable,
        args: tuple,
        kwargs: dict,
        argnums: Any = None,
        of: str = "jacobian",
        limit: float = math.inf,
    ) -> None:
        self.limit = limit
        self.left_out: list[str] = []
        self.of = of
        self.name = getattr(f, "__name__", type(f).__name__)
        every = tuple(range(len(args)))
        places = every if argnums is None else argnums
        self.chosen, self.function = restrict(f, places, args, kwargs)
        count = len(self.chosen)
        self.argnums: Any = 0 if count == 1 else tuple(range(count))
        self.leaves = [checked_input(x, "advise") for x in flatten(self.chosen)[0]]
        self.n = sum(math.prod(shape_of(x)) for x in self.leaves)
        with quiet():
            self.value = self.function(*self.chosen)
        self.results = flatten(self.value)[0]
        if any(map(is_complex, (*self.leaves, *self.results))):
            raise BadType(
                f"advise: {self.name} has complex values; differentiate real and imaginary parts"
            )
        self.m = sum(math.prod(shape_of(y)) for y in self.results)
        if of in ("gradient", "hvp") and [shape_of(y) for y in self.results] != [()]:
            raise BadType(
                f"advise of {of}: {self.name} has {self.m} outputs, and only a function with one "
                "number as its result has one; ask of jacobian"
            )

    @property
    def is_finite(self) -> bool:
        """Whether all results are finite numbers."""
        return all(bool(np.all(np.isfinite(np.asarray(y, float)))) for y in self.results)

    @property
    def is_one_array(self) -> bool:
        """Whether argument and result are one array or number each, as sparse derivatives need."""
        one = len(self.chosen) == 1 == len(self.leaves) and self.leaves[0] is self.chosen[0]
        return one and len(self.results) == 1 and flatten(self.value)[1].kind is None

    def leave_out(self, route: str, error: Exception) -> str:
        """Note that a route cannot be taken; why, in words."""
        why = one_line(error) or "no message"
        self.left_out.append(f"{route} raised {type(error).__name__}: {why}")
        return self.left_out[-1]

    @cached_property
    def recorded(self) -> NamedProgram:
        """The list of f by whole arrays."""
        return program_of(self.function, self.chosen, "array")

    @cached_property
    def why_not_recorded(self) -> str:
        """Why f cannot be differentiated, although it runs on plain numbers; nothing where it
        can."""
        try:
            with quiet():
                self.recorded  # noqa: B018
        except Exception as error:
            return one_line(error) or type(error).__name__
        return ""

    @property
    def is_recorded(self) -> bool:
        """Whether f can be differentiated."""
        return not self.why_not_recorded

    @cached_property
    def counts(self) -> Counts:
        """The exact counts of f, of its partials and of its sweeps: by numbers, as ad.count has
        them, where no argument is a matrix and the list is not too long."""
        found = self.recorded
        operations = sum(total(cost(s, found.program) for s in _operations(found.program)).values())
        matrices = any(len(shape_of(x)) > 1 for x in self.leaves)
        if matrices or operations > MOST_NUMBERS or operations * self.m > MOST_VISITS:
            return counts_of(found)
        return counts_of(scalar_program(self.function, self.chosen, run=again(found.recorded)))

    @cached_property
    def sizes(self) -> list[int]:
        """The bytes of every row of the list by arrays."""
        return list(map(bytes_of, self.recorded.program.steps))

    def forward_bytes(self, directions: int) -> int:
        """What is live at once in a forward sweep of so many directions together."""
        program = self.recorded.program
        moved = reached(program)
        sizes = [(1 + directions * (row in moved)) * n for row, n in enumerate(self.sizes)]
        return peak(program, sizes)

    def reverse_bytes(self, directions: int) -> int:
        """What is live at once in a reverse sweep of so many directions together, which keeps all
        values."""
        return sum(self.sizes) + directions * adjoint_peak(self.recorded.program, self.sizes)


def _operations(program: WengertList) -> list:
    return [step for step in program.steps if step.op is not None]
