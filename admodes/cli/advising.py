"""The command `advise`: which way of differentiating to take."""

from __future__ import annotations

from typing import Annotated

import typer

import admodes as ad
from admodes.cli.options import At, Debug, Operator, Targets
from admodes.cli.output import Output, prints
from admodes.cli.running import run, target_of


@prints()
def advise(
    targets: Targets,
    at: At = None,
    of: Annotated[Operator, typer.Option(help="The derivative that is wanted.")] = (
        Operator.jacobian
    ),
    memory: Annotated[
        str | None,
        typer.Option(help="What may be used, as 500M or 2G.", show_default=False),
    ] = None,
    measure: Annotated[
        bool, typer.Option("--measure", help="Time the routes as well, compiled.")
    ] = False,
    *,
    output: Output,
    debug: Debug = False,
) -> None:
    """Say which way of differentiating to take, and why.

    With what each costs, and where the choice would turn.

    \b
    admodes advise @speelpenning
    admodes advise mine.py:residuals --at "x=normal(200)" --measure
    admodes advise @rosenbrock --of hessian --format json
    """
    target = target_of(targets, at)

    def job() -> ad.Advice:
        found = ad.advise(
            target.function, *target.args, of=of.value, memory=memory, measure=measure
        )
        found.title = target.title
        return found

    output.show(run(job, target))
