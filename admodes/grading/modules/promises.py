"""What the isolation of a module promises on this machine, and what not, in words."""

from __future__ import annotations

import sys
from typing import Any

from admodes.grading.modules.student import Limits


def promises(holds: dict[str, Any], limits: Limits) -> dict[str, list[str]]:
    """The sentences, from what holds in the process; holds is empty where none was started."""
    if not holds:
        return {"promised": ["the module was not run"], "not": []}
    limited = holds.get("limits") or []
    promised = [
        "nothing that the module prints or writes counts: it returns numbers, and this process, "
        "which holds the right ones, judges them at random points",
        f"an answer after {limits.seconds:.3g} s at the latest, and the module's process is ended",
        "an empty temporary folder, which is removed, and an environment without your variables",
    ]
    refused: list[str] = []
    for what, text in _LIMITS.items():
        (promised if what in limited else refused).append(
            text.format(memory=limits.memory / 2**20, seconds=limits.seconds)
        )
    for what, text in _LAYERS.items():
        (promised if holds.get(what) else refused).append(text)
    if not holds.get("processes"):
        left = "no process of the module is left behind, whatever it starts"
        (promised if sys.platform == "linux" and "processes" in limited else refused).append(left)
    refused.append(
        "this is no jail against who knows a flaw of the kernel: for hostile classes run "
        "the command in a container or a virtual machine (docs/grade-code.md)"
    )
    return {"promised": promised, "not": refused}


_LIMITS = {
    "memory": "at most {memory:.0f} MiB of memory",
    "processor time": "at most {seconds:.3g} s of processor time",
    "size of files": "no file larger than 8 MiB",
}

_LAYERS = {
    "files": "no file outside the folder is read or written, but Python, its packages and the "
    "system's libraries, which are read alone (Landlock)",
    "processes": "no other process is started, signalled or traced (filter of system calls)",
    "network": "no network (filter of system calls)",
}
