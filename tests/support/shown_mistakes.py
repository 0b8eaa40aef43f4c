"""Whether a document shows that a number in it is mistaken: not where another way of working it out
gives that number as well."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal
from itertools import product

from derivation_functions import FROM_RESULT, MP, Number
from derivations import Derivation, Part, Rounding, Slip


def within_a_unit(work: Derivation, part: Part, slip: Slip) -> bool:
    """Whether a mistake changes no more than the last digit by one."""
    right = work.rounding.text(work.right(part))
    places = max(len(t.partition(".")[2]) for t in (right, slip.text))
    return abs(Decimal(right) - Decimal(slip.text)) <= Decimal(1).scaleb(-places)


def _text(work: Derivation, part: Part) -> str | None:
    """What is written at a cell, None where it is no real number."""
    try:
        return work.text(part)
    except (ValueError, ArithmeticError):
        return None


def _written(work: Derivation, part: Part) -> Decimal | None:
    """The number at a cell, None where it is no real one."""
    text = _text(work, part)
    return None if text is None else Decimal(text)


def _ways(work: Derivation, part: Part) -> set[Decimal]:
    """What is right at a cell where numbers are carried rounded: also the exact number, rounded or
    cut, and what the other sweep gives for the derivative of an output by an input; and its
    partials may come from the arguments of their rows or from the results as these are
    written, and ties go either way."""
    models = [replace(work.rounding, model=model) for model in ("end", "truncated")]
    exact = {Decimal(Derivation(work.graph, rounding).text(part)) for rounding in models}
    exact |= {Decimal(work.text(other)) for other in _of_other_sweep(work, part)}
    if part.kind in ("value", "entry"):
        return exact
    terms = work.terms(part) if part.kind != "partial" else [(part, None)]
    partials = [_either_way(work, partial) for partial, _ in terms]
    incoming = [MP.one if t is None else work.number(t) for _, t in terms]
    seed = MP.zero if part.kind == "partial" else work.seed(part)
    return exact | {
        Decimal(replace(work.rounding, even=even).text(total))
        for chosen in product(*partials)
        for total in [seed + sum((p * t for p, t in zip(chosen, incoming, strict=True)), MP.zero)]
        for even in (False, True)
    }


def _of_other_sweep(work: Derivation, part: Part) -> list[Part]:
    """The same derivative in the other sweep."""
    outputs = work.graph.outputs
    if part.kind == "tangent" and part.row in outputs:
        return [Part("adjoint", part.direction, outputs.index(part.row))]
    if part.kind == "adjoint" and part.row < len(work.graph.inputs):
        return [Part("tangent", outputs[part.direction], part.row)]
    return []


def _either_way(work: Derivation, partial: Part) -> list[Number]:
    """A partial from the arguments and from the result of its row."""
    node = work.graph.nodes[partial.row]
    numbers = [work.number(partial)]
    if node.op in FROM_RESULT:
        result = work.number(Part("value", partial.row))
        step = FROM_RESULT[node.op][partial.argument]
        try:
            number = step(result, *work.operands(partial.row))
        except ArithmeticError:
            return numbers
        if isinstance(number, MP.mpf):
            numbers.append(work.rounding.rounded(number) if work.rounding.partials else number)
    return numbers


def _close(work: Derivation, part: Part, slip: Slip) -> bool:
    """Whether rounding on the way could explain a mistake: it is off by a few units, or percent."""
    right, given = Decimal(work.rounding.text(work.right(part))), Decimal(slip.text)
    unit = Decimal(1).scaleb(min(right.as_tuple().exponent, given.as_tuple().exponent))
    return abs(right - given) <= max(3 * unit, abs(right) / 50)


def _other_ways(rounding: Rounding, texts: list[str]) -> Iterator[tuple[Rounding, bool]]:
    """The ways in which all numbers of a document may have been rounded, with the digits that the
    longest of them has, and whether partials come from the results of their rows."""
    fractions = [text for text in texts if "." in text]
    decimals = max((len(text.partition(".")[2]) for text in fractions), default=0)
    digits = max((len(text.replace(".", "").lstrip("-0")) for text in fractions), default=0)
    for significant, longest in ((False, decimals), (True, digits)):
        for model in ("end", "truncated", "carried", "truncated carried"):
            options = ((False, True) if "carried" in model else (False,),) * 3
            for partials, even, from_results in product(*options):
                way = Rounding(model, longest, significant, even, rounding.drop, partials)
                yield way, from_results


def _right_otherwise(work: Derivation, part: Part, slip: Slip, parts: list[Part]) -> bool:
    """Whether the document with the mistake is, number by number, a right one in another way of
    rounding, by either sweep for the entries of a Jacobian."""
    trial = replace(work, slips={**work.slips, part: slip}, numbers={})
    texts = [text for p in parts if (text := _text(trial, p)) is not None]
    if len(texts) < len(parts):
        return False
    cells = [(part, slip.text), *zip(parts, texts, strict=True)]  # that of the mistake first
    turns = (0, 1) if any(p.kind == "entry" for p in parts) else (0,)
    for way, from_results in _other_ways(work.rounding, texts):
        other = Derivation(work.graph, way, from_results=from_results)
        for turn in turns:
            if all(_written(other, _turned(p, turn)) == Decimal(text) for p, text in cells):
                return True
    return False


def _turned(part: Part, turn: int) -> Part:
    """An entry of the Jacobian by the other sweep, where turn is 1."""
    return part._replace(argument=part.argument ^ turn) if part.kind == "entry" else part


def shows(work: Derivation, part: Part, slip: Slip, parts: list[Part]) -> bool:
    """Whether a document shows that a number is mistaken: not where it, or a mistake before it,
    only follows from the other, where it is what the other sweep gives for an entry of a Jacobian,
    what its own operands give as well, or where the whole document is right as it is in another way
    of rounding."""
    slips = {**work.slips, part: slip}
    for one, its in slips.items():
        rest = {p: s for p, s in slips.items() if p != one}
        follows = replace(work, slips=rest, follows=True, numbers={})
        places = [one._replace(argument=k) for k in (0, 1)] if one.kind == "entry" else [one]
        if any(_written(follows, place) == Decimal(its.text) for place in places):
            return False
    if not _close(work, part, slip):
        return True
    carried = work.rounding.carries and within_a_unit(work, part, slip)
    if carried and Decimal(slip.text) in _ways(work, part):
        return False
    return not _right_otherwise(work, part, slip, parts)
