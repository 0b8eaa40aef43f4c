"""Generated text as a function: the lines that make buffers and views are run once for each thread
that runs the code, and their results are the global names of its function.

Python takes 10 µs to compile a line. In a long body, stretches of lines that are only calls on
arrays which stay where they are become tables of functions and arguments, gone through by a loop,
which runs as fast.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from types import CodeType, FunctionType
from typing import Any, NamedTuple

import numpy as np

LONG = 1000
"""Lines of a body from which on stretches of calls are tables."""
FEWEST = 8
"""Calls in a table, at least."""

CALL = re.compile(r"(\w+)(?:\.(\w+))?\((\w+(?:, \w+)*)\)")
NAME = re.compile(r"(\w+) = ")

Call = tuple[str, str | None, list[str]]
"""A function's or an array's name, the name of a method of it or None, and the names of what it is
called on."""


class Place(NamedTuple):
    """An array in a buffer: the number of the buffer, shape, the name of the dtype, and strides;
    None where it is in C order."""

    buffer: int
    shape: tuple[int, ...]
    dtype: str
    strides: tuple[int, ...] | None


@dataclass
class Workspace:
    """The memory that each thread has of its own: sizes of the buffers in bytes, and the names of
    the arrays in them; inside: the bytes of further buffers that loops make for themselves."""

    sizes: list[int] = field(default_factory=list)
    arrays: dict[Place, str] = field(default_factory=dict)
    inside: int = 0

    @property
    def nbytes(self) -> int:
        """Bytes in all."""
        return sum(self.sizes) + self.inside

    def lines(self) -> list[str]:
        """What is done by made(), as text."""
        lines = [f"b{k} = empty({n}, 'u1')" for k, n in enumerate(self.sizes)]
        for (buffer, shape, dtype, strides), name in self.arrays.items():
            tail = "" if strides is None else f", 0, {strides}"
            lines.append(f"{name} = ndarray({shape}, {dtype}, b{buffer}{tail})")
        return lines

    def made(self, space: dict[str, Any]) -> dict[str, np.ndarray]:
        """The arrays by their names, in new memory. space has the dtypes."""
        buffers = [np.empty(n, np.uint8) for n in self.sizes]
        return {
            name: np.ndarray(shape, space[dtype], buffers[buffer], 0, strides)  # type: ignore[arg-type]
            for (buffer, shape, dtype, strides), name in self.arrays.items()
        }


@dataclass
class NumpyCode:
    """The text of a program, the names that it refers to, and its memory. module: the text without
    what makes the memory; tables: the calls that the loops in module go through, by name.
    has_arrays: it works on arrays, not on numbers alone."""

    text: str
    space: dict[str, Any]
    workspace: Workspace
    module: CodeType
    tables: dict[str, list[Call]]
    has_arrays: bool = True

    @property
    def nbytes(self) -> int:
        """Bytes of the buffers."""
        return self.workspace.nbytes

    def instance(self, **names: Any) -> Any:
        """The function with buffers of its own. names: what it refers to besides."""
        space = {**self.space, **self.workspace.made(self.space), **names}
        # The code of a module, called as a function, binds its names among the globals.
        FunctionType(self.module, space)()
        for table, calls in self.tables.items():
            space[table] = [
                (
                    space[name] if method is None else getattr(space[name], method),
                    tuple([space[x] for x in given]),
                )
                for name, method, given in calls
            ]
        return space["run"]


def code(
    inputs: list[str],
    workspace: Workspace,
    setup: list[str],
    body: list[str],
    space: dict[str, Any],
) -> NumpyCode:
    """The code of a function of inputs: setup is run once, body each time."""
    head = [*setup, f"def run({', '.join(inputs)}):"]
    text = _joined([*workspace.lines(), *head], body)
    tables: dict[str, list[Call]] = {}
    if len(body) > LONG:
        lasting = {*space, *workspace.arrays.values(), *_assigned(setup)}
        body = _with_tables(body, lasting - {*inputs, *_assigned(body)}, tables)
    module = compile(_joined(head, body), "<admodes program>", "exec")
    return NumpyCode(text, space, workspace, module, tables)


def _joined(head: list[str], body: list[str]) -> str:
    return "\n".join([*head, *(f"    {line}" for line in body)])


def _assigned(lines: list[str]) -> set[str]:
    return {found[1] for line in lines if (found := NAME.match(line))}


def _with_tables(body: list[str], lasting: set[str], tables: dict[str, list[Call]]) -> list[str]:
    """The body in which loops over tables stand for stretches of calls. lasting: the names of what
    stays from run to run."""
    short: list[str] = []
    stretch: list[Call] = []

    def closed(at: int) -> None:
        if len(stretch) < FEWEST:
            short.extend(body[at - len(stretch) : at])
        else:
            table = f"calls{len(tables)}"
            tables[table] = stretch.copy()
            short.append(f"for f, given in {table}: f(*given)")
        stretch.clear()

    for at, line in enumerate(body):
        found = CALL.fullmatch(line)
        if found is not None:
            name, method, given = found[1], found[2], found[3].split(", ")
            if lasting.issuperset((name, *given)):
                stretch.append((name, method, given))
                continue
        closed(at)
        short.append(line)
    closed(len(body))
    return short
