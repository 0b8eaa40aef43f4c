"""GradBench's protocol: one JSON message a line comes in, one answer a line goes out."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from time import perf_counter_ns
from typing import Any

import numpy as np

from admodes.errors import BadValue, Error, one_line
from admodes.lab.gradbench.evals import EVALS, Prepare
from admodes.lab.gradbench.reading import Fields, kind_of, number
from admodes.lab.limits import within
from admodes.lab.timing import machine
from admodes.version import VERSION

LONGEST = 500
"""Characters of an error message."""


def serve(lines: Iterable[bytes], write: Callable[[bytes], Any], seconds: float) -> None:
    """Answer each line until there are no more. seconds: what preparing a function, or one run of
    it, may take."""
    for line in lines:
        if line.strip():
            write(_line(answer(line, seconds)))


def answer(line: bytes, seconds: float) -> dict[str, Any]:
    """The answer to one message."""
    constants: list[str] = []
    try:
        message = _parsed(line, constants)
    except BadValue as error:
        return {"id": None, **_failure(error)}
    name = {"id": message.get("id")}
    if constants:
        return name | _failure(BadValue(f"the line is not JSON: {constants[0]} is no number there"))
    kind = message.get("kind")
    if kind == "start":
        return name | _about()
    if kind not in ("define", "evaluate"):
        return name
    try:
        return name | (_defined(message) if kind == "define" else _evaluated(message, seconds))
    except Exception as error:  # an eval that fails must not end the session
        return name | _failure(error)


def _parsed(line: bytes, constants: list[str]) -> dict[str, Any]:
    """The message of a line. constants: takes the words that Python's JSON has and JSON has not,
    NaN and Infinity; the id beside them can be read all the same."""
    try:
        message = json.loads(line.decode(), parse_constant=constants.append)
    except (ValueError, RecursionError) as error:
        raise BadValue(f"the line is not JSON: {error}") from None
    if type(message) is not dict:
        raise BadValue(f"a message is an object, not {kind_of(message)}")
    return message


def _about() -> dict[str, Any]:
    return {
        "tool": "admodes",
        "config": {
            "version": VERSION,
            **machine(),
            "prepare": "functions and derivatives are recorded, compiled and run before they are "
            "timed",
        },
    }


def _defined(message: dict[str, Any]) -> dict[str, Any]:
    _functions(message)
    return {"success": True}


def _functions(message: dict[str, Any]) -> dict[str, Prepare]:
    """The functions of the module that a message names."""
    module = message.get("module")
    if type(module) is not str:
        raise BadValue(f"module must be a string, not {kind_of(module)}")
    if module not in EVALS:
        raise BadValue(f"there is no module {module}: there are {', '.join(EVALS)}")
    return EVALS[module]


def _evaluated(message: dict[str, Any], seconds: float) -> dict[str, Any]:
    functions = _functions(message)
    function = message.get("function")
    if type(function) is not str:
        raise BadValue(f"function must be a string, not {kind_of(function)}")
    if function not in functions:
        raise BadValue(f"{message['module']} has no function {function}")
    data = Fields(message)["input"]
    runs, least = _limits(data)
    with within(seconds, "preparing the function"):
        start = perf_counter_ns()
        prepared = functions[function](data)
        timings = [_timing("prepare", start)]
    done = spent = 0
    while done < max(runs, 1) or spent < least * 1e9:
        with within(seconds, "one run"):
            start = perf_counter_ns()
            result = prepared.run()
            timings.append(_timing("evaluate", start))
        done += 1
        spent += timings[-1]["nanoseconds"]
    return {"success": True, "output": plain(prepared.encode(result)), "timings": timings}


def _timing(name: str, start: int) -> dict[str, Any]:
    return {"name": name, "nanoseconds": perf_counter_ns() - start}


def _limits(data: Any) -> tuple[int, float]:
    """The runs and the seconds that are asked for; hello's input, a number, asks for none."""
    if type(data) is not dict:
        return 1, 0.0
    fields = Fields(data)
    runs = fields.whole("min_runs") if "min_runs" in fields else 1
    least = number(data["min_seconds"], "min_seconds") if "min_seconds" in fields else 0.0
    return runs, least


def plain(value: Any, path: str = "output") -> Any:
    """A result as JSON has it. Raises BadValue, naming the entry, for what is not finite."""
    if isinstance(value, dict):
        return {key: plain(x, f"{path}.{key}") for key, x in value.items()}
    array = np.asarray(value)
    finite = np.isfinite(array)
    if not finite.all():
        place = np.unravel_index(int(np.argmin(finite)), array.shape)
        shown = path + "".join(f"[{i}]" for i in place)
        raise BadValue(f"{shown} is {array[place]}, which JSON cannot hold")
    return array.tolist()


def _failure(error: Exception) -> dict[str, Any]:
    text = str(error) if isinstance(error, Error) else f"{type(error).__name__}: {error}"
    return {"success": False, "error": one_line(text)[:LONGEST]}


def _line(reply: dict[str, Any]) -> bytes:
    try:
        text = json.dumps(reply, allow_nan=False)
    except (ValueError, RecursionError):  # an id such as 1e999, which Python reads as infinite
        text = json.dumps(reply | {"id": None}, allow_nan=False)
    return text.encode() + b"\n"
