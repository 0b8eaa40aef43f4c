"""admodes: forward-mode and reverse-mode automatic differentiation, side by side."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from admodes.core.batch import vmap
from admodes.core.carrier import value
from admodes.core.checking import StrictError, strict
from admodes.core.forward import jvp
from admodes.core.op import Op
from admodes.core.reverse import vjp
from admodes.derivatives import choosing
from admodes.derivatives.crossings import KinkWarning
from admodes.derivatives.gradients import grad, hessian, hvp, jacobian, value_and_grad
from admodes.derivatives.layouts import contract
from admodes.errors import Error, LostDerivative
from admodes.numpy_functions.extremes import max, min
from admodes.ops.public import *  # noqa: F403
from admodes.ops.public import __all__ as operations
from admodes.version import VERSION as __version__

if TYPE_CHECKING:
    from admodes.auditing.judging import audit
    from admodes.auditing.result import Audit
    from admodes.backpropagation.result import Equations, equations
    from admodes.checkpointing import Revolve, checkpoint, checkpointed_loop, revolve, schedule
    from admodes.compilation import Compiled, CompileWarning, ImpureError, compile
    from admodes.core.generated import DefectWarning
    from admodes.derivatives.chain import Chain, chain, chain_of
    from admodes.derivatives.checks import check_grads
    from admodes.derivatives.custom import custom_rule
    from admodes.diagnosis import Diagnosis, diagnose
    from admodes.drawing.graphs import Graph
    from admodes.exercises.series import Exercise, exercise
    from admodes.expression import ExpressionError, parse
    from admodes.grading.grades import Grades, grade
    from admodes.grading.modules.examining import grade_code
    from admodes.grading.modules.result import CodeGrade
    from admodes.lab.advice.advice import Advice, advise
    from admodes.lab.checking.result import GradientCheck, check_gradient
    from admodes.lab.comparison import Comparison, compare
    from admodes.lab.elimination.result import Elimination, eliminate
    from admodes.lab.experiments.scaling import scale
    from admodes.lab.experiments.scaling_result import Scaling
    from admodes.loops.explicit import loop, scan, while_loop
    from admodes.programs.count import Counts, count
    from admodes.python_code import Code, code
    from admodes.sheets.sheet import Report, report
    from admodes.sparse.compressed import sparse_hessian, sparse_jacobian
    from admodes.sparse.result import Sparsity, sparsity
    from admodes.tracing import diy
    from admodes.tracing.arrays import ArrayTrace
    from admodes.tracing.exploring import explore
    from admodes.tracing.graphing import graph
    from admodes.tracing.paths import Explanation, explain
    from admodes.tracing.program import Program, record
    from admodes.tracing.trace import Trace, trace
    from admodes.tracing.variable import Variable
    from admodes.verification import Verification, verify

_LATER = {
    name: module
    for module, names in {
        "admodes.auditing.judging": ("audit",),
        "admodes.auditing.result": ("Audit",),
        "admodes.backpropagation.result": ("Equations", "equations"),
        "admodes.checkpointing": (
            "Revolve",
            "checkpoint",
            "checkpointed_loop",
            "revolve",
            "schedule",
        ),
        "admodes.compilation": ("CompileWarning", "Compiled", "ImpureError", "compile"),
        "admodes.core.generated": ("DefectWarning",),
        "admodes.derivatives.chain": ("Chain", "chain", "chain_of"),
        "admodes.derivatives.checks": ("check_grads",),
        "admodes.derivatives.custom": ("custom_rule",),
        "admodes.diagnosis": ("Diagnosis", "diagnose"),
        "admodes.drawing.graphs": ("Graph",),
        "admodes.exercises.series": ("Exercise", "exercise"),
        "admodes.grading.grades": ("Grades", "grade"),
        "admodes.expression": ("ExpressionError", "parse"),
        "admodes.lab.checking.result": ("GradientCheck", "check_gradient"),
        "admodes.grading.modules.examining": ("grade_code",),
        "admodes.grading.modules.result": ("CodeGrade",),
        "admodes.lab.advice.advice": ("Advice", "advise"),
        "admodes.lab.comparison": ("Comparison", "compare"),
        "admodes.lab.elimination.result": ("Elimination", "eliminate"),
        "admodes.lab.experiments.scaling": ("scale",),
        "admodes.lab.experiments.scaling_result": ("Scaling",),
        "admodes.loops.explicit": ("loop", "scan", "while_loop"),
        "admodes.programs.count": ("Counts", "count"),
        "admodes.python_code": ("Code", "code"),
        "admodes.sheets.sheet": ("Report", "report"),
        "admodes.sparse.compressed": ("sparse_hessian", "sparse_jacobian"),
        "admodes.sparse.result": ("Sparsity", "sparsity"),
        "admodes.tracing": ("diy",),
        "admodes.tracing.arrays": ("ArrayTrace",),
        "admodes.tracing.exploring": ("explore",),
        "admodes.tracing.graphing": ("graph",),
        "admodes.tracing.paths": ("Explanation", "explain"),
        "admodes.tracing.program": ("Program", "record"),
        "admodes.tracing.trace": ("Trace", "trace"),
        "admodes.tracing.variable": ("Variable",),
        "admodes.verification": ("Verification", "verify"),
    }.items()
    for name in names
}
"""Names that are imported when they are first used, so that a plain start stays quick."""


def _reason(*question: Any) -> str:
    return str(import_module("admodes.lab.advice.advice").advised(*question).explain())


choosing.adviser = _reason


def __getattr__(name: str) -> Any:
    if name not in _LATER:
        raise AttributeError(f"module 'admodes' has no attribute {name!r}")
    found = getattr(import_module(_LATER[name]), name)
    globals()[name] = found
    return found


def __dir__() -> list[str]:
    return sorted({*globals(), *_LATER})


__all__ = [
    *operations,
    *_LATER,
    "Error",
    "KinkWarning",
    "LostDerivative",
    "Op",
    "StrictError",
    "contract",
    "grad",
    "hessian",
    "hvp",
    "jacobian",
    "jvp",
    "max",
    "min",
    "strict",
    "value",
    "value_and_grad",
    "vjp",
    "vmap",
]
