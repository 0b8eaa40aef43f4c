"""The trace of a function: its operations as rows of plain data, with tangents and adjoints.

The rows come from one recording. Tangents are pushed forward through them, adjoints pulled back,
by the same rules that the engines use; here every contribution is kept.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from admodes.core.builders import shape_of, zeros
from admodes.core.carrier import value
from admodes.core.record import Program, Ref
from admodes.notation import partial_templates, template
from admodes.program.scalars import scalar_program
from admodes.views.dialects import Text, fill
from admodes.views.render import render
from admodes.views.tables import trace_tables

NUMBERINGS = ("zero", "griewank")
LARGEST_PARTIAL = 400


@dataclass
class Row:
    """One row. See ad.trace for the keys; forms holds the printed templates for the views."""

    row: int
    name: str
    op: str
    args: list[dict]
    symbolic: str
    substituted: str
    value: Any
    shape: list[int]
    rule: str
    partials: list[Any]
    tangents: dict[str, Any] = field(default_factory=dict)
    adjoints: dict[str, Any] = field(default_factory=dict)
    contributions: dict[str, list[dict]] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    forms: dict[str, Any] = field(default_factory=dict, repr=False)


@dataclass
class Trace:
    """The rows of a function at a point, as plain data. str() is the text tables."""

    inputs: list[dict]
    rows: list[Row]
    outputs: list[dict]
    seeds: dict[str, dict[str, dict[str, float]]]
    jacobian: dict[str, Any]
    program: Program = field(repr=False)
    title: str = ""

    def to_dict(self) -> dict[str, Any]:
        """The contract "admodes.trace/1": plain JSON data at full precision, with nan and
        infinities as strings."""
        rows = [{k: v for k, v in vars(row).items() if k != "forms"} for row in self.rows]
        return plain(
            {
                "schema": "admodes.trace/1",
                "inputs": self.inputs,
                "rows": rows,
                "outputs": self.outputs,
                "seeds": self.seeds,
                "jacobian": self.jacobian,
            }
        )

    def to_json(self) -> str:
        """to_dict() as JSON text."""
        return json.dumps(self.to_dict(), ensure_ascii=False, indent=2, allow_nan=False)

    def to_table(self, format: str = "text", **options: Any) -> str:
        """All tables in a format: text, markdown, latex, html, csv or json.

        digits: decimals that are printed (6). notation: "leibniz" or "dot" for tangents. layout:
        "standard" or "transposed" Jacobian. tables: a subset of evaluation, partials, forward,
        reverse, jacobian. inputs, outputs: names to restrict the tangent and adjoint tables to.
        steps: show the adjoints' accumulation step by step. width: columns of text (80).
        fragment: LaTeX or HTML without the document around it. Raises ValueError for unknown
        words.
        """
        if format == "json":
            return self.to_json()
        data = self.to_dict()
        for row, plain_row in zip(self.rows, data["rows"], strict=True):
            plain_row["forms"] = row.forms
        page = {k: options.pop(k) for k in ("width", "fragment") if k in options}
        return render(trace_tables(data, format, **options), format, title=self.title, **page)

    def __str__(self) -> str:
        return self.to_table("text")

    def _repr_html_(self) -> str:
        return self.to_table("html", fragment=True)

    def _repr_latex_(self) -> str:
        return self.to_table("latex", fragment=True)


def trace(
    f: Callable,
    *args: Any,
    names: Sequence[str] | None = None,
    outputs: Sequence[str] | None = None,
    numbering: str = "zero",
    seeds: dict[str, float] | None = None,
    weights: dict[str, float] | None = None,
    title: str = "",
) -> Trace:
    """Evaluate f at args and return its trace: values, local partials, tangents and adjoints.

    Each row has row (position from 0, inputs first), name (what is printed), op, args ({"row": i}
    or {"const": c}), symbolic and substituted form, value, shape, rule, partials (one per
    argument, null for constants), tangents (per input), adjoints and contributions (per output),
    notes. Every component of an array argument is an input row of its own. names are those of the
    inputs, outputs those of the outputs. seeds adds the tangent direction "seed", weights the
    adjoint direction "seed".

    Raises ValueError for wrong numbers of names and unknown numberings or seeds, TypeError for
    arguments that are no numbers.

    >>> import admodes as ad
    >>> t = ad.trace(lambda x1, x2: x1 * ad.sin(x2), 2.0, 0.0)
    >>> [row.symbolic for row in t.rows], t.jacobian["reverse"]
    (['x1', 'x2', 'sin v1', 'v0 v2'], [[0.0, 2.0]])
    """
    if numbering not in NUMBERINGS:
        raise ValueError(f"numbering {numbering!r}: choose {' or '.join(NUMBERINGS)}")
    program, input_names, output_names = scalar_program(f, args, names, outputs)
    values = [program.steps[i].value for i in range(len(input_names))]
    rows = _rows(program, input_names, output_names, numbering)
    result = Trace(
        [{"name": n, "row": i, "value": v} for i, (n, v) in enumerate(zip(input_names, values))],
        rows,
        [_output(n, y, program) for n, y in zip(output_names, program.outputs)],
        {
            "forward": _directions(input_names, seeds, "seeds"),
            "reverse": _directions(output_names, weights, "weights"),
        },
        {},
        program,
        title,
    )
    _sweep_forward(result)
    _sweep_reverse(result)
    result.jacobian = _jacobian(result)
    return result


def _output(name: str, y: Any, program: Program) -> dict:
    if isinstance(y, Ref):
        return {"name": name, "row": y.row, "value": program.steps[y.row].value}
    return {"name": name, "row": None, "value": float(value(y))}


def _directions(names: list[str], extra: dict[str, float] | None, what: str) -> dict:
    unit = {n: {k: 1.0 if k == n else 0.0 for k in names} for n in names}
    if extra:
        if "seed" in names:
            raise ValueError(f'{what}: an input or output is itself named "seed"; rename it')
        unknown = sorted(set(extra) - set(names))
        if unknown:
            raise ValueError(f"{what}: no {', '.join(unknown)}; the names are {', '.join(names)}")
        unit["seed"] = {n: float(extra.get(n, 0.0)) for n in names}
    return unit


def _rows(program: Program, names: list[str], outputs: list[str], numbering: str) -> list[Row]:
    n = len(names)
    shift = n - 1 if numbering == "griewank" else 0
    taken = {*names, *outputs}
    stem = _stem({*taken, *(str(step.name) for step in program.steps)})
    labels = []
    for i, step in enumerate(program.steps):
        free = step.name is not None and step.name not in taken
        labels.append(str(step.name) if free else f"{stem}{i - shift}")
        taken.add(labels[-1])
    rows = []
    for i, step in enumerate(program.steps):
        xs = program.arguments(step)
        args = [{"row": a.row} if isinstance(a, Ref) else {"const": a} for a in step.args]
        row = Row(
            i, labels[i], "input", args, "", "", step.value, list(shape_of(step.value)), "-", []
        )
        if step.op is None:
            row.symbolic, row.substituted = names[i], Text(None).number(step.value)
        else:
            row.op = step.op.name
            row.rule = step.op.rule if sum("row" in a for a in args) > 1 else "Chain Rule"
            row.partials = _partials(step, xs)
            row.forms = _forms(step)
            row.symbolic = _filled(row, [labels[a["row"]] if "row" in a else None for a in args])
            row.substituted = _filled(row, [None] * len(args), xs)
        row.notes = _notes(program, i, labels) + _partial_notes(row, labels)
        rows.append(row)
    first = next((r for r in rows if not np.all(np.isfinite(r.value))), None)
    if first is not None:
        first.notes[-1] += ", the first that is not finite"
    return rows


def _stem(used: set[str]) -> str:
    """The letter of the rows: v, or another where names such as v3 are the user's own."""
    free = (s for s in "vwuzpq" if not any(re.fullmatch(rf"{s}-?\d+", name) for name in used))
    return next(free, "row")


