"""The numeric tests as other machines would run them: python tests/support/machines.py

NumPy chooses its kernels by the CPU, OpenBLAS by CPU and threads, hashes and random tests by seeds.
Each row of the table is one run of the numeric tests under one choice of all of these; a level that
this CPU lacks is left out, and said. The exit status is 1 where a run fails.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy._core._multiarray_umath import __cpu_features__ as FEATURES

LEVELS = ("X86_V3", "X86_V4", "AVX512_ICL", "AVX512_SPR")
"""What NumPy dispatches on beyond its baseline, each beside those before it."""

NUMERIC = (
    *("test_native_numbers.py", "test_native_arrays.py", "test_compile_random.py"),
    *("test_ops_generic.py", "test_optimisation_values.py", "test_truth_values.py"),
    "test_native_ulps.py",
)
"""What CI repeats in some eight minutes; other files are named on the command line."""
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


def main() -> int:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("files", nargs="*", default=NUMERIC, help="test files (numeric ones)")
    files = [str(next(HERE.rglob(Path(name).name))) for name in options.parse_args().files]
    rows, failed = [], False
    for m in MACHINES:
        row = f"{m.name:12} {m.seed:4} {m.threads:7}   "
        if m.missing:
            rows.append(f"{row}left out: this CPU has no {m.missing}")
            continue
        start = time.perf_counter()
        command = [sys.executable, "-m", "pytest", "--no-header", "-p", "no:randomly", *files]
        done = subprocess.run(command, env=m.environment, capture_output=True, text=True)
        found = done.stdout.strip().splitlines()[-1:] or [done.stderr[-500:]]
        failed |= done.returncode != 0
        if done.returncode:
            print(done.stdout[-4000:], done.stderr[-2000:], flush=True)
        verdict = "passed" if done.returncode == 0 else f"FAILED: {found[0]}"
        rows.append(f"{row}{verdict} in {time.perf_counter() - start:.0f} s")
    print(f"NumPy {np.__version__}, {len(files)} files of numeric tests")
    print("\n".join(["kernels      seed threads   result", *rows]))
    return int(failed)


if __name__ == "__main__":
    sys.exit(main())
