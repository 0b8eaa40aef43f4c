"""The command explore: a page that steps through a trace."""

from __future__ import annotations

from typing import Annotated

import typer

from admodes.cli.options import At, Debug, Numbering, Rows, Save, Targets
from admodes.cli.running import emit, recorded_of, run, target_of
from admodes.tracing.trace import check_inputs, traced


def explore(
    targets: Targets,
    at: At = None,
    numbering: Annotated[
        Numbering, typer.Option(help="zero: v0 …; griewank: inputs v(1-n) … v0.")
    ] = Numbering.zero,
    rows: Annotated[
        Rows,
        typer.Option(help="array: a row per operation on arrays; scalar: on single numbers."),
    ] = Rows.auto,
    save: Save = None,
    debug: Debug = False,
) -> None:
    """Write a page that steps through the sweeps of a function: one HTML file, for any browser.

    \b
    admodes explore @cpsc532s -o page.html
    admodes explore "x1*sin(x2)" --at x1=2,x2=0 -o page.html
    """
    target = target_of(targets, at)
    recorded = recorded_of(target, rows.value, check=lambda: check_inputs(target.args))
    if recorded.by_array:
        from admodes.tracing.arrays import array_trace

        trace = run(lambda: array_trace(recorded, numbering.value, title=target.title), target)
    else:
        trace = run(lambda: traced(recorded, numbering.value, title=target.title), target)
    emit(trace.explore().to_html(), save)
