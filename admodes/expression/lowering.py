"""From tokens to a list of operations: Python's tree of the expression, read by a whitelist.

The tokens are written out again with names of our own for Python's parser, since `ast` knows the
precedence of the operators. Its tree becomes a list of operations: no text is ever evaluated, and
no depth is ever recursed into.
"""

from __future__ import annotations

import ast
import math
import re
import unicodedata
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, NamedTuple

import admodes.ops  # noqa: F401  (fills the registry)
from admodes.core.op import REGISTRY, Op
from admodes.expression.grammar import (
    ExpressionError,
    Limits,
    Names,
    Token,
    check,
    nearest,
    tokens_of,
)

CONSTANTS = {"pi": math.pi, "π": math.pi, "e": math.e, "inf": math.inf, "nan": math.nan}

_OPERATORS: dict[type, str] = {
    ast.Add: "add",
    ast.Sub: "subtract",
    ast.Mult: "multiply",
    ast.Div: "divide",
    ast.Pow: "power",
    ast.USub: "negate",
    ast.Gt: "greater",
    ast.GtE: "greater_equal",
    ast.Lt: "less",
    ast.LtE: "less_equal",
    ast.Eq: "equal",
    ast.NotEq: "not_equal",
}
_OVERFLOWS = {
    *("add", "subtract", "multiply", "power", "square"),
    *("exp", "exp2", "expm1", "sinh", "cosh", "hypot"),
}
_WHOLE = {"add", "subtract", "multiply", "power", "square", "negate"}
_OTHER_WORDS = {
    "cot": "1/tan(x)",
    "sec": "1/cos(x)",
    "csc": "1/sin(x)",
    "tg": "tan(x)",
    "arctg": "atan(x)",
    "lg": "log10(x)",
    "sgn": "sign(x)",
    "arsinh": "asinh(x)",
    "arcosh": "acosh(x)",
    "artanh": "atanh(x)",
}


@dataclass(frozen=True)
class Constant:
    value: Any
    name: str = ""


Ref = int | str | Constant
"""An argument: the number of a step, the name of an input, or a constant."""


class Lowered(NamedTuple):
    """Inputs and outputs by name; steps (operation, arguments, name or None) whose arguments are
    constants or positions in the list of inputs and steps; results likewise."""

    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    steps: list[tuple[Op, tuple[int | Constant, ...], str | None]]
    results: list[int | Constant]


def _natural(name: str) -> list:
    return [(int(p), "") if p.isdecimal() else (-1, p) for p in re.split("([0-9]+)", name)]


def functions() -> dict[str, Op]:
    """The operations that an expression may call, by name and alias."""
    return {n: op for n, op in REGISTRY.items() if op.elementwise or n == "where"}


