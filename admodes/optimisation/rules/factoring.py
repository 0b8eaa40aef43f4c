"""Factors that meet: constants through products and quotients, and one that several terms of a sum
are taken times, so that large arrays are gone through fewer times. The result differs by rounding
(see `sums`); the rules apply only where a value that is not finite shows in an output, since what
is added before it is multiplied may overflow.
"""

from __future__ import annotations

import functools
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from admodes.core.op import REGISTRY, Op
from admodes.core.record import Ref, Step
from admodes.optimisation.folding import Folding, Table, params_of
from admodes.optimisation.literals import number
from admodes.optimisation.rules.sums import factor

DEPTH = 6
"""Products and quotients that a constant is followed through."""
MOST = 8
"""Terms of one sum."""


def _is_large(value: Any) -> bool:
    return value.__class__ is np.ndarray and value.dtype == np.float64 and value.size > 1


def _own(copy: Folding, a: Any, *names: str) -> Step | None:
    """The row that made an argument, where it is one of these operations and nothing else reads
    it."""
    step = copy.made(a, *names)
    return step if step is not None and copy.once(a) else None


def constant(copy: Folding, op: Op, args: tuple, params: Any, value: Any) -> Any:
    """c ((d x) y) = ((c d) x) y, and (c x) ((d y) z) = x (((c d) y) z), where |c| is at least 1;
    c ((d x) y) = (c d) (x y) where |d| is at most 1. So nothing becomes smaller on the way, and
    what becomes too large shows."""
    if not _is_large(value) or not copy.shows():
        return None
    for a, b in (args, args[::-1]):
        if b.__class__ is not Ref:
            continue
        c = number(a)
        if c is not None:
            return _outer(copy, c, b, value) if factor(c) and copy.alike(b, value) else None
        inner = _own(copy, a, "multiply")
        for d, x in () if inner is None else (inner.args, inner.args[::-1]):
            c = number(d)
            if c is None or abs(c) < 1 or not factor(c) or not copy.alike(x, inner.like):  # type: ignore[union-attr]
                continue
            found = _taken_in(copy, c, b, DEPTH)
            if found is not None:
                return copy.make("multiply", x, found, like=value)
    return None


def _outer(copy: Folding, c: float, b: Any, value: Any) -> Any:
    """c b with one constant less."""
    share = _own(copy, b, "divide")
    if abs(c) >= 1 or (share is not None and number(share.args[0]) is not None):
        return _taken_in(copy, c, b, DEPTH)
    found = _freed(copy, b, DEPTH)
    if found is None or not factor(c * found[0]):
        return None
    return copy.make("multiply", c * found[0], found[1], like=value)


def _taken_in(copy: Folding, c: float, a: Any, depth: int) -> Any:
    """c a, where a constant in a takes c in; None where there is none that nothing else reads."""

    def times(d: float) -> float | None:
        return c * d if factor(c * d) else None

    return _with_constant(copy, a, depth, times, ("multiply", "divide", "reshape"))


def _freed(copy: Folding, a: Any, depth: int) -> tuple[float, Any] | None:
    """(d, x) where a is d x with a constant in a product that nothing else reads, and that makes
    nothing larger."""
    constants: list[float] = []

    def one(d: float) -> float | None:
        if abs(d) > 1:
            return None
        constants.append(d)
        return 1.0

    found = _with_constant(copy, a, depth, one, ("multiply", "reshape"))
    return None if found is None else (constants[-1], found)


def _with_constant(
    copy: Folding, a: Any, depth: int, other: Callable, through: tuple[str, ...]
) -> Any:
    """A product or quotient with another constant in the place of one in it, if that is given."""
    step = _own(copy, a, *through)
    if step is None or not depth or not _is_large(step.like):
        return None
    if step.op is REGISTRY["reshape"]:
        found = _with_constant(copy, step.args[0], depth - 1, other, through)
        return found and copy.make("reshape", found, like=step.like, shape=step.shape)
    quotient = step.op is REGISTRY["divide"]
    orders = (step.args,) if quotient else (step.args, step.args[::-1])
    for d, x in orders:
        own = number(d)
        if own is not None:
            new = other(own) if factor(own) and copy.alike(x, step.like) else None
            return None if new is None else copy.make(step.op.name, new, x, like=step.like)
    for x, y in orders:
        found = _with_constant(copy, x, depth - 1, other, through)
        if found is not None:
            return copy.make(step.op.name, found, y, like=step.like)
    return None


def quotient(copy: Folding, op: Op, args: tuple, params: Any, value: Any) -> Any:
    """x (1 / y) = x / y."""
    if not _is_large(value) or not copy.shows():
        return None
    for a, b in (args, args[::-1]):
        inverse = _own(copy, b, "divide")
        if inverse is None or number(inverse.args[0]) != 1:
            continue
        if a.__class__ is Ref and copy.alike(inverse.args[1], value) and copy.alike(b, value):
            return copy.make("divide", a, inverse.args[1], like=value)
    return None


