"""Where the nodes and edges of the page's graph stand: a box for each row, with room for its
equation, its value, and its tangent or adjoint, and a place for the partial at each edge; of long
lists a box for each group of rows."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from admodes.drawing.around import MOST_NODES
from admodes.drawing.coordinates import Point, placed
from admodes.drawing.graphs import Graph
from admodes.drawing.labels import printable, short
from admodes.drawing.parts import Node
from admodes.drawing.typesetting import Run, Typesetter
from admodes.errors import BadValue
from admodes.views.dialects import Text
from admodes.views.filling import fill
from admodes.views.result import plain

LETTERS = 14.0
"""The size of an equation."""

ROOM = 1.2
"""How much wider than ours the letters of a reader's fonts may be."""

PADDING = 22.0
FIGURE = 96.0
"""The width of a number with six decimals, and its padding."""

LINE = 15.0
HEIGHT = 58.0
"""Three lines: the equation and two figures."""

PARTIAL = (70.0, 16.0)
"""The size of a number of four digits at an edge."""

LONGEST = 34
"""Characters of an equation that is shown whole; of a longer one there is the operation."""

MARGIN = 12.0


class _Box(NamedTuple):
    """The rows of a box, and of more than one what they are called and compute, a text a line."""

    rows: Sequence[int]
    words: list[str]

    @property
    def is_group(self) -> bool:
        return len(self.rows) > 1


def page_picture(
    rows: list[dict], names: list[list[str]], outputs: list[dict], grouped: Callable[[], Graph]
) -> dict[str, Any] | None:
    """The boxes and edges of a graph of rows, by coordinates. names are those of the rows, one list
    for each way of naming them; grouped gives the graph with groups in place of rows, which is
    asked for where there are too many rows. None where there are too many groups as well.

    >>> x = {"row": 0, "op": "input", "args": [], "forms": None, "input": "x"}
    >>> page_picture([x], [["v0"]], [], Graph)["nodes"][0]["labels"][0][0]
    ('v', 14.0, 0.0, True)
    """
    boxes = [_Box([row["row"]], []) for row in rows]
    if len(rows) > MOST_NODES:
        try:
            drawn = grouped().nodes
        except BadValue:
            return None
        boxes = [_Box(n.covered, _words(n) if n.members else []) for n in drawn if n.covered]
    ends: dict[int, list[str]] = {}
    for y in outputs:
        if y["row"] is not None:
            ends.setdefault(y["row"], []).append(y["name"])
    setter = Typesetter(_variables(rows, names, outputs))

    def label(box: _Box, style: list[str]) -> str:
        first, last = box.rows[0], box.rows[-1]
        if box.is_group:
            return f"{short(style[first])} … {short(style[last])}"
        return _label(rows[first], style, ends.get(first, []))

    lines = [[setter.line(label(box, style), LETTERS) for style in names] for box in boxes]
    sizes = [_size(box, texts) for box, texts in zip(boxes, lines, strict=True)]
    edges, partials = _edges(rows, boxes)
    plan = placed(sizes, edges, [PARTIAL if there else None for there in partials])
    return {
        "width": round(plan.width + 2 * MARGIN, 1),
        "height": round(plan.height + 2 * MARGIN, 1),
        "nodes": [
            {
                "rows": [box.rows[0], box.rows[-1]],
                "kind": "group" if box.is_group else _kind(rows[box.rows[0]], ends),
                "words": box.words,
                "labels": [list(map(_glyphs, line)) for line in texts],
                "x": round(x - width / 2 + MARGIN, 1),
                "y": round(y - height / 2 + MARGIN, 1),
                "width": round(width, 1),
                "height": round(height, 1),
            }
            for box, texts, (x, y), (width, height) in zip(
                boxes, lines, plan.nodes, sizes, strict=True
            )
        ],
        "edges": [
            {
                "from": a,
                "to": b,
                "points": [_inside(p) for p in points],
                "label": None if at is None else _inside((at[0] - PARTIAL[0] / 2, at[1])),
            }
            for (a, b), points, at in zip(edges, plan.routes, plan.labels, strict=True)
        ],
    }


def _edges(rows: list[dict], boxes: list[_Box]) -> tuple[list[tuple[int, int]], list[bool]]:
    """The boxes that edges join, and whether each stands for partials between two rows."""
    place = {row: k for k, box in enumerate(boxes) for row in box.rows}
    found: dict[tuple[int, int], bool] = {}
    for row in rows:
        to = place[row["row"]]
        partials = row.get("partials") or [None] * len(row["args"])
        for arg, partial in zip(row["args"], partials, strict=True):
            start = place[arg["row"]] if "row" in arg else to
            if start != to:
                single = not boxes[start].is_group and not boxes[to].is_group
                there = found.get((start, to), False)
                found[start, to] = there or (single and partial is not None)
    edges = sorted(found)
    return edges, [found[edge] for edge in edges]


def _variables(rows: list[dict], names: list[list[str]], outputs: list[dict]) -> set[str]:
    found = {short(name) for style in names for name in style}
    found |= {short(y["name"]) for y in outputs}
    return found | {short(row["input"]) for row in rows if row["op"] == "input"}


def _kind(row: dict, ends: dict[int, list[str]]) -> str:
    if row["op"] == "input":
        return "input"
    return "output" if row["row"] in ends else "operation"


def _size(box: _Box, labels: list[list[Run]]) -> tuple[float, float]:
    """With a line for each of the words of a group."""
    words = (ROOM * 0.6 * LETTERS * len(text) + PADDING for text in box.words)
    width = max(FIGURE, *words, *(ROOM * line[-1].end + PADDING for line in labels))
    return width, HEIGHT + LINE * len(box.words)


def _glyphs(run: Run) -> tuple[str, float, float, bool]:
    """Text, size, rise, and whether it is in italics; the place follows from the reader's fonts."""
    return run.text, round(run.size, 1), round(run.rise, 1), run.italic


def _inside(point: Point) -> list[float]:
    return [round(coordinate + MARGIN, 1) for coordinate in point]


def _words(group: Node) -> list[str]:
    return [short(printable(text)) for text in (group.name, group.size, group.content) if text]


def _label(row: dict, names: list[str], ends: list[str]) -> str:
    """The equation of a row: v8 = v3 + v7 (y1)."""
    name = short(names[row["row"]])
    right = _right(row, names)
    made = [name] if right == name else [name, right]
    shown = [short(end) for end in ends if end != names[row["row"]]]
    return " = ".join(made) + (f" ({', '.join(shown)})" if shown else "")


def _right(row: dict, names: list[str]) -> str:
    if row["op"] == "input":
        return short(row["input"])
    form = row["forms"]["text"]["value"]
    if "⟦" in form:
        write = Text()
        atoms = [
            (short(names[a["row"]]), False)
            if "row" in a
            else (write.array(plain(a["const"])), True)
            for a in row["args"]
        ]
        form = fill(form, atoms, write)
    return form if len(form) <= LONGEST else row["op"]
