"""The command line: python -m benchmarks.against TREE."""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path
from resource import RUSAGE_CHILDREN, getrusage
from tempfile import TemporaryDirectory

HERE = Path(__file__).resolve().parents[2]
LIMIT = 1.03
"""The largest ratio of times, this checkout to the other, that counts as no slower."""
THREADS = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")
START = "process: admodes trace @cpsc532s"
NUMPY = "process: import numpy"
PEER = "scalar micrograd style"
TARGETS = {"scalar reverse (vjp + pullback)": 1.0, "scalar one dual sweep (jvp)": 0.5}
"""The largest multiples of the peer's time, as in benchmarks/eager.py."""


class Worker:
    """A process that runs jobs with the admodes of a checkout."""

    def __init__(self, tree: Path) -> None:
        script = Path(__file__).with_name("worker.py")
        command = [sys.executable, str(script), str(tree)]
        pipe = subprocess.PIPE
        self.process = subprocess.Popen(
            command, stdin=pipe, stdout=pipe, text=True, encoding="utf-8", env=environment()
        )
        self.names = self._line().split("\t")

    def seconds(self, name: str) -> float:
        """What a call of a job takes."""
        self.process.stdin.write(name + "\n")
        self.process.stdin.flush()
        return float(self._line())

    def close(self) -> None:
        self.process.stdin.close()
        self.process.wait()

    def _line(self) -> str:
        line = self.process.stdout.readline().rstrip("\n")
        if not line:
            raise SystemExit("a worker has ended: see its message above")
        return line


def environment() -> dict[str, str]:
    """One thread, the same order of sets in all processes, and bytecode, as an installation has."""
    held = os.environ | THREADS | {"PYTHONHASHSEED": "0", "PYTHONUTF8": "1"}
    return {k: v for k, v in held.items() if k not in ("PYTHONPATH", "PYTHONDONTWRITEBYTECODE")}


def turns(sides: list[Callable[[], float]], rounds: int) -> tuple[float, float]:
    """Seconds of the other checkout and of this one: the quick quarter of the rounds, which is
    what nothing has disturbed. Both take their turn in every round; who is first alternates."""
    times: tuple[list[float], list[float]] = [], []
    for k in range(rounds):
        for i in (0, 1) if k % 2 else (1, 0):
            times[i].append(sides[i]())
    quick = -(-rounds // 4)
    there, here = (statistics.mean(sorted(t)[:quick]) for t in times)
    return there, here


def process_seconds(command: list[str], tree: Path) -> float:
    """The processor time of a whole process."""
    before = getrusage(RUSAGE_CHILDREN)
    subprocess.run(command, cwd=tree, env=environment(), check=True, stdout=subprocess.DEVNULL)
    after = getrusage(RUSAGE_CHILDREN)
    return after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime


def measured(trees: list[Path], only: str, rounds: int, pairs: int) -> dict[str, list]:
    """By the name of a job, its times with each pair of processes."""
    found: dict[str, list] = {}
    commands = {START: ["cli.py", "trace", "@cpsc532s"], NUMPY: ["-c", "import numpy"]}
    for _ in range(pairs):
        workers = [Worker(tree) for tree in trees]
        sides = {n: [partial(w.seconds, n) for w in workers] for n in workers[1].names}
        for name, rest in commands.items():
            command = [sys.executable, *rest]
            sides[name] = [partial(process_seconds, command, tree) for tree in trees]
        for name, both in sides.items():
            if only.lower() in name.lower():
                turns(both, 1)
                found.setdefault(name, []).append(turns(both, rounds))
        for worker in workers:
            worker.close()
    return found


def figures(times: list[tuple[float, float]]) -> dict[str, float]:
    """Seconds, and of the ratios of all pairs of processes the median, the least and the most."""
    ratios = sorted(here / there for there, here in times)
    there, here = map(min, zip(*times, strict=True))
    middle = statistics.median(ratios)
    return {
        "there": there,
        "here": here,
        "ratio": middle,
        "least": ratios[0],
        "most": ratios[-1],
    }


def slower(found: dict[str, dict]) -> list[str]:
    """The jobs of admodes that take longer than they may."""
    return [n for n, f in found.items() if f["ratio"] > LIMIT and n not in (PEER, NUMPY)]


def report(found: dict[str, dict]) -> None:
    """The figures for people."""
    print(f"{'µs':60}{'there':>11}{'here':>11}   ratio [least–most]")
    above = slower(found)
    for name, f in found.items():
        verdict = f"  > {LIMIT}" if name in above else ""
        print(
            f"{name:60}{f['there'] * 1e6:11.1f}{f['here'] * 1e6:11.1f}   "
            f"{f['ratio']:.3f} [{f['least']:.3f}–{f['most']:.3f}]{verdict}"
        )
    for name, limit in TARGETS.items():
        if name in found and PEER in found:
            to_peer = found[name]["here"] / found[PEER]["here"]
            print(f"{name}: {to_peer:.2f} × the peer, target ≤ {limit}")
    if START in found and NUMPY in found:
        target = 2 * found[NUMPY]["here"] + 0.25
        print(f"{START}: {found[START]['here']:.3f} s, target 2 × numpy + 0.25 s = {target:.3f} s")


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.against", description=__doc__)
    parser.add_argument("tree", type=Path, help="the other checkout")
    parser.add_argument("--only", default="", help="part of a workload's name")
    parser.add_argument("--rounds", type=int, default=24, help="of each pair of processes")
    parser.add_argument("--pairs", type=int, default=3, help="pairs of processes, started anew")
    parser.add_argument("--json", type=Path, help="write the figures to this file as well")
    options = parser.parse_args()
    trees = [options.tree.resolve(), HERE]
    with TemporaryDirectory() as folder:
        os.environ["PYTHONPYCACHEPREFIX"] = folder
        times = measured(trees, options.only, options.rounds, options.pairs)
    if not times:
        raise SystemExit(f"--only {options.only!r} matches no workload")
    found = {name: figures(t) for name, t in times.items()}
    report(found)
    if options.json:
        options.json.write_text(json.dumps(found, ensure_ascii=False, indent=2) + "\n", "utf-8")
    if above := slower(found):
        raise SystemExit(f"{len(above)} of {len(found)} are slower than {LIMIT} ×")


if __name__ == "__main__":
    main()
