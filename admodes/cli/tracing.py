"""The command trace: which rows, directions and tables its options ask for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from admodes.cli.options import Mode, Rows
from admodes.cli.running import Failure, recorded_of, run
from admodes.cli.seeds import check_numbers, check_seed, seed_values
from admodes.cli.target import Target
from admodes.errors import choices
from admodes.programs.names import NamedProgram
from admodes.tracing.trace import MODES, check_inputs, traced
from admodes.views.arrays import ARRAY_TABLES
from admodes.views.lines import SEED
from admodes.views.presets import KINDS, UBC, Preset
from admodes.views.result import Result

_OTHER = {Mode.forward: "reverse", Mode.reverse: "forward"}


@dataclass
class Options:
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


def trace_of(target: Target, options: Options) -> Shown:
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
    target: Target, recorded: NamedProgram, options: Options, seed: dict[str, Any]
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
    target: Target, recorded: NamedProgram, options: Options, seed: dict[str, Any]
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


def _modes(options: Options) -> list[str]:
    """The modes whose sweeps the output needs."""
    chosen = _chosen_tables(options, options.preset.kinds)
    if options.all_data:
        return list(MODES)
    hidden = _OTHER.get(options.mode)
    wanted = {*chosen, *(MODES if "jacobian" in chosen else ())}
    return [mode for mode in MODES if mode in wanted and mode != hidden]


def _scalar_directions(
    recorded: NamedProgram, options: Options, seed: dict[str, Any]
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
    options: Options,
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
    option: str, names: list[str] | None, table: str, options: Options, known: Any
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


def _check_tables(options: Options, known: tuple[str, ...]) -> None:
    for t in _given_tables(options):
        if t not in known:
            raise Failure(f"--tables: {t!r} is unknown; {choices(t, known)}")
        if t == _OTHER.get(options.mode):
            raise Failure(f"--tables {t} and --mode {options.mode.value} exclude each other")


def _given_tables(options: Options) -> list[str]:
    return [] if options.tables is None else [t.strip() for t in options.tables.split(",")]


def _chosen_tables(options: Options, known: Sequence[str]) -> list[str]:
    """The tables that --tables and --mode ask for. What an option asks for is printed also where
    the preset would not: the one mode instead of the other, the Jacobian."""
    if options.tables is not None:
        return _given_tables(options)
    mode, other = options.mode.value, _OTHER.get(options.mode)
    asked = [mode] if other in known else []
    asked += ["jacobian"] if options.symbolic or options.layout == "transposed" else []
    return [*(t for t in known if t != other), *(t for t in asked if t not in known)]
