"""Operations on traced whole numbers, such as positions, counts, and conditions taken as numbers;
they have no derivative.

Where all arguments of an operation are whole, NumPy's kernel decides what the result is: i % 4 and
the sum of a mask are whole numbers, which may be indices; they become a row without derivative.
Operations on truth values alone are left to core.truth.
"""

from __future__ import annotations

import functools
from typing import Any

import numpy as np

from admodes.core.carrier import Carrier, innermost
from admodes.core.forms import Domain, Form
from admodes.core.op import Op
from admodes.core.structure import DENSE, Reduction
from admodes.core.truth import is_whole, truth_kind
from admodes.core.values import Cotangent, Params, Tangent, Value
from admodes.errors import LostDerivative

AS_WHOLE = (
    "x.astype({dtype}) would lose the derivative of a traced value: use ad.value(x) where only the "
    "numbers are wanted"
)


def loses_derivative(x: Any) -> bool:
    """Whether a whole number made of x loses a derivative that is being taken."""
    while isinstance(x, Carrier):
        if x.differentiates:
            return True
        x = x.primal
    return False


class WholeOp(Op):
    """An operation on whole arguments with a whole result: the kernel, without derivative."""

    def active(self, i: int) -> bool:
        return False


@functools.cache
def whole_op(op: Op) -> Op:
    """op as an operation on whole numbers."""
    return WholeOp(
        name=f"whole_{op.name}",
        array=op.array,
        scalar=op.array,
        arity=None,
        kind=op.kind,
        form=op.form,
        rule=op.rule,
        domain=op.domain,
        symbol=op.symbol,
        doc=f"{op.name} of whole numbers; it has no derivative.",
        differentiable=(False,),
        structural=True,
        raw=True,
        structure=DENSE if isinstance(op.structure, Reduction) else op.structure,
        cost=lambda args, y, **params: op.costs(args, y, params),
    )


class Integers(Op):
    """Floats as whole numbers. It is recorded and mapped, but refuses to be differentiated."""

    def batched(self, args: tuple, mapped: tuple[bool, ...], params: Params) -> Any:
        return self.dispatch(args, params)

    def jvp(self, tangents: list[Tangent | None], y: Value, args: tuple, params: Params) -> Tangent:
        raise LostDerivative(AS_WHOLE.format(**(params or {})))

    def vjp(self, i: int, w: Cotangent, y: Value, args: tuple, params: Params) -> Cotangent:
        raise LostDerivative(AS_WHOLE.format(**(params or {})))


def _as_integers(x: Any, dtype: np.dtype) -> Any:
    return np.asarray(x).astype(dtype)


integers = Integers(
    name="integers",
    array=_as_integers,
    scalar=_as_integers,
    arity=1,
    kind="comparisons",
    form=Form("integers({0})", r"\mathrm{integers}({0})"),
    rule="Chain Rule",
    domain=Domain(),
    symbol=None,
    doc="The entries as whole numbers, rounded towards 0.",
    structural=True,
)


def among_whole(top: Carrier, op: Op, args: tuple, params: Params) -> Any:
    """The result where all arguments are whole and the result is; None for others. Truth values
    alone are numbers where they are added up."""
    if not all(map(is_whole, args)):
        return None
    if op.kind == "functions" and not isinstance(op.array, np.ufunc):
        return None
    if op.elementwise and all(map(truth_kind, args)):
        return None
    if not _is_whole_result(op, args, params):
        return None
    return top.apply(whole_op(op), args, params)


def _is_whole_result(op: Op, args: tuple, params: Params) -> bool:
    """By the kernel on ones where the operation is elementwise, else on the values."""
    plain = [np.asarray(innermost(a)) for a in args]
    if op.elementwise:
        plain = [np.ones(1, a.dtype) for a in plain]
    elif any(np.shape(innermost(a)) != np.shape(a) for a in args):
        return False
    return is_whole(op.array(*plain, **(params or {})))
