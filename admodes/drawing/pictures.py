"""A graph as a picture: every node a box of its size at its place, every edge a way with the place
of its label. All formats that are drawn to a scale write the same picture."""

from __future__ import annotations

from dataclasses import dataclass

from admodes.drawing.coordinates import Placed, Point, Size, placed
from admodes.drawing.labels import Labels, Line
from admodes.drawing.parts import Diagram, Edge, Node
from admodes.drawing.typesetting import Run, Typesetter
from admodes.views.dialects import Text

SIZES = {"name": 15.0}
SIZE = 13.0
"""The size of letters, by the role of their line."""

LEADING = 1.3
"""The height of a line, in units of its size."""

PADDING = (10.0, 5.0)
"""Between the frame of a box and its text."""

MARGIN = 14.0
"""Around the picture."""

LEAST = 30.0
"""The width of the narrowest box."""


@dataclass(frozen=True)
class SetLine:
    """A line of text: its runs from x = 0, its width and its size."""

    role: str
    text: str
    runs: list[Run]
    width: float
    size: float


@dataclass(frozen=True)
class Box:
    """A node, or the label of an edge: the middle, width, height, and the lines from the top."""

    middle: Point
    size: Size
    lines: list[SetLine]


@dataclass(frozen=True)
class Picture:
    """boxes: of the nodes, in their order; ways: of the edges, each from its source to its target
    as points of which every second pair is a straight line, and the others are curves; labels: of
    the edges, None where there is none."""

    nodes: list[tuple[Node, Box]]
    edges: list[tuple[Edge, list[Point], Box | None]]
    width: float
    height: float


def picture(diagram: Diagram) -> Picture:
    """The picture of a graph. Adjoints flow up: what they flow back along leads down."""
    labels = Labels(diagram, Text(diagram.digits))
    setter = Typesetter(_variables(diagram))
    nodes = [_set(setter, labels.node(n)) for n in diagram.nodes]
    edges = [_set(setter, labels.edge(e)) for e in diagram.edges]
    boxes = [_box_size(lines) for lines in nodes]
    sizes = [_label_size(lines) for lines in edges]
    position = {n.id: i for i, n in enumerate(diagram.nodes)}
    pairs = [(position[e.source], position[e.target]) for e in diagram.edges]
    upward = diagram.shown.upward
    plan = placed(boxes, [(b, a) for a, b in pairs] if upward else pairs, sizes)
    return Picture(
        [
            (node, Box(_inside(middle), size, lines))
            for node, middle, size, lines in zip(diagram.nodes, plan.nodes, boxes, nodes)
        ],
        _edges(diagram, plan, sizes, edges, upward),
        plan.width + 2 * MARGIN,
        plan.height + 2 * MARGIN,
    )


def _variables(diagram: Diagram) -> set[str]:
    """The names that stand on nodes; that of a group is made of two."""
    own = {n.name for n in diagram.nodes if n.name and n.kind != "group"}
    return own | {end for n in diagram.nodes for end in n.ends}


def _edges(
    diagram: Diagram,
    plan: Placed,
    sizes: list[Size | None],
    lines: list[list[SetLine]],
    upward: bool,
) -> list[tuple[Edge, list[Point], Box | None]]:
    found = []
    for k, edge in enumerate(diagram.edges):
        middle, size = plan.labels[k], sizes[k]
        label = None if middle is None or size is None else Box(_inside(middle), size, lines[k])
        way = [_inside(point) for point in plan.routes[k]]
        found.append((edge, way[::-1] if upward else way, label))
    return found


def _inside(point: Point) -> Point:
    return point[0] + MARGIN, point[1] + MARGIN


def _set(setter: Typesetter, lines: list[Line]) -> list[SetLine]:
    found = []
    for role, text in lines:
        size = SIZES.get(role, SIZE)
        runs = setter.line(text, size)
        found.append(SetLine(role, text, runs, runs[-1].end if runs else 0.0, size))
    return found


def _extent(lines: list[SetLine]) -> Size:
    return max((x.width for x in lines), default=0.0), sum(LEADING * x.size for x in lines)


def _box_size(lines: list[SetLine]) -> Size:
    width, height = _extent(lines)
    return max(LEAST, width + 2 * PADDING[0]), height + 2 * PADDING[1]


def _label_size(lines: list[SetLine]) -> Size | None:
    """A label has some room to the line of its edge, and to what stands beside it."""
    width, height = _extent(lines)
    return (width + 2 * PADDING[1], height) if lines else None
