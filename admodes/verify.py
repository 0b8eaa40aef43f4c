"""Verification: forward, reverse, symbolic and numerical derivatives of a function, side by side.

The reference is exact up to 50 digits and taken at exactly the doubles that the engines saw, so
the bound on the engines' errors is that of their own rounding, not that of the problem's
conditioning: |error| ≤ C·u·Σ|contributions| + (the rounding of the local partials).

- u = 2^-53. Σ|contributions| is the same sweep on absolute values.
- C = 2 L, L being the number of (operation, argument) pairs of the list. Each contribution to an
  entry is a product of partials along a path. A path passes every pair at most once, and each pair
  costs it at most one multiplication and one addition, so that it collects at most 2 L factors
  1 + δ with |δ| ≤ u, whose product differs from 1 by at most 2Lu / (1 - 2Lu): N. J. Higham,
  Accuracy and Stability of Numerical Algorithms, 2nd edition (2002), lemma 3.1.
- The rounding of a local partial is measured against sympy's partial of the same row. It enters,
  swept on, only where it is within LOCAL·u·(|p| + Σ|aⱼ ∂p/∂aⱼ|), that is, where the computed
  partial is a nearly right partial at nearly the right arguments (mixed forward-backward
  stability, Higham 2002, section 1.5). A wrong partial gets no such allowance.
"""

from __future__ import annotations

import json
import math
import textwrap
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from admodes.core.builders import shape_of
from admodes.core.record import Program, Ref, Step, record
from admodes.derivatives import jacobian
from admodes.program.scalars import scalar_function
from admodes.symbolic import (
    SMALLEST,
    AtKink,
    LocalForm,
    evaluate,
    local_form,
    one_sided,
    row_reference,
    sensitivities,
)
from admodes.trace import Row, Trace, plain, trace
from admodes.views.dialects import Latex, Text, fill
from admodes.views.render import render
from admodes.views.tables import Table

UNIT = 2.0**-53
"""The unit roundoff u of doubles."""

PER_PAIR = 2
"""Roundings per (operation, argument) pair: C = PER_PAIR × the number of pairs (see above)."""

LOCAL = 16
"""Units of roundoff that the formula of one local partial or value may take: some five roundings
and elementary functions, each wrong by no more than an ulp or two."""

DIFFERENCES = 1e-6
"""Relative tolerance where only numerical differences decide: for a local partial without
symbolic form."""

DISAGREE = 1e-4
"""Relative difference from which converged numerical differences speak against an entry."""

CONVERGED = 1e-3
"""The largest relative error estimate of differences that have converged."""


UNTRACED = (
    "the numerical differences disagree: part of the function is not traced (ad.value, or a "
    "constant made from an input)"
)

FOLDED: dict[str, Any] = {"subsequent_indent": "    ", "break_long_words": False}
"""How long notes fold."""

PLAINER = str.maketrans({"∂": "d", "′": "'"})
"""Signs that LaTeX's text fonts lack."""


@dataclass
class Entry:
    """∂output/∂input four ways. symbolic is the 50-digit reference as a double (None where a row
    on the way has no symbolic form), differences the central differences with their own error
    estimate; errors are in ulp of the reference, tolerance is absolute."""

    output: str
    input: str
    forward: float
    reverse: float
    symbolic: float | None
    differences: float
    differences_error: float
    ulp_forward: float | None
    ulp_reverse: float | None
    tolerance: float
    passed: bool
    note: str = ""


@dataclass
class Local:
    """One local partial (argument: its position and name) or, with argument None, one value,
    against its reference. formula is the printed form, symbolic sympy's. source says what decided:
    symbolic, differences, kink (the documented convention, between the one-sided limits) or none.
    The digits of got and reference are all there; ulp is the error."""

    row: int
    name: str
    op: str
    argument: int | None
    of: str
    formula: str
    latex: str
    symbolic: str | None
    got: float
    reference: float | None
    ulp: float | None
    source: str
    passed: bool
    note: str = ""


