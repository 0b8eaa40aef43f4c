"""Elements of a page as LaTeX: MathML, and the elements for what is raised or lowered."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

_ACCENTS = {
    "¯": "bar", "‾": "bar", "―": "bar", "_": "bar", "\u0304": "bar", "\u0305": "bar",
    "ˉ": "bar", "-": "bar", "−": "bar", "˙": "dot", ".": "dot", "\u0307": "dot",
    "^": "hat", "ˆ": "hat", "\u0302": "hat", "~": "tilde", "˜": "tilde", "\u0303": "tilde",
    "→": "vec", "⃗": "vec", "¨": "ddot",
}  # fmt: skip
_ESCAPED = {"{": r"\{", "}": r"\}", "_": r"\_", "%": r"\%", "&": r"\&", "#": r"\#", "$": r"\$"}
_ESCAPED |= {"\\": r"\backslash ", "^": r"\textasciicircum ", "~": r"\sim "}
_TOKENS = {"mi", "mn", "mo", "mtext", "ms"}
_INVISIBLE = dict.fromkeys(map(ord, "\u2061\u2062\u2063\u2064\u200b"))


def token_latex(tag: str, text: str, attributes: Mapping[str, str]) -> str:
    """The text inside an element: of MathML with what LaTeX would take for a command escaped, else
    as it is, since a script may typeset LaTeX in it."""
    if tag not in _TOKENS:
        return text if not tag.startswith("m") or tag in ("main", "mark") else text.strip()
    text = " ".join(text.translate(_INVISIBLE).split())
    return "".join(_ESCAPED.get(c, c) for c in text)


def latex_of_element(tag: str, parts: Sequence[str], attributes: Mapping[str, str]) -> str:
    """An element from the LaTeX of its children, without those of blanks alone where MathML counts
    them."""
    if tag in _TWO or tag in ("mroot", "msubsup", "munderover", "mfrac"):
        children = [part for part in parts if part.strip()]
        children += ["{}"] * (3 - len(children))
        return _scripted(tag, children)
    inside = "".join(parts)
    if tag == "mi":
        return _identifier(inside, attributes)
    if tag == "mn" or tag == "mtext" or tag == "ms":
        return f"{{{inside}}}" if inside.strip() else inside
    if tag == "mo":
        return inside if inside not in ("{", "}") else f"\\{inside}"
    if tag == "msqrt":
        return rf"\sqrt{{{inside}}}"
    if tag in ("sub", "sup"):
        return f"{'_' if tag == 'sub' else '^'}{{{inside}}}"
    if tag == "mfenced":
        marks = (attributes.get("open", "("), attributes.get("close", ")"))
        return marks[0] + ",".join(part for part in parts if part.strip()) + marks[1]
    if tag == "mtd":
        return f"{inside}&"
    if tag == "mtr":
        return inside.removesuffix("&") + r"\\"
    if tag == "mtable":
        return rf"\begin{{matrix}}{inside}\end{{matrix}}"
    if tag in ("del", "s", "strike", "mphantom"):
        return ""
    return f"{{{inside}}}" if tag == "mrow" else inside


_TWO = {"msub", "msup", "mover", "munder"}


def _identifier(name: str, attributes: Mapping[str, str]) -> str:
    if attributes.get("mathvariant") == "normal" and len(name) == 1:
        return rf"\mathrm{{{name}}}"
    return rf"\operatorname{{{name}}}" if re.fullmatch("[A-Za-z]{2,}", name) else f"{{{name}}}"


def _scripted(tag: str, children: Sequence[str]) -> str:
    base, first, second = children[:3]
    if tag == "mfrac":
        return rf"\frac{{{base}}}{{{first}}}"
    if tag == "mroot":
        return rf"\sqrt[{first}]{{{base}}}"
    if tag == "mover":
        accent = _ACCENTS.get(re.sub(r"[{}\\ ]|textasciicircum|sim$", _bare, first))
        return rf"\{accent}{{{base}}}" if accent else f"{{{base}}}^{{{first}}}"
    if tag in ("msubsup", "munderover"):
        return f"{{{base}}}_{{{first}}}^{{{second}}}"
    return f"{{{base}}}{'_' if tag in ('msub', 'munder') else '^'}{{{first}}}"


def _bare(match: re.Match[str]) -> str:
    return {"textasciicircum": "^", "sim": "~"}.get(match[0], "")
