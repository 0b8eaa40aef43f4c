"""The operations that a module may have: the names that students give them, where they are tried,
and what is right, all of it from the registry."""

from __future__ import annotations

import random
from dataclasses import dataclass

from admodes.core.op import REGISTRY, Op

WORDS = {
    "multiply": ("prod", "product", "mul", "mult", "times"),
    "add": ("plus", "sum"),
    "subtract": ("sub", "minus", "difference"),
    "divide": ("div", "truediv", "quotient"),
    "negate": ("neg", "negative"),
    "inverse": ("inv",),
    "maximum": ("max",),
    "minimum": ("min",),
    "sigmoid": ("logistic",),
}
"""Names besides those that the registry knows."""

SHOWN = {"multiply": "product", "power": "pow", "maximum": "max", "minimum": "min"}
"""What courses call an operation, where the registry calls it otherwise."""

FORMS = {
    "add": "{0} + {1}",
    "subtract": "{0} - {1}",
    "multiply": "{0}*{1}",
    "divide": "{0}/{1}",
    "power": "{0}**{1}",
    "negate": "-{0}",
    "inverse": "1/{0}",
}

_BOTH = ((-3.0, 3.0), (-3.0, 3.0))
INTERVALS = {"maximum": _BOTH, "minimum": _BOTH, "relu": _BOTH[:1], "abs": _BOTH[:1]}
"""Where operations are tried whose generic tests keep to one side of a kink."""

APART = 0.3
"""How far from the kinks of these."""

MIRRORED = {"inverse": 0, "divide": 1}
"""The arguments that are tried with both signs, though the registry samples one."""

PASSED_OVER = {"leaky_relu", "elu", "remainder", "root", "sinc", "gelu"}
"""Operations whose second argument is a parameter, or which are defined in more than one way."""


@dataclass(frozen=True)
class Operation:
    """An operation of the registry, for modules: name as courses have it, and words, the names by
    which a module may call it, in small letters."""

    op: Op
    name: str
    words: tuple[str, ...]
    form: str

    @property
    def arity(self) -> int:
        return self.op.arity or 1

    @property
    def operator(self) -> str | None:
        return self.op.operator or {"power": "pow", "abs": "abs"}.get(self.op.name)

    def points(self, random: random.Random, count: int) -> list[tuple[float, ...]]:
        """Random points of few digits, away from kinks, on all of their sides."""
        points: list[tuple[float, ...]] = []
        intervals = INTERVALS.get(self.op.name, self.op.domain.intervals)
        while len(points) < count:
            point = [round(random.uniform(*ends), 2) for ends in intervals[: self.arity]]
            if k := MIRRORED.get(self.op.name, -1) + 1:
                point[k - 1] *= 1 if len(points) % 2 else -1
            if self.op.name in INTERVALS:
                gap = point[0] - sum(point[1:])
                wanted = len(points) % 2 == 0
                if abs(gap) < APART or (gap > 0) is not wanted:
                    continue
            if all(abs(x) >= 0.1 for x in point):
                points.append(tuple(point))
        return points

    def plain_points(self) -> list[tuple[float, ...]]:
        """Small numbers that are easily computed with by hand."""
        ways: list[tuple[float, ...]] = [(2, 3), (3, 2), (1, 2), (2, 1), (0.5, 2), (0.5, 0.25)]
        ways += [(-2, 3), (-1, -2), (-0.5, 0.5)]
        cut = dict.fromkeys(tuple(map(float, way[: self.arity])) for way in ways)
        return [way for way in cut if self._is_inside(way)]

    def _is_inside(self, point: tuple[float, ...]) -> bool:
        intervals = INTERVALS.get(self.op.name, self.op.domain.intervals)
        return all(low <= x <= high for x, (low, high) in zip(point, intervals))


def _operations() -> dict[str, Operation]:
    found: dict[str, Operation] = {}
    for op in {id(op): op for op in REGISTRY.values()}.values():
        if not op.quick or op.arity is None or op.arity > 2 or op.name in PASSED_OVER:
            continue
        words = {op.name, *op.aliases, op.course, *WORDS.get(op.name, ())} - {""}
        name = SHOWN.get(op.name, op.name)
        arguments = ", ".join(f"{{{k}}}" for k in range(op.arity))
        form = FORMS.get(op.name, f"{name}({arguments})")
        plain = {w.casefold().replace("_", "") for w in words}
        found[name] = Operation(op, name, tuple(sorted(plain)), form)
    return found


OPERATIONS: dict[str, Operation] = _operations()


def table() -> dict[str, dict]:
    """What a process has to know to find the operations of a module."""
    return {
        name: {"arity": o.arity, "names": list(o.words), "operator": o.operator}
        for name, o in OPERATIONS.items()
    }
