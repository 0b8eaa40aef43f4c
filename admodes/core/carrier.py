"""Carriers: the values that flow through a function in place of numbers.

A carrier wraps the value one level further out and belongs to a `Level`, which one derivative call
(or one recording) owns. This module knows no operation: operators and NumPy functions are bound to
`Carrier` when an operation registers.
"""

from __future__ import annotations

import itertools
import math
import sys
from collections.abc import Callable, Iterable, Iterator
from types import FrameType
from typing import TYPE_CHECKING, Any

import numpy as np

from admodes.core.calling import call as call
from admodes.core.calling import calling_through as calling_through
from admodes.core.calling import held as held
from admodes.core.calling import holding as holding
from admodes.core.calling import quiet as quiet
from admodes.core.notes import Note
from admodes.core.refusal import HOW_TO_ADD, lost
from admodes.core.subclasses import refuse, refuse_among
from admodes.core.tables import FUNCTIONS, UFUNCS
from admodes.core.ufuncs import special_ufunc
from admodes.errors import BadType, LostDerivative

_serials = itertools.count(1)

PRINTED = Note(
    "a traced value was printed or formatted, which happens while recording only", "printed"
)
CONSTANT = Note("ad.value of a traced value: a constant of the recording", "constant")


def implements(*functions: Any) -> Callable[[Callable], Callable]:
    """Decorate what NumPy functions do on carriers."""

    def enter(handler: Callable) -> Callable:
        FUNCTIONS.update(dict.fromkeys(functions, handler))
        return handler

    return enter


class Level:
    """One derivative call or recording. Later calls are nested inside earlier ones, so that of two
    carriers the one with the larger serial is the outer wrapper and is unwrapped first. entries
    counts those of the arrays that a reverse mode has made; copies are those of its constants, None
    before there is one. arrays: whether an input is an array or a number of NumPy, so that
    comparisons give truth values of NumPy; else they are Python's."""

    __slots__ = ("alive", "arrays", "copies", "entries", "serial")

    def __init__(self, inputs: Iterable[Any] = ()) -> None:
        self.serial = next(_serials)
        self.arrays = False
        for x in inputs:
            if x.__class__ is not float and is_numpys(x):
                self.arrays = True
                break
        self.alive = True
        self.copies: Any = None
        self.entries = 0

    def truth(self, y: Any) -> Any:
        """The result of a test: a single truth value is of the kind that the inputs are."""
        return np.bool_(y) if self.arrays and y.__class__ is bool else y


def is_numpys(x: Any) -> bool:
    """Whether x is an array or a number of NumPy, of which a derivative may be taken."""
    if isinstance(x, Carrier):
        return x.level.arrays or x.shape != ()
    return isinstance(x, (np.ndarray, np.generic))


