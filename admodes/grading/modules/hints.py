"""What a wrong derivative is instead: guesses that give the numbers of the module at several
points."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from admodes.grading.modules.findings import Failure, near, script
from admodes.grading.modules.graphs import Graph, Step
from admodes.grading.modules.operations import OPERATIONS
from admodes.grading.modules.session import Number, Session

POINTS = 4


def hint_of(session: Session, failed: Failure, random: random.Random) -> str:
    """What the wrong derivative of one operation is instead, in words, where a guess fits at
    several points; otherwise empty."""
    name, argument = failed.graph.steps[-1].name, failed.argument or 0
    points = OPERATIONS[name].points(random, POINTS)
    graphs = [failed.graph.at(point[: len(failed.graph.inputs)]) for point in points]
    samples = []
    for graph, answer in zip(graphs, session.run_all(list(map(script, graphs))), strict=True):
        value, right = graph.right()
        if len(answer.numbers) != 1 + len(right):
            return ""
        shown = answer.numbers[argument + 1][1]
        samples.append(Sample(0.0 if shown is None else shown, right, argument, value, graph))
    return next((hint for hint, like in _hints() if _alike(like, samples)), "")


@dataclass(frozen=True)
class Sample:
    """A wrong derivative: what the module gives, the right gradient, by which argument, and the
    value, at a graph of one operation."""

    shown: Number
    right: list[float]
    argument: int
    value: float
    graph: Graph

    @property
    def exact(self) -> float:
        return self.right[self.argument]


def _hints() -> Iterator[tuple[str, Callable[[Sample], float]]]:
    """What a wrong derivative may be instead, in words and as a number."""
    yield "its sign is wrong", lambda s: -s.exact
    yield "it is left out", lambda s: 0.0
    yield "it is that by the other argument", lambda s: s.right[1 - s.argument]
    yield "it is 1, as of a sum", lambda s: 1.0
    yield "it is the value", lambda s: s.value
    for operation in OPERATIONS.values():
        if operation.arity == 1 and operation.name not in ("negate", "relu", "abs"):

            def derivative(s: Sample, name: str = operation.name) -> float:
                return Graph(s.graph.inputs, (Step(name, (0,)),)).right()[1][0]

            yield f"it is that of {operation.name}", derivative
    yield "it is the reciprocal of the right one", lambda s: 1 / s.exact
    yield "it is the square root of the right one", lambda s: s.exact**0.5


def _alike(like: Callable[[Sample], float], samples: list[Sample]) -> bool:
    """Whether a guess gives the wrong numbers at all points, and they differ from the right ones
    somewhere."""
    try:
        return all(near(s.shown, float(like(s))) for s in samples) and any(
            not near(s.shown, s.exact) for s in samples
        )
    except (ArithmeticError, IndexError, TypeError, ValueError):
        return False
