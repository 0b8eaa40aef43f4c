"""Formulas of the derivatives of one recorded operation: its local partials (`partial`), the
tangent of its result (`tangent`), and what the adjoint of its result contributes to an argument
(`cotangent`).

Partials are read from the printed forms that an operation declares. A transpose comes from the
operation's own vjp: it is recorded at the data, and that small program is translated to a formula.
"""

from __future__ import annotations

import ast
import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from admodes.backpropagation import terms
from admodes.backpropagation.contractions import is_contraction, of_contraction, of_diagonal
from admodes.backpropagation.lowerings import applied
from admodes.backpropagation.terms import Kind, Term
from admodes.core.carrier import quiet
from admodes.core.op import REGISTRY, Op
from admodes.core.record import Ref, Step, WengertList, record
from admodes.core.space import space
from admodes.core.values import shape_of
from admodes.ops.moves import diagonals
from admodes.ops.notation import BINARY, COMPARE
from admodes.programs.tidy import tidy

LONGEST_TRANSPOSE = 4
"""The most operations of a transpose that is written out."""

_LONGEST_PARTIAL = 3
"""The most operations of a partial that is written out, unless its function has a prime."""


def cotangent(step: Step, i: int, w: Term, y: Term, args: list[Term], xs: tuple) -> Term | None:
    """What the adjoint w of the step's result y contributes to argument i; None for nothing."""
    op, shape = step.op, shape_of(xs[i])
    if op.elementwise:
        p = _by_result(partial(op, i, args, xs, step.value), step, y, args)
        if p.is_zero:
            return None
        return terms.unbroadcast(_in_shape([p, w], step.shape), shape)
    if w.is_zero or not op.active(i):
        return None
    contracted = None
    if op is diagonals:
        contracted = of_diagonal(w, shape, step.params or {})
    elif is_contraction(op):
        contracted = of_contraction(i, w, step, args, shape)
    if contracted is not None:
        return contracted
    given = np.ones(step.shape) if step.shape else 1.0
    found = _recorded(
        lambda v, r, *zs: op.vjp(i, v, r, zs, step.params), [given, step.value, *xs], [w, y, *args]
    )
    if found is not None:
        return found
    return Term(Kind.VJP, (w, y, *args), (op, i, step.params), shape)


def tangent(step: Step, dots: list[Term | None], y: Term, args: list[Term], xs: tuple) -> Term:
    """The tangent of the step's result; dots[i] is None where argument i is constant."""
    op, shape = step.op, step.shape
    if op.elementwise:
        pairs = (
            (_by_result(partial(op, i, args, xs, step.value), step, y, args), t)
            for i, t in enumerate(dots)
            if t
        )
        return terms.total_of([_in_shape([p, t], shape) for p, t in pairs], shape)
    given = [(i, t) for i, t in enumerate(dots) if t is not None]

    def along(*values: Any) -> Any:
        directions: list = [None] * len(dots)
        for (i, _), v in zip(given, values, strict=False):
            directions[i] = v
        rest = values[len(given) :]
        return op.jvp(directions, rest[0], rest[1:], step.params)

    units = [np.ones(shape_of(xs[i])) if shape_of(xs[i]) else 1.0 for i, _ in given]
    found = _recorded(along, [*units, step.value, *xs], [*(t for _, t in given), y, *args])
    if found is not None:
        return found
    moved = tuple(i for i, _ in given)
    return Term(Kind.JVP, (*(t for _, t in given), *args), (op, moved, step.params), shape)


def _by_result(p: Term, step: Step, y: Term, args: list[Term]) -> Term:
    """A partial in which the result itself occurs, as in that of exp, with the result's name."""
    return terms.replaced(p, applied(step.op, args, step.params, step.shape), y)


def _in_shape(factors: list[Term], shape: tuple) -> Term:
    return terms.repeat(terms.product(factors), shape)


def _recorded(f: Callable, values: list, given: list[Term]) -> Term | None:
    """The formula of f, run at these values, in the given formulas; None where it is too long or
    does not record."""
    floats = [k for k, x in enumerate(values) if _is_real(x)]

    def chosen(*leaves: Any) -> Any:
        full = list(values)
        for k, leaf in zip(floats, leaves, strict=True):
            full[k] = leaf
        return f(*full)

    try:
        with quiet():
            program = tidy(record(chosen, *(values[k] for k in floats)))
    except (TypeError, ValueError):
        return None
    if len(program.steps) - len(floats) > LONGEST_TRANSPOSE or len(program.outputs) != 1:
        return None
    return formula(program, [given[k] for k in floats])


def _is_real(x: Any) -> bool:
    return np.asarray(x).dtype.kind == "f"


