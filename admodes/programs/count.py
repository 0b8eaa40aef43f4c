"""Exact operation counts of a function and of its sweeps, from the declarations alone.

The policy: a partial is evaluated once per point and shared by all sweeps, and counted apart from
them; a multiplication by a partial that is the literal 0, 1 or -1 is free; a tangent that happens
to be zero is counted; k contributions to an adjoint cost k - 1 additions; a reverse sweep visits
the rows that its output depends on; rows that depend differentiably on no input are constants, as
in the engines: they have no tangent, no adjoint and no partials.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from admodes.core.carrier import value
from admodes.core.costs import KINDS, arithmetic, total
from admodes.core.pytree import flatten
from admodes.core.record import Ref, WengertList
from admodes.programs.arrays import program_of
from admodes.programs.costs import (
    Costs,
    cost,
    is_whole,
    partial_cost,
    size_of,
)
from admodes.programs.extent import levels, memory, peak
from admodes.programs.names import NamedProgram
from admodes.programs.scalars import scalar_program
from admodes.programs.sweep import pull, push, reached
from admodes.views.result import Result
from admodes.views.tables import Table

BOUND = (4, 5)
"""Griewank and Walther's bound on cost(gradient) ÷ cost(f), and that of Baur and Strassen. It
depends on what counts as an operation, hence two figures."""


@dataclass
class Counts(Result):
    """Operations by kind: of f, of its partials, of each forward sweep (by input), of each reverse
    sweep (by output); length is the number of operations in the list; live the values that must be
    kept at once: for f and a forward sweep, and for a reverse sweep. For f, a forward and a reverse
    sweep each: depth is the critical path, width the most operations on one level, both in
    operations of the list; memory the bytes that are live at once, tangents and adjoints
    included."""

    f: dict[str, int]
    partials: dict[str, int]
    forward: dict[str, dict[str, int]]
    reverse: dict[str, dict[str, int]]
    length: int
    live: dict[str, int]
    depth: dict[str, int]
    width: dict[str, int]
    memory: dict[str, int]
    title: str = field(default="", kw_only=True)

    @property
    def sweeps(self) -> dict[str, int]:
        """How many sweeps the whole Jacobian takes in each mode."""
        return {"forward": len(self.forward), "reverse": len(self.reverse)}

    @property
    def totals(self) -> dict[str, dict[str, int]]:
        """The sweeps of a whole Jacobian in each mode, added up."""
        return {
            mode: dict(sum((Counter(c) for c in getattr(self, mode).values()), Counter()))
            for mode in ("forward", "reverse")
        }

    @property
    def ratio(self) -> dict[str, float] | None:
        """(f + partials + all sweeps of a mode) ÷ f, in operations without moves: what the
        gradient, or the whole Jacobian, costs in units of f; None where f has none."""
        own, shared = arithmetic(self.f), arithmetic(self.partials)
        if not own:
            return None
        return {k: (own + shared + arithmetic(c)) / own for k, c in self.totals.items()}

    @property
    def bound(self) -> list[int]:
        """What theory allows ratio["reverse"] to be, in units of f: BOUND for each output."""
        return [k * self.sweeps["reverse"] for k in BOUND]

    def _data(self) -> dict[str, Any]:
        more = {k: getattr(self, k) for k in ("sweeps", "totals", "ratio", "bound")}
        return {k: v for k, v in vars(self).items() if k != "title"} | more

    def parts(self) -> dict[str, dict[str, int]]:
        """The lines of the table."""
        parts = {"f": self.f, "partials": self.partials}
        for mode in ("forward", "reverse"):
            sweeps = getattr(self, mode)
            if len(sweeps) <= 4:
                parts |= {f"{mode} sweep for {name}": c for name, c in sweeps.items()}
            if self.sweeps[mode] != 1:
                parts[f"all {self.sweeps[mode]} {mode} sweeps"] = self.totals[mode]
        return parts

    def notes(self) -> list[str]:
        """What stands below the table."""
        depth, width, memory = self.depth, self.width, self.memory
        notes = [
            f"{_operations(self.length)} in the list; values live at once: {self.live['forward']} "
            f"forward, {self.live['reverse']} reverse",
            f"critical path: {_operations(depth['f'])} forward, {depth['reverse']} reverse; at "
            f"most {width['f']} and {width['reverse']} side by side",
            f"bytes live at once: {memory['f']} in f, {memory['forward']} in a forward and "
            f"{memory['reverse']} in a reverse sweep",
            "partials are evaluated once and shared by all sweeps",
        ]
        if self.ratio is not None:
            low, high = self.bound
            notes.append(
                f"(f + partials + sweeps) ÷ f: {self.ratio['forward']:.3g} forward, "
                f"{self.ratio['reverse']:.3g} reverse; bound {low} to {high} for reverse (Baur, "
                "Strassen 1983; Griewank, Walther 2008)"
            )
        return notes

    def tables(self, format: str = "text") -> list[Table]:
        """One line per part, one column per kind that occurs."""
        parts = self.parts()
        occurring = [k for k in KINDS if any(part.get(k) for part in parts.values())]
        kinds = occurring or [KINDS[0]]
        rows = [[name, *(str(c.get(k, 0)) for k in kinds)] for name, c in parts.items()]
        title = "Exact operation counts"
        return [Table(title, ["", *kinds], rows, [False] * (1 + len(kinds)), self.notes())]


def _operations(number: int) -> str:
    return f"{number} operation{'' if number == 1 else 's'}"


@dataclass
class ArrayCounts(Counts):
    """Counts of operations on whole arrays: forward has one sweep, for any direction, reverse one
    for each output array with any weights. repeats: how many of each a whole Jacobian takes.
    together: one reverse sweep for the sum of all outputs, where there are several. whole: the
    operations that are counted as one function per entry, such as solve."""

    repeats: dict[str, dict[str, int]]
    together: dict[str, int]
    whole: list[str]

    @property
    def sweeps(self) -> dict[str, int]:
        """How many sweeps the whole Jacobian takes in each mode."""
        return {mode: sum(found.values()) for mode, found in self.repeats.items()}

    @property
    def totals(self) -> dict[str, dict[str, int]]:
        """The sweeps of a whole Jacobian in each mode, added up."""
        return {
            mode: total(
                {k: n * self.repeats[mode][name] for k, n in c.items()}
                for name, c in getattr(self, mode).items()
            )
            for mode in ("forward", "reverse")
        }

    def parts(self) -> dict[str, dict[str, int]]:
        """The lines of the table."""
        parts = super().parts()
        if len(self.reverse) > 1:
            parts["one reverse sweep for their sum"] = self.together
        return parts

    def notes(self) -> list[str]:
        """What stands below the table."""
        notes = [*super().notes(), "(m, k) @ (k, n) takes m k n multiplications"]
        if self.whole:
            notes.append(f"counted as one function per entry: {', '.join(self.whole)}")
        return notes


ANY = "any seed"
"""The one forward sweep of counts of arrays."""


def count(f: Callable, *args: Any, rows: str = "auto") -> Counts:
    """Count the operations of f at args and of its forward and reverse sweeps, exactly.

    rows: "scalar" (every entry of an array argument is one input direction, every entry of a result
    one output), "array" (operations on whole arrays, an ArrayCounts: one forward and one reverse
    sweep, and how many of them a Jacobian takes) or "auto": arrays where an argument has two axes
    or more and f computes with whole arrays. The counts depend on the path that f takes at args,
    not on the machine.

    Raises ValueError for an unknown word.

    >>> import admodes as ad
    >>> def product(x):
    ...     p = x[0]
    ...     for i in range(1, 16):
    ...         p = p * x[i]
    ...     return p
    >>> c = ad.count(product, [2.0] * 16)
    >>> c.totals["forward"]["multiplications"], c.totals["reverse"]["multiplications"]
    (480, 30)
    >>> import numpy as np
    >>> c = ad.count(lambda W, x: np.sum(W @ x), np.ones((4, 3)), np.ones(3))
    >>> c.f, c.reverse["y"]["multiplications"]
    ({'additions': 11, 'multiplications': 12}, 24)
    """
    return counts_of(counted(f, args, rows))


def count_named(
    arguments: Sequence[str],
    f: Callable,
    args: tuple,
    names: Sequence[str],
    outputs: Sequence[str] | None,
    title: str = "",
) -> Counts:
    """The counts of f at args as ad.count has them, by names: arguments has one per argument, names
    one per number of the arguments and outputs one per number of the results."""
    counts = counts_of(counted(f, args, names=arguments, components=(names, outputs)))
    counts.title = title
    return counts


def counted(
    f: Callable,
    args: tuple,
    rows: str = "auto",
    names: Sequence[str] | None = None,
    components: tuple[Sequence[str] | None, Sequence[str] | None] = (None, None),
) -> NamedProgram:
    """The list whose operations are counted: by whole arrays only where an argument is a matrix.
    Names are as in program_of."""
    matrices = any(np.ndim(value(x)) > 1 for x in flatten(args)[0])
    if rows == "scalar" or (rows == "auto" and not matrices):
        return scalar_program(f, args, *components)
    return program_of(f, args, rows, names, components=components)


def counts_of(recorded: NamedProgram) -> Counts:
    """The counts of a list."""
    program = recorded.program
    if not recorded.by_array:
        return count_program(program, recorded.names, recorded.outputs)
    operations = [s for s in program.steps if s.op is not None]
    single = count_program(program, [ANY], recorded.outputs)
    outs = map(program.value, program.outputs)
    sizes = {
        "forward": {ANY: sum(program.steps[x.row].size for x in program.inputs)},
        "reverse": {n: size_of(y) for n, y in zip(recorded.outputs, outs, strict=True)},
    }
    together = _reverse_cost(program, program.outputs, reached(program))
    whole = dict.fromkeys(s.op.name for s in operations if is_whole(s))
    return ArrayCounts(**vars(single), repeats=sizes, together=together, whole=list(whole))


def count_program(program: WengertList, inputs: list[str], outputs: list[str]) -> Counts:
    """The counts of a recorded list."""
    operations = [s for s in program.steps if s.op is not None]
    moved = reached(program)
    sweep = _forward_cost(program)
    depth, width = levels(program)
    return Counts(
        f=total(cost(s, program) for s in operations),
        partials=total(partial_cost(row, program, moved) for row in range(len(program.steps))),
        forward={name: dict(sweep) for name in inputs},
        reverse={
            name: _reverse_cost(program, [y], moved)
            for name, y in zip(outputs, program.outputs, strict=True)
        },
        length=len(operations),
        live={
            "forward": peak(program, [step.size for step in program.steps]),
            "reverse": sum(s.size for s in program.steps),
        },
        depth=depth,
        width=width,
        memory=memory(program),
    )


def _forward_cost(program: WengertList) -> dict[str, int]:
    """One forward sweep, in which every input is taken to have a tangent."""
    costs = Costs(program)
    list(push(program, {x.row: True for x in program.inputs}, costs))
    return total(costs.spent)


def _reverse_cost(program: WengertList, outputs: Sequence[Any], moved: set[int]) -> dict[str, int]:
    """One reverse sweep for the sum of some outputs; moved: the rows that inputs reach."""
    costs = Costs(program)
    list(pull(program, [(y.row, True) for y in outputs if isinstance(y, Ref)], costs, moved))
    return total(costs.spent)
