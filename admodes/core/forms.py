"""What a declaration says of an operation beside its arithmetic: the printed forms of its value and
its partials, the domain where tests sample it, and its kinks with the convention there.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np

from admodes.core.carrier import quiet


class Form:
    """How an operation is printed. Templates are declared with {0}, {1}, … for the arguments, {*}
    for all of them, and read with ⟦0⟧ …, which LaTeX does not use; `*` is the sign of
    multiplication, printed as a space or ×. `partials` are formulas in a, b and c, in the syntax
    of ad.parse."""

    def __init__(self, text: str, latex: str, partials: tuple[str, ...] = ()) -> None:
        self.declared = text, latex
        self.partials = partials

    @cached_property
    def text(self) -> str:
        return _with_slots(self.declared[0])

    @cached_property
    def latex(self) -> str:
        return _with_slots(self.declared[1])


def _with_slots(template: str) -> str:
    return re.sub(r"\{(\d|\*|index)\}", r"⟦\1⟧", template)


class Kink:
    """Where an operation has no derivative or an infinite one. met(*args, **params) tells of
    numbers, and of arrays entry by entry; for an operation that is not elementwise the entries may
    be those of an argument or of the result. note is in words, or a function of the numbers."""

    def __init__(self, met: Callable[..., Any], note: str | Callable[..., str]) -> None:
        self.met = met
        self.note = note

    def __call__(self, *args: Any, **params: Any) -> str | None:
        with quiet():
            if not np.any(self.met(*args, **params)):
                return None
        return self.note(*args) if callable(self.note) else self.note


class Example:
    """Arguments of an operation on arrays by their shapes, and parameters, for which the catalogue
    says what it costs."""

    def __init__(
        self, shapes: tuple[tuple[int, ...], ...], params: dict[str, Any] | None = None
    ) -> None:
        self.shapes = shapes
        self.params = params or {}


class Domain(NamedTuple):
    """Where the generic tests sample each argument, and what happens at kinks and edges.

    intervals: one (low, high) per argument. kink: given the arguments, a note or None; see Kink.
    convention: the derivative chosen at the kink, and valid: where the operation is defined, both
    in words for the documentation."""

    intervals: tuple[tuple[float, float], ...] = ()
    kink: Callable[..., str | None] | None = None
    convention: str = ""
    valid: str = "all"


EVERYWHERE = Domain()


_LATEX = {
    **{sign: f"\\{sign}" for sign in "&%$#_"},
    "\\": r"\backslash ",
    "^": r"\wedge ",
    "~": r"\sim ",
}


def in_latex(name: str) -> str:
    """The name of an operation in a formula."""
    return "".join(_LATEX.get(sign, sign) for sign in name)
