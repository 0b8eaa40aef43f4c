"""ad.loop, ad.scan and ad.while_loop: loops that are stated as such, so that recording, derivatives
and programs take as long as one step and not as long as all of them.

Where values are traced a step is recorded once, as the body of a region, and the loop is one
operation. Where steps differ, as in a branch that only some of them take, and for values that are
no float64, the steps are done one by one, as in a loop of Python's.
"""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Any

from admodes.core.pytree import flatten
from admodes.core.values import shape_of
from admodes.errors import BadType, BadValue
from admodes.loops.steps import Steps


def loop(step: Callable, state: Any, n: int, *params: Any, per_step: Any = None) -> Any:
    """The state after n steps, state = step(state, i, *params) for i = 0 … n - 1, of which a
    recording, a derivative and a program hold one step.

    per_step: arrays (a pytree of them) with a leading axis of length n, of which step gets the
    entries of its turn in the place of i: step(state, x_i, *params). state and params are pytrees;
    step returns a state of the same structure and shapes. All of them are differentiated, and so
    are traced values that step closes over. Where values are traced, step is called once and i is
    a number without derivative: take entries of arrays by per_step. Where steps take different
    branches, or a value is no float64, all steps are called, as in a plain loop.

    A reverse sweep keeps what it reads of every step, the states alone where that is much more,
    and beyond 256 MiB the states of some steps only, between which the steps are done again.

    Raises ValueError for a result that has not the structure and the shapes of the state, for a
    per_step without n entries, and for negative n; TypeError where step is no function or n no
    integer.

    >>> import admodes as ad
    >>> def growth(state, i, rate):
    ...     return state + 0.1 * rate * state * (1 - state)
    >>> round(ad.grad(lambda rate: ad.loop(growth, 0.1, 100, rate))(0.5), 8)
    0.54642522
    """
    _function(step, "loop")
    try:
        n = operator.index(n)
    except TypeError:
        raise BadType(f"loop: n is the number of steps, an integer, and got {n!r}") from None
    if n < 0:
        raise BadValue(f"loop: n={n}: a number of steps, 0 or more")
    steps = Steps("loop", step, lambda y: (y, ()), state, n, params, per_step)
    return steps.run()[0]


def scan(step: Callable, state: Any, xs: Any, *params: Any) -> tuple[Any, Any]:
    """The state after the last step and what all steps give, with a leading axis of steps:
    state, y = step(state, x, *params) for the entries x of xs along its first axis.

    xs: arrays (a pytree of them) with the same number of entries along their first axes. y is a
    pytree of numbers and arrays, the same for all steps, or None for nothing, of which all steps
    give (). Else as ad.loop.

    Raises ValueError and TypeError as ad.loop, and for xs without entries.

    >>> import admodes as ad
    >>> import numpy as np
    >>> def smoothed(mean, x, weight):
    ...     mean = mean + weight * (x - mean)
    ...     return mean, mean
    >>> last, means = ad.scan(smoothed, 0.0, np.array([1.0, 1.0, 1.0]), 0.5)
    >>> last, means
    (0.875, array([0.5  , 0.75 , 0.875]))
    """
    _function(step, "scan")
    counts = {shape_of(x)[0] if shape_of(x) else 0 for x in flatten(xs)[0]}
    if len(counts) != 1 or 0 in counts:
        raise BadValue(
            "scan: xs are arrays with as many entries along their first axes as there are steps, "
            f"one or more, and got shapes {', '.join(str(shape_of(x)) for x in flatten(xs)[0])}"
        )

    def pair(y: Any) -> tuple:
        if not isinstance(y, tuple) or len(y) != 2:
            raise BadType("scan: step returns a pair (state, y)")
        return y if y[1] is not None else (y[0], ())

    return Steps("scan", step, pair, state, counts.pop(), params, xs).run()


def while_loop(condition: Callable, step: Callable, state: Any, *params: Any) -> Any:
    """The state after as many steps, state = step(state, *params), as condition(state, *params)
    holds before; else as ad.loop.

    A program holds where there are as many steps as when it was recorded: for other numbers
    ad.compile records another one.

    Raises ValueError and TypeError as ad.loop.

    >>> import admodes as ad
    >>> def root(a):
    ...     far = lambda x, a: abs(x * x - a) > 1e-12
    ...     return ad.while_loop(far, lambda x, a: (x + a / x) / 2, a, a)
    >>> round(ad.grad(root)(2.0), 12) == round(0.5 / 2**0.5, 12)
    True
    """
    _function(step, "while_loop")
    _function(condition, "while_loop")

    def guarded(now: Any, _: Any, *given: Any) -> Any:
        # In the list of a step its condition is a guard.
        return step(now, *given) if condition(now, *given) else now

    steps = Steps("while_loop", guarded, lambda y: (y, ()), state, 0, params, None)
    point = steps.point()
    if point is not None:
        now, given = point
        while condition(now, *given):
            now = step(now, *given)
            steps.n += 1
        state = steps.run()[0]
    while condition(state, *params):
        state = step(state, *params)
    return state


def _function(f: Any, who: str) -> None:
    if not callable(f):
        raise BadType(f"{who} takes a function of the state, and got {f!r}")