def common(copy: Folding, op: Op, args: tuple, params: Any, value: Any) -> Any:
    """p c - q c + r = (p - q) c + r, for terms that nothing else reads."""
    if not _is_large(value):
        return None
    signs = (1, 1) if op is REGISTRY["add"] else (1, -1)
    terms = list(_terms(copy, args, signs, value))
    products = [_own(copy, a, "multiply") for _, a in terms]
    count: Counter[int] = Counter()
    for product in products:
        if product is not None:
            count.update({a.row for a in product.args if a.__class__ is Ref})
    row, found = max(count.items(), key=lambda item: item[1], default=(0, 0))
    if found < 2 or not copy.shows():
        return None
    within: list[tuple[int, Any]] = []
    rest: list[tuple[int, Any]] = []
    for (sign, a), product in zip(terms, products, strict=True):
        refs = [] if product is None else [x for x in product.args if x.__class__ is Ref]
        others = [x for x in refs if x.row != row]
        inside = len(refs) == 2 and len(others) == 1
        (within if inside else rest).append((sign, others[0] if inside else a))
    if len(within) < 2 or not copy.alike(Ref(row), value):
        return None
    inner = _added(copy, within)
    if not copy.alike(inner, value):
        return None
    return _added(copy, [(1, copy.make("multiply", inner, Ref(row), like=value)), *rest])


def complex_product(copy: Folding, op: Op, args: tuple, params: Any, value: Any) -> Any:
    """p Re z + i p Im z = p z, and p Re z - i p Im z = p z̄, for real factors p. Where a factor is
    not finite, the product is nan or the same."""
    if getattr(value, "dtype", None) != np.complex128 or not copy.nan_shows():
        return None
    for a, b in (args, args[::-1]):
        turned = copy.made(a, "times_i")
        if turned is None or copy.alike(turned.args[0], value) or copy.alike(b, value):
            continue
        up, across = (_factors(copy, x, DEPTH) for x in (turned.args[0], b))
        for z, of in _parts(copy, up, "imag"):
            for other, same in _parts(copy, across, "real"):
                if z == other and _keys(of) == _keys(same):
                    whole = z if params_of(turned)["sign"] > 0 else copy.make("conj", z)
                    found = functools.reduce(lambda x, y: copy.make("multiply", x, y), [*of, whole])
                    return found if copy.alike(found, value) else None
    return None


def _factors(copy: Folding, a: Any, depth: int) -> list[Any]:
    step = copy.made(a, "multiply")
    if step is None or not depth:
        return [a]
    return [factor for x in step.args for factor in _factors(copy, x, depth - 1)]


def _parts(copy: Folding, factors: list[Any], name: str) -> Iterator[tuple[Ref, list[Any]]]:
    """Each z of which a factor is this part, and the other factors."""
    for k, x in enumerate(factors):
        step = copy.made(x, name)
        if step is not None and step.args[0].__class__ is Ref:
            yield step.args[0], factors[:k] + factors[k + 1 :]


def _keys(factors: list[Any]) -> Counter:
    """Factors by what they are, in any order."""
    numbers = [(x, None if x.__class__ is Ref else number(x)) for x in factors]
    return Counter(x if x.__class__ is Ref else id(x) if c is None else c for x, c in numbers)


def _terms(copy: Folding, args: tuple, signs: tuple, value: Any) -> Iterator[tuple[int, Any]]:
    """The terms of a sum with their signs, at most MOST."""
    waiting = list(zip(signs, args, strict=True))[::-1]
    room = MOST - len(waiting)
    while waiting:
        sign, a = waiting.pop()
        step = _own(copy, a, "add", "subtract", "negate")
        if step is None or not copy.alike(a, value) or room == 0:
            yield sign, a
        elif len(step.args) == 1:
            waiting.append((-sign, step.args[0]))
        else:
            room -= 1
            second = sign if step.op is REGISTRY["add"] else -sign
            waiting += [(second, step.args[1]), (sign, step.args[0])]


def _added(copy: Folding, terms: list[tuple[int, Any]]) -> Any:
    """The sum of terms with signs, of which one that is positive comes first where there is one."""
    ordered = sorted(terms, key=lambda term: -term[0])
    sign, total = ordered[0]
    for each, a in ordered[1:]:
        total = copy.make("add" if each == sign else "subtract", total, a)
    return total if sign == 1 else copy.make("negate", total)


TABLE: Table = {
    REGISTRY["multiply"]: (constant, quotient),
    REGISTRY["add"]: (common, complex_product),
    REGISTRY["subtract"]: (common,),
}
