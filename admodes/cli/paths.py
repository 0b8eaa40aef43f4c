"""The command explain: which entry of the Jacobian is asked for, and how its paths are shown."""

from __future__ import annotations

from typing import Annotated

import typer

import admodes as ad
from admodes.cli.options import At, Debug, Digits, Targets, optional
from admodes.cli.output import GRAPHS, Output, prints
from admodes.cli.running import run, target_of


@prints(*GRAPHS)
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
    *,
    output: Output,
    debug: Debug = False,
) -> None:
    """Print one derivative as the sum over paths of products.

    An entry of the Jacobian is the sum, over the paths from the input to the output, of the
    products of partials. The paths are counted exactly; those with the largest products are
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
    output.show(
        result,
        lambda path: result.graph(digits=digits).save(path),
        digits=digits,
        stages=stages,
    )
