"""ad.checkpointed_loop: a long loop whose reverse sweep keeps a few snapshots of its state."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from admodes.checkpointing.binomial import checked, states
from admodes.checkpointing.carriers import (
    Unrecorded,
    add_up,
    cloned,
    nodes_at,
    put_on,
    taken_off,
)
from admodes.checkpointing.recompute import Trial, collapsed, compare, pulled, samples
from admodes.core.carrier import Carrier, Level, call
from admodes.core.pytree import Tree, flatten, flatten_like, own, unflatten
from admodes.core.space import zeros
from admodes.core.tape import node_of, traced_input
from admodes.core.values import frozen_one, shape_of
from admodes.errors import BadType, BadValue
from admodes.ops.shaping import stack


def checkpointed_loop(
    step: Callable,
    state: Any,
    n: int,
    *params: Any,
    per_step: Any = None,
    snapshots: int | None = None,
) -> Any:
    """The state after n steps, state = step(state, i, *params) for i = 0 … n - 1, of which a
    reverse sweep keeps no more than so many states at a time and the inside of one step.

    per_step: arrays (a pytree of them) with a leading axis of length n, of which step gets the
    entries of its turn in the place of i: step(state, x_i, *params). state and params are pytrees;
    step returns a state of the same structure. All of them are differentiated, and so are traced
    values that step closes over. snapshots: by default as many as n has binary digits.

    The sweep follows Griewank and Walther's binomial schedule, which evaluates the fewest steps
    that are possible with so many snapshots (the first state is one of them): ad.revolve(n,
    snapshots) counts and shows them. One gradient calls step `.evaluations` times: `.advances`
    times without recording, n times recorded, and once more for the last state. A second sweep of
    the same pullback begins again in the first state. Derivatives of all orders are right, and a
    reverse mode nested with forward modes keeps to the schedule; reverse over reverse keeps a few
    states of every step (but not its inside) for the outer sweep. A program (ad.record, ad.compile)
    is the list of all steps, and saves nothing.

    Every evaluation of a step must give the same values. Raises ValueError where one does not
    (a few entries are compared), for a result that has not the structure of the state, for a
    per_step without n entries, for negative n or no snapshot, and where a step changes a parameter
    in place; TypeError where step is no function or a number no integer.

    A. Griewank, Achieving logarithmic growth of temporal and spatial complexity in reverse
    automatic differentiation, Optimization Methods and Software 1 (1992); A. Griewank and A.
    Walther, Algorithm 799: revolve, ACM Transactions on Mathematical Software 26 (2000).

    >>> import admodes as ad
    >>> def growth(state, i, rate):
    ...     return state + 0.1 * rate * state * (1 - state)
    >>> def last(rate):
    ...     return ad.checkpointed_loop(growth, 0.1, 100, rate, snapshots=5)
    >>> round(ad.grad(last)(0.5), 8)
    0.54642522
    """
    if not callable(step):
        raise BadType(f"checkpointed_loop takes a function as its first argument, got {step!r}")
    n, snapshots = checked(n, snapshots, "checkpointed_loop")
    leaves, tree = flatten(state)
    given, params_tree = flatten(params)
    series, series_tree = flatten(() if per_step is None else per_step)
    for x in series:
        if shape_of(x)[:1] != (n,):
            raise BadValue(
                f"checkpointed_loop: per_step of shape {shape_of(x)} for n={n} steps: the first "
                "axis has one entry per step"
            )
    if not n:
        return unflatten(tree, list(map(_lent, leaves)))
    turns = series_tree if per_step is not None else None
    loop = Loop(step, n, snapshots, tree, params_tree, turns)
    inputs = [*map(own, leaves), *map(_kept, given), *map(_kept, series)]
    return unflatten(tree, collapsed(loop.who, inputs, loop.forward, loop.back))


class Loop:
    """One run of a loop: n steps from a first state, of which only snapshots are kept, and the
    sweeps back through it, which evaluate the steps between snapshots again."""

    def __init__(
        self,
        step: Callable,
        n: int,
        snapshots: int,
        tree: Tree,
        params_tree: Tree,
        turns: Tree | None,
    ) -> None:
        name = getattr(step, "__name__", type(step).__name__)
        self.who = f"checkpointed_loop({name})"
        self.step = step
        self.n = n
        self.snapshots = snapshots
        self.tree = tree
        self.params_tree = params_tree
        self.turns = turns
        self.size = len(_leaves(tree))
        self.first = self.size + len(_leaves(params_tree))
        self.begun: list[tuple[Iterator, list]] = []

    def parts(self, leaves: list) -> tuple[list, list, list]:
        """The leaves of the state, of the parameters, and of what belongs to single steps."""
        return leaves[: self.size], leaves[self.size : self.first], leaves[self.first :]

    def evaluate(self, i: int, state: list, params: list, turn: list) -> list:
        """The state after step i."""
        x = i if self.turns is None else unflatten(self.turns, turn)
        given = unflatten(self.params_tree, list(map(cloned, params)))
        result = call(self.step, (unflatten(self.tree, list(map(_lent, state))), x, *given))
        return flatten_like(result, self.tree, f"{self.who}: the result", "the state")

    def forward(self, trial: Trial, leaves: list) -> list:
        """The last state. What the evaluation has stored serves the first sweep."""
        state, params, series = self.parts(leaves)

        def advance(values: list, i: int) -> list:
            return trial.left(self.evaluate(i, values, params, [x[i] for x in series]))

        walk = states(self.n, self.snapshots, state, advance)
        _, last = next(walk)
        self.trial = trial
        self.begun.append((walk, last))
        result = advance(last, self.n - 1)
        self.expected = samples(result)
        return result

    def back(self, leaves: list, level: Level, ws: dict) -> dict:
        """The contributions of cotangents of the last state, by the serials of nodes."""
        given = [taken_off(x, level.serial + 1) for x in leaves]
        state, params, series = self.parts(given)
        total: dict[int, Any] = {}
        turns: dict[tuple, list] = {}
        expected = self.expected
        for i, values in self._backwards(level, given):
            back = Turn(self, level, i, values, params, series)
            ws, found, slices = back.pulled(ws, expected)
            add_up(total, found)
            for key, w in slices.items():
                turns.setdefault(key, [None] * self.n)[i] = w
            expected = samples(values)
        for j, x in enumerate(state):
            for key, node in nodes_at(x, level, (j,)):
                add_up(total, {node.serial: ws.get(key)})
        for j, x in enumerate(series):
            for key, node in nodes_at(x, level, (j,)):
                if key in turns:
                    add_up(total, {node.serial: _stacked(turns[key])})
        return total

    def _backwards(self, level: Level, leaves: list) -> Iterator:
        """(i, state i), from the last step to the first."""
        begun = self._begun(level)
        if begun is not None:
            walk, last = begun
            del begun
            yield self.n - 1, last
            del last
            yield from walk
            return
        trial = Trial(self.who, level.serial)
        state, params, series = self.parts(trial.entered(leaves))

        def advance(values: list, i: int) -> list:
            # For the earlier levels, on which this is recorded, every step is a stretch.
            def forward(_: Trial, vs: list) -> list:
                return self.evaluate(i, vs, params, [x[i] for x in series])

            return trial.left(collapsed(self.who, values, forward))

        try:
            yield from states(self.n, self.snapshots, state, advance)
        finally:
            trial.level.alive = False

    def _begun(self, level: Level) -> tuple[Iterator, list] | None:
        """What the evaluation has stored, for the first sweep of the earliest level: there is
        nothing of reverse mode left in it, as that level's states need it."""
        if level is not min(self.trial.depends, key=lambda known: known.serial):
            return None
        try:
            return self.begun.pop()
        except IndexError:
            return None