@dataclass
class Verification:
    """The result of ad.verify, as plain data. reason is a sentence that says why passed is False;
    wrong_row is the sentence that names the first row whose local partial or value is wrong."""

    inputs: list[dict]
    outputs: list[dict]
    entries: list[Entry]
    locals: list[Local]
    passed: bool
    reason: str | None
    wrong_row: str | None
    notes: list[str] = field(default_factory=list)
    constant: int = 0
    title: str = ""

    def to_dict(self) -> dict[str, Any]:
        """Everything as JSON data, with nan and infinities as strings."""
        data = {
            **vars(self),
            "entries": [vars(e) for e in self.entries],
            "locals": [vars(check) for check in self.locals],
        }
        return plain({"schema": "admodes.verification/1", **data})

    def to_json(self) -> str:
        """to_dict() as JSON text."""
        return json.dumps(self.to_dict(), ensure_ascii=False, indent=2, allow_nan=False)

    def to_table(
        self,
        format: str = "text",
        digits: int | None = 6,
        rows: str = "auto",
        width: int = 80,
        fragment: bool = False,
    ) -> str:
        """The entries and the local partials in text, markdown, latex, html, csv or json.

        rows: "auto" shows the local partials that failed or sit on a kink, "all" all of them,
        "none" none. Raises ValueError for unknown words.
        """
        if rows not in ("auto", "all", "none"):
            raise ValueError(f"rows {rows!r}: choose auto, all or none")
        if format == "json":
            return self.to_json() + "\n"
        write = Latex(digits) if format == "latex" else Text(digits)
        narrow = width if format == "text" else None
        tables = [self._entry_table(write, narrow)]
        shown = [
            check
            for check in self.locals
            if rows == "all" or (rows == "auto" and (not check.passed or check.source == "kink"))
        ]
        if shown:
            write.digits = digits
            tables.append(_local_table(shown, write, narrow))
        tables[-1].notes += [self._summary(), *self.notes, self.verdict]
        for table in tables:
            if format == "text":
                table.notes = [textwrap.fill(n, width - 2, **FOLDED) for n in table.notes]
            elif format == "latex":
                table.notes = [n.translate(PLAINER) for n in table.notes]
        return render(tables, format, title=self.title, width=width, fragment=fragment)

    @property
    def verdict(self) -> str:
        """One line: verified, or not and why."""
        if self.passed:
            return f"verified: {len(self.entries)} of {len(self.entries)} entries agree"
        good = sum(e.passed for e in self.entries)
        return f"NOT VERIFIED ({good} of {len(self.entries)} entries agree): {self.reason}"

    def _entry_table(self, write: Text, width: int | None) -> Table:
        head = ["Entry", "Forward", "Reverse", "Symbolic", "Numerical", "ulp", "ok"]
        lines = _fitted(head, self.entries, self._entry_line, write, width)
        notes = ["ulp: the errors of forward, reverse"] if lines else []
        notes += [f"∂{e.output}/∂{e.input}: {e.note}" for e in self.entries if e.note]
        title = "Jacobian: forward, reverse, symbolic and numerical"
        return Table(title, head, lines, [True] * 5 + [False] * 2, notes)

    @staticmethod
    def _entry_line(e: Entry, write: Text) -> list[str]:
        numbers = (e.forward, e.reverse, e.symbolic, e.differences)
        return [
            write.derivative(e.output, e.input),
            *(_number(x, write) for x in numbers),
            f"{_ulps(e.ulp_forward)}, {_ulps(e.ulp_reverse)}",
            "yes" if e.passed else "NO",
        ]

    def _summary(self) -> str:
        partials = [check for check in self.locals if check.argument is not None]
        parts = [f"{len(partials)} local partial{'s' * (len(partials) != 1)}"]
        known = [check for check in partials if check.ulp is not None and check.passed]
        if known:
            worst = max(known, key=lambda check: check.ulp or 0.0)
            parts.append(f"worst {_ulps(worst.ulp)} ulp (row {worst.name})")
        kinks = sum(check.source == "kink" for check in partials)
        wrong = sum(not check.passed for check in partials)
        parts += [f"{kinks} at a kink"] * bool(kinks) + [f"{wrong} wrong"] * bool(wrong)
        return ", ".join(parts)

    def __str__(self) -> str:
        return self.to_table("text")

    def _repr_html_(self) -> str:
        return self.to_table("html", fragment=True)

    def _repr_latex_(self) -> str:
        return self.to_table("latex", fragment=True)


