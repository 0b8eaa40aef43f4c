"""What the generic tests share: where to sample an operation, and what to compare it with.

Everything here is generated from the registry, so that an operation is tested because it is
declared. The reference is sympy's derivative of an operation's symbolic form, evaluated by mpmath
to many digits at exactly the doubles that admodes saw.
"""

from __future__ import annotations

import ast
import functools
import itertools
import math
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import mpmath
import numpy as np
import sympy
from array_cases import linear_array_cases
from seeds import generator

import admodes as ad
from admodes.core.carrier import Carrier
from admodes.core.elementwise import Elementwise, picking
from admodes.core.linear import Linear
from admodes.core.op import REGISTRY
from admodes.core.tangential import Tangential

OPS = [op for name, op in REGISTRY.items() if name == op.name and not op.custom]
ELEMENTWISE = [op for op in OPS if isinstance(op, Elementwise)]
SMOOTH = [op for op in ELEMENTWISE if any(p != 0 for p in op.partials)]
LINEAR = [op for op in OPS if isinstance(op, Linear) and not op.passive]
TANGENTIAL = [op for op in OPS if isinstance(op, Tangential)]

COMPOSITIONS = ("forward", "reverse")
CLOSE = 1e-12
"""The relative error allowed at the ordinary points of sample_points."""

SHAPES = [
    ((), (), ()),
    ((1,), (1,), (1,)),
    ((3, 4), (4,), ()),
    ((3, 1), (1, 4), (3, 4)),
    ((), (3,), (2, 1)),
    ((0,), (0,), ()),
    ((0,), (1,), (0,)),
    ((2, 0), (), (1, 1)),
]
"""Shapes of three arguments that broadcast together; operations take as many as they have."""


def ids(op: Any) -> str:
    return op.name


@functools.cache
def sample_points(op: Any) -> list[tuple[float, ...]]:
    """Points of the declared domain, then points all around it where the operation is defined."""
    rng = generator(len(op.name) + 100 * op.arity)
    inside = [tuple(rng.uniform(low, high) for low, high in op.domain.intervals) for _ in range(6)]
    wide = [tuple(p) for p in rng.uniform(-4, 4, (24 * op.arity, op.arity)).tolist()]
    wide += [(*p[:-1], float(round(p[-1]))) for p in wide[:8]]
    if op.arity == 2:
        # Just below a step of a / b.
        wide += [(round(a) * b - 5e-4, b) for a, b in wide[:24]]
    return [p for p in inside + wide if is_regular(op, p)]


def is_regular(op: Any, point: tuple[float, ...]) -> bool:
    """Whether the operation is defined and without kink there."""
    kink = op.domain.kink
    return (
        all(map(math.isfinite, point))
        and not (kink and kink(*point))
        and exact(op, (), point) is not None
    )


@functools.cache
def _formula_of(op: Any, orders: tuple[int, ...]) -> Callable[..., Any]:
    symbols = sympy.symbols("a b c", real=True)[: op.arity]
    expression = op.symbol(sympy, *symbols)
    for i in orders:
        expression = sympy.diff(expression, symbols[i])
    steps = expression.atoms(sympy.Derivative, sympy.DiracDelta)
    expression = expression.xreplace(dict.fromkeys(steps, sympy.Integer(0)))
    names = {"Heaviside": lambda x, *_: (mpmath.sign(x) + 1) / 2, "Max": max, "Min": min}
    return sympy.lambdify(symbols, expression, [names, "mpmath"])


def exact(op: Any, orders: tuple[int, ...], point: tuple[float, ...], digits: int = 50) -> Any:
    """The derivative of the symbolic form with respect to the arguments in orders (the value for
    none), to the given digits; None where it is not a finite real number."""
    with mpmath.workdps(digits):
        try:
            found = mpmath.mpmathify(_formula_of(op, orders)(*map(mpmath.mpf, point)))
        except (ZeroDivisionError, ValueError, OverflowError):
            return None
        if isinstance(found, mpmath.mpc):
            return None
        return found if mpmath.isfinite(found) else None


