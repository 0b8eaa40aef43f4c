"""Functions that are derived by hand: graphs of operations, drawn at random or from a course.

The arithmetic is mpmath's to 40 digits, and nothing of admodes: what the audit is judged by must
not come from what it judges with.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from random import Random
from typing import Any

import mpmath

MP = mpmath.mp.clone()
MP.dps = 40
Number = Any
Arg = int | str  # a row, or a constant as it is written


@dataclass(frozen=True)
class Operation:
    """value and partials: of the arguments as numbers; code: as admodes parses it."""

    value: Callable[..., Number]
    partials: tuple[Callable[..., Number], ...]
    code: str

    @property
    def arity(self) -> int:
        return len(self.partials)


def _sigmoid(a: Number) -> Number:
    return 1 / (1 + MP.exp(-a))


OPERATIONS = {
    "add": Operation(lambda a, b: a + b, (lambda a, b: MP.one, lambda a, b: MP.one), "{0} + {1}"),
    "sub": Operation(lambda a, b: a - b, (lambda a, b: MP.one, lambda a, b: -MP.one), "{0} - {1}"),
    "mul": Operation(lambda a, b: a * b, (lambda a, b: b, lambda a, b: a), "{0} * {1}"),
    "div": Operation(lambda a, b: a / b, (lambda a, b: 1 / b, lambda a, b: -a / b**2), "{0} / {1}"),
    "pow": Operation(
        lambda a, b: MP.power(a, b),
        (lambda a, b: b * MP.power(a, b - 1), lambda a, b: MP.power(a, b) * MP.ln(a)),
        "{0} ** {1}",
    ),
    "max": Operation(
        lambda a, b: max(a, b),
        (lambda a, b: MP.mpf(a > b), lambda a, b: MP.mpf(b > a)),
        "max({0}, {1})",
    ),
    "min": Operation(
        lambda a, b: min(a, b),
        (lambda a, b: MP.mpf(a < b), lambda a, b: MP.mpf(b < a)),
        "min({0}, {1})",
    ),
    "neg": Operation(lambda a: -a, (lambda a: -MP.one,), "-{0}"),
    "sin": Operation(MP.sin, (MP.cos,), "sin({0})"),
    "cos": Operation(MP.cos, (lambda a: -MP.sin(a),), "cos({0})"),
    "tan": Operation(MP.tan, (lambda a: 1 + MP.tan(a) ** 2,), "tan({0})"),
    "exp": Operation(MP.exp, (MP.exp,), "exp({0})"),
    "ln": Operation(MP.ln, (lambda a: 1 / a,), "ln({0})"),
    "sqrt": Operation(MP.sqrt, (lambda a: 1 / (2 * MP.sqrt(a)),), "sqrt({0})"),
    "tanh": Operation(MP.tanh, (lambda a: 1 - MP.tanh(a) ** 2,), "tanh({0})"),
    "sigmoid": Operation(_sigmoid, (lambda a: _sigmoid(a) * (1 - _sigmoid(a)),), "sigmoid({0})"),
    "relu": Operation(lambda a: max(a, MP.zero), (lambda a: MP.mpf(a > 0),), "relu({0})"),
}
FROM_RESULT: dict[str, tuple[Callable[..., Number], ...]] = {
    "div": (lambda y, a, b: 1 / b, lambda y, a, b: -y / b),
    "pow": (lambda y, a, b: b * y / a, lambda y, a, b: y * MP.ln(a)),
    "tan": (lambda y, a: 1 + y**2,),
    "exp": (lambda y, a: y,),
    "sqrt": (lambda y, a: 1 / (2 * y),),
    "tanh": (lambda y, a: 1 - y**2,),
    "sigmoid": (lambda y, a: y * (1 - y),),
}
"""Partials as the result of a row gives them, which courses teach as well."""

UNARY = [name for name, op in OPERATIONS.items() if op.arity == 1 and name != "neg"]


@dataclass(frozen=True)
class Node:
    op: str  # "input", or a key of OPERATIONS
    args: tuple[Arg, ...] = ()


@dataclass(frozen=True)
class Graph:
    """inputs: their names; point: their numbers as written; nodes: inputs first; outputs: rows."""

    inputs: tuple[str, ...]
    point: tuple[str, ...]
    nodes: tuple[Node, ...]
    outputs: tuple[int, ...]

    @property
    def output_names(self) -> tuple[str, ...]:
        m = len(self.outputs)
        return ("y",) if m == 1 else tuple(f"y{j + 1}" for j in range(m))

    def uses(self, row: int) -> list[tuple[int, int]]:
        """The rows that use a row, with the position of the argument."""
        return [
            (i, k) for i, node in enumerate(self.nodes) for k, a in enumerate(node.args) if a == row
        ]

    def expressions(self, every_row: bool) -> tuple[str, ...]:
        """One for each output, the definitions of shared rows (or of every row) in the first."""
        written: dict[int, str] = {}
        lines = []
        for i, node in enumerate(self.nodes):
            if node.op == "input":
                written[i] = self.inputs[i]
                continue
            words = [a if isinstance(a, str) else written[a] for a in node.args]
            text = OPERATIONS[node.op].code.format(*words)
            if every_row or len(self.uses(i)) + (i in self.outputs) > 1:
                lines.append(f"r{i} = {text}")
                written[i] = f"r{i}"
            else:
                written[i] = f"({text})"
        first, *others = (written[i] for i in self.outputs)
        return "; ".join([*lines, first]), *others


# ------------------------------------------------------------------------------ drawn at random

CONSTANTS = ("2", "3", "4", "0.5", "5", "1.5", "0.2", "10")
INPUTS = ("1", "2", "3", "0.5", "1.5", "-1", "-2", "0.25", "4", "-0.5", "1.2", "0.8", "2.5", "-3")
NAMES = {1: [("x",), ("x1",), ("t",)], 2: [("x1", "x2"), ("x", "y")], 3: [("x1", "x2", "x3")]}
SHAPES = [  # an operation, what its arguments are: a row "r" or a constant "c"; how often
    ("add", "rr", 6), ("sub", "rr", 5), ("mul", "rr", 8), ("div", "rr", 4), ("pow", "rr", 1),
    ("mul", "cr", 6), ("add", "rc", 2), ("sub", "cr", 1), ("div", "cr", 1), ("div", "rc", 1),
    ("pow", "r2", 5), ("pow", "r3", 1), ("max", "rr", 1), ("min", "rr", 1), ("neg", "r", 1),
    ("sin", "r", 4), ("cos", "r", 3), ("tan", "r", 1), ("exp", "r", 3), ("ln", "r", 3),
    ("sqrt", "r", 2), ("tanh", "r", 2), ("sigmoid", "r", 2), ("relu", "r", 1),
]  # fmt: skip
LEAST, MOST = MP.mpf("0.001"), MP.mpf(1000)


def _fits(number: Number) -> bool:
    return number == 0 or LEAST <= abs(number) <= MOST


def _allowed(op: str, args: list[Number]) -> bool:
    """Whether numbers are well inside the domain of an operation, and away from its kinks."""
    a = args[0]
    if op in ("ln", "sqrt"):
        return a > 0.05
    if op == "div":
        return abs(args[1]) > 0.05
    if op == "pow":
        return abs(args[1]) <= 4 and (a > 0.1 or (a < -0.1 and args[1] in (2, 3)))
    if op in ("max", "min"):
        return abs(a - args[1]) > 0.05
    if op == "relu":
        return abs(a) > 0.05
    if op == "exp":
        return -6 < a < 6
    return op != "tan" or abs(MP.cos(a)) > 0.2


def _grown(random: Random, rows: int) -> Graph | None:
    n = random.choice([1, 2, 2, 2, 3])
    point = random.sample(INPUTS, n)
    nodes = [Node("input")] * n
    values = [MP.mpf(p) for p in point]
    most = random.choice([1, 1, 2, 3, n])
    loose = list(range(n))  # rows that nothing uses yet
    tries = 0
    while len(nodes) < rows or len(loose) > most:
        tries += 1
        if tries > 40 * rows:
            return None
        op, shape, _ = random.choices(SHAPES, [s[2] for s in SHAPES])[0]
        closing = len(loose) > rows - len(nodes)
        if closing and shape != "rr":
            continue
        args: list[Arg] = []
        for kind in shape:
            if kind == "r":
                old = random.random() < (0.8 if len(loose) < most else 0.3) and not closing
                args.append(random.randrange(len(nodes)) if old else random.choice(loose))
            else:
                args.append(random.choice(CONSTANTS) if kind == "c" else kind)
        numbers = [MP.mpf(a) if isinstance(a, str) else values[a] for a in args]
        if len(set(args)) < len(args) or not _allowed(op, numbers):
            continue
        if op == "pow" and shape == "rr" and numbers[0] < 0:
            continue  # its slope in the exponent is not real
        value = OPERATIONS[op].value(*numbers)
        if (value == 0 and op != "relu") or not _fits(value):
            continue
        if Node(op, tuple(args)) in nodes:
            continue
        nodes.append(Node(op, tuple(args)))
        values.append(value)
        loose = [i for i in loose if i not in args] + [len(nodes) - 1]
    if any(i < n for i in loose):
        return None
    return Graph(random.choice(NAMES[n]), tuple(point), tuple(nodes), tuple(loose))


def derivatives_fit(graph: Graph) -> bool:
    """Whether every partial, tangent and adjoint lies in the range, too."""
    values: list[Number] = [MP.mpf(p) for p in graph.point]
    slopes = [[MP.mpf(i == k) for k in range(len(values))] for i in range(len(values))]
    partials: list[list[Number]] = [[] for _ in values]
    for node in graph.nodes[len(values) :]:
        numbers = [MP.mpf(a) if isinstance(a, str) else values[a] for a in node.args]
        op = OPERATIONS[node.op]
        partials.append([p(*numbers) if isinstance(a, int) else 0
                         for p, a in zip(op.partials, node.args, strict=True)])  # fmt: skip
        slopes.append([
            sum(p * slopes[a][k] for p, a in zip(partials[-1], node.args, strict=True)
                if isinstance(a, int))
            for k in range(len(graph.inputs))
        ])  # fmt: skip
        values.append(op.value(*numbers))
    if not all(map(_fits, [s for row in [*slopes, *partials] for s in row])):
        return False
    for output in graph.outputs:
        adjoints = [MP.mpf(i == output) for i in range(len(values))]
        for i in reversed(range(len(values))):
            for a, p in zip(graph.nodes[i].args, partials[i], strict=False):
                if isinstance(a, int):
                    adjoints[a] += adjoints[i] * p
        if not all(map(_fits, adjoints)):
            return False
    return True


def random_graph(random: Random) -> Graph:
    """Of 4 to 40 rows, more often of few than of many."""
    while True:
        rows = round(4 + 36 * random.random() ** 2)
        for _ in range(60):
            graph = _grown(random, rows)
            if graph is not None and derivatives_fit(graph):
                return graph


# ------------------------------------------------------------------------------- from courses


def _graph(inputs: str, point: str, rows: str, outputs: str) -> Graph:
    """From text: rows as "mul 2 v1, exp v2" with v0 … for the inputs and then the rows."""

    def arg(word: str) -> Arg:
        return int(word[1:]) if word[0] == "v" else word

    names = tuple(inputs.split())
    nodes = [Node("input")] * len(names)
    for row in rows.split(","):
        op, *words = row.split()
        nodes.append(Node(op, tuple(map(arg, words))))
    return Graph(
        names, tuple(point.split()), tuple(nodes), tuple(int(w[1:]) for w in outputs.split())
    )


LECTURES = {
    "A": _graph(
        "x1 x2",
        "2 1",
        "mul 2 v1, exp v2, pow v1 2, mul 3 v4, sin v5, mul v0 v6, add v3 v7, mul v0 v1, sigmoid v1,"
        "add v9 v10",
        "v8 v11",
    ),
    "C": _graph(
        "x1 x2 x3",
        "5 -2 -5",
        "sin v0, add v0 v3, ln v4, max v1 v2, mul v5 v6, mul v7 2",
        "v8",
    ),
    "C2": _graph(
        "x1 x2",
        "1 -0.5",
        "add v0 v1, mul v0 v1, pow v1 2, mul v0 v4, add v3 v5, mul v2 v6",
        "v7",
    ),
    "D": _graph("x1 x2", "1 2", "mul v0 v1, ln v2, sin v1, mul v3 v4", "v5"),
    "D2": _graph("x1 x2", "1 2", "mul v0 v1, add v0 v1, mul v2 v3", "v4"),
    "D3": _graph("x", "3", "pow v0 2, mul 3 v1, mul 4 v0, add v2 v3, add v4 2", "v5"),
    "D4": _graph(
        "x1 x2 x3",
        "1 2 -1",
        "mul v0 0.5, mul v1 -0.25, mul v2 0.1, add v3 v4, add v6 v5, add v7 0.3, tanh v8",
        "v9",
    ),
    "E": _graph("x1 x2", "2 3", "pow v0 3, mul v2 v1", "v3"),
    "E2": _graph("x1 x2 x3", "2 2 3", "add v1 v2, mul v0 v3, pow v4 2", "v5"),
    "E3": _graph("x1 x2", "2 3", "add v0 v1, pow v2 2, mul v0 v3", "v4"),
}
