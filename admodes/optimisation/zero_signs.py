"""Where the sign of a zero can be told: 1/0 is inf and 1/-0 is -inf, so that leaving out + 0, which
turns -0 into 0, may be seen."""

from __future__ import annotations

from typing import Any

from admodes.core.op import REGISTRY
from admodes.core.record import Program, Ref, Step
from admodes.optimisation.literals import number

BLIND = frozenset(
    REGISTRY[name]
    for name in (
        *("add", "subtract", "negate", "multiply", "strong_mul", "tangent_mul", "square", "abs"),
        *("sum", "mean", "unbroadcast", "broadcast_to", "reshape", "transpose", "getitem"),
        *("place", "stack", "concatenate", "matmul", "einsum", "where", "sqrt", "astype"),
        *("sin", "cos", "tan", "tanh", "sinh", "cosh", "exp", "expm1", "log1p", "ln", "relu"),
        *("sigmoid", "softplus", "maximum", "minimum", "amax", "amin", "cumsum", "prod"),
        *("asin", "atan", "real", "conj", "greater", "less", "equal", "not_equal", "is_extreme"),
        *("greater_equal", "less_equal", "isnan", "isfinite", "isinf", "take_along_axis"),
    )
)
"""A zero of the other sign in an argument changes at most the sign of a zero in the result."""


def telling_signs(program: Program) -> list[bool]:
    """For each row, whether something that follows may tell a zero's sign."""
    found = [False] * len(program.steps)
    for i in range(len(found) - 1, -1, -1):
        step = program.steps[i]
        if step.op is None:
            continue
        blind = step.op in BLIND
        for k, a in enumerate(step.args):
            if a.__class__ is Ref and (found[i] or not (blind or _blind_at(step, k))):
                found[a.row] = True
    return found


def _blind_at(step: Step, k: int) -> bool:
    if step.op is REGISTRY["divide"]:
        return k == 0
    if step.op is REGISTRY["power"] and k == 0:
        exponent: Any = step.args[1]
        c = None if exponent.__class__ is Ref else number(exponent)
        return c is not None and c > 0
    return False
