"""compile: a function that is recorded once per case, and whose program is run in its place."""

from __future__ import annotations

import functools
import gc
import threading
import types
import warnings
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any, overload

import numpy as np

from admodes.compilation.advice import (
    CompileWarning,
    constant_value,
    every_call_new,
    limit_reached,
)
from admodes.compilation.backends import BACKENDS, built
from admodes.compilation.captures import Captures, Place, holds
from admodes.compilation.entry import entry, intact
from admodes.compilation.interpreter import interpret
from admodes.compilation.leaks import leaking, unwatched
from admodes.compilation.protocol import MISS, Run
from admodes.compilation.purity import (
    ImpureError,
    changed_arguments,
    changed_inputs,
    difference,
    far_apart,
    watched,
)
from admodes.compilation.sharing import sharing
from admodes.compilation.signature import Signature, Static
from admodes.core.carrier import Carrier, call, calling_through
from admodes.core.checking import Count, is_strict
from admodes.core.op import blank
from admodes.core.pytree import unflatten
from admodes.core.record import Program, Ref, Step, record_leaves

HINT_AFTER = 8
"""So many recordings of which none was used again give a hint."""

UNSETTLED = 3
"""So many recordings during which f bound something anew are taken for state, not for a cache."""


@overload
def compile(
    f: Callable, backend: str = ..., exact: bool = ..., check: bool = ..., limit: int = ...
) -> Compiled: ...


@overload
def compile(
    f: None = None, backend: str = ..., exact: bool = ..., check: bool = ..., limit: int = ...
) -> Callable[[Callable], Compiled]: ...


def compile(
    f: Callable | None = None,
    backend: str = "auto",
    exact: bool = False,
    check: bool = False,
    limit: int = 16,
) -> Compiled | Callable[[Callable], Compiled]:
    """A function of the same arguments as f that replays the operations of f instead of running it.
    Without f it is a decorator: @ad.compile(backend="numpy").

    f is recorded at the first call, and again where a call is another case: other shapes, dtypes
    or structure of the arguments, another branch, bound or index taken from their values. Floats
    and arrays of floats or complex numbers are what varies from call to call; integers, truth
    values, strings and arrays of integers are part of the case, by value. After `limit` cases a
    warning says what varied, and new ones run f itself.

    Arrays that f refers to (closures, globals, attributes of self) are read anew at each call;
    binding one of these names to another object is another case. What f computes without its
    arguments, as A * 2 in lambda x: (A * 2) @ x, or decides on, as in `if A[0] > 0`, is a constant
    of the recording; this is seen by a second run of f, and other entries of A are another case
    too. What f reads from files, from the clock, from a cache or out of sight is a constant for
    good, and what it prints is printed while it is recorded. check=True finds such things: it
    records twice, runs f beside the program at each call, and raises ImpureError where they differ.

    backend: "numpy", "llvm", "interpreter" (slow, for tests), or "auto", whichever is expected to
    be fastest. exact: keep to operations in their order, without reassociation. Results have the
    values of f on NumPy with domain errors as values (nan, inf), float64 of shape () as Python
    floats; they are the caller's own arrays. Threads may share a compiled function. Where an
    argument is being differentiated f runs as it is, so ad.compile(ad.grad(f)) is fast and
    ad.grad(ad.compile(f)) is merely right.

    Raises TypeError for arguments and results that are no numbers, ValueError for an unknown
    backend, ImpureError where f changes arrays that it refers to or draws random numbers, and
    MemoryError with an estimate where a program's buffers do not fit. The list of operations is
    R. E. Wengert's (1964).

    >>> import admodes as ad
    >>> slope = ad.compile(ad.grad(lambda x, y: x * ad.sin(y), argnums=(0, 1)))
    >>> slope(2.0, 0.0)
    (0.0, 2.0)
    """
    if f is None:
        return functools.partial(compile, backend=backend, exact=exact, check=check, limit=limit)
    if backend not in BACKENDS:
        raise ValueError(f"backend {backend!r}: choose one of {', '.join(BACKENDS)}")
    if not callable(f):
        raise TypeError(f"compile takes a function, got {f!r}")
    if limit < 1:
        raise ValueError(f"limit={limit}: at least one specialisation")
    return Compiled(f, backend, exact, check, limit)


