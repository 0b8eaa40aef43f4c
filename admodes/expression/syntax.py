"""From tokens to Python's tree of an expression, and the whitelist of what the tree may hold.

The tokens are written out again with names of our own for Python's parser, since `ast` knows the
precedence of the operators. `statements` splits at semicolons, `tree` gives the tree of one
statement, `children` what a node of it is applied to, or an error where the node is not allowed.
"""

from __future__ import annotations

import ast
import bisect
import re
from collections.abc import Container, Iterator, Mapping
from typing import Any

from admodes.expression.errors import ExpressionError
from admodes.expression.tokens import Token
from admodes.ops.notation import BINARY, COMPARE

OPERATORS: dict[type, str] = {
    **BINARY,
    **COMPARE,
    ast.USub: "negate",
    ast.NotEq: "not_equal",
    ast.Mod: "remainder",
    ast.MatMult: "matmul",
}

MOST_ARGUMENTS = 200
"""Tokens among which the end of f(x, y) = is looked for."""

_WRITTEN = {"implied": "*", "·": "*", "mod": "%"}
"""How Python's parser gets what is a product or a quotient to it."""


def statements(tokens: list[Token], text: str) -> list[list[Token]]:
    """tokens, split at semicolons; one at the end may stand."""
    parts: list[list[Token]] = [[]]
    for t in tokens:
        if t.kind != ";":
            parts[-1].append(t)
        elif parts[-1]:
            parts.append([])
        else:
            raise ExpressionError("something is missing before this ';'", text, t.position)
    if not parts[-1]:
        parts.pop()
    if not parts:
        raise ExpressionError("the expression is empty", text, 0)
    return parts


def each_output(tokens: list[Token]) -> list[list[Token]]:
    """tokens, split at the commas between definitions: y1 = x, y2 = 2 x are two outputs."""
    parts: list[list[Token]] = [[]]
    depth = 0
    for k, t in enumerate(tokens):
        depth += (t.kind in ("(", "[")) - (t.kind in (")", "]"))
        if t.kind == "," and depth == 0 and is_definition(tokens[k + 1 : k + 3]) and parts[-1]:
            parts.append([])
        else:
            parts[-1].append(t)
    return parts


def without_arguments(tokens: list[Token], functions: Container[str]) -> list[Token]:
    """f(x, y) = … as f = …, since the inputs are read off the right side."""
    kinds = "".join("N" if t.kind == "name" else t.kind[0] for t in tokens[:MOST_ARGUMENTS])
    head = re.match(r"N\(N(,N)*\)=", kinds)
    if head is None or tokens[0].text in functions:
        return tokens
    return [tokens[0], *tokens[head.end() - 1 :]]


def is_definition(tokens: list[Token]) -> bool:
    return [t.kind for t in tokens[:2]] == ["name", "="]


