"""x += v on traced arrays: the array changes under all of its names, as NumPy's does.

Where NumPy would change another array as well, because one is a view of the other, it is an error.
"""

from __future__ import annotations

import weakref
from typing import Any

from admodes.core.carrier import Carrier
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


def bind_in_place(name: str) -> None:
    """Make `carrier <symbol>= other` change the array under all of its names, as NumPy does."""
    operator = f"__{name}__"

    def in_place(self, other):
        symbol = IN_PLACE[name]
        new = getattr(self, operator)(other)
        return become(self, new, f"x {symbol}= v", f"x = x {symbol} v")

    setattr(Carrier, f"__i{name}__", in_place)


def become(x: Any, new: Any, what: str, instead: str) -> Any:
    """x += v: this array, under all of its names, is from now on the new one. A number is
    not changed: the name is given to the new number, as in Python."""
    if not x.shape:
        return new
    refused = None
    if not x.content:
        refused = "would change a value that others were made from"
    elif not isinstance(new, Carrier):
        refused = "gives values without a derivative"
    elif type(new) is not type(x) or new.level is not x.level:
        refused = "takes a value of an inner derivative"
    elif new.shape != x.shape:
        refused = f"changes its shape from {x.shape} to {new.shape}"
    elif _shared(x):
        refused = "changes entries that another traced array shares (one is a view of the other)"
    if refused is not None:
        raise BadType(f"{what} of a traced array {refused}: write {instead}")
    if new.dtype != x.dtype:
        new = new.astype(x.dtype)
    for name in x.content:
        setattr(x, name, getattr(new, name))
    return x


def share(base: Any, view: Any) -> None:
    """Note that in NumPy these two arrays would be one memory."""
    if not (base.content and base.shape and view.content and view.shape):
        return
    group = _group(base)
    if group is None:
        group = base.shares = {}
        _join(group, base)
    _join(group, view)
    view.shares = group


def _join(group: dict[int, Any], x: Any) -> None:
    key = id(x)
    group[key] = weakref.ref(x, lambda _: group.pop(key, None))


def _shared(x: Any) -> bool:
    """Whether another array that is still in use shares memory with x."""
    return len(_group(x) or ()) > 1


def _group(x: Any) -> dict[int, Any] | None:
    """The arrays that share memory with x; None for an array that has never been in a view. Asked
    for at every view, so without the carriers' own words for a missing attribute."""
    try:
        return object.__getattribute__(x, "shares")  # type: ignore[no-any-return]
    except AttributeError:
        return None
