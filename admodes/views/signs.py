"""Signs and letters beyond ASCII, and what LaTeX has for them: in formulas, in prose, as
accents."""

from __future__ import annotations

GREEK = {
    "α": "alpha", "β": "beta", "γ": "gamma", "δ": "delta", "ε": "epsilon", "ζ": "zeta",
    "η": "eta", "θ": "theta", "ι": "iota", "κ": "kappa", "λ": "lambda", "μ": "mu", "ν": "nu",
    "ξ": "xi", "π": "pi", "ρ": "rho", "σ": "sigma", "τ": "tau", "υ": "upsilon", "φ": "phi",
    "χ": "chi", "ψ": "psi", "ω": "omega", "Γ": "Gamma", "Δ": "Delta", "Θ": "Theta",
    "Λ": "Lambda", "Ξ": "Xi", "Π": "Pi", "Σ": "Sigma", "Φ": "Phi", "Ψ": "Psi", "Ω": "Omega",
}  # fmt: skip

SIGNS = {
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
PROSE = {
    **{sign: rf"\ensuremath{{{formula}}}" for sign, formula in SIGNS.items()},
    **{sign: f"\\{sign}" for sign in "&%$#_{}"},
    "\\": r"\textbackslash{}", "~": r"\textasciitilde{}", "^": r"\textasciicircum{}",
    "--": "-{}-", "–": "--", "—": "---", "…": r"\dots{}", "“": "``", "”": "''", "‘": "`",
    "’": "'", "\u00a0": "~", "⚠": r"\textbf{!}", "ß": r"\ss{}", "æ": r"\ae{}", "ø": r"\o{}",
    "ł": r"\l{}", "Æ": r"\AE{}", "Ø": r"\O{}", "Ł": r"\L{}",
}  # fmt: skip
ACCENTS = {
    "\u0300": "`", "\u0301": "'", "\u0302": "^", "\u0303": "~", "\u0304": "=", "\u0306": "u",
    "\u0307": ".", "\u0308": '"', "\u030a": "r", "\u030b": "H", "\u030c": "v", "\u0327": "c",
    "\u0328": "k",
}  # fmt: skip
MATH_ACCENTS = {
    "\u0302": "hat", "\u0303": "tilde", "\u0304": "bar", "\u0307": "dot", "\u0308": "ddot",
}  # fmt: skip