class Carrier:
    """Base class of everything that is differentiated or recorded."""

    __slots__ = ("level", "primal")
    __array_priority__ = 1000.0

    level: Level
    primal: Any
    apply: Callable[[Any, tuple, dict | None], Any]
    """Apply an operation to arguments, with its parameters, of which none is of a later level than
    this carrier: a method of each kind of carriers."""
    origin: Any = None
    """How it was made, where its square is smoother than it is; see core.roots."""
    content: tuple[str, ...] = ()
    """The attributes that x += v replaces; none where the carrier cannot change, as numbers."""
    real_number: Any
    complex_number: Any
    """Its classes for single numbers; see core.scalars."""
    records: bool = False
    """Whether tests of it are carriers too."""
    differentiates: bool = True
    """Whether a whole number made of it loses a derivative."""

    def unary(self, op: Any) -> Any:
        """Apply a one-argument operation to this carrier."""
        return self.apply(op, (self,), None)

    def binary(self, op: Any, a: Any, b: Any) -> Any:
        """Apply a two-argument operation; this carrier is one of the arguments."""
        return op.dispatch((a, b), None)

    def among_whole(self, op: Any, args: tuple, params: dict | None) -> Any:
        """The result where all arguments are whole numbers and it is; None where they are not."""
        return None

    @property
    def value(self) -> Any:
        """The plain number or array inside, however deep."""
        return value(self)

    @property
    def shape(self) -> tuple[int, ...]:
        x = self.primal
        return () if x.__class__ in (float, bool) else x.shape

    @property
    def ndim(self) -> int:
        return len(self.shape)

    @property
    def size(self) -> int:
        return math.prod(self.shape)

    @property
    def dtype(self) -> np.dtype:
        return np.asarray(innermost(self)).dtype

    def __len__(self) -> int:
        if not self.shape:
            raise BadType("len() of a traced scalar: it has shape ()")
        return self.shape[0]

    def __iter__(self) -> Iterator[Any]:
        if not self.shape:
            raise BadType("cannot iterate over a traced scalar: it has shape ()")
        return (self[i] for i in range(self.shape[0]))  # type: ignore[index]

    def __bool__(self) -> bool:
        return bool(self.primal)

    def __repr__(self) -> str:
        self.seen(PRINTED)
        return f"{type(self).__name__}({self.primal!r})"

    def __hash__(self) -> int:
        raise BadType(
            "a traced value cannot be a key of a dict or a member of a set, where its number would "
            "be looked up without a derivative or a branch on the trace: use ad.value(x) for the "
            "number, id(x) for the object, and comparisons (x == 1.0) for a choice"
        )

    def __copy__(self) -> Carrier:
        return self.clone()  # type: ignore[no-any-return]

    def __deepcopy__(self, memo: dict) -> Carrier:
        return self.clone()  # type: ignore[no-any-return]

    def __reduce_ex__(self, protocol: Any) -> Any:
        raise LostDerivative("pickling a traced value would lose its derivative: use ad.value(x)")

    def __format__(self, spec: str) -> str:
        if not spec:
            return repr(self)
        self.seen(PRINTED)
        shape, x = self.shape, innermost(self)
        if np.shape(x) != shape:
            raise BadType(SAMPLES_DIFFER)
        return format(x, spec)

    def clone(self) -> Any:
        """The same value in another object, which x += v of the one does not change."""
        if not self.content:
            return self
        made = object.__new__(type(self))
        for name in ("level", *self.content):
            object.__setattr__(made, name, getattr(self, name))
        return made

    def made_of(self) -> tuple | None:
        """What two carriers of this level share if and only if they were made in the same way;
        None where nothing tells."""
        return (self.primal,)

    def constant(self, x: Any) -> Any:
        """An array that does not depend on the inputs, as a carrier of this level; x itself where
        carriers of this kind cannot stand for one."""
        return x

    def as_numpys(self) -> Any:
        """The same value, as a truth value of NumPy if it is one of Python."""
        return self

    def seen(self, note: Note) -> None:
        """The plain value inside has left the derivative."""

    def decided(self, decide: Callable, xs: list, y: Any) -> None:
        """decide(*xs) of plain values, where this carrier is one of xs, is y."""

    def __float__(self) -> float:
        raise lost(
            "float(), the functions of math, and buf[i] = x on a plain array would lose the "
            "derivative of a traced value: write ad.sin(x) instead of math.sin(x), build arrays "
            "with ad.stack, ad.array or ad.where, and use ad.value(x) where only the number is "
            "wanted"
        )

    def __int__(self) -> int:
        raise lost(
            "int() of a traced value has no derivative: use ad.floor(x) or ad.round(x), or "
            "int(ad.value(x)) where only the number is wanted"
        )

    def __index__(self) -> int:
        raise lost("a traced value cannot be an index or a bound of range(): use int(ad.value(x))")

    def __complex__(self) -> complex:
        raise lost(
            "complex() and the functions of cmath would lose the derivative of a traced value: "
            "write x + 1j * y instead of complex(x, y), and np.exp(z) instead of cmath.exp(z)"
        )

    def __bytes__(self) -> bytes:
        raise lost(
            "the bytes of a traced value have no derivative: use ad.value(x) where only the "
            "number is wanted"
        )

    def as_integer_ratio(self) -> Any:
        """What statistics and fractions ask of a number."""
        raise lost(
            "a ratio of whole numbers would lose the derivative of a traced value: use "
            "ad.value(x) where only the number is wanted"
        )

    def __array__(self, *args: Any, **kwargs: Any) -> Any:
        if leaves_to_operator(sys._getframe(1)):
            return np.array(None)
        raise lost(
            "a traced value cannot be put into a plain NumPy array, where its derivative would be "
            "lost: write ad.array([...]) or np.stack([...]) instead of np.array([...]), build "
            "arrays with ad.stack or ad.where instead of buf[i] = x, and use ad.value(x) where "
            "only the number is wanted"
        )

    def __array_ufunc__(self, ufunc: Any, method: str, *inputs: Any, **kwargs: Any) -> Any:
        op = UFUNCS.get(ufunc)
        if op is not None and method == "__call__" and not kwargs:
            arity = getattr(op, "arity", None)
            if arity is None:
                refuse_among(inputs, ufunc)
            elif op.elementwise and arity < 3:
                return self.unary(op) if arity == 1 else self.binary(op, *inputs)
            return as_numpys(op(*inputs))
        refuse_among(inputs, ufunc)
        return special_ufunc(ufunc, method, inputs, kwargs)

    if TYPE_CHECKING:
        # What operations and NumPy's methods are bound to when they register.
        def __getattr__(self, name: str) -> Any: ...

    def __array_function__(self, func: Any, types: Any, args: Any, kwargs: Any) -> Any:
        if func not in FUNCTIONS:
            name = f"{func.__module__}.{func.__name__}".replace("numpy", "np", 1)
            raise BadType(f"{name} has no derivative in admodes: {HOW_TO_ADD}")
        for kind in types:
            refuse(kind, f"np.{func.__name__}")
        try:
            return FUNCTIONS[func](*args, **kwargs)
        except TypeError as error:
            if "unexpected keyword argument" not in str(error):
                raise
            given = ", ".join(f"{k}=" for k in kwargs)
            name = f"np.{func.__name__}"
            raise BadType(f"{name} of a traced value does not take all of {given}") from error


