"""The command explore: a page that steps through a trace."""

from __future__ import annotations

from typing import Annotated

import typer

from admodes.cli.options import At, Debug, Numbering, PresetName, Rows, Targets, optional
from admodes.cli.output import Format, Output, prints
from admodes.cli.running import recorded_of, run, target_of
from admodes.cli.seeds import by_components, check_numbers, check_seed, seed_values
from admodes.tracing.trace import check_inputs, trace_of
from admodes.views.preset_files import preset_of
from admodes.views.presets import UBC


@prints(pages=(Format.html,))
def explore(
    targets: Targets,
    at: At = None,
    preset: PresetName = UBC.name,
    numbering: Annotated[
        Numbering | None, optional(help="zero: v0 …; griewank: inputs v(1-n) … v0.")
    ] = None,
    rows: Annotated[
        Rows,
        typer.Option(help="array: a row per operation on arrays; scalar: on single numbers."),
    ] = Rows.auto,
    seed: Annotated[
        str | None,
        typer.Option(
            help="One sweep more: a direction of inputs (tangents), as x1=1,x2=0.5 or x=[1, 0], "
            "weights of outputs (adjoints), or both.",
            show_default=False,
        ),
    ] = None,
    quiz: Annotated[
        bool, typer.Option("--quiz", help="The page begins with its numbers hidden.")
    ] = False,
    *,
    output: Output,
    debug: Debug = False,
) -> None:
    """Write a page that steps through all sweeps, for any browser.

    One HTML file, which needs no network.

    \b
    admodes explore @cpsc532s -o page.html
    admodes explore "x1*sin(x2)" --at x1=2,x2=0 -o page.html
    admodes explore @cpsc532s --seed x1=1,x2=-2,y1=3 -o page.html
    admodes explore @cpsc532s --preset mine.toml -o page.html
    """
    from admodes.tracing.base import rows_under

    target = target_of(targets, at)
    chosen = preset_of(preset)
    given = seed_values(seed)
    recorded = recorded_of(
        target,
        rows_under(chosen, rows.value),
        directions=[name for name in given if name in target.names],
        check=lambda: check_inputs(target.args),
        located=True,
    )
    if not recorded.by_array:
        given = by_components(given, target)
    check_seed(given, recorded.names, recorded.outputs)
    if not recorded.by_array:
        check_numbers(given)
    directions = {
        "seeds": {n: v for n, v in given.items() if n in recorded.names} or None,
        "weights": {n: v for n, v in given.items() if n not in recorded.names} or None,
    }
    page = run(
        lambda: trace_of(
            recorded, numbering and numbering.value, title=target.title, **directions
        ).explore(chosen, quiz),
        target,
    )
    output.deliver(page.to_html())
