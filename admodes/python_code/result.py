"""Code, what ad.code returns: the text of a function, of its tangent program and of its adjoint
program in Python."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from admodes.errors import BadValue
from admodes.programs.arrays import program_of
from admodes.programs.names import DERIVATIVES, NamedProgram, input_names, is_pythons
from admodes.python_code.derive import DerivedLists, Listed
from admodes.python_code.kernels import Kernels
from admodes.python_code.structure import Part, apart, parts, together, tops_of
from admodes.python_code.writer import Constants, PythonWriter, Returned, constant
from admodes.views.documents import preformatted
from admodes.views.result import Result
from admodes.views.tables import Table

PARTS = ("f", "tangent", "adjoint")

LONGEST_SERIES = 16
"""Of more characters of names a docstring has the first and the last."""

PLAIN_PRODUCTS = (
    "# Products with a partial that is finite at the recorded point are plain ones:\n"
    "# where it is infinite, 0 × inf is nan here, and 0 in admodes."
)


@dataclass
class Code(Result):
    """The definitions of the three functions as text: f, tangent and adjoint, and above[part], what
    must stand above each: imports, constants, helpers. str() is the whole program; the JSON
    contract is "admodes.code/1"."""

    f: str
    tangent: str
    adjoint: str
    above: dict[str, list[str]]
    name: str

    def source(self, of: str = "all") -> str:
        """A program that runs on NumPy alone. of: f, tangent, adjoint or all.

        Raises ValueError for another word.
        """
        if of not in (*PARTS, "all"):
            raise BadValue(f"of {of!r} is unknown; choose from {', '.join(PARTS)}, all")
        parts = PARTS if of == "all" else (of,)
        above = dict.fromkeys(block for part in parts for block in self.above[part])
        imports = sorted(b for b in above if b.startswith("import "))
        notes = [b for b in above if b.startswith("#")]
        constants = [b for b in above if not b.startswith(("import ", "#", "def "))]
        helpers = [b for b in above if b.startswith("def ")]
        blocks = ["\n".join(imports) + "\n"]
        blocks += ["\n".join([*notes, *constants]) + "\n"] if notes or constants else []
        head = "\n".join(blocks)
        return "\n\n".join([head, *helpers, *(getattr(self, part) for part in parts)])

    def _data(self) -> dict[str, Any]:
        texts = {part: getattr(self, part) for part in PARTS}
        return {"schema": "admodes.code/1", "name": self.name, **texts, "source": self.source()}

    def tables(self, format: str = "text", of: str = "all") -> list[Table]:
        """The lines of the program in one column. of: f, tangent, adjoint or all."""
        lines = [[line] for line in self.source(of).splitlines()]
        return [Table(self.name, ["Line"], lines, [False])]

    def _written(
        self, format: str, width: int, fragment: bool, options: dict[str, Any]
    ) -> str | None:
        if format == "csv":
            return None
        return preformatted(self.source(**options), format, "python", fragment)


def code(
    f: Callable,
    *args: Any,
    names: Sequence[str] | None = None,
    outputs: Sequence[str] | None = None,
    rows: str = "auto",
) -> Code:
    """f, its tangent program and its adjoint program as Python functions that run on NumPy alone,
    with the names of the table (v3, v3_dot, v3_bar).

    The functions are f(x, …), which is called as f is and returns what it returns, f_tangent(x, …,
    x_dot, …), which returns the results and their tangents, and f_adjoint(x, …, y_bar, …), which
    returns the adjoints of the arguments for those of the results; tangents and adjoints are made
    like the arguments and results themselves. names, outputs and rows are as in ad.trace. By
    array, a loop that f states as one (ad.loop) is a function with a for; others are unrolled. A
    branch that was taken is asserted. Partials and transposes are those that the
    operations declare. An exact zero wins over an infinite partial where the partial is infinite at
    args; where it becomes so at other arguments, their product is nan.

    Raises ValueError for a list that is too long to print, for too much data in constants, and for
    operations whose kernel has no source; TypeError for arguments that are no real numbers.

    >>> from admodes.python_code import code
    >>> print(code(lambda x, y: x * y + x, 2.0, 3.0).adjoint, end="")
    def f_adjoint(x, y, f_bar):
        \"\"\"The adjoints of x, y for that of f.\"\"\"
        v0 = np.float64(x)
        v1 = np.float64(y)
        v3_bar = np.float64(f_bar)
        v2_bar = v3_bar
        v1_bar = v0 * v2_bar
        v0_bar = v3_bar + v1 * v2_bar
        return v0_bar, v1_bar
    """
    return code_of(program_of(f, args, rows, names, outputs, loops=True), f, args, names)


def code_of(recorded: NamedProgram, f: Callable, args: tuple, names: Sequence[str] | None) -> Code:
    """The code of a list of f at args. names: of the arguments, where there is one for each."""
    program, inputs, results = recorded.program, recorded.names, recorded.outputs
    rows_of, whole = recorded.row_names(), recorded.by_array
    own = names if names is not None and len(names) == len(args) else None
    tops = input_names(f, (0.0,) * len(args), own)
    out = recorded.result
    is_tuple = isinstance(out, tuple)
    outs = out if is_tuple else (out,)
    firsts = {
        part.names[0] for part in parts(tops, args, inputs, not whole) if part.names == [part.name]
    }
    inputs = apart(inputs, {i for i, n in enumerate(inputs) if n in firsts}, tops)
    ends = tops_of(outs, results, not whole)
    legal = _legal([*rows_of, *inputs, *results, *tops, *ends])
    sides = [[legal[n] for n in names] for names in (rows_of, inputs, results, tops, ends)]
    call_of = Call(
        parts(sides[3], args, sides[1], not whole),
        parts(sides[4], outs, sides[2], not whole),
        is_tuple,
    )
    return _printed(_name(f), DerivedLists(program, *sides[:3]), recorded.constants, call_of)


@dataclass
class Call:
    """The arguments and results of the printed functions."""

    arguments: list[Part]
    results: list[Part]
    is_tuple: bool

    def names(self, part: str) -> list[str]:
        """The arguments of f, tangent or adjoint."""
        own = [a.name for a in self.arguments]
        more = {"f": (), "tangent": (f"{n}_dot" for n in own)}
        return [*own, *more.get(part, (f"{y.name}_bar" for y in self.results))]

    def taken(self, part: str) -> list[str]:
        """The lines at the head of f, tangent or adjoint."""
        lines = [line for a in self.arguments for line in a.taken()]
        if part == "tangent":
            lines += [line for a in self.arguments for line in a.taken("_dot")]
        if part == "adjoint":
            lines += [line for y in self.results for line in y.taken("_bar")]
        return lines

    def returned(self, part: str) -> Returned:
        """What f, tangent or adjoint returns."""
        if part == "f":
            return lambda texts: together(self.results, texts, self.is_tuple)
        if part == "tangent":
            return lambda texts: together(self.results * 2, texts)
        return lambda texts: together(self.arguments, texts, False)


def _name(f: Callable) -> str:
    name = getattr(f, "__name__", "")
    return name if is_pythons(name) else "f"


def _legal(names: list[str]) -> dict[str, str]:
    """A name that Python takes for each, none of which is that of another's tangent or adjoint."""
    found: dict[str, str] = {}
    for name in dict.fromkeys(names):
        made = name if name.isidentifier() else re.sub(r"\W", "_", f"x_{name}")
        while (
            made in found.values()
            or (made != name and made in names)
            or not is_pythons(made)
            or (made.endswith(DERIVATIVES) and made[:-4] in names)
        ):
            made += "_"
        found[name] = made
    return found


