"""The parts of the lines of a trace's tables: a row of plain data and a direction go in, the text
of one cell comes out, as a preset has it.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from admodes.views.cells import Cells, added, is_sum
from admodes.views.dialects import Text
from admodes.views.presets import UBC, Preset

SEED = "seed"
"""The direction that the user gave."""

ENDS = ("input", "output", "end")
"""What is no operation: "end" is an input where its adjoint is printed."""

MINUS = "-1"
UNITS = ("1", MINUS)
"""Partials that are not written as factors."""

APPLIED = re.compile(r"[A-Za-z]{2,} \S+$")
"""A function without brackets, as cos x: what stands beside it would seem to be in it."""


class Lines(Cells):
    """The rows of one trace under a preset, in one dialect. An item is a row, or an end of the
    trace made a row (Page.items)."""

    def __init__(self, trace: dict, dialect: Text, preset: Preset = UBC) -> None:
        super().__init__(trace["rows"], dialect)
        self.trace = trace
        self.preset = preset
        self.together = preset.layout == "side-by-side"

    def variable(self, item: dict, direction: str = "") -> str:
        """v2"""
        return self.write.variable(item["name"])

    def operation(self, item: dict, direction: str) -> str:
        """multiply"""
        return self.write.plain(item["op"])

    def formula(self, item: dict, direction: str) -> str:
        """2 v1"""
        if item["op"] == "output":
            return self.variable(item["source"]) if item["source"] else ""
        if item["op"] == "input":
            itself = item["symbolic"] == item["name"]
            return self.value(item) if itself else self.write.variable(item["symbolic"])
        return self.form(item, item["forms"][self.write.name]["value"], False)

    def primal(self, item: dict, direction: str) -> str:
        """v2 = 2 v1"""
        right = self.formula(item, direction)
        return f"{self.variable(item)} = {right}" if right else self.variable(item)

    def value(self, item: dict, direction: str = "") -> str:
        """2"""
        return self.number(item["value"])

    def evaluation(self, item: dict, direction: str) -> str:
        """2 × 1 = 2"""
        if item["op"] in ENDS:
            return self.value(item)
        form = item["forms"][self.write.name]["value"]
        return self.equals(self.form(item, form, True), item["value"])

    def dotted(self, name: str, direction: str) -> str:
        """A tangent; with a dot where the preset names the direction, and that is no input."""
        mark = self.preset.tangent
        nameless = "{d}" in mark and (self.together or direction == SEED)
        return self.write.marked("dot" if nameless else mark, name, direction)

    def barred(self, name: str, direction: str) -> str:
        """An adjoint; with a bar where the preset names the direction, and that is no output."""
        mark = self.preset.adjoint
        nameless = "{d}" in mark and (self.together or direction == SEED)
        return self.write.marked("bar" if nameless else mark, name, direction)

    def direction(self, direction: str, mode: str) -> str:
        """The direction in words: an input or output, or the seed that was given."""
        if direction != SEED:
            return self.write.math(self.write.variable(direction)) if direction else ""
        seed = self.trace["seeds"][mode][SEED]
        mark = self.dotted if mode == "forward" else self.barred
        texts = (f"{mark(n, SEED)} = {self.number(v)}" for n, v in seed.items())
        return ", ".join(map(self.write.math, texts))

    def factor(self, row: dict, k: int) -> str:
        """The partial of a row by an argument in symbols: its formula, or ∂v2/∂v1."""
        forms = row["forms"][self.write.name]["partials"]
        if self.preset.terms == "formulas" and forms:
            formula = self.form(row, forms[k], False)
            return self.write.bracket(formula) if is_sum(formula) and formula != MINUS else formula
        return self.write.derivative(row["name"], self.name(row["args"][k]["row"]))

    def term(self, row: dict, k: int, derivative: str, mode: str) -> str:
        """∂v2/∂v1 v̇1, or 2 v̇1, or only v̇1 where the formula is 1."""
        local = self.factor(row, k)
        if local in UNITS:
            return local.removesuffix("1") + derivative
        pair = self.ordered(local, derivative, mode)
        sign = self.write.beside if self.preset.between else self.write.thin
        applied = self.preset.terms == "formulas" and APPLIED.search(pair[0])
        if pair[1][0].isdigit() or (applied and not self.preset.between):
            sign = self.write.times
        return self.write.kept(sign.join(pair))

    def ordered(self, partial: str, derivative: str, mode: str) -> tuple[str, str]:
        """The partial before a tangent and after an adjoint, unless the preset swaps them."""
        first = (mode == "forward") != (mode in self.preset.swapped)
        return (partial, derivative) if first else (derivative, partial)

    def product(self, row: dict, k: int, derivative: Any, mode: str) -> str:
        """2 × 0: the term in numbers."""
        local, right = self.factor(row, k), self.atom(derivative)
        if local in UNITS:
            return local.removesuffix("1") + right
        partial = row["partials"][k]
        left = "J" if partial is None else self.atom(partial)
        return self.write.times.join(self.ordered(left, right, mode))

    def symbols(self, row: dict, k: int, derivative: Any, mode: str) -> str:
        """cos(v5) × 6: the partial as a formula, the derivative as a number."""
        forms = row["forms"][self.write.name]["partials"]
        if not forms or row["partials"][k] is None:
            return self.product(row, k, derivative, mode)
        formula = self.form(row, forms[k], False)
        if is_sum(formula):
            formula = self.write.bracket(formula)
        applied = self.write.applied(formula)
        return self.write.times.join(self.ordered(applied, self.atom(derivative), mode))

    def evaluated(
        self, seeds: list[str], products: list[tuple[dict, int, Any]], value: Any, mode: str
    ) -> str:
        """[2 × 1] + [3 × 0] = 2: the products of chain rule, with partials as the preset has them,
        formulas, numbers or both, after seeds of outputs."""
        ways = {"symbols": [self.symbols], "numbers": [self.product]}
        chosen = ways.get(self.preset.evaluation, [self.symbols, self.product])
        sums = dict.fromkeys(
            self.joined([*seeds, *(way(*product, mode) for product in products)]) or "0"
            for way in chosen
        )
        return self.equals(" = ".join(sums), value)

    def joined(self, numbers: list[str]) -> str:
        """The sum of contributions, each of which stays in one line."""
        if len(numbers) == 1:
            return numbers[0]
        keep = self.write.contribution if self.preset.brackets else self.write.kept
        return added(list(map(keep, numbers)))

    def linked(self, item: dict, direction: str) -> list[int]:
        """The positions of the arguments of a row that have a tangent."""
        return [
            k
            for k, arg in enumerate(item["args"])
            if "row" in arg and self.rows[arg["row"]]["tangents"][direction] is not None
        ]

    def tangent(self, item: dict, direction: str) -> str | None:
        """v̇2 = 2 v̇1"""
        if self.tangent_value(item, direction) is None:
            return None
        left = self.dotted(item["name"], direction)
        if item["op"] == "output":
            return f"{left} = {self.dotted(item['source']['name'], direction)}"
        if item["op"] == "input" and self.preset.seeds and item["symbolic"] != item["name"]:
            return f"{left} = {self.dotted(item['symbolic'], direction)}"
        terms = [
            self.term(item, k, self.dotted(self.name(item["args"][k]["row"]), direction), "forward")
            for k in self.linked(item, direction)
        ]
        return f"{left} = {added(terms)}" if terms else left

    def tangent_value(self, item: dict, direction: str) -> str | None:
        """0"""
        source = item["source"] if item["op"] == "output" else item
        value = None if source is None else source["tangents"][direction]
        return None if value is None else self.number(value)

    def tangent_evaluation(self, item: dict, direction: str) -> str | None:
        """2 × 0 = 0"""
        products = [
            (item, k, self.rows[item["args"][k]["row"]]["tangents"][direction])
            for k in self.linked(item, direction)
        ]
        if not products or item["tangents"][direction] is None:
            return self.tangent_value(item, direction)
        return self.evaluated([], products, item["tangents"][direction], "forward")

    def rule(self, item: dict, direction: str) -> str:
        """Product Rule"""
        linked = item["op"] not in ENDS and self.linked(item, direction)
        return item["rule"] if linked else "-"

    def seeds_of(self, row: int, direction: str) -> list[tuple[str, str]]:
        """The seed of a row, where it is an output, in symbols and as a number."""
        seed = self.trace["seeds"]["reverse"][direction]
        named = "{d}" not in self.preset.adjoint or self.together or direction == SEED
        found = []
        for o in self.trace["outputs"]:
            if o["row"] == row:
                number = self.number(seed[o["name"]])
                symbol = self.barred(o["name"], direction)
                found.append((symbol if named and o["name"] != self.name(row) else number, number))
        return found

    def contributions(self, item: dict, direction: str) -> list[tuple[dict, int, Any]]:
        """Of every contribution to the adjoint of a row: the row that it comes from, as which
        argument of that, and the adjoint there."""
        found = item["contributions"][direction]
        return [(self.rows[c["row"]], c["arg"], c["adjoint"]) for c in found]

    def adjoint(self, item: dict, direction: str) -> str | None:
        """v̄1 = v̄2 ∂v2/∂v1 + v̄4 ∂v4/∂v1"""
        left = self.barred(item["name"], direction)
        if item["op"] == "output":
            return left if self.together else f"{left} = {self.adjoint_value(item, direction)}"
        if item["op"] == "end":
            return f"{left} = {self.barred(item['source']['name'], direction)}"
        if item["adjoints"][direction] is None:
            return None
        terms = [symbol for symbol, _ in self.seeds_of(item["row"], direction)]
        for above, k, _ in self.contributions(item, direction):
            terms.append(self.term(above, k, self.barred(above["name"], direction), "reverse"))
        return f"{left} = {added(terms) or 0}"

    def adjoint_value(self, item: dict, direction: str) -> str | None:
        """5"""
        if item["op"] == "output":
            return self.number(self.trace["seeds"]["reverse"][direction][item["name"]])
        source = item["source"] if item["op"] == "end" else item
        value = source["adjoints"][direction]
        return None if value is None else self.number(value)

    def adjoint_evaluation(self, item: dict, direction: str) -> str | None:
        """[7.389056 × 2] + [1 × 1] = 15.778112"""
        if item["op"] in ("output", "end") or item["adjoints"][direction] is None:
            return self.adjoint_value(item, direction)
        seeds = [number for _, number in self.seeds_of(item["row"], direction)]
        products = self.contributions(item, direction)
        return self.evaluated(seeds, products, item["adjoints"][direction], "reverse")


WRITERS: dict[str, Callable[[Lines, dict, str], str | None]] = {
    "name": Lines.variable,
    "operation": Lines.operation,
    "formula": Lines.formula,
    "primal": Lines.primal,
    "value": Lines.value,
    "evaluation": Lines.evaluation,
    "rule": Lines.rule,
    "tangent": Lines.tangent,
    "tangent value": Lines.tangent_value,
    "tangent evaluation": Lines.tangent_evaluation,
    "adjoint": Lines.adjoint,
    "adjoint value": Lines.adjoint_value,
    "adjoint evaluation": Lines.adjoint_evaluation,
}
"""What writes each part of a line: presets.PARTS has an example of each."""
