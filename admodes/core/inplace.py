"""x += v and x[index] = v on traced arrays: the array changes under all of its names, and so do the
arrays that NumPy would keep in the same memory, views of it and what it is a view of.

An array that changes in place is from then on another one: its carrier takes over the content of a
new carrier. What shares its memory is made anew from it, or gets its entries back.
"""

from __future__ import annotations

import math
import weakref
from typing import Any

import numpy as np

from admodes.core.carrier import Carrier, innermost
from admodes.core.pytree import flatten
from admodes.core.reuse import SMALL
from admodes.core.space import space
from admodes.core.structure import Moves
from admodes.errors import BadType

IN_PLACE = {
    "add": "+",
    "sub": "-",
    "mul": "*",
    "truediv": "/",
    "floordiv": "//",
    "mod": "%",
    "pow": "**",
    "matmul": "@",
    "and": "&",
    "or": "|",
    "xor": "^",
}

SHARED = "changes entries that another traced array shares (one is a view of the other)"
BORROWED = "changes an argument of the function, which is the caller's array"


FEW = 8
"""A view has few entries where the array has so many times as many."""


class Memory:
    """What an array shares its memory with in NumPy. family: all arrays in this memory that are
    still in use, by id. base: the array that it is a view of, made by op with params; None where
    there is none, or nobody knows how it was made. argument: it is the caller's; changed: such an
    array has been changed under its name in the function."""

    __slots__ = ("argument", "base", "changed", "family", "op", "params")

    def __init__(self, family: dict[int, Any]) -> None:
        self.family = family
        self.argument = self.changed = False
        self.base: Any = None
        self.op: Any = None
        self.params: Any = None

    def join(self, x: Any) -> None:
        """x is the array that this is about."""
        key, family = id(x), self.family
        family[key] = weakref.ref(x, lambda _: family.pop(key, None))
        x.shares = self

    def root(self) -> Memory:
        """That of the array at the start of views of views."""
        memory = self
        while memory.base is not None:
            memory = memory.base.shares
        return memory

    def index(self) -> Any:
        """Where in its base the view is, as an index; None where NumPy lets nobody write there."""
        if self.op is space.pick:
            return self.params["index"]
        shape = self.base.shape
        numbers = np.arange(math.prod(shape)).reshape(shape)
        places = self.op.array(numbers, **(self.params or {}))
        return np.unravel_index(places, shape) if places.flags.writeable else None


ARGUMENT = Memory({})
"""That of every argument of a function, until it is in a view or changes."""
ARGUMENT.argument = True


def bind_in_place(name: str) -> None:
    """Make `carrier <symbol>= other` change the array under all of its names, as NumPy does."""
    operator = f"__{name}__"

    def in_place(self, other):
        symbol = IN_PLACE[name]
        new = getattr(self, operator)(other)
        return become(self, new, f"x {symbol}= v", f"x = x {symbol} v")

    setattr(Carrier, f"__i{name}__", in_place)


def become(x: Any, new: Any, what: str, instead: str) -> Any:
    """x += v: this array, under all of its names, is from now on the new one, and so are the views
    of it. A number is not changed: the name is given to the new number, as in Python. Raises
    TypeError, which names what to write instead, where that cannot be."""
    if not x.shape:
        return new
    if x.content and not isinstance(new, Carrier):
        new = x.constant(np.array(new))  # such as x // v, whose derivative is zero
    refused = None
    if not x.content:
        refused = "would change a value that others were made from"
    elif not isinstance(new, Carrier):
        refused = "gives values without a derivative"
    elif type(new) is not type(x) or new.level is not x.level:
        refused = "takes a value of an inner derivative"
    elif new.shape != x.shape:
        refused = f"changes its shape from {x.shape} to {new.shape}"
    else:
        refused = _alone(x)
    if refused is not None:
        raise BadType(f"{what} of a traced array {refused}: write {instead}")
    _replace(x, new)
    memory = _memory(x)
    if memory is not None:
        memory = _of_argument(x) if memory is ARGUMENT else memory
        memory.changed = True
        _follow(x, memory)
    return x


