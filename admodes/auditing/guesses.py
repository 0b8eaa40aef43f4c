"""What a number would be after a known mistake: a Guess names the mistake, and says it."""

from __future__ import annotations

from typing import Literal, NamedTuple

Name = Literal[
    "sign",
    "rule",
    "missed path",
    "stale value",
    "swapped arguments",
    "wrong point",
    "degrees",
    "transposed Jacobian",
    "factor",
    "addition slip",
    "digit slip",
]


class Cause(NamedTuple):
    """A known mistake that gives what is written. name: what it is called, a Name; beside that of a
    symbol in the place of another stand these two, as in "ȳ for Ē". text: a sentence that says
    where."""

    name: str
    text: str


class Guess(NamedTuple):
    """The number that a mistake gives. weight: how often people make it so, compared with the other
    ways to make the same mistake."""

    name: Name
    number: float
    text: str
    weight: float = 1.0


OFTEN: dict[str, float] = {
    "sign": 1.3,
    "missed path": 1.1,
    "rule": 1.0,
    "transposed Jacobian": 1.0,
    "swapped arguments": 0.95,
    "stale value": 0.9,
    "factor": 0.9,
    "wrong point": 0.8,
    "degrees": 0.8,
    "addition slip": 0.8,
    "digit slip": 0.7,
}
"""How often people make each mistake, about: it decides where two explain a number equally well."""
