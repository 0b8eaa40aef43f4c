"""Where the nodes and edges of the page's graph stand: one box a row, with room for its equation,
its value, and its tangent or adjoint."""

from __future__ import annotations

from admodes.drawing.coordinates import Point, placed
from admodes.drawing.labels import short
from admodes.drawing.typesetting import Run, Typesetter
from admodes.views.dialects import Text, fill
from admodes.views.result import plain

MOST = 400
"""Of more rows there is no picture: nobody could read it."""

LETTERS = 14.0
"""The size of an equation."""

ROOM = 1.2
"""How much wider than ours the letters of a reader's fonts may be."""

PADDING = 22.0
FIGURE = 96.0
"""The width of a number with six decimals, and its padding."""

HEIGHT = 58.0
"""Three lines: the equation and two figures."""

LONGEST = 34
"""Characters of an equation that is shown whole; of a longer one there is the operation."""

MARGIN = 12.0


def page_picture(rows: list[dict], names: list[list[str]], outputs: list[dict]) -> dict | None:
    """The boxes and edges of a graph of rows, by coordinates; None where there are too many. names
    are those of the rows, one list for each way of naming them.

    >>> x = {"row": 0, "op": "input", "args": [], "forms": None, "input": "x"}
    >>> page_picture([x], [["v0"]], [])["nodes"][0]["labels"][0][0]
    ('v', 14.0, 0.0, True)
    """
    if len(rows) > MOST:
        return None
    ends: dict[int, list[str]] = {}
    for y in outputs:
        if y["row"] is not None:
            ends.setdefault(y["row"], []).append(y["name"])
    labels = [[_label(row, style, ends.get(row["row"], [])) for style in names] for row in rows]
    variables = {short(name) for style in names for name in style}
    variables |= {short(y["name"]) for y in outputs}
    variables |= {short(row["input"]) for row in rows if row["op"] == "input"}
    setter = Typesetter(variables)
    lines = [[setter.line(text, LETTERS) for text in texts] for texts in labels]
    sizes = [(max(FIGURE, *map(_width, texts)), HEIGHT) for texts in lines]
    edges = sorted({(a["row"], row["row"]) for row in rows for a in row["args"] if "row" in a})
    plan = placed(sizes, edges, [None] * len(edges))
    return {
        "width": round(plan.width + 2 * MARGIN, 1),
        "height": round(plan.height + 2 * MARGIN, 1),
        "nodes": [
            {
                "row": row["row"],
                "kind": _kind(row, ends),
                "labels": [list(map(_glyphs, line)) for line in texts],
                "x": round(x - width / 2 + MARGIN, 1),
                "y": round(y - height / 2 + MARGIN, 1),
                "width": round(width, 1),
                "height": height,
            }
            for row, texts, (x, y), (width, height) in zip(
                rows, lines, plan.nodes, sizes, strict=True
            )
        ],
        "edges": [
            {"from": a, "to": b, "points": [_inside(p) for p in points]}
            for (a, b), points in zip(edges, plan.routes, strict=True)
        ],
    }


def _kind(row: dict, ends: dict[int, list[str]]) -> str:
    if row["op"] == "input":
        return "input"
    return "output" if row["row"] in ends else "operation"


def _width(line: list[Run]) -> float:
    return ROOM * line[-1].end + PADDING


def _glyphs(run: Run) -> tuple[str, float, float, bool]:
    """Text, size, rise, and whether it is in italics; the place follows from the reader's fonts."""
    return run.text, round(run.size, 1), round(run.rise, 1), run.italic


def _inside(point: Point) -> list[float]:
    return [round(coordinate + MARGIN, 1) for coordinate in point]


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
