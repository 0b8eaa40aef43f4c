"""A time limit for work in this process."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any


class TimeLimit(BaseException):
    """Work took too long. It is no Exception: compiled functions go on after those."""


@contextmanager
def within(seconds: float, what: str) -> Iterator[None]:
    """Raise TimeLimit inside the block after so many seconds, as soon as Python runs again. Outside
    of the main thread, and on systems without such alarms, there is no limit."""
    main = threading.current_thread() is threading.main_thread()
    if not main or not hasattr(signal, "setitimer"):
        yield
        return

    def alarm(*_: Any) -> None:
        raise TimeLimit(f"{what} took more than {seconds:g} s (--timeout)")

    before = signal.signal(signal.SIGALRM, alarm)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
