"""What a back end is: build(fast, exact) -> run, where fast is the optimised program and exact the
recorded one, and run(*leaves) gives the outputs, or MISS where the program does not hold for these
inputs.
"""

from __future__ import annotations

from enum import Enum
from typing import Any, Final, Literal, Protocol

from admodes.core.record import WengertList


class Miss(Enum):
    """The type of MISS, which a program gives in place of results where one of its guards fails:
    where a branch that was taken when it was recorded is not the one to take now."""

    MISS = "miss"

    def __repr__(self) -> str:
        return "MISS"


MISS: Final = Miss.MISS


class Run(Protocol):
    """A built program. leaves are in the order of program.inputs: Python floats, scalars of other
    precision (np.float32, np.complex128) and arrays of the recorded shapes and dtypes, of any
    strides. The outputs are the caller's own: no input, no buffer, no two the same. Threads may
    run it at once. An attribute `source` holds the generated text where there is any."""

    def __call__(self, *leaves: Any) -> list[Any] | Literal[Miss.MISS]: ...


class Build(Protocol):
    """fast is the optimised program; exact, the recorded one, is run by the interpreter where an
    output among fast.suspects is not finite or the arithmetic of Python floats raises."""

    def __call__(self, fast: WengertList, exact: WengertList) -> Run: ...
