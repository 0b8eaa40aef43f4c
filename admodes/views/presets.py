"""Presets: how books and courses print a trace, as data.

A preset says how rows are named and numbered, how derivatives are written, and which lines and
columns each of its tables has. `admodes.views.pages` makes the tables of any of them; a user's own
is read from a file by `admodes.views.preset_files`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

from admodes.views.tables import known

LEIBNIZ = {"tangent": "∂{v}/∂{d}", "adjoint": "∂{d}/∂{v}"}
"""The derivative of a row v along the direction d of an input, and that of an output d by it."""

PRIMAL, TANGENT = ("primal", "evaluation"), ("tangent", "tangent evaluation")
ADJOINT = ("adjoint", "adjoint evaluation")
STATEMENTS = ("Statement", "Evaluation")


@dataclass(frozen=True)
class Block:
    """Lines that a table has for every row. order: "down" from the first row to the last, or "up".
    lines: the lines of a row, each with a part for every column (see PARTS). ends: whether lines
    for the outputs follow below, or after derivatives that go up lines for the inputs."""

    lines: tuple[tuple[str, ...], ...]
    order: str = "down"
    ends: bool = True

    @property
    def accumulates(self) -> bool:
        """Whether the option steps shows it contribution by contribution."""
        return self.order == "up" and self.lines == (ADJOINT,)


@dataclass(frozen=True)
class Sheet:
    """A kind of table. kind: "evaluation" (one table), "forward" (one for each input), "reverse"
    (one for each output), or "partials" and "jacobian", which have lines of their own. {direction}
    in title and head stands for the input or output; notes are printed below. remarks: whether
    what there is to know of rows stands below, too, where no table before it has that."""

    kind: str
    title: str = ""
    head: tuple[str, ...] = ()
    blocks: tuple[Block, ...] = ()
    notes: tuple[str, ...] = ()
    remarks: bool = True


@dataclass(frozen=True)
class Preset:
    """How a trace is printed.

    numbering: rows are numbered from 0 ("zero"), from 1 ("one") or so that inputs end at 0
    ("griewank"), or they are a, b, c ("letters"); letter stands before numbers. named: whose rows
    have the name of an input or output instead: "none", "inputs" or "ends", which is both.
    tangent, adjoint: how the derivatives of a row v are written, "dot", "bar" or a text with {v},
    and {d} for the direction. terms: the factors of chain rule are "partials" (∂v2/∂v1) or their
    "formulas" (cos v1). swapped: the modes in which the two factors of a product change places.
    seeds: whether the tangents of inputs are set to a seed by name. times: the sign between
    numbers, between: that between names, empty for the usual. brackets: whether each of several
    contributions stands in square brackets. evaluation: whether tangents and adjoints are evaluated
    with partials as "numbers", as formulas ("symbols"), or "both". layout: as the option of
    that name. source: what it is after."""

    name: str
    source: str
    sheets: tuple[Sheet, ...]
    numbering: str = "zero"
    letter: str = "v"
    named: str = "none"
    tangent: str = "dot"
    adjoint: str = "bar"
    terms: str = "formulas"
    swapped: tuple[str, ...] = ()
    seeds: bool = True
    times: str = ""
    between: str = ""
    brackets: bool = False
    evaluation: str = "numbers"
    layout: str = "standard"

    @property
    def kinds(self) -> list[str]:
        """The kinds of its tables, in order."""
        return [sheet.kind for sheet in self.sheets]

    def to_dict(self) -> dict[str, Any]:
        """The preset as plain JSON data."""
        return asdict(self)


KINDS = ("evaluation", "partials", "forward", "reverse", "jacobian")
CHOICES = {
    "numbering": ("zero", "one", "griewank", "letters"),
    "named": ("none", "inputs", "ends"),
    "terms": ("partials", "formulas"),
    "swapped": ("forward", "reverse"),
    "evaluation": ("numbers", "symbols", "both"),
    "layout": ("standard", "transposed", "side-by-side"),
    "kind": KINDS,
    "order": ("down", "up"),
}
"""The words that fields take."""

PARTS = {
    "name": "v2",
    "operation": "multiply",
    "formula": "2 v1",
    "primal": "v2 = 2 v1",
    "value": "2",
    "evaluation": "2 × 1 = 2",
    "rule": "Product Rule",
    "tangent": "v̇2 = 2 v̇1",
    "tangent value": "0",
    "tangent evaluation": "2 × 0 = 0",
    "adjoint": "v̄2 = v̄3 v1",
    "adjoint value": "5",
    "adjoint evaluation": "5 × 1 = 5",
}
"""The parts of a line, each with an example."""


def forward_sheet(title: str, *lines: tuple[str, ...], head: tuple[str, ...] = STATEMENTS) -> Sheet:
    """A table for each input whose rows have these lines."""
    return Sheet("forward", title, head, (Block(lines),))


def reverse_sheet(title: str, head: tuple[str, ...] = STATEMENTS) -> Sheet:
    """A table for each output: the evaluation down, then the adjoints up."""
    return Sheet("reverse", title, head, (Block((PRIMAL,)), Block((ADJOINT,), "up")))


UBC = Preset(
    "ubc",
    "University of British Columbia, CPSC 532S, assignment 1: a table of values, a table of "
    "tangents for each input, a table of adjoints for each output",
    (
        Sheet("evaluation", "Evaluation trace", ("Expression", "Evaluation"), (Block((PRIMAL,)),)),
        Sheet("partials", "Local partials", ("Partial", "Evaluation"), remarks=False),
        Sheet(
            "forward",
            "Forward tangent trace for {direction}",
            ("Expression", "Rule", "Evaluation"),
            (Block((("tangent", "rule", "tangent evaluation"),)),),
            remarks=False,
        ),
        Sheet(
            "reverse",
            "Reverse adjoint trace for {direction}",
            ("Expression", "Evaluation"),
            (Block((ADJOINT,), "up", ends=False),),
            remarks=False,
        ),
        Sheet("jacobian", remarks=False),
    ),
    tangent=LEIBNIZ["tangent"],
    terms="partials",
    seeds=False,
    brackets=True,
)

GRIEWANK = Preset(
    "griewank",
    "Griewank and Walther, Evaluating Derivatives (2008), tables 1.2 and 1.3: each tangent under "
    "its value; the return sweep after the forward sweep",
    (
        forward_sheet("Forward-derived evaluation trace for {direction}", PRIMAL, TANGENT),
        reverse_sheet("Reverse-derived evaluation trace for {direction}"),
    ),
    numbering="griewank",
    times="*",
    between="*",
)

BAYDIN = Preset(
    "baydin",
    "Baydin, Pearlmutter, Radul and Siskind, Automatic differentiation in machine learning: a "
    "survey (2018), tables 2 and 3: derivatives beside values, adjoints to be read upward",
    (
        forward_sheet(
            "Forward mode for {direction}",
            PRIMAL + TANGENT,
            head=("Primal trace", "Value", "Tangent trace", "Tangent"),
        ),
        Sheet(
            "reverse",
            "Reverse mode for {direction}",
            ("Primal trace", "Value", "Adjoint trace (read upward)", "Adjoint"),
            (Block((PRIMAL + ADJOINT,)),),
        ),
    ),
    numbering="griewank",
    swapped=("forward",),
    between="×",
)

WIKIPEDIA = Preset(
    "wikipedia",
    "Wikipedia, Automatic differentiation: w1, w2, …; operations that compute values beside those "
    "that compute derivatives",
    (
        forward_sheet(
            "Forward accumulation for {direction}",
            ("primal", "value", "tangent", "tangent value"),
            head=("Compute value", "Value", "Compute derivative", "Derivative"),
        ),
        Sheet(
            "reverse",
            "Reverse accumulation for {direction}",
            ("Compute derivative", "Derivative"),
            (Block((ADJOINT,), "up"),),
        ),
    ),
    numbering="one",
    letter="w",
    times="·",
    between="·",
)

AUTO_ED = Preset(
    "auto-ed",
    "Auto-eD, a visual learning tool (Harvard): value, elementary derivative and all gradients in "
    "one table",
    (
        forward_sheet(
            "Evaluation table for {direction}",
            ("primal", "value", "tangent", "tangent value"),
            head=("Trace", "Value", "Elementary derivative", "∇{direction}"),
        ),
    ),
    numbering="one",
    letter="x",
    layout="side-by-side",
)

OSU = Preset(
    "osu",
    "Oregon State University, DIY autograd: intermediate results are letters, the chain rule of "
    "each is an equation",
    (
        Sheet("evaluation", "Evaluation", ("Equation", "Value"), (Block((PRIMAL,)),)),
        Sheet(
            "reverse",
            "Backward pass for {direction}",
            ("Equation", "Value"),
            (Block((ADJOINT,), "up"),),
        ),
    ),
    numbering="letters",
    named="inputs",
    adjoint=LEIBNIZ["adjoint"],
    terms="partials",
)

TORONTO = Preset(
    "toronto",
    "University of Toronto, CSC421 (Grosse and Ba), Backpropagation: the bar is the derivative of "
    "the loss, under the names of the program",
    (
        Sheet("evaluation", "Computing the loss", ("Equation", "Value"), (Block((PRIMAL,)),)),
        Sheet(
            "reverse",
            "Computing the derivatives of {direction}",
            ("Equation", "Value"),
            (Block((ADJOINT,), "up"),),
        ),
    ),
    named="ends",
)

NAUMANN = Preset(
    "naumann",
    "Naumann, The Art of Differentiating Computer Programs (2012): tangents x^(1) before, adjoints "
    "x_(1) after the single assignment code",
    (
        forward_sheet("Tangent-linear code for {direction}", TANGENT, PRIMAL),
        reverse_sheet("Adjoint code for {direction}"),
    ),
    tangent="{v}^(1)",
    adjoint="{v}_(1)",
    between="·",
    times="·",
)

TAPENADE = Preset(
    "tapenade",
    "Tapenade (INRIA): variables that end with d hold tangents, those with b adjoints",
    (
        forward_sheet("Tangent code for {direction}", TANGENT, PRIMAL),
        reverse_sheet("Adjoint code for {direction}"),
    ),
    tangent="{v}d",
    adjoint="{v}b",
    swapped=("reverse",),
    times="*",
    between="*",
)

CS231N = Preset(
    "cs231n",
    "Stanford University, CS231n, Backpropagation, intuitions: the value stands over each wire, "
    "the gradient under it",
    (
        Sheet(
            "reverse",
            "Circuit of {direction}: values over wires, gradients under them",
            ("Wire", "Number"),
            (Block((PRIMAL, ADJOINT)),),
        ),
    ),
    adjoint="d{v}",
    times="*",
    between="*",
)

BU = Preset(
    "bu",
    "Boston University, automatic differentiation lecture: D[f]_ij = ∂f_j/∂x_i, inputs by outputs",
    (
        Sheet(
            "jacobian",
            notes=(
                "D[f]_ij = ∂f_j/∂x_i, multiplied from the right: D[g∘f] = D[f] D[g]; a vector "
                "stands to the left of the matrix",
            ),
        ),
    ),
    terms="partials",
    layout="transposed",
)

PRESETS = {
    preset.name: preset
    for preset in (
        *(UBC, GRIEWANK, BAYDIN, WIKIPEDIA, AUTO_ED, OSU),
        *(TORONTO, NAUMANN, TAPENADE, CS231N, BU),
    )
}
"""The presets by name."""


NOTATIONS = {"leibniz": LEIBNIZ["tangent"], "dot": "dot"}
"""How tangents are written, by the word of the option notation."""


def adapted(
    preset: Preset,
    notation: str | None = None,
    layout: str | None = None,
    tables: Sequence[str] | None = None,
    evaluation: str | None = None,
) -> Preset:
    """A preset with the options that are not None in the place of what it says. tables: the kinds
    of tables, in the order of the preset; where it has not all of them, these are those of ubc, and
    all are in the order of KINDS. Raises ValueError for unknown words."""
    if tables is not None:
        known("tables", tables, KINDS)
        sheets = [s for s in preset.sheets if s.kind in tables]
        added = [s for s in UBC.sheets if s.kind in tables and s.kind not in preset.kinds]
        if added:
            sheets = sorted(sheets + added, key=lambda s: KINDS.index(s.kind))
        preset = replace(preset, sheets=tuple(sheets))
    if notation is not None:
        known("notation", [notation], tuple(NOTATIONS))
        preset = replace(preset, tangent=NOTATIONS[notation])
    if evaluation is not None:
        known("evaluation", [evaluation], CHOICES["evaluation"])
        preset = replace(preset, evaluation=evaluation)
    if layout is not None:
        known("layout", [layout], CHOICES["layout"])
        preset = replace(preset, layout=layout)
    return preset
