"""A recorded list as data and as lines: a list and the names of its rows go in; lines such as v3 =
v1 * v2 and guard v3 > 0 is True come out, or the same as dicts for JSON."""

from __future__ import annotations

import itertools
import re
import textwrap
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from admodes.core.record import Guard, Ref, Step, WengertList
from admodes.core.values import shape_of
from admodes.ops.notation import index_text
from admodes.programs.rewriting import uses
from admodes.views.dialects import Text
from admodes.views.filling import fill

MOST_ARGUMENTS = 8
"""Of more arguments the first ones and the last are shown."""

_SIGNS = {"≥": ">=", "≤": "<=", "≠": "!=", "=": "==", "∧": "&", "∨": "|"}


@dataclass
class Line:
    """A row, guard or output: kind, the rows it belongs to, its text, and the shape and dtype of
    the value of a row."""

    kind: str
    row: int | None
    text: str
    shape: tuple[int, ...] | None = None
    dtype: str | None = None


def lines(
    program: WengertList, names: list[str], inputs: Sequence[str], outputs: Sequence[str]
) -> list[Line]:
    """The list from top to bottom, names being those of its rows; a test that only steers stands
    in its guard. The turns of a loop stand before its row, farther to the right."""
    inputs_of = {x.row: n for x, n in zip(program.inputs, inputs, strict=True)}
    inputs_of = {row: inputs_of.get(row, "captured array") for row in range(len(program.steps))}
    found = _rows(program, names, inputs_of, itertools.count())
    for name, y in zip(outputs, program.outputs, strict=True):
        row = y.row if isinstance(y, Ref) else None
        shown = Text(6).array(y) if row is None else names[row]
        if shown != name:
            found.append(Line("output", row, f"{name} = {shown}"))
    return found


def _rows(
    program: WengertList, names: list[str], inputs: Mapping[int, str], numbers: Iterator[int]
) -> list[Line]:
    """The rows and guards of a list, of the rows that are inputs those among inputs; numbers are
    those of the rows of loops."""
    hidden = _only_steering(program)
    due = program.due()
    found: list[Line] = []
    for i, step in enumerate(program.steps):
        if step.op is None:
            right = inputs.get(i)
        else:
            region = step.op.turns(step.params)
            if region is not None:
                before, right = _turns(i, step, region, names, numbers)
                found += before
            else:
                right = expression(step, names)
        if i not in hidden and right is not None:
            text = names[i] if names[i] == right else f"{names[i]} = {right}"
            found.append(Line("row", i, text, step.shape, step.dtype.name))
        found += [Line("guard", i, _guard_text(g, program, names, hidden)) for g in due.get(i, [])]
    return found


def _turns(
    row: int, step: Step, region: Any, names: Sequence[str], numbers: Iterator[int]
) -> tuple[list[Line], str]:
    """One turn of a loop, and what its row is in words."""
    body, first = region.body, region.carried
    args = [_atom(a, names) for a in step.args]
    inside = _names_inside(region, args, names, numbers)
    ends = [_atom(y, inside) for y in body.outputs]
    state = {
        x.row: f"{args[k]}, then {ends[k]} of the turn before"
        for k, x in enumerate(body.inputs[:first])
    }
    turns = [*map(str, region.turns)]
    shown = turns if len(turns) < 5 else [*turns[:2], "…", turns[-1]]
    found = [Line("loop", row, f"for i = {', '.join(shown)}:")]
    found += [
        replace(line, row=row, text=f"  {line.text}")
        for line in _rows(body, inside, state, numbers)
    ]
    groups = {"the last": ends[:first], "all": ends[first:]}
    return found, "; ".join(f"{how} {', '.join(ys)}" for how, ys in groups.items() if ys)


def _names_inside(
    region: Any, args: Sequence[str], names: Sequence[str], numbers: Iterator[int]
) -> list[str]:
    """The names of the rows of one turn. What the turn gets from outside has the name that it has
    there; other rows are numbered, unless the user has named them."""
    body = region.body
    outside = {
        x.row: f"{arg}[i]" if region.of_turns(k) else arg
        for k, (x, arg) in enumerate(zip(body.inputs, args, strict=True))
        if k >= region.carried
    }
    given = Counter(step.name for step in body.steps)
    found = []
    for row, step in enumerate(body.steps):
        name = outside.get(row) or step.name
        if name is None or (row not in outside and (given[name] > 1 or name in names)):
            name = f"t{next(numbers)}"
        found.append(name)
    return found


def _only_steering(program: WengertList) -> set[int]:
    """The tests that nothing but branches reads."""
    read = uses(program)
    branches = (g for g in program.guards if g.decide is bool)
    steering = Counter(a.row for g in branches for a in g.args if isinstance(a, Ref))
    return {
        i
        for i, step in enumerate(program.steps)
        if step.is_test and read[i] and read[i] == steering[i]
    }


def _guard_text(guard: Guard, program: WengertList, names: list[str], hidden: set[int]) -> str:
    expected = Text(6).array(guard.expected) if np.ndim(guard.expected) else guard.expected
    if guard.decide is bool:
        (a,) = guard.args
        tested = a.row in hidden if isinstance(a, Ref) else False
        what = expression(program.steps[a.row], names) if tested else _atom(a, names)
    else:
        inside = ", ".join(_atom(a, names) for a in guard.args)
        what = inside if guard.decide is np.asarray else f"{_decision(guard.decide)}({inside})"
    return f"guard {what} is {expected}"


def _decision(decide: Any) -> str:
    """The name of the function that decides."""
    return getattr(decide, "__name__", "decision")


