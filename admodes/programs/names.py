"""What inputs, outputs and rows of a recorded list are called: the one place that decides it for
traces, listings, printed code, graphs and equations.

A row has the name that the user gave it: that of a local variable which holds it when the function
returns, or of a definition in an expression. The ends of a list of numbers are numbered as in the
textbooks: v0 is x1, y1 is v8. In a list with arrays inputs have their argument's name, and results
that of the output. What is left is numbered. A number is the position in the list; with the
numbering "griewank" inputs end at 0. A name that looks like a number, such as v3, or that printed
Python has another use for, is none: its row is numbered as well.
"""

from __future__ import annotations

import inspect
import itertools
import keyword
import math
import re
import string
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from types import CodeType, FrameType, FunctionType
from typing import Any

import numpy as np

from admodes.core.names import checked_names, is_name
from admodes.core.pytree import Tree, flatten
from admodes.core.record import Recorded, Ref, WengertList, named
from admodes.core.values import shape_of
from admodes.ops.notation import free_stem

DERIVATIVES = ("_dot", "_bar")
"""What the names of tangents and adjoints end with in printed Python."""

MODULES = ("np", "math")
"""What printed Python imports."""


@dataclass
class NamedProgram:
    """A tidied list with the names of its inputs and outputs. recorded is the list before it was
    tidied, which has all decisions of the function among its guards. constants are the arrays that
    the function met outside its arguments, by their names there; result is what it returned, with
    numbers and arrays as they were; by_array: whether inputs are whole arrays, or the numbers in
    them."""

    program: WengertList
    names: list[str]
    outputs: list[str]
    recorded: WengertList
    constants: dict[str, np.ndarray] = field(default_factory=dict)
    result: Any = None
    by_array: bool = True

    def row_names(self, numbering: str = "zero", letter: str = "v", named: str = "") -> list[str]:
        """The names of the rows."""
        by_array, constants = self.by_array, self.constants
        found = (self.program, self.names, self.outputs, numbering, by_array, constants)
        return row_names(*found, letter, named)


def row_names(
    program: WengertList,
    inputs: Sequence[str],
    outputs: Sequence[str],
    numbering: str = "zero",
    by_array: bool | None = None,
    constants: Iterable[str] = (),
    letter: str = "v",
    named: str = "",
) -> list[str]:
    """The name of every row. numbering: "zero", "one", "griewank" (inputs end at 0) or "letters"
    (a, b, c …); letter stands before numbers. named: what has a name instead of a number, "inputs",
    "ends" (inputs and results) or "none"; unless given it is "ends" by_array, that is, unless given
    as well, where an input is an array. constants are names that rows must not have.

    >>> from admodes.core.record import record
    >>> row_names(record(lambda x: x * x + 1.0, 3.0), ["x"], ["y"])
    ['v0', 'v1', 'v2']
    >>> row_names(record(lambda x: x * x + 1.0, np.ones(2)), ["x"], ["y"])
    ['x', 'v1', 'y']
    """
    steps = program.steps
    if by_array is None:
        by_array = takes_arrays(program)
    named = named or ("ends" if by_array else "none")
    ends: dict[int, str] = {}
    if named == "ends":
        results = zip(program.outputs, outputs, strict=True)
        ends = {y.row: n for y, n in results if isinstance(y, Ref) and steps[y.row].name is None}
    if named != "none":
        ends |= dict(zip((x.row for x in program.inputs), inputs, strict=True))
    returned = {y.row for y in program.outputs if isinstance(y, Ref)}
    numbers = returned - ends.keys() if named != "ends" else set()
    taken = {*inputs, *constants} if named == "ends" else {*inputs, *outputs}
    unnamed, like_a_number = _numbers(program, inputs, {*taken, *outputs}, numbering, letter)
    refused = {*taken, *(f"{n}{end}" for n in (*taken, *outputs) for end in DERIVATIVES)}
    names: dict[str, None] = {}
    for i, step in enumerate(steps):
        name = ends.get(i) or step.name
        if i not in ends and name is not None:
            fit = name not in refused and is_pythons(name) and not like_a_number(name)
            name = name if fit else None
        if name is None or name in names or i in numbers:
            name = unnamed(i)
        names[name] = None
        refused.update(f"{name}{end}" for end in DERIVATIVES)
        refused.update(name.removesuffix(end) for end in DERIVATIVES if name.endswith(end))
    return list(names)


