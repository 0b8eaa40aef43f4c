"""The command trace: which rows, directions and tables its options ask for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Any

import typer

from admodes.cli.options import (
    At,
    Debug,
    Digits,
    Evaluation,
    Mode,
    Notation,
    Numbering,
    PresetName,
    Rows,
    Symbolic,
    Targets,
    TraceLayout,
    optional,
)
from admodes.cli.output import Format, Output, prints
from admodes.cli.running import Failure, recorded_of, run, target_of
from admodes.cli.seeds import check_numbers, check_seed, seed_values
from admodes.cli.target import Target
from admodes.errors import choices
from admodes.programs.names import NamedProgram
from admodes.tracing.trace import MODES, check_inputs, traced
from admodes.views.arrays import ARRAY_TABLES
from admodes.views.lines import SEED
from admodes.views.preset_files import preset_of
from admodes.views.presets import KINDS, UBC, Preset
from admodes.views.result import Result

_OTHER = {Mode.forward: "reverse", Mode.reverse: "forward"}


@dataclass
class _Options:
    """The options of the command, as typed."""

    mode: Mode
    inputs: list[str] | None
    outputs: list[str] | None
    seed: str | None
    tables: str | None
    rows: Rows
    full: bool
    preset: Preset
    numbering: str | None
    notation: str | None
    layout: str | None
    steps: bool
    evaluation: str | None
    symbolic: bool
    digits: int
    all_data: bool
    """Whether the data are asked for, which hold every table."""

    @property
    def for_scalars(self) -> list[str]:
        """The options given that only traces by scalars have."""
        given = {
            "--input": self.inputs,
            "--output": self.outputs,
            "--steps": self.steps,
            "--evaluation": self.evaluation,
            "--symbolic": self.symbolic,
            "--layout": self.layout not in (None, "standard"),
            "--notation": self.notation not in (None, "leibniz"),
            "--preset": self.preset is not UBC,
        }
        return [option for option, used in given.items() if used]


Shown = tuple[Result, dict[str, Any]]
"""A result, and the options of its tables."""


@prints()
def trace(
    targets: Targets,
    at: At = None,
    mode: Annotated[
        Mode, typer.Option(help="Tables of one mode only.", rich_help_panel="Tables")
    ] = Mode.both,
    inputs: Annotated[
        list[str] | None,
        optional(
            "--input",
            metavar="NAME",
            help="Only the tangent table of this input.",
            rich_help_panel="Tables",
        ),
    ] = None,
    outputs: Annotated[
        list[str] | None,
        optional(
            "--output",
            metavar="NAME",
            help="Only the adjoint table of this output.",
            rich_help_panel="Tables",
        ),
    ] = None,
    seed: Annotated[
        str | None,
        optional(
            metavar="DIRECTION",
            rich_help_panel="Tables",
            help="A direction: x1=1,x2=0.5 for tangents, y1=1,y2=2 for adjoints.",
        ),
    ] = None,
    tables: Annotated[
        str | None,
        optional(
            metavar="NAMES",
            rich_help_panel="Tables",
            help="Only these: evaluation, partials, forward, reverse, jacobian, buffers, between "
            "commas.",
        ),
    ] = None,
    preset: PresetName = UBC.name,
    numbering: Annotated[
        Numbering | None,
        optional(help="zero: v0 …; griewank: inputs v(1-n) … v0.", rich_help_panel="Layout"),
    ] = None,
    notation: Annotated[
        Notation | None, optional(help="How tangents are written.", rich_help_panel="Layout")
    ] = None,
    layout: Annotated[
        TraceLayout | None,
        optional(
            help="transposed: the Jacobian has inputs as rows, outputs as columns; side-by-side: "
            "all directions of a mode in one table.",
            rich_help_panel="Layout",
        ),
    ] = None,
    steps: Annotated[
        bool,
        typer.Option(
            "--steps", help="Show how adjoints accumulate, step by step.", rich_help_panel="Tables"
        ),
    ] = False,
    evaluation: Annotated[
        Evaluation | None,
        optional(help="Partials in tangents and adjoints as numbers, as formulas, or both."),
    ] = None,
    symbolic: Symbolic = False,
    rows: Annotated[
        Rows,
        typer.Option(help="array: a row per operation on arrays; scalar: on single numbers."),
    ] = Rows.auto,
    full: Annotated[
        bool,
        typer.Option("--full", help="Print all entries of large arrays.", rich_help_panel="Layout"),
    ] = False,
    digits: Digits = 6,
    *,
    output: Output,
    debug: Debug = False,
) -> None:
    """Print the evaluation, tangent and adjoint tables at a point.

    \b
    admodes trace "exp(2*x2) + x1*sin(3*x2**2)" "x1*x2 + sigmoid(x2)" --at x1=2,x2=1
    admodes trace @cpsc532s --format latex -o tables.tex
    admodes trace "a = sin(x1); y = ln(x1 + a)" --at x1=5 --mode reverse
    admodes trace mine.py:f --at x=[1,2,3] --seed x1=1,x3=-1
    admodes trace mine.py:loss --at "W=[[1, 2], [3, 4]],x=[1, 2]" --seed "x=[1, 0]"
    """
    target = target_of(targets, at)
    chosen = _Options(
        mode=mode,
        inputs=inputs,
        outputs=outputs,
        seed=seed,
        tables=tables,
        rows=rows,
        full=full,
        preset=preset_of(preset),
        numbering=numbering and numbering.value,
        notation=notation and notation.value,
        layout=layout and layout.value,
        steps=steps,
        evaluation=evaluation and evaluation.value,
        symbolic=symbolic,
        digits=digits,
        all_data=output.format is Format.json,
    )
    result, shown = _traced(target, chosen)
    output.show(result, **shown)


def _traced(target: Target, options: _Options) -> Shown:
    """The trace of the target, and what is to be shown of it."""
    seed = seed_values(options.seed)
    word = options.rows.value
    if options.for_scalars and word == "array":
        raise Failure(f"{', '.join(options.for_scalars)}: only with --rows scalar")
    recorded = recorded_of(
        target,
        "scalar" if options.for_scalars else word,
        directions=[n for n in seed if n in target.names],
        check=lambda: check_inputs(target.args, _modes(options)),
    )
    _check_tables(options, ARRAY_TABLES if recorded.by_array else KINDS)
    traced_by = _array_trace if recorded.by_array else _scalar_trace
    return traced_by(target, recorded, options, seed)


def _array_trace(
    target: Target, recorded: NamedProgram, options: _Options, seed: dict[str, Any]
) -> Shown:
    from admodes.tracing.arrays import array_trace

    chosen = _chosen_tables(options, ARRAY_TABLES)
    forward = "forward" in _given_tables(options) or options.mode is Mode.forward
    if forward and not seed and not options.all_data:
        example = target.arguments[0] if target.arguments else "x"
        raise Failure(
            "the forward table of a trace by arrays is for one direction: add --seed "
            f"{example}=1, or --rows scalar for a table per input"
        )
    directions: dict[str, Any] = {}
    if seed:
        directions = _directions(seed, recorded.names, recorded.outputs, options, chosen)
    result = run(
        lambda: array_trace(
            recorded, numbering=options.numbering, title=target.title, **directions
        ),
        target,
    )
    return result, {"digits": options.digits, "tables": chosen, "full": options.full}


def _scalar_trace(
    target: Target, recorded: NamedProgram, options: _Options, seed: dict[str, Any]
) -> Shown:
    directions = _scalar_directions(recorded, options, seed)
    chosen = _chosen_tables(options, options.preset.kinds)
    result = run(
        lambda: traced(
            recorded,
            numbering=options.numbering,
            title=target.title,
            modes=_modes(options),
            **directions,
        ),
        target,
    )
    inputs = _shown("--input", options.inputs, result.inputs, "seeds" in directions)
    outputs = _shown("--output", options.outputs, result.outputs, "weights" in directions)
    if options.symbolic:
        from admodes.symbolic import symbolic_jacobian

        result.jacobian["symbolic"] = symbolic_jacobian(result)
    if not options.all_data and options.mode is not Mode.both:
        result.jacobian[_OTHER[options.mode]] = None
    return result, {
        "preset": options.preset,
        "digits": options.digits,
        "notation": options.notation,
        "layout": options.layout,
        "tables": chosen,
        "inputs": inputs,
        "outputs": outputs,
        "steps": options.steps,
        "evaluation": options.evaluation,
    }


def _modes(options: _Options) -> list[str]:
    """The modes whose sweeps the output needs."""
    chosen = _chosen_tables(options, options.preset.kinds)
    if options.all_data:
        return list(MODES)
    hidden = _OTHER.get(options.mode)
    wanted = {*chosen, *(MODES if "jacobian" in chosen else ())}
    return [mode for mode in MODES if mode in wanted and mode != hidden]


def _scalar_directions(
    recorded: NamedProgram, options: _Options, seed: dict[str, Any]
) -> dict[str, Any]:
    check_numbers(seed)
    kinds = options.preset.kinds
    chosen = _chosen_tables(options, kinds)
    found = _directions(seed, recorded.names, recorded.outputs, options, chosen)
    _refuse_hidden("--input", options.inputs, "forward", options, kinds)
    _refuse_hidden("--output", options.outputs, "reverse", options, kinds)
    return found


def _directions(
    seed: dict[str, Any],
    inputs: list[str],
    outputs: list[str],
    options: _Options,
    chosen: list[str],
) -> dict[str, Any]:
    """The seed for ad.trace; its names say whether it is one of tangents or of adjoints."""
    if not seed:
        return {}
    check_seed(seed, inputs, outputs)
    if set(seed) <= set(inputs):
        _refuse_hidden("--seed", list(seed), "forward", options, chosen)
        return {"seeds": seed}
    if set(seed) <= set(outputs):
        _refuse_hidden("--seed", list(seed), "reverse", options, chosen)
        return {"weights": seed}
    raise Failure("--seed: name inputs (tangents) or outputs (adjoints), not both")


def _refuse_hidden(
    option: str, names: list[str] | None, table: str, options: _Options, known: Any
) -> None:
    if names and table not in _chosen_tables(options, known):
        left_out = "--mode" if options.mode is not Mode.both else "--tables"
        if options.mode is Mode.both and options.tables is None:
            left_out = f"--preset {options.preset.name}"
        raise Failure(
            f"{option} {', '.join(names)} is for the {table} table, which {left_out} leaves out"
        )


def _shown(
    option: str, names: list[str] | None, known: list[dict], seeded: bool
) -> list[str] | None:
    """The directions whose tables are printed; None for all."""
    if not names:
        return None
    listed = [x["name"] for x in known]
    for name in names:
        if name not in listed:
            raise Failure(f"{option} {name}: {choices(name, listed, most=12)}")
    return [SEED] * seeded + names


def _check_tables(options: _Options, known: tuple[str, ...]) -> None:
    for t in _given_tables(options):
        if t not in known:
            raise Failure(f"--tables: {t!r} is unknown; {choices(t, known)}")
        if t == _OTHER.get(options.mode):
            raise Failure(f"--tables {t} and --mode {options.mode.value} exclude each other")


def _given_tables(options: _Options) -> list[str]:
    return [] if options.tables is None else [t.strip() for t in options.tables.split(",")]


def _chosen_tables(options: _Options, known: Sequence[str]) -> list[str]:
    """The tables that --tables and --mode ask for. What an option asks for is printed also where
    the preset would not: the one mode instead of the other, the Jacobian."""
    if options.tables is not None:
        return _given_tables(options)
    mode, other = options.mode.value, _OTHER.get(options.mode)
    asked = [mode] if other in known else []
    asked += ["jacobian"] if options.symbolic or options.layout == "transposed" else []
    return [*(t for t in known if t != other), *(t for t in asked if t not in known)]
