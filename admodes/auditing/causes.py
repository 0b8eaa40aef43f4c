"""Why a number is wrong: the number as it is written goes in, and what it should be; the known
mistakes that give it come out, the likeliest first.

Every known mistake is tried. One explains the number if it gives just that at its digits. A mistake
that could have given many numbers explains less than one that could have given few: each counts by
how often people make it, divided by the numbers that it could have given, so that a coincidence in
three digits ranks below a mistake that has to give this number. What no mistake in the number
itself explains may come from one before it that the document does not show.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Sequence

from admodes.auditing.derivation import Derivation, Numbers
from admodes.auditing.guesses import OFTEN, Cause, Guess, Name
from admodes.auditing.hidden_mistakes import hidden_guesses
from admodes.auditing.mistakes import guesses
from admodes.auditing.quantity import Quantity
from admodes.auditing.slips import addition_slip, decimal_of, digit_slip, places_of

MOST = 3
"""How many causes are named."""

ENOUGH = 3
"""How many digits a number needs to be explained by what is not shown."""

NOTHING = 1e-9
"""Relative difference below which a mistake changes nothing."""

SHOWN = 20.0
"""How much likelier a slip is where the right operands stand before the wrong result."""


def causes_of(
    d: Derivation,
    q: Quantity,
    written: str,
    fits: Callable[[float], bool],
    numbers: Numbers | None = None,
    shown: bool = False,
    beside: Sequence[Quantity] = (),
) -> list[Cause]:
    """The likeliest causes of a wrong number, at most three.

    q: what the number should be; a contribution is a number of its own. written: the number as the
    document has it. fits: whether it is another number at its digits, as the table is rounded.
    numbers: what the document has in the other places, right unless told. shown: whether the
    document has the operands beside the number, and they are right. beside: what the cells above
    and below are about, where the document has another order.

    >>> import admodes as ad
    >>> d = Derivation(ad.parse("sin(x)*x"), (3.0,))
    >>> slope = Quantity("tangent", 1, "x")
    >>> given = 0.98999
    >>> causes = causes_of(d, slope, "0.98999", lambda x: abs(x - given) < 5e-6)
    >>> [cause.name for cause in causes]
    ['sign']
    >>> causes_of(d, slope, "-0.141", lambda x: abs(x + 0.141) < 5e-4)[0].text
    '∂v1/∂v0 by the derivative of cos instead of that of sin'
    """
    held = d.right.__getitem__
    tries = [(d.recompute(q, held), _known(d, q, "here", guesses))]
    if numbers is not None:
        known = [*guesses(d, q, numbers)]
        tries += [(d.recompute(q, numbers, way), known) for way in range(len(d.ways(q)))]
        held = numbers
    around = [Guess("stale value", held(u), "the number of a cell beside it") for u in beside]
    found: dict[Name, tuple[float, str]] = {}

    def note(explanations: Iterable[tuple[Name, float, str]]) -> None:
        for name, score, text in explanations:
            found[name] = max(found.get(name, (0.0, "")), (score, text))

    right, places = tries[0][0], places_of(written, tries[0][0])
    for meant, mistakes in tries:
        note(_explaining(meant, [*mistakes, *around], fits))
        note(_slips(meant, written, is_sum(d, q), SHOWN if shown else 1.0))
    if not found and places > 1:
        note(_explaining(right, tries[0][1], _near(written)))
    if not found and places >= ENOUGH:
        note(_explaining(right, _known(d, q, "before", hidden_guesses), fits))
    ranked = sorted(found, key=lambda name: -found[name][0])
    return [Cause(name, found[name][1]) for name in ranked[:MOST]]


def _known(d: Derivation, q: Quantity, where: str, mistakes: Callable) -> Sequence[Guess]:
    """The mistakes in a number whose other numbers are right, which are the same in all documents
    that are judged by one derivation."""
    key = q, where
    if key not in d.mistakes:
        d.mistakes[key] = tuple(mistakes(d, q, d.right.__getitem__))
    return d.mistakes[key]


def _explaining(
    right: float, mistakes: Iterable[Guess], fits: Callable[[float], bool]
) -> Iterator[tuple[Name, float, str]]:
    """The mistakes that give the number, each with how well it explains it and its sentence."""
    possible: dict[Name, float] = {}
    fitting: dict[Name, list[Guess]] = {}
    for guess in mistakes:
        if not math.isfinite(guess.number) or _same(guess.number, right):
            continue
        possible[guess.name] = possible.get(guess.name, 0.0) + guess.weight
        if fits(guess.number):
            fitting.setdefault(guess.name, []).append(guess)
    for name, fit in fitting.items():
        share = sum(guess.weight for guess in fit) / possible[name]
        yield name, OFTEN[name] * share, max(fit, key=lambda guess: guess.weight).text


def _near(written: str) -> Callable[[float], bool]:
    """Whether a number is another at the digits that it is written with, rounded or cut: a table of
    few numbers does not tell how many digits they have."""
    number = decimal_of(written)
    if number is None:
        return lambda x: False
    unit = 10.0 ** int(number.as_tuple().exponent)
    return lambda x: abs(x - float(number)) < unit


def _slips(
    right: float, written: str, is_sum: bool, likelier: float
) -> Iterator[tuple[Name, float, str]]:
    """The slips of the pen that give the number."""
    places = places_of(written, right) / likelier
    text = digit_slip(written, right)
    if text is not None:
        yield "digit slip", OFTEN["digit slip"] / (10 * places), text
    text = addition_slip(written, right) if is_sum else None
    if text is not None:
        yield "addition slip", OFTEN["addition slip"] / (2 * places), text


def is_sum(d: Derivation, q: Quantity) -> bool:
    """Whether a number is the sum of several."""
    if q.kind == "entry":
        return any(is_sum(d, need) for need in d.needs(q))
    if q.kind == "value":
        op = d.steps[q.row].op
        return op is not None and op.name in ("add", "subtract", "sum")
    return q.argument is None and len(d.contributions(q)) > 1


def _same(x: float, y: float) -> bool:
    return abs(x - y) <= NOTHING * max(abs(x), abs(y))
