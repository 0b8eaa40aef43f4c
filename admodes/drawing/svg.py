"""A graph as SVG: one group a node, one group an edge, and no script, no style sheet and no address
of anything, so that it can stand in any page."""

from __future__ import annotations

from html import escape

from admodes.drawing.colours import COLOURS, CORNER, CORNERS, FILLS, LINE, LIT, WORDS
from admodes.drawing.coordinates import Point
from admodes.drawing.labels import printable
from admodes.drawing.parts import Diagram, Edge, Node
from admodes.drawing.pictures import LEADING, MARGIN, PADDING, Box, Picture, SetLine, picture
from admodes.drawing.typesetting import width_of

FONT = "STIX Two Text, STIXGeneral, Times New Roman, Times, Liberation Serif, Nimbus Roman, serif"

HEAD = (3.6, 8.0)
"""Half the width and the length of the head of an arrow."""

LEGEND = 13.0


def write(diagram: Diagram) -> str:
    """The graph as the text of an SVG file."""
    return written(diagram)[0]


def written(diagram: Diagram) -> tuple[str, float, float]:
    """The graph as the text of an SVG file, and its width and height."""
    drawn = picture(diagram)
    roles = _roles(drawn)
    width = max(drawn.width, _legend_width(roles) + 2 * MARGIN)
    height = drawn.height + (2 * LEGEND if roles else 0.0)
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_n(width)} {_n(height)}" '
        f'width="{_n(width)}" height="{_n(height)}" role="img" font-family="{FONT}">',
        f"<title>{_t(printable(diagram.title or diagram.kind))}</title>",
        f'<rect width="{_n(width)}" height="{_n(height)}" fill="#ffffff"/>',
        *_edges(drawn),
        *(_node(node, diagram.look(node), box) for node, box in drawn.nodes),
        *_legend(roles, MARGIN, height - MARGIN),
        "</svg>\n",
    ]
    return "\n".join(lines), width, height


def _edges(drawn: Picture) -> list[str]:
    found = []
    for edge, points, label in drawn.edges:
        ends = f'data-from="{_t(edge.source)}" data-to="{_t(edge.target)}"{_lit(edge)}'
        texts = "" if label is None else _texts(label, PADDING[1])
        found.append(
            f'<g class="edge" {ends}><path d="{_way(points)}" fill="none" '
            f'stroke="{LIT if edge.lit else LINE}" stroke-width="{2.4 if edge.lit else 1.1}"/>'
            f"{_head(points, edge.lit)}{texts}</g>"
        )
    return found


def _lit(part: Node | Edge) -> str:
    return ' data-lit="true"' if part.lit else ""


def _way(points: list[Point]) -> str:
    """Straight lines and curves in turn; the last line ends where the head of the arrow begins."""
    x, y = points[0]
    path = [f"M{_n(x)} {_n(y)}"]
    for k in range(1, len(points)):
        (x0, y0), (x, y) = points[k - 1], points[k]
        if k % 2 == 0 and x != x0:
            middle = _n((y0 + y) / 2)
            path.append(f"C{_n(x0)} {middle} {_n(x)} {middle} {_n(x)} {_n(y)}")
        elif y != y0:
            if path[-1].startswith("V"):
                path.pop()  # the same line goes on
            path.append(f"V{_n(y)}")
    return "".join(path)


def _head(points: list[Point], lit: bool) -> str:
    """The head of the arrow, which points down where the edge leads down."""
    (_, first), (x, y) = points[0], points[-1]
    side, length = HEAD
    back = y - length if first < y else y + length
    corners = f"{_n(x)},{_n(y)} {_n(x - side)},{_n(back)} {_n(x + side)},{_n(back)}"
    return f'<polygon points="{corners}" fill="{LIT if lit else LINE}"/>'


