"""Facts: what a declaration may say of an operation beside its kernels and its derivatives. The
builders (elementwise, linear, tangential) take them by name and hand them on to Op, of which they
are attributes.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypedDict

from admodes.core.forms import Domain, Example
from admodes.core.numerics import Numerics
from admodes.core.structure import Structure


class Facts(TypedDict, total=False):
    """rule: the name of its rule in textbooks. domain: where it is defined, sampled and kinked.
    symbol(sympy, *args): the symbolic form. doc: what it computes. numpy: the NumPy functions that
    run it; unless stated, its kernel, if that is a ufunc. operator: the one of Python's that does,
    such as "add". role: what it is in core.space. aliases: further names. course: what courses in
    which students build their own call its class, where that is not one of the names. defaults: of
    its last arguments. folds: more arguments than two are taken two by two from the left.
    differentiable: for each argument whether the result depends on it differentiably.
    takes_complex: kernels and rules hold for complex arguments as well; conjugates: but the result
    also depends on their conjugates, as a real part does, so that it is not analytic.

    structure: what it does to entries (core.structure). numerics: what is known of nan, zeros and
    bits (core.numerics). raw: the kernel takes its arguments as they are, since some are indices or
    conditions, as where some have no derivative. is_test: the result is a truth value. truths: what
    the operation is on NumPy's truth values, where it does not calculate with them (core.truth).
    raises: whether the value may raise, as for a matrix that has no inverse.

    batch(args, mapped, **params): the operation on arguments of which some have a leading axis of
    samples, where the structure does not tell. cost(args, y, **params): how many operations by
    kind, where there is not one per entry of the result; example: for which arguments the catalogue
    states that. views(params): whether NumPy's result would share memory with the argument.
    accumulate(buffer, w, **params) adds the transpose of w into an array, for operations that read
    a few entries of a large one. rewrites: the result is the first argument with a few other
    entries, so that it may take over its memory, and so may the cotangents.

    squared(*args, **params): the square of the result where it is smoother than the result, as for
    roots. smooth(*args): what has the value of the result and no kink, where the arguments remember
    roots (core.roots), else None. commutes: the result of squares is the square of the result.
    multiple(factor, *args): where the result is a multiple of an argument, this argument and the
    factor times that of the multiple, else None; factor None stands for 1."""

    rule: str
    domain: Domain
    symbol: Callable[..., Any] | None
    doc: str
    numpy: tuple
    operator: str
    role: str
    aliases: tuple[str, ...]
    course: str
    defaults: tuple[Any, ...]
    folds: bool
    differentiable: tuple[bool, ...]
    takes_complex: bool
    conjugates: bool
    structure: Structure
    numerics: Numerics
    raw: bool
    is_test: bool
    truths: Callable[..., Any]
    raises: bool
    batch: Callable[..., Any]
    cost: Callable[..., dict[str, int]]
    example: Example
    views: Callable[[dict | None], bool] | None
    accumulate: Callable[..., None]
    rewrites: bool
    squared: Callable[..., Any]
    smooth: Callable[..., Any]
    commutes: bool
    multiple: Callable[..., Any]
