"""The commands trace, jacobian, count, chain, gradient, hessian and scale: each reads its options,
calls the library and prints the result; and the application, to which the commands of the modules
beside this one belong as well."""

from __future__ import annotations

from typing import Annotated

import typer

from admodes.cli.advising import advise
from admodes.cli.checks import check, equations, verify
from admodes.cli.comparing import compare
from admodes.cli.compose import Of, composed
from admodes.cli.curves import accuracy, kinks, swell
from admodes.cli.drawing import graph
from admodes.cli.eliminating import eliminate
from admodes.cli.exploring import explore
from admodes.cli.gradbench import gradbench
from admodes.cli.helping import EXAMPLES, WIDEST, Command, Commands
from admodes.cli.listings import ops, presets, problems
from admodes.cli.numbers import dimensions
from admodes.cli.options import (
    At,
    Debug,
    Digits,
    Evaluation,
    Layout,
    Mode,
    Notation,
    Numbering,
    PresetName,
    Rows,
    Symbolic,
    Targets,
    TraceLayout,
    Transposed,
    optional,
)
from admodes.cli.output import Format, Output, prints
from admodes.cli.paths import explain
from admodes.cli.programs import Composed, code, program, revolve, sparsity
from admodes.cli.running import emit, run, target_of
from admodes.cli.scaling import scale
from admodes.cli.sheets import report
from admodes.cli.tracing import Options, trace_of
from admodes.version import VERSION
from admodes.views.preset_files import preset_of
from admodes.views.presets import UBC

app = typer.Typer(
    name="admodes",
    cls=Commands,
    help="Forward-mode and reverse-mode automatic differentiation, side by side.\n\n"
    "A function is one expression per output, file.py:function, package.module:function, or "
    "@problem (admodes problems lists them).\n\n"
    "Exit status: 0 done, 1 a check failed, 2 misuse, 130 interrupted. "
    "admodes COMMAND -h shows options and examples of a command."
    f"{EXAMPLES}"
    'admodes trace "x1*x2 + sin(x1)" --at x1=2,x2=3\n'
    "admodes jacobian @cpsc532s\n"
    "admodes report mine.py:f --at x=[1,2] -o sheet.html",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": WIDEST},
)


def _print_version(asked: bool) -> None:
    if asked:
        emit(f"admodes {VERSION}\n", None)
        raise typer.Exit


@app.callback()
def options_without_a_command(
    version: Annotated[
        bool,
        typer.Option(
            "--version", help="Print the version.", callback=_print_version, is_eager=True
        ),
    ] = False,
) -> None:
    """Options of admodes itself; the help is that of the application."""


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
    chosen = Options(
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
    result, shown = trace_of(target, chosen)
    output.show(result, **shown)


@prints()
def jacobian(
    targets: Targets,
    at: At = None,
    layout: Transposed = Layout.standard,
    symbolic: Symbolic = False,
    digits: Digits = 6,
    *,
    output: Output,
    debug: Debug = False,
) -> None:
    """Print the Jacobian by both modes, with sweeps and exact counts.

    One matrix where both modes give the same numbers; otherwise two, and by how many units in the
    last place (ulp) they differ.

    \b
    admodes jacobian @cpsc532s
    admodes jacobian @bu-shared --symbolic
    admodes jacobian "x1**2" "x1*x2*x3" --at x1=1,x2=2,x3=3 --layout transposed
    """
    from admodes.tracing.matrices import named_jacobian

    target = target_of(targets, at)
    output.show(
        run(lambda: named_jacobian(*target.named, symbolic=symbolic), target),
        digits=digits,
        layout=layout.value,
    )


@prints()
def count(
    targets: Targets,
    at: At = None,
    of: Composed = Of.f,
    *,
    output: Output,
    debug: Debug = False,
) -> None:
    """Count the operations of a function and of every sweep, exactly.

    Also those of a derivative of it (--of), and of the partials.

    \b
    admodes count @speelpenning
    admodes count "x1*x2*x3" --at x1=1,x2=2,x3=3 --of grad --format json
    """
    from admodes.programs.count import count_named

    target = composed(target_of(targets, at), of)
    result = run(lambda: count_named(target.arguments, *target.named), target)
    output.show(result)


@prints()
def chain(
    dims: Annotated[
        str,
        typer.Argument(
            metavar="DIMENSIONS",
            help="d0,d1,…,dn of n matrices: matrix i is d(i-1) × d(i), outputs on the left.",
            show_default=False,
        ),
    ],
    steps: Annotated[
        bool, typer.Option("--steps", help="Show the products of each order, one by one.")
    ] = False,
    *,
    output: Output,
    debug: Debug = False,
) -> None:
    """Compare the orders of multiplication of a chain of Jacobians.

    As reverse mode multiplies, as forward mode does, and with the fewest multiplications.

    \b
    admodes chain 1,2,3,3,5,5,4
    admodes chain 10,10,1,10,10 --steps
    """
    from admodes.derivatives.chain import chain as chain_of_dims

    output.show(chain_of_dims(dimensions(dims)), steps=steps)


@prints()
def gradient(
    targets: Targets,
    at: At = None,
    symbolic: Symbolic = False,
    digits: Digits = 6,
    *,
    output: Output,
    debug: Debug = False,
) -> None:
    """Print the gradient of a function with one output.

    By one reverse sweep.

    \b
    admodes gradient "log(x1*x2)*sin(x2)" --at x1=1,x2=2 --symbolic
    admodes gradient @rosenbrock --at x=[1, 1]
    """
    from admodes.tracing.matrices import named_gradient

    target = target_of(targets, at)
    result = run(lambda: named_gradient(*target.named, symbolic=symbolic), target)
    output.show(result, digits=digits)


@prints()
def hessian(
    targets: Targets,
    at: At = None,
    symbolic: Symbolic = False,
    digits: Digits = 6,
    *,
    output: Output,
    debug: Debug = False,
) -> None:
    """Print gradient, Hessian and the kind of the point.

    Of a function with one output.

    \b
    admodes hessian @osu-ascent --at x1=3/8,x2=-3/4 --symbolic
    admodes hessian "x**2 - y**2" --at x=0,y=0
    """
    from admodes.tracing.matrices import named_hessian

    target = target_of(targets, at)
    result = run(lambda: named_hessian(*target.named, symbolic=symbolic), target)
    output.show(result, digits=digits)


GROUPS = {
    "See": (trace, graph, explain, explore, report, equations, program),
    "Differentiate": (jacobian, gradient, hessian, code, sparsity, advise),
    "Count": (count, chain, eliminate, revolve),
    "Compare and measure": (compare, accuracy, kinks, swell, scale, gradbench),
    "Verify": (verify, check),
    "List what there is": (problems, ops, presets),
}
"""The commands as help groups them."""

for title, members in GROUPS.items():
    for member in members:
        app.command(cls=Command, rich_help_panel=title)(member)
