"""How names, numbers and formulas are written, as plain text or as LaTeX."""

from __future__ import annotations

import math
import re
import unicodedata
from collections.abc import Sequence
from typing import Any

from admodes.views.signs import ACCENTS, GREEK, MATH_ACCENTS, PROSE, SIGNS

SUPERSCRIPTS = str.maketrans("0123456789-", "⁰¹²³⁴⁵⁶⁷⁸⁹⁻")
SUBSCRIPTS = str.maketrans("0123456789-", "₀₁₂₃₄₅₆₇₈₉₋")
LONGEST_ARRAY = 6
_ALL_DIGITS = 16
"""Decimals of an exponent form that tell every two floats apart."""


def scalar_text(x: Any, digits: int | None) -> str:
    """A number rounded to `digits` decimals (None: none lost), without zeros at its end. Below 10⁻⁴
    and from 10¹⁶ on they stand before a power of ten; one of which they would leave nothing has
    `digits` + 1 digits instead.

    >>> [scalar_text(x, 6) for x in (0.8 * 0.8, 1 / 3, 2.0, 1.5e-7)]
    ['0.64', '0.333333', '2', '1.5e-07']
    """
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
        mantissa, _, exponent = f"{x:.{digits}e}".partition("e")
        return f"{_trimmed(mantissa)}e{exponent}" if digits < _ALL_DIGITS else shortest
    fewest = abs(x) < 0.5 * 10.0**-digits
    return _trimmed(f"{x:.{digits + 1}g}" if fewest else f"{x:.{digits}f}")


def _trimmed(text: str) -> str:
    """A number without the zeros at the end of its decimals."""
    return text.rstrip("0").rstrip(".") if "." in text else text


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

    def application(self, inputs: Sequence[Any], outputs: Sequence[Any]) -> str:
        """The value of the function at its inputs, a vector where it has several outputs.

        >>> Text(3).application([2.0, 1.0], [7.6713, 2.7311])
        'f(2, 1) = (7.671, 2.731)'
        """
        point, value = (self.number(list(xs))[1:-1] for xs in (inputs, outputs))
        return f"f({point}) = {value if len(outputs) == 1 else f'({value})'}"

    def applied(self, formula: str) -> str:
        """A formula as a factor: a function whose argument has no brackets at its end gets them,
        so that what stands beside it is not in it."""
        return re.sub(r"(?<=[a-z]{2}) (\S+)$", r"(\1)", formula)

    def shape(self, shape: Sequence[int]) -> str:
        """A shape as Python writes it."""
        return str(tuple(shape))

    def variable(self, name: str) -> str:
        """A name; a negative index, as Griewank's numbering has, stands below: v₋₁."""
        return re.sub(r"(?<=[^\W\d_])-\d+$", lambda m: m[0].translate(SUBSCRIPTS), name)

    def word(self, text: str) -> str:
        """A word that is no variable, such as the name of an operation."""
        return text.replace("_", " ")

    def dot(self, name: str) -> str:
        """The tangent of a name: ẋ1, and d(loss) where one letter alone would have the dot."""
        return f"d({name})" if _LONG.match(name) else self._marked("\u0307", name)

    def bar(self, name: str) -> str:
        """The adjoint of a name: x̄1, and adj(loss) where one letter alone would have the bar."""
        return f"adj({name})" if _LONG.match(name) else self._marked("\u0304", name)

    def _marked(self, accent: str, name: str) -> str:
        name = self.variable(name)
        return name[:1] + accent + name[1:]

    def derivative(self, top: str, bottom: str) -> str:
        return f"∂{self.variable(top)}/∂{self.variable(bottom)}"

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
        return self.variable(name)

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


class Csv(Text):
    """Plain text that a program reads: names as they are in the data, accents always after the
    first letter."""

    def variable(self, name: str) -> str:
        return name

    def dot(self, name: str) -> str:
        return self._marked("\u0307", name)

    def bar(self, name: str) -> str:
        return self._marked("\u0304", name)


_ENTRY = re.compile(r"(.*\w)\[([\d,]+)\]")
"""An entry of an array, as W1[1,2]."""

