"""The function that calls of compiled functions go through where no Python need run: its text
(direct_text.py) compiled, and made known to Python, where that is as the text takes it to be."""

from __future__ import annotations

import ctypes
import functools
import importlib
import sys
from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from admodes.compilation.llvm import direct_text as at
from admodes.compilation.llvm.jit import MachineCode, compiled, llvm


class Definition(ctypes.Structure):
    """PyMethodDef, as Python's stable ABI has it."""

    _fields_ = [
        ("name", ctypes.c_char_p),
        ("function", ctypes.c_void_p),
        ("flags", ctypes.c_int),
        ("doc", ctypes.c_char_p),
    ]


BOTH = 1 | 2
"""The flags of a method that takes a tuple and a dict."""


class Interface(NamedTuple):
    """The function as Python knows it; code: what keeps it. new(self) gives it with a self."""

    definition: Definition
    code: MachineCode
    new: Callable[[int, tuple, None], Callable]


def address(name: str) -> int:
    """The address of a function of Python's."""
    return ctypes.cast(getattr(ctypes.pythonapi, name), ctypes.c_void_p).value or 0


@functools.cache
def interface() -> Interface | None:
    """Compiled once per process. None where Python or NumPy are not as it takes them to be."""
    if not (is_known_python() and are_known_arrays()):
        return None
    binding = llvm()
    for name in at.FUNCTIONS:
        binding.add_symbol(name, address(name))
    (code,) = compiled([at.text(_of_numpy(at.NEW_ARRAY))], loops=False)
    doc = b"A call of a compiled function, as native code."
    definition = Definition(b"call", code.address, BOTH, doc)
    new = ctypes.PYFUNCTYPE(ctypes.py_object, ctypes.c_void_p, ctypes.py_object, ctypes.c_void_p)(
        ("PyCFunction_NewEx", ctypes.pythonapi)
    )
    return Interface(definition, code, new)


def is_known_python() -> bool:
    """Whether this is a CPython in which one thread runs at a time, whose objects have two words at
    their beginning of which the second is their class."""
    # Where threads run at the same time objects have more words.
    if sys.implementation.name != "cpython" or object.__basicsize__ != 16:
        return False
    samples = 1.0, [1.0], (1.0,), np.float64(1.0), np.ones(2), at
    return all(_pointer(id(x) + at.CLASS) == id(type(x)) for x in samples) and all(
        hasattr(ctypes.pythonapi, name) for name in at.FUNCTIONS
    )


def are_known_arrays() -> bool:
    """Whether the fields of arrays are where all extensions of NumPy find them."""
    if np.ndarray.__basicsize__ < max(at.FIELDS.values()) + 8:
        return False
    return all(map(_is_known, (np.ones(3), np.ones((2, 3)), np.ones((4, 5, 2))[1:], np.ones(()))))


def _is_known(a: np.ndarray) -> bool:
    where = {name: id(a) + offset for name, offset in at.FIELDS.items()}
    if ctypes.c_int.from_address(where["ndim"]).value != a.ndim:
        return False
    lengths = (_pointer(_pointer(where["shape"]) + 8 * k) for k in range(a.ndim))
    return (
        _pointer(where["data"]) == a.ctypes.data
        and _pointer(where["dtype"]) == id(a.dtype)
        and ctypes.c_int.from_address(where["flags"]).value & at.WHOLE == at.WHOLE
        and tuple(lengths) == a.shape
    )


def _pointer(where: int) -> int:
    return ctypes.c_void_p.from_address(where).value or 0


def _of_numpy(number: int) -> int:
    """The address of a function of NumPy's C interface."""
    table = importlib.import_module("numpy._core._multiarray_umath")._ARRAY_API
    pointer = ctypes.PYFUNCTYPE(ctypes.c_void_p, ctypes.py_object, ctypes.c_char_p)(
        ("PyCapsule_GetPointer", ctypes.pythonapi)
    )
    return _pointer(pointer(table, None) + 8 * number)
