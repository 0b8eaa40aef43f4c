"""Long work says on standard error that it goes on, and for how long it has: where that is a
terminal, or where it is asked for. Short work says nothing.
"""

from __future__ import annotations

import contextlib
import sys
import threading
import time
from collections.abc import Callable, Iterator

PATIENCE = 1.0
"""Seconds after which work is long."""

PAUSE = 1.0
"""Seconds between two words of it on a terminal; elsewhere ten times as many."""


def silence() -> None:
    """Where nothing is said nothing has to end."""


@contextlib.contextmanager
def waiting(what: str, asked: bool = False) -> Iterator[Callable[[], None]]:
    """Say meanwhile that `what` is at work. asked: also where standard error is no terminal, in a
    line each time. What it gives ends that before something is printed."""
    on_terminal = sys.stderr.isatty()
    if not (on_terminal or asked):
        yield silence
        return
    done = threading.Event()
    speaker = threading.Thread(target=_speak, args=(what, on_terminal, done), daemon=True)
    speaker.start()

    def end() -> None:
        done.set()
        speaker.join()

    try:
        yield end
    finally:
        end()


def _speak(what: str, on_terminal: bool, done: threading.Event) -> None:
    start, pause = time.monotonic(), PATIENCE
    shown = ""
    while not done.wait(pause):
        text = f"admodes: {what}: at work for {time.monotonic() - start:.0f} s (Ctrl-C ends it)"
        # On a terminal one line is written over; spaces cover what was longer.
        ends = ("\r", "") if on_terminal else ("", "\n")
        sys.stderr.write(f"{ends[0]}{text.ljust(len(shown))}{ends[1]}")
        sys.stderr.flush()
        shown, pause = text, PAUSE if on_terminal else 10 * PAUSE
    if shown and on_terminal:
        sys.stderr.write(f"\r{' ' * len(shown)}\r")
        sys.stderr.flush()
