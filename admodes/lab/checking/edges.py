"""What each partial of a recorded list contributes to a derivative, and what the derivative would
be with another one in its place.

The derivative is linear in the partial p of one argument of one row: that edge contributes the
adjoint of the row times p times the tangent of the argument, D. Without the edge the derivative is
J − D, with the sign of its partial lost J − 2 D, with 1 instead of the partial J − D + D/p.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from admodes.core.carrier import quiet
from admodes.core.record import Ref, is_active
from admodes.core.values import shape_of
from admodes.programs.names import NamedProgram
from admodes.programs.sweep import adjoints, tangents

SIGN = "sign"
"""The kind of mistakes that are a wrong sign."""

INNER = "missing inner derivative"

FIRST = ("missing term", INNER, SIGN, "factor", "wrong rule")
"""The kinds of changes, the more frequent mistakes first."""

MOST = 400_000
"""Entries times partials up to which they are tried one by one."""

RULES: dict[str, Callable[[Any, Any], Any]] = {
    "1": lambda x, y: np.ones_like(y),
    "{y}": lambda x, y: y,
    "{x}": lambda x, y: x,
    "(1 − {y})": lambda x, y: 1 - y,
    "(1 + {y})": lambda x, y: 1 + y,
    "(1 − {y}²)": lambda x, y: 1 - y * y,
    "(1 + {y}²)": lambda x, y: 1 + y * y,
    "{y} (1 − {y})": lambda x, y: y * (1 - y),
    "1/{x}": lambda x, y: 1 / x,
    "1/{x}²": lambda x, y: 1 / x**2,
    "1/{y}": lambda x, y: 1 / y,
    "{x}²": lambda x, y: x**2,
    "sin({x})": lambda x, y: np.sin(x),
    "cos({x})": lambda x, y: np.cos(x),
    "tan({x})": lambda x, y: np.tan(x),
    "exp({x})": lambda x, y: np.exp(x),
    "ln({x})": lambda x, y: np.log(x),
    "√{x}": lambda x, y: np.sqrt(x),
    "tanh({x})": lambda x, y: np.tanh(x),
}
"""What people take the derivative of a function y of x for."""

FACTORS = (1.0, -1.0, 2.0, 0.5)


@dataclass(frozen=True)
class Change:
    """A partial that was taken for something else: that of argument k of a row. kind is the word
    for the mistake; text says it; term is how the partial is written."""

    row: int
    k: int
    kind: str
    text: str
    term: str = ""


def changes(named: NamedProgram) -> Iterator[tuple[Change, np.ndarray]]:
    """Every change of one partial, with what it adds to the derivative: a line per number of the
    outputs, a column per number of the inputs."""
    names = named.row_names()
    pushed = [tangents(named.program, seed) for seed in _units(named)]
    pulled = [adjoints(named.program, weights) for weights in _weights(named)]
    for row, step in enumerate(named.program.steps):
        for k, a in enumerate(step.args):
            if step.op is None or not is_active(step, k):
                continue
            edge = _Edge(named, row, k, pushed, pulled)
            part = edge.through(edge.moved)
            x, y = names[a.row], names[row]
            here = f"∂{y}/∂{x}"
            listed = ", ".join(names[b.row] if isinstance(b, Ref) else "c" for b in step.args)
            what = f"{here}, of the row {y} = {step.op.name}({listed}),"
            missing = f"the term through {here} is missing"
            yield Change(row, k, "missing term", missing, here), -part
            yield Change(row, k, SIGN, f"the term through {here} has the wrong sign"), -2 * part
            yield Change(row, k, "factor", f"the term through {here} is there twice"), part
            yield Change(row, k, "factor", f"the term through {here} is halved"), -part / 2
            if not step.op.elementwise or not edge.fits:
                continue
            for words, other in edge.rules():
                kind, text = _told(words.format(x=x, y=y), what)
                yield Change(row, k, kind, text), other - part
    yield from _skipped(named, pushed, pulled)


def _skipped(
    named: NamedProgram, pushed: list[list], pulled: list[list]
) -> Iterator[tuple[Change, np.ndarray]]:
    """Everything between an input and a row of its shape, or between such a row and an output,
    taken for 1."""
    names, program = named.row_names(), named.program
    outputs = [y.row for y in program.outputs if isinstance(y, Ref)]
    for row, step in enumerate(program.steps):
        if step.op is None:
            continue
        before = [a.row for a in step.args if isinstance(a, Ref)]
        for x in program.inputs:
            if program.steps[x.row].shape == step.shape and x.row not in before:
                moves = [
                    (dots[row], dots[x.row]) if np.any(dots[x.row]) else (None, None)
                    for dots in pushed
                ]
                change = _products([bars[row] for bars in pulled], moves)
                text = f"∂{names[row]}/∂{names[x.row]} is taken as 1"
                yield (
                    Change(row, -1 - x.row, INNER, f"an inner derivative is missing: {text}"),
                    change,
                )
        for y in outputs:
            last = [a.row for a in program.steps[y].args if isinstance(a, Ref)]
            if row < y and program.steps[y].shape == step.shape and row not in last:
                turned = [(bars[row], bars[y]) for bars in pulled]
                change = _products([dots[row] for dots in pushed], turned).T
                text = f"∂{names[y]}/∂{names[row]} is taken as 1"
                yield Change(row, y, INNER, f"an outer derivative is missing: {text}"), change


def _products(sides: list, pairs: list[tuple[Any, Any]]) -> np.ndarray:
    """What the second of each pair gives with each side more than the first does."""

    def product(a: Any, b: Any) -> float:
        return 0.0 if a is None or b is None else float(np.sum(a * b))

    return np.array([[product(s, b) - product(s, a) for a, b in pairs] for s in sides])


def _told(words: str, what: str) -> tuple[str, str]:
    if words == "1":
        return INNER, f"the inner derivative is missing: {what} is taken as 1"
    return "wrong rule", f"wrong rule: {what} is taken as {words}"


class _Edge:
    """The partial of an argument, and the sweeps on both sides of it."""

    def __init__(
        self, named: NamedProgram, row: int, k: int, pushed: list[list], pulled: list[list]
    ) -> None:
        step = named.program.steps[row]
        self.y, self.xs = step.value, named.program.arguments(step)
        self.k = k
        self.dots = [dots[step.args[k].row] for dots in pushed]
        self.bars = [bars[row] for bars in pulled]
        self.step = step
        self.fits = shape_of(self.xs[k]) == step.shape

    def moved(self, dot: Any) -> Any:
        """What the row makes of a tangent of the argument."""
        dots: list = [None] * len(self.xs)
        dots[self.k] = dot
        with quiet():
            return self.step.op.jvp(dots, self.y, self.xs, self.step.params)

    def through(self, push: Any) -> np.ndarray:
        """The contribution to every entry, where push makes of a tangent of the argument one of
        the row."""
        ahead = [push(dot) for dot in self.dots]
        return np.array(
            [
                [float(np.sum(bar * dot)) if dot is not None else 0.0 for dot in ahead]
                for bar in self.bars
            ]
        )

    def rules(self) -> Iterator[tuple[str, np.ndarray]]:
        """The contributions with other partials."""
        x, y = np.asarray(self.xs[self.k], float), np.asarray(self.y, float)
        for words, rule in RULES.items():
            with np.errstate(all="ignore"):
                partial = rule(x, y)
                other = self.through(lambda dot, p=partial: p * dot)
            for factor in FACTORS if words != "1" else (1.0,):
                sign = {1.0: "", -1.0: "−", 2.0: "2 ", 0.5: "½ "}[factor]
                yield f"{sign}{words}", factor * other


def _units(named: NamedProgram) -> Iterator[dict[int, Any]]:
    """A seed for each number of the inputs."""
    zero = {x.row: np.zeros(named.program.steps[x.row].shape) for x in named.program.inputs}
    for x in named.program.inputs:
        for k in range(zero[x.row].size):
            unit = {row: seed.copy() for row, seed in zero.items()}
            unit[x.row].flat[k] = 1.0
            yield {row: seed[()] for row, seed in unit.items()}


def _weights(named: NamedProgram) -> Iterator[list[Any]]:
    """Weights for each number of the outputs."""
    shapes = [
        named.program.steps[y.row].shape if isinstance(y, Ref) else shape_of(y)
        for y in named.program.outputs
    ]
    for i, shape in enumerate(shapes):
        for k in range(int(np.prod(shape))):
            weights = [np.zeros(s) for s in shapes]
            weights[i].flat[k] = 1.0
            yield [w[()] for w in weights]
