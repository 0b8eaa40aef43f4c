"""The declarations of choices and tests: where, comparisons, logic; truth values have no
derivative."""

from __future__ import annotations

import operator
from typing import Any

import numpy as np

from admodes.core.carrier import UFUNCS, Carrier, as_numpys, bind_operator, implements
from admodes.core.inplace import IN_PLACE, bind_in_place
from admodes.core.linear import linear
from admodes.core.numerics import Numerics
from admodes.core.op import Op
from admodes.core.structure import CHOICE, ENTRYWISE
from admodes.core.truth import truth_kind
from admodes.core.values import shape_of
from admodes.errors import BadType
from admodes.ops.shaping import unbroadcast


def _where_transpose(w: Any, c: Any, like: Any, chosen: bool) -> Any:
    picked = where(c, w, 0.0) if chosen else where(c, 0.0, w)
    return unbroadcast(picked, shape=shape_of(like))


def _choose(c: Any, a: Any, b: Any) -> Any:
    y = np.where(c, a, b)
    return y.astype(float) if y.dtype.kind in "iu" else y


where: Op = linear(
    "where",
    _choose,
    lambda w, y, c, a, b: None,
    lambda w, y, c, a, b: _where_transpose(w, c, a, True),
    lambda w, y, c, a, b: _where_transpose(w, c, b, False),
    arity=3,
    differentiable=(False, True, True),
    role="where",
    kind="comparisons",
    structure=CHOICE,
    commutes=True,
    scalar=lambda c, a, b: a if c else b,
    text="where({0}, {1}, {2})",
    latex=r"\mathrm{where}({0}, {1}, {2})",
    symbol=lambda sp, c, a, b: sp.Piecewise((a, c), (b, True)),
    numerics=Numerics(hides_nan=(0,)),
    doc="a where the condition holds, otherwise b. The branch that is not taken contributes "
    "nothing, whatever its value or derivative (nan included).",
)


def _compare(name: str, ufunc: np.ufunc, sign: str, latex: str, dunder: str) -> Op:
    """A comparison: a boolean, without derivative, that notes the branch where it is recorded."""
    op: Op = linear(
        name,
        ufunc,
        scalar=None if dunder == "xor" else getattr(operator, dunder, None),
        arity=2,
        differentiable=(False, False),
        kind="comparisons",
        structure=ENTRYWISE,
        is_test=True,
        # Of whole numbers, and, or and xor take the bits.
        raw=dunder in ("and", "or", "xor"),
        text=f"{{0}} {sign} {{1}}",
        latex=f"{{0}} {latex} {{1}}",
        symbol=lambda sp, a, b: getattr(sp, dunder.capitalize())(a, b),
        doc=f"a {sign} b as a boolean; it has no derivative.",
    )
    bind_operator(dunder, op, reflected=dunder in ("and", "or", "xor"))
    if dunder in IN_PLACE:
        bind_in_place(dunder)
    return op


greater = _compare("greater", np.greater, ">", ">", "gt")
greater_equal = _compare("greater_equal", np.greater_equal, "≥", r"\ge", "ge")
less = _compare("less", np.less, "<", "<", "lt")
less_equal = _compare("less_equal", np.less_equal, "≤", r"\le", "le")
equal: Op = _compare("equal", np.equal, "=", "=", "eq")


def _is_extreme(x: Any, y: Any) -> Any:
    picked = np.equal(x, y)
    none = np.isnan(y)
    return picked | (np.isnan(x) & none) if none.any() else picked


is_extreme: Op = linear(
    "is_extreme",
    _is_extreme,
    arity=2,
    differentiable=(False, False),
    kind="comparisons",
    structure=ENTRYWISE,
    is_test=True,
    text="{0} = {1}",
    latex="{0} = {1}",
    doc="Whether entries of a are their extreme b: equal to it, or nan like it.",
)
not_equal = _compare("not_equal", np.not_equal, "≠", r"\ne", "ne")
both = _compare("both", np.bitwise_and, "∧", r"\land", "and")
either = _compare("either", np.bitwise_or, "∨", r"\lor", "or")
differ = _compare("differ", np.bitwise_xor, "⊻", r"\oplus", "xor")
opposite: Op = linear(
    "opposite",
    np.logical_not,
    differentiable=(False,),
    kind="comparisons",
    structure=ENTRYWISE,
    is_test=True,
    text="¬{0}",
    latex=r"\lnot {0}",
    symbol=lambda sp, a: sp.Not(a),
    doc="not a, of a truth value; it has no derivative.",
)


def _invert(a: Any) -> Any:
    if isinstance(a, Carrier) and a.dtype.kind != "b":
        if a.dtype.kind == "i":
            return np.subtract(-1, a)
        raise BadType("~x takes truth values, not a traced value: write ~(x > 0) or -x")
    return opposite(a)


UFUNCS[np.invert] = _invert
setattr(Carrier, "__invert__", _invert)  # noqa: B010


def _truth(a: Any) -> Any:
    return a if np.result_type(getattr(a, "dtype", type(a))).kind == "b" else not_equal(a, 0)


UFUNCS.update(
    {
        np.logical_and: lambda a, b: both(_truth(a), _truth(b)),
        np.logical_or: lambda a, b: either(_truth(a), _truth(b)),
        np.logical_xor: lambda a, b: not_equal(_truth(a), _truth(b)),
    }
)


@implements(np.where)
def _numpy_where(condition: Any, x: Any = None, y: Any = None) -> Any:
    if x is None and y is None:
        return np.nonzero(condition)
    if truth_kind(x) and truth_kind(y) and not (shape_of(x) or shape_of(y)):
        held = as_numpys(_truth(condition))
        return either(both(held, x), both(opposite(held), y))
    return where(condition, x, y)
