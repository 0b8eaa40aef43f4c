"""Work that goes on in a thread beside calls: the build of code, and the choice between native code
and what runs meanwhile.

The thread ends before the interpreter does: at exit it is interrupted and waited for, since a
library that is at work while the process ends may crash. After a fork the child has no such thread,
and begins anew where it needs to.
"""

from __future__ import annotations

import atexit
import ctypes
import os
import sys
import threading
import weakref
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from time import monotonic, perf_counter
from typing import Any

import numpy as np

from admodes.compilation.protocol import Miss, Run
from admodes.core.generated import warn_of
from admodes.core.notes import Note

ROUNDS = 5
"""Timed calls of each; the fastest counts."""
LONG = 0.2
"""Seconds of timed calls after which there are no more rounds."""
CALL = 5e-7
"""Seconds that a call takes in Python beside what runs, which native code saves as well where calls
go to it directly."""
WORTH = 0.95
"""What was built stays where it takes at most this share of the other's time."""
INTERVAL = 5e-4
"""Seconds after which a thread gives the interpreter to another one while something is built: a
call that lets go of it waits no longer until it goes on."""


class Work:
    """A function that runs in a thread of its own: what it gave, or the error that it raised."""

    result: Any = None
    error: Exception | None = None

    def __init__(self, function: Callable[[], Any]) -> None:
        self.function = function
        self.process = os.getpid()
        self.thread = threading.Thread(target=self._run, name="admodes build", daemon=True)
        _at_work.add(self)
        self.thread.start()

    def _run(self) -> None:
        try:
            with _short_turns():
                self.result = self.function()
        except Exception as error:
            self.error = error
        finally:
            del self.function

    @property
    def is_lost(self) -> bool:
        """Whether this is a fork of the process that the thread is in."""
        return self.process != os.getpid()

    def wait(self, timeout: float | None = None) -> bool:
        """Wait for its end, and say whether it has come."""
        if not self.is_lost:
            self.thread.join(timeout)
        return self.is_lost or not self.thread.is_alive()


_at_work: weakref.WeakSet[Work] = weakref.WeakSet()
_intervals: list[float] = []
_changing = threading.Lock()


@contextmanager
def _short_turns() -> Iterator[None]:
    """Threads give the interpreter to each other soon, as long as something is built."""
    with _changing:
        _intervals.append(sys.getswitchinterval())
        sys.setswitchinterval(min(INTERVAL, _intervals[0]))
    try:
        yield
    finally:
        with _changing:
            before = _intervals[0]
            _intervals.pop()
            if not _intervals:
                sys.setswitchinterval(before)


UNFORKED = threading.RLock()
"""Held while modules are imported, or LLVM is at work: no process is forked meanwhile, since the
child would find the locks of those for ever taken."""


def _after_fork() -> None:
    """Begin anew in a child, in which no other thread goes on."""
    global _changing
    _changing = threading.Lock()
    if _intervals:
        sys.setswitchinterval(_intervals[0])
    _intervals.clear()
    UNFORKED.release()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(
        before=UNFORKED.acquire, after_in_parent=UNFORKED.release, after_in_child=_after_fork
    )


@atexit.register
def _end() -> None:
    """Interrupt what is still at work, and wait until it has ended: Python's part at its next step,
    that of a library when it comes back."""
    for work in list(_at_work):
        if not work.is_lost and work.thread.is_alive():
            _interrupt(work.thread)
            work.thread.join()


def _interrupt(thread: threading.Thread) -> None:
    if sys.implementation.name == "cpython" and thread.ident is not None:
        raised = ctypes.py_object(SystemExit)
        ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(thread.ident), raised)


def _note(error: Exception, what: str, instead: str, notes: list[Note]) -> None:
    """Note that something could not be built or run; where that is a defect there is a warning."""
    if not isinstance(error, (ImportError, MemoryError, np.linalg.LinAlgError)):
        warn_of(error, what, instead)
    note = Note(f"no {what} ({type(error).__name__}: {error})", "code")
    if note not in notes:
        notes.append(note)


class Awaited:
    """A function that runs first until something else, which is built beside the calls from now on,
    is there. An error of that is a note, and first stays."""

    def __init__(self, first: Run, build: Callable[[], Run], notes: list[Note]) -> None:
        self.first, self.build, self.notes = first, build, notes
        self.found: Run | None = None
        self.work = Work(build)

    def __call__(self, *leaves: Any) -> Any:
        return (self.found or self._arrived() or self.first)(*leaves)

    def _arrived(self) -> Run | None:
        """What was built, or first where that failed; None as long as it is not there."""
        if self.work.is_lost:
            self.work = Work(self.build)
        if self.work.thread.is_alive():
            return None
        error = self.work.error
        if error is not None:
            _note(error, "code", "Calls run the list as it was recorded", self.notes)
        self.found = self.first if error is not None else self.work.result
        return self.found

    @property
    def is_there(self) -> bool:
        """Whether nothing more is waited for."""
        return self.found is not None

    def wait(self, timeout: float | None = None) -> bool:
        """Wait until nothing is being built, and say whether that is so."""
        end = None if timeout is None else monotonic() + timeout
        if self.found is None and self._arrived() is None and not self.work.wait(timeout):
            return False
        wait = getattr(self.found or self._arrived(), "wait", None)
        return wait is None or wait(end and max(end - monotonic(), 0.0))

    def source(self) -> Any:
        """The text of what is built, which is waited for."""
        self.wait()
        text = getattr(self.found, "source", None)
        return text() if callable(text) else text


