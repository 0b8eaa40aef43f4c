"""Which part of a large graph is drawn: what is near a node, by steps along edges either way; and
how much is drawn at most."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from admodes.drawing.labels import printable
from admodes.errors import BadValue, choices

MOST_NODES = 400
"""The most nodes of a graph: of more nobody reads anything."""


def near(arguments: Mapping[int, Sequence[int]], start: int, depth: int) -> set[int]:
    """The rows that are at most depth steps from start, up to what they read or down to what reads
    them. arguments: the rows that each row reads.

    >>> sorted(near({0: [], 1: [0], 2: [1], 3: [0]}, 1, 1))
    [0, 1, 2]
    """
    readers: dict[int, list[int]] = {}
    for row, read in arguments.items():
        for a in read:
            readers.setdefault(a, []).append(row)
    reached = {start}
    front = [start]
    for _ in range(depth):
        beside = (j for i in front for j in (*arguments[i], *readers.get(i, ())))
        front = [j for j in dict.fromkeys(beside) if j not in reached]
        reached.update(front)
    return reached


def row_called(node: str | int, names: Mapping[str, int]) -> int:
    """The row of a name, or the row that has this number. Raises ValueError for an unknown one."""
    text = str(node).strip()
    if text in names:
        return names[text]
    if text.isdecimal() and int(text) in names.values():
        return int(text)
    known = choices(text, names, most=12)
    raise BadValue(f"around {printable(text)!r}: there is no such node; {known}")


def check_size(nodes: int) -> None:
    """Refuse more nodes than are drawn. Raises ValueError."""
    if nodes > MOST_NODES:
        raise BadValue(
            f"graph: {nodes} nodes are too many to draw (at most {MOST_NODES}): draw what is near "
            "one of them with --around NODE --depth K (around=, depth=), with fewer steps where "
            "that is still too much, or draw groups with --collapse function, loop or array "
            "(collapse=), and open fewer of them (--open, opened=)"
        )
