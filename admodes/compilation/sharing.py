"""Common subexpressions before differentiation.

A function that computes something twice, such as the minors of a determinant, leaves two rows on a
tape, and a reverse sweep pulls two adjoints back through what is one number. While a program is
recorded for compilation, the function inside a reverse mode is therefore recorded alone first; the
rows that are left when equal ones are shared are what the tape is made of.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from admodes.core.carrier import Carrier, calling_through
from admodes.core.pytree import flatten, unflatten
from admodes.core.record import Program, record_leaves
from admodes.core.tape import Node, Traced
from admodes.optimisation import dead, local
from admodes.program.replay import rows_at, value_of


def sharing(held: Mapping[int, np.ndarray]) -> Callable[[Callable, tuple], Any]:
    """For carrier.calling_through: f(*args), whose equal rows are shared where args are values on
    a tape. held: arrays that are read anew at each run."""

    def through(f: Callable, args: tuple) -> Any:
        leaves, tree = flatten(args)
        if not any(isinstance(x, (Node, Traced)) for x in leaves):
            return f(*args)
        with calling_through(None):
            program = _recorded(f, leaves, tree, held)
        if program is None:
            return f(*args)
        smaller = local(program, ("common subexpressions",))
        if len(smaller.steps) >= len(dead(program).steps):
            return f(*args)
        made = rows_at(smaller, leaves) or []
        return unflatten(program.out_tree, [value_of(y, made) for y in smaller.outputs])

    return through


def _recorded(f: Callable, leaves: list, tree: Any, held: Mapping) -> Program | None:
    """The rows of f alone; None for a function that is not of numbers alone."""
    inner = [x.primal if isinstance(x, Carrier) else x for x in leaves]
    try:
        return record_leaves(lambda *xs: f(*unflatten(tree, list(xs))), inner, f, held, taped=True)
    except (TypeError, ValueError):
        return None
