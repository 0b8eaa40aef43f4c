"""The whole list as one sympy expression per output in the inputs, and the Jacobian of those."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from admodes.core.record import Ref, Step, WengertList
from admodes.errors import BadType, BadValue, Error
from admodes.symbolic.arrays import broadcast, components, entrywise, fill, structural
from admodes.symbolic.forms import as_expression, differentiated, exact_constant
from admodes.symbolic.printing import formula
from admodes.views.tables import Formula

LARGEST_EXPRESSION = 4000
"""Symbols and operations that an expression may have when it is written out."""


class NoSymbolicForm(Error, ValueError):
    """An operation without a symbolic form, or an expression too long to be written out."""


@dataclass
class Expressions:
    """Symbols of the inputs, and an expression in them for every row and every output (an object
    array for rows that are arrays, None from an operation without symbolic form on). missing names
    the first such row, where there is one."""

    symbols: list
    rows: list
    outputs: list
    missing: str | None = None


def expressions(
    source: Any, names: Sequence[str] | None = None, exact: bool = False
) -> Expressions:
    """Every row of a Program or Trace as a sympy expression in the inputs.

    Where the function branched, the expressions are those of the branch that was taken. Constants
    print as short fractions and as pi and E where they equal these as doubles; exact=True takes
    each as exactly the double it is. names are those of the inputs' components (those of the
    Trace, or x1, x2, …).

    Raises NoSymbolicForm for expressions that are too long to be written out, ValueError for a
    wrong number of names.

    >>> import admodes as ad
    >>> from admodes.symbolic import expressions
    >>> expressions(ad.trace(lambda x, y: ad.sin(x * y) / 2, 1.0, 2.0)).rows
    [x, y, x*y, sin(x*y), sin(x*y)/2]
    """
    import sympy as sp

    program = list_of(source)
    _refuse_swelling(program)
    symbols = [sp.Symbol(name, real=True) for name in _names(source, names, program)]
    remaining = iter(symbols)
    constant = exact_constant if exact else _short_constant
    rows: list = []
    missing = None

    def written(a: Any) -> Any:
        return rows[a.row] if isinstance(a, Ref) else entrywise(constant, a)

    for i, step in enumerate(program.steps):
        if step.op is None:
            rows.append(fill(step.shape, remaining))
            continue
        args = [written(a) for a in step.args]
        unknown = any(a is None for a in args)
        rows.append(None if unknown else _row(step, args))
        if rows[-1] is None and not unknown:
            missing = missing or f"row {i} ({step.op.name})"
    return Expressions(symbols, rows, [written(y) for y in program.outputs], missing)


def list_of(source: Any) -> WengertList:
    """The list of a Trace, or the list itself."""
    program = getattr(source, "program", source)
    if not isinstance(program, WengertList):
        raise BadType(f"a Program or a Trace is needed, got {type(source).__name__}")
    return program


def input_size(program: WengertList) -> int:
    """How many components the inputs have."""
    return sum(program.steps[x.row].size for x in program.inputs)


def _names(source: Any, names: Sequence[str] | None, program: WengertList) -> Sequence[str]:
    n = input_size(program)
    if names is None:
        given = [x["name"] for x in getattr(source, "inputs", []) if isinstance(x, dict)]
        names = given or [f"x{i + 1}" for i in range(n)]
    if len(names) != n:
        raise BadValue(f"{n} input names are needed, got {list(names)}")
    return names


def _refuse_swelling(program: WengertList) -> None:
    sizes: list[int] = []
    for i, step in enumerate(program.steps):
        sizes.append(1 + sum(sizes[a.row] if isinstance(a, Ref) else 1 for a in step.args))
        if sizes[-1] > LARGEST_EXPRESSION:
            raise NoSymbolicForm(
                f"the expression of row {i} has more than {LARGEST_EXPRESSION} parts when it is "
                "written out: symbolic expressions swell where recorded lists do not"
            )


def _row(step: Step, args: list) -> Any:
    """The expressions of a row; None where there are none, as of the largest entry of an array."""
    import sympy as sp

    if step.op.symbol is None:
        if step.op.elementwise:
            return None
        try:
            return structural(step.op, args, step.params)
        except (TypeError, ValueError, AttributeError):
            return None
    return broadcast(lambda *xs: as_expression(step.op.symbol(sp, *xs)), args, step.shape)


def _short_constant(c: Any) -> Any:
    import sympy as sp

    exact = exact_constant(c)
    if not exact.is_Rational or exact.is_Integer:
        return exact
    known = {math.pi: sp.pi, math.e: sp.E, math.pi / 2: sp.pi / 2, 2 * math.pi: 2 * sp.pi}
    if float(c) in known:
        return known[float(c)]
    short = exact.limit_denominator(1000)
    return short if float(short) == float(c) else sp.Float(float(c), 17)


def jacobian_matrix(source: Any, names: Sequence[str] | None = None, exact: bool = False) -> Any:
    """The exact Jacobian as a sympy Matrix, outputs by inputs, by sympy's own differentiation.

    Arguments as for expressions(). Raises NoSymbolicForm where an operation has no symbolic form
    or derivative, or an expression is too long.

    >>> import admodes as ad
    >>> from admodes.symbolic import jacobian_matrix
    >>> jacobian_matrix(ad.trace(lambda x, y: (x * y, ad.sin(x)), 1.0, 2.0))
    Matrix([
    [     y, x],
    [cos(x), 0]])
    """
    import sympy as sp

    found = expressions(source, names, exact)
    outputs = output_components(found)
    entries = [_partial(as_expression(y), x) for y in outputs for x in found.symbols]
    return sp.Matrix(len(outputs), len(found.symbols), entries)


def output_components(found: Expressions) -> list:
    """The expressions of all components of the outputs. Raises NoSymbolicForm where one has none,
    with the name of the operation."""
    outputs = [component for y in found.outputs for component in components(y)]
    if any(y is None for y in outputs):
        raise _without_form(found)
    return outputs


def _without_form(found: Expressions) -> NoSymbolicForm:
    return NoSymbolicForm(
        f"{found.missing} has no symbolic form, so that there are no exact formulas; a rule of "
        "your own takes one as symbol="
    )


def _partial(y: Any, x: Any) -> Any:
    import sympy as sp

    found = differentiated(y, x)
    if found is None:
        raise NoSymbolicForm(f"sympy finds no derivative of {y}")
    return found.replace(sp.DiracDelta, lambda *args: sp.S.Zero)


def hessian_matrix(source: Any, names: Sequence[str] | None = None, exact: bool = False) -> Any:
    """The exact Hessian of the one output as a sympy Matrix, by sympy's own differentiation of its
    gradient. Arguments and errors as for jacobian_matrix().

    >>> import admodes as ad
    >>> from admodes.symbolic import hessian_matrix
    >>> hessian_matrix(ad.trace(lambda x, y: x * x * y, 1.0, 2.0))
    Matrix([
    [2*y, 2*x],
    [2*x,   0]])
    """
    import sympy as sp

    gradient = jacobian_matrix(source, names, exact)
    if gradient.rows != 1:
        raise BadValue(f"a Hessian is of one output, and there are {gradient.rows}")
    symbols = expressions(source, names, exact).symbols
    return sp.Matrix([[_partial(slope, x) for x in symbols] for slope in gradient.row(0)])


def symbolic_jacobian(source: Any, names: Sequence[str] | None = None) -> list[list[Formula]]:
    """The exact Jacobian as formulas, one list per output: texts, whose .latex is the same in
    LaTeX. Polynomials are factored where that is shorter. Raises as jacobian_matrix().

    >>> import admodes as ad
    >>> from admodes.symbolic import symbolic_jacobian
    >>> symbolic_jacobian(ad.trace(lambda x1, x2: x1 * ad.exp(2 * x2), 1.0, 2.0))
    [['exp(2*x2)', '2*x1*exp(2*x2)']]
    """
    return _formulas(jacobian_matrix(source, names))


def symbolic_hessian(source: Any, names: Sequence[str] | None = None) -> list[list[Formula]]:
    """The exact Hessian of the one output as formulas; see symbolic_jacobian().

    >>> import admodes as ad
    >>> from admodes.symbolic import symbolic_hessian
    >>> symbolic_hessian(ad.trace(lambda x, y: x**2 * y, 1.0, 2.0))
    [['2*y', '2*x'], ['2*x', '0']]
    """
    return _formulas(hessian_matrix(source, names))


def symbolic_partial(source: Any, of: str, wrt: str) -> Formula:
    """One entry of the exact Jacobian of a Trace, by the names of the output and of the input.
    Raises as jacobian_matrix().

    >>> import admodes as ad
    >>> from admodes.symbolic.expressions import symbolic_partial
    >>> symbolic_partial(ad.trace(lambda x1, x2: x1 * ad.sin(x2), 1.0, 2.0), "y", "x2")
    'x1*cos(x2)'
    """
    found = expressions(source)
    named = zip((y["name"] for y in source.outputs), found.outputs, strict=True)
    (y,) = (expression for name, expression in named if name == of)
    (x,) = (symbol for symbol in found.symbols if symbol.name == wrt)
    if y is None:
        raise _without_form(found)
    return formula(_partial(as_expression(y), x))


def _formulas(matrix: Any) -> list[list[Formula]]:
    return [[formula(entry) for entry in matrix.row(i)] for i in range(matrix.rows)]
