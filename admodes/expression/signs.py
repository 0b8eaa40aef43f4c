"""The signs of mathematics that an expression may hold, in Unicode and as LaTeX commands, each with
the plain sign or name that it means; and what to write in place of those that mean nothing here.
"""

from __future__ import annotations

import keyword

from admodes.views.dialects import GREEK

DIGITS = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹⁻⁺₀₁₂₃₄₅₆₇₈₉", "0123456789-+0123456789")
"""Raised and lowered digits as plain ones."""

FRACTIONS = {"½": (1, 2), "⅓": (1, 3), "⅔": (2, 3), "¼": (1, 4), "¾": (3, 4), "⅕": (1, 5),
             "⅙": (1, 6), "⅛": (1, 8), "⅜": (3, 8), "⅝": (5, 8), "⅞": (7, 8)}  # fmt: skip

ROOTS = {"√": "sqrt", "∛": "cbrt"}
TRANSPOSED = "ᵀ⊤"
RAISED_LETTERS = {"ⁿ": "n", "ˣ": "x", "ᵏ": "k", "ᵐ": "m", "ʸ": "y"}

SAME = {"^": "**", "≤": "<=", "≥": ">=", "≠": "!=", "⊙": "*", "×": "*", "‖": "||", "∞": "inf"}
SAME |= {"⌊": "floor(", "⌋": ")", "⌈": "ceil(", "⌉": ")", "{": "(", "}": ")"}
SAME |= dict.fromkeys("·⋅∙", "·") | dict.fromkeys("−–", "-") | dict.fromkeys("÷∕⁄", "/")
"""Signs that mean the same as plain ones."""

CLOSED_BY = {"(": ")", "{": "}", "[": "]", "⌊": "⌋", "⌈": "⌉"}

COMPARE = {"<", "<=", ">", ">=", "==", "!="}
PLAIN = {"+", "-", "*", "/", "**", "·", "@", ",", ";", "=", "||", "|"}

LATEX = {
    **{name: letter for letter, name in GREEK.items()},
    **dict.fromkeys(("varepsilon", "epsilon"), "ε"), "varphi": "φ", "vartheta": "θ",
    "cdot": "·", "times": "×", "div": "÷", "odot": "⊙", "ast": "*", "infty": "∞",
    "le": "≤", "leq": "≤", "ge": "≥", "geq": "≥", "ne": "≠", "neq": "≠", "lt": "<", "gt": ">",
    "lfloor": "⌊", "rfloor": "⌋", "lceil": "⌈", "rceil": "⌉", "top": "T", "{": "{", "}": "}",
    "lbrace": "{", "rbrace": "}", "Vert": "‖", "|": "‖", "vert": "|", "mid": "|", "bmod": "mod",
}  # fmt: skip
"""LaTeX commands for signs and letters."""

FENCES = {"lvert": "abs(", "rvert": ")", "lVert": "norm(", "rVert": ")"}
"""LaTeX commands that say whether a bar opens or closes."""

LATEX_FUNCTIONS = {
    *("sin", "cos", "tan", "cot", "sec", "csc", "sinh", "cosh", "tanh", "coth"),
    *("arcsin", "arccos", "arctan", "exp", "ln", "log", "lg", "max", "min", "arg", "det"),
}

LATEX_SPACES = {",", ";", ":", "!", " ", "quad", "qquad", "displaystyle", "limits"}
LATEX_FRACTIONS = {"frac", "dfrac", "tfrac"}
LATEX_WORDS = {"mathrm", "operatorname", "text", "mathit", "mathbf", "mathsf", "boldsymbol"}

AND = "conditions cannot be joined: nest where(a > 0, where(b > 0, …, …), …)"
REFUSED = {
    "//": "// is not an operation here: write floor(a/b)",
    "%": "% is not an operation here: write a - b*floor(a/b)",
    ".": "attribute access is not allowed: expressions know names, numbers and functions only",
    "...": "'...' has no meaning here: write the whole expression",
    ":=": "':=' is not allowed: write a definition (a = sin(x1); y = ln(x1 + a))",
    "->": "'->' has no meaning here: delete it",
    "!": "factorials are not known here",
    "&": AND,
    "±": "± stands for two values: write each as an expression of its own",
    "∂": "derivatives are not written here: admodes computes them",
    "∫": "integrals are not known here",
    "∑": "write a sum of the entries of x as sum(x), other sums term by term",
    "\\": "this backslash begins no LaTeX command that is known here",
    "#": "comments are not allowed in expressions",
    "$": "the character $ (U+0024) has no meaning here: delete it",
}
REFUSED |= dict.fromkeys("\"'`“”‘’", "strings are not allowed: expressions hold numbers only")

KEYWORDS = {
    "and": AND,
    "if": "write where(condition, a, b) instead of a if condition else b",
    "lambda": "functions are not defined here; for the Greek letter write λ",
}
KEYWORDS |= {"or": AND, "not": AND, "else": KEYWORDS["if"]}
KEYWORDS |= dict.fromkeys(
    set(keyword.kwlist) - KEYWORDS.keys(), "this word of Python has no meaning in an expression"
)
MODULES = {"np", "numpy", "math", "ad", "admodes", "torch", "jnp"}