def error_in_ulps(got: Any, expected: Any) -> float:
    """|got - expected| in units of the last place of expected. Results below the smallest normal
    number are held to that number's precision; beyond the largest, infinity is right."""
    if abs(expected) > 1.7976931348623157e308:
        return 0.0 if math.isinf(got) and (got > 0) == (expected > 0) else math.inf
    if not math.isfinite(got):
        return math.inf
    tiny = 2.2250738585072014e-308
    if abs(expected) < tiny:
        return float(abs(mpmath.mpf(float(got)) - expected) / tiny)
    with mpmath.workdps(60):
        return float(abs(mpmath.mpf(float(got)) - expected) / math.ulp(float(expected)))


def check_partials(op: Any) -> None:
    """Every partial, as the general rule and as the float engines evaluate it, against sympy's
    derivative of the symbolic form at the sampled points."""
    for i in range(op.arity):
        compared = 0
        for point in sample_points(op):
            expected = exact(op, (i,), point)
            if expected is None:
                continue
            compared += 1
            y = op.plain(point)
            rule = op.partials[i]
            both = op.partial(i, y, point), op.slope(i, (y, *point)) if callable(rule) else rule
            for got in both:
                assert abs(got - float(expected)) <= CLOSE * abs(float(expected)), (
                    f"∂{op.name}/∂{'abc'[i]} at {point}: {got!r}, sympy {float(expected)!r}"
                )
        assert compared >= 6, f"∂{op.name}/∂{'abc'[i]} was compared at {compared} points only"


def arguments(op: Any, shapes: tuple[tuple[int, ...], ...], rng: Any) -> tuple:
    """Random arguments inside the declared domain, of the given shapes (the first op.arity)."""
    drawn = []
    for (low, high), shape in zip(op.domain.intervals, shapes, strict=False):
        x = rng.uniform(low, high, shape)
        drawn.append(float(x) if shape == () else x)
    return tuple(drawn)


def directions(args: tuple, rng: Any) -> tuple:
    """A random direction for each argument, of its shape; complex where it is."""

    def drawn(a: Any) -> Any:
        return rng.uniform(0.5, 1.5, np.shape(a)) * rng.choice([-1, 1], np.shape(a))

    vs = (drawn(a) + 1j * drawn(a) if np.iscomplexobj(a) else drawn(a) for a in args)
    return tuple(v[()] if np.iscomplexobj(v) else float(v) if np.shape(v) == () else v for v in vs)


def inner(w: Any, t: Any) -> Any:
    """The products of the entries of a cotangent and a tangent, whose sum pairs them."""
    return np.real(np.conj(w) * t)


def difference(f: Callable[..., Any], args: tuple, vs: tuple, h: float = 1e-3) -> np.ndarray:
    """The derivative of f along vs by central differences, twice extrapolated (order 6)."""

    def quotient(h: float) -> np.ndarray:
        up = f(*(a + h * v for a, v in zip(args, vs, strict=True)))
        down = f(*(a - h * v for a, v in zip(args, vs, strict=True)))
        return (np.asarray(up) - np.asarray(down)) / (2 * h)

    first, second, third = quotient(h), quotient(h / 2), quotient(h / 4)
    return (64 * third - 20 * second + first) / 45


def check_transpose(
    f: Callable[..., Any], args: tuple, seed: int = 0, condition: float = 1.0
) -> None:
    """<w, J v> = <Jᵀ w, v> for random v and w: the reverse mode is the transpose of the forward.
    condition: that of the linear systems which the two solve in different orders; each solution is
    off by some roundings times it (Higham, Accuracy and Stability, theorem 9.4)."""
    rng = generator(seed)
    vs = directions(args, rng)
    out, tangent = ad.jvp(f, args, vs)
    assert np.shape(tangent) == np.shape(out)
    again, pullback = ad.vjp(f, *args)
    np.testing.assert_array_equal(again, out)
    (w,) = directions((out,), rng)
    back = pullback(w)
    for g, a in zip(back, args, strict=True):
        assert np.shape(g) == np.shape(a)
    left = np.sum(inner(w, tangent))
    right = sum(np.sum(inner(g, v)) for g, v in zip(back, vs, strict=True))
    scale = np.sum(np.abs(w * tangent)) + sum(
        np.sum(np.abs(g * v)) for g, v in zip(back, vs, strict=True)
    )
    bound = max(1e-13, 64 * 2.0**-53 * condition) * scale
    assert abs(left - right) <= bound, f"<w, Jv> = {left!r}, <Jᵀw, v> = {right!r}"


