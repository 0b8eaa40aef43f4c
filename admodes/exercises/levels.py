"""What each level practises: its ideas, and the forms of functions in which they occur. A form has
letters a, b and c in braces for whole numbers that are drawn; an expression is one output.
"""

from __future__ import annotations

from dataclasses import dataclass

MODES = ("forward", "reverse", "both")


@dataclass(frozen=True)
class Form:
    """Functions of one shape. outputs: expressions with places for numbers; matrix: the same in
    vectors and matrices, where it comes from them, as text and in LaTeX; wide: whether it has too
    many inputs for a forward sweep of each."""

    outputs: tuple[str, ...]
    matrix: tuple[str, str] | None = None
    wide: bool = False


@dataclass(frozen=True)
class Idea:
    """Something that a level is about, and the forms in which it occurs."""

    name: str
    forms: tuple[Form, ...]


def _idea(name: str, *forms: str | tuple[str, ...]) -> Idea:
    return Idea(name, tuple(Form((f,) if isinstance(f, str) else f) for f in forms))


_CHAIN = (
    _idea("chain of two", "{a}*(x1 + {b})", "({a}*x1 - {b})**2", "{a}*x1**2", "(x1 + {b})**3"),
    _idea("powers", "{a}*x1**3 - {b}", "({a}*x1 - {b})**3", "{b} - {a}*x1**2"),
    _idea("chain of three", "{a}*(x1 - {b})**2", "({a}*x1 + {b})**2 - {c}", "{a}*(x1 + {b})**3"),
    _idea("power of a power", "(x1**2 - {b})**2", "{a}*(x1**2 - {b})**2", "(x1**2 - {b})**3"),
    _idea("root", "sqrt({a}*x1 + {b})", "sqrt(x1**2 + {b})", "{c}*sqrt({a}*x1 + {b})"),
)

_PRODUCT = (
    _idea("product rule", "(x1 + {b})*(x2 - {c})", "{a}*x1*(x2 + {b})", "x1**2*(x2 - {b})"),
    _idea("sum rule", "{a}*x1 + x2**2", "{a}*x1**2 - {b}*x2", "(x1 - {a}*x2)**2"),
    _idea("reused input", "x1*x2 + {a}*x1", "x1**2 + x1*x2", "x1*(x1 + {a}*x2)", "x1*x2 - x2**2"),
    _idea("reused result", "a = x1*x2; a**2 + {a}*a", "a = x1 + {a}*x2; a*x1 - a", "a = x1 - x2; "
          "a**2*x2 + a"),
    _idea("square of a product", "(x1*x2 - {b})**2", "{a}*(x1*x2)**2", "x1*(x2 - {b})**2"),
)  # fmt: skip

_SEVERAL = (
    _idea("several inputs", "x1*x2 + {a}*x3", "x1*x2*x3", "(x1 + x2)*(x3 - {b})", "x1*(x2 - x3)"),
    _idea("several outputs", ("x1*x2", "x1 + {a}*x2"), ("x1**2 - x2", "{a}*x1*x2"),
          ("x1*x2 + {b}", "(x1 - x2)**2")),
    _idea("shared result", ("a = x1*x2; a + {b}*x1", "a**2"), ("a = x1 + x2; a**2", "a*x1"),
          ("a = x1 - {a}*x2; a*x2", "a**2 + x1")),
    _idea("output without an input", ("x1*x2", "{a}*x2**2"), ("x1**2 + {b}", "x1*x2 - {c}*x2")),
    _idea("three inputs, two outputs", ("x1*x2 + x3", "x2*x3"), ("x1 + x2*x3", "{a}*x1*x3"),
          ("a = x1*x2; a - x3", "a*x3")),
)  # fmt: skip

_FUNCTIONS = (
    _idea("exponential", "exp(x1 - x2) + x1*x2", "x1*exp(x1*x2 - {b})", "exp({a}*x1 - x2)*x2"),
    _idea("quotient rule", "x1/x2 + {a}*x1", "(x1 + {b})/x2", "(x1 - x2)/(x1 + x2)", "x1/x2**2"),
    _idea("kink", "max(x1, x2)*x1", "abs(x1 - {b})*x2", "relu(x1 - x2) + x1*x2", "min(x1, x2)**2 - "
          "{a}*x1", "relu({a}*x1 - {b}*x2)*x2"),
    _idea("sine and cosine", "sin(x1 - x2) + x1*x2", "x1*cos({a}*x1 - x2)", "x2*sin(x1*x2 - {b})"),
    _idea("logarithm", "ln(x1 - x2) + x1*x2", "x2*ln({a}*x1 - x2)", "x1*ln(x1*x2 - {b})"),
    _idea("sigmoid and tanh", "sigmoid(x1 - x2)*x2", "tanh({a}*x1 - x2) + x2**2", "x1*sigmoid(x1*x2"
          " - {b})"),
    _idea("several branches", "max(x1, x2) + abs(x1 - {b})", "relu(x1)*abs(x2 - {b})",
          "abs(x1)*max(x2, {b})"),
)  # fmt: skip


