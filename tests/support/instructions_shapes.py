"""Instructions of random array programs: shapes, indexing, and what moves entries."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import scipy.sparse
from array_programs import MARGIN, MOVES, ArrayProgram, Move
from instructions_entrywise import (
    _position,
    _spread_out,
    any_shape,
    chooser,
    filled,
    instruction,
    matrix,
    one_axis,
    some_axes,
    vector,
    with_axes,
)


def _other_shape(rng: Any, x: Any) -> tuple:
    n = np.size(x)
    shapes = [(n,), (1, n), (n, 1), np.shape(x)[::-1], (2, n // 2), (n // 3, 3), (1,) * (n == 1)]
    fitting = [s for s in shapes if math.prod(s) == n and len(s) < 4]
    shape = list(fitting[rng.integers(len(fitting))])
    if shape and n and rng.random() < 0.3:
        shape[rng.integers(len(shape))] = -1
    return tuple(shape)


@instruction(chooser(any_shape, shape=_other_shape))
def reshape(xp, x, shape):
    return xp.reshape(x, shape)


@instruction(chooser(with_axes, axes=lambda rng, x: tuple(map(int, rng.permutation(x.ndim)))))
def transpose(xp, x, axes):
    return xp.transpose(x, axes)


@instruction(chooser(lambda s: len(s) > 1))
def swapaxes(xp, x):
    return xp.moveaxis(xp.swapaxes(x, 0, -1), 0, 1)


@instruction(chooser(with_axes, axis=one_axis))
def expand_dims(xp, x, axis):
    return xp.squeeze(xp.expand_dims(x, axis), axis)[None]


@instruction(chooser(filled, n=lambda rng, x: int(rng.integers(1, 3))))
def broadcast_to(xp, x, n):
    return xp.broadcast_to(x, (n, *np.shape(x)))


def _alike(g: ArrayProgram) -> Any:
    first = g.pick(filled)
    if first is None:
        return None
    shape = np.shape(g.of(first))
    others = [g.pick(lambda s: s == shape) for _ in range(int(g.rng.integers(0, 2)))]
    args = [first, *others, g.constant(shape) if shape else 0.5]
    g.rng.shuffle(args)
    return tuple(args), {"axis": int(g.rng.integers(-len(shape) - 1, len(shape) + 1))}


@instruction(_alike)
def stack(xp, *xs, axis):
    return xp.stack([xp.asarray(x) if isinstance(x, float) else x for x in xs], axis=axis)


def _end_to_end(g: ArrayProgram) -> Any:
    first = g.pick(lambda s: len(s) > 0)
    if first is None:
        return None
    shape = np.shape(g.of(first))
    axis = int(g.rng.integers(0, len(shape)))

    def fits(s: tuple) -> bool:
        return len(s) == len(shape) and all(
            k == axis or m == n for k, (m, n) in enumerate(zip(s, shape, strict=True))
        )

    more = (*shape[:axis], int(g.rng.integers(0, 3)), *shape[axis + 1 :])
    return (first, g.pick(fits), g.constant(more)), {"axis": axis}


@instruction(_end_to_end)
def concatenate(xp, *xs, axis):
    return xp.concatenate(xs, axis=axis)


@instruction(chooser(vector, vector))
def written_part(xp, x, y):
    part = y[: x.shape[0]]
    z = x + 0.0 * xp.sum(y)
    if hasattr(z, "at"):  # jax has no assignment
        return z.at[: part.shape[0]].set(part)
    z[: part.shape[0]] = part
    return z


@instruction(chooser(vector))
def sparse_product(xp, x):
    n = x.shape[0]
    matrix = np.eye(n + 1, n) - 0.5 * np.eye(n + 1, n, -1)
    if hasattr(x, "at"):  # jax knows no matrices of scipy
        return matrix @ x
    return scipy.sparse.csr_array(matrix) @ x


@instruction(chooser(vector, vector))
def hstack_of_two(xp, x, y):
    return xp.hstack([x, y])


@instruction(chooser(lambda s: len(s) == 1 and s[0] in (3, 4)))
def vstack_of_two(xp, x):
    return xp.vstack([x, x * x])


@instruction(chooser(lambda s: with_axes(s) and s[0] > 1))
def split(xp, x):
    first, second = xp.split(x, [1])
    return xp.sum(first, axis=0) * second


def _basic(rng: Any, x: Any) -> tuple:
    parts: list[Any] = []
    for n in np.shape(x):
        start = int(rng.integers(0, n))
        parts.append(
            [
                start,
                start - n,
                slice(None),
                slice(start, None),
                slice(None, None, -1),
                slice(None, None, 2),
                slice(start, start),
            ][rng.choice(7, p=[0.15, 0.1, 0.3, 0.2, 0.1, 0.1, 0.05])]
        )
    if rng.random() < 0.2:
        parts.insert(int(rng.integers(0, len(parts) + 1)), None)
    if rng.random() < 0.2:
        parts[int(rng.integers(0, len(parts))) :] = [...]
    return tuple(parts)


def _fancy(rng: Any, x: Any) -> tuple:
    shape = np.shape(x)
    count = int(rng.integers(1, 4))
    first = rng.integers(-shape[0], shape[0], count)
    kind = rng.integers(5)
    if len(shape) > 1 and kind == 0:
        return first, rng.integers(0, shape[1], count)
    if len(shape) > 1 and kind == 1:
        return first[:, None], rng.integers(0, shape[1], 2)
    if len(shape) > 1 and kind == 2:
        return ..., rng.integers(0, shape[-1], count).tolist()
    if len(shape) == 3 and kind == 3:
        return first, slice(None), rng.integers(0, shape[2], count)
    return (first.reshape(-1, 1) if kind == 4 else first,)


@instruction(chooser(with_axes, index=_basic))
def getitem(xp, x, index):
    return x[index]


@instruction(chooser(with_axes, index=_fancy))
def getitem_fancy(xp, x, index):
    return x[index]


@instruction(chooser(lambda s: len(s) == 3 and filled(s), i=_position))
def getitem_separated(xp, x, i):
    return x[i, :, np.array([0, -1, 0])] + x[np.array([i, 0]), :, 0][:1]


@instruction(chooser(with_axes, mask=lambda rng, x: rng.random(np.shape(x)) < 0.6))
def getitem_mask(xp, x, mask):
    return x[mask]


@instruction(_spread_out(chooser(with_axes), lambda x: x, MARGIN))
def getitem_positive(xp, x):
    """A mask that is computed from the values."""
    return x[x > 0]


def _indices(rng: Any, x: Any) -> np.ndarray:
    return rng.integers(0, x.shape[-1], (*x.shape[:-1], 2))


@instruction(chooser(with_axes, indices=_indices))
def take_along_axis(xp, x, indices):
    return xp.take_along_axis(x, indices, axis=-1)


def _mover(name: str, fits: Callable[[tuple], bool], **sampled: Callable) -> None:
    MOVES[name] = Move(
        lambda xp, x, **params: getattr(xp, name)(x, **params), chooser(fits, **sampled)
    )


_mover("flip", with_axes, axis=some_axes)
_mover("fliplr", lambda s: len(s) > 1)
_mover("flipud", with_axes)
_mover("rot90", lambda s: len(s) > 1, k=lambda rng, x: int(rng.integers(1, 4)))
_mover("roll", with_axes, shift=lambda rng, x: int(rng.integers(-3, 4)), axis=one_axis)
_mover("tile", with_axes, reps=lambda rng, x: (2, 1)[: int(rng.integers(1, 3))])
_mover("repeat", with_axes, repeats=lambda rng, x: int(rng.integers(0, 3)), axis=one_axis)
_mover("diag", vector, k=lambda rng, x: int(rng.integers(-1, 2)))
_mover("diagflat", lambda s: vector(s) and s[0] < 7)
_mover("diagonal", matrix, offset=lambda rng, x: int(rng.integers(0, 2)))
_mover("tril", matrix, k=lambda rng, x: int(rng.integers(-1, 2)))
_mover("triu", matrix, k=lambda rng, x: int(rng.integers(-1, 2)))
_mover("take", with_axes, indices=lambda rng, x: rng.integers(0, x.shape[0], 3), axis=lambda *_: 0)
_mover("delete", with_axes, obj=_position, axis=lambda *_: 0)
_mover("resize", with_axes, new_shape=lambda rng, x: (2, int(rng.integers(1, 5))))
_mover(
    "pad",
    with_axes,
    pad_width=lambda rng, x: int(rng.integers(0, 3)),
    mode=lambda rng, x: ["constant", "edge", "wrap", "symmetric"][rng.integers(4)],
)


@instruction(chooser(vector))
def sliding_window_view(xp, x):
    return np.lib.stride_tricks.sliding_window_view(x, (np.shape(x)[0] + 1) // 2)