@dataclass(eq=False)
class Specialisation:
    """One case that has been recorded: what the arguments were, what the function referred to,
    its program as recorded and as it is run, and how often (about, where threads share it)."""

    signature: Signature
    places: list[Place]
    program: Program
    optimised: Program
    run: Run
    enter: Callable[[tuple, dict], Any]
    text: str
    runs: int = 0

    def __repr__(self) -> str:
        case = ", ".join(self.signature.described())
        return f"<Specialisation {case}; {len(self.program.guards)} guards; {self.runs} runs>"

    @property
    def source(self) -> str:
        """The code that was generated: what is done at each call, and the program."""
        return "\n\n".join(filter(None, (self.text, getattr(self.run, "source", None))))


class Compiled:
    """A compiled function; see compile. specialisations are the cases recorded so far, the one
    used last first."""

    warns = True
    """Whether there are warnings and hints."""

    def __init__(self, f: Callable, backend: str, exact: bool, check: bool, limit: int) -> None:
        functools.update_wrapper(self, f)
        self._f = f
        self._name = getattr(f, "__name__", type(f).__name__)
        self._backend = backend
        self._exact = exact
        self._check = check
        self._limit = limit
        self._lock = threading.RLock()
        self.clear()

    def clear(self) -> None:
        """Forget everything that was recorded."""
        self.specialisations: tuple[Specialisation, ...] = ()
        self._newest: Specialisation | None = None
        self._unsettled: list[str] = []
        self._warned = self._hinted = False
        self._noted = ""

    def __repr__(self) -> str:
        n = len(self.specialisations)
        return f"<compiled {self._name}, {n} specialisation{'s' * (n != 1)}>"

    def __reduce__(self) -> tuple:
        """Copies and pickles begin without recordings."""
        return compile, (self._f, self._backend, self._exact, self._check, self._limit)

    def __get__(self, instance: Any, owner: type) -> Any:
        return self if instance is None else types.MethodType(self, instance)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        if Count.blocks and is_strict():
            return self._eager(args, kwargs)
        cases = self.specialisations
        for case in cases:
            result = case.enter(args, kwargs)
            if result is not MISS:
                case.runs += 1
                if case is not cases[0]:
                    self._to_front(case)
                return self._confirmed(case, result, args, kwargs) if self._check else result
        return self._new_case(cases, args, kwargs)

    @property
    def programs(self) -> list[Program]:
        """The programs as they were recorded."""
        return [case.program for case in self.specialisations]

    @property
    def notes(self) -> list[str]:
        """What was seen while recording, such as a traced value that was printed."""
        return list(dict.fromkeys(note for p in self.programs for note in p.notes))

    def source(self) -> str:
        """The code generated for the case that was recorded last. Raises ValueError before the
        first call."""
        if self._newest is None:
            raise ValueError(f"{self._name} has not been called yet: there is no code")
        return self._newest.source

    def _to_front(self, case: Specialisation) -> None:
        if self._lock.acquire(blocking=False):
            try:
                if case in self.specialisations:
                    others = (c for c in self.specialisations if c is not case)
                    self.specialisations = (case, *others)
            finally:
                self._lock.release()

    def _new_case(self, tried: tuple, args: tuple, kwargs: dict) -> Any:
        """The result where no specialisation fits."""
        signature = Signature.of(args, kwargs, self._name)
        if signature.traced or self._is_full():
            return self._eager(args, kwargs)
        with self._lock, without_collector():
            # Another thread may have recorded this case while this one waited.
            stale = not set(self.specialisations) <= set(tried)
            new = None if stale or self._is_full() else self._specialised(signature)
        if stale:
            return self(*args, **kwargs)
        self._hint()
        if new is not None and not self._noted:
            self._noted = constant_value(self._name, new.program.notes)
            if self._noted:
                self._warn(self._noted)
        if new is not None:
            result = new.enter(args, kwargs)
            if result is not MISS:
                new.runs += 1
                return self._confirmed(new, result, args, kwargs) if self._check else result
        return self._eager(args, kwargs)

    def _eager(self, args: tuple, kwargs: dict) -> Any:
        """What f itself gives."""
        return call(lambda: self._f(*args, **kwargs), ())

    def _is_full(self) -> bool:
        """Whether the limit is reached; the first time that this matters there is a warning."""
        cases = self.specialisations
        unsettled = len(self._unsettled)
        if len(cases) + unsettled < self._limit and unsettled < UNSETTLED:
            return False
        if not self._warned:
            self._warned = True
            self._warn(limit_reached(self._name, cases, self._unsettled))
        return True

    def _specialised(self, signature: Signature) -> Specialisation | None:
        """A new specialisation; None where f cannot be replayed, and is run as it is."""
        captures = Captures(self._f, *_objects(signature))
        if captures.traced:
            return None
        record = functools.partial(self._recorded, signature, captures)
        program = record()
        changed_arguments(signature, self._name)
        if not intact(captures.places):
            # What f binds anew, such as a cache that it fills, may be settled the next time.
            self._unsettled.append(next(p.what for p in captures.places if not intact([p])))
            return None
        if _refers_to_carriers(program):
            return None
        if self._check:
            found = difference(program, record())
            if found is not None:
                raise ImpureError(
                    f"{self._name} is not the same each time it runs: {found}. A compiled function "
                    "repeats its first run; pass as an argument what varies"
                )
        for a in leaking(program, captures, record):
            captures.compare(a)
        case = self._built(signature, captures.places, program)
        self.specialisations = (case, *self.specialisations)
        self._newest = case
        return case

    def _recorded(
        self,
        signature: Signature,
        captures: Captures,
        substitution: Callable[[], Callable[[Any], Any]] = lambda: lambda x: x,
    ) -> Program:
        """The recording of f. What substitution() gives is applied to f and its arguments."""
        held = captures.held

        def run(*inputs: Any) -> Any:
            other = substitution()
            f = other(self._f)
            leaves = map(other, signature.with_inputs(list(inputs)))
            args, kwargs = unflatten(signature.tree, list(leaves))
            rows = [x.row for x in inputs]
            result = unwatched(call(lambda: f(*args, **kwargs), ()))
            changed_inputs(signature, [x.row for x in inputs], rows, self._name)
            return result

        with watched(captures, self._name), calling_through(None if self._exact else sharing(held)):
            program = record_leaves(run, signature.inputs, self._f, held, values=False)
        return _settled(program, held)

    def _built(self, signature: Signature, places: list[Place], program: Program) -> Specialisation:
        optimised, run = built(program, self._backend, self._exact)
        enter, text = entry(signature, places, run, program.out_tree)
        return Specialisation(
            _without_leaves(signature), places, program, optimised, run, enter, text
        )

    def _confirmed(self, case: Specialisation, result: Any, args: tuple, kwargs: dict) -> Any:
        """The result, where f itself gives the same (check=True)."""
        own = self._eager(args, kwargs)
        found = far_apart(result, own)
        if found is None:
            return result
        exact = interpret(case.program, Signature.of(args, kwargs, self._name).inputs)
        if exact is not MISS and far_apart(unflatten(case.program.out_tree, exact), own) is None:
            raise ImpureError(
                f"{self._name}, compiled, gives {found}: rounding is magnified here; compile it "
                "with exact=True"
            )
        raise ImpureError(
            f"{self._name}, compiled, gives {found}: it depends on something beside its arguments, "
            "such as a value computed from an array that has changed since, a random number or "
            "the time; pass it as an argument"
        )

    def _hint(self) -> None:
        cases = self.specialisations
        if not self._hinted and len(cases) == HINT_AFTER and all(c.runs <= 1 for c in cases):
            self._hinted = True
            self._warn(every_call_new(self._name, cases))

    @property
    def has_constant_values(self) -> bool:
        """Whether f took ad.value of an argument, so that results hold for that value only."""
        return any(constant_value(self._name, p.notes) for p in self.programs)

    def _warn(self, message: str) -> None:
        if not self.warns:
            return
        warnings.warn(message, CompileWarning, stacklevel=5)


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