def place(x: Any, index: Any, shape: tuple[int, ...]) -> Any:
    return REGISTRY["place"](x, index=index, shape=shape)


def _indexing() -> list[Callable[..., Any]]:
    indices: list[Any] = [
        0,
        -1,
        slice(1, 3),
        slice(None, None, -1),
        slice(None, None, -2),
        slice(3, 3),
        (1, 2),
        (slice(None), 1),
        (..., 0),
        None,
        (0, None, slice(1, None)),
        ([0, 2, 0],),
        np.array([[True, False, True, False]] * 3),
    ]
    return [lambda x, index=index: x[index] for index in indices]


def linear_cases() -> dict[str, list[tuple[Callable[..., Any], tuple]]]:
    """For every linear operation, functions that use it and arguments to differentiate."""
    rng = np.random.default_rng(7)
    m, row, column = rng.normal(size=(3, 4)), rng.normal(size=4), rng.normal(size=(3, 1))
    empty = np.zeros((0,))
    mask = m > 0
    strong, both = REGISTRY["strong_mul"], REGISTRY["tangent_mul"]
    stretch, shrink = REGISTRY["broadcast_to"], REGISTRY["unbroadcast"]
    reshape = REGISTRY["reshape"]
    pairs = [(m, row), (m, column), (1.5, row), (m, -0.5), (2.0, 3.0), (empty, 2.0), (row, m)]
    return {
        "getitem": [(f, (m,)) for f in _indexing()],
        "place": [
            (lambda x: place(x, 2, (4,)), (1.5,)),
            (lambda x: place(x, slice(None, None, -2), (8,)), (row,)),
            (lambda x: place(x, [0, 2, 2, 0], (3,)), (row,)),
            (lambda x: place(x, (..., 1), (3, 4, 2)), (m,)),
        ],
        "stack": [
            (lambda x, y: ad.stack([x, y, x]), (row, row + 1)),
            (lambda x, y: ad.stack([x, y], axis=1), (row, row + 1)),
            (lambda x, y: ad.stack([x, np.ones((3, 4)), y], axis=-1), (m, m + 1)),
            (lambda x, y: ad.stack([x, 1.0, y * x]), (2.0, 3.0)),
            (lambda x: ad.stack([x, x]), (empty,)),
        ],
        "sum": [
            (lambda x, k=k, keep=keep: ad.sum(x, axis=k, keepdims=keep), (m,))
            for k in (None, 0, 1, -1, (0, 1), ())
            for keep in (False, True)
        ]
        + [(ad.sum, (empty,)), (ad.sum, (2.5,))],
        "reshape": [
            (lambda x: reshape(x, shape=(4, 3)), (m,)),
            (lambda x: reshape(x, shape=(-1,)), (m,)),
            (lambda x: reshape(x, shape=(1, 1)), (2.5,)),
            (lambda x: reshape(x, shape=(0, 3)), (empty,)),
        ],
        "broadcast_to": [
            (lambda x: stretch(x, shape=(3, 4)), (row,)),
            (lambda x: stretch(x, shape=(2, 3, 4)), (column,)),
            (lambda x: stretch(x, shape=(2, 2)), (1.5,)),
            (lambda x: stretch(x, shape=(3, 0)), (column[:, :1],)),
        ],
        "unbroadcast": [
            (lambda x: shrink(x, shape=(4,)), (m,)),
            (lambda x: shrink(x, shape=(3, 1)), (m,)),
            (lambda x: shrink(x, shape=()), (m,)),
            (lambda x: shrink(x, shape=(1,)), (empty,)),
        ],
        "where": [
            (lambda x, y: ad.where(mask, x, y), (m, row)),
            (lambda x, y: ad.where(mask, x, y), (column, 2.0)),
            (lambda x, y: ad.where(True, x, y), (2.0, m)),
            (lambda x, y: ad.where(x > y, x, y), (2.0, 3.0)),
            (lambda x, y: ad.where(np.zeros(0, bool), x, y), (2.0, empty)),
            (lambda x: ad.where(mask, x, 1.0), (m,)),
            (lambda x: ad.where(mask, 1.0, x), (m,)),
        ],
        "strong_mul": [(strong, pair) for pair in pairs],
        "tangent_mul": [(both, pair) for pair in pairs],
        **linear_array_cases(m),
    }