def _fitted(
    head: list[str], items: Sequence, line: Callable, write: Text, width: int | None
) -> list[list[str]]:
    """One line an item, with as many of the digits of write as fit a width."""
    for digits in range(write.digits, 1, -1) if width and write.digits else (write.digits,):
        write.digits = digits
        lines = [line(item, write) for item in items]
        widths = [max(len(h) + 2, *map(len, cells)) for h, *cells in zip(head, *lines)]
        if width is None or not lines or sum(widths) + 2 * len(widths) - 2 <= width:
            break
    return lines


def _local_table(checks: list[Local], write: Text, width: int | None) -> Table:
    head = ["Checked", "Operation", "Formula", "Got", "Reference", "ulp", "ok"]
    lines = _fitted(head, checks, _local_line, write, width)
    return Table("Local partials", head, lines, [True, False, True, True, True, False, False])


def _local_line(c: Local, write: Text) -> list[str]:
    return [
        write.variable(c.name) if c.argument is None else write.derivative(c.name, c.of),
        write.plain(c.op),
        c.latex if write.name == "latex" else c.formula,
        write.number(c.got),
        _number(c.reference, write),
        _ulps(c.ulp),
        ("kink" if c.source == "kink" else "yes") if c.passed else "NO",
    ]


def _number(x: float | None, write: Text) -> str:
    if x is not None:
        return write.number(x)
    return "–" if write.name == "text" else r"\text{--}"


def _ulps(x: float | None) -> str:
    if x is None or not math.isfinite(x):
        return "–" if x is None or math.isnan(x) else "inf"
    return f"{x:.2f}" if x < 1e4 else f"{x:.1e}"