def _objects(signature: Signature) -> list[Any]:
    """The arguments that may refer to arrays, such as self and functions."""
    slots = signature.slots
    return [s.value for s in slots if isinstance(s, Static) and s.how == "identity"]


def _without_leaves(signature: Signature) -> Signature:
    """The signature without the arguments of the call that it was made for."""
    return replace(signature, leaves=[])


def _settled(program: Program, held: Mapping[int, np.ndarray]) -> Program:
    """The program, in which arrays that are no rows, but results or arguments of decisions, are
    copies, or are read anew where they are held."""
    steps, captured = program.steps, program.captured
    rows = {id(a): row for row, a in captured.items()}

    def settled(a: Any) -> Any:
        if not isinstance(a, np.ndarray):
            return a
        if not holds(held, a):
            return a.copy()
        row = rows.setdefault(id(a), len(steps))
        if row == len(steps):
            steps.append(Step(None, (), None, blank(a)))
            captured[row] = a
        return Ref(row)

    guards = [replace(g, args=tuple(map(settled, g.args))) for g in program.guards]
    return replace(program, outputs=list(map(settled, program.outputs)), guards=guards)


def _refers_to_carriers(program: Program) -> bool:
    """Whether constants are traced values of a derivative that is being taken outside."""
    parts = (*(a for s in program.steps for a in s.args), *program.outputs)
    return any(isinstance(a, Carrier) for a in parts)
