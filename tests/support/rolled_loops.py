"""Random loops, compiled as loops and as the lists of their steps, which give the same bits where
the same kernels run: python tests/support/rolled_loops.py --count 300

A loop in a loop is run by NumPy's kernels where native code runs the list of its steps, with a sine
that rounds otherwise. Prints each function for which bits differ, or there more than by rounding.
In the test suite (test_drawn_loops.py) a sixth of them run.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from typing import Any
from unittest.mock import patch

import numpy as np
from loop_functions import drawn_loop, in_a_loop

import admodes as ad
from admodes.loops import rolling
from admodes.loops.operations import loop
from admodes.loops.region import all_steps

BACKENDS = ("numpy", "llvm")
ORDERS: dict[str, Callable[[Callable], Callable]] = {
    "value": lambda f: f,
    "gradient": ad.grad,
    "second derivative": lambda f: lambda x: ad.hvp(f, x, np.cos(x)),
}


def results(seed: int, backend: str, order: str, short: int) -> tuple[list[np.ndarray], bool]:
    """What calls give at several points, and with the array that f refers to changed, where lists
    of more than `short` rows become loops; and whether there is a loop."""
    f, x, captured = drawn_loop(seed)
    compiled = ad.compile(ORDERS[order](f), backend=backend, exact=True)
    given = []
    with patch.object(rolling, "SHORT", short):
        for scale, change in ((1.0, 1.0), (0.9, 1.0), (1.0, 0.5), (-1.5, 1.0), (1.0, 2.0)):
            captured *= change
            given.append(np.asarray(compiled(scale * x)))
    steps = (step for program in compiled.programs for step in all_steps(program))
    return given, any(step.op is loop for step in steps)


def compared(seed: int, backend: str, order: str) -> tuple[bool, bool]:
    """Whether the results are the same, and whether there is a loop."""
    as_loop, found = results(seed, backend, order, 0)
    as_list, _ = results(seed, backend, order, rolling.SHORT)
    pairs = list(zip(as_loop, as_list, strict=True))
    if backend == "llvm" and in_a_loop(seed):
        return all(
            np.allclose(a, b, rtol=1e-12, atol=1e-13, equal_nan=True) for a, b in pairs
        ), found
    return all(a.tobytes() == b.tobytes() for a, b in pairs), found


def main() -> int:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--count", type=int, default=300, help="loops")
    count: Any = options.parse_args().count
    cases = [(seed, b, order) for seed in range(count) for b in BACKENDS for order in ORDERS]
    found = [compared(*case) for case in cases]
    for case, (same, _) in zip(cases, found, strict=True):
        if not same:
            print("differs:", *case)
    loops, differ = sum(loop for _, loop in found), sum(not same for same, _ in found)
    print(f"{len(cases)} compiled functions, {loops} with loops, {differ} that differ")
    return 1 if differ else 0


if __name__ == "__main__":
    sys.exit(main())
