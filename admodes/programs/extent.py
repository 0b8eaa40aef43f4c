"""How long, how wide and how large a recorded list is: critical path, operations that could run
side by side, and bytes that are live at once, for f and for its sweeps."""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any

from admodes.core.record import Ref, Step, WengertList
from admodes.programs.sweep import DerivativeDomain, pull, reached


def bytes_of(step: Step) -> int:
    """The bytes of a row's value; a number takes 8, as in an array."""
    return step.size * step.dtype.itemsize


def peak(program: WengertList, sizes: Sequence[int]) -> int:
    """The most that is live at once when each value is dropped after its last use; sizes are those
    of the rows."""
    last = {
        a.row: i for i, step in enumerate(program.steps) for a in step.args if a.__class__ is Ref
    }
    last |= dict.fromkeys(_output_rows(program), len(program.steps))
    return _most_live((i, last.get(i, i), size) for i, size in enumerate(sizes))


def adjoint_peak(program: WengertList, sizes: Sequence[int]) -> int:
    """The most adjoints that are live at once in a reverse sweep of all outputs: each from its
    first contribution until it is passed on, those of inputs to the end."""
    steps, n = program.steps, len(program.steps)
    seeds = [(row, n) for row in _output_rows(program)]
    first = pull(program, seeds, _FirstReader(program), reached(program))
    return _most_live(
        (n - reader, n if steps[row].op is None else n - row, sizes[row]) for row, reader in first
    )


class _FirstReader(DerivativeDomain):
    """In the place of an adjoint, the row from which the first contribution to it comes."""

    def pull(self, row: int, k: int, adjoint: int) -> int:
        return row

    def add(self, row: int, contributions: list) -> int:
        return contributions[0]  # type: ignore[no-any-return]


class _Level(DerivativeDomain):
    """In the place of an adjoint, the most operations on a way to it from an output."""

    def pull(self, row: int, k: int, adjoint: int) -> int:
        return adjoint + 1

    def add(self, row: int, contributions: list) -> int:
        return max(contributions)


def _output_rows(program: WengertList) -> list[int]:
    return [y.row for y in program.outputs if isinstance(y, Ref)]


def _most_live(lives: Iterable[tuple[int, int, int]]) -> int:
    """The largest sum of sizes at one time; lives are the first time, the last and the size."""
    change: Counter = Counter()
    for start, end, size in lives:
        change[start] += size
        change[end + 1] -= size
    return max(itertools.accumulate(change[time] for time in sorted(change)), default=0)


def memory(program: WengertList) -> dict[str, int]:
    """The bytes that are live at once: in f, in f with one tangent beside each value, and in a
    reverse sweep, which keeps all values."""
    sizes = list(map(bytes_of, program.steps))
    moved = reached(program)
    return {
        "f": peak(program, sizes),
        "forward": peak(program, [(1 + (row in moved)) * n for row, n in enumerate(sizes)]),
        "reverse": sum(sizes) + adjoint_peak(program, sizes),
    }


def levels(program: WengertList) -> tuple[dict[str, int], dict[str, int]]:
    """The critical path (depth) and the largest number of operations on one level (width), of f and
    of a reverse sweep of all outputs, in operations of the list. The tangents of a forward sweep
    depend on each other as the values do."""
    steps = program.steps
    down = [0] * len(steps)
    for i, step in enumerate(steps):
        if step.op is not None:
            down[i] = 1 + max((down[a.row] for a in step.args if isinstance(a, Ref)), default=0)
    seeds = [(row, 0) for row in _output_rows(program)]
    up = dict(pull(program, seeds, _Level(program), reached(program)))
    found = {"f": down, "reverse": list(up.values())}
    depth = {part: max(where, default=0) for part, where in found.items()}
    width = {part: _most(where) for part, where in found.items()}
    return (
        {"f": depth["f"], "forward": depth["f"], "reverse": depth["reverse"]},
        {"f": width["f"], "forward": width["f"], "reverse": width["reverse"]},
    )


def _most(where: Sequence[Any]) -> int:
    """The most rows on one level; level 0 is given."""
    return max(Counter(level for level in where if level).values(), default=0)
