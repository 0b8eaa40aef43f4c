"""How long, how wide and how large a recorded list is: critical path, operations that could run
side by side, and bytes that are live at once, for f and for its sweeps."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any

from admodes.core.record import Program, Ref, Step
from admodes.programs.sweep import has_derivative

Size = Callable[[Step], int]


def bytes_of(step: Step) -> int:
    """The bytes of a row's value; a number takes 8, as in an array."""
    return step.size * step.dtype.itemsize


def _bytes_with_tangent(step: Step) -> int:
    return bytes_of(step) * (2 if has_derivative(step) else 1)


def peak(program: Program, size: Size) -> int:
    """The most that is live at once when each value is dropped after its last use."""
    last = {y.row: len(program.steps) for y in program.outputs if isinstance(y, Ref)}
    for i, step in enumerate(program.steps):
        for a in step.args:
            if isinstance(a, Ref):
                last[a.row] = max(last.get(a.row, 0), i)
    live = most = 0
    ending: Counter = Counter()
    for i, step in enumerate(program.steps):
        own = size(step)
        live += own
        most = max(most, live)
        ending[last.get(i, i)] += own
        live -= ending[i]
    return most


def adjoint_peak(program: Program, size: Size) -> int:
    """The most adjoints that are live at once in a reverse sweep of all outputs: each from its
    first contribution until it is passed on, those of inputs to the end."""
    live = most = 0
    reached: set[int] = set()

    def reach(row: int) -> None:
        nonlocal live, most
        if row not in reached and has_derivative(program.steps[row]):
            reached.add(row)
            live += size(program.steps[row])
            most = max(most, live)

    for y in program.outputs:
        if isinstance(y, Ref):
            reach(y.row)
    for i, step in reversed(list(enumerate(program.steps))):
        if i in reached and step.op is not None:
            for a in _differentiable(step):
                reach(a.row)
            live -= size(step)
    return most


def _differentiable(step: Step) -> list[Ref]:
    return [a for k, a in enumerate(step.args) if isinstance(a, Ref) and step.op.active(k)]


def memory(program: Program) -> dict[str, int]:
    """The bytes that are live at once: in f, in f with one tangent beside each value, and in a
    reverse sweep, which keeps all values."""
    kept = sum(map(bytes_of, program.steps))
    return {
        "f": peak(program, bytes_of),
        "forward": peak(program, _bytes_with_tangent),
        "reverse": kept + adjoint_peak(program, bytes_of),
    }


def levels(program: Program) -> tuple[dict[str, int], dict[str, int]]:
    """The critical path (depth) and the largest number of operations on one level (width), of f and
    of a reverse sweep of all outputs, in operations of the list. The tangents of a forward sweep
    depend on each other as the values do."""
    steps = program.steps
    down = [0] * len(steps)
    for i, step in enumerate(steps):
        if step.op is not None:
            down[i] = 1 + max((down[a.row] for a in step.args if isinstance(a, Ref)), default=0)
    up: dict[int, int] = {y.row: 0 for y in program.outputs if isinstance(y, Ref)}
    for i, step in reversed(list(enumerate(steps))):
        if i in up and step.op is not None and has_derivative(step):
            for a in _differentiable(step):
                up[a.row] = max(up.get(a.row, 0), up[i] + 1)
    found = {"f": down, "reverse": [up[i] for i in up if has_derivative(steps[i])]}
    depth = {part: max(where, default=0) for part, where in found.items()}
    width = {part: _most(where) for part, where in found.items()}
    return (
        {"f": depth["f"], "forward": depth["f"], "reverse": depth["reverse"]},
        {"f": width["f"], "forward": width["f"], "reverse": width["reverse"]},
    )


def _most(where: Sequence[Any]) -> int:
    """The most rows on one level; level 0 is given."""
    return max(Counter(level for level in where if level).values(), default=0)
