"""The strong product: a partial times a tangent, in which a tangent that is exactly 0 gives 0, even
where the partial is infinite or nan."""

from __future__ import annotations

import functools
from typing import Any

import numpy as np

from admodes.core.linear import linear
from admodes.core.numerics import Numerics
from admodes.core.op import REGISTRY, Op
from admodes.core.space import strong
from admodes.core.structure import PRODUCT
from admodes.core.values import shape_of
from admodes.ops.shaping import broadcast_to, unbroadcast


def _partial_of_strong(i: int, w: Any, y: Any, p: Any, t: Any) -> Any:
    if i == 1:
        return unbroadcast(strong_mul(p, w), shape=shape_of(t))
    return unbroadcast(tangent_mul(t, w), shape=shape_of(p))


def _tangent_of_strong(tangents: list, y: Any, p: Any, t: Any) -> Any:
    dp, dt = tangents
    terms = [] if dp is None else [tangent_mul(dp, t)]
    if dt is not None:
        terms.append(strong_mul(p, dt))
    total = functools.reduce(REGISTRY["add"], terms)
    same = shape_of(total) == shape_of(y)
    return total if same else broadcast_to(total, shape=shape_of(y))


strong_mul: Op = linear(
    "strong_mul",
    strong,
    lambda w, y, p, t: _partial_of_strong(0, w, y, p, t),
    lambda w, y, p, t: _partial_of_strong(1, w, y, p, t),
    scalar=lambda p, t: p * t if t else 0.0,
    arity=2,
    joint=False,
    role="strong",
    tangent=_tangent_of_strong,
    kind="multiplications",
    structure=PRODUCT,
    text="{0}*{1}",
    latex="{0}*{1}",
    numerics=Numerics(same_bits=True),
    doc="partial × tangent, which is 0 wherever the tangent is exactly 0, even if the partial is "
    "infinite or nan. Its own derivative is the plain product rule.",
)
tangent_mul: Op = linear(
    "tangent_mul",
    lambda s, t: np.where(np.equal(s, 0), 0.0, strong(s, t)),
    lambda w, y, s, t: unbroadcast(tangent_mul(t, w), shape=shape_of(s)),
    lambda w, y, s, t: unbroadcast(tangent_mul(s, w), shape=shape_of(t)),
    scalar=lambda s, t: s * t if s and t else 0.0,
    arity=2,
    joint=False,
    role="tangents",
    kind="multiplications",
    structure=PRODUCT,
    text="{0}*{1}",
    latex="{0}*{1}",
    doc="The product of two tangents or cotangents, which is 0 wherever either is exactly 0. It "
    "arises in second derivatives. Its own derivative is the plain product rule.",
)
