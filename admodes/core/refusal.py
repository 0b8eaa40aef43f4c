"""The errors where a traced value was about to become a plain number and lose its derivative: which
function of NumPy, of Python or of another library asked for it, and what to write instead.
"""

from __future__ import annotations

import ast
import inspect
import linecache
import sys
import threading
from collections.abc import Iterator
from types import CodeType, FrameType, FunctionType, ModuleType
from typing import Any

import numpy as np

from admodes.core.tables import FUNCTIONS, INSTEAD, UFUNCS
from admodes.errors import LostDerivative

PLAIN_LIBRARIES = {
    *("matplotlib", "mpmath", "networkx", "numba", "numpy", "pandas", "scipy", "skimage"),
    *("sklearn", "statsmodels", "sympy"),
}
"""Packages that calculate with plain numbers; the standard library is one more."""

OTHERWISE = (
    "write it with NumPy's functions, declare its derivative with ad.custom_rule, or pass "
    "ad.value(x) where only the number is wanted"
)

HOW_TO_ADD = (
    "declare one with ad.custom_rule, or pass ad.value(x) where only the number is wanted; "
    "CONTRIBUTING.md, 'Add an operation', shows how to add an operation"
)


class _Last(threading.local):
    refused: tuple[int, LostDerivative] | None = None


_last = _Last()


def lost(what: str) -> LostDerivative:
    """The error to raise in a method of a traced value; what is its message where nobody knows the
    function that called the method."""
    frame = sys._getframe(2)
    while frame.f_back is not None and frame.f_globals.get("__name__") == "admodes.core.record":
        frame = frame.f_back
    function, user = called_function(frame)
    call = None if user is None else _call_in_source(user)
    if function is None and user is not frame and call is not None:
        function = call[0]
    if function is not None:
        made = LostDerivative(without_rule(function))
        _last.refused = id(_outermost(frame)), made
        return made
    if call is None:
        return LostDerivative(what)
    function, text = call
    instead = way_out(function)
    if instead is None:
        told = what.startswith(f"{text.partition('(')[0]}()")
        return LostDerivative(what if told else f"{text}: {what}")
    if instead == function:
        return LostDerivative(_of_a_list(function))
    return LostDerivative(
        f"{text} would lose the derivative of a traced value: write {instead} instead, and use "
        "ad.value(x) where only the number is wanted"
    )


def hidden(error: BaseException) -> LostDerivative | None:
    """The error about a traced value that a library turned into another one: it was raised within
    the same call of the library. It is asked once, and not kept, nor what its frames hold."""
    refused, _last.refused = _last.refused, None
    if isinstance(error.__cause__, LostDerivative):
        return error.__cause__
    if refused is None or isinstance(error, LostDerivative):
        return None
    trace = error.__traceback__
    while trace is not None and id(trace.tb_frame) != refused[0]:
        trace = trace.tb_next
    return None if trace is None else refused[1]


def _outermost(frame: FrameType) -> FrameType:
    """The frame of the library's function that the user's code called."""
    while frame.f_back is not None and _is_library(frame.f_back):
        frame = frame.f_back
    return frame


def without_rule(function: str) -> str:
    """The message for a function of a library that knows no traced values."""
    instead = way_out(function)
    if instead == function:
        return _of_a_list(function)
    takes = f"{function} takes plain numbers, and would lose the derivative of a traced value: "
    return takes + (OTHERWISE if instead is None else f"write {instead} instead")


def _of_a_list(function: str) -> str:
    return (
        f"{function} of a list or tuple that holds traced values would lose their derivatives: "
        f"write {function}(ad.array([...]))"
    )


def way_out(function: str) -> str | None:
    """What to write instead of a function, given by its full name; the name itself where it takes
    traced arrays."""
    package, _, name = function.rpartition(".")
    known = INSTEAD.get(".".join(function.split(".")[:2])) or INSTEAD.get(name)
    in_numpy = _in_numpy(name, package)
    if known is not None or (package.startswith("np") and in_numpy):
        return known or in_numpy
    if hasattr(vars(sys.modules["admodes"]).get(name), "dispatch"):
        return f"ad.{name}"
    return in_numpy


def _in_numpy(name: str, first: str) -> str | None:
    modules = {"np": np, "np.linalg": np.linalg, "np.fft": np.fft}
    for path in sorted(modules, key=lambda p: p != first):
        found = vars(modules[path]).get(name)
        if callable(found) and (found in FUNCTIONS or found in UFUNCS):
            return f"{path}.{name}"
    return None


