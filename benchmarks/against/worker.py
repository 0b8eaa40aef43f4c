"""One side of a comparison: python worker.py TREE imports admodes from TREE, prints the names of
the jobs, then reads names from standard input and prints for each the seconds of a call."""

from __future__ import annotations

import gc
import importlib
import math
import sys
import warnings
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from time import thread_time

SAMPLE, LEAST = 1e-4, 0.005
"""Seconds that one sample takes at least, and all samples of a turn."""
HERE = Path(__file__).resolve().parents[1]


def shortest(job, calls: int) -> float:
    """The seconds that a call takes, in the quickest of the samples of a turn; a sample is so many
    calls. Processor time of this thread."""
    best = math.inf
    start = thread_time()
    while True:
        before = thread_time()
        for _ in range(calls):
            job()
        after = thread_time()
        best = min(best, (after - before) / calls)
        if after - start > LEAST:
            return best


def prepared(job) -> tuple:
    """The job, called so often that nothing is new to it, and how many calls make a sample."""
    job()
    calls = max(1, int(SAMPLE / shortest(job, 1)))
    gc.collect()
    gc.freeze()
    return job, calls


def load(name: str) -> None:
    """A package of admodes from this checkout."""
    folder = HERE.parent.joinpath(*name.split("."))
    spec = spec_from_file_location(
        name, folder / "__init__.py", submodule_search_locations=[str(folder)]
    )
    assert spec is not None
    assert spec.loader is not None
    importlib.import_module(name.rpartition(".")[0])
    sys.modules[name] = module_from_spec(spec)
    spec.loader.exec_module(sys.modules[name])


def main(tree: str) -> None:
    if not Path(tree, "admodes", "__init__.py").is_file():
        raise SystemExit(f"{tree} holds no admodes: give the root of a checkout")
    sys.path.insert(0, tree)
    import admodes

    assert Path(admodes.__file__).is_relative_to(tree)
    # The workloads are those of this checkout, whichever admodes runs them.
    sys.path[:1] = [str(HERE.parent), str(HERE)]
    load("admodes.lab.workloads")
    from benchmarks.against import jobs
    from benchmarks.workloads import settle_memory

    warnings.simplefilter("ignore")
    settle_memory()
    makers = jobs.makers()
    print(*makers, sep="\t", flush=True)
    known: dict[str, tuple] = {}
    for line in sys.stdin:
        name = line.rstrip("\n")
        if name not in known:
            known[name] = prepared(makers[name]())
        print(shortest(*known[name]), flush=True)


if __name__ == "__main__":
    main(sys.argv[1])
