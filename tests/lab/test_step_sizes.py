"""Errors by step size: against closed forms, slopes of truncation, and what cannot be judged."""

import json
import math

import numpy as np
import pytest

import admodes as ad
from admodes.lab.step_sizes import METHODS, STEPS, step_errors, survey


def slope(found, method, steps):
    """Of log error over log step."""
    errors = [p[method] for p in found.points if any(math.isclose(p["step"], h) for h in steps)]
    return np.polyfit(np.log(steps), np.log(errors), 1)[0]


@pytest.mark.parametrize(
    ("method", "order", "steps"),
    [
        ("forward", 1, (1e-2, 1e-3, 1e-4)),
        ("central", 2, (1e-1, 1e-2, 1e-3)),
        ("fourth_order", 4, (1e-1, 10**-1.5, 1e-2)),
        ("complex_step", 2, (1e-1, 1e-2, 1e-3)),
    ],
)
def test_truncation_falls_with_the_order_of_the_method(method, order, steps):
    found = step_errors(lambda x: ad.exp(x) / ad.sin(x) ** 3, 1.5)
    assert slope(found, method, steps) == pytest.approx(order, abs=0.05)


def test_errors_are_those_of_the_quotients_against_the_closed_form():
    h = 1e-5
    found = step_errors(lambda x, y: ad.sin(x) * y, 0.7, 2.0, steps=[h]).points[0]
    scale = max(abs(2 * math.cos(0.7)), abs(math.sin(0.7)))

    def f(x, y):
        return math.sin(x) * y

    by_x = (f(0.7 + h, 2.0) - f(0.7, 2.0)) / h - 2 * math.cos(0.7)
    by_y = (f(0.7, 2.0 + h) - f(0.7, 2.0)) / h - math.sin(0.7)
    assert found["forward"] == pytest.approx(max(abs(by_x), abs(by_y)) / scale, rel=1e-4)


def test_complex_steps_and_ad_lose_nothing_while_differences_do():
    found = step_errors(lambda x: ad.exp(x) / ad.sin(x) ** 3, 1.5)
    small = [p for p in found.points if p["step"] < 1e-9]
    assert all(p["complex_step"] < 1e-14 for p in small)
    assert all(p["forward"] > 1e-9 for p in small)
    assert max(found.ad.values()) < 1e-14
    best = found.best()
    assert 1e-9 < best["forward"]["error"] < 1e-6
    assert best["central"]["error"] < 1e-9
    assert best["fourth_order"]["error"] < 1e-11


def test_what_takes_no_complex_numbers_says_so():
    found = step_errors(lambda x: x * math.sqrt(2.0) if x > 0 else -x, 1.5, steps=[1e-3])
    assert found.points[0]["complex_step"] is None
    assert "complex" in found.reasons["complex_step"]
    assert "-" in str(found)


@pytest.mark.parametrize(
    ("f", "reason"),
    [
        (lambda x: ad.abs(x) ** 2, "operation abs, which is not analytic"),
        (lambda x: np.where(np.less(x, 1.0), x, 2 * x), "operation less, which compares"),
        (lambda x: x * (0.0 if isinstance(x, complex) else 1.0) / 0.5, None),
        (lambda x: x * [2.0][int(isinstance(x, complex))], "no complex numbers: list index"),
    ],
)
def test_the_reason_for_no_complex_step_is_that_of_the_adapter(f, reason):
    found = step_errors(f, 1.5, steps=[1e-3])
    if reason is None:
        assert found.reasons == {}
        assert found.points[0]["complex_step"] == pytest.approx(1.0)
    else:
        assert found.points[0]["complex_step"] is None
        assert reason in found.reasons["complex_step"]


def test_a_function_that_is_not_analytic_as_written_is_told():
    found = step_errors(lambda x: x * np.conj(x), 1.5, steps=[1e-3, 1e-8])
    assert found.best()["complex_step"]["error"] > 0.5
    assert "complex step is wrong at every step" in str(found)


def test_a_zero_jacobian_has_absolute_errors():
    found = step_errors(lambda x: (x - 1.0) ** 2, 1.0, steps=[0.5])
    assert found.error == "absolute"
    assert found.points[0]["forward"] == 0.5


@pytest.mark.parametrize(
    ("f", "x", "message"),
    [
        (lambda x: ad.abs(x), 0.0, "kink"),
        (lambda x: ad.ln(x), -1.0, "no derivative"),
    ],
)
def test_where_there_is_no_derivative_nothing_is_judged(f, x, message):
    with pytest.raises(ValueError, match=message):
        step_errors(f, x)


@pytest.mark.parametrize("steps", [[], [0.0], [-1e-3], [math.inf], [math.nan]])
def test_steps_are_positive_numbers(steps):
    with pytest.raises(ValueError, match="above 0"):
        step_errors(lambda x: x, 1.0, steps=steps)


def test_the_survey_has_all_problems_of_numbers():
    found = survey([1e-6])
    assert len(found.functions) > 10
    assert all(max(f.ad.values()) < 1e-12 for f in found.functions)


def test_the_command(run, tmp_path):
    status, out, _ = run("accuracy", "@cpsc532s", "--format", "json")
    assert status == 0
    data = json.loads(out)
    assert data["schema"] == "admodes.accuracy/1"
    assert [p["step"] for p in data["points"]] == list(STEPS)
    assert all(set(METHODS) < set(p) for p in data["points"])
    pytest.importorskip("matplotlib", reason="plots need matplotlib")
    path = tmp_path / "curve.svg"
    status, out, _ = run("accuracy", "exp(x)", "--at", "x=1", "-o", str(path))
    assert status == 0
    assert "forward difference" in path.read_text("utf-8")


@pytest.mark.parametrize(
    ("argv", "named"),
    [
        (["--at", "x=1"], "--at"),
        (["exp(x)", "--at", "x=1", "--steps", "small"], "small"),
        (["abs(x)", "--at", "x=0"], "kink"),
        (["exp(x)", "--at", "x=1", "-o", "/nowhere/c.png"], "/nowhere"),
    ],
)
def test_misuse_is_named(run, argv, named):
    status, _, err = run("accuracy", *argv)
    assert status == 2
    assert named in err
