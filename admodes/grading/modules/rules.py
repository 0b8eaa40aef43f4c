"""Every operation of a module by itself: its value, its rule, constants on either side, the
gradient that comes in, ties, and an argument that is used twice."""

from __future__ import annotations

import random
from collections.abc import Iterable
from dataclasses import dataclass, field

from admodes.grading.modules.findings import (
    Failure,
    Finding,
    attempt,
    failure,
    first_failure,
    near,
    simplest,
    tidied,
    words,
)
from admodes.grading.modules.graphs import Constant, Graph, Step
from admodes.grading.modules.hints import hint_of
from admodes.grading.modules.operations import OPERATIONS, Operation
from admodes.grading.modules.session import Answer, Session, Stopped

POINTS = 6

OUTER = ("product", "divide", "negate", "sin", "tanh", "exp", "cos", "sigmoid", "subtract")
"""Operations that pass on another gradient than 1, in this order of preference."""

JOINS = ("add", "product", "subtract", "divide")
"""Operations that join two branches."""

TIES = ("max", "min")


@dataclass
class Rules:
    """The examination of the operations. forms: for each the spellings of its forms; right are
    those without a fault, shared those that may also be used twice; usable are the forms that are
    right, and used what each faulty operation is computed by."""

    session: Session
    forms: dict[str, list[str]]
    random: random.Random
    course: bool
    findings: list[Finding] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    right: list[str] = field(default_factory=list)
    shared: list[str] = field(default_factory=list)
    usable: dict[str, list[int]] = field(default_factory=dict)
    used: dict[str, frozenset[str]] = field(default_factory=dict)

    def examine(self) -> None:
        """Try everything, and gather findings and notes."""
        self._rules()
        if not self.right:
            return
        self._constants()
        self._incoming()
        self._ties()
        self._reuse()

    def _rules(self) -> None:
        failures: dict[str, Failure] = {}
        try:
            for name in self.forms:
                self._try(name, failures)
        except Stopped:
            self.findings += [self._finding(name, failed) for name, failed in failures.items()]
            raise
        self._numbers_alone(failures)
        if not self._in_common(failures):
            for name in self._told_apart(failures):
                hint = ""
                if failures[name].what == "gradient":
                    hint = hint_of(self.session, failures[name], self.random)
                self.findings.append(self._finding(name, failures[name], hint))
        self.right = [n for n, forms in self.usable.items() if forms and n not in failures]
        if not self.findings and not self.right:
            text = "no operation of the module takes its variables"
            kind = "no operation"
            self.findings.append(Finding(kind, None, kind, "", None, None, text))

    def _try(self, name: str, failures: dict[str, Failure]) -> None:
        """Try all forms of an operation, and note its failure, if it has one."""
        forms = range(len(self.forms[name]))
        tried = [self._rule(OPERATIONS[name], form) for form in forms]
        self._ended(name, tried)
        self.usable[name] = [form for form in forms if tried[form] is None]
        wrong = [f for f in tried if f and not self._is_no_form(f, bool(self.usable[name]))]
        if any(f.what == "ended" for f in wrong):
            self.usable[name] = []
        elif wrong:
            failures[name] = wrong[0]
        elif not self.usable[name]:
            spelled = self._spelled(name, 0)
            self.notes.append(f"{name}: {spelled} takes no variables, and is not tested")

    def _rule(self, operation: Operation, form: int) -> Failure | None:
        """What is wrong with a form of an operation, at a point that is as simple as may be."""
        inputs = tuple(range(operation.arity))
        step = (Step(operation.name, inputs, form),)
        points = operation.points(self.random, POINTS)
        failed = first_failure(self.session, (Graph(point, step) for point in points))
        if failed is None:
            return None
        simple = (Graph(point, step) for point in operation.plain_points())
        return simplest(self.session, failed, simple)

    def _ended(self, name: str, tried: list[Failure | None]) -> None:
        """The finding that the process of the module ended, at once, since that may happen again;
        the first one alone."""
        for failed in tried:
            if failed and failed.what == "ended" and all(f.kind != "ended" for f in self.findings):
                self.findings.append(failed.finding("ended", name, "the operation by itself", name))

    def _is_no_form(self, failed: Failure, others: bool) -> bool:
        """Whether what looked like a form of an operation does not take variables, or does not give
        one. others: whether the module has another form, which is right."""
        raised = failed.answer.raised
        if raised is None or failed.what != "raises" or raised.place >= failed.graph.size + 1:
            return False
        if raised.place >= failed.graph.size:  # backward()
            return not raised.inside and raised.type == "AttributeError"
        step = failed.graph.steps[-1]
        spelling = self.forms[step.name][step.form]
        is_function = spelling != "operator" and "." not in spelling
        plain = is_function and raised.type in ("TypeError", "AttributeError")
        return others or plain or failed.answer.undefined

    def _numbers_alone(self, failures: dict[str, Failure]) -> None:
        """Where pow refuses a variable as exponent before it computes, and takes a number, it is
        judged with numbers."""
        failed = failures.get("pow")
        raised = failed.answer.raised if failed else None
        if self.course or failed is None or raised is None or raised.place >= failed.graph.size:
            return
        step = (Step("pow", (0, Constant(3.0)), failed.graph.steps[-1].form),)
        wrong = None
        for a in (2.0, round(self.random.uniform(0.5, 3.0), 2)):
            wrong = wrong or failure(self.session, Graph((a,), step))
        if wrong is not None and wrong.what == "raises":
            return
        text = "pow: the module takes numbers as exponents alone; the partial by the exponent is "
        self.notes.append(f"{text}not tested")
        del failures["pow"]
        if wrong is not None:
            failures["pow"] = wrong

    def _finding(self, name: str, failed: Failure, hint: str = "") -> Finding:
        spelled = self._spelled(name, failed.graph.steps[-1].form)
        kind = {"gradient": "rule", "value": "value"}.get(failed.what, failed.what)
        case = {"rule": "rule", "value": "value"}.get(kind, "the operation by itself")
        text = f"{name} ({spelled})"
        if failed.what == "gradient" and OPERATIONS[name].arity == 2:
            case = f"partial by the {('first', 'second')[failed.argument or 0]} argument"
            if name == "pow":
                case = f"partial by the {('base', 'exponent')[failed.argument or 0]}"
        if failed.what == "gradient":
            text += f": the {case if case != 'rule' else 'derivative'} is wrong"
            return failed.finding(kind, name, case, text + (f" ({hint})" if hint else ""))
        return failed.finding(kind, name, case, text)

    def _told_apart(self, failures: dict[str, Failure]) -> list[str]:
        """The failures that are no consequences of others: an operation that is computed by another
        one, whose code runs, is not named where that one fails by itself."""
        for name, failed in failures.items():
            alone = Graph(failed.graph.inputs, failed.graph.steps[:1])
            self.used[name] = attempt(self.session, alone, watched=True).used - {name}
        kept: list[str] = []
        for name in sorted(failures, key=lambda n: len(self.used[n] & failures.keys())):
            if not self.used[name].intersection(kept):
                kept.append(name)
        return kept

    def _in_common(self, failures: dict[str, Failure]) -> bool:
        """One finding in place of many where all operations fail for one reason."""
        tried = [n for n in self.forms if self.usable.get(n) or n in failures]
        if len(failures) < 2 or len(failures) < len(tried):
            return False
        first = min(failures.values(), key=_simplicity)
        every = list(failures.values())
        raised = {
            (r.type, r.place - f.graph.size, r.line or r.text)
            for f in every
            if (r := f.answer.raised)
        }
        if all(f.what == "raises" for f in every) and len(raised) == 1:
            found = first.finding("raises", None, "every operation", "every operation fails")
        elif all(f.what == "gradient" for f in every) and all(f.given == 0 for f in every):
            text = (
                "no gradient arrives at any variable: backward() has to begin with 1 at the output"
            )
            found = first.finding("no gradient", None, "every operation", text)
        elif all(f.what == "gradient" for f in every) and _factor(every) is not None:
            text = f"every gradient is {_factor(every):.4g} times the right one"
            found = first.finding("no gradient", None, "every operation", text)
        elif len({(f.what, str(f.given)) for f in every}) == 1:
            kind = {"gradient": "rule"}.get(first.what, first.what)
            found = first.finding(kind, None, "every operation", "every operation is wrong")
        else:
            return False
        self.findings.append(found)
        return True

    def _constants(self) -> None:
        """Numbers on the right and on the left of a variable."""
        names = [n for n in self.right if OPERATIONS[n].arity == 2]
        right = {name: self._with_number(name, 1) for name in names}
        left = {name: self._with_number(name, 0) for name in names}
        takes = {n for n, failed in right.items() if failed is None or failed.what != "raises"}
        uneven = set(JOINS) if takes.intersection(JOINS) else set()
        wrong = {
            name: failed
            for name, failed in right.items()
            if failed and (name in takes or (name in uneven and self._is_operator(name)))
        }
        self._add("constants", wrong, "with a number as second argument")
        refused = sorted(filter(self._is_operator, right.keys() - takes - wrong.keys()))
        if refused:
            self.notes.append(f"numbers are not taken as second argument: {', '.join(refused)}")
        undefined = {n: f for n, f in left.items() if f and self._is_undefined(n, f, takes)}
        shown = [
            str(f.graph).partition(" at ")[0].removeprefix("y = ")
            for n, f in undefined.items()
            if self._is_operator(n) and n in takes
        ]
        if shown:
            self.notes.append(f"numbers are not taken as first argument: {', '.join(shown)}")
        wrong_left = {
            name: failed
            for name, failed in left.items()
            if failed and name not in undefined and name not in wrong
        }
        self._add("reflected operator", wrong_left, "with a number as first argument")

    def _with_number(self, name: str, place: int) -> Failure | None:
        """What is wrong where the argument at a place is a number."""
        operation = OPERATIONS[name]
        form = self.usable[name][0]

        def graph(point: tuple[float, ...]) -> Graph:
            number = Constant(point[place])
            operands = (0, number) if place else (number, 0)
            return Graph((point[1 - place],), (Step(name, operands, form),))

        failed = first_failure(self.session, map(graph, operation.points(self.random, 2)))
        if failed is None:
            return None
        return simplest(self.session, failed, map(graph, operation.plain_points()))

    def _is_undefined(self, name: str, failed: Failure, takes: set[str]) -> bool:
        """Whether the module has no reflected operator, or takes no numbers at all there."""
        if failed.what != "raises":
            return False
        return failed.answer.undefined or name not in takes or not self._is_operator(name)

    def _is_operator(self, name: str) -> bool:
        return self.forms[name][0] == "operator"

    def _add(self, kind: str, failures: dict[str, Failure], how: str) -> None:
        """The findings of a kind, in place of those of operations that are computed by these."""
        named = self._told_apart(failures)
        self.findings[:] = [
            f for f in self.findings if not self.used.get(f.operation or "", set()) & set(named)
        ]
        for name in named:
            text = f"{name} {how} is wrong"
            self.findings.append(failures[name].finding(kind, name, kind, text))

    def _incoming(self) -> None:
        """The gradient that comes in at the result of an operation has to be multiplied by."""
        failures: dict[str, Failure] = {}
        tried = 0
        for name in self.right:
            outer = next((o for o in OUTER if o in self.right and o != name), None)
            outer = outer or next((o for o in OUTER if o in self.right), None)
            if outer is None:
                continue
            tried += 1
            failed = first_failure(self.session, [self._inside(name, outer) for _ in range(2)])
            if failed is not None:
                failures[name] = tidied(self.session, failed)
        if len(failures) == tried > 2:
            first = min(failures.values(), key=_simplicity)
            text = "the gradient is not passed on through a second operation"
            kind = "order of traversal"
            self.findings.append(first.finding(kind, None, "operation on an operation", text))
        else:
            how = "does not multiply by the gradient of its result"
            for name in self._told_apart(failures):
                found = failures[name].finding("rule", name, "incoming gradient", f"{name} {how}")
                self.findings.append(found)
        self.right = [name for name in self.right if name not in failures]

    def _inside(self, name: str, outer: str) -> Graph:
        """y = outer(name(a, …), …) at a random point."""
        point = OPERATIONS[name].points(self.random, 1)[0]
        form = self.usable[name][0]
        step = Step(name, tuple(range(len(point))), form)
        more = OPERATIONS[outer].arity - 1
        inputs = point + (1.75,) * more
        operands = (len(inputs), *range(len(point), len(inputs)))
        if outer == "subtract":  # whose second partial is not 1
            operands = operands[::-1]
        return Graph(inputs, (step, Step(outer, operands, self.usable[outer][0])))

    def _ties(self) -> None:
        """Where both arguments are equal the partials of max and min add up to 1."""
        for name in TIES:
            if name not in self.right:
                continue
            for form in self.usable[name]:
                graph = Graph((2.0, 2.0), (Step(name, (0, 1), form),))
                answer = attempt(self.session, graph)
                found = _tie(graph, answer, name)
                if found:
                    self.findings.append(found)
                    break

    def _reuse(self) -> None:
        """A variable that is used twice gets the sum of both contributions."""
        failures: dict[str, Failure] = {}
        tried = []
        for name in self.right:
            graphs = list(self._twice(name, failures))
            tried += [name] if graphs else []
            failed = first_failure(self.session, graphs)
            if failed is not None:
                failures[name] = tidied(self.session, failed)
        everywhere = len(tried) > 2 and len(failures) == len(tried)
        how = "sets the gradient of its argument instead of adding to it"
        if everywhere:
            first = min(failures.values(), key=_simplicity)
            text = "gradients are set instead of added, in every operation"
            self.findings.append(first.finding("reuse", None, "reuse", text))
        else:
            for name in self._told_apart(failures):
                self.findings.append(
                    failures[name].finding("reuse", name, "reuse", f"{name} {how}")
                )
        self.shared = [name for name in tried if name not in failures]

    def _twice(self, name: str, failed: Iterable[str]) -> Iterable[Graph]:
        """Graphs in which an argument of an operation gets two contributions, small ones first."""
        form = self.usable[name][0]
        point = OPERATIONS[name].points(self.random, 1)[0]
        if len(point) == 2 and name not in TIES:
            yield Graph((3.0,) if name != "pow" else (2.0,), (Step(name, (0, 0), form),))
        joins = [j for j in JOINS if j in self.right and j != name and j not in failed]
        inner = Step(name, tuple(range(len(point))), form)
        for join in joins[:1]:
            for k in range(len(point)):
                outer = Step(join, (len(point), k), self.usable[join][0])
                yield Graph(point, (inner, outer))

    def _spelled(self, name: str, form: int) -> str:
        """How the module writes an operation."""
        spelling = self.forms[name][form]
        names = "ab"[: OPERATIONS[name].arity]
        if spelling == "operator":
            return OPERATIONS[name].form.format(*names)
        if spelling.startswith("."):
            return f"a{spelling.replace('%s', 'b')}"
        return spelling.replace("%s", ", ".join(names))


def _simplicity(failed: Failure) -> tuple:
    names = [step.name for step in failed.graph.steps]
    return failed.graph.size, *(
        (n not in JOINS, JOINS.index(n) if n in JOINS else 0) for n in names
    )


def _factor(failures: list[Failure]) -> float | None:
    """The factor between all wrong gradients and the right ones, if there is one."""
    ratios = [f.given / f.right for f in failures if f.right and isinstance(f.given, float)]
    if len(ratios) < len(failures):
        return None
    return ratios[0] if all(near(r, ratios[0]) for r in ratios) else None


def _tie(graph: Graph, answer: Answer, name: str) -> Finding | None:
    if answer.raised or answer.ended or len(answer.numbers) != 3:
        return None
    parts = [0.0 if g is None else g for _, g in answer.numbers[1:]]
    total = sum(p for p in parts if isinstance(p, float))
    fits = all(isinstance(p, float) and -1e-9 <= p <= 1 + 1e-9 for p in parts)
    if fits and near(total, 1.0):
        return None
    shown = " and ".join(map(words, parts))
    text = f"at a tie the partials of {name} are {shown}: they have to add up to 1"
    return Finding("tie", name, "tie", str(graph), total, 1.0, text)
