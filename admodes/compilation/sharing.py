"""Common subexpressions before differentiation.

A function that computes something twice, such as the minors of a determinant, leaves two rows on a
tape, and a reverse sweep pulls two adjoints back through what is one number. While a program is
recorded for compilation, the function inside a reverse mode is therefore recorded alone first; the
rows that are left when equal ones are shared are what the tape is made of.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from admodes.core.carrier import Carrier, calling_through
from admodes.core.held import Held
from admodes.core.pytree import flatten, unflatten
from admodes.core.record import record_leaves
from admodes.core.tape import Node, Traced
from admodes.optimisation import dead, local
from admodes.programs.replay import rows_at, value_of


def sharing(held: Held) -> Callable[[Callable, tuple], Any]:
    """For carrier.calling_through: f(*args), whose equal rows are shared where args are values on
    a tape. held: arrays that are read anew at each run."""

    def through(f: Callable, args: tuple) -> Any:
        leaves, tree = flatten(args)
        if not any(isinstance(x, (Node, Traced)) for x in leaves):
            return f(*args)
        inner = [x.primal if isinstance(x, Carrier) else x for x in leaves]
        with calling_through(None):
            # f runs here and nowhere else: what it does beside its result is done once.
            program = record_leaves(
                lambda *xs: f(*unflatten(tree, list(xs))),
                inner,
                f,
                held,
                taped=True,
                checked=False,
                loops=True,
            )
        smaller = local(program, ("common subexpressions",))
        whole = dead(program)
        chosen = smaller if len(smaller.steps) < len(whole.steps) else whole
        made = rows_at(chosen, leaves) or []
        return unflatten(program.out_tree, [value_of(y, made) for y in chosen.outputs])

    return through
