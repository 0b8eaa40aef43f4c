"""Op, one declaration of an operation, and how a call of it finds its way: to the kernel where all
arguments are plain, to the carrier of the latest derivative call where one is traced. Every
interpreter reads what it needs from the declaration.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import numpy as np
from numpy import ndarray

from admodes.core import carrier
from admodes.core.calling import STATE
from admodes.core.carrier import Carrier, outermost, quiet
from admodes.core.forms import EVERYWHERE, Domain, Example, Form
from admodes.core.inplace import IN_PLACE, bind_in_place, share
from admodes.core.lists import joined
from admodes.core.numerics import ORDINARY, Numerics
from admodes.core.space import aligned, later, space
from admodes.core.structure import DENSE, Along, Entrywise, Matrices, Reduction
from admodes.core.subclasses import plain_array
from admodes.core.truth import as_numbers, is_whole, truths_alone
from admodes.core.values import (
    ARITHMETIC,
    FLOAT,
    NUMBERS,
    Cotangent,
    Params,
    Tangent,
    Value,
    canonical,
    frozen,
    numeric,
    shape_of,
)
from admodes.errors import BadType, BadValue

_MISSING = object()

REGISTRY: dict[str, Op] = {}
"""Every operation by name and by alias."""

UNLISTED: dict[str, Op] = {}
"""Operations that occur in derivatives alone, such as the slope of another one, by name."""


class Op:
    """An operation. Call it on numbers, arrays and carriers alike.

    The engines use `__call__`, `jvp` and `vjp` and never ask which builder made it. Most attributes
    are what its declaration says of it (core.facts). kind is what it is counted as. passive: the
    result has no derivative. discrete: nor is it made by partials of 0, as a test or a position
    among others. quick: elementwise and differentiable. only_kernel: on arrays of floats it
    is its kernel and nothing besides. entrywise: its structure is that, whether
    there are partials or not. partner: the operation whose result times this one is the product of
    the arguments. remembers: results know what they were made of, because of squared or partner."""

    name: str
    array: Callable[..., Any]
    scalar: Callable[..., Any]
    arity: int | None
    kind: str
    form: Form
    rule: str = "Chain Rule"
    domain: Domain = EVERYWHERE
    symbol: Callable[..., Any] | None = None
    doc: str = ""
    numpy: tuple | None = None
    operator: str | None = None
    role: str | None = None
    aliases: tuple[str, ...] = ()
    course: str = ""
    defaults: tuple[Any, ...] = ()
    differentiable: tuple[bool, ...] | None = None
    elementwise: bool = False
    structural: bool = False
    folds: bool = False
    custom: bool = False
    takes_complex: bool = False
    conjugates: bool = False
    raw: bool = False
    batch: Callable[..., Any] | None = None
    is_test: bool = False
    accumulate: Callable[..., None] | None = None
    rewrites: bool = False
    cost: Callable[..., dict[str, int]] | None = None
    example: Example | None = None
    views: Callable[[dict | None], bool] | None = None
    structure: Any = DENSE
    numerics: Numerics = ORDINARY
    truths: Callable[..., Any] | None = None
    squared: Callable[..., Any] | None = None
    smooth: Callable[..., Any] | None = None
    commutes: bool = False
    multiple: Callable[..., Any] | None = None
    partner: Op | None = None
    remembers: bool = False
    raises: bool = False

    def __init__(self, **declared: Any) -> None:
        kind: Any = type(self)
        known = _attributes(kind)
        assert declared.keys() <= known.keys(), declared.keys() - known.keys()
        vars(self).update(known | declared)
        self.cache: dict = {}
        self.__doc__ = self.doc
        self.__name__ = self.name
        active = self.differentiable or (True,)
        self.passive = not any(active)
        self.discrete = self.passive and not self.elementwise
        if any(active) and not all(active) and not self.elementwise:
            self.raw = True
        self.entrywise = isinstance(self.structure, Entrywise)
        self.quick = self.elementwise and not self.passive
        self.only_kernel = self.views is None and type(self).dispatch is Op.dispatch
        moves = self.raw or self.kind == "moves"
        self.calculates = self.elementwise or not (moves or self.passive)
        self.kinked = self.domain.kink is not None
        self.remembers = self.squared is not None

    def __repr__(self) -> str:
        return f"<op {self.name}>"

    def __call__(self, *args: Any, **params: Any) -> Any:
        if len(args) == 1 == self.arity:
            (a,) = args
            if a.__class__ is ndarray and a.dtype is FLOAT and STATE.quiet:
                y = self.array(a, **params)
                return y if y.__class__ is ndarray and y.ndim else canonical(y)
        return self.dispatch(args, params or None)

    def dispatch(self, args: tuple, params: Params) -> Any:
        if self.arity is not None and len(args) != self.arity:
            if self.folds and len(args) > 2:
                return functools.reduce(self, args)
            args = self._complete(args)
        top = None
        arrays = floats = True
        others = False
        for a in args:
            kind = a.__class__
            if kind is ndarray:
                floats = False
                if a.dtype.kind != "f":
                    arrays = False
                    others = others or self.calculates
            elif kind is float:
                continue
            elif isinstance(a, Carrier):
                if a.records and not others:
                    x = a.primal
                    others = x.dtype.kind in "biu" if x.__class__ is ndarray else is_whole(x)
                if top is None or a.level.serial > top.level.serial:
                    top = a
            else:
                arrays = False
                others = others or kind is not int
        if others:
            args = tuple([joined(plain_array(a, self.name)) for a in args])
            top = outermost(args)
            if self.calculates:
                whole = top.among_whole(self, args, params) if top is not None else None
                if whole is not None:
                    return whole
                if self.truths is not None and truths_alone(args):
                    return self.truths(*args)
                args = as_numbers(args, self.elementwise or top is not None)
        if top is not None:
            y = top.apply(self, args, params)
            if self.views is not None and self.views(params):
                share(args[0], y, self, params)
            return y
        if (arrays or self.raw) and not floats and STATE.quiet:
            return self.on_arrays(args, params)
        return self.plain(args, params)

    def batched(self, args: tuple, mapped: tuple[bool, ...], params: Params) -> Any:
        """The results for all samples, along a leading axis. The arguments that are mapped have
        that axis as well, the others belong to every sample."""
        if self.batch is not None:
            return self.batch(args, mapped, **(params or {}))
        if isinstance(self.structure, Entrywise | Matrices):
            return self.dispatch(aligned(args, mapped), params)
        if isinstance(self.structure, Along | Reduction):
            rank = len(shape_of(args[0])) - 1
            axis = later((params or {}).get("axis"), rank)
            return self.dispatch(args, (params or {}) | {"axis": axis})
        first = mapped.index(True)
        samples = [
            self.dispatch(
                tuple(a[k] if own else a for a, own in zip(args, mapped, strict=True)), params
            )
            for k in range(shape_of(args[first])[0])
        ]
        return space.stack(*samples, axis=0)

    def plain(self, args: tuple, params: Params = None) -> Any:
        """The value on plain numbers and arrays. Domain errors are values (nan, inf): no warning,
        no exception. float64 results of shape () are Python floats."""
        if not self.structural and all(a.__class__ in NUMBERS for a in args):
            xs = tuple(map(float, args))
            try:
                return self.scalar(*xs)
            except ARITHMETIC:
                args = tuple(map(np.float64, xs))
        xs = args if self.raw else tuple(map(self.numeric, args))
        if STATE.quiet:
            return self.on_arrays(xs, params)
        with quiet():
            return self.on_arrays(xs, params)

    def on_arrays(self, xs: tuple, params: Params) -> Any:
        """The value on arrays and numbers of floats, inside a derivative call, where NumPy's
        warnings are off."""
        y = self.array(*xs, **params) if params else self.array(*xs)
        return y if y.__class__ is ndarray and y.ndim else canonical(y)

    def numeric(self, x: Any) -> Any:
        """An argument as the array kernel takes it."""
        if x.__class__ is np.ndarray and x.ndim:
            # Positions stay integers where they are only moved.
            kind = x.dtype.kind
            if kind == "f" or (kind in "iu" and self.kind == "moves"):
                return x
        return numeric(x, self.name, self.takes_complex)

    def _complete(self, args: tuple) -> tuple:
        assert self.arity is not None
        missing = self.arity - len(args)
        if missing < 0 or missing > len(self.defaults):
            least = self.arity - len(self.defaults)
            takes = str(self.arity) if not self.defaults else f"{least} to {self.arity}"
            hint = "; ad.max and ad.min reduce an array" if self.folds else ""
            raise BadType(f"{self.name} takes {takes} argument(s), {len(args)} given{hint}")
        return args + self.defaults[len(self.defaults) - missing :]

    def costs(self, args: tuple, y: Value, params: Params) -> dict[str, int]:
        """The exact number of operations by kind: what the declaration says, otherwise one per
        entry of the result; a sum of n entries takes n - 1 additions."""
        if self.cost is not None:
            return self.cost(args, y, **(params or {}))
        size = math.prod(shape_of(y))
        if isinstance(self.structure, Reduction) and self.structure.adds:
            return {"additions": max(math.prod(shape_of(args[0])) - size, 0)}
        return {self.kind: size}

    def kept(self, args: tuple) -> tuple:
        """args as a reverse sweep may keep them: copies of arrays that the caller may still
        change, unless no derivative of this operation reads them."""
        return frozen(args) if any(self.needs((True,) * len(args))[1]) else args

    def shows(self, params: Params) -> bool:
        """Whether NumPy's result shares memory with the argument."""
        return self.views is not None and self.views(params)

    def needs(self, active: tuple[bool, ...]) -> tuple[bool, tuple[bool, ...]]:
        """Whether the rules that serve the active arguments read the result, and each argument;
        of what they do not read only shape and dtype are kept. cache holds the answers."""
        return True, (True,) * len(active)

    def may_raise(self, params: Params) -> bool:
        """Whether the value may raise, as for a matrix that has no inverse."""
        return self.raises

    def turns(self, params: Params) -> Any:
        """The region that it runs again and again (admodes.loops.region), if it is a loop."""
        return None

    def active(self, i: int) -> bool:
        """Whether the result depends differentiably on argument i."""
        return self.differentiable is None or self.differentiable[i]

    def jvp(self, tangents: list[Tangent | None], y: Value, args: tuple, params: Params) -> Tangent:
        """The tangent of the result; tangents[i] is None where argument i is constant."""
        raise BadType(f"{self.name} has no derivative")

    def vjp(self, i: int, w: Cotangent, y: Value, args: tuple, params: Params) -> Cotangent:
        """What the cotangent w of the result contributes to argument i; None for nothing."""
        raise BadType(f"{self.name} has no derivative")

    def vjps(
        self, wanted: Sequence[int], w: Cotangent, y: Value, args: tuple, params: Params
    ) -> Iterable[Cotangent | None]:
        """What the cotangent w of the result contributes to the arguments at these positions, which
        rise."""
        return (self.vjp(i, w, y, args, params) for i in wanted)