class SyntaxTree:
    """Python's tree of one statement. Every number and name is written as a name of ours, so
    nothing that the user wrote but operators and brackets is left for Python to read. A loop over
    it gives the nodes, each after what it is applied to, with the number of these; no depth is
    recursed into."""

    def __init__(self, tokens: list[Token], text: str, functions: Mapping[str, Any]) -> None:
        self._text = text
        self._functions = functions
        self._starts: dict[int, Token] = {}
        self._columns: list[int] = []
        parts, column = [], 0
        for k, t in enumerate(tokens):
            written = f"t{k}" if t.kind in ("number", "name") else t.kind
            written = _WRITTEN.get(t.kind, t.text if t.kind == "compare" else written)
            self._starts[column] = t
            self._columns.append(column)
            parts.append(written)
            column += len(written) + 1
        try:
            self._root = ast.parse(" ".join(parts), mode="eval").body
        except (SyntaxError, ValueError) as error:
            where = self._starts.get((getattr(error, "offset", None) or 1) - 1, tokens[0])
            raise ExpressionError("this cannot be read", self._text, where.position) from None
        except (RecursionError, MemoryError):
            raise ExpressionError(
                "the expression is nested deeper than Python's parser takes here: name partial "
                "results"
            ) from None

    def at(self, node: ast.expr) -> Token:
        """The token at which a node starts."""
        return self._starts[node.col_offset]

    def sign(self, operand: ast.expr) -> Token:
        """The token of the operator after an operand, which brackets may close before."""
        k = bisect.bisect_left(self._columns, operand.end_col_offset or 0)
        while self._starts[self._columns[k]].kind in (")", "]"):
            k += 1
        return self._starts[self._columns[k]]

    def index(self, node: ast.expr | None) -> Any:
        """The index between square brackets: whole numbers, ranges and lists of numbers."""
        if node is None:
            return None
        if isinstance(node, ast.Tuple) and node.elts:
            return tuple(map(self.index, node.elts))
        if isinstance(node, ast.Slice):
            return slice(*map(self.index, (node.lower, node.upper, node.step)))
        if isinstance(node, ast.List) and node.elts:
            return list(map(self.index, node.elts))
        if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
            return -self.index(node.operand)
        t = self._starts.get(node.col_offset)
        if isinstance(node, ast.Name) and t is not None and t.value.__class__ is int:
            return t.value
        raise ExpressionError(
            "an index is a whole number, counted from 0, or a range of them: x[0], x[1:3]",
            self._text,
            None if t is None else t.position,
        )

    def __iter__(self) -> Iterator[tuple[ast.expr, int]]:
        # Conditions are marked before they are reached; nothing else may be a comparison.
        conditions: set[int] = set()
        work: list[tuple[ast.expr, int]] = [(self._root, -1)]
        while work:
            node, count = work.pop()
            if count >= 0 or isinstance(node, ast.Name):
                yield node, count
                continue
            children = self._children(node, conditions)
            work.append((node, len(children)))
            work += [(child, -1) for child in reversed(children)]

    def _children(self, node: ast.expr, conditions: set[int]) -> list[ast.expr]:
        """What node is applied to; the whitelist."""
        text, position = self._text, self.at(node).position
        if isinstance(node, ast.BinOp) and type(node.op) in OPERATORS:
            return [node.left, node.right]
        if isinstance(node, ast.UnaryOp) and isinstance(node.op, (ast.UAdd, ast.USub)):
            return [node.operand]
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and not node.keywords:
            self._check_call(self.at(node.func), node.args)
            if self._functions[self.at(node.func).text].name == "where":
                conditions.add(id(node.args[0]))
            return node.args
        if isinstance(node, ast.Compare):
            if len(node.ops) > 1:
                raise ExpressionError(
                    "comparisons cannot be chained: nest where(a < x, where(x < b, …, …), …)",
                    text,
                    position,
                )
            if id(node) in conditions and type(node.ops[0]) in OPERATORS:
                return [node.left, node.comparators[0]]
            raise ExpressionError(
                "a comparison stands only as the condition of where(condition, a, b)",
                text,
                position,
            )
        if isinstance(node, ast.Tuple):
            raise ExpressionError(
                "a comma outside a call: give each output as an expression of its own",
                text,
                position,
            )
        if isinstance(node, ast.Subscript) or (
            isinstance(node, ast.Attribute) and node.attr == "T"
        ):
            return [node.value]
        if isinstance(node, ast.List):
            return node.elts
        raise ExpressionError("this is not allowed in an expression", text, position)

    def _check_call(self, t: Token, args: list) -> None:
        op = self._functions[t.text]
        assert op.arity is not None
        least, n = op.arity - len(op.defaults), len(args)
        if op.name == "where" and n == 3 and not isinstance(args[0], ast.Compare):
            raise ExpressionError(
                f"the first argument of {t.text} is a condition, such as x > 0",
                self._text,
                self.at(args[0]).position,
            )
        if least <= n <= op.arity or (op.folds and n >= least):
            return
        takes = f"{least} or more" if op.folds else str(least)
        takes = takes if least == op.arity else f"{least} to {op.arity}"
        hint = "; a logarithm to base b is ln(x)/ln(b)" if op.name == "ln" and n == 2 else ""
        raise ExpressionError(
            f"{t.text} takes {takes} argument{'s' if takes != '1' else ''}, {n} given{hint}",
            self._text,
            t.position,
        )
