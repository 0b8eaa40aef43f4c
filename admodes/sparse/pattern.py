"""The pattern of a recorded program: which entries of the result depend on which of the input.

One pass through the list, without a sweep. Operations are followed by their kind: one that works
entry by entry joins what its arguments depend on; one that only moves entries is run on the numbers
of the entries; reductions and products join along the axes that they add up. A comparison and the
condition of ad.where pass nothing on. Multiplying by a zero of a constant, by itself or inside a
matrix, cuts. Operations of linear algebra (solve, inv, det, eigh …) count as dense in each matrix,
sort and fft along their axis, and an operation that is not known as dense in all.

The pattern holds for all values that take the same branches: it contains every entry that can be
non-zero, and is exact where no two contributions to an entry cancel. For the idea see A. Griewank
and A. Walther, Evaluating Derivatives (2008), section 7.1.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from admodes.core.op import Op
from admodes.core.record import Program, Ref, Step
from admodes.core.values import shape_of
from admodes.ops.indexing import along_axis_index, lined_up
from admodes.ops.reductions import all_axes, kept_shape
from admodes.sparse.rows import (
    Rows,
    check_entries,
    collected,
    csr,
    gathered,
    identity,
    numbers,
    stacked,
    union,
)

PRODUCTS = frozenset(("multiply", "strong_mul", "tangent_mul"))
SAME = frozenset(("astype", "real", "imag", "conj", "times_i", "modulus", "arg"))
"""Operations that are not declared as elementwise, although they work entry by entry."""
MATRICES = frozenset(
    ("inv", "solve", "det", "logabsdet", "cholesky", "pinv", "eigh", "svd", "qr", "eig")
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
        self.size = math.prod(self.shape)
        self.active = [i for i, rows in enumerate(self.rows) if rows is not None]


def pattern(program: Program, wrt: int = 0, of: int = 0) -> Any:
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
    found: list[Rows] = [None] * len(program.steps)
    found[source] = identity(n)
    for row in _needed(program, last):
        step = program.steps[row]
        if step.op is not None:
            found[row] = _propagated(program, step, found, n)
    rows = found[last] if last >= 0 else None
    if rows is None:
        return csr(np.zeros(np.size(value) + 1, int), np.zeros(0, int), n)
    rows.sort_indices()
    return rows


def _needed(program: Program, last: int) -> list[int]:
    """The rows that the row last is computed from, in order."""
    wanted = {last} if last >= 0 else set()
    for row in range(last, -1, -1):
        if row in wanted:
            wanted.update(a.row for a in program.steps[row].args if isinstance(a, Ref))
    return sorted(wanted)


def _propagated(program: Program, step: Step, found: list[Rows], n: int) -> Rows:
    op = step.op
    rows = [
        found[a.row] if isinstance(a, Ref) and op.active(i) else None
        for i, a in enumerate(step.args)
    ]
    if op.passive or all(r is None for r in rows):
        return None
    constants = [not isinstance(a, Ref) for a in step.args]
    at = Application(
        op,
        program.arguments(step),
        rows,
        constants,
        step.params or {},
        step.shape,
        n,
    )
    return rule_for(op)(at)


def rule_for(op: Op) -> Callable[[Application], Rows]:
    """How the dependencies of an operation's arguments become those of its result."""
    if op.name in RULES:
        return RULES[op.name]
    if op.elementwise or op.name in PRODUCTS:
        return _entrywise
    if op.name in SAME:
        return lambda at: at.rows[0]
    if op.kind == "moves":
        return _moved
    return _matrices if op.name in MATRICES else _dense


def _entrywise(at: Application) -> Rows:
    cut = _zeros(at) if at.op.name in PRODUCTS else None
    parts = []
    for i in at.active:
        rows = at.rows[i]
        if at.shapes[i] != at.shape or cut is not None:
            origin = np.broadcast_to(numbers(at.shapes[i]), at.shape)
            rows = gathered(rows, origin if cut is None else np.where(cut, -1, origin))
        parts.append(rows)
    return union(parts)


def _zeros(at: Application) -> Any:
    """Where a product has a constant factor 0; None for nowhere."""
    for a, constant in zip(at.args, at.constants, strict=True):
        if constant and not np.all(a):
            return np.broadcast_to(np.equal(a, 0), at.shape)
    return None


