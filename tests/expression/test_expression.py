"""The parser: what it takes, what it refuses, and that it runs nothing."""

from __future__ import annotations

import math
import os
from pathlib import Path

import numpy as np
import pytest
from parsing import error

import admodes as ad
from admodes.core.record import record
from admodes.expression import ExpressionError, parse, parse_number


def operations(f):
    steps = record(f, *[0.5] * len(f.inputs)).steps[len(f.inputs) :]
    return [step.op.name for step in steps]


TAKEN = {
    "x**2": 9.0,
    "x^2": 9.0,
    "-x^2": -9.0,
    "2^-x": 0.125,
    "2^3^2": 512.0,
    "2*x^2": 18.0,
    "x^2*2": 18.0,
    "-x*2": -6.0,
    "+x": 3.0,
    "--x": 3.0,
    "x - -x": 6.0,
    "6/x/2": 1.0,
    "x²": 9.0,
    "x³ + x⁻¹": 27 + 1 / 3,
    "x¹⁰": 3.0**10,
    "-x²": -9.0,
    "√(x + 1)": 2.0,
    "x×2": 6.0,
    "x·2": 6.0,
    "x − 1": 2.0,
    "x ÷ 2": 1.5,
    "2*pi": 2 * math.pi,
    "π*x": 3 * math.pi,
    "e": math.e,
    "e^x": math.exp(3.0),
    "1e-3 + .5 + 2. + 1_000": 1002.501,
    "max(x, 1, 7, 2)": 7.0,
    "min(x, 1, 7)": 1.0,
    "abs(-x)": 3.0,
    "σ(0)": 0.5,
    "log(x) - ln(x)": 0.0,
    "where(x > 0, x, -x)": 3.0,
    "where(x ≤ 0, x, 1/0)": math.inf,
    "where(x == 3, 1, 2) + where(x != 3, 10, 20)": 21.0,
    "leaky_relu(-x, 0.5)": -1.5,
    "leaky_relu(-x)": -0.03,
    "clip(x, -1, 1)": 1.0,
    "1/0": math.inf,
    "ln(0)": -math.inf,
    "a = x + 1; b = a*a; b - a": 12.0,
    "a = x + 1\nb = a*a\nb - a": 12.0,
    "max(x,\n 1)": 3.0,
    "y = x;": 3.0,
    "e = 2*x; e*e": 36.0,
    "pi = x; 2*pi": 6.0,
    "sin = 2*x; sin + sin(0*x)": 6.0,
    "  x  ": 3.0,
    "\tx\n": 3.0,
}


@pytest.mark.parametrize("text", TAKEN)
def test_taken(text):
    assert parse(text, inputs=["x"])(3.0) == pytest.approx(TAKEN[text], rel=1e-15)


def test_inputs_are_the_free_names_in_natural_order():
    assert parse("x10*x2 + x1 + b").inputs == ("b", "x1", "x2", "x10")
    assert parse("x1", "x2 + a2 + a10").inputs == ("a2", "a10", "x1", "x2")
    assert parse("α*β1 + σ*σ(γ)").inputs == ("α", "β1", "γ", "σ")
    assert parse("x", inputs=["z", "x"]).inputs == ("z", "x")
    assert parse("2").inputs == ()
    assert parse("lambda_*λ").inputs == ("lambda_", "λ")


def test_outputs_are_named():
    assert parse("x").outputs == ("y",)
    assert parse("x", "2*x").outputs == ("y1", "y2")
    assert parse("a = x; z = 2*a").outputs == ("z",)
    assert parse("f = x", "2*f").outputs == ("f", "y2")
    assert parse("y^2").outputs == ("f",)
    assert parse("y1 = x", "y1 + 1", "2").outputs == ("y1", "y2", "y3")
    assert parse("y2 = x", "x").outputs == ("y2", "f2")


def test_definitions_and_outputs_are_visible_in_later_expressions():
    f = parse("a = sin(x1); y1 = a*x2", "y2 = y1 + a")
    assert f(0.0, 3.0) == (0.0, 0.0)
    assert operations(f) == ["sin", "multiply", "add"]


def test_definitions_name_their_rows():
    program = record(parse("a = sin(x1); b = a; c = x1; y = ln(x1 + a)*c + b"), 1.0)
    assert [step.name for step in program.steps] == [None, "a", None, None, None, None]


def test_what_the_function_is_made_of():
    f = parse("a = x1*x2; a + 1", "x2")
    assert f.expressions == ("a = x1*x2; a + 1", "x2")
    assert f.__name__ == "f"
    assert parse("z = x").__name__ == "z"
    with pytest.raises(TypeError, match=r"takes 2 argument\(s\) \(x1, x2\), 1 given"):
        f(1.0)
    assert "a = x1*x2" in repr(f)


