"""One recording of a function for compilation: the function runs once on recording carriers, and
what comes out is the program, the result of that call, and in words why the program may not be run
in the function's place, if so.
"""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from admodes.compilation.captures import Captures
from admodes.compilation.escapes import taken_back
from admodes.compilation.leaks import unwatched
from admodes.compilation.purity import ImpureError, State, changed_arguments, changed_inputs
from admodes.compilation.sharing import guard_errors, refers_to_carriers, sharing
from admodes.compilation.signature import Signature
from admodes.compilation.turning import turning
from admodes.core.carrier import Carrier, calling_through
from admodes.core.held import Held
from admodes.core.pytree import flatten, owned, unflatten
from admodes.core.record import Recorded, Ref, Step, WengertList, record_leaves
from admodes.core.values import blank, owner
from admodes.loops.rolling import shortened


@dataclass
class RecordedRun:
    """program and result of one run of a function. refused: in words what the function does that
    its program would not do; alive: arrays that are constants of the program, and belong to
    someone, though they were not found among what the function refers to."""

    program: WengertList
    result: Any
    refused: list[str]
    alive: list[np.ndarray]


Substitution = Callable[[], Callable[[Any], Any]]


def recorded(
    f: Callable,
    name: str,
    signature: Signature,
    captures: Captures,
    exact: bool,
    substitution: Substitution = lambda: lambda x: x,
) -> RecordedRun:
    """f run once, on values that write down what is done with them. What substitution() gives is
    applied to f and its arguments.

    Raises ImpureError where f changes arrays of others in place, draws random numbers, or keeps
    values of the recording in a place where they cannot be found."""
    held = Held(captures.held, captures.names_errors)
    results: list[Any] = []

    def run(*inputs: Any) -> Any:
        other = substitution()
        function = other(f)
        leaves = map(other, signature.with_inputs(list(inputs)))
        args, kwargs = unflatten(signature.tree, list(leaves))
        rows = [x.row for x in inputs]
        result = unwatched(function(*args, **kwargs))
        changed_inputs(signature, [x.row for x in inputs], rows, name)
        results.extend(x.primal if isinstance(x, Recorded) else x for x in flatten(result)[0])
        return result

    state = State(captures, name)
    through = None if exact else sharing(held, captures.handles)
    loops = nullcontext() if exact else turning()
    with without_collector(), calling_through(through), loops:
        numpys = bool(signature.numpys)
        program = record_leaves(
            run, signature.inputs, f, held, values=False, numpys=numpys, loops=True
        )
    results = owned(results, (*signature.leaves, *captures.held.values()))
    program = _settled(program, held)
    try:
        kept = taken_back(held)
    except LookupError as error:
        raise ImpureError(
            f"{name} keeps a value that it computes from its arguments where it cannot be found "
            f"again ({error}): return it instead"
        ) from None
    changed_arguments(signature, name)
    refused = [*state.changes(), *held.refusals]
    if kept and not refused:
        refused.append("keeps values that it computes from its arguments")
    if refers_to_carriers(program) or any(isinstance(y, Carrier) for y in program.outputs):
        refused.append("")
    guard_errors(program, captures.handles)
    program = shortened(program)
    given = {id(owner(x)) for x in signature.leaves} | captures.names.keys()
    alive = held.still_there(given)
    return RecordedRun(program, unflatten(program.out_tree, results), refused, alive)


@contextmanager
def without_collector() -> Iterator[None]:
    """The collector of cycles, which takes half of the time of a long recording, waits."""
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()


def _settled(program: WengertList, held: Held) -> WengertList:
    """The program, in which arrays that are no rows, but results or arguments of decisions, are
    copies, or are read anew where they are held."""
    steps, captured = program.steps, program.captured
    rows = {id(a): row for row, a in captured.items()}

    def settled(a: Any) -> Any:
        if not isinstance(a, np.ndarray):
            return a
        if a not in held:
            copy = a.copy()
            held.note(a, copy)
            return copy
        row = rows.setdefault(id(a), len(steps))
        if row == len(steps):
            steps.append(Step(None, (), None, blank(a)))
            captured[row] = a
        return Ref(row)

    guards = [replace(g, args=tuple(map(settled, g.args))) for g in program.guards]
    return replace(program, outputs=list(map(settled, program.outputs)), guards=guards)
