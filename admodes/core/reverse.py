"""Reverse mode: a function and its arguments go in; its value comes out, and the pullback, which
turns a cotangent of the result into cotangents of the arguments by a sweep back over the tape.

S. Linnainmaa, master's thesis (1970); A. Griewank and A. Walther, Evaluating Derivatives (2008).
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, nullcontext
from typing import Any

import numpy as np
from numpy import ndarray

from admodes.core.batch import Lanes
from admodes.core.carrier import Carrier, Level, call, innermost, quiet
from admodes.core.checking import Count, checked, refuse_roots, to_check, unchecked_result
from admodes.core.inplace import lent
from admodes.core.pytree import (
    check_output,
    checked_input,
    flatten,
    flatten_like,
    match_shapes,
    own,
    owned,
    split_aux,
    stripped,
    unflatten,
)
from admodes.core.space import cast, is_complex, space, zeros
from admodes.core.sweep import Product, dropping, plain_product, pull_back, strong_product
from admodes.core.tape import SMALL, Node, Traced, node_of, reachable, traced_input
from admodes.core.values import FLOAT, Cotangent, Value, blank, shape_of
from admodes.errors import BadValue

LARGE = 2**16
"""Inputs of so many entries (512 KiB of float64) are not copied where the sweep follows at once;
instead they are read-only while f runs."""
SMALL_TAPE = 2**17
"""Below so many entries (1 MiB of float64) nothing is gained by dropping a tape early."""


def vjp(f: Callable, *primals: Any, has_aux: bool = False) -> tuple:
    """f(*primals), and the pullback: cotangent of the output -> tuple of cotangents wᵀJ.

    Inputs are copied, so changing an array afterwards does not change the pullback. The pullback
    may be called any number of times; pullback(w, batched=True) takes cotangents with a leading
    axis, one direction per entry, and pulls all of them back in one sweep. Arguments that f does
    not use get zeros of their shape. Integers are promoted to float64. has_aux: f returns
    (result, aux), and aux, which is not differentiated, is returned as a third item.

    Complex values: the cotangent of z = x + iy is ∂u/∂x + i ∂u/∂y for a real u, the direction of
    steepest ascent, as in PyTorch (the conjugate of JAX's).

    Raises TypeError for non-numeric values, ValueError for a cotangent whose structure or shapes
    are not those of the output.

    >>> import admodes as ad
    >>> out, pullback = ad.vjp(lambda x, y: x * y, 3.0, 4.0)
    >>> pullback(1.0)
    (4.0, 3.0)
    """
    if Count.blocks and to_check(primals):
        out, pullback, *aux = vjp(f, *checked(primals, "vjp"), has_aux=has_aux)
        return (
            unchecked_result(out),
            lambda *w, **how: unchecked_result(pullback(*w, **how)),
            *map(unchecked_result, aux),
        )
    run = Evaluation(f, primals, has_aux)
    found = run.result(), run.pullback
    return (*found, run.aux) if has_aux else found


class Evaluation:
    """One evaluation of f on nodes, and the sweeps back through it. copy: the sweeps come later,
    when the caller may have changed an input."""

    def __init__(
        self, f: Callable, primals: tuple, has_aux: bool = False, copy: bool = True
    ) -> None:
        xs, self.tree = flatten(primals)
        self.level = level = Level(xs)
        large = [] if copy else list(filter(_is_large, xs))
        carriers = [
            lent(traced_input(level, checked_input(x, "vjp", copy or not _is_large(x), True)))
            for x in xs
        ]
        self.inputs = [x.node.serial if x.__class__ is Traced else x.serial for x in carriers]
        self.likes = [x.primal if x.size < SMALL else blank(x.primal) for x in carriers]
        try:
            arguments = unflatten(self.tree, carriers)
            del carriers
            with read_only(large, f) if large else nullcontext():
                result = call(f, arguments)
            del arguments
            result, aux = split_aux(result, has_aux, f)
            leaves, self.out_tree = flatten(result)
            if Count.blocks:
                refuse_roots(leaves)
        finally:
            level.alive = False
        for leaf in leaves:
            check_output(leaf, level, f)
        self.aux = stripped(aux, level) if has_aux else None
        self.leaves = [node_of(y, level) for y in leaves]
        self.outs = [y if n is None else y.primal for y, n in zip(leaves, self.leaves)]
        self.nodes = reachable([n for n in self.leaves if n is not None])

    def result(self) -> Any:
        return unflatten(self.out_tree, [own(y) for y in self.outs])

    def pullback(self, cotangent: Any, batched: bool = False) -> tuple:
        """wᵀJ for a cotangent w of the structure of the output."""
        adjoints, lanes = self._seeded(cotangent, batched)
        return self._finished(self._twice(adjoints), lanes, adjoints.values())

    def once(self, cotangent: Any) -> tuple:
        """wᵀJ by strong products alone: the same operations whatever the values are, so that they
        can be counted."""
        adjoints, lanes = self._seeded(cotangent, False)
        found = self._pulled(dict(adjoints), self.nodes, strong_product)
        return self._finished(found, lanes, adjoints.values())

    def gradient(self) -> tuple:
        """The cotangents of the inputs for the single number that f returned, by the only sweep
        that is made: a large tape is dropped as the sweep goes."""
        (y,) = self.leaves
        seeds = {} if y is None else {y.serial: _one(self.outs[0])}
        if self.level.entries < SMALL_TAPE:
            return self._finished(self._twice(seeds), None, ())
        self.leaves.clear()
        self.nodes.reverse()
        return self._finished(self._pulled(seeds, dropping(self.nodes), strong_product), None, ())

    def _twice(self, seeds: dict) -> list:
        """The adjoints of the inputs by plain products, and by strong ones where these fail."""
        found = self._pulled(dict(seeds), self.nodes, plain_product)
        return self._pulled(dict(seeds), self.nodes, strong_product) if _has_nan(found) else found

    def _seeded(self, cotangent: Any, batched: bool) -> tuple[dict, Lanes | None]:
        """The adjoints of the outputs, and the lanes of the directions where there are several."""
        outs = self.outs
        ws = flatten_like(cotangent, self.out_tree, "pullback: the cotangent", "the output")
        ws = [checked_input(w, "pullback", complex_too=True) for w in ws]
        lanes = Lanes(outs, ws, "pullback: cotangent", "output") if batched else None
        if lanes is None:
            match_shapes(outs, ws, "pullback: cotangent", "output")
        ws = [conjugate(cast(w, y)) for w, y in zip(ws, outs, strict=True)]
        adjoints: dict[int, Any] = {}
        for y, w in zip(self.leaves, ws, strict=True):
            if y is not None and not _is_zero(w):
                w = w if lanes is None else lanes.wrap(w)
                key = y.serial
                adjoints[key] = space.add(adjoints[key], w) if key in adjoints else w
        return adjoints, lanes

    def _pulled(self, adjoints: dict, nodes: Iterable[Node], product: Product) -> list:
        """The adjoints of the inputs; None where nothing arrives."""
        with quiet():
            pull_back(adjoints, nodes, adjoints.pop, product)
        return [adjoints.get(serial) for serial in self.inputs]

    def _finished(self, found: list, lanes: Lanes | None, seeds: Iterable) -> tuple:
        """The results, of which none is an array that something else refers to."""
        results = []
        for like, g in zip(self.likes, found, strict=True):
            if g is None:
                g = zeros(shape_of(like), like)
            elif g.__class__ is not float or like.__class__ is not float:
                plain = g.__class__ is ndarray and like.__class__ is ndarray
                if not plain or g.dtype is not like.dtype or g.dtype.kind == "c":
                    g = conjugate(cast(g, like))
            results.append(g if lanes is None else lanes.unwrap(g))
        return unflatten(self.tree, owned(results, map(innermost, seeds)))


def _is_large(x: Any) -> bool:
    return x.__class__ is ndarray and x.size >= LARGE


@contextmanager
def read_only(arrays: list[ndarray], f: Callable) -> Iterator[None]:
    """f cannot write into these arrays, which the sweep will read. Several threads may have lent
    the same array; the last gives it back as it was."""
    taken: list[ndarray] = []
    try:
        for x in arrays:
            taken.append(x)
            _lend(x)
        yield
    except ValueError as error:
        if arrays and "read-only" in str(error):
            name = getattr(f, "__name__", "the function")
            raise BadValue(f"{name} changes its own argument in place: copy it first") from error
        raise
    finally:
        _give_back(taken)


def _lend(x: ndarray) -> None:
    with _lending:
        count, writeable, _ = _lent.get(id(x), (0, x.flags.writeable, x))
        _lent[id(x)] = count + 1, writeable, x
        x.flags.writeable = False


def _give_back(taken: list[ndarray]) -> None:
    """The end of lending. An interrupt does not leave an array read-only."""
    try:
        while taken:
            x = taken[-1]
            with _lending:
                count, writeable, _ = _lent.get(id(x), (0, x.flags.writeable, x))
                if count > 1:
                    _lent[id(x)] = count - 1, writeable, x
                else:
                    x.flags.writeable = writeable
                    _lent.pop(id(x), None)
                taken.pop()
    finally:
        if taken:
            _give_back(taken)


_lending = threading.Lock()
_lent: dict[int, tuple[int, bool, ndarray]] = {}

if hasattr(os, "register_at_fork"):
    # A thread that held the lock is not there in a forked process.
    os.register_at_fork(after_in_child=_lending._at_fork_reinit)  # type: ignore[attr-defined]


def _one(y: Value) -> Any:
    """1 in the precision of a result."""
    kind = getattr(y, "dtype", None)
    return 1.0 if kind is None or kind == FLOAT else kind.type(1.0)


def _has_nan(found: list) -> bool:
    for g in map(innermost, found):
        probe = np.vdot(g, g) if g.__class__ is ndarray else g
        if probe is not None and probe != probe:
            return True
    return False


def conjugate(w: Cotangent) -> Any:
    """Sweeps pair w and t as Re Σ w t, so that every transpose is free of conjugates; the user's
    cotangents pair as Re Σ conj(w) t."""
    return w if w.__class__ is float or not is_complex(w) else space.conjugate(w)


def _is_zero(w: Cotangent) -> bool:
    """Whether a cotangent is exactly zero, so that there is nothing to propagate."""
    if w.__class__ is float:
        return bool(w == 0.0)
    return not isinstance(w, Carrier) and not np.any(w)
