"""Signature: what a compiled function compares to tell whether a call fits a recorded case. It is
the structure of the arguments, the shapes and dtypes of floats and float arrays, and the value or
identity of every other argument (integers, truth values, strings, objects)."""

from __future__ import annotations

import enum
import types
import weakref
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from admodes.compilation.naming import is_foreign
from admodes.compilation.places import content_of
from admodes.core.carrier import Carrier, is_numpys
from admodes.core.pytree import Tree, flatten
from admodes.core.subclasses import plain_array
from admodes.core.values import canonical, native
from admodes.errors import BadType

VALUES = (int, bool, str, bytes, slice)
"""Arguments that are compared by their type and value, beside NumPy's numbers and dtypes."""

PASSED_ON = (types.SimpleNamespace, types.ModuleType)
"""Arguments that are compared by identity, beside functions, classes and objects of the user's."""


class Number(NamedTuple):
    """A leaf that is recorded: a float, or a scalar of another precision."""

    kind: type

    def __str__(self) -> str:
        return self.kind.__name__


class Array(NamedTuple):
    """A leaf that is recorded: an array of floats or complex numbers."""

    shape: tuple[int, ...]
    dtype: np.dtype

    def __str__(self) -> str:
        return f"{self.dtype}{list(self.shape)}"


class Static(NamedTuple):
    """A leaf that steers the function: by its value, by identity (by a weak "reference" where that
    can be had, so that it may come to its end), or by the content of an array of integers or truth
    values."""

    how: str
    value: Any

    def __str__(self) -> str:
        if self.how == "content":
            dtype, shape, _ = self.value
            return f"{dtype}{list(shape)} of certain entries"
        text = repr(self.value() if self.how == "reference" else self.value)
        return text if len(text) <= 40 else text[:37] + "..."


TRACED = Static("traced", None)
"""A leaf that is being differentiated or recorded by someone else."""

Slot = Number | Array | Static
FLOAT = Number(float)


def sorted_out(x: Any) -> tuple[Slot, Any]:
    """What kind of argument a leaf is, and the leaf as programs take it. Raises TypeError."""
    if x.__class__ is float:
        return FLOAT, x
    if isinstance(x, Carrier):
        return TRACED, x
    if isinstance(x, (float, complex, np.inexact)):
        x = canonical(np.asarray(x))
        return Number(x.__class__), x
    if isinstance(x, np.ndarray):
        return _array(x)
    if x is None or x is Ellipsis or x.__class__ in VALUES:
        return Static("value", x), x
    if isinstance(x, (np.integer, np.bool_, np.dtype)):
        return Static("value", x), x
    if x.__class__ is range:
        # Ranges of the same numbers are equal, whatever their bounds.
        return Static("range", (x.start, x.stop, x.step)), x
    if hasattr(type(x), "__array__"):
        raise BadType(f"takes NumPy arrays, got a {type(x).__name__}: pass np.asarray(x)")
    known = isinstance(x, (*PASSED_ON, enum.Enum))
    if known or callable(x) or not is_foreign(type(x)):
        return _identity(x), x
    raise BadType(
        "takes numbers, arrays of numbers, and tuples, lists and dicts of them; "
        f"got a {type(x).__name__}"
    )


def _identity(x: Any) -> Static:
    try:
        return Static("reference", weakref.ref(x))
    except TypeError:
        return Static("identity", x)


def _array(x: np.ndarray) -> tuple[Slot, Any]:
    x = plain_array(x)
    kind = x.dtype.kind
    if kind in "biu":
        return Static("content", content_of(x)), x
    if kind not in "fc":
        raise BadType(f"takes arrays of numbers, got an array of dtype {x.dtype}")
    x = native(x)
    if not x.ndim:
        number = canonical(x)
        return Number(number.__class__), number
    return Array(x.shape, x.dtype), x


@dataclass
class Signature:
    """The case of one call: tree is the structure of (args, kwargs), slots say what the leaves
    are, names where they stand; leaves are the arguments themselves as programs take them.
    numpys: where all that is recorded are single numbers, whether NumPy's are among them, so that
    comparisons give truth values of NumPy; None where it makes no difference."""

    tree: Tree
    slots: list[Slot]
    leaves: list[Any]
    names: list[str]
    numpys: bool | None = None

    @classmethod
    def of(cls, args: tuple, kwargs: dict, f: str) -> Signature:
        """Raises TypeError for arguments that are no numbers, naming f."""
        leaves, tree = flatten((args, kwargs))
        names = list(_paths(tree))
        found = []
        for leaf, name in zip(leaves, names, strict=True):
            try:
                found.append(sorted_out(leaf))
            except TypeError as error:
                raise BadType(f"{f}, compiled, {error} as {name}") from None
        slots = [slot for slot, _ in found]
        floats = {slot for slot in slots if is_input(slot)} == {FLOAT}
        numpys = any(map(is_numpys, leaves)) if floats else None
        return cls(tree, slots, [x for _, x in found], names, numpys)

    @property
    def traced(self) -> bool:
        """Whether some argument is being differentiated or recorded by someone else."""
        return TRACED in self.slots

    @property
    def inputs(self) -> list[Any]:
        """The leaves that are recorded."""
        return [x for s, x in zip(self.slots, self.leaves, strict=True) if is_input(s)]

    def with_inputs(self, inputs: list[Any]) -> list[Any]:
        """All leaves, with others in the place of the recorded ones."""
        given = iter(inputs)
        pairs = zip(self.slots, self.leaves, strict=True)
        return [next(given) if is_input(s) else x for s, x in pairs]

    def described(self) -> list[str]:
        """Every argument with its kind, in words."""
        kinds = ["float64" if self.numpys and s == FLOAT else str(s) for s in self.slots]
        return [f"{n}: {kind}" for n, kind in zip(self.names, kinds, strict=True)]


def is_input(slot: Slot) -> bool:
    return not isinstance(slot, Static)


def _paths(tree: Tree) -> Iterator[str]:
    """How each argument would be written: argument 0, argument 1[2], name."""
    args, kwargs = tree.branches
    for i, branch in enumerate(args.branches):
        yield from _inside(branch, f"argument {i}")
    for key, branch in zip(kwargs.keys or (), kwargs.branches, strict=True):
        yield from _inside(branch, f"argument {key}")


def _inside(tree: Tree, path: str) -> Iterator[str]:
    if tree.kind is None:
        yield path
        return
    keys = range(len(tree.branches)) if tree.keys is None else tree.keys
    for key, branch in zip(keys, tree.branches, strict=True):
        yield from _inside(branch, f"{path}[{key!r}]")
