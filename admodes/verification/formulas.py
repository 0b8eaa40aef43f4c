"""What was checked in a row, as it is printed: the checks of a trace go in, with the texts of its
partials and values they come out."""

from __future__ import annotations

from dataclasses import replace

from admodes.tracing.trace import Trace
from admodes.verification.rows import Local
from admodes.views.cells import Cells
from admodes.views.dialects import Latex, Text
from admodes.views.result import plain


def with_formulas(checks: list[Local], t: Trace) -> list[Local]:
    """The checks with their formulas in plain text and in LaTeX."""
    rows = plain([{"name": r.name, "args": r.args} for r in t.rows])
    text, latex = (Cells(rows, write) for write in (Text(6), Latex(6)))
    return [
        replace(check, formula=_formula(check, t, text), latex=_formula(check, t, latex))
        for check in checks
    ]


def _formula(check: Local, t: Trace, page: Cells) -> str:
    if not t.program.steps[check.row].op.elementwise:
        words = f"tangent of {check.op}"
        return rf"\text{{{words}}}" if page.write.name == "latex" else words
    forms = t.rows[check.row].forms[page.write.name]
    form = forms["value"] if check.argument is None else forms["partials"][check.argument]
    return page.form(page.rows[check.row], form, numbers=False)
