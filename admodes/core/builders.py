"""The two builders of operations: elementwise() states partials, linear() states transposes."""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from admodes.core.carrier import Carrier, value
from admodes.core.op import (
    ARITHMETIC,
    NUMBERS,
    REGISTRY,
    Domain,
    Form,
    Op,
    UnaryOp,
    canonical,
    register,
    specialised,
)

FLOAT = np.dtype(float)

Partial = Callable[..., Any] | int
"""The partial with respect to one argument: f(y, *args), or the literal 0, 1 or -1. Literal 0
means that nothing is ever propagated; literals cost no multiplication."""


def shape_of(x: Any) -> tuple[int, ...]:
    return () if x.__class__ is float else np.shape(value(x))


@dataclass(eq=False, repr=False)
class Elementwise(Op):
    """partials[i] is ∂y/∂args[i]. `selects`: the partials are 0 and 1 (or ½), and a 0 cuts the
    argument off, whatever comes from it."""

    partials: tuple[Partial, ...] = ()
    selects: bool = False

    def __post_init__(self) -> None:
        super().__post_init__()
        self.elementwise = True
        self.differentiable = tuple(p != 0 for p in self.partials)

    @property
    def needs_no_arguments(self) -> bool:
        return not any(map(callable, self.partials))

    def __getattr__(self, name: str) -> Any:
        if name == "quick_partials":
            self.quick_partials = tuple(map(specialised, self.partials))
            return self.quick_partials
        raise AttributeError(name)

    def partial(self, i: int, y: Any, args: tuple) -> Any:
        """∂y/∂args[i] at these values; an int where it is a literal."""
        p = self.partials[i]
        if not callable(p):
            return p
        with np.errstate(all="ignore"):
            try:
                found = p(y, *args)
            except ARITHMETIC:
                # Division of Python floats has no infinities, that of arrays has.
                lifted = (np.full(1, a, float) if a.__class__ in NUMBERS else a for a in (y, *args))
                found = REGISTRY["reshape"](p(*lifted), shape=())
            if found.__class__ is np.ndarray and found.dtype != dtype_of(y):
                found = found.astype(dtype_of(y))
            return canonical(found)

    def term(self, i: int, t: Any, y: Any, args: tuple) -> Any:
        """∂y/∂args[i] times a tangent or cotangent; 0 where that is exactly 0 (and, for operations
        that select, where the partial is 0). Not for a partial that is the literal 0."""
        p = self.partials[i]
        if not callable(p):
            return t if p == 1 else -t
        p = self.partial(i, y, args)
        return REGISTRY["strong_mul"](t, p) if self.selects else REGISTRY["strong_mul"](p, t)

    def jvp(self, tangents: list, y: Any, args: tuple, params: dict | None) -> Any:
        total = None
        for i, t in enumerate(tangents):
            if t is not None and self.partials[i] != 0:
                term = self.term(i, t, y, args)
                total = term if total is None else REGISTRY["add"](total, term)
        if total is None:
            return zeros(shape_of(y), y)
        if shape_of(total) != shape_of(y):
            total = REGISTRY["broadcast_to"](total, shape=shape_of(y))
        return total

    def vjp(self, i: int, w: Any, y: Any, args: tuple, params: dict | None) -> Any:
        if self.partials[i] == 0:
            return None
        term = self.term(i, w, y, args)
        shape = shape_of(args[i])
        return term if shape_of(term) == shape else REGISTRY["unbroadcast"](term, shape=shape)


class ElementwiseUnary(Elementwise, UnaryOp):
    pass


@dataclass(eq=False, repr=False)
class Linear(Op):
    """Linear in its differentiable arguments: jointly (stack, where), or in each (products).
    transposes[i](w, y, *args, **params) is the contribution to argument i; one entry for a
    variadic operation, called with i first."""

    transposes: tuple[Callable[..., Any], ...] = ()
    joint: bool = True

    def jvp(self, tangents: list, y: Any, args: tuple, params: dict | None) -> Any:
        params = params or {}
        if self.joint:
            given = [
                a if not self.active(i) else zeros(shape_of(a), value(a)) if t is None else t
                for i, (a, t) in enumerate(zip(args, tangents, strict=True))
            ]
            return self(*given, **params)
        terms = [
            self(*args[:i], t, *args[i + 1 :], **params)
            for i, t in enumerate(tangents)
            if t is not None and self.active(i)
        ]
        return functools.reduce(REGISTRY["add"], terms)

    def vjp(self, i: int, w: Any, y: Any, args: tuple, params: dict | None) -> Any:
        if not self.active(i):
            return None
        if self.arity is None:
            return self.transposes[0](i, w, y, *args, **(params or {}))
        return self.transposes[i](w, y, *args, **(params or {}))


