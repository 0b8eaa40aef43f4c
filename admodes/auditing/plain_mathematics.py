"""Mathematics as a document writes it, in LaTeX or with the signs of Unicode, as plain text of one
line, in the way of the text tables.

HTML and MathML are LaTeX already when they come here (`read_html`). There is one reading for plain
text and for formulas, since students mix both: what is no command stands for itself.
"""

from __future__ import annotations

import functools
import re
import unicodedata

from admodes.auditing.plain_forms import (
    Piece,
    atomic,
    exponent,
    fraction,
    index,
    joined,
    marked,
    plain_name,
    with_brackets,
)
from admodes.expression.signs import DIGITS, LATEX, LATEX_FUNCTIONS, LATEX_SPACES

LONGEST_CELL = 10_000
"""Characters of a cell up to which mathematics is looked for in it."""

_DEEPEST = 40
"""Groups inside each other up to which a formula is read."""

_RAISED = "⁰¹²³⁴⁵⁶⁷⁸⁹⁻⁺ⁿˣᵀ′″"
_LOWERED = "₀₁₂₃₄₅₆₇₈₉"
_LETTER = rf"(?:[^\W\d_{_RAISED}{_LOWERED}½⅓⅔¼¾][\u0300-\u036f]*)"
_TOKEN = re.compile(
    rf"\\[A-Za-z]+\*?|\\.|\s+|\*\*|__+|[{_RAISED}]+"
    rf"|{_LETTER}+(?:_?[\d{_LOWERED}]+)?(?:_{_LETTER}+\d*)*(?:₋[{_LOWERED}]+|(?<=\d)[db](?!\w))?"
    r"|(?:\d+(?:[.,]\d+)*|\.\d+)(?:[eE][+-]?\d+)?|.",
    re.DOTALL,
)
_MINUS = dict.fromkeys(map(ord, "−–—‐‑‒﹣－"), "-")
_SAME = {**_MINUS, **dict.fromkeys(map(ord, "·⋅∙∗•"), "×"), **dict.fromkeys(map(ord, "∕⁄"), "/")}
_SAME |= {ord("∞"): "inf", ord("√"): "√", ord("µ"): "μ", ord("⊤"): "ᵀ", ord("'"): "′"}
_SIGNS = LATEX | {
    "partial": "∂", "nabla": "∇", "cdot": "×", "ast": "×", "infty": "inf", "pm": "±", "mp": "∓",
    "approx": "≈", "sim": "∼", "simeq": "≈", "cong": "≈", "equiv": "≡", "to": "→",
    "rightarrow": "→",
    "mapsto": "→", "gets": "←", "leftarrow": "←", "Rightarrow": "⇒", "implies": "⇒", "iff": "⇔",
    "sum": "∑", "prod": "∏", "int": "∫", "in": "∈", "circ": "∘", "otimes": "⊗", "oplus": "⊕",
    "land": "∧", "wedge": "∧", "lor": "∨", "vee": "∨", "lnot": "¬", "neg": "¬", "lceil": "⌈",
    "rceil": "⌉", "langle": "⟨", "rangle": "⟩", "ldots": "…", "dots": "…", "cdots": "…",
    "textellipsis": "…", "lvert": "|", "rvert": "|", "lVert": "‖", "rVert": "‖", "prime": "′",
    "top": "ᵀ", "intercal": "ᵀ", "ell": "ℓ", "degree": "°", "textdegree": "°", "surd": "√",
    "textasciicircum": "^", "textbackslash": "\\", "lbrack": "[", "rbrack": "]", "colon": ":",
    "textunderscore": "_", "textminus": "-", "textendash": "-", "textemdash": "-", "slash": "/",
}  # fmt: skip
_ACCENTS = {
    "bar": "\u0304", "overline": "\u0304", "dot": "\u0307", "hat": "\u0302", "widehat": "\u0302",
    "tilde": "\u0303", "widetilde": "\u0303", "vec": "\u20d7", "ddot": "\u0308",
}  # fmt: skip

