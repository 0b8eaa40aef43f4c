"""How the rows of a program are read, as counts from which the code generator chooses its
statements: how often each row is named, of which arrays single entries are read, and which numbers
are operands of ufuncs alone."""

from __future__ import annotations

from collections import Counter

import numpy as np

from admodes.compilation.numpy.kernels import (
    SIGNS,
    as_float64,
    repeats,
    template,
)
from admodes.compilation.numpy.placement import is_array
from admodes.core.record import Ref, WengertList
from admodes.core.structure import Moves
from admodes.optimisation.optimised import Optimised
from admodes.programs.rewriting import uses


def entry_reads(program: WengertList) -> Counter:
    """How many single entries are read of each array."""
    steps = program.steps
    found: Counter = Counter()
    for step in steps:
        moves = step.op is not None and isinstance(step.op.structure, Moves)
        if moves and not is_array(step.like):
            a = step.args[0]
            if isinstance(a, Ref) and is_array(steps[a.row].like):
                found[a.row] += 1
    return found


def operands_only(program: WengertList, reads: Counter) -> set[int]:
    """Numbers that are only operands of ufuncs on arrays of float64, which take NumPy's own float
    faster than Python's."""
    ufuncs = (
        step
        for step in program.steps
        if step.op is not None and isinstance(step.op.array, np.ufunc) and as_float64(step.like)
    )
    found = Counter([a.row for step in ufuncs for a in step.args if a.__class__ is Ref])
    return {row for row, count in found.items() if count == reads[row]}


def named_reads(program: Optimised) -> Counter:
    """How often the code names each row: twice where an expression repeats its argument."""
    found = uses(program)
    for step in program.steps:
        if step.op is not None and template(step.op) and step.op.scalar not in SIGNS:
            for k in repeats(step.op):
                if k < len(step.args) and isinstance(step.args[k], Ref):
                    found[step.args[k].row] += 1
    for k in program.suspects:
        if isinstance(program.outputs[k], Ref):
            found[program.outputs[k].row] += 1
    return found
