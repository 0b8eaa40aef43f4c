"""From the routes to the advice: which to take, a sentence that says why with the figures that
decided, and where another one would be better."""

from __future__ import annotations

import math
from collections.abc import Sequence

from admodes.derivatives.choosing import Candidate, Choice, chosen
from admodes.lab.advice.routes import DIFFERENCES, Route
from admodes.lab.advice.sparse_routes import DENSEST, Pattern
from admodes.lab.advice.subject import Subject
from admodes.views.amounts import byte_text, counted, duration

ALIKE = 1.05
"""Estimates within this factor are alike: the fewest operations decide."""

Tip = dict[str, str]


def choose(at: Subject, routes: Sequence[Route]) -> Choice:
    """The route to take, and why."""
    if not at.is_recorded:
        return Choice(
            DIFFERENCES,
            f"{DIFFERENCES}: {at.name} runs on plain numbers but cannot be differentiated: "
            f"{at.why_not_recorded}",
        )
    sizes = _sizes(at)
    if not at.n or not at.m:
        return Choice(routes[-2].route, f"{sizes}: there is nothing to sweep")
    candidates = [c for route in routes if (c := _candidate(route, at.limit)) is not None]
    if not candidates:
        return _without_estimates(at, routes)
    best = chosen(candidates, ALIKE)
    others = [c for c in candidates if c is not best]
    text = f"{sizes}: {best.route} takes {best.figures}"
    if others:
        second = chosen(others)
        text += f", {second.route} {second.figures}"
        if max(best.cost, second.cost) <= ALIKE * min(best.cost, second.cost):
            text += "; the estimates are alike, and the fewer operations decide"
    large = [r for r in _exact(routes) if r.bytes > at.limit]
    if large:
        first = min(large, key=lambda r: (r.estimate_s or math.inf, r.bytes))
        text += f"; {first.route} would take {byte_text(first.bytes)} of {byte_text(at.limit)}"
    return Choice(best.route, text)


def _exact(routes: Sequence[Route]) -> list[Route]:
    """Those that can be taken and give exact derivatives."""
    return [route for route in routes if route.route != DIFFERENCES and not route.why_not]


def _without_estimates(at: Subject, routes: Sequence[Route]) -> Choice:
    """The choice where no route that fits has an estimate."""
    exact = _exact(routes)
    if not exact:
        why = at.left_out[0]
        return Choice(DIFFERENCES, f"{_sizes(at)}: no exact route could be taken: {why}")
    least = min(exact, key=lambda r: r.bytes)
    text = f"{byte_text(at.limit)}; {least.route} comes nearest, with {byte_text(least.bytes)}"
    if least.bytes <= at.limit:
        text = f"{byte_text(at.limit)} but {least.route}, with {byte_text(least.bytes)}"
    return Choice(least.route, f"{_sizes(at)}: no route fits into {text}")


def _candidate(route: Route, limit: float) -> Candidate | None:
    """A route that can be taken; None for one that takes too much, and for differences, whose
    result is not exact."""
    if route.route == DIFFERENCES or route.bytes > limit or route.estimate_s is None:
        return None
    figures = (
        f"{counted(route.sweeps, 'sweep')} and {counted(route.total, 'operation')}, an estimated "
        f"{duration(route.estimate_s)}"
    )
    return Candidate(route.route, route.estimate_s, route.total, figures)


def _sizes(at: Subject) -> str:
    return f"{at.name} has {counted(at.n, 'input')} and {counted(at.m, 'output')}"


def tips(
    at: Subject, routes: Sequence[Route], choice: Choice, pattern: Pattern | None
) -> list[Tip]:
    """Where the choice would turn: at which numbers of inputs and outputs, which density, which
    memory. Times of sweeps are taken to grow with their number."""
    if choice.route == DIFFERENCES or not at.n or not at.m:
        return []
    named = {route.route: route for route in routes}
    taken = named[choice.route]
    found = []
    if at.of in ("jacobian", "gradient"):
        found += _by_sizes(at, named, taken)
    if pattern is not None and pattern.found is not None:
        found += _by_density(routes, taken, pattern)
    found += _by_memory(routes, taken)
    return found


def _by_sizes(at: Subject, named: dict[str, Route], taken: Route) -> list[Tip]:
    forward, reverse = named["forward"], named["reverse"]
    if not forward.estimate_s or not reverse.estimate_s:
        return []
    ratio = forward.estimate_s / reverse.estimate_s
    if taken is reverse and at.of == "jacobian":
        turn = max(math.floor(at.m * ratio) + 1, at.m + 1)
        when = f"there were {turn:,} outputs or more instead of {at.m:,}, each like these"
        return [{"when": when, "then": "forward"}]
    if taken is forward:
        turn = max(math.floor(at.n / ratio) + 1, at.n + 1)
        when = f"there were {turn:,} inputs or more instead of {at.n:,}, each like these"
        return [{"when": when, "then": "reverse"}]
    return []


def _by_density(routes: Sequence[Route], taken: Route, pattern: Pattern) -> list[Tip]:
    """One tip for the choice between sparse and dense routes."""
    is_sparse = {r: r.route.startswith(("sparse", "bands")) for r in routes}
    known = [r for r in _exact(routes) if r.estimate_s]
    others = [r for r in known if is_sparse[r] is not is_sparse[taken]]
    if not others:
        if pattern.density <= DENSEST:
            return []
        when = f"at most {DENSEST:.0%} of the entries were non-zero, not {pattern.density:.0%}"
        return [{"when": when, "then": "sparse compressed"}]
    other = min(others, key=lambda r: r.estimate_s or math.inf)
    turn = pattern.widest * (other.estimate_s or 0) / (taken.estimate_s or 1)
    if is_sparse[taken]:
        when = f"rows had about {turn:.0f} non-zero entries or more, not {pattern.widest}"
        return [{"when": when, "then": other.route}]
    scale = (other.estimate_s or 0) / (taken.estimate_s or 1)
    when = f"the same pattern were about {math.ceil(scale**0.5 * 10) / 10:g} times as long"
    return [{"when": f"{when} and as wide", "then": other.route}]


def _by_memory(routes: Sequence[Route], taken: Route) -> list[Tip]:
    less = [r for r in _exact(routes) if 0 < r.bytes < taken.bytes]
    if not less:
        return []
    other = min(less, key=lambda r: (r.estimate_s is None, r.estimate_s or 0, r.bytes))
    return [{"when": f"less than {byte_text(taken.bytes)} were free", "then": other.route}]
