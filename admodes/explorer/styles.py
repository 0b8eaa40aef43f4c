"""How the rows of a page may be named and written: each preset as data for the page, with the names
of the rows and the marks of derivatives as text and as LaTeX."""

from __future__ import annotations

import re
from typing import Any

from admodes.core.record import WengertList
from admodes.programs.names import row_names
from admodes.views.dialects import Latex, Text
from admodes.views.presets import PRESETS, UBC, Preset
from admodes.views.visible import visible

DIALECTS = (Text(), Latex())

SLOT = {"text": "⟦v⟧", "latex": "{⟦v⟧}"}
"""Where a mark has the name."""

GRIEWANK = "ubc, numbered v(1-n) …"
TRACE = "as traced"


def styles_of(
    program: WengertList, inputs: list[str], outputs: list[str], given: list[str], by_array: bool
) -> list[dict[str, Any]]:
    """The styles to choose from, that of the trace, whose rows have the names given, first.
    Equations of arrays have their names in them, so they have no other."""
    if by_array:
        return [_style(TRACE, UBC, given)]

    def names(numbering: str, letter: str = "v", named: str = "none") -> list[str]:
        return row_names(program, inputs, outputs, numbering, False, letter=letter, named=named)

    made = [(name, p, names(p.numbering, p.letter, p.named)) for name, p in PRESETS.items()]
    made.insert(1, (GRIEWANK, UBC, names("griewank")))
    first = next((k for k, (_, p, found) in enumerate(made) if p is UBC and found == given), None)
    made.insert(0, (TRACE, UBC, given) if first is None else made.pop(first))
    return [_style(*style) for style in made]


def _style(title: str, preset: Preset, names: list[str]) -> dict[str, Any]:
    return {
        "id": title,
        "rows": written(names),
        "tangent": _mark(preset.tangent),
        "adjoint": _mark(preset.adjoint),
        "formulas": preset.terms == "formulas",
        "seeds": preset.seeds,
        "swapped": list(preset.swapped),
        "times": preset.times,
        "between": preset.between,
        "brackets": preset.brackets,
    }


def _mark(mark: str) -> dict[str, str] | None:
    """How a derivative is marked, by dialect; None for ∂v/∂x, which names a direction."""
    if "{d}" in mark:
        return None
    if mark in ("dot", "bar"):
        return {write.name: mark for write in DIALECTS}
    parts = re.split(r"(\{v\})", mark)
    return {
        write.name: "".join(SLOT[write.name] if p == "{v}" else write.sign(p) for p in parts)
        for write in DIALECTS
    }


def written(names: list[str]) -> list[dict[str, str]]:
    """Names as they are written, by dialect.

    >>> written(["v1"])
    [{'text': 'v1', 'latex': 'v_{1}'}]
    """
    shown = [visible(name, lines=False) for name in names]
    return [{write.name: write.variable(name) for write in DIALECTS} for name in shown]
