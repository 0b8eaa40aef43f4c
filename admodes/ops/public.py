"""The elementary functions that users call as admodes.sin, admodes.exp, …, imported from the
modules that declare them."""

from admodes.ops.activations import (
    elu,
    leaky_relu,
    logaddexp,
    logit,
    relu,
    sigmoid,
    softplus,
)
from admodes.ops.arithmetic import (
    add,
    cbrt,
    divide,
    inverse,
    multiply,
    negate,
    power,
    sqrt,
    square,
    subtract,
)
from admodes.ops.comparisons import (
    equal,
    greater,
    greater_equal,
    less,
    less_equal,
    not_equal,
    where,
)
from admodes.ops.entropies import entr, log_softmax, logsumexp, softmax, xlog1py
from admodes.ops.exponential import exp, exp2, expm1, ln, log1p, log2, log10
from admodes.ops.hyperbolic import acosh, asinh, atanh, cosh, sinh, tanh
from admodes.ops.planar import atan2, hypot
from admodes.ops.reductions import sum
from admodes.ops.selection import abs, ceil, clip, floor, maximum, minimum, round, sign
from admodes.ops.shaping import array, stack
from admodes.ops.special import digamma, erf, erfc, gammaln, gelu, polygamma, trigamma, xlogy
from admodes.ops.steps import trunc
from admodes.ops.strong import strong_mul
from admodes.ops.trigonometric import acos, asin, atan, cos, cot, csc, sec, sin, tan

log = ln
pow = power

__all__ = [name for name in dir() if not name.startswith("_")]