def _printed(name: str, sweeps: DerivedLists, known: dict[str, np.ndarray], call_of: Call) -> Code:
    tops, ends = ([p.name for p in side] for side in (call_of.arguments, call_of.results))
    bases = {*sweeps.rows, *sweeps.inputs, *sweeps.outputs, *tops, *ends}
    taken = {n + suffix for n in bases for suffix in ("", *DERIVATIVES)}
    taken |= {name, f"{name}_tangent", f"{name}_adjoint", "np", "math"}
    constants = Constants(known, taken)
    xs, ys = _series(tops) or "no inputs", _series(ends) or "no results"
    several = len(ends) > 1
    moved = "their tangents" if several else "its tangent"
    docs = {
        "f": f"{ys} at {xs}.",
        "tangent": f"{ys} and {moved} along those of {xs}.",
        "adjoint": f"The adjoints of {xs} for {'those' if several else 'that'} of {ys}.",
    }
    texts, above = {}, {}
    shared = Kernels(taken, constants.expression)
    for part in PARTS:
        listed: Listed = getattr(sweeps, part)()
        kernels = shared.fresh()
        constants.used = set()
        own = name if part == "f" else f"{name}_{part}"
        texts[part] = PythonWriter(listed, kernels, constants).function(
            own, docs[part], call_of.names(part), call_of.taken(part), call_of.returned(part)
        )
        above[part] = _above(kernels, constants)
    return Code(**texts, above=above, name=name)


def _series(names: list[str]) -> str:
    text = ", ".join(names)
    return text if len(text) <= LONGEST_SERIES else f"{names[0]}, …, {names[-1]}"


def _above(kernels: Kernels, constants: Constants) -> list[str]:
    """Imports, notes, constants and helpers that a function needs."""
    helpers = [ast.unparse(node) + "\n" for node in kernels.used_helpers()]
    blocks = ["import math"] if any("math." in text for text in helpers) else []
    blocks += ["import numpy as np", *([PLAIN_PRODUCTS] if kernels.plain_products else [])]
    blocks += [constant(n, x) for n, x in constants.named.items() if n in constants.used]
    return blocks + helpers