def _order_of(name: str) -> int:
    """The order in the name of a polygamma function, of which only the first is registered."""
    found = re.fullmatch(r"polygamma(\d+)", name)
    if found is None:
        raise KeyError(name)
    return int(found[1])


_BINARY = {
    ast.Add: "add",
    ast.Sub: "subtract",
    ast.Mult: "multiply",
    ast.Div: "divide",
    ast.Pow: "power",
}
_COMPARE = {ast.Gt: "greater", ast.Lt: "less", ast.LtE: "less_equal", ast.Eq: "equal"}


def evaluate(formula: str, **names: Any) -> Any:
    """The value of a printed formula, such as "a^b*ln(a)", with the registry's operations."""

    def visit(node: ast.AST) -> Any:
        match node:
            case ast.Expression(body):
                return visit(body)
            case ast.Constant(int() | float() as number):
                return float(number)
            case ast.Name(name):
                return names[name]
            case ast.UnaryOp(ast.USub(), operand):
                return REGISTRY["negate"](visit(operand))
            case ast.BinOp(left, sign, right):
                return REGISTRY[_BINARY[type(sign)]](visit(left), visit(right))
            case ast.Compare(left, [sign], [right]):
                return REGISTRY[_COMPARE[type(sign)]](visit(left), visit(right))
            case ast.Call(ast.Name(name), parts, []):
                named = REGISTRY.get(name) or functools.partial(ad.polygamma, _order_of(name))
                return named(*map(visit, parts))
        raise ValueError(f"{formula!r}: {ast.dump(node)} is no part of a formula")

    names = {"e": math.e, "pi": math.pi, **names}
    return visit(ast.parse(formula.replace("^", "**"), mode="eval"))


def general(op: Any) -> tuple[Any, ...]:
    """The partials of an elementwise operation as functions of (y, *args), or literals."""

    def reading_all(rule: Any, reads: tuple[int, ...]) -> Any:
        return lambda *given: rule(*(given[k] for k in reads))

    pairs = zip(op.partials, op.reads, strict=True)
    return tuple(reading_all(p, reads) if callable(p) else p for p, reads in pairs)


@contextmanager
def replaced(op: Any, **attributes: Any) -> Iterator[None]:
    """The operation with other attributes for a while; partials are functions of (y, *args)."""
    if "partials" in attributes:
        attributes["reads"] = (tuple(range(op.arity + 1)),) * op.arity
        picks = map(picking, attributes["reads"])
        attributes["rules"] = tuple(zip(attributes["partials"], picks, strict=True))
    before = {name: getattr(op, name) for name in attributes}
    try:
        for name, attribute in attributes.items():
            setattr(op, name, attribute)
        op.cache.clear()
        yield
    finally:
        for name, attribute in before.items():
            setattr(op, name, attribute)
        op.cache.clear()


def derivative(f: Callable[..., Any], i: int, mode: str) -> Callable[..., Any]:
    """∂f/∂(argument i), by one sweep in the given mode; entry by entry on arrays."""

    def along(*args: Any) -> Any:
        if mode == "forward":
            seeds = tuple(
                np.full(np.shape(ad.value(a)), float(k == i))[()] for k, a in enumerate(args)
            )
            return ad.jvp(f, args, seeds)[1]
        out, pullback = ad.vjp(f, *args)
        return pullback(np.ones(np.shape(ad.value(out)))[()])[i]

    return along


def nestings(depth: int) -> list[tuple[str, ...]]:
    """All orders of the two modes, the outermost first."""
    return list(itertools.product(COMPOSITIONS, repeat=depth))


def multiplied(found, factor):
    """What a rule gives, times a factor; rules of operations with any number of arguments give one
    contribution after the other."""
    if found is None or isinstance(found, np.ndarray | float | Carrier):
        return found if found is None else found * factor
    return (multiplied(term, factor) for term in found)
