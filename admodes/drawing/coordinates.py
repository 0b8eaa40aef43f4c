"""Where everything of a layered drawing stands: x by isotonic regression, which keeps the order and
the gaps, y by the heights of the ranks, and the way of each edge.

Within the band of a rank edges run straight down, beside everything that stands there; only
between bands do they move to the side. So none crosses a box, and no label stands on anything.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from admodes.drawing.layers import Layers, in_layers, passes

GAP = 22.0
"""Between neighbours on a rank."""

BEND_GAP = 12.0
"""Between an edge that passes and what stands beside it."""

PORT_GAP = 12.0
"""Between the ends of edges on one side of a box, where there is room."""

CORNER = 8.0
"""From the corner of a box to where an edge may meet it."""

FLATTEST = 0.28
"""The height of the gap between two ranks, for each unit by which an edge moves to the side."""

LOWEST, HIGHEST = 10.0, 46.0
"""The least and the most height of that gap."""

ROUNDS = 24
"""Passes over the ranks, down and up in turn, that straighten edges."""

LAST_ROUNDS = 8
"""Passes in which both sides pull."""

STRAIGHT = 8.0
"""How much more a bend inside an edge counts than one at its ends."""

Size = tuple[float, float]
Point = tuple[float, float]
Pull = tuple[int, float, float]


@dataclass(frozen=True)
class Placed:
    """nodes: the middles of the nodes, in their order; routes: the points of each edge, of which
    every second pair is a straight way down and the others are curves that begin and end downward;
    labels: the middle of each edge's label, None where it has none."""

    nodes: list[Point]
    routes: list[list[Point]]
    labels: list[Point | None]
    width: float
    height: float


def placed(
    sizes: Sequence[Size], edges: Sequence[tuple[int, int]], labels: Sequence[Size | None]
) -> Placed:
    """Place boxes of these sizes (width, height), and edges (from, to) that lead down from one to
    another, with their labels. No edge may lead back.

    >>> p = placed([(40, 20), (40, 20)], [(0, 1)], [None])
    >>> p.nodes, p.routes[0][0], p.routes[0][-1]
    ([(20.0, 10.0), (20.0, 50.0)], (20.0, 20.0), (20.0, 40.0))
    """
    return _Plan(in_layers(len(sizes), edges), sizes, labels).placed()


