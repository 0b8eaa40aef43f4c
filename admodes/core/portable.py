"""Pickling of functions that admodes builds, such as grad(f). A closure cannot be pickled, so each
remembers the function that made it and that function's arguments, and is made again from these."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any


def made_by(function: Any, maker: Callable, *args: Any) -> Any:
    """function, of which is known that it is maker(*args)."""
    function.made_by = maker, args
    return function


class Remade:
    """What is pickled in the place of a function, and is the function again when it is read."""

    def __init__(self, maker: Callable, args: tuple) -> None:
        self.maker = maker
        self.args = args

    def __reduce__(self) -> tuple:
        return self.maker, tuple(map(portable, self.args))


def portable(x: Any) -> Any:
    """x as pickle can take it."""
    made = getattr(x, "made_by", None) if callable(x) else None
    return x if made is None else Remade(*made)
