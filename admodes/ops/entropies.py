"""The declarations of sums of exponentials (logsumexp, softmax, log_softmax, the reduction by
logaddexp) and entropies; and the table of the functions of scipy.special that take traced values.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from admodes.core.elementwise import elementwise
from admodes.core.forms import Domain, Example, Kink
from admodes.core.op import Op
from admodes.core.structure import ALONG, reduction
from admodes.core.tables import INSTEAD, SCIPY
from admodes.core.tangential import tangential
from admodes.core.values import shape_of
from admodes.ops.activations import logit, sigmoid, softplus
from admodes.ops.arithmetic import cbrt
from admodes.ops.comparisons import both, equal, where
from admodes.ops.exponential import exp, exp2, expm1, ln, log1p
from admodes.ops.options import plain_axis
from admodes.ops.reductions import all_axes, fewer, kept_shape, reduced_axes, sum_
from admodes.ops.selection import round as round_
from admodes.ops.shaping import floating, reshape
from admodes.ops.special import digamma, erf, erfc, gammaln, xlogy
from admodes.ops.strong import strong_mul


def _log_of_sum(x: Any, axis: Any, keepdims: bool) -> Any:
    x = np.asarray(x)
    x = x if x.dtype.kind == "f" else x.astype(float)
    top = np.max(x, axis=axis, keepdims=True, initial=-np.inf)
    base = np.where(np.isfinite(top), top, 0.0)
    largest = x == base
    count = np.sum(largest, axis=axis, keepdims=True, dtype=x.dtype)
    # The largest terms, of which each is 1, apart: one that is much larger loses nothing.
    rest = np.sum(np.where(largest, 0.0, np.exp(x - base)), axis=axis, keepdims=True)
    share = rest / np.maximum(count, 1)
    y = base + np.where(count > 0, np.log(np.maximum(count, 1)) + np.log1p(share), np.log(rest))
    return (y if keepdims else np.sum(y, axis=axis)).astype(x.dtype)


def _tangent_of_log(tangents: list, y: Any, x: Any, axis: Any, keepdims: bool) -> Any:
    lined_up = reshape(y, shape=kept_shape(shape_of(x), all_axes(axis, len(shape_of(x)))))
    return sum_(strong_mul(exp(x - lined_up), tangents[0]), axis=axis, keepdims=keepdims)


logsumexp_: Op = tangential(
    "logsumexp",
    _log_of_sum,
    _tangent_of_log,
    structure=reduction(reduced_axes, np.logaddexp),
    doc="ln Σ e^x over all axes or the given ones, without overflow.",
)


def logsumexp(x: Any, axis: Any = None, keepdims: bool = False) -> Any:
    """ln Σ e^x over all axes or the given ones, without overflow, of an array or a list that may
    hold traced values; -inf of nothing. Its gradient is softmax(x).

    >>> import admodes as ad
    >>> import numpy as np
    >>> ad.grad(ad.logsumexp)(np.array([1000.0, 1000.0]))
    array([0.5, 0.5])
    """
    x = floating(x)
    if not shape_of(x):
        return x
    return logsumexp_(x, axis=plain_axis(axis), keepdims=keepdims)


def log_softmax(x: Any, axis: Any = None) -> Any:
    """x - logsumexp(x): the logarithms of softmax(x), accurate where those are tiny.

    >>> import admodes as ad
    >>> import numpy as np
    >>> ad.log_softmax(np.array([0.0, -800.0]))
    array([   0., -800.])
    """
    x = floating(x)
    return x - logsumexp(x, axis, keepdims=True)


def softmax(x: Any, axis: Any = None) -> Any:
    """e^x / Σ e^x along all axes or the given ones, without overflow.

    >>> import admodes as ad
    >>> import numpy as np
    >>> ad.softmax(np.array([0.0, np.log(3.0)])).round(12)
    array([0.25, 0.75])
    """
    return exp(log_softmax(x, axis))


EXPONENTIALS = {"logaddexp": (np.exp, 1.0), "logaddexp2": (np.exp2, math.log(2.0))}
"""The exponential to the base of a reduction, and the logarithm of the base."""


def _shares(x: Any, of: str, axis: int) -> Any:
    power = EXPONENTIALS[of][0]
    top = np.maximum.reduce(x, axis=axis, keepdims=True, initial=-np.inf)
    y = x - top
    if not np.isfinite(top).all():
        # An infinite entry alone has the whole; among several the limit depends on the way.
        largest = x == top
        y[largest & (np.sum(largest, axis=axis, keepdims=True) == 1)] = 0.0
    y = power(y)
    y /= np.add.reduce(y, axis=axis, keepdims=True)
    return y


def _tangent_of_shares(t: Any, y: Any, x: Any, of: str, axis: int) -> Any:
    """Their matrix of derivatives is symmetric, so that cotangents take it as well."""
    weighted = strong_mul(y, t)
    change = weighted - strong_mul(y, sum_(weighted, axis=axis, keepdims=True))
    return change if of == "logaddexp" else change * EXPONENTIALS[of][1]


shares: Op = tangential(
    "shares",
    _shares,
    lambda tangents, y, x, of, axis: _tangent_of_shares(tangents[0], y, x, of, axis),
    _tangent_of_shares,
    structure=ALONG,
    cost=lambda args, y, of, axis: _cost_of_shares(shape_of(y), axis),
    example=Example(((4,),), {"of": "logaddexp", "axis": 0}),
    doc="e^x / Σ e^x along an axis, or with 2 in the place of e: the partials of the reduction by "
    "logaddexp or logaddexp2.",
)


def _cost_of_shares(shape: tuple[int, ...], axis: int) -> dict[str, int]:
    """Largest entries, differences from them, exponentials, their sums, and quotients."""
    size, lines = math.prod(shape), math.prod(kept_shape(shape, (axis,)))
    less = max(size - lines, 0)
    return {"comparisons": less, "additions": size + less, "functions": size, "divisions": size}


def _reduced_by(ufunc: np.ufunc, base: str) -> Op:
    of = ufunc.__name__

    def partials(x: Any, axis: int) -> Any:
        return shares(x, of=of, axis=axis)

    def cotangent(w: Any, y: Any, x: Any, axis: int) -> Any:
        lined_up = reshape(w, shape=kept_shape(shape_of(x), (axis,)))
        return strong_mul(partials(x, axis), lined_up)

    op: Op = tangential(
        f"{of}_reduce",
        lambda x, axis: ufunc.reduce(x, axis=axis),
        lambda tangents, y, x, axis: sum_(strong_mul(partials(x, axis), tangents[0]), axis=axis),
        cotangent,
        structure=reduction(reduced_axes, ufunc),
        cost=fewer("functions"),
        example=Example(((4,),), {"axis": 0}),
        text=f"{of}.reduce({{0}})",
        doc=f"The reduction along an axis by {of}. Its partials are {base}^x / Σ {base}^x.",
    )
    return op


logaddexp_reduce = _reduced_by(np.logaddexp, "e")
logaddexp2_reduce = _reduced_by(np.logaddexp2, "2")


def _entropy(x: Any) -> Any:
    inside = -x * np.log(np.where(x > 0, x, 1.0))
    return np.where(x < 0, -np.inf, np.where(np.isnan(x), x, inside)).astype(np.result_type(x))


entr: Op = elementwise(
    "entr",
    _entropy,
    lambda a: -1 - ln(a),
    symbol=lambda sp, a: -a * sp.log(a),
    printed=("-1 - ln(a)",),
    domain=Domain(
        ((0.2, 3.0),),
        Kink(lambda a: a == 0, "entr at 0: infinite"),
        "at 0 the one-sided limit, inf",
        "a ≥ 0",
    ),
    doc="The entropy -a ln a, 0 at 0.",
)


def _times_log1p(a: Any, b: Any) -> Any:
    y = np.where(np.equal(a, 0) & ~np.isnan(b), 0.0, a * np.log1p(b))
    return y.astype(np.result_type(a, b), copy=False)


xlog1py: Op = elementwise(
    "xlog1py",
    _times_log1p,
    lambda b: log1p(b),
    lambda a, b: a / where(both(equal(a, 0), equal(b, -1)), 1.0, 1 + b),
    symbol=lambda sp, a, b: a * sp.log(1 + b),
    printed=("ln(1 + b)", "a/(1 + b)"),
    domain=Domain(((-3.0, 3.0), (-0.5, 3.0)), valid="b > -1"),
    doc="a ln(1 + b), and 0 where a is 0.",
)
SCIPY.update(
    {
        "cbrt": cbrt,
        "digamma": digamma,
        "entr": entr,
        "erf": erf,
        "erfc": erfc,
        "exp10": lambda x: exp(math.log(10.0) * x),
        "exp2": exp2,
        "expit": sigmoid,
        "expm1": expm1,
        "gammaln": gammaln,
        "log1p": log1p,
        "log_expit": lambda x: -softplus(-x),
        "logit": logit,
        "ndtr": lambda x: 0.5 * erfc(x * -math.sqrt(0.5)),
        "psi": digamma,
        "round": round_,
        "xlog1py": xlog1py,
        "xlogy": xlogy,
    }
)
INSTEAD.update({n: f"ad.{n}" for n in ("polygamma", "logsumexp", "softmax", "log_softmax")})
