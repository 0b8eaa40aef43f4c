"""Time and peak memory of one gradient against the number of snapshots.

    python benchmarks/checkpointing.py [--steps 200] [--size 10000] [--rounds 5] [--json FILE]

The loop is an explicit scheme for Burgers' equation u_t + u u_x = ν u_xx with periodic ends; the
gradient is that of the final energy with respect to the initial values and ν. It is taken by plain
reverse mode, which keeps everything; with ad.checkpoint around every step, which keeps a state per
step; and by ad.checkpointed_loop with several numbers of snapshots. All are timed in turn in every
round; figures are medians with quartiles, ratios to plain reverse mode are taken round by round.
Peak memory is what tracemalloc sees of one gradient, in a run of its own, in states of the loop.
Every gradient is first compared with the plain one, and the calls of the step with the schedule.
"""

from __future__ import annotations

import argparse
import gc
import json
import tracemalloc
from pathlib import Path

import numpy as np

import admodes as ad
from admodes.checkpointing import checkpoint, checkpointed_loop, revolve
from admodes.lab.timing import describe, interleaved, machine, paired_ratio
from admodes.views.files import write_text

SNAPSHOTS = (3, 5, 8, 15, 30, 60)
PLAIN = "plain reverse mode"


def burgers(u, i, nu):
    """One step; h = 1 / len(u), and the time step keeps it stable."""
    left, right = np.roll(u, 1), np.roll(u, -1)
    return u - 0.1 * u * (right - left) + nu * (left - 2.0 * u + right)


def candidates(steps, size):
    """What is timed, by name: each returns the gradient. And the calls of the step, counted."""
    calls = [0]
    start = np.sin(np.linspace(0.0, 2.0 * np.pi, size, endpoint=False))

    def step(u, i, nu):
        calls[0] += 1
        return burgers(u, i, nu)

    def plain(u, nu):
        for i in range(steps):
            u = step(u, i, nu)
        return u

    def segments(u, nu):
        for i in range(steps):
            u = checkpoint(step)(u, i, nu)
        return u

    def loop(snapshots):
        return lambda u, nu: checkpointed_loop(step, u, steps, nu, snapshots=snapshots)

    loops = {f"{s} snapshots": loop(s) for s in (*SNAPSHOTS, steps - 1) if s < steps}
    runs = {PLAIN: plain, "checkpoint each step": segments, **loops}

    def gradient(run):
        derivative = ad.grad(lambda u, nu: ad.sum(run(u, nu) ** 2), (0, 1))
        return lambda: derivative(start, 0.1)

    return {name: gradient(run) for name, run in runs.items()}, calls, start.nbytes


def peak(job):
    """Bytes at the most while job runs."""
    gc.collect()
    tracemalloc.start()
    try:
        job()
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def checked_calls(jobs, calls, steps):
    """How often each job calls the step, after comparing its gradient with the plain one."""
    expected = jobs[PLAIN]()
    found = {}
    for name, job in jobs.items():
        calls[0] = 0
        for got, want in zip(job(), expected, strict=True):
            if not np.allclose(got, want, rtol=1e-10, atol=1e-12):
                raise SystemExit(f"{name}: the gradient differs from the plain one")
        found[name] = calls[0]
        if name.endswith("snapshots"):
            planned = revolve(steps, int(name.split()[0])).evaluations
            if calls[0] != planned:
                raise SystemExit(f"{name}: {calls[0]} calls of the step, planned were {planned}")
    return found


def measure(steps, size, rounds):
    """The figures as JSON data."""
    jobs, calls, state = candidates(steps, size)
    called = checked_calls(jobs, calls, steps)
    peaks = {name: peak(job) for name, job in jobs.items()}
    times = interleaved(jobs, rounds)
    figures = {}
    for name, t in times.items():
        low, middle, high = paired_ratio(t, times[PLAIN])
        figures[name] = {
            "calls_of_the_step": called[name],
            "seconds": {"median": t.median, "lower": t.lower, "upper": t.upper},
            "ratio_to_plain": {"median": middle, "lower": low, "upper": high},
            "peak_bytes": peaks[name],
            "peak_states": peaks[name] / state,
        }
    return {
        "schema": "admodes.benchmark.checkpointing/1",
        "machine": machine(),
        "steps": steps,
        "size": size,
        "rounds": rounds,
        "figures": figures,
    }


def report(data):
    """The figures for people."""
    print(f"{data['steps']} steps of {data['size']} numbers, {data['rounds']} interleaved rounds")
    print(describe(data["machine"]))
    print(f"{'':22}{'calls':>8}{'ms':>10}{'time, ratio to plain':>26}{'peak, in states':>18}")
    for name, figure in data["figures"].items():
        t, r = figure["seconds"], figure["ratio_to_plain"]
        print(
            f"{name:22}{figure['calls_of_the_step']:8}{t['median'] * 1e3:10.1f}"
            f"{r['median']:12.2f} [{r['lower']:.2f}–{r['upper']:.2f}]"
            f"{figure['peak_states']:18.1f}"
        )


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--steps", type=int, default=200)
    parser.add_argument("--size", type=int, default=10_000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--json", type=Path, help="write the figures to this file as well")
    options = parser.parse_args()
    data = measure(options.steps, options.size, options.rounds)
    report(data)
    if options.json:
        write_text(options.json, json.dumps(data, ensure_ascii=False, indent=2) + "\n")


if __name__ == "__main__":
    main()
