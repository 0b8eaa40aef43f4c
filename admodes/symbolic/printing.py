"""How exact expressions are printed: of equal polynomials the shortest, as text that admodes reads
again and as LaTeX in which names look as they do in tables."""

from __future__ import annotations

import functools
from typing import Any

from admodes.views.dialects import Latex
from admodes.views.tables import Formula

LARGEST_FACTORED = 60
"""Operations that a polynomial may have whose factors are looked for."""


def formula(expression: Any) -> Formula:
    """A sympy expression as it is printed.

    >>> import sympy as sp
    >>> x1, x2 = sp.symbols("x1 x2")
    >>> found = formula(x1 * x2 + x2 * (x1 + x2))
    >>> found, found.latex
    ('x2*(2*x1 + x2)', 'x_{2} \\\\left(2 x_{1} + x_{2}\\\\right)')
    """
    import sympy as sp

    short = shortest(expression)
    return Formula(sp.sstr(short), _latex_printer().doprint(short))


def shortest(expression: Any) -> Any:
    """A polynomial multiplied out, factored or as it is, whichever has the fewest operations; any
    other expression as it is."""
    import sympy as sp

    if not expression.is_polynomial(*expression.free_symbols):
        return expression
    if sp.count_ops(expression) > LARGEST_FACTORED:
        return expression
    return min(expression, sp.factor(expression), sp.expand(expression), key=sp.count_ops)


@functools.cache
def _latex_printer() -> Any:
    from sympy.printing.latex import LatexPrinter

    class Printer(LatexPrinter):  # type: ignore[misc]
        """sympy's LaTeX with the names of the tables, ln, and 1[u > 0] for a step."""

        def _print_Symbol(self, expression: Any, style: str = "plain") -> str:
            return Latex().variable(expression.name)

        def _print_Heaviside(self, expression: Any, exp: str | None = None) -> str:
            step = rf"\mathbf{{1}}\left[{self._print(expression.args[0])} > 0\right]"
            return step if exp is None else f"{{{step}}}^{{{exp}}}"

    return Printer({"ln_notation": True})
