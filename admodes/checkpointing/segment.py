"""ad.checkpoint: wraps a function so that a reverse sweep stores only its arguments, and evaluates
it again when the sweep arrives there."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

from admodes.checkpointing.recompute import Trial, collapsed
from admodes.core.carrier import call
from admodes.core.pytree import Tree, flatten, unflatten
from admodes.errors import BadType


def checkpoint(f: Callable) -> Callable:
    """f, of which a reverse sweep keeps no more than its arguments and what it closes over.

    The result has the arguments, values and derivatives of f, of any order and in any nesting. In
    reverse mode nothing inside f is kept; when the sweep arrives, f is evaluated once more, and
    what it recorded is dropped after its own part of the sweep. So a chain of k checkpoints keeps k
    arguments and one part's inside at a time, for one more evaluation of f. Arguments and results
    are pytrees; what is no number goes through. Traced values that f closes over (parameters, say)
    get their derivatives too. In forward mode alone f just runs; a program (ad.record,
    ad.compile) is the list of everything and saves nothing. Arrays among the arguments that
    are not differentiated and that the caller could change are copied.

    f is evaluated twice, so it must give the same values both times. Raises ValueError where it
    does not (random numbers; an array that it refers to and that was changed in between, which is
    compared to the last bit, as a few entries of each result are), TypeError where it changes a
    traced argument in place or is none.

    A. Griewank, Achieving logarithmic growth of temporal and spatial complexity in reverse
    automatic differentiation, Optimization Methods and Software 1 (1992).

    >>> import admodes as ad
    >>> calls = []
    >>> def f(x):
    ...     calls.append(x)
    ...     return ad.sin(x) ** 2
    >>> ad.grad(lambda x: 3 * ad.checkpoint(f)(x))(0.5) == ad.grad(lambda x: 3 * f(x))(0.5)
    True
    >>> len(calls)
    3
    """
    if not callable(f):
        raise BadType(f"checkpoint takes a function, as in ad.checkpoint(f)(x), and got {f!r}")
    who = f"checkpoint({getattr(f, '__name__', type(f).__name__)})"

    @functools.wraps(f)
    def checkpointed(*args: Any, **kwargs: Any) -> Any:
        leaves, tree = flatten((args, kwargs))
        trees: list[Tree] = []

        def forward(trial: Trial, xs: list) -> list:
            given, named = unflatten(tree, xs)
            results, out_tree = flatten(call(functools.partial(f, **named), given))
            trees.append(out_tree)
            return results

        results = collapsed(who, leaves, forward, reads=f)
        return unflatten(trees[0], results)

    return checkpointed
