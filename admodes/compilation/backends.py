"""The back ends by name, and the choice among them by what they cost.

"auto" begins with NumPy code, which is there at once. Native code takes longer to build than many
a program will ever run, so it is built when the program has run for as long as that takes; both
are then timed on the arguments of that call, and the faster one stays. Where it cannot be built or
run, NumPy code stays, and a note of the program says why.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from importlib import import_module
from importlib.util import find_spec
from time import perf_counter
from typing import Any

from admodes.compilation.protocol import MISS, Build, Run
from admodes.core.notes import Note
from admodes.core.record import WengertList
from admodes.optimisation import optimise

MODULES = {
    "numpy": "admodes.compilation.numpy.backend",
    "llvm": "admodes.compilation.llvm",
    "interpreter": "admodes.compilation.interpreter",
}
BACKENDS = ("auto", *MODULES)

FIXED = 0.05
"""Seconds that native code takes to build, whatever the program."""
PER_ROW = 1e-4
"""Seconds more for each row."""
ROUNDS = 5
"""Timings of each back end, one after the other; the fastest counts."""
LONG = 0.2
"""Seconds of timing after which there are no more rounds."""
WORTH = 0.95
"""Native code stays where it takes at most this share of the other's time."""


def built(program: WengertList, backend: str, exact: bool) -> tuple[WengertList, Run]:
    """The optimised program, and the function that runs it. Back ends are imported when they are
    first used, since llvm is an optional dependency. Programs that native code cannot run are run
    by NumPy code."""
    fast = optimise(program, exact=exact)
    name = "numpy" if backend == "auto" else backend
    run = _run(name, fast, program) or _run("numpy", fast, program)
    if backend == "auto" and find_spec("llvmlite") is not None:
        price = FIXED + PER_ROW * len(fast.steps)
        run = measured(run, lambda: _run("llvm", fast, program), price, program.notes)
    return fast, run  # type: ignore[return-value]


def _run(name: str, fast: WengertList, exact: WengertList) -> Run | None:
    build: Build = import_module(MODULES[name]).build
    return build(fast, exact)


def measured(first: Any, build: Callable[[], Run | None], price: float, notes: list[Note]) -> Run:
    """A function that runs first, until that has taken price seconds in all, and then whichever is
    faster, first or what build gives. An error of the latter is a note."""
    chosen: Any = None
    spent = 0.0
    lock = threading.Lock()

    def run(*leaves: Any) -> Any:
        nonlocal chosen, spent
        if chosen is not None:
            return chosen(*leaves)
        start = perf_counter()
        result = first(*leaves)
        spent += perf_counter() - start
        if spent > price and result is not MISS and lock.acquire(blocking=False):
            try:
                if chosen is None:
                    chosen = _faster(first, build(), leaves)
                    run.source = getattr(chosen, "source", None)  # type: ignore[attr-defined]
            except Exception as error:  # native code must not end what works
                chosen = first
                notes.append(Note(f"no native code ({type(error).__name__}: {error})", "code"))
            finally:
                lock.release()
        return result

    run.source = first.source  # type: ignore[attr-defined]
    return run


def _faster(first: Run, second: Run | None, leaves: tuple) -> Run:
    if second is None:
        return first
    times: dict[Run, float] = {}
    begin = perf_counter()
    for _ in range(ROUNDS):
        for run in (first, second):
            start = perf_counter()
            run(*leaves)
            times[run] = min(times.get(run, float("inf")), perf_counter() - start)
        if perf_counter() - begin > LONG:
            break
    return second if times[second] < WORTH * times[first] else first
