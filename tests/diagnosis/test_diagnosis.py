"""What a diagnosis says besides the line: order, digits, reasons, ways out, notes, and what is
refused."""

import numpy as np
import pytest

import admodes as ad

A = np.array


def told(f, *args, **options):
    return [(x.kind, x.sweep, x.name) for x in ad.diagnose(f, *args, **options).findings]


def test_underflow_stands_before_the_infinity_that_comes_of_it():
    f = ad.parse("p = x^2; y = ln(p)", inputs=["x"])
    assert told(f, 1e-200)[:2] == [("underflow", "value", "p"), ("inf", "value", "v2")]


def test_infinity_stands_before_the_nan_that_it_becomes():
    f = ad.parse("a = exp(x); y = a - a*2", inputs=["x"])
    assert told(f, 800.0)[:2] == [("overflow", "value", "a"), ("nan", "value", "v3")]


def test_a_zero_that_hides_an_infinite_partial_is_told():
    """The derivative of log(x²) at 0 comes out as 0 in forward mode, which is no derivative."""
    found = ad.diagnose(lambda x: np.log(x**2), 0.0).findings
    (hidden,) = [x for x in found if x.sweep == "forward"]
    assert hidden.kind == "inf"
    assert "exactly 0" in hidden.reason


def test_digits_left_are_those_of_the_value():
    (found,) = ad.diagnose(lambda x: np.exp(x) - 1, 1e-10).findings
    right = np.expm1(1e-10)
    expected = -np.log10(abs(np.exp(1e-10) - 1 - right) / right)
    assert found.digits_left == pytest.approx(expected, abs=0.06)


@pytest.mark.parametrize(
    ("f", "point", "way_out"),
    [
        (lambda x: np.log(1 + x), 1e-10, "log1p"),
        (lambda x: np.exp(x) - 1, 1e-10, "expm1"),
        (lambda x: 1 - np.cos(x), 1e-8, "sin("),
        (lambda x: np.log(1 + np.exp(x)), 800.0, "logsumexp"),
        (lambda x: 1 / (1 + np.exp(-x)), -800.0, "ad.sigmoid"),
        (lambda x: np.sqrt(x * x + 1.0), 1e200, "hypot"),
        (lambda x: np.sqrt(x + 1) - np.sqrt(x), 1e15, "+"),
        (lambda x: np.where(x > 0, np.sqrt(x), 0.0), -1.0, "np.where twice"),
        (lambda x: np.sqrt(x - 5.0), 1.0, "keep v1 >= 0"),
        (lambda x: x**0.3, -2.0, "a whole exponent, or keep v0 >= 0"),
        (lambda x: np.sin(x) / x, 0.0, "sinc"),
        (lambda x: np.round(x) * 2.0, 1.2, "custom_rule"),
        (lambda x: np.sign(x) * 2.0, 1.2, "tanh"),
        (lambda x: np.where(x > 0, 1.0, 0.0), 1.2, "sigmoid"),
        (lambda x: ad.value(x) * x, 1.2, "traced value itself"),
    ],
)
def test_the_way_out_is_of_the_expression(f, point, way_out):
    assert way_out in ad.diagnose(f, point).findings[0].remedy


def test_rounds_of_a_loop_are_told_once():
    def f(x):
        for _ in range(50):
            x = np.round(x) + np.log(x - x)
        return x

    assert len(ad.diagnose(f, 1.5).findings) <= 12


def test_a_large_function_is_judged_by_bounds_and_says_so():
    x = 1e8 + np.cos(np.arange(100_000.0))
    found = ad.diagnose(lambda x: np.mean(x**2) - np.mean(x) ** 2, x)
    assert [(f.kind, f.name) for f in found.findings] == [("lost digits", "y")]
    assert "bounds" in found.notes[0]


def test_a_singular_matrix_raises_at_its_line():
    def f(a):
        b = a * 1.0
        return np.sum(np.linalg.inv(b))

    (found,) = ad.diagnose(f, A([[1.0, 2.0], [2.0, 4.0]])).findings
    assert (found.kind, found.line) == ("raises", f.__code__.co_firstlineno + 2)


def test_names_are_those_that_are_asked_for():
    found = ad.diagnose(lambda a, b: a * 1.0, 1.0, 2.0, names=["speed", "mass"]).findings
    assert [(x.name, x.kind) for x in found] == [("mass", "unused input")]


def test_unused_components_are_named_together():
    found = ad.diagnose(lambda x: x[0] ** 2, A([1.0, 2.0, 3.0])).findings
    assert [x.name for x in found] == ["x2, x3"]


def test_noise_is_no_constant_that_follows_the_inputs():
    noise = np.random.default_rng(0)
    assert told(lambda x: x * noise.normal(), 2.0) == []


@pytest.mark.parametrize("bad", [1j, "text", None])
def test_what_is_no_real_number_is_refused(bad):
    with pytest.raises(TypeError):
        ad.diagnose(lambda x: x, bad)


def test_wrong_numbers_of_names_are_refused():
    with pytest.raises(ValueError, match="name"):
        ad.diagnose(lambda x: x * 1.0, 1.0, names=["a", "b"])


def test_text_says_where_why_and_the_way_out():
    text = str(ad.diagnose(lambda x: np.log(1 + x), 1e-10))
    assert "test_diagnosis.py, line" in text
    assert "digits left: 7.1" in text
    assert "way out: np.log1p(v0)" in text
    assert str(ad.diagnose(np.log1p, 1e-10)).strip() == "nothing goes wrong at this point"
