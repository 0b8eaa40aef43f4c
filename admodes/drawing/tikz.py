"""A graph as TikZ: a document that pdflatex compiles as it is, with the coordinates that the SVG
has, and formulas as in the tables. The tikzpicture in it can stand in other documents, with the
lines before it."""

from __future__ import annotations

from admodes.drawing.colours import COLOURS, CORNER, CORNERS, FILLS, LINE, LIT, WORDS
from admodes.drawing.coordinates import Point
from admodes.drawing.labels import Labels, Line, printable
from admodes.drawing.parts import Diagram, Edge, Node
from admodes.drawing.pictures import MARGIN, PADDING, Box, Picture, picture
from admodes.drawing.svg import HEAD
from admodes.views.dialects import Latex

UNIT = 0.75
"""Points for each unit of the coordinates: formulas of 9 points fit where Times of 12 does."""

LARGEST = 14000.0
"""Points that a side of the picture may have: TeX has no length of 16384."""

_PACKAGES = r"""\documentclass{article}
\usepackage{amsmath}
\usepackage{tikz}"""

_STYLES = r"""  graph node/.style={draw, align=center, inner sep=0pt, outer sep=0pt, font=\small},
  graph edge/.style={draw=line},
  graph label/.style={align=left, inner sep=0pt, font=\small},
  lit/.style={draw=lit, line width=1.6pt},"""

_BEGIN = r"""\newsavebox\graphbox
\begin{document}
\begin{lrbox}{\graphbox}"""

_END = r"""\end{tikzpicture}
\end{lrbox}
\pdfpagewidth=\dimexpr\wd\graphbox+20pt\relax
\pdfpageheight=\dimexpr\ht\graphbox+\dp\graphbox+20pt\relax
\hoffset=-1in \voffset=-1in
\shipout\vbox{\vskip 10pt\hbox{\hskip 10pt\usebox\graphbox}}
\end{document}
"""
"""The page is as large as the picture, without a package for that."""


class _InLine(Latex):
    """LaTeX in which a derivative is no higher than the other formulas."""

    def derivative(self, top: str, bottom: str) -> str:
        return rf"\partial {self.variable(top)}/\partial {self.variable(bottom)}"


def write(diagram: Diagram) -> str:
    """The graph as the text of a LaTeX document."""
    drawn = picture(diagram)
    largest = UNIT * max(drawn.width, drawn.height)
    scale = min(1.0, LARGEST / largest)
    settings = f"x={UNIT * scale:g}pt, y=-{UNIT * scale:g}pt"
    if scale < 1:
        settings += f", every node/.append style={{scale={scale:.4f}}}"
    return "\n".join(
        [
            _PACKAGES,
            f"% {printable(diagram.title or diagram.kind)}",
            *_colours(),
            r"\tikzset{",
            _STYLES,
            *_styles(),
            "}",
            _BEGIN,
            rf"\begin{{tikzpicture}}[{settings}]",
            *_parts(drawn, Labels(diagram, _InLine(diagram.digits))),
            _END,
        ]
    )


def _colours() -> list[str]:
    fills = {f"{look} {part}": c for look, pair in FILLS.items() for part, c in _named(pair)}
    colours = COLOURS | fills | {"line": LINE, "lit": LIT}
    return [rf"\definecolor{{{name}}}{{HTML}}{{{c[1:].upper()}}}" for name, c in colours.items()]


def _named(pair: tuple[str, str]) -> zip:
    return zip(("fill", "frame"), pair, strict=True)


def _styles() -> list[str]:
    return [
        f"  {look} node/.style={{graph node, fill={look} fill, draw={look} frame, "
        f"rounded corners={UNIT * CORNERS.get(look, CORNER):g}pt}},"
        for look in FILLS
    ]


def _parts(drawn: Picture, labels: Labels) -> list[str]:
    """Nodes before edges, so that an edge is drawn up to the frame."""
    parts = [_node(node, box, labels.node(node), labels) for node, box in drawn.nodes]
    for edge, points, box in drawn.edges:
        parts.append(
            rf"\path[graph edge{_lit(edge)}] {_way(points)}; "
            rf"\fill[fill={'lit' if edge.lit else 'line'}] {_head(points)}; "
            f"% {edge.source} -> {edge.target}"
        )
        if box is not None:
            (x, y), (width, _) = box.middle, box.size
            place = _point((x - width / 2 + PADDING[1], y))
            text = _text(labels.edge(edge), labels)
            parts.append(rf"\node[graph label, anchor=west] at {place} {{{text}}};")
    return [*parts, *_legend(drawn)]


def _node(node: Node, box: Box, lines: list[Line], labels: Labels) -> str:
    width, height = (f"{UNIT * side:.1f}pt" for side in box.size)
    look = f"{labels.look(node)} node{_lit(node)}"
    return (
        rf"\node[{look}, minimum width={width}, minimum height={height}] "
        rf"({node.id}) at {_point(box.middle)} {{{_text(lines, labels)}}};"
    )


def _lit(part: Node | Edge) -> str:
    return ", lit" if part.lit else ""


def _text(lines: list[Line], labels: Labels) -> str:
    write = labels.write
    assert isinstance(write, Latex)
    texts = ((line.role, write.ascii(printable(line.text))) for line in lines)
    return r"\\ ".join(rf"\textcolor{{{role}}}{{${text}$}}" for role, text in texts)


def _way(points: list[Point]) -> str:
    """Straight lines and curves in turn; where a curve moves to no side, one line goes on."""
    path = [_point(points[0])]
    straight = False
    for k in range(1, len(points)):
        (x0, y0), (x, y) = points[k - 1], points[k]
        if k % 2 == 0 and x != x0:
            middle = (y0 + y) / 2
            path.append(f".. controls {_point((x0, middle))} and {_point((x, middle))} ..")
            path.append(_point((x, y)))
            straight = False
        elif y != y0:
            path[len(path) - straight :] = [_point((x, y))] if straight else ["--", _point((x, y))]
            straight = True
    return " ".join(path)


def _head(points: list[Point]) -> str:
    """The head of the arrow, of its own: TikZ turns heads that are longer than the last line."""
    (_, first), (x, y) = points[0], points[-1]
    side, length = HEAD
    back = y - length if first < y else y + length
    corners = " -- ".join(map(_point, ((x, y), (x - side, back), (x + side, back))))
    return f"{corners} -- cycle"


def _legend(drawn: Picture) -> list[str]:
    """What the colours mean, below the picture."""
    boxes = [box for _, box in drawn.nodes] + [box for *_, box in drawn.edges if box]
    met = {line.role for box in boxes for line in box.lines}
    words = [
        rf"\textcolor{{{role}}}{{\rule{{6pt}}{{6pt}}}} {word}"
        for role, word in WORDS.items()
        if role in met
    ]
    place = _point((MARGIN, drawn.height))
    text = r"\quad ".join(words)
    return [rf"\node[graph label, anchor=west] at {place} {{{text}}};"] if words else []


def _point(point: Point) -> str:
    x, y = point
    return f"({x:.1f},{y:.1f})"
