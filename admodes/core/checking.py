"""ad.strict: inside it, derivatives raise an error at the first kink, at the first number that is
not finite although it was calculated from finite ones, and where a derivative is lost.

Inputs are wrapped in one more carrier, inside all others, which looks at every operation on plain
numbers: those of the function, and those of its tangents and adjoints. So all modes and nestings
are checked alike, and nothing is checked where strict is off.
"""

from __future__ import annotations

import contextlib
import functools
import threading
from collections.abc import Iterator
from contextvars import ContextVar, Token
from typing import Any, NamedTuple

import numpy as np

from admodes.core.batch import Batch
from admodes.core.carrier import Carrier, Level, innermost
from admodes.core.kinks import first_kink, mask_of
from admodes.core.notes import Note
from admodes.core.op import Op
from admodes.core.places import CallSite, called, layers, place_of_call
from admodes.core.pytree import checked_input, flatten, unflatten
from admodes.core.roots import origin, smooth
from admodes.core.scalars import counted, fitting
from admodes.core.space import space
from admodes.core.values import Params, Value, shape_of
from admodes.errors import Error

_on: ContextVar[bool] = ContextVar("strict", default=False)
_lock = threading.Lock()


class Count:
    """How many strict blocks are open, in all threads: while there is none nobody asks further."""

    blocks = 0


class StrictError(Error, ArithmeticError):
    """What ad.strict raises. operation: its name. values: the arguments, of arrays those at the
    entry. entry: the first entry, () for numbers. filename and lineno: the line of the user's code,
    None where no line is to blame."""

    def __init__(
        self, what: str, place: CallSite, operation: str, values: tuple, entry: tuple
    ) -> None:
        at = f" in entry {list(entry)}" if entry else ""
        line = place.line
        super().__init__(what + at + place.text)
        self.operation, self.values, self.entry = operation, values, entry
        self.filename = None if line is None else line[0]
        self.lineno = None if line is None else line[1]


class strict(contextlib.ContextDecorator):
    """with ad.strict(): derivatives taken inside raise ad.StrictError at the first kink that the
    function meets (|x| at 0, a tie of max, a step of floor), at the first number that is not finite
    although what it was made from is, in the values, the tangents or the adjoints, and where
    ad.value takes a number out of the derivative. The error names the operation, its values and
    the line. Comparisons that steer the function are not kinks.

    Squares of roots, such as np.linalg.norm(x)**2 at 0, are smooth and pass. What np.where cuts off
    passes, where its derivative is that of a root or infinite. Inside, compiled functions, programs
    and sparse derivatives run the function itself. The setting belongs to the thread or task; it is
    a decorator as well. Outside of it nothing is slower.

    >>> import admodes as ad
    >>> import admodes as ad
    >>> with ad.strict():
    ...     try:
    ...         ad.grad(lambda x: ad.abs(x - 1.0))(1.0)
    ...     except ad.StrictError as error:
    ...         print(error.operation, error.values, error.lineno)
    abs (0.0,) 3
    """

    def __init__(self) -> None:
        self._tokens: list[Token] = []

    def __enter__(self) -> None:
        self._tokens.append(_on.set(True))
        with _lock:
            Count.blocks += 1

    def __exit__(self, *error: Any) -> None:
        _on.reset(self._tokens.pop())
        with _lock:
            Count.blocks -= 1


def is_strict() -> bool:
    """Whether this thread or task is inside ad.strict."""
    return Count.blocks > 0 and _on.get()


@contextlib.contextmanager
def unchecked() -> Iterator[None]:
    """Not strict inside."""
    token = _on.set(False)
    try:
        yield
    finally:
        _on.reset(token)


def to_check(tree: Any) -> bool:
    """Whether strict is on and the values of a tree are not watched yet."""
    leaves = flatten(tree)[0]
    return bool(leaves) and is_strict() and not any(map(_is_watched, leaves))


def _is_watched(x: Any) -> bool:
    return any(layer.__class__ is Checked for layer in layers(x))


def checked(tree: Any, who: str) -> Any:
    """The tree, whose numbers and arrays are watched."""
    leaves, structure = flatten(tree)
    level = Level(leaves)
    inputs = [checked_input(x, who, True, True) for x in leaves]
    return unflatten(
        structure, [fitting(Checked, x, shape_of(x))(level, x, (object(),)) for x in inputs]
    )


def unchecked_result(tree: Any) -> Any:
    """The plain results. Raises StrictError where one of them came to be infinite or nan."""
    leaves, structure = flatten(tree)
    return unflatten(structure, [_plain(x) for x in leaves])


def refuse_roots(leaves: list) -> None:
    """Raise StrictError where a function returns a root at its kink."""
    for x in leaves:
        for layer in layers(x):
            if _at_kink(layer):
                raise layer.kink.error


def _plain(x: Any) -> Any:
    if x.__class__ is not Checked:
        return x
    if x.born is not None and not _is_finite(x.primal):
        raise x.born
    y = x.primal
    return y.copy() if isinstance(y, np.ndarray) else y


class Root(NamedTuple):
    """A root at its kink, which is an error where anything but its square is used; mask tells the
    entries."""

    error: StrictError
    mask: Any


