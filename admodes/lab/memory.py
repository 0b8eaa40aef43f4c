"""How much memory processes take, and limits on it."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
from collections.abc import Callable
from typing import Any


def resident_bytes(pid: int) -> int:
    """The memory that a process has in use, in bytes; 0 where that is not known."""
    try:
        with open(f"/proc/{pid}/statm", "rb") as file:
            return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    except (OSError, IndexError):
        return 0 if os.path.exists("/proc/self") else _listed_bytes(pid)


def _listed_bytes(pid: int) -> int:
    """The same from ps, where there is no /proc."""
    command = ["ps", "-o", "rss=", "-p", str(pid)]
    found = subprocess.run(command, capture_output=True, text=True, check=False).stdout
    return int(found or 0) * 1024


def limit_memory(more: int) -> None:
    """Let this process take so many bytes of addresses more than it has, where the system can
    tell how many that are, and leave no image of its memory behind if it crashes."""
    import resource

    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    with contextlib.suppress(OSError, ValueError), open("/proc/self/statm", "rb") as file:
        total = int(file.read().split()[0]) * os.sysconf("SC_PAGE_SIZE") + more
        resource.setrlimit(resource.RLIMIT_AS, (total, total))


def allocated(job: Callable[[], Any]) -> int:
    """The most bytes that Python and NumPy held at once during a job beyond what they held
    before."""
    import tracemalloc

    tracemalloc.start()
    try:
        job()
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def grown(job: Callable[[], Any]) -> int:
    """By how many bytes this process grew at most during a job, whoever allocated them. Pages that
    earlier jobs have left behind are used again, so that run a job first in a fresh process."""
    import resource

    before = _peak_after_reset()
    if before is None:
        unit = 1 if sys.platform == "darwin" else 1024
        start = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        job()
        return (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - start) * unit
    job()
    return max(_status("VmHWM") - before, 0)


def _peak_after_reset() -> int | None:
    """The peak of this process's memory, which from now on counts anew; None where the system
    cannot."""
    try:
        with open("/proc/self/clear_refs", "w") as file:
            file.write("5")
        return _status("VmHWM")
    except OSError:
        return None


def _status(key: str) -> int:
    with open("/proc/self/status", encoding="utf-8") as lines:
        for line in lines:
            if line.startswith(key):
                return int(line.split()[1]) * 1024
    return 0
