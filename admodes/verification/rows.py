"""Every row of a trace against its reference: its local partials, and its value."""

from __future__ import annotations

from collections.abc import Container
from dataclasses import dataclass

from admodes.core.record import Ref, Step
from admodes.core.space import is_complex
from admodes.core.tangential import Tangential
from admodes.symbolic.arrays import fill, points
from admodes.symbolic.forms import local_form
from admodes.symbolic.reference import row_reference
from admodes.tracing.rows import Row
from admodes.tracing.trace import Trace
from admodes.verification.judgement import Judged, judge_partial, judge_value
from admodes.verification.tangents import judge_tangent


@dataclass
class Local:
    """One local partial (argument: its position and name) or, with argument None, one value,
    against its reference. formula and latex are the printed form, as admodes.verification.formulas
    writes it, symbolic is sympy's. source says what decided: symbolic, differences, kink (the
    documented convention, between the one-sided limits) or none. The digits of got and reference
    are all there; ulp is the error."""

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


class RowChecks:
    """Every row of a trace against its reference: the checks, and for the sweep the reference
    partials with the error that is allowed to each. skipped: the operations on complex numbers,
    which are not compared. only: the rows that are checked, all unless given."""

    def __init__(self, t: Trace, only: Container[int] | None = None) -> None:
        self.trace = t
        self.checks: list[Local] = []
        self.skipped: dict[str, None] = {}
        self.partials: list[list] = [[None] * len(step.args) for step in t.program.steps]
        self.slacks: list[list] = [[None] * len(step.args) for step in t.program.steps]
        for row, step in zip(t.rows, t.program.steps, strict=True):
            if step.op is None or not step.size or (only is not None and row.row not in only):
                continue
            if any(map(is_complex, (step.value, *t.program.arguments(step)))):
                self.skipped[step.op.name] = None
                continue
            if step.op.elementwise:
                self._check(row, step)
            elif isinstance(step.op, Tangential):
                self._check_tangents(row, step)

    @property
    def kinked(self) -> bool:
        """Whether some row sits on a kink."""
        return bool(self.kinks)

    @property
    def kinks(self) -> dict[int, str]:
        """The notes of the rows that sit on a kink."""
        return {c.row: c.note for c in self.checks if c.source == "kink"}

    def _check_tangents(self, row: Row, step: Step) -> None:
        """An operation that states its tangent, along one direction of each argument."""
        for k, a in enumerate(step.args):
            if isinstance(a, Ref) and step.op.active(k):
                judged = judge_tangent(step, k, self.trace.program.arguments(step))
                self._note(row, k, "differences of its value", judged)

    def _check(self, row: Row, step: Step) -> None:
        found = row_reference(self.trace.program, row.row)
        xs = self.trace.program.arguments(step)
        shape = step.shape
        at = [tuple(map(float, point)) for point in points(xs, shape)]
        for k, a in enumerate(step.args):
            if isinstance(a, Ref):
                got = step.op.partial(k, step.value, xs)
                numbers = points((got, found.partials[k], found.kinks[k], found.value), shape)
                judged = [
                    judge_partial(step.op, k, x, float(p), reference, kink, value)
                    for x, (p, reference, kink, value) in zip(at, numbers, strict=True)
                ]
                symbolic = all(j.source != "differences" for j in judged)
                self.partials[row.row][k] = fill(shape, (j.reference for j in judged))
                self.slacks[row.row][k] = (fill(shape, (j.slack for j in judged)), symbolic)
                self._keep(row, k, found.formulas[k], judged)
        if found.value is not None and found.kink is None:
            numbers = points((step.value, found.value), shape)
            judged = [
                judge_value(step.op, x, float(y), reference)
                for x, (y, reference) in zip(at, numbers, strict=True)
            ]
            form = local_form(step.op)
            if form is not None and not all(j.passed for j in judged):
                self._keep(row, None, str(form.expression), judged)

    def _keep(self, row: Row, k: int | None, symbolic: str | None, judged: list[Judged]) -> None:
        """Note the check of a row, for an array its worst component."""
        worst = min(judged, key=lambda j: (j.passed, j.source != "kink", -(j.ulp or 0.0)))
        self._note(row, k, symbolic, worst)

    def _note(self, row: Row, k: int | None, symbolic: str | None, worst: Judged) -> None:
        self.checks.append(
            Local(
                row=row.row,
                name=row.name,
                op=row.op,
                argument=k,
                of=row.name if k is None else self.trace.rows[row.args[k]["row"]].name,
                formula="",
                latex="",
                symbolic=symbolic,
                got=worst.got,
                reference=None if worst.reference is None else float(worst.reference),
                ulp=worst.ulp,
                source=worst.source,
                passed=worst.passed,
                note=worst.note,
            )
        )
