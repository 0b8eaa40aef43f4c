"""Where in a forward and in a reverse sweep a derivative that is not finite begins: partials that
are infinite where the value is finite, and tangents and adjoints that become nan."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from admodes.core.carrier import quiet
from admodes.core.kinks import first_kink
from admodes.core.record import Ref
from admodes.core.space import cast
from admodes.diagnosis.finding import finding_at
from admodes.diagnosis.remedies import double_where
from admodes.diagnosis.result import Finding
from admodes.diagnosis.subject import Subject, direction, first, in_entries
from admodes.diagnosis.values import is_taken
from admodes.programs.sweep import Numbers, has_derivative, output_seeds, pull, push
from admodes.symbolic.forms import AtKink, local_form
from admodes.symbolic.precision import evaluate

STRONG = (
    "an exact zero times it is 0 here, but nan in other libraries, and in every formula that "
    "multiplies"
)


def in_sweeps(subject: Subject) -> Iterator[Finding]:
    """The rows at which tangents begin to be infinite or nan, in order, and those at which adjoints
    do, from the last row on. Directions and weights are such that nothing cancels by chance."""
    with quiet():
        yield from _forward(subject)
        yield from _reverse(subject)


def _forward(subject: Subject) -> Iterator[Finding]:
    program = subject.program
    inputs = [x.row for x in program.inputs if has_derivative(subject.steps[x.row])]
    spread = np.cos(1.0 + 2.4 * np.arange(len(inputs)) ** 1.1)
    seeds = {
        row: cast(direction(subject.steps[row].value) * float(s), subject.steps[row].like)
        for row, s in zip(inputs, spread, strict=True)
    }
    tangents: dict[int, Any] = {}
    kept = set(subject.kept)
    for row, tangent in push(program, seeds, Numbers(program)):
        tangents[row] = tangent
        step = subject.steps[row]
        if tangent is None or step.op is None or row not in kept:
            continue
        incoming = [tangents.get(a.row) if isinstance(a, Ref) else None for a in step.args]
        infinite = False
        for k, t in enumerate(incoming):
            if t is not None:
                for found in _at_partial(subject, row, k, t, "forward"):
                    infinite = True
                    yield found
        if not infinite:
            finite = [t for t in incoming if t is not None]
            yield from _unexplained(subject, row, tangent, finite, "forward")


def _reverse(subject: Subject) -> Iterator[Finding]:
    program = subject.program
    weights = [direction(program.value(y)) for y in program.outputs]
    seeds = [
        (row, cast(w, subject.steps[row].like))
        for row, w in output_seeds(program, weights)
        if has_derivative(subject.steps[row])
    ]
    domain = _Watched(subject)
    for _ in pull(program, seeds, domain):
        yield from domain.findings
        domain.findings.clear()
    yield from domain.findings


class _Watched(Numbers):
    """Adjoints as numbers; what begins to be infinite or nan is among the findings."""

    def __init__(self, subject: Subject) -> None:
        super().__init__(subject.program)
        self.subject = subject
        self.findings: list[Finding] = []
        self.sources: dict[int, int] = {}

    def pull(self, row: int, k: int, adjoint: Any) -> Any:
        term = super().pull(row, k, adjoint)
        a = self.steps[row].args[k]
        self.sources[a.row] = row
        found = list(_at_partial(self.subject, row, k, adjoint, "reverse"))
        if not found and term is not None:
            found = list(_unexplained(self.subject, row, term, [adjoint], "reverse"))
        self.findings += found
        return term

    def add(self, row: int, contributions: list) -> Any:
        total = super().add(row, contributions)
        if _has(np.isnan, total) and not any(_has(np.isnan, c) for c in contributions):
            name = self.subject.names[row]
            reason = f"the contributions to the adjoint of {name} are infinite with both signs"
            line = self.subject.lines[self.sources.get(row, row)]
            self.findings.append(finding_at(self.subject, "nan", "reverse", row, reason, line=line))
        return total


def _has(test: Any, x: Any) -> bool:
    return x is not None and bool(test(np.asarray(x)).any())


def _at_partial(subject: Subject, row: int, k: int, incoming: Any, sweep: str) -> Iterator[Finding]:
    """A partial that is not finite, where the arguments are. incoming: what it is multiplied by."""
    step = subject.steps[row]
    if not step.op.elementwise or step.op.partials[k] in (0, 1, -1):
        return
    xs = subject.program.arguments(step)
    p = np.broadcast_to(np.asarray(step.op.partial(k, step.value, xs)), step.shape)
    t = np.asarray(incoming)
    hidden = np.broadcast_to(t == 0, step.shape) if _fits(t, step) else np.zeros(step.shape, bool)
    # What is not finite in the value is told there, unless an exact zero hides it from here on.
    usable = np.isfinite(np.asarray(step.value)) | hidden
    for x in xs:
        usable = usable & np.isfinite(np.asarray(x))
    bad = ~np.isfinite(p) & usable
    if not bad.any():
        yield from _at_root(subject, row, k, sweep)
        return
    entry = first(bad)
    of = subject.names[step.args[k].row]
    head = f"∂{subject.names[row]}/∂{of} = {subject.partial(row, k)} is {p[entry]}"
    at = subject.at(row, entry)
    reason = head + f" at {at}" * bool(at) + in_entries(bad)
    what = "tangent" if sweep == "forward" else "adjoint"
    remedy = ""
    if hidden[entry]:
        reason += f", and the {what} that it is multiplied by is exactly 0: {STRONG}"
    if not is_taken(subject, row, bad):
        reason += "; np.where does not take this branch"
        remedy = double_where(subject, row)
    kind = "nan" if np.isnan(p[entry]) else "inf"
    yield finding_at(subject, kind, sweep, row, reason, remedy=remedy)


def _fits(x: Any, step: Any) -> bool:
    try:
        np.broadcast_to(np.asarray(x), step.shape)
    except ValueError:
        return False
    return True


def _at_root(subject: Subject, row: int, k: int, sweep: str) -> Iterator[Finding]:
    """A kink at which the derivative has no limit, or an infinite one, and is 0 by convention."""
    step = subject.steps[row]
    op = step.op
    form = local_form(op) if op.kinked and op.remembers else None
    met = first_kink(op, subject.program.arguments(step), step.params) if form else None
    if form is None or met is None or form.derivatives[k] is None:
        return
    try:
        if evaluate(form.derivatives[k], met.point) is not None:
            return
    except AtKink:
        return
    reason = (
        f"{subject.names[row]} = {subject.formula(row)} has no derivative at its kink "
        f"({met.note}); other libraries get 0 / 0 = nan here"
    )
    yield finding_at(subject, "nan", sweep, row, reason)


def _unexplained(
    subject: Subject, row: int, made: Any, incoming: list, sweep: str
) -> Iterator[Finding]:
    """What is not finite although what it is made of is, or nan although that is none."""
    step = subject.steps[row]
    nans, infs = _in_values(subject, row)
    bad_nan = _has(np.isnan, made) and not any(_has(np.isnan, t) for t in incoming) and not nans
    bad_inf = (
        _has(np.isinf, made)
        and not any(_has(np.isinf, t) or _has(np.isnan, t) for t in incoming)
        and not (nans or infs)
    )
    if not (bad_nan or bad_inf):
        return
    what = "tangent" if sweep == "forward" else "adjoint"
    name = subject.names[row]
    of = f"the {what} of {name}" if sweep == "forward" else f"what {name} adds to an adjoint"
    if bad_nan:
        infinite = infs or any(_has(np.isinf, t) for t in incoming)
        why = "an infinity is multiplied by 0 or meets another" if infinite else "it has no value"
        kind = "nan"
    else:
        why, kind = "the product of finite numbers is beyond the largest double", "overflow"
        if not step.op.elementwise:
            why, kind = f"the derivative of {step.op.name} is not finite here", "inf"
    reason = (
        f"{of}, through {subject.formula(row)}, becomes {kind.replace('overflow', 'inf')}: {why}"
    )
    yield finding_at(subject, kind, sweep, row, reason)


def _in_values(subject: Subject, row: int) -> tuple[bool, bool]:
    """Whether a row or its arguments are nan, and whether they are infinite, in some entry."""
    step = subject.steps[row]
    xs = [*map(np.asarray, subject.program.arguments(step)), np.asarray(step.value)]
    xs = [x for x in xs if x.dtype.kind in "fc"]
    return any(_has(np.isnan, x) for x in xs), any(_has(np.isinf, x) for x in xs)