def verify(
    f: Callable,
    *args: Any,
    names: Sequence[str] | None = None,
    outputs: Sequence[str] | None = None,
    title: str = "",
) -> Verification:
    """Check every derivative of f at args: forward, reverse, sympy and central differences.

    Each Jacobian entry of both engines is compared with a 50-digit reference, swept from sympy's
    partial of every row at exactly the doubles that the engines saw; it passes when
    |error| ≤ C·u·Σ|contributions| plus the measured rounding of the local partials (C, u and the
    proof are in the module's docstring; Higham 2002). Each row's value and local partials are
    compared with sympy's; the first wrong one is named in `reason`. A row of a custom rule
    without symbolic form is compared with central differences of its value, with a looser
    tolerance. Differences of f itself (D. Ridders, Accurate computation of F'(x) and F'(x)F''(x),
    Advances in Engineering Software 4 (1982): Richardson's extrapolation that estimates its own
    error) speak against an entry only where they have converged, no row sits on a kink, and no
    branch changes within their steps.

    A value or derivative that is not finite is not verified, and reason says so, with one
    exception: a derivative that both modes and the one-sided limit give as the same infinity, at
    a kink whose documented convention that is (√ at 0).

    names and outputs as for ad.trace. Raises TypeError for arguments that are no numbers,
    ValueError for wrong numbers of names.

    >>> import admodes as ad
    >>> v = ad.verify(lambda x, y: x * ad.sin(y), 2.0, 0.5)
    >>> v.passed, [e.symbolic for e in v.entries]
    (True, [0.479425538604203, 1.7551651237807455])
    >>> wrong = ad.custom_rule("wrong", lambda x: x**3, [lambda x: 2 * x**2], symbol=lambda x: x**3)
    >>> print(ad.verify(wrong, 2.0).wrong_row)
    row v1 (wrong): ∂v1/∂v0 = wrong′(v0) is 8 at v0 = 2, but 12 is right (sympy: 3*a**2)
    """
    import mpmath

    scalars, components = scalar_function(f, args)
    t = trace(f, *args, names=names, outputs=outputs, title=title)
    every = tuple(range(len(components)))
    with mpmath.workdps(50):
        rows = _Rows(t)
        swept = [terms for y in sensitivities(t.program, rows.partials, rows.slacks) for terms in y]
        engines = {
            mode: [list(line) for line in jacobian(scalars, every, mode)(*components)]
            if every
            else [[] for _ in t.outputs]
            for mode in ("forward", "reverse")
        }
        constant = PER_PAIR * _pairs(t.program)
        entries = []
        for j, x in enumerate(t.inputs):
            numerical = _differences(scalars, components, j, len(t.outputs))
            for i, y in enumerate(t.outputs):
                pair = tuple(float(engines[mode][i][j]) for mode in ("forward", "reverse"))
                term = swept[i].get(j)
                entry = _entry(y["name"], x["name"], pair, term, numerical[i], constant)
                entries.append((i, j, entry))
    kinked = any(check.source == "kink" for check in rows.checks)
    for i, j, entry in entries:
        _weigh_differences(entry, scalars, components, (i, j, len(t.outputs)), kinked)
    ordered = [entry for i, j, entry in sorted(entries, key=lambda e: e[:2])]
    wrong = next((check for check in rows.checks if not check.passed), None)
    wrong_row = _sentence(wrong, t) if wrong else None
    reason = _reason(t, ordered, wrong_row)
    notes = [
        f"{row.name}: {note}"
        for row in t.rows
        for note in row.notes
        if not note.startswith("branch")
    ]
    without = list(dict.fromkeys(c.op for c in rows.checks if c.source == "differences"))
    if without:
        notes.append(
            f"no symbolic form of {', '.join(without)}: central differences of its value decide"
        )
    return Verification(
        t.inputs,
        t.outputs,
        ordered,
        rows.checks,
        reason is None,
        reason,
        wrong_row,
        list(dict.fromkeys(notes)),
        constant,
        title,
    )


def _pairs(program: Program) -> int:
    """(operation, argument) pairs of the list, counted by components."""
    return sum(
        max(int(np.size(program.steps[a.row].value)), int(np.size(step.value)))
        for step in program.steps
        for a in step.args
        if isinstance(a, Ref)
    )


