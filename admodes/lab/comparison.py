"""ad.compare: a derivative by every library that is installed, side by side: right or wrong, by
which route, at what cost."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np

from admodes.core.pytree import flatten
from admodes.derivatives.gradients import positions
from admodes.errors import BadValue
from admodes.lab.adapters import Adapter, chosen
from admodes.lab.bench import Bench
from admodes.lab.comparison_result import Comparison
from admodes.problems.scenario import DERIVATIVES, Scenario
from admodes.views.amounts import byte_number
from admodes.views.tables import known

LIMIT = 60.0
"""Seconds that a derivative may take."""

MEMORY = 4 << 30
"""Bytes that a process may use beyond what the library takes when it is loaded."""

ROUNDS = 7


def compare(
    f: Callable[..., Any],
    *args: Any,
    of: str | None = None,
    argnums: int | tuple[int, ...] | None = None,
    backends: Sequence[str | Adapter] | None = None,
    limit: float = LIMIT,
    memory: int | str = MEMORY,
    rounds: int = ROUNDS,
    title: str = "",
) -> Comparison:
    """A derivative of f at args by admodes, sympy, finite differences, the complex step and every
    library that is installed: is it right, and what does it cost?

    f is plain NumPy code and goes to each library unchanged; rows name the route. of: gradient,
    jacobian, hessian or hvp; by default the gradient where f returns one number, else the Jacobian.
    argnums: the arguments by which is differentiated, by default those that hold floats, and all
    where none does. backends: words such as "jax" or "finite differences central", or adapters
    (admodes.lab.adapters.Adapter); by default all. Each runs in a process of its own, which may
    take `limit` seconds for a call and grow by `memory` bytes (or a text such as "2G"). rounds: of
    measuring.

    Results are judged before they are timed, against admodes' reverse mode evaluated with 50
    digits; `error_ulp` is the largest error in the unit to which doubles can determine the entry.
    Times are medians of rounds in which all take turns. The first call, which compiles and
    records, is apart.

    Raises ValueError for unknown words and where f itself fails at args, TypeError where it returns
    complex numbers, ImportError's class MissingProgram where the system has no os.fork (Windows).

    >>> import admodes as ad
    >>> c = ad.compare(lambda x: np.sin(x).sum(), np.ones(3), backends=["admodes"], rounds=1)
    >>> [(row.backend, row.status, row.calls_of_f) for row in c.rows]
    [('admodes forward', 'ok', 1), ('admodes reverse', 'ok', 1), ('admodes compiled', 'ok', 0)]
    """
    if of is not None:
        known("of", [of], DERIVATIVES)
    name = title or getattr(f, "__name__", type(f).__name__)
    most = byte_number(memory) if isinstance(memory, str) else memory
    scenario = scenario_of(name, f, args, argnums, of or "gradient")
    return next(comparisons([scenario], of is None, backends, limit, most, rounds))


def scenario_of(
    name: str,
    f: Callable[..., Any],
    args: tuple[Any, ...],
    argnums: int | tuple[int, ...] | None = None,
    operator: str = "gradient",
) -> Scenario:
    """A function at a point as it is compared: differentiated by the arguments that hold floats
    unless argnums says which, and with floats in those."""
    places = differentiated(args, argnums, name)
    chosen = tuple(as_floats(x) if i in places else x for i, x in enumerate(args))
    return Scenario(name, f, chosen, places, operator)


def differentiated(
    args: tuple[Any, ...], argnums: int | tuple[int, ...] | None, name: str
) -> tuple[int, ...]:
    """The positions of the arguments by which the function of this name is differentiated."""
    if argnums is not None:
        return positions(argnums, len(args), name)
    floats = tuple(i for i, x in enumerate(args) if any(map(_is_float, flatten(x)[0])))
    return floats or tuple(range(len(args)))


def _is_float(x: Any) -> bool:
    return np.asarray(x).dtype.kind == "f"


def as_floats(x: Any) -> Any:
    """A tree of numbers and arrays, in floats."""
    if isinstance(x, dict):
        return {k: as_floats(v) for k, v in x.items()}
    if isinstance(x, tuple) and hasattr(x, "_fields"):
        return type(x)(*map(as_floats, x))
    if isinstance(x, (tuple, list)):
        return type(x)(map(as_floats, x))
    array = np.asarray(x)
    if array.dtype.kind not in "fiub":
        raise BadValue(f"compare takes real numbers and arrays of them, got {x!r}")
    return array.astype(float) if array.ndim else float(array)


def comparisons(
    scenarios: Sequence[Scenario],
    choose: bool = False,
    backends: Sequence[str | Adapter] | None = None,
    limit: float = LIMIT,
    memory: int = MEMORY,
    rounds: int = ROUNDS,
) -> Iterator[Comparison]:
    """One comparison for each scenario; a library is loaded once for all. choose: the gradient
    where the function returns one number, else the Jacobian, whatever the scenario says."""
    if not 0 < limit < math.inf or memory < 1:
        raise BadValue("the limits on time and memory must be positive numbers")
    if rounds < 1:
        raise BadValue(f"rounds is {rounds}, and must be at least 1")
    with Bench(scenarios, chosen(backends), limit, memory, rounds) as bench:
        for k in range(len(scenarios)):
            yield bench.compared(k, choose)
