"""Reference values: every row of a list to many digits, its value and sympy's partials at exactly
the doubles that the engines saw there, and the Jacobian swept from those.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from admodes.core.op import Op
from admodes.core.record import Ref, Step, WengertList
from admodes.symbolic.arrays import broadcast, components, entrywise, fill, structural
from admodes.symbolic.expressions import input_size, list_of
from admodes.symbolic.forms import AtKink, LocalForm, local_form
from admodes.symbolic.limits import value_at
from admodes.symbolic.precision import DIGITS, evaluate, number, precise
from admodes.symbolic.sweep import BoundedSlope, sensitivities


@dataclass
class RowReference:
    """One row at high precision. exact follows from the inputs alone; value and partials are taken
    at exactly the doubles that the engines saw in the row's arguments.

    partials, formulas and kinks have one entry per argument, None for constants and where there is
    no symbolic form: formulas is sympy's text, kinks a note for each component that sits on a kink
    (None for the others), whose partial is then admodes' convention."""

    value: Any
    partials: list
    formulas: list
    kinks: list
    exact: Any = None

    @property
    def kink(self) -> str | None:
        """The first note on a kink."""
        return next((note for notes in self.kinks for note in components(notes) if note), None)


@dataclass
class Reference:
    """The rows at high precision, and the Jacobian swept from their partials: jacobian[i][j] for
    component i of the outputs and j of the inputs, None where a row on the way has no symbolic
    form; magnitude[i][j] is the sum of the absolute values of all contributions to it."""

    rows: list[RowReference]
    jacobian: list[list[Any]]
    magnitude: list[list[Any]]


def reference(source: Any, digits: int = DIGITS) -> Reference:
    """Values, local partials and Jacobian of a Program or Trace to `digits` digits, row by row.

    Every row is evaluated by mpmath from the operation's symbolic form, its partials from sympy's
    derivative of that form. A value outside the real domain is nan. At a kink the partials are
    those of admodes' convention and the row carries a note; at a pole they are None.

    >>> import admodes as ad
    >>> from admodes.symbolic import reference
    >>> found = reference(ad.trace(lambda x: ad.exp(x) * x, 1.0), digits=30)
    >>> import mpmath
    >>> mpmath.nstr(found.rows[1].exact, 30), mpmath.nstr(found.jacobian[0][0], 15)
    ('2.71828182845904523536028747135', '5.43656365691809')
    """
    program = list_of(source)
    rows: list[RowReference] = []
    with precise(digits) as mpmath:
        for i, step in enumerate(program.steps):
            row = row_reference(program, i, digits)
            exact = [rows[a.row].exact if isinstance(a, Ref) else a for a in step.args]
            row.exact = _value(step, exact, program.arguments(step), digits)
            rows.append(row)
        known = [
            [
                entrywise(_or_nan, p) if isinstance(a, Ref) else None
                for p, a in zip(row.partials, step.args, strict=True)
            ]
            for row, step in zip(rows, program.steps, strict=True)
        ]
        swept = sensitivities(program, known)
        none = BoundedSlope(number(0), number(0))
        found = [[terms.get(j, none) for j in range(input_size(program))] for terms in swept]
        return Reference(
            rows,
            [[None if mpmath.isnan(t.derivative) else +t.derivative for t in y] for y in found],
            [[t.magnitude for t in y] for y in found],
        )


def _or_nan(p: Any) -> Any:
    return number("nan") if p is None else p


def row_reference(program: WengertList, i: int, digits: int = DIGITS) -> RowReference:
    """Row i of a program at exactly the doubles of its arguments (without `exact`)."""
    step = program.steps[i]
    xs = program.arguments(step)
    none = [None] * len(xs)
    found = RowReference(_value(step, xs, xs, digits), none[:], none[:], none[:])
    form = local_form(step.op) if step.op is not None and step.op.elementwise else None
    if form is None:
        return found
    for k, a in enumerate(step.args):
        if not isinstance(a, Ref):
            continue
        notes: list = []

        def partial(*point: Any) -> Any:
            note, p = _partial(step.op, form, k, tuple(map(float, point)), digits)
            notes.append(note)
            return p

        shape = step.shape
        found.partials[k] = broadcast(partial, xs, shape)
        found.formulas[k] = str(form.partials[k])
        found.kinks[k] = fill(shape, iter(notes))
    return found


def _value(step: Step, xs: Sequence[Any], seen: Sequence[Any], digits: int) -> Any:
    """The row's value for arguments xs, but those that have no derivative as they were seen; None
    where it has none."""
    if step.op is None or step.discrete:
        return entrywise(number, step.value)
    if any(component is None for x in xs for component in components(x)):
        return None
    if not step.op.elementwise:
        lifted = [entrywise(number, x) if step.op.active(i) else seen[i] for i, x in enumerate(xs)]
        return structural(step.op, lifted, step.params)
    form = local_form(step.op)
    if form is None:
        return None

    def entry(*point: Any) -> Any:
        y = evaluate(form.value, point, digits)
        if y is not None and y == y:
            return y
        limit = value_at(step.op, form.value, point, digits)
        return limit if limit == limit else y

    return broadcast(entry, xs, step.shape)


def _partial(op: Op, form: LocalForm, k: int, point: tuple, digits: int) -> tuple[str | None, Any]:
    """sympy's partial by argument k; at a kink a note, and the partial that op declares."""
    note = op.domain.kink(*point) if op.domain.kink else None
    derivative = form.derivatives[k]
    if note is None:
        try:
            return None, None if derivative is None else evaluate(derivative, point, digits)
        except AtKink:
            note = f"{op.name} at a kink"
    return note, number(op.partial(k, op.plain(point), point))  # type: ignore[attr-defined]
