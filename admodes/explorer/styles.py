"""How the rows of a page may be named and written, and how its tables are laid out: each preset as
data for the page, with the names of the rows and the marks of derivatives as text and as LaTeX."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from admodes.core.record import WengertList
from admodes.programs.names import row_names
from admodes.views.arrays import ARRAYS
from admodes.views.dialects import Latex, Text
from admodes.views.presets import NOTATIONS, PRESETS, UBC, Preset, Sheet, adapted
from admodes.views.visible import visible

DIALECTS = (Text(), Latex())

GRIEWANK = "ubc, numbered v(1-n) …"
TRACE = "as traced"

VALUES = {"value", "evaluation"}
"""The parts of a line that show values."""


def array_styles(given: list[str]) -> list[dict[str, Any]]:
    """The style of a trace of arrays: its equations have the names given in them, so there is no
    other."""
    return [_style(TRACE, ARRAYS, given)]


def styles_of(
    program: WengertList, inputs: list[str], outputs: list[str], preset: Preset, given: list[str]
) -> list[dict[str, Any]]:
    """The styles to choose from: first the preset, under which the rows have the names given, then
    the others that there are. What has the name of another says that it is as traced."""

    def names(numbering: str, letter: str = "v", named: str = "none") -> list[str]:
        return row_names(program, inputs, outputs, numbering, False, letter=letter, named=named)

    made = [(name, p, names(p.numbering, p.letter, p.named)) for name, p in PRESETS.items()]
    made.insert(1, (GRIEWANK, UBC, names("griewank")))
    known = next((style for style in made if style[1:] == (preset, given)), None)
    if known is None:
        taken = any(preset.name == name for name, *_ in made)
        title = f"{preset.name}, {TRACE}" if taken else preset.name
    else:
        made.remove(known)
        title = known[0]
    return [_style(*style) for style in [(title, preset, given), *made]]


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
        "sheets": [asdict(sheet) for sheet in _stepped(preset)],
        "layout": preset.layout,
        "notes": [note for s in preset.sheets if s.kind == "jacobian" for note in s.notes],
    }


def _stepped(preset: Preset) -> Sequence[Sheet]:
    """The tables of a preset that sweeps step through; a sweep that it has no table of has that of
    ubc, as where the option tables asks for it."""
    parts = {p for s in preset.sheets for block in s.blocks for line in block.lines for p in line}
    shown = "evaluation" in preset.kinds or VALUES.isdisjoint(parts)
    return adapted(preset, tables=["evaluation"] * shown + ["forward", "reverse"]).sheets


def notations() -> dict[str, dict[str, str]]:
    """How tangents may be written, whatever the preset: marks by name."""
    return {name: _mark(mark) for name, mark in NOTATIONS.items()}


def _mark(mark: str) -> dict[str, str]:
    """How a derivative is marked, by dialect: "dot", "bar", or a text with ⟦v⟧ for the name of the
    row and ⟦d⟧ for that of the direction.

    >>> _mark("∂{v}/∂{d}")["text"], _mark("{v}^(1)")["latex"]
    ('∂⟦v⟧/∂⟦d⟧', '{⟦v⟧}^{(1)}')
    """
    if mark in ("dot", "bar"):
        return {write.name: mark for write in DIALECTS}
    quotient = re.fullmatch(r"∂\{([vd])\}/∂\{([vd])\}", mark)
    if quotient:
        above, below = (f"⟦{name}⟧" for name in quotient.groups())
        return {
            "text": f"∂{above}/∂{below}",
            "latex": rf"\frac{{\partial {above}}}{{\partial {below}}}",
        }
    slots = {"text": "⟦{}⟧", "latex": "{{⟦{}⟧}}"}
    parts = re.split(r"\{([vd])\}", mark)
    return {
        write.name: "".join(
            slots[write.name].format(part) if k % 2 else write.sign(part)
            for k, part in enumerate(parts)
        )
        for write in DIALECTS
    }


def written(names: list[str]) -> list[dict[str, str]]:
    """Names as they are written, by dialect.

    >>> written(["v1"])
    [{'text': 'v1', 'latex': 'v_{1}'}]
    """
    shown = [visible(name, lines=False) for name in names]
    return [{write.name: write.variable(name) for write in DIALECTS} for name in shown]
