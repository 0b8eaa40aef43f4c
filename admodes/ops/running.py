"""The declarations of accumulations by logaddexp and logaddexp2, and of their derivatives: running
means, in which the later entries weigh what e^x says.

The weights are counted from a largest entry. Where the largest entries so far differ by much, this
is done in blocks, so that nothing leaves the range and differences keep their digits.
"""

from __future__ import annotations

import bisect
import itertools
from collections.abc import Iterator
from typing import Any

import numpy as np

from admodes.core.forms import Example
from admodes.core.magnitudes import finite
from admodes.core.op import Op
from admodes.core.space import strong
from admodes.core.structure import ALONG, SCAN
from admodes.core.tangential import tangential
from admodes.core.values import shape_of
from admodes.ops.entropies import EXPONENTIALS
from admodes.ops.scans import recurred, scan_cost
from admodes.ops.shaping import spread
from admodes.ops.strong import strong_mul

RANGE = 32.0
"""By so much the largest entries so far may differ in a block."""
MOST = 8
"""More blocks are no quicker than one entry after the other."""


def _bounds(top: np.ndarray, span: float) -> list[int] | None:
    """Where blocks of rows begin and end; None where there would be too many."""
    ends = [len(top)]
    while len(ends) <= MOST:
        last = top[ends[-1] - 1]

        def near(k: int, last: np.ndarray = last) -> bool:
            return bool((last - top[k] <= span).all())

        if near(0):
            return [0, *ends[::-1]]
        ends.append(bisect.bisect_left(range(ends[-1]), True, key=near))
    return None


def _running_mean(t: Any, x: Any, of: str, axis: int, back: bool = False) -> Any:
    t, x = (np.moveaxis(a, axis, 0) if axis else a for a in (t, x))
    power, log = EXPONENTIALS[of]
    bounds = None
    if x.size and finite(x):
        top = np.maximum.accumulate(x)
        bounds = _bounds(top, RANGE / log)
    y = None
    if bounds is not None:
        blocks = _blocks(x, top, bounds, power)
        y = _backward(t, blocks) if back else _forward(t, blocks)
    if y is None or not finite(y):
        y = _one_by_one(t, x, of, back) if x.size else t.copy()
    return np.moveaxis(y, 0, axis) if axis else y


def _blocks(x: np.ndarray, top: np.ndarray, bounds: list[int], power: Any) -> Iterator[tuple]:
    """For each block its rows, the exponentials, their running sums, and by what those of the block
    before are multiplied, None for the first."""
    base: Any = None
    total: Any = None
    scale: Any = None
    for lo, hi in itertools.pairwise(bounds):
        before, base = base, top[hi - 1]
        e = power(x[lo:hi] - base)
        sums = np.add.accumulate(e)
        if before is not None:
            scale = power(before - base)
            sums += total * scale
        total = sums[-1]
        yield slice(lo, hi), e, sums, scale


def _forward(t: np.ndarray, blocks: Iterator[tuple]) -> np.ndarray:
    parts: list[np.ndarray] = []
    last = None
    for rows, e, sums, scale in blocks:
        weighted = np.add.accumulate(e * t[rows])
        if last is not None:
            weighted += last * scale
        last = weighted[-1]
        parts.append(weighted / sums)
    return np.concatenate(parts)


def _backward(t: np.ndarray, blocks: Iterator[tuple]) -> np.ndarray:
    parts: list[np.ndarray] = []
    after = None
    for rows, e, sums, scale in reversed(list(blocks)):
        later = np.add.accumulate((t[rows] / sums)[::-1])[::-1]
        if after is not None:
            later += after
        after = None if scale is None else later[0] * scale
        parts.append(e * later)
    return np.concatenate(parts[::-1])


def _one_by_one(t: np.ndarray, x: np.ndarray, of: str, back: bool) -> np.ndarray:
    """The same by the partials of logaddexp itself, in which infinite entries have limits."""
    power = EXPONENTIALS[of][0]
    gap = getattr(np, of).accumulate(x)[:-1] - x[1:]
    stays, enters = 1 / (1 + power(-gap)), 1 / (1 + power(gap))
    factors = np.concatenate([np.ones_like(x[:1]), stays])
    if back:
        v = recurred(factors, t, 0, back=True)
        return np.concatenate([v[:1], strong(enters, v[1:])])
    return recurred(factors, np.concatenate([t[:1], strong(enters, t[1:])]), 0)


def _scaled(y: Any, of: str) -> Any:
    return y if of == "logaddexp" else y * EXPONENTIALS[of][1]


def _tangent(tangents: list, y: Any, t: Any, x: Any, of: str, axis: int, back: bool = False) -> Any:
    dt, dx = tangents

    def mean(u: Any, back: bool = back) -> Any:
        return running_mean(u, x, of=of, axis=axis, back=back)

    if dx is None:
        return mean(dt)
    if back:
        change = strong_mul(y, dx) - mean(strong_mul(t, mean(dx, False)))
    else:
        change = mean(strong_mul(t, dx)) - strong_mul(y, mean(dx))
    change = _scaled(change, of)
    return change if dt is None else mean(dt) + change


def _of_weights(w: Any, y: Any, t: Any, x: Any, of: str, axis: int, back: bool = False) -> Any:
    def mean(u: Any, back: bool) -> Any:
        return running_mean(u, x, of=of, axis=axis, back=back)

    if back:
        return _scaled(strong_mul(y, w) - mean(strong_mul(t, mean(w, False)), True), of)
    return _scaled(strong_mul(t, mean(w, True)) - mean(strong_mul(y, w), True), of)


def _cost(args: tuple, y: Any, of: str, axis: int, back: bool = False) -> dict[str, int]:
    """Of one block: exponentials, two running sums, products and quotients."""
    size = int(np.prod(shape_of(y)))
    scan = scan_cost("comparisons")(args, y, axis)
    sums = size + 2 * scan["comparisons"]
    counts = {"additions": sums, "functions": size, "multiplications": size, "divisions": size}
    return scan | counts


running_mean: Op = tangential(
    "running_mean",
    _running_mean,
    _tangent,
    lambda w, y, t, x, of, axis, back=False: running_mean(w, x, of=of, axis=axis, back=not back),
    _of_weights,
    arity=2,
    structure=ALONG,
    batch=lambda args, mapped, of, axis, back=False: running_mean(
        *spread(args, mapped), of=of, axis=axis + 1, back=back
    ),
    cost=_cost,
    example=Example(((4,), (4,)), {"of": "logaddexp", "axis": 0}),
    doc="The means of the first 1, 2, … entries of t along an axis, with weights e^x, or with 2 in "
    "the place of e; back: its transpose.",
)


def _accumulated(ufunc: np.ufunc) -> Op:
    of = ufunc.__name__
    op: Op = tangential(
        f"{of}_scan",
        lambda x, axis: ufunc.accumulate(x, axis=axis),
        lambda tangents, y, x, axis: running_mean(tangents[0], x, of=of, axis=axis),
        lambda w, y, x, axis: running_mean(w, x, of=of, axis=axis, back=True),
        structure=SCAN,
        cost=scan_cost("functions"),
        example=Example(((4,),), {"axis": 0}),
        text=f"{of}.accumulate({{0}})",
        doc=f"The accumulation along an axis by {of}. Its tangents are running means.",
    )
    return op


logaddexp_scan = _accumulated(np.logaddexp)
logaddexp2_scan = _accumulated(np.logaddexp2)
