"""The recorded list on sympy symbols: exact expressions, exact partials, and reference values.

The derivative of an operation is here sympy's derivative of its symbolic form, never the partial
that the operation declares, so that the two can be held against each other. Reference values come
row by row through mpmath, at a cost linear in the length of the list: composed expressions swell
exponentially (W. Kahan's and A. Griewank's old objection to symbolic differentiation), rows do not.

sympy and mpmath are imported on first use.
"""

from admodes.symbolic.at_point import formulas_at
from admodes.symbolic.expressions import (
    NoSymbolicForm,
    expressions,
    hessian_matrix,
    jacobian_matrix,
    symbolic_hessian,
    symbolic_jacobian,
)
from admodes.symbolic.reference import reference

__all__ = [
    "NoSymbolicForm",
    "expressions",
    "formulas_at",
    "hessian_matrix",
    "jacobian_matrix",
    "reference",
    "symbolic_hessian",
    "symbolic_jacobian",
]
