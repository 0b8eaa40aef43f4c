"""Errors in code that is generated: those that operations raise, and defects of the code itself.

Generated code applies operations to values. What they raise is part of what a function does: the
arithmetic of Python's floats where IEEE arithmetic has a value, a matrix without an inverse, a rule
of the user's. Anything else that generated code raises, such as a name that it has not defined or
an array of another shape, is a defect of admodes. It must not pass for the first kind: results are
then right, and slow, and nobody learns of it.
"""

from __future__ import annotations

import dis
import warnings
from types import FrameType, TracebackType
from typing import Any

from admodes.errors import one_line

FILES = "<admodes"
"""How the names of the files begin that tracebacks name for generated code."""

OF_NUMBERS = ("math", "builtins")
"""The modules whose functions generated code applies to Python's numbers alone."""


class DefectWarning(RuntimeWarning):
    """Code that admodes generated is wrong in itself. Results are those of the function, which is
    run without that code; please report it, with the function and its arguments."""


class Defect(Exception):
    """Generated code raised what no operation raises; the cause is that error."""


def warn_of(error: BaseException, name: str, instead: str) -> None:
    """The warning of a defect in the code generated for a function of this name. instead: what is
    done now."""
    at = _innermost(error)
    where = f", in line {at.tb_lineno}" if at is not None and is_generated(error) else ""
    warnings.warn(
        f"the code that admodes has generated for {name} is defective ({type(error).__name__}: "
        f"{one_line(error)}{where}). {instead}. Please report this message to the authors of "
        "admodes, with the function and its arguments",
        DefectWarning,
        stacklevel=4,
    )


def is_generated(error: BaseException) -> bool:
    """Whether generated code itself has raised an error, and no kernel that it calls and that is
    written in Python."""
    at = _innermost(error)
    return at is not None and at.tb_frame.f_code.co_filename.startswith(FILES)


def of_numbers(error: Exception) -> bool:
    """Whether an error of the classes in ARITHMETIC may be one of a kernel, or of the arithmetic of
    Python's floats. It is not where generated code itself raises a ValueError as it works on
    arrays, which do not fit then."""
    at = _innermost(error)
    if at is None or not is_generated(error) or not isinstance(error, ValueError):
        return True
    return getattr(_called(at.tb_frame, at.tb_lasti), "__module__", None) in OF_NUMBERS


def _called(frame: FrameType, at: int) -> Any:
    """The global function that a frame calls at this instruction; None where it does not."""
    starts: dict[Any, Any] = {}
    for i in dis.get_instructions(frame.f_code):
        start = i.positions and (i.positions.lineno, i.positions.col_offset)
        if i.opname == "LOAD_GLOBAL":
            starts.setdefault(start, frame.f_globals.get(i.argval))
        if i.offset == at:
            # CALL, or PRECALL, in which Python 3.11 runs what is fast.
            return starts.get(start) if "CALL" in i.opname else None
    return None


def _innermost(error: BaseException) -> TracebackType | None:
    """Where an error was raised."""
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    return trace
