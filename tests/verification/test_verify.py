"""ad.verify: what it accepts, what it refuses, what it says."""

from __future__ import annotations

import json
import math
import sys
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
import sympy as sp
from harness import replaced

import admodes as ad
from admodes.verification import verify
from admodes.verification.criterion import ulps
from admodes.verification.differences import ridders


def cpsc(x1, x2):
    return ad.exp(2 * x2) + x1 * ad.sin(3 * x2**2), x1 * x2 + ad.sigmoid(x2)


def rule(name, factor, symbol):
    """x³ with the derivative factor x² (3 is right)."""
    return ad.custom_rule(
        name, lambda x: x**3, [lambda x: factor * x**2], symbol=(lambda x: x**3) if symbol else None
    )


def only(v):
    assert len(v.entries) == 1
    return v.entries[0]


def test_the_four_ways_agree_on_the_worked_example():
    v = ad.verify(cpsc, 2.0, 1.0, outputs=["y1", "y2"])
    assert v.passed
    assert v.reason is None
    assert v.wrong_row is None
    assert [(e.output, e.input) for e in v.entries] == [
        ("y1", "x1"), ("y1", "x2"), ("y2", "x1"), ("y2", "x2"),
    ]  # fmt: skip
    exact = [
        math.sin(3),
        2 * math.exp(2) + 12 * math.cos(3),
        1.0,
        2 + math.exp(-1) / (1 + math.exp(-1)) ** 2,
    ]
    for e, value in zip(v.entries, exact, strict=True):
        for got in (e.forward, e.reverse, e.symbolic):
            assert got == pytest.approx(value, rel=1e-14)
        assert e.differences == pytest.approx(value, rel=1e-9)
        assert e.ulp_forward < 2
        assert e.ulp_reverse < 2
        assert 0 < e.tolerance < 1e-13
    partials = [(c.name, c.argument, c.symbolic) for c in v.locals]
    assert ("v6", 0, "cos(a)") in partials
    assert len(partials) == 14
    assert all(c.passed and c.source == "symbolic" and c.ulp < 4 for c in v.locals)


def test_vector_arguments_and_results_are_taken_apart():
    v = ad.verify(lambda x, a: ad.sin(x) * a, np.array([0.5, 1.0]), 2.0)
    assert v.passed
    assert [(e.output, e.input) for e in v.entries] == [
        (y, x) for y in ("y1", "y2") for x in ("x1", "x2", "a")
    ]
    assert v.entries[1].forward == 0.0
    assert v.entries[1].symbolic == 0.0


@pytest.mark.parametrize("symbol", [True, False])
def test_a_wrong_partial_is_named_with_operation_row_argument_and_both_values(symbol):
    wrong = rule("wrong", 2, symbol)
    v = ad.verify(lambda a, b: ad.sin(a) * wrong(a * b), 2.0, 1.0)
    assert not v.passed
    assert not any(e.passed for e in v.entries)
    assert v.reason == v.wrong_row
    source = "sympy: 3*a**2" if symbol else "central differences"
    assert v.wrong_row == (
        "row v4 (wrong): ∂v4/∂v3 = wrong′(v3) is 8 at v3 = 2, but 12 is right " + f"({source})"
    )
    assert [c.name for c in v.locals if not c.passed] == ["v4"]
    assert "NOT VERIFIED" in str(v)


def test_the_first_of_two_wrong_rows_and_the_wrong_argument_are_named():
    late = ad.custom_rule(
        "late", lambda x, y: x * y, [lambda x, y: y, lambda x, y: -x], symbol=lambda x, y: x * y
    )
    early = rule("early", 2, True)
    v = ad.verify(lambda a, b: late(b, early(a)), 2.0, 3.0)
    assert [c.name for c in v.locals if not c.passed] == ["v2", "v3"]
    assert v.wrong_row.startswith("row v2 (early): ∂v2/∂v0")
    only_late = ad.verify(lambda a, b: late(b, a), 2.0, 3.0)
    assert only_late.wrong_row.startswith("row v2 (late): ∂v2/∂v0 =")
    assert "is -3 at" in only_late.wrong_row
    assert "3 is right" in only_late.wrong_row


