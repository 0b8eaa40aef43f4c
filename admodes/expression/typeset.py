"""Expressions as mathematics: the operations of a parsed function go in, its outputs in LaTeX come
out, with definitions before them.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from admodes.expression.lowering import Constant
from admodes.ops.notation import Printed, operation
from admodes.views.dialects import Latex
from admodes.views.filling import fill

_NAME, _NUMBER = 5, 1
"""How strongly a name and a negative number bind, as ops.notation counts it."""


def latex_of(
    inputs: Sequence[str],
    steps: Sequence[tuple[Callable[..., Any], tuple[int | Constant, ...], str | None]],
    results: Sequence[int | Constant],
    labels: Sequence[str],
) -> str:
    """The outputs in LaTeX; empty where an operation has no such form or an array is among them.
    labels: names of the outputs, empty where they have none of the user's."""
    write = Latex(None)
    atoms = [(write.variable(name), False) for name in inputs]
    forms: list[tuple[str, float]] = [(f"⟦{i}⟧", _NAME) for i in range(len(inputs))]
    lines = []

    def atom(text: str, numeric: bool) -> str:
        atoms.append((text, numeric))
        return f"⟦{len(atoms) - 1}⟧"

    def argument(ref: int | Constant) -> tuple[str, float]:
        if not isinstance(ref, Constant):
            return forms[ref]
        if ref.name in ("pi", "π", "e"):
            return atom(r"\pi" if ref.name != "e" else "e", False), _NAME
        return atom(write.number(ref.value), True), _NAME if ref.value >= 0 else _NUMBER

    for op, refs, name in steps:
        constants = [ref for ref in refs if isinstance(ref, Constant)]
        numeric = all(isinstance(c.value, (int, float)) for c in constants)
        if not numeric or not isinstance(op, Printed):
            return ""
        form, strength = operation(op, [argument(ref) for ref in refs], "latex")
        if name is not None:
            lines.append(f"{write.variable(name)} = {fill(form, atoms, write)}")
            form, strength = atom(write.variable(name), False), _NAME
        forms.append((form, strength))
    if not all(isinstance(r, int) or isinstance(r.value, (int, float)) for r in results):
        return ""
    for ref, label in zip(results, labels, strict=True):
        name, formula = label and write.variable(label), fill(argument(ref)[0], atoms, write)
        if name != formula:  # which is a definition of this name otherwise
            lines.append(f"{name} = {formula}" if name else formula)
    return r",\quad ".join(lines)
