"""What a page carries: the rows of a trace as plain data, the rules to compute them anew at another
point, the decisions of control flow, what each row costs, and the names to choose from.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from typing import Any

from admodes.core.costs import arithmetic
from admodes.core.record import Ref, WengertList
from admodes.explorer.picture import page_picture
from admodes.explorer.rules import rules_of
from admodes.explorer.styles import array_styles, notations, styles_of, written
from admodes.programs.costs import Costs, cost, partial_cost
from admodes.programs.listing import asked
from admodes.programs.sweep import has_derivative, is_active, pull, push, reached
from admodes.views.lines import SEED
from admodes.views.presets import UBC, Preset
from admodes.views.result import plain

DIGITS = 6


def page_data(trace: Any, preset: Preset = UBC, quiz: bool = False) -> dict[str, Any]:
    """The data of the page of an ArrayTrace, or of a Trace that has the names of the preset. quiz:
    whether the page begins as one."""
    program: WengertList = trace.program
    told = trace.to_dict()
    by_array = "jacobian" not in told
    fixed = FOR_ARRAYS if by_array else why_fixed(program, told["rows"])
    operations = [step for step in program.steps if step.op is not None]
    inputs, outputs = ([end["name"] for end in told[key]] for key in ("inputs", "outputs"))
    forms = [row.forms for row in trace.rows]
    rows = [row | {"forms": form} for row, form in zip(told["rows"], forms, strict=True)]
    names = [row["name"] for row in rows]
    styles = array_styles(names) if by_array else styles_of(program, inputs, outputs, preset, names)
    return {
        "schema": "admodes.page/1",
        "title": trace.title or f"{', '.join(outputs)} = f({', '.join(inputs)})",
        "kind": "array" if by_array else "scalar",
        "checksum": _checksum(rows, told["inputs"], told["outputs"]),
        "digits": DIGITS,
        "fixed": fixed,
        "inputs": told["inputs"],
        "outputs": told["outputs"],
        "rows": [_row(row, program, by_array) for row in rows],
        "rules": {} if fixed else {step.op.name: rules_of(step.op) for step in operations},
        "guards": _guards(program, names),
        "costs": None if fixed else row_costs(program, outputs),
        "styles": styles,
        "inputNames": written(inputs),
        "outputNames": written(outputs),
        **_array_sweeps(trace, by_array),
        "notations": notations(),
        "seeds": {mode: _seed(told["seeds"], mode, by_array) for mode in ("forward", "reverse")},
        "notes": [str(note) for note in program.notes],
        "quiz": quiz,
        "graph": page_picture(
            _drawn(rows, told["inputs"]),
            [[name["text"] for name in s["rows"]] for s in styles],
            told["outputs"],
            trace.graph,
        ),
    }


def _checksum(rows: list[dict], *ends: list[dict]) -> str:
    """Tells one function from another: a digest of its operations and of what its ends are called,
    whatever the point."""
    operations = [[row["op"], row["shape"], plain(row["args"])] for row in rows]
    named = [[[end["name"], end["row"]] for end in side] for side in ends]
    text = json.dumps([operations, named])
    return hashlib.sha256(text.encode("utf-8")).hexdigest()[:12]


def _drawn(rows: list[dict], inputs: list[dict]) -> list[dict]:
    """The rows, of which the inputs know their names."""
    names = {x["row"]: x["name"] for x in inputs}
    return [row | {"input": names.get(row["row"])} for row in rows]


FOR_ARRAYS = "the rows are whole arrays"


def why_fixed(program: WengertList, rows: list[dict]) -> str:
    """Why a page cannot compute the rows anew; empty where it can. The page itself adds operations
    that it has no kernel for."""
    for row, step in zip(rows, program.steps, strict=True):
        what = f"row {row['name']} is {row['op']}"
        if step.shape:
            return f"{what}, which gives an array"
        if step.dtype.kind not in "fb":
            return f"{what}, which gives no real number"
        if step.op is not None and (step.params or rules_of(step.op) is None):
            return f"{what}, whose derivative is no list of operations on numbers"
    if any(not guard.is_branch for guard in program.guards):
        return "the function looked at a value in another way than by a branch"
    return ""


def _row(row: dict, program: WengertList, by_array: bool) -> dict[str, Any]:
    step = program.steps[row["row"]]
    kept = ("row", "op", "args", "value", "shape", "notes")
    made = {key: row[key] for key in kept} | {
        "rule": row.get("rule", "-"),
        "derivative": has_derivative(step),
        "active": [is_active(step, k) for k in range(len(step.args))],
        "forms": row["forms"] or None,
    }
    return made if by_array else made | {key: row[key] for key in DERIVATIVES}


DERIVATIVES = ("partials", "tangents", "adjoints")
"""What rows of numbers have; those of arrays have theirs in sweeps."""


def _array_sweeps(trace: Any, by_array: bool) -> dict[str, Any]:
    """The sweeps of an ArrayTrace, and the equations of all rows, which several sweeps may have:
    a sweep says by their position which are its."""
    if not by_array:
        return {"sweeps": None, "equations": []}
    equations: list[list[dict[str, str | None]]] = []

    def told(sweep: Any) -> dict[str, Any]:
        if sweep.equations not in equations:
            equations.append(sweep.equations)
        return {
            "direction": sweep.direction,
            "seed": sweep.seed,
            "derivatives": plain(sweep.derivatives),
            "equations": equations.index(sweep.equations),
        }

    sweeps = {mode: list(map(told, sweeps)) for mode, sweeps in trace.sweeps().items()}
    return {"sweeps": sweeps, "equations": equations}


def _seed(seeds: Any, mode: str, by_array: bool) -> dict | None:
    return None if by_array else seeds[mode].get(SEED)


def _guards(program: WengertList, names: list[str]) -> list[dict[str, Any]]:
    """The branches of control flow: what was asked of which rows, and the answer."""
    return [
        {
            "row": guard.last,
            "op": "bool" if guard.decide is bool else guard.decide.name,  # type: ignore[attr-defined]
            "args": [
                {"row": a.row} if isinstance(a, Ref) else {"const": plain(a)} for a in guard.args
            ],
            "expected": bool(guard.expected),
            "text": f"{asked(guard, program, names)} is {guard.expected}",
        }
        for guard in program.guards
        if guard.is_branch
    ]


def row_costs(program: WengertList, outputs: list[str]) -> dict[str, Any]:
    """The operations of each row, by the policy of ad.count: of f, of its partials, in a forward
    sweep, and in the reverse sweep of each output."""
    moved = reached(program)
    n = range(len(program.steps))
    forward = Costs(program)
    walk = push(program, {x.row: True for x in program.inputs}, forward)
    ends = zip(outputs, program.outputs, strict=True)
    return {
        "f": [arithmetic(cost(s, program) if s.op else {}) for s in program.steps],
        "partials": [arithmetic(partial_cost(row, program, moved)) for row in n],
        "forward": _spent(walk, forward, len(n), "before"),
        "reverse": {name: _reverse_costs(program, y, moved) for name, y in ends},
    }


def _reverse_costs(program: WengertList, output: Any, moved: set[int]) -> list[int]:
    costs = Costs(program)
    seeds = [(output.row, True)] if isinstance(output, Ref) else []
    return _spent(pull(program, seeds, costs, moved), costs, len(program.steps), "after")


def _spent(walk: Iterable[tuple[int, Any]], costs: Costs, n: int, when: str) -> list[int]:
    """What a walk has spent on each of n rows. A forward sweep spends it before it yields a row, a
    reverse sweep on the sum before and on what the row contributes after that."""
    spent, seen, current = [0] * n, 0, None
    for row, _ in walk:
        fresh, seen = costs.spent[seen:], len(costs.spent)
        if when == "after" and current is not None:
            spent[current] += sum(map(arithmetic, fresh[:-1]))
            fresh = fresh[-1:]
        spent[row] += sum(map(arithmetic, fresh))
        current = row
    if current is not None:
        spent[current] += sum(map(arithmetic, costs.spent[seen:]))
    return spent