@pytest.mark.parametrize("symbol", [True, False])
def test_a_right_rule_passes(symbol):
    right = rule("right", 3, symbol)
    v = ad.verify(lambda a, b: ad.sin(a) * right(a * b), 2.0, 1.0)
    assert v.passed
    assert (v.entries[0].symbolic is None) == (not symbol)
    assert bool([n for n in v.notes if "no symbolic form of right" in n]) == (not symbol)


def test_errors_of_a_few_dozen_ulp_fail_against_sympy_and_pass_against_differences():
    factor = 3 * (1 + 1e-14)
    assert not ad.verify(rule("slightly", factor, True), 2.0).passed
    assert ad.verify(rule("slightly", factor, False), 2.0).passed
    assert not ad.verify(rule("slightly", 3 * (1 + 1e-5), False), 2.0).passed


def test_a_wrong_value_is_named_too():
    wrong = ad.custom_rule("off", lambda x: x**2, [lambda x: 3 * x**2], symbol=lambda x: x**3)
    v = ad.verify(wrong, 3.0)
    assert v.wrong_row == "row v1 (off): v1 = off(v0) is 9 at v0 = 3, but 27 is right (sympy: a**3)"


def test_a_wrong_sweep_is_told_from_a_wrong_partial(monkeypatch):
    """A contribution that gets lost in one engine."""
    original = ad.core.forward.Dual.binary
    monkeypatch.setattr(
        ad.core.forward.Dual, "binary", lambda self, op, a, b: original(self, op, a, ad.value(b))
    )
    v = ad.verify(lambda x: x * ad.sin(x), 3.0)
    assert not v.passed
    assert v.wrong_row is None
    assert "a sweep is wrong" in v.reason
    assert only(v).ulp_reverse < 2
    assert only(v).ulp_forward > 1e6


def test_a_derivative_that_is_not_traced_is_found_by_the_differences():
    v = ad.verify(lambda x: ad.value(x) * x, 3.0)
    assert not v.passed
    assert v.reason.startswith("∂y/∂x is 3, but 6 numerically")
    assert "ad.value" in v.reason


@pytest.mark.parametrize(
    ("f", "at", "reason"),
    [
        (ad.ln, -1.0, "the value of row v1 (ln) is not finite: ln v0 = nan"),
        (ad.ln, 0.0, "the value of row v1 (ln) is not finite: ln v0 = -inf"),
        (lambda x: 1 / x, 0.0, "the value of row v1 (divide) is not finite: 1 / v0 = inf"),
        (ad.exp, 1000.0, "the value of row v1 (exp) is not finite: e^v0 = inf"),
        (lambda x: x**-1.5, 1e-200, "∂y/∂x is not finite: forward gives -inf"),
        (lambda x: 0 * ad.sqrt(x), 0.0, "∂y/∂x is not finite: forward gives nan"),
        (lambda x: ad.hypot(x, 0 * x), 0.0, "∂y/∂x is not finite: forward gives nan"),
    ],
)
def test_what_is_not_finite_is_not_verified(f, at, reason):
    v = ad.verify(f, at, names=["x"])
    assert not v.passed
    assert v.reason == reason


@pytest.mark.parametrize(
    ("f", "at", "derivative", "note"),
    [
        (ad.sqrt, 0.0, math.inf, "infinite"),
        (ad.cbrt, 0.0, math.inf, "infinite"),
        (ad.acos, 1.0, -math.inf, "infinite"),
        (lambda x: x**0.5, 0.0, math.inf, "one-sided"),
        (lambda x: x**1.5, 0.0, 0.0, "one-sided"),
    ],
)
def test_one_sided_derivatives_at_an_edge_pass_and_are_noted(f, at, derivative, note):
    v = ad.verify(f, at)
    assert v.passed, v.reason
    assert only(v).forward == only(v).reverse == only(v).symbolic == derivative
    assert any(note in n for n in v.notes)
    assert [c.source for c in v.locals].count("kink") >= 1
    assert "kink" in str(v)


