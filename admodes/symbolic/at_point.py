"""Exact formulas beside the numbers of the engine: where a formula does not hold at the point
itself, as cos(x)/x - sin(x)/x**2 at 0 and Heaviside(x) at a kink."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from admodes.symbolic.expressions import hessian_matrix, jacobian_matrix
from admodes.symbolic.forms import AtKink, compiled
from admodes.symbolic.precision import evaluate
from admodes.symbolic.printing import formula
from admodes.views.dialects import Text
from admodes.views.tables import Formula

MOST_NAMED = 4
"""Entries that a note names."""


def formulas_at(
    trace: Any, numbers: Sequence[Sequence[float]], second: bool = False
) -> tuple[list[list[Formula]], list[str]]:
    """The exact Jacobian of a Trace as formulas, or the Hessian (second), and a note of the entries
    whose formulas have no value at its point or another one than numbers. Raises as
    jacobian_matrix().

    >>> import admodes as ad
    >>> from admodes.symbolic import formulas_at
    >>> formulas_at(ad.trace(lambda x: ad.abs(x), 0.0), [[0.0]])[1]
    ['the exact formula of ∂y/∂x has no value at this point, or another one than the derivative']
    """
    import sympy as sp

    matrix = hessian_matrix(trace) if second else jacobian_matrix(trace)
    names = [x["name"] for x in trace.inputs]
    symbols, point = [sp.Symbol(n, real=True) for n in names], [x["value"] for x in trace.inputs]
    apart = []
    for i, line in enumerate(numbers):
        for j, number in enumerate(line):
            if not _is_value(matrix[i, j], symbols, point, float(number)):
                apart.append(_named(trace.outputs, names, i, j, second))
    formulas = [[formula(entry) for entry in matrix.row(i)] for i in range(matrix.rows)]
    return formulas, [_note(apart)] if apart else []


def _is_value(entry: Any, symbols: list, point: list, number: float) -> bool:
    """Whether a number is the value of an expression, or neither is a finite number."""
    try:
        value = evaluate(compiled(entry, symbols), point)
    except AtKink:
        value = None
    if value is None or not math.isfinite(value):
        return not math.isfinite(number)
    return math.isclose(value, number, rel_tol=1e-6, abs_tol=1e-9)


def _named(outputs: list[dict], names: list[str], i: int, j: int, second: bool) -> str:
    if second:
        return f"∂²{outputs[0]['name']}/∂{names[i]}∂{names[j]}"
    return Text().derivative(outputs[i]["name"], names[j])


def _note(apart: list[str]) -> str:
    listed = ", ".join([*apart[:MOST_NAMED], *["…"] * (len(apart) > MOST_NAMED)])
    several = len(apart) > 1
    return (
        f"the exact formula{'s' * several} of {listed} {'have' if several else 'has'} no value at "
        f"this point, or another one than the derivative{'s' * several}"
    )
