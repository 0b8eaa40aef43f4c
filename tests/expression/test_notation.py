"""Natural notation: how it is read, what can be read in two ways, and what it is worth."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from parsing import error
from seeds import examples

import admodes as ad
from admodes.expression import ExpressionError, parse

NAMES = ["x", "y", "z", "n", "x1", "x2", "α"]
POINT = [1.3, 0.7, -0.4, 3.0, 0.6, 1.1, 0.2]

READ = {
    "2x": "2*x",
    "2 x1 x2": "2*x1*x2",
    "(x+1)(x-1)": "(x + 1)*(x - 1)",
    "sin^2(x)": "sin(x)^2",
    "sin²x + cos^2 x": "sin(x)^2 + cos(x)^2",
    "sin x": "sin(x)",
    "sin 2x cos 3y": "sin(2*x)*cos(3*y)",
    "sin -x": "sin(-x)",
    "sin x^2": "sin(x^2)",
    "sin x * y": "sin(x)*y",
    "ln x": "ln(x)",
    "ln sin x": "ln(sin(x))",
    "ln |x| + 1": "ln(abs(x)) + 1",
    "x sin x": "x*sin(x)",
    "sin x / cos x": "sin(x)/cos(x)",
    "|x|": "abs(x)",
    "|x||y|": "abs(x)*abs(y)",
    "|x| |y|": "abs(x)*abs(y)",
    "||x| - |y||": "abs(abs(x) - abs(y))",
    "max(|x|, |y|)": "max(abs(x), abs(y))",
    "√x": "sqrt(x)",
    "√2 x": "sqrt(2)*x",
    "∛x": "cbrt(x)",
    "x₁": "x1",
    "x_1 + x_{2}": "x1 + x2",
    "e^{2x}": "e^(2*x)",
    "e^x sin x": "e^x*sin(x)",
    "x^2 y": "x^2*y",
    "x²y": "x^2*y",
    "(x+1)^2(x-1)^3": "(x + 1)^2*(x - 1)^3",
    "x(y + 1)": "x*(y + 1)",
    "2π(x + 1)": "2*π*(x + 1)",
    "{x + y}{x - y}": "(x + y)*(x - y)",
    "½x²": "(1/2)*x^2",
    "σ(x)(1 - σ(x))": "σ(x)*(1 - σ(x))",
    "⌊2x⌋ + ⌈x / 2⌉": "floor(2*x) + ceil(x/2)",
    "x mod y": "x mod y",
    "log₂ x": "log2(x)",
    "log_{10} x": "log10(x)",
    "cot x + sec(x) csc x": "cot(x) + sec(x)*csc(x)",
    "piecewise(x > 0, x, -x)": "piecewise(x > 0, x, -x)",
    "xⁿ": "xⁿ",
    "alpha x": "α*x",
    "3x^2 - 2x y + 1": "3*x^2 - 2*x*y + 1",
    r"\frac{x}{y}": "(x/y)",
    r"\frac12 x": "(1/2)*x",
    r"\frac1{x + 1}": "(1/(x + 1))",
    r"\sin^{2}\left(x\right)": "sin(x)^2",
    r"\sigma(x) \cdot \alpha": "σ(x) · α",
    r"\sqrt{x} \times \sqrt[3]{y}": "sqrt(x)*cbrt(y)",
    r"\sqrt[5]{x + 1}": "(x + 1)^(1/5)",
    r"\left|x\right| \, \lvert y \rvert": "abs(x)*abs(y)",
    r"\max\{x, y\}": "max(x, y)",
    r"x_{1} \ln\left(x_2\right)": "x1*ln(x2)",
    r"\mathrm{relu}(x) + \operatorname{relu}\left(y\right)": "relu(x) + relu(y)",
    "a = 2x; y2 = a y": "a = 2*x; y2 = a*y",
    "f(x, y) = x^2 sin y": "f = x^2*sin(y)",
    "(sin x)/x": "sin(x)/x",
    "(sin x)^2": "(sin(x))^2",
    r"\frac{4}{3} \pi x^3": "(4/3)*π*x^3",
    r"\ln\left(\frac{1+x}{1-y}\right)": "ln((1 + x)/(1 - y))",
    "x^2 sin(1/x) + x|x|": "x^2*sin(1/x) + x*abs(x)",
    "(x₁ + x₂)(x₁x₂ + x₁x₂²)": "(x1 + x2)*(x1*x2 + x1*x2^2)",
    "tanh(x₁y + x_2 z + n)": "tanh(x1*y + x2*z + n)",
    "e^{-(x² + y²)/2}": "e^(-(x^2 + y^2)/2)",
    "cosh^2 x - sinh^2 x": "cosh(x)^2 - sinh(x)^2",
    "exp(2*x) + x*sin(y)": "exp(2*x) + x*sin(y)",
    "exp( 2*x )+x*sin(y)": "exp( 2*x )+x*sin(y)",
}


@pytest.mark.parametrize("text", READ)
def test_how_it_is_read(text):
    f = parse(text, inputs=NAMES)
    assert f.read == (READ[text],)
    again = parse(f.read[0], inputs=NAMES)
    assert again(*POINT) == f(*POINT)


def test_values_by_hand():
    import math

    def value(text):
        return parse(text, inputs=NAMES)(*POINT)

    x, y = POINT[:2]
    assert value("2x") == 2 * x
    assert value("sin^2 x") == pytest.approx(math.sin(x) ** 2, rel=1e-15)
    assert value("sin x^2") == pytest.approx(math.sin(x * x), rel=1e-15)
    assert value("e^{2x}y") == pytest.approx(math.exp(2 * x) * y, rel=1e-15)
    assert value("√2 x") == pytest.approx(math.sqrt(2) * x, rel=1e-15)
    assert value(r"\frac{x + 1}{2}y") == pytest.approx((x + 1) / 2 * y, rel=1e-15)
    assert value("||x| - |z||") == pytest.approx(abs(x - 0.4), rel=1e-15)
    assert value("ln Γ(x)") == pytest.approx(math.lgamma(x), rel=1e-12)
    assert value("2 mod y") == pytest.approx(2 % y, rel=1e-15)
    assert value("csc x") == pytest.approx(1 / math.sin(x), rel=1e-15)
    assert value("xⁿ") == pytest.approx(x**3, rel=1e-15)


TWO = {
    "1/2x": ("1/2*x", "1/(2*x)"),
    "1/2 sin x": ("1/2*sin(x)", "1/(2*sin(x))"),
    "x/2y": ("x/2*y", "x/(2*y)"),
    "sin 2x y": ("sin(2*x)*y", "sin(2*x*y)"),
    "sin x y": ("sin(x)*y", "sin(x*y)"),
    "sin x/2": ("sin(x)/2", "sin(x/2)"),
    "ln sin x cos y": ("ln(sin(x))*cos(y)", "ln(sin(x)*cos(y))"),
    "sin^-1(x)": ("asin(x)", "1/sin(x)"),
    "tan⁻¹ x": ("atan(x)", "1/tan(x)"),
    "|x|y|z|": ("abs(x) y abs(z)", "abs(x abs(y) z)"),
    "e^2x": ("e^2*x", "e^(2*x)"),
    "x^2y": ("x^2*y", "x^(2*y)"),
    "e^n(x + 1)": ("e^n*(x + 1)", "e^(n*(x + 1))"),
    "√2x": ("sqrt(2)*x", "sqrt(2*x)"),
    "√x²": ("sqrt(x)^2", "sqrt(x^2)"),
    "cos (x) y": ("cos(x)*y", "cos(x*y)"),
    "e(x)": ("e*x", "e^x"),
    "2e3x": ("2e3*x", "2*e*3*x"),
    "sin 2*x": ("sin(2)*x", "sin(2*x)"),
    "exp -2·x": ("exp(-2) · x", "exp(-2 · x)"),
    "cos (x + 1) y": ("cos(x + 1)*y", "cos((x + 1)*y)"),
    "cos (x + 1)²": ("cos(x + 1)^2", "cos((x + 1)^2)"),
    "Σ x y": ("sum(x)*y", "sum(x*y)"),
    "Σ x*y": ("sum(x)*y", "sum(x*y)"),
    "Σ x/n": ("sum(x)/n", "sum(x/n)"),
    "x mod 2 y": ("x mod 2*y", "x mod (2*y)"),
    "x + y mod 2": ("x + (y mod 2)", "(x + y) mod 2"),
    "n (1 - x + y mod 2)": ("x + (y mod 2)", "(x + y) mod 2"),
}


@pytest.mark.parametrize("text", TWO)
def test_what_has_two_readings_is_an_error_that_shows_both(text):
    reason = error(text, inputs=NAMES).reason
    first, second = TWO[text]
    assert f"read as {first}" in reason
    assert f"or as {second}: write the one that is meant" in reason


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("xy", "did you mean x*y?"),
        ("2xy", "did you mean x*y?"),
        ("x1x2", "did you mean x1*x2?"),
        ("πx", "did you mean π*x?"),
        ("sinx", "did you mean sin(x)?"),
        ("sin2x", "did you mean sin(2*x)?"),
        ("xsin(x)", "for a product write x*sin(…)"),
        ("log_3(x)", "ln(x)/ln(b)"),
        ("arccot(x)", "pi/2 - atan(x)"),
        ("√", "write sqrt(…)"),
        ("√sin x", "sqrt(…)"),
        ("0x10", "write 0*x10"),
        ("|x| + |y", "write abs(…)"),
        ("(x + 1}", "write ')'"),
        (r"\frac{x}", r"write \frac{a}{b}"),
        (r"\frac x y", r"write \frac{a}{b}"),
        (r"\sum x", r"command \sum is not known"),
        (r"\sqrt[n]{x}", "x^(1/3)"),
        ("d/dx x^2", "derivatives are not written here"),
        ("4/3 π x", "4/(3*π)"),
        ("sin x/x", "sin(x/x)"),
        ("2x^2y^3", "x^(2*y)"),
        ("x'", "holds no prime"),
        ("±x", "two values"),
        ("log_3 x", "ln(x)/ln(b)"),
        ("2 sech² x", "write 1/cosh(x)"),
        (r"\lg x", "write log10(x)"),
        (r"\det x", "unknown function 'det'"),
        ("1 - mean x", "write mean(…)"),
        ("∫x", "integrals"),
    ],
)
def test_what_is_no_name_or_sign_says_what_to_write(text, hint):
    assert hint in error(text, inputs=NAMES).reason


def test_errors_point_at_what_the_user_wrote():
    caught = error(r"\frac{x}{y} + 1/2x", inputs=NAMES)
    assert str(caught).endswith(f"{'':16}^")
    caught = error("2 x1 + sin² x + $", inputs=NAMES)
    assert caught.position == 16


def test_a_name_that_the_user_gives_is_a_name():
    assert parse("e x", inputs=["e", "x"])(2.0, 3.0) == 6.0
    assert parse("2pi", inputs=["pi"])(1.0) == 2.0
    assert parse("xy x", inputs=["x", "xy"])(2.0, 3.0) == 6.0
    assert parse("sigma(x + 1)", inputs=["x", "sigma"])(2.0, 3.0) == 9.0
    assert parse(r"\sigma x", inputs=["x", "sigma"])(2.0, 3.0) == 6.0
    assert parse("ln2 x", inputs=["ln2", "x"])(2.0, 3.0) == 6.0
    assert parse("sin x", inputs=["sin", "x"])(2.0, 3.0) == 6.0
    assert parse("x_1 x1", inputs=["x_1", "x1"])(2.0, 3.0) == 6.0
    assert parse("mod x", inputs=["mod", "x"])(2.0, 3.0) == 6.0
    assert parse("j = 2x; 2j", inputs=["x"])(2.0) == 8.0
    assert parse("mean x + lg² x", inputs=["mean", "lg", "x"])(2.0, 3.0, 5.0) == 55.0
    assert parse("σ x + σ")(2.0, 3.0) == 9.0
    assert parse("x + (1 + r)^T", inputs=["x", "r", "T"])(1.0, 1.0, 3.0) == 9.0


def test_a_power_of_a_number_is_no_transposition():
    assert parse("2^T x").inputs == ("T", "x")
    with pytest.raises(ExpressionError, match="make T an input"):
        parse("(1 + r)^T")(0.5)


def test_functions_of_a_textbook_have_one_row():
    trace = ad.trace(parse("cot x + sec x + csc x"), 0.5)
    rows = [row.symbolic for row in trace.rows if row.op in ("cot", "sec", "csc")]
    assert rows == ["cot v0", "sec v0", "csc v0"]


def test_the_kink_of_piecewise_is_told():
    judged = str(ad.verify(parse("piecewise(x > 0, 2x, x^2)"), 0.0))
    assert "slope 0 from the left, 2 from the right" in judged


def test_several_outputs_in_one_text():
    f = parse("y1 = 2x, y2 = y1 + 1", inputs=["x"])
    assert f.outputs == ("y1", "y2")
    assert f(3.0) == (6.0, 7.0)
    assert f.read == ("y1 = 2*x", "y2 = y1 + 1")


# Random expressions, written in several styles

STYLES = {
    "plain": {},
    "spaces": {"times": " ", "power": lambda a, n: f"{a}^{n}"},
    "unicode": {"times": " · ", "power": lambda a, n: a + "²³"[n - 2], "minus": "−", "root": "√"},
    "latex": {
        "times": r" \cdot ",
        "power": lambda a, n: f"{a}^{{{n}}}",
        "quotient": lambda a, b: rf"\frac{{{a}}}{{{b}}}",
        "bracket": lambda a: rf"\left({a}\right)",
        "backslash": "\\",
    },
    "braces": {"times": "", "bracket": lambda a: f"{{{a}}}", "power": lambda a, n: f"{a}^{{{n}}}"},
}


def written(tree, style):
    """A tree of operations in a style; every operand of an operation that is one has brackets."""
    kind, *args = tree
    bracket = style.get("bracket", lambda a: f"({a})")

    def inner(t):
        text = written(t, style)
        return text if t[0] == "name" else bracket(text)

    if kind == "name":
        return args[0]
    if kind == "sum":
        return f"{inner(args[0])} + {inner(args[1])}"
    if kind == "difference":
        return f"{inner(args[0])} {style.get('minus', '-')} {inner(args[1])}"
    if kind == "product":
        times = style.get("times", "*")
        left, right = inner(args[0]), inner(args[1])
        beside = left[-1].isalnum() and right[0].isalnum()
        return f"{left}{times or ('*' if beside else '')}{right}"
    if kind == "quotient":
        if "quotient" in style:
            return style["quotient"](*(written(a, style) for a in args))
        return f"{inner(args[0])}/{inner(args[1])}"
    if kind == "power":
        return style.get("power", lambda a, n: f"{a}**{n}")(inner(args[0]), args[1])
    if kind == "sqrt" and "root" in style:
        return f"√{bracket(written(args[0], style))}"
    return f"{style.get('backslash', '')}{kind}{bracket(written(args[0], style))}"


LEAVES = st.sampled_from(["x", "y", "z", "x1", "2", "3"]).map(lambda name: ("name", name))
TREES = st.recursive(
    LEAVES,
    lambda inner: st.one_of(
        st.tuples(st.sampled_from(["sum", "difference", "product", "quotient"]), inner, inner),
        st.tuples(st.just("power"), inner, st.integers(2, 3)),
        st.tuples(st.sampled_from(["sin", "cos", "exp", "sqrt"]), inner),
    ),
    max_leaves=12,
)


@examples(60)
@given(TREES)
def test_all_styles_of_an_expression_have_one_value(tree):
    values = []
    for style in STYLES.values():
        try:
            values.append(parse(written(tree, style), inputs=NAMES)(*POINT))
        except ExpressionError as refused:
            assert refused.reason.startswith("overflow")  # noqa: PT017
            return
    assert values[1:] == pytest.approx(values[:1] * (len(values) - 1), rel=1e-12, nan_ok=True)


SIGNS = "xyzn12ee(){}[]|‖√∛+-*/^²⁻·×÷=<≤,;:._ \\ \n½σπ⌊⌋ᵀ@!'\"$&%ⁿ₁\x00\x1b\u202e"
WORDS = st.sampled_from(
    [
        "sin",
        "ln ",
        r"\frac",
        r"\left",
        r"\right|",
        r"\sqrt",
        "x1",
        "||",
        "mod",
        "where(",
        "^T",
        "e^",
    ]
)


@examples(300)
@given(st.lists(st.one_of(st.sampled_from(SIGNS), WORDS), max_size=14).map("".join))
def test_what_is_no_expression_is_one_line(text):
    try:
        f = parse(text, inputs=NAMES)
    except ExpressionError as refused:
        assert refused.reason  # noqa: PT017
        assert "\n" not in refused.reason  # noqa: PT017
        assert refused.position is None or 0 <= refused.position <= len(text)  # noqa: PT017
    else:
        assert parse(f.read[0], inputs=NAMES).read is not None


@pytest.mark.parametrize(
    "unit",
    ["|", "||", "√", "sin ", "(", "{", r"\frac{", r"\left(", "|x|y", "x^", "2x ", "x²", "e^x "],
)
def test_long_texts_end(unit):
    text = (unit * 20_000)[:40_000]
    refused = error(text, max_length=100_000, inputs=NAMES)
    assert "\n" not in refused.reason