def _numbers(
    program: WengertList, inputs: Sequence[str], taken: set[str], numbering: str, letter: str
) -> tuple[Callable[[int], str], Callable[[str], Any]]:
    """What an unnamed row is called, and whether a name looks as if it were such a number."""
    if numbering == "letters":
        known = {*taken, *(step.name for step in program.steps)}
        signs = (n * sign for n in itertools.count(1) for sign in string.ascii_lowercase)
        free = (name for name in signs if name not in known)
        return lambda row: next(free), lambda name: None
    start = {"zero": 0, "one": 1, "griewank": 1 - len(inputs)}[numbering]
    ends = zip(program.inputs, inputs, strict=True)
    numbered_so = {name for x, name in ends if name == f"{letter}{x.row + start}"}
    stem = free_stem(taken - numbered_so, letter)
    return lambda row: f"{stem}{row + start}", re.compile(rf"{stem}-?\d+").fullmatch


def is_pythons(name: str) -> bool:
    """Whether printed Python can call a variable so."""
    return name.isidentifier() and not keyword.iskeyword(name) and name not in MODULES


def takes_arrays(program: WengertList) -> bool:
    """Whether an input is an array."""
    return any(program.steps[x.row].shape for x in program.inputs)


def input_names(f: Callable, args: tuple, given: Sequence[str] | None) -> list[str]:
    """One name per number or array: those of the parameters, numbered inside lists and dicts."""
    return _inputs(f, args, given, _leaf_names)


def component_names(f: Callable, args: tuple, given: Sequence[str] | None) -> list[str]:
    """One name per number: those of the parameters, numbered inside arrays, lists and dicts."""
    return _inputs(f, args, given, _number_names)


def _inputs(
    f: Callable,
    args: tuple,
    given: Sequence[str] | None,
    parts: Callable[[str, Any], list[str]],
) -> list[str]:
    n = len([name for x in args for name in parts("x", x)])
    given = _names_of(f, "inputs", n) if given is None else given
    if given is not None:
        return checked_names(given, n, "input")
    stems = parameters(f, len(args)) or []
    names = [name for stem, x in zip(stems, args, strict=False) for name in parts(stem, x)]
    if len(stems) == len(args) and len(set(names)) == n and all(map(is_name, names)):
        return names
    return numbered("x", n)


def parameters(f: Callable, n: int) -> list[str] | None:
    """The names of f's first n parameters; None where it does not tell so many."""
    try:
        signature = inspect.signature(f)
    except (TypeError, ValueError):
        return None
    starred = (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)
    names = [p.name for p in signature.parameters.values() if p.kind not in starred][:n]
    return names if len(names) == n else None


def _names_of(f: Callable, attribute: str, n: int) -> Sequence[str] | None:
    """The names that a parsed function carries, where it has n."""
    names = getattr(f, attribute, None)
    if not isinstance(names, (tuple, list)) or len(names) != n:
        return None
    return names if all(isinstance(name, str) for name in names) else None


def _leaf_names(stem: str, x: Any) -> list[str]:
    if isinstance(x, dict):
        return [name for k, part in x.items() for name in _leaf_names(str(k), part)]
    if isinstance(x, (tuple, list)):
        return [name for i, part in enumerate(x) for name in _leaf_names(f"{stem}{i + 1}", part)]
    return [stem]


def _number_names(stem: str, x: Any) -> list[str]:
    if not isinstance(x, (dict, list, tuple)):
        return entry_names(stem, shape_of(x))
    size = sum(math.prod(shape_of(leaf)) for leaf in flatten(x)[0])
    return [f"{stem}{i + 1}" for i in range(size)]


def output_names(
    f: Callable,
    program: WengertList,
    given: Sequence[str] | None,
    inputs: Sequence[str],
    by_array: bool,
    shapes: Sequence[tuple[int, ...]] | None = None,
    held: Sequence[str | None] = (),
    tree: Tree | None = None,
) -> list[str]:
    """One name per output: the keys of a dict that f returns (tree: how its result is nested), y1,
    y2, …, and where f takes arrays those of the local variables that it returns. shapes: the
    outputs are the numbers in results of these shapes, and names may be those of the results;
    held: the local variables of these."""
    m = len(program.outputs)
    if given is None:
        results = m if shapes is None else len(shapes)
        given = _names_of(f, "outputs", m) or _names_of(f, "outputs", results)
    if given is None:
        keys = [] if tree is None else _keys(tree)
        return _unnamed(program, inputs, by_array, held, shapes, keys)
    if shapes is not None and len(given) == len(shapes) != m:
        entries = zip(given, shapes, strict=True)
        given = [name for stem, shape in entries for name in _result_names(stem, shape)]
    return checked_names(given, m, "output")


