"""The table that `admodes ops` prints, read off the declarations: every operation with its
partials, domain, convention at kinks, and cost.
"""

from __future__ import annotations

from typing import Any

from admodes.core.op import REGISTRY, Op
from admodes.core.record import record
from admodes.ops.notation import partial_templates, template
from admodes.programs.count import KINDS, count_program
from admodes.views.dialects import Latex, Text, fill
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
    LaTeX), domain, convention at kinks, and the exact cost of value and partials by kind."""
    return [_row(op) for op in operations()]


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
        "partial_cost": cost["partials"],
    }


def _how(op: Op) -> str:
    if op.elementwise:
        return "partials"
    return "none" if op.is_test else "linear"


def _cost(op: Op) -> dict[str, dict[str, int]]:
    if not op.elementwise:
        return {"f": {op.kind: 1}, "partials": {}}
    point = [(low + high) / 2 for low, high in op.domain.intervals]
    counts = count_program(record(lambda *xs: op(*xs), *point), [], ["y"])
    return {"f": counts.f, "partials": counts.partials}


def operation_table(format: str) -> Table:
    """The catalogue as a table for views.render."""
    write = Latex() if format == "latex" else Text()
    lines = []
    for row in operation_rows():
        atoms = [(letter, False) for letter in "abc"]
        forms = row["forms"][write.name]
        partials = [fill(form, atoms, write) for form in forms["partials"]]
        derivative = "; ".join(map(write.math, partials)) or {
            "none": "no derivative",
            "linear": "itself (linear)",
        }.get(row["derivative"], "")
        names = ", ".join([row["name"], *row["aliases"]])
        cost = _cost_text(row["cost"]) + " | " + (_cost_text(row["partial_cost"]) or "0")
        convention = row["convention"] or "-"
        lines.append(
            [write.plain(t) for t in (names,)]
            + [derivative]
            + [write.plain(t) for t in (row["domain"], convention, cost)]
        )
    head = ["Operation", "Partials", "Domain", "At kinks", "Cost | of partials"]
    notes = [
        "cost per entry of the result: a additions, m multiplications, d divisions, p powers, "
        "f functions, n negations, c comparisons, v moves"
    ]
    return Table("Operations", head, lines, [False] * 5, notes)


def _cost_text(cost: dict[str, int]) -> str:
    letters = {"moves": "v"}
    return " ".join(f"{n}{letters.get(kind, kind[0])}" for kind, n in cost.items() if n)
