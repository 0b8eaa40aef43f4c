"""Program and ad.record: a function and its arguments go in; what it did there comes out as a list
that can be shown, counted, optimised, compiled, run again and differentiated."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from admodes.core.carrier import call, settled
from admodes.core.checking import checked, to_check, unchecked_result
from admodes.core.pytree import Tree, checked_input, flatten, flatten_like, owned, unflatten
from admodes.core.record import Ref, WengertList
from admodes.core.record import record as recorded_list
from admodes.core.values import shape_of
from admodes.drawing.graphs import Graph
from admodes.errors import BadValue
from admodes.optimisation.optimised import Optimised
from admodes.programs.count import Counts, count
from admodes.programs.listing import Line, guard_data, lines, listed, row_data
from admodes.programs.names import (
    NamedProgram,
    input_names,
    output_names,
    row_names,
    takes_arrays,
    watching,
)
from admodes.programs.replay import evaluated, rows_at, same, value_of
from admodes.views.render import render
from admodes.views.result import Result
from admodes.views.tables import Table

TOO_FAR = (
    "{name}: the numbers are too large or too small for the order in which optimised(exact=False) "
    "takes products and sums: run the program that was recorded"
)
ANOTHER_BRANCH = (
    "{name}: recorded on another branch, where {guard}; record again at this point: "
    "ad.record(f, *args)"
)


@dataclass(repr=False, eq=False)
class Program(WengertList, Result):
    """A recorded list (see admodes.core.program) with the names of its inputs, which are arguments,
    and outputs, which are results. Call it to run the list again; as a function it can be given to
    every other function of admodes. str() is the list; the JSON contract is "admodes.program/1", in
    which arrays are shapes and dtypes."""

    arguments_tree: Tree = None  # type: ignore[assignment]
    input_names: list[str] = field(default_factory=list)
    output_names: list[str] = field(default_factory=list)
    constant_names: tuple[str, ...] = ()
    title: str = "f"

    names_its_rows = True

    @property
    def __name__(self) -> str:
        return self.title

    @property
    def __signature__(self) -> inspect.Signature:
        kind = inspect.Parameter.POSITIONAL_OR_KEYWORD
        n = len(self.arguments_tree.branches)
        found = self.input_names if n == len(self.inputs) else [f"x{i + 1}" for i in range(n)]
        if not all(name.isidentifier() for name in found):
            found = [f"x{i + 1}" for i in range(n)]
        return inspect.Signature([inspect.Parameter(name, kind) for name in found])

    @property
    def point(self) -> tuple:
        """The arguments that it was recorded at."""
        values = [self.steps[x.row].value for x in self.inputs]
        return tuple(unflatten(self.arguments_tree, values))

    def __call__(self, *args: Any) -> Any:
        """The results at other arguments: numbers, arrays or values that are being differentiated,
        recorded or mapped.

        Raises ValueError where the arguments have another structure or other shapes than those of
        the recording, and where the function would have taken another branch.
        """
        if to_check(args):
            return unchecked_result(self(*checked(args, self.title)))
        what = f"{self.title}: the tuple of arguments"
        leaves = flatten_like(args, self.arguments_tree, what, "the recorded one")
        xs = [checked_input(x, self.title, complex_too=True) for x in leaves]
        for name, x, ref in zip(self.input_names, xs, self.inputs, strict=True):
            expected = self.steps[ref.row].shape
            if shape_of(x) != expected:
                raise BadValue(
                    f"{self.title}: {name} has shape {shape_of(x)}, and the program was recorded "
                    f"for {expected}: record again"
                )
        results = call(self._run, tuple(xs))
        return unflatten(self.out_tree, owned(results, xs))

    def _run(self, *leaves: Any) -> list[Any]:
        values = rows_at(self, leaves) or []
        self._check_guards(values)
        return [value_of(y, values) for y in self.outputs]

    def _check_guards(self, values: list[Any]) -> None:
        for k, guard in enumerate(self.guards):
            args = [values[a.row] if isinstance(a, Ref) else a for a in guard.args]
            found = bool(args[0]) if guard.decide is bool else settled(guard.decide, *args)
            if not same(found, guard.expected):
                if guard.rewritten:
                    raise BadValue(TOO_FAR.format(name=self.title))
                text = guard_data(self, self.row_names)[k]["text"].removeprefix("guard ")
                raise BadValue(ANOTHER_BRANCH.format(name=self.title, guard=text))

    @property
    def row_names(self) -> list[str]:
        """What the rows are called, as everywhere: see admodes.programs.names."""
        return row_names(self, self.input_names, self.output_names, constants=self.constant_names)

    @property
    def length(self) -> int:
        """The number of operations."""
        return sum(step.op is not None for step in self.steps)

    def optimised(self, exact: bool = True) -> OptimisedProgram:
        """The program after the passes of the optimiser. exact=False: also those that may change
        the last bits of a result. See admodes.optimisation."""
        from admodes.optimisation import optimise

        found = evaluated(optimise(self, exact=exact))
        return OptimisedProgram(**{**vars(self), **vars(found)})

    def rolled(self) -> Program:
        """The program in which stretches that repeat, as a plain loop leaves them behind, are loops
        of one row each, printed under the list of one turn."""
        from admodes.loops.rolling import rolled

        return evaluated(rolled(self))  # type: ignore[return-value]

    def effects(self) -> list[Any]:
        """What each pass of the optimiser does to the exact counts."""
        from admodes.optimisation import effects

        return effects(self)

    def source(self, backend: str = "numpy") -> str:
        """The code that a back end of ad.compile generates: "numpy" or "llvm". For code to read see
        ad.code. Raises ValueError for another word."""
        if backend == "numpy":
            from admodes.compilation.numpy.backend import source

            return source(self)
        if backend == "llvm":
            from admodes.compilation.llvm import text

            return text(self)
        raise BadValue(f"backend {backend!r} is unknown; choose numpy or llvm")

    def graph(self, kind: str = "computation", **options: Any) -> Graph:
        """The program as a graph. options: of, around, depth,
        digits, collapse and opened, as ad.graph has them."""
        from admodes.tracing.graphing import drawing_of

        recorded = NamedProgram(
            self,
            self.input_names,
            self.output_names,
            self,
            dict.fromkeys(self.constant_names, np.zeros(0)),
            by_array=takes_arrays(self),
        )
        return drawing_of(recorded, title=self.title).graph(kind, **options)

    def count(self) -> Counts:
        """The exact operation counts of the program and of its sweeps, as ad.count has them."""
        return count(self.as_function(), *self.point)

    def as_function(self) -> Callable:
        """The program as a plain Python function with the names of its inputs."""

        def run(*args: Any) -> Any:
            return self(*args)

        run.__name__, run.__signature__ = self.title, self.__signature__  # type: ignore[attr-defined]
        run.names_its_rows = True  # type: ignore[attr-defined]
        return run

    def _data(self) -> dict[str, Any]:
        names = self.row_names
        ends = [
            {"name": n, "row": x.row, "shape": list(self.steps[x.row].shape)}
            for n, x in zip(self.input_names, self.inputs, strict=True)
        ]
        results = [
            {"name": n, "row": y.row} if isinstance(y, Ref) else {"name": n, "value": y}
            for n, y in zip(self.output_names, self.outputs, strict=True)
        ]
        return {
            "schema": "admodes.program/1",
            "name": self.title,
            "inputs": ends,
            "rows": [row_data(self, i, names) for i in range(len(self.steps))],
            "outputs": results,
            "guards": guard_data(self, names),
            "notes": self.notes,
        }

    def tables(self, format: str = "text") -> list[Table]:
        """One line per row, guard and output."""
        made = lines(self, self.row_names, self.input_names, self.output_names)
        arrays = any(line.shape for line in made)
        cells = [
            [line.text, *(["" if line.shape is None else str(line.shape)] if arrays else [])]
            for line in made
        ]
        head = ["Row", *(["Shape"] if arrays else [])]
        return [Table(self._headline(), head, cells, [False] * len(head), list(self.notes))]

    def _written(self, format: str, width: int, fragment: bool, options: dict[str, Any]) -> str:
        if format == "text":
            return self._text(width, **options)
        return render(self.tables(format, **options), format, width=width, fragment=fragment)

    def _text(self, width: int) -> str:
        made = lines(self, self.row_names, self.input_names, self.output_names)
        made += [Line("note", None, f"note: {note}") for note in self.notes]
        return "\n".join([self._headline(), *listed(made, width)]) + "\n"

    def _headline(self) -> str:
        n = self.length
        return f"{self.title}({', '.join(self.input_names)}): {n} operation{'s' * (n != 1)}"

    def __repr__(self) -> str:
        return f"<program {self._headline()}>"


@dataclass(repr=False, eq=False)
class OptimisedProgram(Program, Optimised):
    """A Program after the passes of the optimiser."""


def record(
    f: Callable,
    *args: Any,
    names: Sequence[str] | None = None,
    outputs: Sequence[str] | None = None,
    loops: bool = False,
) -> Program:
    """Run f at args and return what it did as a Program: one row per operation, in order.

    f is any function that admodes differentiates, also a derivative: record(ad.grad(f), x) is the
    gradient program. args are numbers, arrays, or tuples, lists and dicts of them. Branches, loop
    bounds and indices that f took from recorded values are guards: they hold at other arguments,
    or the program refuses to run there. Rows have the names that f's local variables have. names
    and outputs are those of inputs and outputs, one per number or array. loops: a loop that f
    states as one is a row of its own, under the list of one turn; else the list has the rows of
    all turns. The list is that of R. E.
    Wengert, A simple automatic derivative evaluation program (1964); A. Griewank and A. Walther,
    Evaluating Derivatives (2008), chapter 2.

    Raises TypeError for arguments that are no real numbers, ValueError for wrong numbers of names.

    >>> from admodes.tracing.program import record
    >>> program = record(lambda x, y: x * y + x, 2.0, 3.0)
    >>> print(program, end="")
    <lambda>(x, y): 2 operations
      v0 = x
      v1 = y
      v2 = v0 * v1
      v3 = v2 + v0
      f = v3
    >>> program(5.0, 7.0)
    40.0
    """
    constants: dict[str, np.ndarray] = {}
    with watching(f, constants):
        made = recorded_list(f, *args, loops=loops)
    _, tree = flatten(args)
    title = getattr(f, "__name__", type(f).__name__)
    inputs = input_names(f, args, names)
    results = output_names(f, made, outputs, inputs, takes_arrays(made), tree=made.out_tree)
    return Program(
        **vars(made),
        arguments_tree=tree,
        input_names=inputs,
        output_names=results,
        constant_names=tuple(constants),
        title=title,
    )
