"""What the commands jacobian, gradient, hessian and problems print: results as data and tables."""

from __future__ import annotations

import json
import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from admodes.cli.inputs import InputError, Target
from admodes.core.carrier import quiet
from admodes.core.pytree import flatten
from admodes.derivatives.crossings import KinkWarning
from admodes.derivatives.gradients import hessian as hessian_of
from admodes.derivatives.gradients import jacobian as jacobian_of
from admodes.derivatives.gradients import value_and_grad
from admodes.derivatives.stationary import classify
from admodes.errors import BadValue
from admodes.problems import PROBLEMS
from admodes.programs.count import Counts, count_arrays, count_program, counts_arrays
from admodes.programs.scalars import scalar_function, scalar_program
from admodes.tracing.trace import Trace, note_beyond_domain, scalar_trace
from admodes.views.dialects import Latex, Text
from admodes.views.limits import MOST_LINES, check_lines
from admodes.views.render import render
from admodes.views.result import plain
from admodes.views.tables import Table, jacobian_table


@dataclass
class Result:
    """data: what was computed, as JSON data; tables(write): the same for people."""

    data: dict[str, Any]
    tables: Callable[[Text], list[Table]]
    title: str = ""

    def to_table(self, format: str = "text", digits: int = 6, width: int = 80) -> str:
        """The result in text, markdown, latex, html, csv or json."""
        if format == "json":
            return json.dumps(self.data, ensure_ascii=False, indent=2, allow_nan=False) + "\n"
        write = Latex(digits) if format == "latex" else Text(digits)
        return render(self.tables(write), format, title=self.title, width=width)


def jacobian(target: Target, layout: str = "standard") -> Result:
    """The Jacobian by both engines, with sweeps and exact operation counts."""
    _check_entries(target, "jacobian", lambda n, m: n * m)
    scalars, components = scalar_function(target.function, target.args)
    t = _trace(target)
    inputs, outputs = _names(t.inputs), _names(t.outputs)
    every = tuple(range(len(components)))
    matrices = {
        mode: [list(row) for row in jacobian_of(scalars, every, mode)(*components)]
        for mode in ("forward", "reverse")
    }
    note_beyond_domain(t, matrices["forward"])
    counts = count_program(t.program, inputs, outputs)

    def tables(write: Text) -> list[Table]:
        matrix_tables = [
            jacobian_table(write, mode, m, outputs, inputs, layout, counts.sweeps[mode])
            for mode, m in matrices.items()
        ]
        matrix_tables[-1].notes += _notes(t)
        return [*matrix_tables, *counts.tables()]

    data = {
        "schema": "admodes.jacobian/1",
        "inputs": dict(zip(inputs, components, strict=True)),
        "outputs": outputs,
        "jacobian": matrices,
        "counts": counts.to_dict(),
        "notes": _notes(t),
    }
    return Result(plain(data), tables, target.title)


def _trace(target: Target) -> Trace:
    return scalar_trace(target.function, target.args, target.names, target.output_names, modes=())


def _check_entries(target: Target, what: str, entries: Callable[[int, int], int]) -> None:
    """Refuse a matrix that nobody prints, before it is made: entries(inputs, outputs) of them."""
    n = sum(int(np.size(x)) for x in target.args)
    few = entries(n, n) <= MOST_LINES
    m = n if few else _outputs(target)
    check_lines(
        entries(n, m),
        f"{what}: {n} inputs and {m} outputs",
        "admodes sparsity shows which entries can be other than zero, ad.sparse_jacobian and "
        "ad.sparse_hessian make those, and admodes gradient prints one row",
    )


def _outputs(target: Target) -> int:
    with quiet():
        return sum(int(np.size(y)) for y in flatten(target.function(*target.args))[0])


def _names(ends: list[dict]) -> list[str]:
    return [end["name"] for end in ends]


def _notes(t: Trace) -> list[str]:
    """What the rows note: values that are not finite, kinks, branches."""
    notes = [f"{row.name}: {note}" for row in t.rows for note in row.notes]
    return notes if t.inputs else [*notes, "there are no inputs"]


def counts(target: Target) -> Result:
    """The exact operation counts, by the names of the target's inputs and outputs."""
    found = _counts(target)
    return Result(found.to_dict(), lambda write: found.tables(), target.title)


def _counts(target: Target) -> Counts:
    if counts_arrays(target.function, target.args):
        return count_arrays(target.function, target.args, target.arguments)
    return count_program(
        *scalar_program(target.function, target.args, target.names, target.output_names)
    )


def _scalar_output(target: Target) -> tuple[Callable, list[float], Trace]:
    """The target as a function of numbers with one number as its result, and its trace."""
    scalars, components = scalar_function(target.function, target.args)
    t = _trace(target)
    outputs = _names(t.outputs)
    if len(outputs) != 1:
        raise BadValue(
            f"this takes a function with one output, and there are {len(outputs)} "
            f"({', '.join(shortened(outputs))}): choose one, or use admodes jacobian"
        )
    return (lambda *xs: scalars(*xs)[0]), components, t


def shortened(names: list[str]) -> list[str]:
    """The first names of many, and the last."""
    return names if len(names) <= 8 else [*names[:6], "…", names[-1]]


