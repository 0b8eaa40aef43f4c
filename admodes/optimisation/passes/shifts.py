"""Largest entries that only keep exponentials in range, as in log-sum-exp and softmax: a shift on
which no result depends, so that its derivative is 0, and need not be calculated to be found so.

A program goes in, and the rows that are such shifts come out. What a shift m does to a row is
followed through the program: m + d in its place adds c d to the row, or multiplies it by exp(c d),
or is seen in another way, which ends the search. An exponential turns the first into the second, a
logarithm the second into the first; where c is 0, the row does not depend on m. Where that holds
for all outputs, the function is the same for every m, and its derivative with respect to m is 0.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from admodes.core.op import REGISTRY
from admodes.core.record import Ref, Step, WengertList
from admodes.core.structure import Reduction
from admodes.optimisation.literals import number


class _Seen(Exception):
    """The shift is seen in another way."""


@dataclass(frozen=True)
class _Effect:
    """What adding d to the shift does to a row: rate × d is added, or, where grows, the row is
    multiplied by exp(rate × d). of: for each entry of the row the number of the entry of d, with
    length 1 along axes on which it does not depend."""

    grows: bool
    rate: float
    of: np.ndarray


def shifts(program: WengertList) -> set[int]:
    """The rows that are largest entries on which no output depends."""
    found = set()
    for row, step in enumerate(program.steps):
        if step.op is REGISTRY["amax"] and _is_shift(program, row):
            found.add(row)
    return found


def _is_shift(program: WengertList, row: int) -> bool:
    shape = program.steps[row].shape
    effects: dict[int, _Effect] = {
        row: _Effect(False, 1.0, np.arange(program.steps[row].size).reshape(shape))
    }
    try:
        for i in range(row + 1, len(program.steps)):
            step = program.steps[i]
            if not any(a.__class__ is Ref and a.row in effects for a in step.args):
                continue
            given = [effects.get(a.row) if a.__class__ is Ref else None for a in step.args]
            effect = _after(program, step, given)
            if effect.rate != 0.0:
                effects[i] = effect
    except _Seen:
        return False
    return not any(y.__class__ is Ref and y.row in effects for y in program.outputs)


def _after(program: WengertList, step: Step, given: list[_Effect | None]) -> _Effect:
    """The effect on a row of which at least one argument has one."""
    rule = RULES.get(step.op.name)
    if rule is not None:
        return rule(program, step, given)
    (effect, *others) = given
    if effect is None or any(others):
        raise _Seen
    if isinstance(step.op.structure, Reduction):
        return _reduced(program, step, effect)
    if step.op.shows(step.params):
        x = np.broadcast_to(effect.of, program.likes(step)[0].shape)
        return replace(effect, of=_narrowed(step.op.array(x, **(step.params or {}))))
    raise _Seen


def _narrowed(of: np.ndarray) -> np.ndarray:
    """With length 1 along the axes on which the entries do not depend."""
    return of[tuple(slice(0, 1) if stride == 0 else slice(None) for stride in of.strides)]


def _reduced(program: WengertList, step: Step, effect: _Effect) -> _Effect:
    """A sum, a mean or an extreme entry of what is shifted or stretched alike."""
    structure, shape = step.op.structure, program.likes(step)[0].shape
    of = effect.of.reshape((1,) * (len(shape) - effect.of.ndim) + effect.of.shape)
    axes = structure.axes(shape, step.params)
    if any(of.shape[k] != 1 for k in axes):
        raise _Seen
    rate = effect.rate
    if structure.adds and not structure.averages and not effect.grows:
        rate *= structure.terms(shape, step.params)
    if len(step.shape) != len(shape):
        of = of.reshape([n for k, n in enumerate(of.shape) if k not in axes])
    return _Effect(effect.grows, rate, of)


def _together(program: WengertList, step: Step, one: _Effect, two: _Effect) -> np.ndarray:
    """The entries of d for a row whose arguments both have an effect, which must be the same."""
    a, b = np.broadcast_arrays(one.of, two.of)
    if not np.array_equal(a, b):
        raise _Seen
    return a


def _sum(program: WengertList, step: Step, given: list[_Effect | None]) -> _Effect:
    sign = -1.0 if step.op.name == "subtract" else 1.0
    one, two = given
    if one is None or two is None:
        alone = one or two
        assert alone is not None
        if alone.grows:
            raise _Seen
        return alone if one is not None else replace(alone, rate=sign * alone.rate)
    of = _together(program, step, one, two)
    if one.grows != two.grows or (one.grows and one.rate != two.rate):
        raise _Seen
    return _Effect(one.grows, one.rate if one.grows else one.rate + sign * two.rate, of)


def _product(program: WengertList, step: Step, given: list[_Effect | None]) -> _Effect:
    sign = -1.0 if step.op.name == "divide" else 1.0
    one, two = given
    if one is not None and two is not None:
        if not (one.grows and two.grows):
            raise _Seen
        return _Effect(True, one.rate + sign * two.rate, _together(program, step, one, two))
    alone = one or two
    assert alone is not None
    if alone.grows:
        return alone if one is not None else replace(alone, rate=sign * alone.rate)
    c = number(step.args[1] if one is not None else step.args[0])
    if c is None or (two is not None and sign < 0) or (sign < 0 and c == 0):
        raise _Seen
    return replace(alone, rate=alone.rate * c if sign > 0 else alone.rate / c)


def _negated(program: WengertList, step: Step, given: list[_Effect | None]) -> _Effect:
    (effect,) = given
    assert effect is not None
    return effect if effect.grows else replace(effect, rate=-effect.rate)


def _root(program: WengertList, step: Step, given: list[_Effect | None]) -> _Effect:
    """A square root or a square of what grows."""
    (effect,) = given
    assert effect is not None
    if not effect.grows:
        raise _Seen
    return replace(effect, rate=effect.rate * (2.0 if step.op.name == "square" else 0.5))


def _turned(grows: bool) -> Callable[..., _Effect]:
    """exp of what is shifted down grows, ln of what grows is shifted."""

    def rule(program: WengertList, step: Step, given: list[_Effect | None]) -> _Effect:
        (effect,) = given
        assert effect is not None
        if effect.grows is grows or (grows and effect.rate > 0.0):
            # The exponential of a largest entry itself may be too large, which would be seen.
            raise _Seen
        return replace(effect, grows=grows)

    return rule


RULES: dict[str, Callable[[WengertList, Step, list[_Effect | None]], _Effect]] = {
    "add": _sum,
    "subtract": _sum,
    "multiply": _product,
    "divide": _product,
    "negate": _negated,
    "exp": _turned(True),
    "ln": _turned(False),
    "sqrt": _root,
    "square": _root,
}
