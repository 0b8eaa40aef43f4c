"""The back ends by name, and the choice among them by what they cost.

"auto" begins with NumPy code, which is there at once. Native code takes longer to build than many
a program will ever run, so it is built when the program has run for as long as that takes, in a
thread beside the calls; the next ones are then run by both in turn, and the faster one stays. Where
it cannot be built or run, NumPy code stays, and a note of the program says why. For a long list
NumPy code takes seconds too: it is built in such a thread, and until it is there the list is run as
it was recorded.
"""

from __future__ import annotations

import sys
from importlib import import_module
from importlib.util import find_spec
from types import FunctionType

from admodes.compilation.beside import UNFORKED, Awaited, measured
from admodes.compilation.interpreter import build as interpreted
from admodes.compilation.protocol import Build, Run
from admodes.core.record import WengertList
from admodes.optimisation import optimise

MODULES = {
    "numpy": "admodes.compilation.numpy.backend",
    "llvm": "admodes.compilation.llvm",
    "interpreter": "admodes.compilation.interpreter",
}
BACKENDS = ("auto", *MODULES)
RUNS_NATIVE = "admodes.compilation.llvm.running"

FIXED, LATER = 0.05, 0.005
"""Seconds that native code takes to build, whatever the program: the first of a process, and later
ones."""
PER_ROW = 1e-4
"""Seconds more for each row."""

LONG = 20_000
"""Lists of more rows are built beside the calls; shorter ones take about a second."""


def built(program: WengertList, backend: str, exact: bool) -> Run:
    """The function that runs a program."""
    if backend == "auto" and len(program.steps) > LONG:
        return Awaited(interpreted(program), lambda: _built(program, backend, exact), program.notes)
    return _built(program, backend, exact)


def code_of_turns(program: WengertList) -> FunctionType:
    """The NumPy code of a program, of which every row has the value of the recorded one."""
    with UNFORKED:
        module = import_module(MODULES["numpy"])
    return module.build_once(optimise(program))  # type: ignore[no-any-return]


def _built(program: WengertList, backend: str, exact: bool) -> Run:
    """The function that runs the optimised program. Back ends are imported when they are first
    used, since llvm is an optional dependency. Programs that native code cannot run are run by
    NumPy code."""
    fast = optimise(program, exact=exact)
    name = "numpy" if backend == "auto" else backend
    run = _run(name, fast, program) or _run("numpy", fast, program)
    if backend == "auto" and find_spec("llvmlite") is not None:
        price = PER_ROW * len(fast.steps)
        price += LATER if RUNS_NATIVE in sys.modules else FIXED
        run = measured(run, lambda: _run("llvm", fast, program), price, program.notes)
    return run  # type: ignore[return-value]


def _run(name: str, fast: WengertList, exact: WengertList) -> Run | None:
    with UNFORKED:
        build: Build = import_module(MODULES[name]).build
    return build(fast, exact)
