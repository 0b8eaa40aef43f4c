"""Functions from text: plain mathematical Python, parsed by a whitelist and never run as code.

The text is cut into tokens (tokens.py), which become a list of operations (lowering.py), which a
loop evaluates on whatever it is given.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterable
from typing import Any

import numpy as np

from admodes.core.record import named
from admodes.errors import BadType
from admodes.expression.errors import ExpressionError
from admodes.expression.lowering import Compiler, Constant, Lowered, declared_names
from admodes.expression.tokens import MAX_DEPTH, MAX_LENGTH, MAX_TERMS, Limits
from admodes.expression.typeset import latex_of


class ParsedFunction:
    """A function made from expressions: call it with numbers, arrays or traced values, in the
    order of .inputs. One expression gives one value, several give a tuple, named by .outputs;
    .read has each in plain form, as it was understood.

    >>> f = parse("a = sin(x1); y = ln(x2 + a)")
    >>> f.inputs, f.outputs, f(0.0, 1.0)
    (('x1', 'x2'), ('y',), 0.0)
    """

    names_its_rows = True
    """The definitions name the rows; the local variables of __call__ mean nothing to a user."""

    def __init__(self, expressions: tuple[str, ...], lowered: Lowered) -> None:
        self.expressions = expressions
        self.inputs, self.outputs, self.read, self._steps, self._results = lowered
        self.__name__ = self.outputs[0] if len(self.outputs) == 1 else "f"
        inputs = self.inputs
        if all(name.isidentifier() for name in inputs):
            positional = inspect.Parameter.POSITIONAL_ONLY
            parameters = [inspect.Parameter(name, positional) for name in inputs]
            self.__signature__ = inspect.Signature(parameters)

    def __call__(self, *args: Any) -> Any:
        if len(args) != len(self.inputs):
            raise BadType(
                f"{self.__name__} takes {len(self.inputs)} argument(s) "
                f"({', '.join(self.inputs)}), {len(args)} given"
            )
        values = list(args)
        for op, refs, name in self._steps:
            value = op(*[values[r] if r.__class__ is int else r.value for r in refs])  # type: ignore[index, union-attr]
            values.append(value if name is None else named(value, name))
        results = tuple(r.value if isinstance(r, Constant) else values[r] for r in self._results)
        return results[0] if len(results) == 1 else results

    @property
    def latex(self) -> str:
        """The definitions and outputs in LaTeX; empty where they have no such form.

        >>> parse("x1*sin(3*x2^2)").latex
        'x_{1} \\\\sin \\\\left(3 x_{2}^2\\\\right)'
        """
        ends = zip(self.outputs, self.read, strict=True)
        labels = [
            name if re.search(rf"(^|; ){re.escape(name)} = ", text) else "" for name, text in ends
        ]
        return latex_of(self.inputs, self._steps, self._results, labels)

    def __repr__(self) -> str:
        return f"<function of {', '.join(self.inputs) or 'nothing'}: {'; '.join(self.expressions)}>"


def parse(
    *expressions: str,
    inputs: Iterable[str] | None = None,
    max_length: int = MAX_LENGTH,
    max_depth: int = MAX_DEPTH,
    max_terms: int = MAX_TERMS,
) -> ParsedFunction:
    """The function that the expressions compute, one output each.

    Operators + - * / ^ (the same as **), brackets, the elementwise operations by their names and
    aliases, pi and e, where(x > 0, a, b), natural notation and LaTeX where they have one meaning
    (2x, sin^2 x, |x|, √x, x₁, \\frac{a}{b}), vectors and matrices (x · y, W @ x, x[0], [1, 2],
    sum, mean, prod, norm, dot, transpose), and definitions before an output, as in
    "a = sin(x1); y = ln(x1 + a)"; later expressions may use them too. inputs are the free names in
    natural order (x1, x2, … x10) unless given. max_length bounds the characters of an expression,
    max_depth the nesting of brackets, signs and powers, max_terms the operations in one chain.

    Raises ExpressionError (a ValueError), with a caret under the place, for everything that is no
    such expression or can be read in two ways (1/2x), for unknown names where inputs are given, for
    unknown functions, for constants that overflow, and for limits that are exceeded or beyond what
    CPython can keep. Nothing of the text is ever run.

    >>> import admodes as ad
    >>> f = parse("exp(2*x2) + x1*sin(3*x2^2)", "x1*x2 + sigmoid(x2)")
    >>> f.inputs, f.outputs
    (('x1', 'x2'), ('y1', 'y2'))
    >>> ad.grad(parse("-x1*x2"), argnums=(0, 1))(1.0, 2.0)
    (-2.0, -1.0)
    >>> parse("2 x₁ sin² x₂").read
    ('2*x1*sin(x2)^2',)
    """
    limits = Limits(max_length, max_depth, max_terms).checked()
    compiler = Compiler(limits, declared_names(inputs or ()), inputs is None)
    return ParsedFunction(expressions, compiler.lower(expressions))


def parse_with(
    declared: Iterable[str], expressions: Iterable[str], arrays: bool = False
) -> tuple[ParsedFunction, set[str]]:
    """parse where declared names are inputs whatever else they mean, and other free names are
    inputs too; with the set of the names that the expressions use. arrays: whether some inputs
    are arrays."""
    compiler = Compiler(Limits(), declared_names(declared), True, arrays=arrays)
    texts = tuple(expressions)
    return ParsedFunction(texts, compiler.lower(texts)), compiler.used_inputs


def parse_number(text: str) -> float | list[float]:
    """The number that a constant expression stands for, or the list of several in [ ].

    Raises ExpressionError where text is neither, or where it overflows.

    >>> parse_number("-1e-3"), parse_number("[1, 2^3]"), parse_number("inf")
    (-0.001, [1.0, 8.0], inf)
    """
    text = text.strip()
    if text.startswith("["):
        if not text.endswith("]"):
            raise ExpressionError("this '[' is never closed", text, 0)
        if not text[1:-1].strip():
            raise ExpressionError("a vector holds at least one number: write [1, 2]", text, 0)
        return [_number(part) for part in split_commas(text[1:-1])]
    return _number(text)


def split_commas(text: str) -> list[str]:
    """The parts between commas that no bracket encloses."""
    parts, depth, start = [], 0, 0
    for i, c in enumerate(text):
        depth += (c in "([") - (c in ")]")
        if c == "," and depth <= 0:
            parts.append(text[start:i])
            start = i + 1
    return [*parts, text[start:]]


def _number(text: str) -> float:
    compiler = Compiler(Limits(), (), False, constant=True)
    value = ParsedFunction((text,), compiler.lower((text,)))()
    if np.ndim(value) or text.lstrip().startswith("["):
        raise ExpressionError("this is an array, and no number", text, 0)
    return float(value)
