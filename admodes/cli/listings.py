"""The commands ops, presets and problems, which list what there is to use."""

from __future__ import annotations

from typing import Annotated

import typer

from admodes.cli.options import Debug, Save, TableFmt, TableFormat
from admodes.cli.running import emit, page_width
from admodes.views.preset_files import preset_of, preset_table, toml_text
from admodes.views.render import render


def ops(
    numpy: Annotated[
        bool, typer.Option("--numpy", help="List the functions of NumPy that are covered.")
    ] = False,
    format: TableFmt = TableFormat.text,
    save: Save = None,
    debug: Debug = False,
) -> None:
    """List the operations: partials, domain, convention at kinks, exact cost.

    \b
    admodes ops
    admodes ops --numpy
    admodes ops --format markdown
    """
    if numpy:
        from admodes.numpy_functions.coverage import coverage_table

        table = coverage_table()
    else:
        from admodes.programs.catalogue import operation_table

        table = operation_table(format.value)
    emit(render([table], format.value, width=page_width(save)), save)


def presets(
    name: Annotated[
        str | None,
        typer.Argument(help="Print this one as TOML to start from.", show_default=False),
    ] = None,
    format: TableFmt = TableFormat.text,
    save: Save = None,
    debug: Debug = False,
) -> None:
    """List the layouts that admodes trace --preset knows, or print one as a file to start from.

    \b
    admodes presets
    admodes presets griewank -o mine.toml
    admodes trace @cpsc532s --preset mine.toml
    """
    if name is None:
        text = render([preset_table()], format.value, width=page_width(save))
    else:
        text = toml_text(preset_of(name))
    emit(text, save)


def problems(
    name: Annotated[
        str | None, typer.Argument(help="Show this one with its figures.", show_default=False)
    ] = None,
    format: TableFmt = TableFormat.text,
    save: Save = None,
    debug: Debug = False,
) -> None:
    """List the named problems, each with its point and source.

    \b
    admodes problems
    admodes problems @cpsc532s
    """
    from admodes.problems.listing import problem_tables

    tables = problem_tables(name.removeprefix("@") if name else None)
    emit(render(tables, format.value, width=page_width(save)), save)
