"""The command eliminate: what a Jacobian costs in each order of elimination."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import typer

import admodes as ad
from admodes.cli.options import At, Debug, Digits, Targets
from admodes.cli.output import GRAPHS, Output, prints
from admodes.cli.running import run, target_of


class Order(StrEnum):
    forward = "forward"
    reverse = "reverse"
    markowitz = "markowitz"
    optimum = "optimum"


@prints(*GRAPHS)
def eliminate(
    targets: Targets,
    at: At = None,
    order: Annotated[
        Order | None,
        typer.Option(help="The order that is shown step by step; the best one unless named."),
    ] = None,
    step: Annotated[
        int, typer.Option(help="The picture is that after so many steps; -1 is after the last.")
    ] = 0,
    digits: Digits = 6,
    *,
    output: Output,
    debug: Debug = False,
) -> None:
    """Print what a Jacobian costs in each order of elimination.

    In multiplications, when the rows of the linearised graph are eliminated: forward, in
    reverse, by Markowitz's rule, and in the best order, which is searched for in small graphs.

    \b
    admodes eliminate @cpsc532s
    admodes eliminate "a = x1*x2; c = sin(a)*cos(a); y1 = exp(c)" "y2 = ln(c)" --at x1=1,x2=0.5
    admodes eliminate @cpsc532s --order reverse --step 2 -o after2.svg
    """
    target = target_of(targets, at)
    f, args, names, outputs, title = target.named
    result = run(lambda: ad.eliminate(f, *args, names=names, outputs=outputs, title=title), target)
    named = order and order.value
    output.show(result, lambda path: result.graph(named, step, digits).save(path), order=named)