def formula(program: WengertList, given: Sequence[Term]) -> Term | None:
    """The output of a small program as a formula; None where it has a constant array."""
    made = list(given)

    def written(a: Any) -> Term | None:
        if isinstance(a, Ref):
            return made[a.row]
        return terms.number(float(a)) if np.ndim(a) == 0 else _uniform(a)

    for step in program.steps[len(made) :]:
        args = [written(a) for a in step.args]
        if any(a is None for a in args):
            return None
        made.append(applied(step.op, args, step.params, step.shape))  # type: ignore[arg-type]
    return written(program.outputs[0])


def _uniform(a: Any) -> Term | None:
    """A constant array of one number repeated."""
    first = np.ravel(a)[:1]
    if first.size == 0 or not np.all(np.asarray(a) == first[0]):
        return None
    return terms.repeat(terms.number(float(first[0])), np.shape(a))


def partial(op: Op, i: int, args: list[Term], xs: Sequence[Any], y: Any) -> Term:
    """The partial of an elementwise operation with respect to argument i."""
    literal = op.partials[i]  # type: ignore[attr-defined]
    if not callable(literal):
        return terms.number(literal)
    prime = Term(Kind.PARTIAL, tuple(args), (op, i), shape_of(y))
    if not op.form.partials:
        return prime
    tree = ast.parse(op.form.partials[i].replace("^", "**"), mode="eval").body
    found = _Reader(args, xs).read(tree)
    if found is None or _is_choice(tree):
        return found or prime
    return prime if _length(tree) > _LONGEST_PARTIAL or found.kind == Kind.SUM else found


def _is_choice(tree: ast.AST) -> bool:
    """Whether a formula chooses, as a partial on both sides of a kink does."""
    return isinstance(tree, ast.Call) and _called(tree) is space.where


def _called(tree: ast.Call) -> Op | None:
    """The operation that a formula calls."""
    return REGISTRY.get(tree.func.id) if isinstance(tree.func, ast.Name) else None


def _length(tree: ast.AST) -> int:
    return sum(isinstance(n, (ast.BinOp, ast.Call)) for n in ast.walk(tree))


class _Reader:
    """Reads a printed partial, in a, b and c, as a formula in the arguments."""

    def __init__(self, args: list[Term], xs: Sequence[Any]) -> None:
        self.args = args
        self.xs = xs

    def read(self, node: ast.AST) -> Term | None:
        """The formula; None where it holds something that has none."""
        if isinstance(node, ast.Constant):
            return terms.number(node.value)  # type: ignore[arg-type]
        if isinstance(node, ast.Name):
            return terms.number(math.pi) if node.id == "pi" else self.args["abc".index(node.id)]
        if isinstance(node, ast.UnaryOp):
            inner = self.read(node.operand)
            return None if inner is None else terms.scaled(-1.0, inner)
        if isinstance(node, ast.BinOp):
            return self.operation(node)
        if isinstance(node, ast.Call):
            return self.choice(node) if _is_choice(node) else self.call(node)
        return None

    def operation(self, node: ast.BinOp) -> Term | None:
        both = [self.read(node.left), self.read(node.right)]
        if None in both:
            return None
        return _entrywise(REGISTRY[BINARY[type(node.op)]], both)  # type: ignore[arg-type]

    def call(self, node: ast.Call) -> Term | None:
        args = [self.read(a) for a in node.args]
        op = _called(node)
        return None if op is None or None in args else _entrywise(op, args)  # type: ignore[arg-type]

    def choice(self, node: ast.Call) -> Term | None:
        """where(a > b, 1, 0) as 1[a > b]; a tie that the data does not have is left out."""
        test, yes, no = node.args
        if not isinstance(test, ast.Compare) or not isinstance(yes, ast.Constant):
            return None
        holds = self.read_test(test)
        otherwise = self.read(no)
        if otherwise is None:
            return None
        chosen = terms.scaled(float(yes.value), holds)  # type: ignore[arg-type]
        if _is_choice(no):
            never = not np.any(self.holds(no.args[0]))  # type: ignore[attr-defined]
            return chosen if never else terms.total_of([chosen, otherwise], holds.shape)
        return chosen if otherwise.is_number(0) else None

    def read_test(self, test: ast.Compare) -> Term:
        both = [self.read(test.left), self.read(test.comparators[0])]
        return terms.one_where(_entrywise(_comparison(test), both))  # type: ignore[arg-type]

    def holds(self, test: ast.AST) -> Any:
        """The truth of a comparison of arguments and numbers, at the data."""
        assert isinstance(test, ast.Compare)

        def number(node: ast.AST) -> Any:
            if isinstance(node, ast.Name):
                return self.xs["abc".index(node.id)]
            return node.value  # type: ignore[attr-defined]

        return _comparison(test).plain((number(test.left), number(test.comparators[0])))


def _comparison(test: ast.Compare) -> Op:
    return REGISTRY[COMPARE[type(test.ops[0])]]


def _entrywise(op: Op, args: list[Term]) -> Term:
    shape = np.broadcast_shapes(*(t.shape for t in args))
    return applied(op, args, None, tuple(shape))
