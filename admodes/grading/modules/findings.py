"""What is wrong with a module, and how one graph is judged."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from admodes.grading.modules.graphs import Graph
from admodes.grading.modules.session import Answer, Number, Session

TOLERANCE = 1e-6
"""The relative difference that passes: more than single precision loses in one operation, less than
difference quotients miss."""

KINDS = (
    "not loaded",
    "no operation",
    "no gradient",
    "raises",
    "value",
    "rule",
    "incoming gradient",
    "constants",
    "reflected operator",
    "tie",
    "reuse",
    "order of traversal",
    "diamond",
    "second backward",
    "several outputs",
    "in-place change",
    "zero_grad",
    "deep chains",
    "ended",
)
"""The kinds of findings, the most telling first."""


@dataclass(frozen=True)
class Finding:
    """One fault: what kind it is, which operation it is about, if one, the case in words, the
    smallest graph that shows it, the number that the module gives there, and the right one."""

    kind: str
    operation: str | None
    case: str
    graph: str
    given: Any
    right: Any
    text: str


@dataclass(frozen=True)
class Failure:
    """Where a graph goes wrong. what: "value", "gradient", "raises" or "ended"; argument: of the
    gradient, which input."""

    what: str
    graph: Graph
    text: str
    given: Any = None
    right: Any = None
    argument: int | None = None
    answer: Answer = field(default_factory=Answer)

    def finding(
        self, kind: str, operation: str | None, case: str, text: str = "", graph: str = ""
    ) -> Finding:
        """The finding that this failure is, under a kind and a case; text stands before what is
        wrong in numbers."""
        words = f"{text}: {self.text}" if text else self.text
        shown = graph or str(self.graph)
        return Finding(kind, operation, case, shown, self.given, self.right, words)


def script(graph: Graph) -> list[list]:
    """The actions that try a graph: the output's value is read, then every input's gradient after
    backward()."""
    output = graph.size - 1
    return [*graph.build(), ["backward", output], ["read", output, *range(len(graph.inputs))]]


def attempt(session: Session, graph: Graph, *, watched: bool = False) -> Answer:
    """The answer to a graph."""
    return session.run(script(graph), watched=watched)


def failure(session: Session, graph: Graph) -> Failure | None:
    """What is wrong with a module at a graph, or None."""
    return judged(graph, attempt(session, graph))


def first_failure(session: Session, graphs: Iterable[Graph]) -> Failure | None:
    """What is wrong at the first of the graphs at which something is."""
    every = list(graphs)
    answers = session.run_all([script(graph) for graph in every])
    failures = (judged(graph, answer) for graph, answer in zip(every, answers, strict=True))
    return next((failed for failed in failures if failed), None)


def judged(graph: Graph, answer: Answer) -> Failure | None:
    """What is wrong with the answer to a graph, or None."""
    stopped = stop(graph, answer)
    if stopped:
        return stopped
    value, gradient = graph.right()
    if len(answer.numbers) != 1 + len(graph.inputs):
        return Failure("value", graph, "no numbers came back", None, value, answer=answer)
    shown = answer.numbers[0][0]
    if not near(shown, value):
        text = f"the value is {words(shown)}, right is {words(value)}"
        return Failure("value", graph, text, shown, value, answer=answer)
    return wrong_gradient(graph, [g for _, g in answer.numbers[1:]], gradient, answer)


def stop(graph: Graph, answer: Answer) -> Failure | None:
    """The failure of an answer that has no numbers."""
    if answer.ended is not None:
        return Failure("ended", graph, f"the module {answer.ended}", answer=answer)
    if answer.raised is not None:
        backward = answer.raised.place >= graph.size
        where = "backward() raises" if backward else "computing the value raises"
        text = f"{where} {answer.raised}"
        return Failure("raises", graph, text, f"{answer.raised}", answer=answer)
    return None


def wrong_gradient(
    graph: Graph, numbers: list[Number], right: list[float], answer: Answer
) -> Failure | None:
    """The first entry of a gradient that is wrong; None counts as 0."""
    for k, (shown, exact) in enumerate(zip(numbers, right, strict=True)):
        shown = 0.0 if shown is None else shown
        if not near(shown, exact):
            name = f"∂y/∂{'abcdefgh'[k]}" if k < 8 else f"the derivative by input {k + 1}"
            text = f"{name} is {words(shown)}, right is {words(exact)}"
            return Failure("gradient", graph, text, shown, exact, k, answer)
    return None


PLAIN = ((2.0, 3.0, 4.0, 5.0), (1.0, 2.0, 3.0, 4.0), (0.5, 2.0, 3.0, 4.0), (0.5, 0.25, 0.75, 2.0))
"""Points that are tried in place of random ones, to show a failure by."""


def tidied(session: Session, failed: Failure) -> Failure:
    """The same failure at small numbers, where it shows there too."""
    if all(x.is_integer() for x in failed.graph.inputs):
        return failed
    points = (point[: len(failed.graph.inputs)] for point in PLAIN)
    fitting = (p for p in points if len(p) == len(failed.graph.inputs))
    return simplest(session, failed, map(failed.graph.at, fitting))


def simplest(session: Session, failed: Failure, graphs: Iterable[Graph]) -> Failure:
    """The first of the graphs that fails in the same way as one failed, and otherwise that one."""
    if failed.what == "ended":
        return failed
    every = [graph for graph in graphs if _is_finite(graph)]
    answers = session.run_all([script(graph) for graph in every])
    for graph, answer in zip(every, answers, strict=True):
        other = judged(graph, answer)
        if other and (other.what, other.argument) == (failed.what, failed.argument):
            return other
    return failed


def _is_finite(graph: Graph) -> bool:
    value, gradient = graph.right()
    return all(map(math.isfinite, (value, *gradient)))


def near(shown: Number, exact: float) -> bool:
    """Whether a number of a module is right."""
    if not isinstance(shown, float):
        return False
    if not math.isfinite(exact):
        return shown == exact
    return abs(shown - exact) <= TOLERANCE * max(1.0, abs(exact))


def words(x: Number) -> str:
    """A number as text.

    >>> words(2.5), words(None), words("list")
    ('2.5', 'None', 'no number but a list')
    """
    if isinstance(x, str):
        return f"no number but a {x}"
    return "None" if x is None else f"{x:.7g}"
