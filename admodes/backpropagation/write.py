"""A formula (terms.py) as text or as LaTeX, with as few brackets as it needs."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from fractions import Fraction
from typing import Any

import numpy as np

from admodes.backpropagation.terms import Kind, Term, factored
from admodes.core.forms import in_latex
from admodes.core.structure import Contraction
from admodes.ops.notation import index_text, operation, raises, template
from admodes.views.dialects import SUPERSCRIPTS, Text

_COMPARISON, _SUM, _PRODUCT, _PREFIX, _MATRIX, _POWER, _CLOSED, _ATOM = 0, 1, 2, 2.5, 2.8, 3, 4, 5
"""How strongly a formula binds, in the scale of notation.operation."""

_LARGEST_DENOMINATOR = 1000
_LONGEST_OPTION = 24
_PLAIN_AXES = {0: "rows", 1: "columns"}

Written = tuple[str, float]


def formula_text(t: Term, dialect: Text) -> str:
    """t in a dialect; accents and names are the dialect's."""
    return FormulaWriter(dialect).write(t)[0]


class FormulaWriter:
    def __init__(self, dialect: Text) -> None:
        self.dialect = dialect
        self.latex = dialect.name == "latex"
        self.minus = "-" if self.latex else "−"

    def write(self, t: Term) -> Written:
        """The formula, and how strongly it binds."""
        method: Callable[[Term], Written] = getattr(self, f"_{t.kind}")
        return method(t)

    def at_least(self, t: Term, strength: float) -> str:
        """t, in brackets where it binds less strongly."""
        text, own = self.write(t)
        return text if own >= strength else self.dialect.bracket(text)

    def called(self, name: str, parts: list[str]) -> Written:
        inside = ", ".join(parts)
        if not self.latex:
            return f"{name}({inside})", _CLOSED
        return rf"\mathrm{{{_escaped(name)}}}({inside})", _CLOSED

    def _symbol(self, t: Term) -> Written:
        name, accent = t.data
        if accent == "literal":
            return (_escaped(name) if self.latex else name), _ATOM
        write = {"": self.dialect.variable, "bar": self.dialect.bar, "dot": self.dialect.dot}
        return write[accent](name), _ATOM

    def _number(self, t: Term) -> Written:
        text = self.coefficient(abs(t.data))
        return (f"{self.minus}{text}", _SUM) if t.data < 0 else (text, _ATOM)

    def coefficient(self, c: float) -> str:
        """A number: a short fraction where it is one."""
        if math.isfinite(c) and c != int(c):
            fraction = Fraction(c).limit_denominator(_LARGEST_DENOMINATOR)
            if float(fraction) == c:
                above, below = fraction.numerator, fraction.denominator
                if self.latex:
                    return rf"\tfrac{{{above}}}{{{below}}}"
                if c == 0.5:
                    return "½"
                return str(c) if below in _DECIMAL else f"({above}/{below})"
        return self.dialect.number(c)

    def _scaled(self, t: Term) -> Written:
        (inner,) = t.parts
        if t.data == 0:
            shape = ", ".join(map(str, t.shape))
            return (rf"\mathbf{{0}}_{{{shape}}}" if self.latex else f"zeros({shape})"), _CLOSED
        text = self.at_least(inner, _PRODUCT)
        sign = self.minus if t.data < 0 else ""
        if abs(t.data) == 1:
            return sign + text, _SUM if sign else self.write(inner)[1]
        digit = text[:1].isdigit() or text.startswith(r"\mathbf{1}")
        between = (r" \cdot " if self.latex else " · ") if digit else " "
        return f"{sign}{self.coefficient(abs(t.data))}{between}{text}", _SUM if sign else _PRODUCT

    def _sum(self, t: Term) -> Written:
        text = ""
        for k, part in enumerate(t.parts):
            c, rest = factored(part)
            negative = c < 0
            if negative:
                part = _times(-c, rest)
            shown = self.at_least(part, _PRODUCT if negative or k else _SUM)
            sign = self.minus if negative else "+"
            text = f"{sign if negative else ''}{shown}" if not k else f"{text} {sign} {shown}"
        return text, _SUM

    def _product(self, t: Term) -> Written:
        numbers = [self.factor(p) for p in t.parts if p.shape == ()]
        arrays = [self.factor(p) for p in t.parts if p.shape != ()]
        joined = (r" \odot " if self.latex else " ⊙ ").join(arrays)
        return " ".join([*numbers, joined] if joined else numbers), _PRODUCT

    def factor(self, t: Term) -> str:
        """t as a factor: sin z becomes sin(z), other weak formulas get brackets."""
        return self.closed(t) or self.at_least(t, _POWER)

    def closed(self, t: Term) -> str | None:
        """sin z as sin(z)."""
        if t.kind != Kind.OP or t.data[0].arity != 1:
            return None
        form = template(t.data[0], "latex" if self.latex else "text")
        if not form.endswith(" ⟦0⟧"):
            return None
        return form.removesuffix(" ⟦0⟧") + self.dialect.bracket(self.write(t.parts[0])[0])

    def _quotient(self, t: Term) -> Written:
        above, below = t.parts
        if self.latex:
            return rf"\frac{{{self.write(above)[0]}}}{{{self.write(below)[0]}}}", _CLOSED
        return f"{self.at_least(above, _PRODUCT)} / {self.factor(below)}", _PRODUCT

    def _matrix(self, t: Term) -> Written:
        return " ".join(self.at_least(p, _MATRIX) for p in t.parts), _MATRIX

    def _dot(self, t: Term) -> Written:
        left, right = t.parts
        return f"{self.raised(left)} {self.at_least(right, _MATRIX)}", _MATRIX

    def _outer(self, t: Term) -> Written:
        left, right = t.parts
        return f"{self.at_least(left, _MATRIX)} {self.raised(right)}", _MATRIX

    def raised(self, t: Term) -> str:
        """t transposed."""
        return self.at_least(t, _ATOM) + (r"^{\top}" if self.latex else "ᵀ")

    def _T(self, t: Term) -> Written:
        return self.raised(t.parts[0]), _CLOSED

    def _total(self, t: Term) -> Written:
        (inner,) = t.parts
        everything = len(t.data) == len(inner.shape)
        named = len(inner.shape) == 2 and len(t.data) == 1
        over = _PLAIN_AXES[t.data[0]] if named else f"axes {', '.join(map(str, t.data))}"
        below = "" if everything else rf"_{{\text{{{over}}}}}" if self.latex else f"_{over}"
        if below and not named and not self.latex:
            below = f"_({over})"
        sign = r"\sum" if self.latex else "Σ"
        return f"{sign}{below} {self.factor(inner)}", _PREFIX

    def _norm(self, t: Term) -> Written:
        inner = self.write(t.parts[0])[0]
        if self.latex:
            power = "^2" if t.data == 2 else "_1"
            return rf"\left\lVert {inner} \right\rVert{power}", _CLOSED
        return f"‖{inner}‖{'²' if t.data == 2 else '₁'}", _CLOSED

    def _repeat(self, t: Term) -> Written:
        (inner,) = t.parts
        shape = ", ".join(map(str, t.shape))
        if inner.shape != ():
            return self.called("broadcast", [self.write(inner)[0], f"({shape})"])
        ones = rf"\mathbf{{1}}_{{{shape}}}" if self.latex else f"ones({shape})"
        if inner.is_number(1.0):
            return ones, _CLOSED
        return f"{self.factor(inner)} {ones}", _PRODUCT

    def _reshape(self, t: Term) -> Written:
        (inner,) = t.parts
        kept = iter(inner.shape)
        rest = next(kept, None)
        index = []
        for n in t.shape:
            same = n == rest
            index.append(":" if same else "None")
            rest = next(kept, None) if same else rest
        if rest is None and all(n == 1 for n, i in zip(t.shape, index) if i == "None"):
            return f"{self.at_least(inner, _ATOM)}[{', '.join(index)}]", _CLOSED
        shape = ", ".join(map(str, t.shape))
        return self.called(t.kind, [self.write(inner)[0], f"({shape})"])

    def _eye(self, t: Term) -> Written:
        return "I", _ATOM

    def _one_hot(self, t: Term) -> Written:
        return self.called("onehot", [self.code(index_text(t.data))])

    def _diag(self, t: Term) -> Written:
        inner = self.dialect.bracket(self.write(t.parts[0])[0])
        return (r"\operatorname{diag}" if self.latex else "diag") + inner, _CLOSED

    def _trace(self, t: Term) -> Written:
        inner = self.dialect.bracket(self.write(t.parts[0])[0])
        return (r"\operatorname{tr}" if self.latex else "tr") + inner, _CLOSED

    def _contraction(self, t: Term) -> Written:
        labels, kept = t.data
        return self.called("einsum", [self.code(f"{','.join(labels)}->{kept}"), *self.inside(t)])

    def _one(self, t: Term) -> Written:
        sign = r"\mathbf{1}" if self.latex else "1"
        return f"{sign}[{self.write(t.parts[0])[0]}]", _CLOSED

    def _partial(self, t: Term) -> Written:
        op, i = t.data
        inside = ", ".join(self.write(p)[0] for p in t.parts)
        form = template(op, "latex" if self.latex else "text")
        name = re.split(r"\(|⟦|\\left", form)[0].strip()
        if not name.removeprefix("\\").isalpha():
            name = rf"\mathrm{{{_escaped(op.name)}}}" if self.latex else op.name
        which = "" if op.arity == 1 else f"_{i + 1}"
        return f"{name}{which}'({inside})", _CLOSED

    def _op(self, t: Term) -> Written:
        op, params = t.data
        if raises(op) and t.parts[1].kind == Kind.NUMBER:
            return self.power(*t.parts)
        form = template(op, "latex" if self.latex else "text")
        if "⟦index⟧" in form:
            array, index = self.at_least(t.parts[0], _CLOSED), index_text(params["index"])
            return form.replace("⟦0⟧", array).replace("⟦index⟧", self.code(index)), _CLOSED
        if op.arity is None and isinstance(op.structure, Contraction):
            labels, kept = op.structure.labels([p.shape for p in t.parts], params)
            letters = ["".join(map(str, axes)) for axes in (*labels, kept)]
            subscripts = f"{','.join(letters[:-1])}->{letters[-1]}"
            return self.called(op.name, [self.code(subscripts), *self.inside(t)])
        if "⟦*⟧" in form and op.name in form.replace("\\_", "_"):
            extra = [_option(k, v) for k, v in (params or {}).items() if _tells(k, v, t)]
            return self.called(op.name, [*self.inside(t), *map(self.code, extra)])
        if "⟦*⟧" in form:
            return form.replace("⟦*⟧", ", ".join(self.inside(t))), _CLOSED
        if op.is_test and op.arity == 2:
            sign = form.replace("⟦0⟧", "").replace("⟦1⟧", "")
            return sign.join(self.at_least(p, _SUM) for p in t.parts), _COMPARISON
        closed = self.closed(t)
        if closed is not None and self.write(t.parts[0])[1] < _CLOSED:
            return closed, _CLOSED
        text, strength = operation(op, list(map(self.write, t.parts)), self.dialect.name)
        return text.replace("*", " "), strength

    def inside(self, t: Term) -> list[str]:
        return [self.write(p)[0] for p in t.parts]

    def power(self, base: Term, exponent: Term) -> Written:
        below = self.at_least(base, _ATOM)
        text = self.dialect.number(exponent.data)
        if self.latex:
            return f"{below}^{{{text}}}", _POWER
        whole = exponent.data == int(exponent.data)
        return below + (text.translate(SUPERSCRIPTS) if whole else f"^({text})"), _POWER

    def code(self, text: str) -> str:
        return rf"\texttt{{{_escaped(text)}}}" if self.latex else text

    def _vjp(self, t: Term) -> Written:
        op, i, _ = t.data
        w, _, *args = t.parts
        return self.called(
            f"vjp[{op.name}]{'' if len(args) == 1 else f'_{i + 1}'}",
            [self.write(p)[0] for p in (w, *args)],
        )

    def _jvp(self, t: Term) -> Written:
        return self.called(f"jvp[{t.data[0].name}]", self.inside(t))


_DECIMAL = frozenset(2**i * 5**j for i in range(10) for j in range(4))
"""Denominators of short decimals."""


def _times(c: float, t: Term) -> Term:
    return (
        t
        if c == 1
        else Term(Kind.SCALED, (t,), c, t.shape)
        if t.kind != Kind.NUMBER
        else Term(Kind.NUMBER, (), c)
    )


def _escaped(text: str) -> str:
    return in_latex(text).replace("…", r"\dots ")


def _tells(name: str, x: Any, t: Term) -> bool:
    """Whether an option of an operation says what its arguments and shape do not."""
    if name == "axis":
        return any(len(p.shape) > 1 for p in t.parts)
    return x is not False and name != "shape"


def _option(name: str, x: Any) -> str:
    if name == "index":
        return f"[{index_text(x)}]"
    text = f"array{x.shape}" if isinstance(x, np.ndarray) else str(x)
    return f"{name}={text if len(text) <= _LONGEST_OPTION else text[: _LONGEST_OPTION - 1] + '…'}"
