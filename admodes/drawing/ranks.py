"""The ranks of a layered drawing: each node below all that lead to it, and all edges together as
short as they can be, which makes few bends and so few crossings.

The network simplex method for ranks, after Gansner, Koutsofios, North and Vo, A technique for
drawing directed graphs (1993): a spanning tree of edges of the least length is changed, edge by
edge, as long as the others get shorter.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

STEP = 2
"""Ranks from a node to the next."""

PIVOTS = 2
"""For each node the tree is changed so often at most."""

Edges = Sequence[tuple[int, int]]


def ranked(count: int, edges: Edges) -> list[int]:
    """The rank of each of count nodes, from 0 on. No edge may lead back.

    >>> ranked(5, [(0, 1), (1, 2), (3, 2), (4, 1)])
    [0, 2, 4, 2, 0]
    """
    rank = _longest(count, edges)
    links: list[list[int]] = [[] for _ in range(count)]
    for k, ends in enumerate(edges):
        for i in ends:
            links[i].append(k)
    for nodes in list(_components(count, edges, links)):
        if len(nodes) > 1:
            _Tree(nodes, rank, edges, links).shorten()
        top = min(rank[i] for i in nodes)
        for i in nodes:
            rank[i] -= top
    return rank


def _longest(count: int, edges: Edges) -> list[int]:
    """Each node as far up as what leads to it allows."""
    out: list[list[int]] = [[] for _ in range(count)]
    waiting = [0] * count
    for a, b in edges:
        out[a].append(b)
        waiting[b] += 1
    rank = [0] * count
    ready = [i for i, n in enumerate(waiting) if not n]
    for a in ready:
        for b in out[a]:
            rank[b] = max(rank[b], rank[a] + STEP)
            waiting[b] -= 1
            if not waiting[b]:
                ready.append(b)
    return rank


def _components(count: int, edges: Edges, links: list[list[int]]) -> Iterator[list[int]]:
    """The nodes of each connected part."""
    seen = [False] * count
    for start in range(count):
        if seen[start]:
            continue
        seen[start] = True
        nodes = [start]
        for i in nodes:
            for k in links[i]:
                for j in edges[k]:
                    if not seen[j]:
                        seen[j] = True
                        nodes.append(j)
        yield nodes


class _Tree:
    """A spanning tree of edges of the least length of a connected part. order: its nodes from the
    root on; edge: that to the node above each in the tree."""

    def __init__(
        self, nodes: list[int], rank: list[int], edges: Edges, links: list[list[int]]
    ) -> None:
        self.nodes, self.rank, self.edges, self.links = nodes, rank, edges, links
        self.inner = sorted({k for i in nodes for k in links[i]})
        self.pull = {i: sum(1 if edges[k][0] == i else -1 for k in links[i]) for i in nodes}
        self.chosen: set[int] = set()
        self.order: list[int] = []
        self.edge: dict[int, int] = {}
        self._grow()

    def slack(self, k: int) -> int:
        """How much longer an edge is than it has to be."""
        a, b = self.edges[k]
        return self.rank[b] - self.rank[a] - STEP

    def _grow(self) -> None:
        """Reach all nodes, moving what is reached along edges that are too long."""
        reached = {self.nodes[0]}
        waiting = [self.nodes[0]]
        while True:
            while waiting:
                i = waiting.pop()
                for k in self.links[i]:
                    for j in self.edges[k]:
                        if j not in reached and not self.slack(k):
                            reached.add(j)
                            waiting.append(j)
                            self.chosen.add(k)
            if len(reached) == len(self.nodes):
                return
            leading = (k for k in self.inner if len(reached.intersection(self.edges[k])) == 1)
            k = min(leading, key=self.slack)
            move = self.slack(k) if self.edges[k][0] in reached else -self.slack(k)
            for i in reached:
                self.rank[i] += move
            waiting = [i for i in self.edges[k] if i in reached]

    def shorten(self) -> None:
        """Change the tree as long as that makes edges shorter."""
        for _ in range(PIVOTS * len(self.nodes)):
            self._hang()
            gain, node = self._most_useful()
            if gain <= 0:
                return
            self._change(node)

    def _hang(self) -> None:
        """Order the nodes from a root on."""
        root = self.nodes[0]
        self.order, self.edge = [root], {root: -1}
        for i in self.order:
            for k in self.links[i]:
                if k in self.chosen:
                    for j in self.edges[k]:
                        if j not in self.edge:
                            self.edge[j] = k
                            self.order.append(j)

    def _most_useful(self) -> tuple[int, int]:
        """By how much edges get shorter, for each rank that what hangs on a node is moved away, at
        best; and that node."""
        pull = dict(self.pull)
        best, node = 0, -1
        for i in reversed(self.order[1:]):
            k = self.edge[i]
            a, b = self.edges[k]
            gain = -pull[i] if a == i else pull[i]
            if gain > best:
                best, node = gain, i
            pull[b if a == i else a] += pull[i]
        return best, node

    def _change(self, node: int) -> None:
        """Move what hangs on a node until another edge is of the least length."""
        old = self.edge[node]
        hanging = {node}
        for i in self.order[self.order.index(node) + 1 :]:
            a, b = self.edges[self.edge[i]]
            if (b if a == i else a) in hanging:
                hanging.add(i)
        up = self.edges[old][0] == node
        # What hangs is moved up where the old edge leads down from it, and down where it does not.
        ends = ((k, *self.edges[k]) for k in self.inner)
        stops = [
            k
            for k, a, b in ends
            if ((b in hanging and a not in hanging) if up else (a in hanging and b not in hanging))
        ]
        new = min(stops, key=self.slack)
        move = -self.slack(new) if up else self.slack(new)
        for i in hanging:
            self.rank[i] += move
        self.chosen.remove(old)
        self.chosen.add(new)
