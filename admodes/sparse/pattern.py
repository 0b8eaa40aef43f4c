"""The pattern of a recorded program: which entries of the result depend on which of the input.

The derivative walk over patterns, which computes no derivative. Each operation is followed by the
structure that it declares (core/structure.py): one that works entry by entry joins what its
arguments depend on; one that only moves entries is run on the numbers of the entries; reductions
and products join along the axes that they combine. A comparison and the condition of ad.where pass
nothing on. Multiplying by a zero of a constant, by itself or inside a matrix, cuts.

The pattern holds for all values that take the same branches: it contains every entry that can be
non-zero, and is exact where no two contributions to an entry cancel. For the idea see A. Griewank
and A. Walther, Evaluating Derivatives (2008), section 7.1.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from admodes.core.entries import entry_numbers, placements, sources
from admodes.core.op import Op
from admodes.core.record import Ref, WengertList
from admodes.core.structure import (
    SCAN,
    Along,
    Contraction,
    Dense,
    Entrywise,
    Labels,
    Linked,
    Matrices,
    Moves,
    Reduction,
    Structure,
)
from admodes.core.values import shape_of
from admodes.ops.reductions import kept_shape
from admodes.programs.rewriting import needed
from admodes.programs.sweep import DerivativeDomain, push
from admodes.sparse.rows import (
    Rows,
    check_entries,
    collected,
    csr,
    gathered,
    identity,
    stacked,
    union,
)


@dataclass
class Application:
    """An operation at its place in the list: rows[i] is what argument i depends on, None for
    nothing; constants[i] says whether it is the same in every run."""

    op: Op
    args: tuple
    rows: list[Rows]
    constants: list[bool]
    params: dict
    shape: tuple[int, ...]
    n: int

    def __post_init__(self) -> None:
        self.shapes = [shape_of(a) for a in self.args]
        self.active = [i for i, rows in enumerate(self.rows) if rows is not None]

    @property
    def size(self) -> int:
        """The number of entries of the result."""
        return math.prod(self.shape)


def pattern(program: WengertList, wrt: int = 0, of: int = 0) -> Any:
    """The pattern of ∂ output / ∂ input of a program, of which wrt and of are the numbers: a
    scipy.sparse CSR array of truth values of shape (out.size, in.size), with sorted indices.

    Raises ImportError where scipy is missing, ValueError where the pattern is not sparse (more
    than 2²⁷ entries).

    >>> from admodes.core.record import record
    >>> program = record(lambda x: x[1:] * x[:-1], np.ones(3))
    >>> pattern(program).toarray().astype(int)
    array([[1, 1, 0],
           [0, 1, 1]])
    """
    source, target = program.inputs[wrt].row, program.outputs[of]
    n = program.steps[source].size
    last = target.row if isinstance(target, Ref) else -1
    value = program.steps[last].value if last >= 0 else target
    # Only the rows that the output depends on are followed.
    followed = needed(program, [last] if last >= 0 else [])
    found = dict(push(program, {source: identity(n)}, _Patterns(program, n, followed)))
    rows = found.get(last)
    if rows is None:
        return csr(np.zeros(np.size(value) + 1, int), np.zeros(0, int), n)
    rows.sort_indices()
    return rows


class _Patterns(DerivativeDomain):
    """Tangents as patterns: which of n entries of an input an entry depends on."""

    def __init__(self, program: WengertList, n: int, followed: set[int]) -> None:
        super().__init__(program)
        self.n, self.followed = n, followed

    def push(self, row: int, tangents: list[Rows]) -> Rows:
        if row not in self.followed:
            return None
        step = self.steps[row]
        xs, params = self.program.arguments(step), step.params or {}
        constants = [not isinstance(a, Ref) for a in step.args]
        at = Application(step.op, xs, tangents, constants, params, step.shape, self.n)
        return RULES[type(step.op.structure)](at)


def _entrywise(at: Application) -> Rows:
    structure: Entrywise = at.op.structure
    if structure.chooses and at.constants[0]:
        return _moved(at)
    cut = _zeros(at) if structure.multiplies else None
    parts = []
    for i in at.active:
        rows = at.rows[i]
        if at.shapes[i] != at.shape or cut is not None:
            origin = np.broadcast_to(entry_numbers(at.shapes[i]), at.shape)
            rows = gathered(rows, origin if cut is None else np.where(cut, -1, origin))
        parts.append(rows)
    return union(parts)


def _zeros(at: Application) -> Any:
    """Where a product has a constant factor 0; None for nowhere."""
    for a, constant in zip(at.args, at.constants, strict=True):
        if constant and not np.all(a):
            return np.broadcast_to(np.equal(a, 0), at.shape)
    return None


def _moved(at: Application) -> Rows:
    structure = at.op.structure
    if structure.__class__ is Moves:
        if structure.along_axis and not all(at.constants[1:]):
            return _along(at)
        if structure.into is not None:
            return collected(at.rows[0], *placements(at.op, at.args, at.params, at.shape), at.size)
    moved = [i for i in range(len(at.args)) if at.op.active(i)]
    origin = sources(at.op, at.args, at.params) - 1
    if len(moved) == 1:
        return gathered(at.rows[moved[0]], origin)
    sizes = [math.prod(at.shapes[i]) for i in moved]
    return gathered(stacked([at.rows[i] for i in moved], sizes, at.n), origin)


def _along(at: Application) -> Rows:
    """Every entry of the result depends on the entries of its line along the axis."""
    axis = at.params.get("axis", -1)
    if at.op.structure is SCAN:
        return union([_scanned(at, at.rows[i], axis) for i in at.active])
    lines = kept_shape(at.shape, (axis % len(at.shape),))
    if any(kept_shape(at.shapes[i], (axis % len(at.shapes[i]),)) != lines for i in at.active):
        return _dense(at)
    parts = []
    for i in at.active:
        into = np.broadcast_to(entry_numbers(lines), at.shapes[i])
        parts.append(collected(at.rows[i], into, entry_numbers(at.shapes[i]), math.prod(lines)))
    return gathered(union(parts), np.broadcast_to(entry_numbers(lines), at.shape))


def _scanned(at: Application, rows: Rows, axis: int) -> Rows:
    """The first 1, 2, … entries along an axis."""
    length = at.shape[axis]
    check_entries(at.size * (length + 1) // 2)
    lines = np.moveaxis(entry_numbers(at.shape), axis, -1).reshape(-1, length)
    later, earlier = np.tril_indices(length)
    return collected(rows, lines[:, later], lines[:, earlier], at.size)


def _contracted(at: Application) -> Rows:
    """What is combined over the labels that the output has not."""
    terms, output = at.op.structure.labels(at.shapes, at.params)
    sizes: dict[Hashable, int] = {}
    for term, shape in zip(terms, at.shapes, strict=True):
        for c, k in zip(term, shape, strict=True):
            sizes[c] = k if sizes.get(c, 1) == 1 else sizes[c]
    parts = []
    for i in at.active:
        wide = tuple(sizes[c] for c in terms[i])
        own = np.broadcast_to(entry_numbers(at.shapes[i]), wide)
        others = [k for k in range(len(terms)) if k != i and at.constants[k]]
        thin = [k for k in others if not np.all(at.args[k])]
        if thin:
            parts.append(_through_zeros(at, own, terms, i, thin[0], output, sizes))
        else:
            parts.append(_through_all(at, own, terms[i], i, output, sizes))
    return union(parts)


def _through_all(
    at: Application, own: np.ndarray, term: Sequence, i: int, output: Sequence, sizes: dict
) -> Rows:
    """Factors without known zeros: the union over the labels that are combined, repeated along
    those that only the output has."""
    kept = [c for c in output if c in term]
    order = [term.index(c) for c in kept]
    rest = [p for p in range(own.ndim) if p not in order]
    shape = tuple(sizes[c] for c in kept)
    groups = math.prod(shape)
    of = own.transpose(order + rest).reshape(groups, -1 if groups else 0)
    rows = collected(at.rows[i], np.broadcast_to(entry_numbers((groups, 1)), of.shape), of, groups)
    if len(kept) == len(output):
        return rows
    lined = tuple(sizes[c] if c in kept else 1 for c in output)
    return gathered(rows, np.broadcast_to(entry_numbers(lined), at.shape))


def _through_zeros(
    at: Application,
    own: np.ndarray,
    terms: Labels,
    i: int,
    k: int,
    output: Sequence,
    sizes: dict,
) -> Rows:
    """Only the non-zeros of the constant factor k count."""
    factor = np.broadcast_to(at.args[k], tuple(sizes[c] for c in terms[k]))
    places = np.nonzero(factor)
    free = [c for c in dict.fromkeys((*terms[i], *output)) if c not in terms[k]]
    block = tuple(sizes[c] for c in free)
    count = len(places[0]), math.prod(block)
    check_entries(count[0] * count[1])
    index = {c: np.broadcast_to(p[:, None], count) for c, p in zip(terms[k], places, strict=True)}
    for c, p in zip(free, np.indices(block).reshape(len(block), count[1]), strict=True):
        index[c] = np.broadcast_to(p, count)
    of = np.asarray(own[tuple(index[c] for c in terms[i])])
    into = entry_numbers(at.shape)[tuple(index[c] for c in output)]
    return collected(at.rows[i], np.broadcast_to(into, of.shape), of, at.size)


def _matrices(at: Application) -> Rows:
    """Dense in each matrix of a stack, of the last two axes."""
    leads = [at.shapes[i][:-2] for i in at.active]
    lead = np.broadcast_shapes(*leads, at.shape[: max(map(len, leads))])
    if at.shape[: len(lead)] != lead:
        return _dense(at)
    count, parts = math.prod(lead), []
    for i in at.active:
        own = np.broadcast_to(entry_numbers(at.shapes[i]), lead + at.shapes[i][-2:])
        into = np.broadcast_to(entry_numbers((*lead, 1, 1)), own.shape)
        parts.append(collected(at.rows[i], into, own, count))
    each = at.size // count if count else 0
    return gathered(union(parts), np.repeat(np.arange(count), each))


def _linked(at: Application) -> Rows:
    parts = []
    for i in at.active:
        into, of = at.op.structure.links(i, at.args, at.params)
        parts.append(collected(at.rows[i], into, of, at.size))
    return union(parts)


def _dense(at: Application) -> Rows:
    """Every entry of the result depends on everything that the arguments depend on."""
    parts = []
    for i in at.active:
        of = np.arange(at.rows[i].shape[0])
        parts.append(collected(at.rows[i], np.zeros_like(of), of, 1))
    return gathered(union(parts), np.zeros(at.size, np.intp))


RULES: dict[type[Structure], Callable[[Application], Rows]] = {
    Entrywise: _entrywise,
    Moves: _moved,
    Contraction: _contracted,
    Reduction: _contracted,
    Along: _along,
    Matrices: _matrices,
    Linked: _linked,
    Dense: _dense,
}