def _forms(step: Any) -> dict:
    forms = {}
    constants = tuple((i, a) for i, a in enumerate(step.args) if isinstance(a, (int, float)))
    index = step.params.get("index") if step.params else None
    for dialect in ("text", "latex"):
        own = template(step.op, dialect)
        own = own.replace("⟦index⟧", _index_text(index))
        partials = partial_templates(step.op, dialect, constants) if step.op.elementwise else ()
        forms[dialect] = {"value": own, "partials": list(partials)}
    return forms


def _index_text(index: Any) -> str:
    def one(i: Any) -> str:
        if isinstance(i, slice):
            parts = ["" if p is None else str(p) for p in (i.start, i.stop, i.step)]
            return ":".join(parts if i.step is not None else parts[:2])
        if isinstance(i, (np.ndarray, list)):
            return Text(None).number(plain(i))
        return "…" if i is Ellipsis else str(i)

    return ", ".join(map(one, index)) if isinstance(index, tuple) else one(index)


def _filled(row: Row, labels: list, xs: tuple | None = None) -> str:
    dialect = Text(None)
    values = xs if xs is not None else [a.get("const") for a in row.args]
    atoms = [
        (label, False) if label else (dialect.number(plain(x)), True)
        for label, x in zip(labels, values, strict=True)
    ]
    return fill(row.forms["text"]["value"], atoms, dialect)


def _partials(step: Any, xs: tuple) -> list:
    """The local partials: a number or array for each argument that is a row, None for constants;
    for an operation on arrays the Jacobian, where it is small."""
    found: list[Any] = []
    for i, a in enumerate(step.args):
        if not isinstance(a, Ref) or step.is_test:
            found.append(None)
        elif step.op.elementwise:
            found.append(step.op.partial(i, step.value, xs))
        else:
            found.append(_dense_partial(step, xs, i))
    return found


