"""How names, numbers and formulas are written, as plain text or as LaTeX; `fill` puts them into the
printed form of an operation.
"""

from __future__ import annotations

import math
import re
import unicodedata
from collections.abc import Sequence
from typing import Any

SUPERSCRIPTS = str.maketrans("0123456789-", "⁰¹²³⁴⁵⁶⁷⁸⁹⁻")
GREEK = {
    "α": "alpha", "β": "beta", "γ": "gamma", "δ": "delta", "ε": "epsilon", "ζ": "zeta",
    "η": "eta", "θ": "theta", "ι": "iota", "κ": "kappa", "λ": "lambda", "μ": "mu", "ν": "nu",
    "ξ": "xi", "π": "pi", "ρ": "rho", "σ": "sigma", "τ": "tau", "υ": "upsilon", "φ": "phi",
    "χ": "chi", "ψ": "psi", "ω": "omega", "Γ": "Gamma", "Δ": "Delta", "Θ": "Theta",
    "Λ": "Lambda", "Ξ": "Xi", "Π": "Pi", "Σ": "Sigma", "Φ": "Phi", "Ψ": "Psi", "Ω": "Omega",
}  # fmt: skip
LONGEST_ARRAY = 6
_ALL_DIGITS = 16
"""Decimals of an exponent form that tell every two floats apart."""

_SIGNS = {
    "∂": r"\partial", "√": r"\surd", "∛": r"\sqrt[3]{}", "½": r"\frac12", "≥": r"\ge",
    "≤": r"\le", "≠": r"\ne", "≈": r"\approx", "±": r"\pm", "×": r"\times", "·": r"\cdot",
    "÷": r"\div", "−": "-", "→": r"\to", "←": r"\gets", "⇒": r"\Rightarrow", "′": "'",
    "∞": r"\infty", "∧": r"\land", "∨": r"\lor", "¬": r"\lnot", "⌊": r"\lfloor",
    "⌋": r"\rfloor", "⌈": r"\lceil", "⌉": r"\rceil", "∑": r"\sum", "∏": r"\prod",
    "‖": r"\Vert", "⊙": r"\odot", "ᵀ": r"^{\top}",
    "∇": r"\nabla", "∈": r"\in", "°": r"^\circ", "µ": r"\mu", "<": "<", ">": ">",
    "ⁿ": "^n", "⁺": "^+", "⁻": "^-", "₋": "_-",
    **{sign: f"^{n}" for n, sign in enumerate("⁰¹²³⁴⁵⁶⁷⁸⁹")},
    **{sign: f"_{n}" for n, sign in enumerate("₀₁₂₃₄₅₆₇₈₉")},
    **{letter: f"\\{name}" for letter, name in GREEK.items()},
}  # fmt: skip
_PROSE = {
    **{sign: rf"\ensuremath{{{formula}}}" for sign, formula in _SIGNS.items()},
    **{sign: f"\\{sign}" for sign in "&%$#_{}"},
    "\\": r"\textbackslash{}", "~": r"\textasciitilde{}", "^": r"\textasciicircum{}",
    "--": "-{}-", "–": "--", "—": "---", "…": r"\dots{}", "“": "``", "”": "''", "‘": "`",
    "’": "'", "\u00a0": "~", "⚠": r"\textbf{!}", "ß": r"\ss{}", "æ": r"\ae{}", "ø": r"\o{}",
    "ł": r"\l{}", "Æ": r"\AE{}", "Ø": r"\O{}", "Ł": r"\L{}",
}  # fmt: skip
_ACCENTS = {
    "\u0300": "`", "\u0301": "'", "\u0302": "^", "\u0303": "~", "\u0304": "=", "\u0306": "u",
    "\u0307": ".", "\u0308": '"', "\u030a": "r", "\u030b": "H", "\u030c": "v", "\u0327": "c",
    "\u0328": "k",
}  # fmt: skip
_MATH_ACCENTS = {
    "\u0302": "hat", "\u0303": "tilde", "\u0304": "bar", "\u0307": "dot", "\u0308": "ddot",
}  # fmt: skip


def scalar_text(x: Any, digits: int | None) -> str:
    """A number with at most `digits` decimals (None: all). One that needs fewer is exact and is
    printed with what it needs (0.5, 2); one that was rounded has all its decimals (0.141120)."""
    if isinstance(x, bool):
        return str(x)
    if isinstance(x, complex):
        sign = "-" if x.imag < 0 else "+"
        return f"{scalar_text(x.real, digits)} {sign} {scalar_text(abs(x.imag), digits)}i"
    x = float(x)
    if not math.isfinite(x):
        return str(x)
    if x == int(x) and abs(x) < 1e16:
        return str(int(x))
    shortest = repr(x)
    if digits is None or ("e" not in shortest and len(shortest.partition(".")[2]) <= digits):
        return shortest
    if abs(x) >= 1e16 or abs(x) < 1e-4:
        return f"{x:.{digits}e}" if digits < _ALL_DIGITS else shortest
    if abs(x) < 0.5 * 10.0**-digits:
        return f"{x:#.{digits + 1}g}"
    return f"{x:.{digits}f}"


