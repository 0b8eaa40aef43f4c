"""One case of a compiled function: its signature, its program, the code that runs it, and weak
references to the objects among its arguments, which the case must not keep alive.
"""

from __future__ import annotations

import weakref
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from admodes.compilation.backends import LONG
from admodes.compilation.beside import Awaited
from admodes.compilation.entry import entry
from admodes.compilation.interpreter import interpret
from admodes.compilation.places import Capture
from admodes.compilation.protocol import RAISED, Miss, Run
from admodes.compilation.signature import Signature, Static
from admodes.core.generated import Defect, is_generated
from admodes.core.record import WengertList
from admodes.loops.region import all_steps, rows_of_run
from admodes.programs.rewriting import raising


@dataclass(eq=False)
class Specialisation:
    """One case that has been recorded: what the arguments were, what the function referred to,
    its program, what runs it, and how often by enter (about, where threads share it). connect()
    makes the functions that calls go through: enter, in Python, whose text is kept beside it, and
    where there can be one direct, in native code."""

    signature: Signature
    places: list[Capture]
    program: WengertList
    run: Run
    enter: Callable[[tuple, dict], Any] = field(init=False)
    text: str = field(init=False)
    direct: Any = None
    calls: int = 0
    loose: Callable[[tuple, dict], Any] | None = None
    """Until it is known which arrays have to have the entries that they had, all have to: then this
    tells whether a call is the same case apart from entries."""
    ends: list[weakref.ref] = field(default_factory=list)

    def __repr__(self) -> str:
        case = ", ".join(self.signature.described())
        return f"<Specialisation {case}; {len(self.program.guards)} guards; {self.runs} runs>"

    @property
    def runs_at_once(self) -> bool:
        """Whether the call for which it was recorded runs it: there is code already, and a run is
        short. What a long list gives has just been found by recording it."""
        there = not isinstance(self.run, Awaited) or self.run.is_there
        return there and rows_of_run(self.program) <= LONG

    @property
    def runs(self) -> int:
        """How often the case has been run."""
        return self.calls + (0 if self.direct is None else self.direct.calls)

    def connect(self, slow: Callable | None) -> None:
        """Make the functions that calls go through, as run and places are now. slow: what makes a
        call that is of another case; None where all calls are to go through Python."""
        bare = getattr(self.run, "bare", None)
        run = self.run if bare is None else bare()
        tree = self.program.out_tree
        self.enter, self.text = entry(
            self.signature, self.places, run, tree, may_miss(self.program)
        )
        self.calls, self.direct = self.runs, None
        make = getattr(self.run, "direct", None)
        if slow is not None and make is not None and self.loose is None:
            self.direct = make(self.signature, self.places, tree, slow)

    @property
    def source(self) -> str:
        """The code that was generated: what is done at each call, and the program."""
        program = getattr(self.run, "source", None)
        program = program() if callable(program) else program
        return "\n\n".join(filter(None, (self.text, program)))


def may_miss(program: WengertList) -> bool:
    """Whether there are decisions, in loops too, that may come out otherwise."""
    return bool(program.guards or raising(program))


def chosen(compiled: weakref.ref, case: weakref.ref, run: Run) -> None:
    """Let a case be run by what was found to be faster."""
    owner, found = compiled(), case()
    if owner is not None and found is not None:
        found.run = run
        owner._connect(found)


def ended(compiled: weakref.ref, case: weakref.ref, argument: weakref.ref) -> None:
    """Forget a case of which an argument has come to its end."""
    owner, gone = compiled(), case()
    if owner is not None and gone is not None:
        owner._forget(gone)
        owner._newest = None if owner._newest is gone else owner._newest
        # A case that has served for many calls was no waste.
        owner._ended += gone.runs <= 1


def objects(signature: Signature) -> list[Any]:
    """The arguments that may refer to arrays, such as self and functions."""
    pairs = zip(signature.slots, signature.leaves, strict=True)
    return [x for s, x in pairs if isinstance(s, Static) and s.how in ("identity", "reference")]


def references(signature: Signature) -> dict[int, weakref.ref]:
    """The weak references to arguments, by the ids of these."""
    return {
        id(slot.value()): slot.value
        for slot in signature.slots
        if isinstance(slot, Static) and slot.how == "reference"
    }


def held_weakly(place: Capture, references: dict[int, weakref.ref]) -> Capture:
    """A capture in which weak references stand for the arguments of the call, so that the case,
    which keeps the capture, does not keep these objects alive. references: by their ids."""
    owner, value = (references.get(id(x), x) for x in (place.owner, place.value))
    return place._replace(owner=owner, value=value)


def tried(case: Specialisation, args: tuple, kwargs: dict) -> Any:
    """The result of a case, or a Miss."""
    try:
        return case.enter(args, kwargs)
    except Exception as error:
        return settled(case, error, args, kwargs)


def settled(case: Specialisation, error: Exception, args: tuple, kwargs: dict) -> Miss:
    """What it means that the code of a case has raised an error. RAISED where an operation raises:
    f itself then decides what its result is, and raises in its own name if it does.

    Raises MemoryError, and Defect where the operations, done one by one, raise nothing, so that the
    error is one of the generated code."""
    if isinstance(error, (MemoryError, Defect)):
        raise error
    if isinstance(error, RecursionError):
        return RAISED
    try:
        interpret(case.program, Signature.of(args, kwargs, "").inputs)
    except Exception:
        return RAISED
    rows = (step for step in all_steps(case.program) if step.op is not None)
    # Cheaper operations in their place may raise where these do not, and before a decision fails.
    if any(row.op.may_raise(row.params) for row in rows) and not is_generated(error):
        return RAISED
    raise Defect from error
