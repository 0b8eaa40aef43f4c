"""The commands ops, presets and problems, which list what there is to use."""

from __future__ import annotations

from typing import Annotated

import typer

from admodes.cli.options import Debug
from admodes.cli.output import Format, Output, prints
from admodes.cli.running import Failure
from admodes.views.preset_files import preset_of, preset_table, toml_text
from admodes.views.result import Listing, json_text


@prints()
def ops(
    name: Annotated[
        str | None, typer.Argument(help="Show this one alone.", show_default=False)
    ] = None,
    numpy: Annotated[
        bool, typer.Option("--numpy", help="List the functions of NumPy that are covered.")
    ] = False,
    *,
    output: Output,
    debug: Debug = False,
) -> None:
    """List the operations: partials, domain, kinks, exact cost.

    \b
    admodes ops
    admodes ops sin
    admodes ops --numpy
    admodes ops --format markdown
    """
    if numpy:
        if name is not None:
            raise Failure(f"ops {name}: name an operation, or list functions by --numpy")
        from admodes.numpy_functions.coverage import coverage_table

        output.show(Listing("admodes.numpy/1", lambda format: [coverage_table()]))
    else:
        from admodes.programs.catalogue import operation_table

        output.show(Listing("admodes.ops/1", lambda format: [operation_table(format, name)]))


@prints(endings={".toml": Format.text})
def presets(
    name: Annotated[
        str | None,
        typer.Argument(help="Print this one as TOML to start from.", show_default=False),
    ] = None,
    *,
    output: Output,
    debug: Debug = False,
) -> None:
    """List the layouts of books and courses, or print one.

    Those that admodes trace --preset knows; one is printed as a file to start from.

    \b
    admodes presets
    admodes presets griewank -o mine.toml
    admodes trace @cpsc532s --preset mine.toml
    """
    if name is None:
        output.show(Listing("admodes.presets/1", lambda format: [preset_table()]))
        return
    preset = preset_of(name)
    if output.format not in (Format.text, Format.json):
        raise Failure(f"presets {name}: a preset is TOML (text) or json, not {output.format.value}")
    as_json = output.format is Format.json
    output.deliver(json_text(preset.to_dict()) + "\n" if as_json else toml_text(preset))


@prints()
def problems(
    name: Annotated[
        str | None, typer.Argument(help="Show this one with its figures.", show_default=False)
    ] = None,
    *,
    output: Output,
    debug: Debug = False,
) -> None:
    """List the named problems, each with its point and source.

    \b
    admodes problems
    admodes problems @cpsc532s
    """
    from admodes.problems.listing import problem_tables

    chosen = name.removeprefix("@") if name else None
    output.show(Listing("admodes.problems/1", lambda format: problem_tables(chosen)))
