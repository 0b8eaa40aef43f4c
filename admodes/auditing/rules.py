"""Derivative rules as they are written, such as d/dx sin x = cos x or (u v)' = u' v + u v': whether
they hold, and if not, the right side and the mistake.

The text is read by the expression parser, by a whitelist. A rule is judged by its numbers at points
drawn at random, where a function without a formula (u, v) has any value and any derivative.
"""

from __future__ import annotations

import functools
import math
import re
import unicodedata
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from random import Random
from typing import Any

from admodes.auditing.corrections import symbolic_right, variations
from admodes.auditing.derivation import Derivation
from admodes.auditing.guesses import OFTEN, Cause
from admodes.auditing.judged import Judged
from admodes.auditing.mistakes import guesses
from admodes.auditing.quantity import Quantity
from admodes.errors import Error
from admodes.expression import ExpressionError, ParsedFunction, parse

LONGEST, MOST = 300, 3

RANGES = ((0.2, 0.9), (1.2, 2.6), (-2.1, -0.3), (-0.9, -0.1))
"""Where variables are drawn from: every usual function has a derivative on one of these."""

DRAWS, ENOUGH = 3, 3

CLOSE = 1e-7

_NAME = r"[^\W\d_]+[\d₀-₉]*"
_LEFT = (
    rf"\(?[d∂]\)?\s*/\s*\(?[d∂]\s*(?P<var>{_NAME})\)?(?P<of>.+)",  # d/dx sin x
    rf"\(?[d∂]\s*(?P<of>[^/]*[^/\s])\)?\s*/\s*\(?[d∂]\s*(?P<var>{_NAME})\)?",  # ∂(sin x)/∂x
    rf"D_?(?P<var>{_NAME})?\s*(?P<of>[\[(].+[\])])",  # D[sin x]
    r"(?P<of>[\[(].+[\])])\s*['′]",  # (sin x)'
    rf"(?P<f>[^\W\d_]+)\s*['′]\s*\(\s*(?P<var>{_NAME})\s*\)",  # sin'(x)
    rf"(?P<f>[^\W\d_]+)\s*['′]\s+(?P<var>{_NAME})",  # sin' x
)

_FREE = re.compile(r"(?<![^\W_])([fghuv])(['′]?)\s*\(\s*([a-z])\s*\)(?!\w)")
_PRIMED = re.compile(rf"({_NAME})['′]")


@dataclass(frozen=True)
class Rule:
    """A rule. of: what is differentiated, by var; its functions without a formula are those in
    primes, by the names that stand for their derivatives."""

    of: ParsedFunction
    var: str
    primes: dict[str, str]

    @property
    def moved(self) -> list[str]:
        """The names that have a derivative."""
        return [name for name in self.of.inputs if name == self.var or name in self.primes]


@functools.lru_cache(maxsize=1024)
def judged_rule(left: str, right: str) -> Judged | None:
    """Whether a derivative rule holds; None where the left side is no derivative of a formula, or a
    side cannot be read.

    >>> judged_rule("∂/∂x sin x", "−cos x")
    Judged(holds=False, right='cos x', causes=(Cause(name='sign', text='cos x, not −cos x'),))
    >>> judged_rule("d/dx tanh(x)", "1 − tanh²(x)").holds, judged_rule("(x²)'", "2x").holds
    (True, True)
    >>> judged_rule("(u v)'", "u' v'").causes[0].name, judged_rule("∂y1/∂x1", "2") is None
    ('rule', True)
    """
    left, right = _plain(left), _plain(right)
    if max(len(left), len(right)) > LONGEST:
        return None
    rule = _rule(left, right)
    if rule is None:
        return None
    holds = _holding(rule)
    if holds(right) is None:
        return None
    if holds(right):
        return Judged(True, right)
    found: dict[str, str] = {}
    fixed = ""
    for name, text in variations(right):
        if name not in found and holds(text):
            found[name] = f"{text}, not {right}"
            fixed = fixed or text
    for cause in _explained(rule, right):
        found.setdefault(cause.name, cause.text)
    ranked = sorted(found, key=lambda name: -OFTEN[name])
    causes = tuple(Cause(name, found[name]) for name in ranked[:MOST])
    return Judged(False, fixed or symbolic_right(rule.of, rule.moved, rule.primes), causes)


def _plain(text: str) -> str:
    """The text without the marks of LaTeX that only space and size things."""
    text = unicodedata.normalize("NFC", text).strip().strip("$").strip()
    text = re.sub(r"\\(left|right|,|;|!|quad|displaystyle)(?![a-zA-Z])", " ", text)
    text = text.replace(r"\partial", "∂").replace(r"\mathrm{d}", "d").replace(r"^{\prime}", "'")
    text = re.sub(r"\\d?frac\s*{([^{}]*)}\s*{([^{}]*[d∂][^{}]*)}", r"(\1)/(\2)", text)
    return " ".join(text.replace(r"\prime", "'").replace("’", "'").split())


