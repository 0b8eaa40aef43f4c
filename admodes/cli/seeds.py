"""The option --seed: text goes in, directions by the names of inputs and outputs come out, or an
error that names what is wrong."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from admodes.cli.running import Failure
from admodes.cli.target import Target
from admodes.expression import ExpressionError
from admodes.expression.parser import split_commas
from admodes.expression.values import parse_value


def seed_values(text: str | None) -> dict[str, Any]:
    """x1=1,x2=[0.5, 1] as a dictionary."""
    if text is None:
        return {}
    found: dict[str, Any] = {}
    for part in split_commas(text):
        name, equals, given = (s.strip() for s in part.partition("="))
        if not equals or not name or not given or name in found:
            raise Failure(
                f"--seed {text!r}: write it as --seed x1=1,x2=0.5, each name once; "
                f"{part.strip()!r} is not so"
            )
        try:
            found[name] = parse_value(given)
        except ExpressionError as error:
            raise Failure(f"--seed {part.strip()}: {error.reason}") from error
    return found


def check_seed(seed: dict[str, Any], inputs: Sequence[str], outputs: Sequence[str]) -> None:
    """Refuse names that are neither inputs nor outputs."""
    unknown = [n for n in seed if n not in (*inputs, *outputs)]
    if unknown:
        raise Failure(
            f"--seed: {', '.join(unknown)} is neither an input nor an output "
            f"(inputs {', '.join(inputs)}; outputs {', '.join(outputs)})"
        )


def check_numbers(seed: dict[str, Any]) -> None:
    """Refuse lists in the seed of a trace by numbers."""
    for name, v in seed.items():
        if np.ndim(v):
            raise Failure(f"--seed {name}: give one number, not a list")


def by_components(seed: dict[str, Any], target: Target) -> dict[str, Any]:
    """A seed in which the arguments that are vectors are named by their components, as rows of
    numbers have them: x=[1, 0] is x1=1, x2=0."""
    sizes = [int(np.size(x)) for x in target.args]
    ends = np.cumsum([0, *sizes])
    found: dict[str, Any] = {}
    for name, v in seed.items():
        if name in target.names or name not in target.arguments:
            found[name] = v
            continue
        k = target.arguments.index(name)
        shape = np.shape(target.args[k])
        if np.shape(v) not in ((), shape):
            raise Failure(f"--seed {name}: its shape is {np.shape(v)}, that of {name} is {shape}")
        entries = np.broadcast_to(v, shape).ravel().tolist()
        for component, x in zip(target.names[ends[k] : ends[k + 1]], entries, strict=True):
            if component in found or component in seed:
                raise Failure(f"--seed: {component} is there twice, by name and in {name}")
            found[component] = x
    return found
