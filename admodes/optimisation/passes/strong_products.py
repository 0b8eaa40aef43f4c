"""Replaces strong products by plain ones where a wrong value would show as a nan in the result: a
program goes in; a cheaper one comes out, with the list of outputs (its suspects) that tell at each
run whether the exact program has to be run after all.

strong_mul(p, t) is 0 where t is 0; the plain product p t is nan there if p is infinite or nan, and
else the same. So a program with plain products has, entry by entry, the value of the exact program
or nan, as long as every operation that reads such an entry gives nan for nan (arithmetic, sums,
products of matrices, moves, functions; `where` in its branches): by induction over the rows, an
entry of a later row is computed from equal entries, or from one that is nan and so is nan itself.
Hence an output without nan is exact, and where there is one, the exact program decides: such
outputs are the program's suspects. Rows that lead to a guard, a comparison, a choice of positions
or anything else that hides a nan stay strong.

In the same way a rewriting may rest on values being finite, if a row that is not finite otherwise
carries that to an output: through operations that give inf or nan for inf and nan.
"""

from __future__ import annotations

from dataclasses import replace

from admodes.core.op import REGISTRY
from admodes.core.record import WengertList
from admodes.optimisation.dataflow import open_rows, reached_outputs
from admodes.optimisation.optimised import Optimised

STRONG = frozenset((REGISTRY["strong_mul"], REGISTRY["tangent_mul"]))


def plain_products(program: WengertList) -> Optimised:
    """The program with plain products wherever the result shows a nan that they may give."""
    program = Optimised.of(program)
    if not any(step.op in STRONG for step in program.steps):
        return program
    found = open_rows(program)
    multiply = REGISTRY["multiply"]
    changed = set()
    steps = list(program.steps)
    for i, step in enumerate(steps):
        if step.op in STRONG and found[i]:
            steps[i] = replace(step, op=multiply, params=None, value=None)
            changed.add(i)
    if not changed:
        return program
    reached = reached_outputs(program, changed)
    return replace(program, steps=steps, suspects=sorted({*program.suspects, *reached}))
