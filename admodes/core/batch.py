"""Batches: a function of one sample goes in, the function of many samples at once comes out (vmap).
The samples stand along a leading axis that the function never sees; directions of a sweep are
samples too.

An operation on a batch is one operation on arrays with one axis more; each operation declares how
(aligned broadcasting, a shifted axis), or is applied sample by sample.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from admodes.core.carrier import SAMPLES_DIFFER, Carrier, Level, call
from admodes.core.inplace import lent
from admodes.core.portable import made_by
from admodes.core.pytree import check_output, checked_input, flatten, unflatten
from admodes.core.scalars import counted, fitting
from admodes.core.space import space
from admodes.core.values import Params, shape_of
from admodes.errors import BadType, BadValue


@counted
class Batch(Carrier):
    """Many samples as one value: primal has them along its leading axis, which the function that
    computes with the batch does not see, as its shape is that of one sample."""

    __slots__ = ("__weakref__", "shares")
    content = ("primal",)
    differentiates = False

    def __init__(self, level: Level, primal: Any) -> None:
        self.level = level
        self.primal = primal

    @property
    def shape(self) -> tuple[int, ...]:
        return shape_of(self.primal)[1:]

    def apply(self, op: Any, args: tuple, params: Params) -> Any:
        level = self.level
        mapped = tuple(a.__class__ is Batch and a.level is level for a in args)
        inner = tuple(a.primal if own else a for a, own in zip(args, mapped, strict=True))
        return batch(level, op.batched(inner, mapped, params))

    def constant(self, x: Any) -> Any:
        return batch(self.level, np.repeat(x[None], shape_of(self.primal)[0], axis=0))

    def __bool__(self) -> bool:
        raise BadType(SAMPLES_DIFFER)


def batch(level: Level, samples: Any) -> Any:
    """A batch of arrays or of numbers."""
    return fitting(Batch, samples, shape_of(samples)[1:])(level, samples)


def mapped_leaf(x: Any, level: Level) -> bool:
    """Whether x is a batch of this level."""
    return isinstance(x, Batch) and x.level is level


def unmapped(x: Any, level: Level, size: int) -> Any:
    """x without its wrapper of this level: all samples along a leading axis, repeated where x is
    the same for all."""
    if mapped_leaf(x, level):
        return x.primal
    return space.broadcast(x, shape=(size, *shape_of(x)))


def vmap(f: Callable, in_axes: Any = 0, out_axes: int = 0) -> Callable:
    """f for many samples at once: a function written for one sample, applied along an axis.

    in_axes: the axis of the samples in each argument, None for an argument that is the same for
    all; one entry for all arguments, or a tuple with one entry per argument (for a pytree, the
    entry holds for all of its leaves). out_axes: the axis of the samples in the results. f runs
    once; each operation runs on all samples. Control flow may not depend on a sample.

    Raises ValueError where the numbers of samples differ or there is no axis to map, TypeError
    where f branches on a sample.

    >>> import admodes as ad
    >>> import numpy as np
    >>> ad.vmap(lambda x, w: x @ w, in_axes=(0, None))(np.eye(2), np.array([3.0, 4.0]))
    array([3., 4.])
    >>> ad.vmap(ad.grad(lambda x: (x**3).sum()))(np.array([[1.0, 2.0], [3.0, 4.0]]))
    array([[ 3., 12.],
           [27., 48.]])
    """

    def mapped(*args: Any) -> Any:
        several = isinstance(in_axes, (tuple, list))
        axes = tuple(in_axes) if several else (in_axes,) * len(args)
        if len(axes) != len(args):
            raise BadValue(f"vmap: in_axes has {len(axes)} entries for {len(args)} arguments")
        if not all(axis is None or isinstance(axis, int) for axis in axes):
            raise BadType(f"vmap: in_axes={in_axes!r}: one axis or None for each argument")
        level = Level()
        sizes: set[int] = set()
        inputs = [
            x if axis is None else _wrapped(x, axis, level, sizes)
            for x, axis in zip(args, axes, strict=True)
        ]
        if len(sizes) != 1:
            found = f"the numbers of samples differ: {sorted(sizes)}" if sizes else "no axis to map"
            raise BadValue(f"vmap: {found}")
        (size,) = sizes
        try:
            leaves, tree = flatten(call(f, tuple(inputs), direct=True))
        finally:
            level.alive = False
        for y in leaves:
            check_output(y, level, f)
        outs = [unmapped(y, level, size) for y in leaves]
        for y in outs:
            rank = len(shape_of(y))
            if not -rank <= out_axes < rank:
                raise BadValue(f"vmap: out_axes={out_axes} of a result of shape {shape_of(y)}")
        return unflatten(tree, [_moved(y, 0, out_axes) for y in outs])

    mapped.__name__ = f"vmap({getattr(f, '__name__', 'f')})"
    return made_by(mapped, vmap, f, in_axes, out_axes)  # type: ignore[no-any-return]


def _wrapped(x: Any, axis: int, level: Level, sizes: set[int]) -> Any:
    leaves, tree = flatten(x)
    batches = []
    for leaf in leaves:
        plain = leaf.__class__ is np.ndarray and leaf.dtype.kind in "biu"
        leaf = leaf if plain else checked_input(leaf, "vmap", complex_too=True)
        shape = shape_of(leaf)
        if not -len(shape) <= axis < len(shape):
            raise BadValue(f"vmap: axis {axis} of an argument of shape {shape}")
        sizes.add(shape[axis])
        batches.append(lent(batch(level, _moved(leaf, axis, 0))))
    return unflatten(tree, batches)


def _moved(x: Any, source: int, target: int) -> Any:
    if source == target:
        return x
    order = list(range(len(shape_of(x))))
    order.insert(target % len(order), order.pop(source))
    return space.transpose(x, axes=tuple(order))


class Lanes:
    """Several directions at once: each seed has a leading axis that its value does not have."""

    def __init__(self, xs: list, seeds: list, what: str, of: str) -> None:
        self.level = Level()
        sizes = set()
        for x, seed in zip(xs, seeds, strict=True):
            size, *rest = shape_of(seed) or (None,)
            if size is None or tuple(rest) != shape_of(x):
                raise BadValue(
                    f"{what} of shape {shape_of(seed)} where the {of} has shape {shape_of(x)}: "
                    "batched seeds have one axis more, the first"
                )
            sizes.add(size)
        if len(sizes) != 1:
            raise BadValue(f"{what}: the numbers of directions differ: {sorted(sizes)}")
        (self.size,) = sizes

    def wrap(self, seed: Any) -> Any:
        return batch(self.level, seed)

    def unwrap(self, x: Any) -> Any:
        """All directions of a result, along the leading axis; it may be the seed itself."""
        return unmapped(x, self.level, self.size)
