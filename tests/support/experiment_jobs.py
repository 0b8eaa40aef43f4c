"""Jobs of points that do what a user's function may do to the process it runs in. Each notes its
start in a file, so that tests see how often it ran."""

from __future__ import annotations

import os
import signal
import sys
import time
from pathlib import Path


def square(n, log=None):
    """n², noted in the file."""
    note(log, n)
    return {"square": n * n, "process": os.getpid()}


def slow(n, seconds, log=None):
    note(log, n)
    time.sleep(seconds)
    return {"square": n * n}


def deadly(n, log=None):
    """Kills its process, every time."""
    note(log, n)
    os.kill(os.getpid(), signal.SIGKILL)


def deadly_once(n, log):
    """Kills its process the first time."""
    first = f"{n}" not in Path(log).read_text(encoding="utf-8").split()
    note(log, n)
    if first:
        os.kill(os.getpid(), signal.SIGKILL)
    return {"square": n * n}


def printing(n):
    print("a word of the user's")
    return n


def leaving(n):
    sys.exit(n)


def endless(n):
    while True:
        try:
            n += 1
        except Exception:
            n = 0


def note(log, n):
    if log is not None:
        with open(log, "a", encoding="utf-8") as file:
            file.write(f"{n}\n")
