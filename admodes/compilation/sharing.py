"""A function in reverse mode, recorded alone before a tape is made.

While a program is recorded for compilation, a function inside a reverse mode first runs on plain
values. What it does twice, such as the minors of a determinant, is shared in that list, since a
sweep would pull two adjoints back through what is one number; loops in it become one row each. The
rows that are left are what the tape is made of, but for those whose derivative is known to be 0.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from itertools import chain
from operator import attrgetter
from typing import Any

from admodes.core.carrier import Carrier, calling_through, innermost
from admodes.core.forward import Dual
from admodes.core.held import Held
from admodes.core.pytree import flatten, unflatten
from admodes.core.record import Guard, Recorded, Ref, Step, WengertList, record_leaves
from admodes.core.tape import Node, Traced
from admodes.core.values import blank, shape_of
from admodes.loops.rolling import shortened
from admodes.optimisation import dead, local
from admodes.optimisation.folding import wanted
from admodes.optimisation.passes.shifts import shifts
from admodes.programs.keys import param_key
from admodes.programs.replay import again
from admodes.programs.rewriting import ends, has_value, needed, raising

GRADIENT = 4
"""The list of a gradient is about so many times as long as that of the function."""


def sharing(held: Held, handles: bool) -> Callable[[Callable, tuple], Any]:
    """For carrier.calling_through: f(*args), by the shortened list of f where args are values on a
    tape. held: arrays that are read anew at each run; handles: f may go on after an error."""

    def through(f: Callable, args: tuple) -> Any:
        leaves, tree = flatten(args)
        if not any(isinstance(x, (Node, Traced)) for x in leaves):
            return f(*args)
        with calling_through(None):
            # f runs here and nowhere else: what it does beside its result is done once.
            program = record_leaves(
                lambda *xs: f(*unflatten(tree, list(xs))),
                list(map(_inside, leaves)),
                f,
                held,
                values=False,
                taped=True,
                checked=False,
                numpys=any(map(_numpys, leaves)),
                loops=True,
            )
        for x in leaves:
            while isinstance(x, Carrier):
                for note in program.notes:
                    x.seen(note)
                x = x.primal
        guard_errors(program, handles)
        program = opened(program)
        program = shortened(program, GRADIENT)
        smaller = local(program, ("common subexpressions",))
        chosen = smaller if len(smaller.steps) < sum(wanted(program)) else dead(program)
        return again(chosen, shifts(chosen))(*leaves)

    return through


def opened(program: WengertList) -> WengertList:
    """The list in which values from outside, which are traced there, are inputs instead of
    constants, so that loops over them are seen."""
    if not refers_to_carriers(program):
        return program
    places: dict[tuple, Ref] = {}
    taken: dict[int, Any] = {}
    for step in program.steps:
        for a in step.args:
            if isinstance(a, Carrier) and shape_of(innermost(a)) == a.shape:
                known = places.setdefault(_told(a), Ref(len(taken)))
                taken.setdefault(known.row, a)
    if not taken:
        return program
    first = len(taken)

    def moved(a: Any) -> Any:
        if a.__class__ is Ref:
            return Ref(a.row + first)
        return places.get(_told(a), a) if isinstance(a, Carrier) else a

    rows = [Step(None, (), None, blank(innermost(a))) for a in taken.values()]
    rows += [replace(step, args=tuple(map(moved, step.args))) for step in program.steps]
    return replace(
        program,
        steps=rows,
        inputs=list(map(moved, program.inputs)),
        outputs=[moved(y) if isinstance(y, Ref) else y for y in program.outputs],
        guards=[replace(g, args=tuple(map(moved, g.args))) for g in program.guards],
        captured=taken | {row + first: a for row, a in program.captured.items()},
    )


def refers_to_carriers(program: WengertList) -> bool:
    """Whether constants of rows are traced values of a derivative that is being taken outside."""
    every = chain.from_iterable(map(attrgetter("args"), program.steps))
    return any(issubclass(kind, Carrier) for kind in set(map(type, every)))


def _told(a: Carrier) -> tuple:
    """What is the same for equal rows of a recording, and for copies of a value, which keep it as
    it was when they were made: x += v gives another one to the same object."""
    step = a.step if a.__class__ is Recorded else None
    if step is not None and step.args and all(x.__class__ is Ref for x in step.args):
        return id(a.level), step.op, step.args, param_key(step.params)
    return tuple(id(getattr(a, name)) for name in a.content) or (id(a),)


def _numpys(x: Any) -> bool:
    """Whether numbers beside this value are those of NumPy."""
    while isinstance(x, Carrier):
        if x.level.arrays:
            return True
        x = x.primal
    return False


def _inside(x: Any) -> Any:
    """The plain value of an argument, or all samples of one as a value of their own."""
    while isinstance(x, (Node, Traced, Dual, Recorded)):
        x = x.primal
    return x


def guard_errors(program: WengertList, handles: bool) -> None:
    """Guards on rows that may raise: where nothing else reads them, so that they are not dropped,
    and everywhere where the function may go on after an error."""
    found = raising(program)
    if not found:
        return
    read = set() if handles else needed(program, ends(program))
    program.guards += [Guard(has_value, (Ref(i),), True) for i in found if i not in read]
