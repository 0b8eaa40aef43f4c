"""From the text of expressions to a list of operations: what each name means, which operation each
node of the tree is, and constants computed on the way. No text is ever evaluated.
"""

from __future__ import annotations

import ast
import math
import re
import unicodedata
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

import admodes.ops  # noqa: F401  (fills the registry)
from admodes.core.op import REGISTRY, Op
from admodes.errors import nearest
from admodes.expression.errors import ExpressionError
from admodes.expression.grammar import check
from admodes.expression.plain import plain_statements, read_as
from admodes.expression.reading import read
from admodes.expression.syntax import (
    OPERATORS,
    SyntaxTree,
    each_output,
    is_definition,
    statements,
    without_arguments,
)
from admodes.expression.tokens import Limits, Token, tokens_of
from admodes.expression.vectors import (
    ARRAY_FUNCTIONS,
    Beside,
    Dotted,
    Multiplied,
    Part,
    Raised,
    Vector,
)
from admodes.expression.words import OTHER_WORDS, SYNONYMS, Words

CONSTANTS = {"pi": math.pi, "π": math.pi, "e": math.e, "inf": math.inf, "nan": math.nan}

_OVERFLOWS = {
    *("add", "subtract", "multiply", "power", "square"),
    *("exp", "exp2", "expm1", "sinh", "cosh", "hypot"),
}
_OF_ARRAYS = {"[", "@", ".T"}
"""Tokens that say that there are arrays."""

_WHOLE = {"add", "subtract", "multiply", "power", "square", "negate"}


@dataclass(frozen=True)
class Constant:
    value: Any
    name: str = ""


Ref = int | str | Constant
"""An argument: the number of a step, the name of an input, or a constant."""


class Lowered(NamedTuple):
    """Inputs and outputs by name; how each expression was read; steps (operation or function,
    arguments, name or None) whose arguments are constants or positions in the list of inputs and
    steps; results likewise."""

    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    read: tuple[str, ...]
    steps: list[tuple[Callable[..., Any], tuple[int | Constant, ...], str | None]]
    results: list[int | Constant]


def _natural(name: str) -> list:
    return [(int(p), "") if p.isdecimal() else (-1, p) for p in re.split("([0-9]+)", name)]


def functions() -> dict[str, Any]:
    """What an expression may call, by name, alias and synonym."""
    known = {n: op for n, op in REGISTRY.items() if op.elementwise or n == "where"}
    synonyms = {n: known[name] for n, name in SYNONYMS.items() if name in known}
    return {**ARRAY_FUNCTIONS, **synonyms, **known}