def leaves_to_operator(frame: FrameType) -> bool:
    """Whether scipy's product with a sparse matrix asks what the other factor is: of an object
    that is no array the product is left to the object's own operator."""
    if frame.f_code.co_name != "_matmul_dispatch":
        return False
    return str(frame.f_globals.get("__name__", "")).startswith("scipy.sparse.")


class Lacking:
    """An attribute that plain values have and traced ones do not."""

    def __init__(self, name: str) -> None:
        self.name = name

    def __get__(self, x: Any, kind: type) -> Any:
        raise AttributeError(
            f"a traced value has no attribute {self.name!r}: use ad.value(x).{self.name} for that "
            "of the plain value"
        )


# A name each, since a __getattr__ would make Python look up all attributes the slow way.
for _name in {*dir(np.ndarray), *dir(float)} - set(dir(Carrier)):
    if not _name.startswith("_"):
        setattr(Carrier, _name, Lacking(_name))


def as_numpys(x: Any) -> Any:
    """A result of NumPy's functions, which give truth values of NumPy."""
    if x.__class__ is bool:
        return np.bool_(x)
    return x.as_numpys() if isinstance(x, Carrier) else x


def value(x: Any) -> Any:
    """The plain number or array inside a carrier, however deeply nested; other things as they are.
    An array is a read-only view.

    For printing, logging and stopping rules: what is computed from it has no derivative. Raises
    TypeError inside ad.vmap, where every sample has its own.

    >>> import admodes as ad
    >>> ad.grad(lambda x: x * ad.value(x))(3.0)
    3.0
    """
    if not isinstance(x, Carrier):
        return x
    shape = x.shape
    while isinstance(x, Carrier):
        x.seen(CONSTANT)
        x = x.primal
    if np.shape(x) != shape:
        raise BadType(SAMPLES_DIFFER)
    if isinstance(x, np.ndarray):
        x = x.view()
        x.flags.writeable = False
    return x


def settled(decide: Callable, *xs: Any) -> Any:
    """decide(*xs) of the plain values inside: something that steers the function, such as an order
    or a position. A recording notes it, since it holds only where the decision is the same."""
    y = decide(*map(innermost, xs))
    layers = list(xs)
    while any(isinstance(x, Carrier) for x in layers):
        for x in layers:
            if isinstance(x, Carrier):
                x.decided(decide, layers, y)
        layers = [x.primal if isinstance(x, Carrier) else x for x in layers]
    return y


def innermost(x: Any) -> Any:
    """What a carrier wraps, however deep; all samples of a batch."""
    while isinstance(x, Carrier):
        x = x.primal
    return x


SAMPLES_DIFFER = (
    "a branch, a bound, an index or a plain value taken from a value that differs between the "
    "samples of a batch: write ad.where instead of if, or loop over the samples"
)


def outermost(args: tuple) -> Carrier | None:
    """The carrier of the latest level among args, or None."""
    top = None
    for a in args:
        if isinstance(a, Carrier) and (top is None or a.level.serial > top.level.serial):
            top = a
    return top


def bind_operator(name: str, op: Any, reflected: bool = True) -> None:
    """Make `carrier <name> other` run op, and `other <name> carrier` where reflected."""

    def operator_method(self, other):
        return self.binary(op, self, other)

    def reflected_method(self, other):
        return self.binary(op, other, self)

    def equality_method(self, other):
        return NotImplemented if other is None else self.binary(op, self, other)

    setattr(Carrier, f"__{name}__", equality_method if name in ("eq", "ne") else operator_method)
    if reflected:
        setattr(Carrier, f"__r{name}__", reflected_method)


def bind_unary(name: str, op: Any) -> None:
    """Make the unary operator (neg, abs, …) of carriers run op."""
    setattr(Carrier, f"__{name}__", lambda self: self.unary(op))
