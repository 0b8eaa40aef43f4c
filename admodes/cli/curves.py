"""The commands accuracy, swell and kinks: errors of derivatives by step size, operations of
symbolic derivatives by the size of the function, and what libraries return at a kink."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import typer

from admodes.cli.numbers import whole_numbers, words
from admodes.cli.options import At, Debug, optional
from admodes.cli.output import FIGURES, Output, prints
from admodes.cli.running import Failure, run, target_of


class Growing(StrEnum):
    logistic = "logistic"
    speelpenning = "speelpenning"


@prints(*FIGURES)
def accuracy(
    targets: Annotated[
        list[str] | None,
        typer.Argument(metavar="[FUNCTION]...", help="All scalar problems unless given."),
    ] = None,
    at: At = None,
    steps: Annotated[
        str | None, typer.Option(help="Step sizes, as 1e-2,1e-4,1e-8.", show_default=False)
    ] = None,
    every: Annotated[bool, typer.Option("--every", help="Print all steps.")] = False,
    *,
    output: Output,
    debug: Debug = False,
) -> None:
    """Print how wrong difference quotients are at each step size.

    Forward, central and fourth order, and complex steps, against 50-digit derivatives, with
    automatic differentiation beside them.

    \b
    admodes accuracy @cpsc532s
    admodes accuracy "exp(x)/sin(x)**3" --at x=1.5 -o curve.png
    admodes accuracy --format json
    """
    from admodes.lab.plots.step_sizes import plot_step_errors
    from admodes.lab.step_sizes import STEPS, step_errors, survey

    sizes = STEPS if steps is None else _steps(steps)
    if not targets:
        if at is not None:
            raise Failure("accuracy: --at is the point of a function, and none is given")
        whole = survey(sizes)
        output.show(whole, lambda path: plot_step_errors(whole.functions, path), every=every)
        return
    target = target_of(targets, at)
    f, args, names, _, title = target.named
    one = run(lambda: step_errors(f, *args, steps=sizes, names=names, title=title), target)
    output.show(one, lambda path: plot_step_errors([one], path), every=every)


def _steps(text: str) -> list[float]:
    try:
        return [float(part) for part in text.split(",")]
    except ValueError:
        raise Failure(f"--steps {text}: give numbers such as 1e-2,1e-4,1e-8") from None


@prints(*FIGURES)
def swell(
    family: Annotated[
        list[Growing] | None, typer.Option(help="One family only; may be repeated.")
    ] = None,
    sizes: Annotated[
        str | None, typer.Option(help="Values of n, as 2,3,4.", show_default=False)
    ] = None,
    *,
    output: Output,
    debug: Debug = False,
) -> None:
    """Print how symbolic derivatives grow with their function.

    In operations: raw, simplified and after common subexpressions are found, beside automatic
    differentiation.

    \b
    admodes swell
    admodes swell --family logistic --sizes 2,3,4
    admodes swell -o swell.png
    """
    from admodes.lab.plots.swelling import plot_swell
    from admodes.lab.swelling import FAMILIES, swelling

    chosen = [x.value for x in family] if family else list(FAMILIES)
    result = swelling(chosen, None if sizes is None else whole_numbers(sizes))
    output.show(result, lambda path: plot_swell(result, path))


@prints(long="each library in a process of its own, about a minute for the whole list")
def kinks(
    targets: Annotated[
        list[str] | None,
        typer.Argument(metavar="[FUNCTION]...", help="A list of known kinks unless given."),
    ] = None,
    at: At = None,
    backends: Annotated[
        str | None, optional("--backends", help="Only these, as admodes,jax.")
    ] = None,
    *,
    output: Output,
    debug: Debug = False,
) -> None:
    """Print what every library returns where a function has a kink.

    At a kink, an edge or a tie, beside the slopes from both sides; values that differ are marked.

    Each library runs in a process of its own; the whole list takes about a minute.

    \b
    admodes kinks
    admodes kinks "abs(x)" --at x=0
    admodes kinks mine.py:loss --at x=[0,0] --backends admodes,jax,torch
    """
    from admodes.lab.kinks import BACKENDS
    from admodes.lab.kinks import kinks as at_kinks

    chosen = BACKENDS if backends is None else words(backends, "--backends")
    if not targets:
        if at is not None:
            raise Failure("kinks: --at is the point of a function, and none is given")
        output.show(at_kinks(backends=chosen))
        return
    target = target_of(targets, at)
    f, args, names, _, title = target.named
    output.show(run(lambda: at_kinks(f, *args, backends=chosen, names=names, title=title), target))
