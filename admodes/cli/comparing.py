"""The command `compare`: a derivative by every library that is installed, side by side."""

from __future__ import annotations

from typing import Annotated

import typer

from admodes.cli.numbers import words
from admodes.cli.options import At, Debug, Operator, Targets
from admodes.cli.output import Output, prints
from admodes.cli.running import target_of


@prints(long="each library in a process of its own, a minute or more")
def compare(
    targets: Targets,
    at: At = None,
    of: Annotated[
        Operator | None,
        typer.Option(
            help="By default the gradient of one number, else the Jacobian. hvp: the Hessian times "
            "1, 1/2, 1/3 …",
            show_default=False,
        ),
    ] = None,
    backends: Annotated[
        str | None,
        typer.Option(
            help="Only these, as jax,torch,finite differences central.", show_default=False
        ),
    ] = None,
    limit: Annotated[
        float, typer.Option(min=0.1, max=86400.0, help="Seconds that a derivative may take.")
    ] = 60.0,
    memory: Annotated[
        str, typer.Option(help="What a process may use beyond its library, as 500M or 4G.")
    ] = "4G",
    rounds: Annotated[int, typer.Option(min=1, max=1000, help="Rounds of measuring.")] = 7,
    *,
    output: Output,
    debug: Debug = False,
) -> None:
    """Compare a derivative by admodes and by other libraries.

    By sympy, finite differences, the complex step, autograd, JAX, PyTorch and CasADi: right or
    wrong, first, then time and memory.

    The function goes to each library unchanged; the table names the route. Each library runs in a
    process of its own. Exit status 1 where a result is wrong.

    \b
    admodes compare @rosenbrock
    admodes compare mine.py:loss --at "W=normal(4, 3),x=[1, 2, 3]" --backends admodes,jax
    admodes compare "x1*x2*sin(x3)" --at x1=1,x2=2,x3=3 --of hessian
    """
    from admodes.lab.comparison import compare as compared

    target = target_of(targets, at)
    result = compared(
        target.function,
        *target.args,
        of=of and of.value,
        argnums=tuple(range(len(target.args))),
        backends=None if backends is None else words(backends, "--backends"),
        limit=limit,
        memory=memory,
        rounds=rounds,
        title=target.title,
    )
    output.show(result)
    if not result.passed:
        raise typer.Exit(1)
