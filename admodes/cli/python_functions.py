"""Functions of a user's Python files and modules, whose parameters are matched to a point."""

from __future__ import annotations

import contextlib
import importlib
import importlib.util
import inspect
import itertools
import re
import sys
from collections.abc import Callable
from dataclasses import replace
from importlib.machinery import SourceFileLoader
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np

from admodes.cli.target import InputError, Target, components, raised
from admodes.errors import listed, nearest, one_line

_numbers = itertools.count(1)
_DOTTED = r"[^\W\d]\w*(?:\.[^\W\d]\w*)*"
_NAME = re.compile(_DOTTED)
_MODULE_TARGET = re.compile(f"({_DOTTED}):({_DOTTED})")


def python_target(target: str) -> tuple[str, str] | None:
    """(file or module, function) where target is of that form; an expression holds no colon."""
    path, colon, name = target.rpartition(":")
    if colon and (
        path.endswith(".py") or (("/" in path or "\\" in path) and _NAME.fullmatch(name))
    ):
        return path, name.strip()
    if target.endswith(".py") and not colon:
        return target, ""
    match = _MODULE_TARGET.fullmatch(target)
    return (match[1], match[2]) if match else None


def _load(where: str, debug: bool) -> ModuleType:
    """The module of a file or of a module's name."""
    is_file = where.endswith(".py") or "/" in where or "\\" in where
    try:
        with contextlib.redirect_stdout(sys.stderr):
            return _load_file(Path(where)) if is_file else importlib.import_module(where)
    except (InputError, KeyboardInterrupt):
        raise
    except BaseException as error:
        if debug and isinstance(error, Exception):
            raise
        raise InputError(_why_not(where, error)) from error


def _why_not(where: str, error: BaseException) -> str:
    if isinstance(error, SyntaxError):
        line = f", line {error.lineno}" if error.lineno else ""
        text = f": {one_line(error.text)}" if error.text else ""
        return f"{error.filename or where}{line} is not Python: {error.msg}{text}"
    missing = error.name if isinstance(error, ModuleNotFoundError) else None
    if missing and f"{where}.".startswith(f"{missing}."):
        return f"there is no module {missing}: for a file write path/file.py:function"
    return raised(where, error)


class _Source(SourceFileLoader):
    """Reads the source as it is now, and leaves no __pycache__ beside the user's file."""

    def get_code(self, fullname: str) -> Any:
        return self.source_to_code(self.get_data(self.path), self.path)


def _load_file(path: Path) -> ModuleType:
    if path.is_dir():
        raise InputError(f"{path} is a directory: write path/file.py:function")
    if not path.is_file():
        folder = path.parent
        files = [p.name for p in folder.glob("*.py")] if folder.is_dir() else []
        meant = nearest(path.name, files)
        hint = f": did you mean {folder / meant}?" if meant else ""
        raise InputError(f"there is no file {path}{hint}")
    if b"\0" in path.read_bytes():
        raise InputError(f"{path} is not Python: it holds null bytes")
    name = f"admodes_input_{next(_numbers)}_{path.stem}"
    spec = importlib.util.spec_from_file_location(name, path, loader=_Source(name, str(path)))
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    directory = str(path.resolve().parent)
    sys.path.insert(0, directory)
    try:
        spec.loader.exec_module(module)
    except BaseException:
        # As Python's own import does: what ran in part, were it by sys.exit, is no module.
        sys.modules.pop(name, None)
        raise
    finally:
        if directory in sys.path:
            sys.path.remove(directory)
    return module


def python_function(
    where: str, name: str, point: dict[str, Any] | None, debug: bool = False
) -> Target:
    """The function of this name in a file or module, at the point. Raises InputError where there is
    none, or its parameters are not what the point gives; with debug an exception of the file comes
    through as it is."""
    function = function_of(where, name, debug)
    return _bound(Target(function, (), (), None, f"{name} ({where})"), name, point or {})


def function_of(where: str, name: str, debug: bool = False) -> Callable:
    """The function of this name in a file or module. Raises as python_function."""
    module = _load(where, debug)
    functions = [n for n, v in vars(module).items() if callable(v) and not n.startswith("_")]
    own = [n for n in functions if getattr(getattr(module, n), "__module__", "") == module.__name__]
    there = f"it has {listed(own)}" if own else "it defines no function"
    if not name:
        example = (own or ["function"])[0]
        raise InputError(f"which function of {where}? I{there[1:]}. Write {where}:{example}")
    first, *rest = name.split(".")
    if not hasattr(module, first):
        meant = nearest(first, functions)
        hint = f": did you mean {meant}?" if meant else ""
        raise InputError(f"{where} has no function {first}{hint or ';'} {there}")
    function, owner = getattr(module, first), None
    for part in rest:
        if not hasattr(function, part):
            raise InputError(f"{where} has no {name}: there is no {part}")
        owner, function = function, getattr(function, part)
    if not callable(function):
        raise InputError(f"{name} in {where} is no function but {type(function).__name__}")
    if isinstance(owner, type) and inspect.isfunction(inspect.getattr_static(owner, part)):
        raise InputError(
            f"{name} in {where} is a method, which needs an object: write object = {first}(…) "
            f"into the file and {where}:object.{part} here"
        )
    return function  # type: ignore[no-any-return]


def _bound(target: Target, name: str, point: dict[str, Any]) -> Target:
    """target at the point, whose names are matched to the parameters of the function."""
    args = tuple(point.values())
    target = replace(target, names=components(point), args=args, arguments=tuple(point))
    if isinstance(target.function, np.ufunc):
        return target
    try:
        parameters = list(inspect.signature(target.function).parameters.values())
    except (TypeError, ValueError):
        return target
    if any(p.kind is p.VAR_POSITIONAL for p in parameters):
        return target
    named = [p for p in parameters if p.kind is not p.VAR_KEYWORD]
    needed = [p.name for p in named if p.default is p.empty]
    missing = [n for n in needed if n not in point]
    known = {p.name for p in named}
    free = any(p.kind is p.VAR_KEYWORD for p in parameters)
    extra = [] if free else [n for n in point if n not in known]
    if missing or extra:
        raise InputError(_mismatch(name, [p.name for p in named], missing, extra))
    positional = [p.name for p in named if p.kind is not p.KEYWORD_ONLY]
    if list(point) == positional[: len(point)]:
        return target
    return replace(target, function=_by_name(target.function, named, tuple(point)))


def _mismatch(name: str, parameters: list[str], missing: list[str], extra: list[str]) -> str:
    takes = f"{name} takes {', '.join(parameters) or 'no arguments'}"
    if not extra:
        example = ",".join(f"{n}=…" for n in parameters)
        return f"no value for {', '.join(missing)}: {takes}; write --at {example}"
    text = f"{takes}, but --at gives {', '.join(extra)}"
    if missing:
        text += f" and no {', '.join(missing)}"
    if len(parameters) == 1 and len(extra) > 1:
        text += f"; for a vector write --at {parameters[0]}=[1, 2]"
    return text


def _by_name(function: Callable, parameters: list, order: tuple[str, ...]) -> Callable:
    """function as a function of the named arguments, in this order."""
    leading = [p.name for p in parameters if p.kind is p.POSITIONAL_ONLY and p.name in order]

    def by_name(*args: Any) -> Any:
        given = dict(zip(order, args, strict=True))
        # A list: a generator would be run only after given is passed on.
        return function(*[given.pop(n) for n in leading], **given)

    by_name.__name__ = getattr(function, "__name__", "f")
    by_name.reordered = function  # type: ignore[attr-defined]
    return by_name
