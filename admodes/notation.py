"""Printed forms: from the formulas of a declaration to templates in text and LaTeX.

A template has ⟦0⟧, ⟦1⟧, … where arguments go, ⟦*⟧ for all of them, and `*` for the sign of
multiplication; views fill it with names or with numbers.
"""

from __future__ import annotations

import ast
import functools
import re

from admodes.core.op import REGISTRY, Op

DIALECTS = ("text", "latex")
_BINARY = {
    ast.Add: "add",
    ast.Sub: "subtract",
    ast.Mult: "multiply",
    ast.Div: "divide",
    ast.Pow: "power",
}
_COMPARE = {
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
    "multiply": 2,
    "divide": 2,
    "power": 3,
    "square": 3,
    "exp": 3,
    "exp2": 3,
}
_ATOM = 5
_CLOSED = 4
_PREFIX = 2.5


def template(op: Op, dialect: str) -> str:
    """How op itself is printed."""
    return op.form.text if dialect == "text" else op.form.latex


@functools.cache
def partial_templates(op: Op, dialect: str) -> tuple[str, ...]:
    """How the partials of op are printed, one per argument."""
    if op.form.partials:
        return tuple(_render(formula, dialect) for formula in op.form.partials)
    prime = "′" if dialect == "text" else "'"
    arity = op.arity or 0
    slots = ", ".join(f"⟦{i}⟧" for i in range(arity))
    name = op.name if dialect == "text" else rf"\mathrm{{{op.name}}}".replace("_", r"\_")
    if arity == 1:
        return (f"{name}{prime}({slots})",)
    return tuple(f"{name}_{i + 1}{prime}({slots})" for i in range(arity))


def _render(formula: str, dialect: str) -> str:
    tree = ast.parse(formula.replace("^", "**"), mode="eval").body
    return _walk(tree, dialect)[0]


def _walk(node: ast.AST, dialect: str) -> tuple[str, float]:
    """The template of a formula, and how strongly it binds (_ATOM: never needs brackets)."""
    if isinstance(node, ast.Constant):
        return str(node.value), _ATOM
    if isinstance(node, ast.Name):
        return (node.id if node.id == "e" else f"⟦{'abc'.index(node.id)}⟧"), _ATOM
    if isinstance(node, ast.UnaryOp):
        inner, strength = _walk(node.operand, dialect)
        return "-" + (inner if strength > 1 else _bracket(inner, dialect)), 1
    if isinstance(node, ast.BinOp):
        if isinstance(node.op, ast.Pow) and ast.unparse(node.right) == "2":
            return _operation("square", [node.left], dialect)
        return _operation(_BINARY[type(node.op)], [node.left, node.right], dialect)
    if isinstance(node, ast.Compare):
        return _operation(_COMPARE[type(node.ops[0])], [node.left, node.comparators[0]], dialect)
    assert isinstance(node, ast.Call)
    assert isinstance(node.func, ast.Name)
    return _operation(node.func.id, node.args, dialect)


def _operation(name: str, args: list, dialect: str) -> tuple[str, float]:
    op = REGISTRY[name]
    form = template(op, dialect)
    strength = _strength(op, form)
    parts = []
    for i, arg in enumerate(args):
        inner, inner_strength = _walk(arg, dialect)
        leading_minus = i == 0 and strength == 2 and isinstance(arg, ast.UnaryOp)
        if (
            inner_strength < _needed(strength, i, op.name)
            and not leading_minus
            and not _delimited(form, i, dialect)
        ):
            inner = _bracket(inner, dialect)
        parts.append(inner)
    return re.sub(r"⟦(\d)⟧", lambda m: parts[int(m.group(1))], form), strength


def _strength(op: Op, form: str) -> float:
    if op.name in _STRENGTH:
        return _STRENGTH[op.name]
    if op.kind == "comparisons" and form.startswith("⟦"):
        return 0
    return _PREFIX if form.endswith("⟧") else _CLOSED


def _needed(strength: float, i: int, name: str) -> float:
    """How strongly argument i must bind to stand without brackets."""
    if strength in (_PREFIX, 3, _CLOSED):
        return _CLOSED if strength == _PREFIX else _ATOM
    return strength + (0.1 if i > 0 and name in ("subtract", "divide") else 0)


def _delimited(form: str, i: int, dialect: str) -> bool:
    """Whether argument i stands between brackets, commas or the braces of a LaTeX command."""
    left, _, right = form.partition(f"⟦{i}⟧")
    inside = left.endswith(("(", ", ", "|")) and right.startswith((")", ", ", "|"))
    return inside or (dialect == "latex" and left.endswith("{") and right.startswith("}"))


def _bracket(text: str, dialect: str) -> str:
    return f"({text})" if dialect == "text" else rf"\left({text}\right)"
