"""Operations that are linear in their arguments, such as sum, reshape and matmul: linear() declares
one by its value and its transposes.

The tangent of such an operation is the operation itself, so forward mode needs no further rule. The
transpose in an argument maps a cotangent of the result to that of the argument.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Any, Unpack

from admodes.core.forms import Form
from admodes.core.op import BinaryOp, Op, TernaryOp, register
from admodes.core.space import space, zeros
from admodes.core.structure import DENSE, Moves, Structure
from admodes.core.values import Cotangent, Params, Tangent, Value, shape_of

if TYPE_CHECKING:
    from admodes.core.facts import Facts


class Linear(Op):
    """Linear in its differentiable arguments: jointly (stack, where), or in each (products).
    transposes[i](w, y, *args, **params) is the contribution to argument i; one entry for a
    variadic operation, transposes[0](wanted, w, y, args, **params), gives one contribution after
    the other, to those whose positions are wanted, which rise. tangent(tangents, y, *args,
    **params) is the tangent where it is not the operation itself, as of a product in which one
    factor is only cut off."""

    takes_complex: bool = True
    transposes: tuple[Callable[..., Any], ...] = ()
    joint: bool = True
    tangent: Callable[..., Any] | None = None

    def needs(self, active: tuple[bool, ...]) -> tuple[bool, tuple[bool, ...]]:
        if self.joint:
            return False, tuple(not self.active(i) for i in range(len(active)))
        others = sum(active)
        return False, tuple(others - own > 0 for own in active)

    def jvp(self, tangents: list[Tangent | None], y: Value, args: tuple, params: Params) -> Tangent:
        params = params or {}
        if self.tangent is not None:
            return self.tangent(tangents, y, *args, **params)
        if self.joint:
            given = [
                a if not self.active(i) else zeros(shape_of(a), a) if t is None else t
                for i, (a, t) in enumerate(zip(args, tangents, strict=True))
            ]
            return self(*given, **params)
        terms = [
            self(*args[:i], t, *args[i + 1 :], **params)
            for i, t in enumerate(tangents)
            if t is not None and self.active(i)
        ]
        return functools.reduce(space.add, terms)

    def vjp(self, i: int, w: Cotangent, y: Value, args: tuple, params: Params) -> Cotangent:
        if self.differentiable is not None and not self.differentiable[i]:
            return None
        if self.arity is None:
            return next(iter(self.transposes[0]((i,), w, y, args, **(params or {}))))
        rule = self.transposes[i]
        return rule(w, y, *args, **params) if params else rule(w, y, *args)

    def vjps(
        self, wanted: Sequence[int], w: Cotangent, y: Value, args: tuple, params: Params
    ) -> Iterable[Cotangent | None]:
        if self.arity is None:
            return self.transposes[0](wanted, w, y, args, **(params or {}))  # type: ignore[no-any-return]
        return super().vjps(wanted, w, y, args, params)


class LinearBinary(Linear, BinaryOp):
    pass


class LinearTernary(Linear, TernaryOp):
    pass


def linear(
    name: str,
    value: Callable[..., Any],
    *transposes: Callable[..., Any],
    kind: str,
    arity: int | None = 1,
    joint: bool = True,
    scalar: Callable[..., Any] | None = None,
    text: str = "",
    latex: str = "",
    tangent: Callable[..., Any] | None = None,
    **facts: Unpack[Facts],
) -> Op:
    """Declare an operation that is linear in its differentiable arguments: the jvp is the
    operation itself, transposes state the vjp. kind is what it is counted as; text and latex are
    templates of its printed form; joint, tangent: as in Linear. Unless stated, squares commute with
    what only moves entries."""
    facts.setdefault("commutes", _only_moves(facts.get("structure", DENSE)))
    make = {2: LinearBinary, 3: LinearTernary}.get(arity or 0, Linear)
    op = make(
        name=name,
        array=value,
        scalar=scalar or value,
        arity=arity,
        kind=kind,
        form=Form(
            text or name + "({*})", latex or rf"\mathrm{{{name}}}({{*}})".replace("_", r"\_")
        ),
        structural=scalar is None,
        transposes=transposes,
        joint=joint,
        tangent=tangent,
        **facts,
    )
    return register(op)


def _only_moves(structure: Structure) -> bool:
    """Whether entries are moved and never meet, so that the result of squares is its square."""
    return isinstance(structure, Moves) and structure.into is None
