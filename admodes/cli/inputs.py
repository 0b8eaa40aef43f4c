"""From what a user types to a function with a point: expressions, Python functions, problems."""

from __future__ import annotations

import contextlib
import importlib
import importlib.util
import inspect
import itertools
import re
import sys
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from importlib.machinery import SourceFileLoader
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np

from admodes.errors import Error
from admodes.expression import ExpressionError, parse_number
from admodes.expression.errors import nearest
from admodes.expression.lowering import CONSTANTS, declared_names
from admodes.expression.parser import parse_with, split_commas
from admodes.problems import PROBLEMS, Problem

_numbers = itertools.count(1)
_NORMAL = re.compile(r"normal\(\s*(\d{1,4}(?:\s*,\s*\d{1,4})*)\s*\)")
_MODULE_TARGET = re.compile(r"([^\W\d]\w*(?:\.[^\W\d]\w*)*):([^\W\d]\w*)")


class InputError(Error, ValueError):
    """What was typed names no function or no point; the message is one line."""


@dataclass(frozen=True)
class Target:
    """A function and where to evaluate it: function(*args). names has one name per number (the
    components of a vector x are x1 … xn), arguments one per argument; output_names is None where
    nothing names the outputs."""

    function: Callable[..., Any]
    names: tuple[str, ...]
    args: tuple[Any, ...]
    output_names: tuple[str, ...] | None
    title: str
    problem: Problem | None = None
    arguments: tuple[str, ...] = ()

    @property
    def named(self) -> tuple[Any, ...]:
        """The function, its arguments, the names of numbers and outputs, and the title."""
        return self.function, self.args, self.names, self.output_names, self.title


def resolve(targets: Sequence[str], at: str | None = None, debug: bool = False) -> Target:
    """The function that targets name, at the point that `at` gives, as in "x1=2,x2=pi/2".

    targets: one or more expressions, or one path/file.py:function, package.module:function or
    @problem. Inputs come in the order of `at`; x=[1, 2] gives a vector. A problem brings its own
    point, of which `at` may change all or some values.

    Raises ExpressionError for an expression that cannot be read, and InputError, in one line, for
    everything else: values missing, extra, given twice or no numbers; files, modules, functions
    and problems that do not exist or cannot be loaded (the exception is its __cause__; with debug
    an exception of the user's file comes through as it is).

    >>> target = resolve(["x1*x2 + sin(x1)"], "x2=3,x1=0")
    >>> target.names, target.args, target.function(*target.args)
    (('x2', 'x1'), (3.0, 0.0), 0.0)
    >>> resolve(["@grad-h"]).args
    (3.0,)
    """
    if not targets:
        raise InputError("nothing to work on: give an expression, file.py:function or @problem")
    point = _point(at)
    first = targets[0].strip()
    special = [t for t in targets if t.strip().startswith("@") or _python_target(t.strip())]
    if special and len(targets) > 1:
        raise InputError(f"{special[0]} stands alone: give one problem or function at a time")
    if first.startswith("@"):
        return _problem(first, point)
    found = _python_target(first)
    if found is not None:
        where, name = found
        return _python(_load(where, debug), where, name, point)
    return _expressions(targets, point)


def one_line(error: BaseException | str) -> str:
    """The message of an error in one line."""
    return " ".join(str(error).split())


def raised(name: str, error: BaseException) -> str:
    """What to say where the user's code, of this name, raises."""
    return f"{name} raised {type(error).__name__}: {one_line(error) or 'no message'}"


def _point(at: str | None) -> dict[str, Any] | None:
    """The values of `at` by name, floats and vectors."""
    if at is None:
        return None
    point: dict[str, Any] = {}
    random = np.random.default_rng(0)
    for part in split_commas(at) if at.strip() else []:
        name, equals, value = (s.strip() for s in part.partition("="))
        if not equals or not name.isidentifier():
            raise InputError(f"--at {part.strip()!r}: write a name and its value, such as x1=2")
        if ";" in value:
            example = ",".join(s.strip() for s in part.split(";"))
            raise InputError(f"--at {part.strip()}: separate values by commas: --at {example}")
        if name in point:
            raise InputError(f"--at gives {name} twice")
        if not value:
            raise InputError(f"--at {name}= has no value: write {name}=2")
        try:
            declared_names([name])
            point[name] = parse_value(value, random)
        except ExpressionError as error:
            raise InputError(f"--at {name}={value}: {error.reason}") from error
    return point