class _Plan:
    """The extents of everything to both sides of its x, and its place. A label stands to the right
    of the line of its edge."""

    def __init__(
        self, layers: Layers, sizes: Sequence[Size], labels: Sequence[Size | None]
    ) -> None:
        self.layers, self.sizes, self.labels = layers, sizes, labels
        n = len(layers.rank)
        self.left, self.right, self.height = [0.0] * n, [0.0] * n, [0.0] * n
        self.x = [0.0] * n
        for i, (w, h) in enumerate(sizes):
            self.left[i] = self.right[i] = w / 2
            self.height[i] = h
        for chain, size in zip(layers.chains, labels, strict=True):
            if size is not None:
                self.right[chain[-2]], self.height[chain[-2]] = size

    def placed(self) -> Placed:
        self._across()
        self._straighten()
        self._together()
        shift = -min((x - w for x, w in zip(self.x, self.left)), default=0.0)
        self.x = [x + shift for x in self.x]
        ports = self._ports()
        tops, bottoms = self._bands(ports)
        middles = [(tops[r] + bottoms[r]) / 2 for r in self.layers.rank]
        width = max((x + w for x, w in zip(self.x, self.right)), default=0.0)
        routes = [self._route(k, ports, tops, bottoms, middles) for k in range(len(self.labels))]
        return Placed(
            [(self.x[i], middles[i]) for i in range(self.layers.count)],
            routes,
            [self._label(k, middles) for k in range(len(self.labels))],
            width,
            max(bottoms, default=0.0),
        )

    # x.

    def _across(self) -> None:
        """Each rank in turn as near to its neighbours as the order and the gaps allow."""
        layers = self.layers
        offsets = []
        for rank in layers.ranks:
            x, found = 0.0, []
            for p, i in enumerate(rank):
                x += self._apart(rank[p - 1], i) if p else 0.0
                found.append(x)
                self.x[i] = x
            offsets.append(found)
        count = len(layers.ranks)
        up = self._pulls(layers.above)
        down = self._pulls(layers.below)
        for turn in range(passes(layers, ROUNDS)):
            pulls = up if turn % 2 == 0 else down
            for r in range(count) if turn % 2 == 0 else range(count - 1, -1, -1):
                self._settle(layers.ranks[r], offsets[r], pulls)
        both = [a + b for a, b in zip(up, down)]
        for turn in range(passes(layers, LAST_ROUNDS)):
            for r in range(count) if turn % 2 == 0 else range(count - 1, -1, -1):
                self._settle(layers.ranks[r], offsets[r], both)

    def _apart(self, a: int, b: int) -> float:
        """The least distance between neighbours."""
        bends = self.layers.is_bend(a) or self.layers.is_bend(b)
        return self.right[a] + self.left[b] + (BEND_GAP if bends else GAP)

    def _pulls(self, near: list[list[int]]) -> list[list[Pull]]:
        """The neighbours of everything on one side, each with its weight, and with how far it may
        stand to the side and still be met straight. A node on a spine follows that alone."""
        spine = self._spine()
        free = [0.0 if self.layers.is_bend(i) else w - CORNER for i, w in enumerate(self.left)]

        def pull(i: int, j: int) -> Pull:
            if (min(i, j), max(i, j)) in spine:
                return j, STRAIGHT, 0.0
            inside = self.layers.is_bend(i) and self.layers.is_bend(j)
            # Where an edge branches off from others it may go to the side.
            straight = inside and len(self.layers.below[min(i, j)]) == 1
            return j, STRAIGHT if straight else 1.0, free[i] + free[j]

        found = []
        for i, around in enumerate(near):
            pulls = [pull(i, j) for j in around]
            on_spine = [p for p in pulls if (min(i, p[0]), max(i, p[0])) in spine]
            found.append(pulls if self.layers.is_bend(i) else on_spine or pulls)
        return found

    def _spine(self) -> set[tuple[int, int]]:
        """The ends of edges that lead from the longest way down to a node on to the longest way
        from there: these are kept straight, so that a long chain does not drift to the side."""
        chains = sorted(self.layers.chains, key=lambda c: (self.layers.rank[c[-1]], c[-1]))
        depth = [0] * self.layers.count
        for chain in chains:
            depth[chain[-1]] = max(depth[chain[-1]], depth[chain[0]] + 1)
        height = [0] * self.layers.count
        for chain in sorted(chains, key=lambda c: -self.layers.rank[c[0]]):
            height[chain[0]] = max(height[chain[0]], height[chain[-1]] + 1)
        above: dict[int, list[int]] = {}
        below: dict[int, list[int]] = {}
        for chain in chains:
            first, last = chain[0], chain[-1]
            if last not in above or depth[first] > depth[above[last][0]]:
                above[last] = chain
            if first not in below or height[last] > height[below[first][-1]]:
                below[first] = chain
        straight = (chain for chain in above.values() if below[chain[0]] is chain)
        ends = (pair for chain in straight for pair in (chain[:2], chain[-2:]))
        return {(min(pair), max(pair)) for pair in ends}

    def _settle(self, rank: list[int], offsets: list[float], pulls: list[list[Pull]]) -> None:
        """The x of one rank that is nearest to where its neighbours pull it: a weighted isotonic
        regression, by pooling adjacent violators, of what is left when the gaps are taken off."""
        x = self.x
        blocks: list[tuple[float, float, int]] = []
        for i, offset in zip(rank, offsets):
            weight = wish = 0.0
            for j, w, free in pulls[i]:
                weight += w
                wish += w * min(max(x[i], x[j] - free), x[j] + free)
            if weight:
                mean, number = wish / weight - offset, 1
            else:
                weight, mean, number = 0.01, x[i] - offset, 1
            while blocks and blocks[-1][0] > mean:
                mean0, weight0, number0 = blocks.pop()
                mean = (mean0 * weight0 + mean * weight) / (weight0 + weight)
                weight, number = weight0 + weight, number0 + number
            blocks.append((mean, weight, number))
        p = 0
        for mean, _, number in blocks:
            for q in range(p, p + number):
                x[rank[q]] = mean + offsets[q]
            p += number

    def _straighten(self) -> None:
        """Let every edge keep its x for as many ranks as there is room, the longest edges first."""
        beside = self._beside()
        settled: set[int] = set()
        for chain in sorted(self.layers.chains, key=len, reverse=True):
            start = next(k for k in range(1, len(chain)) if chain[k] not in settled)
            bends = chain[start:-1]
            settled.update(bends)
            before = chain[start - 1]
            straight: list[int] = []
            low, high = self._reach(before)
            for i in bends:
                lowest, highest = self._room(i, beside)
                if max(low, lowest) > min(high, highest):
                    self._align(straight, low, high)
                    straight, low, high = [], lowest, highest
                straight.append(i)
                low, high = max(low, lowest), min(high, highest)
            lowest, highest = self._reach(chain[-1])
            if max(low, lowest) <= min(high, highest):
                low, high = max(low, lowest), min(high, highest)
            self._align(straight, low, high)

    def _align(self, bends: list[int], low: float, high: float) -> None:
        """Give bends one x between two bounds, near to where they are."""
        wish = sum(self.x[i] for i in bends) / max(1, len(bends))
        for i in bends:
            self.x[i] = min(max(wish, low), high)

    def _beside(self) -> list[tuple[int, int]]:
        """The neighbours to the left and right on a rank, -1 for none."""
        found = [(-1, -1)] * len(self.x)
        for rank in self.layers.ranks:
            for a, i, b in zip([-1, *rank], rank, [*rank[1:], -1]):
                found[i] = (a, b)
        return found

    def _room(self, i: int, beside: list[tuple[int, int]]) -> tuple[float, float]:
        """Between which x there is room."""
        a, b = beside[i]
        return (
            -math.inf if a < 0 else self.x[a] + self._apart(a, i),
            math.inf if b < 0 else self.x[b] - self._apart(i, b),
        )

    def _reach(self, i: int) -> tuple[float, float]:
        """Between which x an edge can leave or meet it straight."""
        room = 0.0 if self.layers.is_bend(i) else self.left[i] - CORNER
        return self.x[i] - room, self.x[i] + room

    def _together(self) -> None:
        """Put parts that no edge joins as far to the left as the gaps allow: nothing pulls them to
        each other. All begin at the left edge; those that meet what is left of them give way."""
        parts = self._parts()
        if len(parts) < 2:
            return
        part_of = {i: k for k, part in enumerate(parts) for i in part}
        least = [min(self.x[i] - self.left[i] for i in part) for part in parts]
        pairs = [
            (part_of[a], part_of[i], self.x[a] - self.x[i] + self._apart(a, i))
            for rank in self.layers.ranks
            for a, i in pairwise(rank)
            if part_of[a] != part_of[i]
        ]
        moves = [-x for x in least]
        for _ in parts:
            for before, k, apart in pairs:
                moves[k] = max(moves[k], moves[before] + apart)
        for i, k in part_of.items():
            self.x[i] += moves[k]

    def _parts(self) -> list[list[int]]:
        """The parts of the graph that no edge joins."""
        seen: set[int] = set()
        found = []
        for start in range(len(self.x)):
            if start in seen:
                continue
            seen.add(start)
            part = [start]
            for i in part:
                near = {*self.layers.above[i], *self.layers.below[i]} - seen
                seen |= near
                part += sorted(near)
            found.append(part)
        return found

    # Ends of edges, y, and ways.

    def _ports(self) -> dict[tuple[int, int], float]:
        """The x at which the line from or to each neighbour meets a node: straight above or below
        it where there is room."""
        found = {}
        for near in (self.layers.above, self.layers.below):
            for i in range(self.layers.count):
                ends = sorted(set(near[i]), key=lambda j: (self.x[j], j))
                room = self.left[i] - CORNER
                gap = min(PORT_GAP, 2 * room / max(1, len(ends) - 1))
                for j, x in zip(ends, _spread([self.x[j] for j in ends], self.x[i], room, gap)):
                    found[i, j] = x
        return found

    def _x(self, i: int, j: int, ports: dict[tuple[int, int], float]) -> float:
        return ports.get((i, j), self.x[i])

    def _bands(self, ports: dict[tuple[int, int], float]) -> tuple[list[float], list[float]]:
        """The upper and the lower end of each rank."""
        tops, bottoms, y = [], [], 0.0
        for rank in self.layers.ranks:
            tops.append(y)
            y += max((self.height[i] for i in rank), default=0.0)
            bottoms.append(y)
            moves = [
                abs(self._x(i, j, ports) - self._x(j, i, ports))
                for i in rank
                for j in self.layers.below[i]
            ]
            y += min(HIGHEST, max(LOWEST, FLATTEST * max(moves, default=0.0)))
        return tops, bottoms

    def _route(
        self,
        k: int,
        ports: dict[tuple[int, int], float],
        tops: list[float],
        bottoms: list[float],
        middles: list[float],
    ) -> list[Point]:
        """From the lower side of the first box, straight down to the end of its band, and so on to
        the upper side of the last."""
        chain, rank = self.layers.chains[k], self.layers.rank
        first, last = chain[0], chain[-1]
        start, end = self._x(first, chain[1], ports), self._x(last, chain[-2], ports)
        points = [
            (start, middles[first] + self.height[first] / 2),
            (start, bottoms[rank[first]]),
        ]
        for i in chain[1:-1]:
            points += [(self.x[i], tops[rank[i]]), (self.x[i], bottoms[rank[i]])]
        return [
            *points,
            (end, tops[rank[last]]),
            (end, middles[last] - self.height[last] / 2),
        ]

    def _label(self, k: int, middles: list[float]) -> Point | None:
        size, place = self.labels[k], self.layers.chains[k][-2]
        return None if size is None else (self.x[place] + size[0] / 2, middles[place])


def _spread(wishes: list[float], middle: float, room: float, gap: float) -> list[float]:
    """Places at least gap apart, within room of the middle, near to where they are wished; wishes
    are in order."""
    n = len(wishes)
    low = [middle - room + k * gap for k in range(n)]
    high = [middle + room - (n - 1 - k) * gap for k in range(n)]
    places: list[float] = []
    for k, wish in enumerate(wishes):
        x = min(max(wish, low[k]), high[k])
        places.append(max(x, places[-1] + gap) if places else x)
    for k in range(n - 1, -1, -1):
        most = high[k] if k == n - 1 else places[k + 1] - gap
        places[k] = min(places[k], most)
    return places
