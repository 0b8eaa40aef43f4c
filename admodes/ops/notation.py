"""Printed forms: the formulas that an operation declares for its value and partials go in,
templates in text and LaTeX come out.

A template has ⟦0⟧, ⟦1⟧, … where arguments go, ⟦*⟧ for all of them, and `*` for the sign of
multiplication; views fill it with names or with numbers.
"""

from __future__ import annotations

import ast
import functools
import math
import operator
import re
from typing import Any, Protocol, runtime_checkable

import numpy as np

from admodes.core.forms import Form, in_latex
from admodes.core.op import REGISTRY, Op
from admodes.views.dialects import Text

BINARY: dict[type, str] = {
    ast.Add: "add",
    ast.Sub: "subtract",
    ast.Mult: "multiply",
    ast.Div: "divide",
    ast.Pow: "power",
}
COMPARE: dict[type, str] = {
    ast.Gt: "greater",
    ast.GtE: "greater_equal",
    ast.Lt: "less",
    ast.LtE: "less_equal",
    ast.Eq: "equal",
}
_STRENGTH = {
    "add": 1,
    "subtract": 1,
    "negate": 1,
    "inner": 1.9,
    "multiply": 2,
    "divide": 2,
    "power": 3,
    "square": 3,
    "exp": 3,
    "exp2": 3,
}
_OPENS = ("(", "[", ", ", "|", r"\Vert ")
_CLOSES = (")", "]", ", ", "|", r"\Vert")
_ATOM = 5
_CLOSED = 4
_SHORT = 8
"""The longest number, in characters, that simplifying a formula may make."""

_FOLDED = {ast.Add: operator.add, ast.Sub: operator.sub, ast.Mult: operator.mul}
_RAISED = str.maketrans("0123456789-", "⁰¹²³⁴⁵⁶⁷⁸⁹⁻")
_PREFIX = 2.5


@runtime_checkable
class Printed(Protocol):
    """What has a printed form: an operation, or what an expression does with arrays."""

    @property
    def name(self) -> str: ...
    @property
    def kind(self) -> str: ...
    @property
    def form(self) -> Form: ...


def template(op: Printed, dialect: str) -> str:
    """How op itself is printed."""
    return op.form.text if dialect == "text" else op.form.latex


def raises(op: Op) -> bool:
    """Whether op is printed as its first argument with the second one raised."""
    return op.form.text == "⟦0⟧^⟦1⟧"


def index_text(index: Any) -> str:
    """An index as it is written between brackets."""

    def one(i: Any) -> str:
        if isinstance(i, slice):
            parts = ["" if p is None else str(p) for p in (i.start, i.stop, i.step)]
            return ":".join(parts if i.step is not None else parts[:2])
        if isinstance(i, (np.ndarray, list)):
            return Text(None).number(np.asarray(i).tolist())
        return "…" if i is Ellipsis else str(i)

    return ", ".join(map(one, index)) if isinstance(index, tuple) else one(index)


@functools.lru_cache(maxsize=1024)
def partial_templates(
    op: Op, dialect: str, constants: tuple[tuple[int, float], ...] = ()
) -> tuple[str, ...]:
    """How the partials of op are printed, one per argument. constants: (position, number) of the
    arguments that are constants, with which the formulas are simplified: 3 a^(3 - 1) is 3 a².

    >>> import admodes as ad
    >>> from admodes.ops.notation import partial_templates
    >>> partial_templates(ad.power, "text", ((1, 3),))[0]
    '3*⟦0⟧²'
    """
    if op.form.partials:
        return tuple(_render(formula, dialect, dict(constants)) for formula in op.form.partials)
    prime = "′" if dialect == "text" else "'"
    arity = op.arity or 0
    slots = ", ".join(f"⟦{i}⟧" for i in range(arity))
    name = op.name if dialect == "text" else rf"\mathrm{{{in_latex(op.name)}}}"
    if arity == 1:
        return (f"{name}{prime}({slots})",)
    return tuple(f"{name}_{i + 1}{prime}({slots})" for i in range(arity))


def _render(formula: str, dialect: str, constants: dict[int, float]) -> str:
    tree = ast.parse(formula.replace("^", "**"), mode="eval").body
    known = {"abc"[i]: x for i, x in constants.items() if i < 3}
    return _walk(_simplified(tree, known) if known else tree, dialect)[0]


def _simplified(node: ast.expr, known: dict[str, float]) -> ast.expr:
    """The formula with constants put in, and what is then 1 times, to the power of 1 or 0, or the
    sum or product of two short numbers, worked out."""
    if isinstance(node, ast.Name) and node.id in known:
        return ast.Constant(known[node.id])
    if isinstance(node, ast.Call):
        return ast.Call(node.func, [_simplified(a, known) for a in node.args], [])
    if isinstance(node, ast.UnaryOp):
        return ast.UnaryOp(node.op, _simplified(node.operand, known))
    if not isinstance(node, ast.BinOp):
        return node
    left, right = _simplified(node.left, known), _simplified(node.right, known)
    a, b = _constant(left), _constant(right)
    kind = type(node.op)
    if a is not None and b is not None and kind in _FOLDED:
        number = _FOLDED[kind](a, b)
        if len(repr(number)) <= _SHORT:
            return ast.Constant(number)
    if kind is ast.Pow and b == 0:
        return ast.Constant(1)
    if kind is ast.Mult and (a == 1 or b == 0):
        return right
    if (kind is ast.Mult and (b == 1 or a == 0)) or (kind is ast.Pow and b == 1):
        return left
    return ast.BinOp(left, node.op, right)


