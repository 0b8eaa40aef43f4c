"""The commands program, code, sparsity and revolve: the recorded operations of a function, the
Python code of its derivatives, its sparsity pattern, and what it costs to reverse a long loop with
few snapshots."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Any

import typer

from admodes.cli.compose import Composed, Of, composed
from admodes.cli.options import At, Debug, Targets, optional
from admodes.cli.output import FIGURES, Format, Output, prints
from admodes.cli.running import run, target_of
from admodes.cli.target import Target
from admodes.programs.scalars import of_one_vector
from admodes.views.limits import check_lines
from admodes.views.render import render
from admodes.views.result import Result
from admodes.views.tables import Table

if TYPE_CHECKING:
    from admodes.tracing.program import Program


class CodePart(StrEnum):
    all = "all"
    f = "f"
    tangent = "tangent"
    adjoint = "adjoint"


class Derivative(StrEnum):
    jacobian = "jacobian"
    hessian = "hessian"


@prints()
def program(
    targets: Targets,
    at: At = None,
    of: Composed = Of.f,
    optimised: Annotated[
        bool, typer.Option("--optimised", help="After the passes of the optimiser.")
    ] = False,
    rolled: Annotated[
        bool, typer.Option("--rolled", help="What repeats as loops, of which one turn is printed.")
    ] = False,
    explain: Annotated[
        bool,
        typer.Option("--explain", help="What each pass does to the exact operation counts."),
    ] = False,
    *,
    output: Output,
    debug: Debug = False,
) -> None:
    """Print the recorded operations of a function or of its derivative.

    \b
    admodes program "x1*sin(x2)" --at x1=2,x2=1 --of grad
    admodes program @cpsc532s-network --of grad --optimised
    admodes program mine.py:loss --at "W=normal(4, 3),x=[1, 2, 3]" --explain
    """
    from admodes.tracing.program import record

    target = composed(target_of(targets, at), of)
    names, results = _per_leaf(target), _results(target, of)
    made = run(lambda: record(target.function, *target.args, names=names, outputs=results), target)
    passes = run(made.effects, target) if explain else []
    shown = run(made.optimised, target) if optimised else made
    shown = run(shown.rolled, target) if rolled else shown
    if not explain or optimised:
        check_lines(
            len(shown.steps),
            f"program: {len(shown.steps)} rows",
            "admodes count counts them, and loops over the entries of an array become few rows "
            "where they are written on whole arrays; --rolled prints what repeats once",
        )
    output.show(_WithEffects(shown, passes, optimised) if explain else shown)


class _WithEffects(Result):
    """A program, and what each pass of the optimiser did. listed: whether tables have its rows."""

    def __init__(self, program: Program, passes: list[Any], listed: bool) -> None:
        self.program, self.passes, self.listed = program, passes, listed

    def _data(self) -> dict[str, Any]:
        return self.program.to_dict() | {"effects": [vars(effect) for effect in self.passes]}

    def tables(self, format: str = "text") -> list[Table]:
        from admodes.optimisation import effects_table

        rows = self.program.tables(format) if self.listed else []
        return [*rows, effects_table(self.passes)]

    def _written(
        self, format: str, width: int, fragment: bool, options: dict[str, Any]
    ) -> str | None:
        if format != "text" or not self.listed:
            return None
        rows = self.program.to_table(format, width=width)
        return f"{rows}\n{render(self.tables()[1:], format, width=width)}"


def _per_leaf(target: Target) -> tuple[str, ...] | None:
    return target.arguments if len(target.arguments) == len(target.args) else None


def _results(target: Target, of: Of) -> tuple[str, ...] | None:
    """The names of the results, one per argument, where they are derivatives by the arguments."""
    if of is Of.grad:
        return tuple(f"{n}_bar" for n in target.arguments)
    if of is Of.hvp:
        half = target.arguments[: len(target.arguments) // 2]
        return tuple(f"{n}_bar_dot" for n in half)
    return None


@prints(endings={".py": Format.text})
def code(
    targets: Targets,
    at: At = None,
    of: Annotated[
        CodePart, typer.Option(help="The function, its tangents, its adjoints.")
    ] = CodePart.all,
    *,
    output: Output,
    debug: Debug = False,
) -> None:
    """Print function, tangents and adjoints as Python on NumPy alone.

    \b
    admodes code @cpsc532s
    admodes code "x1*sin(x2)" --at x1=2,x2=1 --of adjoint
    admodes code mine.py:loss --at "W=normal(4, 3),x=[1, 2, 3]" -o derivatives.py
    """
    from admodes.programs.arrays import program_of
    from admodes.python_code.result import code_of

    target = target_of(targets, at)

    def job() -> Any:
        names, by_number = _per_leaf(target), (target.names, target.output_names)
        recorded = program_of(target.function, target.args, names=names, components=by_number)
        own = names if recorded.by_array else target.names
        return code_of(recorded, target.function, target.args, own)

    output.show(run(job, target), of=of.value)


@prints(*FIGURES, named=("--output",))
def sparsity(
    targets: Targets,
    at: At = None,
    of: Annotated[
        Derivative, typer.Option(help="The matrix whose pattern is shown.")
    ] = Derivative.jacobian,
    *,
    output: Output,
    debug: Debug = False,
) -> None:
    """Show which entries of a Jacobian or Hessian can be other than 0.

    And the groups of columns or rows that one sweep computes together.

    \b
    admodes sparsity "x1*x2" "x2*x3" "x3*x4" --at x1=1,x2=2,x3=3,x4=4
    admodes sparsity mine.py:residuals --at "x=normal(1000)" -o pattern.png
    """
    target = target_of(targets, at)
    f, x = of_one_vector(target.function, target.args, one_output=of is Derivative.hessian)

    def job() -> Any:
        from admodes.sparse.result import sparsity as sparsity_of

        return sparsity_of(f, x, of=of.value)

    result = run(job, target)
    output.show(result, result.draw)


@prints(*FIGURES, named=("--output",))
def revolve(
    steps: Annotated[int, typer.Argument(metavar="N", help="The number of steps of the loop.")],
    snapshots: Annotated[int | None, optional(help="States that may be kept.")] = None,
    *,
    output: Output,
    debug: Debug = False,
) -> None:
    """Show what reversing a long loop costs with few kept states.

    By the binomial schedule of Griewank and Walther, for N steps.

    \b
    admodes revolve 1000 --snapshots 10
    admodes revolve 100 --snapshots 5 -o schedule.png
    """
    from admodes.checkpointing import revolve as revolve_of

    result = revolve_of(steps, snapshots)
    output.show(result, result.draw)
