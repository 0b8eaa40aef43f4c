"""Adapters of libraries that have NumPy's functions under another name."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable
from typing import Any

from admodes.lab.adapters.adapter import REBINDING, UNROLLED, Adapter
from admodes.lab.rebinding import Library, rebound
from admodes.lab.unrolling import unrolled
from admodes.problems.scenario import Scenario


class Rebound(Adapter):
    """First the function with its names bound to the library, then its recorded program."""

    routes = (REBINDING, UNROLLED)

    @abstractmethod
    def library(self) -> Library:
        """What takes the place of NumPy."""

    def function(self, scenario: Scenario, route: str) -> Callable[..., Any]:
        if route == UNROLLED:
            return unrolled(scenario, self.library())
        return rebound(scenario.function, self.library())