@counted
class Checked(Carrier):
    """A value that is watched. line, made: where the user's code made it, and of what. kink: it is
    a root at its kink. born: why it is not finite, where that came to be in a derivative and may
    still be cut off."""

    __slots__ = ("__weakref__", "born", "kink", "line", "made", "origin", "shares")
    content = ("primal", "born", "kink", "line", "made", "origin")

    def __init__(self, level: Level, primal: Any, made: tuple | None = None) -> None:
        self.level = level
        self.primal = primal
        self.made = made
        self.born: StrictError | None = None
        self.kink: Root | None = None
        self.line: tuple[str, int] | None = None
        self.origin = None

    def made_of(self) -> tuple:
        return (self.primal,) if self.made is None else self.made

    def apply(self, op: Op, args: tuple, params: Params) -> Any:
        level = self.level
        own = [a.__class__ is Checked and a.level is level for a in args]
        xs = tuple(a.primal if mine else a for a, mine in zip(args, own, strict=True))
        given = [a for a, mine in zip(args, own, strict=True) if mine]
        place = place_of_call()
        root = None if place.derives else _root(op, args, xs, params, place)
        y = op.dispatch(xs, params)
        if op.passive:
            return level.truth(y)
        made = fitting(Checked, y, shape_of(y))(
            level, y, None if place.derives else (op, args, params)
        )
        made.kink, made.line = root, place.line
        if op.remembers or any(a.origin is not None for a in given):
            made.origin = origin(op, args, params)
        if not _is_finite(y):
            made.born = next((a.born for a in given if a.born is not None), None)
            if made.born is None and all(map(_is_finite, xs)):
                made.born = _born(op, xs, y, place)
        return made

    def seen(self, note: Note) -> None:
        if note.kind == "constant":
            text = "ad.value takes a plain number out of a derivative, which is lost there"
            raise StrictError(text, place_of_call(), "value", (innermost(self),), ())


def _root(op: Op, args: tuple, xs: tuple, params: Params, place: CallSite) -> Root | None:
    """The kink that the result keeps, as a root at its kink or a part of one. Raises StrictError
    at every other kink."""
    met = first_kink(op, xs, params) if op.kinked else None
    if met is not None:
        text = f"{met.note}: {called(op, met.point)}"
        error = StrictError(text, place, op.name, met.point, met.entry)
        if not op.remembers:
            raise error
        return Root(error, _like(mask_of(op, xs, params), xs))
    waiting = next((a.kink for a in args if _at_kink(a)), None)
    if waiting is None or op.passive or smooth(op, args) is not None:
        return None
    if not op.commutes:
        raise waiting.error
    kept = _kept(op, args, params)
    return Root(waiting.error, kept) if np.any(innermost(kept)) else None


def _like(mask: np.ndarray, xs: tuple) -> Any:
    """A mask as numbers, in a batch where an argument is one."""
    found = (layer for x in xs for layer in layers(x) if layer.__class__ is Batch)
    batch = next(found, None)
    numbers = mask.astype(float)
    return numbers if batch is None else Batch(batch.level, numbers)


def look_at(op: Op, args: tuple, params: Params, y: Value) -> None:
    """Raise StrictError at a kink of an operation on plain values, and where its result came to be
    infinite or nan."""
    place = place_of_call()
    root = _root(op, args, args, params, place)
    if root is not None:
        raise root.error
    if not _is_finite(y) and all(map(_is_finite, args)):
        raise _born(op, args, y, place)


def _at_kink(a: Any) -> bool:
    return a.__class__ is Checked and a.kink is not None


def _kept(op: Op, args: tuple, params: Params) -> Any:
    """Which entries of the result of a movement or a product are at the kink of a root."""
    masks = [
        a.kink.mask if _at_kink(a) else np.zeros(shape_of(a)) if op.active(i) else a
        for i, a in enumerate(args)
    ]
    if op.elementwise:
        return functools.reduce(space.add, masks)
    return op.dispatch(tuple(masks), params)


def _born(op: Op, xs: tuple, y: Value, place: CallSite) -> StrictError:
    """The error for a number that is not finite: raised where the function makes it, kept where a
    derivative does, since an exact zero may still cut it off."""
    values = np.asarray(innermost(y))
    entry = tuple(map(int, np.argwhere(~np.isfinite(values))[0]))
    point = tuple(map(innermost, xs))
    if op.elementwise:
        point = tuple(np.broadcast_to(a, values.shape)[entry].item() for a in point)
    text = f"{called(op, point)} is {values[entry]}"
    if not place.derives:
        raise StrictError(text, place, op.name, point, entry)
    made = (x.line for x in layers(place.result) if x.__class__ is Checked)
    place = place._replace(line=next(made, place.line))
    of = "" if place.rule is None else f" of {place.rule.name}"
    text = f"the derivative{of} is not finite: {text}"
    return StrictError(text, place, (place.rule or op).name, point, entry)


def _is_finite(x: Any) -> bool:
    x = innermost(x)
    return (x.__class__ is not float and not isinstance(x, np.ndarray | np.generic)) or bool(
        np.isfinite(x).all()
    )
