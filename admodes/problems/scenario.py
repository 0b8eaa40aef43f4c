"""Scenario: a function at a point, which derivative of it is wanted, and what is known of the
result. Named problems, workloads of benchmarks and comparisons of libraries share it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from admodes.core.pytree import flatten, unflatten
from admodes.derivatives.gradients import grad, hessian, hvp, jacobian
from admodes.views.tables import known

DERIVATIVES = ("gradient", "jacobian", "hessian", "hvp")
OPERATORS = ("value", *DERIVATIVES)

COMPOSED = {"forward": "forward-over-forward", "reverse": "forward-over-reverse"}
"""The second derivatives that go with a mode for first ones."""


@dataclass(frozen=True)
class Scenario:
    """The derivative of function(*args) by args[i], i in argnums, that operator names.

    Results are compared as arrays, whatever nesting the function has: a vector of the numbers of
    the result (value), of those of the arguments (gradient, hvp), a matrix of a row per output
    number and a column per input number (jacobian), of input by input numbers (hessian). expected
    is such an array, or None where nobody has stated one.

    >>> import admodes as ad
    >>> s = Scenario("product", lambda x, y: x * ad.sin(y), (2.0, 0.0), (0, 1), "gradient")
    >>> s.oracle()
    array([0., 2.])
    """

    name: str
    function: Callable[..., Any]
    args: tuple[Any, ...]
    argnums: tuple[int, ...]
    operator: str
    expected: np.ndarray | None = None
    source: str = ""
    notes: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        known("operator", [self.operator], OPERATORS)

    @property
    def chosen(self) -> tuple[Any, ...]:
        """The arguments by which is differentiated."""
        return tuple(self.args[i] for i in self.argnums)

    @property
    def sizes(self) -> tuple[int, ...]:
        """How many numbers each leaf of these arguments has."""
        return tuple(int(np.size(x)) for x in flatten(self.chosen)[0])

    def restricted(self, *chosen: Any) -> Any:
        """The function of these arguments alone."""
        full = list(self.args)
        for i, x in zip(self.argnums, chosen, strict=True):
            full[i] = x
        return self.function(*full)

    @property
    def direction_vector(self) -> np.ndarray:
        """The direction of an hvp as a vector: the entries 1, 1/2, 1/3 …, which no symmetry of a
        function maps to another."""
        return 1 / np.arange(1.0, sum(self.sizes) + 1)

    def direction(self) -> tuple[Any, ...]:
        """The direction of an hvp, like the chosen arguments."""
        leaves, tree = flatten(self.chosen)
        parts = np.split(self.direction_vector, np.cumsum(self.sizes)[:-1])
        shaped = [
            v.reshape(np.shape(x)) if np.ndim(x) else float(v[0]) for v, x in zip(parts, leaves)
        ]
        found: tuple = unflatten(tree, shaped)
        return found

    def derivative(self, mode: str = "reverse") -> Callable[..., Any]:
        """What computes the derivative by admodes, in its own nesting: a function of args. mode:
        forward or reverse; for second derivatives the composition forward-over- that mode."""
        known("mode", [mode], tuple(COMPOSED))
        f, argnums = self.function, self.argnums
        if self.operator == "value":
            return f
        if self.operator == "gradient":
            return grad(f, argnums) if mode == "reverse" else jacobian(f, argnums, mode)
        if self.operator == "jacobian":
            return jacobian(f, argnums, mode)
        if self.operator == "hessian":
            return hessian(f, argnums, COMPOSED[mode])

        def product(*args: Any) -> Any:
            here = replace(self, args=args)
            return hvp(
                lambda xs: here.restricted(*xs), here.chosen, here.direction(), COMPOSED[mode]
            )

        return product

    def flat(self, result: Any) -> np.ndarray:
        """A result in the nesting of admodes as the array that is compared."""
        leaves = [np.asarray(x) for x in flatten(result)[0]]
        if self.operator in ("value", "gradient", "hvp"):
            return np.concatenate([np.ravel(x) for x in leaves]) if leaves else np.zeros(0)
        sizes = self.sizes
        blocks = [leaves[i : i + len(sizes)] for i in range(0, len(leaves), len(sizes))]
        return np.vstack([np.zeros((0, sum(sizes))), *(_row(b, sizes) for b in blocks)])

    def oracle(self) -> np.ndarray:
        """The expected result; where none is stated, that of forward mode."""
        if self.expected is not None:
            return self.expected
        return self.flat(self.derivative("forward")(*self.args))


def _row(blocks: list[np.ndarray], sizes: tuple[int, ...]) -> np.ndarray:
    """The blocks of one output side by side, each as a matrix of output by input numbers."""
    outputs = max((x.size // n for x, n in zip(blocks, sizes) if n), default=0)
    return np.hstack([x.reshape(outputs, n) for x, n in zip(blocks, sizes)])