@functools.cache
def _attributes(kind: type[Op]) -> dict[str, Any]:
    """What operations of this class are unless their declaration says so. All have all of these,
    in this order, since Python is quicker with objects that are alike."""
    classes = [c for c in reversed(kind.__mro__) if issubclass(c, Op)]
    return {name: getattr(kind, name, None) for c in classes for name in c.__annotations__}


class UnaryOp(Op):
    """An operation of one argument, with short ways for floats, plain arrays and carriers."""

    def __call__(self, x: Any, *more: Any) -> Any:  # type: ignore[override]
        if more:
            return self._complete((x, *more))
        if x.__class__ is float:
            try:
                return self.scalar(x)
            except ARITHMETIC:
                return self.plain((x,))
        if x.__class__ is ndarray:
            if x.dtype is FLOAT and STATE.quiet:
                y = self.array(x)
                return y if y.__class__ is ndarray else canonical(y)
        elif isinstance(x, Carrier):
            return x.unary(self)
        return self.dispatch((x,), None)


class BinaryOp(Op):
    """An operation of two arguments, with short ways for floats and plain arrays: its rules and
    those of others call it on such."""

    def __call__(self, a: Any, b: Any = _MISSING, /, *more: Any, **params: Any) -> Any:  # type: ignore[override]
        if more or b is _MISSING:
            return self.dispatch((a, *more) if b is _MISSING else (a, b, *more), params or None)
        if a.__class__ is float:
            if b.__class__ is float and not self.structural:
                try:
                    return self.scalar(a, b)
                except ARITHMETIC:
                    return self.plain((a, b))
            if isinstance(b, Carrier) and (b.records or self.quick) and not params:
                return b.binary(self, a, b)
        elif a.__class__ is b.__class__ is ndarray and a.dtype is b.dtype is FLOAT and STATE.quiet:
            y = self.array(a, b, **params)
            return y if y.__class__ is ndarray and y.ndim else canonical(y)
        elif isinstance(a, Carrier) and (a.records or self.quick) and not params:
            return a.binary(self, a, b)
        return self.dispatch((a, b), params or None)


