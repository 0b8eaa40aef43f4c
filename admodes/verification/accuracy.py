"""The exact derivatives of the whole function at exactly the doubles given. They serve the second
judgement of ad.verify, how many digits are right (the first is whether every rule is right).

They are calculated in two ways. One is the chain rule, with sympy's partials at rows that are
evaluated from the inputs on, with twice the digits until they stay the same. The other uses no
partial: difference quotients of the function itself along one direction that moves all inputs, from
either side, with steps far below its smallest number. Where the two differ the function has a kink,
an edge or a pole, and the slopes along each input decide.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from admodes.core.record import WengertList
from admodes.symbolic.exact import Exactly, exactly, sweep_exactly
from admodes.symbolic.precision import number, precise
from admodes.symbolic.sweep import BoundedSlope, output_terms
from admodes.verification.pieces import SAME, TINY, UNDECIDED, Pieces

LEVELS = 6
"""How often the number of digits is doubled before nothing is decided."""

GUARD = 50
"""Digits beyond those that lie between the numbers in use."""


@dataclass
class Truth:
    """What is known of one derivative: its value, or why it has none.

    kind: smooth; edge (defined on one side only); kink (left and right differ); direction (the
    partial derivatives exist, the derivative does not); undefined; undecided; missing (an
    operation has no value to more digits)."""

    kind: str
    derivative: Any = None
    left: Any = None
    right: Any = None
    magnitude: Any = None

    @property
    def known(self) -> bool:
        return self.kind in ("smooth", "edge")


@dataclass
class Accuracy:
    """Every derivative of a function at a point, [output][input], and the list that it was found
    from. digits: with how many digits the calculation stayed the same. branch: whether the branches
    that f took are those of exact arithmetic."""

    program: WengertList
    xs: list[float]
    truths: list[list[Truth]]
    digits: int
    branch: bool
    missing: list[str] = field(default_factory=list)
    pieces: Pieces | None = None


def accuracy(program: WengertList, pieces: Pieces) -> Accuracy:
    """Every derivative of a function; program is its tidied list, pieces are the function near its
    point."""
    xs = pieces.xs
    n = len(xs)
    first = exactly(program, xs, GUARD + pieces.spread)
    outputs = len(first.outputs())
    found = Accuracy(program, xs, [], first.digits, pieces.branches_hold, [], pieces)
    if not n:
        return found
    if not pieces.branches_hold:
        found.truths = [[Truth("undecided") for _ in range(n)] for _ in range(outputs)]
        return found
    found.missing = list(first.missing) if None in first.outputs() else []
    found.truths, found.digits = _by_chain_rule(program, xs, first)
    _confirm(found)
    return found


def jacobian_terms(found: Exactly, n: int) -> list[list[tuple[Any, Any]]]:
    """The derivative and the sum of the absolute contributions to it, by output and input."""
    zero = number(0)
    none = BoundedSlope(zero, zero)
    terms = output_terms(found.program, sweep_exactly(found))
    return [[term.get(j, none)[:2] for j in range(n)] for term in terms]


def _by_chain_rule(
    program: WengertList, xs: Sequence[float], first: Exactly
) -> tuple[list[list[Truth]], int]:
    """By sympy's partials, with twice the digits until nothing changes."""
    n = len(xs)
    found, before = first, jacobian_terms(first, n)
    unknown = [y is None for y in first.outputs()]
    for _ in range(LEVELS):
        digits = 2 * found.digits
        found = exactly(program, xs, digits)
        after = jacobian_terms(found, n)
        with precise(digits):
            same = [
                [_same(a, b) for (a, _), (b, _) in zip(line, other, strict=True)]
                for line, other in zip(before, after, strict=True)
            ]
        before = after
        if all(map(all, same)):
            break
    truths = []
    for i, line in enumerate(after):
        truths.append(
            [
                Truth("missing")
                if unknown[i]
                else Truth("smooth" if same[i][j] else "undecided", _clean(d), magnitude=m)
                for j, (d, m) in enumerate(line)
            ]
        )
    return truths, found.digits


def _same(a: Any, b: Any) -> bool:
    import mpmath

    if a == b or (a != a and b != b):
        return True
    if not (mpmath.isfinite(a) and mpmath.isfinite(b)):
        return False
    tiny = mpmath.ldexp(1, -TINY)
    return bool(abs(a - b) <= mpmath.mpf(10) ** -SAME * abs(b) or max(abs(a), abs(b)) < tiny)


def _clean(d: Any) -> Any:
    """A derivative below everything that doubles have is 0."""
    import mpmath

    return mpmath.mpf(0) if d == d and abs(d) < mpmath.ldexp(1, -TINY) else d


def _confirm(found: Accuracy) -> None:
    """Hold the chain rule against the quotients of the function itself."""
    assert found.pieces is not None
    n = len(found.xs)
    direction = [(-1) ** j * (997 + 131 * j % 509) for j in range(n)]
    along = found.pieces.slopes(direction)
    doubtful = [
        not _agrees(line, direction, slopes)
        for line, slopes in zip(found.truths, along, strict=True)
    ]
    if not any(doubtful):
        return
    singly = [found.pieces.slopes([int(k == j) for k in range(n)]) for j in range(n)]
    for i, line in enumerate(found.truths):
        if not doubtful[i] or line[0].kind == "missing":
            continue
        for j, truth in enumerate(line):
            line[j] = _judged(*singly[j][i], truth)
        if all(t.known for t in line) and not _agrees(line, direction, along[i], missing=True):
            for t in line:
                t.kind = "direction"


def _agrees(
    line: list[Truth], direction: list[int], slopes: tuple[Any, Any], missing: bool = False
) -> bool:
    """Whether the slopes along the direction are those that the derivatives make; missing: a side
    without slope says nothing."""
    import mpmath

    if any(t.kind == "missing" for t in line):
        return True
    if any(t.derivative is None or not mpmath.isfinite(t.derivative) for t in line):
        return missing
    with precise(2 * SAME):
        terms = [d * t.derivative for d, t in zip(direction, line, strict=True)]
        total, size = sum(terms), sum(map(abs, terms))
        bound = size * mpmath.mpf(10) ** -(SAME - 10) + mpmath.ldexp(1, -TINY)
        for s in slopes:
            if s is None or s is UNDECIDED:
                if not missing:
                    return False
            elif not abs(s - total) <= bound:
                return False
    return True


def _judged(left: Any, right: Any, chained: Truth) -> Truth:
    """What the slopes from both sides say of a derivative."""
    import mpmath

    if left is None and right is None:
        return Truth("undefined")
    if left is UNDECIDED or right is UNDECIDED:
        return Truth("undecided", left=left, right=right)
    if left is None or right is None:
        return Truth("edge", right if left is None else left, left, right, chained.magnitude)
    with precise(2 * SAME):
        bound = mpmath.mpf(10) ** -(SAME - 10) * abs(right)
        near = left == right or (mpmath.isfinite(right) and abs(left - right) <= bound)
    if near:
        return Truth("smooth", right, left, right, chained.magnitude)
    return Truth("kink", None, left, right)
