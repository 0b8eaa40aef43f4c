"""A module under examination: scripts are run in its process, which is started anew where it ends,
and what comes back is taken for numbers or for nothing."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import Any

from admodes.errors import BadValue
from admodes.grading.modules.operations import OPERATIONS, table
from admodes.grading.modules.student import Ended, Limits, Student, TooLate
from admodes.views.visible import visible

MOST_ENDS = 3
"""Processes of a module that may end before the examination does."""

LONGEST_TEXT = 300

MOST_NUMBERS = 20
"""Nodes that a script reads."""


class Stopped(Exception):
    """The module's processes ended too often, or time is up: nothing more is tried."""


class NotLoaded(Exception):
    """The module could not be loaded: verdict is "refused", "crash" or "timeout"."""

    def __init__(self, verdict: str, text: str, interface: str | None = None) -> None:
        super().__init__(text)
        self.verdict, self.interface = verdict, interface


@dataclass(frozen=True)
class Raised:
    """What a script raised: at which action, the class and the message, the line of the module, and
    whether its code ran at all (inside)."""

    place: int
    type: str
    text: str
    line: int | None
    inside: bool

    def __str__(self) -> str:
        where = f" in line {self.line}" if self.line else ""
        return f"{self.type}{where}" + (f": {self.text}" if self.text else "")


Number = float | str | None
"""A number that was read; None for None, and the name of a class for what is no number."""


@dataclass(frozen=True)
class Answer:
    """What a script gave: for each node read its value and its gradient; what was raised; or how
    the process ended."""

    numbers: list[tuple[Number, Number]] = field(default_factory=list)
    raised: Raised | None = None
    used: frozenset[str] = frozenset()
    ended: Ended | None = None

    @property
    def undefined(self) -> bool:
        """Whether Python itself refused a call, before code of the module ran."""
        r = self.raised
        return r is not None and r.type == "TypeError" and not r.inside


KNOWN = ("DIY-autograd", "micrograd", "adapter")

MOST_FORMS = 8


@dataclass(frozen=True)
class Loaded:
    """What there is of a module: for each operation how its forms are written, and what it can do
    beside backward() (assign, zero)."""

    interface: str | None
    forms: dict[str, list[str]]
    notes: list[str]
    can: dict[str, bool]


class Session:
    """A module in its process. files: the module and what is beside it, by name, the module first;
    adapter: the name of the file among them that adapts it, if any."""

    def __init__(
        self, files: dict[str, bytes], limits: Limits, asked: str | None, adapter: str | None
    ) -> None:
        self.files, self.limits = files, limits
        self.asked, self.adapter = asked, adapter
        self.until = time.monotonic() + limits.seconds
        self.ends: list[Ended] = []
        self.holds: dict[str, Any] = {}
        self.student: Student | None = None
        self.strays = 0

    def __enter__(self) -> Session:
        return self

    def __exit__(self, *_: Any) -> None:
        self.close()

    def close(self) -> None:
        if self.student is not None:
            self.strays += self.student.strays
            self.student.close()
            self.student = None

    def load(self) -> Loaded:
        """Start the process and load the module; what of it there is. Raises NotLoaded."""
        try:
            self.student = Student(self.files, self.limits, self.until)
            self.holds = self.student.holds
            name = next(iter(self.files))
            asked = {"file": name, "asked": self.asked, "adapter": self.adapter, "table": table()}
            asked["folder"] = self.student.folder
            answer = self.student.ask("load", self.limits.loading, load=asked)
        except TooLate as error:
            raise NotLoaded("timeout", f"loading the module {error}") from error
        except Ended as error:
            raise NotLoaded("crash", f"loading, the module {error}") from error
        known = answer.get("interface")
        interface = known if isinstance(known, str) and known in KNOWN else None
        if interface == "adapter" and "unusable" in answer:
            raise BadValue(f"the adapter {self.adapter} {text_of(answer['unusable'])}")
        for key in ("refused", "unusable"):
            if key in answer:
                raise NotLoaded("refused", f"the module {text_of(answer[key])}", interface)
        if "raised" in answer:
            raised = _raised(answer["raised"])
            raise NotLoaded("crash", f"the module raises {raised} when it is loaded", interface)
        return Loaded(interface, _forms(answer), _notes(answer), _can(answer))

    def run(self, actions: list[list], *, watched: bool = False, seconds: float = 0.0) -> Answer:
        """The answer to a script. Raises Stopped."""
        return self.run_all([actions], watched=watched, seconds=seconds)[0]

    def run_all(
        self, scripts: list[list], *, watched: bool = False, seconds: float = 0.0
    ) -> list[Answer]:
        """The answers to scripts, which are asked for at once. Raises Stopped."""
        if self.student is None:
            self._again()
        assert self.student is not None
        try:
            answer = self.student.ask(
                "run", seconds or self.limits.question, scripts=scripts, watched=watched
            )
        except Ended as error:
            self.ends.append(error)
            self.close()
            return [Answer(ended=error)] * len(scripts)
        answers = answer.get("answers")
        answers = answers if isinstance(answers, list) else []
        return [_answer(x) for x in [*answers, *[None] * len(scripts)][: len(scripts)]]

    def _again(self) -> None:
        if len(self.ends) >= MOST_ENDS or time.monotonic() > self.until:
            raise Stopped
        try:
            self.load()
        except NotLoaded as error:
            raise Stopped from error


def _forms(answer: dict[str, Any]) -> dict[str, list[str]]:
    """The forms of the operations that are known, if that is what the answer has: the module was
    loaded when it was written."""
    told = answer.get("forms")
    told = told if isinstance(told, dict) else {}
    lists = {name: told[name] for name in OPERATIONS if isinstance(told.get(name), list)}
    return {name: [text_of(x) for x in held[:MOST_FORMS]] for name, held in lists.items() if held}


def _notes(answer: dict[str, Any]) -> list[str]:
    told = answer.get("notes")
    return [text_of(note) for note in told[:5]] if isinstance(told, list) else []


def _can(answer: dict[str, Any]) -> dict[str, bool]:
    told = answer.get("can")
    told = told if isinstance(told, dict) else {}
    return {name: bool(told.get(name)) for name in ("assign", "zero")}


def text_of(x: Any) -> str:
    """A text of the process, in one line that can be printed."""
    return visible(" ".join(str(x)[:LONGEST_TEXT].split()), lines=False)


def _answer(data: Any) -> Answer:
    data = data if isinstance(data, dict) else {}
    numbers, used = data.get("numbers"), data.get("used")
    return Answer(
        [_pair(pair) for pair in numbers[:MOST_NUMBERS]] if isinstance(numbers, list) else [],
        _raised(data["raised"]) if data.get("raised") else None,
        frozenset(x for x in used if isinstance(x, str)) if isinstance(used, list) else frozenset(),
    )


def _raised(data: Any) -> Raised:
    data = data if isinstance(data, dict) else {}
    line = data.get("line")
    place = data.get("place")
    return Raised(
        place if isinstance(place, int) else -1,
        text_of(data.get("type", "")),
        text_of(data.get("text", "")),
        line if isinstance(line, int) and not isinstance(line, bool) else None,
        data.get("inside") is not False,
    )


def _pair(data: Any) -> tuple[Number, Number]:
    both = data if isinstance(data, list) and len(data) == 2 else ["nothing", "nothing"]
    value, gradient = (_number(x) for x in both)
    return value, gradient


def _number(x: Any) -> Number:
    if x is None or isinstance(x, float):
        return x
    return text_of(x) if isinstance(x, str) else "nothing"
