"""Derivative rules and equations of numbers, as documents write them."""

import pytest

from admodes.auditing.number_equations import causes_of_equation, failing
from admodes.auditing.rules import judged_rule

RIGHT = [
    ("d/dx sin x", "cos x"),
    ("d/dx tanh(x)", "1 − tanh²(x)"),
    ("(x²)'", "2x"),
    ("σ'(z)", "σ(z)(1 − σ(z))"),
    ("sin'(x)", "cos x"),
    ("∂(x1 x2)/∂x1", "x2"),
    ("d(x^2)/dx", "2x"),
    ("d/dx x^n", "n x^(n-1)"),
    ("d/dx a^x", "a^x ln a"),
    ("d/dx log(x)", "1/x"),
    ("d/dx arcsin x", "1/√(1-x²)"),
    ("d/dx |x|", "x/|x|"),
    ("d/dx tan x", "sec² x"),
    ("(u v)'", "u' v + u v'"),
    ("(u/v)'", "(u' v − u v')/v²"),
    ("d/dx [f(x) g(x)]", "f'(x) g(x) + f(x) g'(x)"),
    (r"\frac{\partial}{\partial x} \tanh(x)", r"1-\tanh^2(x)"),
    (r"\frac{d}{dx}\left(\ln x\right)", r"\frac{1}{x}"),
    ("d/dx (3x²+4x+2)", "6x + 4"),
]

WRONG = [
    ("∂/∂x sin x", "−cos x", "cos x", "sign"),
    (r"\frac{d}{dx} \sin x", r"-\cos x", r"\cos x", "sign"),
    ("d/dx tanh(x)", "1 + tanh²(x)", "1 − tanh²(x)", "sign"),
    ("d/dx (1/x)", "1/x²", "−1/x²", "sign"),
    ("d/dx cos x", "cos x", "-sin x", "rule"),
    ("(x²)'", "x", "2 x", "rule"),
    ("d/dx a^x", "x a^(x-1)", "a^x ln a", "rule"),
    ("(e^x)'", "x e^(x-1)", "e^x", "rule"),
    ("(u v)'", "u' v'", "v u' + u v'", "rule"),
    ("(f g)'", "f' + g'", "g f' + f g'", "rule"),
    ("d/dx e^(2x)", "e^(2x)", "2*exp(2*x)", "factor"),
    ("d/dx sin(x²)", "cos(x²)", "2*x*cos(x^2)", "factor"),
    ("∂(x1 x2)/∂x1", "x1", "x2", "swapped arguments"),
    ("d/dx (3x²+4x+2)", "6x + 2", "6x + 4", "digit slip"),
]

NONE = [
    ("∂y1/∂x1", "2"),
    ("f'(x)", "2x"),
    ("d/dx sin x", "−cos y"),
    ("d/dx sin x", "0.99 ="),
    ("v2", "2 v1"),
    ("", ""),
    ("d/dx __import__('os').system('true')", "1"),
    ("d/dx " + "sin(" * 400 + "x" + ")" * 400, "1"),
    ("d/dx x", "x" * 2000),
]


@pytest.mark.parametrize(("left", "right"), RIGHT)
def test_a_right_rule_holds(left, right):
    judged = judged_rule(left, right)
    assert judged.holds
    assert not judged.causes


@pytest.mark.parametrize(("left", "right", "corrected", "cause"), WRONG)
def test_a_wrong_rule_is_put_right_and_its_mistake_named(left, right, corrected, cause):
    judged = judged_rule(left, right)
    assert (judged.holds, judged.right, judged.causes[0].name) == (False, corrected, cause)
    assert judged_rule(left, judged.right).holds


@pytest.mark.parametrize(("left", "right"), NONE)
def test_what_is_no_rule_is_not_judged(left, right):
    assert judged_rule(left, right) is None


@pytest.mark.parametrize(
    ("equation", "causes"),
    [
        ("11.880 + 14.778 = 2.898", ["sign"]),
        ("[1 × 14.778] + [1 × 11.880] = 2.898", ["sign"]),
        ("2 × (-0.989992) = 1.98", ["sign"]),
        ("1 × 1 = 0", ["digit slip"]),
        ("v̄7 = 1 × 1 = 0", ["digit slip"]),
        ("3 + 4 = 8", ["addition slip", "digit slip"]),
        ("[2 × 3] + [4 × 5] = 6", ["missed path", "digit slip"]),
    ],
)
def test_why_an_equation_of_numbers_fails(equation, causes):
    assert [cause.name for cause in causes_of_equation(equation)] == causes


@pytest.mark.parametrize(
    "equation",
    [
        "[1 × 14.778] + [1 × (−11.880)] = 2.898",
        "2 × 5.940 = 11.880",
        "2 × 5.94 = 11.8799",  # carried on from more digits
        "sin 3 = 0.141",
        "e^2 = 7.389",
        "0.5(1 - 0.5) = 0.25",
        "-4 / 2² = -1",
        "√2 = 1.414",
        "7/2 = 3.5 = 3.5",
        "v3 = v2 + 1",
        "1 / 0 = 3",
        "__import__('os') = 3",
        "= =",
        "9" * 5000 + " = 1",
    ],
)
def test_an_equation_that_holds_or_is_none_of_numbers_has_no_cause(equation):
    assert failing(equation) is None
    assert causes_of_equation(equation) == []
