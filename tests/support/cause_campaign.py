"""Documents with one seeded mistake each: whether its cause is among those that are named, and
first. By hand: python tests/support/cause_campaign.py --tables 1000 --seed 1 [--show]"""

from __future__ import annotations

import argparse
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import replace
from decimal import Decimal
from typing import Any

from derivation_functions import MP, Graph
from derivations import Derivation as Work
from derivations import Part
from worked_cases import Case, Mistake, draw

import admodes as ad
from admodes.auditing.causes import Cause, causes_of
from admodes.auditing.derivation import Derivation
from admodes.auditing.quantity import Quantity

CALLS: dict[str, Callable] = {
    "add": lambda a, b: a + b,
    "sub": lambda a, b: a - b,
    "mul": lambda a, b: a * b,
    "div": lambda a, b: a / b,
    "pow": lambda a, b: a**b,
    "max": ad.maximum,
    "min": ad.minimum,
    "neg": lambda a: -a,
}


def function_of(graph: Graph) -> Callable:
    """The function with one operation for each node, in order."""

    def f(*xs: Any) -> Any:
        rows = list(xs)
        for node in graph.nodes[len(xs) :]:
            step = CALLS.get(node.op) or getattr(ad, node.op)
            rows.append(step(*(float(a) if isinstance(a, str) else rows[a] for a in node.args)))
        return tuple(rows[i] for i in graph.outputs)

    return f


def quantity(case: Case, part: Part) -> Quantity:
    graph = case.graph
    direction = ""
    if part.kind == "adjoint":
        direction = graph.output_names[part.direction]
    elif part.kind in ("tangent", "entry"):
        direction = graph.inputs[part.direction]
    return Quantity(
        part.kind, part.row, direction, part.argument if part.kind == "partial" else None
    )


def part_of(case: Case, q: Quantity) -> Part:
    graph = case.graph
    names = graph.output_names if q.kind == "adjoint" else graph.inputs
    direction = names.index(q.direction) if q.direction else 0
    return Part(q.kind, q.row, direction, q.argument or 0)


def explained(case: Case, mistake: Mistake) -> list[Cause] | None:
    """The causes that are named, the author having right numbers elsewhere; None where a function
    is not recorded row by row as it is written."""
    names = list(case.graph.output_names)
    d = Derivation(function_of(case.graph), case.point, case.graph.inputs, names)
    if len(d.steps) != len(case.graph.nodes):
        return None
    work = Work(case.graph, case.rounding)

    def numbers(q: Quantity) -> float:
        whole = q.argument is None or q.kind == "partial"
        return float(work.number(part_of(case, q))) if whole else d.recompute(q, numbers)

    def fits(number: float) -> bool:
        if abs(number) > 1e9:
            return False
        near = (number, number * (1 + 1e-13), number * (1 - 1e-13))
        return Decimal(mistake.slip.text) in {Decimal(case.rounding.text(MP.mpf(x))) for x in near}

    q = quantity(case, mistake.part)
    beside = [quantity(case, part) for part in around(case, mistake.part)]
    return causes_of(d, q, mistake.slip.text, fits, numbers, beside=beside)


def around(case: Case, part: Part) -> list[Part]:
    """What stands above and below a number in the document."""
    column = [
        place.part
        for place in case.places
        if place.part[0] == part[0] and place.part[2] == part[2] and not place.part.copy
    ]
    if part.kind == "partial" or part not in column:
        return []
    at = column.index(part)
    return column[max(0, at - 1) : at] + column[at + 1 : at + 2]


def judged(count: int, seed: int) -> Iterator[tuple[Case, Mistake, list[Cause]]]:
    for k in range(count):
        case = draw(seed * 1_000_000 + k, 1)
        for mistake in case.mistakes[:1]:
            named = explained(case, mistake)
            if named is not None:
                yield case, mistake, named


def main() -> None:
    options = argparse.ArgumentParser()
    options.add_argument("--tables", type=int, default=1000)
    options.add_argument("--seed", type=int, default=1)
    options.add_argument("--show", action="store_true")
    chosen = options.parse_args()
    counts: Counter = Counter()
    for case, mistake, named in judged(chosen.tables, chosen.seed):
        seeded, names = mistake.causes[0], [cause.name for cause in named]
        counts["all"] += 1
        counts[seeded, "all"] += 1
        counts["named"] += seeded in names
        counts[seeded, "named"] += seeded in names
        counts["first"] += names[:1] == [seeded]
        counts[seeded, "first"] += names[:1] == [seeded]
        counts["one that fits first"] += bool(names) and names[0] in mistake.causes
        if chosen.show and seeded not in names:
            clean = replace(case, mistakes=())
            print(clean.seed, mistake.part, mistake.causes, mistake.slip.text, case.rounding, named)
    for key, n in sorted(counts.items(), key=str):
        print(key, n)


if __name__ == "__main__":
    main()
