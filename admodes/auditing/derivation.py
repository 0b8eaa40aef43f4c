"""Derivation: a function at a point goes in; every number of its right derivation comes out, with
what each is computed from, and how, so that it can be computed again from other numbers.

Another number is one that a person wrote by mistake, or one that was rounded on the way.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple

from admodes.auditing.quantity import Quantity
from admodes.core.carrier import quiet
from admodes.core.record import Ref, Step, is_active
from admodes.core.values import shape_of
from admodes.programs.sweep import has_derivative, zero_of
from admodes.tracing.trace import Trace, scalar_trace

Numbers = Callable[[Quantity], Any]
"""What stands in the place of each number."""


class Way(NamedTuple):
    """One way to a number: from the numbers that it needs, by a function of these in order."""

    needs: tuple[Quantity, ...]
    compute: Callable[..., Any]


class Contribution(NamedTuple):
    """A contribution to a tangent or an adjoint: the product of a partial and of the tangent or
    adjoint that comes in."""

    partial: Quantity
    incoming: Quantity


class Derivation:
    """The derivation of a function at a point: the numbers of its trace, and how they depend on
    one another.

    f, args: as for ad.trace; a function of arrays is a function of their entries. names, outputs:
    those of the inputs and outputs. seeds: the tangents of inputs in one more direction, which is
    called "seed".

    trace: the trace. right: every number at full precision by what it is, contributions to tangents
    and adjoints too; rows of arrays have arrays. The entry of an output that is a constant, the
    k-th from 0, has the row -1 - k. mistakes: the known mistakes at each number, kept by
    admodes/auditing/causes.py for the next document.

    >>> import math
    >>> d = Derivation(lambda x: math.pi * x * x, (2.0,))
    >>> value, slope = Quantity("value", 2), Quantity("tangent", 2, "x")
    >>> d.needs(value), round(d.right[slope], 6)
    ((Quantity(kind='value', row=1, direction='', argument=None), \
Quantity(kind='value', row=0, direction='', argument=None)), 12.566371)
    >>> d.recompute(value, lambda q: 6.28 if q.row == 1 else 2.0)
    12.56
    """

    def __init__(
        self,
        f: Callable,
        args: Sequence[Any],
        names: Sequence[str] | None = None,
        outputs: Sequence[str] | None = None,
        seeds: dict[str, float] | None = None,
    ) -> None:
        self.trace: Trace = scalar_trace(f, tuple(args), names, outputs, seeds=seeds)
        self.steps: list[Step] = self.trace.program.steps
        self.inputs: dict[str, int] = {x["name"]: x["row"] for x in self.trace.inputs}
        self.outputs: dict[str, int] = {
            y["name"]: -1 - k if y["row"] is None else y["row"]
            for k, y in enumerate(self.trace.outputs)
        }
        self.right: dict[Quantity, Any] = {}
        self.mistakes: dict[tuple[Quantity, str], Sequence[Any]] = {}
        self._ways: dict[Quantity, tuple[Way, ...]] = {}
        self._contributions: dict[Quantity, tuple[Contribution, ...]] = {}
        with quiet():
            for q, number, ways in _numbers(self):
                self.right[q], self._ways[q] = number, ways

    @property
    def quantities(self) -> list[Quantity]:
        """What a cell can be about: all that is a plain number."""
        return [q for q in self.right if self.is_number(q)]

    def is_number(self, q: Quantity) -> bool:
        """Whether this is a number of the derivation: no array, and no truth value."""
        return self.right.get(q).__class__ in (float, int)

    def needs(self, q: Quantity) -> tuple[Quantity, ...]:
        """What a number depends on directly, whichever way it is computed."""
        return tuple(dict.fromkeys(need for way in self._ways[q] for need in way.needs))

    def ways(self, q: Quantity) -> tuple[tuple[Quantity, ...], ...]:
        """What a number can be computed from: an entry of the Jacobian from a tangent or from an
        adjoint; a partial such as that of exp from the value of the row or from its argument; a
        sum from partials and what comes in, or from its contributions. Of an input, a seed and a
        literal partial there is one way, from nothing."""
        return tuple(way.needs for way in self._ways[q])

    def recompute(self, q: Quantity, numbers: Numbers, way: int = 0) -> Any:
        """What a number becomes when those that it needs are numbers(need) in place of the right
        ones. way: the position among its ways."""
        chosen = self._ways[q][way]
        return chosen.compute(*map(numbers, chosen.needs))

    def contributions(self, q: Quantity) -> tuple[Contribution, ...]:
        """The contributions to a tangent or an adjoint, as the products that they are; of a row of
        numbers alone."""
        return self._contributions.get(q, ())

    def same_numbers(self, q: Quantity) -> list[Quantity]:
        """The other numbers that are the same by their meaning, and differ where rounded ones are
        carried: the derivative of an output by an input is a tangent, an adjoint, and, which is
        asked for alone, an entry of the Jacobian."""
        others: list[Quantity] = []
        inputs = {row: x for x, row in self.inputs.items()}
        if q.argument is not None or q.row < 0:
            return []
        if q.kind == "entry":
            others = [source for (source,) in self.ways(q)]
        if q.kind == "tangent" and q.direction in self.inputs:
            ends = [y for y, row in self.outputs.items() if row == q.row]
            others = [Quantity("adjoint", self.inputs[q.direction], y) for y in ends]
        if q.kind == "adjoint" and q.row in inputs and self.outputs.get(q.direction, -1) >= 0:
            others = [Quantity("tangent", self.outputs[q.direction], inputs[q.row])]
        return [other for other in others if other in self.right]

    def note_contributions(self, q: Quantity, factors: tuple[Contribution, ...]) -> None:
        """Keep the contributions to a number."""
        self._contributions[q] = factors


Entered = tuple[Quantity, Any, tuple[Way, ...]]


def _numbers(d: Derivation) -> Iterator[Entered]:
    """Every number, its right value and the ways to it."""
    for row in range(len(d.steps)):
        yield from _values(d, row)
    for direction in d.trace.seeds["forward"]:
        for row, step in enumerate(d.steps):
            if has_derivative(step):
                yield from _tangents(d, row, direction)
    consumers: dict[int, list[tuple[int, int]]] = {}
    for row, step in enumerate(d.steps):
        for k, a in enumerate(step.args):
            if is_active(step, k) and has_derivative(step):
                consumers.setdefault(a.row, []).append((row, k))
    for direction in d.trace.seeds["reverse"]:
        for row, step in enumerate(d.steps):
            if has_derivative(step):
                yield from _adjoints(d, row, direction, consumers.get(row, []))
    yield from _entries(d)


def _scalar(step: Step, args: tuple) -> bool:
    """Whether a row has partials that are numbers."""
    return bool(step.op.elementwise) and not step.shape and not any(map(shape_of, args))


def _values(d: Derivation, row: int) -> Iterator[Entered]:
    """The value of a row, and its partials."""
    step, value = d.steps[row], Quantity("value", row)
    if step.op is None:
        yield value, step.value, (Way((), lambda: step.value),)
        return
    xs = d.trace.program.arguments(step)
    needs, filled = _filling(step)

    def evaluated(*numbers: Any) -> Any:
        return step.op.dispatch(filled(numbers), step.params)

    yield value, step.value, (Way(needs, evaluated),)
    if step.discrete or not _scalar(step, xs):
        return
    for k, a in enumerate(step.args):
        if isinstance(a, Ref):
            yield Quantity("partial", row, "", k), d.trace.rows[row].partials[k], _slopes(d, row, k)


def _filling(step: Step) -> tuple[tuple[Quantity, ...], Callable[[Sequence], tuple]]:
    """The values that a row reads, each once, and a function that makes of these the arguments."""
    rows = list(dict.fromkeys(a.row for a in step.args if isinstance(a, Ref)))
    places = [rows.index(a.row) if isinstance(a, Ref) else None for a in step.args]
    pairs = list(zip(places, step.args, strict=True))

    def filled(numbers: Sequence) -> tuple:
        return tuple([a if place is None else numbers[place] for place, a in pairs])

    return tuple(Quantity("value", row) for row in rows), filled


def _slopes(d: Derivation, row: int, k: int) -> tuple[Way, ...]:
    """The ways to a partial: what it reads as it is, and where it reads the result, from the
    arguments alone."""
    op, reads = d.steps[row].op, d.steps[row].op.reads[k]
    if reads is None:
        literal = op.partials[k]
        return (Way((), lambda: literal),)
    needs, filled = _filling(d.steps[row])

    def from_arguments(*numbers: Any) -> Any:
        xs = filled(numbers)
        return op.partial(k, op.dispatch(xs, None) if 0 in reads else None, xs)

    def from_result(y: Any, *numbers: Any) -> Any:
        return op.partial(k, y, filled(numbers))

    if 0 not in reads:
        return (Way(needs, from_arguments),)
    value = Quantity("value", row)
    if reads == (0,):
        xs = d.trace.program.arguments(d.steps[row])
        return Way((value,), lambda y: op.partial(k, y, xs)), Way(needs, from_arguments)
    return Way((value, *needs), from_result), Way(needs, from_arguments)


def _tangents(d: Derivation, row: int, direction: str) -> Iterator[Entered]:
    """The tangent of a row in a direction, and the contributions to it."""
    step, q = d.steps[row], Quantity("tangent", row, direction)
    right = d.trace.rows[row].tangents[direction]
    incoming = [
        (k, Quantity("tangent", a.row, direction))
        for k, a in enumerate(step.args)
        if is_active(step, k) and has_derivative(d.steps[a.row])
    ]
    if step.op is None or not incoming:
        yield q, right, (Way((), lambda: right),)
    elif _scalar(step, d.trace.program.arguments(step)):
        factors = [Contribution(Quantity("partial", row, "", k), t) for k, t in incoming]
        yield from _sum(d, q, right, factors, [k for k, _ in incoming])
    else:
        yield q, right, (_pushed(step, row, incoming),)


def _pushed(step: Step, row: int, incoming: list[tuple[int, Quantity]]) -> Way:
    """The tangent of a row of arrays."""
    values, filled = _filling(step)
    tangents = tuple(t for _, t in incoming)

    def pushed(*numbers: Any) -> Any:
        y, xs, dots = numbers[0], numbers[1 : -len(tangents)], numbers[-len(tangents) :]
        by_argument = dict(zip((k for k, _ in incoming), dots, strict=True))
        arguments = [by_argument.get(k) for k in range(len(step.args))]
        return step.op.jvp(arguments, y, filled(xs), step.params)

    return Way((Quantity("value", row), *values, *tangents), pushed)


def _adjoints(
    d: Derivation, row: int, direction: str, consumers: list[tuple[int, int]]
) -> Iterator[Entered]:
    """The adjoint of a row for an output, and the contributions to it, by the rows that they come
    from."""
    q, right = Quantity("adjoint", row, direction), d.trace.rows[row].adjoints[direction]
    weights = d.trace.seeds["reverse"][direction]
    seed = sum(w for y, w in weights.items() if d.outputs[y] == row)
    bars = [(r, k, Quantity("adjoint", r, direction)) for r, k in consumers]
    plain = all(_scalar(d.steps[r], d.trace.program.arguments(d.steps[r])) for r, _ in consumers)
    if plain:
        factors = [Contribution(Quantity("partial", r, "", k), bar) for r, k, bar in bars]
        yield from _sum(d, q, right, factors, range(len(factors)), seed)
    else:
        yield q, right, (_pulled(d, row, bars, seed),)


def _pulled(d: Derivation, row: int, bars: list[tuple[int, int, Quantity]], seed: float) -> Way:
    """The adjoint of a row that rows of arrays read."""
    needs: list[Quantity] = []
    parts: list[tuple[int, int, int, int, Callable]] = []
    for consumer, k, bar in bars:
        values, filled = _filling(d.steps[consumer])
        start = len(needs)
        needs += [bar, Quantity("value", consumer), *values]
        parts.append((consumer, k, start, len(needs), filled))
    zero = zero_of(d.steps[row])

    def pulled(*numbers: Any) -> Any:
        total = zero + seed
        for consumer, k, start, end, filled in parts:
            bar, y, *xs = numbers[start:end]
            step = d.steps[consumer]
            term = step.op.vjp(k, bar, y, filled(xs), step.params)
            total = total if term is None else total + term
        return total

    return Way(tuple(needs), pulled)


def _sum(
    d: Derivation,
    q: Quantity,
    right: float,
    factors: list[Contribution],
    places: Sequence[int],
    seed: float = 0.0,
) -> Iterator[Entered]:
    """A tangent or adjoint as a sum of products, and each product."""
    d.note_contributions(q, tuple(factors))
    parts = [q._replace(argument=k) for k in places]

    def summed(*numbers: float) -> float:
        pairs = zip(numbers[::2], numbers[1::2], strict=True)
        return sum([_product(p, t) for p, t in pairs], seed)

    def added(*numbers: float) -> float:
        return sum(numbers, seed)

    ways = [Way(tuple(x for factor in factors for x in factor), summed)]
    if len(parts) > 1:
        ways.append(Way(tuple(parts), added))
    yield q, right, tuple(ways)
    for part, factor in zip(parts, factors, strict=True):
        d.note_contributions(part, (factor,))
        number = _product(d.right[factor.partial], _right(d, factor.incoming))
        yield part, number, (Way(tuple(factor), _product),)


def _right(d: Derivation, q: Quantity) -> float:
    """The right tangent or adjoint, also of a row that is not entered yet."""
    row = d.trace.rows[q.row]
    return float((row.tangents if q.kind == "tangent" else row.adjoints)[q.direction])


def _product(partial: float, incoming: float) -> float:
    """A contribution; an exact zero wins over infinity."""
    return partial * incoming if partial and incoming else 0.0


def _entries(d: Derivation) -> Iterator[Entered]:
    """The Jacobian."""
    for y, end in d.outputs.items():
        for x, row in d.inputs.items():
            q = Quantity("entry", end, x)
            if end < 0:
                yield q, 0.0, (Way((), lambda: 0.0),)
                continue
            sources = (Quantity("tangent", end, x),), (Quantity("adjoint", row, y),)
            ways = tuple(Way(needs, lambda number: number) for needs in sources)
            yield q, d.right[sources[0][0]], ways
