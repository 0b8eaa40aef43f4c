"""Equations between vectors and matrices as they are written, such as h̄ = r + W2ᵀ ȳ: judged at
random data, put right by the equations that are derived from the function, and if one is wrong, the
mistake in it."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np

from admodes.auditing.array_formulas import (
    Symbol,
    Token,
    Unfit,
    Unread,
    plain,
    symbol_in,
    tokens,
    value_of,
)
from admodes.auditing.corrections import variations
from admodes.auditing.guesses import OFTEN, Cause, Name
from admodes.auditing.judged import Judged
from admodes.backpropagation.evaluate import evaluate
from admodes.backpropagation.result import Equations, equations
from admodes.backpropagation.terms import Kind, Term, number, product, total_of
from admodes.backpropagation.write import formula_text
from admodes.core.carrier import quiet
from admodes.core.pytree import flatten, unflatten
from admodes.programs.arrays import array_program
from admodes.programs.sweep import Numbers, pull
from admodes.views.dialects import Text

CLOSE, MOST, DRAWS = 1e-8, 3, 2

BAR = "\u0304"

FUNCTIONS = ("σ", "tanh", "relu", "softplus", "exp", "sin", "cos")
"""What a layer may apply."""


class Corrected(NamedTuple):
    """A right side as it should be."""

    text: str
    latex: str
    formula: Term


class Data:
    """A function at some arrays: its equations, and what each symbol is."""

    def __init__(self, f: Callable, args: Sequence[Any], names: Any, outputs: Any) -> None:
        self.equations: Equations = equations(f, *args, names=names, outputs=outputs)
        self.recorded = array_program(f, tuple(args), names, outputs)
        self.rows = {name: row for row, name in enumerate(self.recorded.row_names())}
        self.rows |= {self.equations.outputs[0]: self.rows[self.equations.end]}

    def value(self, symbol: Symbol) -> Any:
        """The value, the adjoint or the Jacobian that a symbol stands for."""
        name, accent = symbol
        if accent.startswith("/"):
            return self.jacobian(accent[1:], name)
        known = self.equations.values
        row = self.equations.end if name == self.equations.outputs[0] else name
        found = known.get((name, accent), known.get((row, accent)))
        if found is None:
            raise Unread
        return found

    def jacobian(self, of: str, by: str) -> Any:
        """The derivative of a variable by another: a matrix, of an output the adjoint."""
        if of in (self.equations.outputs[0], self.equations.end):
            return self.value((by, "bar"))
        program, row, source = self.recorded.program, self.rows[of], self.rows[by]
        size, like = program.steps[row].size, program.steps[row].value
        lines = []
        for k in range(size):
            unit = np.zeros(np.shape(like))
            unit.flat[k] = 1.0
            bars = dict(pull(program, [(row, unit)], Numbers(program)))
            lines.append(np.ravel(bars.get(source, np.zeros(program.steps[source].shape))))
        return np.array(lines) if np.ndim(like) else lines[0]


class ArrayEquations:
    """The equations of a function of arrays, and judgements of those that somebody wrote.

    f, args, names, outputs: as for ad.equations. Raises what that raises.

    >>> from admodes.problems import PROBLEMS
    >>> network = PROBLEMS["cpsc532s-network"]
    >>> known = ArrayEquations(network.function, *network.args)
    >>> known.judged("h̄", "r + W2ᵀ ȳ").holds, known.judged("z", "W1 x + b1").holds
    (True, True)
    >>> known.judged("ĥ", "r + W2ᵀ Ē")  # doctest: +NORMALIZE_WHITESPACE
    Judged(holds=False, right='r + W2ᵀ ȳ',
           causes=(Cause(name='stale value', text='Ē stands where ȳ belongs'),
                   Cause(name='ȳ for Ē', text='Ē stands where ȳ belongs')))
    """

    def __init__(
        self,
        f: Callable,
        *args: Any,
        names: Sequence[str] | None = None,
        outputs: Sequence[str] | None = None,
    ) -> None:
        self.data = [Data(f, x, names, outputs) for x in (args, *_moved(args))]
        self.known = self.data[0].equations
        self.lookup = symbol_in(self.data[0].rows)

    def judged(self, left: str, right: str) -> Judged | None:
        """Whether an equation for a value or for an adjoint holds; None where a side is of anything
        else, or cannot be read."""
        try:
            (symbol,) = (token.data for token in self._tokens(plain(left)))
            expected = [np.asarray(data.value(symbol), float) for data in self.data]
            text = plain(right)
            given = self._values(text)
        except (Unread, ValueError, TypeError):
            return None
        corrected = self._right(symbol)
        if corrected is None:
            return None
        if given is not None and _equal(given, expected):
            return Judged(True, right)
        found: dict[str, str] = {}
        for name, sentence in self._causes(text, given, expected, corrected.formula):
            found.setdefault(name, unicodedata.normalize("NFC", sentence))
        ranked = sorted(found, key=lambda name: -OFTEN.get(name, 0.0))
        causes = tuple(Cause(name, found[name]) for name in ranked[:MOST])
        return Judged(False, corrected.latex if "\\" in right else corrected.text, causes)

    def _right(self, symbol: Symbol) -> Corrected | None:
        """The right side of the equation for a symbol; None where there is no such equation."""
        (name, accent), known = symbol, self.known
        if name == known.outputs[0]:
            name = known.end
        if accent == "bar" and name in known.units:
            return Corrected("1", "1", number(1.0))
        for equation in known.adjoints if accent == "bar" else known.forward:
            if equation.name == name and accent in ("", "bar"):
                latex = equation.latex.partition("=")[2].strip()
                text = unicodedata.normalize("NFC", equation.right)
                return Corrected(text, latex, equation.formula)
        return None

    def _tokens(self, text: str) -> list[Token]:
        """The tokens of a formula, where the derivative of the output is the adjoint."""
        ends = {f"/{end}" for end in (self.known.end, self.known.outputs[0])}
        return [
            token._replace(data=(token.data[0], "bar"))
            if token.kind == "symbol" and token.data[1] in ends
            else token
            for token in tokens(text, self.lookup)
        ]

    def _values(self, text: str) -> list[np.ndarray] | None:
        """A right side at all data; None where its shapes do not fit. Raises Unread."""
        read = self._tokens(text)
        try:
            return [value_of(read, data.value) for data in self.data]
        except Unfit:
            return None

    def _holds(self, text: str, expected: list[np.ndarray]) -> bool:
        try:
            values = self._values(plain(text))
        except Unread:
            return False
        return values is not None and _equal(values, expected)

    def _causes(
        self,
        text: str,
        given: list[np.ndarray] | None,
        expected: list[np.ndarray],
        formula: Term,
    ) -> Iterator[tuple[str, str]]:
        """The mistakes that were made if this is what is written in the place of a formula."""
        for name, meant, sentence in self._exchanged(text, _symbols(formula)):
            if self._holds(meant, expected):
                yield name, sentence
        for change, meant in variations(text):
            if self._holds(meant, expected):
                yield change, f"{meant}, not {text}"
        if given is None:
            return
        if _equal([x.T for x in given], expected):
            yield "transposed Jacobian", "rows and columns are exchanged"
        for name, part, sentence in _without_a_part(formula):
            less = [np.asarray(evaluate(part, data.equations.values), float) for data in self.data]
            if _equal(given, less):
                yield name, sentence

    def _exchanged(self, text: str, belong: list[Symbol]) -> Iterator[tuple[str, str, str]]:
        """A text with one symbol, transpose or function in the place of another. belong: the
        symbols that occur in the right formula."""
        read = self._tokens(text)
        for k, token in enumerate(read):
            before, after = text[: token.start], text[token.end :]
            if token.kind == "symbol":
                for other in belong:
                    if other != token.data and other[1] == token.data[1]:
                        meant = f"{before} {_shown(other)} {after}"
                        sentence = f"{_shown(token.data)} stands where {_shown(other)} belongs"
                        yield _taken(read, k), meant, sentence
                        if other[1] == "bar":
                            yield f"{_shown(other)} for {_shown(token.data)}", meant, sentence
                if read[k + 1 : k + 2] and read[k + 1].kind == "ᵀ":
                    end = read[k + 1].end
                    meant = text[: token.end] + " " + text[end:]
                    yield "transposed Jacobian", meant, f"{_shown(token.data)} is not transposed"
                else:
                    meant = f"{text[: token.end]}ᵀ {after}"
                    yield "transposed Jacobian", meant, f"{_shown(token.data)} is transposed"
            elif token.kind == "function":
                here = text[token.start : token.end]
                if read[k + 1 : k + 2] and read[k + 1].kind == "'":
                    for function in FUNCTIONS:
                        sentence = f"the derivative of {here} instead of that of {function}"
                        yield "rule", f"{before}{function}{after}", sentence
                else:
                    sentence = f"{here} stands where its derivative belongs"
                    yield "rule", f"{before}{here}'{after}", sentence


def _symbols(formula: Term) -> list[Symbol]:
    """The symbols in a formula."""
    if formula.kind == Kind.SYMBOL:
        return [formula.data]
    return list(dict.fromkeys(s for part in formula.parts for s in _symbols(part)))


def _taken(read: list[Token], k: int) -> Name:
    """What it is called to take another symbol: at another point, inside of a derivative."""
    inside = 0
    for token in reversed(read[:k]):
        inside += {"(": 1, ")": -1}.get(token.kind, 0)
        if token.kind == "'" and inside >= 1:
            return "wrong point"
    return "stale value"


def _without_a_part(formula: Term) -> Iterator[tuple[Name, Term, str]]:
    """A formula without one of its terms, without one of its factors or without its coefficient."""
    write = Text(6)
    if formula.kind == Kind.SUM:
        for k, part in enumerate(formula.parts):
            rest = (*formula.parts[:k], *formula.parts[k + 1 :])
            text = f"{formula_text(part, write)} is missing"
            yield "missed path", total_of(rest, formula.shape), text
            for name, less, sentence in _without_a_part(part):
                changed = (*formula.parts[:k], less, *formula.parts[k + 1 :])
                if name == "factor" and less.shape == part.shape:
                    yield name, total_of(changed, formula.shape), sentence
    if formula.kind == Kind.SCALED:
        yield "factor", formula.parts[0], f"the factor {formula.data:g} is left out"
    if formula.kind in (Kind.PRODUCT, Kind.MATRIX):
        for k, part in enumerate(formula.parts):
            text = f"{formula_text(part, write)} is left out"
            if formula.kind == Kind.MATRIX or len(formula.parts) == 2:
                yield "factor", formula.parts[1 - k], text
            else:
                yield "factor", product(p for j, p in enumerate(formula.parts) if j != k), text


def _shown(symbol: Symbol) -> str:
    """A symbol as it is printed."""
    name, accent = symbol
    if accent.startswith("/"):
        return f"∂{accent[1:]}/∂{name}"
    marked = name[:1] + BAR + name[1:] if accent == "bar" else name
    return unicodedata.normalize("NFC", marked)


def _moved(args: tuple) -> Iterator[tuple]:
    """The arguments at other numbers of the same shapes, so that nothing holds by chance."""
    leaves, tree = flatten(args)
    random = np.random.default_rng(0)
    for _ in range(DRAWS):
        moved = [
            x + random.normal(size=np.shape(x)) if np.asarray(x).dtype.kind == "f" else x
            for x in leaves
        ]
        yield tuple(unflatten(tree, moved))


def _equal(given: list[np.ndarray], expected: list[np.ndarray]) -> bool:
    """Whether arrays are the same at all data; a vector may be a column or a row, and one number
    stands for an array of it."""
    for x, y in zip(given, expected, strict=True):
        if x.ndim and x.size != y.size:
            return False
        if x.ndim and y.ndim == 2 and x.shape != y.shape:
            return False
        if not x.ndim and y.ndim and np.ptp(y) != 0:
            return False
        with quiet():
            near = np.allclose(np.ravel(x), np.ravel(y), rtol=CLOSE, atol=CLOSE)
        if not near:
            return False
    return True
