"""How a module carries gradients back through a graph: the order of its traversal, a second
backward, several outputs, changed values, and long chains. Only operations that are right by
themselves take part."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass

from admodes.grading.modules.findings import Failure, Finding, failure, near, stop, tidied, words
from admodes.grading.modules.graphs import Graph, Step, smallest
from admodes.grading.modules.operations import OPERATIONS
from admodes.grading.modules.rules import JOINS, Rules
from admodes.grading.modules.session import Answer, Session

TAME = ("sin", "tanh", "cos", "sigmoid", "atan", "negate", "product", "add", "subtract")
"""Operations that may be nested without growing beyond all bounds, in order of preference."""

CHAIN = 5000
LEVELS = 40
"""Operations of a long chain, and doublings of a graph with 2**LEVELS paths."""

RANDOM = 12


@dataclass
class Accumulation:
    """The examination of the traversal, after that of the operations. can: what the module is able
    to do beside backward(); accumulates: whether adding to earlier gradients is intended."""

    rules: Rules
    can: dict
    accumulates: bool

    def __post_init__(self) -> None:
        self.findings, self.notes = self.rules.findings, self.rules.notes
        self.session: Session = self.rules.session
        self.random: random.Random = self.rules.random
        shared = self.rules.shared
        self.links = [n for n in TAME if n in shared][:3]
        self.join = next((n for n in JOINS if n in shared), None)
        self.adds_up = False

    def examine(self) -> None:
        """Try everything; findings and notes are added to those of the rules."""
        if not self.links or self.join is None:
            self.notes.append(
                "the order of traversal is not tested: it takes two operations that "
                "are right by themselves"
            )
        right_order = bool(self.links and self.join) and self._order()
        self.links = self.links or [n for n in TAME if n in self.rules.right][:1]
        if self.links:
            self._second()
            self._several()
            self._in_place()
            self._zero()
            self._long()
        if right_order:
            self._doubled()

    # Graphs

    def _graph(self, *lines: tuple) -> Graph:
        """A graph from one input: each line is ("link", k, node), the k-th of the links applied to
        a node, or ("join", node, node). Nodes are numbered from the input, 0, on."""
        inputs = [round(self.random.uniform(0.5, 1.5), 2)]
        steps: list[tuple[str, list[int]]] = []
        for word, *rest in lines:
            if word == "join":
                steps.append((self.join or "", list(rest)))
                continue
            name = self.links[rest[0] % len(self.links)]
            operands = [rest[1]]
            if OPERATIONS[name].arity == 2:  # with an input of its own, negative numbers for those
                operands.append(-len(inputs))
                inputs.append(round(self.random.uniform(0.5, 1.5), 2))
            steps.append((name, operands))

        def place(node: int) -> int:
            return -node if node < 0 else 0 if node == 0 else node + len(inputs) - 1

        placed = [
            Step(name, tuple(map(place, operands)), self.rules.usable[name][0])
            for name, operands in steps
        ]
        return Graph(tuple(inputs), tuple(placed))

    def _orders(self) -> Iterator[tuple[str, Graph]]:
        """Graphs in which a node has several parents, small ones first."""
        u, v = ("link", 0, 0), ("link", 1, 1)
        order, diamond = "order of traversal", "diamond"
        yield order, self._graph(u, ("join", 1, 1))
        yield order, self._graph(u, v, ("join", 1, 2))
        yield order, self._graph(u, v, ("join", 2, 1))
        yield diamond, self._graph(u, v, ("link", 2, 1), ("join", 2, 3))
        yield diamond, self._graph(u, v, ("link", 2, 1), ("join", 3, 2))
        yield order, self._graph(u, v, ("link", 2, 2), ("join", 1, 3))
        yield order, self._graph(u, v, ("link", 2, 2), ("join", 3, 1))
        yield order, self._graph(u, v, ("link", 2, 2), ("join", 1, 2), ("join", 4, 3))
        yield (
            diamond,
            self._graph(
                *(
                    u,
                    v,
                    ("link", 2, 1),
                    ("join", 2, 3),
                    ("link", 0, 4),
                    ("link", 1, 4),
                    ("join", 5, 6),
                )
            ),
        )
        for _ in range(RANDOM):
            yield "order of traversal", self._random()

    def _random(self) -> Graph:
        lines: list[tuple] = []
        for k in range(6):
            if k and self.random.random() < 0.5:
                lines.append(("join", self.random.randrange(k + 1), self.random.randrange(k + 1)))
            else:
                lines.append(("link", self.random.randrange(3), self.random.randrange(k + 1)))
        return self._graph(*lines)

    def _order(self) -> bool:
        """Whether all graphs are right; the first that is not, made as small as may be, is a
        finding."""
        for kind, graph in self._orders():
            failed = failure(self.session, graph)
            if failed is None:
                continue
            if failed.what != "ended":
                graph = smallest(graph, lambda g: failure(self.session, g) is not None)
                failed = tidied(self.session, failure(self.session, graph) or failed)
            text = "a node passes its gradient on before all contributions to it have arrived, or "
            text += "more than once"
            self.findings.append(failed.finding(kind, None, kind, text))
            return False
        return True

    # Runs of more than one backward

    def _chain(self, *more: tuple) -> Graph:
        return self._graph(("link", 0, 0), ("link", 1, 1), *more)

    def _second(self) -> None:
        graph = self._chain()
        output = graph.size - 1
        back, read = ["backward", output], ["read", 0]
        answer = self.session.run([*graph.build(), back, read, back, read])
        failed = stop(graph, answer)
        right = graph.right()[1][0]
        shown = f"{graph}, then backward() twice"
        if failed:
            self._failed(failed, "second backward", shown)
            return
        first, second = (answer.numbers[k][1] if k < len(answer.numbers) else None for k in (0, 1))
        if not near(first, right) or near(second, right):
            return
        ways = {
            2: "a second backward() adds the gradients to those of the first",
            len(graph.steps)
            + 1: "a second backward() adds to the gradients of the first, those of "
            "the nodes between among them",
        }
        known = [text for k, text in ways.items() if near(second, k * right)]
        self.adds_up = bool(known)
        if known and self.accumulates:
            self.notes.append(f"{known[0]} ({shown}: {words(second)}, once {words(right)})")
            return
        text = (known or ["a second backward() gives other gradients"])[0]
        text += f": ∂y/∂a is {words(second)}, right is {words(right)}"
        case = "second backward"
        self.findings.append(Finding(case, None, case, shown, second, right, text))

    def _several(self) -> None:
        """backward() from one output, then from another one."""
        graph = self._graph(("link", 0, 0), ("link", 1, 0))
        last = graph.size - 1
        actions = [*graph.build(), ["backward", last - 1], ["backward", last], ["read", 0]]
        answer = self.session.run(actions)
        one, two = graph.right(last - 1)[1][0], graph.right(last)[1][0]
        allowed = [two, one + two] if self.adds_up else [two]
        lines = str(graph).replace("y = ", "z = ").replace("u = ", "y = ")
        shown = f"{lines}, then y.backward() and z.backward()"
        text = "backward() from a second output goes wrong: ∂z/∂a"
        self._compare("several outputs", graph, answer, allowed, shown, text)

    def _in_place(self) -> None:
        """A value is changed, and the graph built anew on the same variable."""
        if not self.can.get("assign"):
            return
        graph = self._chain()
        new = [x + 0.25 for x in graph.inputs]
        again = graph.at(new)
        count = len(graph.inputs)
        steps = [
            [*a[:3], [_moved(x, count, graph.size) for x in a[3]]] for a in graph.build()[count:]
        ]
        change = [["assign", k, x] for k, x in enumerate(new)]
        last = graph.size - 1
        actions = [*graph.build(), ["backward", last], ["reset"], *change, *steps]
        actions += [["backward", last + len(steps)], ["read", 0]]
        answer = self.session.run(actions)
        if answer.raised and answer.raised.place < graph.size + 2 + len(change):
            self.notes.append(f"values cannot be changed ({answer.raised}); not tested")
            return
        shown = f"{again}, where the variables had other values before"
        text = "after a value was changed and the graph built anew, ∂y/∂a"
        right = [again.right()[1][0]]
        self._compare("in-place change", again, answer, right, shown, text)

    def _zero(self) -> None:
        """zero_grad, where the module has it."""
        if not self.can.get("zero"):
            return
        graph = self._chain()
        back, read = ["backward", graph.size - 1], ["read", 0]
        answer = self.session.run([*graph.build(), back, ["zero"], read, back, read])
        shown = f"{graph}, then zero_grad() of every node"
        first = Answer(answer.numbers[:1], answer.raised, ended=answer.ended)
        text = "after zero_grad() ∂y/∂a"
        if self._compare("zero_grad", graph, first, [0.0], shown, text):
            again = Answer(answer.numbers[1:])
            text = "after zero_grad() and a new backward() ∂y/∂a"
            self._compare("zero_grad", graph, again, [graph.right()[1][0]], shown, text)

    def _compare(
        self, kind: str, graph: Graph, answer: Answer, allowed: list[float], shown: str, text: str
    ) -> bool:
        """Whether the gradient that was read is one that is allowed; otherwise a finding."""
        failed = stop(graph, answer)
        if failed:
            self._failed(failed, kind, shown)
            return False
        given = answer.numbers[0][1] if answer.numbers else None
        given = 0.0 if given is None else given
        if any(near(given, x) for x in allowed):
            return True
        text += f" is {words(given)}, right is {words(allowed[0])}"
        self.findings.append(Finding(kind, None, kind, shown, given, allowed[0], text))
        return False

    def _failed(self, failed: Failure, kind: str, shown: str) -> None:
        self.findings.append(failed.finding(kind, None, kind, graph=shown))

    # Large graphs

    def _long(self) -> None:
        """A chain of thousands of operations, under the recursion limit that Python starts with."""
        name = self.links[0]
        failed = self._long_fails(CHAIN)
        if failed is None:
            return
        low, high = 1, CHAIN
        if failed.what != "ended":
            while high - low > 1 and high > 1.02 * low:
                middle = (low + high) // 2
                shorter = self._long_fails(middle)
                low, high, failed = (
                    (low, middle, shorter) if shorter is not None else (middle, high, failed)
                )
        form = OPERATIONS[name].form
        steps = [form.format(x, "b") for x in ("a", "v1", f"v{high - 1}")]
        shown = f"v1 = {steps[0]}; v2 = {steps[1]}; …; y = {steps[2]} at a = 0.5"
        text = f"a chain of {CHAIN} operations fails, one of {high} already"
        case = "deep chains"
        self.findings.append(failed.finding(case, None, case, text, shown))

    def _long_fails(self, length: int) -> Failure | None:
        name = self.links[0]
        count = OPERATIONS[name].arity
        form = self.rules.usable[name][0]
        first = Step(name, tuple(range(count)), form)
        rest = (Step(name, (count + k, *range(1, count)), form) for k in range(length - 1))
        inputs = (0.5, 0.001 if name == "add" else 1.0)[:count]
        graph = Graph(inputs, (first, *rest))
        output = graph.size - 1
        actions = [*graph.build(), ["backward", output], ["read", output, 0]]
        answer = self.session.run(actions, seconds=2 * self.session.limits.question)
        failed = stop(graph, answer)
        if failed or len(answer.numbers) != 2:
            return failed
        right = graph.right()[1][0]
        text = f"∂y/∂a is {words(answer.numbers[1][1])}, right is {words(right)}"
        given = answer.numbers[1][1]
        given = 0.0 if given is None else given
        return None if near(given, right) else Failure("gradient", graph, text, given, right)

    def _doubled(self) -> None:
        """Nodes that are each used twice by the next one: as many paths as 2 to their number."""
        graph = self._graph(*(("join", k, k) for k in range(LEVELS)))
        if self.join != "add":
            return
        failed = failure(self.session, graph)
        if failed is not None:
            case = "order of traversal"
            shown = f"u = a + a; v = u + u; … ({LEVELS} times)"
            text = "every path through the graph is walked by itself, of which there are 2 to the "
            text += "number of operations"
            self.findings.append(failed.finding(case, None, case, text, shown))


def _moved(operand: list, first: int, by: int) -> list:
    """An operand of the graph that is built a second time, on the same inputs: its nodes come
    after those of the first."""
    word, x = operand
    return [word, x - first + by] if word == "node" and x >= first else operand