def gradient(target: Target) -> Result:
    """Value and gradient of a function with one output, by one reverse sweep."""
    f, components, t = _scalar_output(target)
    names = _names(t.inputs)
    out, grads = value_and_grad(f, tuple(range(len(components))))(*components)
    note_beyond_domain(t, [grads])

    def tables(write: Text) -> list[Table]:
        table = _gradient_table(write, names, components, grads, out)
        table.notes += _notes(t)
        return [table]

    data = {
        "schema": "admodes.gradient/1",
        "inputs": dict(zip(names, components, strict=True)),
        "value": out,
        "gradient": dict(zip(names, grads, strict=True)),
        "notes": _notes(t),
    }
    return Result(plain(data), tables, target.title)


def _gradient_table(write: Text, names: list[str], xs: list, grads: Any, out: Any) -> Table:
    rows = [
        [write.math(write.variable(n)), write.number(x), write.number(g)]
        for n, x, g in zip(names, xs, grads, strict=True)
    ]
    title = "Gradient, reverse: 1 sweep"
    return Table(
        title,
        ["Input", "Value", "Derivative"],
        rows,
        [False, True, True],
        [f"value of the function: {Text(write.digits).number(out)}"],
    )


def hessian(target: Target) -> Result:
    """Gradient and Hessian (forward over reverse), and the kind of the point."""
    _check_entries(target, "hessian", lambda n, m: n * n)
    f, components, t = _scalar_output(target)
    names = _names(t.inputs)
    every = tuple(range(len(components)))
    out, grads = value_and_grad(f, every)(*components)
    note_beyond_domain(t, [grads])
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always", KinkWarning)
        matrix = np.array(hessian_of(f, every)(*components), dtype=float)
    crossed = [w.message.finding for w in caught if isinstance(w.message, KinkWarning)]
    matrix = matrix.reshape(len(components), len(components))
    with quiet():
        found = classify(grads, matrix, components)
    obstacle = _obstacle(t, out, grads, matrix, crossed)
    kind = "not classified" if obstacle else found.kind

    def tables(write: Text) -> list[Table]:
        rows = [
            [write.math(write.variable(n)), *map(write.number, line)]
            for n, line in zip(names, matrix.tolist(), strict=True)
        ]
        heads = ["", *(write.math(write.variable(n)) for n in names)]
        number = Text(write.digits).number
        notes = [f"eigenvalues: {', '.join(map(number, found.eigenvalues))}"]
        notes = [*notes[: len(found.eigenvalues)], *_notes(t), *crossed]
        notes.append(f"{kind}: {obstacle}" if obstacle else _in_words(kind))
        math = [False, *(True for _ in names)]
        table = Table("Hessian, forward over reverse", heads, rows, math, notes)
        return [_gradient_table(write, names, components, grads, out), table]

    data = {
        "schema": "admodes.hessian/1",
        "inputs": dict(zip(names, components, strict=True)),
        "value": out,
        "gradient": dict(zip(names, grads, strict=True)),
        "hessian": matrix,
        "eigenvalues": found.eigenvalues,
        "kind": kind,
        "notes": [*_notes(t), *crossed],
    }
    return Result(plain(data), tables, target.title)


def _obstacle(t: Trace, out: Any, grads: Any, matrix: Any, crossed: list[str]) -> str | None:
    """Why the second derivative test does not apply, if it does not."""
    if not t.inputs:
        return "there are no inputs"
    for what, found in (("value", out), ("gradient", grads), ("Hessian", matrix)):
        if not np.all(np.isfinite(found)):
            return f"the {what} is not finite"
    kinks = (
        f"{row.name}: {note}"
        for row in t.rows
        for note in row.notes
        if note.kind not in ("branch", "value")
    )
    return next(kinks, crossed[0]) if crossed else None


def _in_words(kind: str) -> str:
    if kind == "not stationary":
        return "not a stationary point: the gradient does not vanish"
    if kind == "undecided":
        return "stationary point, undecided: an eigenvalue is 0, so second derivatives do not tell"
    return f"stationary point: {kind}"


def problem_tables(name: str | None) -> list[Table]:
    """All named problems, or one with its figures and notes. Raises InputError for an unknown
    name."""
    if name is None:
        rows = [[f"@{p.name}", p.title, p.source] for p in PROBLEMS.values()]
        return [Table("Problems", ["Name", "Function", "Source"], rows, [False] * 3)]
    if name not in PROBLEMS:
        raise InputError(f"no problem named @{name}; the problems are {', '.join(PROBLEMS)}")
    p = PROBLEMS[name]
    rows = [["function", p.title], ["source", p.source], ["point", _figure(p.at)]]
    for key, value in p.figures.items():
        nested = isinstance(value, Mapping) and all(isinstance(v, Mapping) for v in value.values())
        parts = {f"{key}: {label}": v for label, v in value.items()} if nested else {key: value}
        rows += [[label, _figure(v)] for label, v in parts.items()]
    return [Table(f"@{p.name}", ["Figure", "Value"], rows, [False, False], list(p.notes))]


def _figure(value: Any) -> str:
    """A published figure as text: a number, a sequence, or names with figures."""
    if isinstance(value, Mapping):
        return "; ".join(f"{name} = {_figure(v)}" for name, v in value.items())
    if isinstance(value, (list, tuple)):
        return f"[{', '.join(map(_figure, value))}]"
    return Text(6).number(plain(value))
