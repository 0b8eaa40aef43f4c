"""A linearised graph as plain numbers, whose vertices can be eliminated until the Jacobian is left.

To eliminate a vertex is to join every edge that enters it with every edge that leaves it: the
product of the two partials is added to the edge between their far ends. This costs in-degree ×
out-degree multiplications, those by a partial of 1 included. When no vertex is left between inputs
and outputs, the edges are the entries of the Jacobian.

A. Griewank and S. Reese, On the calculation of Jacobian matrices by the Markowitz rule (1991);
A. Griewank and A. Walther, Evaluating Derivatives (2008), chapters 9 and 10.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

Vertex = int | str
"""The row of a vertex, or the name of an output that is not a row of its own."""


@dataclass(frozen=True)
class Step:
    """One elimination: the vertex, the vertices that it read and those that read it, the additions
    to edges that were there before, and the edges that are left."""

    vertex: Vertex
    sources: tuple[Vertex, ...]
    targets: tuple[Vertex, ...]
    additions: int
    edges: int

    @property
    def multiplications(self) -> int:
        return len(self.sources) * len(self.targets)


class LinearisedGraph:
    """The partials on the edges of a graph, from source to target, and which vertices are its
    inputs and outputs. All others can be eliminated. A vertex without a way to an output, or
    without one from an input, has no part in a Jacobian and is left out.

    >>> diamond = LinearisedGraph({("x", "a"): 2.0, ("x", "b"): 3.0, ("a", "y"): 5.0,
    ...                            ("b", "y"): 7.0}, ["x"], ["y"])
    >>> [diamond.eliminate(v).multiplications for v in ("a", "b")], diamond.partials
    ([1, 1], {('x', 'y'): 31.0})
    """

    def __init__(
        self,
        partials: Mapping[tuple[Vertex, Vertex], float],
        inputs: Iterable[Vertex],
        outputs: Iterable[Vertex],
    ) -> None:
        self.inputs, self.outputs = list(inputs), list(outputs)
        before, after = _ends(partials)
        used = _closure(self.inputs, after) & _closure(self.outputs, before)
        self.partials = {(a, b): p for (a, b), p in partials.items() if a in used and b in used}
        self.sources, self.targets = _ends(self.partials)
        ends = {*self.inputs, *self.outputs}
        self.between = [v for v in dict.fromkeys(b for _, b in self.partials) if v not in ends]
        """The vertices that can be eliminated, in the order of the list."""

    def copy(self) -> LinearisedGraph:
        """Another graph with the same edges."""
        return LinearisedGraph(self.partials, self.inputs, self.outputs)

    def degree(self, vertex: Vertex) -> int:
        """What it costs to eliminate a vertex now: its Markowitz degree."""
        return len(self.sources[vertex]) * len(self.targets[vertex])

    def eliminate(self, vertex: Vertex) -> Step:
        """Take a vertex out of the graph."""
        sources, targets = self.sources.pop(vertex), self.targets.pop(vertex)
        additions = 0
        for a in sources:
            for b in targets:
                product = self.partials[a, vertex] * self.partials[vertex, b]
                if (a, b) in self.partials:
                    additions += 1
                    self.partials[a, b] += product
                else:
                    self.partials[a, b] = product
                    self.targets[a][b] = self.sources[b][a] = None
        for a in sources:
            del self.partials[a, vertex], self.targets[a][vertex]
        for b in targets:
            del self.partials[vertex, b], self.sources[b][vertex]
        self.between.remove(vertex)
        return Step(vertex, tuple(sources), tuple(targets), additions, len(self.partials))

    def jacobian(self) -> list[list[float]]:
        """A line per output with an entry per input, once nothing is left between them."""
        return [[self.partials.get((x, y), 0.0) for x in self.inputs] for y in self.outputs]


Ends = dict[Vertex, dict[Vertex, None]]


def _ends(edges: Iterable[tuple[Vertex, Vertex]]) -> tuple[Ends, Ends]:
    """The sources and the targets of every vertex."""
    before: Ends = {}
    after: Ends = {}
    for a, b in edges:
        before.setdefault(a, {})
        after.setdefault(b, {})
        before.setdefault(b, {})[a] = None
        after.setdefault(a, {})[b] = None
    return before, after


def _closure(start: Iterable[Vertex], next_of: Ends) -> set[Vertex]:
    """All vertices that can be reached."""
    met, ahead = set(start), list(start)
    while ahead:
        for v in next_of.get(ahead.pop(), ()):
            if v not in met:
                met.add(v)
                ahead.append(v)
    return met
