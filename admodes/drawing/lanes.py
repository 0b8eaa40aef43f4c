"""A graph as text: one node a line, in the order of the trace, and in the margin a lane for every
node from its line down to the last line that reads it, as `git log --graph` draws.

    ○        v0 = x1
    │ ○      v1 = x2
    ├─│─●    v2 = sin v0
    │ │ ●    v3 = exp v2
    ├─●─╯    v4 = v0 v1 v3
    ◆        v5 = v0²

A node stands at the lower end of the lane of a node that is read there for the last time; the lines
across come from the other nodes that it reads. A lane that only passes is not broken.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from admodes.drawing.parts import Diagram, Node

MARKS = {
    "input": "○",
    "constant": "·",
    "operation": "●",
    "variable": "○",
    "output": "◆",
    "gradient": "◇",
    "group": "◉",
}

MOST_SPACED = 14
"""Lanes that have a column between them; more lanes stand closer."""

_BRANCHES = {
    (True, False, True): "├",
    (True, True, False): "┤",
    (True, True, True): "┼",
    (False, False, True): "╰",
    (False, True, False): "╯",
    (False, True, True): "┴",
}
"""Where a node is read: by whether its lane goes on, and whether the line goes to the left and to
the right."""


@dataclass(frozen=True)
class Place:
    """A node with its margin, and the margin of the lines that follow before the next node."""

    node: Node
    margin: str
    below: str


def downward(diagram: Diagram) -> tuple[list[Node], list[list[str]]]:
    """The nodes so that every edge leads down, and the sources of each node's edges: in the order
    of the trace, or where adjoints flow back from its end."""
    nodes = diagram.nodes[:: -1 if diagram.shown.upward else 1]
    sources: dict[str, list[str]] = {node.id: [] for node in nodes}
    for edge in diagram.edges:
        sources[edge.target].append(edge.source)
    return nodes, [sources[node.id] for node in nodes]


def placed(nodes: Sequence[Node], sources: Sequence[Sequence[str]]) -> list[Place]:
    """Every node with its margin; all margins are equally wide."""
    last = {source: k for k, ends in enumerate(sources) for source in ends}
    cells = list(_lines(nodes, sources, last))
    most = max((len(lanes) for line in cells for lanes, _ in line), default=0)
    spaced = most <= MOST_SPACED
    margins = [[_margin(*part, most, spaced) for part in line] for line in cells]
    return [Place(node, *margin) for node, margin in zip(nodes, margins, strict=True)]


Cells = tuple[list[str], tuple[int, int]]
"""The signs of the lanes, and from which lane to which there is a line across."""


def _lines(
    nodes: Sequence[Node], sources: Sequence[Sequence[str]], last: dict[str, int]
) -> Iterator[tuple[Cells, Cells]]:
    lanes: list[str | None] = []
    ended: int | None = None  # the lane of a node right above that nothing reads
    for k, (node, reads) in enumerate(zip(nodes, sources, strict=True)):
        ending = [i for i, held in enumerate(lanes) if held in reads and last.get(held or "") == k]
        free = (i for i, held in enumerate([*lanes, None, None]) if held is None and i != ended)
        mine = ending[0] if ending else next(free)
        lanes += [None] * (mine + 1 - len(lanes))
        ends = [mine, *(i for i, held in enumerate(lanes) if held in reads)]
        across = min(ends), max(ends)
        signs = [
            MARKS[node.kind] if i == mine else _sign(held, held in reads, i, across, i in ending)
            for i, held in enumerate(lanes)
        ]
        for i in ending:
            lanes[i] = None
        ended = None if node.id in last else mine
        lanes[mine] = node.id if node.id in last else None
        while lanes and lanes[-1] is None:
            lanes.pop()
        yield (signs, across), (["│" if held else " " for held in lanes], (0, 0))


def _sign(held: str | None, read: bool, lane: int, across: tuple[int, int], ends: bool) -> str:
    """What a line shows of a lane in which the node itself is not."""
    left, right = across
    if held is None:
        return "─" if left < lane < right else " "
    return _BRANCHES[not ends, lane > left, lane < right] if read else "│"


def _margin(signs: list[str], across: tuple[int, int], lanes: int, spaced: bool) -> str:
    left, right = across
    gaps = ("─" if left <= i < right else " " for i in range(lanes))
    padded = [*signs, *" " * (lanes - len(signs))]
    return "".join(f"{s}{g}" for s, g in zip(padded, gaps)) if spaced else "".join(padded)