class Compiler:
    """From expressions to a list of operations. Free names become inputs where open_ is set."""

    def __init__(
        self,
        limits: Limits,
        declared: tuple[str, ...],
        open_: bool,
        constant: bool = False,
    ) -> None:
        self.limits = limits
        self.declared = declared
        self.open = open_
        self.constant = constant
        self.functions = functions()
        self.definitions: dict[str, Ref] = {}
        self.to_define: set[str] = set()
        self.used: set[str] = set()
        self.used_inputs: set[str] = set()
        self.spelled: dict[str, str] = {}
        self.steps: list[tuple[Op, tuple[Ref, ...], str | None]] = []

    def lower(self, expressions: tuple[str, ...]) -> Lowered:
        """The operations of all expressions; ExpressionError for what they may not hold."""
        if not expressions:
            raise ExpressionError("no expression is given")
        for text in expressions:
            if not isinstance(text, str):
                raise ExpressionError(f"an expression is a string, not {text!r}")
        for name in self.declared:
            self._spell(name, name, 0)
        split = [_statements(tokens_of(text, self.limits), text) for text in expressions]
        self.to_define = {t[0].text for part in split for t in part if _is_definition(t)}
        results: list[Ref] = []
        names: list[str | None] = []
        for text, statements in zip(expressions, split, strict=True):
            for i, tokens in enumerate(statements):
                last = i == len(statements) - 1
                output, ref = self._statement(tokens, text, last)
                if last:
                    results.append(ref)
                    names.append(output)
        outputs = self._outputs(names)
        free = sorted(self.used_inputs - set(self.declared), key=_natural)
        inputs = (*self.declared, *free)
        place = {name: i for i, name in enumerate(inputs)}

        def slot(ref: Ref) -> int | Constant:
            if isinstance(ref, int):
                return ref + len(inputs)
            return place[ref] if isinstance(ref, str) else ref

        steps = [(op, tuple(map(slot, refs)), name) for op, refs, name in self.steps]
        floats = [Constant(float(r.value)) if isinstance(r, Constant) else r for r in results]
        return Lowered(inputs, outputs, steps, [slot(r) for r in floats])

    def _outputs(self, names: list[str | None]) -> tuple[str, ...]:
        taken = {n for n in names if n is not None} | self.used_inputs | set(self.definitions)
        taken |= set(self.declared)
        single = len(names) == 1
        for stem in ("y", "f", "out", "output"):
            found = [n or (stem if single else f"{stem}{k + 1}") for k, n in enumerate(names)]
            if not taken & {f for f, n in zip(found, names, strict=True) if n is None}:
                break
        return tuple(found)

    def _statement(self, tokens: list[Token], text: str, last: bool) -> tuple[str | None, Ref]:
        name = None
        if _is_definition(tokens):
            name = self._new_name(tokens[0], text)
            if len(tokens) == 2:
                end = tokens[1].position + 1
                raise ExpressionError(f"{name} = needs an expression after it", text, end)
            tokens = tokens[2:]
        elif not last:
            raise ExpressionError(
                "this value is not used: name it (a = …), or give it as an expression of its own",
                text,
                tokens[0].position,
            )
        check(tokens, text, Names(self._is_function, self._is_variable, self._suggest), self.limits)
        before = len(self.steps)
        ref = self._compile(tokens, text)
        if name is not None:
            self.definitions[name] = ref
            if not last and ref == len(self.steps) - 1 and len(self.steps) > before:
                op, refs, _ = self.steps[-1]
                self.steps[-1] = (op, refs, name)
        return name, ref

    def _new_name(self, t: Token, text: str) -> str:
        self._spell(t.text, text, t.position)
        if t.text in self.declared:
            reason = f"{t.text} is an input already: define another name"
        elif t.text in self.definitions:
            reason = f"{t.text} is defined twice: use a new name"
        elif t.text in self.used:
            reason = f"{t.text} is used before it is defined: put the definition first"
        else:
            return t.text
        raise ExpressionError(reason, text, t.position)

    def _spell(self, name: str, text: str, position: int) -> None:
        """Refuse a name that only looks like another: ast makes them one, readers do as well."""
        plain = unicodedata.normalize("NFKC", name)
        other = self.spelled.setdefault(plain, name)
        if other == name and plain != name and plain in CONSTANTS:
            other = plain
        if other != name:
            raise ExpressionError(
                f"the names {other!r} ({_points(other)}) and {name!r} ({_points(name)}) are alike "
                "but written differently: write one of them everywhere",
                text,
                position,
            )

    def _is_variable(self, name: str) -> bool:
        return name in self.to_define or name in self.declared or name in CONSTANTS

    def _is_function(self, name: str) -> bool:
        return name in self.functions

    def _suggest(self, name: str) -> str:
        if name in _OTHER_WORDS:
            return f": write {_OTHER_WORDS[name]}"
        found = nearest(name, self.functions)
        return f": did you mean {found}?" if found else " (admodes ops lists the functions)"

    def _lookup(self, t: Token, text: str) -> Ref:
        name = t.text
        self._spell(name, text, t.position)
        self.used.add(name)
        if name in self.definitions:
            return self.definitions[name]
        if name in self.declared:
            self.used_inputs.add(name)
            return name
        if name in CONSTANTS:
            return Constant(CONSTANTS[name], name)
        if self.open:
            self.used_inputs.add(name)
            return name
        known = [*self.declared, *self.definitions, *CONSTANTS]
        found = nearest(name, known)
        guess = f": did you mean {found}?" if found else ""
        if self.constant:
            raise ExpressionError(f"{name!r} is not a number{guess}", text, t.position)
        inputs = ", ".join(self.declared) or "none"
        guess += f"{' T' if guess else '; t'}he inputs are {inputs}"
        raise ExpressionError(f"unknown name {name!r}{guess}", text, t.position)

    def _compile(self, tokens: list[Token], text: str) -> Ref:
        tree, at = _tree(tokens, text)
        done: list[Ref] = []
        # Conditions are marked before they are reached; nothing else may be a comparison.
        conditions: set[int] = set()
        work: list[tuple[ast.expr, bool]] = [(tree, False)]
        while work:
            node, ready = work.pop()
            t = at(node)
            if isinstance(node, ast.Name):
                is_number = t.kind == "number"
                done.append(Constant(t.value) if is_number else self._lookup(t, text))
                continue
            if not ready:
                work.append((node, True))
                children = self._children(node, t, text, conditions, at)
                work += [(child, False) for child in reversed(children)]
                continue
            if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.UAdd):
                continue
            count = len(node.args) if isinstance(node, ast.Call) else 1
            count = count if isinstance(node, (ast.Call, ast.UnaryOp)) else 2
            refs = tuple(done[-count:])
            del done[-count:]
            done.append(self._apply(*self._operation(node, refs, at), t.position, text))
        return done.pop()

    def _children(
        self, node: ast.expr, t: Token, text: str, conditions: set[int], at: Callable
    ) -> list[ast.expr]:
        """What node is applied to; the whitelist."""
        if isinstance(node, ast.BinOp) and type(node.op) in _OPERATORS:
            return [node.left, node.right]
        if isinstance(node, ast.UnaryOp) and isinstance(node.op, (ast.UAdd, ast.USub)):
            return [node.operand]
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and not node.keywords:
            self._check_call(at(node.func), node.args, text, at)
            if at(node.func).text == "where":
                conditions.add(id(node.args[0]))
            return node.args
        if isinstance(node, ast.Compare):
            if len(node.ops) > 1:
                raise ExpressionError(
                    "comparisons cannot be chained: nest where(a < x, where(x < b, …, …), …)",
                    text,
                    t.position,
                )
            if id(node) in conditions and type(node.ops[0]) in _OPERATORS:
                return [node.left, node.comparators[0]]
            raise ExpressionError(
                "a comparison stands only as the condition of where(condition, a, b)",
                text,
                t.position,
            )
        if isinstance(node, ast.Tuple):
            raise ExpressionError(
                "a comma outside a call: give each output as an expression of its own",
                text,
                t.position,
            )
        raise ExpressionError("this is not allowed in an expression", text, t.position)

    def _check_call(self, t: Token, args: list, text: str, at: Callable) -> None:
        op = self.functions[t.text]
        assert op.arity is not None
        least, n = op.arity - len(op.defaults), len(args)
        if t.text == "where" and n == 3 and not isinstance(args[0], ast.Compare):
            raise ExpressionError(
                "the first argument of where is a condition, such as x > 0",
                text,
                at(args[0]).position,
            )
        if least <= n <= op.arity or (op.folds and n >= least):
            return
        takes = f"{least} or more" if op.folds else str(least)
        takes = takes if least == op.arity else f"{least} to {op.arity}"
        hint = "; a logarithm to base b is ln(x)/ln(b)" if op.name == "ln" and n == 2 else ""
        raise ExpressionError(
            f"{t.text} takes {takes} argument{'s' if takes != '1' else ''}, {n} given{hint}",
            text,
            t.position,
        )

    def _operation(
        self, node: ast.expr, refs: tuple[Ref, ...], at: Callable
    ) -> tuple[Op, tuple[Ref, ...]]:
        if isinstance(node, ast.Call):
            return self.functions[at(node.func).text], refs
        kind = node.ops[0] if isinstance(node, ast.Compare) else node.op  # type: ignore[attr-defined]
        if isinstance(kind, ast.Pow):
            base, exponent = refs
            literal = isinstance(exponent, Constant) and exponent.value.__class__ is int
            if literal and exponent.value == 2:  # type: ignore[union-attr]
                return REGISTRY["square"], (base,)
            if isinstance(base, Constant) and base.name == "e":
                return REGISTRY["exp"], (exponent,)
        return REGISTRY[_OPERATORS[type(kind)]], refs

    def _apply(self, op: Op, refs: tuple[Ref, ...], position: int, text: str) -> Ref:
        """Note the operation; among constants compute it now, so that they stay plain numbers
        and one that overflows is found at once."""
        if not all(isinstance(r, Constant) for r in refs):
            self.steps.append((op, refs, None))
            return len(self.steps) - 1
        values = [r.value for r in refs if isinstance(r, Constant)]
        result = op(*values)
        pole = op.name == "power" and values[0] == 0
        finite = all(map(math.isfinite, values))
        if op.name in _OVERFLOWS and math.isinf(result) and finite and not pole:
            shown = ", ".join(f"{v:.10g}" for v in values)
            raise ExpressionError(
                f"overflow: {op.name} of {shown} is beyond 1.8e308", text, position
            )
        whole = op.name in _WHOLE and all(v.__class__ is int for v in values)
        if whole and abs(result) < 2**53 and float(result).is_integer():
            result = int(result)
        return Constant(result)