def _rule(left: str, right: str) -> Rule | None:
    """The rule that a left side announces."""
    left, primes = _FREE.sub(r"\1\2", left), set(_PRIMED.findall(_FREE.sub(r"\1\2", right)))
    for pattern in _LEFT:
        match = re.fullmatch(pattern, left)
        if match is None:
            continue
        parts = match.groupdict()
        var = parts.get("var") or ""
        text = parts.get("of") or f"{parts['f']}({var})"
        f = _parsed(text)
        if f is None or not f.inputs or re.fullmatch(_NAME, text.strip()):
            continue
        names = {name for name in f.inputs if name in primes or name in "fghuv"} - {var}
        var = var or _variable([name for name in f.inputs if name not in names])
        if var in f.inputs or names:
            return Rule(f, var, {name: f"{name}_p" for name in sorted(names)})
    return None


def _variable(names: Sequence[str]) -> str:
    """The variable of a derivative that does not name it."""
    for name in ("x", "t", "z", "s"):
        if name in names:
            return name
    return names[0] if len(names) == 1 else ""


def _parsed(text: str, inputs: Sequence[str] | None = None) -> ParsedFunction | None:
    try:
        return parse(text, inputs=inputs)
    except (ExpressionError, Error, ValueError, TypeError):
        return None


Point = dict[str, float]


def _points(rule: Rule) -> Iterator[tuple[Point, float]]:
    """Points where a rule can be judged, each with the right derivative."""
    random = Random(0)
    for low, high in RANGES:
        for _ in range(DRAWS):
            point = {name: random.uniform(low, high) for name in rule.of.inputs}
            point |= {prime: random.uniform(-2, 2) for prime in rule.primes.values()}
            d = _derivation(rule, point)
            q = _result(d)
            if math.isfinite(_number(d.right[q._replace(kind="value", direction="")])):
                slope = _number(d.right[q])
                if math.isfinite(slope):
                    yield point, slope


def _derivation(rule: Rule, point: Point) -> Derivation:
    seeds = {name: point[prime] for name, prime in rule.primes.items()}
    if rule.var in rule.of.inputs:
        seeds[rule.var] = 1.0
    args = [point[name] for name in rule.of.inputs]
    return Derivation(rule.of, args, rule.of.inputs, ["result"], seeds)


def _result(d: Derivation) -> Quantity:
    """The derivative that the rule is of."""
    return Quantity("tangent", max(d.outputs["result"], 0), "seed")


def _number(x: Any) -> float:
    return float(x)


def _holding(rule: Rule) -> Callable[[str], bool | None]:
    """A function that tells whether a text is the derivative; None where it cannot be read."""
    known = list(_points(rule))

    def holds(text: str) -> bool | None:
        values = _values(rule, text, [point for point, _ in known])
        if values is None or len(known) < ENOUGH:
            return None
        return all(_close(x, slope) for x, (_, slope) in zip(values, known, strict=True))

    return holds


def _values(rule: Rule, text: str, points: Sequence[Point]) -> list[float] | None:
    """A right side at points; None where it cannot be read or has names of its own."""
    text = _FREE.sub(r"\1\2", text)
    f = _parsed(_PRIMED.sub(r"\1_p", text))
    known = {*rule.of.inputs, *rule.primes.values(), rule.var}
    if f is None or not set(f.inputs) <= known or len(f.outputs) != 1:
        return None
    found = []
    for point in points:
        try:
            found.append(float(f(*(point.get(name, math.nan) for name in f.inputs))))
        except (ArithmeticError, ValueError, TypeError):
            found.append(math.nan)
    return found


def _close(x: float, y: float) -> bool:
    return math.isfinite(x) and abs(x - y) <= CLOSE * max(abs(x), abs(y), 1e-3)


def _explained(rule: Rule, right: str) -> Iterator[Cause]:
    """The known mistakes that give the right side at every point."""
    points = [point for point, _ in _points(rule)][:: DRAWS - 1]
    values = _values(rule, right, points)
    common: dict[tuple[str, str], float] = {}
    for k, (point, x) in enumerate(zip(points, values or (), strict=bool(values))):
        d = _derivation(rule, point)
        fitting = {
            (guess.name, guess.text): guess.weight
            for guess in guesses(d, _result(d), d.right.__getitem__)
            if guess.name != "stale value" and _close(guess.number, x)
        }
        common = {key: w for key, w in fitting.items() if k == 0 or key in common}
    names = [row.name for row in _derivation(rule, points[0]).trace.rows] if points else []
    for (name, text), _ in sorted(common.items(), key=lambda item: -item[1]):
        for row, label in enumerate(names[: len(rule.of.inputs)]):
            text = re.sub(rf"\b{label}\b", rule.of.inputs[row], text)
        yield Cause(name, text)