def numbered(op: Op, args: tuple, params: dict, moving: range) -> np.ndarray:
    """An operation that moves entries, on the numbers of the entries of the arguments in moving,
    counted through from 1: for each entry of the result that of its source, 0 for none."""
    start, given = 1, list(args)
    for i in moving:
        given[i] = numbers(shape_of(args[i]), start)
        start += given[i].size
    return np.asarray(op.array(*given, **params)).astype(np.intp, copy=False)


def _moved(at: Application) -> Rows:
    if at.op.name == "reshape":
        return at.rows[0]
    origin = numbered(at.op, at.args, at.params, range(len(at.args))) - 1
    if len(at.rows) == 1:
        return gathered(at.rows[0], origin)
    sizes = [math.prod(shape) for shape in at.shapes]
    return gathered(stacked(at.rows, sizes, at.n), origin)


def _where(at: Application) -> Rows:
    if not at.constants[0]:
        return _entrywise(at)
    origin = numbered(at.op, at.args, {}, range(1, 3)) - 1
    sizes = [math.prod(shape) for shape in at.shapes[1:]]
    return gathered(stacked(at.rows[1:], sizes, at.n), origin)


def placed(shape: tuple[int, ...], index: Any, source: tuple[int, ...]) -> np.ndarray:
    """Where `place` puts each entry of an array of shape source."""
    return np.broadcast_to(numbers(shape)[index], source)


def _place(at: Application) -> Rows:
    into = placed(at.shape, at.params["index"], at.shapes[0])
    return collected(at.rows[0], into, numbers(at.shapes[0]), at.size)


def _pick_along(at: Application) -> Rows:
    if not at.constants[1]:
        return _whole_lines(at)
    return gathered(at.rows[0], numbered(at.op, at.args, at.params, range(1)) - 1)


def _add_along(at: Application) -> Rows:
    if not at.constants[1]:
        return _whole_lines(at)
    axis = at.params["axis"]
    indices = lined_up(at.args[1], at.shape, axis)
    into = numbers(at.shape)[along_axis_index(indices, axis)]
    of = np.broadcast_to(numbers(at.shapes[0]), into.shape)
    return collected(at.rows[0], into, of, at.size)


def _reduced(at: Application) -> Rows:
    shape = at.shapes[0]
    axes = all_axes(at.params.get("axis"), len(shape))
    return _to_groups(at.rows[0], shape, kept_shape(shape, axes))


def _to_groups(rows: Rows, shape: tuple[int, ...], kept: tuple[int, ...]) -> Rows:
    """The union over the axes that have length 1 in kept."""
    into = np.broadcast_to(numbers(kept), shape)
    return collected(rows, into, numbers(shape), math.prod(kept))


def _unbroadcast(at: Application) -> Rows:
    shape = at.shapes[0]
    kept = (1,) * (len(shape) - len(at.shape)) + at.shape
    return _to_groups(at.rows[0], shape, kept)


def _whole_lines(at: Application) -> Rows:
    """Every entry of the result depends on all entries of its line along the axis."""
    shape, axis = at.shapes[0], at.params.get("axis", -1)
    kept = kept_shape(shape, (axis % len(shape),))
    lines = kept_shape(at.shape, (axis % len(shape),))
    if kept != lines:
        return _dense(at)
    rows = _to_groups(at.rows[0], shape, kept)
    return gathered(rows, np.broadcast_to(numbers(kept), at.shape))


