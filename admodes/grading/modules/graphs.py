"""Small graphs: how they are written, what is right for them, and the script that tries them on a
module."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from admodes.core.reverse import vjp
from admodes.grading.modules.operations import OPERATIONS


@dataclass(frozen=True)
class Constant:
    """An operand that is a plain number."""

    number: float


Operand = int | Constant


@dataclass(frozen=True)
class Step:
    """An operation on earlier nodes, in one of the forms that the module has for it."""

    name: str
    operands: tuple[Operand, ...]
    form: int = 0


@dataclass(frozen=True)
class Graph:
    """Inputs with their values, and steps, each of which makes a node; the nodes are numbered from
    the inputs on, and the last one is the output."""

    inputs: tuple[float, ...]
    steps: tuple[Step, ...]

    @property
    def size(self) -> int:
        return len(self.inputs) + len(self.steps)

    def build(self) -> list[list]:
        """The actions that make the nodes."""
        actions: list[list] = [["variable", x] for x in self.inputs]
        for step in self.steps:
            operands = [
                ["number", x.number] if isinstance(x, Constant) else ["node", x]
                for x in step.operands
            ]
            actions.append(["apply", step.name, step.form, operands])
        return actions

    def right(self, output: int | None = None) -> tuple[float, list[float]]:
        """The value of a node, the output unless named, and its gradient by the inputs."""
        chosen = self.size - 1 if output is None else output
        value, pullback = vjp(lambda *inputs: self._nodes(inputs)[chosen], *self.inputs)
        return float(value), [float(x) for x in pullback(1.0)]

    def _nodes(self, inputs: Sequence[Any]) -> list[Any]:
        nodes = list(inputs)
        for step in self.steps:
            args = [x.number if isinstance(x, Constant) else nodes[x] for x in step.operands]
            nodes.append(OPERATIONS[step.name].op(*args))
        return nodes

    def at(self, inputs: Sequence[float]) -> Graph:
        """The same graph at another point."""
        return Graph(tuple(inputs), self.steps)

    def __str__(self) -> str:
        """The graph as equations, with its point.

        >>> square = Step("product", (0, 0))
        >>> print(Graph((3.0,), (square,)))
        y = a*a at a = 3
        >>> print(Graph((3.0,), (square, Step("sin", (1,)), Step("add", (2, 1)))))
        u = a*a; y = sin(u) + u at a = 3
        """
        return self.written()

    def written(self, spelling: str | None = None) -> str:
        """The graph as text; spelling: how the module spells the last operation, instead of what
        stands for it elsewhere."""
        letters = "abcdefgh"
        names = [letters[k] if k < len(letters) else f"a{k}" for k in range(len(self.inputs))]
        names += _middle(len(self.steps))
        uses = [x for step in self.steps for x in step.operands]
        texts: list[str] = names[: len(self.inputs)]
        lines = []
        for k, step in enumerate(self.steps):
            node = len(self.inputs) + k
            last = k == len(self.steps) - 1
            form = OPERATIONS[step.name].form
            if last and spelling:
                form = spelling
            text = form.format(*(_operand(x, texts, form) for x in step.operands))
            if last or uses.count(node) != 1:
                lines.append(f"{'y' if last else names[node]} = {text}")
                text = names[node]
            texts.append(text)
        shown = names[: len(self.inputs)]
        point = ", ".join(f"{n} = {x:g}" for n, x in zip(shown, self.inputs, strict=True))
        return "; ".join(lines) + (f" at {point}" if point else "")


def _middle(count: int) -> list[str]:
    return list("uvwzpqrst"[:count]) + [f"u{k}" for k in range(count - 9)]


def _operand(x: Operand, texts: list[str], form: str) -> str:
    """An operand as text, in brackets where it has to be."""
    if isinstance(x, Constant):
        return f"({x.number:g})" if x.number < 0 else f"{x.number:g}"
    text = texts[x]
    atomic = re.fullmatch(r"\w+|\w+\([^()]*\)", text) is not None
    inside = form.endswith(")") and "(" in form
    return text if atomic or inside else f"({text})"


Fails = Callable[[Graph], bool]


def smallest(graph: Graph, fails: Fails) -> Graph:
    """A graph that still fails when no step can be left out: steps are taken out one by one, each
    replaced by one of its operands, and inputs that nothing uses are dropped."""
    changed = True
    while changed:
        changed = False
        for less in _smaller(graph):
            if fails(less):
                graph, changed = less, True
                break
    return graph


def _smaller(graph: Graph) -> list[Graph]:
    found = []
    first = len(graph.inputs)
    for k in range(len(graph.steps)):
        node = first + k
        replacements = {x for x in graph.steps[k].operands if isinstance(x, int)}
        if k == len(graph.steps) - 1:  # the output: what it was made of may be the output
            replacements = {node - 1} if k else set()
        for instead in sorted(replacements):
            found.append(_without(graph, node, instead))
    return [less for less in found if less.steps]


def _without(graph: Graph, node: int, instead: int) -> Graph:
    """The graph in which another node takes the place of a node, without what nothing uses."""
    first = len(graph.inputs)
    steps = list(graph.steps)
    where = {k: k for k in range(graph.size)}
    where[node] = instead
    steps = [
        Step(s.name, tuple(where[x] if isinstance(x, int) else x for x in s.operands), s.form)
        for s in steps
    ]
    output = graph.size - 1 if node != graph.size - 1 else instead
    keep, todo = set(), [output]
    while todo:
        at = todo.pop()
        if at not in keep:
            keep.add(at)
            todo += (
                [x for x in steps[at - first].operands if isinstance(x, int)] if at >= first else []
            )
    order = sorted(keep)
    new = {old: k for k, old in enumerate(order)}
    inputs = tuple(graph.inputs[k] for k in order if k < first)
    rest = tuple(
        Step(s.name, tuple(new[x] if isinstance(x, int) else x for x in s.operands), s.form)
        for s in (steps[k - first] for k in order if k >= first)
    )
    return Graph(inputs, rest)
