"""One operation in sympy: its symbolic form, and sympy's derivative of it."""

from __future__ import annotations

import functools
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from admodes.core.op import Op
from admodes.errors import BadType, BadValue


class AtKink(ArithmeticError):
    """A symbolic derivative was asked for at a point where it jumps."""


@dataclass(frozen=True)
class LocalForm:
    """One operation in sympy: its expression in symbols a, b, …, its derivative by each of them
    (None where sympy finds none), and both as mpmath functions."""

    expression: Any
    partials: tuple
    value: Callable[..., Any]
    derivatives: tuple


@functools.cache
def local_form(op: Op) -> LocalForm | None:
    """The symbolic form of an elementwise operation and sympy's partials, or None without one.

    >>> import admodes as ad
    >>> from admodes.symbolic.forms import local_form
    >>> local_form(ad.hypot).partials
    (a/sqrt(a**2 + b**2), b/sqrt(a**2 + b**2))
    """
    import sympy as sp

    if op.symbol is None or op.arity is None:
        return None
    symbols = sp.symbols([chr(ord("a") + i) for i in range(op.arity)], real=True)
    expression = as_expression(op.symbol(sp, *symbols))
    partials = tuple(differentiated(expression, s) for s in symbols)
    value = _numeric(expression, symbols, _is_tame(expression, symbols))
    return LocalForm(
        expression,
        partials,
        value,
        tuple(None if p is None else compiled(p, symbols) for p in partials),
    )


def tame(function: Callable[..., Any]) -> bool:
    """Whether a compiled form takes arguments of any size: it has no exponential or wave."""
    return getattr(function, "tame", False)


def _is_tame(expression: Any, symbols: Sequence[Any]) -> bool:
    import sympy as sp

    calm = (sp.log, sp.Abs, sp.sign, sp.Max, sp.Min, sp.Heaviside, sp.DiracDelta, sp.Piecewise)
    return all(isinstance(f, calm) for f in expression.atoms(sp.Function)) and not any(
        p.exp.has(*symbols) for p in expression.atoms(sp.Pow)
    )


def is_meromorphic(expression: Any) -> bool:
    """Whether an expression is a quotient of functions that are analytic everywhere, without
    pieces and roots: two of these that agree around one point agree wherever they are defined.

    >>> import sympy as sp
    >>> from admodes.symbolic.forms import is_meromorphic
    >>> x = sp.Symbol("x", real=True)
    >>> [is_meromorphic(e) for e in (sp.tanh(x) / x, abs(x), sp.sqrt(x * x + 1), sp.log(x))]
    [True, False, False, False]
    """
    import sympy as sp
    from sympy.functions.elementary.hyperbolic import HyperbolicFunction
    from sympy.functions.elementary.trigonometric import TrigonometricFunction

    entire = (sp.exp, TrigonometricFunction, HyperbolicFunction, sp.erf, sp.erfc)
    return all(isinstance(f, entire) for f in expression.atoms(sp.Function)) and all(
        p.exp.is_Integer or not p.free_symbols for p in expression.atoms(sp.Pow)
    )


def as_expression(x: Any) -> Any:
    """What a symbolic form returned, as a sympy expression; text is refused, never evaluated."""
    import sympy as sp

    if isinstance(x, sp.Basic):
        return x
    if isinstance(x, (bool, int, float, np.generic)):
        return exact_constant(x)
    raise BadType(f"a symbolic form returned {type(x).__name__}, which is no sympy expression")


def exact_constant(c: Any) -> Any:
    """A number as exactly the double it is."""
    import sympy as sp

    if isinstance(c, (bool, np.bool_)):
        return sp.true if c else sp.false
    c = float(c)
    if not math.isfinite(c):
        return sp.nan if math.isnan(c) else sp.oo if c > 0 else -sp.oo
    return sp.Rational(*c.as_integer_ratio())


def differentiated(expression: Any, symbol: Any) -> Any:
    """sympy's derivative away from the steps of floor and ceiling, whose slope is 0; None where
    sympy leaves it unevaluated."""
    import sympy as sp

    steps = (sp.floor, sp.ceiling)
    # b a^(b - 1) instead of b a^b / a, which is 0 / 0 at a = 0.
    found = sp.powsimp(sp.diff(expression, symbol))
    found = found.replace(sp.Subs, lambda e, *rest: sp.S.Zero if e.has(*steps) else sp.nan)
    found = found.replace(
        lambda e: isinstance(e, sp.Derivative) and isinstance(e.expr, steps),
        lambda e: sp.S.Zero,
    )
    found = found.replace(
        lambda e: isinstance(e, sp.Derivative) and isinstance(e.expr, sp.sign),
        lambda e: 2 * sp.DiracDelta(e.expr.args[0]) * sp.diff(e.expr.args[0], symbol),
    )
    return None if found.has(sp.Derivative, sp.Subs, sp.nan) else found


def compiled(expression: Any, symbols: Sequence[Any]) -> Callable[..., Any]:
    """An mpmath function that raises AtKink where a step, sign or pulse is taken at 0."""
    import sympy as sp

    calm = _is_tame(expression, symbols)
    jumps: dict[str, Callable] = {}
    for jump, function in ((sp.Heaviside, _step), (sp.sign, _sign), (sp.DiracDelta, _pulse)):
        stand_in = sp.Function(f"jump_{jump.__name__}")
        jumps[stand_in.__name__] = function
        expression = expression.replace(jump, lambda x, *rest: stand_in(x))
    return _numeric(expression, symbols, calm, jumps)


def _numeric(
    expression: Any, symbols: Sequence[Any], calm: bool, jumps: dict[str, Callable] | None = None
) -> Callable[..., Any]:
    """An mpmath function of the symbols; jumps are functions by names that mpmath does not have."""
    import sympy as sp

    made = sp.lambdify(symbols, expression, [{"psi": _polygamma, **(jumps or {})}, "mpmath"])
    made.tame = calm
    return made  # type: ignore[no-any-return]


FAR = -10_000
"""Below this argument mpmath's polygamma functions take a step for every whole number up to 0."""


def _polygamma(order: Any, x: Any) -> Any:
    import mpmath

    if not x > FAR:
        raise BadValue(f"polygamma below {FAR}")
    return mpmath.psi(order, x)


def _step(x: Any) -> int:
    return int(_sign(x) > 0)


def _sign(x: Any) -> int:
    if x == 0:
        raise AtKink
    return 1 if x > 0 else -1


def _pulse(x: Any) -> int:
    _sign(x)
    return 0