class _Rows:
    """Every row of a trace against its reference: the checks, and for the sweep the reference
    partials with the error that is allowed to each."""

    def __init__(self, t: Trace) -> None:
        self.trace = t
        self.checks: list[Local] = []
        self.partials: list[list] = []
        self.slacks: list[list] = []
        for row, step in zip(t.rows, t.program.steps, strict=True):
            self.partials.append([None] * len(step.args))
            self.slacks.append([None] * len(step.args))
            if step.op is not None and step.op.elementwise:
                self.check(row, step)

    def check(self, row: Row, step: Step) -> None:
        xs = self.trace.program.arguments(step)
        found = row_reference(self.trace.program, row.row)
        for k, a in enumerate(step.args):
            if not isinstance(a, Ref):
                continue
            got = step.op.partial(k, step.value, xs)
            judged = [
                _judge_partial(step, k, point, *numbers, found.kink is not None)
                for point, numbers in zip(
                    _points(step, xs), zip(*_spread(step, got, found.partials[k]), strict=True)
                )
            ]
            shape = shape_of(step.value)
            self.partials[-1][k] = _shaped([j.reference for j in judged], shape)
            symbolic = all(j.source != "differences" for j in judged)
            self.slacks[-1][k] = (_shaped([j.slack for j in judged], shape), symbolic)
            self.keep(row, step, k, found.formulas[k], judged)
        if found.value is not None and found.kink is None:
            value_of = _spread(step, step.value, found.value)
            judged = [
                _judge_value(step, point, *numbers)
                for point, numbers in zip(_points(step, xs), zip(*value_of, strict=True))
            ]
            if not all(j.passed for j in judged):
                form = local_form(step.op)
                self.keep(row, step, None, str(form.expression) if form else None, judged)

    def keep(
        self, row: Row, step: Step, k: int | None, symbolic: str | None, judged: list[_Judged]
    ) -> None:
        """Note the check of a row, for an array its worst component."""
        worst = min(judged, key=lambda j: (j.passed, j.source != "kink", -(j.ulp or 0.0)))
        formulas = []
        for write in (Text(6), Latex(6)):
            atoms = [
                (write.variable(self.trace.rows[a.row].name), False)
                if isinstance(a, Ref)
                else (write.number(plain(a)), True)
                for a in step.args
            ]
            form = row.forms[write.name]
            formulas.append(fill(form["value"] if k is None else form["partials"][k], atoms, write))
        self.checks.append(
            Local(
                row=row.row,
                name=row.name,
                op=row.op,
                argument=k,
                of=row.name if k is None else self.trace.rows[step.args[k].row].name,
                formula=formulas[0],
                latex=formulas[1],
                symbolic=symbolic,
                got=worst.got,
                reference=None if worst.reference is None else float(worst.reference),
                ulp=worst.ulp,
                source=worst.source,
                passed=worst.passed,
                note=worst.note,
            )
        )


@dataclass
class _Judged:
    """One number against its reference; slack is the error that the sweep may take from it."""

    got: float
    reference: Any
    ulp: float | None
    source: str
    passed: bool
    slack: Any = 0
    note: str = ""


def _points(step: Step, xs: tuple) -> Iterator[tuple]:
    shape = shape_of(step.value)
    spread = [np.broadcast_to(np.asarray(x), shape) for x in xs]
    return (tuple(float(x[index]) for x in spread) for index in np.ndindex(shape))


def _spread(step: Step, got: Any, reference: Any) -> tuple[list, list]:
    shape = shape_of(step.value)
    doubles = [float(g) for g in np.broadcast_to(np.asarray(got), shape).ravel()]
    if shape == () or not isinstance(reference, np.ndarray):
        return doubles, [reference] * len(doubles)
    return doubles, list(reference.ravel())


def _shaped(items: list, shape: tuple[int, ...]) -> Any:
    if shape == ():
        return items[0]
    made = np.empty(shape, dtype=object)
    for index, item in zip(np.ndindex(shape), items, strict=True):
        made[index] = item
    return made


def _judge_partial(
    step: Step, k: int, xs: tuple, got: float, reference: Any, kinked: bool
) -> _Judged:
    import mpmath

    op = step.op
    form = local_form(op)
    if kinked:
        note = op.domain.kink(*xs) if op.domain.kink else None
        if note or (form and _jumps(form, k, xs)):
            return _judge_kink(op, k, xs, got, note or f"{op.name} at a kink")
    if form is None or form.derivatives[k] is None:
        return _judge_by_differences(op, k, xs, got)
    if reference is None:
        return _Judged(got, mpmath.nan, None, "none", True, 0, "no symbolic reference here")
    if not (math.isfinite(got) and mpmath.isfinite(reference)):
        same = float(reference) == got or (mpmath.isnan(reference) and math.isnan(got))
        return _Judged(got, reference, None, "symbolic", bool(same))
    error = abs(got - reference)
    allowed = LOCAL * UNIT * abs(reference) + LOCAL * SMALLEST
    if error > allowed:
        allowed += LOCAL * UNIT * _sensitivity(form.derivatives[k], xs, reference)
    passed = bool(error <= allowed)
    slack = error if passed else 0
    return _Judged(got, reference, ulps(got, reference), "symbolic", passed, slack)


