"""How the options of NumPy's reductions are read: dtype, keepdims, where, initial, axis. The
options of a call go in; the argument as they prepare it comes out, or an error for those not
supported."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from admodes.core.carrier import SAMPLES_DIFFER, Carrier, innermost, settled
from admodes.core.op import REGISTRY
from admodes.core.pytree import flatten, unflatten
from admodes.core.space import is_complex
from admodes.core.truth import is_whole
from admodes.errors import BadType
from admodes.ops.comparisons import where
from admodes.ops.shaping import array

NONE = np._NoValue


def given_options(options: dict, who: str) -> dict:
    """The options that were given a value other than NumPy's own defaults, without dtype."""
    found = {k: v for k, v in options.items() if v is not None and v is not NONE}
    dtype = found.pop("dtype", None)
    if dtype is not None and np.dtype(dtype).kind not in "fc":
        raise BadType(f"{who}: dtype={dtype} of a traced value would lose its derivative")
    return found


def refuse(options: dict, who: str) -> None:
    """Raise TypeError for options that are left over."""
    if options:
        names = ", ".join(f"{k}=" for k in options)
        raise BadType(f"{who} of a traced value does not take {names}")


def taken(options: dict, who: str, *names: str) -> list:
    """The values of these options, None for one that was not given. Raises TypeError where there
    are others."""
    given = given_options(options, who)
    values = [given.pop(name, None) for name in names]
    refuse(given, who)
    return values


def no_out(out: Any, who: str) -> None:
    """Raise TypeError for an array that was to take the result."""
    if out is not None:
        refuse({"out": out}, who)


def prepared(a: Any, options: dict, who: str, *names: str) -> tuple[Any, ...]:
    """The array in the precision that dtype= asks for, keepdims, and the values of these options.
    Raises TypeError where there are others."""
    a, kind = array(a), options.get("dtype")
    if is_whole(a):
        options = {k: v for k, v in options.items() if k != "dtype"}
    keepdims, *values = taken(options, who, "keepdims", *names)
    if kind is not None and np.dtype(kind) != a.dtype:
        if is_complex(a) and np.dtype(kind).kind == "f":
            raise BadType(f"{who}: dtype={kind} would lose the imaginary parts")
        a = REGISTRY["astype"](a, dtype=np.dtype(kind))
    return a, bool(keepdims), *values


KEEPDIMS = frozenset(("keepdims",))


def is_simple(a: Any, options: dict) -> bool:
    """Whether a traced value is reduced with no option but keepdims, which needs no preparation."""
    return isinstance(a, Carrier) and options.keys() <= KEEPDIMS and NONE not in options.values()


def masked(a: Any, mask: Any, neutral: Any) -> Any:
    """a with the neutral element wherever where= is false; None where that was not given."""
    return a if mask is None or mask is True else where(mask, a, neutral)


def steered(function: Callable, *args: Any, **options: Any) -> Any:
    """function(*args, **options) of plain values, which steers the function that is traced; refused
    where it differs between the samples of a batch. Lists may hold traced values."""
    leaves, tree = flatten((args, options))
    for leaf in leaves:
        if isinstance(leaf, Carrier) and np.shape(innermost(leaf)) != leaf.shape:
            raise BadType(SAMPLES_DIFFER)

    def decide(*plain: Any) -> Any:
        args, options = unflatten(tree, list(plain))
        return function(*args, **options)

    decide.__name__ = getattr(function, "__name__", "decide")
    return settled(decide, *leaves)


def plain_axis(axis: Any) -> Any:
    return tuple(axis) if isinstance(axis, list) else axis