def _points(name: str) -> str:
    return " ".join(f"U+{ord(c):04X}" for c in name)


def _statements(tokens: list[Token], text: str) -> list[list[Token]]:
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


def _is_definition(tokens: list[Token]) -> bool:
    return [t.kind for t in tokens[:2]] == ["name", "="]


def _tree(tokens: list[Token], text: str) -> tuple[ast.expr, Callable[[ast.expr], Token]]:
    """Python's tree of the tokens, and the token at which a node starts. Every number and name is
    written as a name of ours, so nothing that the user wrote but operators and brackets is left
    for Python to read."""
    parts, starts, column = [], {}, 0
    for k, t in enumerate(tokens):
        written = f"t{k}" if t.kind in ("number", "name") else t.kind
        if t.kind == "compare":
            written = t.text
        starts[column] = t
        parts.append(written)
        column += len(written) + 1
    try:
        tree = ast.parse(" ".join(parts), mode="eval").body
    except (SyntaxError, ValueError) as error:
        where = starts.get((getattr(error, "offset", None) or 1) - 1, tokens[0])
        raise ExpressionError("this cannot be read", text, where.position) from None
    except (RecursionError, MemoryError):
        raise ExpressionError(
            "the expression is nested deeper than Python's parser takes here: name partial results"
        ) from None
    return tree, lambda node: starts[node.col_offset]


def declared_names(inputs: Iterable[str]) -> tuple[str, ...]:
    if isinstance(inputs, str):
        raise ExpressionError(f"inputs={inputs!r}: give a list of names, such as ['x1', 'x2']")
    names = tuple(inputs)
    for name in names:
        if not isinstance(name, str) or not name.isidentifier():
            raise ExpressionError(f"the input {name!r} is not a name")
        if [t.kind for t in tokens_of(name, Limits())] != ["name"]:
            raise ExpressionError(f"the input {name!r} is not a name")
        if names.count(name) > 1:
            raise ExpressionError(f"the input {name} is given twice")
    return names
