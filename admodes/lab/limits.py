"""A limit of time on a call, in the thread that it runs in."""

from __future__ import annotations

import _thread
import contextlib
import ctypes
import gc
import signal
import threading
from collections.abc import Iterator
from types import FrameType

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

    def ring(number: int, frame: FrameType | None) -> None:
        nonlocal over
        if not over and not collector.swallows(frame):
            over = True
            raise OverTime

    with _Collector() as collector:
        before = signal.signal(signal.SIGALRM, ring)
        try:
            signal.setitimer(signal.ITIMER_REAL, seconds, AGAIN)
            yield
        finally:
            over = True
            signal.setitimer(signal.ITIMER_REAL, 0)
            signal.signal(signal.SIGALRM, before)


AGAIN = 0.01
"""Seconds after which a signal comes again that came where an error would have been lost."""


class _Collector:
    """Tells whether an error raised now would be lost: what the collector of garbage calls, and the
    end of an object, are run for nobody who could be told."""

    def __init__(self) -> None:
        self._at_work = False

    def __enter__(self) -> _Collector:
        # Before all others, and after them.
        gc.callbacks.insert(0, self._begins)
        gc.callbacks.append(self._ends)
        return self

    def __exit__(self, *_: object) -> None:
        gc.callbacks.remove(self._begins)
        gc.callbacks.remove(self._ends)

    def _begins(self, phase: str, info: object) -> None:
        self._at_work = self._at_work or phase == "start"

    def _ends(self, phase: str, info: object) -> None:
        self._at_work = self._at_work and phase == "start"

    def swallows(self, frame: FrameType | None) -> bool:
        ends = frame is not None and frame.f_code is _Collector._ends.__code__
        begins = frame is not None and frame.f_code is _Collector._begins.__code__
        while frame is not None and frame.f_code.co_name != "__del__":
            frame = frame.f_back
        return self._at_work or begins or ends or frame is not None


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
