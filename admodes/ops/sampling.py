"""The declaration of searchsorted: where a number belongs among sorted ones; without derivative."""

from __future__ import annotations

from typing import Any

import numpy as np

from admodes.core.forms import Domain, Kink
from admodes.core.linear import linear
from admodes.core.op import Op
from admodes.ops.shaping import spread, stack


def _search_batch(args: tuple, mapped: tuple[bool, ...]) -> Any:
    xp, x = spread(args, mapped)
    return stack([searchsorted(a, b) for a, b in zip(xp, x, strict=True)])


searchsorted: Op = linear(
    "searchsorted",
    lambda xp, x: np.searchsorted(xp, x, side="right").astype(float),
    arity=2,
    differentiable=(False, False),
    batch=_search_batch,
    domain=Domain(
        kink=Kink(lambda xp, x: np.isin(x, xp), "interp at a knot: the slope to the right of it"),
        convention="at a knot: the slope to the right",
    ),
    kind="comparisons",
    doc="How many entries of an ascending array are at most x; it has no derivative.",
)
