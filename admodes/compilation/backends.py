"""The back ends by name, and the choice among them by what they cost.

"auto" begins with NumPy code, which is there at once. Native code takes longer to build than many
a program will ever run, so it is built when the program has run for as long as that takes, in a
thread beside the calls; the next ones are then run by both in turn, and the faster one stays. Where
it cannot be built or run, NumPy code stays, and a note of the program says why.
"""

from __future__ import annotations

from importlib import import_module
from importlib.util import find_spec

from admodes.compilation.beside import UNFORKED, measured
from admodes.compilation.protocol import Build, Run
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
    with UNFORKED:
        build: Build = import_module(MODULES[name]).build
    return build(fast, exact)
