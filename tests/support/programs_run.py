"""Recorded programs run row by row, as eager evaluation does, and compared entry by entry."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from admodes.core.carrier import call, quiet
from admodes.core.pytree import flatten, unflatten
from admodes.core.record import Ref, WengertList, record_leaves


def recorded(f: Callable, *args: Any) -> WengertList:
    """The program of f without the entries of its arrays, as ad.compile records it."""
    xs, tree = flatten(args)
    return record_leaves(
        lambda *inputs: call(f, unflatten(tree, list(inputs))), xs, f, values=False
    )


def outputs(program: WengertList, *args: Any) -> list[Any]:
    """The output leaves for other inputs; asserts that every guard holds.

    Entries lie in rows in memory, after every operation: a sum adds in the order of the memory, and
    a list may have lost the operation by which another would change it.
    """
    leaves = flatten(args)[0]
    values: list[Any] = [None] * len(program.steps)
    for ref, x in zip(program.inputs, leaves, strict=True):
        values[ref.row] = x
    for row, array in program.captured.items():
        values[row] = array

    def of(a: Any) -> Any:
        return values[a.row] if isinstance(a, Ref) else a

    with quiet():
        for i, step in enumerate(program.steps):
            if step.op is not None:
                y = step.op.dispatch(tuple(map(of, step.args)), step.params)
                values[i] = np.ascontiguousarray(y) if np.ndim(y) else y
        for guard in program.guards:
            assert np.array_equal(guard.decide(*map(of, guard.args)), guard.expected)
    return [of(y) for y in program.outputs]


def agree(found: list, expected: list) -> bool:
    """Whether all entries are the same to the last bit, the signs of zeros and of nan apart."""
    return len(found) == len(expected) and all(
        np.shape(a) == np.shape(b)
        and np.asarray(a).dtype == np.asarray(b).dtype
        and np.array_equal(a, b, equal_nan=np.asarray(a).dtype.kind in "fc")
        for a, b in zip(found, expected, strict=True)
    )


def rows(program: WengertList) -> list[str]:
    """The names of the operations, in order."""
    return [step.op.name for step in program.steps if step.op is not None]
