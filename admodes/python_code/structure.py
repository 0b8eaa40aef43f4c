"""The signature and the result of a printed function: it has the arguments of the user's f, takes
the numbers or arrays out of them in its first lines, and puts its results together again."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import takewhile
from typing import Any

import numpy as np

from admodes.core.pytree import Tree, flatten
from admodes.python_code.writer import WIDTH, filled

Leaf = tuple[list[str], tuple[int, ...] | None]
"""The name of a number or array; or those of the entries of an array, with its shape."""


@dataclass
class Part:
    """An argument or a result by its name, with the names of what it is made of."""

    name: str
    tree: Tree
    leaves: list[Leaf] = field(default_factory=list)

    @property
    def names(self) -> list[str]:
        return [name for names, _ in self.leaves for name in names]

    def taken(self, suffix: str = "") -> list[str]:
        """The lines that give the parts of the argument their names."""
        return list(_taken(self.name + suffix, self.tree, iter(self.leaves), suffix))

    def put_together(self, texts: Iterator[str]) -> str:
        """The expression of the result from those of its parts."""
        return _put_together(self.tree, iter(self.leaves), texts)


def parts(
    tops: Sequence[str], values: Sequence[Any], names: Sequence[str], by_entry: bool
) -> list[Part]:
    """The values by name, as parts of which each leaf, or with by_entry each number, has one of the
    names."""
    remaining, found = iter(names), []
    for top, x in zip(tops, values, strict=True):
        leaves, tree = flatten(x)
        part = Part(top, tree)
        for leaf in leaves:
            shape = np.shape(leaf)
            if by_entry and shape:
                entries = [next(remaining) for _ in range(math.prod(shape))]
                part.leaves.append((entries, shape))
            else:
                part.leaves.append(([next(remaining)], None))
        found.append(part)
    return found


def tops_of(results: Sequence[Any], names: Sequence[str], by_entry: bool) -> list[str]:
    """A name for every result: its own, or the beginning that those of its parts have in common."""
    found: list[str] = []
    for part in parts([""] * len(results), results, names, by_entry):
        stem = _beginning(part.names)
        name = part.names[0] if len(part.names) == 1 else stem or "result"
        while name in found:
            name += "_"
        found.append(name)
    return found


def _beginning(names: Sequence[str]) -> str:
    """The letters with which all names begin, without the numbers after them."""
    alike = takewhile(lambda letters: len(set(letters)) == 1, zip(*names, strict=False))
    return "".join(letters[0] for letters in alike).rstrip("0123456789_")


def apart(names: Sequence[str], whole: set[int], tops: Sequence[str]) -> list[str]:
    """The names, where none but those of whole arguments is that of an argument."""
    found: list[str] = []
    for i, name in enumerate(names):
        while i not in whole and (name in tops or name in found):
            name += "_"
        found.append(name)
    return found


def together(made: Sequence[Part], texts: Sequence[str], as_tuple: bool = True) -> str:
    """The results after return: several with commas, one alone as it is or as a tuple of one."""
    remaining = iter(texts)
    shown = [part.put_together(remaining) for part in made]
    return ", ".join(shown) + "," * (as_tuple and len(shown) == 1) if shown else "()"


def _taken(expression: str, tree: Tree, leaves: Iterator[Leaf], suffix: str) -> Iterator[str]:
    if tree.kind is not None:
        for key, branch in zip(_keys(tree), tree.branches, strict=True):
            yield from _taken(f"{expression}[{key}]", branch, leaves, suffix)
        return
    names, shape = next(leaves)
    targets = [name + suffix for name in names]
    if shape is None:
        if targets != [expression]:
            yield f"{targets[0]} = {expression}"
    elif targets:
        left = ", ".join(targets) + "," * (len(targets) == 1)
        right = expression if len(shape) == 1 else f"np.ravel({expression})"
        line = f"{left} = {right}"
        yield line if len(line) <= WIDTH - 4 else f"(\n{filled(left, 4)}\n) = {right}"


def _put_together(tree: Tree, leaves: Iterator[Leaf], texts: Iterator[str]) -> str:
    if tree.kind is None:
        names, shape = next(leaves)
        if shape is None:
            return next(texts)
        if not names:
            return f"np.zeros({shape})"
        inside = ", ".join(next(texts) for _ in names)
        return f"np.array([{inside}])" + (f".reshape{shape}" if len(shape) > 1 else "")
    shown = [_put_together(branch, leaves, texts) for branch in tree.branches]
    if tree.keys is not None:
        return f"{{{', '.join(f'{k}: {v}' for k, v in zip(_keys(tree), shown, strict=True))}}}"
    inside = ", ".join(shown)
    if issubclass(tree.kind, list):
        return f"[{inside}]"
    return f"({inside}{',' * (len(shown) == 1)})"


def _keys(tree: Tree) -> list[str]:
    """The keys or positions as they are written; a long line may be broken at spaces."""
    keys = range(len(tree.branches)) if tree.keys is None else tree.keys
    return [repr(key).replace(" ", r"\x20") for key in keys]
