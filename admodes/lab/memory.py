"""How much memory there is, how much processes take, and limits on it."""

from __future__ import annotations

import contextlib
import math
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

CGROUP = Path("/sys/fs/cgroup")
"""Where Linux says what the group of processes, such as a container, that this one is in may
take."""


def half_of_memory() -> float:
    """Half of the bytes of the machine, or of those that this process's group may take where they
    are fewer; no bound where neither is known."""
    return min(filter(None, (_physical(), _of_group("max"))), default=math.inf) / 2


def free_memory() -> int | None:
    """Bytes that are free on this machine and to this process; all of them where it does not say
    which are free, None where it does not say that either."""
    limit, used = _of_group("max"), _of_group("current")
    known = [_labelled("/proc/meminfo", "MemAvailable:") or _physical()]
    if limit is not None and used is not None:
        known.append(max(limit - used, 0))
    return min((size for size in known if size is not None), default=None)


def _physical() -> int | None:
    """The bytes of the machine."""
    try:
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (AttributeError, ValueError, OSError):
        return None


def _of_group(what: str) -> int | None:
    """The most that the group may take ("max"), or what it takes ("current"); None without a
    limit."""
    try:
        text = (CGROUP / f"memory.{what}").read_text(encoding="utf-8").strip()
    except OSError:
        return None  # not Linux, or no group
    return int(text) if text.isdigit() else None


def _labelled(path: str, label: str) -> int:
    """Bytes that a file in /proc states behind a label, 0 where it does not."""
    with contextlib.suppress(OSError), open(path, encoding="utf-8") as lines:
        for line in lines:
            if line.startswith(label):
                return int(line.split()[1]) * 1024
    return 0


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
    return max(_labelled("/proc/self/status", "VmHWM:") - before, 0)


def _peak_after_reset() -> int | None:
    """The peak of this process's memory, which from now on counts anew; None where the system
    cannot."""
    try:
        with open("/proc/self/clear_refs", "w") as file:
            file.write("5")
        return _labelled("/proc/self/status", "VmHWM:")
    except OSError:
        return None