def called_function(frame: FrameType | None) -> tuple[str | None, FrameType | None]:
    """The public function of a library that the user's code called, None where it is written in C
    and has no frame of its own; and the frame of that code, None where it is not the user's."""
    found = None
    while frame is not None and _is_library(frame):
        found = _public_name(frame) or found
        frame = frame.f_back
    root = "" if frame is None else str(frame.f_globals.get("__name__", "")).partition(".")[0]
    return found, None if root == "admodes" else frame


def _is_library(frame: FrameType) -> bool:
    root = str(frame.f_globals.get("__name__", "")).partition(".")[0]
    return root in PLAIN_LIBRARIES or (root in sys.stdlib_module_names and root != "__main__")


def _public_name(frame: FrameType) -> str | None:
    """The name by which users know the function that runs in a frame."""
    names = frame.f_code.co_qualname.split(".")
    if "<locals>" in names:  # a decorator's wrapper knows what it wraps
        wrapped = (v for v in frame.f_locals.values() if isinstance(v, FunctionType))
        named = (_of_function(v.__module__, v.__name__, v.__code__) for v in wrapped)
        return next(filter(None, named), None)
    if len(names) == 1:
        return _of_function(frame.f_globals["__name__"], names[0], frame.f_code)
    owner, method = frame.f_locals.get("self"), "" if names[-1][:2] == "__" else f".{names[-1]}"
    home = frame.f_globals["__name__"] if owner is None else type(owner).__module__
    for path, module in _public(home):
        known = names[0] if owner is None else type(owner).__name__
        if owner is not None:
            known = next((k for k, v in vars(module).items() if v is owner), known)
        if known in vars(module) and not known.startswith("_"):
            return f"{path}.{known}{method}"
    return None


def _of_function(home: str, name: str, code: CodeType) -> str | None:
    """The public name of a function that a module defines, if it has one: where it is itself, or
    otherwise where something has its name."""
    if name.startswith(("_", "<")):
        return None
    found = {f"{path}.{name}": vars(module).get(name) for path, module in _public(home)}
    known = {path: f for path, f in found.items() if callable(f)}
    itself = (p for p, f in known.items() if getattr(inspect.unwrap(f), "__code__", 0) is code)
    return next(itself, next(iter(known), None))


def _public(name: str) -> Iterator[tuple[str, ModuleType]]:
    """A module and the packages around it, as users write them, the outermost first."""
    parts = name.split(".")
    for k in range(1, len(parts) + 1):
        path = ".".join(parts[:k])
        if path in sys.modules and not any(p.startswith("_") for p in parts[:k]):
            yield path.replace("numpy", "np", 1) if parts[0] == "numpy" else path, sys.modules[path]


def _call_in_source(frame: FrameType) -> tuple[str, str] | None:
    """The full name of the function that a line of the user's code calls, and the call as it is
    written there."""
    position = list(frame.f_code.co_positions())[frame.f_lasti // 2]
    line, last, start, end = position
    if None in position or line != last:
        return None
    source = linecache.getline(frame.f_code.co_filename, line or 0).encode()[start:end].decode()
    try:
        node = ast.parse(source, mode="eval").body
    except (SyntaxError, ValueError):
        return None
    if not isinstance(node, ast.Call):
        return None
    written = ast.unparse(node.func)
    text = source if len(source) <= 60 else f"{written}(…)"
    return _full_name(_meant(node.func, frame)) or written, text


def _meant(node: ast.expr, frame: FrameType) -> Any:
    """What a name, or an attribute of a module, stands for in a frame."""
    if isinstance(node, ast.Name):
        return frame.f_locals.get(node.id, frame.f_globals.get(node.id))
    if isinstance(node, ast.Attribute):
        owner = _meant(node.value, frame)
        return vars(owner).get(node.attr) if isinstance(owner, ModuleType) else None
    return None


def _full_name(found: Any) -> str | None:
    """np.linalg.norm, math.sin, … of a function of NumPy or of the standard library."""
    name, module = getattr(found, "__name__", None), getattr(found, "__module__", None)
    if isinstance(found, np.ufunc):
        return f"np.{name}" if getattr(np, found.__name__, None) is found else name
    if not isinstance(name, str) or not isinstance(module, str):
        return None
    return f"{module}.{name}".replace("numpy", "np", 1) if callable(found) else None
