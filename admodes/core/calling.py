"""Calls of the user's function by a derivative or a recording. `call` runs it with NumPy's
floating-point warnings off, since a domain error gives nan or inf as its value. For the current
thread, context managers put another function in place of such calls, and say which arrays a
recording reads anew at each run instead of copying them."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np

from admodes.core.refusal import hidden


class CallState(threading.local):
    quiet = False
    through: Callable[[Callable, tuple], Any] | None = None
    held: frozenset[int] = frozenset()


STATE = CallState()


class quiet:
    """NumPy's floating-point warnings are off inside, since domain errors are values. One switch
    for a whole derivative call, as switching for every operation would cost more than it does."""

    __slots__ = ("before", "state")

    def __enter__(self) -> None:
        self.before = STATE.quiet
        self.state = None if self.before else np.errstate(all="ignore")
        if self.state is not None:
            self.state.__enter__()
            STATE.quiet = True

    def __exit__(self, *error: Any) -> None:
        if self.state is not None:
            STATE.quiet = self.before
            self.state.__exit__(*error)


def call(f: Callable, args: tuple) -> Any:
    """f(*args). Domain errors are values, so NumPy's warnings are off in f; and NumPy and
    scipy hide the errors of traced values behind puzzling ones, which is undone."""
    try:
        with quiet():
            return f(*args) if STATE.through is None else STATE.through(f, args)
    except Exception as error:
        cause = hidden(error)
        if cause is not None:
            raise cause.with_traceback(error.__traceback__) from None
        raise


@contextmanager
def calling_through(through: Callable[[Callable, tuple], Any] | None) -> Iterator[None]:
    """through(f, args) takes the place of f(*args) wherever a derivative or a recording calls the
    function that it is of, in this thread; None for f(*args) itself."""
    before, STATE.through = STATE.through, through
    try:
        yield
    finally:
        STATE.through = before


@contextmanager
def holding(owners: frozenset[int]) -> Iterator[None]:
    """The memory of these objects, given by id, is read anew by the recording that is made inside,
    in this thread: nobody keeps a copy of it instead."""
    before, STATE.held = STATE.held, STATE.held | owners
    try:
        yield
    finally:
        STATE.held = before


def held() -> frozenset[int]:
    return STATE.held