def test_operations_of_the_registry():
    assert operations(parse("exp(2*x2) + x1*sin(3*x2^2)")) == [
        *("multiply", "exp", "square", "multiply", "sin", "multiply", "add")
    ]
    assert operations(parse("x**2 + x**3 + x^2.5")) == ["square", "power", "add", "power", "add"]
    assert operations(parse("e^x + exp(x)")) == ["exp", "exp", "add"]
    assert operations(parse("e^x", inputs=["e", "x"])) == ["power"]
    assert operations(parse("2*pi/3*x")) == ["multiply"]


def test_constants_stay_plain_numbers():
    steps = record(parse("2*3*x^(1 + 2) - 1/2"), 2.0).steps
    constants = [a for step in steps for a in step.args if isinstance(a, (int, float))]
    assert constants == [3, 6, 0.5] or sorted(map(float, constants)) == [0.5, 3.0, 6.0]
    assert all(type(c) is int for c in constants if c != 0.5)
    assert type(parse("2")()) is float


def test_floats_arrays_and_carriers():
    f = parse("x1*sin(x2)")
    x = np.array([1.0, 2.0])
    np.testing.assert_array_equal(f(x, 1.0), x * np.sin(1.0))
    assert ad.grad(f, (0, 1))(2.0, 0.0) == (0.0, 2.0)
    assert parse("1/x")(0.0) == math.inf
    assert parse("1/x")(0) == math.inf
    assert math.isnan(parse("ln(x)")(-1.0))
    assert ad.hessian(parse("where(x > 1, x^3, x)"))(2.0) == 12.0


def test_custom_rules_can_be_called():
    ad.custom_rule("cubed_for_parser", lambda x: x**3, [lambda x: 3 * x**2])
    assert parse("cubed_for_parser(x)")(2.0) == 8.0


@pytest.mark.parametrize(
    ("text", "at", "words"),
    [
        ("x +", 3, "ends too early"),
        ("x + * y", 4, "something is missing between '+' and '*'"),
        ("* x", 0, "needs something before it"),
        ("/ x", 0, "must come before"),
        ("(x + 1", 0, "never closed"),
        ("x + 1)", 5, "closes nothing"),
        ("()", 1, "missing"),
        ("sin()", 4, "an argument between the brackets"),
        ("max(x,, y)", 6, "missing"),
        ("max(x,)", 6, "missing"),
        ("", 0, "empty"),
        ("  ; ", 2, "missing before this ';'"),
        ("x;; y", 2, "missing before"),
        ("a = ; a", 3, "needs an expression"),
        ("x; y", 0, "not used"),
        ("1, 2", 1, "comma outside a call"),
        ("x ^^ 2", 3, "missing between"),
        ("x²^3", 2, "ambiguous"),
        ("x²³ + y ²²", 0, None),
        ("²", 0, "needs something to raise"),
        ("x ? y", 2, "U+003F"),
        ("x\u200b", 1, "invisible"),
        ("x // 2", 2, "floor(a/b)"),
        ("x % 2", 2, "floor"),
        ("x!", 1, "factorial"),
        ("1e999", 0, "overflow"),
    ],
)
def test_syntax_errors_point_at_the_place(text, at, words):
    if words is None:
        assert parse(text)(1.0, 1.0) == 2.0
        return
    caught = error(text)
    assert words in caught.reason
    assert caught.position == at
    assert str(caught) == f"{caught.reason}\n{display(text)}\n  {' ' * at}^"


def display(text):
    return "  " + "".join(c if c.isprintable() else " " for c in text)


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("x 2", "write x*2, or x^2 for a power"),
        ("(x + 1)2", "write …)*2"),
        ("x(y + 1)", "write x*(…)"),
        ("ln² + 1", "write ln(x)^2"),
        ("sin⁻¹(x)", "inverse function"),
        ("2j", "complex numbers"),
        ("log(x, 2)", "ln(x)/ln(b)"),
        ("np.sin(x)", "without 'np.'"),
        ("sine(x)", "did you mean sin?"),
        ("Sin(x)", "did you mean sin?"),
        ("sigmod(x)", "did you mean sigmoid?"),
        ("qqqq(x)", "unknown function 'qqqq'"),
        ("sin + 1", "sin is a function"),
        ("sin(x, y)", "sin takes 1 argument, 2 given"),
        ("max(x)", "max takes 2 or more arguments, 1 given"),
        ("elu(x, 1, 2)", "elu takes 1 to 2 arguments, 3 given"),
        ("where(x > 0, 1)", "where takes 3 arguments, 2 given"),
        ("where(x, 1, 2)", "a condition, such as x > 0"),
        ("getitem(x)", "unknown function"),
        ("stack(x, y)", "unknown function"),
        ("strong_mul(x, y)", "unknown function"),
    ],
)
def test_hints(text, hint):
    assert hint in error(text).reason


