"""ad.advise: which way of differentiating a function to take, why, what each would cost, and where
the choice would turn."""

from __future__ import annotations

import math
from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import dataclass, field
from time import perf_counter
from typing import Any

from admodes.core.carrier import quiet
from admodes.derivatives.choosing import Choice
from admodes.errors import BadValue
from admodes.lab.advice import choosing
from admodes.lab.advice.loops import rounds_of
from admodes.lab.advice.measuring import measured
from admodes.lab.advice.routes import (
    DIFFERENCES,
    Route,
    checkpointed,
    differences,
    first_order,
    second_order,
)
from admodes.lab.advice.sparse_routes import Pattern, sparse
from admodes.lab.advice.subject import Subject
from admodes.lab.memory import half_of_memory
from admodes.lab.threads import one_blas_thread
from admodes.problems.scenario import DERIVATIVES
from admodes.views.amounts import byte_number, byte_text, duration
from admodes.views.result import Result
from admodes.views.tables import Table, known

SCHEMA = "admodes.advice/1"

NARROW = 0.05
"""Beside a matrix with at most this share of entries large full ones are not estimated."""

SMALL = 2**27
"""Bytes up to which dense second derivatives are counted where there is a sparse one, or where more
than a quarter of what may be used."""


@dataclass
class Option:
    """A route with what it costs: sweeps, exact operations by kind with their total, bytes live at
    once, seconds of a steady compiled call as estimated (estimate_s) and as measured (time_s), and
    the latter as a multiple of the fastest (relative); None for what is not known."""

    route: str
    sweeps: int
    operations: dict[str, int]
    bytes: int
    estimate_s: float | None
    time_s: float | None = None
    relative: float | None = None


@dataclass
class Advice(Result):
    """Which way of differentiating to take. inputs and outputs: the numbers n and m; choice: the
    route and the reason; options: every route that was considered; tips: where the choice would
    turn; notes: what else there is to know."""

    function: str
    of: str
    inputs: int
    outputs: int
    choice: Choice
    options: list[Option]
    tips: list[dict[str, str]]
    notes: list[str]
    title: str = field(default="", kw_only=True)

    def explain(self) -> str:
        """The choice in sentences: its reason, and where it would turn."""
        return ". ".join([self.choice.reason, *self._turns()])

    def _turns(self) -> list[str]:
        return [f"{tip['then']}, if {tip['when']}" for tip in self.tips]

    def _data(self) -> dict[str, Any]:
        return {
            "schema": SCHEMA,
            "function": self.function,
            "of": self.of,
            "inputs": self.inputs,
            "outputs": self.outputs,
            "choice": self.choice._asdict(),
            "options": [vars(option) for option in self.options],
            "tips": self.tips,
            "notes": self.notes,
        }

    def tables(self, format: str = "text") -> list[Table]:
        """One line per route, the one of choice marked."""
        timed = any(option.time_s is not None for option in self.options)
        head = ["route", "sweeps", "operations", "bytes", "estimate"]
        head += ["measured", "relative"] if timed else []
        rows = []
        for o in self.options:
            row = [
                f"{o.route} *" if o.route == self.choice.route else o.route,
                str(o.sweeps),
                str(o.operations["total"]),
                byte_text(o.bytes),
                "-" if o.estimate_s is None else duration(o.estimate_s),
            ]
            if timed:
                row += ["-", "-"] if o.time_s is None else [duration(o.time_s), _times(o.relative)]
            rows.append(row)
        lines = [f"* {self.choice.reason}", *self._turns()]
        title = f"Ways to the {self.of}: {self.inputs:,} → {self.outputs:,}"
        return [Table(title, head, rows, [False] * len(head), [*lines, *self.notes])]


def _times(x: float | None) -> str:
    return "-" if x is None else f"{x:.2f}"


