"""A graph as text for the terminal: lanes in the margin (admodes.drawing.lanes), and beside them
what stands on the node and on the edges that lead to it, in columns."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from typing import NamedTuple

from wcwidth import wcswidth

from admodes.drawing.labels import Labels, printable, short
from admodes.drawing.lanes import downward, placed
from admodes.drawing.parts import Diagram, Edge, Node
from admodes.views.dialects import Text
from admodes.views.visible import visible

GAP = "  "
NARROWEST = 14
"""A column in which text is folded has so many characters at least."""

LONGEST_WORD = 28
"""Of an item at most so many characters are not broken."""

LEAST_WIDTH = 30
"""Of all columns, beside lanes that leave less."""

INDENT = 4
"""Of what stands below a line because there is no room for it at the side."""


class Column(NamedTuple):
    """A column with a cell for every node."""

    head: str
    cells: list[str]


def write(diagram: Diagram, width: int = 80) -> str:
    """The graph as text of so many columns; only lanes that are wider go beyond them."""
    nodes, sources = downward(diagram)
    places = placed(nodes, sources)
    margin = wcswidth(places[0].margin) + 1 if places else 0
    heads, *cells = _folded(_columns(diagram, nodes), max(LEAST_WIDTH, width - margin))
    lines = [f"{'':{margin}}{line}" for line in heads]
    for place, texts in zip(places, cells, strict=True):
        lines.append(f"{place.margin} {texts[0]}")
        lines += (f"{place.below} {text}" for text in texts[1:])
    title = [printable(diagram.title), ""] if diagram.title else []
    return visible("\n".join([*title, *(line.rstrip() for line in lines), ""]))


def _columns(diagram: Diagram, nodes: Sequence[Node]) -> list[Column]:
    """What is written on nodes, and on the edges that lead to each; no column is empty, but that of
    the rows where there are none."""
    labels = Labels(diagram, Text(diagram.digits))
    rows = Column("Row", [_equation(labels, node) for node in nodes])
    columns = [
        Column("Path", ["*" if node.lit else "" for node in nodes]),
        Column("Shape", [labels.write.shape(node.shape) if node.shape else "" for node in nodes]),
        Column("Value", [_value(labels, node) for node in nodes]),
        *(_adjoints(labels, nodes) if diagram.shown.adjoints else []),
        _at_edges(labels, diagram, nodes),
    ]
    return [rows, *(column for column in columns if any(column.cells))]


def _equation(labels: Labels, node: Node) -> str:
    return labels.equation(node) or _figure(labels, node.value)


def _value(labels: Labels, node: Node) -> str:
    if node.kind == "group":
        return node.size
    return "" if node.kind == "constant" else _figure(labels, node.value)


def _figure(labels: Labels, x: object) -> str:
    return "".join(line.text for line in labels.figure("value", x))


def _adjoints(labels: Labels, nodes: Sequence[Node]) -> list[Column]:
    """The adjoints of each output; of arrays with their equation, where there is one."""
    outputs = list(dict.fromkeys(y for node in nodes for y in node.adjoints))
    if len(outputs) == 1:
        return [Column("Adjoint", [_adjoint(labels, node) for node in nodes])]
    return [
        Column(f"∂{short(y)}/∂·", [_figure(labels, n.adjoints.get(y)) for n in nodes])
        for y in outputs
    ]


def _adjoint(labels: Labels, node: Node) -> str:
    equations = [line.text for line in labels.adjoints(node)]
    figure = _figure(labels, *node.adjoints.values()) if node.adjoints else ""
    if len(dict.fromkeys(equations)) > 1:
        return f"{equations[0]} = {figure}"
    return equations[0] if node.bar else figure


def _at_edges(labels: Labels, diagram: Diagram, nodes: Sequence[Node]) -> Column:
    """What is written at edges, with the node that each comes from. Values are those of that node,
    which has them beside it."""
    known = {node.id: node for node in nodes}
    items: dict[str, list[str]] = {node.id: [] for node in nodes}
    head = "Contributions" if diagram.shown.at_edges == "adjoint" else "Partials"
    for edge in diagram.edges:
        items[edge.target] += _item(labels, edge, known[edge.source])
    return Column(head, [", ".join(items[node.id]) for node in nodes])


def _item(labels: Labels, edge: Edge, source: Node) -> list[str]:
    texts = [line.text for line in labels.edge(edge) if line.role != "value"]
    name = short(source.title or source.id)
    item = f"{name} ({', '.join(texts)})" if len(texts) > 1 else f"{name}: {''.join(texts)}"
    whole = len(item) <= LONGEST_WORD
    return [item.replace(" ", Text.thin) if whole else item] if texts else []


def _folded(columns: list[Column], width: int) -> list[list[str]]:
    """The lines of the heads and of every node. Columns stand side by side as far as there is room;
    the next one is folded if it is the last, and otherwise all that are left stand below."""
    widths = [max(map(wcswidth, column)) for column in ([c.head, *c.cells] for c in columns)]
    n, used = 1, widths[0]
    while n < len(columns) and used + len(GAP) + widths[n] <= width:
        used += len(GAP) + widths[n]
        n += 1
    room = width - used - len(GAP)
    beside = n + 1 == len(columns) and room >= max(NARROWEST, _longest_word(columns[n]))
    lines = []
    for k, texts in enumerate(zip(*([c.head, *c.cells] for c in columns), strict=True)):
        first = GAP.join(map(_padded, texts[:n], widths))
        below = zip(columns[n:], texts[n:], strict=True)
        rest = [f"{column.head.lower()}{Text.thin}{text}" for column, text in below if text and k]
        if beside:
            folded = textwrap.wrap(texts[n], room, break_long_words=False) or [""]
            found = [f"{first}{GAP}{folded[0]}", *(f"{'':{used}}{GAP}{x}" for x in folded[1:])]
        else:
            found = _wrapped(first, width) if used > width else [first]
            found += _wrapped(f"{'':{INDENT}}{'; '.join(rest)}", width) if rest else []
        lines.append([line.replace(Text.thin, " ") for line in found])
    return lines


def _longest_word(column: Column) -> int:
    return max(len(word) for text in (column.head, *column.cells) for word in text.split(" "))


def _padded(text: str, width: int) -> str:
    return text + " " * (width - wcswidth(text))


def _wrapped(text: str, width: int) -> list[str]:
    return textwrap.wrap(
        text, width, subsequent_indent=" " * INDENT, break_long_words=False, break_on_hyphens=False
    ) or [""]
