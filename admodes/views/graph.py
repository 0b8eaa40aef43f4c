"""A computational graph as Graphviz DOT text, from plain rows."""

from __future__ import annotations

from typing import Any

from admodes.views.dialects import Text
from admodes.views.visible import visible

BACKWARD = "#b03a2e"


def dot(nodes: list[dict], digits: int = 6) -> str:
    """A graph of variable nodes (boxes) and operation nodes (ellipses), edges in the direction of
    evaluation. Each node has id, kind (input, constant, result), label, value, and for results op
    and children; gradients, where there are any, are printed in a second colour. A node whose
    value is a text, such as a shape, has it after its label, and a gradient may be a text too."""
    write = Text(digits)
    lines = ["digraph {", "  rankdir=LR;", '  node [fontname="Helvetica"];']
    for node in nodes:
        shape = "plaintext" if node["kind"] == "constant" else "box"
        lines.append(f"  {node['id']} [shape={shape}, label=<{_label(node, write)}>];")
        if node.get("op"):
            operation = f"{node['id']}op"
            lines.append(f"  {operation} [shape=ellipse, label={_quoted(node['op'])}];")
            lines += [f"  {child} -> {operation};" for child in node["children"]]
            lines.append(f"  {operation} -> {node['id']};")
    return "\n".join([*lines, "}"]) + "\n"


def _label(node: dict, write: Text) -> str:
    text = _escaped(write.number(_plain(node["value"])))
    if node["label"]:
        sign = " " if isinstance(node["value"], str) else " = "
        text = f"{_escaped(node['label'])}{sign}{text}"
    if node.get("grad") is not None:
        grad = _escaped(write.number(_plain(node["grad"])))
        text += f'<br/><font color="{BACKWARD}">{grad}</font>'
    return text


def _plain(x: Any) -> Any:
    return x.tolist() if hasattr(x, "tolist") else x


def _escaped(text: str) -> str:
    text = visible(text, lines=False)
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _quoted(text: str) -> str:
    escaped = visible(text, lines=False).replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
