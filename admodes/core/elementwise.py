"""Elementwise operations: elementwise() declares one by its value and one partial derivative per
argument; the rules of forward and reverse mode follow from these.

A partial is written with operations and says by the names of its parameters what it reads. Tangents
are sums of partial times tangent; cotangents are partial times cotangent, summed over what
broadcasting stretched.
"""

from __future__ import annotations

import functools
import operator
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple, Unpack

import numpy as np

from admodes.core.calling import STATE
from admodes.core.carrier import Carrier, quiet
from admodes.core.forms import Domain, Form, in_latex
from admodes.core.op import UNLISTED, BinaryOp, Op, UnaryOp, register
from admodes.core.space import dtype_of, space, strong, zeros
from admodes.core.structure import ENTRYWISE
from admodes.core.values import (
    ARITHMETIC,
    NUMBERS,
    Cotangent,
    Params,
    Tangent,
    Value,
    canonical,
    shape_of,
)
from admodes.errors import BadValue

if TYPE_CHECKING:
    from admodes.core.facts import Facts

PLAIN = frozenset((np.ndarray, float, int))

Rule = Callable[..., Any] | int
"""A partial as it is declared: a function of what it reads, which its parameters name (y for the
result; a, b and c for the arguments), or the literal 0, 1 or -1. Literal 0 means that nothing is
ever propagated; literals cost no multiplication."""

PARAMETERS = ("y", "a", "b", "c")


class Reading(NamedTuple):
    """A partial whose parameters have other names: reads holds what each of them is, by position
    in (y, *args)."""

    rule: Callable[..., Any]
    reads: tuple[int, ...]


VARARGS, VARKEYWORDS = 0x04, 0x08
"""The flags of code with *args and with **kwargs, without the import of inspect."""

Pick = int | Callable[[Sequence[Any]], tuple] | None
"""How a partial is given what it reads of (y, *args): by the position of one value, by a function
that picks several, None for a literal."""


def reading(partial: Rule | Reading) -> tuple[Rule, tuple[int, ...] | None]:
    """The function of a partial and the positions that it reads; None for a literal."""
    if isinstance(partial, Reading):
        return partial
    if not callable(partial):
        return partial, None
    code = getattr(partial, "__code__", None)
    if code is None:
        raise BadValue(f"a partial is a function of y, a, b and c written in Python, not {partial}")
    several = sum(bool(code.co_flags & flag) for flag in (VARARGS, VARKEYWORDS))
    names = code.co_varnames[: code.co_argcount + code.co_kwonlyargcount + several]
    if not set(names) <= set(PARAMETERS):
        raise BadValue(f"a partial reads y, a, b and c, not {', '.join(names)}")
    return partial, tuple(map(PARAMETERS.index, names))


def picking(reads: tuple[int, ...] | None) -> Pick:
    """The positions that a partial reads, in the form that is quick."""
    if reads is None or len(reads) == 1:
        return reads and reads[0]
    return operator.itemgetter(*reads) if reads else lambda given: ()


