"""Full Jacobians of a vector function: admodes forward and reverse beside autograd's row loop.

    python benchmarks/jacobian.py [--rounds 41] [--threads 1] [--json FILE]

The square one is of tanh(A x) sin(x) with 100 inputs and 100 outputs; the wide and the tall one
are of tanh(A x) sin(Σ x), 1000 → 5 and 5 → 1000. autograd.jacobian takes one reverse sweep an
output; the loop over autograd's make_jvp, one sweep an input, is the fairer peer where inputs are
few. All take their turn in every round; figures are medians, ratios to autograd.jacobian are taken
round by round and shown with their quartiles. All Jacobians are first checked against each other.

Target: 100 × 100 in at most 0.1 × the time of autograd.jacobian, in both modes.
"""

from __future__ import annotations

import argparse
import json
from functools import partial
from pathlib import Path

import numpy
import workloads
from workloads import LEAST

import admodes as ad
from admodes.lab.timing import interleaved, machine, paired_ratio, software_and_hardware
from admodes.lab.workloads.texts import oblong, square
from admodes.views.files import write_text

F, ROWS, COLUMNS = "f", "autograd.jacobian", "autograd make_jvp"
TARGET = 0.1


def cases():
    """By name: the function, A, x and the target."""
    rng = numpy.random.default_rng(6)

    def case(f, n, m, target):
        return f, rng.normal(size=(m, n)) / numpy.sqrt(n), rng.normal(size=n), target

    return {
        "100 → 100": case(square, 100, 100, TARGET),
        "5 → 1000": case(oblong, 5, 1000, None),
        "1000 → 5": case(oblong, 1000, 5, None),
    }


def candidates(f, a, x):
    """By name, a function without arguments that gives the Jacobian."""
    ours = partial(f, numpy, a)
    jobs = {
        f"admodes {mode}": partial(ad.jacobian(ours, mode=mode), x)
        for mode in ("forward", "reverse")
    }
    if workloads.autograd:
        theirs = partial(f, workloads.autograd.numpy, a)
        jobs[ROWS] = partial(workloads.autograd.jacobian(theirs), x)
        along = workloads.autograd.make_jvp(theirs)

        def columns():
            push = along(x)
            return numpy.stack([push(v)[1] for v in numpy.eye(len(x))], axis=1)

        jobs[COLUMNS] = columns
    return jobs


def compare(name, f, a, x, target, rounds):
    """Timings of f and of its Jacobians, each checked before, as JSON data."""
    jobs = candidates(f, a, x)
    workloads.agreement(name, {key: [job()] for key, job in jobs.items()})
    times = interleaved({F: partial(f, numpy, a, x)} | jobs, rounds, LEAST)
    peer = times.get(ROWS)
    ratios = {} if peer is None else {key: paired_ratio(times[key], peer) for key in jobs}
    return {
        "seconds": {key: t.to_dict() for key, t in times.items()},
        "ratios": {key: dict(zip(("lower", "median", "upper"), r)) for key, r in ratios.items()},
        "target": target,
    }


def measure(rounds):
    """The figures as JSON data."""
    return {
        "schema": "admodes.benchmark.jacobian/1",
        "machine": machine(),
        "threads": workloads.threads(),
        "peer": workloads.peers(),
        "rounds": rounds,
        "jacobians": {name: compare(name, *case, rounds) for name, case in cases().items()},
    }


def report(data):
    """The figures for people."""
    print(*software_and_hardware(data["machine"]), sep="\n")
    print(data["threads"], data["peer"], sep="\n")
    print(f"medians of {data['rounds']} interleaved rounds")
    for name, figure in data["jacobians"].items():
        print(f"\n{name:20}{'ms':>10}   ratio to {ROWS} [quartiles]")
        for key, t in figure["seconds"].items():
            print(f"{key:20}{t['median'] * 1e3:10.3f} {ratio(figure, key)}".rstrip())


def ratio(figure, key):
    found = figure["ratios"].get(key)
    if found is None or key == ROWS:
        return ""
    text = f"{found['median']:8.3f} [{found['lower']:.3f}–{found['upper']:.3f}]"
    target = figure["target"]
    if target is not None and key != COLUMNS:
        text += f"  ≤ {target:.1f} {'met' if found['median'] <= target else 'MISSED'}"
    return text


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=41)
    parser.add_argument("--threads", type=int, help="hold BLAS to so many threads")
    parser.add_argument("--json", type=Path, help="write the figures to this file as well")
    options = parser.parse_args()
    workloads.limit_threads(options.threads)
    workloads.settle_memory()
    data = measure(options.rounds)
    report(data)
    if options.json:
        write_text(options.json, json.dumps(data, ensure_ascii=False, indent=2) + "\n")


if __name__ == "__main__":
    main()
