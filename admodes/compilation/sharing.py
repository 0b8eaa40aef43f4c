"""A function in reverse mode, recorded alone before a tape is made.

While a program is recorded for compilation, a function inside a reverse mode first runs on plain
values. What it does twice, such as the minors of a determinant, is shared in that list, since a
sweep would pull two adjoints back through what is one number; loops in it become one row each. The
rows that are left are what the tape is made of.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from admodes.core.carrier import Carrier, calling_through
from admodes.core.forward import Dual
from admodes.core.held import Held
from admodes.core.pytree import flatten, unflatten
from admodes.core.record import Guard, Recorded, Ref, WengertList, record_leaves
from admodes.core.tape import Node, Traced
from admodes.loops.rolling import shortened
from admodes.optimisation import dead, local
from admodes.programs.replay import again
from admodes.programs.rewriting import ends, needed


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
                loops=True,
            )
        for x in leaves:
            while isinstance(x, Carrier):
                for note in program.notes:
                    x.seen(note)
                x = x.primal
        guard_errors(program, handles)
        program = shortened(program)
        smaller = local(program, ("common subexpressions",))
        whole = dead(program)
        chosen = smaller if len(smaller.steps) < len(whole.steps) else whole
        return again(chosen)(*leaves)

    return through


def _inside(x: Any) -> Any:
    """The plain value of an argument, or all samples of one as a value of their own."""
    while isinstance(x, (Node, Traced, Dual, Recorded)):
        x = x.primal
    return x


def has_value(y: Any) -> bool:
    """What a guard asks of a row that must be computed, since that may raise."""
    return True


def guard_errors(program: WengertList, handles: bool) -> None:
    """Guards on rows that may raise: where nothing else reads them, so that they are not dropped,
    and everywhere where the function may go on after an error."""
    rows = ((i, step) for i, step in enumerate(program.steps) if step.op is not None)
    found = [i for i, step in rows if step.op.may_raise(step.params)]
    if not found:
        return
    read = set() if handles else needed(program, ends(program))
    program.guards += [Guard(has_value, (Ref(i),), True) for i in found if i not in read]
