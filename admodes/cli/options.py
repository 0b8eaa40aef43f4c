"""The options that commands share, and the words that they take."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Any

import typer


class Mode(StrEnum):
    both = "both"
    forward = "forward"
    reverse = "reverse"


class Operator(StrEnum):
    gradient = "gradient"
    jacobian = "jacobian"
    hessian = "hessian"
    hvp = "hvp"


class Numbering(StrEnum):
    zero = "zero"
    griewank = "griewank"


class Notation(StrEnum):
    leibniz = "leibniz"
    dot = "dot"


class Evaluation(StrEnum):
    numbers = "numbers"
    symbols = "symbols"
    both = "both"


class Rows(StrEnum):
    auto = "auto"
    scalar = "scalar"
    array = "array"


class Layout(StrEnum):
    standard = "standard"
    transposed = "transposed"


class TraceLayout(StrEnum):
    standard = "standard"
    transposed = "transposed"
    side_by_side = "side-by-side"


def optional(*names: str, **how: Any) -> Any:
    """An option that has no value unless it is given."""
    return typer.Option(*names, show_default=False, **how)


Targets = Annotated[
    list[str],
    typer.Argument(
        metavar="FUNCTION...",
        help="Expressions (one per output, between quotes: '2x1 sin^2 x2'), or file.py:function, "
        "package.module:function and @problem, of which several are printed one after the other.",
        show_default=False,
    ),
]
At = Annotated[
    list[str] | None,
    optional("--at", metavar="POINT", help="The point, as x1=2,x2=pi/2 or x=[1, 2]."),
]
Digits = Annotated[
    int,
    typer.Option(
        min=0,
        max=17,
        help="Decimals to which printed numbers are rounded; zeros at the end are left out.",
        rich_help_panel="Output",
    ),
]
Debug = Annotated[bool, typer.Option("--debug", help="Show the traceback of an error.")]
PresetName = Annotated[
    str,
    typer.Option(
        metavar="NAME",
        help="The layout of a book or course (admodes presets), or a file mine.toml.",
    ),
]
Transposed = Annotated[
    Layout, typer.Option(help="transposed prints ∂f_j/∂x_i: inputs as rows, outputs as columns.")
]
Symbolic = Annotated[
    bool, typer.Option("--symbolic", help="Add the exact formulas of the entries, by sympy.")
]
