"""admodes: forward-mode and reverse-mode automatic differentiation, side by side."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from admodes.core.batch import vmap
from admodes.core.carrier import value
from admodes.core.checking import StrictError, strict
from admodes.core.forward import jvp
from admodes.core.op import Op
from admodes.core.reverse import vjp
from admodes.derivatives.checks import check_grads
from admodes.derivatives.crossings import KinkWarning
from admodes.derivatives.custom import custom_rule
from admodes.derivatives.gradients import grad, hessian, hvp, jacobian, value_and_grad
from admodes.derivatives.layouts import contract
from admodes.derivatives.variable import Variable
from admodes.errors import Error, LostDerivative
from admodes.expression import ExpressionError, parse
from admodes.numpy_functions.extremes import max, min
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
from admodes.ops.trigonometric import acos, asin, atan, cos, sin, tan
from admodes.programs.count import Counts, count
from admodes.tracing.trace import Trace, trace

if TYPE_CHECKING:
    from admodes.backpropagation.result import Equations, equations
    from admodes.checkpointing import Revolve, checkpoint, checkpointed_loop, revolve, schedule
    from admodes.compilation import Compiled, CompileWarning, ImpureError, compile
    from admodes.derivatives.chain import Chain, chain, chain_of
    from admodes.python_code import Code, code
    from admodes.recording import Program, record
    from admodes.sparse.compressed import sparse_hessian, sparse_jacobian
    from admodes.sparse.result import Sparsity, sparsity
    from admodes.tracing.arrays import ArrayTrace
    from admodes.verification import Verification, verify

_LATER = {
    "ArrayTrace": "admodes.tracing.arrays",
    "Chain": "admodes.derivatives.chain",
    "chain": "admodes.derivatives.chain",
    "chain_of": "admodes.derivatives.chain",
    "checkpoint": "admodes.checkpointing",
    "checkpointed_loop": "admodes.checkpointing",
    "Code": "admodes.python_code",
    "code": "admodes.python_code",
    "compile": "admodes.compilation",
    "Compiled": "admodes.compilation",
    "CompileWarning": "admodes.compilation",
    "Equations": "admodes.backpropagation.result",
    "equations": "admodes.backpropagation.result",
    "ImpureError": "admodes.compilation",
    "Program": "admodes.recording",
    "record": "admodes.recording",
    "Revolve": "admodes.checkpointing",
    "revolve": "admodes.checkpointing",
    "schedule": "admodes.checkpointing",
    "sparse_hessian": "admodes.sparse.compressed",
    "sparse_jacobian": "admodes.sparse.compressed",
    "Sparsity": "admodes.sparse.result",
    "sparsity": "admodes.sparse.result",
    "Verification": "admodes.verification",
    "verify": "admodes.verification",
}
"""Names that are imported when they are first used, so that a plain start stays quick."""


def __getattr__(name: str) -> Any:
    if name not in _LATER:
        raise AttributeError(f"module 'admodes' has no attribute {name!r}")
    found = getattr(import_module(_LATER[name]), name)
    globals()[name] = found
    return found


log = ln
pow = power

__all__ = [
    "ArrayTrace",
    "Chain",
    "Code",
    "CompileWarning",
    "Compiled",
    "Counts",
    "Equations",
    "Error",
    "ExpressionError",
    "ImpureError",
    "KinkWarning",
    "LostDerivative",
    "Op",
    "Program",
    "Revolve",
    "Sparsity",
    "StrictError",
    "Trace",
    "Variable",
    "Verification",
    "abs",
    "acos",
    "acosh",
    "add",
    "array",
    "asin",
    "asinh",
    "atan",
    "atan2",
    "atanh",
    "cbrt",
    "ceil",
    "chain",
    "chain_of",
    "check_grads",
    "checkpoint",
    "checkpointed_loop",
    "clip",
    "code",
    "compile",
    "contract",
    "cos",
    "cosh",
    "count",
    "custom_rule",
    "digamma",
    "divide",
    "elu",
    "entr",
    "equal",
    "equations",
    "erf",
    "erfc",
    "exp",
    "exp2",
    "expm1",
    "floor",
    "gammaln",
    "gelu",
    "grad",
    "greater",
    "greater_equal",
    "hessian",
    "hvp",
    "hypot",
    "inverse",
    "jacobian",
    "jvp",
    "leaky_relu",
    "less",
    "less_equal",
    "ln",
    "log",
    "log10",
    "log1p",
    "log2",
    "log_softmax",
    "logaddexp",
    "logit",
    "logsumexp",
    "max",
    "maximum",
    "min",
    "minimum",
    "multiply",
    "negate",
    "not_equal",
    "parse",
    "polygamma",
    "pow",
    "power",
    "record",
    "relu",
    "revolve",
    "round",
    "schedule",
    "sigmoid",
    "sign",
    "sin",
    "sinh",
    "softmax",
    "softplus",
    "sparse_hessian",
    "sparse_jacobian",
    "sparsity",
    "sqrt",
    "square",
    "stack",
    "strict",
    "strong_mul",
    "subtract",
    "sum",
    "tan",
    "tanh",
    "trace",
    "trigamma",
    "trunc",
    "value",
    "value_and_grad",
    "verify",
    "vjp",
    "vmap",
    "where",
    "xlog1py",
    "xlogy",
]
