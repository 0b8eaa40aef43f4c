"""The page on orders of elimination."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from admodes.lab.elimination.result import ORDERS, Elimination, eliminate
from admodes.lab.pages.page import Page
from admodes.lab.plots.elimination import plot_orders
from admodes.ops.exponential import exp, ln
from admodes.ops.trigonometric import cos, sin
from admodes.problems import PROBLEMS
from admodes.views.result import Result
from admodes.views.tables import Table


def diamond(x1: Any, x2: Any) -> Any:
    """Two ways from one number to another, with two inputs before and two outputs behind them."""
    a = x1 * x2
    c = sin(a) * cos(a)
    return exp(c), ln(c)


@dataclass
class Orders(Result):
    """Eliminations of several functions."""

    functions: dict[str, Elimination]
    title: str = "Orders of elimination"

    def _data(self) -> dict[str, Any]:
        return {"functions": {name: e.to_dict() for name, e in self.functions.items()}}

    def tables(self, format: str = "text") -> list[Table]:
        """A line per function."""
        rows = []
        for name, found in self.functions.items():
            data = found.to_dict()
            costs = [data[order]["multiplications"] for order in ORDERS]
            shown = ["not found" if c is None else str(c) for c in costs]
            rows.append([name, str(data["vertices"]), *shown, str(data["lower_bound"])])
        head = ["Function", "Rows", *map(str.capitalize, ORDERS), "Bound"]
        notes = [
            "multiplications; rows: those between inputs and outputs; bound: no order costs less"
        ]
        return [Table("Multiplications by order", head, rows, [False] * len(head), notes)]


def page() -> Page:
    """Run the experiment."""
    functions = {"diamond": eliminate(diamond, 1.0, 0.5, title="diamond")}
    for p in PROBLEMS.values():
        if not any(map(np.ndim, p.at.values())):
            title = f"@{p.name}"
            functions[title] = eliminate(p.function, *p.at.values(), title=title)
    found = {name: [_cost(e, order) for order in ORDERS] for name, e in functions.items()}
    better = [n for n, (f, r, _, best) in found.items() if best is not None and best < min(f, r)]
    rule = [n for n, (*_, m, best) in found.items() if best is not None and m > best]
    return Page(
        "elimination",
        "Orders of elimination",
        Orders(functions),
        lambda path: plot_orders(found, path),
        "Forward and reverse order are two of many. Reverse is best for one output, forward for "
        "one input, and in general neither: the diamond costs 12 in both and 8 at best. "
        "Markowitz's rule is good and not always best; to find the optimum is NP-complete "
        "(U. Naumann, 2008).",
        f"Of {len(functions)} functions {len(better)} have an order that is cheaper than both "
        f"modes: {', '.join(better)}. Markowitz's rule misses the optimum for "
        f"{', '.join(rule) or 'none'}.",
        "The named problems are small; most have one output, where reverse order is already the "
        "best.",
        "admodes eliminate @NAME",
    )


def _cost(found: Elimination, order: str) -> Any:
    return found.to_dict()[order]["multiplications"]
