"""The command line: python -m benchmarks.unseen."""

from __future__ import annotations

import argparse
import gc
import json
import subprocess
import sys
import warnings
from pathlib import Path
from tempfile import TemporaryDirectory
from time import process_time
from typing import Any

from admodes.lab.timing import machine
from admodes.views.files import write_text
from benchmarks import workloads
from benchmarks.compiled import peers
from benchmarks.compiled.__main__ import deliver, environment, failures
from benchmarks.compiled.measure import measured

from . import (
    energies,
    finance,
    held_out,
    likelihoods,
    matrices,
    motion,
    networks,
    once,
    report,
    signals,
)
from .kit import Unseen, difference

FAMILIES = (signals, likelihoods, motion, finance, networks, matrices, energies, held_out)
SCHEMA = "admodes.benchmark.unseen/1"
LIMIT = 30.0
"""Seconds for the first call of each."""
CLOSE = 1e-4
"""How well a derivative by hand agrees with differences."""


def chosen(only: str) -> list[Unseen]:
    """The workloads whose names contain `only`."""
    made = [make(*full) for family in FAMILIES for make, full, _ in family.SIZES]
    return [w for w in made if only.lower() in w.name.lower()]


def run_here(rounds: int, only: str) -> dict[str, Any]:
    """Measure the workloads in this process, whose threads are already held: its processor time,
    which what else the machine does changes least."""
    warnings.simplefilter("ignore")
    workloads.settle_memory()
    peers.warm_up()
    gc.collect()
    gc.freeze()
    found = {}
    for workload in chosen(only):
        print(f"  {workload.name}", file=sys.stderr, flush=True)
        if not (off := difference(workload)) <= CLOSE:
            raise SystemExit(f"{workload.name}: by hand and by differences differ by {off:.1e}")
        found[workload.name] = measured(workload, rounds, LIMIT, process_time)
    return {
        "machine": machine(),
        "peers": peers.versions(),
        "rounds": rounds,
        "workloads": found,
    }


def run(rounds: int, only: str) -> dict[str, Any]:
    """Measure with one thread, the workloads in one process and the other figures each in its."""
    held = environment("1")
    with TemporaryDirectory() as folder:
        path = Path(folder) / "run.json"
        options = ["--rounds", str(rounds), "--only", only, "--here", str(path)]
        command = [sys.executable, "-m", "benchmarks.unseen", *options]
        if code := subprocess.run(command, env=held).returncode:
            raise SystemExit(code)
        data = json.loads(path.read_text(encoding="utf-8"))
    data["once"] = {}
    for name in once.FIGURES:
        if only.lower() in name:
            print(f"  {name}", file=sys.stderr, flush=True)
            data["once"][name] = once.apart(name, held)
    return data


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.unseen", description=__doc__)
    parser.add_argument("--rounds", type=int, default=11)
    parser.add_argument("--only", default="", help="part of the name of a workload or figure")
    parser.add_argument("--json", type=Path, help="write the figures to this file as well")
    parser.add_argument(
        "--markdown", action="store_true", help="print the section of docs/measured.md"
    )
    parser.add_argument("--here", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.here:
        data = run_here(options.rounds, options.only)
        write_text(options.here, json.dumps(data))
        return
    data = run(options.rounds, options.only)
    if not data["workloads"] and not data["once"]:
        raise SystemExit(f"--only {options.only!r} matches no workload and no figure")
    text = report.markdown(data) if options.markdown else report.text(data)
    deliver(text, {"schema": SCHEMA} | data, options.json, failures([data]))


if __name__ == "__main__":
    main()
