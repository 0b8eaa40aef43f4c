"""A region run on plain values: by a Python function that is written for it once, with one call of
a kernel a row, or row by row where the arithmetic of Python floats raises, and on other numbers.
"""

from __future__ import annotations

import itertools
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from types import FunctionType
from typing import Any

import numpy as np

from admodes.core.carrier import settled
from admodes.core.generated import of_numbers, warn_of
from admodes.core.program import Guard, Ref, Step, WengertList
from admodes.core.values import ARITHMETIC, FLOAT, canonical
from admodes.loops.region import OtherBranch, Region, size
from admodes.programs.replay import rows_at, same, value_of

Through = Callable[[Region, Sequence[Any]], np.ndarray | None]


class _State(threading.local):
    through: Through | None = None


_STATE = _State()


@contextmanager
def running_through(through: Through | None) -> Iterator[None]:
    """through(region, args) is asked first for the vector that a loop gives, in this thread; where
    it gives None the turns are run as without it."""
    before, _STATE.through = _STATE.through, through
    try:
        yield
    finally:
        _STATE.through = before


def run(*args: Any, region: Region) -> np.ndarray:
    """The value of the operation: the last state, then the results of turns, as one vector.

    Raises OtherBranch where a decision of a turn is not as recorded."""
    if any(getattr(x, "dtype", FLOAT).kind == "O" for x in args):
        return row_by_row(region, args, np.dtype(object))
    xs = [x if x.__class__ is float else canonical(np.asarray(x, FLOAT)) for x in args]
    found = None if _STATE.through is None else _STATE.through(region, xs)
    if found is not None:
        return found
    quick = region.cache.get("run")
    if quick is None:
        quick = region.cache["run"] = _written(region)
    try:
        return quick(*xs)  # type: ignore[no-any-return]
    except ARITHMETIC as error:
        if isinstance(error, OtherBranch):
            raise
        found = row_by_row(region, xs, FLOAT)
        if not of_numbers(error):
            warn_of(error, "a loop", "Its turns are done row by row")
        return found


def row_by_row(region: Region, args: Sequence[Any], dtype: np.dtype) -> np.ndarray:
    """The same, by the operations themselves, on numbers of any kind."""
    state, results = in_turns(region, args)
    parts = [np.ravel(np.asarray(y, dtype)) for y in (*state, *itertools.chain(*results))]
    return np.concatenate(parts) if parts else np.zeros(0, dtype)


def in_turns(region: Region, args: Sequence[Any]) -> tuple[list[Any], list[list[Any]]]:
    """The last state and each result of all turns, by the operations; args may be carriers."""
    body, first, last = region.body, region.carried, region.carried + region.per_turn
    due = body.due()

    def decide(row: int, made: list[Any]) -> bool:
        for guard in due.get(row, ()):
            xs = [value_of(a, made) for a in guard.args]
            found = bool(*xs) if guard.decide is bool else settled(guard.decide, *xs)
            if not same(found, guard.expected):
                return False
        return True

    state = list(args[:first])
    results: list[list[Any]] = [[None] * region.n for _ in body.outputs[first:]]
    for i in region.turns:
        made = rows_at(body, [*state, *(x[i] for x in args[first:last]), *args[last:]], decide)
        if made is None:
            raise _other(i)
        outputs = [value_of(y, made) for y in body.outputs]
        state = outputs[:first]
        for ys, y in zip(results, outputs[first:], strict=True):
            ys[i] = y
    return state, results


def _other(i: int) -> OtherBranch:
    return OtherBranch(
        f"turn {i} of a loop takes another branch than the one it was recorded with: write "
        "ad.where instead of if, or a plain Python loop"
    )


def _written(region: Region) -> Callable:
    """The function of the arguments that runs the turns."""
    writer = _Writer(region.body)
    first, last = region.carried, region.carried + region.per_turn
    names = [f"v{x.row}" for x in region.body.inputs]
    shapes = region.results
    total = size(shapes)
    lines = [f"out = empty({total})"]
    places, start = [], 0
    for k, shape in enumerate(shapes):
        stop = start + size([shape])
        places.append(f"out[{start}:{stop}]" if shape else f"out[{start}]")
        if k >= first:
            lines.append(f"r{k} = {places[k]}.reshape({shape})")
        start = stop
    stacks = {k: f"p{k}" for k in range(first, last)}
    for k in stacks:
        if not region.body.steps[region.body.inputs[k].row].shape:
            lines.append(f"p{k} = p{k}.tolist()")
    turns = region.turns
    lines.append(f"for i in range({turns.start}, {turns.stop}, {turns.step}):")
    inner = [f"{names[k]} = {stack}[i]" for k, stack in stacks.items()]
    inner += writer.rows()
    outputs = [writer.text(y) for y in region.body.outputs]
    inner += [f"r{k}[i] = {outputs[k]}" for k in range(first, len(outputs))]
    if first:
        inner.append(f"{', '.join(names[:first])}, = {', '.join(outputs[:first])},")
    lines += [f"    {line}" for line in inner or ["pass"]]
    for k in range(first):
        shape = shapes[k]
        lines.append(f"{places[k]} = {names[k]}" + (".ravel()" if len(shape) > 1 else ""))
    lines.append("return out")
    given = ", ".join(stacks.get(k, name) for k, name in enumerate(names))
    text = f"def run({given}):\n" + "\n".join(f"    {line}" for line in lines)
    code = compile(text, "<admodes loop>", "exec")
    space = {"empty": np.empty, **writer.space}
    return FunctionType(next(c for c in code.co_consts if hasattr(c, "co_code")), space)


class _Writer:
    """The text of one turn. space: the values of the names in it that are not its own."""

    def __init__(self, body: WengertList) -> None:
        self.body = body
        self.space: dict[str, Any] = {"canonical": canonical, "same": same, "other": _other}

    def bind(self, x: Any, kind: str) -> str:
        """A name for a constant of the text."""
        name = f"{kind}{len(self.space)}"
        self.space[name] = x
        return name

    def text(self, a: Any) -> str:
        return f"v{a.row}" if isinstance(a, Ref) else self.bind(a, "c")

    def rows(self) -> list[str]:
        due = self.body.due()
        lines = []
        for row, step in enumerate(self.body.steps):
            if step.op is not None:
                lines.append(f"v{row} = {self.call(step)}")
            lines += [self.guard(guard) for guard in due.get(row, ())]
        return lines

    def call(self, step: Step) -> str:
        """What the operation does with these arguments, as Op.dispatch finds out each time."""
        op, likes = step.op, self.body.likes(step)
        args = ", ".join(map(self.text, step.args))
        numbers = all(x.__class__ is float for x in likes)
        if numbers and not op.structural and not step.params:
            return f"{self.bind(op.scalar, 'k')}({args})"
        plain = all(x.__class__ is float or getattr(x, "dtype", None) is FLOAT for x in likes)
        if plain and not op.custom:
            params = f", **{self.bind(step.params, 'q')}" if step.params else ""
            call = f"{self.bind(op.array, 'k')}({args}{params})"
            return call if step.shape else f"canonical({call})"
        call = f"{self.bind(op.dispatch, 'k')}(({args},), {self.bind(step.params, 'q')})"
        return f"bool({call})" if step.like.__class__ is bool else call

    def guard(self, guard: Guard) -> str:
        args = ", ".join(map(self.text, guard.args))
        if guard.decide is bool:
            holds = args if guard.expected else f"not {args}"
        else:
            decided = f"{self.bind(guard.decide, 'g')}({args})"
            holds = f"same({decided}, {self.bind(guard.expected, 'e')})"
        return f"if not ({holds}): raise other(i)"
