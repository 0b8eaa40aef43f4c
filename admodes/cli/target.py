"""Target: the function that a command works on, the point, and the names of inputs and outputs; and
the errors for a command line that gives no function or no point."""

from __future__ import annotations

import traceback
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from admodes.core.places import is_users
from admodes.errors import Error, one_line
from admodes.problems import Problem
from admodes.programs.names import entry_names


class InputError(Error, ValueError):
    """What was typed names no function or no point; the message is one line."""


@dataclass(frozen=True)
class Target:
    """A function and where to evaluate it: function(*args). names has one name per number (the
    components of a vector x are x1 … xn), arguments one per argument; output_names is None where
    nothing names the outputs."""

    function: Callable[..., Any]
    names: tuple[str, ...]
    args: tuple[Any, ...]
    output_names: tuple[str, ...] | None
    title: str
    problem: Problem | None = None
    arguments: tuple[str, ...] = ()

    @property
    def named(
        self,
    ) -> tuple[Callable[..., Any], tuple[Any, ...], tuple[str, ...], tuple[str, ...] | None, str]:
        """The function, its arguments, the names of numbers and outputs, and the title."""
        return self.function, self.args, self.names, self.output_names, self.title


def raised(name: str, error: BaseException) -> str:
    """What to say where the user's code, of this name, raises, and in which line of which file."""
    what = one_line(error) or "no message"
    return f"{name} raised {type(error).__name__}: {what}{in_line(error)}"


def in_line(error: BaseException) -> str:
    """In brackets, file and line of the user's code that an exception comes from: the last line on
    its way that belongs neither to a package nor to Python; nothing where there is none."""
    frames = traceback.extract_tb(error.__traceback__)
    lines = [f for f in frames if f.filename[:1] != "<" and is_users(f.filename)]
    return f" ({lines[-1].filename}, line {lines[-1].lineno})" if lines else ""


def components(point: dict[str, Any]) -> tuple[str, ...]:
    """One name per number of the point."""
    names = [name for stem, x in point.items() for name in entry_names(stem, np.shape(x))]
    twice = next((n for n, times in Counter(names).items() if times > 1), None)
    if twice is not None:
        raise InputError(f"--at gives {twice} twice: as a component of a vector and by name")
    return tuple(names)
