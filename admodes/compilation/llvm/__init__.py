"""The llvm back end: programs of float64 as native code (needs llvmlite, the extra llvm).

Numbers become straight lines that call libm as Python's math does, entries of arrays become fused
loops, as do products, inverses and systems of small matrices; other entrywise functions, sums and
large products run NumPy's own inner loops; what is left runs its operation's kernel between native
segments. Results have the bits of eager evaluation, signs of zeros apart, with these exceptions:
where eager evaluation holds an array in another order than C, NumPy adds up in that order (both
sums are pairwise, so each is within (16 + log2 n) u Σ|x| of the exact one); products are within
k u |a| |b| of the exact ones for an inner length k, by BLAS or without it; inverses and solutions
are by elimination with the same pivots as LAPACK's, each term of it rounded once; and a reduction
of n entries by logaddexp, which takes out the largest entry y once instead of one in each step, is
within (n + 4) u max(1, |y|), as NumPy's is.
"""

from __future__ import annotations

import numpy as np

from admodes.compilation.beside import UNFORKED
from admodes.compilation.llvm.expansion import expanded
from admodes.compilation.llvm.groups import STRAIGHT
from admodes.compilation.llvm.jit import llvm, module_text
from admodes.compilation.llvm.pairs import side_by_side
from admodes.compilation.llvm.places import TYPES
from admodes.compilation.llvm.planning import Plan
from admodes.compilation.protocol import Run
from admodes.core.record import WengertList
from admodes.optimisation import lower
from admodes.optimisation.optimised import Optimised


def build(program: WengertList, exact: WengertList | None = None) -> Run | None:
    """program as native code: run(*leaves) as in compilation.protocol. exact is interpreted where
    an output among the suspects of program is not finite. None where there are float32 or complex
    rows or nothing would be native.

    Raises ImportError where llvmlite is missing, or the machine is not one for it.

    >>> from admodes.core.record import record
    >>> from admodes.compilation.llvm import build
    >>> run = build(record(lambda x: x * x if x > 1.0 else -x, 2.0))
    >>> run(3.0), run(0.5)
    ([9.0], MISS)
    """
    with UNFORKED:
        llvm()
        from admodes.compilation.llvm.running import Runner

    plan = planned(program)
    if plan is None:
        return None
    suspects = Optimised.of(program).suspects if exact is not None else ()
    return Runner(plan, exact, tuple(suspects), lambda: text(program))


def planned(program: WengertList) -> Plan | None:
    """The groups of a program; None where it is none for native code."""
    values = [step.like for step in program.steps]
    kinds = {np.asarray(v).dtype for v in values if isinstance(v, (np.ndarray, np.generic))}
    if any(kind.kind == "c" or (kind.kind == "f" and kind != TYPES["d"]) for kind in kinds):
        return None
    ends = [program.steps[x.row].like for x in program.inputs] + list(program.captured.values())
    if any(np.asarray(x).dtype != TYPES["d"] for x in ends):
        return None
    plan = Plan(side_by_side(expanded(lower(program, fused=True))))
    native = any(isinstance(g, STRAIGHT) for g in plan.groups.all)
    return plan if native and not plan.foreign else None


def text(program: WengertList) -> str:
    """The LLVM IR of a program; that of several groups alike is shown once.

    >>> from admodes.core.record import record
    >>> from admodes.compilation.llvm import text
    >>> [line for line in text(record(lambda x: x * x, 2.0)).splitlines() if "fmul double" in line]
    ['%v0 = fmul double %l0, %l0']
    """
    from admodes.compilation.llvm.segments import ArenaLayout, emitted, flattened

    plan = planned(program)
    if plan is None:
        return ""
    ArenaLayout(plan)
    made = dict.fromkeys(e.text for e, _ in emitted(flattened(plan)) if e is not None)
    return module_text({body: f"group{k}" for k, body in enumerate(made)})


__all__ = ["build", "planned", "text"]
