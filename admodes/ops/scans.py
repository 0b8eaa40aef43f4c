"""The declarations of scans: cumsum, cumprod, the accumulation by any ufunc of two arguments, and
the linear recurrence y[k] = a[k] y[k-1] + b[k], which is what the tangents of all of them are.

No scan divides, so that derivatives hold where entries are 0, and each costs as much as there are
entries.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from admodes.core.carrier import UFUNCS
from admodes.core.elementwise import Elementwise
from admodes.core.forms import Example
from admodes.core.forward import jvp
from admodes.core.linear import linear
from admodes.core.numerics import Numerics
from admodes.core.op import Op
from admodes.core.space import dtype_of, space, strong, zeros
from admodes.core.structure import ALONG, SCAN
from admodes.core.tangential import tangential
from admodes.core.values import shape_of
from admodes.ops.arithmetic import multiply
from admodes.ops.selection import maximum, minimum
from admodes.ops.shaping import broadcast_to, concatenate, spread

BLOCK = 32
"""The entries of a recurrence that are calculated one after the other, for all blocks together."""
STRAIGHT = 256
"""Up to so many numbers a loop over them is quicker than blocks."""


def scan_cost(kind: str) -> Callable[..., dict[str, int]]:
    """The cost of a scan: the first entry along the axis is there already."""

    def cost(args: tuple, y: Any, axis: int, **params: Any) -> dict[str, int]:
        size, n = math.prod(shape_of(y)), shape_of(y)[axis]
        return {kind: size - size // n if n else 0}

    return cost


def along(axis: int, start: int | None, stop: int | None, step: int | None = None) -> tuple:
    """The index of a part along an axis."""
    return (*(slice(None),) * axis, slice(start, stop, step))


def _reversed(x: Any, axis: int) -> Any:
    return x[along(axis, None, None, -1)]


cumsum_: Op = linear(
    "cumsum",
    lambda x, axis: np.cumsum(x, axis=axis),
    lambda w, y, x, axis: _reversed(cumsum_(_reversed(w, axis), axis=axis), axis),
    structure=SCAN,
    cost=scan_cost("additions"),
    kind="additions",
    example=Example(((4,),), {"axis": 0}),
    doc="The sums of the first 1, 2, … entries along an axis.",
)


def recurred(a: Any, b: Any, axis: int, back: bool = False, times: Callable = strong) -> Any:
    """times: how to multiply where not all is finite."""
    a, b = np.moveaxis(a, axis, 0), np.moveaxis(b, axis, 0)
    if b.size == 0:
        return np.moveaxis(b.copy(), 0, axis)
    shape, n = b.shape, len(b)
    a, b = (a[:0:-1], b[::-1]) if back else (a[1:], b)
    a, b = a.reshape(n - 1, b[0].size), b.reshape(n, -1)
    y = _by_blocks(a, b)
    if not np.isfinite(y).all():
        y = _one_by_one(a, b, times)
    y = y.reshape(shape)
    return np.moveaxis(y[::-1] if back else y, 0, axis)


def _one_by_one(a: np.ndarray, b: np.ndarray, times: Callable = np.multiply) -> np.ndarray:
    """The rows y[k] = a[k-1] y[k-1] + b[k]."""
    y = np.empty(b.shape, np.result_type(a, b))
    y[0] = b[0]
    for k in range(1, len(b)):
        y[k] = times(a[k - 1], y[k - 1]) + b[k]
    return y


def _by_blocks(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """The same with fewer calls of NumPy's: blocks of rows as if nothing came before them, and the
    products of the factors in each, by which the last row of the block before it counts."""
    n, width = b.shape
    if width == 1 and n <= STRAIGHT and a.dtype == b.dtype == np.float64:
        y = b.ravel().tolist()
        for k, p in enumerate(a.ravel().tolist(), 1):
            y[k] += p * y[k - 1]
        return np.array(y)[:, None]
    if n <= BLOCK or width >= STRAIGHT:
        return _one_by_one(a, b)
    count = -(-n // BLOCK)
    factors = np.zeros((count * BLOCK, width), a.dtype)
    sums = np.zeros((count * BLOCK, width), np.result_type(a, b))
    factors[1:n], sums[:n] = a, b
    factors, sums = (
        np.ascontiguousarray(x.reshape(count, BLOCK, width).swapaxes(0, 1)) for x in (factors, sums)
    )
    for k in range(1, BLOCK):
        sums[k] += factors[k] * sums[k - 1]
        factors[k] *= factors[k - 1]
    before = _by_blocks(factors[-1, 1:], sums[-1])[:-1]
    limits = np.finfo(sums.dtype)
    if not np.max(np.abs(before)) * limits.tiny < limits.eps:
        # Products of factors may have left the range where the entries have not.
        return _one_by_one(a, b)
    sums[:, 1:] += factors[:, 1:] * before
    return sums.swapaxes(0, 1).reshape(-1, width)[:n]


def _before(axis: int) -> tuple:
    """The index of all entries but the last along an axis."""
    return along(axis, None, -1)


def _after(axis: int) -> tuple:
    """The index of all entries but the first along an axis."""
    return along(axis, 1, None)


def _edge(value: float, x: Any, axis: int) -> Any:
    """A constant as one more entry of x along an axis."""
    shape = (*shape_of(x)[:axis], 1, *shape_of(x)[axis + 1 :])
    return np.full(shape, value, dtype_of(x))


def _recurrence_tangent(
    tangents: list, y: Any, a: Any, b: Any, axis: int, back: bool = False
) -> Any:
    da, db = tangents
    db = zeros(shape_of(y), y) if db is None else db
    if da is not None and shape_of(y)[axis] > 1:
        at = (_after if back else _before)(axis)
        source = [_edge(0.0, y, axis), space.strong(y[at], da[_after(axis)])]
        db = db + concatenate(source[::-1] if back else source, axis)
    return recurrence(a, db, axis=axis, back=back)


def _of_factors(w: Any, y: Any, a: Any, b: Any, axis: int, back: bool = False) -> Any:
    if shape_of(y)[axis] < 2:
        return zeros(shape_of(a), a)
    v = recurrence(a, w, axis=axis, back=not back)
    at, other = (_after(axis), _before(axis)) if back else (_before(axis), _after(axis))
    return concatenate([_edge(0.0, a, axis), space.strong(y[at], v[other])], axis)


recurrence: Op = tangential(
    "recurrence",
    recurred,
    _recurrence_tangent,
    _of_factors,
    lambda w, y, a, b, axis, back=False: recurrence(a, w, axis=axis, back=not back),
    arity=2,
    structure=ALONG,
    batch=lambda args, mapped, axis, back=False: recurrence(
        *spread(args, mapped), axis=axis + 1, back=back
    ),
    cost=lambda args, y, axis, back=False: (
        scan_cost("multiplications")(args, y, axis) | scan_cost("additions")(args, y, axis)
    ),
    kind="multiplications",
    takes_complex=True,
    example=Example(((4,), (4,)), {"axis": 0}),
    doc="The linear recurrence y[k] = a[k] y[k-1] + b[k] along an axis, which begins with b[0]; "
    "back: y[k] = a[k+1] y[k+1] + b[k], its transpose.",
)


def _factors(op: Any, y: Any, x: Any, axis: int) -> Any:
    """How an entry of the accumulation y of x by an operation depends on the one before it."""
    if op is multiply:
        return x
    old, new, made = y[_before(axis)], x[_after(axis)], y[_after(axis)]
    if isinstance(op, Elementwise):
        p = op.partial(0, made, (old, new))
    else:
        p = jvp(lambda a: op(a, new), (old,), (np.ones(shape_of(old), dtype_of(old)),))[1]
    if shape_of(p) != shape_of(old):
        p = broadcast_to(p, shape=shape_of(old))
    return concatenate([_edge(1.0, y, axis), p], axis)


def _entering(op: Any, t: Any, y: Any, x: Any, axis: int) -> Any:
    """A tangent or cotangent of the entries times what they do to that of the accumulation at
    their own place."""
    old, new, made, late = y[_before(axis)], x[_after(axis)], y[_after(axis)], t[_after(axis)]
    if not isinstance(op, Elementwise):
        late = jvp(lambda b: op(old, b), (new,), (late,))[1]
    elif op.partials[1] == 0:
        late = zeros(shape_of(late), late)
    else:
        late = op.term(1, late, made, (old, new))
    return concatenate([t[along(axis, 0, 1)], late], axis)


def _chosen(t: Any, x: Any, y: Any, axis: int, back: bool = False) -> Any:
    t, x, y = (np.moveaxis(a, axis, -1) for a in (t, x, y))
    if t.size == 0 or t.shape[-1] < 2:
        return np.moveaxis(t.copy(), -1, axis)
    stays, enters = y[..., 1:] == y[..., :-1], y[..., 1:] == x[..., 1:]
    if (stays != enters).all():
        found = _by_parts(t, enters, back)
    else:
        found = _by_shares(t, stays, enters, back)
    return np.moveaxis(found, -1, axis)


def _by_parts(t: np.ndarray, enters: np.ndarray, back: bool) -> np.ndarray:
    """Where each entry is either taken or not: the entries of t that are taken, for as long as they
    last; back: the sums over these parts."""
    begins = np.ones(t.shape, bool)
    begins[..., 1:] = enters
    starts = np.flatnonzero(begins)
    lined = t.ravel()
    if back:
        found = np.zeros_like(lined)
        found[starts] = np.add.reduceat(lined, starts)
    else:
        found = np.repeat(lined[starts], np.diff(starts, append=lined.size))
    return found.reshape(t.shape)


def _by_shares(t: np.ndarray, stays: np.ndarray, enters: np.ndarray, back: bool) -> np.ndarray:
    """The same with shares of 0, ½ or 1, by a recurrence. A share of 0 wins over what is not
    finite, as in the derivative of the largest of two."""
    old = np.ones(t.shape, t.dtype)
    new = np.ones(t.shape, t.dtype)
    old[..., 1:] = np.where(stays, np.where(enters, 0.5, 1.0), 0.0)
    new[..., 1:] = np.where(enters, np.where(stays, 0.5, 1.0), 0.0)

    def share(p: np.ndarray, u: np.ndarray) -> Any:
        return strong(u, p)

    if back:
        return share(new, recurred(old, t, -1, True, share))
    return recurred(old, share(new, t), -1, False, share)


running_choice: Op = linear(
    "running_choice",
    _chosen,
    lambda w, u, t, x, y, axis, back=False: running_choice(w, x, y, axis=axis, back=not back),
    lambda w, u, t, x, y, axis, back=False: None,
    lambda w, u, t, x, y, axis, back=False: None,
    arity=3,
    differentiable=(True, False, False),
    structure=ALONG,
    batch=lambda args, mapped, axis, back=False: running_choice(
        *spread(args, mapped), axis=axis + 1, back=back
    ),
    cost=lambda args, u, axis, back=False: scan_cost("comparisons")(args, u, axis),
    kind="comparisons",
    takes_complex=True,
    example=Example(((4,), (4,), (4,)), {"axis": 0}),
    doc="For y, the largest or the smallest entries of x so far along an axis: the entries of t at "
    "the places in x that those of y come from, and at ties the mean of t there and of what was "
    "chosen before; back: its transpose.",
)
CHOICES = (maximum, minimum)


def _tangent(op: Any, t: Any, y: Any, x: Any, axis: int) -> Any:
    if shape_of(x)[axis] < 2:
        return t
    if op in CHOICES:
        return running_choice(t, x, y, axis=axis)
    return recurrence(_factors(op, y, x, axis), _entering(op, t, y, x, axis), axis=axis)


def _cotangent(op: Any, w: Any, y: Any, x: Any, axis: int) -> Any:
    if shape_of(x)[axis] < 2:
        return w
    if op in CHOICES:
        return running_choice(w, x, y, axis=axis, back=True)
    return _entering(op, recurrence(_factors(op, y, x, axis), w, axis=axis, back=True), y, x, axis)


cumprod_: Op = tangential(
    "cumprod",
    lambda x, axis: np.cumprod(x, axis=axis),
    lambda tangents, y, x, axis: _tangent(multiply, tangents[0], y, x, axis),
    lambda w, y, x, axis: _cotangent(multiply, w, y, x, axis),
    structure=SCAN,
    cost=scan_cost("multiplications"),
    kind="multiplications",
    takes_complex=True,
    example=Example(((4,),), {"axis": 0}),
    doc="The products of the first 1, 2, … entries along an axis.",
)


def _ufunc(of: str) -> np.ufunc:
    ufunc: np.ufunc = getattr(np, of)
    return ufunc


accumulate: Op = tangential(
    "accumulate",
    lambda x, of, axis: _ufunc(of).accumulate(x, axis=axis),
    lambda tangents, y, x, of, axis: _tangent(UFUNCS[_ufunc(of)], tangents[0], y, x, axis),
    lambda w, y, x, of, axis: _cotangent(UFUNCS[_ufunc(of)], w, y, x, axis),
    structure=SCAN,
    cost=scan_cost("functions"),
    kind="functions",
    takes_complex=True,
    numerics=Numerics(hides_nan=(0,), tells_zeros=(0,)),
    example=Example(((4,),), {"of": "logaddexp", "axis": 0}),
    text="{of}.accumulate({0})",
    doc="The accumulation along an axis by a ufunc of two arguments: y[k] = ufunc(y[k-1], x[k]). "
    "At ties of maximum and minimum each of the two has ½, as for the ufunc itself.",
)
