"""The order of a layered drawing: ranks, bends where an edge passes a rank, and an order within
each rank with few crossings.

The steps of Sugiyama, Tagawa and Toda (1981), with the ranks of admodes.drawing.ranks and the order
by weighted medians and transposition after Gansner, Koutsofios, North and Vo (1993).
Nodes stand on every second rank; the ranks between are those of the labels. Edges from one node
share their way until they branch off to their targets, so that a value that is used often does not
fill the picture. The result depends on the order of nodes and edges, and on nothing else.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from admodes.drawing.ranks import ranked

ROUNDS = 24
"""Passes over the ranks, down and up in turn, that look for fewer crossings."""

PATIENCE = 6
"""Passes without fewer crossings after which no more are expected."""

EFFORT = 80_000
"""Of a drawing of many bends there are fewer passes: about so many steps in all."""

MORE_EFFORT = 40_000
"""About so many steps are spent on further orders to begin with, where there are crossings."""


@dataclass
class Layers:
    """What is placed: first the nodes, then the places where edges pass a rank. above and below are
    its neighbours on the ranks before and after; chains are the places that each edge runs through,
    its ends among them, of which the last but one is that of its label."""

    count: int
    rank: list[int]
    above: list[list[int]] = field(default_factory=list)
    below: list[list[int]] = field(default_factory=list)
    chains: list[list[int]] = field(default_factory=list)
    ranks: list[list[int]] = field(default_factory=list)

    def is_bend(self, i: int) -> bool:
        """Whether this is a place where an edge passes."""
        return i >= self.count


def in_layers(count: int, edges: Sequence[tuple[int, int]]) -> Layers:
    """Nodes 0 … count - 1 and edges (from, to) between them, in layers from top to bottom. No edge
    may lead back.

    >>> in_layers(3, [(0, 1), (1, 2), (0, 2)]).ranks
    [[0], [3, 5], [1, 6], [4, 7], [2]]
    """
    layers = Layers(count, ranked(count, edges))
    layers.above = [[] for _ in range(count)]
    layers.below = [[] for _ in range(count)]
    _route(layers, edges)
    layers.ranks = _ordered(layers)
    return layers


def passes(layers: Layers, most: int) -> int:
    """How many passes there are over the ranks of a drawing, most of a small one."""
    return max(1, min(most, EFFORT // max(1, len(layers.rank))))


def _route(layers: Layers, edges: Sequence[tuple[int, int]]) -> None:
    """Give every edge its bends: those that it shares with the other edges of its source, one a
    rank, and the last, which holds its label, of its own."""
    shared: dict[tuple[int, int], int] = {}
    for a, b in edges:
        chain = [a]
        last = layers.rank[b] - 1
        for rank in range(layers.rank[a] + 1, last):
            if (a, rank) not in shared:
                shared[a, rank] = _bend(layers, chain[-1], rank)
            chain.append(shared[a, rank])
        chain += [_bend(layers, chain[-1], last), b]
        layers.below[chain[-2]].append(b)
        layers.above[b].append(chain[-2])
        layers.chains.append(chain)


def _bend(layers: Layers, source: int, rank: int) -> int:
    new = len(layers.rank)
    layers.rank.append(rank)
    layers.above.append([source])
    layers.below.append([])
    layers.below[source].append(new)
    return new


# The order within ranks.


def _ordered(layers: Layers) -> list[list[int]]:
    """What stands on each rank from left to right, in the best order that was met: from searches
    from the first and from the last ranks, and then from shuffled ones as long as the effort
    lasts. The generator of these begins anew for each graph."""
    draw = random.Random(0)
    best, fewest, passed = _improved(layers, _started(layers, True))
    starts = 1
    least = 2 if 2 * len(layers.rank) < EFFORT else 1
    while fewest and (starts < least or passed * len(layers.rank) < MORE_EFFORT):
        shuffle = draw.shuffle if starts > 1 else None
        ranks, crossings, more = _improved(layers, _started(layers, starts % 2 == 0, shuffle))
        starts, passed = starts + 1, passed + more
        if crossings < fewest:
            best, fewest = ranks, crossings
    return _first_left(layers, best)


def _improved(layers: Layers, ranks: list[list[int]]) -> tuple[list[list[int]], int, int]:
    """The best order that is met from one on, its crossings, and the number of passes."""
    best, fewest = [list(r) for r in ranks], _crossings(layers, ranks)
    waited = turn = 0
    while fewest and waited < PATIENCE and turn < passes(layers, ROUNDS):
        place = _sorted_by_medians(layers, ranks, turn % 2 == 0)
        _transpose(layers, ranks, place)
        crossings = _crossings(layers, ranks)
        turn, waited = turn + 1, waited + 1
        if crossings < fewest:
            best, fewest, waited = [list(r) for r in ranks], crossings, 0
    return best, fewest, turn


def _first_left(layers: Layers, ranks: list[list[int]]) -> list[list[int]]:
    """The ranks, or all of them mirrored, so that what comes first stands left."""
    starts = [i for i in range(layers.count) if not layers.above[i]]
    place = _places(layers, ranks)
    pairs = [(a, b) for a, b in pairwise(starts) if layers.rank[a] == layers.rank[b]]
    right = sum(place[a] > place[b] for a, b in pairs)
    return [rank[::-1] for rank in ranks] if 2 * right > len(pairs) else ranks


def _started(
    layers: Layers, downward: bool, shuffle: Callable[[list], None] | None = None
) -> list[list[int]]:
    """The order in which a search from the first or from the last ranks meets everything; shuffle:
    in which order it goes on."""
    ranks: list[list[int]] = [[] for _ in range(max(layers.rank, default=-1) + 1)]
    onward, back = layers.below, layers.above
    if not downward:
        onward, back = back, onward
    seen: set[int] = set()
    starts = [i for i, near in enumerate(back) if not near]
    if shuffle is not None:
        shuffle(starts)
    for start in starts:
        stack = [start]
        while stack:
            i = stack.pop()
            if i not in seen:
                seen.add(i)
                ranks[layers.rank[i]].append(i)
                following = onward[i][::-1]
                if shuffle is not None:
                    shuffle(following)
                stack.extend(following)
    return ranks


def _places(layers: Layers, ranks: list[list[int]]) -> list[int]:
    place = [0] * len(layers.rank)
    for rank in ranks:
        for p, i in enumerate(rank):
            place[i] = p
    return place


def _sorted_by_medians(layers: Layers, ranks: list[list[int]], downward: bool) -> list[int]:
    """Sort each rank in turn by the medians of the neighbours in the rank before; what has none
    stays where it is. Returns the place of everything in its rank."""
    place = _places(layers, ranks)
    before = layers.above if downward else layers.below
    for r in range(1, len(ranks)) if downward else range(len(ranks) - 2, -1, -1):
        rank = ranks[r]
        medians = {i: _median(sorted([place[j] for j in before[i]])) for i in rank if before[i]}
        movable = iter(sorted(medians, key=medians.__getitem__))
        ranks[r] = rank = [next(movable) if i in medians else i for i in rank]
        for p, i in enumerate(rank):
            place[i] = p
    return place


def _median(places: list[int]) -> float:
    """The weighted median, nearer to where neighbours are close together."""
    n = len(places)
    half = n // 2
    if n % 2:
        return places[half]
    if n == 2:
        return (places[0] + places[1]) / 2
    left, right = places[half - 1] - places[0], places[-1] - places[half]
    if left + right == 0:
        return (places[half - 1] + places[half]) / 2
    return (places[half - 1] * right + places[half] * left) / (left + right)


def _transpose(layers: Layers, ranks: list[list[int]], place: list[int]) -> None:
    """Swap neighbours as long as that saves crossings."""
    sides = (layers.above, layers.below)
    busy = set(range(len(ranks)))
    while busy:
        now, busy = sorted(busy), set()
        for r in now:
            rank = ranks[r]
            for p in range(len(rank) - 1):
                a, b = rank[p], rank[p + 1]
                saved = 0
                for near in sides:
                    saved += _saved([place[i] for i in near[a]], [place[i] for i in near[b]])
                if saved > 0:
                    rank[p], rank[p + 1] = b, a
                    place[a], place[b] = p + 1, p
                    busy.update(q for q in (r - 1, r, r + 1) if 0 <= q < len(ranks))


def _saved(left: list[int], right: list[int]) -> int:
    """How many crossings fewer there are when two neighbours are swapped, whose own neighbours
    stand at these places."""
    if len(left) == 1 and len(right) == 1:
        return (left[0] > right[0]) - (left[0] < right[0])
    return sum((p > q) - (p < q) for p in left for q in right)


def _crossings(layers: Layers, ranks: list[list[int]]) -> int:
    """All crossings: inversions among the edges from each rank to the next, summed over a binary
    indexed tree (Barth, Jünger and Mutzel 2002)."""
    place = _places(layers, ranks)
    total = 0
    for rank, following in pairwise(ranks):
        size = len(following)
        tree = [0] * (size + 1)
        entered = 0
        for i in rank:
            ends = sorted([place[j] for j in layers.below[i]])
            for p in ends:
                k, before = p + 1, 0
                while k:
                    before += tree[k]
                    k &= k - 1
                total += entered - before
            for p in ends:
                k = p + 1
                while k <= size:
                    tree[k] += 1
                    k += k & -k
            entered += len(ends)
    return total
