"""Compiled, the callable that ad.compile returns. A call runs the program of the recorded case that
its arguments fit; where none fits, the function itself runs once more and is recorded as a new
case."""

from __future__ import annotations

import functools
import os
import sys
import threading
import types
import weakref
from collections.abc import Callable
from dataclasses import replace
from time import monotonic
from typing import Any

from admodes.compilation.advice import Advised, constant_value, limit_reached
from admodes.compilation.backends import built
from admodes.compilation.branching import LEAST, Family, Near, entered, without
from admodes.compilation.captures import Captures
from admodes.compilation.cases import (
    Specialisation,
    chosen,
    ended,
    held_weakly,
    objects,
    references,
    settled,
    tried,
)
from admodes.compilation.entry import entry
from admodes.compilation.leaks import Changed, leaking
from admodes.compilation.places import CONTENT, Capture, content_of
from admodes.compilation.protocol import MISS, Miss
from admodes.compilation.purity import ImpureError, confirm, difference
from admodes.compilation.recording import RecordedRun, recorded, without_collector
from admodes.compilation.signature import Signature, Static
from admodes.core.carrier import call
from admodes.core.checking import Count, is_strict
from admodes.core.generated import Defect, warn_of
from admodes.core.portable import portable
from admodes.core.pytree import LEAF
from admodes.core.record import WengertList
from admodes.core.waiting import waiting
from admodes.errors import BadValue
from admodes.loops.region import all_steps

UNSETTLED = 3
"""So many recordings, one after the other, during which f bound something anew are taken for state,
not for a cache."""

PATIENCE = 1.0
"""Seconds that a thread waits for the recording of another, and then runs f itself: the other one
may be waiting for something that this one holds."""


SLOW = 2.0
"""Seconds that a first call takes before it says on a terminal that it goes on."""