def _accumulated(at: Application) -> Rows:
    """The first 1, 2, … entries along an axis."""
    axis, shape = at.params["axis"], at.shape
    length = shape[axis]
    check_entries(at.size * (length + 1) // 2)
    lines = np.moveaxis(numbers(shape), axis, -1).reshape(-1, length)
    later, earlier = np.tril_indices(length)
    return collected(at.rows[0], lines[:, later], lines[:, earlier], at.size)


def _matmul(at: Application) -> Rows:
    ranks = [len(shape) for shape in at.shapes]
    lead = [chr(ord("A") + k) for k in range(max(*ranks, 2) - 2)]
    left, right = ("".join(lead[len(lead) - max(r - 2, 0) :]) for r in ranks)
    terms = left + "ik" if ranks[0] > 1 else "k", right + "kj" if ranks[1] > 1 else "k"
    output = "".join(lead) + "i" * (ranks[0] > 1) + "j" * (ranks[1] > 1)
    return _contracted(at, terms, output)


def _einsum(at: Application) -> Rows:
    return _contracted(at, at.params["terms"], at.params["output"])


def _contracted(at: Application, terms: tuple[str, ...], output: str) -> Rows:
    """A sum of products over the letters that the output has not."""
    sizes: dict[str, int] = {}
    for term, shape in zip(terms, at.shapes, strict=True):
        for c, k in zip(term, shape, strict=True):
            sizes[c] = k if sizes.get(c, 1) == 1 else sizes[c]
    parts = []
    for i in at.active:
        wide = tuple(sizes[c] for c in terms[i])
        own = np.broadcast_to(numbers(at.shapes[i]), wide)
        others = [k for k in range(len(terms)) if k != i and at.constants[k]]
        thin = [k for k in others if not np.all(at.args[k])]
        make = _through_zeros if thin else _through_all
        parts.append(make(at, own, terms, i, thin[0] if thin else i, output, sizes))
    return union(parts)


def _through_all(
    at: Application,
    own: np.ndarray,
    terms: tuple,
    i: int,
    k: int,
    output: str,
    sizes: dict[str, int],
) -> Rows:
    """Factors without known zeros: the union over the letters that are added up, repeated along
    those that only the output has."""
    kept = [c for c in output if c in terms[i]]
    order = [terms[i].index(c) for c in kept]
    rest = [p for p in range(own.ndim) if p not in order]
    shape = tuple(sizes[c] for c in kept)
    groups = math.prod(shape)
    of = own.transpose(order + rest).reshape(groups, -1 if groups else 0)
    rows = collected(at.rows[i], np.broadcast_to(numbers((groups, 1)), of.shape), of, groups)
    lined = tuple(sizes[c] if c in kept else 1 for c in output)
    return gathered(rows, np.broadcast_to(numbers(lined), at.shape))


def _through_zeros(
    at: Application,
    own: np.ndarray,
    terms: tuple,
    i: int,
    k: int,
    output: str,
    sizes: dict[str, int],
) -> Rows:
    """Only the non-zeros of the constant factor k count."""
    factor = np.broadcast_to(at.args[k], tuple(sizes[c] for c in terms[k]))
    places = np.nonzero(factor)
    free = [c for c in dict.fromkeys(terms[i] + output) if c not in terms[k]]
    block = tuple(sizes[c] for c in free)
    count = len(places[0]), math.prod(block)
    check_entries(count[0] * count[1])
    index = {c: np.broadcast_to(p[:, None], count) for c, p in zip(terms[k], places, strict=True)}
    for c, p in zip(free, np.indices(block).reshape(len(block), count[1]), strict=True):
        index[c] = np.broadcast_to(p, count)
    of = np.asarray(own[tuple(index[c] for c in terms[i])])
    into = numbers(at.shape)[tuple(index[c] for c in output)]
    return collected(at.rows[i], np.broadcast_to(into, of.shape), of, at.size)


def _matrices(at: Application) -> Rows:
    """Dense in each matrix of a stack, of the last two axes."""
    leads = [at.shapes[i][:-2] for i in at.active]
    lead = np.broadcast_shapes(*leads, at.shape[: max(map(len, leads))])
    if at.shape[: len(lead)] != lead:
        return _dense(at)
    count, parts = math.prod(lead), []
    for i in at.active:
        own = np.broadcast_to(numbers(at.shapes[i]), lead + at.shapes[i][-2:])
        into = np.broadcast_to(numbers((*lead, 1, 1)), own.shape)
        parts.append(collected(at.rows[i], into, own, count))
    each = at.size // count if count else 0
    return gathered(union(parts), np.repeat(np.arange(count), each))


def _dense(at: Application) -> Rows:
    """Every entry of the result depends on everything that the arguments depend on."""
    parts = []
    for i in at.active:
        of = np.arange(at.rows[i].shape[0])
        parts.append(collected(at.rows[i], np.zeros_like(of), of, 1))
    return gathered(union(parts), np.zeros(at.size, np.intp))


RULES: dict[str, Callable[[Application], Rows]] = {
    "where": _where,
    "place": _place,
    "take_along_axis": _pick_along,
    "add_along_axis": _add_along,
    "unbroadcast": _unbroadcast,
    "matmul": _matmul,
    "einsum": _einsum,
    **dict.fromkeys(("sum", "mean", "amax", "amin", "prod"), _reduced),
    **dict.fromkeys(("cumsum", "cumprod"), _accumulated),
    **dict.fromkeys(("sort", "fft", "ifft"), _whole_lines),
}
