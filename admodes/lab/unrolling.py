"""The recorded program of a function, run on another library's arrays: its operations one after the
other, loops unrolled and branches as they were taken.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np

from admodes.core.pytree import flatten, unflatten
from admodes.core.rebinding import Library, rebound
from admodes.core.record import Ref, record
from admodes.problems.scenario import Scenario
from admodes.programs.replay import value_of
from admodes.python_code.kernels import plain_kernel


def unrolled(scenario: Scenario, library: Library) -> Callable[..., Any]:
    """What the function of a scenario did at its arguments, as a function of the library's arrays:
    every operation by its plain NumPy kernel, in which NumPy is the library.

    >>> s = Scenario("f", lambda x: np.sum(x) * 2, (np.ones(3),), (0,), "gradient")
    >>> float(unrolled(s, Library({"numpy": np}))(np.arange(3.0)))
    6.0
    """
    program = record(scenario.restricted, *scenario.chosen)
    captured = {row: _constant(x, library) for row, x in program.captured.items()}
    library = replace(library, kernel=plain_kernel)
    steps: list[tuple[Callable[..., Any] | None, list[Any], dict]] = []
    for step in program.steps:
        kernel = None if step.op is None else rebound(plain_kernel(step.op), library)
        steps.append((kernel, [_constant(a, library) for a in step.args], step.params or {}))

    def run(*args: Any) -> Any:
        chosen = [args[i] for i in scenario.argnums]
        leaves = dict(zip((x.row for x in program.inputs), flatten(chosen)[0], strict=True))
        leaves |= captured
        made: list[Any] = []
        for row, (kernel, xs, params) in enumerate(steps):
            if kernel is None:
                made.append(leaves[row])
            else:
                made.append(kernel(*[value_of(a, made) for a in xs], **params))
        return unflatten(program.out_tree, [value_of(y, made) for y in program.outputs])

    return run


def _constant(x: Any, library: Library) -> Any:
    """A constant argument as the library takes it; references stay."""
    if isinstance(x, Ref):
        return x
    if isinstance(x, np.generic):
        return x.item()
    return library.array(x) if library.array and isinstance(x, np.ndarray) else x
