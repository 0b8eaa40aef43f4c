"""Problem: a named function with a default point, its source, and the figures that were published
for it; helpers that draw random data, the same in every run.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np

from admodes.problems.scenario import Scenario


def nested(x: Any) -> Any:
    """An array as tuples of tuples."""
    return tuple(map(nested, x)) if np.ndim(x) else float(x)


def drawn(seed: int, **shapes: tuple[int, ...]) -> dict[str, np.ndarray]:
    """Random arrays with one decimal, the same in every run, by name."""
    random = np.random.default_rng(seed)
    return {name: random.normal(size=shape).round(1) for name, shape in shapes.items()}


def flattened(arrays: Any) -> tuple[float, ...]:
    """The entries of several arrays, one after the other."""
    return tuple(float(entry) for x in arrays for entry in np.ravel(x))


def adjoint_equations(right: dict[str, str]) -> tuple[str, ...]:
    """Backpropagation equations, from the right sides by variable.

    >>> adjoint_equations({"h2": "W3ᵀ δ"})
    ('h̄2 = W3ᵀ δ',)
    """
    return tuple(f"{name[0]}\u0304{name[1:]} = {formula}" for name, formula in right.items())


@dataclass(frozen=True)
class Problem:
    """Either expressions, of the inputs in at, or code, a Python function.

    at: the default point by input name; a vector input is a tuple of numbers, a matrix one of
    tuples.
    figures, all optional, exact to the last bits where a formula gives them:
      "values"      the outputs;
      "rows"        the values of all rows, inputs first;
      "definitions" {name: value} of the named intermediates;
      "tangents"    {input: derivative of every row};
      "adjoints"    {output: adjoint of every row};
      "named adjoints" {name: adjoint} of the named intermediates and the inputs;
      "jacobian"    a row per output, a column per number of the input;
      "hessian"     at the default point, of the only output;
      "stationary"  {label: {"at", "kind", "hessian", "eigenvalues"}};
      "ascent"      {"step", "steps", "end"}, gradient ascent from the default point;
      "equations"   the backpropagation equations, as ad.equations prints them.
    notes: what to know, and mistakes (⚠) in the published document.
    """

    name: str
    title: str
    document: str
    section: str
    at: Mapping[str, Any]
    expressions: tuple[str, ...] = ()
    code: Callable[..., Any] | None = None
    outputs: tuple[str, ...] = ("y",)
    figures: Mapping[str, Any] = field(default_factory=dict)
    notes: tuple[str, ...] = ()

    @property
    def inputs(self) -> tuple[str, ...]:
        """The names of the arguments, in order."""
        return tuple(self.at)

    @property
    def source(self) -> str:
        """Document and section."""
        return f"{self.document}, {self.section}"

    @cached_property
    def function(self) -> Callable[..., Any]:
        """The function to differentiate."""
        if self.code is not None:
            return self.code
        from admodes.expression import parse

        return parse(*self.expressions, inputs=self.inputs)

    @property
    def args(self) -> tuple[Any, ...]:
        """The default point as arguments of the function."""
        return tuple(np.array(v) if isinstance(v, tuple) else v for v in self.at.values())

    def scenarios(self) -> tuple[Scenario, ...]:
        """The value, the Jacobian, and for one output the gradient and the Hessian at the default
        point, by all arguments, with the published figures.

        >>> from admodes.problems import PROBLEMS
        >>> [s.operator for s in PROBLEMS["rosenbrock"].scenarios()]
        ['value', 'jacobian', 'gradient', 'hessian']
        """
        figures = {
            key: np.array(self.figures[key])
            for key in ("values", "jacobian", "hessian")
            if key in self.figures
        }
        expected = {"value": figures.get("values"), "jacobian": figures.get("jacobian")}
        if len(self.figures["values"]) == 1:
            expected |= {"gradient": figures["jacobian"][0], "hessian": figures.get("hessian")}
        return tuple(
            Scenario(
                self.name,
                self.function,
                self.args,
                tuple(range(len(self.at))),
                *known,
                self.source,
                self.notes,
            )
            for known in expected.items()
        )
