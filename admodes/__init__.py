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
from admodes.errors import Error, LostDerivative
from admodes.expression import ExpressionError, parse
from admodes.numpy_functions.extremes import max, min
from admodes.ops.public import *  # noqa: F403
from admodes.ops.public import __all__ as operations
from admodes.programs.count import Counts, count
from admodes.tracing.trace import Trace, trace
from admodes.tracing.variable import Variable

if TYPE_CHECKING:
    from admodes.backpropagation.result import Equations, equations
    from admodes.checkpointing import Revolve, checkpoint, checkpointed_loop, revolve, schedule
    from admodes.compilation import Compiled, CompileWarning, ImpureError, compile
    from admodes.derivatives.chain import Chain, chain, chain_of
    from admodes.drawing.graphs import Graph
    from admodes.lab.elimination.result import Elimination, eliminate
    from admodes.python_code import Code, code
    from admodes.sheets.sheet import Report, report
    from admodes.sparse.compressed import sparse_hessian, sparse_jacobian
    from admodes.sparse.result import Sparsity, sparsity
    from admodes.tracing.arrays import ArrayTrace
    from admodes.tracing.exploring import explore
    from admodes.tracing.graphing import graph
    from admodes.tracing.paths import Explanation, explain
    from admodes.tracing.program import Program, record
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
    "Elimination": "admodes.lab.elimination.result",
    "eliminate": "admodes.lab.elimination.result",
    "Equations": "admodes.backpropagation.result",
    "equations": "admodes.backpropagation.result",
    "explain": "admodes.tracing.paths",
    "Explanation": "admodes.tracing.paths",
    "Graph": "admodes.drawing.graphs",
    "graph": "admodes.tracing.graphing",
    "explore": "admodes.tracing.exploring",
    "ImpureError": "admodes.compilation",
    "Program": "admodes.tracing.program",
    "record": "admodes.tracing.program",
    "Report": "admodes.sheets.sheet",
    "report": "admodes.sheets.sheet",
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


__all__ = [
    *operations,
    "ArrayTrace",
    "Chain",
    "Code",
    "CompileWarning",
    "Compiled",
    "Counts",
    "Elimination",
    "Equations",
    "Error",
    "Explanation",
    "Graph",
    "ExpressionError",
    "ImpureError",
    "KinkWarning",
    "LostDerivative",
    "Op",
    "Program",
    "Report",
    "Revolve",
    "Sparsity",
    "StrictError",
    "Trace",
    "Variable",
    "Verification",
    "chain",
    "chain_of",
    "check_grads",
    "checkpoint",
    "checkpointed_loop",
    "code",
    "compile",
    "contract",
    "count",
    "custom_rule",
    "eliminate",
    "equations",
    "explain",
    "explore",
    "grad",
    "graph",
    "hessian",
    "hvp",
    "jacobian",
    "jvp",
    "max",
    "min",
    "parse",
    "record",
    "report",
    "revolve",
    "schedule",
    "sparse_hessian",
    "sparse_jacobian",
    "sparsity",
    "strict",
    "trace",
    "value",
    "value_and_grad",
    "verify",
    "vjp",
    "vmap",
]
