"""Formulas as MathML: LaTeX goes in, as much of it as the dialects and sympy write; elements of a
page come out."""

from __future__ import annotations

import functools
import html
import re

from admodes.views.signs import GREEK

_LETTERS = {name: letter for letter, name in GREEK.items()}
_SIGNS = {
    "partial": "∂", "times": "×", "cdot": "⋅", "infty": "∞", "ge": "≥", "geq": "≥", "le": "≤",
    "leq": "≤", "ne": "≠", "neq": "≠", "land": "∧", "wedge": "∧", "lor": "∨", "vee": "∨",
    "lnot": "¬", "neg": "¬", "oplus": "⊕", "otimes": "⊗", "odot": "⊙", "lfloor": "⌊",
    "rfloor": "⌋", "lceil": "⌈", "rceil": "⌉", "langle": "⟨", "rangle": "⟩", "top": "⊤",
    "dots": "…", "ldots": "…", "cdots": "⋯", "vdots": "⋮", "sum": "∑", "prod": "∏", "int": "∫",
    "Vert": "‖", "|": "‖", "mid": "|", "lvert": "|", "rvert": "|", "to": "→", "rightarrow": "→",
    "gets": "←", "Rightarrow": "⇒", "pm": "±", "mp": "∓", "approx": "≈", "sim": "∼", "in": "∈",
    "nabla": "∇", "surd": "√", "backslash": "\\", "div": "÷", "circ": "∘", "prime": "′",
    "ll": "≪", "gg": "≫", "bmod": "mod", "lbrace": "{", "rbrace": "}", "vert": "|", "ast": "∗",
}  # fmt: skip
_ACCENTS = {"bar": "¯", "dot": "˙", "ddot": "¨", "hat": "^", "tilde": "~", "overline": "¯"}
_WORDS = ("mathit", "mathrm", "operatorname", "text", "mathbf", "texttt", "mathbb", "textbf")
_SPACES = {",": "0.17em", ";": "0.28em", ":": "0.22em", " ": "0.25em", "quad": "1em"}
_THIN = f'<mspace width="{_SPACES[","]}"></mspace>'
_FUNCTION = re.compile(r"(<\w+>)?<mi>\w\w")
"""A function by its name, as x sin y has it: some room parts it from a factor before."""

_NO_FACTOR = ("<mo>", "<mo ", "<mspace")
_TOKEN = re.compile(r"\\[A-Za-z]+\*? ?|\\[^A-Za-z]|\d+(?:\.\d+)?|.", re.DOTALL)
_FENCES = {
    "pmatrix": ("<mo>(</mo>", "<mo>)</mo>"),
    "bmatrix": ("<mo>[</mo>", "<mo>]</mo>"),
    "cases": ("<mo>{</mo>", ""),
}
_TALL = ("<mfrac", "<mtable")
"""What brackets around it grow with; the larger glyph of others would only have more room at its
sides."""

_NEGATIVE = '<mo form="prefix">−</mo>'
_BREAKS = ("=", "+", "−")
"""Signs outside all brackets, after which a line may be broken."""


_BETWEEN = '<mo form="infix" lspace="0.25em" rspace="0"'
"""A sign at the end of a part: the blank before the next one is the room on its right."""


@functools.lru_cache(maxsize=4096)
def mathml(tex: str) -> str:
    """A formula as elements of a page: several where lines may be broken between them.

    >>> mathml("v_{2}^{3}")
    '<math><msubsup><mi>v</mi><mn>2</mn><mn>3</mn></msubsup></math>'
    """
    parts: list[list[str]] = [[]]
    items = _Parser(tex).row()
    breaks = set(map(_sign, _BREAKS))
    for k, item in enumerate(items):
        between = bool(parts[-1]) and k < len(items) - 1
        parts[-1].append(item.replace("<mo", _BETWEEN) if between and item in breaks else item)
        if between and item in breaks:
            parts.append([])
    return " ".join(f"<math>{''.join(part)}</math>" for part in parts)


def _sign(sign: str) -> str:
    return f"<mo>{html.escape(sign, quote=False)}</mo>"


def _fixed(sign: str) -> str:
    """A sign that does not grow with what it encloses."""
    return f'<mo stretchy="false">{html.escape(sign, quote=False)}</mo>'


def _row(items: list[str]) -> str:
    return items[0] if len(items) == 1 else f"<mrow>{''.join(items)}</mrow>"


