"""The forms of plain mathematics: pieces of a formula in one line, with the blanks and brackets
that text tables have; fractions, powers, indices and accents."""

from __future__ import annotations

import re
from typing import NamedTuple

from admodes.views.dialects import SUBSCRIPTS, SUPERSCRIPTS

_LOWERED = "₀₁₂₃₄₅₆₇₈₉"
_MARKED = re.compile(r"[^\W\d_]")

_WHOLE = {"\u0304": "adj({})", "\u0307": "d({})"}
"""How a name of several letters is marked, as in text tables."""

_LONG = re.compile(r"[^\W\d_]{2}")


class Piece(NamedTuple):
    """kind: "operand", "function", "tight" (an operand that is one word with what stands beside
    it), "prefix" (∂), "fraction", "operator", "minus" of a number, "open", "close", "comma",
    "space" or "sign", which stands as it is."""

    text: str
    kind: str


def joined(pieces: list[Piece]) -> str:
    """The pieces in one line: blanks around operators, none around a minus sign of a number, and
    one between operands."""
    text, before, gap = "", Piece("", "open"), False
    last = max((k for k, piece in enumerate(pieces) if piece.kind != "space"), default=-1)
    for k, piece in enumerate(pieces):
        if piece.kind == "space":
            gap = True
        elif piece.text:
            if piece.text in ("+", "-"):
                unary = before.kind in ("open", "operator", "comma", "minus") or k == last
                following = next((p.text for p in pieces[k + 1 :] if p.kind != "space"), "")
                hyphen = not gap and _LONG.match(following) and _LONG.match(text[-2:])
                piece = Piece(piece.text, "minus" if unary else "sign" if hyphen else "operator")
            text += " " * _parted(before, piece, gap and text != "") + piece.text
            before, gap = piece, False
    return text


def _parted(before: Piece, piece: Piece, gap: bool) -> bool:
    """Whether a blank stands between two pieces; gap: whether the document has one there."""
    kinds = (before.kind, piece.kind)
    if not before.text or before.kind in ("minus", "prefix"):
        return False
    if "operator" in kinds or before.kind == "comma":
        return True
    if before.kind == "open" or piece.kind in ("close", "comma"):
        return False
    if piece.text.startswith("(") and before.kind == "function":
        return False
    if piece.kind == "open":
        return gap
    if "tight" in kinds or "sign" in kinds:
        return gap
    if before.kind == "close":
        return gap or piece.kind == "function"
    return True


def with_brackets(pieces: list[Piece]) -> list[Piece]:
    """The pieces with brackets around fractions that are factors of what stands beside them."""
    seen = [k for k, piece in enumerate(pieces) if piece.kind != "space" and piece.text]
    factors = ("operand", "function", "fraction", "tight", "prefix")
    result = list(pieces)
    for place, k in enumerate(seen):
        if pieces[k].kind == "fraction":
            left = pieces[seen[place - 1]] if place else _NONE
            right = pieces[seen[place + 1]] if place + 1 < len(seen) else _NONE
            beside = left.kind in (*factors, "close") or right.kind in (*factors, "open")
            beside = beside or "×" in (left.text, right.text)
            text = pieces[k].text
            result[k] = Piece(f"({text})" if beside and " / " in text else text, "operand")
    return result


_NONE = Piece("", "space")


_SIMPLE = re.compile(r"[^\W_][\w.₋\u0300-\u036f]*|[(\[][^()\[\]]*[)\]]")


def atomic(text: str) -> str:
    """A formula in brackets, unless it is a number, a name or in brackets already."""
    return text if _SIMPLE.fullmatch(text) else f"({text})"


def _is_derivative(above: str, below: str) -> bool:
    """Whether a fraction is a derivative or its sign, such as dy/dx and ∂/∂x."""
    return any(above.startswith(d) and below.startswith(d) for d in "∂d") and len(below) > 1


def fraction(above: str, below: str) -> str:
    if _is_derivative(above, below):
        return re.sub(r"(?<!\w)([∂d]) ", r"\1", f"{above}/{below}")
    top = f"({above})" if re.search(r" [-+] ", above) else above
    return f"{top} / {atomic(below)}"


def exponent(text: str) -> str:
    if re.fullmatch(r"-?\d+|\(-\d+\)", text):
        return text.strip("()").translate(SUPERSCRIPTS)
    if text in ("T", "ᵀ", "⊤"):
        return "ᵀ"
    if set(text) <= {"′", "×"}:
        return text.replace("×", "*")
    return f"^{atomic(text)}"


def index(base: str, below: str) -> str:
    """A name with an index: v2, v₋₁, W[1,2], x_in."""
    if not below:
        return base
    if re.fullmatch(r"[^\W\d](?: [^\W\d])+", below):
        below = below.replace(" ", "")  # MathML has the letters of a word one by one
    if re.fullmatch(r"-\d+", below):
        return base + below.translate(SUBSCRIPTS)
    if re.fullmatch(r"\w+(?:, ?\w+)+", below):
        name = re.fullmatch(r"\((\w[\u0300-\u036f]?\w*)\)", base)
        first, *rest = re.split(", ?", below)
        if first.isdigit() and not rest[0].isdigit():
            return f"{base}{first}_{'_'.join(rest)}"
        return f"{name[1] if name else base}[{','.join((first, *rest))}]"
    if below.isdigit() and not base[-1:].isdigit():
        return base + below
    return f"{base}_{below}" if re.fullmatch(r"\w+|\(.*\)", below) else f"{base}_({below})"


def plain_name(token: str) -> str:
    """v_2 and v₂ as v2; numbers as they are."""
    if token[0].isdigit():
        return token
    lowered = str.maketrans(_LOWERED, "0123456789")
    head, minus, tail = token.partition("₋")
    return re.sub(r"(?<=[^\W\d])_(?=\d)", "", head.translate(lowered)) + minus + tail


def marked(text: str, accent: str) -> str:
    """A name with an accent: v̄2; adj(loss) where one letter alone would have it."""
    if accent in _WHOLE and _LONG.match(text):
        return _WHOLE[accent].format(text)
    return _MARKED.sub(lambda m: m[0] + accent, text, count=1)
