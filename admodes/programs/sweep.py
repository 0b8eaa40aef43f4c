"""The derivative walk over a recorded list: tangents pushed forward, adjoints pulled back.

The walk knows which rows are visited, in which order, and where contributions meet. A domain knows
what a derivative is: a number, a recorded value, an equation, a cost, a pattern. Whatever follows
derivatives through a list is a domain of its own for these two functions.

R. E. Wengert (1964); S. Linnainmaa (1970); A. Griewank and A. Walther, Evaluating Derivatives
(2008), chapter 3.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Container, Iterable, Iterator, Mapping, Sequence
from typing import Any

from admodes.core.carrier import quiet
from admodes.core.record import Ref, Step, WengertList, is_active
from admodes.core.reverse import conjugate
from admodes.core.space import cast, is_complex, zeros
from admodes.ops.arithmetic import add
from admodes.ops.complex import real


class DerivativeDomain:
    """What the walk asks of a kind of derivatives, which has the methods of the walks that it is
    for: push, or pull and add. Rows are given by their positions."""

    push: Callable[[int, list], Any]
    """The tangent of a row from those of its arguments, None for an argument without one."""
    pull: Callable[[int, int, Any], Any]
    """What the adjoint of a row contributes to its argument k; None for nothing."""
    add: Callable[[int, list], Any]
    """The adjoint of a row: all contributions to it, the first being the seed of an output."""

    def __init__(self, program: WengertList) -> None:
        self.program = program
        self.steps = program.steps

    def pulls(self, row: int, ks: Sequence[int], adjoint: Any) -> list[Any]:
        """What the adjoint of a row contributes to each of its arguments ks."""
        return [self.pull(row, k, adjoint) for k in ks]

    def keep(self, row: int, derivative: Any) -> Any:
        """The tangent or adjoint of a row as the rows after it in the walk are to read it: a
        domain may note it here, or give it a name."""
        return derivative


def push(
    program: WengertList, seeds: Mapping[int, Any], domain: DerivativeDomain
) -> Iterator[tuple[int, Any]]:
    """Every row with its tangent, from the first to the last; seeds are those of the inputs.

    None for rows that have no derivative, and for those that no seeded row reaches.

    >>> from admodes.core.record import record
    >>> program = record(lambda x, y: x * y, 2.0, 3.0)
    >>> dict(push(program, {0: 1.0, 1: 0.0}, Numbers(program)))
    {0: 1.0, 1: 0.0, 2: 3.0}
    """
    tangents: list[Any] = []
    for row, step in enumerate(program.steps):
        tangent = None
        if step.op is None:
            tangent = seeds.get(row)
        else:
            dots = [
                tangents[a.row] if is_active(step, k) else None for k, a in enumerate(step.args)
            ]
            if any(dot is not None for dot in dots) and has_derivative(step):
                tangent = domain.push(row, dots)
        tangents.append(None if tangent is None else domain.keep(row, tangent))
        yield row, tangents[row]


def pull(
    program: WengertList,
    seeds: Iterable[tuple[int, Any]],
    domain: DerivativeDomain,
    wanted: Container[int] | None = None,
) -> Iterator[tuple[int, Any]]:
    """Every row that a seeded row depends on with its adjoint, from the last to the first; seeds
    are pairs of a row, mostly of an output, and its seed. wanted: the rows whose adjoints are asked
    for, all that have a derivative unless told; nothing is contributed to others.

    >>> from admodes.core.record import record
    >>> program = record(lambda x, y: x * y, 2.0, 3.0)
    >>> dict(pull(program, [(2, 1.0)], Numbers(program)))
    {2: 1.0, 1: 2.0, 0: 3.0}
    """
    if wanted is None:
        wanted = {row for row, step in enumerate(program.steps) if has_derivative(step)}
    contributions: dict[int, list] = {}
    for row, seed in seeds:
        if row in wanted:
            contributions.setdefault(row, []).append(seed)
    for row, step in reversed(list(enumerate(program.steps))):
        if row not in contributions:
            continue
        adjoint = domain.keep(row, domain.add(row, contributions.pop(row)))
        yield row, adjoint
        ks = [k for k, a in enumerate(step.args) if is_active(step, k) and a.row in wanted]
        for k, contribution in zip(ks, domain.pulls(row, ks, adjoint) if ks else ks, strict=True):
            if contribution is not None:
                contributions.setdefault(step.args[k].row, []).append(contribution)


def has_derivative(step: Step) -> bool:
    """Whether a row is of real or complex numbers that depend differentiably on something."""
    if step.op is not None and step.op.passive:
        return False
    return step.like.__class__ is float or step.dtype.kind in "fc"


def reached(program: WengertList) -> set[int]:
    """The rows that depend differentiably on an input, so that they have a tangent and an adjoint
    in the engines, which calculate with the others as with constants.

    >>> import numpy as np
    >>> from admodes.core.record import record
    >>> program = record(lambda x, y: np.floor(x) * y, 2.5, 3.0)
    >>> reached(program)
    {0, 1, 3}
    """
    seeds = {x.row: True for x in program.inputs}
    return {row for row, tangent in push(program, seeds, Reached(program)) if tangent}


class Reached(DerivativeDomain):
    """In the place of a derivative, that there is one."""

    def push(self, row: int, tangents: list) -> bool:
        return True

    def pull(self, row: int, k: int, adjoint: bool) -> bool:
        return True

    def add(self, row: int, contributions: list) -> bool:
        return True


def output_seeds(program: WengertList, weights: Sequence[Any]) -> list[tuple[int, Any]]:
    """The seeds of an adjoint sweep for weights of the outputs; one that is a constant has none."""
    outputs = zip(program.outputs, weights, strict=True)
    return [(y.row, w) for y, w in outputs if isinstance(y, Ref)]


class Numbers(DerivativeDomain):
    """Derivatives as numbers, arrays or carriers, by the operations' rules at the values of the
    rows: those of the recording unless given."""

    def __init__(self, program: WengertList, values: list[Any] | None = None) -> None:
        super().__init__(program)
        self.values = [step.value for step in self.steps] if values is None else values

    def at(self, row: int) -> tuple:
        """The arguments of a row."""
        args = self.steps[row].args
        return tuple([self.values[a.row] if isinstance(a, Ref) else a for a in args])

    def push(self, row: int, tangents: list) -> Any:
        step = self.steps[row]
        return step.op.jvp(tangents, self.values[row], self.at(row), step.params)

    def pull(self, row: int, k: int, adjoint: Any) -> Any:
        return self.contributions(row, (k,), adjoint)[0]

    def contributions(self, row: int, ks: Sequence[int], adjoint: Any) -> list[Any]:
        """What the adjoint of a row contributes to arguments, by one call of its rule."""
        step = self.steps[row]
        xs = self.at(row)
        terms = step.op.vjps(ks, adjoint, self.values[row], xs, step.params)
        # The adjoint of a real row is real, where complex rows read it.
        return [
            real(t) if t is not None and is_complex(t) and not is_complex(xs[k]) else t
            for k, t in zip(ks, terms, strict=True)
        ]

    def add(self, row: int, contributions: list) -> Any:
        return functools.reduce(add, contributions)


def tangents(program: WengertList, seeds: Mapping[int, Any]) -> list[Any]:
    """The tangent of every row as a number or an array, for seeds of inputs by row; None for rows
    that have none."""
    dots = {row: cast(t, program.steps[row].like) for row, t in seeds.items()}
    with quiet():
        return [t for _, t in push(program, dots, Numbers(program))]


def adjoints(program: WengertList, weights: Sequence[Any]) -> list[Any]:
    """The adjoint of every row as a number or an array, for weights of the outputs: 0 where nothing
    arrives, None for rows that have no derivative. Complex ones are paired as those of ad.vjp."""
    seeds = [
        (row, conjugate(cast(w, program.steps[row].like)))
        for row, w in output_seeds(program, weights)
    ]
    with quiet():
        bars = dict(pull(program, seeds, Numbers(program)))
        return [
            conjugate(cast(bars[row], step.like)) if row in bars else zero_of(step)
            for row, step in enumerate(program.steps)
        ]


def zero_of(step: Step) -> Any:
    """The zero of a row's tangents and adjoints; None where it has no derivative."""
    return zeros(step.shape, step.like) if has_derivative(step) else None
