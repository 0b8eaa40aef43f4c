"""Scripts: lists of actions on a student's module, run one after the other. The answer has the
numbers that were read, and what was raised."""

from __future__ import annotations

import sys
import threading
from typing import Any

DEFAULT_RECURSION = 1000
LONGEST = 300

_float, _str, _type = float, str, type


def run(interface: Any, actions: list, watched: bool) -> dict[str, Any]:
    """Run the actions:

    ["variable", number]; ["apply", operation, form, [["node", k] or ["number", x], …]], each of
    which makes the next node; ["backward", k], ["assign", k, number], ["reset"], ["zero"], and
    ["read", k, …], which adds the value and the gradient of each node to the answer.

    watched: tell which operations took part, by the code that ran.
    """
    # Whatever the module has set.
    sys.settrace(None)
    sys.setprofile(None)
    threading.settrace(None)
    threading.setprofile(None)
    sys.setrecursionlimit(DEFAULT_RECURSION)
    nodes: list[Any] = []
    numbers: list[Any] = []
    raised = None
    seen: set[Any] = set()

    def watch(frame: Any, event: str, _: Any) -> None:
        if event == "call":
            seen.add(frame.f_code)

    if watched:
        sys.setprofile(watch)
    for place, action in enumerate(actions):
        try:
            _act(interface, nodes, numbers, action)
        except BaseException as error:
            raised = {"place": place, **described(error)}
            break
    if watched:
        sys.setprofile(None)
    return {"numbers": numbers, "raised": raised, "used": _operations(interface, seen)}


def _act(interface: Any, nodes: list, numbers: list, action: list) -> None:
    word, *rest = action
    if word == "variable":
        nodes.append(interface.variable(rest[0]))
    elif word == "apply":
        name, form, operands = rest
        args = [nodes[x] if kind == "node" else x for kind, x in operands]
        nodes.append(interface.forms[name][form].run(*args))
    elif word == "backward":
        interface.backward(nodes[rest[0]])
    elif word == "assign":
        interface.assign(nodes[rest[0]], rest[1])
    elif word == "read":
        for k in rest:
            numbers.append([_number(read, nodes[k]) for read in _readers(interface)])
    else:
        for node in nodes:
            (interface.reset if word == "reset" else interface.zero)(node)


def _readers(interface: Any) -> tuple:
    return interface.value, interface.gradient


def _number(read: Any, node: Any) -> Any:
    """What is read, as a float; None for None, and for what is no number the name of its class."""
    x = read(node)
    if x is None:
        return None
    for _ in range(2):
        try:
            return _float(x.item() if hasattr(x, "item") else x)
        except OverflowError:
            return _float("inf")
        except (TypeError, ValueError):
            pass
        try:
            # A gradient may be a variable of its own.
            x = read(x) if hasattr(x, "__dict__") else x
        except AttributeError:
            break
    return _type(x).__name__[:LONGEST]


def described(error: BaseException) -> dict[str, Any]:
    """An exception: its class, its message, whether it came out of code of the module (inside), and
    the last line of it there."""
    try:
        message = _str(error)[:LONGEST]
    except BaseException:
        message = ""
    line, inside, step = None, False, error.__traceback__
    while step is not None:
        frame = step.tb_frame
        if frame.f_globals.get("__name__") == STUDENT:
            line = step.tb_lineno
        elif frame.f_globals.get("__name__") != ADAPTER:
            step_is_ours = frame.f_code.co_filename.startswith(_HERE)
            inside = inside or not step_is_ours
        step = step.tb_next
    name = _type(error).__name__[:LONGEST]
    return {"type": name, "text": message, "line": line, "inside": inside or line is not None}


STUDENT, ADAPTER = "student", "adapter"
"""The names under which both are loaded."""

_HERE = __file__.rpartition("scripts.py")[0]


def _operations(interface: Any, seen: set) -> list[str]:
    """The operations whose code ran."""
    if not seen:
        return []
    return [n for n, forms in interface.forms.items() if any(seen & form.codes for form in forms)]
