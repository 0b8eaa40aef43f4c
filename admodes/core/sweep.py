"""The reverse sweep over a tape: the nodes, last first, and the adjoints of the outputs go in; the
adjoints of the inputs come out.

`pull_back` is reverse mode: every node takes its adjoint, and adds partial × adjoint to the adjoint
of each of its arguments. How a contribution is made differs for numbers, whose partials stand in
the node, for elementwise operations on arrays, and in general, where the operation's own transpose
is called.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any

import numpy as np
from numpy import ndarray

from admodes.core.carrier import Carrier, quiet
from admodes.core.elementwise import Elementwise
from admodes.core.gathering import Gathered, gathered
from admodes.core.reuse import spare, spare_arrays
from admodes.core.space import as_real, dtype_of, is_complex, space, sum_to
from admodes.core.tape import General, Node
from admodes.core.values import ARITHMETIC, FLOAT, Cotangent, blank, canonical, shape_of

Adjoints = dict[int, Cotangent]

Product = Callable[[Any, int, Any, Any, list], Any]
"""(operation, position of the argument, partial, cotangent, arguments) -> their product."""

strong_product: Product = Elementwise.product


def plain_product(op: Any, i: int, p: Any, w: Cotangent, args: list) -> Any:
    """The product in which 0 × inf is nan. A nan stays one up to the inputs, so that plain products
    serve where none arrives."""
    return w * p


def sweep(adjoints: Adjoints, nodes: Iterable[Node], keep: bool = False) -> Adjoints:
    """Propagate the adjoints of the outputs, by serial, to every node, in the given order (last
    first).

    Returns the adjoints of the inputs (of all nodes with keep). Adjoints that have been passed on
    are dropped as the sweep goes.
    """
    with quiet():
        pull_back(adjoints, nodes, adjoints.get if keep else adjoints.pop, strong_product)
    return adjoints


def dropping(nodes: list[Node]) -> Iterator[Node]:
    """The nodes of a list, last first; what they hold is dropped as soon as they are passed."""
    while nodes:
        node = nodes.pop()
        yield node
        if node.op is not None:
            node.args, node.local, node.primal = (), None, None


def pull_back(adjoints: Adjoints, nodes: Iterable[Node], take: Callable, product: Product) -> None:
    """The loop of a sweep. adjoints: by the serials of nodes, at first those of the outputs. nodes:
    last first. take(serial, None) takes a node's adjoint out of adjoints."""
    owned: set[int] = set()
    for node in nodes:
        local = node.local
        if local is None:
            continue
        w = take(node.serial, None)
        if w.__class__ is float and local.__class__ is not General:
            # Here, since a call for each number would take as long as its sums and products.
            if local.__class__ is tuple:
                a, b = node.args
                p, q = local
                if p is not None:
                    term = p * w if w else 0.0
                    key = a.serial
                    adjoints[key] = adjoints[key] + term if key in adjoints else term
                if q is None:
                    continue
            else:
                (b,), q = node.args, local
            term = q * w if w else 0.0
            key = b.serial
            adjoints[key] = adjoints[key] + term if key in adjoints else term
        elif w.__class__ is ndarray and local.__class__ is list:
            _array_step(adjoints, node, w, owned, product)
        elif w is not None:
            w = w.total() if w.__class__ is Gathered else w
            if local.__class__ is General and _is_recorded(w) and isinstance(node.op, Elementwise):
                _recorded_step(adjoints, node, w, owned)
            else:
                _general_step(adjoints, node, w, owned)
    for key in [key for key, w in adjoints.items() if w.__class__ is Gathered]:
        adjoints[key] = adjoints[key].total()


def _array_step(
    adjoints: Adjoints, node: Node, w: Cotangent, owned: set[int], product: Product
) -> None:
    """Add what w contributes to the arguments of an elementwise operation on plain arrays."""
    op = node.op
    xs = node.local
    rules = op.rules
    given = (node.primal, *xs)
    for i, a in enumerate(node.args):
        if a is None:
            continue
        x = xs[i]
        stretched = x is not None and (x.__class__ is not ndarray or x.shape != w.shape)
        p, k = rules[i]
        if k is None:
            if p == 0:
                continue
            term = _narrowed(w, x) if stretched else w
            if p == -1:
                term = -term
        else:
            try:
                p = p(given[k]) if k.__class__ is int else p(*k(given))
            except ARITHMETIC:
                p = op.slope(i, given)
            # A finite number cannot turn an exact zero into nan.
            term = w * p if p.__class__ is float and p - p == 0.0 else product(op, i, p, w, xs)
            if term.dtype is not w.dtype:
                term = term.astype(w.dtype)
            if stretched:
                term = _narrowed(term, x)
        _add_term(adjoints, a.serial, term, owned)


def _narrowed(term: Any, x: Any) -> Any:
    """The contribution to an argument that was broadcast."""
    return canonical(sum_to(term, x.shape if x.__class__ is ndarray else ()))


def _add_term(adjoints: Adjoints, key: int, term: Any, owned: set[int]) -> None:
    old = adjoints.get(key)
    if old.__class__ is Gathered:
        old = adjoints[key] = old.total()
        owned.discard(key)
    if old is None:
        adjoints[key] = term
    elif old.__class__ is not ndarray or term.__class__ is not ndarray:
        adjoints[key] = space.add(old, term)
    elif key in owned and old.dtype is term.dtype:
        np.add(old, term, out=old)
    else:
        adjoints[key] = old + term
        owned.add(key)