class Text:
    """Plain text with Unicode signs."""

    name = "text"
    times = " × "
    thin = "\u00a0"
    """Between factors that a folded line keeps together."""

    beside = " "
    """Between factors that are names."""

    dots = "…"

    def __init__(self, digits: int | None = 6, times: str = "", between: str = "") -> None:
        self.digits = digits
        if times:
            self.times = f" {times} "
        if between:
            self.beside = f" {between} "

    def number(self, x: Any) -> str:
        x = x.tolist() if hasattr(x, "tolist") else x
        if isinstance(x, (list, tuple)):
            shown = [self.number(v) for v in x]
            if len(shown) > LONGEST_ARRAY:
                shown = [*shown[:3], "…", shown[-1]]
            return f"[{', '.join(shown)}]"
        if isinstance(x, str):
            return x
        return "none" if x is None else scalar_text(x, self.digits)

    def array(self, x: Any, full: bool = False) -> str:
        """An array or a nested list of numbers; of one with many entries the first ones, unless
        full."""
        rank, size = _extent(x)
        if rank == 0:
            return self.number(x.item() if hasattr(x, "item") else x)
        whole = full or size <= LONGEST_ARRAY
        shown = [self.array(v, full) for v in (x if whole else x[: 3 if rank == 1 else 1])]
        return f"[{', '.join(shown if whole else [*shown, self.dots])}]"

    def shape(self, shape: Sequence[int]) -> str:
        """A shape as Python writes it."""
        return str(tuple(shape))

    def variable(self, name: str) -> str:
        return name

    def word(self, text: str) -> str:
        """A word that is no variable, such as the name of an operation."""
        return text.replace("_", " ")

    def dot(self, name: str) -> str:
        return name[0] + "\u0307" + name[1:]

    def bar(self, name: str) -> str:
        return name[0] + "\u0304" + name[1:]

    def derivative(self, top: str, bottom: str) -> str:
        return f"∂{top}/∂{bottom}"

    def marked(self, mark: str, name: str, direction: str) -> str:
        """A derivative of a row: mark is "dot", "bar", or a text with {v} for the row and {d} for
        the direction.

        >>> Text().marked("{v}^(1)", "v3", "x1"), Latex().marked("∂{v}/∂{d}", "v3", "x1")
        ('v3^(1)', '\\\\frac{\\\\partial v_{3}}{\\\\partial x_{1}}')
        """
        if mark in ("dot", "bar"):
            return self.dot(name) if mark == "dot" else self.bar(name)
        names = {"{v}": name, "{d}": direction}
        quotient = re.fullmatch(r"∂(\{[vd]\})/∂(\{[vd]\})", mark)
        if quotient:
            return self.derivative(names[quotient[1]], names[quotient[2]])
        parts = re.split(r"(\{[vd]\})", mark)
        return "".join(self.base(names[p]) if p in names else self.sign(p) for p in parts)

    def base(self, name: str) -> str:
        """A name to which signs are put."""
        return name

    def sign(self, text: str) -> str:
        """What a mark puts to a name."""
        return text

    def power(self, base: str, exponent: str, whole: bool) -> str:
        return base + (exponent.translate(SUPERSCRIPTS) if whole else f"^{exponent}")

    def bracket(self, text: str) -> str:
        return f"({text})"

    def kept(self, text: str) -> str:
        """Text that stays in one line."""
        return text.replace(" ", self.thin)

    def contribution(self, text: str) -> str:
        return self.kept(f"[{text}]")

    def plain(self, text: str, formulas: bool = True) -> str:
        return text

    def math(self, text: str) -> str:
        return text


def _extent(x: Any) -> tuple[int, int]:
    """The number of axes and of entries."""
    if hasattr(x, "ndim"):
        return x.ndim, x.size
    if not isinstance(x, (list, tuple)):
        return 0, 1
    inside = [_extent(v) for v in x]
    return 1 + max((rank for rank, _ in inside), default=0), sum(size for _, size in inside)


