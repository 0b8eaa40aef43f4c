"""What a back end is: build(fast, exact) -> run, where fast is the optimised program and exact the
recorded one, and run(*leaves) gives the outputs, or a Miss where the program does not hold for
these inputs.
"""

from __future__ import annotations

from typing import Any, Final, Protocol

from admodes.core.record import WengertList


class Miss:
    """What a program gives in place of results where one of its guards fails: where a branch that
    was taken when it was recorded is not the one to take now. guard: the number of that guard; all
    with smaller numbers hold. None where the call is another case apart from decisions."""

    __slots__ = ("guard",)

    def __init__(self, guard: int | None) -> None:
        self.guard = guard

    def __repr__(self) -> str:
        return "MISS" if self.guard is None else f"Miss({self.guard})"


MISS: Final = Miss(None)

RAISED: Final = Miss(None)
"""The same where an operation raised before it was known whether the program holds."""


def missed(number: int | None) -> Miss:
    """What is given where the guard of this number fails."""
    return MISS if number is None else Miss(number)


class Run(Protocol):
    """A built program. leaves are in the order of program.inputs: Python floats, scalars of other
    precision (np.float32, np.complex128) and arrays of the recorded shapes and dtypes, of any
    strides. The outputs are the caller's own: no input, no buffer, no two the same. Threads may
    run it at once. An attribute `source` is the generated text where there is any, or a
    function that gives it."""

    def __call__(self, *leaves: Any) -> list[Any] | Miss: ...


class Build(Protocol):
    """fast is the optimised program; exact, the recorded one, is run by the interpreter where an
    output among fast.suspects is not finite or the arithmetic of Python floats raises."""

    def __call__(self, fast: WengertList, exact: WengertList) -> Run: ...
