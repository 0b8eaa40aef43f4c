"""Names, numbers and formulas as plain text and as LaTeX."""

from __future__ import annotations

import math
import re
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


def scalar_text(x: Any, digits: int | None) -> str:
    """A number with at most `digits` decimals (None: all). One that needs fewer is exact and is
    printed with what it needs (0.5, 2); one that was rounded has all its decimals (0.141120)."""
    if isinstance(x, bool):
        return str(x)
    x = float(x)
    if not math.isfinite(x):
        return str(x)
    if x == int(x) and abs(x) < 1e16:
        return str(int(x))
    shortest = repr(x)
    if digits is None or ("e" not in shortest and len(shortest.partition(".")[2]) <= digits):
        return shortest
    if abs(x) >= 1e16 or abs(x) < 10.0**-digits:
        return f"{x:.{digits}e}"
    return f"{x:.{digits}f}"


class Text:
    """Plain text with Unicode signs."""

    name = "text"
    times = " × "
    thin = "\u00a0"
    """Between factors that a folded line keeps together."""

    def __init__(self, digits: int | None = 6) -> None:
        self.digits = digits

    def number(self, x: Any) -> str:
        if isinstance(x, (list, tuple)):
            shown = [self.number(v) for v in x]
            if len(shown) > LONGEST_ARRAY:
                shown = [*shown[:3], "…", shown[-1]]
            return f"[{', '.join(shown)}]"
        if isinstance(x, str):
            return x
        return "none" if x is None else scalar_text(x, self.digits)

    def variable(self, name: str) -> str:
        return name

    def dot(self, name: str) -> str:
        return name[0] + "\u0307" + name[1:]

    def bar(self, name: str) -> str:
        return name[0] + "\u0304" + name[1:]

    def derivative(self, top: str, bottom: str) -> str:
        return f"∂{top}/∂{bottom}"

    def power(self, base: str, exponent: str, whole: bool) -> str:
        return base + (exponent.translate(SUPERSCRIPTS) if whole else f"^{exponent}")

    def bracket(self, text: str) -> str:
        return f"({text})"

    def contribution(self, text: str) -> str:
        return f"[{text}]".replace(" ", self.thin)

    def plain(self, text: str) -> str:
        return text

    def math(self, text: str) -> str:
        return text


class Latex(Text):
    """LaTeX mathematics, to stand between dollar signs."""

    name = "latex"
    times = r" \times "
    thin = r"\, "

    def number(self, x: Any) -> str:
        text = super().number(x).replace("…", r"\dots")
        text = re.sub(r"(-?[\d.]+)e([+-])0*(\d+)", _scientific, text)
        return {"nan": r"\mathrm{nan}", "inf": r"\infty", "-inf": r"-\infty"}.get(text, text)

    def variable(self, name: str) -> str:
        match = re.fullmatch(r"([^\W\d_]+)_?(-?\d+)?(?:_(\w+))?", name)
        if not match:
            return rf"\mathit{{{name}}}".replace("_", r"\_")
        stem, index, rest = match.groups()
        if stem in GREEK:
            stem = f"\\{GREEK[stem]}"
        elif len(stem) > 1:
            stem = rf"\mathit{{{stem}}}"
        below = ",".join(s.replace("_", r"\_") for s in (index, rest) if s)
        return f"{stem}_{{{below}}}" if below else stem

    def dot(self, name: str) -> str:
        return self._accent("dot", name)

    def bar(self, name: str) -> str:
        return self._accent("bar", name)

    def _accent(self, accent: str, name: str) -> str:
        stem, sign, below = self.variable(name).partition("_{")
        return rf"\{accent}{{{stem}}}{sign}{below}"

    def derivative(self, top: str, bottom: str) -> str:
        return rf"\frac{{\partial {self.variable(top)}}}{{\partial {self.variable(bottom)}}}"

    def power(self, base: str, exponent: str, whole: bool) -> str:
        return f"{base}^{{{exponent}}}"

    def bracket(self, text: str) -> str:
        return rf"\left({text}\right)"

    def contribution(self, text: str) -> str:
        return rf"\left[{text}\right]"

    def plain(self, text: str) -> str:
        signs = {"½": r"$\frac12$", "√": r"$\sqrt{\cdot}$", "∞": r"$\infty$", "±": r"$\pm$"}
        signs |= {"∛": r"$\sqrt[3]{\cdot}$", "≥": r"$\ge$", "≤": r"$\le$", "≠": r"$\ne$"}
        signs |= {"|·|": r"$|\cdot|$", "·": r"$\cdot$", "×": r"$\times$", "σ": r"$\sigma$"}
        signs |= {"%": r"\%", "&": r"\&", "#": r"\#", "_": r"\_", "^": r"\^{}", "<": "$<$"}
        signs |= {">": "$>$"}
        pattern = "|".join(map(re.escape, sorted(signs, key=len, reverse=True)))
        return re.sub(pattern, lambda m: signs[m.group()], text)

    def math(self, text: str) -> str:
        return f"${text}$"


def _scientific(match: re.Match) -> str:
    mantissa, sign, exponent = match.groups()
    return rf"{mantissa} \times 10^{{{'-' if sign == '-' else ''}{exponent}}}"


def fill(form: str, atoms: Sequence[tuple[str, bool]], dialect: Text) -> str:
    """A template with its arguments put in.

    atoms are (printed, is it a number); negative numbers get brackets unless the template has
    some. `*` becomes a space between names and the sign × where a number follows.
    """
    form = form.replace("⟦*⟧", ", ".join(f"⟦{i}⟧" for i in range(len(atoms))))
    pieces = re.split(r"(⟦\d+⟧)", form)
    out = ""
    for k, piece in enumerate(pieces):
        match = re.fullmatch(r"⟦(\d+)⟧", piece)
        if not match:
            out += piece
            continue
        text, numeric = atoms[int(match.group(1))]
        after = pieces[k + 1] if k + 1 < len(pieces) else ""
        raised = k > 0 and pieces[k - 1] == "^"
        if raised and dialect.name == "text" and re.fullmatch(r"-?\d+", text):
            out = dialect.power(out[:-1], text, True)
            continue
        wrapped = out.endswith(("(", "{")) and after.startswith((")", r"\right)", "}"))
        if numeric and text.startswith("-") and not wrapped:
            text = dialect.bracket(text)
            if re.search(r"[^\W\d_] $", out) and dialect.name == "text":
                out = out[:-1]
        out += text
    return _multiply(out, dialect)


def _multiply(text: str, dialect: Text) -> str:
    def sign(match: re.Match) -> str:
        before, after = match.group(1), match.group(2)
        negative_number = re.match(r"(\\left)?\(-[\d.]+(\\right)?\)", text[match.end() :])
        if before == ")" and after == "(" and not negative_number:
            return ""
        if after.isdigit() or after in "([" or before == "]" or negative_number:
            return dialect.times
        return " "

    return re.sub(r"(?<=(.))\*(?=(.))", sign, text)
