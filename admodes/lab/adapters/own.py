"""admodes itself: forward mode, reverse mode, compiled."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from admodes.compilation import compile as compiled
from admodes.core.costs import total, without_moves
from admodes.lab.adapters.adapter import Adapter, leaf_function, total_size
from admodes.problems.scenario import Scenario
from admodes.programs.count import count
from admodes.tracing.program import record

FIRST = ("gradient", "jacobian")


class Own(Adapter):
    """One mode; second derivatives are forward mode over it."""

    def __init__(self, mode: str) -> None:
        self.mode, self.backend = mode, f"admodes {mode}"

    def prepare(self, scenario: Scenario) -> Callable[[], Any]:
        derivative, args = scenario.derivative(self.mode), scenario.args
        return lambda: derivative(*args)

    def operations(self, scenario: Scenario, calls: int) -> dict[str, int]:
        """Those of f, of the partials and of all sweeps; for second derivatives those of what a
        recording of the derivative holds."""
        if scenario.operator not in FIRST:
            return summed(count(scenario.derivative(self.mode), *scenario.args).f)
        counts = count(scenario.restricted, *scenario.chosen)
        return summed(counts.f, counts.partials, counts.totals[self.mode])


class OwnCompiled(Adapter):
    """ad.compile of the derivative: by reverse mode, or by forward mode where there are fewer
    inputs than outputs."""

    backend = "admodes compiled"
    compiles = True

    def prepare(self, scenario: Scenario) -> Callable[[], Any]:
        run, args = compiled(self._derivative(scenario)), scenario.args
        return lambda: run(*args)

    def _derivative(self, scenario: Scenario) -> Callable[..., Any]:
        if scenario.operator != "jacobian":
            return scenario.derivative("reverse")
        f, leaves = leaf_function(scenario)
        tall = sum(scenario.sizes) < total_size(f(*leaves))
        return scenario.derivative("forward" if tall else "reverse")

    def operations(self, scenario: Scenario, calls: int) -> dict[str, int]:
        """Those of the optimised program."""
        program = record(self._derivative(scenario), *scenario.args)
        return summed(program.optimised(exact=False).count().f)


def summed(*parts: dict[str, int]) -> dict[str, int]:
    """Operations by kind, without moves of entries, and their total.

    >>> summed({"additions": 1, "moves": 5}, {"additions": 2})
    {'additions': 3, 'total': 3}
    """
    found = without_moves(total(parts))
    return found | {"total": sum(found.values())}


ADAPTERS = (Own("forward"), Own("reverse"), OwnCompiled())
