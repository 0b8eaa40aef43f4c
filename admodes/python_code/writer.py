"""A recorded list, with a name for each row, as the text of a Python function."""

from __future__ import annotations

import ast
import textwrap
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np

from admodes.core.record import Ref, Step, WengertList
from admodes.core.values import shape_of
from admodes.errors import BadValue
from admodes.python_code.derive import SAME, Listed
from admodes.python_code.kernels import STRONG, Kernels, called
from admodes.python_code.literals import array_literal, is_large, literal

FOLDED = 72
"""The longest expression, in characters, that stands inside another."""

WIDTH = 80
MOST_TERMS = 20
LONGEST = 5000
"""The most lines of a function that are printed."""

LARGEST = 20_000
"""The most entries of the arrays that are printed as constants."""


Returned = Callable[[list[str]], str]
"""From the expressions of all results to what stands after return."""


class Constants:
    """The arrays that have a name of their own, by that name."""

    def __init__(self, known: dict[str, np.ndarray], taken: set[str]) -> None:
        self.known = {k: v for k, v in known.items() if k not in taken}
        self.taken = taken
        self.named: dict[str, np.ndarray] = {}
        self.used: set[str] = set()

    def expression(self, x: Any) -> ast.expr:
        """A constant, by its name or written out; used collects the names."""
        if isinstance(x, np.ndarray) and x.ndim and (is_large(x) or self._own(x) is not None):
            name = self._name(x)
            self.used.add(name)
            return ast.Name(name)
        return literal(x)

    def _own(self, x: np.ndarray) -> str | None:
        return next((n for n, v in self.known.items() if _same(v, x)), None)

    def _name(self, x: np.ndarray) -> str:
        for name, kept in self.named.items():
            if _same(kept, x):
                return name
        name, k = self._own(x) or "c1", 1
        while name in self.taken:
            k += 1
            name = f"c{k}"
        self.taken.add(name)
        self.named[name] = x
        if sum(v.size for v in self.named.values()) > LARGEST:
            raise BadValue(
                f"code: the function refers to arrays of more than {LARGEST} entries, which would "
                "be printed: give them as arguments"
            )
        return name


def _same(a: np.ndarray, b: np.ndarray) -> bool:
    return a.dtype == b.dtype and np.array_equal(a, b, equal_nan=a.dtype.kind in "fc")


