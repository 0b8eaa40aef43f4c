"""Adapters of libraries that have NumPy's functions under another name."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from admodes.core.rebinding import Library, rebound
from admodes.lab.adapters.adapter import REBINDING, UNROLLED, Adapter
from admodes.lab.unrolling import unrolled
from admodes.problems.scenario import Scenario
from admodes.python_code.kernels import plain_kernel


class Rebound(Adapter):
    """First the function with its names bound to the library, then its recorded program."""

    routes = (REBINDING, UNROLLED)

    @abstractmethod
    def library(self) -> Library:
        """What takes the place of NumPy."""

    def function(self, scenario: Scenario, route: str) -> Callable[..., Any]:
        if route == UNROLLED:
            return unrolled(scenario, self.library())
        return rebound(scenario.function, replace(self.library(), kernel=plain_kernel))
