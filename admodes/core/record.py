"""Recording: a carrier that writes every operation it meets into a Program, the Wengert list."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np

from admodes.core.carrier import Carrier, Level, call
from admodes.core.op import frozen, plain_params
from admodes.core.pytree import Tree, check_output, checked_input, flatten, unflatten


class Ref(NamedTuple):
    """An argument that is the result of an earlier step."""

    row: int


@dataclass
class Step:
    """One entry of the list: `op` applied to `args` (a Ref or a constant each) gave `value`.

    op is None for an input. branches holds the truth values that the function's control flow took
    from this step, tests those of comparisons with it that are no steps of their own (operation,
    arguments, truth); name is what the user called the result.
    """

    op: Any
    args: tuple
    params: dict | None
    value: Any
    branches: list[bool] = field(default_factory=list)
    tests: list[tuple] = field(default_factory=list)
    name: str | None = None

    @property
    def is_test(self) -> bool:
        """Whether this is a comparison: a truth value without derivative."""
        return self.op is not None and self.op.is_test


@dataclass
class Program:
    """A recorded list. inputs and outputs are Refs (an output may be a constant)."""

    steps: list[Step]
    inputs: list[Ref]
    outputs: list[Any]
    out_tree: Tree

    def arguments(self, step: Step) -> tuple:
        """The values that step was applied to."""
        return tuple(self.steps[a.row].value if isinstance(a, Ref) else a for a in step.args)


class Recorded(Carrier):
    """A value with its place in the list being recorded."""

    __slots__ = ("__weakref__", "row", "shares", "steps")
    content = ("primal", "row", "steps")

    def __init__(self, level: Level, primal: Any, row: int, steps: list[Step]) -> None:
        self.level = level
        self.primal = primal
        self.row = row
        self.steps = steps

    def apply(self, op: Any, args: tuple, params: dict | None) -> Any:
        level = self.level
        mine = [a.__class__ is Recorded and a.level is level for a in args]
        primals = tuple(a.primal if own else a for a, own in zip(args, mine, strict=True))
        y = op.dispatch(primals, params)
        refs = tuple(Ref(a.row) if own else a for a, own in zip(args, mine, strict=True))
        y = bool(y) if y.__class__ is np.bool_ else y
        self.steps.append(Step(op, frozen(refs), plain_params(params), y))
        return Recorded(level, y, len(self.steps) - 1, self.steps)

    def unary(self, op: Any) -> Any:
        return self.apply(op, (self,), None)

    def __bool__(self) -> bool:
        taken = bool(self.primal)
        self.steps[self.row].branches.append(taken)
        return taken


def named(x: Any, name: str) -> Any:
    """x, whose row in a recorded list is from now on called name."""
    if x.__class__ is Recorded and x.steps[x.row].op is not None:
        x.steps[x.row].name = name
    return x


def record(f: Callable, *args: Any) -> Program:
    """Run f at args and record every operation, in order. Inputs are pytrees of numbers and arrays.

    Raises TypeError for values that are no numbers.

    >>> from admodes.core.record import record
    >>> [step.op.name for step in record(lambda x, y: x * y + x, 2.0, 3.0).steps[2:]]
    ['multiply', 'add']
    """
    xs, tree = flatten(args)
    level = Level()
    steps: list[Step] = []
    inputs = []
    for x in xs:
        leaf = checked_input(x, "record", copy=True)
        steps.append(Step(None, (), None, leaf))
        inputs.append(Recorded(level, leaf, len(steps) - 1, steps))
    try:
        leaves, out_tree = flatten(call(f, unflatten(tree, inputs)))
    finally:
        level.alive = False
    for leaf in leaves:
        check_output(leaf, level, f)
    outputs = [Ref(y.row) if isinstance(y, Recorded) and y.level is level else y for y in leaves]
    return Program(steps, [Ref(x.row) for x in inputs], outputs, out_tree)