class PythonWriter:
    """One function as text."""

    def __init__(self, listed: Listed, kernels: Kernels, constants: Constants) -> None:
        self.listed = listed
        self.steps = listed.program.steps
        self.kernels = kernels
        self.constants = constants
        self.bound: dict[int, str] = {}
        self.lines: list[str] = []
        self.uses = self._uses()
        self.temporaries = 0

    def _uses(self) -> Counter:
        """How often each row is read by what is printed: statements whose name nothing reads are
        left out."""
        found: Counter = Counter(y.row for y in self.listed.results if isinstance(y, Ref))
        tests = (y for n, y in self.listed.statements if n.startswith("assert"))
        found.update(y.row for y in tests if isinstance(y, Ref))
        for i in reversed(range(len(self.steps))):
            if found[i]:
                found.update(a.row for a in self.steps[i].args if isinstance(a, Ref))
        return found

    def function(
        self, name: str, doc: str, names: list[str], taken: list[str], returned: Returned
    ) -> str:
        """The definition, with the names of the arguments, the lines that take them apart, and what
        is returned of the results."""
        for x, argument in zip(self.listed.program.inputs, self.listed.arguments, strict=True):
            self.bound[x.row] = argument
        self.lines = list(taken)
        self._body(name)
        shown = returned([ast.unparse(self._expression(y)) for y in self.listed.results])
        last = f"return {shown}" if len(shown) < WIDTH - 12 else _folded("return", shown)
        head = f"def {name}({', '.join(names)}):"
        if len(head) > WIDTH:
            head = f"def {name}(\n{filled(', '.join(names), 4)}\n):"
        body = [f'"""{doc}"""', *self.lines, last]
        return "\n".join([head, *(textwrap.indent(line, "    ") for line in body)]) + "\n"

    def _body(self, name: str) -> None:
        """The lines of all statements; the first on an argument that is a number converts it."""
        pending = {x.row for x in self.listed.program.inputs if self._is_number(x.row)}
        for target, y in self.listed.statements:
            row = y.row if isinstance(y, Ref) else None
            if row in pending and not target.startswith("assert"):
                pending.discard(row)
                if self.uses[row]:
                    self._number(target, row)
                continue
            self._statement(target, y, row)
            if len(self.lines) > LONGEST:
                raise BadValue(
                    f"code: {name} would have more than {LONGEST} lines, since loops are unrolled: "
                    'state them by ad.loop and give rows="array", print it for fewer iterations, '
                    "or use ad.record"
                )

    def _is_number(self, row: int) -> bool:
        return self.steps[row].shape == ()

    def _number(self, target: str, row: int) -> None:
        """An argument that is a number becomes one of NumPy, for which 1/0 is inf."""
        kind = self.steps[row].dtype.name
        self.lines.append(f"{target} = np.{kind}({self.bound[row]})")
        self.bound[row] = target

    def _statement(self, target: str, y: Any, row: int | None) -> None:
        if target.startswith("assert"):
            test = self._expression(y)
            if not isinstance(y, Ref):
                return
            text = ast.unparse(test)
            negated = f"({text})" if isinstance(test, (ast.Compare, ast.BinOp)) else text
            shown = f"not {negated}" if target == "assert not" else text
            self.lines.append(f'assert {shown}, "recorded on another branch"')
        elif row is None or not self.uses[row]:
            return
        elif self.bound.get(row) != target:
            self._assign(target, self._expression(y))
            self.bound[row] = target

    def _assign(self, target: str, found: ast.expr) -> None:
        self.lines.append(assigned(target, found))

    def _expression(self, y: Any) -> ast.expr:
        """A row by its name, or written out where it has none; a long one gets a name first. Works
        from the arguments up, so that a list of any length is no deep recursion."""
        if not isinstance(y, Ref):
            return self.constants.expression(y)
        made: dict[int, ast.expr] = {}
        terms = self._partial_sums(y.row)
        stack = [y.row]
        while stack:
            row = stack[-1]
            if row in made or row in self.bound:
                stack.pop()
                continue
            wanted = [a.row for a in self.steps[row].args if isinstance(a, Ref)]
            missing = [r for r in wanted if r not in made and r not in self.bound]
            if missing:
                stack += reversed(missing)
                continue
            stack.pop()
            made[row] = self._written(row, made)
            long = row not in terms and len(ast.unparse(made[row])) > FOLDED
            if row != y.row and (self.uses[row] > 1 or long):
                self.temporaries += 1
                name = self._free(f"t{self.temporaries}")
                self._assign(name, made[row])
                self.bound[row] = name
        return ast.Name(self.bound[y.row]) if y.row in self.bound else made[y.row]

    def _partial_sums(self, row: int) -> set[int]:
        """The rows whose sum with one more term is a row: they may be written out at any length."""
        found: set[int] = set()
        while self.steps[row].op is not None and self.steps[row].op.name == "add":
            first = self.steps[row].args[0]
            if not isinstance(first, Ref) or len(found) == MOST_TERMS:
                break
            row = first.row
            found.add(row)
        return found

    def _free(self, name: str) -> str:
        while name in self.constants.taken:
            name += "_"
        return name

    def _written(self, row: int, made: dict[int, ast.expr]) -> ast.expr:
        step = self.steps[row]
        args = []
        for a in step.args:
            if not isinstance(a, Ref):
                args.append(self.constants.expression(a))
            elif a.row in self.bound:
                args.append(ast.Name(self.bound[a.row]))
            else:
                args.append(made[a.row])
        if step.op is SAME:
            return args[0]
        region = step.op.turns(step.params)
        if region is not None:
            return called(ast.Name(self._loop(region)), *args)
        axes = (step.params or {}).get("axes", ())
        if step.op.name == "transpose" and list(axes) == sorted(axes):
            return args[0]
        if step.op.name in ("unbroadcast", "broadcast_to", "reshape"):
            old, new = shape_of(self.listed.program.like(step.args[0])), step.shape
            if old == new:
                return args[0]
            if step.op.name == "unbroadcast":
                return self.kernels.summed(args[0], old, new)
        finite = step.op.name not in STRONG or self._is_finite(step)
        return self.kernels.call(step.op, args, step.params, finite)

    def _is_finite(self, step: Any) -> bool:
        """Whether factors are finite, as far as they are known: in the turns of a loop they are
        taken to be."""
        values = (self.listed.program.value(a) for a in step.args)
        return all(y is None or bool(np.all(np.isfinite(y))) for y in values)

    def _loop(self, region: Any) -> str:
        """The name of a function that runs the turns of a loop."""
        kernels = self.kernels
        name = kernels.names.get(region)
        if name is None:
            k = 1 + sum(known.startswith("loop") for known in kernels.names.values())
            name = kernels.names[region] = self._free(f"loop{k}")
        (node,) = ast.parse(self._turns(region, name)).body
        # Those of loops inside stand before it.
        kernels.helpers.pop(name, None)
        kernels.helpers[name] = node  # type: ignore[assignment]
        kernels.used.add(name)
        return name

    def _turns(self, region: Any, name: str) -> str:
        """The definition of that function."""
        first, turns = region.carried, region.turns
        given, turn, ends = self._turn(region)
        state, results = given[:first], [f"y{k + 1}" for k in range(len(ends) - first)]
        shapes = region.arguments
        lines = ['"""The last state and the results of all turns as one vector."""']
        lines += [f"{x} = np.float64({x})" for x, s in zip(state, shapes, strict=False) if not s]
        lines += [f"{y} = [None] * {region.n}" for y in results]
        steps = f"{turns.start}, {turns.stop}, -1" if region.backwards else f"{region.n}"
        lines.append(f"for i in range({steps}):")
        turn += [f"{y}[i] = {end}" for y, end in zip(results, ends[first:], strict=True)]
        if state:
            turn.append(f"{', '.join(state)} = {', '.join(ends[:first])}")
        lines += [textwrap.indent(line, "    ") for line in turn]
        every = ", ".join([*state, *(f"*{y}" for y in results)])
        lines.append(f"return np.concatenate([np.ravel(y) for y in ({every},)])")
        head = f"def {name}({', '.join(given)}):"
        return "\n".join([head, *(textwrap.indent(line, "    ") for line in lines)])

    def _turn(self, region: Any) -> tuple[list[str], list[str], list[str]]:
        """The arguments of that function by name, the lines of a turn, and the expressions of the
        state after it and of its results."""
        body = replace(region.body, steps=list(region.body.steps))
        listed = Listed(body, [], [], list(body.outputs))
        listed.statements = _asserted(body)
        inside = PythonWriter(listed, self.kernels, self.constants)
        given = []
        for k, x in enumerate(body.inputs):
            kind = "s" if k < region.carried else "x" if region.of_turns(k) else "a"
            given.append(self._free(f"{kind}{k + 1}"))
            inside.bound[x.row] = f"{given[k]}[i]" if region.of_turns(k) else given[k]
        for target, y in listed.statements:
            inside._statement(target, y, y.row)
        ends = [ast.unparse(inside._expression(y)) for y in body.outputs]
        return given, inside.lines, ends


