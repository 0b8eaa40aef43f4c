"""TraceBase, the base class of the traces of numbers (trace.py) and of arrays (arrays.py): their
inputs, rows and outputs, and these as JSON data."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar, Self

from admodes.core.carrier import value
from admodes.core.record import Ref, WengertList
from admodes.core.values import shape_of
from admodes.errors import BadValue, choices
from admodes.programs.names import NamedProgram
from admodes.tracing.rows import Row
from admodes.views.limits import NEAR
from admodes.views.lines import SEED
from admodes.views.preset_files import preset_of
from admodes.views.presets import UBC, Preset
from admodes.views.result import Result

if TYPE_CHECKING:
    from admodes.drawing.graphs import Graph
    from admodes.explorer.page import Page
    from admodes.tracing.backward import Directions


@dataclass
class TraceBase(Result):
    """The rows of a function at a point. A subclass names its JSON contract, in schema, and what
    that holds of a row, in keys, and of the trace besides rows and ends, in parts."""

    inputs: list[dict]
    rows: list[Row]
    outputs: list[dict]
    program: WengertList = field(repr=False)
    title: str = ""

    schema: ClassVar[str]
    keys: ClassVar[tuple[str, ...]]
    parts: ClassVar[tuple[str, ...]]

    def _data(self, *more: str) -> dict[str, Any]:
        """The JSON data; more: what else is asked of every row."""
        return {
            "schema": self.schema,
            "inputs": self.inputs,
            "rows": [row.data((*self.keys, *more)) for row in self.rows],
            "outputs": self.outputs,
            **{part: getattr(self, part) for part in self.parts},
        }

    def graph(
        self,
        kind: str = "computation",
        *,
        of: str | Sequence[str] | None = None,
        around: str | int | None = None,
        depth: int = NEAR,
        digits: int = 6,
        collapse: str | None = None,
        opened: str | Sequence[str] = (),
    ) -> Graph:
        """The trace as a graph; see ad.graph."""
        from admodes.tracing.drawn import Drawing

        drawing = Drawing(
            self.program,
            [row.name for row in self.rows],
            (self.inputs, self.outputs),
            self._directions(),
            lambda kept: [self.rows[row] for row in kept],
            self.title,
        )
        return drawing.graph(kind, of, around, depth, digits, collapse, opened)

    @abstractmethod
    def _directions(self) -> Directions:
        """The sweeps of adjoints by the names of outputs."""

    @abstractmethod
    def under(self, preset: str | Preset) -> Self:
        """The trace with the names of rows that a preset gives. Raises ValueError where there is no
        such preset, or none is for traces of this kind."""

    def explore(self, preset: str | Preset = "ubc", quiz: bool = False) -> Page:
        """A page that steps through the rows: .save("page.html") writes it, a notebook shows it.
        preset: the layout that it opens with, by name or as the path of a file of the user's own;
        all that have a name can be chosen in the page. quiz: whether it begins with its numbers
        hidden. Raises ValueError for an unknown preset.

        >>> import admodes as ad
        >>> ad.trace(lambda x: x * x, 3.0).explore()
        <Page of y = f(x): .save('page.html') writes it>
        """
        from admodes.explorer.page import Page, page_data

        chosen = preset_of(preset)
        return Page(page_data(self.under(chosen), chosen, quiz))


def rows_under(preset: Preset, rows: str) -> str:
    """The rows of a trace with this preset: "auto" is "scalar" for those other than ubc, which are
    of numbers. Raises ValueError where rows by array are asked for with such a preset."""
    if preset is UBC:
        return rows
    if rows == "array":
        raise BadValue(
            f"preset {preset.name}: presets are for traces by scalars; choose "
            'rows="scalar" (--rows scalar)'
        )
    return "scalar" if rows == "auto" else rows


def ends(recorded: NamedProgram, *more: str) -> tuple[list[dict], list[dict]]:
    """The inputs and the outputs of a list by name, with row, value and, asked for, "shape"."""
    program = recorded.program

    def end(name: str, y: Any) -> dict[str, Any]:
        x = program.value(y) if isinstance(y, Ref) else value(y)
        row = y.row if isinstance(y, Ref) else None
        held = {"name": name, "row": row, "shape": list(shape_of(x)), "value": x}
        return {k: v for k, v in held.items() if k != "shape" or k in more}

    return (
        [end(n, x) for n, x in zip(recorded.names, program.inputs, strict=True)],
        [end(n, y) for n, y in zip(recorded.outputs, program.outputs, strict=True)],
    )


def check_directions(given: Iterable[str], names: Sequence[str], what: str) -> None:
    """Refuse a direction that has a part by a name that is no input, or no output. what: the
    argument that the user gave it as."""
    unknown = sorted(set(given) - set(names))
    if unknown:
        raise BadValue(f"{what}: no {', '.join(unknown)}; {choices(unknown[0], names, most=12)}")


def check_no_seed(names: Iterable[str], what: str) -> None:
    """Refuse inputs or outputs of which one has the name that the user's direction has among
    theirs. what: the argument that the user gave it as."""
    if SEED in names:
        raise BadValue(f'{what}: an input or output is itself named "{SEED}"; rename it')