class Elementwise(Op):
    """partials[i] is ∂y/∂args[i], and reads[i] the positions in (y, *args) of what it takes; None
    for a literal. `selects`: the partials are 0 and 1 (or ½), and a 0 cuts the argument off,
    whatever comes from it. `fades`: so does a partial of 0 where the operation is flat, as e^a is
    at -inf; a function of the arguments tells where, for the first of them."""

    elementwise: bool = True
    structure: Any = ENTRYWISE
    partials: tuple[Rule, ...]
    reads: tuple[tuple[int, ...] | None, ...]
    selects: bool
    fades: bool | Callable[..., Any]

    def __init__(self, **declared: Any) -> None:
        super().__init__(**declared, differentiable=tuple(p != 0 for p in declared["partials"]))
        self.cuts = self.selects or self.fades
        self.rules = tuple(zip(self.partials, map(picking, self.reads), strict=True))

    def needs(self, active: tuple[bool, ...]) -> tuple[bool, tuple[bool, ...]]:
        pairs = zip(self.reads, active, strict=True)
        read = {k for reads, wanted in pairs if wanted for k in reads or ()}
        return 0 in read, tuple(i + 1 in read for i in range(len(active)))

    def cut(self, i: int, args: tuple | list) -> Any:
        """Whether a partial of 0 with respect to argument i cuts it off, entry by entry."""
        if i > 0 or not callable(self.cuts):
            return bool(self.cuts)
        found = self.cuts(*args)
        if isinstance(found, Carrier) or np.any(found) != np.all(found):
            return found
        return bool(np.any(found))

    def product(self, i: int, p: Any, t: Tangent, args: tuple | list) -> Tangent:
        """A partial times a tangent or cotangent, of plain arrays."""
        return strong(p, t, functools.partial(self.cut, i, args) if self.cuts else None)

    def slope(self, i: int, given: tuple | list) -> Any:
        """What the function of partial i makes of given, which is (y, *args)."""
        rule: tuple[Any, Any] = self.rules[i]
        p, k = rule
        try:
            return p(given[k]) if k.__class__ is int else p(*k(given))
        except ARITHMETIC:
            given = with_infinities(given)
            return p(given[k]) if k.__class__ is int else p(*k(given))

    def partial(self, i: int, y: Value, args: tuple) -> Any:
        """∂y/∂args[i] at these values; an int where it is a literal."""
        p = self.partials[i]
        if not callable(p):
            return p
        if not STATE.quiet:
            with quiet():
                return self.partial(i, y, args)
        return self.fitted(self.slope(i, (y, *args)), y)

    def fitted(self, found: Any, y: Value) -> Any:
        """What the function of a partial gave, in the shape and dtype that belong to y."""
        if shape_of(y) == () != shape_of(found):
            found = space.reshape(found, shape=())
        if found.__class__ is np.ndarray and found.dtype.kind in "fb":
            kind = dtype_of(y)
            if found.dtype != kind and kind.kind == "f":
                found = found.astype(kind)
        return canonical(found)

    def term(self, i: int, t: Tangent, y: Value, args: tuple) -> Tangent:
        """∂y/∂args[i] times a tangent or cotangent; 0 where that is exactly 0 (and, for operations
        that select, where the partial is 0). Not for a partial that is the literal 0."""
        p = self.partials[i]
        if not callable(p):
            return t if p == 1 else -t
        if (
            t.__class__ is np.ndarray
            and y.__class__ is np.ndarray
            and all(a.__class__ in PLAIN for a in args)
        ):
            found = self.slope(i, (y, *args))
            if found.__class__ is np.ndarray and found.dtype != y.dtype and y.dtype.kind == "f":
                found = found.astype(y.dtype)
            return self.product(i, found, t, args)
        return self.times(i, self.partial(i, y, args), t, args)

    def times(self, i: int, p: Any, t: Tangent, args: tuple) -> Tangent:
        """A partial times a tangent or cotangent, whatever they are."""
        cut = self.cuts and self.cut(i, args)
        if cut is False:
            return space.strong(p, t)
        both = space.tangents(p, t)
        return both if cut is True else space.where(cut, both, space.strong(p, t))

    def jvp(self, tangents: list[Tangent | None], y: Value, args: tuple, params: Params) -> Tangent:
        total = None
        for i, t in enumerate(tangents):
            if t is not None and self.partials[i] != 0:
                term = self.term(i, t, y, args)
                total = term if total is None else space.add(total, term)
        if total is None:
            return zeros(shape_of(y), y)
        if shape_of(total) != shape_of(y):
            total = space.broadcast(total, shape=shape_of(y))
        return total

    def vjp(self, i: int, w: Cotangent, y: Value, args: tuple, params: Params) -> Cotangent:
        if self.partials[i] == 0:
            return None
        term = self.term(i, w, y, args)
        shape = shape_of(args[i])
        return term if shape_of(term) == shape else space.unbroadcast(term, shape=shape)


def with_infinities(given: tuple | list) -> list:
    """What a rule reads, with arrays in the place of Python's numbers, whose division has no
    infinities."""
    return [np.full(1, a, float) if a.__class__ in NUMBERS else a for a in given]


class ElementwiseUnary(Elementwise, UnaryOp):
    pass


class ElementwiseBinary(Elementwise, BinaryOp):
    pass


def elementwise(
    name: str,
    value: Callable[..., Any],
    *partials: Rule | Reading,
    kind: str = "functions",
    scalar: Callable[..., float] | None = None,
    text: str = "",
    latex: str = "",
    printed: tuple[str, ...] = (),
    selects: bool = False,
    fades: bool | Callable[..., Any] = False,
    unlisted: bool = False,
    **facts: Unpack[Facts],
) -> Op:
    """Declare an elementwise operation: one partial per argument, each written with admodes
    operations as a function of what it reads: y, the result, and a, b and c, the arguments.

    value is the kernel on arrays, scalar the one on Python floats (from `math`; where left out,
    value serves both). Both have to depend on their arguments alone: compiled code may run a kernel
    once on a recording (optimisation/rules/lowering.py) and keep what it did, so that what it read
    from elsewhere stays as it was then. ad.custom_rule declares kernels that are called each time.

    kind is what it is counted as. text and latex are templates of its printed form, printed holds
    the partials as a book prints them, in the arguments a, b and c. selects, fades: as in
    Elementwise. unlisted: such as the n-th derivative of another operation, it is not entered in
    the registry.
    """
    slots = ", ".join(f"{{{i}}}" for i in range(len(partials)))
    read = list(map(reading, partials))
    rules = tuple(rule for rule, _ in read)
    facts.setdefault("domain", Domain(((-3.0, 3.0),) * len(partials)))
    make = {1: ElementwiseUnary, 2: ElementwiseBinary}.get(len(partials), Elementwise)
    op = make(
        name=name,
        array=value,
        scalar=scalar or _on_floats(value),
        arity=len(partials),
        kind=kind,
        form=Form(
            text or f"{name}({slots})",
            latex or rf"\operatorname{{{in_latex(name)}}}\left({slots}\right)",
            printed,
        ),
        partials=rules,
        reads=tuple(positions for _, positions in read),
        selects=selects or not any(rules),
        fades=fades,
        **facts,
    )
    return UNLISTED.setdefault(name, op) if unlisted else register(op)


def _on_floats(value: Callable[..., Any]) -> Callable[..., Any]:
    """The array kernel as the one on Python floats: no warnings, a Python float back."""

    def scalar(*xs: float) -> Any:
        with quiet():
            return canonical(value(*map(np.float64, xs)))

    return scalar