class Compiler:
    """From expressions to a list of operations. Free names become inputs where open_ is set."""

    def __init__(
        self,
        limits: Limits,
        declared: tuple[str, ...],
        open_: bool,
        constant: bool = False,
        arrays: bool = False,
    ) -> None:
        self.arrays = arrays
        self.limits = limits
        self.declared = declared
        self.open = open_
        self.constant = constant
        self.functions = functions()
        self.words = Words(declared, self.functions, CONSTANTS)
        self.definitions: dict[str, Ref] = {}
        self.used: set[str] = set()
        self.used_inputs: set[str] = set()
        self.spelled: dict[str, str] = {}
        self.steps: list[tuple[Callable[..., Any], tuple[Ref, ...], str | None]] = []

    def lower(self, expressions: tuple[str, ...]) -> Lowered:
        """The operations of all expressions; ExpressionError for what they may not hold."""
        if not expressions:
            raise ExpressionError("no expression is given")
        for text in expressions:
            if not isinstance(text, str):
                raise ExpressionError(f"an expression is a string, not {text!r}")
        for name in self.declared:
            self._spell(name, name, 0)
        split = [
            (text, [without_arguments(t, self.functions) for t in statements(part, text)])
            for text in expressions
            for part in each_output(tokens_of(text, self.limits))
        ]
        self.words.defined = {t[0].text for _, parts in split for t in parts if is_definition(t)}
        results: list[Ref] = []
        names: list[str | None] = []
        plain: list[str] = []
        for text, parts in split:
            written: list[list[Token]] = []
            for i, tokens in enumerate(parts):
                last = i == len(parts) - 1
                output, ref = self._statement(tokens, text, last, written)
                if last:
                    results.append(ref)
                    names.append(output)
            whole = sum(text == other for other, _ in split) == 1
            arrays = self.arrays or any(t.kind in _OF_ARRAYS for part in written for t in part)
            shown = read_as(text, parts, written, arrays)
            plain.append(shown if whole else plain_statements(written, arrays))
        outputs = self._outputs(names)
        free = sorted(self.used_inputs - set(self.declared), key=_natural)
        inputs = (*self.declared, *free)
        place = {name: i for i, name in enumerate(inputs)}

        def slot(ref: Ref) -> int | Constant:
            if isinstance(ref, int):
                return ref + len(inputs)
            return place[ref] if isinstance(ref, str) else ref

        steps = [(op, tuple(map(slot, refs)), name) for op, refs, name in self.steps]
        floats = [_as_result(r) if isinstance(r, Constant) else r for r in results]
        return Lowered(inputs, outputs, tuple(plain), steps, [slot(r) for r in floats])

    def _outputs(self, names: list[str | None]) -> tuple[str, ...]:
        taken = {n for n in names if n is not None} | self.used_inputs | set(self.definitions)
        taken |= set(self.declared)
        single = len(names) == 1
        for stem in ("y", "f", "out", "output"):
            found = [n or (stem if single else f"{stem}{k + 1}") for k, n in enumerate(names)]
            if not taken & {f for f, n in zip(found, names, strict=True) if n is None}:
                break
        return tuple(found)

    def _statement(
        self, tokens: list[Token], text: str, last: bool, written: list[list[Token]]
    ) -> tuple[str | None, Ref]:
        """The name and the value of a statement; how it is read is added to written."""
        name = None
        head: list[Token] = []
        if is_definition(tokens):
            name = self._new_name(tokens[0], text)
            if len(tokens) == 2:
                end = tokens[1].position + 1
                raise ExpressionError(f"{name} = needs an expression after it", text, end)
            head, tokens = tokens[:2], tokens[2:]
        elif not last:
            raise ExpressionError(
                "this value is not used: name it (a = …), or give it as an expression of its own",
                text,
                tokens[0].position,
            )
        tokens = read(tokens, text, self.words)
        written.append(head + tokens)
        check(tokens, text, self.words, self.limits)
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
        parted = self.words.apart(name)
        guess = f": did you mean {parted or found}?" if parted or found else ""
        if self.constant:
            raise ExpressionError(f"{name!r} is not a number{guess}", text, t.position)
        inputs = ", ".join(self.declared) or "none"
        guess += f"{' T' if guess else '; t'}he inputs are {inputs}"
        raise ExpressionError(f"unknown name {name!r}{guess}", text, t.position)

    def _compile(self, tokens: list[Token], text: str) -> Ref:
        tree = SyntaxTree(tokens, text, self.functions)
        done: list[Ref] = []
        for node, count in tree:
            t = tree.at(node)
            if isinstance(node, ast.Name):
                is_number = t.kind == "number"
                done.append(Constant(t.value) if is_number else self._lookup(t, text))
            elif not _says_nothing(node):
                refs = tuple(done[-count:])
                del done[-count:]
                operation = self._operation(node, tree, refs, text)
                done.append(self._apply(*operation, t.position, text))
        return done.pop()

    def _operation(
        self, node: ast.expr, tree: SyntaxTree, refs: tuple[Ref, ...], text: str
    ) -> tuple[Callable[..., Any], tuple[Ref, ...]]:
        if isinstance(node, ast.Call):
            return self.functions[tree.at(node).text], refs
        if isinstance(node, ast.List):
            return Vector(text, tree.at(node).position), refs
        if isinstance(node, ast.Attribute):
            sign = tree.sign(node.value)
            power = sign.text == "^T"
            return Raised(text, sign.position) if power else ARRAY_FUNCTIONS["transpose"], refs
        if isinstance(node, ast.Subscript):
            return Part(text, tree.at(node).position, tree.index(node.slice)), refs
        if isinstance(node, ast.BinOp) and (product := self._product(node, tree, refs, text)):
            return product, refs
        kind = node.ops[0] if isinstance(node, ast.Compare) else node.op  # type: ignore[attr-defined]
        if isinstance(kind, ast.Pow):
            base, exponent = refs
            literal = isinstance(exponent, Constant) and exponent.value.__class__ is int
            if literal and exponent.value == 2:  # type: ignore[union-attr]
                return REGISTRY["square"], (base,)
            if isinstance(base, Constant) and base.name == "e":
                return REGISTRY["exp"], (exponent,)
        return REGISTRY[OPERATORS[type(kind)]], refs

    def _product(
        self, node: ast.BinOp, tree: SyntaxTree, refs: tuple[Ref, ...], text: str
    ) -> Callable[..., Any] | None:
        """A product that depends on the shapes it meets; None for every other operator."""
        sign = tree.sign(node.left)
        if sign.kind == "@":
            return Multiplied(text, sign.position)
        if sign.kind == "·":
            return Dotted(text, sign.position)
        numbers = any(isinstance(r, Constant) and not np.ndim(r.value) for r in refs)
        if sign.kind != "implied" or numbers:
            return None
        first = node.left
        while isinstance(first, ast.BinOp) and isinstance(first.op, ast.Mult):
            first = first.left  # (W x)ᵀ V y is ((W x)ᵀ V) y
        left, right = (isinstance(n, ast.Attribute) for n in (first, node.right))
        powers = _is_power(node.left), _is_power(node.right)
        return Beside(text, sign.position, left, right, powers)

    def _apply(
        self, op: Callable[..., Any], refs: tuple[Ref, ...], position: int, text: str
    ) -> Ref:
        """Note the operation; among constants compute it now, so that they stay plain numbers
        and one that overflows is found at once."""
        if not all(isinstance(r, Constant) for r in refs):
            self.steps.append((op, refs, None))
            return len(self.steps) - 1
        values = [r.value for r in refs if isinstance(r, Constant)]
        result = op(*values)
        if not isinstance(op, Op) or any(map(np.ndim, values)):
            return Constant(result)
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


