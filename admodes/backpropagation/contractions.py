"""Formulas of tensors put in order: what einsum, tensordot, diagonals and reshapes between them
compute is read as a sum of products over labels of axes, and written again as products of matrices,
transposes and traces where it is one, and otherwise as a contraction, which equations print with a
sum over indices.

M. Laue, M. Mitterreiter, J. Giesen, Computing higher order derivatives of matrix and tensor
expressions, NeurIPS 2018, take derivatives in this notation.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from admodes.backpropagation import terms
from admodes.backpropagation.terms import Kind, Term
from admodes.core.op import Op
from admodes.core.record import Step
from admodes.core.structure import Contraction
from admodes.ops.moves import diagonals
from admodes.ops.shaping import transpose

LETTERS = "ijklmnpqrstuvwxyzabcdefghoABCDEFGHIJKLMNOPQRSTUVWXYZ"
"""Letters of indices, in the order in which they are taken."""

Axis = tuple[int, ...]
"""The labels that one axis runs over, the last one fastest: several where axes were merged."""


class _Unreadable(Exception):
    """A formula has axes that no labels can be given to."""


@dataclass
class _Product:
    """coefficient times the product of operands, each with a label for each of its axes, summed
    over the labels that no axis of the result has."""

    axes: list[Axis]
    operands: list[tuple[Term, Axis]] = field(default_factory=list)
    coefficient: float = 1.0


def readable(t: Term) -> Term:
    """The formula with its contractions in order; any other formula as it is.

    >>> A, B = terms.symbol("A", (2, 3)), terms.symbol("B", (4, 3))
    >>> readable(terms.contraction((A, B), ("ij", "kj"), "ik", (2, 4))).kind
    <Kind.MATRIX: 'matrix'>
    """
    if not _of_tensors(t):
        return t
    if t.kind == Kind.SUM:
        return terms.total_of(map(readable, t.parts), t.shape)
    labels = _Labels()
    try:
        made = labels.written(labels.read(t), t.shape)
    except _Unreadable:
        made = t
    return made if made != t else Term(t.kind, tuple(map(readable, t.parts)), t.data, t.shape)


def is_indexed(t: Term) -> bool:
    """Whether an equation of this formula is printed with indices."""
    parts = t.parts if t.kind == Kind.SUM else (t,)
    return any(terms.factored(part)[1].kind == Kind.CONTRACTION for part in parts)


def of_diagonal(w: Term, shape: tuple[int, ...], params: dict) -> Term | None:
    """The transpose of taking the diagonal of an array of a shape: w along the diagonal of zeros;
    None beside the main diagonal, and where matrices are not square."""
    first, second = sorted(_pair(params, len(shape)))
    if params.get("offset", 0) or shape[first] != shape[second]:
        return None
    letters = list(LETTERS[: len(shape)])
    along = [c for k, c in enumerate(letters) if k not in (first, second)] + [letters[first]]
    eye = terms.eye(shape[first])
    labels = ("".join(along), letters[first] + letters[second])
    return terms.contraction((w, eye), labels, "".join(letters), shape)


def of_contraction(
    i: int, w: Term, step: Step, args: Sequence[Term], shape: tuple[int, ...]
) -> Term | None:
    """The transpose of an einsum in operand i: the contraction of w with the other operands; None
    where an operand has a letter twice."""
    labels, kept = step.op.structure.labels([t.shape for t in args], step.params or {})
    if len({*labels[i]}) < len(labels[i]):
        return None
    others = [k for k in range(len(args)) if k != i]
    parts = (terms.repeat(w, step.shape), *(args[k] for k in others))
    return terms.contraction(parts, (kept, *(labels[k] for k in others)), labels[i], shape)


def _of_tensors(t: Term) -> bool:
    """Whether there is a contraction, a diagonal, or a product of merged axes in a formula."""
    if t.kind in (Kind.CONTRACTION, Kind.EYE):
        return True
    if t.kind == Kind.OP and (t.data[0] is diagonals or is_contraction(t.data[0])):
        return True
    merges = t.kind == Kind.RESHAPE and _significant(t.parts[0].shape) != _significant(t.shape)
    return merges or any(map(_of_tensors, t.parts))


def is_contraction(op: Op) -> bool:
    """Whether an operation is a contraction of any operands by letters, as einsum is."""
    return op.arity is None and isinstance(op.structure, Contraction)


def _pair(params: dict, rank: int) -> tuple[int, int]:
    """The axes of the matrices whose diagonals are taken."""
    return params.get("axis1", 0) % rank, params.get("axis2", 1) % rank


def _significant(shape: Iterable[int]) -> list[int]:
    return [n for n in shape if n != 1]


class _Labels:
    """Labels of axes with their sizes and the letters that they had; labels that were found to run
    together are joined."""

    def __init__(self) -> None:
        self.sizes: list[int] = []
        self.letters: list[str] = []
        self.joined: list[int] = []
        self.repeating: list[int] = []

    def new(self, size: int, letter: str = "") -> int:
        self.sizes.append(size)
        self.letters.append(letter)
        self.joined.append(len(self.joined))
        return len(self.joined) - 1

    def repeated(self, size: int, letter: str = "") -> int:
        """The label of an axis along which entries repeat."""
        self.repeating.append(self.new(size, letter))
        return self.repeating[-1]

    def found(self, label: int) -> int:
        while self.joined[label] != label:
            label = self.joined[label]
        return label

    def join(self, a: Axis, b: Axis) -> None:
        """Let two axes run together."""
        if [self.sizes[i] for i in a] != [self.sizes[j] for j in b]:
            raise _Unreadable
        for i, j in zip(map(self.found, a), map(self.found, b), strict=True):
            self.joined[j] = i
            self.letters[i] = self.letters[i] or self.letters[j]

    def read(self, t: Term) -> _Product:
        """A formula as a product over labels; one that is none is an operand of its own."""
        method = getattr(self, f"_{t.kind}", None)
        found = method(t) if method else None
        return found or self.operand(t)

    def operand(self, t: Term) -> _Product:
        labels = tuple(map(self.new, t.shape))
        return _Product([(i,) for i in labels], [(readable_parts(t), labels)])

    def merged(self, axes: list[Axis], *parts: _Product) -> _Product:
        operands = [operand for p in parts for operand in p.operands]
        return _Product(axes, operands, math.prod(p.coefficient for p in parts))

    def _number(self, t: Term) -> _Product:
        return _Product([], [], t.data)

    def _scaled(self, t: Term) -> _Product:
        inner = self.read(t.parts[0])
        return _Product(inner.axes, inner.operands, inner.coefficient * t.data)

    def _T(self, t: Term) -> _Product | None:
        inner = self.read(t.parts[0])
        return self.merged([*inner.axes[:-2], inner.axes[-1], inner.axes[-2]], inner)

    def _matrix(self, t: Term) -> _Product | None:
        if any(len(p.shape) > 2 for p in t.parts):
            return None
        a, b = map(self.read, t.parts)
        self.join(a.axes[-1], b.axes[0])
        return self.merged([*a.axes[:-1], *b.axes[1:]], a, b)

    _dot = _matrix

    def _outer(self, t: Term) -> _Product:
        a, b = map(self.read, t.parts)
        return self.merged([*a.axes, *b.axes], a, b)

    def _product(self, t: Term) -> _Product | None:
        if any(p.shape not in ((), t.shape) for p in t.parts):
            return None
        parts = list(map(self.read, t.parts))
        first, *rest = [p for p in parts if p.axes] or parts
        for p in rest:
            for a, b in zip(first.axes, p.axes, strict=True):
                self.join(a, b)
        return self.merged(first.axes, *parts)

    def _total(self, t: Term) -> _Product | None:
        inner = self.read(t.parts[0])
        kept = [a for k, a in enumerate(inner.axes) if k not in t.data]
        return self.merged(self.regrouped(kept, t.shape), inner)

    def _trace(self, t: Term) -> _Product:
        inner = self.read(t.parts[0])
        self.join(*inner.axes)
        return self.merged([], inner)

    def _repeat(self, t: Term) -> _Product:
        inner = self.read(t.parts[0])
        sizes = t.parts[0].shape
        old = len(t.shape) - len(sizes)
        axes = [
            inner.axes[k - old] if k >= old and sizes[k - old] == n else (self.repeated(n),)
            for k, n in enumerate(t.shape)
        ]
        return self.merged(axes, inner)

    def _reshape(self, t: Term) -> _Product:
        inner = self.read(t.parts[0])
        return self.merged(self.regrouped(inner.axes, t.shape), inner)

    def regrouped(self, axes: Sequence[Axis], shape: Sequence[int]) -> list[Axis]:
        """The labels of axes, in order, as those of the axes of another shape."""
        labels = [label for axis in axes for label in axis if self.sizes[label] != 1]
        made: list[Axis] = []
        for n in shape:
            axis: list[int] = []
            while math.prod(self.sizes[i] for i in axis) < n and labels:
                axis.append(labels.pop(0))
            if math.prod(self.sizes[i] for i in axis) != n:
                raise _Unreadable
            made.append(tuple(axis))
        return made

    def _op(self, t: Term) -> _Product | None:
        op, params = t.data
        if op is transpose:
            inner = self.read(t.parts[0])
            return self.merged([inner.axes[k] for k in params["axes"]], inner)
        if op is diagonals:
            return self.diagonal(t, params or {})
        if not is_contraction(op):
            return None
        labels, kept = op.structure.labels([p.shape for p in t.parts], params)
        return self.labelled(t.parts, labels, kept)

    def diagonal(self, t: Term, params: dict) -> _Product | None:
        inner = self.read(t.parts[0])
        first, second = _pair(params, len(inner.axes))
        if params.get("offset", 0):
            return None
        self.join(inner.axes[first], inner.axes[second])
        rest = [a for k, a in enumerate(inner.axes) if k not in (first, second)]
        return self.merged([*rest, inner.axes[first]], inner)

    def _contraction(self, t: Term) -> _Product:
        labels, kept = t.data
        return self.labelled(t.parts, labels, kept, t.shape)

    def labelled(
        self, parts: Sequence[Term], labels: Sequence, kept: Sequence, shape: Sequence[int] = ()
    ) -> _Product:
        """A contraction of formulas by letters of their axes."""
        read = list(map(self.read, parts))
        axes: dict = {}
        for p, letters in zip(read, labels, strict=True):
            for axis, letter in zip(p.axes, letters, strict=True):
                self.join(axes.setdefault(letter, axis), axis)
                if len(axis) == 1 and not self.letters[self.found(axis[0])]:
                    self.letters[self.found(axis[0])] = str(letter)
        for letter, n in zip(kept, shape):
            if letter not in axes:
                axes[letter] = (self.repeated(n, letter),)
        return self.merged([axes[letter] for letter in kept], *read)

    def written(self, p: _Product, shape: tuple[int, ...]) -> Term:
        """A product over labels as a formula of a shape."""
        out = [self.found(i) for axis in p.axes for i in axis]
        operands = [(t, tuple(map(self.found, labels))) for t, labels in p.operands]
        operands = self.without_identities(operands, out)
        if len(set(out)) < len(out):
            raise _Unreadable
        known = {self.found(i) for _, labels in p.operands for i in labels}
        repeats = {self.found(i) for i in self.repeating} - {*known, *out}
        coefficient = p.coefficient * math.prod(self.sizes[i] for i in repeats)
        numbers = [t for t, labels in operands if not labels]
        arrays = [(t, labels) for t, labels in operands if labels]
        factors = [terms.number(coefficient), *numbers]
        inner = tuple(self.sizes[i] for i in out)
        if not arrays:
            return terms.repeat(terms.product(factors), shape)
        core = _as_matrices(arrays, out, inner) or self.contraction(arrays, out, inner)
        return terms.reshape(terms.product([*factors, core]), shape)

    def without_identities(
        self, operands: list[tuple[Term, Axis]], out: list[int]
    ) -> list[tuple[Term, Axis]]:
        """Without identity matrices of which one index is summed over or that have one twice."""
        for k, (t, labels) in enumerate(operands):
            if t.kind != Kind.EYE:
                continue
            a, b = labels
            others = operands[:k] + operands[k + 1 :]
            used = {i for _, own in others for i in own}
            gone, stays = (b, a) if b not in out else (a, b)
            if a == b and a in {*used, *out}:
                return self.without_identities(others, out)
            if a != b and gone not in out and {gone, stays} & used:
                swapped = [(x, tuple(stays if i == gone else i for i in own)) for x, own in others]
                return self.without_identities(swapped, out)
        return operands

    def contraction(
        self, arrays: list[tuple[Term, Axis]], out: list[int], shape: tuple[int, ...]
    ) -> Term:
        order = [*out, *(i for _, labels in arrays for i in labels)]
        letters: dict[int, str] = {}
        for i in dict.fromkeys(order):
            own = self.letters[i]
            known = letters.values()
            free = (c for c in LETTERS if c not in known and c not in self.letters)
            letters[i] = own if own in LETTERS and own and own not in known else next(free)
        labels = tuple("".join(letters[i] for i in own) for _, own in arrays)
        parts = tuple(t for t, _ in arrays)
        return terms.contraction(parts, labels, "".join(letters[i] for i in out), shape)


def readable_parts(t: Term) -> Term:
    """A formula that is an operand, with its own contractions in order."""
    parts = tuple(map(readable, t.parts))
    return t if parts == t.parts else Term(t.kind, parts, t.data, t.shape)


def _as_matrices(
    arrays: list[tuple[Term, Axis]], out: list[int], shape: tuple[int, ...]
) -> Term | None:
    """The product of one or two vectors or matrices in their own notation, if it has one."""
    if any(len(labels) > 2 for _, labels in arrays) or len(arrays) > 2 or len(out) > 2:
        return _summed(*arrays[0], out, shape) if len(arrays) == 1 else None
    if len(arrays) == 1:
        t, labels = arrays[0]
        if out == list(labels[::-1]) and len(out) == 2:
            return terms.transposed(t)
        return (
            terms.trace(t)
            if not out and len({*labels}) < len(labels)
            else _summed(t, labels, out, shape)
        )
    (a, left), (b, right) = arrays
    if len({*left}) < len(left) or len({*right}) < len(right):
        return None
    shared = {*left} & {*right}
    if {*left} == {*right}:
        if not out and left != right:
            return terms.trace(terms.matrix(a, b, (a.shape[0], a.shape[0])))
        both = terms.product([a, b if left == right else terms.transposed(b)])
        if not out and len(left) == 1:
            return terms.matrix(a, b, ())
        if not out:
            return terms.total(both, (0, 1), ())
        return _summed(both, left, out, shape) if {*out} == {*left} else None
    if {*out} != {*left} ^ {*right} or len(shared) > 1:
        return None
    if out and out[0] not in left:
        (a, left), (b, right) = (b, right), (a, left)
    if not shared:
        both_vectors = len(left) == len(right) == 1
        return Term(Kind.OUTER, (a, b), None, shape) if both_vectors else None
    (s,) = shared
    return terms.matrix(
        a if left[-1] == s else terms.transposed(a),
        b if right[0] == s else terms.transposed(b),
        shape,
    )


def _summed(t: Term, labels: Axis, out: list[int], shape: tuple[int, ...]) -> Term | None:
    """The sum over the axes that are not kept, where the others stay in order."""
    if len({*labels}) < len(labels) or [i for i in labels if i in out] != out:
        return None
    return terms.total(t, tuple(k for k, i in enumerate(labels) if i not in out), shape)


def renamed(t: Term, letters: str) -> Term:
    """A contraction with these letters for the axes of its result."""
    labels, out = t.data
    used = dict.fromkeys(itertools.chain(*labels))
    names = dict(zip(out, letters, strict=True))
    free = (c for c in LETTERS if c not in names.values() and c not in used)
    for c in used:
        if c not in names:
            names[c] = c if c not in names.values() else next(free)
    changed = tuple("".join(names[c] for c in own) for own in labels)
    return terms.contraction(t.parts, changed, letters, t.shape)
