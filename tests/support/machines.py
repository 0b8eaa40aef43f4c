"""The numeric tests as other machines would run them: python tests/support/machines.py

With --whole it is every test and every example in a docstring, two processes at a time; with names,
those files; as many runs side by side as there are processors. With --others they are two: with
the baseline alone, and with the level below that of this CPU, with which the whole suite runs
anyway. NumPy chooses its kernels by the
CPU, OpenBLAS by CPU and threads, hashes and random tests by seeds, each of which draws programs of
its own and takes half as many of the dear ones as the suite. Each row of the table is one run under
one choice of all of these; a level that this CPU lacks is left out, and said. The exit status is 1
where a run fails.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy._core._multiarray_umath import __cpu_features__ as FEATURES

LEVELS = ("X86_V3", "X86_V4", "AVX512_ICL", "AVX512_SPR")
"""What NumPy dispatches on beyond its baseline, each beside those before it."""

NUMERIC = (
    ("native_arrays", "ops_generic", "optimisation_values"),
    ("compile_random", "native_numbers", "truth_values", "native_ulps"),
)
"""What CI repeats in about a minute, in two parts that take alike; other files are named on the
command line."""
HERE = Path(__file__).parents[1]


class Machine(NamedTuple):
    """level: how many of LEVELS are on."""

    level: int
    seed: int
    threads: int

    @property
    def name(self) -> str:
        return LEVELS[self.level - 1] if self.level else "baseline"

    @property
    def missing(self) -> str:
        """Features that this CPU lacks for the level."""
        return " ".join(x for x in LEVELS[: self.level] if not FEATURES.get(x))

    @property
    def environment(self) -> dict[str, str]:
        off = [x for x in LEVELS[self.level :] if FEATURES.get(x)]
        return os.environ | {
            "NPY_DISABLE_CPU_FEATURES": " ".join(off),
            "ADMODES_TEST_SEED": str(self.seed),
            "PYTHONHASHSEED": str(self.seed),
            "OPENBLAS_NUM_THREADS": str(self.threads),
        }


MACHINES = (
    *(Machine(0, 1, 1), Machine(1, 2, 2), Machine(2, 3, 1), Machine(3, 4, 2)),
    Machine(4, 5, 1),
)


def run(machine: Machine, chosen: list[str]) -> tuple[str, bool]:
    """What is printed of one run, and whether it failed."""
    start = time.perf_counter()
    command = [sys.executable, "-m", "pytest", "--no-header", "-p", "no:randomly", *chosen]
    done = subprocess.run(
        command, env=machine.environment, cwd=HERE.parent, capture_output=True, text=True
    )
    if done.returncode:
        print(done.stdout[-4000:], done.stderr[-2000:], flush=True)
    last = (done.stdout.strip().splitlines() or [done.stderr[-500:]])[-1].strip("= ")
    verdict = last if done.returncode == 0 else f"FAILED: {last}"
    took = f"{verdict} (whole run {time.perf_counter() - start:.0f} s)"
    return f"{machine.name:12} {machine.seed:4} {machine.threads:7}   {took}", done.returncode != 0


def main() -> int:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("files", nargs="*", help="test files (numeric ones)")
    options.add_argument("--whole", action="store_true", help="all tests and examples")
    options.add_argument(
        "--others", action="store_true", help="the lowest level and the next below"
    )
    given = options.parse_args()
    here = [machine for machine in MACHINES if not machine.missing]
    chosen = list(dict.fromkeys((here[0], *here[-2:-1]))) if given.others else here
    parts = [given.files] if given.files else [[f"test_{x}.py" for x in part] for part in NUMERIC]
    parts = [[str(next(HERE.rglob(Path(name).name))) for name in part] for part in parts]
    # The dear tests stand together, so one process for each run takes less than two for one run.
    what, at_once = [["-n", "0", *part] for part in parts], os.cpu_count()
    if given.whole:
        what, at_once = [["-n", "2"]], 1
    jobs = [(machine, part) for machine in chosen for part in what]
    with ThreadPoolExecutor(at_once) as pool:
        runs = list(pool.map(lambda job: run(*job), jobs))
    files = "all tests and examples" if given.whole else f"{sum(map(len, parts))} files of tests"
    print(f"NumPy {np.__version__}, {files}")
    print("\n".join(["kernels      seed threads   result", *(row for row, _ in runs)]))
    for machine in MACHINES:
        if machine.missing:
            print(f"{machine.name}: left out, this CPU has no {machine.missing}")
    return int(any(failed for _, failed in runs))


if __name__ == "__main__":
    sys.exit(main())