def measured(first: Any, build: Callable[[], Run | None], price: float, notes: list[Note]) -> Run:
    """A function that runs first, until that has taken price seconds in all. Then something else is
    built beside the calls; when it is there, calls are given to one and the other in turn, and the
    faster one stays: `when_chosen`, an attribute that others may set, is called with it. Nothing is
    kept of the other one, which may hold as much memory. An error of what is built is a note."""
    choice: _Choice | None = _Choice(first, build, price, notes)
    chosen: Any = None

    def run(*leaves: Any) -> Any:
        nonlocal chosen, choice
        current = choice
        if current is None:
            return chosen(*leaves)
        result, found = current.run(leaves)
        if found is not None:
            chosen = found
            choice = None
            if found is not current.first:
                run.source = lambda: getattr(found, "source", None)  # type: ignore[attr-defined]
            run.when_chosen(found)  # type: ignore[attr-defined]
        return result

    def wait(timeout: float | None = None) -> bool:
        current = choice
        return current is None or current.wait(timeout)

    run.source = first.source  # type: ignore[attr-defined]
    run.when_chosen = lambda found: None  # type: ignore[attr-defined]
    run.wait = wait  # type: ignore[attr-defined]
    return run


class _Choice:
    """The calls before it is known which is faster. left: seconds until something is built; times:
    those of the timed calls, by what ran."""

    def __init__(
        self, first: Any, build: Callable[[], Run | None], price: float, notes: list[Note]
    ) -> None:
        self.first, self.build, self.notes = first, build, notes
        self.left = price
        self.work: Work | None = None
        self.lock = threading.Lock()
        self.times: dict[Any, list[float]] = {}
        self.functions: dict[Any, Any] = {}

    def run(self, leaves: tuple) -> tuple[Any, Any]:
        """The result of a call, and what is chosen; None as long as nothing is."""
        second = self._second()
        if second is None:
            start = perf_counter()
            result = self.first(*leaves)
            if result.__class__ is not Miss and self.work is None:
                self.left -= perf_counter() - start + CALL
                self._begin()
            return result, None
        if second is self.first:
            return second(*leaves), second
        return self._timed(second, leaves)

    def wait(self, timeout: float | None = None) -> bool:
        """Wait until nothing is being built, and say whether that is so."""
        work = self.work
        return work is None or work.wait(timeout)

    def _second(self) -> Any:
        """What was built, or first where that is nothing; None as long as it is not there."""
        work = self.work
        if work is not None and work.is_lost:
            work = self.work = None
        if work is None or work.thread.is_alive():
            return None
        if work.error is not None:
            return self._refused(work.error)
        return self.first if work.result is None else work.result

    def _begin(self) -> None:
        """Build, where the calls have taken long enough."""
        if self.left < 0.0 and self.lock.acquire(blocking=False):
            try:
                self.work = self.work or Work(self.build)
            finally:
                self.lock.release()

    def _refused(self, error: Exception) -> Any:
        _note(error, "native code", "Calls run NumPy code instead", self.notes)
        return self.first

    def _function(self, run: Any) -> Any:
        """What is called for a run."""
        if run not in self.functions:
            bare = getattr(run, "bare", None)
            self.functions[run] = run if bare is None else bare()
        return self.functions[run]

    def _timed(self, second: Any, leaves: tuple) -> tuple[Any, Any]:
        """A call by the one that has had fewer of them, and the faster one after enough."""
        own = [self.times.setdefault(run, []) for run in (self.first, second)]
        run = second if len(own[1]) <= len(own[0]) else self.first
        function = self._function(run)
        start = perf_counter()
        try:
            result = function(*leaves)
        except Exception as error:
            if run is self.first:
                raise
            # Where an operation raises, it does so here as well, or a decision fails before.
            result = self.first(*leaves)
            return result, None if result.__class__ is Miss else self._refused(error)
        if result.__class__ is not Miss:
            self.times[run].append(perf_counter() - start)
        enough = min(map(len, own)) >= ROUNDS or sum(map(sum, own)) > LONG
        if not (enough and all(own)):
            return result, None
        saved = CALL if getattr(second, "is_direct", False) else 0.0
        return result, second if min(own[1]) < WORTH * min(own[0]) + saved else self.first
