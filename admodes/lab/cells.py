"""What is done in the process of a library: a derivative is prepared, called, counted and timed,
and its memory measured; in admodes' own process, what the libraries are judged by too."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from dataclasses import replace
from time import perf_counter
from typing import Any

import numpy as np

from admodes.core.pytree import flatten
from admodes.errors import BadType
from admodes.lab.adapters.adapter import Adapter
from admodes.lab.memory import allocated, grown
from admodes.lab.truth import truth
from admodes.problems.scenario import Scenario


class Cell:
    """The derivative of a scenario by an adapter, along a route. The methods are called in the
    order in which they stand here, and return data."""

    def __init__(self, adapter: Adapter, scenario: Scenario, route: str) -> None:
        self.adapter, self.scenario, self.route = adapter, scenario, route
        self.counter = itertools.count()
        self.run: Callable[[], Any] = lambda: None

    def first(self) -> dict[str, Any]:
        """Prepare and call: the result, the seconds until it was there, and by how much the process
        grew where that tells of the library's memory."""
        f, counter = self.adapter.function(self.scenario, self.route), self.counter

        def counted(*args: Any) -> Any:
            next(counter)
            return f(*args)

        scenario = replace(self.scenario, function=counted)
        found: dict[str, Any] = {}

        def job() -> None:
            start = perf_counter()
            self.run = self.adapter.prepare(scenario)
            found["result"] = self.run()
            found["first_s"] = perf_counter() - start

        peak = None
        if self.adapter.own_memory:
            peak = grown(job)
        else:
            job()
        numbers = flattened(self.scenario, found["result"])
        return {"result": numbers, "first_s": found["first_s"], "peak": peak}

    def again(self) -> dict[str, float]:
        """The seconds of the second call, and how often a later one calls the function."""
        start = perf_counter()
        self.run()
        second = perf_counter() - start
        before = next(self.counter)
        self.run()
        return {"second_s": second, "calls": next(self.counter) - before - 1}

    def seconds(self, loops: int) -> float:
        """Seconds a call, over a number of calls."""
        run = self.run
        start = perf_counter()
        for _ in range(loops):
            run()
        return (perf_counter() - start) / loops

    def peak(self) -> int:
        """The most bytes that a call holds at once in Python and NumPy."""
        return allocated(self.run)

    def operations(self, calls: int) -> dict[str, int] | None:
        """The exact operations of a call, where they are known."""
        return self.adapter.operations(self.scenario, calls)


class Plain(Cell):
    """The function itself, as NumPy runs it, and the truth of its derivative."""

    def __init__(self, scenario: Scenario) -> None:
        self.scenario = scenario
        self.run = lambda: scenario.function(*scenario.args)

    def value(self) -> dict[str, Any]:
        """The numbers of the result; of complex ones their kind alone."""
        numbers = np.concatenate([np.ravel(y) for y in flatten(self.run())[0]])
        if np.iscomplexobj(numbers):
            return {"complex": True}
        return {"complex": False, "numbers": numbers.astype(float)}

    def truth(self) -> dict[str, Any]:
        """See admodes.lab.truth."""
        return truth(self.scenario).to_dict()


def flattened(scenario: Scenario, result: Any) -> np.ndarray:
    """A result as the array that is compared: an array of the right shape as it is, others in the
    nesting of admodes. Raises TypeError where it is complex."""
    array = result if isinstance(result, np.ndarray) else None
    if array is not None and scenario.operator in ("jacobian", "hessian"):
        array = array.reshape(-1, sum(scenario.sizes))
    else:
        array = scenario.flat(result)
    if np.iscomplexobj(array):
        raise BadType("the result has complex numbers")
    return array.astype(float)
