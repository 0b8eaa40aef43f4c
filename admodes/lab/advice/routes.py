"""The ways of computing a derivative as data: how many sweeps each takes, its exact operations by
kind, the bytes that are live at once, the time that it is estimated to take, and what runs it.
Those of sparse matrices are in sparse_routes.py.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from admodes.compilation.front import compile
from admodes.core.costs import arithmetic, total, without_moves
from admodes.core.forward import jvp
from admodes.core.pytree import flatten, unflatten
from admodes.core.record import WengertList, record
from admodes.core.reverse import vjp
from admodes.core.values import shape_of
from admodes.derivatives.gradients import COMPOSITIONS, grad, hessian, hvp, jacobian
from admodes.derivatives.jacobians import BLOCK, unit_blocks
from admodes.lab.adapters.differences import FORWARD
from admodes.lab.advice.estimates import estimate
from admodes.lab.advice.loops import Rounds
from admodes.lab.advice.subject import Costs, Subject
from admodes.problems.scenario import Scenario
from admodes.programs.costs import cost
from admodes.programs.extent import bytes_of, peak
from admodes.views.amounts import byte_text

DIFFERENCES = "finite differences"

FULL = 2**21
"""Full matrices of more entries than this are not estimated where a narrow one would do."""


@dataclass(eq=False)
class Route:
    """One way of computing the derivative. sweeps: how many passes over the list it takes, one per
    direction; of finite differences the evaluations of f. operations: of all sweeps and of the
    partials, by kind, without those of f itself. bytes: what is live at once. estimate_s: seconds
    of a steady call, compiled; None where that is unknown. run: computes it from the chosen
    arguments, None where the user has to change the function for it. compiled: whether run is to
    be compiled for that. matrix: the counts of filling a sparse matrix. why_not: why it cannot be
    taken, or nothing."""

    route: str
    sweeps: int
    operations: Costs
    bytes: int
    estimate_s: float | None = None
    run: Callable | None = None
    compiled: bool = True
    matrix: dict[str, float] = field(default_factory=dict)
    why_not: str = ""

    @property
    def total(self) -> int:
        """All operations, moves of entries left out."""
        return sum(self.operations.values())


def added(*parts: tuple[int, Costs]) -> Costs:
    """Costs, each so many times, added up by kind, without moves of entries. A kind of which more
    is taken off than there is, as where a derivative needs less than all of f, is not there.

    >>> added((2, {"divisions": 1, "additions": 3}), (1, {"divisions": 5, "moves": 4}))
    {'additions': 6, 'divisions': 7}
    >>> added((1, {"divisions": 1}), (-1, {"divisions": 1, "additions": 2}))
    {}
    """
    multiplied = ({kind: times * n for kind, n in costs.items()} for times, costs in parts)
    return {kind: n for kind, n in without_moves(total(multiplied)).items() if n > 0}


def first_order(at: Subject, is_narrow: bool) -> Iterator[Route]:
    """Forward and reverse mode, for a Jacobian or a gradient; blocks of directions where all at
    once take more bytes than the limit. is_narrow: a sparse route takes a small part of the
    entries, so that large full matrices need no estimate."""
    counts = at.counts
    for mode, directions in (("forward", at.n), ("reverse", at.m)):
        operations = added((1, counts.partials), (1, counts.totals[mode]))
        need = at.forward_bytes if mode == "forward" else at.reverse_bytes
        route = Route(mode, directions, operations, need(directions), run=_first(at, mode))
        if not is_narrow or at.n * at.m <= FULL:
            route.estimate_s = _estimated(at, mode, route, BLOCK // max(at.n, at.m, 1))
        yield route
        block, rest = directions, at.limit - 8 * at.n * at.m
        while block and need(block) > rest:
            block //= 2
        if route.bytes > at.limit and block:
            run = jacobian(at.function, at.argnums, mode, block=block)
            name = f"blocks of {block} directions, {mode}"
            size = need(block) + 8 * at.n * at.m
            parts = Route(name, directions, operations, size, run=run)
            if not is_narrow or at.n * at.m <= FULL:
                parts.estimate_s = _estimated(at, mode, parts, block)
            yield parts


def _first(at: Subject, mode: str) -> Callable:
    if at.of == "gradient" and mode == "reverse":
        return grad(at.function, at.argnums)
    return jacobian(at.function, at.argnums, mode)


def _estimated(at: Subject, mode: str, route: Route, block: int) -> float | None:
    """The estimate of a whole Jacobian; where a sweep takes a block of the directions, that of the
    first block, as often as it takes. None where it raises."""
    assert route.run is not None
    whole = block >= route.sweeps
    try:
        found = record(route.run if whole else _first_block(at, mode, block), *at.chosen)
    except Exception as error:  # a mode may lack a rule that the other does without
        route.why_not = at.leave_out(route.route, error)
        return None
    return estimate(found) * (1 if whole else route.sweeps / block)


def _first_block(at: Subject, mode: str, block: int) -> Callable:
    """One sweep with the first block of directions of a large Jacobian."""

    def sweep(*chosen: Any) -> Any:
        if mode == "forward":
            leaves, tree = flatten(chosen)
            seeds = unflatten(tree, next(unit_blocks(leaves, at.m, most=block)))
            return jvp(at.function, chosen, seeds, batched=True)[1]
        y, pullback = vjp(at.function, *chosen)
        ys, tree = flatten(y)
        return pullback(unflatten(tree, next(unit_blocks(ys, at.n, most=block))), batched=True)

    return sweep


def second_order(at: Subject, room: float) -> Iterator[Route]:
    """The four compositions, for a Hessian or a product of it with a vector; those that take more
    bytes than room are left out."""
    before = operations_of(at.recorded.recorded)
    for mode in COMPOSITIONS:
        outer, inner = mode.split("-over-")
        run = _product(at, mode) if at.of == "hvp" else hessian(at.function, at.argnums, mode)
        several = at.of == "hessian" or (outer == "forward" == inner)
        sweeps = (at.n if outer == "forward" or at.m == 1 else at.n * at.m) if several else 1
        first = at.reverse_bytes(1) if inner == "reverse" else at.forward_bytes(1)
        least = first * sweeps * (at.n if inner == "forward" and at.of == "hessian" else 1)
        if least > room:
            at.left_out.append(f"{mode} takes {byte_text(least)} or more")
            continue
        try:
            program = record(run, *at.chosen)
        except Exception as error:  # one composition may lack a rule that the others do without
            at.leave_out(mode, error)
            continue
        operations = added((1, operations_of(program)), (-1, before))
        size = peak(program, list(map(bytes_of, program.steps)))
        yield Route(mode, sweeps, operations, size, estimate(program), run)


def _product(at: Subject, mode: str) -> Callable:
    """The product with a vector of ones."""

    def product(*chosen: Any) -> Any:
        leaves, tree = flatten(chosen)
        ones = unflatten(tree, [np.ones(shape_of(x))[()] for x in leaves])
        return hvp(lambda xs: at.function(*xs), chosen, ones, mode)

    product.__name__ = f"hvp({at.name})"
    return product


def operations_of(program: WengertList) -> Costs:
    """The operations of a list, by kind."""
    return total(cost(step, program) for step in program.steps if step.op is not None)


def checkpointed(at: Subject, rounds: Rounds | None, reverse: Route) -> Iterator[Route]:
    """Reverse mode that keeps a few states of the loop that f is, if it is one."""
    if rounds is None:
        return
    again = rounds.again
    operations = added((1, reverse.operations), (again, rounds.operations))
    share = again * arithmetic(rounds.operations) / max(reverse.total, 1)
    seconds = None if reverse.estimate_s is None else reverse.estimate_s * (1 + share)
    need = rounds.bytes + at.m * (rounds.round_bytes + rounds.state_bytes)
    yield Route(
        "checkpointed",
        reverse.sweeps,
        operations,
        need,
        seconds,
        compiled=False,
        why_not=reverse.why_not,
    )


def differences(at: Subject) -> Route:
    """What is left to a user whose function cannot be differentiated: forward differences, of the
    same order as the derivative. Of a Hessian of several results that of the first is timed; it
    takes the same evaluations."""
    n, m = at.n, at.m
    evaluations = FORWARD.calls(at.of, n)
    pairs = n * (n + 1) // 2
    quotients, kept = {
        "hessian": ({"additions": 3 * m, "multiplications": 1, "divisions": m}, n * m * (n + 1)),
        "hvp": ({"additions": 3, "divisions": 3}, 3 * n),
    }.get(at.of, ({"additions": m, "divisions": m}, n * m))
    costs = added((pairs if at.of == "hessian" else n, quotients))
    seconds = None
    if at.is_recorded:
        costs = added((evaluations - 1, operations_of(at.recorded.recorded)), (1, costs))
        seconds = estimate(at.recorded.recorded) * evaluations
    f = compile(at.function) if at.is_recorded else at.function
    scenario = Scenario(at.name, f, at.chosen, tuple(range(len(at.chosen))), at.of)

    def run(*chosen: Any) -> Any:
        return FORWARD.prepare(replace(scenario, args=chosen))()

    return Route(
        DIFFERENCES,
        evaluations,
        costs,
        8 * (n + 2 * m + kept),
        seconds,
        run if n else None,
        compiled=False,
    )
