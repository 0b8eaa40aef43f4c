"""The command `diagnose`."""

from __future__ import annotations

import typer

import admodes as ad
from admodes.cli.options import At, Debug, Targets
from admodes.cli.output import Output, prints
from admodes.cli.running import run, target_of


@prints()
def diagnose(
    targets: Targets,
    at: At = None,
    *,
    output: Output,
    debug: Debug = False,
) -> None:
    """Find where a value or a derivative goes wrong, and the way out.

    Rows at which nan, infinity, overflow, underflow or lost digits begin, in the value or in a
    sweep; partials that are wrong; rows that end the influence of an input. Each with the line of
    your code, the reason, and what to write instead.

    Exit status 1 with findings, 0 without.

    \b
    admodes diagnose "ln(1 + x)" --at x=1e-10
    admodes diagnose "sqrt(x1^2 + x2^2)" --at x1=0,x2=0
    admodes diagnose mine.py:loss --at "w=[1, 2, 3]"
    """
    target = target_of(targets, at)
    result = run(
        lambda: ad.diagnose(
            target.function,
            *target.args,
            names=target.names,
            outputs=target.output_names,
            title=target.title,
        ),
        target,
    )
    output.show(result)
    if result.findings:
        raise typer.Exit(1)
