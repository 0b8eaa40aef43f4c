"""The line of the user's code in which an operation runs, found by walking up Python's stack, for
errors and warnings that name the line.
"""

from __future__ import annotations

import contextlib
import functools
import os
import sys
from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np

from admodes.core.carrier import Carrier
from admodes.core.op import Op
from admodes.core.values import canonical

INSIDE = (
    os.path.dirname(os.path.dirname(__file__)),
    os.path.dirname(np.__file__),
    contextlib.__file__,
    functools.__file__,
    "<admodes",
    "<frozen",
)
"""Files whose lines are not the user's."""

COMMANDS = os.path.join(INSIDE[0], "cli")
"""The command line: what calls it is no code of the user's."""

RULES = frozenset(("jvp", "vjp", "partial", "term"))
"""The methods of operations in which rules run."""


@functools.cache
def _packages() -> tuple[str, ...]:
    """Where the files lie that belong to nobody's program. They are asked for when they are
    needed, since that takes milliseconds."""
    import sysconfig

    kinds = ("stdlib", "platstdlib", "purelib", "platlib")
    return (*INSIDE, "<__array_function__", *map(sysconfig.get_path, kinds))


def is_users(file: str) -> bool:
    """Whether a file belongs to neither admodes nor Python nor an installed package."""
    return not file.startswith(_packages())


class CallSite(NamedTuple):
    """Where an operation runs: the line of the user's code; whether it belongs to a derivative,
    and there the operation whose rule runs it, if any, and that operation's result."""

    line: tuple[str, int] | None
    derives: bool
    rule: Op | None
    result: Any

    @property
    def text(self) -> str:
        return "" if self.line is None else f"; {self.line[0]}, line {self.line[1]}"


def place_of_call() -> CallSite:
    """Where the caller of the caller was called."""
    frame: Any = sys._getframe(2)
    derives, rule, result = False, None, None
    while frame is not None:
        name = frame.f_code.co_filename
        if name.startswith(COMMANDS):
            break
        if not name.startswith(INSIDE):
            return CallSite((name, frame.f_lineno), derives, rule, result)
        if frame.f_code.co_name in RULES and rule is None:
            found = frame.f_locals.get("self")
            if isinstance(found, Op):
                derives, rule, result = True, found, frame.f_locals.get("y")
        derives = derives or frame.f_code.co_name == "pull_back"
        frame = frame.f_back
    return CallSite(None, derives, rule, result)


def layers(x: Any) -> Iterator[Carrier]:
    """The carriers around a value, the outermost first."""
    while isinstance(x, Carrier):
        yield x
        x = x.primal


def called(op: Op, point: tuple) -> str:
    """An operation and what it was applied to, in words."""
    parts = (f"array of shape {np.shape(p)}" if np.shape(p) else repr(canonical(p)) for p in point)
    return f"{op.name}({', '.join(parts)})"
