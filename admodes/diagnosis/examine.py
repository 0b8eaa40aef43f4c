"""ad.diagnose: a function at a point goes in; the places at which its value, its derivatives or the
influence of its inputs go wrong come out."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

from admodes.core.calling import quiet
from admodes.core.pytree import checked_input, flatten
from admodes.core.record import WengertList, record
from admodes.diagnosis.derivative_digits import in_derivatives
from admodes.diagnosis.detached import in_constants
from admodes.diagnosis.digits import in_value
from admodes.diagnosis.influence import UNUSED, in_influence
from admodes.diagnosis.raised import home_of, raised_finding
from admodes.diagnosis.result import MOST, Diagnosis, Finding
from admodes.diagnosis.rules import in_rules
from admodes.diagnosis.subject import Subject
from admodes.diagnosis.sweeps import in_sweeps
from admodes.diagnosis.values import in_values
from admodes.programs.arrays import program_of


def diagnose(
    f: Callable,
    *args: Any,
    names: Sequence[str] | None = None,
    outputs: Sequence[str] | None = None,
    title: str = "",
) -> Diagnosis:
    """Find where f goes wrong at args, and what to write there instead.

    The findings, each with the row of ad.trace, the line of your code, the reason and the way out,
    origins before consequences:

    - in the value: rows at which nan, infinity, overflow or underflow begins, also in a branch that
      np.where does not take, and rows that lose the digits of an output, held against the same
      rows evaluated from the inputs on with as many digits as it takes. Losses that no output
      feels are none. An input counts as exactly the doubles given.
    - in a forward or a reverse sweep: the first row whose partial is wrong, of operations that
      ad.custom_rule declares; rows whose partial is infinite or whose tangent or adjoint becomes
      nan; rows at which a derivative loses its digits although the value has them.
    - on the way to the output: rows that end the influence of an input (a cast to integers, a
      step, a comparison or a position that is calculated with, ad.value), and inputs on which no
      output depends.

    A kink whose convention is finite, such as that of relu at 0, is no finding. A function that
    raises while it is traced gives a finding at that line. f runs three to four times: twice to be
    recorded, and beside the point to see which constants follow the inputs.

    names and outputs as for ad.trace. Raises TypeError for arguments that are no real numbers,
    ValueError for wrong numbers of names.

    >>> import admodes as ad
    >>> import numpy as np
    >>> found = ad.diagnose(lambda x: np.log(1 + x), 1e-10)
    >>> [(x.kind, x.sweep, x.name, x.digits_left) for x in found.findings]
    [('lost digits', 'value', 'v2', 7.1)]
    >>> print(found.findings[0].remedy)
    np.log1p(v0), which does not form 1 + v0
    >>> ad.diagnose(np.log1p, 1e-10).healthy
    True
    """
    name = title or getattr(f, "__name__", type(f).__name__)
    for x in flatten(args)[0]:
        checked_input(x, "diagnose")
    try:
        recorded = record(f, *args, located=True)
        named = program_of(f, args, "auto", names, outputs, located=True)
    except Exception as error:
        raised = raised_finding(f, error, name)
        if raised is None:
            raise
        return Diagnosis(name, [raised], [], title)
    notes: list[str] = []
    found = list(_distinct(_findings(Subject(named), f, args, recorded, notes)))
    if len(found) > MOST:
        notes.append(f"{len(found) - MOST} more, which follow")
    return Diagnosis(name, found[:MOST], notes, title)


def _findings(
    subject: Subject, f: Callable, args: tuple, recorded: WengertList, notes: list[str]
) -> Iterator[Finding]:
    with quiet():
        values = sorted([*in_values(subject), *in_value(subject, notes)], key=lambda x: x.row or 0)
        wrong = list(in_rules(subject))
        yield from [*values, *wrong]
        yield from in_sweeps(subject)
        if not values and not wrong:
            yield from in_derivatives(subject, notes)
        ended = list(in_influence(subject, recorded, home_of(f)))
        yield from (x for x in ended if x.kind != UNUSED)
        yield from in_constants(subject, f, args, recorded)
        yield from (x for x in ended if x.kind == UNUSED)


def _distinct(findings: Iterator[Finding]) -> Iterator[Finding]:
    """The first of the findings of a kind in a line, such as those of each round of a loop."""
    told = set()
    for x in findings:
        key = (x.kind, x.sweep, x.file, x.line, x.row if x.line is None else None)
        if key not in told:
            told.add(key)
            yield x