def _asserted(body: WengertList) -> list[tuple[str, Ref]]:
    """The branches of a turn as statements; those that tests are made for are rows of the list."""
    found = []
    for guards in body.branches().values():
        for guard in guards:
            y = guard.args[0]
            if guard.decide is not bool:
                body.steps.append(Step(guard.decide, guard.args, None, True))
                y = Ref(len(body.steps) - 1)
            found.append(("assert" if guard.expected else "assert not", y))
    return found


def assigned(target: str, found: ast.expr) -> str:
    """target = found, in brackets where that is long: of a sum one term a line."""
    text = ast.unparse(found)
    line = f"{target} = {text}"
    if len(line) <= WIDTH - 4:
        return line
    terms = [filled(term, 4) for term in _terms(found)]
    return "\n".join([f"{target} = (", *terms, ")"])


def constant(name: str, x: np.ndarray) -> str:
    """The definition of an array."""
    found = array_literal(x)
    if len(ast.unparse(found)) <= WIDTH - len(name) - 3 or x.dtype.kind in "c":
        return assigned(name, found)
    entries = ast.unparse(literal(x.ravel().tolist()))[1:-1]
    kind = "" if x.dtype in (np.float64, np.int64, np.bool_) else f", np.{x.dtype.name}"
    shape = f".reshape({', '.join(map(str, x.shape))})" if x.ndim > 1 else ""
    return f"{name} = np.array(\n    [\n{filled(entries, 8)}\n    ]{kind}\n){shape}"


def _terms(node: ast.expr) -> list[str]:
    """The terms of a sum with their signs."""
    found: list[str] = []
    while isinstance(node, ast.BinOp) and isinstance(node.op, (ast.Add, ast.Sub)):
        sign = "+" if isinstance(node.op, ast.Add) else "-"
        bracketed = ast.unparse(ast.BinOp(ast.Name("_"), node.op, node.right))
        found.append(f"{sign} {bracketed[4:]}")
        node = node.left
    return [ast.unparse(node), *reversed(found)]


def filled(text: str, indent: int) -> str:
    pad = " " * indent
    return textwrap.fill(
        text,
        WIDTH - 4,
        initial_indent=pad,
        subsequent_indent=pad,
        break_long_words=False,
        break_on_hyphens=False,
    )


def _folded(left: str, text: str) -> str:
    """A long line in brackets."""
    return f"{left} (\n{filled(text, 4)}\n)"