def _jumps(form: LocalForm, k: int, xs: tuple) -> bool:
    try:
        evaluate(form.derivatives[k], xs)
    except AtKink:
        return True
    return False


def _judge_kink(op: Any, k: int, xs: tuple, got: float, note: str) -> _Judged:
    """At a kink the documented convention stands if it lies between the one-sided limits of
    sympy's derivative: an element of Clarke's generalised gradient, or their common infinity."""
    import mpmath

    limits = one_sided(op, k, xs)
    if math.isnan(got) or not limits:
        text = f"{note}: no symbolic reference here (kink)"
        return _Judged(got, mpmath.mpf(got), None, "kink", True, 0, text)
    if math.isinf(got):
        passed = got in limits
    else:
        margin = 1e-9 * max(1.0, abs(got))
        passed = min(limits) - margin <= got <= max(limits) + margin
    return _Judged(got, mpmath.mpf(got), None, "kink", passed, 0, note)


def _judge_by_differences(op: Any, k: int, xs: tuple, got: float) -> _Judged:
    import mpmath

    def moved(x: float) -> list[float]:
        return [float(op.plain((*xs[:k], x, *xs[k + 1 :])))]

    estimate, error = ridders(moved, xs[k], max(abs(xs[k]), 0.01) / 8)[0]
    if not math.isfinite(estimate):
        return _Judged(got, mpmath.nan, None, "none", True, 0, "the differences are not finite")
    allowed = DIFFERENCES * max(abs(estimate), abs(got)) + 10 * error
    passed = abs(got - estimate) <= allowed
    reference = mpmath.mpf(estimate)
    return _Judged(got, reference, None, "differences", passed, 2 * allowed if passed else 0)


def _judge_value(step: Step, xs: tuple, got: float, reference: Any) -> _Judged:
    """The value of a row against its symbolic form; -0 and poles, which mpmath does not have,
    are left alone."""
    import mpmath

    form = local_form(step.op)
    negative_zero = any(x == 0 and math.copysign(1, x) < 0 for x in xs)
    if reference is None or form is None or negative_zero:
        return _Judged(got, reference, None, "none", True)
    if not (math.isfinite(got) and mpmath.isfinite(reference)):
        same = float(reference) == got or (mpmath.isnan(reference) and math.isnan(got))
        return _Judged(got, reference, None, "symbolic", bool(same))
    error = abs(got - reference)
    allowed = LOCAL * UNIT * abs(reference) + LOCAL * SMALLEST
    if error > allowed:
        allowed += LOCAL * UNIT * _sensitivity(form.value, xs, reference)
    return _Judged(got, reference, ulps(got, reference), "symbolic", bool(error <= allowed))


def _sensitivity(function: Callable, xs: tuple, here: Any) -> Any:
    """Σ|aⱼ ∂g/∂aⱼ|, how far g moves with relative changes of its arguments."""
    import mpmath

    total = mpmath.mpf(0)
    step = mpmath.mpf(10) ** -20
    for j in range(len(xs)):
        moved = [mpmath.mpf(x) * (1 + step) if i == j else x for i, x in enumerate(xs)]
        try:
            there = evaluate(function, moved)
        except AtKink:
            continue
        if there is not None and not mpmath.isnan(there):
            total += abs(there - here) / step
    return total


def ulps(x: float, reference: Any) -> float:
    """The error of a double in units in the last place of the double nearest to the reference
    (an mpmath number or a float); nan where either is not finite.

    >>> from admodes.verify import ulps
    >>> ulps(1.0 + 2.0**-52, 1.0), ulps(0.0, 0.0)
    (1.0, 0.0)
    """
    import mpmath

    nearest = float(reference)
    if not math.isfinite(x) or not math.isfinite(nearest):
        return math.nan
    with mpmath.workdps(50):
        return float(abs(mpmath.mpf(x) - reference) / math.ulp(nearest))


