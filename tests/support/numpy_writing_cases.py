"""Cases for NumPy's functions and methods that write into an array: into a copy of the first
argument, which is the result."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from case_builder import Case, cases

MASK = np.array([[True, False, True, True], [False, True, True, False], [True, True, True, True]])
ARGS = ((3, 4), (4,))
SOME = np.array([[2, 0, 1, 1]])

FUNCTIONS: dict[Any, list[Callable[[Any, Any], Any]]] = {
    np.copyto: [lambda a, v: np.copyto(a, v), lambda a, v: np.copyto(a, v[0], where=MASK)],
    np.put: [
        lambda a, v: np.put(a, [3, -1], v),
        lambda a, v: np.put(a, np.array([[0, 5, 2], [9, 5, 11]]), v[:2]),
        lambda a, v: np.put(a, [1], []),
    ],
    np.put_along_axis: [
        lambda a, v: np.put_along_axis(a, SOME, v, 0),
        lambda a, v: np.put_along_axis(a, SOME[0], v, None),
    ],
    np.place: [lambda a, v: np.place(a, MASK, v)],
    np.putmask: [lambda a, v: np.putmask(a, MASK, v)],
    np.fill_diagonal: [lambda a, v: np.fill_diagonal(a, v[:3]), lambda a, v: wrapped(a, v)],
}


def wrapped(a: Any, v: Any) -> None:
    np.fill_diagonal(a.T[:, :2], v[1], wrap=True)


def flat_entries(a: Any, v: Any) -> None:
    a.flat[1] = v[0]
    a.flat[-2] *= v[1]
    a.flat[[4, 6]] = v[2:]


def flat_of_a_view(a: Any, v: Any) -> None:
    a.T.flat[2::4] = v[:2]
    a[1:].flat[:3] += v[1:]
    a[:, 0] *= a.flat[2:8:3].sum() + a.flat.copy()[3] + len(a.flat)


def flat_as_a_whole(a: Any, v: Any) -> None:
    a.flat = v


def of_a_view(a: Any, v: Any) -> None:
    a.view()[1] = v


METHODS: dict[str, list[Callable[[Any, Any], Any]]] = {
    "fill": [lambda a, v: a.fill(v[2]), lambda a, v: a[1].fill(v[0])],
    "put": [lambda a, v: a.put([3, 7, 8], v[1:])],
    "sort": [lambda a, v: a.sort(), lambda a, v: a.sort(axis=0), lambda a, v: a.T[1].sort()],
    "partition": [lambda a, v: a.partition(2), lambda a, v: a.partition([0, 1], axis=0)],
    "flat": [flat_entries, flat_of_a_view, flat_as_a_whole],
    "view": [of_a_view],
}


def written(write: Callable[[Any, Any], Any]) -> Callable[[Any, Any], Any]:
    """The array after it was written into."""

    def result(a: Any, v: Any) -> Any:
        a = a * 1.0
        write(a, v)
        return a

    return result


def of_writing() -> Iterator[Case]:
    named = [(f"ndarray.{name}", writes) for name, writes in METHODS.items()]
    for key, writes in [*FUNCTIONS.items(), *named]:
        yield from cases(key, ARGS, *map(written, writes))
    where = written(lambda a, v: np.place(a, a > 0.5, v))
    yield from cases(np.place, ARGS, where, samples=False)
