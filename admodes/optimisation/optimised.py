"""What only an optimised list has: when its results may be trusted, and in which order its sums may
be taken. A WengertList goes in; an Optimised one, which back ends run, comes out.
"""

from __future__ import annotations

from dataclasses import dataclass, field, fields

from admodes.core.record import WengertList


@dataclass(repr=False)
class Optimised(WengertList):
    """A list after passes of the optimiser. suspects are the outputs that tell whether it may be
    trusted: where one is not finite, the exact list has to be run; loose: its sums may be taken in
    any order. is_turn: it is that of a turn of a loop, whose outputs later turns read; unseen:
    the outputs of which a nan need not show in the end; telling: those of which later turns, or
    what follows the loop, may tell the sign of a zero."""

    suspects: list[int] = field(default_factory=list)
    loose: bool = False
    is_turn: bool = False
    unseen: frozenset[int] = frozenset()
    telling: frozenset[int] = frozenset()

    @classmethod
    def of(cls, program: WengertList) -> Optimised:
        """The list as an optimised one: of a list that is none, nothing is suspect."""
        if isinstance(program, cls):
            return program
        return cls(**{part.name: getattr(program, part.name) for part in fields(WengertList)})