def _dense_partial(step: Any, xs: tuple, i: int) -> Any:
    x, y = xs[i], step.value
    if not step.op.active(i) or np.size(x) * np.size(y) > LARGEST_PARTIAL:
        return None
    columns = []
    for k in range(np.size(x)):
        unit = np.zeros(shape_of(x))
        unit.flat[k] = 1.0
        tangents: list = [None] * len(xs)
        tangents[i] = unit if shape_of(x) else 1.0
        columns.append(np.asarray(step.op.jvp(tangents, y, xs, step.params)))
    joined = np.stack(columns, axis=-1) if columns else np.zeros((*shape_of(y), 0))
    return (
        joined.reshape(shape_of(y) + shape_of(x)) if shape_of(y) + shape_of(x) else float(joined[0])
    )


def _notes(program: Program, i: int, labels: list[str]) -> list[str]:
    step = program.steps[i]
    seen = [(f"{labels[i]} ≠ 0" if not step.is_test else labels[i], t) for t in step.branches]
    for op, args, truth in step.tests:
        atoms = [
            (labels[a.row], False) if isinstance(a, Ref) else (Text(6).number(a), True)
            for a in args
        ]
        seen.append((fill(op.form.text, atoms, Text(6)), truth))
    notes = [f"branch taken: {what} is {truth}" for what, truth in dict.fromkeys(seen)]
    xs = program.arguments(step)
    kink = step.op.domain.kink if step.op is not None else None
    if kink is not None and all(shape_of(x) == () for x in xs):
        note = kink(*xs)
        notes += [note] if note else []
    if not np.all(np.isfinite(step.value)):
        notes.append(f"the value is {Text(6).number(plain(step.value))}")
    return notes


def _partial_notes(row: Row, labels: list[str]) -> list[str]:
    """What to know of a partial that is not finite, where the value is."""
    if not np.all(np.isfinite(row.value)):
        return []
    return [
        f"∂{labels[row.row]}/∂{labels[arg['row']]} is {p}; an exact zero times it is 0"
        for arg, p in zip(row.args, row.partials, strict=True)
        if isinstance(p, float) and not np.isfinite(p)
    ]


def _active(row: Row, program: Program) -> bool:
    return not program.steps[row.row].is_test


def _sweep_forward(t: Trace) -> None:
    steps = t.program.steps
    for direction, seed in t.seeds["forward"].items():
        for row in t.rows:
            step = steps[row.row]
            if step.op is None:
                row.tangents[direction] = seed[t.inputs[row.row]["name"]]
            elif not _active(row, t.program):
                row.tangents[direction] = None
            else:
                given = [
                    t.rows[a.row].tangents[direction] if isinstance(a, Ref) else None
                    for a in step.args
                ]
                xs = t.program.arguments(step)
                row.tangents[direction] = step.op.jvp(given, step.value, xs, step.params)


def _sweep_reverse(t: Trace) -> None:
    for direction, seed in t.seeds["reverse"].items():
        adjoints = [zeros(tuple(row.shape), row.value) for row in t.rows]
        for output in t.outputs:
            if output["row"] is not None:
                adjoints[output["row"]] = adjoints[output["row"]] + seed[output["name"]]
        for row in reversed(t.rows):
            if _active(row, t.program):
                _pull(t, row, adjoints, direction)
        for row in t.rows:
            row.adjoints[direction] = adjoints[row.row] if _active(row, t.program) else None
            row.contributions.setdefault(direction, []).sort(key=lambda c: (c["row"], c["arg"]))


def _pull(t: Trace, row: Row, adjoints: list, direction: str) -> None:
    step = t.program.steps[row.row]
    xs = t.program.arguments(step)
    w = adjoints[row.row]
    for i, a in enumerate(step.args):
        if not isinstance(a, Ref):
            continue
        term = step.op.vjp(i, w, step.value, xs, step.params)
        target = t.rows[a.row]
        kept = target.contributions.setdefault(direction, [])
        shown = zeros(tuple(target.shape), target.value) if term is None else term
        kept.append(
            {"row": row.row, "arg": i, "adjoint": w, "partial": row.partials[i], "value": shown}
        )
        if term is not None:
            adjoints[a.row] = adjoints[a.row] + term


def _jacobian(t: Trace) -> dict:
    inputs = [i["name"] for i in t.inputs]

    def forward(output: dict, name: str) -> float:
        return 0.0 if output["row"] is None else t.rows[output["row"]].tangents[name] or 0.0

    return {
        "forward": [[forward(y, n) for n in inputs] for y in t.outputs],
        "reverse": [[t.rows[x["row"]].adjoints[y["name"]] for x in t.inputs] for y in t.outputs],
        "symbolic": None,
    }


def plain(x: Any) -> Any:
    """x as JSON data."""
    if isinstance(x, dict):
        return {k: plain(v) for k, v in x.items()}
    if isinstance(x, (list, tuple)):
        return [plain(v) for v in x]
    if isinstance(x, np.ndarray):
        return plain(x.tolist())
    if isinstance(x, np.generic):
        return plain(x.item())
    if isinstance(x, float) and not np.isfinite(x):
        return str(x)
    return x
