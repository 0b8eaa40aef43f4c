"""What a compiled function must not do, looked for while it is recorded: change what it refers to,
draw random numbers, or differ from one run to the next. ImpureError says what was met.
"""

from __future__ import annotations

import hashlib
import itertools
import random
import types
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from admodes.compilation.captures import Captures
from admodes.compilation.entry import is_unchanged
from admodes.compilation.interpreter import interpret
from admodes.compilation.kinds import attributes
from admodes.compilation.naming import is_foreign
from admodes.compilation.places import CONTENT, content_of, same_bytes, same_items
from admodes.compilation.protocol import Miss
from admodes.compilation.signature import Signature, Static, is_input
from admodes.core.pytree import flatten, unflatten
from admodes.core.record import Ref, Step, WengertList
from admodes.core.reverse import LARGE
from admodes.errors import Error
from admodes.loops.region import Region
from admodes.programs.replay import same


class ImpureError(Error, ValueError):
    """A function that is to be compiled does more than compute its result, or gives another each
    time."""


class State:
    """What a function refers to, before it runs: its arrays, the attributes of its objects, and its
    generators of random numbers. f is its name. Raises ImpureError where it cannot be recorded."""

    def __init__(self, captures: Captures, f: str) -> None:
        self.f = f
        self.captures = captures
        if captures.iterators:
            raise ImpureError(
                f"{f} refers to an iterator ({captures.iterators[0]}), which gives another value "
                "each time: make it a list, or take the value outside and pass it as an argument"
            )
        if captures.draws:
            raise _random(f, f" ({captures.draws})")
        # A function that may write into arrays is refused, and they get back what they held.
        self.arrays = [(a, _kept(a, captures.writes)) for a in captures.held.values()]
        found = [(x, what) for x, what in captures.objects if type(x) is not types.ModuleType]
        kinds = {type(x): f"the class of {what}" for x, what in found if not is_foreign(type(x))}
        self.objects = [(what, x, attributes(x)) for x, what in (*found, *kinds.items())]
        self.generators = _states(captures.generators)
        self.common = _common_states()

    def changes(self) -> list[str]:
        """What is other than before, in words. Raises ImpureError where f has changed an array in
        place or drawn random numbers."""
        found = []
        for a, kept in self.arrays:
            if not _is_kept(a, kept):
                if self.captures.writes:
                    np.copyto(a, kept)
                    raise _changes(self.f, "an array that it is given or refers to")
                found.append(f"changes {self.captures.names[id(a)]} in place")
        if not same(_states(self.captures.generators), self.generators):
            raise _random(self.f)
        if _common_states() != self.common:
            if self.captures.names_random:
                raise _random(self.f)
            found.append("draws random numbers")
        places = (p for p in self.captures.places if p.test != CONTENT)
        changed = next(itertools.filterfalse(is_unchanged, places), None)
        if changed is not None:
            found.append(f"changes {changed.what}")
        found += [
            f"changes an attribute of {what}"
            for what, x, kept in self.objects
            if not same_items(attributes(x), kept)
        ]
        return found


def _kept(a: np.ndarray, whole: bool) -> Any:
    """What tells whether an array has changed: a copy, or a digest where that would be large."""
    return a.copy("K") if whole or a.size < LARGE else digest(a)


def _is_kept(a: np.ndarray, kept: Any) -> bool:
    return digest(a) == kept if isinstance(kept, bytes) else same_bytes(a, content_of(kept))


def digest(a: np.ndarray) -> bytes:
    """A number that is another one where any bit of an array is."""
    return hashlib.blake2b(np.ascontiguousarray(a).data, digest_size=16).digest()


def changed_arguments(signature: Signature, f: str) -> None:
    """Raise ImpureError where f has changed an array of integers among its arguments."""
    for name, slot, x in zip(signature.names, signature.slots, signature.leaves, strict=True):
        if isinstance(slot, Static) and slot.how == "content" and not same_bytes(x, slot.value):
            raise _changes(f, name)


def changed_inputs(signature: Signature, rows: list[int], before: list[int], f: str) -> None:
    """Raise ImpureError where f has changed an array of numbers among its arguments, by x += v,
    after which it stands for another row."""
    slots = zip(signature.names, signature.slots, strict=True)
    names = [name for name, slot in slots if is_input(slot)]
    for name, row, first in zip(names, rows, before, strict=True):
        if row != first:
            raise _changes(f, name)


def _changes(f: str, what: str) -> ImpureError:
    return ImpureError(
        f"{f} changes {what} in place while it runs: a compiled function cannot repeat that, so "
        "copy the array first"
    )


def _random(f: str, how: str = "") -> ImpureError:
    return ImpureError(
        f"{f} draws random numbers{how}: a compiled function would repeat the first ones, so draw "
        "them outside and pass them as arguments"
    )


def _states(generators: list) -> list[Any]:
    """The states of generators of random numbers, as leaves."""
    found: list[Any] = []
    for g in generators:
        if isinstance(g, np.random.Generator):
            found += [g.bit_generator.state, _spawned(g.bit_generator.seed_seq)]
        elif isinstance(g, np.random.BitGenerator):
            found += [g.state, _spawned(g.seed_seq)]
        elif isinstance(g, np.random.SeedSequence):
            found.append(_spawned(g))
        else:
            found.append(g.get_state() if isinstance(g, np.random.RandomState) else g.getstate())
    return flatten(found)[0]