def _matrix(text: str, latex: str, *outputs: str, wide: bool = False) -> Form:
    return Form(outputs, (text, latex), wide)


_VECTORS = (
    Idea("dot product", (
        _matrix("y = wᵀ x, w = (w1, w2), x = (x1, x2)",
                r"y = w^T x,\; w = (w_{1}, w_{2}),\; x = (x_{1}, x_{2})",
                "w1*x1 + w2*x2", wide=True),
        _matrix("y = (aᵀ x)², a = ({a}, {b}), x = (x1, x2)",
                r"y = (a^T x)^2,\; a = ({a}, {b}),\; x = (x_{1}, x_{2})",
                "({a}*x1 + {b}*x2)**2"),
    )),
    Idea("matrix times vector", (
        _matrix("y = A x, A = [[{a}, {b}], [{c}, 1]], x = (x1, x2)",
                r"y = A x,\; A = \begin{pmatrix} {a} & {b} \\ {c} & 1 \end{pmatrix},\; "
                r"x = (x_{1}, x_{2})",
                "{a}*x1 + {b}*x2", "{c}*x1 + x2"),
        _matrix("y = A x - b, A = [[{a}, 1], [1, {b}]], b = ({c}, {a}), x = (x1, x2)",
                r"y = A x - b,\; A = \begin{pmatrix} {a} & 1 \\ 1 & {b} \end{pmatrix},\; "
                r"b = ({c}, {a}),\; x = (x_{1}, x_{2})",
                "{a}*x1 + x2 - {c}", "x1 + {b}*x2 - {a}"),
    )),
    Idea("squared norm", (
        _matrix("y = ‖x - s‖², s = ({a}, {b}), x = (x1, x2)",
                r"y = \|x - s\|^2,\; s = ({a}, {b}),\; x = (x_{1}, x_{2})",
                "(x1 - {a})**2 + (x2 - {b})**2"),
        _matrix("y = ½ ‖A x‖², A = [[{a}, 1], [0, {b}]], x = (x1, x2)",
                r"y = \frac{1}{2} \|A x\|^2,\; A = \begin{pmatrix} {a} & 1 \\ 0 & {b} "
                r"\end{pmatrix},\; x = (x_{1}, x_{2})",
                "0.5*(({a}*x1 + x2)**2 + ({b}*x2)**2)"),
    )),
    Idea("quadratic form", (
        _matrix("y = xᵀ A x, A = [[{a}, 1], [1, {b}]], x = (x1, x2)",
                r"y = x^T A x,\; A = \begin{pmatrix} {a} & 1 \\ 1 & {b} \end{pmatrix},\; "
                r"x = (x_{1}, x_{2})",
                "x1*({a}*x1 + x2) + x2*(x1 + {b}*x2)"),
    )),
    Idea("layer with relu", (
        _matrix("y = relu(A x - b), A = [[{a}, 1], [1, -{b}]], b = ({c}, 1), x = (x1, x2)",
                r"y = \mathrm{relu}(A x - b),\; A = \begin{pmatrix} {a} & 1 \\ 1 & -{b} "
                r"\end{pmatrix},\; b = ({c}, 1),\; x = (x_{1}, x_{2})",
                "relu({a}*x1 + x2 - {c})", "relu(x1 - {b}*x2 - 1)"),
        _matrix("y = aᵀ relu(x), a = ({a}, {b}), x = (x1, x2)",
                r"y = a^T \mathrm{relu}(x),\; a = ({a}, {b}),\; x = (x_{1}, x_{2})",
                "{a}*relu(x1) + {b}*relu(x2)"),
    )),
    Idea("weights as inputs", (
        _matrix("y = (W x)₁ (W x)₂, W = [[w11, w12], [w21, w22]], x = ({a}, {b})",
                r"y = (W x)_{1} (W x)_{2},\; W = \begin{pmatrix} w_{11} & w_{12} \\ w_{21} & "
                r"w_{22} \end{pmatrix},\; x = ({a}, {b})",
                "({a}*w11 + {b}*w12)*({a}*w21 + {b}*w22)", wide=True),
        _matrix("y = (wᵀ x - {c})², w = (w1, w2), x = ({a}, {b})",
                r"y = (w^T x - {c})^2,\; w = (w_{1}, w_{2}),\; x = ({a}, {b})",
                "({a}*w1 + {b}*w2 - {c})**2"),
        _matrix("y = (wᵀ x + b - {c})², w = (w1, w2), x = ({a}, {b})",
                r"y = (w^T x + b - {c})^2,\; w = (w_{1}, w_{2}),\; x = ({a}, {b})",
                "({a}*w1 + {b}*w2 + b - {c})**2", wide=True),
    )),
)  # fmt: skip

LEVELS: dict[int, tuple[Idea, ...]] = {
    1: _CHAIN,
    2: _PRODUCT,
    3: _SEVERAL,
    4: _FUNCTIONS,
    5: _VECTORS,
}
"""1: one path, the chain rule. 2: products, sums and reuse. 3: several inputs and outputs. 4:
quotients, functions, kinks and branches. 5: vectors and matrices, by their components."""
