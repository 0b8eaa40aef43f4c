"""A limit of time on a call, in the thread that it runs in."""

from __future__ import annotations

import _thread
import contextlib
import ctypes
import signal
import threading
from collections.abc import Iterator
from typing import Any

from admodes.errors import Error


class OverTime(BaseException):
    """The limit is over. Not an Exception, so that `except Exception` in the code that is to end
    does not keep it alive."""


class TimeLimit(Error):
    """Work took too long; the message says which."""


@contextlib.contextmanager
def within(seconds: float, what: str) -> Iterator[None]:
    """limited(seconds), whose end is an error that names what took longer.

    >>> with within(10.0, "the sum"):
    ...     sum(range(10))
    45
    """
    try:
        with limited(seconds):
            yield
    except OverTime:
        raise TimeLimit(f"{what} took more than {seconds:g} s (--timeout)") from None


@contextlib.contextmanager
def limited(seconds: float | None) -> Iterator[None]:
    """Raise OverTime, once, inside the block when it has taken this many seconds; None: no limit.

    In the main thread a signal ends waiting and sleeping too; in other threads, and on Windows, the
    limit acts when the next instruction of Python begins. A single call of compiled code, such as
    the product of two huge matrices, comes to its end first in both.

    >>> with limited(10.0):
    ...     sum(range(10))
    45
    """
    if seconds is None:
        yield
    elif threading.current_thread() is threading.main_thread() and hasattr(signal, "setitimer"):
        with _by_signal(seconds):
            yield
    else:
        with _from_another_thread(seconds):
            yield


# OverTime may come between any two instructions, so nothing here relies on two of them together:
# it comes once at most, and whatever it interrupts at the end has nothing left to do then.


@contextlib.contextmanager
def _by_signal(seconds: float) -> Iterator[None]:
    over = False

    def ring(number: int, frame: Any) -> None:
        if not over:
            raise OverTime

    before = signal.signal(signal.SIGALRM, ring)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        over = True
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


@contextlib.contextmanager
def _from_another_thread(seconds: float) -> Iterator[None]:
    thread = ctypes.c_ulong(threading.get_ident())
    ended, deciding = _thread.allocate_lock(), _thread.allocate_lock()

    def watch() -> None:
        if not ended.acquire(timeout=seconds) and deciding.acquire(blocking=False):
            ctypes.pythonapi.PyThreadState_SetAsyncExc(thread, ctypes.py_object(OverTime))
            deciding.release()

    ended.acquire()
    _thread.start_new_thread(watch, ())
    try:
        yield
    finally:
        with contextlib.suppress(OverTime):
            deciding.acquire()
            # What was raised, and has not come through yet, comes here. (Taking it back would leave
            # the interpreter, Python 3.11, looking for it: under a profiler it never ends.)
            for _ in range(100):
                pass
        ended.release()