class Compiled(Advised):
    """A compiled function; see compile. entrance: what the calls of one that is Entered go to."""

    __slots__ = ("__dict__", "__weakref__", "entrance")

    def __init__(self, f: Callable, backend: str, exact: bool, check: bool, limit: int) -> None:
        functools.update_wrapper(self, f)
        self._f = f
        self._name = getattr(f, "__name__", type(f).__name__)
        self._backend = backend
        self._exact = exact
        self._check = check
        self._limit = limit
        self.clear()

    def clear(self) -> None:
        """Forget everything that was recorded."""
        self._close()
        self._families: tuple[Family, ...] = ()
        self._newest: Specialisation | None = None
        self._unsettled: list[str] = []
        self._ended = 0
        self._unseen = ""
        self._defective = False
        self._said: set[str] = set()
        self._stage = ""
        self._locked = os.getpid(), threading.RLock()

    def __repr__(self) -> str:
        n = len(self.specialisations)
        return f"<compiled {self._name}, {n} specialisation{'s' * (n != 1)}>"

    def __reduce__(self) -> Any:
        """A function of a module by its name; copies and pickles of others begin without
        recordings."""
        found: Any = sys.modules.get(self.__module__)
        for part in str(getattr(self, "__qualname__", "")).split("."):
            found = getattr(found, part, None)
        if found is self:
            return self.__qualname__  # type: ignore[attr-defined]
        return Compiled, (portable(self._f), self._backend, self._exact, self._check, self._limit)

    def __get__(self, instance: Any, owner: type) -> Any:
        return self if instance is None else types.MethodType(self, instance)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        if Count.blocks and is_strict():
            return self._eager(args, kwargs)
        try:
            families = self._families
            near: Near | None = None
            for family in families:
                case = family.latest
                try:
                    result = case.enter(args, kwargs)
                except Exception as error:
                    result = settled(case, error, args, kwargs)
                if result.__class__ is Miss:
                    if result is MISS:
                        continue
                    # No closure, since that would make every call slower.
                    run = functools.partial(tried, args=args, kwargs=kwargs)
                    case, result = family.followed(case, result, run)
                    if result.__class__ is Miss:
                        if near is None and result.guard is not None:
                            near = Near(family, case, result.guard)
                        continue
                    self._open(case)
                case.calls += 1
                if family is not families[0]:
                    self._to_front(family)
                if case.loose is not None:
                    return self._second_call(case, result, args, kwargs)
                return self._confirmed(case, result, args, kwargs) if self._check else result
            return self._new_case(families, near, args, kwargs)
        except Defect as defect:
            return self._given_up(defect.__cause__ or defect, args, kwargs)

    def wait(self, timeout: float | None = None) -> bool:
        """Wait until nothing is built beside the calls, at most so many seconds, and say whether
        that is so."""
        end = None if timeout is None else monotonic() + timeout
        waits = filter(None, (getattr(c.run, "wait", None) for c in self.specialisations))
        return all(wait(end and max(end - monotonic(), 0.0)) for wait in waits)

    @property
    def specialisations(self) -> tuple[Specialisation, ...]:
        """The cases recorded so far, the one used last first."""
        return tuple(case for family in self._families for case in family.cases)

    @property
    def programs(self) -> list[WengertList]:
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
            raise BadValue(f"{self._name} has not been called yet: there is no code")
        return self._newest.source

    def _to_front(self, family: Family) -> None:
        lock = self._lock
        if lock.acquire(blocking=False):
            try:
                if family in self._families:
                    self._families = (family, *(f for f in self._families if f is not family))
                    self._open(family.latest)
            finally:
                lock.release()

    def _connect(self, case: Specialisation) -> None:
        """Make the functions through which the calls of a case go."""
        case.connect(None if self._check else types.MethodType(Compiled.__call__, self))
        if self._families and case is self._families[0].latest:
            self._open(case)

    def _open(self, case: Specialisation) -> None:
        """Let calls go to native code first, where those of this case may do so."""
        if case.direct is not None:
            self.entrance = case.direct.function
            self.__class__ = Entered
        else:
            self._close()

    def _close(self) -> None:
        """Let calls go through Python. Another thread may be about to take the entrance."""
        if self.__class__ is Entered:
            self.__class__ = Compiled  # type: ignore[assignment]
            self.entrance = types.MethodType(Compiled.__call__, self)

    def _forget(self, case: Specialisation) -> None:
        """Drop a case."""
        self._families = without(self._families, case)
        self._close()

    def _knows(self, case: Specialisation) -> bool:
        return any(case in family.nodes for family in self._families)

    @property
    def _lock(self) -> Any:
        """The lock of this process: one that was held when it was forked is not given back."""
        process, lock = self._locked
        if process != os.getpid():
            process, lock = self._locked = os.getpid(), threading.RLock()
        return lock

    def _new_case(self, known: tuple, near: Near | None, args: tuple, kwargs: dict) -> Any:
        """The result where none of the cases fits that there were."""
        signature = Signature.of(args, kwargs, self._name)
        if signature.traced or self._is_full(near):
            return self._eager(args, kwargs)
        lock = self._lock
        if not lock.acquire(timeout=PATIENCE):
            return self._eager(args, kwargs)
        try:
            # Another thread may have recorded this case while this one waited.
            stale = self._families is not known
            full = stale or self._is_full(near)
            with waiting(lambda: f"compile {self._name} ({self._stage})", patience=SLOW):
                first = None if full else self._first(signature, near, args, kwargs)
        finally:
            lock.release()
        if stale:
            return self(*args, **kwargs)
        self._hint(self.specialisations)
        if first is None:
            self._tell_unseen(self._unseen)
            return self._eager(args, kwargs)
        case, result = first
        if case is None:
            return result
        self._tell_constant(case)
        found = tried(case, args, kwargs) if case.runs_at_once else MISS
        if found.__class__ is Miss:
            return result
        case.calls += 1
        return self._confirmed(case, found, args, kwargs) if self._check else found

    def _eager(self, args: tuple, kwargs: dict) -> Any:
        """What f itself gives."""
        return call(lambda: self._f(*args, **kwargs), ())

    def _given_up(self, error: BaseException, args: tuple, kwargs: dict) -> Any:
        """The same for this call and all that follow, since generated code is defective."""
        self._families, self._defective = (), True
        self._close()
        warn_of(error, self._name, "Calls run it as it is from now on, without compilation")
        return self._eager(args, kwargs)

    def _is_full(self, near: Near | None) -> bool:
        """Whether the limit is reached; the first time that this matters there is a warning."""
        if self._unseen or self._defective:
            return True
        unsettled = len(self._unsettled)
        weight = sum(family.weight for family in self._families) + unsettled + self._ended
        if weight + (1 if near is None else LEAST) <= self._limit and unsettled < UNSETTLED:
            return False
        if "limit" not in self._said:
            self._warn("limit", limit_reached(self._name, self.specialisations, self._unsettled))
        return True

    def _first(
        self, signature: Signature, near: Near | None, args: tuple, kwargs: dict
    ) -> tuple | None:
        """A new specialisation, if that can be, and the result of the call, for which f has run
        once; None where f has not."""
        self._stage = "recording"
        captures = Captures(self._f, *objects(signature))
        self._unseen = captures.unseen
        if captures.unseen or captures.traced:
            return None
        for case in self.specialisations:
            if case.loose is not None and case.loose(args, kwargs) is not MISS:
                self._settle(case, signature, captures)
                result = tried(case, args, kwargs)
                if result.__class__ is not Miss and self._knows(case):
                    return case, result
        made = self._recorded(signature, captures)
        if made.refused:
            # What f binds anew, such as a cache that it fills, may be settled the next time.
            self._unsettled += filter(None, made.refused[:1])
            return None, made.result
        if self._check:
            found = difference(made.program, self._recorded(signature, captures).program)
            if found is not None:
                raise ImpureError(
                    f"{self._name} is not the same each time it runs: {found}. A compiled function "
                    "repeats its first run; pass as an argument what varies"
                )
        self._unsettled.clear()
        return self._built(signature, near, captures, made), made.result

    def _recorded(
        self, signature: Signature, captures: Captures, *substitution: Any
    ) -> RecordedRun:
        return recorded(self._f, self._name, signature, captures, self._exact, *substitution)

    def _built(
        self, signature: Signature, near: Near | None, captures: Captures, made: RecordedRun
    ) -> Specialisation:
        """The specialisation for a recording. Its arrays have to have the entries that they have,
        until the function has run for the second time."""
        self._stage = f"building, {len(made.program.steps)} rows"
        for number, guard in enumerate(made.program.guards):
            guard.number = number
        try:
            with without_collector():
                run = built(made.program, self._backend, self._exact)
        except (ImportError, MemoryError):
            raise
        except Exception as error:
            raise Defect from error
        found = [Capture("entries", CONTENT, a, None, content_of(a)) for a in made.alive]
        known = references(signature)
        places = [held_weakly(p, known) for p in (*captures.places, *found)]
        compares = any(step.is_test for step in all_steps(made.program))
        signature = replace(signature, leaves=[], numpys=signature.numpys if compares else None)
        loose = entry(signature, places, lambda *leaves: [None], LEAF)[0] if captures.held else None
        for key, a in captures.held.items():
            what = f"the entries of {captures.names[key]}"
            places.append(Capture(what, CONTENT, a, None, content_of(a)))
        case = Specialisation(signature, places, made.program, run, loose=loose)
        if hasattr(run, "when_chosen"):
            run.when_chosen = functools.partial(chosen, weakref.ref(self), weakref.ref(case))
        for slot in signature.slots:
            if isinstance(slot, Static) and slot.how == "reference":
                end = functools.partial(ended, weakref.ref(self), weakref.ref(case))
                case.ends.append(weakref.ref(slot.value(), end))
        # Other threads take it as it is as soon as it is among the families.
        self._connect(case)
        self._families = entered(self._families, case, near)
        self._newest = case
        self._open(case)
        return case

    def _second_call(self, case: Specialisation, result: Any, args: tuple, kwargs: dict) -> Any:
        """The result of the call after the one that was recorded. f runs once more, to tell which
        arrays have to have the entries that they had."""
        signature = Signature.of(args, kwargs, self._name)
        lock = self._lock
        if lock.acquire(blocking=False):
            try:
                captures = Captures(self._f, *objects(signature))
                self._settle(case, signature, captures)
            finally:
                lock.release()
        if not self._knows(case):
            return self._eager(args, kwargs)
        return self._confirmed(case, result, args, kwargs) if self._check else result

    def _settle(self, case: Specialisation, signature: Signature, captures: Captures) -> None:
        """Find out which arrays have to have the entries that they had when a case was recorded. It
        is dropped where f turns out to change what it refers to."""
        if case.loose is None:
            return

        def again(substitution: Callable[[], Callable]) -> WengertList:
            return self._recorded(signature, captures, substitution).program

        try:
            fixed = set(map(id, leaking(case.program, captures, again)))
        except Changed:
            self._unsettled.append("changes what it refers to")
            self._forget(case)
            return
        free = captures.held.keys() - fixed
        case.places = [p for p in case.places if p.test != CONTENT or id(p.owner) not in free]
        case.loose = None
        self._connect(case)

    def _confirmed(self, case: Specialisation, result: Any, args: tuple, kwargs: dict) -> Any:
        """The result, where f itself gives the same (check=True)."""
        own = self._eager(args, kwargs)
        leaves = Signature.of(args, kwargs, self._name).inputs
        confirm(self._name, case.program, leaves, result, own)
        return result

    @property
    def has_constant_values(self) -> bool:
        """Whether f took ad.value of an argument, so that results hold for that value only."""
        return any(constant_value(self._name, p.notes) for p in self.programs)


class Entered(Compiled):
    """A compiled function whose calls go to native code first, by the entrance, which hands those
    that are of another case on to Compiled. Its class changes with the case that was used last:
    Python finds what a call does in the class, and finds a slot there faster than it runs a line.
    """

    __slots__ = ()

    __call__ = Compiled.entrance  # type: ignore[misc]
