"""Derivatives as a few diagonals: f runs once on values that carry their non-zero derivatives.

A `Banded` value holds, beside the value, a short list of layers: for every entry of the value the
number of one entry of the input (the source), and the derivative with respect to it (the
coefficient). For u[1:-1] there is one layer, with the coefficient 1.0; for u[2:] - u[:-2] there are
two, 1.0 and -1.0; a product with an array makes their coefficients arrays. That is forward mode
with as many directions as a row has entries, and none of the zeros: the diagonals of a stencil
come out of one pass over its partials.

What the sources become is worked out once and remembered by operation, parameters and sources, so
that running again costs the arithmetic on the coefficients alone. That memory depends on no value,
so constants may change and branches may turn. The coefficients are made by operations, so that
what runs here can be recorded and compiled.

An operation that gives an entry many sources (a long sum, a matrix product, sort, solve) raises
Unstructured: compressed.py then does without bands.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Callable, Sequence
from typing import Any

from admodes.core.carrier import Carrier, Level, call
from admodes.core.entries import entry_numbers
from admodes.core.inplace import lent
from admodes.core.op import Op
from admodes.core.pytree import check_output
from admodes.core.scalars import counted, fitting
from admodes.core.structure import Contraction, Reduction
from admodes.core.values import shape_of
from admodes.ops.arithmetic import multiply
from admodes.ops.reductions import sum_
from admodes.ops.shaping import transpose
from admodes.sparse.layer_rules import rule_for
from admodes.sparse.layers import Layers, Memory, Unstructured, remembered, solid

SHORT = 8
"""Matrix products are taken apart where so many products or fewer are added up."""


@counted
class Banded(Carrier):
    """A value with its layers; coefficients[k] belongs to layer k: a number, or an array that
    broadcasts to the shape and is 0 where the layer has no source. Where layers is None the value
    has no bands, and coefficients[0] is the reason."""

    __slots__ = ("__weakref__", "coefficients", "layers", "memory", "shares")
    content = ("primal", "layers", "coefficients", "memory")

    def __init__(
        self, level: Level, primal: Any, layers: Layers | None, coefficients: list, memory: Memory
    ) -> None:
        self.level = level
        self.primal = primal
        self.layers = layers
        self.coefficients = coefficients
        self.memory = memory

    def constant(self, x: Any) -> Any:
        none = remembered(self.memory, ("c", x.shape), lambda: Layers(x.shape, []))
        return Banded(self.level, x, none, [], self.memory)

    def apply(self, op: Op, args: tuple, params: dict | None) -> Any:
        level = self.level
        own = [a.__class__ is Banded and a.level is level for a in args]
        xs = tuple(a.primal if mine else a for a, mine in zip(args, own, strict=True))
        y = op.dispatch(xs, params)
        if op.passive:
            return level.truth(y)
        others = op.kept(tuple(0.0 if mine else x for x, mine in zip(xs, own, strict=True)))
        xs = tuple(x if mine else z for x, z, mine in zip(xs, others, own, strict=True))
        carried = [
            a if mine and op.active(i) else None
            for i, (a, mine) in enumerate(zip(args, own, strict=True))
        ]
        try:
            if isinstance(op.structure, Contraction) and not isinstance(op.structure, Reduction):
                found = _contracted(op, args, params or {})
                return banded_value(level, y, found.layers, found.coefficients, self.memory)
            layers, coefficients = rule_for(op, carried, y)(
                op, carried, xs, y, params or {}, self.memory
            )
        except Unstructured as error:
            # Only an error where its derivative is used.
            return banded_value(level, y, None, [error], self.memory)
        return banded_value(level, y, layers, coefficients, self.memory)

    def unary(self, op: Op) -> Any:
        return self.apply(op, (self,), None)

    def solid(self) -> list:
        """The coefficients as numbers and arrays."""
        self.coefficients = list(map(solid, self.coefficients))
        return self.coefficients


def banded_value(level: Level, y: Any, *rest: Any) -> Any:
    """A banded array or number."""
    return fitting(Banded, y, shape_of(y))(level, y, *rest)


def banded(f: Callable, x: Any, memory: Memory) -> tuple[Any, Layers, list]:
    """f(x), its layers, and their coefficients (see `solid`). memory: what earlier calls have
    worked out, filled further by this one.

    Raises Unstructured where f has no bands.

    >>> import numpy as np
    >>> _, layers, coefficients = banded(lambda x: x[1:] * x[:-1], np.array([2.0, 3.0, 4.0]), {})
    >>> [(s.tolist(), solid(c).tolist()) for s, c in zip(layers.sources, coefficients)]
    [([1, 2], [2.0, 3.0]), ([0, 1], [3.0, 4.0])]
    """
    level = Level((x,))
    shape = shape_of(x)
    layers = remembered(memory, ("x", shape), lambda: Layers(shape, [entry_numbers(shape).ravel()]))
    try:
        y = call(f, (lent(Banded(level, x, layers, [1.0], memory)),))
    finally:
        level.alive = False
    if y.__class__ is Banded and y.level is level:
        if y.layers is None:
            raise y.coefficients[0]
        return y.primal, y.layers, y.coefficients
    check_output(y, level, f)
    return y, remembered(memory, ("c", shape_of(y)), lambda: Layers(shape_of(y), [])), []


def _contracted(op: Op, args: tuple, params: dict) -> Banded:
    """A contraction over few entries as products, with the axes lined up, and their sum."""
    terms, output = op.structure.labels([shape_of(a) for a in args], params)
    sizes = {c: n for a, term in zip(args, terms) for c, n in zip(term, shape_of(a), strict=True)}
    combined = [c for c in sizes if c not in output]
    if math.prod(sizes[c] for c in combined) > SHORT:
        raise Unstructured(f"{op.name} adds up many products")
    if any(len(set(term)) < len(term) for term in terms):
        raise Unstructured(f"{op.name} takes a diagonal")
    order = [*output, *combined]
    product = functools.reduce(multiply, map(functools.partial(_lined_up, order), args, terms))
    return sum_(product, axis=tuple(range(len(output), len(order))))  # type: ignore[no-any-return]


def _lined_up(order: list, x: Any, term: Sequence) -> Any:
    """x with its axes, whose labels are those of term, in this order; the others of length 1."""
    if not term:
        return x
    turned = transpose(x, axes=tuple(term.index(c) for c in order if c in term))
    return turned[tuple(slice(None) if c in term else None for c in order)]