def parse_value(text: str, random: np.random.Generator | None = None) -> Any:
    """A number, a vector as [1, 2], a matrix as [[1, 2], [3, 4]], and normal(4, 3) for standard
    normal numbers in that shape, the same in every run.

    Raises ExpressionError where text is none of these.

    >>> parse_value("[[1, 2], [3, pi]]")
    array([[1.        , 2.        ],
           [3.        , 3.14159265]])
    """
    text = text.strip()
    shape = _NORMAL.fullmatch(text)
    if shape:
        random = random or np.random.default_rng(0)
        return random.standard_normal(tuple(int(n) for n in shape[1].split(",")))
    if not text.startswith("[") or not text.endswith("]") or not text[1:].lstrip().startswith("["):
        number = parse_number(text)
        return np.array(number) if isinstance(number, list) else number
    rows = [parse_value(part) for part in split_commas(text[1:-1])]
    if len({np.shape(row) for row in rows}) != 1:
        raise ExpressionError("the rows of an array have one length", text, 0)
    return np.array(rows)


def _components(point: dict[str, Any]) -> tuple[str, ...]:
    """One name per number of the point."""
    names = [
        n if np.ndim(v) == 0 else f"{n}{i + 1}" for n, v in point.items() for i in range(np.size(v))
    ]
    twice = next((n for n, times in Counter(names).items() if times > 1), None)
    if twice is not None:
        raise InputError(f"--at gives {twice} twice: as a component of a vector and by name")
    return tuple(names)


def _expressions(targets: Sequence[str], point: dict[str, Any] | None) -> Target:
    point = point or {}
    _components(point)
    function, used = parse_with(point, targets)
    expanded = _expanded(point, used)
    if expanded is not point:
        point = expanded
        function, used = parse_with(point, targets)
    missing = [n for n in function.inputs if n not in point]
    extra = [n for n in point if n not in used]
    _complain(missing, extra, [n for n in function.inputs if n in used])
    return Target(
        function,
        _components(point),
        tuple(point.values()),
        function.outputs,
        "; ".join(t.strip() for t in targets),
        arguments=tuple(point),
    )


def _expanded(point: dict[str, Any], used: set[str]) -> dict[str, Any]:
    """point, where vectors that expressions use by their components are those components."""
    found: dict[str, Any] = {}
    for n, v in point.items():
        parts = {f"{n}{i + 1}": float(x) for i, x in enumerate(np.ravel(v))} if np.ndim(v) else {}
        by_component = not used.isdisjoint(parts)
        if parts and by_component == (n in used):
            raise InputError(
                f"--at {n}: {n} is a vector here; expressions name its components "
                f"{', '.join(parts)}"
            )
        found |= parts if by_component else {n: v}
    return found if found.keys() != point.keys() else point


def _complain(missing: list[str], extra: list[str], inputs: list[str]) -> None:
    """Refuse a point that does not give all and only the inputs."""
    listed = f"the inputs are {', '.join(inputs)}" if inputs else "there are no inputs"
    if missing:
        guesses = {n: nearest(n, extra) or nearest(n, CONSTANTS) for n in missing}
        known = [f"did you mean {g} for {n}?" for n, g in guesses.items() if g]
        example = ",".join(f"{n}=…" for n in inputs)
        hint = f" ({known[0]})" if known else ""
        raise InputError(f"no value for {', '.join(missing)}{hint}: {listed}; write --at {example}")
    if extra:
        verb = "is" if len(extra) == 1 else "are"
        raise InputError(f"--at gives {', '.join(extra)}, which {verb} no input: {listed}")