REFUSED = [
    '__import__("os").system("echo")',
    "__import__(os)",
    "eval(x)",
    "x.y",
    "x.__class__",
    "os.system(x)",
    "x[y]",
    "x[0][z:]",
    "[]",
    "{x: y}",
    "(x, y)",
    "lambda x: x",
    "'text'",
    '"text"',
    "f'{x}'",
    "b'x'",
    "r'x'",
    "[x for x in y]",
    "(x for x in y)",
    "sin(x=1)",
    "sin(*x)",
    "max(x, **y)",
    "(a := 1)",
    "a := 1",
    "x.y = 1",
    "a, b = 1, 2",
    "x[0] = 1; x",
    "x += 1",
    "x **= 2",
    "a = b = 2",
    "2 = x",
    "sin(x) = x",
    "f(2) = x",
    "1 < x < 2",
    "where(1 < x < 2, 1, 2)",
    "x < 1",
    "where(x > 0, x > 1, 2)",
    "(x < 1)*2",
    "x > 0 and y > 0",
    "x or y",
    "not x",
    "x if y else z",
    "x in y",
    "x is y",
    "None",
    "True",
    "...",
    "`x`",
    "x # y",
    "x \\ y",
    "~x",
    "x & y",
    "x | y",
    "x << 2",
    "x -> y",
    "import os",
    "del x",
    "await x",
    "yield x",
    "1j",
    "print(x)",
]


@pytest.mark.parametrize("text", REFUSED)
def test_refused_and_nothing_run(text, monkeypatch):
    def sentinel(*args):
        raise AssertionError("the expression was run")

    monkeypatch.setattr(os, "system", sentinel)
    monkeypatch.setattr("builtins.eval", sentinel)
    monkeypatch.setattr("builtins.exec", sentinel)
    monkeypatch.setattr("builtins.print", sentinel)
    assert error(text).position is not None
    assert error(f"y = {text}").position is not None


def test_no_text_reaches_the_interpreter():
    import admodes.expression

    for path in Path(admodes.expression.__file__).parent.glob("*.py"):
        source = path.read_text(encoding="utf-8")
        for word in ("eval(", "exec(", "sympify", " compile("):
            assert word not in source


def test_the_caret_stands_right_in_wide_and_greek_text():
    assert str(error("变量 + $")).endswith("  变量 + $\n         ^")
    assert str(error("α + β $")).endswith("\n        ^")
    assert str(error("x^2 + y^3 $")).endswith("\n" + " " * 12 + "^")


def test_names():
    assert "unknown name 'alhpa': did you mean alpha?" in error("alhpa", inputs=["alpha"]).reason
    assert "the inputs are x1" in error("x1 + qq", inputs=["x1"]).reason
    assert "defined twice" in error("a = 1; a = 2; a").reason
    assert "defined twice" in error("a = x; a", "a = x; a").reason
    assert "used before it is defined" in error("y = a; b = 1; a = 2").reason
    assert "used before it is defined" in error("b = 2*e; e = x; e*b").reason
    assert "is an input already" in error("x = 2; x", inputs=["x"]).reason
    assert "defined twice" in error("y = x", "y = 2").reason


def test_names_that_only_look_alike():
    assert "'µ' (U+00B5) and 'μ' (U+03BC)" in error("µ + μ").reason
    assert "written differently" in error("ﬁ = x; fi + 1").reason
    assert "written differently" in error("x", "𝑥").reason
    assert "written differently" in error("2*𝜋").reason
    assert "written differently" in error("µ", inputs=["μ"]).reason
    assert parse("µ").inputs == ("µ",)


def test_a_name_without_end():
    assert "at most 100 characters" in error("x" * 20_000).reason
    assert "at most 100 characters" in error("x" * 101 + "(2)").reason


def test_bad_inputs_argument():
    for bad in ("x", ["x", "x"], ["1x"], ["a b"], [3], ["lambda"]):
        with pytest.raises(ExpressionError):
            parse("2", inputs=bad)
    with pytest.raises(ExpressionError, match="string"):
        parse(3)  # type: ignore[arg-type]
    with pytest.raises(ExpressionError, match="no expression"):
        parse()


def test_parse_number():
    assert parse_number("2") == 2.0
    assert parse_number(" pi/2 ") == math.pi / 2
    assert parse_number("-1e-3") == -1e-3
    assert parse_number("−inf") == -math.inf
    assert math.isnan(parse_number("nan"))
    assert parse_number("[1, max(2, 3), -4]") == [1.0, 3.0, -4.0]
    assert parse_number("[5]") == [5.0]
    assert type(parse_number("2")) is float
    for bad in ("abc", "", "[", "[1, 2", "[]", "[1,,2]", "[[1], 2]", "1, 2", "2x", "9**9**9**9"):
        with pytest.raises(ExpressionError):
            parse_number(bad)
    with pytest.raises(ExpressionError, match="'x' is not a number"):
        parse_number("2*x")
    with pytest.raises(ExpressionError, match="strings"):
        parse_number('__import__("os").system("echo")')