class Turn:
    """Step i in a sweep back: evaluated once more at the state before it (values), now recorded,
    so that cotangents of the state after it can be pulled back through it."""

    def __init__(
        self, loop: Loop, level: Level, i: int, values: list, params: list, series: list
    ) -> None:
        self.loop = loop
        self.level = level
        self.i = i
        self.values = values
        self.params = params
        self.series = series

    def pulled(self, ws: dict, expected: list) -> tuple[dict, dict, dict]:
        """From the cotangents of the state after the step: those of the state before it and of what
        belongs to this step, by key, and the contributions to all else, by serial. expected:
        samples of the state after the step."""
        keys = list(ws)
        names: list = []

        def forward(_: Trial, given: list) -> list:
            state, turn = self._inputs()
            started = {("state", key): node for key, node in state[1].items()}
            started |= {("turn", key): node for key, node in turn[1].items()}

            def run() -> list:
                ys = self.loop.evaluate(self.i, state[0], self.params, turn[0])
                compare(expected, samples(ys), self.loop.who)
                return ys

            found = pulled(self.level, run, dict(zip(keys, given, strict=True)))
            named: dict = {name: found.pop(node.serial, None) for name, node in started.items()}
            named |= {("all", serial): w for serial, w in found.items()}
            names[:] = named
            return list(named.values())

        terms = collapsed(self.loop.who, list(ws.values()), forward)
        parts: dict[str, dict] = {"state": {}, "all": {}, "turn": {}}
        for (part, key), w in zip(names, terms, strict=True):
            if w is not None or part == "turn":
                parts[part][key] = w
        return parts["state"], parts["all"], parts["turn"]

    def _inputs(self) -> tuple[tuple[list, dict], tuple[list, dict]]:
        """The state and what belongs to this step as inputs of a tape, with their nodes by key."""
        state: dict[tuple, Any] = {}
        turn: dict[tuple, Any] = {}
        values = [
            put_on(x.primal, self.level, self._input(state), (j,))
            if x.__class__ is Unrecorded
            else x
            for j, x in enumerate(self.values)
        ]
        slices = []
        for j, x in enumerate(self.series):
            active = next(nodes_at(x, self.level, (j,)), None) is not None
            x = taken_off(x, self.level.serial)[self.i] if active else x[self.i]
            slices.append(put_on(x, self.level, self._input(turn), (j,)) if active else x)
        return (values, state), (slices, turn)

    def _input(self, nodes: dict[tuple, Any]) -> Callable[[Any, tuple], Any]:
        def started(x: Any, key: tuple) -> Any:
            x = float(x) if x.__class__ is np.float64 else x
            made = traced_input(self.level, x)
            nodes[key] = node_of(made, self.level)
            return made

        return started


def _leaves(tree: Tree) -> list:
    if tree.kind is None:
        return [tree]
    return [leaf for branch in tree.branches for leaf in _leaves(branch)]


def _kept(x: Any) -> Any:
    """A parameter as it is now, which no step may change."""
    x = frozen_one(x)
    if x.__class__ is np.ndarray:
        x.flags.writeable = False
    return x


def _lent(x: Any) -> Any:
    """A state for a step to use, which keeps what is stored as it is."""
    return x.copy() if x.__class__ is np.ndarray else cloned(x)


def _stacked(ws: list) -> Any:
    """The cotangents of all steps on a leading axis, zero where nothing arrived."""
    like = next((w for w in ws if w is not None), None)
    if like is None:
        return None
    ws = [zeros(shape_of(like), like) if w is None else w for w in ws]
    if any(isinstance(w, Carrier) for w in ws):
        return stack(ws)
    return np.stack(ws)
