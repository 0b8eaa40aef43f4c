"""The point of a call of sparse_jacobian or sparse_hessian: the argument that is differentiated, as
x, and the others, which are held fixed.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from admodes.core.carrier import Carrier
from admodes.core.pytree import CONTAINERS, checked_input, flatten, unflatten
from admodes.core.space import is_complex
from admodes.core.values import shape_of
from admodes.errors import BadType, BadValue


class Point:
    """f at its arguments, as a function of x = args[argnums] and of the floats among the other
    arguments; the rest (integers, index arrays, truth values, objects) is fixed.

    Raises TypeError for an x that is not one real array or number, and for traced values."""

    def __init__(self, f: Callable, argnums: int, args: tuple, kwargs: dict, who: str) -> None:
        self.f, self.who = f, who
        self.name = getattr(f, "__name__", type(f).__name__)
        self.x = self._checked(argnums, args)
        self.position = argnums % len(args)
        others = args[: self.position] + args[self.position + 1 :]
        leaves, self.tree = flatten((others, kwargs))
        self.where = [i for i, leaf in enumerate(leaves) if _is_float(leaf)]
        self.floats = tuple(leaves[i] for i in self.where)
        self.fixed = [None if _is_float(leaf) else leaf for leaf in leaves]
        if any(isinstance(leaf, Carrier) for leaf in leaves):
            self._refuse_traced()

    def _checked(self, argnums: int, args: tuple) -> Any:
        if not isinstance(argnums, (int, np.integer)):
            raise BadType(f"{self.who}: argnums={argnums!r}: give the position of one argument")
        if not -len(args) <= argnums < len(args):
            raise BadValue(
                f"{self.who}: argnums={argnums}, but {self.name} was called with {len(args)} "
                "argument(s)"
            )
        x = args[argnums]
        if isinstance(x, CONTAINERS):
            raise BadType(
                f"{self.who} takes one array: argument {argnums} of {self.name} is a "
                f"{type(x).__name__}; join its parts with np.concatenate"
            )
        if isinstance(x, Carrier):
            self._refuse_traced()
        return checked_input(x, self.who)

    def _refuse_traced(self) -> None:
        raise BadType(
            f"{self.who} returns a scipy.sparse matrix, through which nothing can be "
            "differentiated or recorded: use ad.jacobian or ad.hessian inside another derivative"
        )

    def key(self) -> tuple:
        """What a plan may depend on, apart from the fixed leaves."""
        kinds = [(shape_of(x), getattr(x, "dtype", float)) for x in (self.x, *self.floats)]
        return tuple(kinds), str(self.tree), self.position, tuple(self.where)

    def kept(self) -> list:
        """The fixed leaves, as they are now."""
        return [x.copy() if isinstance(x, np.ndarray) else x for x in self.fixed]

    def is_plain(self) -> bool:
        """Whether the fixed leaves are arrays, numbers and words, which cannot change unseen."""
        kinds = (np.ndarray, np.generic, int, str, type(None))
        return all(isinstance(x, kinds) for x in self.fixed)

    def function(self) -> Callable:
        """f as a function of x and the floats, with one array or number as its result."""
        f, fixed, where = self.f, self.kept(), self.where
        tree, position, check = self.tree, self.position, self._one_result

        def restricted(x: Any, *floats: Any) -> Any:
            leaves = list(fixed)
            for i, value in zip(where, floats, strict=True):
                leaves[i] = value
            others, kwargs = unflatten(tree, leaves)
            return check(f(*others[:position], x, *others[position:], **kwargs))

        restricted.__name__ = self.name
        return restricted

    def _one_result(self, y: Any) -> Any:
        if isinstance(y, CONTAINERS):
            raise BadType(
                f"{self.who} needs a function with one array as its result, but {self.name} "
                f"returned a {type(y).__name__}; join its parts with np.concatenate or ad.stack"
            )
        if is_complex(y):
            raise BadType(
                f"{self.who} needs a real result, but {self.name} returned complex values: join "
                "their real and imaginary parts with np.concatenate"
            )
        return y


def _is_float(x: Any) -> bool:
    return isinstance(x, float) or (isinstance(x, np.ndarray) and x.dtype.kind == "f")


def same(xs: Any, ys: Any) -> bool:
    """Whether two lists of leaves are alike: arrays by their entries, all else by equality."""
    return len(xs) == len(ys) and all(map(_same, xs, ys))


def _same(x: Any, y: Any) -> bool:
    if isinstance(x, np.ndarray) or isinstance(y, np.ndarray):
        return type(x) is type(y) and x.dtype == y.dtype and np.array_equal(x, y)
    return x is y or bool(x == y)
