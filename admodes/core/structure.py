"""What an operation does to the entries of arrays: which entries of its arguments an entry of its
result is made from.

Each operation declares one of the structures below (`Op.structure`). Everything that follows
entries through a list of operations reads it: sparse patterns and layers, the optimiser, the
planning of compiled programs.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Hashable, Sequence

import numpy as np

Shape = tuple[int, ...]

Labels = tuple[Sequence[Hashable], ...]
"""A label for each axis of each argument: axes with one label run together."""

Labelling = Callable[[Sequence[Shape], dict], tuple[Labels, Sequence[Hashable]]]
"""The labels of the arguments' axes, and those of the result, from shapes and parameters."""


class Structure:
    """What an operation does to entries."""

    __slots__ = ()


class Entrywise(Structure):
    """Each entry of the result is made from one entry of each argument, with broadcasting.

    multiplies: it is the product of the arguments, so that a zero in one cuts off the other.
    chooses: it is an entry of one of the differentiable arguments, as the others decide.
    """

    def __init__(self, multiplies: bool = False, chooses: bool = False) -> None:
        self.multiplies = multiplies
        self.chooses = chooses


class Moves(Structure):
    """Each entry of the result is an entry of an argument, or zero, so that the kernel, applied to
    the numbers of the entries, tells where each comes from.

    into(places, params, others): for operations that put entries into zeros, and add up those that
    meet in one place: the place of each entry of the argument, picked out of places, an array of
    the shape of the result; others are the further arguments. along_axis: these say where along
    the axis in params, so that where they are not known every place of the line may be meant.
    keeps: no entry of an argument is left out. stretches: entries are repeated, as by NumPy's
    broadcasting.
    """

    def __init__(
        self,
        into: Callable[[np.ndarray, dict, tuple], np.ndarray] | None = None,
        along_axis: bool = False,
        keeps: bool = False,
        stretches: bool = False,
    ) -> None:
        self.into = into
        self.along_axis = along_axis
        self.keeps = keeps
        self.stretches = stretches


class Contraction(Structure):
    """Each entry of the result combines the entries of the arguments over the axes that it has no
    label of: sums of products, as in np.einsum, which may also put the axes in another order.

    labels(shapes, params): the labels of the arguments' axes, and those of the result. (Axes that
    are kept with length 1 have none.) combine: what is combined is added up, or in another way, as
    in a largest entry.
    """

    def __init__(self, labels: Labelling, combine: np.ufunc = np.add) -> None:
        self.labels = labels
        self.combine = combine

    @property
    def adds(self) -> bool:
        """Whether what is combined is added up."""
        return self.combine is np.add


class Reduction(Contraction):
    """The contraction of one argument over some of its axes, in which the others keep their order.
    averages: the sum is divided by the number of its terms."""

    def __init__(self, labels: Labelling, combine: np.ufunc, averages: bool) -> None:
        super().__init__(labels, combine)
        self.averages = averages

    def axes(self, shape: Shape, params: dict | None) -> tuple[int, ...]:
        """The axes that are combined."""
        (labels,), kept = self.labels([shape], params or {})
        return tuple(k for k, label in enumerate(labels) if label not in kept)

    def terms(self, shape: Shape, params: dict | None) -> int:
        """How many entries become one."""
        return math.prod(shape[k] for k in self.axes(shape, params))


class Along(Structure):
    """Each entry of the result is made from the entries of its line along the axis in params;
    scans: from those up to its own place."""

    def __init__(self, scans: bool = False) -> None:
        self.scans = scans


class Matrices(Structure):
    """Each matrix of the result (its last two axes) is made from whole matrices of the arguments;
    leading axes number the matrices of a stack."""


class Linked(Structure):
    """Few entries of the result are made from few entries of an argument, in a way of the
    operation's own, as in a convolution or in the product with a sparse matrix.

    links(i, args, params): numbers of entries of the result, and for each of them the number of an
    entry of argument i that it depends on, for arrays of shapes as the arguments have.
    """

    def __init__(self, links: Callable[[int, tuple, dict], tuple[np.ndarray, np.ndarray]]) -> None:
        self.links = links


class Dense(Structure):
    """Every entry of the result may depend on every entry of the arguments."""


ENTRYWISE = Entrywise()
PRODUCT = Entrywise(multiplies=True)
CHOICE = Entrywise(chooses=True)
MOVES = Moves()
KEEPS = Moves(keeps=True)
STRETCHED = Moves(keeps=True, stretches=True)
ALONG = Along()
SCAN = Along(scans=True)
MATRICES = Matrices()
DENSE = Dense()


def stretched_axes(shape: Shape, target: Shape) -> tuple[int, ...]:
    """The axes of an array of this shape along which broadcasting from target repeats entries.

    >>> stretched_axes((5, 2, 3), (2, 1))
    (0, 2)
    """
    extra = len(shape) - len(target)
    ones = (k + extra for k, n in enumerate(target) if n == 1 and shape[k + extra] != 1)
    return (*range(extra), *ones)


def reduction(
    axes: Callable[[Shape, dict], Sequence[int]], combine: np.ufunc = np.add, averages: bool = False
) -> Reduction:
    """The contraction of one argument over axes(shape, params)."""

    def labels(shapes: Sequence[Shape], params: dict) -> tuple[Labels, Sequence[Hashable]]:
        (shape,) = shapes
        gone = axes(shape, params)
        return (range(len(shape)),), [k for k in range(len(shape)) if k not in gone]

    return Reduction(labels, combine, averages)
