"""The commands `check`, `equations` and `verify`, which judge and say so with their exit status."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import typer

import admodes as ad
from admodes.cli.inputs import derivative_of
from admodes.cli.options import At, Debug, Digits, Targets, optional
from admodes.cli.output import Output, prints
from admodes.cli.running import run, target_of


class Judged(StrEnum):
    gradient = "gradient"
    jacobian = "jacobian"
    hessian = "hessian"


@prints()
def check(
    targets: Targets,
    gradient: Annotated[
        list[str],
        typer.Option(
            "--gradient",
            help="The derivative by hand: file.py:function or package.module:function, which takes "
            "the same arguments; or expressions, one an entry, each with its own --gradient.",
            show_default=False,
        ),
    ],
    at: At = None,
    of: Annotated[
        Judged | None, optional(help="What it is; told by its shape unless given.")
    ] = None,
    points: Annotated[int, typer.Option(min=1, help="Points that are compared.")] = 6,
    digits: Digits = 6,
    *,
    output: Output,
    debug: Debug = False,
) -> None:
    """Judge a derivative written by hand, and name the mistake.

    A gradient, Jacobian or Hessian, entry by entry, at the point and at random ones. A mistake is
    a factor or sign, transposition, shifted places, another point, a term or an inner derivative
    that is missing, a wrong rule.

    Exit status 1 where an entry is wrong.

    \b
    admodes check "sin(x**2)" --gradient "cos(x**2)" --at x=1.5
    admodes check "x1**2*x2" --gradient "2*x1*x2" --gradient "x1**2" --at x1=1,x2=3
    admodes check mine.py:loss --gradient mine.py:loss_gradient --at "w=[1, 2, 3]"
    """
    target = target_of(targets, at)
    by_hand = derivative_of(gradient, target)
    result = run(
        lambda: ad.check_gradient(
            *(target.function, by_hand, *target.args),
            of=of and of.value,
            points=points,
            names=target.names,
            title=target.title,
        ),
        target,
    )
    output.show(result, digits=digits)
    if not result.passed:
        raise typer.Exit(1)


@prints()
def equations(
    targets: Targets,
    at: At = None,
    chain: Annotated[
        str | None,
        optional("--chain", help="The derivative by this variable as a product of Jacobians."),
    ] = None,
    *,
    output: Output,
    debug: Debug = False,
) -> None:
    """Print the backpropagation equations of array code in symbols.

    Each is checked at the point.

    Exit status 1 where an equation does not hold.

    \b
    admodes equations @cpsc532s-network
    admodes equations @eth-relu-network --chain x
    admodes equations mine.py:loss --at "W=normal(4, 3),x=[1, 2, 3]" --format latex
    """
    target = target_of(targets, at)
    result = run(
        lambda: ad.equations(
            target.function, *target.args, names=target.arguments, title=target.title
        ),
        target,
    )
    if chain is not None:
        product = run(lambda: result.chain(chain), target)
        output.show(product)
        raise typer.Exit(int(not product.holds))
    output.show(result)
    if not result.passed:
        raise typer.Exit(1)


@prints()
def verify(
    targets: Targets,
    at: At = None,
    digits_required: Annotated[
        float, typer.Option(min=0.0, max=15.0, help="Digits that have to be right.")
    ] = 4.0,
    *,
    output: Output,
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
    output.show(result)
    if not result.passed:
        raise typer.Exit(1)