class TernaryOp(Op):
    """An operation of three arguments, with a short way for a truth value and two floats."""

    def __call__(self, *args: Any, **params: Any) -> Any:
        if len(args) == 3 and not self.structural:
            c, a, b = args
            if c.__class__ is bool and a.__class__ is b.__class__ is float:
                return self.scalar(c, a, b)
        return self.dispatch(args, params or None)


def register(op: Op) -> Op:
    """Enter op in the registry under its names, and bind its NumPy functions, its operator and its
    role in the space that derivatives live in."""
    if op.numpy is None:
        op.numpy = (op.array,) if isinstance(op.array, np.ufunc) else ()
    for name in (op.name, *op.aliases):
        if name in REGISTRY:
            raise BadValue(f"an operation named {name!r} exists already")
    for ufunc in op.numpy:
        if ufunc in carrier.UFUNCS:
            raise BadValue(
                f"np.{ufunc.__name__} is bound to another operation: give {op.name} numpy=()"
            )
    REGISTRY.update(dict.fromkeys((op.name, *op.aliases), op))
    if op.role is not None:
        setattr(space, op.role, op)
    carrier.UFUNCS.update(dict.fromkeys(op.numpy, op))
    if op.operator and op.arity == 1:
        carrier.bind_unary(op.operator, op)
    elif op.operator:
        carrier.bind_operator(op.operator, op)
        if op.operator in IN_PLACE:
            bind_in_place(op.operator)
    return op
