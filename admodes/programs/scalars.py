"""`scalar_program`: a function and its arguments go in; its list comes out, in which every row is
an operation on single numbers. The components of array arguments are its inputs, those of array
results its outputs."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import nullcontext
from typing import Any

import numpy as np

from admodes.core.carrier import Carrier, innermost, is_numpys, value
from admodes.core.inplace import lent
from admodes.core.pytree import flatten, unflatten
from admodes.core.record import Recorded, Step, record_leaves
from admodes.core.subclasses import plain_array
from admodes.core.values import canonical, shape_of
from admodes.errors import BadType, BadValue
from admodes.ops.shaping import array, reshape, stack
from admodes.programs.names import NamedProgram, component_names, output_names, watching
from admodes.programs.tidy import tidy


def scalar_program(
    f: Callable,
    args: tuple,
    names: Sequence[str] | None = None,
    outputs: Sequence[str] | None = None,
    run: Callable | None = None,
    located: bool = False,
) -> NamedProgram:
    """The tidied list of f at args, whose first rows are the components of args in order. run is
    what runs in the place of f, where f has run before. located is as in record.

    Raises ValueError for wrong numbers of names, TypeError for arguments that are no numbers.

    >>> found = scalar_program(lambda x, y: x[0] * x[1] + y, ([2.0, 3.0], 4.0))
    >>> found.names, found.outputs, found.row_names()
    (['x1', 'x2', 'y'], ['f'], ['v0', 'v1', 'v2', 'v3', 'v4'])
    """
    scalars, components = scalar_function(run or f, args)
    inputs = component_names(f, args, names)
    with watching(f, {}) if run is None else nullcontext():
        leaves, numpys = list(map(float, components)), any(map(is_numpys, components))
        recorded = record_leaves(scalars, leaves, f, numpys=numpys, located=located)
    program = tidy(recorded)
    met: Results = scalars.met  # type: ignore[attr-defined]
    held = met.names if any(map(shape_of, flatten(args)[0])) else ()
    ends = output_names(
        f, program, outputs, inputs, False, met.shapes, held, flatten(met.result)[1]
    )
    return NamedProgram(program, inputs, ends, recorded, result=met.result, by_array=False)


class Results:
    """What a function returned when it last ran on scalars: that itself, and of each array or
    number in it the shape and the row, where it was recorded."""

    result: Any
    shapes: list[tuple[int, ...]]
    steps: list[Step | None]

    @property
    def names(self) -> list[str | None]:
        """The name of the local variable that holds each array or number."""
        return [None if step is None else step.name for step in self.steps]


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

    met = Results()

    def scalarised(*components: Any) -> list:
        remaining = iter(components)
        inputs = []
        for x in leaves:
            shape = shape_of(x)
            if shape == ():
                inputs.append(next(remaining))
                continue
            flat = array([next(remaining) for _ in range(int(np.prod(shape)))])
            whole = flat if len(shape) == 1 else reshape(flat, shape=shape)
            inputs.append(lent(whole) if isinstance(whole, Carrier) else whole)
        parts: list = []
        results, out = flatten(f(*unflatten(tree, inputs)))
        met.result = unflatten(out, [innermost(y) for y in results])
        met.shapes = list(map(shape_of, results))
        met.steps = [y.step if y.__class__ is Recorded else None for y in results]
        for y, shape in zip(results, met.shapes, strict=True):
            parts.extend([y] if shape == () else (canonical(y[i]) for i in np.ndindex(shape)))
        return parts

    scalarised.__name__ = getattr(f, "__name__", "the function")
    scalarised.met = met  # type: ignore[attr-defined]
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
        if not results:
            raise BadValue(f"{of_vector.__name__} returns no number")
        return results[0] if one_output and len(results) == 1 else stack(results)

    of_vector.__name__ = getattr(f, "__name__", "f")
    return of_vector, np.array(components)
