"""The printed form of an operation with its arguments put in: a template and texts go in, a formula
in a dialect comes out."""

from __future__ import annotations

import re
from collections.abc import Sequence

from admodes.views.dialects import Text

_RAISED = tuple("^⁰¹²³⁴⁵⁶⁷⁸⁹⁻")
_DECIMAL = re.compile(r"(?<![\w.])\d+\.\d+(?:e[+-]?\d+)?(?![\w.])")
"""A number that a form has of its own, such as the exponent of a partial."""

_OPEN = ("(", "{", "|", "⌊", "⌈", r"\lfloor ", r"\lceil ")
_CLOSE = (")", r"\right)", "}", "|", r"\right|", "⌋", "⌉", r" \rfloor", r" \rceil")


def fill(form: str, atoms: Sequence[tuple[str, bool]], dialect: Text) -> str:
    """A template with its arguments put in.

    atoms are (printed, is it a number); negative numbers get brackets unless the template has
    some, and so do bases of powers in exponent form. `*` becomes a space between names and the
    sign × between numbers.
    """
    form = form.replace("⟦*⟧", ", ".join(f"⟦{i}⟧" for i in range(len(atoms))))
    pieces = re.split(r"⟦(\d+)⟧", form)
    chosen = [atoms[int(i)] for i in pieces[1::2]]
    pieces = pieces[::2]
    pieces = [re.sub(_DECIMAL, lambda m: dialect.number(float(m[0])), piece) for piece in pieces]
    out = _signed(pieces[0], None, chosen[0] if chosen else None, dialect)
    for k, (text, numeric) in enumerate(chosen):
        after = pieces[k + 1]
        if pieces[k] == "^" and dialect.name == "text" and re.fullmatch(r"-?\d+", text):
            out = dialect.power(out[:-1], text, True)
        else:
            wrapped = out.endswith(_OPEN) and after.startswith(_CLOSE)
            scientific_base = after[:1] in _RAISED and re.search(r"e[+-]|10\^", text)
            if numeric and ((text.startswith("-") and not wrapped) or scientific_base):
                text = dialect.bracket(text)
                if re.search(r"[^\W\d_] $", out) and dialect.name == "text":
                    out = out[:-1]
            out += text
        following = chosen[k + 1] if k + 1 < len(chosen) else None
        out += _signed(after, chosen[k], following, dialect)
    return out


def _signed(
    piece: str, before: tuple[str, bool] | None, after: tuple[str, bool] | None, dialect: Text
) -> str:
    """A piece of a template, between two arguments, with the signs of multiplication put in."""

    def sign(match: re.Match) -> str:
        left, left_number = piece[: match.start()], False
        right, right_number = piece[match.end() :], False
        if not left and before:
            left, left_number = before
        if not right and after:
            right, right_number = after
        if right_number or right[:1].isdigit() or left.endswith("]"):
            return dialect.times
        if right.startswith(("(", "[", r"\left(")):
            closed = left.endswith(")") and not left_number and dialect.beside == " "
            return "" if closed else dialect.times
        plain = not left_number or re.fullmatch(r"-?[\d.]+", left)
        return dialect.beside if plain else dialect.times

    return re.sub(r"\*", sign, piece)
