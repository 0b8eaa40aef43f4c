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


_speaks = threading.Lock()
"""Held by who says something: what is at work for another that says so already is silent."""


@contextlib.contextmanager
def waiting(
    what: str | Callable[[], str], asked: bool = False, patience: float | None = None
) -> Iterator[Callable[[], None]]:
    """Say meanwhile that `what` is at work, once that has taken patience seconds. asked: also where
    standard error is no terminal, in a line each time. What it gives ends that before something is
    printed."""
    on_terminal = sys.stderr is not None and sys.stderr.isatty()
    if not (on_terminal or asked) or not _speaks.acquire(blocking=False):
        yield silence
        return
    done = threading.Event()
    said = what if callable(what) else lambda: what
    given = said, on_terminal, done, PATIENCE if patience is None else patience
    speaker = threading.Thread(target=_speak, args=given, daemon=True)
    speaker.start()

    def end() -> None:
        done.set()
        speaker.join()

    try:
        yield end
    finally:
        end()
        _speaks.release()


def _speak(what: Callable[[], str], on_terminal: bool, done: threading.Event, pause: float) -> None:
    start = time.monotonic()
    shown = ""
    while not done.wait(pause):
        text = f"admodes: {what()}: at work for {time.monotonic() - start:.0f} s (Ctrl-C ends it)"
        # On a terminal one line is written over; spaces cover what was longer.
        ends = ("\r", "") if on_terminal else ("", "\n")
        sys.stderr.write(f"{ends[0]}{text.ljust(len(shown))}{ends[1]}")
        sys.stderr.flush()
        shown, pause = text, PAUSE if on_terminal else 10 * PAUSE
    if shown and on_terminal:
        sys.stderr.write(f"\r{' ' * len(shown)}\r")
        sys.stderr.flush()
