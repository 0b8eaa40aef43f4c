"""A chain of a million operations: seconds and bytes per operation, and how it is freed.

    python benchmarks/memory.py [--operations 1000000] [--json FILE]

The chain is x = 0.5 x + 0.1 sin x on a Python float, each step counted as 4 operations. Three
things are measured, each in a fresh process so that none inherits another's memory: reverse mode
(recording, then the sweep, then freeing), Variable (the same), and one dual sweep, which keeps
nothing. Time is measured without tracemalloc, which slows everything down; bytes are measured in a
second process with it, and as the growth of the peak resident set without it. The recursion limit
is kept low, so that a recursive sweep or a recursive release of the chain could not pass.
"""

from __future__ import annotations

import argparse
import gc
import json
import resource
import subprocess
import sys
import tracemalloc
from pathlib import Path
from time import perf_counter

PER_STEP = 4
PARTS = ("vjp", "Variable", "jvp")


def peak_resident():
    """Bytes; ru_maxrss is in KiB on Linux and in bytes on macOS."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024


def run(part, operations, traced):
    """One measurement, in this process: seconds and bytes of each stage."""
    import admodes as ad

    def chain(x):
        for _ in range(operations // PER_STEP):
            x = x * 0.5 + ad.sin(x) * 0.1
        return x

    small = ad.grad(lambda x: ad.sin(x) * 0.5 + 0.1)
    small(1.0)  # what is set up once is not part of an operation's cost
    gc.collect()
    sys.setrecursionlimit(200)
    if traced:
        tracemalloc.start()
    resident = peak_resident()
    seconds, held = {}, {}

    def stage(name, job):
        start = perf_counter()
        result = job()
        seconds[name] = perf_counter() - start
        if traced:
            held[name] = tracemalloc.get_traced_memory()[0]
        return result

    if part == "vjp":
        _, pullback = stage("record", lambda: ad.vjp(chain, 1.0))
        (slope,) = stage("sweep", lambda: pullback(1.0))
        holder = [pullback]
        del pullback
    elif part == "Variable":
        x = ad.Variable(1.0)
        y = stage("record", lambda: chain(x))
        stage("sweep", y.backward)
        slope = x.grad
        holder = [y]
        del y
    else:
        _, slope = stage("sweep", lambda: ad.jvp(chain, (1.0,), (1.0,)))
        holder = []
    grown = peak_resident() - resident
    # No collector: the release must come from the last reference going, and must not recurse.
    gc.disable()
    stage("free", holder.clear)
    if part == "vjp" and not traced:
        # The collector walks the growing list again and again: its share of recording.
        again = [stage("record, collector off", lambda: ad.vjp(chain, 1.0))]
        again.clear()
    data = {"slope": slope, "seconds": seconds, "grown": grown}
    if traced:
        data |= {"held": held, "peak": tracemalloc.get_traced_memory()[1]}
    return data


def in_fresh_process(part, operations, traced):
    """run(), with nothing in memory before it. A crash of the interpreter ends up here too."""
    command = [sys.executable, __file__, "--operations", str(operations), "--run", part]
    done = subprocess.run(
        command + ["--traced"] * traced, capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise SystemExit(f"{part} failed with status {done.returncode}:\n{done.stderr[-2000:]}")
    return json.loads(done.stdout)


def measure(operations):
    """The figures as JSON data."""
    from admodes.lab.timing import machine

    figures = {}
    for part in PARTS:
        timed = in_fresh_process(part, operations, False)
        traced = in_fresh_process(part, operations, True)
        figures[part] = {
            "seconds": timed["seconds"],
            "microseconds_per_operation": {
                k: s / operations * 1e6 for k, s in timed["seconds"].items()
            },
            "bytes_per_operation": {
                "held after recording": traced["held"].get("record", 0) / operations,
                "peak": traced["peak"] / operations,
                "left after freeing": traced["held"]["free"] / operations,
                "peak resident": timed["grown"] / operations,
            },
            "slope": timed["slope"],
        }
    slopes = {part: figure["slope"] for part, figure in figures.items()}
    if len(set(slopes.values())) != 1:
        raise SystemExit(f"the modes disagree: {slopes}")
    for part, figure in figures.items():
        left = figure["bytes_per_operation"]["left after freeing"] * operations
        if left > 2_000_000:  # the interpreter's own caches take some 0.2 MB, however long the list
            raise SystemExit(f"{part}: {left / 1e6:.1f} MB are left after freeing")
    return {
        "schema": "admodes.benchmark.memory/1",
        "machine": machine(),
        "operations": operations,
        "figures": figures,
    }


def report(data):
    """The figures for people."""
    from admodes.lab.timing import describe

    print(f"a chain of {data['operations']} operations, each part in a fresh process")
    print(describe(data["machine"]))
    for part, figure in data["figures"].items():
        print(part)
        for stage, t in figure["microseconds_per_operation"].items():
            print(f"  {stage:24}{t:10.3f} µs per operation, {figure['seconds'][stage]:.2f} s")
        for what, b in figure["bytes_per_operation"].items():
            print(f"  {what:24}{b:10.1f} bytes per operation")
    print("freed without recursion (limit 200) and without the garbage collector")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--operations", type=int, default=1_000_000)
    parser.add_argument("--json", type=Path, help="write the figures to this file as well")
    parser.add_argument("--run", choices=PARTS, help=argparse.SUPPRESS)
    parser.add_argument("--traced", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.run:
        print(json.dumps(run(options.run, options.operations, options.traced)))
        return
    data = measure(options.operations)
    report(data)
    if options.json:
        from admodes.views.files import write_text

        write_text(options.json, json.dumps(data, ensure_ascii=False, indent=2) + "\n")


if __name__ == "__main__":
    main()
