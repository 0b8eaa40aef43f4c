"""What a node of the tape was made from, as a graph: the nodes that it depends on are a recorded
list, with the gradients that they hold."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from admodes.core.program import Ref, Step, WengertList
from admodes.core.pytree import flatten
from admodes.core.tape import General, Node, reachable
from admodes.drawing.graphs import Graph
from admodes.ops.notation import free_stem
from admodes.programs.names import NamedProgram
from admodes.tracing.base import ends
from admodes.tracing.drawn import Drawing
from admodes.tracing.rows import templated_rows


def graph_of(root: Any, kind: str, **options: Any) -> Graph:
    """The graph of a node that has a name and a grad, as the nodes that it was made from have; see
    ad.graph."""
    nodes: Sequence[Any] = reachable([root])[::-1]
    names = _names(nodes)
    program = _listed(nodes)
    inputs = [names[x.row] for x in program.inputs]
    recorded = NamedProgram(program, inputs, names[-1:], program)
    swept = any(node.grad is not None for node in nodes)
    drawing = Drawing(
        program,
        names,
        ends(recorded),
        {} if root.grad is None else {names[-1]: [root.grad]},
        lambda kept: templated_rows(recorded.program, names, kept),
        bars={names[-1]: [node.grad for node in nodes]} if swept else {},
    )
    return drawing.graph(kind, **options)


def _names(nodes: Sequence[Any]) -> list[str]:
    """The names that the user gave; the last node is y, and others are numbered by their rows."""
    stem = free_stem({node.name for node in nodes if node.name is not None})
    names: dict[str, None] = {}
    for i, node in enumerate(nodes):
        name = node.name or ("y" if node is nodes[-1] and node.op is not None else None)
        names[f"{stem}{i}" if name is None or name in names else name] = None
    return list(names)


def _listed(nodes: Sequence[Node]) -> WengertList:
    """The nodes as a recorded list, of which the last one is the output."""
    rows = {node.serial: Ref(i) for i, node in enumerate(nodes)}
    steps = []
    for node in nodes:
        args = tuple(rows[a.serial] if isinstance(a, Node) else a for a in node.args)
        params = node.local[0] if isinstance(node.local, General) else None
        steps.append(Step(node.op, args, params, node.primal, node.primal))
    inputs = [rows[node.serial] for node in nodes if node.op is None]
    return WengertList(steps, inputs, [Ref(len(nodes) - 1)], flatten(0.0)[1])
