"""The mistakes that students make, by the definitions of the audit's contract, as numbers."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from decimal import Decimal
from itertools import pairwise

from derivation_functions import MP, OPERATIONS, UNARY, Number
from derivations import Derivation, Part, Slip

Candidate = tuple[str, Slip]  # the name of the cause, and what is written


def _try(step: object, *args: Number) -> Number | None:
    """A real number, or None where there is none, or one that nobody would write."""
    try:
        number = step(*args)  # type: ignore[operator]
    except (ValueError, ArithmeticError):
        return None
    real = isinstance(number, MP.mpf) and MP.isfinite(number)
    return number if real and abs(number) < 10**6 else None


def wrong_partials(work: Derivation, part: Part) -> Iterator[tuple[str, Number]]:
    """What may be written for a partial, with the name of the mistake."""
    node = work.graph.nodes[part.row]
    numbers = work.operands(part.row)
    right = work.number(part)
    op = OPERATIONS[node.op]
    yield "sign", -right
    yield "factor", MP.one
    if node.op in ("mul", "div") and all(isinstance(a, int) for a in node.args):
        other = Part("partial", part.row, 0, 1 - part.argument)
        yield "swapped arguments", work.number(other)
        if node.op == "mul":
            yield "rule", MP.one
    steps: list[tuple[str, object, Number]] = []
    if op.arity == 1 and node.op != "neg":
        at = numbers[0]
        steps += [("rule", OPERATIONS[n].partials[0], at) for n in UNARY if n != node.op]
        steps += [("wrong point", op.partials[0], p) for p in _points(work, part.row)]
        if node.op in ("sin", "cos", "tan"):
            steps.append(("degrees", op.partials[0], MP.radians(at)))
    elif node.op == "pow" and isinstance(node.args[1], str):
        power = numbers[1]
        steps += [("wrong point", lambda a: op.partials[0](a, power), p)
                  for p in _points(work, part.row)]  # fmt: skip
    for cause, step, at in steps:
        number = _try(step, at)
        if number is not None:
            yield cause, number


def _points(work: Derivation, row: int) -> list[Number]:
    """Where a partial of one argument is taken by mistake: at the row's result, at the arguments of
    its argument, at another input."""
    argument = work.graph.nodes[row].args[0]
    assert isinstance(argument, int)
    rows = [row, *(a for a in work.graph.nodes[argument].args if isinstance(a, int))]
    rows += [i for i in range(len(work.graph.inputs)) if i != argument]
    return [work.number(Part("value", i)) for i in rows]


def _of_value(work: Derivation, part: Part) -> Iterator[tuple[str, Number]]:
    node = work.graph.nodes[part.row]
    numbers = work.operands(part.row)
    step = OPERATIONS[node.op].value
    yield "sign", -work.right(part)
    changed = [("sign", [-b if j == k else b for j, b in enumerate(numbers)])
               for k in range(len(numbers))]  # fmt: skip
    if node.op in ("sub", "div", "pow"):
        changed.append(("swapped arguments", numbers[::-1]))
    if node.op in ("sin", "cos", "tan"):
        changed.append(("degrees", [MP.radians(numbers[0])]))
    for cause, args in changed:
        number = _try(step, *args)
        if number is not None:
            yield cause, number


def _of_sum(
    work: Derivation, part: Part
) -> Iterator[tuple[str, Number, tuple[tuple[Number, ...], ...]]]:
    """Mistakes in a tangent or adjoint, with the products that are then added up."""
    terms = work.terms(part)
    right = [(work.number(p), work.number(t)) for p, t in terms]
    seed = work.seed(part)

    def total(products: Sequence[tuple[Number, Number]]) -> Number:
        return seed + sum((a * b for a, b in products), MP.zero)

    def changed(k: int, product: tuple[Number, Number]) -> list[tuple[Number, Number]]:
        return [product if j == k else p for j, p in enumerate(right)]

    for k, (partial, _) in enumerate(terms):
        if len(terms) > 1 and right[k][0] * right[k][1]:
            rest = [p for j, p in enumerate(right) if j != k]
            yield "missed path", total(rest), tuple(rest)
            if part.kind == "adjoint" and k == 0:  # its last contribution: of its first user
                yield "stale value", total(rest), tuple(rest)
        for cause, number in wrong_partials(work, partial):
            products = changed(k, (number, right[k][1]))
            yield cause, total(products), tuple(products)
        products = changed(k, (right[k][0], MP.one))
        yield "factor", total(products), tuple(products)
    node = work.graph.nodes[part.row]
    if part.kind == "tangent" and node.op in ("mul", "div") and len(terms) == 2:
        products = [(right[1][0], right[0][1]), (right[0][0], right[1][1])]
        yield "swapped arguments", total(products), tuple(products)
        if node.op == "mul":
            products = [(MP.one, right[0][1]), (MP.one, right[1][1])]
            yield "rule", total(products), tuple(products)


def _neighbours(work: Derivation, part: Part, cells: Sequence[Part]) -> Iterator[Part]:
    """Cells whose number may be copied by mistake: the rows beside it, other sweeps; not those that
    are worked out from this very number."""
    column = [c for c in cells if c[0] == part[0] and c[2] == part[2] and not c.copy]
    beside: list[Part] = []
    if part.kind != "partial" and part in column:
        at = column.index(part)
        beside += column[max(0, at - 1) : at] + column[at + 1 : at + 2]
    if part.kind in ("tangent", "adjoint"):
        beside += [c for c in cells if c[:2] == part[:2] and c[2] != part[2] and not c.copy]
    return (cell for cell in beside if part not in work.sources(cell))


def digit_slips(text: str) -> list[str]:
    """One digit changed, or two neighbours exchanged."""
    places = [i for i, c in enumerate(text) if c.isdigit()]
    texts = [text[:i] + d + text[i + 1 :] for i in places for d in "0123456789" if d != text[i]]
    for i, j in pairwise(places):
        swapped = list(text)
        swapped[i], swapped[j] = text[j], text[i]
        texts.append("".join(swapped))
    return [t for t in texts if t != text and not (t.lstrip("-")[:1] == "0" and t[1:2].isdigit())]


def addition_slips(text: str) -> list[str]:
    """One more or one less in one decimal place."""
    number = Decimal(text)
    places = len(text.partition(".")[2])
    top = len(text.lstrip("-").partition(".")[0])
    sums = [number + s * Decimal(1).scaleb(p) for p in range(-places, top) for s in (1, -1)]
    return [format(s, f".{places}f") for s in sums]


def _is_sum(work: Derivation, part: Part) -> bool:
    if part.copy or part.kind == "entry":
        return False
    if part.kind == "value":
        return work.graph.nodes[part.row].op in ("add", "sub")
    return part.kind in ("tangent", "adjoint") and len(work.terms(part)) > 1


def candidates(work: Derivation, part: Part, cells: Sequence[Part]) -> list[Candidate]:
    """Every mistake at a cell that shows in the digits written."""
    right = work.rounding.text(work.right(part))
    slips: list[Candidate] = []

    def add(cause: str, number: Number, factors: object = None) -> None:
        if 0 < abs(number) < 1e-5:
            return  # nobody believes that
        text = work.rounding.text(number)
        kept = MP.mpf(text) if work.rounding.carries else number
        slips.append((cause, Slip(text, kept, factors)))  # type: ignore[arg-type]

    if part.copy or part.kind == "entry":
        add("sign", -work.right(part))
    elif part.kind == "value":
        for cause, number in _of_value(work, part):
            add(cause, number)
    elif part.kind == "partial":
        for cause, number in wrong_partials(work, part):
            add(cause, number)
    else:
        add("sign", -work.right(part))
        for cause, number, factors in _of_sum(work, part):
            add(cause, number, factors)
    for cell in _neighbours(work, part, cells):
        add("stale value", work.number(cell))
    if _is_sum(work, part):
        slips += [("addition slip", Slip(t, MP.mpf(t))) for t in addition_slips(right)]
    slips += [("digit slip", Slip(t, MP.mpf(t))) for t in digit_slips(right)]
    return [(c, s) for c, s in slips if Decimal(s.text) != Decimal(right)]
