"""From what a user types to a function with a point: expressions, Python functions, problems."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from admodes.cli.points import point_of, stray_words
from admodes.cli.python_functions import function_of, python_function, python_target
from admodes.cli.target import InputError, Target, components
from admodes.errors import Error, nearest
from admodes.expression.lowering import CONSTANTS, apart, functions
from admodes.expression.parser import parse, parse_with
from admodes.problems import PROBLEMS
from admodes.views.tables import Formula


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
    first = targets[0].strip()
    special = [t for t in targets if is_whole(t)]
    stray = stray_words(targets, at, one_function=bool(special))
    targets = targets[: len(targets) - len(stray)]
    point = point_of(at, stray, lambda: inputs_of(targets))
    if special and len(targets) > 1:
        raise InputError(f"{special[0]} stands alone: give one problem or function at a time")
    if first.startswith("@"):
        return _problem(first, point)
    found = python_target(first)
    if found is not None:
        where, name = found
        return python_function(where, name, point, debug)
    return _expressions(targets, point)


def derivative_of(texts: Sequence[str], target: Target) -> Callable[..., Any]:
    """The function of a target's arguments that texts name: one file.py:function or
    package.module:function, or expressions of the inputs. Raises what resolve raises."""
    first = texts[0].strip()
    found = python_target(first)
    if found is None:
        if len(texts) == 1 and "," in first and not set("()[]") & set(first):
            raise InputError(
                f"--gradient {first}: give each entry with its own --gradient, or all of them in "
                f'brackets, as --gradient "[{first}]"'
            )
        written: Callable[..., Any] = parse(*texts, inputs=target.arguments)
        return written
    if len(texts) > 1:
        raise InputError(f"{first} stands alone: give one function, or expressions")
    point = dict(zip(target.arguments, target.args, strict=True))
    return python_function(*found, point).function


def is_whole(target: str) -> bool:
    """Whether a word names a function by itself, as @problem and file.py:function do."""
    return target.strip().startswith("@") or python_target(target.strip()) is not None


def inputs_of(targets: Sequence[str]) -> list[str]:
    """The names of the inputs of what targets name, where that can be told."""
    first = targets[0].strip()
    try:
        if first.startswith("@"):
            return list(PROBLEMS[first[1:]].at)
        place = python_target(first)
        if place is None:
            return list(parse(*targets).inputs)
        return [p.name for p in inspect.signature(function_of(*place)).parameters.values()]
    except (Error, KeyError, TypeError, ValueError):
        return []


def _expressions(targets: Sequence[str], point: dict[str, Any] | None) -> Target:
    point = point or {}
    components(point)
    function, used = parse_with(point, targets, any(map(np.ndim, point.values())))
    expanded = _expanded(point, used)
    if expanded is not point:
        point = expanded
        function, used = parse_with(point, targets, any(map(np.ndim, point.values())))
    missing = [n for n in function.inputs if n not in point]
    extra = [n for n in point if n not in used]
    _complain(missing, extra, [n for n in function.inputs if n in used])
    return Target(
        function,
        components(point),
        tuple(point.values()),
        function.outputs,
        Formula("; ".join(function.read), function.latex),
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
    verb = "input is" if len(inputs) == 1 else "inputs are"
    listed = f"the {verb} {', '.join(inputs)}" if inputs else "there are no inputs"
    if missing:
        # x1 is one of several x, and neither x*1 nor a misspelt x.
        unclear = [n for n in missing if n.rstrip("0123456789_") not in extra]
        # x2 is no misspelt exp2: a name of two letters is an input.
        words = {n: [*CONSTANTS, *(functions() if len(n) > 2 else ())] for n in unclear}
        guesses = {n: nearest(n, extra) or nearest(n, words[n]) for n in unclear}
        meant = [f"{g} for {n}" for n, g in guesses.items() if g]
        hints = [apart(n, [*extra, *inputs]) for n in unclear]
        hints += [f"did you mean {', '.join(meant)}?"] if meant else []
        hints = [f"did you mean @{n}?" for n in missing if n in PROBLEMS] + hints
        hint = next((f" ({h})" for h in hints if h), "")
        example = ",".join(f"{n}=…" for n in inputs)
        besides = f", and {', '.join(extra)} is no input" if extra and not hint else ""
        raise InputError(
            f"no value for {', '.join(missing)}{hint}: {listed}{besides}; write --at {example}"
        )
    if extra:
        verb = "is" if len(extra) == 1 else "are"
        raise InputError(f"--at gives {', '.join(extra)}, which {verb} no input: {listed}")


def _problem(target: str, point: dict[str, Any] | None) -> Target:
    name = target[1:]
    if name not in PROBLEMS:
        meant = nearest(name, PROBLEMS)
        hint = f"did you mean @{meant}? " if meant else ""
        raise InputError(f"no problem is named {target}: {hint}admodes problems lists them")
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
        components(whole),
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
