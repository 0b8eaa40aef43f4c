"""What an input of an eval must be: numbers, whole numbers, and nested lists of a certain shape.
Anything else is refused with the name of the entry, also where NumPy would convert or broadcast it.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from itertools import chain
from typing import Any

import numpy as np

from admodes.errors import BadValue

Size = int | None
"""The length of an axis; None for any."""

KINDS = {dict: "an object", list: "a list", str: "a string", bool: "a truth value"}


class Fields:
    """The entries of a JSON object by name. prefix: where the object stands in the input."""

    def __init__(self, data: Any, prefix: str = "") -> None:
        if type(data) is not dict:
            what = prefix.rstrip(".") or "input"
            raise BadValue(f"{what} must be an object, not {kind_of(data)}")
        self._data: Mapping[str, Any] = data
        self._prefix = prefix

    def __contains__(self, name: str) -> bool:
        return name in self._data

    def __getitem__(self, name: str) -> Any:
        if name not in self._data:
            raise BadValue(f"input has no {self._prefix}{name}")
        return self._data[name]

    def fields(self, name: str) -> Fields:
        """An object within the object."""
        return Fields(self[name], f"{self._prefix}{name}.")

    def number(self, name: str) -> float:
        """A finite number."""
        return number(self[name], self._prefix + name)

    def whole(self, name: str, least: int = 0) -> int:
        """A whole number that is at least so large."""
        value = self[name]
        if type(value) is not int or value < least:
            raise BadValue(
                f"{self._prefix}{name} must be a whole number of at least {least}, not "
                f"{_shown(value)}"
            )
        return value

    def truth(self, name: str) -> bool:
        """true or false."""
        value = self[name]
        if type(value) is not bool:
            raise BadValue(f"{self._prefix}{name} must be true or false, not {_shown(value)}")
        return value

    def items(self, name: str, size: int) -> list:
        """A list of so many entries, whatever they are."""
        return _flat(self[name], (size,), self._prefix + name)[0]

    def array(self, name: str, *shape: Size, least: tuple[int, ...] = ()) -> np.ndarray:
        """Nested lists of finite numbers, as an array of floats. least: how long the axes must be,
        where their lengths are not stated."""
        path = self._prefix + name
        flat, sizes = _flat(self[name], shape, path)
        for axis, (size, wanted) in enumerate(zip(sizes, least)):
            if size < wanted:
                raise BadValue(f"{path}{'[0]' * axis} must have at least {_entries(wanted)}")
        if not set(map(type, flat)) <= {int, float}:
            k = next(k for k, x in enumerate(flat) if type(x) not in (int, float))
            raise BadValue(f"{path}{_at(k, sizes)} must be a number, not {kind_of(flat[k])}")
        try:
            array = np.array(flat, float).reshape(sizes)
        except OverflowError:
            raise BadValue(f"{path} has an entry that is too large for a float") from None
        if not np.isfinite(array).all():
            k = int(np.argmin(np.isfinite(array)))
            raise BadValue(f"{path}{_at(k, sizes)} is too large for a float")
        return array

    def vector(self, name: str) -> np.ndarray:
        """A list of at least one finite number, as an array."""
        return self.array(name, None, least=(1,))

    def positions(self, name: str, *shape: Size, below: int, least: int = 0) -> np.ndarray:
        """Nested lists of whole numbers from least to below - 1, as an array of integers."""
        path = self._prefix + name
        flat, sizes = _flat(self[name], shape, path)
        for k, x in enumerate(flat):
            if type(x) is not int or not least <= x < below:
                raise BadValue(
                    f"{path}{_at(k, sizes)} must be a whole number from {least} to {below - 1}, "
                    f"not {_shown(x)}"
                )
        return np.array(flat, np.intp).reshape(sizes)


def number(value: Any, name: str) -> float:
    """A JSON value that must be a finite number."""
    if type(value) not in (int, float):
        raise BadValue(f"{name} must be a number, not {kind_of(value)}")
    try:
        found = float(value)
    except OverflowError:
        found = math.inf
    if not math.isfinite(found):
        raise BadValue(f"{name} is too large for a float")
    return found


def kind_of(value: Any) -> str:
    """What a JSON value is, in words."""
    return "null" if value is None else KINDS.get(type(value), "a number")


def _shown(value: Any) -> str:
    text = str(value) if type(value) in (int, float) else ""
    return text if 0 < len(text) < 30 else kind_of(value)


def _flat(value: Any, shape: tuple[Size, ...], path: str) -> tuple[list, tuple[int, ...]]:
    """The numbers of nested lists in one list, and the sizes of the axes."""
    rows = [value]
    sizes: tuple[int, ...] = ()
    for size in shape:
        for k, row in enumerate(rows):
            if type(row) is not list:
                raise BadValue(f"{path}{_at(k, sizes)} must be a list, not {kind_of(row)}")
            if size is None:
                size = len(row)
            if len(row) != size:
                raise BadValue(
                    f"{path}{_at(k, sizes)} must have {_entries(size)}, it has {len(row)}"
                )
        sizes = (*sizes, size or 0)
        rows = list(chain.from_iterable(rows))
    return rows, sizes


def _entries(count: int) -> str:
    return "1 entry" if count == 1 else f"{count} entries"


def _at(k: int, sizes: tuple[int, ...]) -> str:
    """The position of the k-th entry, as subscripts."""
    return "".join(f"[{i}]" for i in np.unravel_index(k, sizes)) if sizes else ""