def _entry(
    output: str, name: str, pair: tuple, term: Any, numerical: tuple[float, float], constant: int
) -> Entry:
    """One entry of both engines against the swept reference."""
    import mpmath

    forward, reverse = pair
    exact, magnitude, allowed, symbolic = term or (mpmath.mpf(0), mpmath.mpf(0), 0, True)
    found = Entry(output, name, forward, reverse, None, *numerical, None, None, math.nan, False)
    if mpmath.isnan(exact):
        found.note = "not a number: no symbolic reference here"
        return found
    reference = float(exact)
    found.symbolic = reference if symbolic else None
    if math.isinf(reference):
        found.passed = forward == reverse == reference and mpmath.isinf(exact)
        found.note = (
            "infinite at a documented kink" if found.passed else "infinite, or beyond any double"
        )
        return found
    tolerance = constant * UNIT * magnitude + allowed + SMALLEST
    found.tolerance = float(tolerance)
    if symbolic:
        found.ulp_forward, found.ulp_reverse = ulps(forward, exact), ulps(reverse, exact)
    else:
        found.note = "no symbolic form: compared with differences of the rows"
    found.passed = all(math.isfinite(g) and abs(g - exact) <= tolerance for g in pair)
    return found


def ridders(
    f: Callable[[float], list[float]], x: float, first: float = 0.125
) -> list[tuple[float, float]]:
    """df/dx of a function with several results by central differences, extrapolated to step 0,
    with the error estimates (Ridders 1982). first is the largest step of
    ten; nan, inf where no step gives finite values.

    >>> import math
    >>> from admodes.verify import ridders
    >>> round(ridders(lambda x: [math.exp(x)], 0.0)[0][0], 11)
    1.0
    """
    shrink, levels = 2.0, 10
    columns: list[list[np.ndarray]] = []
    best: np.ndarray | None = None
    error = np.array(math.inf)
    with np.errstate(all="ignore"):
        for level in range(levels):
            h = first / shrink**level
            up, down = x + h, x - h
            line = [(np.array(f(up), float) - np.array(f(down), float)) / (up - down)]
            for order, above in enumerate(columns[-1] if columns else []):
                factor = shrink ** (2 * (order + 1))
                line.append((factor * line[order] - above) / (factor - 1))
            if best is None:
                best = np.full(line[0].shape, math.nan)
                error = np.full(line[0].shape, math.inf)
            for order in range(1, len(line)):
                off = np.maximum(
                    abs(line[order] - line[order - 1]), abs(line[order] - columns[-1][order - 1])
                )
                better = off < error
                best = np.where(better, line[order], best)
                error = np.where(better, off, error)
            columns.append(line)
    assert best is not None
    return [(float(b), float(e)) for b, e in zip(best, error, strict=True)]


def _differences(
    f: Callable, xs: Sequence[float], j: int, outputs: int, finer: float = 1.0
) -> list[tuple[float, float]]:
    """Central differences of every output of the plain function with respect to input j."""

    def moved(x: float) -> list[float]:
        point = [np.float64(z) for z in (*xs[:j], x, *xs[j + 1 :])]
        try:
            with np.errstate(all="ignore"):
                return [float(y) for y in f(*point)]
        except (ArithmeticError, ValueError):
            return [math.nan] * outputs

    return ridders(moved, xs[j], max(abs(xs[j]), 0.01) / 8 * finer)


def _weigh_differences(
    entry: Entry, f: Callable, xs: Sequence[float], place: tuple[int, int, int], kinked: bool
) -> None:
    """Let converged differences that disagree speak against an entry, or say why they may not."""
    i, j, outputs = place
    got, off = entry.differences, entry.differences_error
    claimed = entry.forward
    if not entry.passed or not (math.isfinite(got) and math.isfinite(claimed)):
        return
    if _agree(got, off, claimed):
        return
    if kinked or _crosses(f, xs, j):
        found = "a kink within the steps of the numerical differences"
    elif off > CONVERGED * abs(got) or any(
        _agree(*_differences(f, xs, j, outputs, 2.0**-finer)[i], claimed) for finer in (12, 24, 36)
    ):
        found = "the numerical differences have not converged"
    else:
        entry.passed = False
        found = UNTRACED
    entry.note = entry.note or found