def expression(step: Step, names: Sequence[str]) -> str:
    """What a row is: operations that Python has a sign for with that, others as calls.

    >>> from admodes.core.record import record
    >>> program = record(lambda x: 3 * x[0] - x.sum(axis=0), np.ones(2))
    >>> [expression(step, ["x", "a", "b", "c", "d"]) for step in program.steps[1:]]
    ['x[0]', '3 * a', 'sum(x, axis=0)', 'b - c']
    """
    op = step.op
    atoms = [_atom(a, names) for a in step.args]
    params = dict(step.params or {})
    form = op.form.text
    if form in ("⟦0⟧[⟦index⟧]", "-⟦0⟧"):
        index = index_text(params.get("index"))
        return form.replace("⟦0⟧", atoms[0]).replace("⟦index⟧", index)
    sign = re.fullmatch(r"⟦0⟧ ?(\S{1,2}) ?⟦1⟧", form)
    if sign and op.entrywise and (op.elementwise or op.is_test) and sign[1] != "^":
        return f"{atoms[0]} {_SIGNS.get(sign[1], sign[1])} {atoms[1]}"
    if len(atoms) > MOST_ARGUMENTS:
        atoms = [*atoms[:3], "…", atoms[-1]]
    given = [f"{k}={_parameter(v)}" for k, v in params.items() if v is not None and v is not False]
    return f"{op.name}({', '.join([*atoms, *given])})"


def _atom(a: Any, names: Sequence[str]) -> str:
    return names[a.row] if isinstance(a, Ref) else Text(6).array(a)


def _parameter(x: Any) -> str:
    if isinstance(x, np.ndarray):
        return Text(6).array(x)
    if isinstance(x, slice) or (isinstance(x, tuple) and any(isinstance(p, slice) for p in x)):
        return f"[{index_text(x)}]"
    return x.name if isinstance(x, np.dtype) else repr(x)


def listed(made: list[Line], width: int = 80) -> list[str]:
    """The lines as text, with the shapes of arrays in a column at the right; long ones fold."""
    shapes = [_shape(line) for line in made]
    room = width - 4 - max(map(len, shapes), default=0)
    widths = [len(line.text) for line, s in zip(made, shapes, strict=True) if s]
    column = max((n for n in widths if n <= room), default=0)
    shown = (
        f"  {line.text:<{column}}  {s}" if s else f"  {line.text}"
        for line, s in zip(made, shapes, strict=True)
    )
    return [
        part
        for line in shown
        for part in (
            [line]
            if len(line) <= width
            else textwrap.wrap(
                line,
                width,
                subsequent_indent="      ",
                break_long_words=False,
                break_on_hyphens=False,
            )
        )
    ]


def _shape(line: Line) -> str:
    if line.kind != "row" or not line.shape:
        return ""
    kind = "" if line.dtype == "float64" else f" {line.dtype}"
    return f"{line.shape}{kind}"


def row_data(program: WengertList, i: int, names: Sequence[str]) -> dict[str, Any]:
    """A row as JSON data; arrays by shape and dtype alone."""
    step = program.steps[i]
    args = [
        {"row": a.row} if isinstance(a, Ref) else {"const": a if shape_of(a) else _number(a)}
        for a in step.args
    ]
    params = {k: _parameter(v) for k, v in (step.params or {}).items()}
    shape = list(step.shape)
    region = None if step.op is None else step.op.turns(step.params)
    return {
        "row": i,
        "name": names[i],
        "op": "input" if step.op is None else step.op.name,
        "args": args,
        "params": params,
        "text": "" if step.op is None else expression(step, names),
        "value": None if shape else _number(step.value),
        "shape": shape,
        "dtype": step.dtype.name,
        **({} if region is None else {"loop": _loop_data(region, step, names)}),
    }


def _loop_data(region: Any, step: Step, names: Sequence[str]) -> dict[str, Any]:
    """The turns of a loop as JSON data: how many; how many of the inputs of one are its state, and
    belong to it alone; its rows, and which of them are the state after it and its results."""
    body = region.body
    args = [_atom(a, names) for a in step.args]
    inside = _names_inside(region, args, names, itertools.count())
    return {
        "turns": region.n,
        "backwards": region.backwards,
        "carried": region.carried,
        "per_turn": region.per_turn,
        "inputs": [x.row for x in body.inputs],
        "rows": [row_data(body, k, inside) for k in range(len(body.steps))],
        "outputs": [y.row if isinstance(y, Ref) else _number(y) for y in body.outputs],
        "guards": guard_data(body, inside),
    }


def _number(x: Any) -> Any:
    return x.item() if isinstance(x, np.generic) else x


def guard_data(program: WengertList, names: Sequence[str]) -> list[dict[str, Any]]:
    """The guards as JSON data."""
    hidden = _only_steering(program)
    return [
        {
            "text": _guard_text(g, program, list(names), hidden),
            "rows": [a.row for a in g.args if isinstance(a, Ref)],
            "expected": g.expected,
        }
        for g in program.guards
    ]


def asked(guard: Guard, program: WengertList, labels: Sequence[str]) -> str:
    """What a branch of control flow asked."""
    atoms = [
        (labels[a.row], False) if isinstance(a, Ref) else (Text(6).number(a), True)
        for a in guard.args
    ]
    if guard.decide is not bool:
        return fill(guard.decide.form.text, atoms, Text(6))  # type: ignore[attr-defined]
    return atoms[0][0] if program.steps[guard.last].is_test else f"{atoms[0][0]} ≠ 0"
