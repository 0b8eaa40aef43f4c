"""The steps of a loop that is stated as one: a user's function, how often it is called, and on
what; run one by one, or as the region of its list.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np

from admodes.core.calling import call, calling_through, held
from admodes.core.carrier import Carrier, innermost, is_numpys
from admodes.core.held import Held
from admodes.core.inplace import lent
from admodes.core.program import Ref, Step, WengertList
from admodes.core.pytree import Tree, checked_input, flatten, flatten_like, own, unflatten
from admodes.core.record import Recorded, record_leaves
from admodes.core.values import FLOAT, blank, canonical, owner, shape_of
from admodes.core.watching import Watch
from admodes.errors import BadValue
from admodes.loops.extracting import part, rows_between
from admodes.loops.operations import looped, wants_turns
from admodes.loops.region import OtherBranch, Region
from admodes.loops.running import run
from admodes.ops.shaping import stack


class Steps:
    """n steps: taken_apart(step(state, x, *params)) is the next state and what else a step gives,
    where x is the entries of series, a pytree of arrays, or the number of the step for None."""

    def __init__(
        self,
        who: str,
        step: Callable,
        taken_apart: Callable[[Any], tuple],
        state: Any,
        n: int,
        params: tuple,
        series: Any,
    ) -> None:
        self.who = f"{who}({getattr(step, '__name__', type(step).__name__)})"
        self.step, self.taken_apart, self.n = step, taken_apart, n
        leaves, self.state_tree = flatten(state)
        self.state = [checked_input(x, self.who, copy=True, complex_too=True) for x in leaves]
        self.params, self.params_tree = flatten(params)
        self.series, tree = flatten(() if series is None else series)
        self.series_tree = None if series is None else tree
        self.results_tree: Tree | None = None
        for x in self.series:
            if shape_of(x)[:1] != (n,):
                raise BadValue(
                    f"{self.who}: per_step of shape {shape_of(x)} for n={n} steps: the first axis "
                    "has one entry per step"
                )

    def run(self) -> tuple[Any, Any]:
        """The last state, and what all steps give with a leading axis of steps."""
        state, columns = self._in_one() or self._one_by_one()
        results = unflatten(self.results_tree, columns) if self.results_tree else ()
        return unflatten(self.state_tree, state), results

    def point(self) -> tuple[Any, tuple] | None:
        """The state and the parameters as plain values, where one of them is traced; None where
        none is, and where there are several samples."""
        leaves = [*self.state, *self.params]
        values = [innermost(x) for x in leaves]
        pairs = zip(leaves, values, strict=True)
        if not any(map(_is_traced, leaves)) or any(shape_of(x) != np.shape(v) for x, v in pairs):
            return None
        first = len(self.state)
        return (
            unflatten(self.state_tree, values[:first]),
            unflatten(self.params_tree, values[first:]),
        )

    def once(self, i: Any, state: list, xs: list, params: list) -> tuple[list, list]:
        """The leaves of the state after a step, and of what else it gives."""
        x = i if self.series_tree is None else unflatten(self.series_tree, xs)
        before = unflatten(self.state_tree, list(map(_lent, state)))
        y = call(self.step, (before, x, *unflatten(self.params_tree, params)), direct=True)
        after, results = self.taken_apart(y)
        leaves = flatten_like(after, self.state_tree, f"{self.who}: the result", "the state")
        for old, new in zip(state, leaves, strict=True):
            if shape_of(old) != shape_of(new):
                raise BadValue(
                    f"{self.who}: a part of the state has shape {shape_of(old)} before a step and "
                    f"{shape_of(new)} after it: begin with an array of the later shape"
                )
        if self.results_tree is None:
            self.results_tree = flatten(results)[1]
        found = flatten_like(results, self.results_tree, f"{self.who}: a result", "the one before")
        return leaves, found

    def _one_by_one(self) -> tuple[list, list]:
        state, columns = self.state, []
        for i in range(self.n):
            state, results = self.once(
                i, state, [canonical(x[i]) for x in self.series], self.params
            )
            columns.append(results)
        return state, [stack(list(ys)) for ys in zip(*columns, strict=True)]

    def _in_one(self) -> tuple[list, list] | None:
        """The same by the region of a step; None where there is none."""
        args = [*self.state, *self.series, *self.params]
        if self.n < 2 or wants_turns(args):
            return None
        found = region_of(self)
        if found is None:
            return None
        ys = looped(*found)
        return ys[: len(self.state)], ys[len(self.state) :]


def region_of(steps: Steps) -> tuple[Region, list] | None:
    """The region of a step, and its arguments; None where nothing is traced, where a value is no
    float64, where the list of a step cannot be had by itself, and where steps differ in it."""
    series = steps.series or [np.arange(float(steps.n))]
    arrays = [k for k, x in enumerate(steps.params) if isinstance(x, (Carrier, np.ndarray))]
    args = [*steps.state, *series, *(steps.params[k] for k in arrays)]
    first, last = len(steps.state), len(steps.state) + len(series)
    plain = [_plain(x) for x in args]
    if not all(np.asarray(x).dtype == FLOAT for x in plain):
        return None

    def turn(*leaves: Any) -> list[Any]:
        given = list(steps.params)
        for k, x in zip(arrays, leaves[last:], strict=True):
            given[k] = x
        after, results = steps.once(
            leaves[first], list(leaves[:first]), list(leaves[first:last]), given
        )
        return [*after, *results]

    point = [canonical(x[0]) if first <= k < last else x for k, x in enumerate(plain)]
    body = _recorded(turn, point, steps, args)
    if body is None or (Watch.open and any(map(_has_kinks, body.steps))):
        return None
    inputs = _inputs(body, args)
    if not inputs or not any(isinstance(a, Carrier) for _, a in inputs):
        return None
    read = rows_between(body, (), [*body.outputs, *(a for g in body.guards for a in g.args)])
    inputs = [pair for k, pair in enumerate(inputs) if k < first or pair[0].row in read]
    per_turn = sum(x.row in read for x in body.inputs[first:last])
    body = part(body, [x for x, _ in inputs], body.outputs, body.guards)
    region = Region(body, steps.n, first, per_turn)
    given = [a for _, a in inputs]
    if body.guards:
        try:
            run(*map(_plain, given), region=region)
        except OtherBranch:
            return None
    return region, given


def _recorded(turn: Callable, point: list, steps: Steps, args: list) -> WengertList | None:
    """The list of a step at plain values. What it captures a recording outside reads anew."""
    outside = next((h for h in map(_held_outside, args) if h is not None), None)
    refusals = {} if outside is None else dict(outside.refusals)
    numpys = any(map(is_numpys, args))
    try:
        with calling_through(None):
            return record_leaves(
                turn, point, steps.step, outside, values=False, numpys=numpys, loops=True
            )
    except Exception:
        # If it is an error of the step, one by one the steps raise it.
        if outside is not None:
            outside.refusals = refusals
        return None


def _inputs(body: WengertList, args: list) -> list[tuple[Ref, Any]]:
    """The inputs of a list and their arguments; those are inputs too that it has captured, arrays
    and traced values. Empty where one of them is no float64, or what a step gives is none: a region
    would make one of it."""
    steps = body.steps
    found = list(zip(body.inputs, args, strict=True))
    found += [(Ref(row), array) for row, array in body.captured.items()]
    known: dict[Any, Ref] = {}

    def lifted(a: Any) -> Any:
        if not isinstance(a, Carrier):
            return a
        key = _identity(a)
        if key not in known:
            steps.append(Step(None, (), None, a))
            known[key] = Ref(len(steps) - 1)
            found.append((known[key], a))
        return known[key]

    for k in range(len(steps)):
        steps[k] = replace(steps[k], args=tuple(map(lifted, steps[k].args)))
    body.outputs[:] = map(lifted, body.outputs)
    for k, step in enumerate(steps):
        if isinstance(step.like, Carrier):
            like = np.zeros(step.shape, step.dtype)
            steps[k] = replace(step, like=blank(like) if step.shape else like.item())
    fixed = (a for step in steps for a in step.args if isinstance(a, np.ndarray))
    if any(id(owner(a)) in held() for a in fixed):
        return []
    given = (*(x for x, _ in found), *body.outputs)
    return found if all(np.asarray(body.like(x)).dtype == FLOAT for x in given) else []


def _identity(a: Carrier) -> Any:
    """What the clones of a carrier have in common."""
    if not a.content:
        return id(a)
    parts = (getattr(a, name) for name in a.content)
    return (a.level.serial, *(x if x.__class__ is int else id(x) for x in parts))


def _plain(x: Any) -> Any:
    """An argument as a plain value; of several samples the first one."""
    value = np.asarray(innermost(x))
    while value.ndim > len(shape_of(x)):
        value = value[0]
    return canonical(value.astype(FLOAT) if value.dtype.kind in "iu" else value)


def _held_outside(x: Any) -> Held | None:
    """What a recording holds of which a value is a row."""
    while isinstance(x, Carrier):
        if isinstance(x, Recorded):
            return x.recording.held
        x = x.primal
    return None


def _has_kinks(step: Step) -> bool:
    """Whether second derivatives may have to be warned of this operation, with its line."""
    return step.op is not None and (step.op.kinked or step.op.is_test)


def _is_traced(x: Any) -> bool:
    return isinstance(x, Carrier)


def _lent(x: Any) -> Any:
    return lent(x) if isinstance(x, Carrier) else own(x)
