"""Rules that users bring: custom_rule declares an operation, check_grads tests any function."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from admodes.core.builders import Domain, Reading, elementwise, shape_of
from admodes.core.carrier import value as plain_value
from admodes.core.forward import jvp
from admodes.core.names import checked_name
from admodes.core.op import REGISTRY, Op
from admodes.core.pytree import checked_input, flatten, unflatten
from admodes.core.reverse import vjp


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
        raise ValueError(f"custom_rule: {name!r}: braces stand for arguments; leave them out")
    given = [partials] if callable(partials) else list(partials)
    earlier = REGISTRY.get(name)
    if earlier is not None and not earlier.custom:
        raise ValueError(f"custom_rule: {name!r} is a built-in operation; choose another name")
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
            doc=inspect.getdoc(value) or f"{name}, a custom rule.",
        )
        op.custom = op.raises = True
        if check:
            _check_rule(op)
    except BaseException:
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
        check_grads(op, point, order=1)


def _declared(p: Callable[..., Any] | int, arity: int, name: str) -> Reading | int:
    """p with what it takes: the arguments, or the result and the arguments."""
    if not callable(p):
        if p not in (0, 1, -1):
            raise ValueError(f"custom_rule {name}: a constant partial is 0, 1 or -1, not {p!r}")
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
        raise ValueError(
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


def check_grads(
    f: Callable,
    args: tuple,
    order: int = 2,
    modes: Sequence[str] = ("forward", "reverse"),
    rtol: float = 1e-5,
    atol: float = 1e-7,
) -> None:
    """Compare jvp and vjp of f at args with central differences in random directions, to an order.

    For your own tests: silent where all agree, AssertionError naming mode, order, and both values
    where not. Every order-2 mode pair is tested by differentiating the derivative again.

    >>> import admodes as ad
    >>> ad.check_grads(lambda x, y: ad.sin(x) * y, (0.5, 2.0))
    """
    for mode in modes:
        if mode not in ("forward", "reverse"):
            raise ValueError(f"check_grads: mode {mode!r} is neither forward nor reverse")
    if not isinstance(args, tuple):
        raise TypeError("check_grads takes a tuple of arguments: ad.check_grads(f, (x,))")
    _check(f, args, order, tuple(modes), rtol, atol, np.random.default_rng(0), ())


def _check(
    f: Callable,
    args: tuple,
    order: int,
    modes: tuple,
    rtol: float,
    atol: float,
    rng: Any,
    path: tuple,
) -> None:
    xs, tree = flatten(args)
    xs = [checked_input(x, "check_grads") for x in xs]
    vs = [_random(x, rng) for x in xs]
    args, v = unflatten(tree, xs), unflatten(tree, vs)
    expected = _central(f, xs, vs, tree)
    for mode in modes:
        here = (*path, mode)
        if mode == "forward":
            _, got = jvp(f, args, v)
            _compare(flatten(got)[0], expected, here, rtol, atol)
        else:
            out, pullback = vjp(f, *args)
            ys, out_tree = flatten(out)
            ws = [_random(y, rng) for y in ys]
            back = flatten(pullback(unflatten(out_tree, ws)))[0]
            left = sum(float(np.vdot(w, d)) for w, d in zip(ws, expected, strict=True))
            right = sum(float(np.vdot(g, t)) for g, t in zip(back, vs, strict=True))
            _compare([right], [left], here, rtol, atol)
        if order > 1:
            _check(_derivative(f, mode, v), args, order - 1, modes, rtol, atol, rng, here)


def _derivative(f: Callable, mode: str, v: tuple) -> Callable:
    def forward(*args: Any) -> Any:
        return jvp(f, args, v)[1]

    def reverse(*args: Any) -> Any:
        out, pullback = vjp(f, *args)
        leaves, tree = flatten(out)
        ones = [np.ones(shape_of(y)) if shape_of(y) else 1.0 for y in leaves]
        return pullback(unflatten(tree, ones))

    return forward if mode == "forward" else reverse


def _central(f: Callable, xs: list, vs: list, tree: Any) -> list:
    """Central differences of f along v with one step of Richardson's extrapolation."""

    def quotient(h: float) -> list:
        ends = []
        for s in (h, -h):
            moved = [x + s * v for x, v in zip(xs, vs, strict=True)]
            leaves = flatten(f(*unflatten(tree, moved)))[0]
            ends.append([np.asarray(plain_value(y), dtype=float) for y in leaves])
        return [(up - down) / (2 * h) for up, down in zip(*ends, strict=True)]

    h = 1e-3
    return [
        (4 * fine - coarse) / 3 for fine, coarse in zip(quotient(h / 2), quotient(h), strict=True)
    ]


def _random(x: Any, rng: Any) -> Any:
    drawn = rng.uniform(0.3, 1.0, shape_of(x)) * rng.choice([-1.0, 1.0], shape_of(x))
    return float(drawn) if shape_of(x) == () else drawn


def _compare(got: list, expected: list, path: tuple, rtol: float, atol: float) -> None:
    for k, (g, e) in enumerate(zip(got, expected, strict=True)):
        if not np.allclose(g, e, rtol=rtol, atol=atol, equal_nan=True):
            raise AssertionError(
                f"check_grads: {' of '.join(reversed(path))} derivative, output {k}: got "
                f"{plain_value(g)!r}, central differences give {e!r}"
            )