def dtype_of(x: Any) -> np.dtype:
    """The kind of float that derivatives of x are: float32 for float32, otherwise float64."""
    kind = getattr(value(x), "dtype", FLOAT)
    return kind if kind.kind == "f" else FLOAT


def zeros(shape: tuple[int, ...], like: Any) -> Any:
    """Zero of a shape, float32 where like is float32."""
    return canonical(np.zeros(shape, dtype_of(like))) if like.__class__ is not float else 0.0


def cast(t: Any, like: Any) -> Any:
    """A tangent or cotangent in the precision of what it belongs to; carriers as they are."""
    if isinstance(t, Carrier) or (t.__class__ is float and like.__class__ is float):
        return t
    kind = dtype_of(like)
    if getattr(t, "dtype", FLOAT) == kind:
        return t
    with np.errstate(over="ignore"):
        return canonical(np.asarray(t, kind))


def elementwise(
    name: str,
    value: Callable[..., Any],
    *partials: Partial,
    scalar: Callable[..., float] | None = None,
    symbol: Callable[..., Any] | None = None,
    text: str = "",
    latex: str = "",
    printed: tuple[str, ...] = (),
    rule: str = "Chain Rule",
    kind: str = "functions",
    domain: Domain | None = None,
    numpy: tuple = (),
    operator: str | None = None,
    reflected: bool = True,
    aliases: tuple[str, ...] = (),
    defaults: tuple = (),
    selects: bool = False,
    folds: bool = False,
    doc: str = "",
) -> Op:
    """Declare an elementwise operation: one partial per argument, each f(y, *args) written with
    admodes operations, y being the result.

    value is the kernel on arrays, scalar the one on Python floats (from `math`; where left out,
    value serves both). symbol(sympy, *args) is the symbolic form. printed holds the partials as a
    book prints them, in the arguments a, b and c. folds: more arguments than two are taken two by
    two from the left. doc says what it computes.
    """
    slots = ", ".join(f"{{{i}}}" for i in range(len(partials)))
    make = ElementwiseUnary if len(partials) == 1 else Elementwise
    op = make(
        name=name,
        array=value,
        scalar=scalar or _on_floats(value),
        arity=len(partials),
        kind=kind,
        form=Form(
            text or f"{name}({slots})",
            latex or rf"\operatorname{{{name}}}\left({slots}\right)".replace("_", r"\_"),
            printed,
        ),
        rule=rule,
        domain=domain or Domain(((-3.0, 3.0),) * len(partials)),
        symbol=symbol,
        doc=doc,
        aliases=aliases,
        defaults=defaults,
        folds=folds,
        partials=partials,
        selects=selects or not any(partials),
    )
    return register(op, numpy, operator, reflected)


def _on_floats(value: Callable[..., Any]) -> Callable[..., Any]:
    """The array kernel as the one on Python floats: no warnings, a Python float back."""

    def scalar(*xs: float) -> Any:
        with np.errstate(all="ignore"):
            return canonical(value(*map(np.float64, xs)))

    return scalar


def linear(
    name: str,
    value: Callable[..., Any],
    *transposes: Callable[..., Any],
    arity: int | None = 1,
    joint: bool = True,
    differentiable: tuple[bool, ...] | None = None,
    scalar: Callable[..., Any] | None = None,
    symbol: Callable[..., Any] | None = None,
    text: str = "",
    latex: str = "",
    kind: str = "moves",
    doc: str = "",
    numpy: tuple = (),
    domain: Domain | None = None,
    reduces: bool = False,
) -> Op:
    """Declare an operation that is linear in its differentiable arguments: the jvp is the
    operation itself, transposes state the vjp. reduces: it adds up, so that n entries that become
    m cost n - m additions; otherwise one operation of its kind is counted per entry."""
    op = Linear(
        name=name,
        array=value,
        scalar=scalar or value,
        arity=arity,
        kind=kind,
        form=Form(
            text or name + "({*})", latex or rf"\mathrm{{{name}}}({{*}})".replace("_", r"\_")
        ),
        rule="Chain Rule",
        domain=domain or Domain(),
        symbol=symbol,
        doc=doc,
        differentiable=differentiable,
        structural=scalar is None,
        reduces=reduces,
        transposes=transposes,
        joint=joint,
    )
    return register(op, numpy)