def share(base: Any, view: Any, op: Any = None, params: Any = None) -> None:
    """Note that in NumPy view would be a view of base, made by op with params."""
    if not (base.content and base.shape and view.content and view.shape):
        return
    memory = _memory(base)
    if memory is None:
        memory = Memory({})
        memory.join(base)
    elif memory is ARGUMENT:
        memory = _of_argument(base)
    mine = Memory(memory.family)
    mine.join(view)
    # Where the plain arrays share no memory NumPy may have copied them, or not.
    moves = op is not None and isinstance(op.structure, Moves)
    if moves and np.may_share_memory(innermost(base), innermost(view)):
        mine.base, mine.op, mine.params = base, op, params
        if not memory.argument and _shows_few(base, view) and not memory.root().argument:
            _detach(view)


def _shows_few(base: Any, view: Any) -> bool:
    """Whether an array is large enough to be written in place, and a view of it has few entries."""
    entries = math.prod(base.shape)
    return entries >= SMALL and FEW * math.prod(view.shape) <= entries


def _detach(view: Any) -> None:
    """Give a few entries of an array that may be written into memory of their own, since what is
    kept of them would keep the whole array, and from being written in place."""
    for name in ("primal", "tangent"):
        part = getattr(view, name) if name in view.content else None
        if part.__class__ is np.ndarray and part.base is not None:
            setattr(view, name, part.copy())
            if "node" in view.content and view.node.primal is part:
                view.node.primal = view.primal


def unshared(x: Any) -> bool:
    """Whether x has an array of its own, with no view of it."""
    memory = _memory(x)
    return memory is None or (not memory.argument and len(memory.family) == 1)


def lent(x: Any) -> Any:
    """x, a carrier, which is an argument of the function: the array is the caller's."""
    if x.content and x.shape:
        x.shares = ARGUMENT
    return x


def _of_argument(x: Any) -> Memory:
    memory = Memory({})
    memory.join(x)
    memory.argument = True
    return memory


def is_argument(x: Any) -> bool:
    """Whether the array is the caller's."""
    memory = _memory(x)
    return memory is not None and memory.argument


def have_changed(args: tuple) -> bool:
    """Whether an argument of the function has been changed under its name there."""
    memories = [_memory(x) for x in flatten(args)[0] if isinstance(x, Carrier)]
    return any(memory is not None and memory.changed for memory in memories)


def is_view_at(x: Any, base: Any, index: Any) -> bool:
    """Whether x is what base[index] is: a view there."""
    memory = _memory(x) if isinstance(x, Carrier) else None
    if memory is None or memory.base is not base or memory.op is not space.pick:
        return False
    return repr(memory.params["index"]) == repr(index)


def _alone(x: Any) -> str | None:
    """Why what shares memory with x cannot follow it, or None."""
    memory = _memory(x)
    if memory is None or len(memory.family) <= 1:
        return None
    if len({id(mine.root()) for _, mine in _living(memory)}) > 1:
        return SHARED
    while memory.base is not None:
        if memory.index() is None:
            return SHARED
        memory = memory.base.shares
        if memory.argument:
            return BORROWED
    return None


def _follow(x: Any, memory: Memory) -> None:
    """What shares memory with x, which has changed."""
    _refresh(x, memory)
    while memory.base is not None:
        base = memory.base
        _replace(base, space.assign(base, x, index=memory.index()))
        _refresh(base, base.shares, except_for=x)
        x, memory = base, base.shares


def _refresh(x: Any, memory: Memory, except_for: Any = None) -> None:
    """The views of x, which has changed."""
    for view, mine in _living(memory):
        if mine.base is x and view is not except_for:
            _replace(view, mine.op.dispatch((x,), mine.params))
            _refresh(view, mine)


def _living(memory: Memory) -> list[tuple[Any, Memory]]:
    """The arrays in a memory that are still in use, and what is known of them."""
    arrays = [ref() for ref in [*memory.family.values()]]
    return [(x, x.shares) for x in arrays if x is not None]


def _replace(x: Any, new: Any) -> None:
    if new.dtype != x.dtype:
        new = new.astype(x.dtype)
    for name in x.content:
        setattr(x, name, getattr(new, name))


def _memory(x: Any) -> Memory | None:
    """What x shares its memory with; None for an array that has never been in a view. Asked for at
    every view, so without the carriers' own words for a missing attribute."""
    try:
        return object.__getattribute__(x, "shares")  # type: ignore[no-any-return]
    except AttributeError:
        return None
