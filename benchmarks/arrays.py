"""Gradients of vectorised NumPy code: admodes beside autograd, and the overhead per operation.

    python benchmarks/arrays.py [--rounds 41] [--threads 1] [--only NAME] [--json FILE]

The workloads are those of workloads.py, in float64 and with fixed seeds: ReLU networks with
softmax cross-entropy at batch 64, Gaussian mixtures (dimension, components, points), log-sum-exp,
and one LSTM step. f, the gradient by admodes and the gradient by autograd take their turn in every
round, each for at least 10 ms; figures are medians, the ratio is taken round by round and shown
with its quartiles. The overhead is that of a chain of elementwise operations on 10 entries, where
torch takes part too if it is installed. All gradients are first checked against each other.

Targets: at most 0.5 × autograd's time where the arrays are small, never more than its time.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import workloads
from workloads import CHAIN_BLOCK, LEAST, OURS, PEER

from admodes.lab.timing import interleaved, machine, paired_ratio, software_and_hardware
from admodes.views.files import write_text

F = "f"
SMALL_ROUNDS_FROM = 0.02
"""Seconds of a gradient from which a third of the rounds has to do."""


def compare(workload, rounds, more=None):
    """Timings of f and of its gradients, each checked before, as JSON data."""
    jobs = workload.gradients() | (more or {})
    workloads.agreement(workload.name, {name: job() for name, job in jobs.items()})
    once = interleaved({OURS: jobs[OURS]}, 1)[OURS].median
    if once > SMALL_ROUNDS_FROM:
        rounds = max(3, rounds // 3)
    times = interleaved({F: workload.value} | jobs, rounds, LEAST)
    return {
        "seconds": {name: t.to_dict() for name, t in times.items()},
        "times_f": times[OURS].median / times[F].median,
        "ratios": {
            name: dict(zip(("lower", "median", "upper"), paired_ratio(times[OURS], times[name])))
            for name in times
            if name not in (F, OURS)
        },
        "target": workload.target,
    }


def torch_gradient(blocks, x):
    """The chain's gradient by torch as a job, or None where torch is missing."""
    try:
        import torch
    except ImportError:
        return None

    def gradient():
        leaf = torch.tensor(x, requires_grad=True)
        return [g.numpy() for g in torch.autograd.grad(workloads.chain(torch, leaf, blocks), leaf)]

    return gradient


def overhead(rounds, blocks=25, entries=10):
    """The chain's figures, and how many operations its times are to be divided by."""
    workload = workloads.elementwise_chain(entries, blocks)
    torch = torch_gradient(blocks, *workload.args)
    data = compare(workload, rounds, {} if torch is None else {"torch": torch})
    return {"entries": entries, "operations": blocks * CHAIN_BLOCK} | data


def measure(rounds, only):
    """The figures as JSON data."""
    chosen = [w for w in workloads.small() + workloads.large() if only.lower() in w.name.lower()]
    return {
        "schema": "admodes.benchmark.arrays/1",
        "machine": machine(),
        "threads": workloads.threads(),
        "peer": workloads.peers(),
        "rounds": rounds,
        "gradients": {w.name: compare(w, rounds) for w in chosen},
        "overhead": overhead(rounds) if only.lower() in "overhead" else None,
    }


def ratio(figure, peer=PEER):
    """A ratio with its quartiles, and whether it is good enough."""
    found = figure["ratios"].get(peer)
    if found is None:
        return ""
    text = f"{found['median']:5.2f} [{found['lower']:.2f}–{found['upper']:.2f}]"
    if figure["target"] is not None:
        met = "met" if found["median"] <= figure["target"] else "MISSED"
        text += f"  ≤ {figure['target']:.1f} {met}"
    return text


def report(data):
    """The figures for people."""
    print(*software_and_hardware(data["machine"]), sep="\n")
    print(data["threads"], data["peer"], sep="\n")
    print(f"medians of {data['rounds']} interleaved rounds, a third of them for the longest")
    if data["gradients"]:
        print(f"\n{'µs':20}{'f':>8}{OURS:>10}{PEER:>10}  ratio [quartiles]")
    for name, figure in data["gradients"].items():
        cells = [figure["seconds"].get(key) for key in (F, OURS, PEER)]
        shown = ["-" if t is None else f"{t['median'] * 1e6:.1f}" for t in cells]
        line = f"{name:20}{shown[0]:>8}{shown[1]:>10}{shown[2]:>10} {ratio(figure)}"
        print(line.rstrip())
    if data["overhead"]:
        report_overhead(data["overhead"])


def report_overhead(figure):
    count = figure["operations"]
    print(f"\ngradient of {count} elementwise operations on {figure['entries']} entries")
    print(f"{'':20}{'µs per operation':>17}  admodes' ratio to it [quartiles]")
    for name, t in figure["seconds"].items():
        print(f"{name:20}{t['median'] / count * 1e6:17.2f} {ratio(figure, name)}".rstrip())
    if "torch" not in figure["seconds"]:
        print("torch is not installed: skipped")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=41)
    parser.add_argument("--threads", type=int, help="hold BLAS to so many threads")
    parser.add_argument("--only", default="", help="part of a workload's name, or overhead")
    parser.add_argument("--json", type=Path, help="write the figures to this file as well")
    options = parser.parse_args()
    workloads.limit_threads(options.threads)
    workloads.settle_memory()
    data = measure(options.rounds, options.only)
    report(data)
    if options.json:
        write_text(options.json, json.dumps(data, ensure_ascii=False, indent=2) + "\n")


if __name__ == "__main__":
    main()
