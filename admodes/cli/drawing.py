"""The command graph: which picture is asked for, and where it goes."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import typer

from admodes.cli.options import At, Debug, Digits, Numbering, PresetName, Rows, Targets, optional
from admodes.cli.output import GRAPHS, Format, Output, prints
from admodes.cli.running import recorded_of, target_of
from admodes.views.limits import NEAR
from admodes.views.preset_files import preset_of
from admodes.views.presets import UBC


class Kind(StrEnum):
    computation = "computation"
    backpropagation = "backpropagation"
    both = "both"
    bipartite = "bipartite"
    linearised = "linearised"
    gradient = "gradient"


class Collapse(StrEnum):
    function = "function"
    loop = "loop"
    array = "array"
    none = "none"


@prints(*GRAPHS, Format.tikz)
def graph(
    targets: Targets,
    at: At = None,
    kind: Annotated[Kind, typer.Option(help="What is drawn.")] = Kind.computation,
    outputs: Annotated[
        list[str] | None, optional("--output", help="Only the adjoints of this output.")
    ] = None,
    around: Annotated[
        str | None, optional(metavar="NODE", help="Only what is near this row.")
    ] = None,
    depth: Annotated[int, typer.Option(min=0, help="How many steps from it.")] = NEAR,
    collapse: Annotated[
        Collapse | None,
        typer.Option(help="Draw groups: calls, rounds of loops, entries.", show_default=False),
    ] = None,
    opened: Annotated[
        list[str] | None,
        typer.Option("--open", metavar="GROUP", help="Open this group.", show_default=False),
    ] = None,
    preset: PresetName = UBC.name,
    numbering: Annotated[
        Numbering | None, optional(help="zero: v0 …; griewank: inputs v(1-n) … v0.")
    ] = None,
    rows: Annotated[Rows, typer.Option(help="Rows on arrays or on single numbers.")] = Rows.auto,
    digits: Digits = 6,
    *,
    output: Output,
    debug: Debug = False,
) -> None:
    """Draw the graph of a function at a point.

    What it computes from what (computation), how
    adjoints flow back (backpropagation), both in one picture, operations and variables in turn
    (bipartite), partial derivatives on edges (linearised), or the gradient computation itself
    (gradient).

    \b
    admodes graph @cpsc532s --kind both -o graph.svg
    admodes graph "x1*x2 + sin(x1)" --at x1=2,x2=3 --kind linearised -o graph.png
    admodes graph mine.py:loss --at "W=[[1, 2], [3, 4]],x=[1, 2]" --around v5 --depth 1
    admodes graph @cpsc532s --preset griewank -o graph.svg
    """
    from admodes.tracing.base import rows_under
    from admodes.tracing.graphing import drawing_of

    target = target_of(targets, at)
    chosen = preset_of(preset)
    recorded = recorded_of(target, rows_under(chosen, rows.value), located=True)
    drawing = drawing_of(recorded, numbering and numbering.value, target.title, chosen)
    way = collapse and collapse.value
    drawn = drawing.graph(kind.value, outputs, around, depth, digits, way, opened or ())
    output.show(drawn, drawn.save)
