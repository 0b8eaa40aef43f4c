"""The command explain: which entry of the Jacobian is asked for, and how its paths are shown."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

import admodes as ad
from admodes.cli.options import At, Debug, Digits, Fmt, Format, Targets, optional, saved
from admodes.cli.running import run, show_or_draw, target_of

GRAPHS = (".svg", ".png", ".dot", ".mmd")


def explain(
    targets: Targets,
    at: At = None,
    of: Annotated[str | None, optional("--of", help="The output.")] = None,
    wrt: Annotated[str | None, optional("--wrt", help="The input.")] = None,
    stages: Annotated[
        bool,
        typer.Option(
            "--stages", help="The chain rule in stages: in symbols, in the inputs, in numbers."
        ),
    ] = False,
    most: Annotated[int, typer.Option(min=1, help="List at most so many paths.")] = 100,
    digits: Digits = 6,
    format: Fmt = Format.text,
    save: Annotated[
        Path | None,
        saved("Write to this file; .svg, .png, .dot, .mmd are the graph with the paths."),
    ] = None,
    debug: Debug = False,
) -> None:
    """Print one entry of the Jacobian as the sum, over the paths from the input to the output, of
    the products of partials. The paths are counted exactly; those with the largest products are
    listed.

    \b
    admodes explain @cpsc532s --of y1 --wrt x2
    admodes explain @cpsc532s --of y1 --wrt x2 -o paths.svg
    admodes explain @grad-log-sin --wrt x1 --stages
    admodes explain "log(x1 + sin(x1)) * max(x2, x3)" --at x1=5,x2=-2,x3=-5 --wrt x1
    """
    target = target_of(targets, at)
    f, args, names, outputs, title = target.named

    def explained() -> ad.Explanation:
        return ad.explain(
            f, *args, of=of, wrt=wrt, names=names, outputs=outputs, most=most, title=title
        )

    result = run(explained, target)
    show_or_draw(
        *(result, format, save),
        lambda path: result.graph(digits=digits).save(path),
        GRAPHS,
        digits=digits,
        stages=stages,
    )