def advise(
    f: Callable,
    *args: Any,
    of: str = "jacobian",
    argnums: int | tuple[int, ...] | None = None,
    memory: int | str | None = None,
    measure: bool = False,
    **kwargs: Any,
) -> Advice:
    """Which way of differentiating f at args to take: forward or reverse mode, blocks of
    directions, the sweeps of a sparse matrix, bands, checkpoints; for second derivatives which
    composition of the modes.

    of: "gradient", "jacobian", "hessian" or "hvp", by args[argnums] (by all arguments unless
    given); kwargs go to f. Every route is counted exactly: its sweeps, its operations by kind
    (those of sweeps and partials, without f's own; of sparse routes and second derivatives those of
    the recorded list), and the bytes that are live at once. Its time is estimated from counts of
    its compiled program; the least estimate is chosen, and where estimates are alike the fewest
    operations. memory: what may be used, in bytes or as "2G"; half of the machine's or
    container's unless given. measure: time the routes, compiled, side by side, with one thread for
    matrix products.

    A sparse route is considered where argument and result are one array each and at most a quarter
    of the entries can be non-zero; checkpoints where f is a loop. Finite differences are listed,
    and chosen where f runs on plain numbers but cannot be differentiated.

    Raises ValueError for an unknown word, TypeError for complex values and where a gradient or
    second derivative is asked for of more than one number, and whatever f raises.

    >>> import admodes as ad
    >>> import numpy as np
    >>> def product(x):
    ...     p = x[0]
    ...     for i in range(1, 16):
    ...         p = p * x[i]
    ...     return p
    >>> found = ad.advise(product, np.full(16, 2.0))
    >>> found.choice.route, [(o.route, o.sweeps, o.operations["total"]) for o in found.options[:2]]
    ('reverse', [('forward', 16, 720), ('reverse', 1, 30)])
    """
    return advised(f, args, kwargs, argnums, of, memory, measure)


def advised(
    f: Callable,
    args: tuple,
    kwargs: dict,
    argnums: int | tuple[int, ...] | None = None,
    of: str = "jacobian",
    memory: int | str | None = None,
    measure: bool = False,
    clock: Callable[[], float] = perf_counter,
) -> Advice:
    """The advice that ad.advise gives. clock: what is read to measure."""
    known("of", [of], DERIVATIVES)
    at = Subject(f, args, kwargs, argnums, of, _limit(memory))
    with quiet():
        pattern = Pattern(at) if at.is_recorded else None
        routes = _routes(at, pattern) if pattern is not None else []
        routes.append(differences(at))
        with one_blas_thread() if measure else nullcontext(True) as single:
            times = measured(at, routes, clock) if measure else {}
    choice = choosing.choose(at, routes)
    options = _options(routes, times)
    tips = choosing.tips(at, routes, choice, pattern)
    notes = _remarks(at, pattern)
    if not single:
        notes.append("matrix products may have taken several threads: OMP_NUM_THREADS=1 holds them")
    return Advice(at.name, of, at.n, at.m, choice, options, tips, notes, title=at.name)


def _options(routes: list[Route], times: dict[Route, float]) -> list[Option]:
    """The routes as they are shown; times are compared with the fastest route that is exact."""
    fastest = min((t for r, t in times.items() if r.route != DIFFERENCES), default=math.nan)
    return [
        Option(
            route.route,
            route.sweeps,
            {**route.operations, "total": route.total},
            route.bytes,
            route.estimate_s,
            times.get(route),
            times[route] / fastest if route in times else None,
        )
        for route in routes
    ]


def _routes(at: Subject, pattern: Pattern) -> list[Route]:
    narrow = list(sparse(pattern))
    if at.of in ("hessian", "hvp"):
        room = SMALL if narrow else min(at.limit, max(at.limit / 4, SMALL))
        return [*second_order(at, room), *narrow]
    routes = list(first_order(at, bool(narrow) and pattern.density <= NARROW))
    reverse = next(route for route in routes if route.route == "reverse")
    return [*routes, *narrow, *checkpointed(at, rounds_of(at.recorded.recorded), reverse)]


def _limit(memory: int | str | None) -> float:
    """The bytes that may be used."""
    if memory is None:
        return half_of_memory()
    found = byte_number(memory) if isinstance(memory, str) else memory
    if isinstance(found, bool) or not found > 0:
        raise BadValue(f"memory {memory!r}: write a number of bytes such as 500M or 2G")
    return found


def _remarks(at: Subject, pattern: Pattern | None) -> list[str]:
    """What else there is to know."""
    found = []
    if not at.is_finite:
        found.append(f"{at.name} is not finite at this point, and its derivatives may not be")
    found += [f"left out: {why}" for why in at.left_out]
    if pattern is not None and pattern.why_not and at.of in ("jacobian", "hessian"):
        found.append(f"no sparse route: {pattern.why_not}")
    return found
