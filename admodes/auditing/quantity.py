"""What a cell can be about: a number of the right derivation, named by its place in it."""

from __future__ import annotations

from typing import Literal, NamedTuple

Kind = Literal["value", "partial", "tangent", "adjoint", "entry"]


class Quantity(NamedTuple):
    """A number of a derivation.

    kind: "value" of a row; "partial" of a row with respect to its argument; "tangent" of a row for
    an input; "adjoint" of a row for an output; "entry" of the Jacobian, of an output for an input.
    row: the row from 0, as in a trace; for an entry the row of the output. direction: the name of
    the input of a tangent or entry, of the output of an adjoint, else empty. argument: the position
    of the argument of a partial from 0, the number of the contribution of a tangent or adjoint
    where one contribution alone is meant, else None.
    """

    kind: Kind
    row: int
    direction: str = ""
    argument: int | None = None
