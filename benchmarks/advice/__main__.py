"""How good the adviser's choices are: on sixty functions, whether the route that it chooses without
measuring is the fastest of those measured, or within 20 % of it.

    python -m benchmarks.advice [--only NAME] [--report FOLDER]
    python -m benchmarks.advice --calibrate

Every route is compiled and timed as repeated calls, all routes of a function in turns, with one
thread for BLAS, in seconds of that thread, so that other work on the machine matters little.
--calibrate prints the weights of the estimates, fitted to other functions.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from time import thread_time
from typing import Any

import admodes as ad
from admodes.lab.advice.advice import advised
from admodes.lab.advice.routes import DIFFERENCES
from admodes.lab.timing import machine, software_and_hardware
from admodes.views.amounts import duration
from admodes.views.files import write_text
from admodes.views.render import render
from admodes.views.tables import Table
from benchmarks.workloads import limit_threads, settle_memory, threads

from .functions import functions

NEAR = 1.2
"""A route that takes at most so many times the fastest one's time is a good choice."""
TARGET = 0.95


def judged(name: str, found: ad.Advice) -> dict[str, Any]:
    """One function: the choice, the fastest route, and how far they are apart."""
    timed = {o.route: o for o in found.options if o.time_s is not None}
    fastest = min(
        (o for o in timed.values() if o.route != DIFFERENCES), key=lambda o: o.time_s or 0.0
    )
    chosen = timed[found.choice.route]
    return {
        "name": name,
        "inputs": found.inputs,
        "outputs": found.outputs,
        "choice": found.choice.route,
        "reason": found.choice.reason,
        "fastest": fastest.route,
        "relative": chosen.relative,
        "time_s": chosen.time_s,
        "fastest_s": fastest.time_s,
        "estimates": {o.route: o.estimate_s for o in timed.values()},
        "times": {o.route: o.time_s for o in timed.values()},
    }


def missed(row: dict[str, Any]) -> str:
    """Why a choice was wrong: which of the two estimates was farther from its time."""
    off = {
        route: row["estimates"][route] / row["times"][route]
        for route in (row["choice"], row["fastest"])
    }
    parts = [
        f"{route} was estimated at {duration(row['estimates'][route])} and took "
        f"{duration(row['times'][route])} ({ratio:.2f} of it)"
        for route, ratio in off.items()
    ]
    return f"{row['name']}: {row['relative']:.2f} times the fastest; {'; '.join(parts)}"


def measure(only: str) -> dict[str, Any]:
    """The figures as JSON data."""
    rows = []
    for name, (f, x) in functions().items():
        if only in name:
            rows.append(judged(name, advised(f, (x,), {}, measure=True, clock=thread_time)))
            print(line(rows[-1]), flush=True)
    good = sum(row["relative"] <= NEAR for row in rows)
    return {
        "schema": "admodes.benchmark.advice/1",
        "machine": machine(),
        "threads": threads(),
        "functions": rows,
        "good": good,
        "rate": good / max(len(rows), 1),
        "target": TARGET,
        "misses": [missed(row) for row in rows if row["relative"] > NEAR],
    }


def line(row: dict[str, Any]) -> str:
    mark = " " if row["relative"] <= NEAR else "✗"
    times = ", ".join(
        f"{route} {duration(t)}" for route, t in row["times"].items() if route != DIFFERENCES
    )
    return f"{mark} {row['name']:36} {row['choice']:26} {row['relative']:5.2f}   {times}"


def verdict(data: dict[str, Any]) -> str:
    """The rate in a sentence."""
    met = "met" if data["rate"] >= TARGET else "MISSED"
    count = len(data["functions"])
    return (
        f"{data['good']} of {count} choices are the fastest measured route or within "
        f"{NEAR - 1:.0%} of it: {data['rate']:.1%} (target {TARGET:.0%}: {met})"
    )


def page(data: dict[str, Any]) -> str:
    """The report in Markdown: what was expected, what was seen, every function, the misses."""
    rows = [
        [
            row["name"],
            row["choice"],
            f"{row['relative']:.2f}",
            row["fastest"],
            *(duration(row[key]) for key in ("time_s", "fastest_s")),
        ]
        for row in data["functions"]
    ]
    head = [
        "function, n → m",
        "choice",
        "× fastest",
        "fastest",
        "time of the choice",
        "of the fastest",
    ]
    notes = [
        "expected: a choice without measuring that is right or nearly so in 95 % of the functions",
        f"seen: {verdict(data)}",
        *(f"missed: {miss}" for miss in data["misses"]),
        "times are medians of repeated calls, compiled, all routes of a function in turns, in "
        "seconds of the thread that runs them; "
        + ", ".join(software_and_hardware(data["machine"])),
        "`python -m benchmarks.advice --report reports` makes this page and its data, advice.json",
    ]
    table = Table("Advice against measured times", head, rows, [False] * len(head), notes)
    return "# Is the advice right?\n\n" + render([table], "markdown")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--only", default="", help="only functions whose name holds this")
    parser.add_argument(
        "--report", type=Path, help="write advice.md and advice.json to this folder"
    )
    parser.add_argument("--calibrate", action="store_true", help="fit the weights of estimates")
    options = parser.parse_args()
    limit_threads(1)
    settle_memory()
    if options.calibrate:
        from .calibration import calibrate

        calibrate()
        return
    data = measure(options.only)
    print(*software_and_hardware(data["machine"]), data["threads"], verdict(data), sep="\n")
    print(*data["misses"], sep="\n")
    if options.report:
        text = json.dumps(data, ensure_ascii=False, indent=2) + "\n"
        write_text(options.report / "advice.json", text)
        write_text(options.report / "advice.md", page(data))


if __name__ == "__main__":
    main()
