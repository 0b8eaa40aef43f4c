"""The back ends by name, and the choice among them."""

from __future__ import annotations

from importlib import import_module

from admodes.compilation.protocol import Build, Run
from admodes.core.record import Program
from admodes.optimisation import lower, optimise
from admodes.optimisation.columns import columns
from admodes.optimisation.entries import entries
from admodes.optimisation.gathers import gathers
from admodes.optimisation.packing import packing

MODULES = {
    "numpy": "admodes.compilation.numpy_code",
    "llvm": "admodes.native",
    "interpreter": "admodes.compilation.interpreter",
}
BACKENDS = ("auto", *MODULES)


def choose(program: Program) -> str:
    """The back end that is expected to be fastest."""
    return "numpy"


def built(program: Program, backend: str, exact: bool) -> tuple[Program, Run]:
    """The optimised program, and the function that runs it. Back ends are imported when they are
    first used, since llvm is an optional dependency."""
    fast = optimise(columns(gathers(entries(program))), exact=exact)
    packed = packing(fast, exact)
    fast = lower(fast if packed is fast else optimise(packed, exact=exact))
    name = choose(fast) if backend == "auto" else backend
    build: Build = import_module(MODULES[name]).build
    return fast, build(fast, program)
