"""`program_of`: records a function as a list of operations, with one row per operation on whole
arrays where it computes with arrays, and one per operation on numbers otherwise.

A function and its arguments go in; a NamedProgram (the list and the names of its inputs and
outputs) comes out. The function runs once in either case.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from admodes.core.carrier import Carrier, value
from admodes.core.pytree import flatten, unflatten
from admodes.core.record import Ref, WengertList, record
from admodes.core.structure import Moves
from admodes.errors import BadType, BadValue, choices
from admodes.programs.names import NamedProgram, input_names, output_names, watching
from admodes.programs.replay import again
from admodes.programs.scalars import scalar_program
from admodes.programs.tidy import tidy

ROWS = ("auto", "scalar", "array")

Names = Sequence[str] | None


def program_of(
    f: Callable,
    args: tuple,
    rows: str = "auto",
    names: Names = None,
    outputs: Names = None,
    directions: Sequence[str] = (),
    components: tuple[Names, Names] | None = None,
    check: Callable[[], None] = lambda: None,
    located: bool = False,
    loops: bool = False,
) -> NamedProgram:
    """The tidied list of f at args, for the word rows: "array", "scalar" or "auto". "auto" is by
    array where an argument is an array and an operation works on a whole one, unless f takes an
    input vector apart (x[0]), or names are one per component, or directions name components.
    components are the names of inputs and outputs by scalars, where others are meant than those by
    array. check is called before f runs on scalars, and may refuse. located is as in record, and so
    are loops, of lists by array.

    Raises ValueError for an unknown word and for wrong numbers of names, TypeError for arguments
    that are no numbers.

    >>> program_of(lambda x: 2 * x, (np.ones(2),)).row_names()
    ['x', 'y']
    >>> program_of(lambda x: x[0] * x[1], (np.ones(2),)).row_names()
    ['v0', 'v1', 'v2']
    """
    if rows not in ROWS:
        raise BadValue(f"rows {rows!r} is unknown; {choices(rows, ROWS)}")
    by_number = components or (names, outputs)
    sizes = [int(np.size(value(x))) for x in flatten(args)[0]]
    arrays = any(np.ndim(value(x)) for x in flatten(args)[0])
    apart = any(given is not None and len(given) == sum(sizes) != len(sizes) for given in by_number)
    if rows == "scalar" or (rows == "auto" and (not arrays or (apart and components is None))):
        check()
        return scalar_program(f, args, *by_number, located=located)
    for leaf in flatten(args)[0]:
        if isinstance(leaf, Carrier) or np.asarray(value(leaf)).dtype.kind not in "fiub":
            raise BadType(f"takes numbers and arrays of numbers, got {leaf!r}")
    constants: dict[str, np.ndarray] = {}
    with watching(f, constants):
        program = record(f, *args, located=located, loops=loops)
    listed = tidy(program)
    if rows == "auto" and not _is_by_array(f, args, listed, [names, outputs], directions):
        check()
        return scalar_program(f, args, *by_number, run=again(program), located=located)
    inputs = input_names(f, args, names)
    result = unflatten(listed.out_tree, [listed.value(y) for y in listed.outputs])
    ends = output_names(f, listed, outputs, inputs, True, tree=listed.out_tree)
    return NamedProgram(listed, inputs, ends, program, constants, result)


def array_program(
    f: Callable, args: tuple, names: Names = None, outputs: Names = None
) -> NamedProgram:
    """The tidied list of f at args, one row per operation.

    >>> def f(x):
    ...     z = 2 * x
    ...     return z @ z
    >>> found = array_program(f, (np.ones(3),))
    >>> [(name, step.shape) for name, step in zip(found.row_names(), found.program.steps)]
    [('x', (3,)), ('z', (3,)), ('y', ())]
    """
    return program_of(f, args, "array", names, outputs)


def _is_by_array(
    f: Callable,
    args: tuple,
    program: WengertList,
    names: Sequence[Names],
    directions: Sequence[str],
) -> bool:
    inputs = input_names(f, args, None)
    known = {*inputs, *output_names(f, program, None, inputs, True)}
    known.update(n for given in names for n in given or ())
    if not known.issuperset(directions):
        return False
    return _works_on_arrays(program) and not _takes_components(program)


def _works_on_arrays(program: WengertList) -> bool:
    return any(
        step.op is not None
        and step.op.kind != "moves"
        and any(np.size(x) > 1 for x in (step.like, *program.likes(step)))
        for step in program.steps
    )


def _takes_components(program: WengertList) -> bool:
    vectors = {x.row for x in program.inputs if len(program.steps[x.row].shape) == 1}
    return any(
        step.op is not None
        and isinstance(step.op.structure, Moves)
        and step.shape == ()
        and any(isinstance(a, Ref) and a.row in vectors for a in step.args)
        for step in program.steps
    )
