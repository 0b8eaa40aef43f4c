"""Peak memory of gradients of vectorised NumPy code: admodes beside autograd.

    python benchmarks/array_memory.py [--threads 1] [--json FILE]

The workloads are the large ones of workloads.py and a chain of elementwise operations on 100 000
entries. The peak is what tracemalloc saw over one gradient, NumPy's buffers included, above what
there was before: so neither the inputs nor imports count, and the gradients that are returned do.
f alone, admodes and autograd have a fresh process each, where a gradient has been taken once
before, so that what is set up once is not counted. Peaks are exact, and repeat to some KiB.

Target: at most 1.0 × autograd's peak.
"""

from __future__ import annotations

import argparse
import gc
import json
import subprocess
import sys
import tracemalloc
from pathlib import Path

import workloads
from workloads import OURS, PEER

from admodes.lab.timing import machine, software_and_hardware
from admodes.views.files import write_text

F = "f"
TARGET = 1.0


def chosen():
    """The workloads by name."""
    found = [*workloads.large(), workloads.elementwise_chain(100_000, 8)]
    return {w.name: w for w in found}


def peak(workload, part):
    """Bytes above the start at the worst moment of one call, in this process."""
    job = workload.value if part == F else workload.gradients()[part]
    job()
    gc.collect()
    tracemalloc.start()
    before = tracemalloc.get_traced_memory()[0]
    job()
    return tracemalloc.get_traced_memory()[1] - before


def in_fresh_process(name, part):
    command = [sys.executable, __file__, "--run", name, part]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(f"{name} by {part} failed with {done.returncode}:\n{done.stderr[-2000:]}")
    return int(done.stdout)


def measure():
    """The figures as JSON data."""
    figures = {}
    for name, workload in chosen().items():
        jobs = workload.gradients()
        workloads.agreement(name, {part: job() for part, job in jobs.items()})
        peaks = {part: in_fresh_process(name, part) for part in (F, *jobs)}
        figures[name] = {
            "inputs": sum(a.nbytes for a in workload.args),
            "peak": peaks,
            "ratio": peaks[OURS] / peaks[PEER] if PEER in peaks else None,
        }
    return {
        "schema": "admodes.benchmark.array_memory/1",
        "machine": machine(),
        "threads": workloads.threads(),
        "peer": workloads.peers(),
        "target": TARGET,
        "figures": figures,
    }


def report(data):
    """The figures for people."""
    print(*software_and_hardware(data["machine"]), sep="\n")
    print(data["peer"])
    print("peak above the start, by tracemalloc, each in a fresh process\n")
    print(f"{'MiB':32}{'inputs':>8}{F:>8}{OURS:>9}{PEER:>9}  ratio")
    for name, figure in data["figures"].items():
        peaks = [figure["inputs"], *(figure["peak"].get(key) for key in (F, OURS, PEER))]
        cells = ["-" if b is None else f"{b / 2**20:.2f}" for b in peaks]
        verdict = ""
        if figure["ratio"] is not None:
            verdict = "met" if figure["ratio"] <= data["target"] else "MISSED"
            verdict = f"{figure['ratio']:7.2f} {verdict}"
        print(f"{name:32}{cells[0]:>8}{cells[1]:>8}{cells[2]:>9}{cells[3]:>9}{verdict}".rstrip())
    print(f"target: ratio ≤ {data['target']:.1f}")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--threads", type=int, help="hold BLAS to so many threads")
    parser.add_argument("--json", type=Path, help="write the figures to this file as well")
    parser.add_argument("--run", nargs=2, help=argparse.SUPPRESS)
    options = parser.parse_args()
    workloads.limit_threads(options.threads)
    if options.run:
        name, part = options.run
        print(peak(chosen()[name], part))
        return
    data = measure()
    report(data)
    if options.json:
        write_text(options.json, json.dumps(data, ensure_ascii=False, indent=2) + "\n")


if __name__ == "__main__":
    main()
