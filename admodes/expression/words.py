"""What a name is: a variable, a constant, or a function, under which of its spellings; and what was
meant by one that is none of these.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from typing import Any

from admodes.errors import nearest
from admodes.expression.signs import LATEX_FUNCTIONS
from admodes.views.dialects import GREEK

LETTERS = {name: letter for letter, name in GREEK.items()}

SYNONYMS = {
    "arsinh": "asinh", "arcosh": "acosh", "artanh": "atanh", "tg": "tan", "arctg": "atan",
    "sgn": "sign", "ctg": "cot", "cotan": "cot", "cosec": "csc", "ψ": "digamma",
    "ψ1": "trigamma", "loggamma": "gammaln", "ceiling": "ceil", "Max": "max", "Min": "min",
    "Abs": "abs", "piecewise": "where",
}  # fmt: skip
"""Other names of functions, as books and sympy print them."""

OTHER_WORDS = {
    "lg": "log10(x)",
    "arccot": "pi/2 - atan(x), or atan(1/x) in books that let it jump at 0",
    "arcctg": "pi/2 - atan(x), or atan(1/x) in books that let it jump at 0",
    "arcsec": "acos(1/x)",
    "arccsc": "asin(1/x)",
    "sech": "1/cosh(x)",
    "csch": "1/sinh(x)",
    "coth": "1/tanh(x)",
    "factorial": "exp(gammaln(x + 1))",
    "root": "sqrt(x), cbrt(x) or x^(1/n)",
}
"""What to write for functions that are not known."""

_LOGARITHM = re.compile(r"log_?(\d+|[A-Za-z])")
"""A logarithm to some base, as in log_3."""


class Words:
    """The names that an expression may use. declared are inputs, defined are those of definitions
    anywhere in the text."""

    def __init__(
        self, declared: Collection[str], functions: Mapping[str, Any], constants: Collection[str]
    ) -> None:
        self.declared = declared
        self.defined: set[str] = set()
        self.functions = functions
        self.constants = constants

    def is_chosen(self, name: str) -> bool:
        """Whether the user has said that this is a variable."""
        return name in self.declared or name in self.defined

    def is_variable(self, name: str) -> bool:
        return self.is_chosen(name) or name in self.constants

    def is_function(self, name: str) -> bool:
        return name in self.functions

    def is_bare(self, name: str) -> bool:
        """Whether this is a function that may stand before its argument without brackets."""
        function = self.functions.get(name)
        plain = function is not None and function.elementwise and name.isascii()
        return plain and not self.is_variable(name)

    def names_a_function(self, name: str) -> bool:
        """Whether books use this word for a function, which need not be known here."""
        word = name in self.functions or name in OTHER_WORDS or name in LATEX_FUNCTIONS
        plain = name.isascii() and not self.is_variable(name)
        return plain and (word or _LOGARITHM.fullmatch(name) is not None)

    def resolve(self, name: str, called: bool) -> str:
        """name, or another spelling of it that is known where this one is not: x_1 and x1 are one,
        and so are alpha and α."""
        if self.is_variable(name):
            return name
        others = list(_spellings(name))
        chosen = [n for n in others if self.is_chosen(n)]
        if chosen or name in self.functions:
            return chosen[0] if chosen else name
        known = [n for n in others if n in self.functions and (called or "_" in name)]
        known += [n for n in others if n in self.constants]
        return known[0] if known else name

    def suggest(self, name: str) -> str:
        """What to write for a function that is not known."""
        if name in OTHER_WORDS:
            return f": write {OTHER_WORDS[name]}"
        if _LOGARITHM.fullmatch(name):
            return ": a logarithm to base b is ln(x)/ln(b)"
        parts = self.split(name)
        if parts and self.is_function(parts[-1]):
            return f": for a product write {'*'.join(parts)}(…)"
        found = nearest(name, self.functions)
        return f": did you mean {found}?" if found else " (admodes ops lists the functions)"

    def split(self, name: str) -> list[str]:
        """The known names and the numbers that stand side by side in a name, as x and y in xy, or
        none where there is something else in it.

        >>> Words({"x", "y1"}, {}, {}).split("xy1"), Words({"x"}, {}, {}).split("xz")
        (['x', 'y1'], [])
        """
        ways: list[list[str] | None] = [[], *[None] * len(name)]
        for end in range(1, len(name) + 1):
            for start in range(end):
                part, before = name[start:end], ways[start]
                number = part.isdecimal() and start > 0
                if before is None or not (
                    number or self.is_variable(part) or self.is_function(part)
                ):
                    continue
                best = ways[end]
                if best is None or len(before) + 1 < len(best):
                    ways[end] = [*before, part]
        found = ways[-1] or []
        return found if len(found) > 1 else []

    def apart(self, name: str) -> str:
        """name with what stands side by side in it written apart, as a hint, or ''."""
        parts = self.split(name)
        if not any(map(self.is_chosen, parts)):
            return ""
        written = ""
        for part, after in zip(parts, [*parts[1:], ""], strict=True):
            sign = "" if not written or written.endswith("(") else "*"
            inner = self.is_function(part) and not self.is_variable(part)
            written += sign + part + ("(" if inner and after else "")
        return written + ")" * written.count("(")


def _spellings(name: str) -> Iterator[str]:
    match = re.fullmatch(r"([^\W\d_]+)(_?)(\w*)", name)
    if match:
        stem, _, index = match.groups()
        stems = [stem, LETTERS.get(stem, GREEK.get(stem, stem))]
        for s in stems:
            yield s + index
            if index:
                yield f"{s}_{index}"
