"""The option --of: it turns the function that was typed into one of its derivatives, so that
commands on functions take derivatives too.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from enum import StrEnum
from typing import Annotated, Any

import numpy as np
import typer

import admodes as ad
from admodes.cli.target import Target


class Of(StrEnum):
    f = "f"
    grad = "grad"
    jacobian = "jacobian"
    hessian = "hessian"
    hvp = "hvp"


Composed = Annotated[Of, typer.Option(help="The function itself, or a derivative of it.")]


def composed(target: Target, of: Of) -> Target:
    """The derivative with respect to all arguments. A Hessian-vector product takes the direction as
    further arguments, x_dot for x, recorded at ones."""
    if of is Of.f:
        return target
    n = len(target.args)
    every: Any = tuple(range(n)) if n > 1 else 0
    f = target.function
    makers: dict[Of, Callable[[], Callable]] = {
        Of.grad: lambda: ad.grad(f, every),
        Of.jacobian: lambda: ad.jacobian(f, every),
        Of.hessian: lambda: ad.hessian(f, every),
        Of.hvp: lambda: _product(f, every, n),
    }
    derivative = makers[of]()

    def run(*args: Any) -> Any:
        return derivative(*args)

    run.__name__ = f"{of.value}_{getattr(f, '__name__', 'f')}".replace("<lambda>", "f")
    title = f"{of.value} of {target.title}"
    found = replace(target, function=run, output_names=None, title=title, problem=None)
    if of is Of.grad:
        return replace(found, output_names=tuple(f"{n}_bar" for n in target.names))
    if of is not Of.hvp:
        return found
    ones = tuple(np.ones(np.shape(x)) if np.ndim(x) else 1.0 for x in target.args)
    return replace(
        found,
        args=target.args + ones,
        output_names=tuple(f"{n}_bar_dot" for n in target.names),
        names=_with_dots(target.names),
        arguments=_with_dots(target.arguments),
    )


def _with_dots(names: tuple[str, ...]) -> tuple[str, ...]:
    return (*names, *(f"{n}_dot" for n in names))


def _product(f: Callable, every: Any, n: int) -> Callable:
    def product(*args: Any) -> Any:
        return ad.jvp(ad.grad(f, every), args[:n], args[n:])[1]

    return product