_FRACTIONS = ("frac", "dfrac", "tfrac", "cfrac", "nicefrac", "sfrac", "over")
_ROOTS = {"2": "√", "3": "∛"}
_NOTHING = {
    *("left", "right", "middle", "displaystyle", "textstyle", "scriptstyle", "limits", "nolimits"),
    *("hline", "toprule", "midrule", "bottomrule", "centering", "raggedright", "notag", "nonumber"),
    *("big", "Big", "bigg", "Bigg", "bigl", "bigr", "Bigl", "Bigr", "biggl", "biggr", "Biggl"),
    *("Biggr", "bf", "it", "rm", "bfseries", "itshape", "small", "footnotesize", "scriptsize"),
    *("large", "normalsize", "relax", "endhead", "endfirsthead", "endfoot", "protect"),
    *("arraybackslash", "allowbreak", "cr"),
}  # fmt: skip
_DROPPED = {
    *("label", "phantom", "hphantom", "vphantom", "hspace", "vspace", "color", "cellcolor"),
    *("rowcolor", "footnote", "tag", "cline", "cmidrule", "textcolor", "rule", "mathchoice"),
}
"""Commands whose first argument is no part of the mathematics."""

_RELATIONS = set("=×≈≡≤≥≠<>→←⇒⇔∼±∓∈∘⊗⊕⊙÷∧∨@") | {"+", "-"}
_OPENING, _CLOSING = "([⌊⌈⟨", ")]⌋⌉⟩"


class _TooDeepError(Exception):
    """Groups inside each other beyond the deepest."""


@functools.lru_cache(maxsize=4096)
def plain_text(written: str) -> str:
    """A cell as plain text of one line, as the text tables have it.

    Minus signs of all kinds are "-", signs of a product "×"; a power of ten behind a number is an
    exponent, a percentage a number. Of a cell that is too long, or whose brackets are too deep, the
    text is what is written, in one line.

    >>> plain_text(r"$\\bar{v}_{1} = \\frac{\\partial v_2}{\\partial v_1} \\cdot 2{,}5 = −5$")
    'v̄1 = ∂v2/∂v1 × 2,5 = -5'
    >>> plain_text("x_{1}^{2}"), plain_text("e^{2 x_2}"), plain_text(r"1.5 \\times 10^{-7}")
    ('x1²', 'e^(2 x2)', '1.5e-07')
    """
    line = " ".join(written.split())
    if len(line) > LONGEST_CELL:
        return line
    text = unicodedata.normalize("NFC", line).translate(_SAME)
    text = re.sub(r"[^\x00-\x7f]", _apart, text)
    text = re.sub(r"(?<=\d)\{([.,])\}(?=\d)", r"\1", text)
    text = re.sub(r"(?<=\d)(?:\\,|[\u2009\u202f]|′)(?=\d{3}(?!\d))", "", text)
    text = re.sub(r"(?<=\d)\.$", "", text)
    try:
        text = joined(_Reader(text).whole())
    except _TooDeepError:
        return line
    text = re.sub(r"\((\w[\u0300-\u036f]?\w*)\)(?=\[[\w,]+\])", r"\1", text)  # (W1)[1,2]
    return _percent(_scientific(text)).strip()


def _apart(match: re.Match[str]) -> str:
    """A letter with a bar, dot, hat or tilde as the letter and the accent, as text tables have."""
    parts = unicodedata.normalize("NFD", match[0])
    marked = len(parts) == 2 and parts[1] in "\u0302\u0303\u0304\u0307" and parts[0].isalpha()
    return parts if marked else match[0]


def _scientific(text: str) -> str:
    """1.5 × 10⁻⁷ as 1.5e-07, where it is one number: at the end, or beyond what is printed without
    an exponent."""

    def number(match: re.Match[str]) -> str:
        exponent = int((match[2] or match[3]).translate(DIGITS).strip("()"))
        alone = match[1] or re.search("(?:^|= )-?$", text[: match.start()])
        one = match.end() == len(text) or not 0 <= exponent < 16
        return f"{match[1] or 1}e{exponent:+03d}" if one and alone else match[0]

    text = re.sub(r"(?<![\w.])(\d+(?:\.\d+)?) e ([-+]) (\d\d+)(?!\w)", r"\1e\2\3", text)
    raised = r"([⁻⁺]?[⁰¹²³⁴⁵⁶⁷⁸⁹]{1,4})|\^(-?\d{1,4}|\(-?\d{1,4}\))"
    return re.sub(rf"(?<![\w.])(?:(\d+(?:[.,]\d+)?) × )?10(?:{raised})(?!\w)", number, text)


