"""The command line: python -m benchmarks.growth."""

from __future__ import annotations

import argparse
import sys

from benchmarks.growth.inputs import SIZES, calls
from benchmarks.growth.measure import Growth, grown
from benchmarks.growth.reasons import REASONS

HEADINGS = (
    *("function", "n", "f, µs", "eager ÷ f", "compiled ÷ f"),
    *("f grows as n^", "eager", "compiled", "verdict"),
)


def cells(g: Growth) -> list[str]:
    if not g.f:
        return [g.name, *["–"] * 7, g.verdict]
    reason = REASONS.get(g.name, "")
    verdict = g.verdict
    return [
        g.name,
        f"{g.largest:,}",
        f"{1e6 * g.f[g.largest]:.3g}",
        *(f"{g.ratio(times):.3g}" for times in (g.eager, g.compiled)),
        *(f"{g.exponent(times):.2f}" for times in (g.f, g.eager, g.compiled)),
        f"{verdict}: {reason}" if verdict and reason else verdict or "ok",
    ]


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.growth", description=__doc__)
    parser.add_argument("--only", default="", help="functions with this text in their name")
    parser.add_argument("--backend", default="auto", help="of the compiled gradient")
    parser.add_argument("--budget", type=float, default=0.1, help="seconds for each size")
    parser.add_argument("--sizes", default="", help="separated by commas")
    parser.add_argument("--markdown", action="store_true", help="the table of docs/growth.md")
    options = parser.parse_args()
    sizes = tuple(map(int, options.sizes.split(","))) if options.sizes else SIZES
    chosen = [c for c in calls() if options.only in c.name]
    if not chosen:
        parser.error(f"no function has {options.only!r} in its name")
    left = "| " if options.markdown else ""
    between = " | " if options.markdown else "  "
    print(left + between.join(HEADINGS) + left[::-1])
    if options.markdown:
        print("|---" * len(HEADINGS) + "|")
    unexplained = []
    for call in chosen:
        g = grown(call, options.backend, options.budget, sizes)
        print(left + between.join(cells(g)) + left[::-1], flush=True)
        if g.verdict and g.name not in REASONS:
            unexplained.append(g.name)
    if unexplained:
        print(f"without a stated reason: {', '.join(unexplained)}", file=sys.stderr)
    return bool(unexplained)


if __name__ == "__main__":
    sys.exit(main())