class Latex(Text):
    """LaTeX mathematics, to stand between dollar signs."""

    name = "latex"
    times = r" \times "
    thin = r"\, "
    dots = r"\dots"

    def number(self, x: Any) -> str:
        text = super().number(x).replace("…", r"\dots")
        text = re.sub(r"([\d.]+)e([+-])0*(\d+)", _scientific, text)
        return re.sub(r"\bnan\b", r"\\mathrm{nan}", re.sub(r"\binf\b", r"\\infty", text))

    def variable(self, name: str) -> str:
        match = re.fullmatch(r"([^\W\d_]+)_?(-?\d+)?(?:_(\w+))?", name)
        if not match:
            return rf"\mathit{{{_letters(name)}}}"
        stem, index, rest = match.groups()
        letter, *marks = list(unicodedata.normalize("NFD", stem))
        if len(marks) == 1 and marks[0] in _MATH_ACCENTS and letter.isascii():
            stem = rf"\{_MATH_ACCENTS[marks[0]]}{{{letter}}}"
        elif stem in GREEK:
            stem = f"\\{GREEK[stem]}"
        else:
            stem = rf"\mathit{{{_letters(stem)}}}" if len(stem) > 1 else _letters(stem)
        below = ",".join(map(_letters, filter(None, (index, rest))))
        return f"{stem}_{{{below}}}" if below else stem

    def word(self, text: str) -> str:
        return rf"\text{{{self.plain(super().word(text))}}}"

    def dot(self, name: str) -> str:
        return self._accent("dot", name)

    def bar(self, name: str) -> str:
        return self._accent("bar", name)

    def _accent(self, accent: str, name: str) -> str:
        stem, sign, below = self.variable(name).partition("_{")
        return rf"\{accent}{{{stem}}}{sign}{below}"

    def base(self, name: str) -> str:
        return f"{{{self.variable(name)}}}"

    def sign(self, text: str) -> str:
        return re.sub(r"([_^])\(([^()]*)\)|[A-Za-z]+|.", _in_mark, text)

    def derivative(self, top: str, bottom: str) -> str:
        return rf"\frac{{\partial {self.variable(top)}}}{{\partial {self.variable(bottom)}}}"

    def power(self, base: str, exponent: str, whole: bool) -> str:
        return f"{base}^{{{exponent}}}"

    def bracket(self, text: str) -> str:
        return rf"\left({text}\right)"

    def kept(self, text: str) -> str:
        return text

    def contribution(self, text: str) -> str:
        return rf"\left[{text}\right]"

    def plain(self, text: str, formulas: bool = True) -> str:
        """Prose; what math() made of a formula in it stays one, unless all of it is the user's."""
        if isinstance(text, Escaped):
            return text
        text = unicodedata.normalize("NFC", text)
        parts = re.split(r"\\\((.*?)\\\)", text) if formulas else [text]
        parts[::2] = [re.sub(_TOKEN, _prose, part) for part in parts[::2]]
        parts[1::2] = [f"${self.ascii(part)}$" for part in parts[1::2]]
        return Escaped(re.sub(r"^(?=[\[*])", "{}", "".join(parts)))

    def math(self, text: str) -> str:
        return rf"\({text}\)"

    def ascii(self, text: str) -> str:
        """A formula whose signs pdflatex knows."""
        return re.sub(r"[^\x00-\x7f]", _in_formula, text)


def dialect_of(format: str, digits: int | None = 6, times: str = "", between: str = "") -> Text:
    """How formulas are written in a format: as LaTeX for "latex", as plain text for the others.
    times: the sign between numbers, between: that between names, where they are not the usual."""
    dialect = Latex if format == "latex" else Text
    return dialect(digits, times, between)


class Escaped(str):
    """Prose that is LaTeX already."""


_TOKEN = r"[A-Za-z][\u0300-\u036f]|--|[^A-Za-z0-9 ]"


def _prose(match: re.Match) -> str:
    sign = match.group()
    if sign in _PROSE or sign.isascii():
        return _PROSE.get(sign, sign)
    letter, *marks = list(unicodedata.normalize("NFD", sign))
    if letter.isascii() and len(marks) == 1 and marks[0] in _ACCENTS:
        return rf"\{_ACCENTS[marks[0]]}{{{letter}}}"
    return " ".join(rf"\texttt{{U+{ord(c):04X}}}" for c in sign)


def _in_formula(match: re.Match) -> str:
    sign = match.group()
    if sign in _SIGNS:
        return f"{_SIGNS[sign]}{{}}" if _SIGNS[sign].startswith("\\") else _SIGNS[sign]
    return sign if sign in "<>" else rf"\text{{{_prose(match)}}}"


def _in_mark(match: re.Match) -> str:
    sign, raised = match.groups()
    if sign:
        return f"{sign}{{({_letters(raised)})}}"
    return rf"\mathrm{{{match[0]}}}" if match[0].isalpha() else _letters(match[0])


def _letters(name: str) -> str:
    """A name, or a part of it, in a formula."""
    return re.sub(r"[\\&%$#{}~^]|[^\x00-\x7f]", _in_formula, name).replace("_", r"\_")


def _scientific(match: re.Match) -> str:
    mantissa, sign, exponent = match.groups()
    return rf"{mantissa} \times 10^{{{'-' if sign == '-' else ''}{exponent}}}"


_RAISED = tuple("^⁰¹²³⁴⁵⁶⁷⁸⁹⁻")
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
