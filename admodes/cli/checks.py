"""The commands `equations` and `verify`, which check what they print and say so with their exit
status.
"""

from __future__ import annotations

from typing import Annotated

import typer

import admodes as ad
from admodes.cli.options import At, Debug, Fmt, Format, Save, Targets
from admodes.cli.running import run, show, target_of


def equations(
    targets: Targets,
    at: At = None,
    format: Fmt = Format.text,
    save: Save = None,
    debug: Debug = False,
) -> None:
    """Print the backpropagation equations of array code in symbols, each checked at the point.

    Exit status 1 where an equation does not hold.

    \b
    admodes equations @cpsc532s-network
    admodes equations mine.py:loss --at "W=normal(4, 3),x=[1, 2, 3]" --format latex
    """
    target = target_of(targets, at)
    result = run(
        lambda: ad.equations(
            target.function, *target.args, names=target.arguments, title=target.title
        ),
        target,
    )
    show(result, format, save)
    if not result.passed:
        raise typer.Exit(1)


def verify(
    targets: Targets,
    at: At = None,
    digits_required: Annotated[
        float, typer.Option(min=0.0, max=15.0, help="Digits that have to be right.")
    ] = 4.0,
    format: Fmt = Format.text,
    save: Save = None,
    debug: Debug = False,
) -> None:
    """Judge the rules and the accuracy of every derivative.

    Rules: every row's value and partials against sympy's, at exactly the doubles of its arguments.
    Accuracy: both modes against the derivative of the whole function at exactly the inputs given,
    by as many digits as it takes; where digits are lost, the row that lost them.

    Exit status 1 where a rule is wrong, fewer digits are right than required, the function is not
    differentiable (the slopes from both sides are shown), a value or derivative is not finite, or
    it could not be decided. "not proved" names operations without symbolic form, which differences
    alone speak for.

    \b
    admodes verify @cpsc532s
    admodes verify "sqrt(x1)*exp(-x2)" --at x1=2,x2=0.5
    admodes verify "(1 - cos(x))/x^2" --at x=1e-4 --digits-required 8
    """
    target = target_of(targets, at)
    result = run(
        lambda: ad.verify(
            target.function,
            *target.args,
            names=target.names,
            outputs=target.output_names,
            title=target.title,
            digits_required=digits_required,
        ),
        target,
    )
    show(result, format, save)
    if not result.passed:
        raise typer.Exit(1)