def _node(node: Node, look: str, box: Box) -> str:
    (x, y), (w, h) = box.middle, box.size
    fill, frame = FILLS[look]
    row = "" if node.row is None else f' data-row="{node.row}"'
    corner = min(h / 2, CORNERS.get(look, CORNER))
    heavy = "1.8" if node.kind == "output" else "1.1"
    if node.lit:
        frame, heavy = LIT, "2.4"
    return (
        f'<g class="node" data-id="{_t(node.id)}" data-kind="{node.kind}"{row}{_lit(node)}>'
        f'<rect x="{_n(x - w / 2)}" y="{_n(y - h / 2)}" width="{_n(w)}" height="{_n(h)}" '
        f'rx="{_n(corner)}" fill="{fill}" stroke="{frame}" stroke-width="{heavy}"/>'
        f"{_texts(box)}</g>"
    )


def _texts(box: Box, indent: float | None = None) -> str:
    """The lines of a box, in the middle of its width or all from an indent on."""
    (x, y), (width, _) = box.middle, box.size
    top = y - sum(LEADING * line.size for line in box.lines) / 2
    found = []
    for line in box.lines:
        baseline = top + line.size * (LEADING / 2 + 0.32)
        left = x - line.width / 2 if indent is None else x - width / 2 + indent
        found.append(_text(line, left, baseline))
        top += LEADING * line.size
    return "".join(found)


def _text(line: SetLine, x: float, y: float) -> str:
    """A line from x on. Every run has a place and a length of its own, so that indices and bars
    fit, and boxes hold their texts, in any font; and some programs take another font for a whole
    line where one sign is missing."""
    colour = COLOURS[line.role]
    parts = []
    for run in line.runs:
        place = f'x="{_n(x + run.x)}" y="{_n(y - run.rise)}"'
        style = ' font-style="italic"' if run.italic else ""
        size = f' font-size="{_n(run.size)}"' if run.size != line.size else ""
        length = _length(run.end - run.x)
        parts.append(f"<tspan {place}{style}{size} {length}>{_t(run.text)}</tspan>")
    bars = (
        _bar(x + run.x, y - run.rise, run.text[0], run.size, colour) for run in line.runs if run.bar
    )
    return (
        f'<text class="{line.role}" font-size="{_n(line.size)}" fill="{colour}" '
        f'xml:space="preserve">{"".join(parts)}</text>{"".join(bars)}'
    )


def _bar(x: float, y: float, letter: str, size: float, colour: str) -> str:
    """A bar over a letter: over capitals and tall letters higher than over small ones."""
    tall = letter.isupper() or letter in "bdfhklt"
    top = y - size * (0.75 if tall else 0.56)
    slant = size * (0.16 if tall else 0.08)
    x0 = x + slant
    x1 = x0 + size * (0.55 if letter.isupper() else 0.4)
    return (
        f'<path d="M{_n(x0)} {_n(top)}H{_n(x1)}" stroke="{colour}" '
        f'stroke-width="{_n(size * 0.065)}"/>'
    )


def _roles(drawn: Picture) -> list[str]:
    """The roles of lines in the picture that have a colour of their own."""
    boxes = [box for _, box in drawn.nodes] + [box for *_, box in drawn.edges if box]
    met = {line.role for box in boxes for line in box.lines}
    return [role for role in WORDS if role in met]


def _legend_width(roles: list[str]) -> float:
    return sum(width_of(WORDS[role], LEGEND) + 32.0 for role in roles)


def _legend(roles: list[str], x: float, y: float) -> list[str]:
    found = []
    for role in roles:
        width = width_of(WORDS[role], LEGEND)
        found.append(
            f'<g class="legend"><rect x="{_n(x)}" y="{_n(y - 8)}" width="8" height="8" rx="2" '
            f'fill="{COLOURS[role]}"/><text x="{_n(x + 12)}" y="{_n(y)}" font-size="{LEGEND}" '
            f'fill="#444444" {_length(width)}>{WORDS[role]}</text></g>'
        )
        x += width + 32.0
    return found


def _length(width: float) -> str:
    """How wide a text is drawn, whatever its font is."""
    return f'textLength="{_n(width)}" lengthAdjust="spacingAndGlyphs"'


def _n(x: float) -> str:
    """A coordinate, short."""
    return f"{x:.2f}".rstrip("0").rstrip(".")


def _t(text: str) -> str:
    return escape(text)
