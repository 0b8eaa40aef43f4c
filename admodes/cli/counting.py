"""The commands count and chain: exact numbers of operations."""

from __future__ import annotations

from typing import Annotated

import typer

from admodes.cli.compose import Composed, Of, composed
from admodes.cli.numbers import dimensions
from admodes.cli.options import At, Debug, Targets
from admodes.cli.output import Output, prints
from admodes.cli.running import run, target_of


@prints()
def count(
    targets: Targets,
    at: At = None,
    of: Composed = Of.f,
    *,
    output: Output,
    debug: Debug = False,
) -> None:
    """Count the operations of a function and of every sweep, exactly.

    Also those of a derivative of it (--of), and of the partials.

    \b
    admodes count @speelpenning
    admodes count "x1*x2*x3" --at x1=1,x2=2,x3=3 --of grad --format json
    """
    from admodes.programs.count import count_named

    target = composed(target_of(targets, at), of)
    result = run(lambda: count_named(target.arguments, *target.named), target)
    output.show(result)


@prints()
def chain(
    dims: Annotated[
        str,
        typer.Argument(
            metavar="DIMENSIONS",
            help="d0,d1,…,dn of n matrices: matrix i is d(i-1) × d(i), outputs on the left.",
            show_default=False,
        ),
    ],
    steps: Annotated[
        bool, typer.Option("--steps", help="Show the products of each order, one by one.")
    ] = False,
    *,
    output: Output,
    debug: Debug = False,
) -> None:
    """Compare the orders of multiplication of a chain of Jacobians.

    As reverse mode multiplies, as forward mode does, and with the fewest multiplications.

    \b
    admodes chain 1,2,3,3,5,5,4
    admodes chain 10,10,1,10,10 --steps
    """
    from admodes.derivatives.chain import chain as chain_of_dims

    output.show(chain_of_dims(dimensions(dims)), steps=steps)
