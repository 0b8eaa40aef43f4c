"""Softmax with cross-entropy: the adjoint of the scores s, whose softmax p a loss takes logarithms
of, is p − y. It is put in place of the longer formula only where it is proven equal to that.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from admodes.backpropagation import terms
from admodes.backpropagation.derive import Derivation
from admodes.backpropagation.evaluate import evaluate
from admodes.backpropagation.proof import equal
from admodes.backpropagation.terms import Kind, Term
from admodes.core.program import Ref, Step
from admodes.core.structure import Moves, Reduction
from admodes.ops.arithmetic import divide, subtract
from admodes.ops.exponential import exp
from admodes.ops.indexing import getitem, place


def with_cross_entropy(derived: Derivation, found: dict[int, Term]) -> dict[int, Term]:
    """The adjoints by row, those of scores in the form p − y where that is proven."""
    changed = dict(found)
    for p in range(len(derived.steps)):
        softmax = _softmax(derived, p)
        target = None if softmax is None or p not in found else _target(derived, p, found[p])
        if softmax is None or target is None:
            continue
        scores, axes = softmax
        short = _difference(derived, p, target, axes)
        for s in _shifted(derived, scores):
            if s in found and s in derived.shown and _is_proven(derived, s, found, short):
                changed[s] = short
    return changed


def _step(derived: Derivation, a: Any) -> Step | None:
    return derived.steps[a.row] if isinstance(a, Ref) else None


def _softmax(derived: Derivation, p: int) -> tuple[int, tuple[int, ...]] | None:
    """The row of the scores and the axes that are added up, where row p is a softmax."""
    step = derived.steps[p]
    if step.op is not divide:
        return None
    top, below = step.args
    above, total = _step(derived, top), _step(derived, below)
    while total is not None and total.op is not None and isinstance(total.op.structure, Moves):
        below = total.args[0]
        total = _step(derived, below)
    if above is None or total is None or above.op is None or total.op is None:
        return None
    structure = total.op.structure
    adds = isinstance(structure, Reduction) and structure.adds and not structure.averages
    if above.op is not exp or not adds or not isinstance(above.args[0], Ref):
        return None
    summed = _step(derived, total.args[0])
    same = summed is not None and summed.op is above.op and summed.args == above.args
    return (above.args[0].row, structure.axes(above.shape, total.params)) if same else None


def _target(derived: Derivation, p: int, bar: Term) -> Term | None:
    """y where the adjoint of p is −y / p, at all entries or at those that were picked."""
    c, rest = terms.factored(bar)
    name = derived.names[p]
    if rest.kind == Kind.QUOTIENT and _is_symbol(rest.parts[1], name):
        return terms.scaled(-c, rest.parts[0])
    if rest.kind != Kind.OP or rest.data[0] is not place:
        return None
    d, picked = terms.factored(rest.parts[0])
    if picked.kind != Kind.QUOTIENT or picked.parts[0].kind != Kind.NUMBER:
        return None
    index, below = rest.data[1]["index"], picked.parts[1]
    matching = (
        below.kind == Kind.OP
        and below.data[0] is getitem
        and _is_symbol(below.parts[0], name)
        and repr(below.data[1]["index"]) == repr(index)
    )
    c *= -d * picked.parts[0].data
    return terms.scaled(c, terms.one_hot(index, bar.shape)) if matching else None


def _is_symbol(t: Term, name: str) -> bool:
    return t.kind == Kind.SYMBOL and t.data == (name, "")


def _difference(derived: Derivation, p: int, y: Term, axes: tuple[int, ...]) -> Term:
    """(Σ y) p − y, where the sum of y is known with the number for it: p − y where that is 1."""
    shape = derived.steps[p].shape
    own = terms.symbol(derived.names[p], shape)
    c, rest = terms.factored(y)
    total = _known_sum(derived, rest, shape, axes)
    if total is not None:
        return terms.scaled(
            c, terms.total_of([terms.scaled(total, own), terms.scaled(-1.0, rest)], shape)
        )
    lined = tuple(1 if k in axes else n for k, n in enumerate(shape)) if len(shape) > 1 else ()
    summed = terms.total(terms.repeat(y, shape), axes, lined)
    return terms.total_of([terms.product([summed, own]), terms.scaled(-1.0, y)], shape)


def _known_sum(
    derived: Derivation, y: Term, shape: tuple[int, ...], axes: tuple[int, ...]
) -> float | None:
    """What the entries of y add up to, where that is one number whatever the inputs are."""
    known = derived.constants.values
    if y.kind != Kind.ONE_HOT and (y.kind != Kind.SYMBOL or y.data not in known):
        return None
    made = np.asarray(evaluate(y, known), float)
    sums = np.unique(made.sum(axis=axes)) if made.shape == shape else np.zeros(0)
    return float(sums[0]) if len(sums) == 1 else None


def _shifted(derived: Derivation, s: int) -> list[int]:
    """The row of the scores, and that from which their largest was subtracted before."""
    step = derived.steps[s]
    if step.op is not subtract or not isinstance(step.args[0], Ref):
        return [s]
    return [s, step.args[0].row]


def _is_proven(derived: Derivation, s: int, found: dict[int, Term], short: Term) -> bool:
    """Whether the adjoint of row s is the short formula, whatever s is."""
    start = (derived.names[s], "")
    behind = _behind(derived, s)
    values = {(derived.names[i], ""): derived.own[i] for i in behind}
    bars = {(derived.names[i], "bar"): found[i] for i in behind if i in found}
    return equal(found[s], short, start, {**values, **bars}, derived.constants.values)


def _behind(derived: Derivation, s: int) -> list[int]:
    """The rows that read row s or another one of these."""
    behind = {s}
    for i, step in enumerate(derived.steps):
        if any(isinstance(a, Ref) and a.row in behind for a in step.args):
            behind.add(i)
    return sorted(behind - {s})
