"""What the tests of the llvm back end share."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from admodes.compilation.interpreter import interpret
from admodes.compilation.llvm import build
from admodes.compilation.llvm.groups import Check, Fused
from admodes.compilation.llvm.segments import Segment
from admodes.core.pytree import flatten
from admodes.core.record import WengertList, record


def native(f: Callable, *args: Any) -> Any:
    """f recorded at args and built; its program as an attribute `program`."""
    program = record(f, *args)
    run = build(program)
    assert run is not None
    run.program = program  # type: ignore[attr-defined]
    return run


def leaves(*args: Any) -> list:
    return flatten(args)[0]


def alike(found: Any, wanted: Any) -> bool:
    """Whether two results have one type, one shape and the same bits, signs of zeros apart."""
    same_type = found.__class__ is wanted.__class__
    return same_type and np.array_equal(found, wanted, equal_nan=found.__class__ is not bool)


def agrees(run: Any, *args: Any) -> bool:
    """Whether a run gives what the interpreter gives, a miss for a miss."""
    given = leaves(*args)
    found, wanted = run(*given), interpret(run.program, given)
    if not isinstance(wanted, list):
        return found is wanted
    return len(found) == len(wanted) and all(map(alike, found, wanted))


ROUNDED = {"matmul", "einsum", "solve", "inv", "sum", "mean", "unbroadcast"}
ROUNDED |= {"logaddexp_reduce", "logaddexp2_reduce", "shares"}
"""Operations that native code has in another order, or of which BLAS may see another layout."""


def close(program: WengertList, found: list, wanted: list) -> bool:
    """As `alike`, but where such operations are about."""
    if all(map(alike, found, wanted)):
        return True
    names = {step.op.name for step in program.steps if step.op is not None}
    return bool(names & ROUNDED) and all(
        np.allclose(a, b, rtol=1e-11, atol=1e-11, equal_nan=True)
        for a, b in zip(found, wanted, strict=True)
    )


def is_product(found: Any, a: np.ndarray, b: np.ndarray) -> bool:
    """Whether found is as near to a @ b as two sums of so many terms are: k u |a| |b| each."""
    unit = np.finfo(float).eps / 2
    bound = 2 * a.shape[-1] * unit * (np.abs(a) @ np.abs(b))
    return np.shape(found) == np.shape(bound) and bool(np.all(np.abs(found - a @ b) <= bound))


def fused(run: Any) -> list[Fused]:
    return [group for group in run.plan.groups.all if isinstance(group, Fused)]


def parts(run: Any) -> list[str]:
    """What a run goes through: native segments, and rows and checks of Python."""
    names = {Segment: "native", Check: "check"}
    return [names.get(part.__class__, "python") for part in run.built.parts]
