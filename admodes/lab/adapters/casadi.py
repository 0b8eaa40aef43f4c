"""CasADi: expression graphs on scalars (SX), differentiated and run by its virtual machine."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from admodes.core.pytree import flatten
from admodes.core.record import Step, record
from admodes.lab.adapters.adapter import (
    UNROLLED,
    Adapter,
    NotOffered,
    leaf_function,
    one_number,
    vector_function,
)
from admodes.problems.scenario import Scenario
from admodes.programs.replay import value_of
from admodes.symbolic.arrays import broadcast, entrywise, fill, structural

NUMPY_MODE = "NumPy mode"

NAMES = {
    "Abs": "fabs",
    "Max": "fmax",
    "Min": "fmin",
    "ln": "log",
    "Pow": "power",
    "atan2": "arctan2",
    **{name: name.lower() for name in ("Lt", "Le", "Gt", "Ge", "Eq", "Ne")},
    "Not": "logic_not",
}
"""What CasADi calls functions of sympy."""


EXTREMES: dict[Any, str] = {np.maximum: "fmax", np.minimum: "fmin"}
"""What decides without Python, for the ufunc that a reduction combines entries with."""


class Casadi(Adapter):
    """First the function as it is on CasADi's arrays with NumPy's semantics (NumPy mode 1), which
    CasADi calls experimental; then its recorded program on scalars."""

    backend = package = "casadi"
    routes = (NUMPY_MODE, UNROLLED)
    compiles = True
    own_memory = True

    def load(self) -> str:
        version = super().load()
        import casadi

        casadi.GlobalOptions.setNumpyMode(1)
        return version

    def function(self, scenario: Scenario, route: str) -> Callable[..., Any]:
        if route == NUMPY_MODE:
            return scenario.function
        return on_scalars(scenario)

    def prepare(self, scenario: Scenario) -> Callable[[], Any]:
        import casadi as ca

        f, leaves = leaf_function(scenario)
        _, numbers = vector_function(scenario)
        x = ca.SX.sym("x", len(numbers))
        parts = ca.vertsplit(x, np.cumsum([0, *scenario.sizes]).tolist())
        shaped = [ca.array(p).reshape(np.shape(a)) for p, a in zip(parts, leaves)]
        results = f(*shaped)
        y = ca.vertcat(*map(_column, results))
        if scenario.operator == "jacobian":
            found = ca.jacobian(y, x)
        else:
            one_number([y.shape[0] * [0.0]])
            found = ca.gradient(y, x)
        if scenario.operator == "hessian":
            found = ca.jacobian(found, x)
        if scenario.operator == "hvp":
            v = scenario.direction_vector
            found = ca.jtimes(found, x, ca.DM(v))
        run = ca.Function("derivative", [x], [ca.densify(found)])
        matrix = scenario.operator in ("jacobian", "hessian")
        return lambda: run(numbers).full() if matrix else run(numbers).full()[:, 0]


def _column(y: Any) -> Any:
    """A result of whatever kind as a column of SX, in NumPy's order of entries."""
    import casadi as ca

    if isinstance(y, np.ndarray):
        return ca.vertcat(*(ca.SX(e) for e in y.flat))
    if hasattr(y, "reshape") and not isinstance(y, ca.SX):
        return ca.vec(ca.SX(y.reshape((-1,))))
    return ca.vec(ca.SX(y).T)


class _Functions:
    """CasADi's functions under the names of sympy, by which operations write their symbolic
    forms."""

    pi, E = math.pi, math.e

    def __getattr__(self, name: str) -> Any:
        import casadi as ca

        found = getattr(ca, NAMES.get(name, name), None)
        if found is None:
            raise AttributeError(f"CasADi has no {name}")
        return found

    def Piecewise(self, *pieces: tuple[Any, Any]) -> Any:
        import casadi as ca

        *others, (found, _) = pieces
        for y, condition in reversed(others):
            found = ca.if_else(condition, y, found)
        return found

    def Rational(self, p: int, q: int) -> float:
        return p / q

    Integer = Float = staticmethod(float)


_FUNCTIONS = _Functions()


def on_scalars(scenario: Scenario) -> Callable[..., Any]:
    """What the function did at its arguments, as a function of CasADi's arrays: each operation by
    its symbolic form on single entries."""
    program = record(scenario.restricted, *scenario.chosen)

    def run(*args: Any) -> tuple[Any, ...]:
        chosen = [args[i] for i in scenario.argnums]
        leaves = dict(zip((x.row for x in program.inputs), flatten(chosen)[0], strict=True))
        made: list[Any] = []
        for row, step in enumerate(program.steps):
            if step.op is None:
                made.append(
                    program.captured.get(row) if row in program.captured else _entries(leaves[row])
                )
            else:
                made.append(_row(step, [value_of(a, made) for a in step.args]))
        return tuple(value_of(y, made) for y in program.outputs)

    return run


def _row(step: Step, xs: list[Any]) -> Any:
    """The entries of one row."""
    import casadi as ca

    op = step.op
    if op.symbol is not None:
        return broadcast(lambda *entries: op.symbol(_FUNCTIONS, *entries), xs, step.shape)
    if op.elementwise:
        raise NotOffered(f"the operation {op.name} has no symbolic form")
    extreme = EXTREMES.get(getattr(op.structure, "combine", None))
    if extreme is not None:
        folded = np.frompyfunc(getattr(ca, extreme), 2, 1)
        return folded.reduce(xs[0], **{"axis": None} | (step.params or {}))
    lifted = [entrywise(ca.SX, a) if op.active(i) else a for i, a in enumerate(xs)]
    return structural(op, lifted, step.params)


def _entries(x: Any) -> Any:
    """An array of CasADi as NumPy's array of scalars; a plain number or array as it is."""
    import casadi as ca

    if isinstance(x, (float, int, np.ndarray, np.generic)):
        return x
    column = ca.vec(ca.SX(x.reshape((-1,))))
    return fill(tuple(x.shape), iter(column[i] for i in range(column.shape[0])))


ADAPTERS = (Casadi(),)
