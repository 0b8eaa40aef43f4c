"""The warnings of a compiled function, each of which is given once: it is recorded again and again,
it has reached its limit of cases, or it cannot be compiled. The recorded cases go in; words come
out that say what varied from call to call, and what to do about it."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from typing import TYPE_CHECKING

from admodes.compilation.places import (
    BYTES,
    CONTENT,
    ENTRIES,
    ITEMS,
    LAYOUT,
    PAIRS,
    Capture,
    same_items,
)
from admodes.compilation.signature import Array, Number, Static
from admodes.core.notes import Note

if TYPE_CHECKING:
    from admodes.compilation.cases import Specialisation

SHOWN = 4
"""At most so many values of one argument are listed."""


HINT_AFTER = 8
"""So many recordings of which none was used again give a hint."""


class CompileWarning(UserWarning):
    """A compiled function that is recorded too often, or that cannot be."""


class Advised:
    """A compiled function as one that says what is the matter with it. said: what has been said;
    warns: whether anything is. Its methods are called by one that makes a call of the user's."""

    __slots__ = ()

    warns = True
    _name: str
    _said: set[str]

    def _tell_unseen(self, what: str) -> None:
        if what:
            self._warn("limit", not_seen(self._name, what))

    def _tell_constant(self, case: Specialisation) -> None:
        if message := constant_value(self._name, case.program.notes):
            self._warn("constant", message)

    def _hint(self, cases: Sequence[Specialisation]) -> None:
        if len(cases) == HINT_AFTER and all(case.runs <= 1 for case in cases):
            self._warn("hint", every_call_new(self._name, cases))

    def _warn(self, what: str, message: str) -> None:
        if what not in self._said:
            self._said.add(what)
            if self.warns:
                warnings.warn(message, CompileWarning, stacklevel=5)


def constant_value(f: str, notes: Sequence[Note]) -> str:
    """The warning where f read the plain value of an argument; nothing where it did not."""
    if not any(note.kind == "constant" for note in notes):
        return ""
    return (
        f"{f} uses ad.value of an argument, which is a constant of the recording: later calls have "
        "the value of the first one. Compute with the argument itself, or do not compile"
    )


def limit_reached(f: str, cases: Sequence[Specialisation], refused: Sequence[str]) -> str:
    """The warning at the limit of specialisations. refused: what f did while it ran that a program
    would not do."""
    if refused:
        return (
            f"{f} {' and '.join(sorted(set(refused)))} at each run, which a compiled "
            "function cannot repeat: it is run as it is from now on. Return the new value instead"
        )
    if not cases:
        return (
            f"{f} has been recorded for objects that came to their end at once: calls run it as "
            "it is from now on. Compile a function of the other arguments for each"
        )
    return (
        f"{f} has been recorded {len(cases)} times, the limit: {varied(cases)}. Calls unlike these "
        "run it as it is, without compilation, unless limit= is raised"
    )


def not_seen(f: str, what: str) -> str:
    """The warning where f refers to something that may change unseen."""
    return (
        f"{f} {what}: it is run as it is, without compilation. Pass what it needs of that as an "
        "argument, as numbers or arrays"
    )


def every_call_new(f: str, cases: Sequence[Specialisation]) -> str:
    """The hint where no recording has been used a second time."""
    return (
        f"{f} was recorded anew at each of {len(cases)} calls, which costs more than running it: "
        f"{varied(cases)}"
    )


def varied(cases: Sequence[Specialisation]) -> str:
    """What differed between specialisations, and what to do about each."""
    first = cases[0].signature
    if any(str(c.signature.tree) != str(first.tree) for c in cases):
        return "the structure of the arguments varied: pass the same tuples, lists and dicts"
    found = []
    for i, name in enumerate(first.names):
        slots = [c.signature.slots[i] for c in cases]
        seen = list(dict.fromkeys(map(str, slots)))
        if len(seen) == 1 and all(s == slots[0] for s in slots):
            continue
        shown = ", ".join(seen[:SHOWN]) + (", …" if len(seen) > SHOWN else "")
        found.append(f"{name} was {shown}: {_remedy(slots)}")
    for what in _rebound(cases):
        found.append(f"{what} changed: pass it as an argument")
    if not found:
        found = [
            "its control flow took other branches, indices or bounds for other values: "
            f"{_branches(cases)}ad.where and masks take both ways in one recording"
        ]
    return "; ".join(found)


def _remedy(slots: list) -> str:
    if all(isinstance(s, Static) and s.value.__class__ is int for s in slots):
        return "pass a float where it is a number that is computed with"
    if all(isinstance(s, Static) for s in slots):
        return "compile a function of the other arguments for each value"
    if any(isinstance(s, Static) for s in slots):
        return "pass floats, of one shape, where it is computed with"
    if all(isinstance(s, Array) for s in slots) and len({s.dtype for s in slots}) == 1:
        return "pad or cut to few shapes"
    assert all(isinstance(s, (Array, Number)) for s in slots)
    return "convert to one dtype and shape"


def _rebound(cases: Sequence[Specialisation]) -> list[str]:
    """What the function refers to that was not the same in all specialisations."""
    found = [
        place.what
        for c in cases[1:]
        for first, place in zip(cases[0].places, c.places, strict=False)
        if first.what == place.what and not _alike(first, place)
    ]
    return list(dict.fromkeys(found))


def _alike(a: Capture, b: Capture) -> bool:
    if a.test in (CONTENT, LAYOUT, BYTES):
        return bool(a.value == b.value)
    if a.test in (ITEMS, ENTRIES):
        return same_items(a.value, b.value)
    if a.test == PAIRS:
        return same_items(a.value[1], b.value[1])
    return a.value is b.value


def _branches(cases: Sequence[Specialisation]) -> str:
    """The operations whose results were decided on, where they have names."""
    names = set()
    for c in cases:
        for guard in c.program.guards:
            for a in guard.args:
                step = c.program.steps[a.row] if hasattr(a, "row") else None
                if step is not None and step.op is not None:
                    names.add(step.op.name)
    return f"decisions were taken on the results of {', '.join(sorted(names))}; " if names else ""
