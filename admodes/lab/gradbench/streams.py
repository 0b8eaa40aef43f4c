"""The process as a tool of GradBench: its standard output belongs to the protocol alone."""

from __future__ import annotations

import io
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, redirect_stdout, suppress
from typing import Any

from admodes.lab.gradbench.protocol import serve


def speak(seconds: float) -> None:
    """Answer the messages on standard input until it ends, or nobody reads the answers."""
    source: Any = getattr(sys.stdin, "buffer", sys.stdin) or ()
    with suppress(BrokenPipeError), _answers() as write:
        serve((x.encode() if isinstance(x, str) else x for x in source), write, seconds)


@contextmanager
def _answers() -> Iterator[Callable[[bytes], Any]]:
    """A function that writes to what is standard output now. Until the end, what anything else
    prints there goes to standard error, C code and child processes included."""
    shown = sys.stdout
    try:
        number = shown.fileno()
    except (AttributeError, io.UnsupportedOperation):  # a stream of Python's own
        with redirect_stdout(sys.stderr):
            yield lambda line: shown.write(line.decode())
        return
    shown.flush()
    kept = os.dup(number)
    try:
        os.dup2(_error_output(), number)
        with redirect_stdout(sys.stderr):
            yield lambda line: _write(kept, line)
    finally:
        os.dup2(kept, number)
        os.close(kept)


def _error_output() -> int:
    try:
        return sys.stderr.fileno()
    except (AttributeError, OSError):
        return os.open(os.devnull, os.O_WRONLY)


def _write(number: int, line: bytes) -> None:
    """Write the whole line at once, past all buffers."""
    rest = memoryview(line)
    while rest:
        rest = rest[os.write(number, rest) :]
