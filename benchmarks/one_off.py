"""What compiling costs once, by stages, for lists without repetition.

    python -m benchmarks.one_off [--sizes 1000 10000 100000] [--kinds numbers arrays]
                                 [--backends numpy llvm] [--json FILE]

Functions are drawn at random, so that no stretch of the list is like another: 24 values are alive
at a time, and each operation takes one or two of them and replaces one. They are numbers, or arrays
of 8 entries. The gradient of each function is compiled, every first call in a fresh process. The
table has the microseconds of the first call for each operation of the function (what its gradient
has besides counts as its share), in all and by stages, as processor time of the calling thread.

Target: at most 30 µs an operation, at every size.
"""

from __future__ import annotations

import argparse
import json
import random
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from importlib import import_module
from pathlib import Path
from time import thread_time
from typing import Any
from unittest.mock import patch

import numpy as np

import admodes as ad
from admodes.lab.timing import machine
from admodes.views.files import write_text
from admodes.views.render import render
from admodes.views.tables import Table

SIZES = (1000, 10_000, 100_000)
KINDS = ("numbers", "arrays")
BACKENDS = ("numpy", "llvm")
LIVE = 24
ENTRIES = 8
UNARY = (ad.sin, ad.cos, ad.tanh, ad.atan)
BINARY = ("+", "-", "*")

STAGES = {
    "recording": ("admodes.compilation.compiled", "recorded"),
    "optimising": ("admodes.compilation.backends", "optimise"),
    "writing": ("admodes.compilation.numpy.backend", "write"),
    "compiling text": ("admodes.compilation.numpy.backend", "code"),
    "planning": ("admodes.compilation.llvm", "planned"),
    "emitting": ("admodes.compilation.llvm.segments", "emitted"),
    "compiling natively": ("admodes.compilation.llvm.segments", "compiled_all"),
}
"""The function of a module that is a stage, by the stage's name."""


def irregular(operations: int, seed: int = 0) -> Callable:
    """A function of two numbers or arrays, of so many operations drawn at random."""
    draw = random.Random(seed)
    kinds = (*UNARY, *UNARY, *BINARY)
    # What a function refers to is looked through at its first call; this is one object.
    plan = bytes(
        x
        for _ in range(operations)
        for x in (draw.randrange(len(kinds)), *draw.sample(range(LIVE), 2))
    )

    def f(x: Any, y: Any) -> Any:
        half = LIVE // 2
        live = [x + 0.1 * k for k in range(half)] + [y - 0.1 * k for k in range(half)]
        for k in range(0, len(plan), 3):
            kind, a, b = kinds[plan[k]], plan[k + 1], plan[k + 2]
            if kind == "+":
                live[a] = live[a] + live[b]
            elif kind == "-":
                live[a] = live[a] - live[b]
            elif kind == "*":
                live[a] = live[a] * live[b]
            else:
                live[a] = kind(live[a])
        return ad.sum(sum(live))

    return f


def arguments(kind: str) -> tuple:
    """A point of such a function."""
    if kind == "numbers":
        return 0.3, 0.7
    return np.linspace(0.0, 0.5, ENTRIES), np.linspace(1.0, 0.5, ENTRIES)


@contextmanager
def measured(seconds: dict[str, float]) -> Iterator[None]:
    """Add up the time of each stage, without that of the stages that it calls."""
    running = [0.0]

    def timed(name: str, function: Callable) -> Callable:
        def run(*args: Any, **kwargs: Any) -> Any:
            running.append(0.0)
            start = thread_time()
            try:
                return function(*args, **kwargs)
            finally:
                whole = thread_time() - start
                seconds[name] += whole - running.pop()
                running[-1] += whole

        return run

    with ExitStack() as stack:
        for name, (module, attribute) in STAGES.items():
            home = import_module(module)
            function = timed(name, getattr(home, attribute))
            stack.enter_context(patch.object(home, attribute, function))
        yield


def first_call(kind: str, backend: str, operations: int) -> dict[str, float]:
    """Seconds of each stage of a first call, and of all of it, in this process."""
    args = arguments(kind)
    # What is set up once in a process is no part of what a list costs.
    ad.compile(ad.grad(irregular(50, seed=1)), backend=backend)(*args)
    compiled = ad.compile(ad.grad(irregular(operations)), backend=backend)
    seconds = dict.fromkeys(STAGES, 0.0)
    with measured(seconds):
        start = thread_time()
        compiled(*args)
        whole = thread_time() - start
    return {**seconds, "the rest": whole - sum(seconds.values()), "first call": whole}


def in_a_process(kind: str, backend: str, operations: int) -> dict[str, float]:
    """first_call in a process of its own."""
    command = [sys.executable, "-m", "benchmarks.one_off", "--worker", kind, backend]
    done = subprocess.run([*command, str(operations)], capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(f"{kind} {backend} {operations} failed:\n{done.stderr[-2000:]}")
    return json.loads(done.stdout)  # type: ignore[no-any-return]


def table(records: list[dict]) -> Table:
    """A line for each list and back end, in microseconds for each operation."""
    stages = [*STAGES, "the rest", "first call"]
    rows = [
        [f"{r['kind']}, {r['operations']}", r["backend"]]
        + [f"{r['seconds'][s] / r['operations'] * 1e6:.1f}" for s in stages]
        for r in records
    ]
    head = ["operations on", "back end", *stages]
    return Table("Microseconds for each operation of f", head, rows, [False] * len(head), [])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--sizes", type=int, nargs="+", default=SIZES)
    parser.add_argument("--kinds", nargs="+", choices=KINDS, default=KINDS)
    parser.add_argument("--backends", nargs="+", choices=(*BACKENDS, "auto"), default=BACKENDS)
    parser.add_argument("--json", type=Path)
    parser.add_argument("--worker", nargs=3, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.worker:
        kind, backend, operations = given.worker
        print(json.dumps(first_call(kind, backend, int(operations))))
        return
    records = [
        {
            "kind": kind,
            "backend": backend,
            "operations": operations,
            "seconds": in_a_process(kind, backend, operations),
        }
        for kind in given.kinds
        for backend in given.backends
        for operations in given.sizes
    ]
    print(render([table(records)], "markdown"))
    if given.json:
        write_text(given.json, json.dumps({"machine": machine(), "records": records}, indent=1))


if __name__ == "__main__":
    main()