@pytest.mark.parametrize(
    ("f", "at", "convention", "slopes", "note"),
    [
        (ad.abs, 0.0, 0.0, [-1.0, 1.0], "kink 0"),
        (ad.relu, 0.0, 0.0, [0.0, 1.0], "kink 0"),
        (ad.leaky_relu, 0.0, 0.01, [0.01, 1.0], "kink 0"),
        (lambda x: ad.maximum(x, 3.0 * x - 2.0), 1.0, 2.0, [1.0, 3.0], "tie"),
        (ad.floor, 2.0, 0.0, [math.inf, 0.0], "step"),
        (ad.round, 2.5, 0.0, [0.0, math.inf], "step"),
        (lambda x: ad.clip(x, 1.0, 2.0), 1.0, 1.0, [0.0, 1.0], "bound"),
    ],
)
def test_at_a_kink_the_slopes_stand_beside_the_convention(f, at, convention, slopes, note):
    v = ad.verify(f, at)
    assert not v.passed
    assert only(v).forward == only(v).reverse == convention
    assert only(v).symbolic is None
    assert only(v).slopes == slopes
    assert only(v).verdict == "not differentiable"
    assert v.rules["passed"]
    assert "from the left" in v.reason
    assert any(note in n for n in v.notes)
    assert [c.source for c in v.locals].count("kink") >= 1


def test_a_whole_power_has_no_kink_at_zero():
    v = ad.verify(lambda x: x**3.0, 0.0)
    assert v.passed
    assert (only(v).symbolic, v.notes) == (0.0, [])


def test_a_convention_outside_the_one_sided_limits_is_wrong():
    with replaced(ad.abs, partials=(lambda y, a: 2.0,)):
        v = ad.verify(ad.abs, 0.0)
    assert not v.passed
    assert "not between the limits from both sides" in v.reason


def test_next_to_a_kink_differences_do_not_decide():
    for f, at in ((ad.abs, 1e-9), (lambda x: ad.floor(x) * 1.0, 1.0 - 1e-12)):
        v = ad.verify(f, at)
        assert v.passed, v.reason
        assert "kink within the steps" in only(v).note


def test_the_branch_not_taken_may_be_undefined():
    v = ad.verify(lambda x: ad.where(x > 0, ad.sqrt(x), x * x), -1.5)
    assert v.passed, v.reason
    assert only(v).symbolic == -3.0


@pytest.mark.parametrize(
    ("f", "at"),
    [
        (ad.tanh, 300.0),
        (ad.sigmoid, -800.0),
        (ad.softplus, -800.0),
        (ad.expm1, 1e-300),
        (lambda x: x**500.3, 2.0),
        (lambda x: ad.logaddexp(0.3, x), -99.7),
        (lambda x: ad.hypot(x, 1e200), 1e200),
        (lambda x: x - x, 1e10),
        (lambda x: (x + 1e8) - 1e8, 0.1),
        (lambda x: ad.sin(x) - ad.sin(x + 1e-12), 1.0),
        (lambda x: ad.sin(1e6 * x), 1.0),
        (lambda x: 1 / (1 - x), 1 - 1e-13),
        (lambda x: x + 1e-8 * ad.sin(1e10 * x), 1.0),
        (lambda x: x * 1e-200 * 1e-200, 3.0),
        (lambda x: 5.0, 1.0),
    ],
)
def test_extremes_and_cancellation_pass_by_the_criterion(f, at):
    v = ad.verify(f, at, names=["x"])
    assert v.passed, v.reason


def test_tolerance_grows_with_the_contributions_not_with_their_sum():
    """∂(x·c − x·c) is 0, while its two contributions are ± c."""
    small = only(ad.verify(lambda x: x * 3.0 - x * 3.0, 1.0))
    large = only(ad.verify(lambda x: x * 3e10 - x * 3e10, 1.0))
    assert small.symbolic == large.symbolic == 0.0
    assert large.tolerance == pytest.approx(1e10 * small.tolerance)
    assert small.tolerance == pytest.approx(2 * 4 * 2.0**-53 * 6)


def test_ulps_and_differences():
    assert ulps(1.0 + 2.0**-52, 1.0) == 1.0
    assert ulps(4.0 - 2.0**-51, 4.0) == 0.5
    assert math.isnan(ulps(math.nan, 1.0))
    value, error = ridders(lambda x: [math.exp(x), x], 1.0)[0]
    assert abs(value - math.e) < 1e-10
    assert error < 1e-8
    assert math.isnan(ridders(lambda x: [math.nan], 1.0)[0][0])


def test_bad_arguments():
    with pytest.raises(TypeError):
        verify(cpsc, "a", 1.0)
    with pytest.raises(ValueError, match="names"):
        verify(cpsc, 1.0, 2.0, names=["x"])
    with pytest.raises(ValueError, match="rows"):
        verify(cpsc, 1.0, 2.0).to_table(rows="some")
    with pytest.raises(ValueError, match="format"):
        verify(cpsc, 1.0, 2.0).to_table("word")


