"""Graph: nodes and edges as a result, in every format that there is a writer of."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path
from typing import Any

from admodes.drawing.parts import Diagram
from admodes.errors import BadValue
from admodes.views.files import write_atomically
from admodes.views.result import Result

WRITERS: dict[str, str] = {}
"""The module of each format, whose function write(diagram) gives the text of the file, or its
bytes."""

ENDINGS: dict[str, str] = {}
"""The format of a file by its ending."""


class Graph(Diagram, Result):
    """A graph of what a function computed (JSON contract "admodes.graph/1"): kind, nodes and edges,
    in the order of the trace. A notebook shows the picture."""

    def _data(self) -> dict[str, Any]:
        return {
            "schema": "admodes.graph/1",
            "kind": self.kind,
            "nodes": [node.data() for node in self.nodes],
            "edges": [edge.data() for edge in self.edges],
        }

    def written(self, format: str) -> str | bytes:
        """The graph in a format: the text of the file, or for "png" its bytes. Raises ValueError
        for an unknown format."""
        if format not in WRITERS:
            raise BadValue(f"format {format!r}: choose from {', '.join(WRITERS)}")
        write = import_module(WRITERS[format]).write
        text: str | bytes = write(self)
        return text

    def save(self, path: str | Path, format: str | None = None) -> Path:
        """Write the graph into a file, whole or not at all, in the format of its ending unless one
        is given. Raises ValueError for an unknown ending or format, OSError where path cannot be
        written."""
        path = Path(path)
        kind = ENDINGS.get(path.suffix.lower().removeprefix(".")) if format is None else format
        if kind is None:
            endings = ", ".join(f".{ending}" for ending in ENDINGS)
            raise BadValue(f"{path}: a graph is written as {endings}, or give a format")
        text = self.written(kind)
        data = text.encode("utf-8") if isinstance(text, str) else text
        return write_atomically(path, lambda p: p.write_bytes(data))
