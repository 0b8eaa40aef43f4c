"""Arguments and results as trees of tuples, lists, dicts and named tuples. `flatten` gives the
leaves in order and the structure, `unflatten` puts other leaves into that structure; beside them
the checks on leaves that go into a derivative or come out of one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any

import numpy as np

from admodes.core.carrier import Carrier, Level, outermost
from admodes.core.subclasses import plain_array
from admodes.core.values import canonical, native, numeric, shape_of
from admodes.errors import BadType, BadValue


class Tree:
    """The structure of a pytree: the type of the container, its keys, its branches."""

    __slots__ = ("branches", "keys", "kind")

    def __init__(self, kind: type | None, keys: tuple | None, branches: tuple[Tree, ...]) -> None:
        self.kind = kind
        self.keys = keys
        self.branches = branches

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Tree):
            return NotImplemented
        same = self.kind is other.kind and self.keys == other.keys
        return same and self.branches == other.branches

    def __str__(self) -> str:
        if self.kind is None:
            return "*"
        inside = ", ".join(map(str, self.branches))
        if self.keys is not None:
            pairs = zip(self.keys, self.branches, strict=True)
            inside = ", ".join(f"{k!r}: {b}" for k, b in pairs)
        return f"{self.kind.__name__}({inside})"


LEAF = Tree(None, None, ())
CONTAINERS = (tuple, list, dict)


def flatten(tree: Any) -> tuple[list, Tree]:
    """The leaves in order, and the structure."""
    if not isinstance(tree, CONTAINERS):
        return [tree], LEAF
    if isinstance(tree, dict):
        keys = tuple(tree)
        parts = [flatten(tree[k]) for k in keys]
    else:
        keys = None
        if not any(isinstance(t, CONTAINERS) for t in tree):
            return list(tree), Tree(tree.__class__, None, (LEAF,) * len(tree))
        parts = [flatten(t) for t in tree]
    leaves = [leaf for part, _ in parts for leaf in part]
    return leaves, Tree(tree.__class__, keys, tuple([structure for _, structure in parts]))


def flatten_like(tree: Any, structure: Tree, what: str, of: str) -> list:
    """The leaves of a tree that must have the given structure, dicts by key. Raises ValueError."""
    leaves: list = []
    if not _gather(tree, structure, leaves):
        raise BadValue(f"{what} is {flatten(tree)[1]}, but {of} is {structure}")
    return leaves


def _gather(parts: Any, structure: Tree, leaves: list) -> bool:
    if structure.kind is None:
        leaves.append(parts)
        return not isinstance(parts, (dict, tuple, list))
    same: bool = parts.__class__ is structure.kind
    if not same or len(parts) != len(structure.branches):
        return False
    if structure.keys is not None:
        if set(parts) != set(structure.keys):
            return False
        parts = [parts[key] for key in structure.keys]
    return all(_gather(t, b, leaves) for t, b in zip(parts, structure.branches, strict=True))


def own(x: Any) -> Any:
    """An array that the caller may change without changing anything of ours."""
    return x.copy() if isinstance(x, np.ndarray) else x


def owned(results: list, given: Iterable) -> list:
    """Results without copies of what is theirs alone: no view, nothing given, nothing twice."""
    taken = set(map(id, given))
    found = []
    for x in results:
        if isinstance(x, np.ndarray) and (not x.flags.owndata or id(x) in taken):
            x = x.copy()
        taken.add(id(x))
        found.append(x)
    return found


def unflatten(structure: Tree, leaves: list) -> Any:
    """The inverse of flatten."""
    if structure is LEAF:
        return leaves[0]
    return _build(structure, iter(leaves))


def _build(structure: Tree, remaining: Iterator) -> Any:
    if structure.kind is None:
        return next(remaining)
    parts = [
        next(remaining) if branch is LEAF else _build(branch, remaining)
        for branch in structure.branches
    ]
    if structure.keys is not None:
        return dict(zip(structure.keys, parts, strict=True))
    make: Any = structure.kind
    return make(*parts) if hasattr(make, "_fields") else make(parts)


def checked_input(x: Any, who: str, copy: bool = False, complex_too: bool = False) -> Any:
    """A differentiable leaf: a float, a float array (copied where asked) or a live carrier. Truth
    values are numbers here, and arrays have the byte order of the machine, as NumPy's results."""
    if isinstance(x, Carrier):
        if not x.level.alive:
            raise BadValue(_leak(who))
        return x.clone()
    if x.__class__ is not np.ndarray or x.dtype.kind != "f" or not x.ndim:
        x = canonical(numeric(x, who, complex_too))
        if x.__class__ is np.bool_:
            return float(x)
        if x.__class__ is not np.ndarray:
            return x
        if x.dtype.kind == "b":
            return x.astype(float)
    if not x.dtype.isnative:
        return native(x)
    return x.copy("K") if copy else x


def check_output(y: Any, level: Level, f: Callable) -> None:
    """Refuse results that are no numbers, and carriers that escaped from another derivative."""
    name = getattr(f, "__name__", "the function")
    if y is None:
        raise BadType(
            f"the result of {name} is None where a number or an array is needed: is a return "
            "missing?"
        )
    if not isinstance(y, Carrier):
        numeric(y, f"the result of {name}", complex_too=True)
        return
    top = outermost((y,))
    assert top is not None
    while isinstance(top, Carrier):
        if top.level is not level and not top.level.alive:
            raise BadValue(_leak(f"the result of {name}"))
        top = top.primal


def split_aux(result: Any, has_aux: bool, f: Callable) -> tuple[Any, Any]:
    """What f returned, apart from what is not to be differentiated."""
    if not has_aux:
        return result, None
    if not isinstance(result, tuple) or len(result) != 2:
        raise BadType(
            f"has_aux: {getattr(f, '__name__', 'the function')} must return a pair (result, aux)"
        )
    return result


def stripped(aux: Any, level: Level) -> Any:
    """aux without the carriers of a level that has ended; what is no number is left alone."""
    leaves, tree = flatten(aux)
    return unflatten(
        tree,
        [own(a.primal) if isinstance(a, Carrier) and a.level is level else a for a in leaves],
    )


def match_shapes(xs: list, vs: list, what: str, of: str) -> None:
    for x, v in zip(xs, vs, strict=True):
        if shape_of(x) != shape_of(plain_array(v, what)):
            raise BadValue(f"{what} of shape {shape_of(v)} where the {of} has shape {shape_of(x)}")


def _leak(who: str) -> str:
    return (
        f"{who}: a traced value outlived the derivative call that made it (was it stored in a "
        "global or a closure?); return it from the function instead, or store ad.value(x)"
    )
