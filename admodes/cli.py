"""The command line: parse, call, print.

Exit status: 0 done, 1 a check failed (verify), 2 misuse or a function that raised.
"""

from __future__ import annotations

import os
import re
import shutil
import sys
import traceback
from collections.abc import Callable
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer

import admodes as ad
from admodes.files import write_text
from admodes.inputs import Target, resolve
from admodes.views.render import render
from admodes.views.tables import TABLES

app = typer.Typer(
    name="admodes",
    help="Forward-mode and reverse-mode automatic differentiation, side by side.\n\n"
    "A function is one expression per output, file.py:function, package.module:function, or "
    "@problem (admodes problems lists them).\n\n"
    "Exit status: 0 done, 1 a check failed, 2 misuse.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


class TableFormat(StrEnum):
    text = "text"
    markdown = "markdown"
    latex = "latex"
    html = "html"
    csv = "csv"


class Format(StrEnum):
    text = "text"
    markdown = "markdown"
    latex = "latex"
    html = "html"
    csv = "csv"
    json = "json"


class Mode(StrEnum):
    both = "both"
    forward = "forward"
    reverse = "reverse"


class Numbering(StrEnum):
    zero = "zero"
    griewank = "griewank"


class Notation(StrEnum):
    leibniz = "leibniz"
    dot = "dot"


class Layout(StrEnum):
    standard = "standard"
    transposed = "transposed"


Targets = Annotated[
    list[str],
    typer.Argument(
        metavar="FUNCTION...",
        help="Expressions (one per output), file.py:function, package.module:function or @problem.",
        show_default=False,
    ),
]
At = Annotated[
    str | None,
    typer.Option("--at", help="The point, as x1=2,x2=pi/2 or x=[1, 2].", show_default=False),
]
Fmt = Annotated[Format, typer.Option("--format", "-f", help="How to print.")]
TableFmt = Annotated[TableFormat, typer.Option("--format", "-f", help="How to print.")]
Save = Annotated[
    Path | None,
    typer.Option(
        "-o", "--save", help="Write to this file instead of printing.", show_default=False
    ),
]
Digits = Annotated[
    int, typer.Option(min=0, max=17, help="Decimals that are printed; nothing is computed rounded.")
]
Debug = Annotated[bool, typer.Option("--debug", help="Show the traceback of an error.")]
Transposed = Annotated[
    Layout, typer.Option(help="transposed prints ∂f_j/∂x_i: inputs as rows, outputs as columns.")
]


class Failure(Exception):
    """A message for the user; the command ends with exit status 2."""


@app.command()
def trace(
    targets: Targets,
    at: At = None,
    mode: Annotated[Mode, typer.Option(help="Tables of one mode only.")] = Mode.both,
    inputs: Annotated[
        list[str] | None,
        typer.Option("--input", help="Only the tangent table of this input.", show_default=False),
    ] = None,
    outputs: Annotated[
        list[str] | None,
        typer.Option("--output", help="Only the adjoint table of this output.", show_default=False),
    ] = None,
    seed: Annotated[
        str | None,
        typer.Option(
            help="A direction: x1=1,x2=0.5 for tangents, y1=1,y2=2 for adjoints.",
            show_default=False,
        ),
    ] = None,
    tables: Annotated[
        str | None,
        typer.Option(
            help="Only these, as evaluation,partials,forward,reverse,jacobian.", show_default=False
        ),
    ] = None,
    numbering: Annotated[
        Numbering, typer.Option(help="zero: v0 …; griewank: inputs v(1-n) … v0.")
    ] = Numbering.zero,
    notation: Annotated[
        Notation, typer.Option(help="How tangents are written.")
    ] = Notation.leibniz,
    layout: Transposed = Layout.standard,
    steps: Annotated[
        bool, typer.Option("--steps", help="Show how adjoints accumulate, step by step.")
    ] = False,
    symbolic: Annotated[
        bool, typer.Option("--symbolic", help="Add the exact Jacobian, by sympy.")
    ] = False,
    digits: Digits = 6,
    format: Fmt = Format.text,
    save: Save = None,
    debug: Debug = False,
) -> None:
    """Print the evaluation, tangent and adjoint tables of a function at a point.

    \b
    admodes trace "exp(2*x2) + x1*sin(3*x2**2)" "x1*x2 + sigmoid(x2)" --at x1=2,x2=1
    admodes trace @cpsc532s --format latex -o tables.tex
    admodes trace "a = sin(x1); y = ln(x1 + a)" --at x1=5 --mode reverse
    admodes trace mine.py:f --at x=[1,2,3] --seed x1=1,x3=-1
    """
    target = resolve(targets, at)
    result = _traced(target, numbering.value, _pairs(seed))
    if symbolic:
        from admodes.symbolic import symbolic_jacobian

        result.jacobian["symbolic"] = symbolic_jacobian(result)
    other = {Mode.forward: "reverse", Mode.reverse: "forward"}.get(mode)
    chosen = tables.split(",") if tables else [t for t in TABLES if t != other]
    if other is not None and format is not Format.json:
        result.jacobian[other] = None
    if format is Format.json:
        _emit(result.to_json() + "\n", save)
        return
    text = result.to_table(
        format.value,
        digits=digits,
        notation=notation.value,
        layout=layout.value,
        tables=chosen,
        inputs=inputs,
        outputs=outputs,
        steps=steps,
        width=_width(save),
    )
    _emit(text, save)


def _traced(target: Target, numbering: str, seed: dict[str, float]) -> Any:
    """The trace of a target; the seed's names say whether it is a tangent or an adjoint seed."""
    options: dict[str, Any] = {}
    if seed:
        known = set(target.names)
        given = set(seed)
        if given <= known:
            options["seeds"] = seed
        elif given & known:
            raise Failure("--seed: name inputs (tangents) or outputs (adjoints), not both")
        else:
            options["weights"] = seed
    return _run(
        lambda: ad.trace(
            target.function,
            *target.args,
            names=target.names,
            outputs=target.output_names,
            numbering=numbering,
            title=target.title,
            **options,
        ),
        target,
    )


@app.command()
def jacobian(
    targets: Targets,
    at: At = None,
    layout: Transposed = Layout.standard,
    digits: Digits = 6,
    format: Fmt = Format.text,
    save: Save = None,
    debug: Debug = False,
) -> None:
    """Print the Jacobian by both modes, with the number of sweeps and the exact operation counts.

    \b
    admodes jacobian @cpsc532s
    admodes jacobian "x1**2" "x1*x2*x3" --at x1=1,x2=2,x3=3 --layout transposed
    """
    from admodes import results

    target = resolve(targets, at)
    result = _run(lambda: results.jacobian(target, layout.value), target)
    _emit(result.to_table(format.value, digits=digits, width=_width(save)), save)


@app.command()
def count(
    targets: Targets,
    at: At = None,
    format: Fmt = Format.text,
    save: Save = None,
    debug: Debug = False,
) -> None:
    """Count the operations of a function, of its partials and of every sweep, exactly.

    \b
    admodes count @speelpenning
    admodes count "x1*x2*x3" --at x1=1,x2=2,x3=3 --format json
    """
    from admodes import results

    target = resolve(targets, at)
    result = _run(lambda: results.counts(target), target)
    _emit(result.to_table(format.value, width=_width(save)), save)


@app.command()
def gradient(
    targets: Targets,
    at: At = None,
    digits: Digits = 6,
    format: Fmt = Format.text,
    save: Save = None,
    debug: Debug = False,
) -> None:
    """Print the gradient of a function with one output, by one reverse sweep.

    \b
    admodes gradient "log(x1*x2)*sin(x2)" --at x1=1,x2=2
    admodes gradient @rosenbrock --at x=[1, 1]
    """
    from admodes import results

    target = resolve(targets, at)
    result = _run(lambda: results.gradient(target), target)
    _emit(result.to_table(format.value, digits=digits, width=_width(save)), save)


@app.command()
def hessian(
    targets: Targets,
    at: At = None,
    digits: Digits = 6,
    format: Fmt = Format.text,
    save: Save = None,
    debug: Debug = False,
) -> None:
    """Print gradient and Hessian of a function with one output, and the kind of the point.

    \b
    admodes hessian @osu-ascent --at x1=3/8,x2=-3/4
    admodes hessian "x**2 - y**2" --at x=0,y=0
    """
    from admodes import results

    target = resolve(targets, at)
    result = _run(lambda: results.hessian(target), target)
    _emit(result.to_table(format.value, digits=digits, width=_width(save)), save)


@app.command()
def verify(
    targets: Targets,
    at: At = None,
    format: Fmt = Format.text,
    save: Save = None,
    debug: Debug = False,
) -> None:
    """Check forward against reverse against sympy (50 digits) against central differences.

    Exit status 1 where an entry or a local partial is wrong or not finite.

    \b
    admodes verify @cpsc532s
    admodes verify "sqrt(x1)*exp(-x2)" --at x1=2,x2=0.5
    """
    target = resolve(targets, at)
    result = _run(
        lambda: ad.verify(
            target.function, *target.args, names=target.names, outputs=target.output_names
        ),
        target,
    )
    _emit(result.to_table(format.value), save)
    if not result.passed:
        raise typer.Exit(1)


@app.command()
def ops(
    format: Annotated[
        TableFormat, typer.Option("--format", "-f", help="How to print.")
    ] = TableFormat.text,
    save: Save = None,
    debug: Debug = False,
) -> None:
    """List the operations: partials, domain, convention at kinks, exact cost.

    \b
    admodes ops
    admodes ops --format markdown
    """
    from admodes.catalogue import operation_table

    _emit(render([operation_table(format.value)], format.value, width=_width(save)), save)


@app.command()
def problems(
    name: Annotated[
        str | None, typer.Argument(help="Show this one with its figures.", show_default=False)
    ] = None,
    format: Annotated[
        TableFormat, typer.Option("--format", "-f", help="How to print.")
    ] = TableFormat.text,
    save: Save = None,
    debug: Debug = False,
) -> None:
    """List the named problems, each with its point and source.

    \b
    admodes problems
    admodes problems @cpsc532s
    """
    from admodes import results

    tables = results.problem_tables(name.removeprefix("@") if name else None)
    _emit(render(tables, format.value, width=_width(save)), save)


@app.command()
def scale(
    sizes: Annotated[
        str | None, typer.Option(help="Values of n and m, as 1,2,4,8.", show_default=False)
    ] = None,
    repeats: Annotated[
        int | None, typer.Option(min=1, help="Timing rounds.", show_default=False)
    ] = None,
    report: Annotated[
        Path | None,
        typer.Option(help="Write table, CSV, JSON and plot to this folder.", show_default=False),
    ] = None,
    format: Fmt = Format.text,
    save: Save = None,
    debug: Debug = False,
) -> None:
    """Measure how both modes scale with the number of inputs and outputs, beside the exact counts.

    \b
    admodes scale
    admodes scale --report reports
    """
    from admodes.lab import scaling

    options: dict[str, Any] = {}
    if sizes:
        options["sizes"] = _sizes(sizes)
    if repeats:
        options["repeats"] = repeats
    result = scaling.scale(**options)
    if report is not None:
        for path in scaling.write_reports(report, result):
            print(path, file=sys.stderr)
    text = result.to_json() + "\n" if format is Format.json else result.to_table(format.value)
    _emit(text, save)


def _sizes(text: str) -> list[int]:
    try:
        sizes = [int(part) for part in text.split(",")]
    except ValueError:
        sizes = []
    if not sizes or min(sizes) < 1:
        raise Failure(f"--sizes {text!r}: give whole numbers from 1, as in --sizes 1,2,4,8")
    return sizes


def _pairs(text: str | None) -> dict[str, float]:
    """x1=1,x2=0.5 as a dictionary."""
    from admodes.expression import parse_number

    if text is None:
        return {}
    found: dict[str, float] = {}
    for part in text.split(","):
        name, equals, value = part.partition("=")
        name = name.strip()
        if not equals or not name or name in found:
            raise Failure(f"--seed {text!r}: write it as --seed x1=1,x2=0.5, each name once")
        number = parse_number(value)
        if isinstance(number, list):
            raise Failure(f"--seed {name}: give one number, not a list")
        found[name] = number
    return found


def _run(job: Callable[[], Any], target: Target) -> Any:
    """job(), where an exception of the user's function is a message that names it."""
    try:
        return job()
    except (Failure, MemoryError, KeyboardInterrupt):
        raise
    except Exception as error:
        if _is_ours(error):
            raise
        name = getattr(target.function, "__name__", "the function")
        raise Failure(f"{name} raised {type(error).__name__}: {error}") from error


def _is_ours(error: BaseException) -> bool:
    """Whether admodes itself raised the error, as a message for the user."""
    frames = traceback.extract_tb(error.__traceback__)
    package = os.path.dirname(os.path.abspath(__file__))
    return isinstance(error, (ValueError, TypeError, RuntimeError, OverflowError)) and bool(
        frames and frames[-1].filename.startswith(package)
    )


def _width(save: Path | None) -> int:
    """Columns at which tables fold: the terminal's, and 80 in a pipe or file."""
    if save is not None or not sys.stdout.isatty():
        return 80
    return max(40, shutil.get_terminal_size((80, 24)).columns)


def _emit(text: str, save: Path | None) -> None:
    """Print, or write the whole file at once so that a failure leaves no half of it."""
    if save is None:
        sys.stdout.write(text)
        return
    try:
        write_text(save, text)
    except OSError as error:
        raise Failure(f"cannot write {save}: {error.strerror}") from error


def _protected(argv: list[str]) -> list[str]:
    """Arguments that begin with a minus but are no option, such as "-x1*x2", get a leading space,
    which an expression ignores."""
    option = re.compile(r"-[fho]|--([a-z][a-z-]*(=.*)?)?", re.DOTALL)
    shown, rest = [], False
    for arg in argv:
        rest = rest or arg == "--"
        looks_like_one = not rest and arg.startswith("-") and not option.fullmatch(arg)
        shown.append(f" {arg}" if looks_like_one else arg)
    return shown


def main(argv: list[str] | None = None) -> None:
    """Run the command line and exit with its status."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(encoding="utf-8")
    arguments = _protected(sys.argv[1:] if argv is None else argv)
    try:
        app(arguments, standalone_mode=True)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(0)
    except KeyboardInterrupt:
        sys.exit(130)
    except Exception as error:
        if "--debug" in arguments:
            traceback.print_exc()
        expected = isinstance(error, (Failure, ValueError, TypeError, RuntimeError, OverflowError))
        what = str(error) if expected else f"{type(error).__name__}: {error}"
        hint = "" if expected else " (--debug shows where)"
        print(f"admodes: {what or type(error).__name__}{hint}", file=sys.stderr)
        sys.exit(2)


if __name__ == "__main__":
    main()