def _says_nothing(node: ast.expr) -> bool:
    """Whether a node is a sign + or square brackets around one thing, which are brackets."""
    if isinstance(node, ast.List):
        return len(node.elts) == 1 and not isinstance(node.elts[0], ast.List)
    return isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.UAdd)


def _is_power(node: ast.expr) -> bool:
    return isinstance(node, ast.BinOp) and isinstance(node.op, ast.Pow)


def _as_result(constant: Constant) -> Constant:
    return constant if np.ndim(constant.value) else Constant(float(constant.value))


def _points(name: str) -> str:
    return " ".join(f"U+{ord(c):04X}" for c in name)


def spelled(text: str) -> str:
    """The name that a text spells, as x1 for x₁ and x_{1}; the text itself where it is none."""
    try:
        tokens = tokens_of(text, Limits())
    except ExpressionError:
        return text
    return tokens[0].text if [t.kind for t in tokens] == ["name"] else text


def apart(name: str, known: Iterable[str]) -> str:
    """A hint where known names stand side by side in an unknown one, or ''."""
    if name in OTHER_WORDS:
        return f"for {name} write {OTHER_WORDS[name]}"
    parted = Words(set(known) - {name}, functions(), CONSTANTS).apart(name)
    return f"{name} is one name: did you mean {parted}?" if parted else ""


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
