"""Operations declared by their tangent: tangential() is for those that are neither elementwise nor
linear, such as the inverse or the eigenvalues of a matrix.

The tangent is linear in the tangents of the arguments, so the cotangents come from a reverse sweep
through the operations of the tangent itself. So there is no second rule that could disagree.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Unpack

from admodes.core.carrier import Carrier
from admodes.core.forms import Form, in_latex
from admodes.core.op import Op, register
from admodes.core.reverse import conjugate, vjp
from admodes.core.space import zeros
from admodes.core.values import Cotangent, Params, Tangent, Value, canonical, shape_of

if TYPE_CHECKING:
    from admodes.core.facts import Facts


class Tangential(Op):
    """tangent(tangents, y, *args, **params) is the tangent of the result y, written with
    operations; tangents[i] is None where argument i is constant. cotangents[i](w, y, *args,
    **params) is an optional shorter way to its transpose in argument i. selects: the result and
    its tangent are entries that the argument chooses."""

    tangent: Callable[..., Any]
    cotangents: tuple[Callable[..., Any], ...] = ()
    selects: bool = False

    def jvp(self, tangents: list[Tangent | None], y: Value, args: tuple, params: Params) -> Tangent:
        kept = [t if self.active(i) else None for i, t in enumerate(tangents)]
        if all(t is None for t in kept):
            return zeros(shape_of(y), y)
        return self.tangent(kept, y, *args, **(params or {}))

    def vjp(self, i: int, w: Cotangent, y: Value, args: tuple, params: Params) -> Cotangent:
        if not self.active(i):
            return None
        if self.cotangents:
            term = self.cotangents[i](w, y, *args, **(params or {}))
            return term if isinstance(term, Carrier) else canonical(term)

        def along(t: Tangent) -> Any:
            tangents = [t if k == i else None for k in range(len(args))]
            return self.tangent(tangents, y, *args, **(params or {}))

        like = zeros(shape_of(args[i]), args[i])
        # The pullback pairs complex values with a conjugate; a transpose has none.
        return conjugate(vjp(along, like)[1](conjugate(w))[0])


def tangential(
    name: str,
    value: Callable[..., Any],
    tangent: Callable[..., Any],
    *cotangents: Callable[..., Any],
    arity: int = 1,
    kind: str = "functions",
    selects: bool = False,
    text: str = "",
    latex: str = "",
    **facts: Unpack[Facts],
) -> Op:
    """Declare an operation by its tangent: value is the kernel on arrays; tangent, cotangents and
    selects are as in Tangential. kind is what it is counted as; text and latex are templates of its
    printed form."""
    return register(
        Tangential(
            name=name,
            array=value,
            scalar=value,
            arity=arity,
            kind=kind,
            form=Form(
                text or name + "({*})",
                latex or rf"\operatorname{{{in_latex(name)}}}({{*}})",
            ),
            structural=True,
            selects=selects,
            tangent=tangent,
            cotangents=cotangents,
            **facts,
        )
    )
