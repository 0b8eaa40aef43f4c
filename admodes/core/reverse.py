"""Reverse mode: every operation leaves a node behind, and a sweep walks the nodes back.

S. Linnainmaa, master's thesis (1970); A. Griewank and A. Walther, Evaluating Derivatives (2008).
There is no tape object: the tape of a sweep is the set of nodes reachable from its outputs, in
the order of their serial numbers. It is freed with the values that refer to it.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Iterator
from operator import attrgetter
from typing import Any

import numpy as np
from numpy import ndarray

from admodes.core.batch import Lanes
from admodes.core.builders import cast, is_complex, zeros
from admodes.core.carrier import Carrier, Level, call, quiet
from admodes.core.op import ARITHMETIC, REGISTRY, plain_params, shape_of
from admodes.core.pytree import (
    check_output,
    checked_input,
    flatten,
    flatten_like,
    match_shapes,
    own,
    split_aux,
    stripped,
    unflatten,
)

_next_serial = itertools.count().__next__
_by_serial = attrgetter("serial")


class General(tuple):
    """What the vjp of a node needs beside its adjoint: parameters, and values of the arguments."""

    __slots__ = ()


class Node(Carrier):
    """A value, and the operation and arguments that made it (op is None for an input).

    local: on Python floats the partials, evaluated while recording and shared by all sweeps: one
    number for one argument, otherwise a tuple with None for what nothing is propagated to. In
    general what the operation's vjp needs. None for an input.
    """

    __slots__ = ("args", "local", "op", "serial")
    result: Any

    def __init__(self, level: Level, primal: Any, op: Any, args: tuple, local: Any) -> None:
        self.level = level
        self.primal = primal
        self.op = op
        self.args = args
        self.local = local
        self.serial = _next_serial()

    def unary(self, op: Any) -> Any:
        x = self.primal
        if x.__class__ is float:
            try:
                y = op.scalar(x)
                p = op.quick_partials[0]
                if p.__class__ is not int:
                    p = p(y, x)
                if p or not op.selects:
                    return self.result(self.level, y, op, (self,), p)
            except ARITHMETIC:
                pass
        return self.apply(op, (self,), None)

    def binary(self, op: Any, a: Any, b: Any) -> Any:
        level = self.level
        kind = self.__class__
        x = z = None
        if a.__class__ is kind and a.level is level:
            x = a.primal
        if b.__class__ is kind and b.level is level:
            z = b.primal
        u = a if x is None else x
        v = b if z is None else z
        if (
            (u.__class__ is float or u.__class__ is int)
            and (v.__class__ is float or v.__class__ is int)
            and op.elementwise
        ):
            try:
                y = op.scalar(u, v)
                p, q = op.quick_partials
                if x is None:
                    p = None
                elif p.__class__ is not int:
                    p = p(y, u, v)
                if z is None:
                    q = None
                elif q.__class__ is not int:
                    q = q(y, u, v)
                if op.selects:
                    p, q = p or None, q or None
                return self.result(level, y, op, (a, b), (p, q))
            except ARITHMETIC:
                pass
        return op.dispatch((a, b), None)

    def apply(self, op: Any, args: tuple, params: dict | None) -> Any:
        level = self.level
        kind = self.__class__
        primals = []
        floats = True
        arrays = constants = False
        for a in args:
            if a.__class__ is kind and a.level is level:
                a = a.primal
            elif a.__class__ is ndarray:
                constants = True
            if a.__class__ is ndarray and a.dtype.kind == "f":
                arrays = True
            elif a.__class__ is not float:
                floats = False
            primals.append(a)
        xs = tuple(primals)
        if arrays and floats and kind is Node:
            y = op.on_arrays(xs, params)
        else:
            y = op.dispatch(xs, params)
        if op.passive:
            return y
        if constants:
            xs = self.kept(op, args, xs)
        return self.result(level, y, op, args, General((plain_params(params), xs)))

    @staticmethod
    def kept(op: Any, args: tuple, primals: tuple) -> tuple:
        """The values of the arguments, constants safe against the caller changing an array."""
        safe = op.kept(tuple(p if a is p else None for a, p in zip(args, primals, strict=True)))
        return tuple(p if s is None else s for p, s in zip(primals, safe, strict=True))


Node.result = Node


def reachable(roots: Iterable[Node]) -> list[Node]:
    """The nodes that roots depend on, last first."""
    seen = set(roots)
    stack = list(seen)
    while stack:
        node = stack.pop()
        kind = node.__class__
        level = node.level
        for a in node.args:
            if a.__class__ is kind and a not in seen and a.level is level:
                seen.add(a)
                stack.append(a)
    return sorted(seen, key=_by_serial, reverse=True)


def sweep(adjoints: dict[Node, Any], nodes: list[Node], keep: bool = False) -> dict[Node, Any]:
    """Propagate the adjoints of the outputs to every node, in the given order (last first).

    Returns the adjoints of the inputs (of all nodes with keep). Adjoints that have been passed on
    are dropped as the sweep goes.
    """
    with quiet():
        return _sweep(adjoints, iter(nodes), adjoints.get if keep else adjoints.pop)


def last_sweep(adjoints: dict[Node, Any], nodes: list[Node]) -> dict[Node, Any]:
    """sweep, for the only time: nodes (which must be first to last) and what they hold are dropped
    as the sweep goes."""

    def dropped() -> Iterator[Node]:
        while nodes:
            node = nodes.pop()
            yield node
            if node.op is not None:
                node.args, node.local, node.primal = (), None, None

    with quiet():
        return _sweep(adjoints, dropped(), adjoints.pop)


def _sweep(adjoints: dict[Node, Any], nodes: Iterator[Node], take: Callable) -> dict[Node, Any]:
    owned: set[Node] = set()
    for node in nodes:
        local = node.local
        if local is None:
            continue
        w = take(node, None)
        if w is None:
            continue
        if local.__class__ is General or w.__class__ is not float:
            _general_step(adjoints, node, w, owned)
        elif local.__class__ is tuple:
            a, b = node.args
            p, q = local
            if p is not None:
                term = p * w if w else 0.0
                adjoints[a] = adjoints[a] + term if a in adjoints else term
            if q is not None:
                term = q * w if w else 0.0
                adjoints[b] = adjoints[b] + term if b in adjoints else term
        else:
            (a,) = node.args
            term = local * w if w else 0.0
            adjoints[a] = adjoints[a] + term if a in adjoints else term
    return adjoints


def _general_step(adjoints: dict[Node, Any], node: Node, w: Any, owned: set[Node]) -> None:
    """Add what node's adjoint w contributes to its arguments, by the operation's vjp. owned: the
    nodes whose adjoint is an array that this sweep made and nothing else refers to."""
    kind = node.__class__
    level = node.level
    args = node.args
    op = node.op
    if node.local.__class__ is General:
        params, xs = node.local
    else:
        params = None
        xs = tuple(a.primal if a.__class__ is kind and a.level is level else a for a in args)
    for i, a in enumerate(args):
        if a.__class__ is not kind or a.level is not level:
            continue
        if op.accumulate is not None and _accumulated(adjoints, a, op, w, params, owned):
            continue
        term = op.vjp(i, w, node.primal, xs, params)
        if term is None:
            continue
        if term.__class__ is not float and is_complex(term) and not is_complex(a.primal):
            term = REGISTRY["real"](term)
        if a not in adjoints:
            adjoints[a] = term
            continue
        old = adjoints[a]
        if old.__class__ is not ndarray or term.__class__ is not ndarray:
            adjoints[a] = _add(old, term)
        elif a in owned and old.dtype == term.dtype:
            np.add(old, term, out=old)
        else:
            adjoints[a] = old + term
            owned.add(a)


def _accumulated(
    adjoints: dict[Node, Any], a: Node, op: Any, w: Any, params: Any, owned: set[Node]
) -> bool:
    """Add a contribution that has few entries into the array of a's adjoint, which costs as much
    as there are entries. False where that is not possible."""
    old = adjoints.get(a)
    if isinstance(w, Carrier) or isinstance(old, Carrier) or a.primal.__class__ is not ndarray:
        return False
    if a.primal.dtype.kind != "f" or (w.__class__ is not float and is_complex(w)):
        return False
    if a not in owned:
        fresh = np.zeros(a.primal.shape, a.primal.dtype)
        adjoints[a] = fresh if old is None else np.add(fresh, old)
        owned.add(a)
    op.accumulate(adjoints[a], w, **params)
    return True


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
    run = Evaluation(f, primals, has_aux)
    found = run.result(), run.pullback
    return (*found, run.aux) if has_aux else found


class Evaluation:
    """One evaluation of f on nodes, and the sweeps back through it."""

    def __init__(self, f: Callable, primals: tuple, has_aux: bool = False) -> None:
        xs, self.tree = flatten(primals)
        self.level = level = Level()
        self.inputs = [
            Node(level, checked_input(x, "vjp", copy=True, complex_too=True), None, (), None)
            for x in xs
        ]
        try:
            result = call(f, unflatten(self.tree, self.inputs))
            result, aux = split_aux(result, has_aux, f)
            leaves, self.out_tree = flatten(result)
        finally:
            level.alive = False
        for leaf in leaves:
            check_output(leaf, level, f)
        self.aux = stripped(aux, level)
        self.leaves = leaves
        self.outs = [y.primal if _owned(y, level) else y for y in leaves]
        self.nodes = reachable([y for y in leaves if _owned(y, level)])

    def result(self) -> Any:
        return unflatten(self.out_tree, [own(y) for y in self.outs])

    def pullback(self, cotangent: Any, batched: bool = False) -> tuple:
        """wᵀJ for a cotangent w of the structure of the output."""
        return self._pulled(cotangent, batched, sweep)

    def last_pullback(self, cotangent: Any) -> tuple:
        """The pullback for the only time: the tape is dropped as the sweep goes."""
        self.leaves, leaves = [], self.leaves
        self.nodes.reverse()
        return self._pulled(cotangent, False, last_sweep, leaves)

    def _pulled(
        self, cotangent: Any, batched: bool, run: Callable, leaves: list | None = None
    ) -> tuple:
        leaves = self.leaves if leaves is None else leaves
        outs, level = self.outs, self.level
        ws = flatten_like(cotangent, self.out_tree, "pullback: the cotangent", "the output")
        ws = [checked_input(w, "pullback", complex_too=True) for w in ws]
        lanes = Lanes(outs, ws, "pullback: cotangent", "output") if batched else None
        if lanes is None:
            match_shapes(outs, ws, "pullback: cotangent", "output")
        ws = [conjugate(cast(w, y)) for w, y in zip(ws, outs, strict=True)]
        adjoints: dict[Node, Any] = {}
        for y, w in zip(leaves, ws, strict=True):
            if _owned(y, level) and not _is_zero(w):
                w = w if lanes is None else lanes.wrap(w)
                adjoints[y] = _add(adjoints[y], w) if y in adjoints else w
        y = w = None
        leaves.clear() if run is last_sweep else None
        run(adjoints, self.nodes)
        finish = own if lanes is None else lanes.unwrap
        found = []
        for x in self.inputs:
            g = adjoints.get(x)
            g = zeros(shape_of(x), x.primal) if g is None else conjugate(cast(g, x.primal))
            found.append(finish(g))
        return unflatten(self.tree, found)


def conjugate(w: Any) -> Any:
    """Sweeps pair w and t as Re Σ w t, so that every transpose is free of conjugates; the user's
    cotangents pair as Re Σ conj(w) t."""
    return w if w.__class__ is float or not is_complex(w) else REGISTRY["conj"](w)


def _add(a: Any, b: Any) -> Any:
    """a + b, also inf - inf of arrays, without a warning."""
    return REGISTRY["add"](a, b)


def _is_zero(w: Any) -> bool:
    """Whether a cotangent is exactly zero, so that there is nothing to propagate."""
    return not isinstance(w, Carrier) and not np.any(w)


def _owned(y: Any, level: Level) -> bool:
    return isinstance(y, Node) and y.level is level
