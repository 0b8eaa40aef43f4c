"""The bound on how much is printed: what is larger is refused before any work is done, with what to
ask for instead.
"""

from __future__ import annotations

from admodes.errors import BadValue

NEAR = 2
"""The steps from a node of a graph that are drawn unless a number is given."""

MOST_LINES = 50_000
"""The most lines of tables, and entries of a matrix, that are made to be printed."""


MOST_NUMBERS = 2_000
"""The most single numbers into which the inputs are taken apart, to have a row each."""


def check_numbers(n: int, what: str, instead: str) -> None:
    """Refuse to take more numbers apart than anybody reads. Raises ValueError."""
    if n > MOST_NUMBERS:
        raise BadValue(
            f"{what}: {n} inputs are too many to print one by one (at most {MOST_NUMBERS}): "
            f"{instead}"
        )


def check_lines(lines: int, what: str, instead: str) -> None:
    """Refuse to make more lines than anybody prints. Raises ValueError."""
    if lines > MOST_LINES:
        raise BadValue(
            f"{what}: {lines} lines are too many to print (at most {MOST_LINES}): {instead}"
        )
