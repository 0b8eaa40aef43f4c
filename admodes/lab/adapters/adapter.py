"""What a library has to say of itself to stand in the table of `ad.compare`, and what adapters
share."""

from __future__ import annotations

import importlib
import importlib.metadata
import math
from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import Any

import numpy as np

from admodes.core.pytree import flatten, unflatten
from admodes.errors import BadType, Error
from admodes.lab.truth import EXACT
from admodes.problems.scenario import Scenario
from admodes.version import VERSION

UNCHANGED, REBINDING, UNROLLED = "unchanged", "rebinding", "unrolled"
"""Routes of the user's function to a library: as it is; with the names of NumPy bound to the
library; its recorded program, operation by operation."""


class NotOffered(Error):
    """A library, or its adapter, does not offer what is asked for; the message says what."""


class Adapter(ABC):
    """One row of the table. A subclass has a `backend` and a method `prepare`:

    >>> class Doubled(Adapter):
    ...     backend = "mine"
    ...     package = None  # or the name of the package that has to be importable
    ...     def prepare(self, scenario):
    ...         gradient = scenario.derivative("reverse")  # or whatever the library has
    ...         return lambda: gradient(*scenario.args)
    >>> Doubled().backend
    'mine'

    Give an object of it to `ad.compare(f, x, backends=[Doubled(), "jax"])`, or name the class in
    the entry point group "admodes.adapters" of a package: then it is a row of every table.

    Adapters run in processes of their own. backend: the word for the row. package, install: what
    has to be importable, and what pip calls it. routes: by which ways the function may come, in the
    order in which they are tried. compiles: the first call is dearer than the others. exact: no
    error but rounding; not so difference quotients. tolerance: the relative error beyond which
    numbers are called wrong, unless rounding explains it.
    own_memory: memory is taken outside Python, so that the growth of the process tells how much.
    reserve: bytes of addresses that the library takes without using them.
    """

    backend: str
    package: str | None = None
    install: str = ""
    routes: tuple[str, ...] = (UNCHANGED,)
    compiles: bool = False
    exact: bool = True
    tolerance: float = EXACT
    own_memory: bool = False
    reserve: int = 0

    def load(self) -> str:
        """Import the package; its version. Runs once for all rows of a package."""
        if self.package is None:
            return VERSION
        module = importlib.import_module(self.package)
        try:
            return importlib.metadata.version(self.install or self.package)
        except importlib.metadata.PackageNotFoundError:
            return str(getattr(module, "__version__", "unknown"))

    def hindrance(self) -> str | None:
        """Why the library would not run in forks of this process, as it is now."""
        return None

    def function(self, scenario: Scenario, route: str) -> Callable[..., Any]:
        """The function of the scenario as it comes by a route."""
        return scenario.function

    @abstractmethod
    def prepare(self, scenario: Scenario) -> Callable[[], Any]:
        """What gives the derivative that scenario.operator names, at its arguments, in the nesting
        of admodes or as the array that Scenario describes. Runs in the library's process, with the
        function that came by a route; raises NotOffered for an operator that there is not."""

    def tolerated(self, operator: str) -> float:
        """The tolerance for an operator."""
        return self.tolerance

    def operations(self, scenario: Scenario, calls: int) -> dict[str, int] | None:
        """The exact operations of one derivative, where they are known. calls: of the function."""
        return None


def not_offered(scenario: Scenario, *operators: str) -> None:
    """Refuse operators other than these."""
    if scenario.operator not in operators:
        raise NotOffered(f"there is no {scenario.operator} by this method")


def leaf_function(scenario: Scenario) -> tuple[Callable[..., list[Any]], list[Any]]:
    """The function of the numbers and arrays by which is differentiated, one argument each, with a
    list of the numbers and arrays of the result; and those arguments."""
    leaves, tree = flatten(scenario.chosen)

    def f(*xs: Any) -> list[Any]:
        return flatten(scenario.restricted(*unflatten(tree, list(xs))))[0]

    return f, leaves


def vector_function(scenario: Scenario) -> tuple[Callable[[Any], np.ndarray], np.ndarray]:
    """The function as one of a NumPy vector of all numbers, with a vector as its result; and that
    vector."""
    f, leaves = leaf_function(scenario)
    ends = np.cumsum(scenario.sizes)[:-1]
    shapes = [np.shape(x) for x in leaves]

    def of(x: Any) -> np.ndarray:
        parts = np.split(x, ends)
        shaped = [p.reshape(s) if s else p[0] for p, s in zip(parts, shapes)]
        return np.concatenate([np.ravel(y) for y in f(*shaped)])

    return of, np.concatenate([np.ravel(x) for x in leaves]).astype(float)


def one_number(results: list[Any]) -> Any:
    """The only number that a function returned. Raises TypeError where it returned more."""
    if len(results) != 1 or math.prod(getattr(results[0], "shape", ())) != 1:
        raise BadType("a gradient, Hessian or hvp needs a function with one number as its result")
    return results[0]


def total_size(results: list[Any]) -> int:
    """How many numbers a function returned, in a library's arrays or plain numbers."""
    return sum(math.prod(getattr(y, "shape", ())) for y in results)
