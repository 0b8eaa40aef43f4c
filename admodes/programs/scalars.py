"""A function as a list of scalars: array inputs taken apart into components, array results too."""

from __future__ import annotations

import inspect
import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from admodes.core.carrier import Carrier, is_numpys, value
from admodes.core.names import checked_names
from admodes.core.pytree import flatten, unflatten
from admodes.core.record import Program, record
from admodes.core.subclasses import plain_array
from admodes.core.values import canonical, shape_of
from admodes.errors import BadType
from admodes.ops.shaping import array, reshape, stack
from admodes.programs.tidy import tidy


def scalar_program(
    f: Callable,
    args: tuple,
    names: Sequence[str] | None = None,
    outputs: Sequence[str] | None = None,
) -> tuple[Program, list[str], list[str]]:
    """The tidied list of f at args, whose first rows are the components of args in order, with
    the names of inputs and outputs (those of f's parameters unless given).

    Raises ValueError for wrong numbers of names, TypeError for arguments that are no numbers.
    """
    scalars, components = scalar_function(f, args)
    inputs = _input_names(f, args, names, len(components))
    program = tidy(record(scalars, *components))
    return program, inputs, _output_names(f, scalars.shapes, outputs, inputs)  # type: ignore[attr-defined]


def scalar_function(f: Callable, args: tuple) -> tuple[Callable, list[float]]:
    """f as a function of numbers that returns a list of numbers, and args as those numbers: floats,
    or numbers of NumPy where an argument is an array or a number of NumPy.

    >>> import numpy as np
    >>> from admodes.programs.scalars import scalar_function
    >>> g, components = scalar_function(lambda x: x * 2, (np.array([1.0, 3.0]),))
    >>> [float(c) for c in components], [float(y) for y in g(*components)]
    ([1.0, 3.0], [2.0, 6.0])
    """
    leaves, tree = flatten(args)
    kind = np.float64 if any(map(is_numpys, leaves)) else float
    components = [kind(c) for x in leaves for c in np.ravel(_number(x))]
    return _scalarised(f, leaves, tree), components


def _number(x: Any) -> Any:
    plain = np.asarray(plain_array(value(x)))
    if isinstance(x, Carrier) or plain.dtype.kind not in "fiub":
        raise BadType(f"takes numbers and arrays of numbers, got {x!r}")
    return plain


def _scalarised(f: Callable, leaves: list, tree: Any) -> Callable:
    """f as a function of scalars alone, whose array results are taken apart as well."""

    shapes: list[tuple[int, ...]] = []

    def scalarised(*components: Any) -> list:
        remaining = iter(components)
        inputs = []
        for x in leaves:
            shape = shape_of(x)
            if shape == ():
                inputs.append(next(remaining))
                continue
            flat = array([next(remaining) for _ in range(int(np.prod(shape)))])
            inputs.append(flat if len(shape) == 1 else reshape(flat, shape=shape))
        parts: list = []
        results = flatten(f(*unflatten(tree, inputs)))[0]
        shapes[:] = map(shape_of, results)
        for y, shape in zip(results, shapes, strict=True):
            parts.extend([y] if shape == () else (canonical(y[i]) for i in np.ndindex(shape)))
        return parts

    scalarised.__name__ = getattr(f, "__name__", "the function")
    scalarised.shapes = shapes  # type: ignore[attr-defined]
    return scalarised


def of_one_vector(f: Callable, args: tuple, one_output: bool = False) -> tuple[Callable, Any]:
    """f as a function of all its numbers in one vector, and that vector; a function of one array as
    it is. The result is one vector, or for one_output a number where there is one.

    >>> from admodes.programs.scalars import of_one_vector
    >>> g, x = of_one_vector(lambda a, b: (a * b, a), (2.0, 3.0))
    >>> x.tolist(), g(x).tolist()
    ([2.0, 3.0], [6.0, 2.0])
    """
    if len(args) == 1 and np.ndim(args[0]):
        return f, args[0]
    scalars, components = scalar_function(f, args)

    def of_vector(x: Any) -> Any:
        results = scalars(*(x[i] for i in range(len(components))))
        return results[0] if one_output and len(results) == 1 else stack(results)

    of_vector.__name__ = getattr(f, "__name__", "f")
    return of_vector, np.array(components)


def _own_names(f: Callable, attribute: str) -> Sequence[str] | None:
    """The names that a parsed function carries; the rows of a program are no names."""
    given = getattr(f, attribute, None)
    texts = isinstance(given, (tuple, list)) and all(isinstance(n, str) for n in given)
    return given if texts else None


def _input_names(f: Callable, args: tuple, given: Sequence[str] | None, n: int) -> list[str]:
    if given is None:
        given = _own_names(f, "inputs")
    if given is not None:
        return checked_names(given, n, "input")
    try:
        parameters = list(inspect.signature(f).parameters.values())
        starred = (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)
        stems = [p.name for p in parameters if p.kind not in starred][: len(args)]
    except (TypeError, ValueError):
        stems = []
    if len(stems) != len(args):
        return [f"x{i + 1}" for i in range(n)]
    found: list[str] = []
    for stem, x in zip(stems, args, strict=True):
        size = sum(int(np.size(leaf)) for leaf in flatten(x)[0])
        scalar = shape_of(x) == () and not isinstance(x, (dict, list, tuple))
        found += [stem] if scalar else [f"{stem}{i + 1}" for i in range(size)]
    return found if len(set(found)) == n else [f"x{i + 1}" for i in range(n)]


def _output_names(
    f: Callable, shapes: list[tuple[int, ...]], given: Sequence[str] | None, inputs: list[str]
) -> list[str]:
    """One name per number of the results, whose shapes are given; a name of an array is that of its
    entries, numbered."""
    m = sum(map(math.prod, shapes))
    own = given is None
    if given is None:
        given = _own_names(f, "outputs")
    if given is not None and len(given) == len(shapes) != m:
        given = [
            name
            for stem, shape in zip(given, shapes, strict=True)
            for name in ([stem] if shape == () else numbered(stem, math.prod(shape)))
        ]
    if given is None or (own and len(given) != m):
        stem = "f" if any(n.startswith("y") for n in inputs) else "y"
        return [stem] if m == 1 else numbered(stem, m)
    return checked_names(given, m, "output")


def numbered(stem: str, n: int) -> list[str]:
    """The names of the entries of an array: x1, x2, …"""
    return [f"{stem}{i + 1}" for i in range(n)]
