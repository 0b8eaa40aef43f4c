"""Mistakes in numbers that a document does not show, such as those before a gradient that stands
alone: what a number would be if one number before it were mistaken."""

from __future__ import annotations

import math
from collections.abc import Iterator

from admodes.auditing.derivation import Derivation, Numbers
from admodes.auditing.guesses import Guess
from admodes.auditing.mistakes import guesses
from admodes.auditing.partial_mistakes import ANGLES, DEGREE, Local
from admodes.auditing.quantity import Quantity

MOST_BEFORE = 80
"""How many numbers before a number are looked at."""

MOST_ROWS = 150
"""How many rows a derivation may have: the way back through it is taken by recursion."""


def hidden_guesses(d: Derivation, q: Quantity, numbers: Numbers) -> Iterator[Guess]:
    """The numbers that q would be after one mistake in a number before it, or with all angles in
    degrees."""
    if len(d.steps) > MOST_ROWS:
        return
    for number in (q, *d.same_numbers(q)):
        if number.kind != "entry":
            yield from _before_one(d, number, numbers)


def _before_one(d: Derivation, q: Quantity, numbers: Numbers) -> Iterator[Guess]:
    text = "all angles are read as degrees"
    yield Guess("degrees", _in_degrees(d, q), text, 2.0)
    before = _before(d, q)
    share = 1 / max(len(before), 1)
    for u in before:
        known, path = numbers(u), _between(d, u, q)
        if known.__class__ not in (float, int) or not path:
            continue
        affine = _affine(d, q, u, known, path, numbers) if u.kind != "value" else None
        for guess in guesses(d, u, numbers):
            if guess.name == "stale value" or not math.isfinite(guess.number):
                continue
            if affine is None:
                number = _carried(d, q, u, guess.number, path, numbers)
            else:
                number = affine[0] + affine[1] * (guess.number - known)
            where = f"before it, at {_called(d, u)}: {guess.text}"
            yield Guess(guess.name, number, where, guess.weight * share)


def _before(d: Derivation, q: Quantity) -> list[Quantity]:
    """The numbers that a number depends on, the nearest first."""
    found: dict[Quantity, None] = dict.fromkeys(d.needs(q))
    waiting = list(found)
    while waiting and len(found) < MOST_BEFORE:
        new = [u for u in d.needs(waiting.pop(0)) if u not in found]
        found |= dict.fromkeys(new)
        waiting += new
    return [u for u in found if u.argument is None or u.kind == "partial"]


def _between(d: Derivation, u: Quantity, q: Quantity) -> set[Quantity]:
    """The numbers on the ways from u to q, with q."""
    reaches: dict[Quantity, bool] = {u: True}

    def depends(v: Quantity) -> bool:
        if v not in reaches:
            reaches[v] = False
            reaches[v] = True in {depends(need) for need in d.ways(v)[0]}
        return reaches[v]

    depends(q)
    return {v for v, reached in reaches.items() if reached and v != u}


def _carried(
    d: Derivation, q: Quantity, u: Quantity, x: float, path: set[Quantity], numbers: Numbers
) -> float:
    """What q becomes where u is x and the rest follows."""
    known: dict[Quantity, float] = {u: x}

    def number(v: Quantity) -> float:
        if v not in known:
            known[v] = d.recompute(v, number) if v in path else numbers(v)
        return known[v]

    return _real(number(q))


def _affine(
    d: Derivation, q: Quantity, u: Quantity, known: float, path: set[Quantity], numbers: Numbers
) -> tuple[float, float]:
    """A tangent or adjoint at a number before it, and its slope: no product has that number
    twice."""
    here = _carried(d, q, u, known, path, numbers)
    return here, _carried(d, q, u, known + 1.0, path, numbers) - here


def _in_degrees(d: Derivation, q: Quantity) -> float:
    """What q is with every sine and cosine of degrees."""
    known: dict[Quantity, float] = {}

    def number(v: Quantity) -> float:
        if v not in known:
            op = d.steps[v.row].op if v.row >= 0 else None
            if v.kind in ("value", "partial") and op is not None and op.name in ANGLES:
                local = Local(d, v.row, lambda w: 0.0 if w.row == v.row else number(w))
                xs = (local.xs[0] * DEGREE,)
                known[v] = local.result(xs) if v.kind == "value" else local.slope(0, xs)
            else:
                known[v] = d.recompute(v, number)
        return known[v]

    return _real(number(q))


def _real(x: object) -> float:
    """A number; nan for an array."""
    return float(x) if isinstance(x, float | int) else math.nan


def _called(d: Derivation, u: Quantity) -> str:
    """A number as it is called."""
    name = d.trace.rows[u.row].name
    if u.kind == "partial":
        assert u.argument is not None
        return Local(d, u.row, d.right.__getitem__).partial(u.argument)
    return {"tangent": f"∂{name}/∂{u.direction}", "adjoint": f"∂{u.direction}/∂{name}"}.get(
        u.kind, name
    )
