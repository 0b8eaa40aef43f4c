"""What is said of an equation without numbers."""

from __future__ import annotations

from typing import NamedTuple

from admodes.auditing.guesses import Cause


class Judged(NamedTuple):
    """holds: whether the equation is right. right: its right side as it should be, that of the
    document where it holds. causes: the likeliest mistakes, at most three; none where it holds."""

    holds: bool
    right: str
    causes: tuple[Cause, ...] = ()