def _percent(text: str) -> str:
    """14.1 % as 0.141: the same number with the same digits."""
    from decimal import Decimal

    def number(match: re.Match[str]) -> str:
        return format(Decimal(match[1].replace(",", ".")).scaleb(-2), "f")

    return re.sub(r"(?<![\w.,])(\d{1,12}(?:[.,]\d{1,20})?) ?%(?!\w)", number, text)


class _Reader:
    """Reads a formula from left to right."""

    def __init__(self, text: str) -> None:
        self.tokens: list[str] = _TOKEN.findall(text)
        self.at = 0
        self.depth = 0

    def whole(self) -> list[Piece]:
        """All of it; a closing brace that closes nothing is passed over."""
        pieces = self.row()
        while self.at < len(self.tokens):
            self.at += 1
            pieces += self.row()
        return pieces

    def peek(self) -> str:
        return self.tokens[self.at] if self.at < len(self.tokens) else ""

    def skip_space(self) -> None:
        while self.peek().isspace():
            self.at += 1

    def row(self, *ends: str) -> list[Piece]:
        """The pieces up to a token that ends them, which stays."""
        self.depth += 1
        if self.depth > _DEEPEST:
            raise _TooDeepError
        pieces: list[Piece] = []
        stops = {"", "}", "\\end", *ends}
        while self.peek() not in stops:
            pieces.append(self.scripted())
        self.depth -= 1
        return with_brackets(pieces)

    def scripted(self) -> Piece:
        """One piece with what stands below and above it."""
        base = self.piece()
        if base.kind not in ("operand", "function", "close", "tight"):
            return base
        below = above = ""
        while self.peek() in ("_", "^", "**", "′") or self.peek()[:1] in tuple(_RAISED):
            sign = self.peek()
            self.at += 1
            if sign == "_":
                below += self.argument()
            elif sign in ("^", "**"):
                above += exponent(self.argument())
            else:
                above += sign
        text = index(base.text, below) + above
        kind = "operand" if base.kind == "fraction" else base.kind
        return Piece(text, kind)

    def argument(self) -> str:
        """What a command, an index or a power takes: a group, or one number, name, call or sign
        with what it stands before."""
        self.skip_space()
        token = self.peek()
        if token in ("", "}"):
            return ""
        if token == "(":
            return self.bracket()
        self.depth += 1
        if self.depth > _DEEPEST:
            raise _TooDeepError
        piece = self.piece()
        text = "-" + self.argument() if piece.text == "-" else piece.text
        self.depth -= 1
        return text

    def bracket(self) -> str:
        """A bracket with what is in it."""
        self.at += 1
        inside = joined(self.row(")"))
        if self.peek() == ")":
            self.at += 1
        return f"({inside})"

    def group(self) -> str:
        """What stands between braces, or one token."""
        self.skip_space()
        if self.peek() != "{":
            return self.argument()
        self.at += 1
        inside = joined(self.row())
        if self.peek() == "}":
            self.at += 1
        return inside

    def digit(self) -> str:
        """As group, but of a number its first digit, as \\frac12 has it."""
        self.skip_space()
        token = self.peek()
        if token[:1].isdigit() and len(token) > 1:
            self.tokens[self.at] = token[1:]
            return token[0]
        return self.group()

    def optional(self) -> str | None:
        """What stands in square brackets, if anything does."""
        if self.peek() != "[":
            return None
        self.at += 1
        inside = joined(self.row("]"))
        self.at += 1
        return inside

    def piece(self) -> Piece:
        token = self.peek()
        if token == "{":
            return self.grouped()
        self.at += 1
        if token.isspace() or token == "~":
            return Piece(" ", "space")
        if token.startswith("\\") and len(token) > 1:
            return self.command(token[1:])
        if token == "√" or token == "∛":
            return Piece(token + atomic(self.argument()), "operand")
        if token in _OPENING or token in _CLOSING:
            return Piece(token, "open" if token in _OPENING else "close")
        if token in (",", ";"):
            return Piece(token, "comma")
        if token in ("$", "&"):
            return Piece("", "operand")
        if token in _RELATIONS or token == "*":
            return Piece("×" if token == "*" else token, "operator")
        if token[0].isalnum() or token[0] == "_":
            return Piece(plain_name(token), "operand")
        return Piece(token, "prefix" if token in "∂∇" else "sign")

    def grouped(self) -> Piece:
        text = self.group()
        return Piece(text, "prefix" if text in ("∂", "∇") else "operand")

    def command(self, name: str) -> Piece:
        bare = name.rstrip("*")
        if name in LATEX_SPACES or name in ("enspace", "thinspace", "\\", "newline", "hfill"):
            return Piece(" ", "sign" if name == "!" else "space")
        if name in ("(", ")", "[", "]") or bare in _NOTHING:
            if name in ("left", "right") and self.peek() == ".":
                self.at += 1
            return Piece("", "sign")
        if bare in _DROPPED:
            self.optional()
            self.group()
            return Piece("", "sign")
        if bare in _FRACTIONS:
            return Piece(fraction(self.digit(), self.digit()), "fraction")
        if bare == "sqrt":
            return Piece(self.root(), "operand")
        if bare in _ACCENTS:
            return Piece(marked(self.group(), _ACCENTS[bare]), "operand")
        if bare == "begin":
            return Piece(self.matrix(), "operand")
        if bare == "operatorname":
            return Piece(self.group(), "function")
        if name in LATEX_FUNCTIONS:
            return Piece(name, "function")
        if bare in ("mathrm", "textrm"):
            text = self.group()
            return Piece(text, "tight" if text in ("d", "b") else "operand")
        if name in _SIGNS:
            return self.sign(_SIGNS[name])
        if not name[0].isalpha():
            return Piece(name, "sign")
        if self.peek() == "{":
            return self.grouped()  # a style, or a command that is not known
        return Piece(bare, "operand")

    def sign(self, sign: str) -> Piece:
        if sign in ("{", "}"):
            return Piece(sign, "open" if sign == "{" else "close")
        if sign in tuple(_RAISED) or sign in ("′", "°"):
            return Piece(sign, "tight")
        if len(sign) == 1 and (sign in _OPENING or sign in _CLOSING):
            return Piece(sign, "open" if sign in _OPENING else "close")
        if sign.translate(_SAME) in _RELATIONS:
            return Piece(sign.translate(_SAME), "operator")
        if sign in ("∂", "∇"):
            return Piece(sign, "prefix")
        return Piece(sign, "operand" if sign.isalpha() else "sign")

    def root(self) -> str:
        degree = self.optional()
        text = self.digit()
        if degree is None or degree in _ROOTS:
            return _ROOTS[degree or "2"] + atomic(text)
        return f"{atomic(text)}^(1 / {degree})"

    def matrix(self) -> str:
        """The entries of an environment, as an array: [[1, 2], [3, 4]], and [1, 2] of a vector."""
        self.group()
        if self.peek() == "{":
            self.group()
        lines: list[list[str]] = [[]]
        while self.peek() not in ("", "}"):
            lines[-1].append(joined(self.row("&", "\\\\")))
            token = self.peek()
            if token == "\\\\":
                lines.append([])
            if token not in ("&", "\\\\"):
                break
            self.at += 1
        if self.peek() == "\\end":
            self.at += 1
            self.group()
        rows = [line for line in lines if any(line)]
        if len(rows) == 1 or all(len(row) == 1 for row in rows):
            return f"[{', '.join(entry for row in rows for entry in row)}]"
        return f"[{', '.join('[' + ', '.join(row) + ']' for row in rows)}]"
