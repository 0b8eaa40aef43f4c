"""Expression swell: how many operations a symbolic derivative takes as its function grows, beside
automatic differentiation: the experiment behind `admodes swell`.

A formula repeats what a program computes once. The logistic map l1 = x, l(n+1) = 4 l(n) (1 − l(n))
doubles the formula in each step and adds three operations to the program; Speelpenning's product
x1 x2 … xn has n partial derivatives of n − 1 factors each. Common subexpressions that are found
afterwards (cse) bring part of it back, at the price of having the swollen formula first.

A. Griewank, On automatic differentiation (1989); A. Baydin, B. Pearlmutter, A. Radul and J.
Siskind, Automatic differentiation in machine learning: a survey (2018), table 1.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from admodes.core.costs import arithmetic
from admodes.errors import BadValue, choices
from admodes.programs.count import count
from admodes.views.result import Result
from admodes.views.tables import Table

MOST_SIMPLIFIED = 100
"""Operations up to which sympy is asked to simplify: it takes minutes for some hundreds more."""

COLUMNS = ("f", "raw", "simplified", "cse", "program", "forward", "reverse")


@dataclass(frozen=True)
class Family:
    """Functions by a size n: of a list of n or fewer inputs, in operations that carriers, numbers
    and symbols take. sizes: those of the experiment; largest: the largest n whose formula fits."""

    title: str
    inputs: Callable[[int], int]
    function: Callable[[int], Callable]
    sizes: tuple[int, ...]
    largest: int


def _logistic(n: int) -> Callable:
    def logistic(x: Any) -> Any:
        for _ in range(n - 1):
            x = 4 * x * (1 - x)
        return x

    return logistic


def _speelpenning(n: int) -> Callable:
    def speelpenning(*xs: Any) -> Any:
        product = xs[0]
        for x in xs[1:]:
            product = product * x
        return product

    return speelpenning


FAMILIES = {
    "logistic": Family("logistic map", lambda n: 1, _logistic, tuple(range(2, 9)), 12),
    "speelpenning": Family(
        "Speelpenning's product", lambda n: n, _speelpenning, (2, 4, 8, 16, 32), 64
    ),
}


@dataclass
class Swell(Result):
    """Operations by size (JSON contract "admodes.swell/1"). families has for each a list of points
    with n; f and the derivative raw, simplified and after cse as sympy counts operations,
    simplified None where it was not tried; program, forward and reverse as admodes counts them: f
    as a program, and f with its partials and the sweeps of each mode."""

    families: dict[str, list[dict[str, int | None]]]
    title: str = "Expression swell"

    def _data(self) -> dict[str, Any]:
        return {"schema": "admodes.swell/1", "families": self.families}

    def tables(self, format: str = "text") -> list[Table]:
        """A table per family."""
        head = ["n", "f", "Raw", "Simplified", "Cse", "Program", "Forward", "Reverse"]
        notes = [
            "f, raw, simplified, cse: formulas, by sympy.count_ops; the derivative is the gradient",
            "program: operations of f as it is run; forward, reverse: with its partials and sweeps",
            f"-: not simplified, because it has more than {MOST_SIMPLIFIED} operations",
        ]
        return [
            Table(
                FAMILIES[name].title.capitalize(),
                head,
                [[_cell(point[key]) for key in ("n", *COLUMNS)] for point in points],
                [False] * len(head),
                notes if name == list(self.families)[-1] else [],
            )
            for name, points in self.families.items()
        ]


def _cell(x: int | None) -> str:
    return "-" if x is None else str(x)


def swelling(
    families: Sequence[str] = tuple(FAMILIES), sizes: Sequence[int] | None = None
) -> Swell:
    """Count the operations of f, of its symbolic derivative and of automatic differentiation for
    each family of functions and each size.

    sizes: whole numbers from 1, those of each family unless given. Raises ValueError for an unknown
    family, and for sizes whose formulas would not fit in memory or take hours.

    >>> from admodes.lab.swelling import swelling
    >>> points = swelling(["logistic"], [2, 3, 4]).families["logistic"]
    >>> [(p["f"], p["raw"], p["reverse"]) for p in points]
    [(3, 2, 7), (8, 21, 14), (18, 82, 21)]
    """
    found: dict[str, list[dict[str, int | None]]] = {}
    for name in families:
        if name not in FAMILIES:
            raise BadValue(f"family {name!r} is unknown; {choices(name, FAMILIES)}")
        family = FAMILIES[name]
        for n in family.sizes if sizes is None else sizes:
            if not isinstance(n, int) or n < 1:
                raise BadValue(f"sizes: {n!r} is no whole number from 1")
            if n > family.largest:
                raise BadValue(
                    f"sizes: the {family.title} with n = {n} is too large for a formula; the limit "
                    f"is {family.largest}"
                )
        chosen = family.sizes if sizes is None else sorted(set(sizes))
        found[name] = [_point(family, n) for n in chosen]
    return Swell(found)


def _point(family: Family, n: int) -> dict[str, int | None]:
    import sympy

    f = family.function(n)
    symbols = sympy.symbols([f"x{k + 1}" for k in range(family.inputs(n))])
    formula = f(*symbols)
    raw = [sympy.diff(formula, x) for x in symbols]
    size = _operations(raw)
    replaced, reduced = sympy.cse(raw)
    counts = count(f, *[0.5 + 0.01 * k for k in range(len(symbols))])
    shared = arithmetic(counts.f) + arithmetic(counts.partials)
    costs = {mode: shared + arithmetic(sweeps) for mode, sweeps in counts.totals.items()}
    small = size <= MOST_SIMPLIFIED
    return {
        "n": n,
        "f": _operations([formula]),
        "raw": size,
        "simplified": _operations([sympy.simplify(d) for d in raw]) if small else None,
        "cse": _operations([d for _, d in replaced] + reduced),
        "program": arithmetic(counts.f),
        **costs,
    }


def _operations(formulas: Sequence[Any]) -> int:
    import sympy

    return sum(int(sympy.count_ops(formula)) for formula in formulas)
