"""A derivation as an author works it out: every number, rounded as the author rounds, and with the
author's mistakes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import ROUND_DOWN, ROUND_HALF_EVEN, ROUND_HALF_UP, Decimal
from typing import NamedTuple

from derivation_functions import FROM_RESULT, MP, OPERATIONS, Graph, Number


class Part(NamedTuple):
    """A number of a derivation: a "value", "partial", "tangent" or "adjoint" of a row, or an
    "entry" of the Jacobian. direction: the position of the input or output; argument: of a
    partial, and for an entry 0 where it is read off a tangent, 1 off an adjoint; an entry has the
    row of its output and the position of the input. copy: how often the document has it before
    this."""

    kind: str
    row: int
    direction: int = 0
    argument: int = 0
    copy: int = 0


@dataclass(frozen=True)
class Rounding:
    """model: "end" (every number from exact ones), "carried" (from the rounded ones written
    before), "truncated" (as end, cut toward zero) or "truncated carried". digits: decimals, or
    significant digits. even: ties go to the even digit. drop: zeros at the end are left out.
    partials: partials are rounded before they are used, too."""

    model: str = "end"
    digits: int = 4
    significant: bool = False
    even: bool = False
    drop: bool = True
    partials: bool = False

    @property
    def carries(self) -> bool:
        return "carried" in self.model

    def text(self, number: Number) -> str:
        """The number as it is written, with an ASCII minus."""
        exact = Decimal(MP.nstr(number, 25))
        places = self.digits
        if self.significant and exact:
            places = max(0, self.digits - 1 - exact.adjusted())
        rule = ROUND_HALF_EVEN if self.even else ROUND_HALF_UP
        if "truncated" in self.model:
            rule = ROUND_DOWN
        text = format(exact.quantize(Decimal(1).scaleb(-places), rule), "f")
        if "." in text and (self.drop or exact == exact.to_integral_value()):
            text = text.rstrip("0").rstrip(".")
        return text.removeprefix("-") if not Decimal(text) else text

    def rounded(self, number: Number) -> Number:
        return MP.mpf(self.text(number))


@dataclass(frozen=True)
class Slip:
    """What an author writes in place of a right number. text: what is written; number: with what
    the author goes on; factors: the products the number is the sum of, where the mistake is in
    one of them, else None."""

    text: str
    number: Number
    factors: tuple[tuple[Number, ...], ...] | None = None


@dataclass
class Derivation:
    """slips: the mistakes; follows: whether the author goes on with the mistaken numbers.
    from_results: whether partials that can be taken from the result of their row are."""

    graph: Graph
    rounding: Rounding
    slips: Mapping[Part, Slip] = field(default_factory=dict)
    follows: bool = True
    from_results: bool = False
    numbers: dict[Part, Number] = field(default_factory=dict)

    def number(self, part: Part) -> Number:
        """The number with which the author goes on."""
        if part not in self.numbers:
            slip = self.slips.get(part)
            self.numbers[part] = (
                slip.number if slip is not None and self.follows else self.right(part)
            )
        return self.numbers[part]

    def right(self, part: Part) -> Number:
        """Worked out without a slip in this step, from the numbers before it. Raises
        ArithmeticError where that is no real number."""
        number = self.computed(part)
        if not isinstance(number, MP.mpf):
            raise ArithmeticError(f"{part}: {number}")
        rounds = self.rounding.carries and (part.kind != "partial" or self.rounding.partials)
        return self.rounding.rounded(number) if rounds else number

    def text(self, part: Part) -> str:
        slip = self.slips.get(part)
        return slip.text if slip is not None else self.rounding.text(self.number(part))

    def computed(self, part: Part) -> Number:
        if part.copy:
            return self.number(part._replace(copy=0))
        kind, row, direction, argument, _ = part
        if kind in ("value", "partial"):
            node = self.graph.nodes[row]
            if node.op == "input":
                return MP.mpf(self.graph.point[row])
            op = OPERATIONS[node.op]
            if kind == "partial" and self.from_results and node.op in FROM_RESULT:
                result = self.number(Part("value", row))
                return FROM_RESULT[node.op][argument](result, *self.operands(row))
            step = op.value if kind == "value" else op.partials[argument]
            return step(*self.operands(row))
        if kind == "entry":
            output = self.graph.outputs.index(row)
            return self.number(
                Part("tangent", row, direction)
                if argument == 0
                else Part("adjoint", direction, output)
            )
        total = self.seed(part)
        for partial, incoming in self.terms(part):
            total += self.number(partial) * self.number(incoming)
        return total

    def sources(self, part: Part) -> set[Part]:
        """All numbers that a number is worked out from, itself among them."""
        found: set[Part] = set()
        todo = [part]
        while todo:
            one = todo.pop()
            if one in found:
                continue
            found.add(one)
            kind, row, direction, argument, copy = one
            if copy:
                todo.append(one._replace(copy=0))
            elif kind in ("value", "partial"):
                args = self.graph.nodes[row].args
                todo += [Part("value", a) for a in args if isinstance(a, int)]
            elif kind == "entry":
                output = self.graph.outputs.index(row)
                todo.append(
                    Part("adjoint", direction, output)
                    if argument
                    else Part("tangent", row, direction)
                )
            else:
                todo += [p for term in self.terms(one) for p in term]
        return found

    def operands(self, row: int) -> list[Number]:
        """The arguments of a row as numbers."""
        return [
            MP.mpf(a) if isinstance(a, str) else self.number(Part("value", a))
            for a in self.graph.nodes[row].args
        ]

    def seed(self, part: Part) -> Number:
        if part.kind == "tangent":
            return MP.mpf(part.row == part.direction)
        return MP.mpf(self.graph.outputs[part.direction] == part.row)

    def terms(self, part: Part) -> list[tuple[Part, Part]]:
        """The contributions to a tangent or adjoint: a partial and what it is multiplied by."""
        kind, row, direction, _, _ = part
        if kind == "tangent":
            return [
                (Part("partial", row, 0, k), Part("tangent", a, direction))
                for k, a in enumerate(self.graph.nodes[row].args)
                if isinstance(a, int)
            ]
        return [
            (Part("partial", i, 0, k), Part("adjoint", i, direction))
            for i, k in self.graph.uses(row)
        ]

    def products(self, part: Part) -> tuple[tuple[Number, ...], ...]:
        """The factors of each contribution, partial first, as they are written in an equation."""
        slip = self.slips.get(part)
        if slip is not None and slip.factors is not None:
            return slip.factors
        return tuple((self.number(p), self.number(t)) for p, t in self.terms(part))
