"""The command line: python -m benchmarks.compiled."""

from __future__ import annotations

import argparse
import gc
import json
import os
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from admodes.lab.timing import machine
from admodes.views.files import write_text
from benchmarks import workloads

from . import (
    bundle,
    dynamics,
    jacobians,
    measure,
    mixtures,
    networks,
    overheads,
    peers,
    report,
    scalars,
    sparse,
)

FAMILIES = (networks, mixtures, bundle, jacobians, sparse, scalars, dynamics, overheads)
SCHEMA = "admodes.benchmark.compiled/1"
XLA_FLAGS = "--xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1"


def chosen(only: str) -> list[Any]:
    """The workloads whose names contain `only`."""
    made = [w for family in FAMILIES for w in family.all_workloads()]
    found = [w for w in made if only.lower() in w.name.lower()]
    if not found:
        raise SystemExit(f"--only {only!r} matches none of: " + "; ".join(w.name for w in made))
    return found


def run_here(rounds: int, only: str) -> dict[str, Any]:
    """Measure in this process, whose threads are already held. What the libraries keep for good is
    taken from the garbage collector, which would go through all of it for one of them."""
    workloads.settle_memory()
    peers.warm_up()
    gc.collect()
    gc.freeze()
    found = {}
    for workload in chosen(only):
        print(f"  {workload.name}", file=sys.stderr, flush=True)
        found[workload.name] = measure.measured(workload, rounds)
    return {
        "machine": machine(),
        "threads": workloads.threads(),
        "peers": peers.versions(),
        "rounds": rounds,
        "workloads": found,
    }


def environment(threads: str) -> dict[str, str]:
    """The environment with every library held to `threads`, or free where that is default."""
    if threads == "default":
        return {key: text for key, text in os.environ.items() if key not in workloads.VARIABLES}
    held = dict.fromkeys(workloads.VARIABLES, threads) | {"NPROC": threads}
    return os.environ | held | ({"XLA_FLAGS": XLA_FLAGS} if threads == "1" else {})


def run_apart(threads: str, rounds: int, only: str) -> dict[str, Any]:
    """Measure in a process of its own: libraries read the number of threads when they load."""
    print(f"threads: {threads}", file=sys.stderr, flush=True)
    with TemporaryDirectory() as folder:
        path = Path(folder) / "run.json"
        options = ["--rounds", str(rounds), "--only", only, "--here", str(path)]
        command = [sys.executable, "-m", "benchmarks.compiled", *options]
        if code := subprocess.run(command, env=environment(threads)).returncode:
            raise SystemExit(code)
        return json.loads(path.read_text(encoding="utf-8"))


def failures(runs: list[dict[str, Any]]) -> list[str]:
    return [
        f"{name}, {contestant}: {data['failed']}"
        for run in runs
        for name, workload in run["workloads"].items()
        for contestant, data in workload["contestants"].items()
        if "failed" in data
    ]


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.compiled", description=__doc__)
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--only", default="", help="part of a workload's name")
    parser.add_argument(
        "--threads",
        nargs="+",
        default=["1", "default"],
        help="measure with so many threads; default: as the libraries choose",
    )
    parser.add_argument("--json", type=Path, help="write the figures to this file as well")
    parser.add_argument(
        "--markdown", action="store_true", help="print the tables of docs/measured.md"
    )
    parser.add_argument("--here", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.here:
        data = run_here(options.rounds, options.only)
        write_text(options.here, json.dumps(data))
        return
    runs = [run_apart(threads, options.rounds, options.only) for threads in options.threads]
    text = report.markdown(runs) if options.markdown else report.text(runs)
    deliver(text, {"schema": SCHEMA, "runs": runs}, options.json, failures(runs))


def deliver(text: str, data: dict[str, Any], path: Path | None, failed: list[str]) -> None:
    """Print a report, write its data to a file, and end with what failed, if there is any."""
    print(text)
    if path:
        write_text(path, json.dumps(data, ensure_ascii=False, indent=2) + "\n")
    if failed:
        raise SystemExit("\n".join(["failed:", *failed]))


if __name__ == "__main__":
    main()
