"""The process of a student's module, as this process sees it: started, asked with a limit on time,
and ended with all that it started. What it answers is data that may be wrong."""

from __future__ import annotations

import contextlib
import json
import os
import queue
import secrets
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from admodes.errors import Error

CHILD = Path(__file__).with_name("child")

LONGEST_ANSWER = 2**20
MOST_FILES, MOST_BYTES = 1000, 40 * 2**20
"""What the module may leave in its folder while it runs; in the end all of it is removed."""

MOST_STRAY_LINES = 100
POLL = 0.05

MARK = "ADMODES_GRADING"
"""In the environment of the process, and so of all that it starts."""


@dataclass(frozen=True)
class Limits:
    """What a module may take: seconds for all of it, for loading, and for one question, and bytes
    of memory."""

    seconds: float = 40.0
    loading: float = 20.0
    question: float = 8.0
    memory: int = 2**30


class Ended(Error):
    """The process is gone; the message says how."""


class TooLate(Ended):
    """It did not answer in time, and was ended."""


class Student:
    """One process for one module; use it in a with statement. files: the module and what is beside
    it, by the names that they get in the folder; the module is the first."""

    def __init__(self, files: dict[str, bytes], limits: Limits, deadline: float) -> None:
        self.limits, self.deadline = limits, deadline
        self.strays = 0
        self.mark = secrets.token_hex(16)
        self.folder = os.path.realpath(tempfile.mkdtemp(prefix="admodes-grading-"))
        try:
            self._start(files)
        except BaseException:
            self.close()
            raise

    def _start(self, files: dict[str, bytes]) -> None:
        for name, text in files.items():
            Path(self.folder, name).write_bytes(text)
        self.process = subprocess.Popen(
            [sys.executable, "-I", "-B", str(CHILD)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            cwd=self.folder,
            env=_environment(self.folder, self.mark),
            start_new_session=os.name == "posix",
        )
        self.answers: queue.Queue[bytes | None] = queue.Queue(maxsize=8)
        self.requests: queue.SimpleQueue[bytes | None] = queue.SimpleQueue()
        # Threads, since a process that does not read would block this one, and Windows cannot wait
        # for pipes in another way.
        self.threads = [_thread(self._read, self.process.stdout), _thread(self._write)]
        asked = {"folder": self.folder, "memory": self.limits.memory}
        asked["most"] = int(self.limits.seconds) + 1
        self.holds = self.ask("confine", self.limits.loading, **asked)

    def __enter__(self) -> Student:
        return self

    def __exit__(self, *_: Any) -> None:
        self.close()

    def ask(self, what: str, seconds: float, **data: Any) -> dict[str, Any]:
        """The answer to a request. Raises Ended, and TooLate after these seconds or at the deadline
        of all; then the process has been ended."""
        nonce = secrets.token_hex(16)
        line = json.dumps({"what": what, "nonce": nonce, **data}).encode() + b"\n"
        self.requests.put(line)
        until = min(time.monotonic() + seconds, self.deadline)
        while True:
            answer = self._answer(nonce, self._line(until, seconds))
            if answer is not None:
                return answer

    def _answer(self, nonce: str, line: bytes) -> dict[str, Any] | None:
        """What a line says, or None where it is no answer to this request."""
        word, _, text = line.partition(b" ")
        with contextlib.suppress(ValueError, RecursionError):
            if secrets.compare_digest(word, nonce.encode()):
                answer = json.loads(text)
                if isinstance(answer, dict):
                    return answer
        self.strays += 1
        if self.strays > MOST_STRAY_LINES:
            self._end("wrote what is no answer where answers are expected")
        return None

    def _line(self, until: float, seconds: float) -> bytes:
        """The next line of the process. Raises Ended."""
        while True:
            with contextlib.suppress(queue.Empty):
                line = self.answers.get(timeout=POLL)
                if line is None:
                    self._end()
                elif len(line) > LONGEST_ANSWER:
                    self._end("answered with more than a megabyte")
                else:
                    return line
            if time.monotonic() > until:
                self.close()
                raise TooLate(f"did not end within {seconds:.3g} s")
            if self.process.poll() is not None and self.answers.empty():
                self._end()
            if _is_full(self.folder):
                self._end("filled its folder with files")

    def _end(self, how: str | None = None) -> None:
        """Raise Ended, once all is ended."""
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.process.wait(timeout=0 if how else 1)
        status = self.process.returncode
        self.close()
        if how is None and status is not None and -status in _TIME_SIGNALS:
            raise TooLate("used up its processor time")
        raise Ended(how or _words_of(status))

    def _read(self, stream: IO[bytes]) -> None:
        with contextlib.suppress(ValueError, OSError):
            while line := stream.readline(LONGEST_ANSWER + 2):
                self.answers.put(line)
            self.answers.put(None)

    def _write(self) -> None:
        stream = self.process.stdin
        assert stream is not None
        with contextlib.suppress(ValueError, OSError):
            while line := self.requests.get():
                stream.write(line)
                stream.flush()

    def close(self) -> None:
        """End the process and all that it started, and remove its folder."""
        if hasattr(self, "process"):
            _kill(self.process, self.mark)
            self.requests.put(None)
            with contextlib.suppress(queue.Empty):
                while True:  # a reader that waits for room goes on
                    self.answers.get_nowait()
            until = time.monotonic() + 1
            for thread in self.threads:
                thread.join(max(0.0, until - time.monotonic()))
            # What escaped on a system without a filter may hold the other end, and close() wait.
            if not any(thread.is_alive() for thread in self.threads):
                for stream in (self.process.stdin, self.process.stdout):
                    with contextlib.suppress(OSError):
                        stream.close()  # type: ignore[union-attr]
        shutil.rmtree(self.folder, ignore_errors=True)


_TIME_SIGNALS = {getattr(signal, "SIGXCPU", None)}


def _thread(job: Any, *args: Any) -> threading.Thread:
    thread = threading.Thread(target=job, args=args, daemon=True)
    thread.start()
    return thread


def _environment(folder: str, mark: str) -> dict[str, str]:
    """Almost nothing: a place for what writes at home, and one thread for NumPy."""
    kept = {name: os.environ[name] for name in ("SYSTEMROOT",) if name in os.environ}
    places = dict.fromkeys(("HOME", "TMPDIR", "TEMP", "MPLCONFIGDIR"), folder)
    return {**kept, **places, "OPENBLAS_NUM_THREADS": "1", "LC_ALL": "C.UTF-8", MARK: mark}


def _is_full(folder: str) -> bool:
    size = 0
    with contextlib.suppress(OSError), os.scandir(folder) as entries:
        for count, entry in enumerate(entries):
            with contextlib.suppress(OSError):
                size += entry.stat(follow_symlinks=False).st_size
            if count > MOST_FILES or size > MOST_BYTES:
                return True
    return False


def _kill(process: subprocess.Popen, mark: str) -> None:
    """Kill a process, its group, and on Linux all that has its mark in the environment, in whatever
    session, until none is left."""
    until = time.monotonic() + 5
    while True:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            if os.name == "posix":
                os.killpg(process.pid, signal.SIGKILL)
        process.kill()
        left = list(_marked(f"{MARK}={mark}".encode()))
        for pid in left:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.kill(pid, signal.SIGKILL)
        if not left or time.monotonic() > until:
            break
    process.wait()


def _marked(mark: bytes) -> Iterable[int]:
    """The processes with a variable in their environment, where there is /proc."""
    with contextlib.suppress(FileNotFoundError):
        for name in filter(str.isdigit, os.listdir("/proc")):
            with contextlib.suppress(OSError), open(f"/proc/{name}/environ", "rb") as file:
                if mark in file.read(2**17):
                    yield int(name)


def _words_of(status: int | None) -> str:
    if status is None:
        return "closed the way to this process"
    if status < 0:
        return f"was killed by {signal.Signals(-status).name}"
    return f"ended its process, with exit status {status}"
