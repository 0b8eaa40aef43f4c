"""How long a picture and a page take: CPU time of this process, the median of some rounds.

    python benchmarks/drawing.py [--rounds 5]

Laid out are graphs of 400 nodes: with edges to near nodes, to any nodes, and a chain in which 400
more edges join two random nodes each, which makes tens of thousands of bends. Then a loop of 10 000
operations, whose rounds are drawn as groups, and the page of the explorer for `@cpsc532s`.
Target: 2 s for each graph of 400 nodes.
"""

from __future__ import annotations

import argparse
import random
import time

import admodes as ad
from admodes.drawing.coordinates import placed
from admodes.lab.timing import describe, interleaved, machine
from admodes.problems import PROBLEMS

NODES = 400
TARGET = 2.0


def graph(reach):
    """Edges from each node to two of the next `reach`."""
    draw = random.Random(1)
    return [
        (a, b)
        for b in range(1, NODES)
        for a in sorted({draw.randrange(max(0, b - reach), b) for _ in range(2)})
    ]


def chain_with_chords():
    draw = random.Random(3)
    chords = [tuple(sorted(draw.sample(range(NODES), 2))) for _ in range(NODES)]
    return [*((k, k + 1) for k in range(NODES - 1)), *chords]


def layout(edges):
    return lambda: placed([(40.0, 20.0)] * NODES, edges, [(50.0, 17.0)] * len(edges))


def loop(x):
    for _ in range(5000):
        x = x * 0.5 + 1.0
    return x


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--rounds", type=int, default=5)
    rounds = parser.parse_args().rounds
    problem = PROBLEMS["cpsc532s"]
    graphs = {
        "400 nodes, near edges": layout(graph(10)),
        "400 nodes, any edges": layout(graph(NODES)),
        "400 nodes, a chain with chords": layout(chain_with_chords()),
    }
    rest = {
        "a loop of 10 000 operations as SVG": lambda: ad.graph(loop, 1.0).to_svg(),
        "the explorer's page": lambda: ad.explore(problem.function, *problem.args).to_html(),
    }
    print(describe(machine()))
    times = interleaved(graphs | rest, rounds, clock=time.thread_time)
    for name, timing in times.items():
        missed = ", target missed" if name in graphs and timing.median > TARGET else ""
        print(f"{name:36} {timing.median:.2f} s{missed}")


if __name__ == "__main__":
    main()