_LONG = re.compile(r"[^\W\d_]{2}")
"""A name of more than one letter before its index."""


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
        entry = re.fullmatch(_ENTRY, name)
        if entry:
            return self._entry(self.variable(entry[1]), entry[2])
        match = re.fullmatch(r"([^\W\d_]+)_?(-?\d+)?(?:_(\w+))?", name)
        if not match:
            return rf"\mathit{{{_letters(name)}}}"
        stem, index, rest = match.groups()
        letter, *marks = list(unicodedata.normalize("NFD", stem))
        if len(marks) == 1 and marks[0] in MATH_ACCENTS and letter.isascii():
            stem = rf"\{MATH_ACCENTS[marks[0]]}{{{letter}}}"
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

    def _entry(self, whole: str, place: str) -> str:
        """An entry of an array: W_{1,2}, and (W_{1})_{1,2} where that has an index of its own."""
        return f"({whole})_{{{place}}}" if "_{" in whole else f"{whole}_{{{place}}}"

    def _accent(self, accent: str, name: str) -> str:
        entry = re.fullmatch(_ENTRY, name)
        if entry:
            return self._entry(self._accent(accent, entry[1]), entry[2])
        stem, sign, below = self.variable(name).partition("_{")
        whole = "overline" if accent == "bar" and _LONG.match(name) else accent
        return rf"\{whole}{{{stem}}}{sign}{below}"

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

    def applied(self, formula: str) -> str:
        return re.sub(r"(?<=\\)([a-z]{2,}) ([^\\ {}]+(?:_\{[^{}]*\})?)$", _in_brackets, formula)

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


class Formulas(Latex):
    """Formulas in LaTeX, for a page that shows mathematics; prose is as it is, with formulas in it
    between \\( and \\)."""

    def plain(self, text: str, formulas: bool = True) -> str:
        return text


def dialect_of(format: str, digits: int | None = 6, times: str = "", between: str = "") -> Text:
    """How formulas are written in a format: as LaTeX for "latex", and for "html" and MATHEMATICS,
    whose renderers make mathematics of it, as plain text for the others. times: the sign between
    numbers, between: that between names, where they are not the usual."""
    return DIALECTS.get(format, Text)(digits, times, between)


MATHEMATICS = "markdown+math"
"""Markdown with formulas between dollar signs."""

DIALECTS = {"latex": Latex, "html": Formulas, MATHEMATICS: Formulas, "csv": Csv}


class Escaped(str):
    """Prose that is LaTeX already."""


_TOKEN = r"[A-Za-z][\u0300-\u036f]|--|[^A-Za-z0-9 ]"


def _prose(match: re.Match) -> str:
    sign = match.group()
    if sign in PROSE or sign.isascii():
        return PROSE.get(sign, sign)
    letter, *marks = list(unicodedata.normalize("NFD", sign))
    if letter.isascii() and len(marks) == 1 and marks[0] in ACCENTS:
        return rf"\{ACCENTS[marks[0]]}{{{letter}}}"
    return " ".join(rf"\texttt{{U+{ord(c):04X}}}" for c in sign)


def _in_formula(match: re.Match) -> str:
    sign = match.group()
    if sign in SIGNS:
        return f"{SIGNS[sign]}{{}}" if SIGNS[sign].startswith("\\") else SIGNS[sign]
    return sign if sign in "<>" else rf"\text{{{_prose(match)}}}"


def _in_mark(match: re.Match) -> str:
    sign, raised = match.groups()
    if sign:
        return f"{sign}{{({_letters(raised)})}}"
    return rf"\mathrm{{{match[0]}}}" if match[0].isalpha() else _letters(match[0])


def _letters(name: str) -> str:
    """A name, or a part of it, in a formula."""
    return re.sub(r"[\\&%$#{}~^]|[^\x00-\x7f]", _in_formula, name).replace("_", r"\_")


def _in_brackets(match: re.Match) -> str:
    return rf"{match[1]}\left({match[2]}\right)"


def _scientific(match: re.Match) -> str:
    mantissa, sign, exponent = match.groups()
    return rf"{mantissa} \times 10^{{{'-' if sign == '-' else ''}{exponent}}}"