def _is_recorded(w: Cotangent) -> bool:
    """Whether a cotangent is a recorded array of float64."""
    if not isinstance(w, Carrier) or not w.records:
        return False
    return w.primal.__class__ is ndarray and w.primal.dtype is FLOAT and bool(w.primal.ndim)


def _recorded_step(adjoints: Adjoints, node: Node, w: Any, owned: set[int]) -> None:
    """What _general_step does for an elementwise operation, where w is a recorded array: of a
    recording these are most rows."""
    op, kind, level = node.op, node.__class__, node.level
    xs = node.local[1]
    given = (node.primal, *xs)
    for i, a in enumerate(node.args):
        if a.__class__ is not kind or a.level is not level:
            continue
        p, k = op.rules[i]
        if k is None:
            if p == 0:
                continue
            term = w if p == 1 else -w
        else:
            try:
                p = p(given[k]) if k.__class__ is int else p(*k(given))
            except ARITHMETIC:
                p = op.slope(i, given)
            if p.__class__ is not w.__class__ and p.__class__ is not float:
                p = op.fitted(p, node.primal)
            term = op.times(i, p, w, xs)
        x = xs[i]
        shape = shape_of(x)
        if shape_of(term) != shape:
            term = space.unbroadcast(term, shape=shape)
        if not _is_recorded(term):
            term = as_real(term, x)
        _add_term(adjoints, a.serial, term, owned)


def _general_step(adjoints: Adjoints, node: Node, w: Cotangent, owned: set[int]) -> None:
    """Add what node's adjoint w contributes to its arguments, by the operation's vjp. owned: the
    serials of nodes whose adjoint is an array that this sweep made and nothing else refers to."""
    kind = node.__class__
    level = node.level
    op = node.op
    y = node.primal
    params, xs = None, node.local
    if xs.__class__ is General:
        params, xs = xs
    elif xs.__class__ is list:
        unread = blank(np.broadcast_to(np.zeros((), dtype_of(w)), shape_of(w)))
        y = unread if y is None else y
        xs = tuple(unread if x is None else x for x in xs)
    else:
        own = (a.__class__ is kind and a.level is level for a in node.args)
        xs = tuple(a.primal if mine else a for a, mine in zip(node.args, own, strict=True))
    if op.arity is None:
        _several(adjoints, node, (w, y, xs, params), owned)
        return
    for i, a in enumerate(node.args):
        if a.__class__ is not kind or a.level is not level:
            continue
        x = xs[i]
        if op.accumulate is not None:
            if _accumulated(adjoints, a.serial, x, op, w, params, owned):
                continue
            if gathered(adjoints, a.serial, x, op, w, (params or {})["index"]):
                continue
        term = op.vjp(i, w, y, xs, params)
        if term is not None:
            _add_term(adjoints, a.serial, as_real(term, x), owned)


def _several(adjoints: Adjoints, node: Node, given: tuple, owned: set[int]) -> None:
    """The same for an operation of any number of arguments, which tells all contributions at once:
    what they have in common is found once. given: what its vjp is given."""
    op, level, (w, _, xs, _) = node.op, node.level, given
    nodes = [
        (i, a)
        for i, a in enumerate(node.args)
        if a.__class__ is node.__class__ and a.level is level
    ]
    wanted = [i for i, _ in nodes]
    terms: Iterable[Any]
    if op.rewrites and wanted[0] == 0:
        alone = node.serial in owned and node.serial not in adjoints
        terms = _rewritten(op, wanted, w if alone else None, given)
        if nodes[0][1].serial not in adjoints:
            owned.add(nodes[0][1].serial)
    else:
        terms = op.vjps(wanted, *given)
    for (i, a), term in zip(nodes, terms, strict=True):
        if term is not None:
            _add_term(adjoints, a.serial, as_real(term, xs[i]), owned)


def _rewritten(op: Any, wanted: list[int], own: Any, given: tuple) -> list:
    """The contributions of an operation whose result is its first argument with other entries. own:
    the cotangent, where nothing else refers to it; then the first contribution, which is the
    cotangent with other entries, takes over its memory."""
    others = list(op.vjps(wanted[1:], *given))
    if own.__class__ is ndarray:
        others = [t.copy() if t.__class__ is ndarray and t.base is not None else t for t in others]
        arrays: tuple[ndarray, ...] = (own,)
    else:
        arrays = () if own is None else spare_arrays(own)
    with spare(arrays):
        return [op.vjp(0, *given), *others]


def _accumulated(
    adjoints: Adjoints, key: int, x: Any, op: Any, w: Cotangent, params: Any, owned: set[int]
) -> bool:
    """Add a contribution that has few entries into the array of an adjoint, which costs as much
    as there are entries. False where that is not possible."""
    old = adjoints.get(key)
    if isinstance(w, Carrier) or isinstance(old, (Carrier, Gathered)):
        return False
    if x.__class__ is not ndarray:
        return False
    if x.dtype.kind != "f" or (w.__class__ is not float and is_complex(w)):
        return False
    if key not in owned:
        fresh = np.zeros(x.shape, x.dtype)
        adjoints[key] = fresh if old is None else np.add(fresh, old)
        owned.add(key)
    op.accumulate(adjoints[key], w, **params)
    return True