class _Parser:
    """Reads a formula from left to right."""

    def __init__(self, tex: str) -> None:
        self.tokens = _TOKEN.findall(tex)
        self.at = 0

    def next(self) -> str:
        """The next token without the blank that ends a command, empty at the end."""
        token = self.tokens[self.at] if self.at < len(self.tokens) else ""
        return token.rstrip() or token

    def row(self, *ends: str) -> list[str]:
        """Items up to a token that ends them, which stays."""
        items: list[str] = []
        stops = {"", "}", "\\right", *ends}
        while self.next() not in stops:
            item = self.scripted()
            if items and _FUNCTION.match(item) and not items[-1].startswith(_NO_FACTOR):
                items.append(_THIN)
            if item:
                items.append(item)
        return items

    def scripted(self) -> str:
        """An item with what stands below and above it."""
        base, below, above = self.atom(), "", ""
        while base and self.next() in ("_", "^", "'"):
            sign = self.next()
            self.at += 1
            if sign == "'":
                above += "<mo>′</mo>"
            elif sign == "_":
                below = self.argument()
            else:
                above += self.argument()
        above = f"<mrow>{above}</mrow>" if above.count("<mo>′") > 1 else above
        if below and above:
            return f"<msubsup>{base}{below}{above}</msubsup>"
        if below or above:
            tag = "msub" if below else "msup"
            return f"<{tag}>{base}{below or above}</{tag}>"
        return base

    def argument(self) -> str:
        """What a command takes: a group, or one token; of a number its first digit."""
        token = self.next()
        if token[:1].isdigit() and len(token) > 1:
            self.tokens[self.at] = token[1:]
            return f"<mn>{token[0]}</mn>"
        return (token and self.atom()) or "<mrow></mrow>"

    def group(self) -> str:
        self.at += 1
        items = self.row()
        self.at += 1
        return _row(items)

    def words(self) -> str:
        """What stands between braces, as text."""
        text, depth = "", 0
        while self.next():
            token = self.tokens[self.at]
            self.at += 1
            depth += (token == "{") - (token == "}")
            if depth == 0:
                break
            name = token[1:].strip() if token.startswith("\\") else ""
            if name:
                passing = name in _WORDS or name == "ensuremath"
                text += "" if passing else _LETTERS.get(name) or _SIGNS.get(name, name)
            elif token not in "{}$":
                text += token
        return html.escape(text, quote=False)

    def atom(self) -> str:
        token = self.next()
        if token == "{":
            return self.group()
        self.at += 1
        if token.isspace() or token in ("~", "&"):
            return ""
        if token[0].isdigit():
            return f"<mn>{token}</mn>"
        if token == "[":
            items = self.row("]")
            self.at += 1
            return f"<mrow>{_fixed('[')}{_row(items)}{_fixed(']')}</mrow>"
        if token.startswith("\\"):
            return self.command(token[1:] or " ")
        if token.isalpha():
            return f"<mi>{token}</mi>"
        if token == "-":
            return _NEGATIVE if self.after_comma() else _sign("−")
        return _fixed(token) if token in "()|" else _sign(token)

    def after_comma(self) -> bool:
        """Whether a comma stands before the token that was read, after which a minus is a sign."""
        before = self.tokens[max(self.at - 3, 0) : self.at - 1]
        return "".join(before).rstrip().endswith(",")

    def command(self, name: str) -> str:
        if name in _SPACES:
            return f'<mspace width="{_SPACES[name]}"></mspace>'
        if name in ("frac", "tfrac", "dfrac"):
            return f"<mfrac>{self.argument()}{self.argument()}</mfrac>"
        if name == "sqrt":
            return self.root()
        if name == "left":
            return self.fenced()
        if name == "begin":
            return self.matrix()
        if name in ("limits", "displaystyle", "!"):
            return ""
        if name in _ACCENTS:
            wide = "true" if name == "overline" else "false"
            sign = f'<mo stretchy="{wide}">{_ACCENTS[name]}</mo>'
            return f'<mover accent="true">{self.argument()}{sign}</mover>'
        if name in _WORDS:
            return self.styled(name)
        if name in _LETTERS:
            return f"<mi>{_LETTERS[name]}</mi>"
        if name in _SIGNS:
            return _fixed(_SIGNS[name])
        return self.applied(name) if name.isalpha() else _sign(name)

    def styled(self, name: str) -> str:
        words = self.words()
        if name == "operatorname":
            return self.applied(words)
        if name in ("text", "texttt", "textbf"):
            return f"<mtext>{words}</mtext>"
        if name == "mathit":
            return f'<mi style="font-style: italic">{words}</mi>'
        return f'<mi mathvariant="normal">{words}</mi>'

    def root(self) -> str:
        if self.next() != "[":
            return f"<msqrt>{self.argument()}</msqrt>"
        self.at += 1
        index = _row(self.row("]"))
        self.at += 1
        return f"<mroot>{self.argument()}{index}</mroot>"

    def applied(self, name: str) -> str:
        """The name of a function, with some room to an argument without brackets."""
        rest = (token.strip() for token in self.tokens[self.at :])
        following = next(filter(None, rest), "")
        tight = following in ("", "(", "^", "_", "}", "\\left", "\\right", "{")
        return f"<mi>{name}</mi>" + ("" if tight else _THIN)

    def fenced(self) -> str:
        opening = self.fence()
        items = self.row()
        while self.next() == "}":  # a bracket inside that closes nothing stands for itself
            self.at += 1
            items += [_fixed("}"), *self.row()]
        self.at += 1
        inner = "".join(items)
        bracket = _sign if any(tag in inner for tag in _TALL) else _fixed
        left, right = (bracket(sign) if sign else "" for sign in (opening, self.fence()))
        return f"<mrow>{left}<mrow>{inner}</mrow>{right}</mrow>"

    def fence(self) -> str:
        """A bracket after \\left or \\right, empty where a point stands for none."""
        token = self.next()
        self.at += 1
        name = token[1:]
        sign = _SIGNS.get(name, name) if token.startswith("\\") else token
        return "" if sign == "." else sign

    def matrix(self) -> str:
        """The rows of an environment; pmatrix and cases have their brackets."""
        kind = self.words()
        lines: list[list[str]] = [[]]
        while self.next() and self.next() != "\\end":
            cell = self.row("&", "\\\\", "\\end")
            lines[-1].append(f"<mtd>{''.join(cell)}</mtd>")
            if self.next() == "\\\\":
                lines.append([])
            if self.next() not in ("&", "\\\\"):
                break
            self.at += 1
        self.at += 1
        self.words()
        rows = "".join(f"<mtr>{''.join(line)}</mtr>" for line in lines if line)
        left, right = _FENCES.get(kind, ("", ""))
        return f"<mrow>{left}<mtable>{rows}</mtable>{right}</mrow>"
