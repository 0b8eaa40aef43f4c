"""Work in processes of its own, with limits on time and memory, so that a crash, an endless loop or
a full memory ends one piece of work and nothing else.

A `Family` is a process that is forked from this one, so that functions which no file has (lambdas,
closures, cells of a notebook) are there unchanged. It loads what its work needs, such as a library,
once, and forks a `Worker` for each piece of work. The parent asks workers by name and gets data
back (wire.py); nothing that a child sends is run.
"""

from __future__ import annotations

import contextlib
import faulthandler
import os
import select
import signal
import socket
import sys
import time
import warnings
from collections.abc import Callable
from typing import Any, NoReturn

from admodes.errors import Error, MissingProgram, one_line
from admodes.lab import wire
from admodes.lab.memory import limit_memory, resident_bytes

POLL = 0.01
"""Seconds between two looks at the memory of a worker that is busy."""

GRACE = 5.0
"""Seconds that a process which was killed has to be gone."""

LONGEST = 300
"""Characters of a message that are kept: some libraries print all their data."""

LOADING = 120.0
"""Seconds that loading a library may take."""


class Failed(Error):
    """A piece of work did not come to its end; the message says why in one line."""


class TimedOut(Failed):
    """It took longer than it may."""


class Raised(Failed):
    """It raised an exception: the worker is still there."""


class Worker:
    """One process, asked by `ask` until `close`."""

    def __init__(self, family: Family, connection: socket.socket, pid: int, memory: int) -> None:
        self.family, self.connection, self.pid, self.memory = family, connection, pid, memory
        self.base = resident_bytes(pid)

    def ask(self, method: str, seconds: float, **params: Any) -> Any:
        """What a method of the work returns, as data.

        Raises Raised with the type and message of an exception; TimedOut after these seconds, and
        Failed where the process ended or grew beyond its memory: then it has been killed.
        """
        try:
            wire.send(self.connection, [method, params])
            self._wait(time.monotonic() + seconds, seconds)
            answer = wire.receive(self.connection)
        except wire.Closed:
            raise Failed(self.family.end_of(self.pid)) from None
        if "raised" in answer:
            raise Raised(answer["raised"])
        return answer["returned"]

    def _wait(self, deadline: float, seconds: float) -> None:
        while not select.select([self.connection], [], [], POLL)[0]:
            if time.monotonic() > deadline:
                self.close()
                raise TimedOut(f"did not end within {seconds:g} s")
            if resident_bytes(self.pid) - self.base > self.memory:
                self.close()
                raise Failed(f"used more than {self.memory / 2**20:.0f} MiB of memory")

    def close(self) -> None:
        """End the process with all that it started, unless that has been done."""
        if self.connection.fileno() < 0:
            return
        if not self.family.has_ended(self.pid):
            kill_tree(self.pid)
        self.connection.close()


class Family:
    """A forked process that loads something and forks workers. load() runs there first, and its
    result, data, is `loaded`; work(*key) gives the object whose methods a worker is asked for.

    >>> with Family(lambda: "ready", list) as family:
    ...     worker = family.worker([[3, 1, 3]], memory=2**30)
    ...     family.loaded(), worker.ask("__len__", 10.0)
    ('ready', 3)
    """

    def __init__(self, load: Callable[[], Any], work: Callable[..., Any]) -> None:
        if not hasattr(os, "fork"):
            raise MissingProgram(
                "this needs os.fork, which Windows does not have: use WSL, Linux or macOS"
            )
        self.control, theirs = socket.socketpair()
        self.ended: dict[int, int] = {}
        self.pid = _fork()
        if self.pid == 0:
            self.control.close()
            _be_family(theirs, load, work)
        theirs.close()
        self._status: int | None = None
        self._outcome: dict[str, Any] | Failed | None = None
        self._workers: list[Worker] = []

    def __enter__(self) -> Family:
        return self

    def __exit__(self, *_: Any) -> None:
        self.close()

    def loaded(self, seconds: float = LOADING) -> Any:
        """What load() returned, waiting for it. Raises Failed where it raised, ended or hung, each
        time that it is asked."""
        if self._outcome is None:
            self._outcome = self._load(seconds)
        if isinstance(self._outcome, Failed):
            raise self._outcome
        return self._outcome["returned"]

    def _load(self, seconds: float) -> dict[str, Any] | Failed:
        """The answer of load(), or why there is none."""
        if not select.select([self.control], [], [], seconds)[0]:
            self.close()
            return TimedOut(f"loading did not end within {seconds:g} s")
        try:
            answer: dict[str, Any] = wire.receive(self.control)
        except wire.Closed:
            return Failed(f"loading {words_of(self._reap())}")
        return Raised(answer["raised"]) if "raised" in answer else answer

    def worker(self, key: list[Any], memory: int, reserve: int = 0) -> Worker:
        """A new worker. memory: bytes that it may use beyond what the family has loaded; reserve:
        addresses that it may take beyond that without using them. Raises Failed."""
        self.loaded()
        ours, theirs = socket.socketpair()
        try:
            wire.send(self.control, {"key": key, "limit": memory + reserve})
            socket.send_fds(self.control, [b"s"], [theirs.fileno()])
            pid = self._control("started")
        except (wire.Closed, OSError):
            ours.close()
            raise Failed("the process of this library is gone") from None
        except Failed:
            ours.close()
            raise
        finally:
            theirs.close()
        self._workers.append(Worker(self, ours, pid, memory))
        return self._workers[-1]

    def _control(self, wanted: str) -> int:
        """The next number of a kind from the family; ends of workers are noted on the way."""
        while True:
            if not select.select([self.control], [], [], GRACE)[0]:
                raise wire.Closed("no answer")
            message = self._message()
            if "raised" in message:
                raise Raised(f"no process could be started: {message['raised']}")
            if wanted in message:
                return int(message[wanted])

    def _message(self) -> dict[str, Any]:
        """The next message of the family. Raises Closed."""
        message: dict[str, Any] = wire.receive(self.control)
        if "ended" in message:
            self.ended[message["ended"]] = message["status"]
        return message

    def has_ended(self, pid: int) -> bool:
        """Whether a worker has ended, so that its number may be that of another process by now."""
        with contextlib.suppress(wire.Closed):
            while select.select([self.control], [], [], 0)[0]:
                self._message()
        return pid in self.ended

    def end_of(self, pid: int) -> str:
        """How a worker ended, in words."""
        with contextlib.suppress(wire.Closed):
            while pid not in self.ended:
                self._control("ended")
        return words_of(self.ended[pid]) if pid in self.ended else "was lost"

    def close(self) -> None:
        """End the family and its workers."""
        for worker in self._workers:
            worker.close()
        self.control.close()
        if self._status is None:
            kill_tree(self.pid)
            self._reap()

    def _reap(self) -> int:
        """Wait until the process has ended; its status."""
        _, self._status = os.waitpid(self.pid, 0)
        return self._status


