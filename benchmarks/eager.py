"""Microseconds per scalar operation, eager: admodes beside a peer in micrograd's style.

    python benchmarks/eager.py [--rounds 41] [--blocks 100] [--json FILE]

One program of 12 operations a block mixes addition, multiplication, division, sin, exp and powers.
It runs on plain floats (f), under admodes' reverse mode (vjp and one pullback), one admodes
dual-number sweep (jvp), admodes.Variable with backward(), and the peer with backward(). All are
timed in turn in every round; the figures are medians with quartiles, and ratios to the peer are
taken round by round. Every gradient is first checked against the peer's.

Targets: reverse at most 1.0 × the peer, one dual sweep at most 0.5 × the peer.
"""

from __future__ import annotations

import argparse
import json
import math
from pathlib import Path

from scalar_sweeps import AT, PEER, TARGETS, candidates, program

import admodes as ad
from admodes.lab.timing import describe, interleaved, machine, paired_ratio
from admodes.programs.scalars import scalar_program
from admodes.views.files import write_text


def measure(rounds, blocks):
    """The figures as JSON data."""
    jobs = candidates(blocks)
    expected = jobs[PEER]()
    for name, job in jobs.items():
        for got, want in zip(job() or (), expected):
            if not math.isclose(got, want, rel_tol=1e-9):
                raise SystemExit(f"{name} gives {got!r}, the peer {want!r}")
    # What is counted is what the peer and admodes both record: the operations of the program.
    listed = scalar_program(lambda x, y: program(x, y, ad.sin, ad.exp, blocks), AT)
    operations = sum(step.op is not None for step in listed.program.steps)
    times = interleaved(jobs, rounds)
    figures = {}
    for name, t in times.items():
        low, middle, high = paired_ratio(t, times[PEER])
        figures[name] = {
            "microseconds_per_operation": {
                "median": t.median / operations * 1e6,
                "lower": t.lower / operations * 1e6,
                "upper": t.upper / operations * 1e6,
            },
            "ratio_to_peer": {"median": middle, "lower": low, "upper": high},
            "target": TARGETS.get(name),
        }
    return {
        "schema": "admodes.benchmark.eager/1",
        "machine": machine(),
        "operations": operations,
        "rounds": rounds,
        "figures": figures,
    }


def report(data):
    """The figures for people."""
    print(f"{data['operations']} operations, {data['rounds']} interleaved rounds; medians")
    print(describe(data["machine"]))
    print(f"{'':26}{'µs per operation':>22}{'ratio to the peer':>24}  target")
    for name, figure in data["figures"].items():
        t, r = figure["microseconds_per_operation"], figure["ratio_to_peer"]
        target = figure["target"]
        verdict = ""
        if target is not None:
            verdict = f"  ≤ {target:.1f} {'met' if r['median'] <= target else 'MISSED'}"
        print(
            f"{name:26}{t['median']:8.3f} [{t['lower']:.3f}–{t['upper']:.3f}]"
            f"{r['median']:9.2f} [{r['lower']:.2f}–{r['upper']:.2f}]{verdict}"
        )


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=41)
    parser.add_argument("--blocks", type=int, default=100, help="12 operations each")
    parser.add_argument("--json", type=Path, help="write the figures to this file as well")
    options = parser.parse_args()
    data = measure(options.rounds, options.blocks)
    report(data)
    if options.json:
        write_text(options.json, json.dumps(data, ensure_ascii=False, indent=2) + "\n")


if __name__ == "__main__":
    main()