def _agree(got: float, off: float, claimed: float) -> bool:
    """Whether differences with an error estimate agree with a derivative."""
    size = max(abs(got), abs(claimed))
    return abs(got - claimed) <= DISAGREE * size + min(100 * off, size / 10) + 1e-7


def _crosses(f: Callable, xs: Sequence[float], j: int) -> bool:
    """Whether f takes another branch, or a row another side of its kink, near xs in direction j."""
    seen = []
    reach = max(abs(xs[j]), 0.01) / 8
    for step in (0.0, reach, -reach, reach / 512, -reach / 512):
        program = record(f, *xs[:j], xs[j] + step, *xs[j + 1 :])
        sides: list = []
        for s in program.steps:
            if s.op is None:
                continue
            side: Any = None
            if s.is_test:
                side = np.asarray(s.value).tolist()
            elif not s.op.elementwise:
                side = None
            elif all(p == 0 for p in s.op.partials):
                side = np.asarray(s.value).tolist()
            elif s.op.kind == "comparisons":
                points = program.arguments(s)
                shares = (s.op.partial(k, s.value, points) for k in range(len(points)))
                side = [np.sign(p).tolist() for p in shares]
            sides.append((s.op.name, side))
        seen.append(sides)
    return any(sides != seen[0] for sides in seen[1:])


def _sentence(check: Local, t: Trace) -> str:
    """The operation, the row, the argument, the value got and the right one."""
    args = dict.fromkeys(a.row for a in t.program.steps[check.row].args if isinstance(a, Ref))
    at = ", ".join(
        f"{t.rows[i].name} = {t.rows[i].value:.10g}" for i in args if not t.rows[i].shape
    )
    got, right = (
        f"{check.got:.10g}",
        f"{math.nan if check.reference is None else check.reference:.10g}",
    )
    if got == right:
        got, right = repr(check.got), repr(check.reference)
    what = check.name if check.argument is None else f"∂{check.name}/∂{check.of}"
    head = f"row {check.name} ({check.op}): {what} = {check.formula} is {got}"
    head += f" at {at}" if at else ""
    if check.source == "kink":
        return f"{head}, which is not between the limits from both sides"
    differences = check.source == "differences"
    source = "central differences" if differences else f"sympy: {check.symbolic}"
    return f"{head}, but {right} is right ({source})"


def _reason(t: Trace, entries: list[Entry], wrong_row: str | None) -> str | None:
    """Why the verification fails; None where it passes."""
    if wrong_row:
        return wrong_row
    for row in t.rows:
        matters = any(w is not None and np.any(w != 0) for w in row.adjoints.values())
        if matters and not np.all(np.isfinite(row.value)):
            shown = Text(6).number(plain(row.value))
            return f"the value of row {row.name} ({row.op}) is not finite: {row.symbolic} = {shown}"
    for y in t.outputs:
        if not math.isfinite(y["value"]):
            return f"the output {y['name']} is not finite: {y['value']}"
    bad = next((e for e in entries if not e.passed), None)
    if bad is None:
        return None
    name = f"∂{bad.output}/∂{bad.input}"
    for mode, got in (("forward", bad.forward), ("reverse", bad.reverse)):
        if not math.isfinite(got):
            return f"{name} is not finite: {mode} gives {got}"
    if bad.note == UNTRACED:
        return f"{name} is {bad.forward:.10g}, but {bad.differences:.10g} numerically; {UNTRACED}"
    if math.isnan(bad.tolerance):
        return f"{name}: {bad.note}"
    return (
        f"{name}: forward gives {bad.forward!r}, reverse gives {bad.reverse!r}, but "
        f"{bad.symbolic!r} is right (tolerance {bad.tolerance:.3g}); every local partial is "
        "right, so a sweep is wrong"
    )
