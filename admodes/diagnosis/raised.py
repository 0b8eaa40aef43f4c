"""What a function raises while it is traced, as a finding at the line that raises."""

from __future__ import annotations

import re
import traceback
from collections.abc import Callable

from admodes.core.origins import Line
from admodes.core.places import is_users
from admodes.diagnosis.result import Finding
from admodes.errors import Error, LostDerivative, one_line

ADVICE = re.compile(r": (?=write|use|declare|return|build|loop)")
"""Before what the errors of admodes say to do."""

ITSELF = (
    "run the function on plain numbers first; where it does not fail there, calculate with NumPy's "
    "functions, which take traced values"
)

INSTEAD = (
    "write the row with the operations of NumPy or admodes, and use ad.value(x) where only the "
    "plain number is wanted"
)


def raised_finding(f: Callable, error: Exception, name: str) -> Finding | None:
    """The finding for an exception of f; None for one that is about the arguments or the result of
    f, and none of its lines."""
    line = _line(error)
    lost = isinstance(error, LostDerivative)
    if line is None and not lost:
        return None
    message = one_line(error) or "no message"
    told = ADVICE.split(message, maxsplit=1) if isinstance(error, Error) else [message]
    reason = f"{type(error).__name__}: {told[0]}"
    remedy = told[1] if len(told) > 1 else INSTEAD if isinstance(error, Error) else ITSELF
    file, number = line or home_of(f) or (None, None)
    return Finding(
        "raises",
        "influence" if lost else "value",
        None,
        name,
        file,
        number,
        f"while it is traced, {name} raises {reason}",
        None,
        remedy,
    )


def _line(error: Exception) -> Line | None:
    """The last line of the user's on the way of an exception."""
    frames = [f for f in traceback.extract_tb(error.__traceback__) if is_users(f.filename)]
    return (frames[-1].filename, frames[-1].lineno or 0) if frames else None


def home_of(f: Callable) -> Line | None:
    """Where a function begins; None where it is no Python function of the user's."""
    f = getattr(f, "reordered", f)
    f = getattr(f, "func", getattr(f, "__func__", f))
    code = getattr(f, "__code__", None) or getattr(type(f).__call__, "__code__", None)
    if code is None or not is_users(code.co_filename):
        return None
    return code.co_filename, code.co_firstlineno
