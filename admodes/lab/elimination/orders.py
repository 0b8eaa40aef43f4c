"""Orders of elimination: forward, reverse, by Markowitz's rule, and the best of all by search."""

from __future__ import annotations

from collections import deque
from heapq import heappop, heappush
from itertools import pairwise

from admodes.lab.elimination.vertices import Ends, LinearisedGraph, Step, Vertex

MOST_STATES = 20_000
"""Sets of eliminated vertices that the search looks at before it gives up."""


def forward(graph: LinearisedGraph) -> list[Step]:
    """From the inputs to the outputs: what forward mode does where it knows which tangents are
    zero."""
    left = graph.copy()
    return [left.eliminate(v) for v in graph.between]


def reverse(graph: LinearisedGraph) -> list[Step]:
    """From the outputs to the inputs."""
    left = graph.copy()
    return [left.eliminate(v) for v in reversed(graph.between)]


def markowitz(graph: LinearisedGraph) -> list[Step]:
    """Always the vertex that costs least now, the first of the list at a tie."""
    left = graph.copy()
    steps = []
    while left.between:
        steps.append(left.eliminate(min(left.between, key=left.degree)))
    return steps


def optimum(graph: LinearisedGraph) -> list[Step] | None:
    """The order with the fewest multiplications; None where the search for it is given up.

    The edges that are left depend on which vertices are eliminated, not on the order. So this is
    the shortest way from no vertex to all of them through sets of vertices, by A* with the sum of
    the lower bounds of what is left as the estimate; and what costs as much as Markowitz's order
    need not be looked at.

    >>> graph = LinearisedGraph({("x", "a"): 2.0, ("a", "y"): 5.0}, ["x"], ["y"])
    >>> [step.vertex for step in optimum(graph)]
    ['a']
    """
    known = markowitz(graph)
    search = _Search(graph, multiplications(known))
    if not search.run():
        return None
    if search.order is None:
        return known
    left = graph.copy()
    return [left.eliminate(v) for v in search.order]


def multiplications(steps: list[Step]) -> int:
    """What all steps cost together."""
    return sum(step.multiplications for step in steps)


class _Search:
    """A* through the sets of eliminated vertices, a set being a number with a bit for each. After
    run(), order is one that costs less than most, or None where none does."""

    def __init__(self, graph: LinearisedGraph, most: int) -> None:
        self.vertices = graph.between
        bits = {v: 1 << k for k, v in enumerate([*graph.between, *graph.inputs, *graph.outputs])}
        self.before = [sum(bits[a] for a in graph.sources[v]) for v in self.vertices]
        self.after = [sum(bits[b] for b in graph.targets[v]) for v in self.vertices]
        self.least = list(lower_bounds(graph).values())
        self.most = most
        self.order: list[Vertex] | None = None

    def run(self) -> bool:
        """Whether the search came to its end."""
        everything = (1 << len(self.vertices)) - 1
        cost = {0: 0}
        last: dict[int, int] = {}
        ahead = [(sum(self.least), 0)]
        done: set[int] = set()
        while ahead:
            estimate, gone = heappop(ahead)
            if estimate >= self.most:
                return True
            if gone == everything:
                self.order = self._back(gone, last)
                return True
            if gone in done:
                continue
            done.add(gone)
            if len(done) > MOST_STATES:
                return False
            for k in range(len(self.vertices)):
                after = gone | 1 << k
                if after == gone or after in done:
                    continue
                degree = self._degree(k, gone)
                if cost[gone] + degree < cost.get(after, self.most):
                    cost[after] = cost[gone] + degree
                    last[after] = k
                    heappush(ahead, (estimate + degree - self.least[k], after))
        return True

    def _back(self, gone: int, last: dict[int, int]) -> list[Vertex]:
        """The order that led to a set."""
        order = []
        while gone:
            k = last[gone]
            order.append(self.vertices[k])
            gone ^= 1 << k
        return order[::-1]

    def _degree(self, k: int, gone: int) -> int:
        """The Markowitz degree of a vertex after others are gone."""
        return _read(self.before, k, gone).bit_count() * _read(self.after, k, gone).bit_count()


def _read(ends: list[int], k: int, gone: int) -> int:
    """What a vertex reads, or what reads it, when others are gone: theirs instead of them."""
    met = ends[k]
    through = 0
    while ahead := met & gone & ~through:
        bit = ahead & -ahead
        through |= bit
        met |= ends[bit.bit_length() - 1]
    return met & ~gone


def lower_bounds(graph: LinearisedGraph) -> dict[Vertex, int]:
    """What each vertex costs at least, whatever is eliminated before it. What it reads then parts
    it from the inputs, so there are at least as many of these as ways from inputs to it that share
    no vertex (K. Menger, 1927); for what reads it likewise."""
    return {
        v: _separate_ways(v, set(graph.inputs), graph.sources)
        * _separate_ways(v, set(graph.outputs), graph.targets)
        for v in graph.between
    }


def _separate_ways(start: Vertex, ends: set[Vertex], onward: Ends) -> int:
    """The most ways from a vertex to the ends that share no other vertex: a maximal flow through
    vertices that each let one unit pass, from where they are entered to where they are left
    (L. Ford and D. Fulkerson, 1956)."""
    flow: dict[_Gate, set[_Gate]] = {}  # where the units at a gate came from
    count = 0
    while way := _free_way((start, _LEFT), ends, onward, flow):
        for a, b in pairwise(way):
            if b in flow.get(a, ()):
                flow[a].remove(b)  # the way goes against a unit, which then takes another one
            else:
                flow.setdefault(b, set()).add(a)
        count += 1
    return count


_ENTERED, _LEFT = 0, 1

_Gate = tuple[Vertex, int]


def _free_way(
    start: _Gate, ends: set[Vertex], onward: Ends, flow: dict[_Gate, set[_Gate]]
) -> list[_Gate]:
    """A way to one of the ends for one more unit; empty where there is none."""
    came: dict[_Gate, _Gate | None] = {start: None}
    ahead = deque([start])
    while ahead:
        gate = ahead.popleft()
        vertex, side = gate
        if side == _LEFT and vertex in ends:
            way = [gate]
            while (before := came[way[-1]]) is not None:
                way.append(before)
            return way[::-1]
        out = [(b, _ENTERED) for b in onward[vertex]] if side == _LEFT else [(vertex, _LEFT)]
        free = [b for b in out if gate not in flow.get(b, ())]
        for b in (*free, *flow.get(gate, ())):
            if b not in came:
                came[b] = gate
                ahead.append(b)
    return []
