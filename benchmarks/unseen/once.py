"""Figures that are measured once, each in a process of its own, beside the workloads: first calls
of long lists, peaks of memory, eager operations, imports.

    python -m benchmarks.unseen.once NAME
"""

from __future__ import annotations

import gc
import json
import os
import subprocess
import sys
import tracemalloc
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter
from typing import Any

import numpy as np

import admodes as ad
from admodes.lab.timing import interleaved
from benchmarks.compiled.case import CASADI, LLVM

from . import motion
from .kit import Unseen

ROOT = Path(__file__).resolve().parents[2]
LIMIT = 60.0
"""Seconds after which such a process is stopped."""


def _load() -> None:
    """Compile another function, of which a loop is rolled, so that all modules are there."""

    def f(x: Any) -> Any:
        for _ in range(2500):
            x = 0.5 * np.sin(x) + 0.5 * x
        return np.sum(x)

    for backend in ("numpy", "llvm"):
        ad.compile(ad.grad(f), backend)(np.ones(3))


def first_call(derivative: Callable, *args: Any) -> float:
    """Seconds, once everything is loaded."""
    _load()
    compiled = ad.compile(derivative)
    start = perf_counter()
    compiled(*args)
    return perf_counter() - start


def loop(operations: int = 100_000) -> float:
    """Four operations on ten numbers in each turn."""

    def f(x: Any) -> Any:
        for _ in range(operations // 4):
            x = x + 0.001 * np.sin(x * x)
        return np.sum(x)

    return first_call(ad.grad(f), np.linspace(0.1, 1.0, 10))


def irregular(operations: int) -> float:
    """Microseconds an operation, for a list of operations in random order whose arguments are
    random earlier results."""
    rng = np.random.default_rng(0)
    kinds = rng.integers(5, size=operations)
    at = rng.integers(1, 30, size=(operations, 2))
    choices = [
        lambda a, b: 0.5 * (a + b),
        lambda a, b: a * b,
        lambda a, b: np.sin(a),
        lambda a, b: np.tanh(a - b),
        lambda a, b: np.sqrt(1.0 + a * a),
    ]

    def f(x: Any) -> Any:
        results = [x]
        for kind, (i, j) in zip(kinds.tolist(), at.tolist()):
            results.append(
                choices[kind](results[-min(i, len(results))], results[-min(j, len(results))])
            )
        return np.sum(results[-1])

    return first_call(ad.grad(f), np.linspace(0.1, 1.0, 10)) / operations * 1e6


def peak(workload: Unseen, states: int) -> float:
    """The most memory during a call of the compiled derivative once it is known which back end is
    faster, what it keeps between calls and its code included, as a multiple of so many bytes."""
    _load()
    tracemalloc.start()
    before = tracemalloc.get_traced_memory()[0]
    derivative, *args = _gradient(workload)
    compiled = ad.compile(derivative)

    def run() -> None:
        compiled(*args)

    for _ in range(3):
        for _ in range(20):
            run()
        compiled.wait()
    gc.collect()
    tracemalloc.reset_peak()
    run()
    return (tracemalloc.get_traced_memory()[1] - before) / states


def eager() -> float:
    """Microseconds of an operation on floats, forward and backward."""
    with TemporaryDirectory() as folder:
        path = Path(folder) / "eager.json"
        command = [sys.executable, str(ROOT / "benchmarks" / "eager.py"), "--json", str(path)]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
        figures = json.loads(path.read_text(encoding="utf-8"))["figures"]
    return figures["reverse (vjp + pullback)"]["microseconds_per_operation"]["median"]


def minors(n: int) -> float:
    """Our native code for the gradient of a determinant by minors, as a multiple of casadi's."""
    from benchmarks.compiled import scalars

    contestants = scalars.minors(n, 1.0).contestants
    jobs = {name: contestants[name].prepare() for name in (LLVM, CASADI)}
    times = interleaved(jobs, rounds=41)
    return times[LLVM].median / times[CASADI].median


def imports() -> float:
    """Milliseconds of processor time that importing admodes takes after NumPy, where the modules of
    both are there as bytecode, as pip leaves them."""

    def seconds() -> float:
        """What processes that have ended took, the system's work for them included."""
        times = os.times()
        return times.children_user + times.children_system

    with TemporaryDirectory() as folder:
        held = os.environ | {"PYTHONPYCACHEPREFIX": folder, "PYTHONDONTWRITEBYTECODE": ""}

        def run(name: str) -> Callable[[], Any]:
            command = [sys.executable, "-c", f"import {name}"]
            return lambda: subprocess.run(command, check=True, cwd=ROOT, env=held)

        jobs = {name: run(name) for name in ("admodes", "numpy")}
        times = interleaved(jobs, rounds=31, least=0.0, clock=seconds)
    return (times["admodes"].median - times["numpy"].median) * 1e3


HEAT, LORENZ = (1000, 500), (1000, 500)
"""Entries of a state and steps, as in the workloads."""
FIGURES: dict[str, Callable[[], float]] = {
    "loop": loop,
    "lorenz": lambda: first_call(*_gradient(motion.lorenz(*LORENZ))),
    "kalman": lambda: first_call(*_gradient(motion.kalman(200))),
    "irregular 10,000": lambda: irregular(10_000),
    "irregular 100,000": lambda: irregular(100_000),
    "heat memory": lambda: peak(motion.heat(*HEAT), 8 * HEAT[0] * HEAT[1]),
    "lorenz memory": lambda: peak(motion.lorenz(*LORENZ), 8 * LORENZ[0] * LORENZ[1]),
    "eager": eager,
    "minors 5": lambda: minors(5),
    "minors 6": lambda: minors(6),
    "minors 7": lambda: minors(7),
    "import": imports,
}


def _gradient(workload: Unseen) -> tuple[Any, ...]:
    """The derivative and its arguments."""
    return ad.grad(
        lambda *args: workload.f(np, *args), tuple(range(workload.wanted))
    ), *workload.args


def apart(name: str, environment: dict[str, str]) -> float | str:
    """A figure from a process of its own, or why there is none."""
    command = [sys.executable, "-m", "benchmarks.unseen.once", name]
    try:
        done = subprocess.run(
            command, env=environment, timeout=LIMIT, capture_output=True, text=True
        )
    except subprocess.TimeoutExpired:
        return f"> {LIMIT:.0f} s in all"
    if done.returncode:
        return f"failed: {done.stderr.strip().splitlines()[-1][:80]}"
    return float(done.stdout)


if __name__ == "__main__":
    print(FIGURES[sys.argv[1]]())
