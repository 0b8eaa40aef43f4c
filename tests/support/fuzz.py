"""Random programs through all interpreters: python tests/support/fuzz.py --count 100000 --seed 1

Prints each failure with the smallest program that still shows it, as a file that runs. Every
program meets all interpreters; in the test suite (test_fuzz.py) most of them in turn.
"""

from __future__ import annotations

import argparse
import collections
import faulthandler
import re
import sys
import time
from collections.abc import Callable, Iterator

from fuzz_judges import ALWAYS, IN_TURN, Case, Refused, case, failure
from fuzz_programs import Program, grown, shrunk


def judges(k: int, most: int | None) -> list[Callable[[Case], None]]:
    """Those that the k-th program meets: `most` of those in turn, or all."""
    n = len(IN_TURN)
    count = n if most is None else most
    return [*ALWAYS, *(IN_TURN[(k * count + j) % n] for j in range(count))]


def kind(text: str) -> str:
    """A failure without its numbers: shrinking keeps to the same."""
    words = text.split("right is")[0].split("record again")[0]
    return re.sub(r"-?\d[-\d.e+\[\], ]*|\[\S*", " ", words)[:70]


def smallest(p: Program, k: int, judge: Callable[[Case], None], text: str) -> tuple[Program, str]:
    last = [text]

    def fails(q: Program) -> bool:
        c = case(q, k)
        try:
            found = None if c is None else failure(c, judge)
        except Refused:
            return False
        if found is None or kind(found) != kind(text):
            return False
        last[0] = found
        return True

    return shrunk(p, fails), last[0]


def failures(
    seeds: Iterator[int], most: int | None, seen: collections.Counter
) -> Iterator[tuple[int, str, Program, Callable[[Case], None]]]:
    for k in seeds:
        p = grown(k)
        c = case(p, k)
        seen["refused by NumPy" if c is None else "judged"] += 1
        if c is None:
            continue
        seen["derivative known"] += c.slopes is not None
        for judge in judges(k, most):
            seen[judge.__name__] += 1
            try:
                text = failure(c, judge)
            except Refused:
                seen["refused clearly"] += 1
                if judge is ALWAYS[0]:
                    break
                continue
            if text is not None:
                yield k, text, p, judge
                if judge in ALWAYS:
                    break


def main() -> int:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--count", type=int, default=1000, help="programs")
    options.add_argument("--seed", type=int, default=1, help="of the first million")
    options.add_argument("--most", type=int, help="interpreters beside the eager ones (all)")
    options.add_argument("--first", action="store_true", help="stop at the first failure")
    options.add_argument("--kinds", action="store_true", help="print each kind of failure once")
    chosen = options.parse_args()
    faulthandler.enable()
    seen: collections.Counter = collections.Counter()
    kinds: collections.Counter = collections.Counter()
    start = time.perf_counter()
    first = 1_000_000 * chosen.seed
    for k, text, p, judge in failures(iter(range(first, first + chosen.count)), chosen.most, seen):
        kinds[kind(text)] += 1
        if not chosen.kinds or kinds[kind(text)] == 1:
            p, text = smallest(p, k, judge, text)
            print(f"# program {k}: {text}\n{p}\n", flush=True)
        if chosen.first:
            break
    print(dict(seen), f"{time.perf_counter() - start:.0f} s")
    for name, count in kinds.most_common():
        print(f"{count} × {name}")
    return 1 if kinds else 0


if __name__ == "__main__":
    sys.exit(main())
