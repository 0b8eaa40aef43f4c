"""The table that `admodes ops` prints, read off the declarations: every operation with its
partials, domain, convention at kinks, and cost.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from admodes.core.costs import KINDS, total
from admodes.core.forms import Example
from admodes.core.linear import Linear
from admodes.core.op import REGISTRY, Op
from admodes.core.record import record
from admodes.core.tangential import Tangential
from admodes.errors import BadValue, MissingPackage, nearest
from admodes.ops.notation import partial_templates, template
from admodes.programs.count import count_program
from admodes.views.dialects import dialect_of
from admodes.views.filling import fill
from admodes.views.tables import Table


def operations() -> list[Op]:
    """Every operation once: elementwise ones by kind, then those that move values and compare.

    >>> from admodes.programs.catalogue import operations
    >>> len(operations()) > 50
    True
    """
    once = {id(op): op for op in REGISTRY.values()}.values()
    return sorted(once, key=lambda op: (not op.elementwise, KINDS.index(op.kind)))


def operation_rows() -> list[dict[str, Any]]:
    """One dictionary per operation: name, aliases, doc, form and partials (templates in text and
    LaTeX), domain, convention at kinks, and the exact cost of value and partials by kind: per
    entry of the result, or for arguments of the shapes in cost_at."""
    return [_row(op) for op in operations()]


def _named(name: str) -> Op:
    by_name = {known: op for op in operations() for known in (op.name, *op.aliases)}
    if name not in by_name:
        meant = nearest(name, by_name)
        hint = f"did you mean {meant}? " if meant else ""
        raise BadValue(f"no operation is named {name}: {hint}admodes ops lists them")
    return by_name[name]


def _row(op: Op) -> dict[str, Any]:
    forms = {
        dialect: {
            "value": template(op, dialect),
            "partials": list(partial_templates(op, dialect)) if op.elementwise else [],
        }
        for dialect in ("text", "latex")
    }
    cost = _cost(op)
    return {
        "name": op.name,
        "aliases": list(op.aliases),
        "doc": op.doc,
        "forms": forms,
        "derivative": _how(op),
        "domain": op.domain.valid,
        "convention": op.domain.convention,
        "cost": cost["f"],
        "cost_at": None if op.example is None else [list(s) for s in op.example.shapes],
        "partial_cost": cost["partials"],
    }


def _how(op: Op) -> str:
    if op.elementwise:
        return "partials"
    if op.discrete:
        return "none"
    if isinstance(op, Linear):
        return "linear"
    return "selects" if isinstance(op, Tangential) and op.selects else "tangent"


_HOW = {
    "none": "no derivative",
    "linear": "itself (linear)",
    "selects": "of the chosen entries (piecewise linear)",
    "tangent": "states its tangent",
}
"""What is said in the place of partials."""


def _cost(op: Op) -> dict[str, Any]:
    """By what is counted; the partials are None where a package is missing that would run them."""
    if not op.elementwise:
        one = {op.kind: 1} if op.example is None else _cost_at(op, op.example)
        return {"f": one, "partials": {}}
    point = [(low + high) / 2 for low, high in op.domain.intervals]
    try:
        counts = count_program(record(lambda *xs: op(*xs), *point), [], ["y"])
    except MissingPackage:
        return {"f": {op.kind: 1}, "partials": None}
    return {"f": counts.f, "partials": counts.partials}


def _cost_at(op: Op, example: Example) -> dict[str, int]:
    args = tuple(map(np.ones, example.shapes))
    return total([op.costs(args, op.plain(args, example.params), example.params)])


def operation_table(format: str, name: str | None = None) -> Table:
    """The catalogue as a table for views.render. name: of this operation alone, of which there is
    its description besides. Raises ValueError for a name that no operation has."""
    write = dialect_of(format)
    lines = []
    chosen = operation_rows() if name is None else [_row(_named(name))]
    for row in chosen:
        atoms = [(letter, False) for letter in "abc"]
        forms = row["forms"][write.name]
        partials = [fill(form, atoms, write) for form in forms["partials"]]
        derivative = "; ".join(map(write.math, partials)) or _HOW.get(row["derivative"], "")
        names = ", ".join([row["name"], *row["aliases"]])
        cost = (_cost_text(row["cost"]) or "0") + _shapes_text(row["cost_at"])
        known = row["partial_cost"] is not None
        shown = (_cost_text(row["partial_cost"]) or "0") if known else "?"
        cost += " | " + (shown if partials else "-")
        convention = row["convention"] or "-"
        lines.append(
            [write.plain(t) for t in (names,)]
            + [derivative]
            + [write.plain(t) for t in (row["domain"], convention, cost)]
        )
    head = ["Operation", "Partials", "Domain", "At kinks", "Cost | of partials"]
    notes = [
        "cost per entry of the result: a additions, m multiplications, d divisions, p powers, "
        "f functions, n negations, c comparisons, v moves; where shapes are stated, of the whole "
        "result of arguments of these"
    ]
    if name is not None:
        notes.insert(0, " ".join(chosen[0]["doc"].split()))
    if any(line[-1].endswith("?") for line in lines):
        notes.append("?: not counted, because scipy is not installed")
    return Table("Operations", head, lines, [False] * 5, notes)


def _cost_text(cost: dict[str, int]) -> str:
    letters = {"moves": "v"}
    return " ".join(f"{n}{letters.get(kind, kind[0])}" for kind, n in cost.items() if n)


def _shapes_text(shapes: list | None) -> str:
    return "" if shapes is None else " at " + ", ".join("×".join(map(str, s)) for s in shapes)