def test_the_text_fits_eighty_columns_and_ends_with_the_verdict():
    for v in (
        ad.verify(cpsc, 2.0, 1.0),
        ad.verify(cpsc, -2.0, -1.0),
        ad.verify(rule("wrong", 2, True), 2.0),
        ad.verify(lambda x: ad.exp(x) * ad.value(x), 12.0),
    ):
        text = str(v)
        assert max(map(len, text.splitlines())) <= 80, text
        tail = " ".join(text.split())
        assert tail.endswith(" ".join(v.verdict.split()))
    assert "∂y1/∂x2  2.898202   2.898202   2.898202" in str(ad.verify(cpsc, 2.0, 1.0))
    shown = ad.verify(cpsc, 2.0, 1.0).to_table(rows="all")
    assert max(map(len, shown.splitlines())) <= 80
    assert "cos v5" in shown


@pytest.mark.parametrize("format", ["text", "markdown", "latex", "html", "csv"])
def test_every_format_has_the_entries_and_the_verdict(format):
    table = ad.verify(cpsc, 2.0, 1.0, title="Worked example").to_table(format)
    assert "2.898202" in table
    assert "yes" in table
    if format != "csv":
        assert "verified: 4 of 4 entries agree" in table
        assert "Worked example" in table
    refused = ad.verify(rule("wrong", 2, True), 2.0).to_table(format)
    assert "NO" in refused
    assert "wrong" in refused


def test_latex_has_no_sign_that_its_fonts_lack():
    for v in (
        ad.verify(rule("wrong", 2, False), 2.0),
        ad.verify(ad.sqrt, 0.0),
        ad.verify(lambda x: ad.value(x) * x, 3.0),
    ):
        assert not set(v.to_table("latex")) & set("∂′√≤")


def test_json_is_plain_data_with_strings_for_what_is_not_finite():
    data = json.loads(ad.verify(ad.sqrt, 0.0).to_table("json"))
    assert data["schema"] == "admodes.verification/1"
    assert data["entries"][0]["forward"] == "inf"
    assert data["passed"] is True
    assert data["locals"][0]["source"] == "kink"
    v = ad.verify(cpsc, 2.0, 1.0)
    full = json.loads(json.dumps(v.to_dict(), allow_nan=False))
    assert full["entries"][1]["reverse"] == v.entries[1].reverse
    assert full["outputs"][0]["name"] == "y1"


def test_notebooks_get_html_and_latex_without_a_document_around_them():
    v = ad.verify(cpsc, 2.0, 1.0)
    assert v._repr_html_().startswith("<h2>")
    assert "documentclass" not in v._repr_latex_()


def test_custom_rules_with_a_named_sympy_function_and_several_arguments():
    gamma = ad.custom_rule(
        "sinc_like",
        lambda x, k: np.sin(k * x) / x,
        [
            lambda x, k: k * ad.cos(k * x) / x - ad.sin(k * x) / x**2,
            lambda x, k: ad.cos(k * x),
        ],
        symbol=lambda x, k: sp.sin(k * x) / x,
    )
    assert ad.verify(gamma, 1.2, 0.7).passed


def test_eight_threads_verify_at_once():
    def f(x, y):
        for _ in range(3):
            x, y = ad.sin(x * y) + ad.sigmoid(y), ad.exp(-x) * ad.tanh(y)
        return x, y

    points = [(0.1 * i, 1.0 + 0.1 * i) for i in range(8)]
    alone = [ad.verify(f, *p).to_json() for p in points]
    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-5)
    try:
        with ThreadPoolExecutor(8) as pool:
            together = list(pool.map(lambda p: ad.verify(f, *p).to_json(), points * 2))
    finally:
        sys.setswitchinterval(interval)
    assert together == alone * 2


def test_an_output_that_is_not_finite_has_no_agreeing_entries():
    v = ad.verify(lambda x: (ad.ln(x), 2 * x), -1.0, outputs=["a", "b"])
    assert [e.passed for e in v.entries] == [False, True]


def test_a_constant_has_an_empty_table():
    v = ad.verify(lambda: 7.0)
    assert v.passed
    assert "0 of 0 entries" in str(v)