def _problem(target: str, point: dict[str, Any] | None) -> Target:
    name = target[1:]
    if name not in PROBLEMS:
        found = nearest(name, PROBLEMS)
        hint = f"did you mean @{found}?" if found else "admodes problems lists them"
        raise InputError(f"no problem is named {target}: {hint}")
    problem = PROBLEMS[name]
    default = {n: np.array(v) if np.ndim(v) else v for n, v in problem.at.items()}
    point = _as_vector(point or {}, default)
    extra = [n for n in point if n not in default]
    _complain([], extra, list(default))
    for n, v in point.items():
        if np.ndim(v) != np.ndim(default[n]):
            kind = "a vector, such as [1, 2]" if np.ndim(default[n]) else "one number"
            raise InputError(f"--at {n}: {target} takes {kind} for {n}")
    # A whole point of the user's own comes in the user's order; a partial one keeps the problem's.
    whole = {**default, **point} if len(point) < len(default) else point
    function = problem.function
    if list(whole) != list(default):
        function = _reordered(function, list(default), list(whole))
    return Target(
        function,
        _components(whole),
        tuple(whole.values()),
        problem.outputs,
        f"@{problem.name}: {problem.title}",
        problem,
        tuple(whole),
    )


def _as_vector(point: dict[str, Any], default: dict[str, Any]) -> dict[str, Any]:
    """x1=…,x2=… as the vector x, where the problem takes the vector x alone."""
    stem = next(iter(default), "")
    names = [f"{stem}{i + 1}" for i in range(len(point))]
    if len(default) == 1 and np.ndim(default[stem]) and point and set(point) == set(names):
        return {stem: np.array([point[n] for n in names])}
    return point


def _reordered(function: Callable, names: list[str], order: list[str]) -> Callable:
    """function(*names) as a function of the same arguments in another order."""
    places = [order.index(n) for n in names]

    def reordered(*args: Any) -> Any:
        return function(*(args[i] for i in places))

    reordered.__name__ = getattr(function, "__name__", "f")
    reordered.reordered = function  # type: ignore[attr-defined]
    return reordered


def _python_target(target: str) -> tuple[str, str] | None:
    """(file or module, function) where target is of that form; an expression holds no colon."""
    path, colon, name = target.rpartition(":")
    if colon and (path.endswith(".py") or (("/" in path or "\\" in path) and name.isidentifier())):
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
        return f"{error.filename or where}{line} is not Python: {error.msg}"
    if isinstance(error, ModuleNotFoundError) and error.name and where.startswith(error.name):
        return f"there is no module {error.name}: for a file write path/file.py:function"
    return raised(where, error)


class _Source(SourceFileLoader):
    """Reads the source as it is now, and leaves no __pycache__ beside the user's file."""

    def get_code(self, fullname: str) -> Any:
        return self.source_to_code(self.get_data(self.path), self.path)


def _load_file(path: Path) -> ModuleType:
    if path.is_dir():
        raise InputError(f"{path} is a directory: write path/file.py:function")
    if not path.is_file():
        raise InputError(f"there is no file {path}")
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
        del sys.modules[name]
        raise
    finally:
        if directory in sys.path:
            sys.path.remove(directory)
    return module


def _python(module: ModuleType, where: str, name: str, point: dict[str, Any] | None) -> Target:
    functions = [n for n, v in vars(module).items() if callable(v) and not n.startswith("_")]
    own = [n for n in functions if getattr(getattr(module, n), "__module__", "") == module.__name__]
    if not name:
        raise InputError(f"which function of {where}? Write {where}:{(own or ['function'])[0]}")
    if not hasattr(module, name):
        found = nearest(name, functions)
        hint = f": did you mean {found}?" if found else ""
        if not found and own:
            hint = f"; it has {', '.join(own[:5])}"
        raise InputError(f"{where} has no function {name}{hint}")
    function = getattr(module, name)
    if not callable(function):
        raise InputError(f"{name} in {where} is no function but {type(function).__name__}")
    title = f"{name} ({where})"
    return _bound(Target(function, (), (), None, title), name, point or {})


def _bound(target: Target, name: str, point: dict[str, Any]) -> Target:
    """target at the point, whose names are matched to the parameters of the function."""
    args = tuple(point.values())
    target = replace(target, names=_components(point), args=args, arguments=tuple(point))
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
