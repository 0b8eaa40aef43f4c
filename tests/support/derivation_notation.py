"""How names, numbers and formulas of a derivation are written, in plain text, HTML and LaTeX."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from derivation_functions import Graph
from derivations import Derivation, Part

Name = tuple[str, str]  # a letter or word, and what stands below it
SUBSCRIPTS = str.maketrans("0123456789-", "₀₁₂₃₄₅₆₇₈₉₋")
GREEK = {"σ": r"\sigma", "relu": r"\operatorname{relu}", "√": r"\sqrt"}


@dataclass(frozen=True)
class Notation:
    """script: "text", "html" or "latex". names: of the rows. below: how an index is written in
    text: "v2" "", "v₂" "small", "v_2" "_". minus, times: the signs; between: that between names,
    which may be nothing. brackets: functions are written with brackets. derivatives: "leibniz",
    "marks" (v̇2, v̄2), or "suffix" (v2d, v2b) or "powers" (v2^(1), v2_(1)). squares: each
    contribution stands in square brackets."""

    script: str
    names: tuple[Name, ...]
    inputs: tuple[Name, ...]
    outputs: tuple[Name, ...]
    below: str = ""
    minus: str = "-"
    times: str = "×"
    between: str = ""
    brackets: bool = False
    derivatives: str = "leibniz"
    squares: bool = True

    # names ---------------------------------------------------------------------------------

    def _indexed(self, letter: str, index: str) -> str:
        if not index:
            return letter
        if self.script == "latex":
            return f"{letter}_{{{index}}}"
        if self.script == "html":
            return f"{letter}<sub>{index}</sub>"
        if self.below == "small" or index.startswith("-"):
            return letter + index.translate(SUBSCRIPTS)
        return letter + self.below + index

    def name(self, name: Name) -> str:
        return self._indexed(*name)

    def row(self, row: int) -> str:
        return self.name(self.names[row])

    def _marked(self, name: Name, tangent: bool, direction: Name) -> str:
        letter, index = name
        if self.derivatives == "leibniz":
            over, under = (name, direction) if tangent else (direction, name)
            a, b = self.name(over), self.name(under)
            return rf"\frac{{\partial {a}}}{{\partial {b}}}" if self.latex else f"∂{a}/∂{b}"
        if self.derivatives == "suffix":
            return self.name(name) + ("d" if tangent else "b")
        if self.derivatives == "powers":
            return self.name(name) + ("^" if tangent else "_") + "(1)"
        if self.latex:
            return self._indexed((r"\dot" if tangent else r"\bar") + f"{{{letter}}}", index)
        return self._indexed(letter + ("\u0307" if tangent else "\u0304"), index)

    @property
    def latex(self) -> bool:
        return self.script == "latex"

    def tangent(self, row: int, direction: int) -> str:
        return self._marked(self.names[row], True, self.inputs[direction])

    def adjoint(self, row: int, direction: int) -> str:
        return self._marked(self.names[row], False, self.outputs[direction])

    def partial(self, row: int, argument: int) -> str:
        a, b = self.row(row), self.row(argument)
        return rf"\frac{{\partial {a}}}{{\partial {b}}}" if self.latex else f"∂{a}/∂{b}"

    # numbers and formulas --------------------------------------------------------------------

    def number(self, text: str) -> str:
        return text.replace("-", self.minus)

    def factor(self, text: str) -> str:
        """A number within a formula: in brackets if it has a sign."""
        return f"({self.number(text)})" if text.startswith("-") else self.number(text)

    def product(self, a: str, b: str, names: bool) -> str:
        sign = self.between if names else self.times
        return f"{a} {sign} {b}" if sign else f"{a} {b}"

    def formula(self, op: str, args: Sequence[str], names: bool) -> str:
        """The operation on names or numbers; numbers with a sign are in brackets already."""
        a, b = (*args, "")[:2]
        if op in ("add", "sub"):
            return f"{a} {'+' if op == 'add' else self.minus} {b}"
        if op == "mul":
            return self.product(a, b, names)
        if op == "div":
            return rf"\frac{{{a}}}{{{b}}}" if self.latex else f"{a} / {b}"
        if op == "neg":
            return f"{self.minus}{a}"
        if op in ("max", "min"):
            return (rf"\{op}" if self.latex else op) + f"({a}, {b})"
        if op == "pow":
            return self._power(a, b)
        if op == "exp" and not self.brackets:
            return self._power("e", a)
        return self._call(op, a)

    def _power(self, a: str, b: str) -> str:
        if self.latex:
            return f"{a}^{{{b}}}" if "_" not in a else f"{{{a}}}^{{{b}}}"
        if self.script == "html":
            return f"{a}<sup>{b}</sup>"
        if b in ("2", "3") and not self.brackets:
            return a + "²³"[int(b) - 2]
        return f"{a}^{b}"

    def _call(self, op: str, a: str) -> str:
        if op == "sqrt" and self.latex:
            return rf"\sqrt{{{a}}}"
        word = {"sqrt": "√", "sigmoid": "σ"}.get(op, op) if not self.brackets else op
        bare = a.startswith("(") or (
            not self.brackets and op not in ("sigmoid", "relu", "tanh", "sqrt")
        )
        if self.latex:
            known = op in ("sin", "cos", "tan", "exp", "ln", "tanh")
            word = f"\\{op}" if known else r"\sigma" if op == "sigmoid" else rf"\mathrm{{{op}}}"
        return f"{word} {a}" if bare else f"{word}({a})"

    def expression(self, graph: Graph, row: int) -> str:
        """What stands right of the sign of equality in a row of the evaluation."""
        node = graph.nodes[row]
        if node.op == "input":
            return self.name(self.inputs[row])
        words = [self.factor(a) if isinstance(a, str) else self.row(a) for a in node.args]
        return self.formula(node.op, words, not isinstance(node.args[-1], str))  # v7 × 2, 2 v7

    # what derivatives are made of --------------------------------------------------------------

    def summed(self, work: Derivation, part: Part) -> str:
        """Chain rule of a tangent or adjoint in names, empty for a seed."""
        words = []
        for p, incoming in work.terms(part):
            argument = work.graph.nodes[p.row].args[p.argument]
            assert isinstance(argument, int)
            partial = self.partial(p.row, argument)
            mark = self.tangent if part.kind == "tangent" else self.adjoint
            factors = partial, mark(incoming.row, part.direction)
            words.append(self.product(*factors[:: 1 if part.kind == "tangent" else -1], True))
        return " + ".join(words)

    def substituted(self, work: Derivation, part: Part) -> str:
        """The products of numbers that a tangent or adjoint is the sum of, empty for a seed."""
        words = []
        for factors in work.products(part):
            texts = [self.factor(work.rounding.text(f)) for f in factors]
            words.append(self.product(*(texts if part.kind == "tangent" else texts[::-1]), False))
        if self.squares and len(words) > 1:
            words = [f"[{w}]" for w in words]
        return " + ".join(words)

    def evaluated(self, work: Derivation, row: int) -> str:
        """The operation of a row on numbers, empty for an input."""
        node = work.graph.nodes[row]
        if node.op == "input":
            return ""
        texts = [
            a if isinstance(a, str) else work.rounding.text(work.number(Part("value", a)))
            for a in node.args
        ]
        return self.formula(node.op, [self.factor(t) for t in texts], False)
