"""Blocks: a function as one operation, whose value and derivatives are compiled programs.

A loop of many steps is a long list of operations, which takes long to compile. Where each step is a
block the list has a row for each step, and the program of the step, of its tangent and of its
transpose are compiled once each. Where a loop ends as values decide, which no compiled program can
say, blocks are what is compiled of it. Derivatives of blocks are blocks too, to any order.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property
from itertools import count
from math import prod
from typing import Any

import numpy as np

from admodes.compilation import compile as compiled
from admodes.core.forms import Domain, Form
from admodes.core.forward import jvp
from admodes.core.reverse import vjp
from admodes.core.tangential import Tangential

Shape = tuple[int, ...]

_NUMBERS = count()


class Block:
    """f, a function from arrays of these shapes to one array, as a single operation.

    >>> import admodes as ad
    >>> step = Block(lambda x, v: x + 0.1 * v * x, (2,), (2,))
    >>> ad.grad(lambda x: step(step(x, np.ones(2)), x).sum())(np.array([1.0, 2.0]))
    array([1.32, 1.54])
    """

    def __init__(self, f: Callable[..., Any], *shapes: Shape) -> None:
        self._f = f
        self._shapes = shapes
        self._ends = np.cumsum([prod(shape) for shape in shapes]).tolist()
        self._transposed: Block | None = None

    def __call__(self, *args: Any) -> Any:
        return self._operation(_joined(args))

    def of_vector(self, z: Any) -> Any:
        """f of the arrays whose entries, one after the other, are those of z."""
        starts = [0, *self._ends]
        parts = (z[a:b] for a, b in zip(starts, self._ends))
        return self._f(*(np.reshape(x, shape) for x, shape in zip(parts, self._shapes)))

    @cached_property
    def _operation(self) -> Tangential:
        program = compiled(self.of_vector)
        return Tangential(
            name=f"block{next(_NUMBERS)}",  # names tell operations apart
            array=program,
            scalar=program,
            arity=1,
            kind="functions",
            form=Form("block({0})", r"\operatorname{block}({0})"),
            rule="Chain Rule",
            domain=Domain(),
            symbol=None,
            doc="A block of operations.",
            structural=True,
            tangent=lambda tangents, y, z: self._tangent(z, tangents[0]),
            cotangents=(lambda w, y, z: self._cotangent(np.shape(w))(z, w),),
        )

    @cached_property
    def _tangent(self) -> Block:
        size = (self._ends[-1],)
        return Block(lambda z, t: jvp(self.of_vector, (z,), (t,))[1], size, size)

    def _cotangent(self, shape: Shape) -> Block:
        """The transpose; shape is that of the result, known once there is one."""
        if self._transposed is None:
            self._transposed = Block(
                lambda z, w: vjp(self.of_vector, z)[1](w)[0], (self._ends[-1],), shape
            )
        return self._transposed


def _joined(args: tuple) -> Any:
    """The entries of all arrays in one vector."""
    flat = [np.reshape(x, (-1,)) for x in args]
    return flat[0] if len(flat) == 1 else np.concatenate(flat)
