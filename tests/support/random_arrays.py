"""Random programs on arrays with all of their instructions: array_programs grows them, the
instructions_* modules say of what."""

from __future__ import annotations

import instructions_algebra
import instructions_entrywise
import instructions_kinks
import instructions_shapes
from array_programs import KINKS, LONGEST, MISSING, MOVES, ArrayProgram, flat_vector

CHAPTERS = (
    instructions_entrywise,
    instructions_shapes,
    instructions_algebra,
    instructions_kinks,
)
"""Importing them fills MOVES and KINKS."""

__all__ = ["CHAPTERS", "KINKS", "LONGEST", "MISSING", "MOVES", "ArrayProgram", "flat_vector"]
