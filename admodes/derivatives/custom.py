"""custom_rule: a name, a function for the value and one for each partial derivative go in; an
operation of the user's own comes out."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from admodes.core.elementwise import Reading, elementwise
from admodes.core.forms import Domain
from admodes.core.names import checked_name
from admodes.core.op import REGISTRY, UNLISTED, Op
from admodes.derivatives.checks import check_grads
from admodes.errors import BadValue


def custom_rule(
    name: str,
    value: Callable[..., Any],
    partials: Callable[..., Any] | Sequence[Callable[..., Any] | int],
    *,
    symbol: Callable[..., Any] | str | None = None,
    text: str | None = None,
    latex: str | None = None,
    rule: str | None = None,
    domain: Sequence[tuple[float, float]] | None = None,
    check: bool = False,
) -> Op:
    """Declare an elementwise operation of your own; both modes, traces and counts then know it.

    value: the function on plain numbers and arrays. partials: one function per argument, taking
    the arguments (`lambda x: …`) or the result and the arguments (`lambda y, x: …`), written with
    ad operations so that it can itself be differentiated; 0, 1 and -1 may stand for themselves.
    symbol: the sympy form, a callable on sympy expressions or the name of a sympy function.
    text, latex: templates with {0}, {1}, … for the arguments. domain: one (low, high) per
    argument, where check=True compares the partials with central differences.

    An operation declared again under its own name replaces the earlier one, as in a notebook; a
    built-in name is refused (ValueError). A wrong partial with check=True raises AssertionError.

    >>> import admodes as ad
    >>> import numpy as np
    >>> cube = ad.custom_rule("cube", lambda x: x**3, [lambda x: 3 * x**2], check=True)
    >>> ad.grad(cube)(2.0)
    12.0
    """
    checked_name(name, "operation's")
    if any(sign in name for sign in "{}⟦⟧"):
        raise BadValue(f"custom_rule: {name!r}: braces stand for arguments; leave them out")
    given = [partials] if callable(partials) else list(partials)
    earlier = REGISTRY.get(name)
    taken = name in UNLISTED or name == "input" or (earlier is not None and not earlier.custom)
    if taken:
        raise BadValue(f"custom_rule: {name!r} is a built-in operation; choose another name")
    intervals = tuple(domain) if domain else ((0.3, 2.0),) * len(given)
    rules = [_declared(p, len(given), name) for p in given]
    REGISTRY.pop(name, None)
    try:
        op = elementwise(
            name,
            value,
            *rules,
            symbol=_symbol(symbol),
            text=text or "",
            latex=latex or "",
            rule=rule or "Chain Rule",
            domain=Domain(intervals),
            numpy=(),
            doc=inspect.getdoc(value) or f"{name}, a custom rule.",
        )
        op.custom = op.raises = True
        if check:
            _check_rule(op)
    except BaseException:
        # A rule that fails its check, or whose check is interrupted, leaves no name behind.
        REGISTRY.pop(name, None)
        if earlier is not None:
            REGISTRY[name] = earlier
        raise
    return op


def _check_rule(op: Op) -> None:
    """The partials against central differences, at points of the domain."""
    rng = np.random.default_rng(0)
    for _ in range(8):
        point = tuple(rng.uniform(low, high) for low, high in op.domain.intervals)
        try:
            check_grads(op, point, order=1)
        except AssertionError as wrong:
            found = str(wrong).removeprefix("check_grads: ")
            at = ", ".join(f"{x:g}" for x in point)
            raise AssertionError(f"custom_rule {op.name}: at ({at}) the {found}") from None


def _declared(p: Callable[..., Any] | int, arity: int, name: str) -> Reading | int:
    """p with what it takes: the arguments, or the result and the arguments."""
    if not callable(p):
        if p not in (0, 1, -1):
            raise BadValue(f"custom_rule {name}: a constant partial is 0, 1 or -1, not {p!r}")
        return int(p)
    if isinstance(p, Op):
        takes_output = p.arity == arity + 1
    elif isinstance(p, np.ufunc):
        takes_output = p.nin == arity + 1
    else:
        takes_output = _required(p, arity) > arity
    return Reading(p, tuple(range(0 if takes_output else 1, arity + 1)))


def _required(p: Callable[..., Any], arity: int) -> int:
    """How many arguments p must be given."""
    try:
        parameters = inspect.signature(p).parameters.values()
    except ValueError:
        return arity
    if any(q.kind is q.VAR_POSITIONAL for q in parameters):
        raise BadValue(
            "custom_rule: a partial with *args does not tell whether it takes the result: write "
            "lambda x: … or lambda y, x: …"
        )
    return len([q for q in parameters if q.kind is not q.KEYWORD_ONLY and q.default is q.empty])


def _symbol(symbol: Callable[..., Any] | str | None) -> Callable[..., Any] | None:
    if symbol is None:
        return None
    if isinstance(symbol, str):
        return lambda sp, *args: getattr(sp, symbol)(*args)
    return lambda sp, *args: symbol(*args)
