"""Plain values, numbers and arrays, as operations take and give them: their shapes, what counts as
a number, and copies of arrays that a tape or a recording keeps although the caller may change them.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from weakref import WeakValueDictionary

import numpy as np

from admodes.core.carrier import Carrier, held
from admodes.core.subclasses import plain_array
from admodes.errors import BadType

ARITHMETIC = (ValueError, OverflowError, ZeroDivisionError)
"""What `math` raises where IEEE arithmetic has a value; the array kernel then gives that value."""

Value = Any
"""A number, an array, or a carrier of one."""

Tangent = Any
"""A value: the derivative of another one along an input direction."""

Cotangent = Any
"""A value: the derivative of the output with respect to another one, its adjoint."""

Params = dict[str, Any] | None
"""The parameters of an operation, such as an axis; None for none."""

NUMBERS = frozenset((float, int, bool))

FLOAT = np.dtype(float)

SMALL = 512
"""Arrays below so many entries are kept also where only their shape is wanted."""

WORDS = {1: np.uint8, 2: np.uint16, 4: np.uint32, 8: np.uint64}
"""Whole numbers by their bytes."""

_NOTHING = bytes(32)

MOST_BLANKS = 4096
"""Shapes and dtypes of which one array without entries serves all."""
_blanks: dict[tuple, np.ndarray] = {}


def canonical(result: Any) -> Any:
    """float64 scalars as Python's own, arrays of shape () as scalars, all else as it is."""
    if result.__class__ is np.float64:
        return float(result)
    if result.__class__ is np.ndarray and result.shape == ():
        return canonical(result[()])
    if result.__class__ is complex:
        return np.complex128(result)
    return result


def native(x: np.ndarray) -> np.ndarray:
    """An array in the byte order of the machine."""
    return x if x.dtype.isnative else x.astype(x.dtype.newbyteorder("="))


def shape_of(x: Any) -> tuple[int, ...]:
    """The shape of a number, an array or a carrier."""
    if x.__class__ is float:
        return ()
    if x.__class__ is np.ndarray or isinstance(x, Carrier):
        return x.shape  # type: ignore[no-any-return]
    return np.shape(x)


def of_floats(x: Any) -> bool:
    """Whether x is a float of Python, or a plain array of floats."""
    if x.__class__ is np.ndarray:
        return x.dtype.kind == "f"  # type: ignore[no-any-return]
    return x.__class__ is float


def numeric(x: Any, where: str, complex_too: bool = False) -> Any:
    """x as a float or an array of numbers or booleans, or an error that names it."""
    if x.__class__ is float or x.__class__ is np.float64:
        return x
    if x.__class__ is int:
        return float(x)
    array = np.asarray(plain_array(x, where))
    if array.dtype.kind in "iu":
        array = array.astype(np.float64)
    elif array.dtype.kind == "c" and not complex_too:
        raise BadType(f"{where}: complex values are not supported, got {_brief(x)}")
    elif array.dtype.kind not in "fbc":
        hint = ": write its .toarray()" if hasattr(x, "toarray") else ""
        raise BadType(
            f"{where} takes numbers and arrays of numbers, got {_brief(x)} of type "
            f"{type(x).__name__}{hint}"
        )
    return array[()] if array.shape == () else array


def frozen(args: tuple) -> tuple:
    """args with copies of the arrays that the caller may still change."""
    return tuple(map(frozen_one, args))


def frozen_one(a: Any) -> Any:
    """a as it is now: a copy where the caller may still change it."""
    if isinstance(a, Carrier):
        return a.clone()
    return a.copy("K") if isinstance(a, np.ndarray) and changeable(a) else a


class Copies:
    """Copies of arrays that the caller may still change, as a tape or a recording keeps them: one
    for all uses of an array of at least so many entries, as long as these stay as they are."""

    def __init__(self, least: int) -> None:
        self.least = least
        self.known: WeakValueDictionary[tuple, np.ndarray] = WeakValueDictionary()

    def of(self, a: np.ndarray) -> np.ndarray:
        """a as it is now, as an array that nobody changes."""
        if a.size < self.least or a.itemsize not in WORDS:
            return frozen_one(a)  # type: ignore[no-any-return]
        place = place_of(a)
        found = self.known.get(place)
        if found is None or not np.array_equal(bits_of(found), bits_of(a)):
            found = self.known[place] = frozen_one(a)
        return found


def place_of(a: np.ndarray) -> tuple:
    """Where the entries of an array are, and how they are read."""
    return a.__array_interface__["data"][0], a.shape, a.strides, a.dtype


def bits_of(a: np.ndarray) -> np.ndarray:
    """The entries as whole numbers, which tell every nan and zero apart."""
    return a.view(WORDS[a.itemsize])


def changeable(a: np.ndarray) -> bool:
    """Whether somebody may write into the memory of an array: through the array, or through one
    that it is a view of. What a recording holds is read anew at each run, and stays itself."""
    x: Any = a
    while isinstance(x, np.ndarray) and not x.flags.writeable:
        x = x.base
    if x is None or isinstance(x, bytes):
        return False
    again = held()
    return not again or id(owner(a)) not in again


def owner(a: Any) -> Any:
    """What the memory of an array belongs to."""
    while isinstance(a, np.ndarray) and a.base is not None:
        a = a.base
    return a


def blank(x: Any) -> Any:
    """An array's shape and dtype without its entries; other things as they are."""
    if x.__class__ is not np.ndarray:
        return x
    # The shape alone says that it is float64, since to hash a dtype takes as long as all else here.
    key = x.shape if x.dtype is FLOAT else (x.shape, x.dtype)
    found = _blanks.get(key)
    if found is None:
        if len(_blanks) >= MOST_BLANKS:
            _blanks.clear()
        found = np.ndarray(x.shape, x.dtype, _NOTHING, 0, (0,) * x.ndim)
        _blanks[key] = found
    return found


def plain_params(params: dict | None) -> dict | None:
    """Parameters as a recording may keep them: index arrays and lists are copied."""
    if params is None or not any(map(_changeable, params.values())):
        return params
    return {k: _kept(v) for k, v in params.items()}


def arrays_of(x: Any, copy: Any) -> Iterator[tuple]:
    """The arrays in parameters, each with its copy."""
    if isinstance(x, np.ndarray):
        yield x, copy
    elif isinstance(x, tuple):
        for part, other in zip(x, copy, strict=True):
            yield from arrays_of(part, other)


def _changeable(x: Any) -> bool:
    kind = x.__class__
    return kind is list or kind is np.ndarray or (kind is tuple and any(map(_changeable, x)))


def _kept(x: Any) -> Any:
    if isinstance(x, tuple):
        return tuple(map(_kept, x))
    if isinstance(x, list):
        return np.array(x) if x else np.array(x, np.intp)
    return x.copy() if isinstance(x, np.ndarray) else x


def _brief(x: Any) -> str:
    text = repr(x)
    return text if len(text) <= 40 else text[:37] + "..."