def _spawned(sequence: Any) -> int:
    return int(getattr(sequence, "n_children_spawned", 0))


def _common_states() -> tuple:
    """The states of the generators that np.random and random share with everyone."""
    parts = np.random.get_state()
    return random.getstate(), *[x.tobytes() if isinstance(x, np.ndarray) else x for x in parts]


def difference(
    first: WengertList, second: WengertList, rows: Iterable[int] | None = None
) -> str | None:
    """What differs between two recordings of one function, in words; None where they are alike.
    Of operations of the same number only those in rows are compared."""
    if len(first.steps) != len(second.steps):
        return f"{len(first.steps)} operations were recorded, then {len(second.steps)}"
    for row in range(len(first.steps)) if rows is None else rows:
        found = _step_difference(first.steps[row], second.steps[row])
        if found is not None:
            return f"operation {row} {found}"
    if len(first.guards) != len(second.guards):
        return f"{len(first.guards)} decisions were taken, then {len(second.guards)}"
    for one, two in zip(first.guards, second.guards, strict=True):
        if not same(one.expected, two.expected):
            return f"a decision was {one.expected}, then {two.expected}"
        if not _all_alike(one.args, two.args):
            return f"a decision was taken on {_brief(one.args)}, then on {_brief(two.args)}"
    if str(first.out_tree) != str(second.out_tree):
        return f"the result was {first.out_tree}, then {second.out_tree}"
    for a, b in zip(first.outputs, second.outputs, strict=True):
        if not _alike(a, b):
            return f"a result was {_brief(a)}, then {_brief(b)}"
    return None


def _step_difference(a: Step, b: Step) -> str | None:
    if a.op is not b.op:
        return f"was {getattr(a.op, 'name', 'an input')}, then {getattr(b.op, 'name', 'an input')}"
    name = getattr(a.op, "name", "an input")
    if len(a.args) != len(b.args):
        return f"({name}) had {len(a.args)} arguments, then {len(b.args)}"
    for x, y in zip(a.args, b.args, strict=True):
        if not _alike(x, y):
            return f"({name}) was applied to {_brief(x)}, then to {_brief(y)}"
    p, q = flatten(a.params or {}), flatten(b.params or {})
    for x, y in zip(p[0], q[0], strict=False):
        if isinstance(x, Region) and isinstance(y, Region):
            found = difference(x.body, y.body)
            if found is not None or x.n != y.n:
                return f"({name}) in a turn: {found or f'{x.n} turns, then {y.n}'}"
    if not _all_alike(p[0], q[0]):
        return f"({name}) had the options {_brief(a.params)}, then {_brief(b.params)}"
    return None


def _all_alike(xs: Sequence[Any], ys: Sequence[Any]) -> bool:
    return len(xs) == len(ys) and all(map(_alike, xs, ys))


def _alike(x: Any, y: Any) -> bool:
    """Whether two arguments are the same row or equal constants; other objects are not compared."""
    if isinstance(x, Ref) or isinstance(y, Ref):
        return isinstance(x, Ref) and isinstance(y, Ref) and x == y
    if isinstance(x, (np.ndarray, np.generic, int, float, complex, str)):
        return same(x, y)
    return x.__class__ is y.__class__


def _brief(x: Any) -> str:
    if isinstance(x, Ref):
        return f"the result of operation {x.row}"
    text = repr(x).replace("\n", "")
    return text if len(text) <= 60 else text[:57] + "..."


def confirm(f: str, program: WengertList, leaves: list, result: Any, own: Any) -> None:
    """Raises ImpureError where the result of a compiled function, whose name is f, differs by more
    than rounding does from what the function itself gives (own); leaves: what the program that was
    recorded takes."""
    found = far_apart(result, own)
    if found is None:
        return
    exact = interpret(program, leaves)
    if not isinstance(exact, Miss) and far_apart(unflatten(program.out_tree, exact), own) is None:
        raise ImpureError(
            f"{f}, compiled, gives {found}: rounding is magnified here; compile it with exact=True"
        )
    raise ImpureError(
        f"{f}, compiled, gives {found}: it depends on something beside its arguments, such as a "
        "value computed from an array that has changed since, a random number or the time; pass "
        "it as an argument"
    )


def far_apart(results: Any, expected: Any) -> str | None:
    """Where two results differ by more than rounding does, in words; None where they agree."""
    xs, tree = flatten(results)
    ys, expected_tree = flatten(expected)
    if str(tree) != str(expected_tree):
        return f"the structure {tree}, not {expected_tree}"
    for x, y in zip(xs, ys, strict=True):
        a, b = np.asarray(x), np.asarray(y)
        if a.shape != b.shape:
            return f"shape {a.shape}, not {b.shape}"
        if not _close(a, b):
            return f"{_brief(x)}, not {_brief(y)}"
    return None


def _close(a: np.ndarray, b: np.ndarray) -> bool:
    if a.dtype.kind not in "fc" and b.dtype.kind not in "fc":
        return bool(np.array_equal(a, b))
    coarse = max(np.finfo(x.dtype).eps for x in (a, b) if x.dtype.kind in "fc")
    with np.errstate(all="ignore"):
        finite = b[np.isfinite(b)]
        scale = float(np.max(np.abs(finite), initial=0.0))
        rounding = float(coarse) ** (2 / 3)
        return bool(np.allclose(a, b, rtol=rounding, atol=rounding * scale, equal_nan=True))