def _constant(node: ast.AST) -> float | None:
    known = isinstance(node, ast.Constant) and isinstance(node.value, (int, float))
    return node.value if known else None  # type: ignore[attr-defined]


def _walk(node: ast.AST, dialect: str) -> tuple[str, float]:
    """The template of a formula, and how strongly it binds (_ATOM: never needs brackets)."""
    number = _constant(node)
    if number is not None:
        return _number(number), 1 if number < 0 else _ATOM
    if isinstance(node, ast.Name):
        if node.id == "pi":
            return ("π" if dialect == "text" else r"\pi "), _ATOM
        return f"⟦{'abc'.index(node.id)}⟧", _ATOM
    if isinstance(node, ast.UnaryOp):
        inner, strength = _walk(node.operand, dialect)
        return "-" + (inner if strength > 1 else _bracket(inner, dialect)), 1
    if isinstance(node, ast.BinOp):
        exponent = _constant(node.right)
        if isinstance(node.op, ast.Pow) and exponent is not None and math.isfinite(exponent):
            return _to_number(node.left, exponent, dialect), _STRENGTH["power"]
        return _operation(BINARY[type(node.op)], [node.left, node.right], dialect)
    if isinstance(node, ast.Compare):
        return _operation(COMPARE[type(node.ops[0])], [node.left, node.comparators[0]], dialect)
    assert isinstance(node, ast.Call)
    assert isinstance(node.func, ast.Name)
    return _operation(node.func.id, node.args, dialect)


def _number(x: float) -> str:
    return str(int(x)) if math.isfinite(x) and x == int(x) else repr(x)


def _to_number(base: ast.expr, exponent: float, dialect: str) -> str:
    """A power with a number as its exponent: whole ones are raised."""
    inner, strength = _walk(base, dialect)
    if strength < _ATOM:
        inner = _bracket(inner, dialect)
    text = _number(exponent)
    if dialect == "latex":
        return f"{inner}^{text}" if len(text) == 1 else f"{inner}^{{{text}}}"
    if exponent == int(exponent):
        return inner + text.translate(_RAISED)
    return f"{inner}^{text}" if exponent > 0 else f"{inner}^({text})"


def _operation(name: str, args: list, dialect: str) -> tuple[str, float]:
    if name not in REGISTRY:  # a member of a family, such as polygamma2
        inside = ", ".join(_walk(arg, dialect)[0] for arg in args)
        shown = name if dialect == "text" else rf"\mathrm{{{in_latex(name)}}}"
        return f"{shown}({inside})", _CLOSED
    return operation(REGISTRY[name], [_walk(arg, dialect) for arg in args], dialect)


def operation(op: Printed, args: list[tuple[str, float]], dialect: str) -> tuple[str, float]:
    """op of formulas, each with how strongly it binds, as a formula of the same kind: from 0, a
    comparison, and 1, a sum, to 5, a name, which never needs brackets."""
    form = template(op, dialect).replace("⟦*⟧", ", ".join(f"⟦{i}⟧" for i in range(len(args))))
    strength = _strength(op, form)
    parts = []
    for i, (inner, inner_strength) in enumerate(args):
        leading_minus = i == 0 and strength == 2 and inner.startswith("-")
        if (
            inner_strength < _needed(strength, i, op.name)
            and not leading_minus
            and not _delimited(form, i, dialect)
        ):
            inner = _bracket(inner, dialect)
        parts.append(inner)
    return re.sub(r"⟦(\d+)⟧", lambda m: parts[int(m.group(1))], form), strength


def _strength(op: Printed, form: str) -> float:
    if op.name in _STRENGTH:
        return _STRENGTH[op.name]
    if op.kind == "comparisons" and form.startswith("⟦"):
        return 0
    if form.startswith(r"\left") and form.endswith(_CLOSES):
        return _ATOM
    return _PREFIX if form.endswith("⟧") else _CLOSED


def _needed(strength: float, i: int, name: str) -> float:
    """How strongly argument i must bind to stand without brackets."""
    if strength in (_PREFIX, 3, _CLOSED):
        return _CLOSED if strength == _PREFIX else _ATOM
    return strength + (0.1 if i > 0 and name in ("subtract", "divide", "inner") else 0)


def _delimited(form: str, i: int, dialect: str) -> bool:
    """Whether argument i stands between brackets, commas or the braces of a LaTeX command."""
    left, _, right = form.partition(f"⟦{i}⟧")
    right = right.removeprefix(r"\right")
    inside = left.endswith(_OPENS) and right.startswith(_CLOSES)
    return inside or (dialect == "latex" and left.endswith("{") and right.startswith("}"))


def _bracket(text: str, dialect: str) -> str:
    return f"({text})" if dialect == "text" else rf"\left({text}\right)"


def free_stem(used: set[str], first: str = "v") -> str:
    """The letter of the rows: first, or another where names such as v3 are the user's own."""
    letters = (first, *"vwuzpq")
    free = (s for s in letters if not any(re.fullmatch(rf"{s}-?\d+", name) for name in used))
    return next(free, "row")