def _unnamed(
    program: WengertList,
    inputs: Sequence[str],
    by_array: bool,
    held: Sequence[str | None],
    shapes: Sequence[tuple[int, ...]] | None,
    keys: Sequence[str | None],
) -> list[str]:
    """Names for outputs to which the user gave none, that are not those of other rows."""
    rows = [y.row if isinstance(y, Ref) else None for y in program.outputs]
    names = [step.name for step in program.steps]
    if by_array:
        held = [None if row is None else names[row] for row in rows]
    if any(keys):
        held = [key or name for key, name in zip(keys, held or [None] * len(keys), strict=True)]
    m = len(rows)

    def is_free(stem: str) -> bool:
        ends = dict(zip(numbered(stem, m), rows, strict=True))
        others = any(name in ends and ends[name] != i for i, name in enumerate(names))
        return not others and not any(name.startswith(stem) for name in inputs)

    ends = numbered(next(filter(is_free, ("y", "f", "out")), "result"), m)
    if any(held):
        remaining = iter(ends)
        named = []
        for name, shape in zip(held, shapes or [()] * m, strict=True):
            places = [next(remaining) for _ in range(math.prod(shape))]
            named += places if name is None else _result_names(name, shape)
        if len({*named, *inputs}) == m + len(inputs):
            return named
    return ends


def _keys(tree: Tree, stem: str | None = None) -> list[str | None]:
    """For each leaf the key of the dict that it is in, None where it is in none."""
    if tree.kind is None:
        return [stem]
    stems: list[str | None] = [stem and f"{stem}{i + 1}" for i in range(len(tree.branches))]
    if tree.keys is not None:
        stems = [key if is_name(key) else None for key in tree.keys]
    parts = zip(tree.branches, stems, strict=True)
    return [name for branch, part in parts for name in _keys(branch, part)]


def entry_names(stem: str, shape: tuple[int, ...]) -> list[str]:
    """The names of the entries of an array: x1, x2, …, and with brackets where these would be read
    as one number, or there are several axes.

    >>> entry_names("x", (2,)), entry_names("W1", (1, 2)), entry_names("b1", (2,))
    (['x1', 'x2'], ['W1[1,1]', 'W1[1,2]'], ['b1[1]', 'b1[2]'])
    """
    if shape == ():
        return [stem]
    if len(shape) == 1 and not stem[-1:].isdigit():
        return [f"{stem}{i + 1}" for i in range(shape[0])]
    places = itertools.product(*(range(1, n + 1) for n in shape))
    return [f"{stem}[{','.join(map(str, place))}]" for place in places]


def _result_names(stem: str, shape: tuple[int, ...]) -> list[str]:
    """The names of the numbers in a result, of which a single one has that of the result."""
    return [stem] if math.prod(shape) == 1 else entry_names(stem, shape)


def numbered(stem: str, n: int) -> list[str]:
    """n names: x1, x2, …, or x where it is one."""
    return [stem] if n == 1 else [f"{stem}{i + 1}" for i in range(n)]


@contextmanager
def watching(f: Callable, constants: dict[str, np.ndarray]) -> Iterator[None]:
    """Names the rows that local variables of f hold when it has returned, and collects the arrays
    that it sees. A profiler notices that f is called, and is then gone, as it takes time; one that
    was there before goes on. Under one of C, as cProfile is, local variables give no names."""
    code, outside = _source(f)
    previous = sys.getprofile()
    calls: list[FrameType] = []

    def profile(frame: FrameType, event: Any, arg: Any) -> None:
        if event == "call" and frame.f_code is code:
            calls.append(frame)
            sys.setprofile(previous)
        if previous is not None:
            previous(frame, event, arg)

    constants.update(outside)
    if code is None or not (previous is None or callable(previous)):
        yield
        return
    sys.setprofile(profile)
    try:
        yield
    finally:
        sys.setprofile(previous)
    for frame in calls:
        for name, held in frame.f_locals.items():
            if held.__class__ is Recorded and held.step.name is None:
                named(held, name)
            elif isinstance(held, np.ndarray) and held.ndim:
                constants[name] = held.copy()


def _users(f: Callable) -> FunctionType | None:
    """The function that the user wrote. One that admodes made, as ad.grad(g) is, has no variables
    that a user named."""
    f = getattr(f, "reordered", f)
    module = getattr(f, "__module__", None) or ""
    made_here = module.startswith("admodes.") and "<locals>" in getattr(f, "__qualname__", "")
    if made_here or getattr(f, "names_its_rows", False):
        return None
    f = getattr(f, "func", getattr(f, "__func__", f))
    f = f if inspect.isfunction(f) else type(f).__dict__.get("__call__", f)
    return f if inspect.isfunction(f) else None


def _source(f: Callable) -> tuple[CodeType | None, dict[str, np.ndarray]]:
    """The code of f, and the arrays among its globals and free variables."""
    f = _users(f)  # type: ignore[assignment]
    if f is None:
        return None, {}
    try:
        free = inspect.getclosurevars(f)
    except ValueError:  # a variable of an enclosing function that has no value yet
        return f.__code__, {}
    seen = {**free.globals, **free.nonlocals}
    arrays = {k: v.copy() for k, v in seen.items() if isinstance(v, np.ndarray) and v.ndim}
    return f.__code__, arrays