def words_of(status: int) -> str:
    """The end of a process in words, from the status that os.waitpid gives.

    >>> words_of(9), words_of(3 << 8)
    ('was killed by SIGKILL', 'ended itself with exit status 3')
    """
    code = os.waitstatus_to_exitcode(status)
    if code < 0:
        return f"was killed by {signal.Signals(-code).name}"
    return f"ended itself with exit status {code}"


def described(error: BaseException) -> str:
    """An exception in one line, with its class where it is not one of admodes.

    >>> described(ValueError("no\\n  value"))
    'ValueError: no value'
    """
    text = one_line(error)
    text = text if len(text) <= LONGEST else f"{text[:LONGEST]} …"
    if isinstance(error, Error) and text:
        return text
    return f"{type(error).__name__}: {text}" if text else type(error).__name__


def _fork() -> int:
    """os.fork, without the warnings that threads and libraries which are loaded give at it."""
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(Exception):
            stream.flush()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return os.fork()


def _be_family(control: socket.socket, load: Callable[[], Any], work: Callable) -> NoReturn:
    """The life of a family: answer with what was loaded, then fork workers until the parent is
    gone."""
    try:
        _cut_off()
        wire.send(control, _attempt(load))
        alive: set[int] = set()
        while True:
            if select.select([control], [], [], POLL if alive else None)[0]:
                answer = _start(control, work)
                alive |= {answer["started"]} if "started" in answer else set()
                wire.send(control, answer)
            for pid in list(alive):
                done, status = os.waitpid(pid, os.WNOHANG)
                if done:
                    alive.discard(pid)
                    wire.send(control, {"ended": pid, "status": status})
    except BaseException:
        # The parent is gone, or the process was told to end: no trace of it belongs anywhere.
        kill_tree(os.getpid(), also=False)
    finally:
        os._exit(0)


def _start(control: socket.socket, work: Callable) -> dict[str, Any]:
    """Fork the worker that the parent asks for: its number, or why there is none."""
    asked = wire.receive(control)
    _, descriptors, _, _ = socket.recv_fds(control, 1, 1)
    try:
        pid = _fork()
    except OSError as error:
        os.close(descriptors[0])
        return {"raised": described(error)}
    if pid == 0:
        control.close()
        _be_worker(socket.socket(fileno=descriptors[0]), work, **asked)
    os.close(descriptors[0])
    return {"started": pid}


def _be_worker(connection: socket.socket, work: Callable, key: list, limit: int) -> NoReturn:
    """The life of a worker: the methods that it is asked for, one after the other."""
    try:
        limit_memory(limit)
        made: Any = None
        while True:
            method, params = wire.receive(connection)

            def job(method: str = method, params: dict = params) -> Any:
                nonlocal made
                made = work(*key) if made is None else made
                return getattr(made, method)(**params)

            wire.send(connection, _attempt(job))
    except wire.Closed:
        pass
    finally:
        os._exit(0)


def _attempt(job: Callable[[], Any]) -> dict[str, Any]:
    """What a job returned or raised, whatever that is: it is the user's code, or a library's."""
    try:
        return {"returned": job()}
    except BaseException as error:
        return {"raised": described(error)}


def _cut_off() -> None:
    """A group of its own, which Ctrl-C does not reach, without input; what is printed goes nowhere,
    since in a measurement it would be printed thousands of times."""
    os.setpgid(0, 0)  # no session of its own: Linux shares the processor out by sessions
    nowhere = os.open(os.devnull, os.O_RDWR)
    for descriptor in range(3):
        os.dup2(nowhere, descriptor)
    faulthandler.disable()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_DFL)
    warnings.simplefilter("ignore")


def kill_tree(pid: int, also: bool = True) -> None:
    """Kill a process (also: itself too) and all that descend from it, in whatever session."""
    for one in [*descendants(pid), *([pid] if also else [])]:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.kill(one, signal.SIGKILL)


def descendants(pid: int) -> list[int]:
    """The processes that descend from one, as /proc lists them; none where there is no /proc."""
    children: dict[int, list[int]] = {}
    with contextlib.suppress(FileNotFoundError):
        for name in filter(str.isdigit, os.listdir("/proc")):
            with contextlib.suppress(OSError), open(f"/proc/{name}/stat", "rb") as file:
                # The name of the program, in brackets, may hold anything.
                parent = int(file.read().rpartition(b")")[2].split()[1])
                children.setdefault(parent, []).append(int(name))
    found, todo = [], [pid]
    while todo:
        new = children.get(todo.pop(), [])
        found += new
        todo += new
    return found
